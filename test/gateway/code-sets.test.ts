import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { codeSetsText, readAffinityDomain, readCodeSets } from '../../gateway/code-sets.ts';
import { ConfigFaults } from '../../gateway/config-faults.ts';
import { japaneseCodeSets } from '../../profiles/xds/japan-codes.ts';

function fileWith(text: string): string {
  const file = join(mkdtempSync(join(tmpdir(), 'kakehashi-codes-')), 'codes');
  writeFileSync(file, text);
  return file;
}

function faultsOf(text: string): readonly string[] {
  try {
    readCodeSets(fileWith(text));
  } catch (error) {
    if (error instanceof ConfigFaults) return error.faults.map(({ problem }) => problem.en);
    throw error;
  }
  return [];
}

const CLASS_CODE = 'urn:uuid:41a5887f-8865-4c09-adf7-e362475b143a';

describe('Code sets in NIST’s form', () => {
  it('are read by classScheme, with mimeTypes', () => {
    const sets = readCodeSets(
      fileWith(`<?xml version="1.0"?><!-- a comment --><Codes>
        <CodeType name="any name" classScheme="${CLASS_CODE}">
          <Code code="01" display="A &amp; B" codingScheme="2.999.7" system="http://example.org"/>
        </CodeType>
        <CodeType name="mimeType"><Code code="text/xml" ext="xml"/></CodeType>
        <AssigningAuthority id="&amp;2.999.1&amp;ISO"/>
      </Codes>`),
    );

    expect(sets).toEqual({
      codes: { classCode: [{ code: '01', codingScheme: '2.999.7', displayName: 'A & B' }] },
      mimeTypes: ['text/xml'],
    });
  });

  it.each([
    ['what is not well-formed', '<Codes><CodeType></Codes>', /not well-formed/],
    ['a DOCTYPE', '<!DOCTYPE Codes [<!ENTITY a "b">]><Codes/>', /DOCTYPE/],
    ['another root', '<Code/>', /root element/],
    ['no codes at all', '<Codes></Codes>', /root element|no codes/],
    [
      'an attribute that no one knows',
      '<Codes><CodeType name="x" classScheme="urn:y"/></Codes>',
      /CodeType x/,
    ],
    [
      'a code without its scheme',
      `<Codes><CodeType name="c" classScheme="${CLASS_CODE}"><Code code="1"/></CodeType></Codes>`,
      /needs code and codingScheme/,
    ],
    [
      'an attribute without codes',
      `<Codes><CodeType name="c" classScheme="${CLASS_CODE}"/></Codes>`,
      /has no codes/,
    ],
    [
      'a mimeType that is none',
      '<Codes><CodeType name="mimeType"><Code code="xml"/></CodeType></Codes>',
      /type\/subtype/,
    ],
  ])('are refused for %s', (_what, text, fault) => {
    expect(faultsOf(text).join('\n')).toMatch(fault);
  });

  const CODES = '../shared/samples/document-sharing/codes.xml';
  (existsSync(CODES) ? it : it.skip)('are read as NIST publishes them', () => {
    const { codes, mimeTypes } = readCodeSets(CODES);

    expect(Object.keys(codes)).toHaveLength(10);
    expect(codes.codeList).toHaveLength(2);
    expect(mimeTypes).toContain('application/fhir+json');
    expect(
      readAffinityDomain(CODES, 'refuse')
        .codes.get('classCode')
        ?.has({ code: '57016-8', codingScheme: '2.16.840.1.113883.6.1' }),
    ).toBe(true);
  });
});

describe('Code sets in YAML', () => {
  it('are read back as they are written', () => {
    const sets = japaneseCodeSets('2.999.392.32.4');
    const text = codeSetsText(sets, ['a heading']);

    expect(readCodeSets(fileWith(text))).toEqual(sets);
    expect(text).toMatch(/^# a heading\n/);
    expect(text).toContain('{ code: "57133-1", codingScheme: "2.16.840.1.113883.6.1"');
  });

  it.each([
    [
      'a misspelt attribute',
      'classcode: []',
      'classcode is no coded attribute; did you mean classCode?',
    ],
    ['what is no list', 'classCode: { code: a }', 'classCode must be a list'],
    [
      'a number, which may have lost its zero',
      'classCode: [{ code: 01, codingScheme: "2.9" }]',
      'classCode[1] must be',
    ],
    ['a row without a scheme', 'classCode: [{ code: a }]', 'classCode[1] must be'],
    ['a misspelt field', 'classCode: [{ code: a, scheme: b }]', 'classCode[1] must be'],
    ['a mimeType that is none', 'mimeType: [pdf]', 'mimeType pdf must be type/subtype'],
    ['an empty list', 'classCode: []', 'classCode has no codes; leave it out'],
    ['nothing', '{}', 'holds no codes'],
    ['a list', '- a', 'must be a table'],
  ])('are refused for %s', (_what, text, fault) => {
    expect(faultsOf(text)[0]).toContain(fault);
  });

  it('tell all faults at once, and are refused where the file is not there', () => {
    expect(faultsOf('classcode: []\nmimeType: [pdf]')).toHaveLength(2);
    expect(() => readCodeSets('/nowhere/codes.yaml')).toThrow(ConfigFaults);
  });
});
