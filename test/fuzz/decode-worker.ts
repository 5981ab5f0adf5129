import { parentPort, workerData } from 'node:worker_threads';
import { decodeRange } from './decode-range.ts';

/** What the worker is given. `at` holds the number of the message that is being read. */
export interface DecodeWork {
  readonly seed: number;
  readonly messages: number;
  readonly at: SharedArrayBuffer;
}

const { seed, messages, at } = workerData as DecodeWork;
const reached = new Int32Array(at);
const count = await decodeRange({
  seed,
  from: 0,
  to: messages,
  reached: (index) => Atomics.store(reached, 0, index),
});
parentPort?.postMessage(count);
