import { RequestSchemas } from '../../../gateway/inbound/schema.ts';
import { WsdlLibrary } from '../../../gateway/inbound/wsdl.ts';
import type { AnyTransaction } from '../../../profiles/catalogue.ts';
import { NO_PARTS } from '../../../profiles/formats/mtom.ts';
import { readEnvelope } from '../../../profiles/formats/soap.ts';
import { parseXml } from '../../../profiles/formats/xml.ts';
import { ITI_47 } from '../../../profiles/pdq/iti-47.ts';
import { ITI_44 } from '../../../profiles/pix/iti-44.ts';
import { Refusal, refusalsOf } from '../../../profiles/refusal.ts';
import { ITI_18 } from '../../../profiles/xds/iti-18.ts';
import { ITI_41 } from '../../../profiles/xds/iti-41.ts';
import { ITI_42 } from '../../../profiles/xds/iti-42.ts';
import { SAMPLES } from '../../fuzz/samples.ts';
import { wireMessageOf } from '../../support/messages.ts';
import { withoutXop } from '../../support/schema.ts';
import { FROZEN, openedBody } from '../../support/xds-wire.ts';

const URL_HERE = 'https://east.example.jp:8443/x';

/** What each transaction calls a request that its schema does not take. */
const CODES: Readonly<Record<string, string>> = {
  'ITI-18': 'XDSRegistryError',
  'ITI-38': 'XDSRegistryError',
  'ITI-39': 'XDSRepositoryError',
  'ITI-41': 'XDSRepositoryMetadataError',
  'ITI-42': 'XDSRegistryMetadataError',
  'ITI-43': 'XDSRepositoryError',
  'ITI-44': 'SYN110',
  'ITI-45': 'SYN110',
  'ITI-47': 'SYN110',
  'ITI-51': 'XDSRegistryError',
  'ITI-55': 'SYN110',
  'ITI-57': 'XDSRegistryMetadataError',
  'ITI-46': 'SYN110',
  'ITI-61': 'XDSRegistryMetadataError',
  'ITI-56': 'XDSRegistryError',
  'ITI-62': 'XDSRegistryError',
  'ITI-64': 'XDSRegistryError',
  'ITI-86': 'XDSRepositoryError',
  'ITI-92': 'XDSRegistryMetadataError',
};

const envelopesOf = async (transaction: AnyTransaction, requests: readonly unknown[]) =>
  await Promise.all(
    requests.map(async (request) => (await wireMessageOf(transaction, request, URL_HERE)).envelope),
  );

