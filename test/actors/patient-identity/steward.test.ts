import {
  answerReview,
  linkPatients,
  mergePatients,
  retryMoves,
  unlinkPatients,
  unmergePatients,
} from '../../../actors/patient-identity/steward.ts';
import { type Steward, StewardRefusal } from '../../../actors/patient-identity/stewarding.ts';
import { encodeCX } from '../../../profiles/formats/datatypes.ts';
import type { PatientId } from '../../../profiles/patient.ts';
import { ITI_42 } from '../../../profiles/xds/iti-42.ts';
import type { Folder } from '../../../profiles/xds/metadata.ts';
import { AnIdentityActor, AUTHORITY } from '../../support/an-identity-actor.ts';
import { aPerson } from '../../support/hl7v3-builders.ts';
import { aRegistration, freshOid, octets } from '../../support/region-documents.ts';
import { aCaller } from '../../support/world-of-actors.ts';

const atHospital = (id: string): PatientId => ({ id, assigningAuthority: AUTHORITY.hospital });
const atClinic = (id: string): PatientId => ({ id, assigningAuthority: AUTHORITY.clinic });
const inRegion = (id: string): PatientId => ({ id, assigningAuthority: AUTHORITY.region });
/** A number that nobody has fed. */
const nobody = atClinic('nobody');
const steward: Steward = { by: '担当 一郎', reason: 'asked the family' };

