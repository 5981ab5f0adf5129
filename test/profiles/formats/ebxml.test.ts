import type { ExtrinsicObject, RegistryObject } from '../../../profiles/formats/ebxml.ts';
import { decodeRegistryObject } from '../../../profiles/formats/ebxml-decode.ts';
import { declarations, encodeRegistryObject } from '../../../profiles/formats/ebxml-encode.ts';
import { elementsOf, parseXml } from '../../../profiles/formats/xml.ts';
import { refused } from '../../support/xds-wire.ts';

const SUBMITTED = { code: 'XDSRegistryMetadataError', unknown: 'refused' } as const;
const ANSWERED = { code: 'XDSRegistryError', unknown: 'kept' } as const;

/** The element as it stands below a payload root that declares the prefix `rim`. */
function element(xml: string) {
  const [first] = elementsOf(parseXml(`<root${declarations('rim')}>${xml}</root>`));
  if (first === undefined) throw new Error('no element');
  return first;
}

function decode(
  xml: string,
  reading: typeof SUBMITTED | typeof ANSWERED = SUBMITTED,
): RegistryObject {
  return decodeRegistryObject(element(xml), reading);
}

const NOTHING = {
  slots: [],
  name: [],
  description: [],
  classifications: [],
  externalIdentifiers: [],
};

const EVERYTHING: ExtrinsicObject = {
  element: 'ExtrinsicObject',
  id: 'Document01',
  lid: 'urn:uuid:1',
  home: 'urn:oid:2.999.1',
  objectType: 'urn:uuid:2',
  status: 'urn:example:status',
  mimeType: 'text/plain',
  isOpaque: false,
  slots: [
    { name: 'one', slotType: 'urn:example:type', values: ['<a>&"\'', ' two\nlines '] },
    { name: 'empty', values: [] },
  ],
  name: [{ value: '診療情報', lang: 'ja-JP', charset: 'UTF-8' }, { value: 'Referral' }],
  description: [{ value: 'a comment' }],
  versionName: '2',
  versionComment: 'second',
  classifications: [
    {
      ...NOTHING,
      id: 'c1',
      classificationScheme: 'urn:uuid:3',
      classifiedObject: 'Document01',
      nodeRepresentation: '',
      slots: [{ name: 'codingScheme', values: ['2.999.5'] }],
    },
    { ...NOTHING, id: 'c2', classificationNode: 'urn:uuid:4', classifiedObject: 'Document01' },
  ],
  externalIdentifiers: [
    {
      ...NOTHING,
      id: 'i1',
      registryObject: 'Document01',
      identificationScheme: 'urn:uuid:5',
      value: 'P1^^^&2.999.3.7&ISO',
      name: [{ value: 'XDSDocumentEntry.patientId' }],
    },
  ],
  contentVersion: { versionName: '3', comment: 'third' },
};

describe('ebRIM', () => {
  it('reads back everything that the schema knows of an object', () => {
    expect(decode(encodeRegistryObject(EVERYTHING))).toEqual(EVERYTHING);
  });

  it('writes the parts in the order of the schema, whatever the order they came in', () => {
    const shuffled =
      '<rim:RegistryPackage id="p"><rim:ExternalIdentifier id="i" registryObject="p" identificationScheme="s" value="v"/>' +
      '<rim:Classification id="c" classifiedObject="p"/><rim:VersionInfo/><rim:Description/><rim:Name/>' +
      '<rim:Slot name="n"><rim:ValueList/></rim:Slot></rim:RegistryPackage>';
    const written = element(encodeRegistryObject(decode(shuffled)));
    expect(elementsOf(written).map(({ name }) => name)).toEqual([
      'Slot',
      'VersionInfo',
      'Classification',
      'ExternalIdentifier',
    ]);
  });

  it.each([
    [
      'an element that it does not know',
      '<rim:Association id="a" associationType="t" sourceObject="s" targetObject="o"><rim:Other/></rim:Association>',
      'Other',
    ],
    [
      'an element of another namespace',
      '<rim:RegistryPackage id="a"><x:Slot xmlns:x="urn:x" name="n"/></rim:RegistryPackage>',
      'Slot',
    ],
    ['an attribute that it does not know', '<rim:RegistryPackage id="a" colour="red"/>', 'colour'],
    [
      'an object list inside a package',
      '<rim:RegistryPackage id="a"><rim:RegistryObjectList/></rim:RegistryPackage>',
      'RegistryObjectList',
    ],
    ['text between elements', '<rim:RegistryPackage id="a">text</rim:RegistryPackage>', 'text'],
    [
      'a second Name',
      '<rim:RegistryPackage id="a"><rim:Name/><rim:Name/></rim:RegistryPackage>',
      'Name',
    ],
    [
      'a slot without ValueList',
      '<rim:RegistryPackage id="a"><rim:Slot name="n"/></rim:RegistryPackage>',
      'ValueList',
    ],
    [
      'a slot without name',
      '<rim:RegistryPackage id="a"><rim:Slot><rim:ValueList/></rim:Slot></rim:RegistryPackage>',
      'name',
    ],
    [
      'an element inside a value',
      '<rim:RegistryPackage id="a"><rim:Slot name="n"><rim:ValueList><rim:Value><b/></rim:Value></rim:ValueList></rim:Slot></rim:RegistryPackage>',
      'values',
    ],
    [
      'an isOpaque that is no boolean',
      '<rim:ExtrinsicObject id="a" isOpaque="maybe"/>',
      'isOpaque',
    ],
    [
      'an Association without its ends',
      '<rim:Association id="a" associationType="t" sourceObject="s"/>',
      'targetObject',
    ],
    [
      'a Classification without id',
      '<rim:RegistryPackage id="a"><rim:Classification classifiedObject="a"/></rim:RegistryPackage>',
      'id',
    ],
    ['something that is no registry object', '<rim:Service id="a"/>', 'Service'],
  ])('refuses %s, and names the object', (_what, xml, named) => {
    const [refusal, ...more] = refused(() => decode(xml));
    expect(more).toEqual([]);
    expect(refusal?.code).toBe('XDSRegistryMetadataError');
    expect(refusal?.location).toBe('a');
    expect(refusal?.context).toContain(named);
  });

  it('counts characters, not UTF-16 units, against the 256 of a value', () => {
    const slot = (value: string) =>
      `<rim:RegistryPackage id="a"><rim:Slot name="n"><rim:ValueList><rim:Value>${value}</rim:Value></rim:ValueList></rim:Slot></rim:RegistryPackage>`;
    expect(refused(() => decode(slot('𠮷'.repeat(256))))).toEqual([]);
    expect(refused(() => decode(slot('𠮷'.repeat(257))))[0]?.context).toContain('256');
  });

  it('keeps what it does not know of a peer, and writes it back', () => {
    const xml =
      '<rim:RegistryPackage id="a"><rim:Name><rim:LocalizedString value="n"/></rim:Name>' +
      '<x:Extra xmlns:x="urn:x"><x:Inner>text</x:Inner></x:Extra></rim:RegistryPackage>';
    const kept = decode(xml, ANSWERED);
    expect(kept.unknown?.map(({ name }) => name)).toEqual(['Extra']);
    expect(decode(encodeRegistryObject(kept), ANSWERED)).toEqual(kept);
  });

  it('takes attributes for the XML parser, such as xsi:type, for no part of the object', () => {
    const xml =
      '<rim:RegistryPackage id="a" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="rim:RegistryPackageType"/>';
    expect(decode(xml)).toEqual({ element: 'RegistryPackage', id: 'a', ...NOTHING });
  });
});
