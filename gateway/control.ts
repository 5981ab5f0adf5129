import { once } from 'node:events';
import { chmod, rm } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';

/** What operators may ask of a running process, by name; each takes and gives plain JSON. */
export type ControlCommands = Readonly<Record<string, (input: unknown) => Promise<unknown>>>;

/** The answer to one control request. */
type ControlAnswer =
  | { readonly ok: true; readonly result: unknown }
  /** `code` is that of the operating system, such as `ENOSPC`, or UNKNOWN_COMMAND. */
  | { readonly ok: false; readonly error: string; readonly code?: string };

const UNKNOWN_COMMAND = 'UNKNOWN_COMMAND';
const LINE_LIMIT = 1_048_576;
/** Within this time the line is there. How long the answer takes depends on what is asked. */
const LINE_MS = 60_000;

/** Where the running process of a region's folder listens for its operator. */
export function controlSocketOf(folder: string): string {
  return join(folder, 'var', 'control.sock');
}

/** Octets that the path of a Unix socket may have; the system cuts a longer one off, and means another place. */
const LONGEST_PATH = process.platform === 'darwin' ? 103 : 107;

/** The folder lies so deep that no socket can be made in it. */
export class SocketPathTooLong extends Error {
  readonly path: string;

  constructor(path: string) {
    super(`${path} is longer than the ${LONGEST_PATH} octets that the path of a socket may have`);
    this.name = 'SocketPathTooLong';
    this.path = path;
  }
}

/** @throws SocketPathTooLong */
export function requireSocketPath(folder: string): void {
  requireShort(controlSocketOf(folder));
}

function requireShort(path: string): void {
  if (Buffer.byteLength(path) > LONGEST_PATH) throw new SocketPathTooLong(path);
}

/**
 * A Unix socket, readable by the owner alone, on which commands reach the process that holds the database. One JSON line
 * in, one JSON line out.
 */
export class ControlSocket {
  readonly #server: Server;
  readonly #path: string;

  constructor(folder: string, commands: ControlCommands) {
    this.#path = controlSocketOf(folder);
    this.#server = createServer((socket) => {
      void serveLine(socket, commands);
    });
  }

  async start(): Promise<void> {
    requireShort(this.#path);
    await rm(this.#path, { force: true });
    const before = process.umask(0o177);
    try {
      this.#server.listen(this.#path);
      await once(this.#server, 'listening');
    } finally {
      process.umask(before);
    }
    await chmod(this.#path, 0o600);
  }

  async stop(): Promise<void> {
    this.#server.close();
    await rm(this.#path, { force: true });
  }
}

async function serveLine(socket: Socket, commands: ControlCommands): Promise<void> {
  socket.on('error', () => socket.destroy());
  socket.setTimeout(LINE_MS, () => socket.destroy());
  const answer = await readLine(socket)
    .then((line) => {
      socket.setTimeout(0);
      return run(line, commands);
    })
    .catch((error: unknown): ControlAnswer => ({ ok: false, ...told(error) }));
  socket.end(`${JSON.stringify(answer)}\n`);
}

async function run(line: string, commands: ControlCommands): Promise<ControlAnswer> {
  const { command, input } = JSON.parse(line) as { command?: string; input?: unknown };
  const act =
    command !== undefined && Object.hasOwn(commands, command) ? commands[command] : undefined;
  if (!act) {
    const error = `unknown control command ${String(command)}`;
    return { ok: false, error, code: UNKNOWN_COMMAND };
  }
  return { ok: true, result: await act(input) };
}

function readLine(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      text += chunk;
      const end = text.indexOf('\n');
      if (end >= 0) resolve(text.slice(0, end));
      else if (text.length > LINE_LIMIT) reject(new Error('the line is too long'));
    });
    socket.on('end', () => reject(new Error('the connection ended before the line did')));
  });
}

/** By its looks: an error of another realm, or of a driver, is one too. */
function told(error: unknown): { readonly error: string; readonly code?: string } {
  const { message, code } = Object(error) as { message?: unknown; code?: unknown };
  return {
    error: typeof message === 'string' ? message : 'unknown error',
    ...(typeof code === 'string' ? { code } : {}),
  };
}

/** Thrown when no process runs for the folder, or none any more: the next step is to start it. */
export class NothingRuns extends Error {}

/** Thrown when the process that runs has no actor that does what is asked. */
export class NotDoneHere extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'NotDoneHere';
  }
}

/** What the running process said against a command. For the operator. */
export class ControlRefused extends Error {
  override readonly name = 'ControlRefused';
}

/** Thrown when a process runs for the folder already: a second one would take its requests' files away. */
export class AlreadyRuns extends Error {
  constructor(folder: string) {
    super(`a kakehashi process runs for ${folder} already`);
    this.name = 'AlreadyRuns';
  }
}

/** Only an SQLite file keeps a second process out by itself. @throws AlreadyRuns, SocketPathTooLong */
export async function requireNothingRuns(folder: string): Promise<void> {
  requireSocketPath(folder);
  const socket = connect({ path: controlSocketOf(folder) });
  try {
    await once(socket, 'connect');
  } catch {
    return;
  } finally {
    socket.destroy();
  }
  throw new AlreadyRuns(folder);
}

/**
 * Asks the running process of a region's folder.
 * @throws NothingRuns when there is none, or it ends before it has answered; NotDoneHere when it has no actor for it;
 * ControlRefused with the process's own words, or Error with the system's code, when it refused
 */
export async function askControl(
  folder: string,
  command: string,
  input: unknown = {},
): Promise<unknown> {
  const socket = await connected(folder);
  socket.write(`${JSON.stringify({ command, input })}\n`);
  const answer = await answerOn(socket).catch((cause: unknown) => {
    throw new NothingRuns(`the kakehashi process for ${folder} has ended`, { cause });
  });
  if (answer.ok) return answer.result;
  const { error, code } = answer;
  if (code === UNKNOWN_COMMAND) throw new NotDoneHere(error);
  throw code === undefined ? new ControlRefused(error) : Object.assign(new Error(error), { code });
}

async function answerOn(socket: Socket): Promise<ControlAnswer> {
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  socket.destroy();
  return JSON.parse(Buffer.concat(chunks).toString('utf8')) as ControlAnswer;
}

/** @throws NothingRuns; the system's error where one runs, and this user may not ask it */
async function connected(folder: string): Promise<Socket> {
  try {
    requireSocketPath(folder);
    const socket = connect({ path: controlSocketOf(folder), allowHalfOpen: true });
    await once(socket, 'connect');
    return socket;
  } catch (cause) {
    const { code } = cause as { code?: unknown };
    if (code === 'EACCES' || code === 'EPERM') throw cause;
    throw new NothingRuns(`no kakehashi process runs for ${folder}`, { cause });
  }
}
