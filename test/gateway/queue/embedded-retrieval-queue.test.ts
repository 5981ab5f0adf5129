import { join } from 'node:path';
import { EmbeddedRetrievalQueue } from '../../../gateway/queue/embedded-retrieval-queue.ts';
import { openDatabase } from '../../../gateway/stores/database.ts';
import { RETRIEVAL_AND_CORRELATION } from '../../../gateway/stores/migrations/0004-retrieval-and-correlation.ts';
import { retrievalQueueSuite } from './retrieval-queue-suite.ts';

describe('The retrieval queue of one process, its jobs kept in the database', () => {
  retrievalQueueSuite(async ({ directory, spool, worker, settings, now }) => {
    const database = await openDatabase({
      file: join(directory, 'kakehashi.db'),
      now,
      migrations: [RETRIEVAL_AND_CORRELATION],
    });
    const queue = new EmbeddedRetrievalQueue({
      database,
      spool,
      worker,
      settings,
      now,
      failed: () => {},
    });
    await queue.start();
    let ended: Promise<void> | undefined;
    return {
      queue,
      kill() {
        ended ??= queue.stop(0).then(() => database.close());
        return ended;
      },
    };
  });
});
