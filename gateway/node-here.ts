import type { Config } from './config.ts';
import type { ReadinessCheck } from './inbound/web.ts';
import type { Log } from './log.ts';
import { NodeLock, type NodeStanding } from './stores/node-lock.ts';

/** The name of this process, as long as it runs. */
export interface NodeHere {
  /** Not well while the name is not held. */
  readonly checks: readonly ReadinessCheck[];
  readonly release: () => Promise<void>;
}

/**
 * Claims `audit.node` where several processes may share the database: what waits in it, the spool and the audit trail are
 * kept by that name. An SQLite file has one process.
 *
 * @throws NodeInUse when another process has it
 */
export async function claimNode({ database, audit }: Config, log: Log): Promise<NodeHere> {
  if (database.kind !== 'postgres') return { checks: [], release: async () => {} };
  const { node } = audit;
  const tell: Readonly<Record<NodeStanding, (cause?: unknown) => void>> = {
    waiting: () => log.warn({ event: 'node-waiting', node }),
    held: () => log.info({ event: 'node-held', node }),
    away: (cause) => log.warn({ event: 'node-away', node }, cause),
    taken: () => log.error({ event: 'node-lost', node }),
  };
  const lock = await NodeLock.claim({
    url: database.url,
    node,
    heard: (standing, cause) => tell[standing](cause),
  });
  return {
    checks: [{ name: 'node', check: async () => lock.requireHeld() }],
    release: () => lock.release(),
  };
}
