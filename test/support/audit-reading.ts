import { elementsOf, parseXml, textOf, type XmlElement } from '../../profiles/formats/xml.ts';

/** A participant as a record names it. */
export interface ReadParticipant {
  readonly userId: string;
  readonly userName: string | undefined;
  readonly isRequestor: boolean;
  /** 110153 Source, 110152 Destination; undefined where there is none. */
  readonly role: string | undefined;
  readonly host: string | undefined;
}

/** A participant object as a record names it; queries and details are decoded. */
export interface ReadObject {
  readonly id: string;
  /** `1/1` patient, `2/24` query, `2/20` job, `2/3` report, `2/13` security resource. */
  readonly type: string;
  readonly idType: string;
  readonly query: string | undefined;
  readonly details: Readonly<Record<string, string>>;
}

/** An audit message, as a test looks at it. */
export interface ReadRecord {
  /** EventID: 110112 Query, 110106 Export, 110107 Import, 110110 Patient Record, 110113 Security Alert. */
  readonly event: string;
  readonly action: string;
  readonly outcome: string;
  /** EventTypeCode: `ITI-18`. */
  readonly type: string;
  readonly name: string;
  readonly participants: readonly ReadParticipant[];
  readonly objects: readonly ReadObject[];
}

/** Reads an audit message. */
export function readRecord(xml: string): ReadRecord {
  const root = parseXml(xml);
  const identification = elementsOf(root).find(({ name }) => name === 'EventIdentification');
  if (!identification) throw new Error('no EventIdentification');
  const [event, type] = elementsOf(identification);
  return {
    event: attributeOf(event, 'csd-code'),
    action: attributeOf(identification, 'EventActionCode'),
    outcome: attributeOf(identification, 'EventOutcomeIndicator'),
    type: attributeOf(type, 'csd-code'),
    name: attributeOf(type, 'originalText'),
    participants: elementsOf(root)
      .filter(({ name }) => name === 'ActiveParticipant')
      .map((one) => ({
        userId: attributeOf(one, 'UserID'),
        userName: one.attributes.get('UserName'),
        isRequestor: attributeOf(one, 'UserIsRequestor') === 'true',
        role: elementsOf(one)
          .find(({ name }) => name === 'RoleIDCode')
          ?.attributes.get('csd-code'),
        host: one.attributes.get('NetworkAccessPointID'),
      })),
    objects: elementsOf(root)
      .filter(({ name }) => name === 'ParticipantObjectIdentification')
      .map(readObject),
  };
}

function readObject(one: XmlElement): ReadObject {
  const children = elementsOf(one);
  const query = children.find(({ name }) => name === 'ParticipantObjectQuery');
  return {
    id: attributeOf(one, 'ParticipantObjectID'),
    type: `${attributeOf(one, 'ParticipantObjectTypeCode')}/${attributeOf(one, 'ParticipantObjectTypeCodeRole')}`,
    idType: attributeOf(
      children.find(({ name }) => name === 'ParticipantObjectIDTypeCode'),
      'csd-code',
    ),
    query: query && decoded(textOf(query)),
    details: Object.fromEntries(
      children
        .filter(({ name }) => name === 'ParticipantObjectDetail')
        .map((detail) => [attributeOf(detail, 'type'), decoded(attributeOf(detail, 'value'))]),
    ),
  };
}

function attributeOf(element: XmlElement | undefined, name: string): string {
  return element?.attributes.get(name) ?? '';
}

function decoded(base64: string): string {
  return Buffer.from(base64, 'base64').toString('utf8');
}
