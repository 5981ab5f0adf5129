import { withPostgres } from './scale-growth.ts';

/** Makes an empty database on the server that this URL names a database of; its name tells the size and this process. */
export async function newDatabase(server: string, size: string): Promise<string> {
  const name = `kakehashi_bench_${size}_${process.pid}`;
  await withPostgres(server, (session) => session.exec(`CREATE DATABASE ${name}`));
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.href;
}

/** Drops a database that was made so, whoever has it open. */
export async function dropDatabase(server: string, url: string): Promise<void> {
  await withPostgres(server, (session) =>
    session.exec(`DROP DATABASE ${new URL(url).pathname.slice(1)} WITH (FORCE)`),
  );
}
