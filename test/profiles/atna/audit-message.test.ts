import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { XmlDocument, XsdValidator } from 'libxml2-wasm';
import {
  type AuditEvent,
  encodeAuditMessage,
  type TransactionEvent,
} from '../../../profiles/atna/audit-message.ts';
import type { AuditObject } from '../../../profiles/audit-event.ts';

const SCHEMA = join(
  dirname(fileURLToPath(import.meta.url)),
  '../../../../shared/schemas/security/audit/dicom2017c.xsd',
);

const AT = new Date('2030-01-01T00:00:00.000Z');
const RECORDED = { at: AT, outcome: 0, auditSourceId: '2.999.392.1.9' } as const;

function aTransactionEvent(changes: Partial<TransactionEvent> = {}): TransactionEvent {
  return {
    ...RECORDED,
    kind: 'transaction',
    id: 'ITI-47',
    name: 'Patient Demographics Query',
    event: 'Query',
    action: 'E',
    source: {
      userId: 'http://www.w3.org/2005/08/addressing/anonymous',
      host: '192.0.2.5',
      userName: 'hospital-a',
      isRequestor: true,
    },
    destination: {
      userId: 'https://gateway.example.jp/patient-identity',
      alternativeUserId: '4711',
      host: 'gateway.example.jp',
      isRequestor: false,
    },
    objects: [],
    ...changes,
  };
}

const OBJECTS: readonly AuditObject[] = [
  {
    kind: 'patient',
    patientId: { id: 'R-77', assigningAuthority: '2.999.392.1.10' },
    detail: { type: 'II', value: '2.999.1^7' },
  },
  {
    kind: 'query',
    id: 'urn:uuid:14d4debf-8f97-4251-9a74-a90016b0af0d',
    text: '<q a="1">試験</q>',
    details: [{ type: 'QueryEncoding', value: 'UTF-8' }],
  },
  { kind: 'submission-set', uniqueId: '2.999.392.1.5' },
  {
    kind: 'document',
    uniqueId: '2.999.392.1.6',
    repositoryUniqueId: '2.999.392.1.7',
    homeCommunityId: 'urn:oid:2.999.392.1',
  },
  { kind: 'document', uniqueId: '2.999.392.1.8', isErased: true },
  { kind: 'object-ref', id: 'urn:uuid:5b1e0000-0000-4000-8000-000000000003' },
];

const EVENTS: readonly AuditEvent[] = [
  aTransactionEvent({ objects: OBJECTS, details: [{ type: 'MessageID', value: 'urn:uuid:1' }] }),
  aTransactionEvent({ outcome: 8, outcomeDescription: 'XDSRegistryError <&> "quoted"' }),
  aTransactionEvent({ event: 'Import', action: 'C', id: 'ITI-41' }),
  aTransactionEvent({ event: 'Export', action: 'R', id: 'ITI-43' }),
  aTransactionEvent({ event: 'Patient Record', action: 'U', id: 'ITI-44' }),
  {
    ...RECORDED,
    kind: 'application-activity',
    activity: 'start',
    application: { userId: '4711', host: 'gateway.example.jp' },
    launcher: { userId: 'root' },
  },
  {
    ...RECORDED,
    kind: 'application-activity',
    activity: 'stop',
    application: { userId: '4711' },
  },
  { ...RECORDED, kind: 'audit-recording', activity: 'start', application: { userId: '4711' } },
  { ...RECORDED, kind: 'audit-recording', activity: 'stop', application: { userId: '4711' } },
  {
    ...RECORDED,
    kind: 'audit-log-used',
    user: { userId: 'operator' },
    trail: 'file:///var/kakehashi/audit',
  },
  {
    ...RECORDED,
    outcome: 8,
    kind: 'node-authentication',
    reporter: { userId: 'https://gateway.example.jp/responding-gateway' },
    peer: { userId: 'CN=unlisted', host: '2001:db8::5' },
    node: 'CN=unlisted',
    description: 'not in the partner directory',
  },
];

