import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { decodeCX, isOid, isOidUrn } from '../../../profiles/formats/datatypes.ts';
import { attributeOf, childNamed, parseXml, textOf } from '../../../profiles/formats/xml.ts';
import { patientKey } from '../../../profiles/patient.ts';
import { documentEntryToEbxml } from '../../../profiles/xds/metadata-ebxml.ts';
import { documentEntryOf } from '../../../profiles/xds/metadata-xml.ts';
import {
  type DemoDocument,
  demoDocumentEntry,
  demoDocuments,
} from '../../../scripts/demo/documents.ts';
import { demoPatients, recordIn } from '../../../scripts/demo/patients.ts';
import { demoRegion, demoRegions } from '../../../scripts/demo/regions.ts';

const V3 = 'urn:hl7-org:v3';

async function octetsOf(document: DemoDocument): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of document.content.open()) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function documentNamed(region: 'okayama' | 'shimane' | 'kagawa', fileName: string): DemoDocument {
  const found = demoDocuments(demoRegion(region)).find((each) => each.fileName === fileName);
  if (found === undefined) throw new Error(`no ${fileName} in ${region}`);
  return found;
}

const ALL = demoRegions().flatMap((region) =>
  demoDocuments(region).map((document) => [region.name, document.fileName] as const),
);

describe('The regions of the demo', () => {
  it('are three, with OIDs of the arc for examples, none twice', () => {
    const regions = demoRegions();
    const oids = regions.flatMap((region) => [
      region.affinityDomain,
      region.repositoryUniqueId,
      region.device,
      region.hospital.assigningAuthority,
      region.hospital.sourceId,
      region.hospital.device,
    ]);

    expect(regions.map(({ name }) => name)).toEqual(['okayama', 'shimane', 'kagawa']);
    expect(regions.every(({ homeCommunityId }) => isOidUrn(homeCommunityId))).toBe(true);
    expect(oids.every((oid) => isOid(oid) && oid.startsWith('2.999.'))).toBe(true);
    expect(new Set(oids).size).toBe(oids.length);
  });
});

describe('The people of the demo', () => {
  it('are plainly invented: called 試験 or 見本, born on 1 January', () => {
    for (const { demographics } of demoPatients()) {
      expect(demographics.names.map(({ representation }) => representation)).toEqual([
        'IDE',
        'SYL',
        'ABC',
      ]);
      expect(demographics.names[0]?.family).toMatch(/^(試験|見本)$/);
      expect(demographics.birthTime).toMatch(/0101$/);
    }
  });

  it('have one of them who is known in every region, under different numbers', () => {
    const hanako = demoPatients().find(({ key }) => key === 'hanako');
    const ids = demoRegions().map(({ name }) => hanako && recordIn(hanako, name)?.ids[0]);

    expect(ids.every((id) => id !== undefined)).toBe(true);
    expect(new Set(ids.map((id) => id?.id)).size).toBe(3);
  });

  it('share a number across hospitals, never within one', () => {
    const ids = demoRegions().flatMap(({ name }) =>
      demoPatients().flatMap((patient) => recordIn(patient, name)?.ids ?? []),
    );

    expect(new Set(ids.map(patientKey)).size).toBe(ids.length);
    expect(new Set(ids.map(({ id }) => id)).size).toBeLessThan(ids.length);
  });

  it('are not told apart by chance: no two have the same name in any representation', () => {
    const names = demoPatients().flatMap(({ demographics }) =>
      demographics.names.map(({ family, given }) => `${family} ${given.join(' ')}`),
    );

    expect(new Set(names).size).toBe(names.length);
  });
});

