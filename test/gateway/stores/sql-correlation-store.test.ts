import type { Database } from '../../../gateway/stores/database.ts';
import { SqlCorrelationStore } from '../../../gateway/stores/sql-correlation-store.ts';
import { describeOnBothDatabases } from '../../support/databases.ts';

describeOnBothDatabases('Correlations', (open) => {
  const patientId = { id: 'SHIMANE-1', assigningAuthority: '2.999.392.32.3' };
  const inOkayama = {
    patientId,
    homeCommunityId: 'urn:oid:2.999.392.33',
    remotePatientId: { id: 'OKAYAMA-9', assigningAuthority: '2.999.392.33.3' },
    expiresAt: new Date('2026-04-02T00:00:00Z'),
    isHealthDataLocator: false,
  };
  const now = new Date('2026-04-01T00:00:00Z');
  let database: Database;
  let clock: Date;
  let store: SqlCorrelationStore;

  beforeEach(async () => {
    clock = now;
    database = await open({ now: () => clock });
    store = new SqlCorrelationStore(database, () => clock);
  });

  afterEach(async () => {
    await database.close();
  });

  it('finds what was kept of this patient, and of no other', async () => {
    await store.keep(inOkayama);
    await store.keep({ ...inOkayama, patientId: { ...patientId, id: 'SHIMANE-2' } });

    expect(await store.find(patientId, now)).toEqual([inOkayama]);
  });

  it('knows nothing any more from the instant at which it expires', async () => {
    await store.keep(inOkayama);

    expect(await store.find(patientId, new Date(inOkayama.expiresAt.getTime() - 1))).toHaveLength(
      1,
    );
    expect(await store.find(patientId, inOkayama.expiresAt)).toEqual([]);
  });

  it('puts what was told later in place of what was told before', async () => {
    await store.keep(inOkayama);
    const moved = {
      ...inOkayama,
      remotePatientId: { ...inOkayama.remotePatientId, id: 'OKAYAMA-10' },
    };
    await store.keep(moved);

    expect(await store.find(patientId, now)).toEqual([moved]);
  });

  it('removes what has expired when something is kept', async () => {
    await store.keep(inOkayama);
    clock = inOkayama.expiresAt;
    await store.keep({
      ...inOkayama,
      homeCommunityId: 'urn:oid:2.999.392.37',
      expiresAt: new Date('2026-04-03T00:00:00Z'),
    });

    expect(await store.find(patientId, now)).toHaveLength(1);
  });

  it('keeps whether the community is a Health Data Locator', async () => {
    await store.keep(inOkayama);
    await store.keep({ ...inOkayama, isHealthDataLocator: true });

    expect(await store.find(patientId, now)).toEqual([{ ...inOkayama, isHealthDataLocator: true }]);
  });

  it('forgets the patient in one community, or in all, and no other patient', async () => {
    const inKagawa = { ...inOkayama, homeCommunityId: 'urn:oid:2.999.392.37' };
    const other = { ...inOkayama, patientId: { ...patientId, id: 'SHIMANE-2' } };
    for (const each of [inOkayama, inKagawa, other]) await store.keep(each);

    await store.forget(patientId, inKagawa.homeCommunityId);
    expect(await store.find(patientId, now)).toEqual([inOkayama]);

    await store.keep(inKagawa);
    await store.forget(patientId);
    expect(await store.find(patientId, now)).toEqual([]);
    expect(await store.find(other.patientId, now)).toEqual([other]);
  });

  it('does not keep what began to be asked before the patient was forgotten', async () => {
    const asked = { ...inOkayama, askedAt: new Date(now.getTime() - 1) };
    await store.forget(patientId);
    await store.keep(asked);
    expect(await store.find(patientId, now)).toEqual([]);
    await store.keep({ ...asked, patientId: { ...patientId, id: 'SHIMANE-2' } });
    expect(await store.find({ ...patientId, id: 'SHIMANE-2' }, now)).toHaveLength(1);

    await store.keep({ ...inOkayama, askedAt: new Date(now.getTime() + 1) });
    expect(await store.find(patientId, now)).toEqual([inOkayama]);
    await store.forget(patientId, inOkayama.homeCommunityId);
    await store.keep({ ...inOkayama, askedAt: new Date(now.getTime() + 1) });
    expect(await store.find(patientId, now)).toEqual([inOkayama]);
  });
});
