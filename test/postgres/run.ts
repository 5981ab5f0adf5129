import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { startPostgres } from '../support/postgres.ts';

/**
 * `tsx test/postgres/run.ts COMMAND…` runs a command beside a PostgreSQL server of its own, whose URL is in
 * KAKEHASHI_TEST_POSTGRES: with it the tests of the actors work over PostgreSQL. Each word `{database}` of the command
 * becomes the URL of an empty database.
 */
const [command, ...words] = process.argv.slice(2);
if (command === undefined) throw new Error('a command is needed');
const server = await startPostgres({ max_connections: '200' });
try {
  const filled: string[] = [];
  for (const word of words) filled.push(word === '{database}' ? await server.database() : word);
  const child = spawn(command, filled, {
    stdio: 'inherit',
    env: { ...process.env, KAKEHASHI_TEST_POSTGRES: await server.database('tests') },
  });
  const [code] = await once(child, 'exit');
  process.exitCode = typeof code === 'number' ? code : 1;
} finally {
  await server.stop();
}
