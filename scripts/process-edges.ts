import { EXIT, type ExitCode } from './command.ts';
import { systemCodeOf } from './system-error.ts';

/** What the process does at its edges: signals, a reader who goes away, the end. */
export class ProcessEdges {
  #stopped: AbortController | undefined;

  /** From the first call on, Ctrl-C and SIGTERM end the command in order instead of the process at once. */
  stop(): AbortSignal {
    if (this.#stopped === undefined) {
      const stopped = new AbortController();
      this.#stopped = stopped;
      for (const signal of ['SIGINT', 'SIGTERM'] as const) {
        process.once(signal, () => stopped.abort());
      }
    }
    return this.#stopped.signal;
  }

  /** Whoever reads our output may stop reading, as `head` does: that is no failure. */
  endQuietlyWithoutReader(): void {
    for (const stream of [process.stdout, process.stderr]) {
      stream.on('error', (error) => {
        if (systemCodeOf(error) !== 'EPIPE') throw error;
        if (this.#stopped === undefined) process.exit(EXIT.done);
        this.#stopped.abort();
      });
    }
  }

  /** Ends the process once what was said is written: a timer that is still pending keeps nobody waiting. */
  async end(exit: ExitCode): Promise<void> {
    process.exitCode = exit;
    await Promise.all(
      [process.stdout, process.stderr].map(
        (stream) => new Promise<void>((resolve) => stream.write('', () => resolve())),
      ),
    );
    process.exit(exit);
  }
}
