import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import express, { type ErrorRequestHandler, type Express, type Response } from 'express';
import type { ActorName } from '../../actors/actor.ts';
import type { Metrics } from '../metrics.ts';
import type { WsdlLibrary } from './wsdl.ts';

/** One thing without which this process cannot do its work. */
export interface ReadinessCheck {
  /** As `/health/ready` shows it: `trail`, `database`. */
  readonly name: string;
  /** @throws Error when it is not well */
  check(): Promise<void>;
}

export interface OperationsOptions {
  readonly checks: readonly ReadinessCheck[];
  readonly metrics: Pick<Metrics, 'exposition'>;
  /** Told the name of a check that failed, and why; the answer says the name alone. */
  readonly failed?: (name: string, cause: unknown) => void;
}

/** What the SOAP listener hands on. */
export interface WebOptions {
  readonly wsdl: Pick<WsdlLibrary, 'serve'>;
  readonly actors: ReadonlySet<ActorName>;
}

/** A check that has not answered by then is not well. */
const LONGEST_CHECK_MS = 2_000;

/** A host with or without a port, as it may stand in an address that we write into a WSDL. */
const HOST = /^(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?$/;

/**
 * What the loopback listener answers: `/health/live` (the process runs), `/health/ready` (its checks are well; 503 if not)
 * and `/metrics`. For operators of this machine alone; nothing about persons.
 */
export function operationsHandler(options: OperationsOptions): RequestListener {
  const web = plainExpress();
  web.get('/health/live', (_request, response) => {
    fresh(response).json({ live: true });
  });
  web.get('/health/ready', async (_request, response) => {
    const checks = await Promise.all(options.checks.map((check) => outcomeOf(check, options)));
    const ready = checks.every(([, outcome]) => outcome === 'ok');
    fresh(response)
      .status(ready ? 200 : 503)
      .json({ ready, checks: Object.fromEntries(checks) });
  });
  web.get('/metrics', async (_request, response) => {
    const { contentType, body } = await options.metrics.exposition();
    fresh(response).set('Content-Type', contentType).send(body);
  });
  web.all(['/health/live', '/health/ready', '/metrics'], (_request, response) => {
    refuse(response.set('Allow', 'GET, HEAD'), 405, 'only GET is answered here');
  });
  return withEnd(web);
}

/** The listener for the operators of this machine: plain HTTP, on a loopback address and no other. */
export class OperationsListener {
  readonly #server: Server;
  readonly #port: number;
  readonly #host: string;

  /** @throws Error for a `host` that is not of the loopback */
  constructor(
    options: OperationsOptions & {
      readonly port: number;
      /** 127.0.0.1 if left out. */
      readonly host?: string;
    },
  ) {
    this.#host = options.host ?? '127.0.0.1';
    if (!/^(127\.\d{1,3}\.\d{1,3}\.\d{1,3}|::1|localhost)$/.test(this.#host)) {
      throw new Error(`${this.#host} is not a loopback address`);
    }
    this.#port = options.port;
    this.#server = createServer(
      { maxHeaderSize: 8_192, requestTimeout: 10_000, headersTimeout: 5_000 },
      operationsHandler(options),
    );
    this.#server.maxConnections = 64;
  }

  /** Where it listens, with the port that was bound. */
  get url(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `http://${this.#host.includes(':') ? `[${this.#host}]` : this.#host}:${port}`;
  }

  async start(): Promise<void> {
    this.#server.listen(this.#port, this.#host);
    await once(this.#server, 'listening');
  }

  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}

/**
 * What the SOAP listener gives to everything that is not a SOAP post to an actor: `GET /<actor>?wsdl`, and a plain no to the
 * rest. A body is not read: such a connection is closed after the answer.
 */
export function webHandler({ wsdl, actors }: WebOptions): RequestListener {
  const web = plainExpress();
  web.use((request, response, next) => {
    if (mayHaveBody(request)) response.set('Connection', 'close');
    next();
  });
  web.all('/:actor', (request, response, next) => {
    const actor = [...actors].find((name) => request.path === `/${name}`);
    if (!actor) return next();
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return refuse(response.set('Allow', 'GET, HEAD, POST'), 405, 'post SOAP 1.2, or get ?wsdl');
    }
    const origin = originOf(request);
    if (!origin) return refuse(response, 400, 'the Host header is no host');
    const { searchParams } = new URL(request.url, origin);
    const page = wsdl.serve(actor, searchParams, `${origin}/${actor}`);
    if (!page) return refuse(response, 404, 'post SOAP 1.2 here, or get ?wsdl');
    return response.set('Content-Type', page.contentType).send(page.body);
  });
  return withEnd(web);
}

/** express without what we do not use: no guessing of bodies, no parsing of queries, no name in the headers. */
function plainExpress(): Express {
  const web = express();
  web.disable('x-powered-by');
  web.disable('etag');
  web.set('query parser', false);
  web.set('case sensitive routing', true);
  web.set('strict routing', true);
  web.use((_request, response, next) => {
    response.set('X-Content-Type-Options', 'nosniff');
    next();
  });
  return web;
}

/** The last words: not found, or the plain fact that it failed; never a stack, never what was asked. */
function withEnd(web: Express): Express {
  const failed: ErrorRequestHandler = (
    error: { readonly status?: unknown },
    _request,
    response,
    next,
  ) => {
    if (response.headersSent) return next(error);
    const isTheirs = error.status === 400;
    return refuse(response, isTheirs ? 400 : 500, isTheirs ? 'bad request' : 'this failed');
  };
  web.use((_request, response) => refuse(response, 404, 'nothing is here'));
  web.use(failed);
  return web;
}

function refuse(response: Response, status: number, text: string): void {
  response.status(status).type('text/plain').send(`${text}\n`);
}

function fresh(response: Response): Response {
  return response.set('Cache-Control', 'no-store');
}

function mayHaveBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/** `https://host:port` as the peer wrote it. */
function originOf(request: IncomingMessage): string | undefined {
  const { host } = request.headers;
  if (!host || !HOST.test(host)) return undefined;
  const scheme = (request.socket as Partial<TLSSocket>).encrypted ? 'https' : 'http';
  return URL.canParse(`${scheme}://${host}`) ? `${scheme}://${host}` : undefined;
}

async function outcomeOf(
  { name, check }: ReadinessCheck,
  { failed }: OperationsOptions,
): Promise<readonly [string, 'ok' | 'failed']> {
  let timer: NodeJS.Timeout | undefined;
  try {
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error('no answer in time')), LONGEST_CHECK_MS);
    });
    await Promise.race([check(), late]);
    return [name, 'ok'];
  } catch (cause) {
    failed?.(name, cause);
    return [name, 'failed'];
  } finally {
    clearTimeout(timer);
  }
}
