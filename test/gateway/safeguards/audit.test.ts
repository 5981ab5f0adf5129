import { summaryOf } from '../../../profiles/atna/audit-summary.ts';
import { CATALOGUE } from '../../../profiles/catalogue.ts';
import type { AuditObject, AuditRow } from '../../../profiles/audit-event.ts';
import type { Transaction } from '../../../profiles/transaction.ts';
import {
  AUDIT_OUTCOMES,
  alertOf,
  applicationActivity,
  auditLogUsed,
  type ExchangeRecord,
  outcomeOf,
  recordOf,
} from '../../../gateway/safeguards/audit.ts';

const RECORDER = { auditSourceId: '2.999.392.1.9', pid: 4711, host: 'gateway.example.jp' };
const AT = new Date('2030-01-01T00:00:00.000Z');

function patient(id: string): AuditObject {
  return { kind: 'patient', patientId: { id, assigningAuthority: '2.999.392.1.10' } };
}

function document(uniqueId: string): AuditObject {
  return { kind: 'document', uniqueId, repositoryUniqueId: '2.999.392.1.7' };
}

const RETRIEVE: Pick<AuditRow<unknown, unknown>, 'event' | 'source'> = {
  event: { asker: 'Import', answerer: 'Export' },
  source: 'answerer',
};

function aTransaction(
  row: Partial<AuditRow<unknown, unknown>> = {},
): Transaction<unknown, unknown> {
  const audit: AuditRow<unknown, unknown> = {
    event: { asker: 'Query', answerer: 'Query' },
    name: 'Registry Stored Query',
    source: 'asker',
    action: () => 'E',
    objects: () => [patient('R-1')],
    ...row,
  };
  return { id: 'ITI-18', audit } as unknown as Transaction<unknown, unknown>;
}

function anExchange(changes: Partial<ExchangeRecord> = {}): ExchangeRecord {
  return {
    transaction: aTransaction(),
    side: 'answerer',
    outcome: 'success',
    at: AT,
    messageId: 'urn:uuid:00000000-0000-4000-8000-000000000001',
    asker: { host: '192.0.2.5', name: 'hospital-a' },
    answerer: {
      userId: 'https://gateway.example.jp/document-registry',
      host: 'gateway.example.jp',
    },
    ...changes,
  };
}

/** `<ActiveParticipant …>` of a role, with the RoleIDCode that follows. */
function participantOf(message: string | undefined, role: '110152' | '110153'): string {
  const participants = message?.match(/<ActiveParticipant.*?<\/ActiveParticipant>/g) ?? [];
  return participants.find((one) => one.includes(`csd-code="${role}"`)) ?? '';
}

describe('the record of a transaction', () => {
  it('has the asker as Source and requestor, and the process id at the side that records', () => {
    const [message] = recordOf(anExchange(), RECORDER);

    expect(participantOf(message, '110153')).toContain(
      'UserID="http://www.w3.org/2005/08/addressing/anonymous" UserName="hospital-a" UserIsRequestor="true" NetworkAccessPointID="192.0.2.5"',
    );
    expect(participantOf(message, '110152')).toContain(
      'UserID="https://gateway.example.jp/document-registry" AlternativeUserID="4711" UserIsRequestor="false"',
    );
  });

  it('has the repository as Source of a retrieval, though the consumer is the requestor', () => {
    const [message] = recordOf(anExchange({ transaction: aTransaction(RETRIEVE) }), RECORDER);

    expect(message).toContain('csd-code="110106"');
    expect(participantOf(message, '110153')).toContain(
      'UserID="https://gateway.example.jp/document-registry" AlternativeUserID="4711" UserIsRequestor="false"',
    );
    expect(participantOf(message, '110152')).toContain('UserIsRequestor="true"');
  });

  it('has our own host where we ask', () => {
    const exchange = anExchange({
      transaction: aTransaction(RETRIEVE),
      side: 'asker',
      asker: {},
    });
    const [message] = recordOf(exchange, RECORDER);

    expect(message).toContain('csd-code="110107"');
    expect(participantOf(message, '110152')).toContain(
      'AlternativeUserID="4711" UserIsRequestor="true" NetworkAccessPointID="gateway.example.jp" NetworkAccessPointTypeCode="1"',
    );
  });

  it.each(Object.entries(AUDIT_OUTCOMES))('writes %s as outcome %i', (outcome, indicator) => {
    const [message] = recordOf(
      anExchange({
        outcome: outcome as keyof typeof AUDIT_OUTCOMES,
        description: 'XDSRegistryError',
      }),
      RECORDER,
    );

    expect(message).toContain(`EventOutcomeIndicator="${indicator}"`);
    expect(message).toContain(
      '<EventOutcomeDescription>XDSRegistryError</EventOutcomeDescription>',
    );
  });

  it('is written for a request that could not be read', () => {
    const exchange = anExchange({
      transaction: aTransaction({ objects: ({ request }) => (request ? [patient('R-1')] : []) }),
      outcome: 'refused',
    });

    const messages = recordOf(exchange, RECORDER);
    expect(messages).toHaveLength(1);
    expect(messages[0]).toContain('EventOutcomeIndicator="8"');
    expect(messages[0]).not.toContain('ParticipantObjectIdentification');
  });

  it('carries the message id, so that two records of one exchange are known as such', () => {
    const [message = ''] = recordOf(anExchange(), RECORDER);

    const [, value = ''] = /type="MessageID" value="([^"]+)"/.exec(message) ?? [];
    expect(Buffer.from(value, 'base64').toString()).toBe(anExchange().messageId);
  });

  it('keeps all patients of a query in one message', () => {
    const transaction = aTransaction({ objects: () => [patient('R-1'), patient('R-2')] });

    expect(recordOf(anExchange({ transaction }), RECORDER)).toHaveLength(1);
  });

  it('is a message of its own for what has an action of its own: a merge updates one and deletes the other', () => {
    const transaction = aTransaction({
      event: { asker: 'Patient Record', answerer: 'Patient Record' },
      action: () => 'U',
      objects: () => [patient('R-1'), { ...patient('R-2'), action: 'D' } as AuditObject],
    });
    const messages = recordOf(anExchange({ transaction }), RECORDER);
    const said = messages.map((one) => [
      /EventActionCode="(.)"/.exec(one)?.[1],
      one.includes('R-1^'),
      one.includes('R-2^'),
    ]);
    expect(said).toEqual([
      ['U', true, false],
      ['D', false, true],
    ]);
  });

  it('is one message a patient for an export, each with her own documents', () => {
    const transaction = aTransaction({
      ...RETRIEVE,
      objects: () => [patient('R-1'), document('2.999.1'), patient('R-2'), document('2.999.2')],
    });
    const messages = recordOf(anExchange({ transaction }), RECORDER);

    expect(messages).toHaveLength(2);
    expect(messages[0]).toContain('R-1');
    expect(messages[0]).not.toContain('2.999.2"');
    expect(messages[1]).toContain('R-2');
    expect(messages[1]).not.toContain('2.999.1"');
  });

  it('tells documents that came from those that did not', () => {
    const transaction = aTransaction({
      ...RETRIEVE,
      objects: () => [patient('R-1'), document('2.999.1'), document('2.999.2')],
    });
    const response = { status: 'PartialSuccess', documents: [{ documentUniqueId: '2.999.1' }] };
    const messages = recordOf(anExchange({ transaction, response, outcome: 'partial' }), RECORDER);

    expect(messages).toHaveLength(2);
    expect(messages[0]).toContain('EventOutcomeIndicator="0"');
    expect(messages[0]).toContain('ParticipantObjectID="2.999.1"');
    expect(messages[0]).not.toContain('ParticipantObjectID="2.999.2"');
    expect(messages[1]).toContain('EventOutcomeIndicator="8"');
    expect(messages[1]).toContain('ParticipantObjectID="2.999.2"');
    expect(messages[1]).toContain('R-1');
  });
});

