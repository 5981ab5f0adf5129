import { encodeAuditMessage } from '../../../profiles/atna/audit-message.ts';
import { summaryOf } from '../../../profiles/atna/audit-summary.ts';
import { Refusal } from '../../../profiles/refusal.ts';

const RECORDED = {
  at: new Date('2030-01-01T00:00:00Z'),
  outcome: 8,
  auditSourceId: '2.999.1',
} as const;

describe('the summary of an audit message', () => {
  it('says what, how it ended, who asked and whose data it was', () => {
    const message = encodeAuditMessage({
      ...RECORDED,
      kind: 'transaction',
      outcomeDescription: 'XDSRegistryError',
      id: 'ITI-43',
      name: 'Retrieve Document Set',
      event: 'Export',
      action: 'R',
      source: { userId: 'https://gw.example.jp/document-repository', isRequestor: false },
      destination: { userId: 'anonymous', host: '192.0.2.5', isRequestor: true },
      objects: [
        { kind: 'patient', patientId: { id: 'R-1', assigningAuthority: '2.999.2' } },
        { kind: 'document', uniqueId: '2.999.3' },
      ],
    });

    expect(summaryOf(message)).toEqual({
      event: 'Export',
      type: 'ITI-43',
      typeName: 'Retrieve Document Set',
      action: 'R',
      outcome: '8',
      at: '2030-01-01T00:00:00.000Z',
      description: 'XDSRegistryError',
      requestor: '192.0.2.5',
      patients: ['R-1^^^&2.999.2&ISO'],
    });
  });

  it('is made of an event without a type and without a requestor', () => {
    const message = encodeAuditMessage({
      ...RECORDED,
      kind: 'application-activity',
      activity: 'start',
      application: { userId: '4711' },
    });

    expect(summaryOf(message)).toMatchObject({
      type: '110120',
      requestor: undefined,
      patients: [],
    });
  });

  it('names the operator, not the machine, where a person has read the trail or looked at a patient', () => {
    const user = { userId: '担当 一郎', host: 'vm' };
    const read = encodeAuditMessage({
      ...RECORDED,
      kind: 'audit-log-used',
      user,
      trail: 'file:/t',
    });
    const looked = encodeAuditMessage({
      ...RECORDED,
      ...{ kind: 'patient-record', deed: 'unlink', action: 'U', user, patients: [] },
      application: { userId: '4711' },
    });

    expect(summaryOf(read).requestor).toBe('担当 一郎');
    expect(summaryOf(looked).requestor).toBe('担当 一郎');
  });

  it('refuses what is no XML', () => {
    expect(() => summaryOf('<AuditMessage>')).toThrow(Refusal);
  });
});
