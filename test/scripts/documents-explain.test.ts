import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeEnvelope } from '../../profiles/formats/soap.ts';
import { STORED_QUERIES } from '../../profiles/xds/stored-queries.ts';
import type { Desk } from '../../scripts/command.ts';
import { explainQueryCommand } from '../../scripts/commands/documents-explain.ts';

const NS =
  'xmlns:query="urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0" xmlns:rim="urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0"';

function query(...slots: readonly (readonly [string, string])[]): string {
  const written = slots.map(
    ([name, value]) =>
      `<rim:Slot name="${name}"><rim:ValueList><rim:Value>${value}</rim:Value></rim:ValueList></rim:Slot>`,
  );
  return (
    `<query:AdhocQueryRequest ${NS}><query:ResponseOption returnType="LeafClass"/>` +
    `<rim:AdhocQuery id="${STORED_QUERIES.FindDocuments.id}">${written.join('')}</rim:AdhocQuery></query:AdhocQueryRequest>`
  );
}

const PATIENT = ['$XDSDocumentEntryPatientId', "'P-1^^^&amp;2.999.1&amp;ISO'"] as const;
const STATUS = [
  '$XDSDocumentEntryStatus',
  "('urn:oasis:names:tc:ebxml-regrep:StatusType:Approved')",
] as const;

async function run(content: string, words: object = {}, language: 'en' | 'ja' = 'en') {
  const file = join(mkdtempSync(join(tmpdir(), 'kakehashi-explain-')), 'query.xml');
  writeFileSync(file, content);
  let text = '';
  let data: unknown;
  const say = (said: string | { en: string; ja: string }) =>
    typeof said === 'string' ? said : said[language];
  const desk = {
    say,
    print(said: string | { en: string; ja: string }, given: unknown) {
      text = say(said);
      data = given;
    },
  } as unknown as Desk;
  const exit = await explainQueryCommand.run({ file, ...words }, desk);
  return { exit, text, data };
}

describe('kakehashi documents explain-query', () => {
  it('tells what each parameter asks, and which defaults apply, in both languages', async () => {
    const text = query(PATIENT, STATUS, ['$XDSDocumentEntryServiceStartTimeFrom', '2030']);
    const english = await run(text);
    const japanese = await run(text, {}, 'ja');

    expect(english.exit).toBe(0);
    expect(english.text).toMatch(/^FindDocuments \(ITI-18, LeafClass\)/);
    expect(english.text).toContain('$XDSDocumentEntryType: default: Stable documents alone');
    expect(english.text).toMatch(/ServiceStartTimeFrom: read: .*without the attribute/);
    expect(japanese.text).toContain('$XDSDocumentEntryType: 既定: Stable の文書だけ');
    expect(JSON.parse(JSON.stringify(english.data))).toMatchObject({ name: 'FindDocuments' });
  });

  it('reads the query out of an envelope', async () => {
    const envelope = writeEnvelope({
      action: 'urn:ihe:iti:2007:RegistryStoredQuery',
      messageId: 'urn:uuid:5b1e0000-0000-4000-8000-000000000001',
      body: query(PATIENT, STATUS),
    });
    expect((await run(envelope)).exit).toBe(0);
  });

  it('ends with 1 where the registry refuses, and says why', async () => {
    const { exit, text } = await run(query(PATIENT));

    expect(exit).toBe(1);
    expect(text).toContain('refused: XDSStoredQueryMissingParam');
    expect(text).toContain('$XDSDocumentEntryStatus');
  });

  it('reads what peers commonly write wrong where it is asked to', async () => {
    const unquoted = query([PATIENT[0], PATIENT[1].replaceAll("'", '')], STATUS);

    expect((await run(unquoted)).exit).toBe(1);
    expect((await run(unquoted, { lenient: true })).exit).toBe(0);
  });

  it('refuses what is no query', async () => {
    await expect(run('<a/>')).rejects.toMatchObject({ exit: 1 });
    await expect(run('<a')).rejects.toMatchObject({ exit: 1 });
  });
});