describe('The documents of the demo', () => {
  it.each(ALL)('%s %s has the size and the SHA-1 that it says', async (region, fileName) => {
    const document = documentNamed(region, fileName);

    const octets = await octetsOf(document);

    expect(octets.length).toBe(document.content.sizeBytes);
    expect(createHash('sha1').update(octets).digest('hex')).toBe(document.content.sha1);
  });

  it.each(ALL)('%s %s has a DocumentEntry that ebRIM carries whole', (region, fileName) => {
    const document = documentNamed(region, fileName);
    const { affinityDomain } = demoRegion(region);
    const entry = demoDocumentEntry(document, demoRegion(region), {
      entryUUID: 'Document1',
      patientId: { id: 'R1', assigningAuthority: affinityDomain },
    });

    expect(documentEntryOf(documentEntryToEbxml(entry))).toMatchObject({
      uniqueId: document.uniqueId,
      hash: document.content.sha1,
      size: document.content.sizeBytes,
      title: document.title,
      patientId: { id: 'R1', assigningAuthority: affinityDomain },
    });
    expect(decodeCX(entry.sourcePatientId ?? '').assigningAuthority).toBe(
      demoRegion(region).hospital.assigningAuthority,
    );
  });

  it('have uniqueIds that are used once', () => {
    const ids = demoRegions().flatMap((region) =>
      demoDocuments(region).map((each) => each.uniqueId),
    );

    expect(new Set(ids).size).toBe(ids.length);
  });

  it('have one of 20 MB, drawn in pieces', async () => {
    const picture = documentNamed('kagawa', 'phantom.bmp');
    const pieces: number[] = [];
    for await (const chunk of picture.content.open()) pieces.push(chunk.length);

    expect(picture.content.sizeBytes).toBeGreaterThan(20_000_000);
    expect(Math.max(...pieces)).toBeLessThan(2_000_000);
  });
});

describe('The referral', () => {
  it('is a CDA document in Japanese that names itself as its metadata does', async () => {
    const document = documentNamed('okayama', 'referral.xml');
    const root = parseXml(await octetsOf(document));
    const id = childNamed(root, V3, 'id');
    const title = childNamed(root, V3, 'title');

    expect([root.namespace, root.name]).toEqual([V3, 'ClinicalDocument']);
    expect(id && attributeOf(id, 'root')).toBe(document.uniqueId);
    expect(title && textOf(title)).toBe('診療情報提供書');
  });

  const schema = '../shared/schemas/security/cda/infrastructure/cda/CDA.xsd';
  (existsSync(schema) ? it : it.skip)('is valid against the CDA schema', async () => {
    const { XmlDocument, XsdValidator } = await import('libxml2-wasm');
    const { xmlRegisterFsInputProviders } = await import('libxml2-wasm/lib/nodejs.mjs');
    xmlRegisterFsInputProviders();
    const xsd = XmlDocument.fromBuffer(readFileSync(schema), { url: schema });
    const validator = XsdValidator.fromDoc(xsd);
    const document = XmlDocument.fromBuffer(
      await octetsOf(documentNamed('okayama', 'referral.xml')),
    );
    try {
      expect(() => validator.validate(document)).not.toThrow();
    } finally {
      document.dispose();
      validator.dispose();
      xsd.dispose();
    }
  });
});

describe('The PDF', () => {
  it('has a cross-reference table that points at its objects', async () => {
    const octets = await octetsOf(documentNamed('kagawa', 'discharge-summary.pdf'));
    const text = octets.toString('latin1');
    const start = Number(/startxref\n(\d+)\n%%EOF\n$/.exec(text)?.[1]);
    const offsets = [...text.matchAll(/^(\d{10}) 00000 n $/gm)].map(([, offset]) => Number(offset));

    expect(text.startsWith('%PDF-1.4\n')).toBe(true);
    expect(text.slice(start, start + 5)).toBe('xref\n');
    expect(offsets.length).toBeGreaterThan(5);
    offsets.forEach((offset, index) => {
      expect(text.slice(offset)).toMatch(new RegExp(`^${index + 1} 0 obj\\n`));
    });
  });

  it('says how long its page is', async () => {
    const text = (await octetsOf(documentNamed('kagawa', 'discharge-summary.pdf'))).toString(
      'latin1',
    );
    const [, length, stream] = /\/Length (\d+) >>\nstream\n([\s\S]*?)\nendstream/.exec(text) ?? [];

    expect(stream?.length).toBe(Number(length));
  });
});

describe('The picture', () => {
  it('is a BMP of 24 bits whose header fits its octets', async () => {
    const octets = await octetsOf(documentNamed('kagawa', 'phantom.bmp'));

    expect(octets.toString('latin1', 0, 2)).toBe('BM');
    expect(octets.readUInt32LE(2)).toBe(octets.length);
    expect(octets.readInt32LE(18) * octets.readInt32LE(22) * 3).toBe(
      octets.length - octets.readUInt32LE(10),
    );
    expect(octets.readUInt16LE(28)).toBe(24);
  });
});