describe.each(CATALOGUE.map((transaction) => [transaction.id, transaction] as const))(
  'the record of %s',
  (id, transaction) => {
    it.each(['asker', 'answerer'] as const)('is made though nothing could be read (%s)', (side) => {
      const exchange = anExchange({ transaction, side, outcome: 'refused' });

      const [message = ''] = recordOf(exchange, RECORDER);
      expect(summaryOf(message)).toMatchObject({
        event: transaction.audit.event[side],
        type: id,
        typeName: transaction.audit.name,
        outcome: '8',
        requestor: 'hospital-a',
        patients: [],
      });
    });
  },
);

describe('the outcome of a response', () => {
  it.each([
    [{ status: 'Success', errors: [] }, 'success'],
    [{ status: 'Success', errors: [{ severity: 'Warning' }] }, 'partial'],
    [{ status: 'PartialSuccess', errors: [{}] }, 'partial'],
    [{ status: 'Failure', errors: [{}] }, 'refused'],
    [{ acknowledgement: 'AA', queryResponseCode: 'NF' }, 'success'],
    [{ acknowledgement: 'AE', queryResponseCode: 'AE' }, 'refused'],
    [{ code: 'CA', details: [] }, 'success'],
    [{ code: 'CE', details: [] }, 'refused'],
    [{}, 'refused'],
  ])('of %j is %s', (response, outcome) => {
    expect(outcomeOf(response)).toBe(outcome);
  });
});

describe('the records that are no transaction', () => {
  it('tell of a peer that was turned away what is known of it', () => {
    const message = alertOf(
      {
        at: AT,
        reason: 'not in the partner directory',
        peer: { address: '192.0.2.9', subject: 'CN=unlisted', issuer: 'CN=trial CA' },
        endpoint: 'https://gateway.example.jp:8443',
      },
      RECORDER,
    );

    expect(message).toContain('csd-code="110113"');
    expect(message).toContain('csd-code="110126"');
    expect(message).toContain('EventOutcomeIndicator="8"');
    expect(message).toContain('ParticipantObjectID="CN=unlisted"');
    const [, value = ''] = /type="Alert Description" value="([^"]+)"/.exec(message) ?? [];
    expect(Buffer.from(value, 'base64').toString()).toBe(
      'reason: not in the partner directory; subject: CN=unlisted; issuer: CN=trial CA; address: 192.0.2.9',
    );
  });

  it('tell of a peer that showed nothing', () => {
    const message = alertOf({ at: AT, reason: 'no certificate', peer: {} }, RECORDER);

    expect(message).toContain('ParticipantObjectID="unknown"');
  });

  it('tell that the application started and stopped', () => {
    expect(applicationActivity('start', RECORDER, AT)).toContain('csd-code="110120"');
    expect(applicationActivity('stop', RECORDER, AT)).toContain('csd-code="110121"');
  });

  it('tell that the audit trail was read, and by whom', () => {
    const message = auditLogUsed({ user: 'operator', trail: 'file:///trail', at: AT }, RECORDER);

    expect(message).toContain('csd-code="110101"');
    expect(message).toContain('UserID="operator"');
    expect(message).toContain('<ParticipantObjectName>Security Audit Log</ParticipantObjectName>');
  });
});
