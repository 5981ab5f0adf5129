import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RequestSchemas } from '../../../gateway/inbound/schema.ts';
import { WsdlLibrary } from '../../../gateway/inbound/wsdl.ts';
import { HL7_V3 } from '../../../profiles/formats/hl7v3-reading.ts';
import {
  childNamed,
  elementsOf,
  parseXml,
  serializeXml,
  type XmlElement,
} from '../../../profiles/formats/xml.ts';
import { ITI_44 } from '../../../profiles/pix/iti-44.ts';
import { refusalsOf } from '../../../profiles/refusal.ts';
import { ITI_42 } from '../../../profiles/xds/iti-42.ts';
import { v3SchemaErrors, v3SchemasPresent } from '../../support/hl7v3-schema.ts';
import {
  DOCUMENT_SHARING_XSD,
  schemasPresent,
  validateAgainst,
  withoutXop,
} from '../../support/schema.ts';

const SAMPLES = [
  '../shared/samples/document-sharing',
  '../shared/samples/patient-identity/hl7v3',
  '../shared/samples/patient-identity/xcpd',
  '../shared/conformance/testkit/tests',
];
/** What a message may begin with. Answers of HL7 V3 are what clients read that are made of our WSDLs. */
const MESSAGES = new Set([
  'AdhocQueryRequest',
  'SubmitObjectsRequest',
  'RemoveObjectsRequest',
  'ProvideAndRegisterDocumentSetRequest',
  'RetrieveDocumentSetRequest',
  'RemoveDocumentsRequest',
  'PRPA_IN201301UV02',
  'PRPA_IN201302UV02',
  'PRPA_IN201304UV02',
  'PRPA_IN201305UV02',
  'PRPA_IN201309UV02',
  'MCCI_IN000002UV01',
  'PRPA_IN201306UV02',
  'PRPA_IN201310UV02',
  'QUQI_IN000003UV01',
]);

const isAnswer = (text: string) => /^<(?:\w+:)?(?:MCCI|QUQI|PRPA_IN2013(?:06|10))/.test(text);

function xmlUnder(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return xmlUnder(path);
    return entry.name.endsWith('.xml') ? [path] : [];
  });
}

/** The message that a file holds: as it is, in an envelope, or in a wrapper of a test plan. */
function messageIn(element: XmlElement): XmlElement | undefined {
  if (MESSAGES.has(element.name)) return element;
  const body = childNamed(element, element.namespace, 'Body');
  for (const child of elementsOf(body ?? element).slice(0, 4)) {
    const found = messageIn(child);
    if (found !== undefined) return found;
  }
  return undefined;
}

interface Sample {
  readonly path: string;
  readonly text: string;
  readonly isV3: boolean;
  readonly theirs: readonly string[];
}

function samples(): readonly Sample[] {
  return SAMPLES.flatMap(xmlUnder).flatMap((path) => {
    try {
      const message = messageIn(parseXml(readFileSync(path, 'utf8').trim()));
      if (message === undefined) return [];
      const text = serializeXml(message);
      const isV3 = message.namespace === HL7_V3;
      const theirs = isV3
        ? v3SchemaErrors(text)
        : validateAgainst(DOCUMENT_SHARING_XSD, withoutXop(text));
      return [{ path, text, isV3, theirs }];
    } catch {
      // No XML that our reader takes: no schema will ever see it.
      return [];
    }
  });
}

/** The text with one element left out, doubled or put behind the next, one attribute left out or changed: every way. */
function bent(text: string): readonly string[] {
  const root = parseXml(text);
  const written: string[] = [];
  const walk = (element: XmlElement, rebuild: (other: XmlElement) => XmlElement): void => {
    const with_ = (children: XmlElement['children']) =>
      written.push(serializeXml(rebuild({ ...element, children })));
    for (const name of element.attributes.keys()) {
      const attributes = new Map([...element.attributes].filter(([other]) => other !== name));
      written.push(serializeXml(rebuild({ ...element, attributes })));
      const changed = new Map([...element.attributes, [name, 'x y']]);
      written.push(serializeXml(rebuild({ ...element, attributes: changed })));
    }
    element.children.forEach((child, at) => {
      if (typeof child === 'string') return;
      const { children } = element;
      const next = children[at + 1];
      with_(children.toSpliced(at, 1));
      with_(children.toSpliced(at, 0, child));
      if (next !== undefined) with_(children.toSpliced(at, 2, next, child));
      walk(child, (other) => rebuild({ ...element, children: children.toSpliced(at, 1, other) }));
    });
  };
  walk(root, (other) => other);
  return written;
}

const there = schemasPresent && v3SchemasPresent ? samples() : [];
const valid = there.filter(({ theirs }) => theirs.length === 0);

describe('our own schemas beside those of OASIS, IHE and HL7', () => {
  let schemas: RequestSchemas;

  beforeAll(async () => {
    schemas = await RequestSchemas.compile(new WsdlLibrary([]).texts);
  });

  const oursOf = ({ text, isV3 }: Sample): readonly string[] => {
    try {
      schemas.require(Buffer.from(`<e><Body>${text}</Body></e>`), isV3 ? ITI_44 : ITI_42);
      return [];
    } catch (error) {
      return (refusalsOf(error) ?? [new Error(String(error))]).map(({ message }) => message);
    }
  };

  (valid.length > 0 ? it : it.skip)('take every message that those take', () => {
    const refused = valid.flatMap((sample) => {
      const ours = oursOf(sample);
      return ours.length === 0 ? [] : [`${sample.path}: ${ours.join('; ')}`];
    });

    expect(refused).toEqual([]);
    expect(valid.length).toBeGreaterThan(100);
  });

  (valid.length > 0 ? it : it.skip)(
    'agree about what is left out, doubled, displaced or changed',
    () => {
      const some = [
        ...valid.filter(({ isV3, text }) => isV3 && !isAnswer(text)),
        ...valid.filter(({ isV3 }) => !isV3).slice(0, 40),
      ];
      const verdicts = some.flatMap((sample, offset) =>
        bent(sample.text)
          // Every fifth, of each sample others.
          .filter((_, n) => (n + offset) % 5 === 0)
          .map((text) => {
            const theirs = sample.isV3
              ? v3SchemaErrors(text)
              : validateAgainst(DOCUMENT_SHARING_XSD, withoutXop(text));
            return { theirs, ours: oursOf({ ...sample, text }) };
          }),
      );
      const wrong = verdicts.filter(({ theirs }) => theirs.length > 0);
      const looser = wrong.filter(({ ours }) => ours.length === 0);
      const stricter = verdicts
        .filter(({ theirs, ours }) => theirs.length === 0 && ours.length > 0)
        .flatMap(({ ours }) => ours[0] ?? [])
        // An ebRS request may name what it removes by a query. The Framework's may not.
        .filter((message) => !message.includes('lcm:RemoveObjectsRequest'));
      expect(stricter).toEqual([]);
      // Value sets of HL7's, and roles of a person's that nobody here reads.
      expect(looser.length / wrong.length).toBeLessThan(0.05);
      expect(wrong.length).toBeGreaterThan(500);
    },
  );

  (valid.length > 0 ? it : it.skip)('take nothing that those refuse, but for what is known', () => {
    const taken = there
      .filter((sample) => sample.theirs.length > 0 && oursOf(sample).length === 0)
      .map(({ path, theirs }) => `${path}: ${theirs[0]}`);

    expect(taken).toEqual([]);
  });
});
