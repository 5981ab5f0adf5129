import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import {
  bytesContent,
  MtomReader,
  mtomContentType,
  NO_PARTS,
  parseContentType,
  writeMtom,
} from '../../profiles/formats/mtom.ts';
import { type OpenedEnvelope, readEnvelope, writeEnvelope } from '../../profiles/formats/soap.ts';
import { parseXml } from '../../profiles/formats/xml.ts';
import type { Issue } from '../../profiles/transaction.ts';
import { ITI_38 } from '../../profiles/xca/iti-38.ts';
import { ITI_39 } from '../../profiles/xca/iti-39.ts';
import { ITI_55 } from '../../profiles/xcpd/iti-55.ts';

/** Far ends that know every patient and hold no list of documents: each answers the same, after its own time. */
export interface FarEndsOptions {
  readonly anchorFile: string;
  readonly ends: readonly {
    readonly certificateFile: string;
    readonly keyFile: string;
    readonly homeCommunityId: string;
    readonly port: number;
    readonly afterMs: number;
  }[];
}

const ISSUE: Issue = { now: () => new Date(), uuid: randomUUID };
const DOCUMENT = bytesContent(Buffer.alloc(50_000, 'x'));

/** `tsx scripts/bench/far-ends.ts '{…}'`: prints `ready`, then answers ITI-55, ITI-38 and ITI-39 until it is killed. */
async function main({ anchorFile, ends }: FarEndsOptions): Promise<void> {
  const ca = await readFile(anchorFile);
  for (const end of ends) {
    const server = createServer(
      {
        cert: await readFile(end.certificateFile),
        key: await readFile(end.keyFile),
        ca,
        requestCert: true,
        rejectUnauthorized: true,
        keepAliveTimeout: 60_000,
      },
      (request, response) => {
        void answer(request, end.homeCommunityId).then(({ contentType, body }) => {
          setTimeout(() => {
            response.writeHead(200, { 'Content-Type': contentType, 'Content-Length': body.length });
            response.end(body);
          }, end.afterMs);
        });
      },
    );
    await new Promise<void>((resolve) => server.listen(end.port, '127.0.0.1', resolve));
    if (!(server.address() as AddressInfo)) throw new Error('not listening');
  }
  process.stdout.write('ready\n');
}

async function answer(
  request: IncomingMessage,
  homeCommunityId: string,
): Promise<{ contentType: string; body: Buffer }> {
  const contentType = request.headers['content-type'] ?? '';
  const mtom = parseContentType(contentType).type === 'multipart/related';
  const root = mtom
    ? (await new MtomReader(request, contentType).root()).bytes
    : await whole(request);
  request.resume();
  const opened = readEnvelope(parseXml(root), {
    understood: ({ name }) => name === 'CorrelationTimeToLive',
  });
  const reply = replyTo(opened, homeCommunityId);
  const envelope = writeEnvelope({
    action: reply.action,
    relatesTo: opened.messageId,
    body: reply.body.xml,
  });
  if (!mtom) {
    return {
      contentType: 'application/soap+xml; charset=UTF-8',
      body: Buffer.from(envelope, 'utf8'),
    };
  }
  const boundary = `far-${randomUUID()}`;
  const chunks: Uint8Array[] = [];
  for await (const chunk of writeMtom(envelope, reply.body.attachments ?? [], boundary)) {
    chunks.push(chunk);
  }
  return { contentType: mtomContentType({ boundary }), body: Buffer.concat(chunks) };
}

async function whole(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function replyTo(opened: OpenedEnvelope, homeCommunityId: string) {
  for (const { action, replyAction } of ITI_55.wire.messages) {
    if (action === opened.action)
      return { action: replyAction, body: matched(opened, homeCommunityId) };
  }
  for (const { action, replyAction } of ITI_38.wire.messages) {
    if (action !== opened.action) continue;
    const response = { status: 'Success' as const, errors: [], objects: [], objectRefs: [] };
    return { action: replyAction, body: ITI_38.response.encode(response, opened, ISSUE) };
  }
  const { documents } = ITI_39.request.decode(opened, NO_PARTS);
  const response = {
    status: 'Success' as const,
    errors: [],
    documents: documents.map((wanted) => ({
      ...wanted,
      mimeType: 'application/octet-stream',
      content: DOCUMENT,
    })),
  };
  return {
    action: ITI_39.wire.messages[0]?.replyAction ?? '',
    body: ITI_39.response.encode(response, opened, ISSUE),
  };
}

function matched(opened: OpenedEnvelope, homeCommunityId: string) {
  const asked = ITI_55.request.decode(opened, NO_PARTS);
  return ITI_55.response.encode(
    {
      acknowledgement: 'AA',
      queryResponseCode: 'OK',
      matches: [
        {
          id: { id: 'FAR-1', assigningAuthority: `${homeCommunityId.slice('urn:oid:'.length)}.1` },
          otherIds: [],
          demographics: {
            names: asked.criteria.livingSubjectName ?? [{ family: '試験', given: ['太郎'] }],
          },
          homeCommunityId,
          supportsHealthDataLocator: false,
          degree: 100,
        },
      ],
      requestedDemographics: [],
      details: [],
    },
    opened,
    ISSUE,
  );
}

await main(JSON.parse(process.argv[2] ?? '{}') as FarEndsOptions);
