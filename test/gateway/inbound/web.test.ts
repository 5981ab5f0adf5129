import { createServer, request, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ActorName } from '../../../actors/actor.ts';
import { OperationsListener, operationsHandler, webHandler } from '../../../gateway/inbound/web.ts';
import { Metrics } from '../../../gateway/metrics.ts';

let server: Server | undefined;

interface Answered {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

async function ask(handler: RequestListener, path: string, asked: Asked = {}): Promise<Answered> {
  const listening = createServer(handler);
  server = listening;
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  const { port } = listening.address() as AddressInfo;
  return new Promise((resolve, reject) => {
    const { body, ...options } = asked;
    const outgoing = request({ host: '127.0.0.1', port, path, ...options }, async (response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk as Buffer);
      const text = Buffer.concat(chunks).toString();
      resolve({ status: response.statusCode, headers: response.headers, body: text });
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

afterEach(async () => {
  const listening = server;
  server = undefined;
  listening?.closeAllConnections();
  if (listening) await new Promise((resolve) => listening.close(resolve));
});

const WELL = { name: 'trail', check: async () => {} };
const NOT_WELL = {
  name: 'database',
  check: async () => {
    throw new Error('/var/kakehashi.db: EIO');
  },
};

function operations(...checks: (typeof WELL)[]): RequestListener {
  return operationsHandler({ checks, metrics: new Metrics({ process: false }) });
}

function web(serve: (actor: ActorName, query: URLSearchParams, url: string) => string | undefined) {
  return webHandler({
    actors: new Set<ActorName>(['document-registry']),
    wsdl: {
      serve(actor, query, url) {
        const body = serve(actor, query, url);
        return body === undefined ? undefined : { contentType: 'text/xml; charset=UTF-8', body };
      },
    },
  });
}

describe('the operations listener', () => {
  it('says that it lives', async () => {
    const answer = await ask(operations(), '/health/live');

    expect(answer).toMatchObject({ status: 200, body: '{"live":true}' });
    expect(answer.headers['cache-control']).toBe('no-store');
  });

  it('says that it is ready when every check is well', async () => {
    const answer = await ask(operations(WELL), '/health/ready');

    expect(answer).toMatchObject({ status: 200, body: '{"ready":true,"checks":{"trail":"ok"}}' });
  });

  it('says which check is not well, and tells the reason to the log alone', async () => {
    const failed: string[] = [];
    const handler = operationsHandler({
      checks: [WELL, NOT_WELL],
      metrics: new Metrics({ process: false }),
      failed: (name, cause) => failed.push(`${name}: ${(cause as Error).message}`),
    });
    const answer = await ask(handler, '/health/ready');

    expect(answer.status).toBe(503);
    expect(JSON.parse(answer.body)).toEqual({
      ready: false,
      checks: { trail: 'ok', database: 'failed' },
    });
    expect(failed).toEqual(['database: /var/kakehashi.db: EIO']);
  });

  it('shows the figures, by transaction, side and outcome', async () => {
    const metrics = new Metrics({ process: false });
    metrics.exchange({ transaction: 'ITI-18', side: 'answerer', outcome: 'success', tookMs: 12 });
    metrics.oddity('no-reply-to');
    metrics.rejection('expired');
    metrics.watchQueue(async () => ({ waiting: 3 }));
    metrics.watchNotifications(async () => [
      { consumer: 'clinic', waiting: 2 },
      { consumer: 'university', waiting: 0 },
    ]);
    metrics.watchWideAreaFeed(async () => ({ waiting: 7, refused: 1 }));
    const answer = await ask(operationsHandler({ checks: [], metrics }), '/metrics');

    expect(answer.headers['content-type']).toContain('text/plain');
    expect(answer.body).toContain(
      'kakehashi_exchanges_total{transaction="ITI-18",side="answerer",outcome="success"} 1',
    );
    expect(answer.body).toContain(
      'kakehashi_exchange_duration_seconds_bucket{le="0.025",transaction="ITI-18",side="answerer"} 1',
    );
    expect(answer.body).toContain('kakehashi_oddities_total{oddity="no-reply-to"} 1');
    expect(answer.body).toContain('kakehashi_rejected_nodes_total{reason="expired"} 1');
    expect(answer.body).toContain('kakehashi_retrievals{state="waiting"} 3');
    expect(answer.body).toContain('kakehashi_notifications_waiting{consumer="clinic"} 2');
    expect(answer.body).toContain('kakehashi_notifications_waiting{consumer="university"} 0');
    expect(answer.body).toContain('kakehashi_wide_area_feeds{state="waiting"} 7');
    expect(answer.body).toContain('kakehashi_wide_area_feeds{state="refused"} 1');
  });

  it('answers GET alone', async () => {
    const answer = await ask(operations(), '/metrics', { method: 'DELETE' });

    expect(answer.status).toBe(405);
    expect(answer.headers['allow']).toBe('GET, HEAD');
  });

  it('shows no stack when the figures cannot be had', async () => {
    const metrics = { exposition: () => Promise.reject(new Error('secret')) };
    const answer = await ask(operationsHandler({ checks: [], metrics }), '/metrics');

    expect(answer).toMatchObject({ status: 500, body: 'this failed\n' });
  });

  it('listens on a loopback address and on no other', async () => {
    const options = { checks: [], metrics: new Metrics({ process: false }), port: 0 };
    expect(() => new OperationsListener({ ...options, host: '0.0.0.0' })).toThrow('loopback');

    const listener = new OperationsListener(options);
    await listener.start();
    const answer = await fetch(`${listener.url}/health/live`);
    expect(await answer.json()).toEqual({ live: true });
    await listener.stop();
    await listener.stop();
  });
});

describe('what the SOAP listener gives to everything that is no SOAP post', () => {
  it('serves the WSDL with the address that the request came in on', async () => {
    const handler = web((actor, query, url) => `${actor} ${query.has('wsdl')} ${url}`);
    const answer = await ask(handler, '/document-registry?wsdl', {
      headers: { Host: 'gw.example.jp:8443' },
    });

    expect(answer).toMatchObject({
      status: 200,
      body: 'document-registry true http://gw.example.jp:8443/document-registry',
    });
    expect(answer.headers['content-type']).toBe('text/xml; charset=utf-8');
    expect(answer.headers['x-powered-by']).toBeUndefined();
    expect(answer.headers['x-content-type-options']).toBe('nosniff');
  });

  it.each(['"><script>', 'a b', 'a/b', 'user@host'])('takes no Host such as %j', async (host) => {
    const answer = await ask(
      web((_actor, _query, url) => url),
      '/document-registry?wsdl',
      {
        headers: { Host: host },
      },
    );

    expect(answer).toMatchObject({ status: 400, body: 'the Host header is no host\n' });
  });

  it.each([
    ['/document-registry', 404, 'post SOAP 1.2 here, or get ?wsdl\n'],
    ['/document-repository?wsdl', 404, 'nothing is here\n'],
    ['/', 404, 'nothing is here\n'],
    ['/document-registry/', 404, 'nothing is here\n'],
    ['/document-registry/x', 404, 'nothing is here\n'],
    ['/%', 400, 'bad request\n'],
  ])('answers %s with %i and a plain word', async (path, status, body) => {
    const answer = await ask(
      web(() => undefined),
      path,
    );

    expect(answer).toMatchObject({ status, body });
    expect(answer.headers['content-type']).toBe('text/plain; charset=utf-8');
  });

  it('takes no other method, and reads no body', async () => {
    const answer = await ask(
      web(() => undefined),
      '/document-registry',
      {
        method: 'PUT',
        body: 'x'.repeat(1000),
      },
    );

    expect(answer.status).toBe(405);
    expect(answer.headers['allow']).toBe('GET, HEAD, POST');
    expect(answer.headers['connection']).toBe('close');
  });

  it('shows no stack when it fails', async () => {
    const handler = web(() => {
      throw new Error('secret');
    });
    const answer = await ask(handler, '/document-registry?wsdl');

    expect(answer).toMatchObject({ status: 500, body: 'this failed\n' });
  });
});