describe('requests held against the schemas that we serve', () => {
  let schemas: RequestSchemas;

  beforeAll(async () => {
    schemas = await RequestSchemas.compile(new WsdlLibrary([]).texts);
  });

  const refusalsIn = (envelope: string, transaction: AnyTransaction): readonly Refusal[] => {
    try {
      schemas.require(Buffer.from(envelope), transaction);
      return [];
    } catch (error) {
      const refusals = refusalsOf(error);
      if (refusals === undefined) throw error;
      return refusals;
    }
  };
  /** The sample of a transaction, bent. */
  const bent = async (
    transaction: AnyTransaction,
    from: string | RegExp,
    to: string,
  ): Promise<readonly Refusal[]> => {
    const { requests = [] } = SAMPLES.find((one) => one.transaction.id === transaction.id) ?? {};
    const [envelope = ''] = await envelopesOf(transaction, requests);
    const other = envelope.replace(from, to);
    expect({ from, changed: other !== envelope }).toEqual({ from, changed: true });
    return refusalsIn(other, transaction);
  };

  it.each(SAMPLES)('are taken where they are valid ($transaction.id)', async (sample) => {
    for (const envelope of await envelopesOf(sample.transaction, sample.requests)) {
      expect(refusalsIn(envelope, sample.transaction)).toEqual([]);
    }
  });

  it.each(SAMPLES)(
    'take what is answered in $transaction.id, since clients made of our WSDLs read by them',
    ({ transaction, requests, responses }) => {
      const asked = openedBody(transaction.request.encode(requests[0]));
      const bodies = [
        ...responses.map((response) => transaction.response.encode(response, asked, FROZEN)),
        transaction.refusal([new Refusal('SYN100', 'no')], asked, FROZEN),
      ];
      for (const { xml } of bodies) {
        expect(refusalsIn(`<e><Body>${withoutXop(xml)}</Body></e>`, transaction)).toEqual([]);
      }
    },
  );

  it.each(SAMPLES)(
    'are refused in the code of $transaction.id, with line and element',
    async ({ transaction, requests }) => {
      const { body } = transaction.wire.messages[0] ?? { body: { name: '' } };
      const [envelope = ''] = await envelopesOf(transaction, requests.slice(0, 1));
      const start = new RegExp(`(<(?:\\w+:)?${body.name})\\b`);
      const [refusal, ...others] = refusalsIn(
        `\n\n${envelope.replace(/<\?xml[^>]*\?>/, '').replace(start, '$1 strange="試験 太郎 1970"')}`,
        transaction,
      );
      expect(others).toEqual([]);
      expect(refusal?.code).toBe(CODES[transaction.id]);
      expect(refusal?.context).toMatch(
        /^line 3, \w+:\w+\/@aaaaaaa: expected no such attribute, received one$/,
      );
    },
  );

  it('say of a registry object which one it is', async () => {
    const [refusal] = await bent(ITI_42, /(<rim:ExtrinsicObject [^>]*)mimeType=/, '$1mimetype=');
    expect(refusal).toMatchObject({
      code: 'XDSRegistryMetadataError',
      location: 'Document01',
    });
    expect(refusal?.context).toContain('rim:ExtrinsicObject/@aaaaaaaa: expected no such attribute');
  });

  it('say what is expected where an element is missing or displaced', async () => {
    const [missing] = await bent(ITI_18, /<rim:AdhocQuery\b[\s\S]*<\/rim:AdhocQuery>/, '');
    expect(missing?.context).toContain(
      'query:AdhocQueryRequest: expected rim:AdhocQuery inside it, received nothing more',
    );
    const [displaced] = await bent(
      ITI_18,
      /(<query:ResponseOption[^>]*\/>)(<rim:AdhocQuery\b[\s\S]*<\/rim:AdhocQuery>)/,
      '$2$1',
    );
    expect(displaced?.context).toMatch(
      /rim:AdhocQuery: expected rs:RequestSlotList or query:ResponseOption, received this element$/,
    );
  });

  it('report several faults at once, twenty at most', async () => {
    const strange = '<rim:Slot/>'.repeat(50);
    const several = await bent(ITI_18, /<rim:Slot name=/, `${strange}<rim:Slot name=`);
    expect(several).toHaveLength(20);
    expect(several[0]?.context).toContain('rim:Slot: expected the attribute name, received none');
  });

  it.each([
    ['an element left out', /<acceptAckCode[^>]*\/>/, '', 'SYN110'],
    ['nothing inside', /(<receiver[^>]*><device[^>]*>)[\s\S]*?<\/device>/, '$1</device>', 'SYN100'],
    ['an attribute left out', / ITSVersion="XML_1.0"/, '', 'SYN101'],
    [
      'a time that is none',
      /<creationTime value="[^"]*"/,
      '<creationTime value="試験1970"',
      'SYN102',
    ],
    ['a null flavour that is none', '<creationTime ', '<creationTime nullFlavor="試" ', 'SYN103'],
    ['text between elements', '<processingCode', '試験<processingCode', 'SYN110'],
  ])('are refused by HL7’s code for the kind of fault: %s', async (_, from, to, code) => {
    const [refusal] = await bent(ITI_44, from, to);
    expect(refusal?.code).toBe(code);
    expect(refusal?.location).toMatch(/^\/PRPA_IN201301UV02\b/);
  });

  it('never repeat a value, an attribute or an element of the sender’s', async () => {
    const bends: readonly (readonly [AnyTransaction, RegExp, string])[] = [
      [ITI_47, /<value value="[^"]*"/, '<value value="試験 太郎 YAMADA"'],
      [ITI_47, /<livingSubjectName>/, '<YAMADA 試験="YAMADA"/><livingSubjectName>'],
      [ITI_47, /<livingSubjectName>/, '<livingSubjectName YAMADA="試験">'],
      [ITI_44, /<creationTime value="[^"]*"/, `<creationTime value="YAMADA's '試験' value"`],
      [ITI_44, /classCode="PAT"/, 'classCode="YAMADA 試験"'],
      [ITI_44, / ITSVersion="XML_1.0"/, ' ITSVersion="YAMADA 試験"'],
      [ITI_18, /returnType="\w+"/, 'returnType="YAMADA"'],
      [ITI_18, /returnType="\w+"/, 'returnType="YAMADA 試験"'],
      [ITI_42, /<rim:Slot name=/, '<x:YAMADA xmlns:x="urn:YAMADA:試験"/><rim:Slot name='],
      [
        ITI_42,
        /<rim:ValueList>/,
        '<rim:ValueList xsi:type="YAMADA" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">',
      ],
      [ITI_42, /<rim:ValueList>/, 'YAMADA 試験<rim:ValueList>'],
      [ITI_42, /<rim:Value>/, '<rim:Value><YAMADA/>試験'],
    ];
    for (const [transaction, from, to] of bends) {
      const refusals = await bent(transaction, from, to);
      expect(refusals.length).toBeGreaterThan(0);
      for (const { context, location = '' } of refusals) {
        expect(`${context} ${location}`).not.toMatch(/YAMADA|試験|太郎/);
      }
    }
  });

  it('count an xop:Include as octets, and nothing else', async () => {
    const include = /<xop:Include [^>]*\/>/;
    expect(await bent(ITI_41, include, 'SGVsbG8=')).toEqual([]);
    const twice = '<xop:Include xmlns:xop="http://www.w3.org/2004/08/xop/include" href="cid:a"/>';
    expect(await bent(ITI_41, include, twice + twice)).toHaveLength(1);
    expect(await bent(ITI_41, include, '<Include href="cid:a"/>')).toHaveLength(1);
  });

  it('fetch nothing that a message names', async () => {
    const location =
      'i:schemaLocation="urn:hl7-org:v3 file:///etc/passwd http://127.0.0.1:1/x.xsd"';
    const refusals = await bent(
      ITI_44,
      ' ITSVersion=',
      ` xmlns:i="http://www.w3.org/2001/XMLSchema-instance" ${location} ITSVersion=`,
    );
    expect(refusals).toEqual([]);
  });

  it('keep no memory of a message', async () => {
    const { requests = [] } = SAMPLES.find(({ transaction }) => transaction.id === 'ITI-42') ?? {};
    const [envelope = ''] = await envelopesOf(ITI_42, requests);
    const right = Buffer.from(envelope);
    const wrong = Buffer.from(envelope.replace(/<rim:Slot name=/, '<rim:Slot bad="" name='));
    const many = () => {
      for (let n = 0; n < 2_000; n++) {
        schemas.require(right, ITI_42);
        expect(() => schemas.require(wrong, ITI_42)).toThrow('XDSRegistryMetadataError');
      }
      return schemas.memoryBytes;
    };
    const before = many();
    expect(many() - before).toBe(0);
  });

  it('do not start from a text that is no schema', async () => {
    const texts = new Map(new WsdlLibrary([]).texts);
    texts.set('rim.xsd', (texts.get('rim.xsd') ?? '').replace('rim:SlotType"', 'rim:NoType"'));
    await expect(RequestSchemas.compile(texts)).rejects.toThrow(
      /profiles\/wsdl: line \d+: .*NoType/s,
    );
  });

  it('are what decoding takes: a sample that a schema refuses may still be readable, never the other way round', async () => {
    for (const { transaction, requests } of SAMPLES) {
      if (transaction.wire.mtom === 'both') continue;
      for (const envelope of await envelopesOf(transaction, requests)) {
        const opened = readEnvelope(parseXml(envelope), { understood: () => true });
        expect(() => transaction.request.decode(opened, NO_PARTS)).not.toThrow();
      }
    }
  });
});