describe('ITI-20 audit messages, as DICOM audit XML', () => {
  it('name what was erased for good, and a registry object by the reference to it', () => {
    const xml = encodeAuditMessage(aTransactionEvent({ objects: OBJECTS }));

    expect(xml).toContain(
      '<ParticipantObjectIdentification ParticipantObjectID="urn:uuid:5b1e0000-0000-4000-8000-000000000003" ParticipantObjectTypeCode="2" ParticipantObjectTypeCodeRole="3" ParticipantObjectDataLifeCycle="15"><ParticipantObjectIDTypeCode csd-code="urn:ihe:iti:2017:ObjectRef" codeSystemName="IHE XDS Metadata" originalText="registry object reference"/>',
    );
    const erased = [...xml.matchAll(/ObjectID="([^"]*)"[^>]*DataLifeCycle="15"/g)];
    expect(erased.map(([, id]) => id)).toEqual([
      '2.999.392.1.8',
      'urn:uuid:5b1e0000-0000-4000-8000-000000000003',
    ]);
  });

  it('names the transaction by EventTypeCode, and both ends by their roles', () => {
    const xml = encodeAuditMessage(aTransactionEvent());

    expect(xml).toContain(
      '<EventIdentification EventActionCode="E" EventDateTime="2030-01-01T00:00:00.000Z" EventOutcomeIndicator="0"><EventID csd-code="110112" codeSystemName="DCM" originalText="Query"/><EventTypeCode csd-code="ITI-47" codeSystemName="IHE Transactions" originalText="Patient Demographics Query"/>',
    );
    expect(xml).toContain(
      '<ActiveParticipant UserID="http://www.w3.org/2005/08/addressing/anonymous" UserName="hospital-a" UserIsRequestor="true" NetworkAccessPointID="192.0.2.5" NetworkAccessPointTypeCode="2"><RoleIDCode csd-code="110153"',
    );
    expect(xml).toContain(
      '<ActiveParticipant UserID="https://gateway.example.jp/patient-identity" AlternativeUserID="4711" UserIsRequestor="false" NetworkAccessPointID="gateway.example.jp" NetworkAccessPointTypeCode="1"><RoleIDCode csd-code="110152"',
    );
  });

  it('writes the patient as a CX in the full form, with the ampersand escaped', () => {
    const xml = encodeAuditMessage(aTransactionEvent({ objects: OBJECTS.slice(0, 1) }));

    expect(xml).toContain(
      '<ParticipantObjectIdentification ParticipantObjectID="R-77^^^&amp;2.999.392.1.10&amp;ISO" ParticipantObjectTypeCode="1" ParticipantObjectTypeCodeRole="1"><ParticipantObjectIDTypeCode csd-code="2" codeSystemName="RFC-3881" originalText="Patient Number"/>',
    );
  });

  it('carries the query, and the value of every detail, in base64', () => {
    const xml = encodeAuditMessage(aTransactionEvent({ objects: OBJECTS.slice(1, 2) }));

    const [, query = ''] =
      /<ParticipantObjectQuery>(.*?)<\/ParticipantObjectQuery>/.exec(xml) ?? [];
    expect(Buffer.from(query, 'base64').toString('utf8')).toBe('<q a="1">試験</q>');
    expect(xml).toContain('<ParticipantObjectDetail type="QueryEncoding" value="VVRGLTg="/>');
  });

  it('names a document by its uniqueId, repository and community', () => {
    const xml = encodeAuditMessage(aTransactionEvent({ objects: OBJECTS.slice(3) }));

    expect(xml).toContain('ParticipantObjectTypeCode="2" ParticipantObjectTypeCodeRole="3"');
    expect(xml).toContain('csd-code="9" codeSystemName="RFC-3881" originalText="Report Number"');
    expect(xml).toContain('type="Repository Unique Id"');
    expect(xml).toContain('type="ihe:homeCommunityID"');
  });

  it('loses no record for a character that XML cannot carry', () => {
    const xml = encodeAuditMessage({
      ...RECORDED,
      kind: 'node-authentication',
      outcome: 8,
      reporter: { userId: 'x' },
      node: 'CN=\u0000\ud800"<',
      description: 'odd',
    });

    expect(xml).toContain('ParticipantObjectID="CN=\ufffd\ufffd&quot;&lt;"');
  });

  (existsSync(SCHEMA) ? it : it.skip)(
    'is valid against the DICOM schema with IHE additions',
    () => {
      using schema = XmlDocument.fromBuffer(readFileSync(SCHEMA), { url: SCHEMA });
      using validator = XsdValidator.fromDoc(schema);
      using empty = XmlDocument.fromString('<AuditMessage/>');
      expect(() => validator.validate(empty)).toThrow();
      for (const event of EVENTS) {
        using message = XmlDocument.fromString(encodeAuditMessage(event));
        expect(() => validator.validate(message)).not.toThrow();
      }
    },
  );
});
