import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { NO_PARTS } from '../../../profiles/formats/mtom.ts';
import { elementsOf, parseXml, type XmlElement } from '../../../profiles/formats/xml.ts';
import { ITI_18 } from '../../../profiles/xds/iti-18.ts';
import { ITI_42 } from '../../../profiles/xds/iti-42.ts';
import { refusalsOfSubmission } from '../../../profiles/xds/metadata-rules.ts';
import { readStoredQuery } from '../../../profiles/xds/stored-query-reading.ts';
import {
  ASSOCIATION_TYPE,
  IDENTIFICATION,
  NS,
  OBJECT_TYPE,
} from '../../../profiles/xds/vocabulary.ts';
import { refused } from '../../support/xds-wire.ts';

/** NIST's test plans, where they lie beside the checkout. */
const KIT = '../shared/conformance/testkit/tests';
const COLLECTIONS = ['SQ.b', 'PR.b', 'Ret.b', 'R.b', 'rg(xca)'];
const PATIENT = 'P-0001^^^&2.999.3.7&ISO';

/** What NIST expects to be refused, or what is for a later day (XFRM, XFRM_RPLC), by section. */
const REFUSED: Readonly<Record<string, string>> = {
  '11897/classcode_scheme_mismatch': 'XDSRegistryError',
  '11897/old_scheme': 'XDSRegistryError',
  '11994/xfrm': 'XDSRegistryMetadataError',
  '11995/rplc': 'XDSRegistryMetadataError',
  '11998a/classCode': 'XDSRegistryMetadataError',
  '11998a/creationTime': 'XDSRegistryMetadataError',
  '11998a/healthcareFacilityTypeCode': 'XDSRegistryMetadataError',
  '11998a/languageCode': 'XDSRegistryMetadataError',
  '11998a/sourcePatientId': 'XDSRegistryMetadataError',
  '11998a/typeCode': 'XDSRegistryMetadataError',
};

interface Plan {
  readonly section: string;
  readonly root: XmlElement;
}

function plans(): readonly Plan[] {
  if (!existsSync(KIT)) return [];
  return readdirSync(KIT).flatMap((test) => {
    const collections = `${KIT}/${test}/collections.txt`;
    const names = existsSync(collections) ? readFileSync(collections, 'utf8').split(/\s+/) : [];
    // A test without collections loads what others look for.
    if (names.some(Boolean) && !names.some((name) => COLLECTIONS.includes(name))) return [];
    if (!names.some(Boolean) && !DATA.includes(test)) return [];
    return readdirSync(`${KIT}/${test}`).flatMap((section) => plansIn(`${test}/${section}`));
  });
}

const DATA = ['12346', '12374', '12318', '15807'];

function plansIn(section: string): readonly Plan[] {
  const folder = `${KIT}/${section}`;
  if (!statSync(folder).isDirectory()) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith('.xml') && name !== 'testplan.xml')
    .map((name) => ({ section, root: parseXml(readFileSync(`${folder}/${name}`, 'utf8').trim()) }));
}

function find(element: XmlElement, ...names: readonly string[]): XmlElement | undefined {
  if (names.includes(element.name)) return element;
  for (const child of elementsOf(element)) {
    const found = find(child, ...names);
    if (found !== undefined) return found;
  }
  return undefined;
}

let numbers = 0;
const PATIENT_SCHEMES: readonly string[] = Object.values(IDENTIFICATION).map(
  ({ patientId }) => patientId,
);
const UNIQUE_SCHEMES: readonly string[] = Object.values(IDENTIFICATION).map(
  ({ uniqueId }) => uniqueId,
);

/** ebRIM 2.1 as ebRIM 3.0, with the ids that a test run would put in. */
function asRim3(element: XmlElement, owner?: string): XmlElement {
  const attributes = new Map<string, string>();
  for (const [name, value] of element.attributes) {
    if (!/^(?:major|minor)Version$/.test(name)) attributes.set(name, translated(name, value));
  }
  const objectType = Object.entries(OBJECT_TYPE).find(([name]) => name === element.name)?.[1];
  if (objectType !== undefined) {
    attributes.set('objectType', objectType);
    if (!attributes.has('id')) attributes.set('id', `id${++numbers}`);
  }
  if (element.name === 'ExternalIdentifier') identify(attributes, owner ?? '');
  const children = element.children.map((child) =>
    typeof child === 'string' ? child : asRim3(child, attributes.get('id')),
  );
  return { namespace: NS.rim, name: element.name, attributes, children };
}

function translated(name: string, value: string): string {
  if (name === 'associationType' && !value.includes(':')) {
    return Object.entries(ASSOCIATION_TYPE).find(([short]) => short === value)?.[1] ?? value;
  }
  if (name === 'sourceObject' || name === 'targetObject') {
    // `$name$`: an object that an earlier step registered.
    const digit = name === 'sourceObject' ? 1 : 2;
    return /^\$.*\$$/.test(value) ? `urn:uuid:5b1e0000-0000-4000-8000-00000000000${digit}` : value;
  }
  return value;
}

function identify(attributes: Map<string, string>, owner: string): void {
  const scheme = attributes.get('identificationScheme') ?? '';
  attributes.set('registryObject', owner);
  if (PATIENT_SCHEMES.includes(scheme)) attributes.set('value', PATIENT);
  else if (UNIQUE_SCHEMES.includes(scheme)) attributes.set('value', `2.999.42.${++numbers}`);
  else attributes.set('value', '2.999.9.1');
}

/** The query with its symbols replaced as a test run does. */
function asRun(element: XmlElement): XmlElement {
  const put = (text: string) =>
    text
      .replace(/\$(?:patient|fol_patient|ss_patient)\w*\$/gi, PATIENT)
      .replace(/^\s*\$(?:now|lastyear|DATE)\$\s*$/i, '20300401');
  const children = element.children.map((child) =>
    typeof child === 'string' ? put(child) : asRun(child),
  );
  return { ...element, children };
}

function codesOf({ root }: Plan): readonly string[] {
  const query = find(root, 'AdhocQueryRequest');
  if (query !== undefined) {
    const opened = { action: '', headers: [], body: asRun(query) };
    return refused(() => readStoredQuery(ITI_18.request.decode(opened, NO_PARTS))).map(
      ({ code }) => code,
    );
  }
  const objects = find(root, 'LeafRegistryObjectList', 'RegistryObjectList');
  if (objects === undefined) return [];
  const list = { ...asRim3(objects), name: 'RegistryObjectList' };
  const body = {
    namespace: NS.lcm,
    name: 'SubmitObjectsRequest',
    attributes: new Map(),
    children: [list],
  };
  try {
    const submission = ITI_42.request.decode({ action: '', headers: [], body }, NO_PARTS);
    return refusalsOfSubmission(submission.objects, { column: 'XDS DS' }).map(({ code }) => code);
  } catch (error) {
    return refused(() => {
      throw error;
    }).map(({ code }) => code);
  }
}

(existsSync(KIT) ? describe : describe.skip)("NIST's test data", () => {
  it('are taken, but for those that are meant to be refused', () => {
    const found = plans().map((plan) => [plan.section, ...codesOf(plan)]);
    const wrong = found.filter(([section = '', ...codes]) => {
      const expected = REFUSED[section];
      return expected === undefined
        ? codes.length > 0
        : !codes.every((code) => code === expected) || codes.length === 0;
    });
    expect(wrong).toEqual([]);
    expect(found.length).toBeGreaterThan(80);
  });
});
