import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { NO_PARTS } from '../../../profiles/formats/mtom.ts';
import type { RegistryObject } from '../../../profiles/formats/ebxml.ts';
import { elementsOf, parseXml, textOf, type XmlElement } from '../../../profiles/formats/xml.ts';
import { ITI_18 } from '../../../profiles/xds/iti-18.ts';
import { ITI_42 } from '../../../profiles/xds/iti-42.ts';
import type { MetadataColumn } from '../../../profiles/xds/metadata-rule.ts';
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

/** What NIST expects to be refused, by section. */
const REFUSED: Readonly<Record<string, string>> = {
  '11897/classcode_scheme_mismatch': 'XDSRegistryError',
  '11897/old_scheme': 'XDSRegistryError',
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
  if (name === 'lid' && value.startsWith('$'))
    return 'urn:uuid:5b1e0000-0000-4000-8000-0000000000aa';
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
  const list = find(root, 'LeafRegistryObjectList', 'RegistryObjectList');
  if (list === undefined) return [];
  try {
    return refusalsOfSubmission(objectsOf(list), { column: 'XDS DS' }).map(({ code }) => code);
  } catch (error) {
    return refused(() => {
      throw error;
    }).map(({ code }) => code);
  }
}

function objectsOf(objects: XmlElement): readonly RegistryObject[] {
  const list = { ...asRim3(objects), name: 'RegistryObjectList' };
  const body = {
    namespace: NS.lcm,
    name: 'SubmitObjectsRequest',
    attributes: new Map(),
    children: [list],
  };
  return ITI_42.request.decode({ action: '', headers: [], body }, NO_PARTS).objects;
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

/** By NIST's name of the transaction: the column by which its submissions are judged. */
const COLUMNS: Readonly<Record<string, MetadataColumn>> = {
  MuTransaction: 'MU',
  RmuTransaction: 'RMU',
  RegisterTransaction: 'XDS DR',
  RegisterODDETransaction: 'OD',
};
const UPDATING = ['reg_mu', 'reg_rmu', 'rg(xca)_rmu', 'reg_od', 'reg_rm'];

interface Step {
  readonly name: string;
  readonly column: MetadataColumn;
  readonly root: XmlElement;
}

/** What is refused by the message alone, by the folder of its section. */
const REFUSED_UPDATES: Readonly<Record<string, string>> = {
  '15800c/initial_version': 'XDSMetadataUpdateError',
  '20000b/update': 'XDSMetadataUpdateError',
  '20000f/update': 'XDSRegistryMetadataError',
  '20002/eval': 'XDSMetadataUpdateOperationError',
  '20007/update': 'XDSMetadataUpdateOperationError',
  '21000/submit': 'XDSRegistryMetadataError',
  '40000c/initial_version': 'XDSInvalidRequestException',
};

/** The submissions that NIST expects to end so. */
function stepsThatAre(status: 'Success' | 'Failure'): readonly Step[] {
  if (!existsSync(KIT)) return [];
  return (
    readdirSync(KIT)
      // Some tests say nothing of where they belong.
      .filter((test) => {
        const names = collectionsOf(test).filter(Boolean);
        return names.length === 0 || names.some((name) => UPDATING.includes(name));
      })
      .filter((test) => statSync(`${KIT}/${test}`).isDirectory())
      .flatMap((test) => readdirSync(`${KIT}/${test}`).map((section) => `${test}/${section}`))
      .filter((section) => existsSync(`${KIT}/${section}/testplan.xml`))
      .flatMap((section) => stepsIn(section, status))
  );
}

function collectionsOf(test: string): readonly string[] {
  const file = `${KIT}/${test}/collections.txt`;
  return existsSync(file) ? readFileSync(file, 'utf8').split(/\s+/) : [];
}

function stepsIn(section: string, status: 'Success' | 'Failure'): readonly Step[] {
  const plan = parseXml(readFileSync(`${KIT}/${section}/testplan.xml`, 'utf8').trim());
  return elementsOf(plan)
    .filter(({ name }) => name === 'TestStep')
    .filter((step) => textOf(find(step, 'ExpectedStatus') ?? step).trim() === status)
    .flatMap((step) => {
      const transaction = find(step, ...Object.keys(COLUMNS));
      const file = transaction && find(transaction, 'MetadataFile');
      const column = COLUMNS[transaction?.name ?? ''];
      if (file === undefined || column === undefined) return [];
      const path = `${section}/${textOf(file).trim()}`;
      return [
        { name: path, column, root: parseXml(readFileSync(`${KIT}/${path}`, 'utf8').trim()) },
      ];
    });
}

(existsSync(KIT) ? describe : describe.skip)("NIST's updates", () => {
  it('are taken where they are meant to be', () => {
    const steps = stepsThatAre('Success');
    const refusedSteps = steps.flatMap(({ name, column, root }) => {
      const list = find(root, 'LeafRegistryObjectList', 'RegistryObjectList');
      if (list === undefined) return [];
      const objects = objectsOf(list);
      const refusals = refusalsOfSubmission(objects, { column });
      return refusals.length === 0 ? [] : [[name, column, ...refusals.map(String)]];
    });
    expect(refusedSteps).toEqual([]);
    expect(new Set(steps.map(({ column }) => column))).toEqual(new Set(Object.values(COLUMNS)));
    expect(steps.length).toBeGreaterThan(60);
  });

  it('are refused with the code that NIST expects, where the message alone tells', () => {
    const found = new Map<string, boolean>();
    for (const { name, column, root } of stepsThatAre('Failure')) {
      const section = name.slice(0, name.lastIndexOf('/'));
      const code = REFUSED_UPDATES[section];
      const list = find(root, 'LeafRegistryObjectList', 'RegistryObjectList');
      if (code === undefined || list === undefined) continue;
      const codes = refusalsOfSubmission(objectsOf(list), { column }).map((one) => one.code);
      found.set(section, (found.get(section) ?? true) && codes.includes(code));
    }
    expect(Object.fromEntries(found)).toEqual(
      Object.fromEntries(Object.keys(REFUSED_UPDATES).map((section) => [section, true])),
    );
  });
});