describe('A steward of patient identity', () => {
  let actor: AnIdentityActor;

  const stewarding = () => ({
    stores: { identities: actor.identities, community: actor.community },
    world: actor.world.seenBy(aCaller({ name: 'gateway', kinds: ['own'] })),
  });
  const regional = async (id: PatientId) => (await actor.regionalIdOf(id)) ?? '?';
  /** Registers one document of a chart; @returns its uniqueId. */
  const file = async (chart: PatientId, under: string, folders?: readonly Partial<Folder>[]) => {
    const uniqueId = freshOid();
    const entry = { sourcePatientId: encodeCX(chart) };
    const request = aRegistration({
      patientId: inRegion(under),
      documents: [{ bytes: octets('one'), uniqueId, entry }],
      ...(folders ? { folders } : {}),
    });
    await actor.world.as(aCaller({ kinds: ['own'] }))(ITI_42, 'document-registry', request);
    return uniqueId;
  };
  /** uniqueIds of the DocumentEntries of a patient. */
  const documentsOf = async (regionalId: string) =>
    (
      await actor.registry.look((reader) =>
        reader.find({ kind: 'DocumentEntry', patientId: inRegion(regionalId) }, 100),
      )
    ).map(({ uniqueId }) => uniqueId);
  const setsOf = async (regionalId: string) =>
    (
      await actor.registry.look((reader) =>
        reader.find({ kind: 'SubmissionSet', patientId: inRegion(regionalId) }, 100),
      )
    ).length;
  const refusal = async (work: Promise<unknown>) => {
    const error = await work.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(StewardRefusal);
    return (error as StewardRefusal).message;
  };
  const another = { demographics: aPerson({ birthTime: '19580202' }) };

  beforeEach(async () => {
    actor = await AnIdentityActor.open();
    await actor.feed(atHospital('H1'));
  });

  afterEach(() => actor.close());

  it('links two records that no rule links, and a rule never parts them', async () => {
    await actor.feed(atClinic('C1'), another);
    const [one, other] = [await regional(atHospital('H1')), await regional(atClinic('C1'))];
    const document = await file(atClinic('C1'), other);
    const { patients } = await linkPatients(
      [atHospital('H1'), atClinic('C1')],
      steward,
      stewarding(),
    );
    expect(patients.map(({ regionalId }) => regionalId.id)).toEqual([one, one]);
    expect(await documentsOf(one)).toEqual([document]);
    await actor.feed(atClinic('C1'), { kind: 'revise', ...another });
    expect(await regional(atClinic('C1'))).toBe(one);
  });

  it('unlinks a wrong link: ids, documents and sets go back to where they belong, and no rule links again', async () => {
    await actor.feed(atClinic('C1'), another);
    const before = await regional(atClinic('C1'));
    const early = await file(atClinic('C1'), before);
    await actor.feed(atClinic('C1'), { kind: 'revise' });
    const shared = await regional(atHospital('H1'));
    expect(await regional(atClinic('C1'))).toBe(shared);
    const [own, late, nobodys] = [
      await file(atHospital('H1'), shared),
      await file(atClinic('C1'), shared),
      await file(nobody, shared),
    ];
    expect((await documentsOf(shared)).length).toBe(4);

    const outcome = await unlinkPatients([atClinic('C1'), atHospital('H1')], steward, stewarding());
    expect(outcome.refusedMoves).toBe(0);
    expect(outcome.shared?.ids).toEqual(
      expect.arrayContaining([inRegion(shared), atHospital('H1'), atClinic('C1')]),
    );
    expect(await regional(atClinic('C1'))).toBe(before);
    expect(await regional(atHospital('H1'))).toBe(shared);
    expect(await documentsOf(before)).toEqual([early, late]);
    expect(await documentsOf(shared)).toEqual([own, nobodys]);
    expect([await setsOf(before), await setsOf(shared)]).toEqual([2, 2]);

    await actor.feed(atClinic('C1'), { kind: 'revise' });
    expect(await regional(atClinic('C1'))).toBe(before);
    const decisions = await actor.identities.look(async (records) => {
      const record = await records.recordOf(atClinic('C1'));
      return await records.decisionsOf([record?.number ?? 0]);
    });
    expect(decisions.at(-1)).toMatchObject({
      verdict: 'apart',
      by: '担当 一郎',
      reason: 'asked the family',
    });
  });

  it('does not part documents that one SubmissionSet holds together, and changes nothing then', async () => {
    await actor.feed(atClinic('C1'));
    const shared = await regional(atHospital('H1'));
    await file(atHospital('H1'), shared);
    const request = aRegistration({
      patientId: inRegion(shared),
      documents: [
        { bytes: octets('a'), entry: { sourcePatientId: encodeCX(atHospital('H1')) } },
        { bytes: octets('b'), entry: { sourcePatientId: encodeCX(atClinic('C1')) } },
      ],
    });
    await actor.world.as(aCaller({ kinds: ['own'] }))(ITI_42, 'document-registry', request);
    expect(
      await refusal(unlinkPatients([atHospital('H1'), atClinic('C1')], steward, stewarding())),
    ).toMatch(/^documents of both are held together by urn:uuid:/);
    expect(await regional(atClinic('C1'))).toBe(shared);
    expect((await documentsOf(shared)).length).toBe(3);
  });

  it('gives each of three who part its own documents, whoever had brought them', async () => {
    const third = { id: 'T1', assigningAuthority: '2.999.3.9' };
    await actor.feed(atClinic('C1'), another);
    await actor.feed(third, { demographics: aPerson({ birthTime: '19600303' }) });
    await linkPatients([third, atClinic('C1')], steward, stewarding());
    const early = await regional(third);
    const documents = [await file(third, early), await file(atClinic('C1'), early)];
    await linkPatients([third, atHospital('H1')], steward, stewarding());
    expect(await documentsOf(await regional(atHospital('H1')))).toEqual(documents);

    await unlinkPatients([third], steward, stewarding());

    expect(await documentsOf(await regional(third))).toEqual(documents.slice(0, 1));
    expect(await documentsOf(await regional(atClinic('C1')))).toEqual(documents.slice(1));
    expect(await documentsOf(await regional(atHospital('H1')))).toEqual([]);
  });

  it('parts a record from all others of its patient', async () => {
    await actor.feed(atClinic('C1'));
    const shared = await regional(atHospital('H1'));
    await unlinkPatients([atClinic('C1')], steward, stewarding());
    expect(await regional(atHospital('H1'))).toBe(shared);
    expect(await regional(atClinic('C1'))).not.toBe(shared);
  });

  it('merges and unmerges chart numbers, with everything that was linked to them', async () => {
    await actor.feed(atHospital('H2'), another);
    await actor.feed(atClinic('C2'), another);
    const [one, two] = [await regional(atHospital('H1')), await regional(atHospital('H2'))];
    expect(await regional(atClinic('C2'))).toBe(two);
    const documents = [
      await file(atHospital('H1'), one),
      await file(atHospital('H2'), two),
      await file(atClinic('C2'), two),
    ];
    const ids = { surviving: atHospital('H1'), subsumed: atHospital('H2') };
    await mergePatients(ids, steward, stewarding());
    expect(await regional(atClinic('C2'))).toBe(one);
    expect(await documentsOf(one)).toEqual(documents);
    expect(await refusal(mergePatients(ids, steward, stewarding()))).toMatch(/subsumed before/);

    await unmergePatients(atHospital('H2'), steward, stewarding());
    expect(await regional(atHospital('H2'))).toBe(two);
    expect(await regional(atClinic('C2'))).toBe(two);
    expect(await documentsOf(one)).toEqual([documents[0]]);
    expect(await documentsOf(two)).toEqual(documents.slice(1));
    expect(await refusal(unmergePatients(atHospital('H2'), steward, stewarding()))).toMatch(
      /not subsumed/,
    );
  });

  it('gives the regional id of a surviving number back to nobody else, though the number given up was the older', async () => {
    await actor.feed(atHospital('H2'), another);
    await actor.feed(atClinic('C1'));
    const [one, two] = [await regional(atHospital('H1')), await regional(atHospital('H2'))];
    expect(await regional(atClinic('C1'))).toBe(one);
    const documents = [
      await file(atHospital('H1'), one),
      await file(atClinic('C1'), one),
      await file(atHospital('H2'), two),
    ];
    const ids = { surviving: atHospital('H2'), subsumed: atHospital('H1') };
    await mergePatients(ids, steward, stewarding());
    expect(await regional(atClinic('C1'))).toBe(two);
    expect(await documentsOf(two)).toEqual(expect.arrayContaining(documents));

    await unmergePatients(atHospital('H1'), steward, stewarding());
    expect(await regional(atHospital('H2'))).toBe(two);
    expect(await regional(atHospital('H1'))).toBe(one);
    expect(await regional(atClinic('C1'))).toBe(one);
    expect(await documentsOf(one)).toEqual(documents.slice(0, 2));
    expect(await documentsOf(two)).toEqual(documents.slice(2));
  });

  it('merges and unmerges ids of the affinity domain', async () => {
    await actor.feed(atClinic('C1'), another);
    const [one, other] = [await regional(atHospital('H1')), await regional(atClinic('C1'))];
    const [a, b] = [await file(atHospital('H1'), one), await file(nobody, other)];
    await mergePatients(
      { surviving: inRegion(one), subsumed: inRegion(other) },
      steward,
      stewarding(),
    );
    expect(await regional(atClinic('C1'))).toBe(one);
    expect(await documentsOf(one)).toEqual([a, b]);
    await unmergePatients(inRegion(other), steward, stewarding());
    expect(await regional(atClinic('C1'))).toBe(other);
    expect([await documentsOf(one), await documentsOf(other)]).toEqual([[a], [b]]);
    await actor.feed(atClinic('C1'), { kind: 'revise' });
    expect(await regional(atClinic('C1'))).toBe(other);
  });

  it('merges no ids of the affinity domain of whose records a person has said that they are two people’s', async () => {
    await actor.feed(atClinic('C1'));
    await unlinkPatients([atHospital('H1'), atClinic('C1')], steward, stewarding());
    const [one, other] = [await regional(atHospital('H1')), await regional(atClinic('C1'))];
    const document = await file(atClinic('C1'), other);
    const ids = { surviving: inRegion(one), subsumed: inRegion(other) };
    expect(await refusal(mergePatients(ids, steward, stewarding()))).toMatch(/not one/);
    expect([await documentsOf(one), await documentsOf(other)]).toEqual([[], [document]]);
  });

  it('leaves a patient under the id that has her documents, though another was told that it had subsumed', async () => {
    const one = await regional(atHospital('H1'));
    await actor.feed(atHospital('H1'), { kind: 'revise', otherIds: [inRegion(one)] });
    await actor.feed(atClinic('C1'), { ...another, otherIds: [inRegion('R9')] });
    const document = await file(atClinic('C1'), 'R9');
    await linkPatients([atHospital('H1'), atClinic('C1')], steward, stewarding());
    expect(await documentsOf(one)).toEqual([document]);
    await actor.feed(atHospital('H2'), { demographics: aPerson({ birthTime: '19600303' }) });
    await unlinkPatients([atClinic('C1'), atHospital('H2')], steward, stewarding());
    const numbers = { subsumed: atHospital('H1'), surviving: atHospital('H2') };
    const { refusedMoves } = await mergePatients(numbers, steward, stewarding());
    expect(refusedMoves).toBe(0);
    expect(await documentsOf(await regional(atClinic('C1')))).toEqual([document]);
  });

  it('keeps apart what was unlinked, though the affinity domain has told one id for both', async () => {
    await actor.feed(atClinic('C1'), another);
    const [one, other] = [await regional(atHospital('H1')), await regional(atClinic('C1'))];
    const ids = { surviving: inRegion(one), subsumed: inRegion(other) };
    await mergePatients(ids, steward, stewarding());
    await unlinkPatients([atHospital('H1'), atClinic('C1')], steward, stewarding());
    const apart = await regional(atClinic('C1'));
    expect(apart).not.toBe(one);
    const told = { kind: 'revise', otherIds: [inRegion(one)], ...another } as const;
    for (const over of [{ kind: 'revise', ...another } as const, told]) {
      await actor.feed(atClinic('C1'), over);
      expect([await regional(atHospital('H1')), await regional(atClinic('C1'))]).toEqual([
        one,
        apart,
      ]);
    }
  });

  it('answers a proposed merge: accepted it is done, rejected it does not come back', async () => {
    await actor.feed(atHospital('H2'));
    const open = () => actor.identities.look((records) => records.openReviews(0, 10));
    const [proposal] = await open();
    expect(proposal).toMatchObject({ kind: 'merge', ruleSet: 'japan-1' });
    await answerReview({ number: proposal?.number ?? 0, isAccepted: false }, steward, stewarding());
    expect(await open()).toEqual([]);
    await actor.feed(atHospital('H2'), { kind: 'revise' });
    expect(await open()).toEqual([]);
    expect(
      await refusal(
        answerReview({ number: proposal?.number ?? 0, isAccepted: true }, steward, stewarding()),
      ),
    ).toMatch(/not open/);

    await actor.feed(atHospital('H3'));
    const [again] = (await open()).filter(({ kind }) => kind === 'merge');
    await answerReview({ number: again?.number ?? 0, isAccepted: true }, steward, stewarding());
    const state = await actor.identities.look((records) => records.idState(atHospital('H3')));
    expect(state?.mergedInto).toMatch(/^H[12]$/);
  });

  it('refuses ids that name nobody, or one record', async () => {
    expect(await refusal(linkPatients([atHospital('H1'), nobody], steward, stewarding()))).toMatch(
      /not known/,
    );
    expect(
      await refusal(linkPatients([atHospital('H1'), atHospital('H1')], steward, stewarding())),
    ).toMatch(/same record/);
    expect(await refusal(unlinkPatients([atHospital('H1')], steward, stewarding()))).toMatch(
      /linked to no other/,
    );
    expect(await retryMoves(stewarding())).toBe(0);
  });

  it('does not link what a person has parted from one of the two', async () => {
    await actor.feed(atClinic('C1'), another);
    await actor.feed({ id: 'X', assigningAuthority: '2.999.3.9' }, another);
    const stranger = { id: 'X', assigningAuthority: '2.999.3.9' };
    await unlinkPatients([atClinic('C1'), stranger], steward, stewarding());
    await linkPatients([atHospital('H1'), atClinic('C1')], steward, stewarding());
    expect(
      await refusal(linkPatients([atHospital('H1'), stranger], steward, stewarding())),
    ).toMatch(/not one person/);
  });

  it('has a review answered by one of two stewards who answer it at once', async () => {
    await actor.feed(atHospital('H2'));
    const [proposal] = await actor.identities.look((records) => records.openReviews(0, 10));
    const answers = [true, false].map((isAccepted) =>
      answerReview({ number: proposal?.number ?? 0, isAccepted }, steward, stewarding()),
    );
    const ended = await Promise.allSettled(answers);
    expect(ended.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(
      await refusal(
        answers[ended.findIndex((one) => one.status === 'rejected')] ??
          answers[0] ??
          Promise.resolve(),
      ),
    ).toMatch(/is not open/);
  });

  describe('says what two had in common, and since when', () => {
    const thirdHospital = (id: string): PatientId => ({ id, assigningAuthority: '2.999.3.9' });
    const at = (hour: number) => new Date(Date.UTC(2030, 3, 2, hour));
    const feedAt = async (hour: number, id: PatientId, over = {}) => {
      actor.world.now = at(hour);
      await actor.feed(id, over);
    };

    it('of a record and all others of its patient: since the first of them', async () => {
      await feedAt(1, atClinic('C1'));
      await feedAt(2, thirdHospital('T1'));
      actor.world.now = at(3);
      const { shared } = await unlinkPatients([atHospital('H1')], steward, stewarding());
      expect(shared?.since).toBe(at(1).toISOString());
    });

    it('through all regional ids that they have had together', async () => {
      await feedAt(1, atClinic('C1'), another);
      await feedAt(2, thirdHospital('T1'), another);
      const early = await regional(atClinic('C1'));
      expect(await regional(thirdHospital('T1'))).toBe(early);
      actor.world.now = at(3);
      await linkPatients([atHospital('H1'), atClinic('C1')], steward, stewarding());
      const late = await regional(thirdHospital('T1'));
      expect(late).not.toBe(early);
      actor.world.now = at(4);
      const ids = [atClinic('C1'), thirdHospital('T1')] as const;
      const { shared } = await unlinkPatients(ids, steward, stewarding());
      expect(shared?.since).toBe(at(2).toISOString());
      expect(shared?.ids).toEqual(expect.arrayContaining([inRegion(early), inRegion(late)]));
    });

    it('of a number that was given up: since then, whoever came later', async () => {
      await feedAt(1, atHospital('H2'), another);
      actor.world.now = at(2);
      const numbers = { surviving: atHospital('H1'), subsumed: atHospital('H2') };
      await mergePatients(numbers, steward, stewarding());
      await feedAt(3, atClinic('C1'));
      expect(await regional(atClinic('C1'))).toBe(await regional(atHospital('H1')));
      actor.world.now = at(4);
      const { shared } = await unmergePatients(atHospital('H2'), steward, stewarding());
      expect(shared?.since).toBe(at(2).toISOString());
      expect(shared?.ids).toEqual(expect.arrayContaining([atHospital('H2'), atHospital('H1')]));
    });

    it('of a regional id that was subsumed', async () => {
      await feedAt(1, atClinic('C1'), another);
      const [one, other] = [await regional(atHospital('H1')), await regional(atClinic('C1'))];
      actor.world.now = at(2);
      const ids = { surviving: inRegion(one), subsumed: inRegion(other) };
      await mergePatients(ids, steward, stewarding());
      actor.world.now = at(3);
      const { shared } = await unmergePatients(inRegion(other), steward, stewarding());
      expect(shared).toMatchObject({ since: at(2).toISOString() });
      expect(shared?.ids).toContainEqual(inRegion(one));
    });
  });

  it('undoes a chain of merges in another order than it was made: each number gets its own ids back', async () => {
    const ofDentists = { id: 'D2', assigningAuthority: '2.999.3.9' };
    await actor.feed(atHospital('H2'), { ...another, ids: [atHospital('H2'), ofDentists] });
    await actor.feed(atHospital('H3'), { demographics: aPerson({ birthTime: '19600303' }) });
    const merge = (subsumed: string, surviving: string) =>
      mergePatients(
        { surviving: atHospital(surviving), subsumed: atHospital(subsumed) },
        steward,
        stewarding(),
      );
    await merge('H2', 'H1');
    await merge('H1', 'H3');
    expect(await regional(ofDentists)).toBe(await regional(atHospital('H3')));

    await unmergePatients(atHospital('H2'), steward, stewarding());
    await unmergePatients(atHospital('H1'), steward, stewarding());

    const regionals = [await regional(atHospital('H1')), await regional(atHospital('H3'))];
    expect(await regional(ofDentists)).toBe(await regional(atHospital('H2')));
    expect(regionals).not.toContain(await regional(ofDentists));
  });
});
