import { readConfig } from './config.ts';
import { Gateway } from './gateway.ts';
import { openLog } from './log.ts';
import { pathIn } from './safeguards/key-files.ts';

/** How long requests under way may take to end when the process is asked to. */
const GRACE_MS = 10_000;

/**
 * Runs the gateway of a region's folder until `stop`: config, start, signals, stop.
 * @throws ConfigFaults, and whatever keeps the gateway from starting, each with its next step
 */
export async function serve(
  folder: string,
  { stop }: { readonly stop: AbortSignal },
): Promise<void> {
  const config = readConfig(folder);
  const log = openLog({ level: config.log.level });
  const gateway = await Gateway.start(config, { log });
  const reload = () => {
    gateway
      .reload()
      .catch((error: unknown) => log.error({ event: 'reload-failed', file: pathIn(error) }, error));
  };
  process.on('SIGHUP', reload);
  try {
    if (!stop.aborted) {
      await new Promise<void>((resolve) =>
        stop.addEventListener('abort', () => resolve(), { once: true }),
      );
    }
  } finally {
    process.off('SIGHUP', reload);
    await gateway.stop(GRACE_MS);
    log.info({ event: 'stopped' });
  }
}
