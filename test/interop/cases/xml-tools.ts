import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { request as httpsRequest } from 'node:https';
import { join, resolve } from 'node:path';
import { Refusal } from '../../../profiles/refusal.ts';
import { HL7_V3 } from '../../../profiles/formats/hl7v3-reading.ts';
import { parseXml } from '../../../profiles/formats/xml.ts';
import { SAMPLES, type TransactionSamples } from '../../fuzz/samples.ts';
import { DOCUMENT_SHARING_XSD, withoutXop } from '../../support/schema.ts';
import { FROZEN, openedBody } from '../../support/xds-wire.ts';
import { Finding, type InteropCase, same } from '../interop-case.ts';
import { ran } from '../programs.ts';
import type { Companion, InteropWorld } from '../world.ts';

/** The schemas of HL7, where they lie beside the checkout. */
const HL7_V3_XSD = resolve('../shared/schemas/patient-identity/all-interactions.xsd');
const ACTORS = ['document-registry', 'document-repository', 'patient-identity'];
const GATEWAYS = ['initiating-gateway', 'responding-gateway'];

/** The schemas as they are served, in a folder; one file imports them all. */
interface ServedSchemas extends Companion {
  readonly all: string;
}

async function fetchSchemas(world: InteropWorld): Promise<ServedSchemas> {
  const folder = join(world.folder, 'served');
  await mkdir(folder);
  const files = new Map<string, string>();
  for (const actor of [...ACTORS, ...GATEWAYS]) {
    await fetchPage(world, { actor, query: 'wsdl' }, files);
  }
  const schemas = [...files].filter(([name]) => name.endsWith('.xsd'));
  for (const [name, text] of schemas) await writeFile(join(folder, name), text);
  const roots = new Map(schemas.map(([name, text]) => [namespaceOf(text), name]));
  // The types of HL7 V3 are in several files; this one includes the others.
  roots.set(HL7_V3, 'hl7-v3.xsd');
  const imports = [...roots].map(
    ([namespace, name]) => `<xsd:import namespace="${namespace}" schemaLocation="${name}"/>`,
  );
  const all = join(folder, 'all.xsd');
  const head = '<xsd:schema xmlns:xsd="http://www.w3.org/2001/XMLSchema">';
  await writeFile(all, `${head}${imports.join('')}</xsd:schema>`);
  return { all, stop: () => undefined };
}

const namespaceOf = (schema: string) => /targetNamespace="([^"]+)"/.exec(schema)?.[1] ?? '';

/** A page and whatever it refers to; references become names of files beside it. */
async function fetchPage(
  world: InteropWorld,
  { actor, query }: { actor: string; query: string },
  files: Map<string, string>,
): Promise<void> {
  const [kind = '', name = actor] = query.split('=');
  const file = `${name}.${kind}`;
  if (files.has(file)) return;
  const text = await get(world, `${world.urls.ours(actor)}?${query}`);
  const reference = /\b(location|schemaLocation)="https:[^"?]*\?(wsdl|xsd)=([a-z0-9-]+)"/g;
  files.set(file, text.replace(reference, '$1="$3.$2"'));
  for (const [, , type = '', target = ''] of text.matchAll(reference)) {
    await fetchPage(world, { actor, query: `${type}=${target}` }, files);
  }
}

async function get(world: InteropWorld, url: string): Promise<string> {
  const { certificate, key } = world.identity('hospital');
  const [cert, secret, ca] = await Promise.all(
    [certificate, key, world.anchors].map((file) => readFile(file)),
  );
  return await new Promise((done, failed) => {
    const asking = httpsRequest(url, { cert, key: secret, ca }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () =>
        answer.statusCode === 200
          ? done(Buffer.concat(chunks).toString('utf8'))
          : failed(new Finding(`${url}: HTTP ${answer.statusCode}`)),
      );
    });
    asking.on('error', failed);
    asking.end();
  });
}

/** Everything that we write in a transaction: requests, answers, and its own form of a refusal. */
function written({ transaction, requests, responses }: TransactionSamples): readonly string[] {
  const asked = openedBody(transaction.request.encode(requests[0]));
  const { generalError } = transaction;
  const refusals = [new Refusal(generalError ?? 'SYN100', 'expected one, received none')];
  return [
    ...requests.map((request) => transaction.request.encode(request)),
    ...responses.map((response) => transaction.response.encode(response, asked, FROZEN)),
    transaction.refusal(refusals, asked, FROZEN),
  ].map(({ xml }) => withoutXop(xml));
}

/** @throws Finding with what xmllint says against a message */
async function lint(schema: string, files: readonly string[]): Promise<void> {
  const { status, stderr } = await ran([
    ...['xmllint', '--noout', '--nonet', '--schema', schema],
    ...files,
  ]);
  const complaints = stderr.split('\n').filter((line) => !/ validates$/.test(line));
  if (status !== 0) throw new Finding(complaints.slice(0, 5).join(' '));
  // Without a line for each message, nothing was judged.
  same(stderr.match(/ validates$/gm)?.length, files.length, 'messages judged');
}

/** xmllint, on what we write in each transaction. */
const schemaCells: readonly InteropCase[] = SAMPLES.map((samples) => ({
  ...{ transaction: samples.transaction.id, direction: 'outward', name: 'schema' },
  peer: 'xmllint',
  async run(world) {
    const { all } = await world.companion(fetchSchemas);
    const texts = written(samples);
    const files = texts.map((_, at) =>
      join(world.folder, `written-${samples.transaction.id}-${at}.xml`),
    );
    await Promise.all(files.map((file, at) => writeFile(file, texts[at] ?? '')));
    await lint(all, files);
    const isV3 = parseXml(texts[0] ?? '').namespace === HL7_V3;
    const theirs = isV3 ? HL7_V3_XSD : DOCUMENT_SHARING_XSD;
    // A merge of XAD-PIDs has a body of our own, and ITI-56 one of IHE’s that is not among them.
    if (existsSync(theirs) && !NOT_THEIRS.has(samples.transaction.id)) await lint(theirs, files);
  },
}));

/** Transactions whose bodies the schemas beside the checkout do not have. */
const NOT_THEIRS = new Set(['ITI-56', 'ITI-64']);

const SIGNATURE = 'http://www.w3.org/2000/09/xmldsig#';

/** xmlsec1 has nothing to verify: no message of ours is signed. The first that is has to be verified here. */
const signatureCell: InteropCase = {
  ...{ transaction: 'XML-DSig', direction: 'outward', name: 'signature', peer: 'xmlsec1' },
  async run() {
    const signed = SAMPLES.filter((samples) =>
      written(samples).some((text) => text.includes(SIGNATURE)),
    ).map(({ transaction }) => transaction.id);
    same(
      signed,
      [],
      'transactions with a signed message, which xmlsec1 has to verify in this cell',
    );
  },
};

/** xmllint and xmlsec1 on what we write. */
export const xmlTools: readonly InteropCase[] = [...schemaCells, signatureCell];
