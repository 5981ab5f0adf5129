import { encodeCX } from '../../../profiles/formats/datatypes.ts';
import type { PatientId } from '../../../profiles/patient.ts';
import { ITI_64, type PatientIdChange } from '../../../profiles/xds/iti-64.ts';
import { refusalsIn } from '../../support/an-identity-actor.ts';
import { ARegistry, OTHER_PATIENT } from '../../support/a-registry.ts';
import {
  aRegistration,
  freshOid,
  octets,
  type SubmissionPlan,
} from '../../support/region-documents.ts';
import { aCaller } from '../../support/world-of-actors.ts';
import { SAMPLE_PATIENT } from '../../support/xds-builders.ts';

const [X, Y] = [
  { id: 'X', assigningAuthority: '2.999.3.8' },
  { id: 'Y', assigningAuthority: '2.999.3.9' },
];
const own = aCaller({ kinds: ['own'] });
let changes = 0;

describe('ITI-64 XAD-PID Change Management, as the Document Registry answers it', () => {
  let registry: ARegistry;

  const file = async (
    source: PatientId,
    { under = SAMPLE_PATIENT, ...plan }: Partial<SubmissionPlan> & { under?: PatientId } = {},
  ) => {
    const uniqueId = freshOid();
    const documents = [
      { bytes: octets(uniqueId), uniqueId, entry: { sourcePatientId: encodeCX(source) } },
    ];
    await registry.register(aRegistration({ patientId: under, documents, ...plan }), own);
    return uniqueId;
  };
  const change = (over: Partial<PatientIdChange> = {}, caller = own) => {
    changes += 1;
    return registry.world.as(caller)(ITI_64, 'document-registry', {
      change: `00000000-0000-4000-8000-${String(changes).padStart(12, '0')}`,
      from: SAMPLE_PATIENT,
      to: OTHER_PATIENT,
      moving: [X],
      staying: [Y],
      ...over,
    });
  };
  const objectsOf = async (patientId: PatientId) =>
    registry.store.look(async (reader) => {
      const found: string[] = [];
      for (const kind of ['DocumentEntry', 'SubmissionSet', 'Folder'] as const) {
        for (const object of await reader.find({ kind, patientId }, 100)) {
          found.push(`${kind} ${kind === 'DocumentEntry' ? object.uniqueId : ''}`.trim());
        }
      }
      return found;
    });

  beforeEach(async () => {
    registry = await ARegistry.open();
  });

  afterEach(() => registry.database.close());

  it('moves the documents of the local ids, each with its set and its Folder, and leaves the others', async () => {
    const [stays, goes] = [await file(Y), await file(X, { folders: [{}] })];
    expect(await change()).toEqual({ status: 'Success', errors: [] });
    expect(await objectsOf(SAMPLE_PATIENT)).toEqual([`DocumentEntry ${stays}`, 'SubmissionSet']);
    expect(await objectsOf(OTHER_PATIENT)).toEqual([
      `DocumentEntry ${goes}`,
      'SubmissionSet',
      'Folder',
    ]);
  });

  it('refuses to part what one SubmissionSet holds, names it, and moves nothing', async () => {
    const documents = [X, Y].map((source) => ({
      bytes: octets('one'),
      entry: { sourcePatientId: encodeCX(source) },
    }));
    await registry.register(aRegistration({ patientId: SAMPLE_PATIENT, documents }), own);
    const lone = await file(X);
    await expect(change()).rejects.toThrow(/held together by urn:uuid:/);
    expect(await refusalsIn(change())).toEqual([{ code: 'XDSPatientIDReconciliationError' }]);
    expect(await objectsOf(SAMPLE_PATIENT)).toContain(`DocumentEntry ${lone}`);
    expect(await objectsOf(OTHER_PATIENT)).toEqual([]);
  });

  it('puts a subsumed patient back into use, with what came with him and names nobody who is known', async () => {
    const nobody = { id: 'N', assigningAuthority: '2.999.3.9' };
    const came = await file(nobody, { under: OTHER_PATIENT });
    const stayed = await file(nobody);
    await change({ from: OTHER_PATIENT, to: SAMPLE_PATIENT, isWhole: true });
    expect(await registry.store.look((reader) => reader.isSubsumed(OTHER_PATIENT))).toBe(true);
    const late = await file(X);
    await change();
    expect(await registry.store.look((reader) => reader.knows(OTHER_PATIENT))).toBe(true);
    expect(await objectsOf(OTHER_PATIENT)).toEqual([
      `DocumentEntry ${came}`,
      `DocumentEntry ${late}`,
      'SubmissionSet',
      'SubmissionSet',
    ]);
    expect(await objectsOf(SAMPLE_PATIENT)).toEqual([`DocumentEntry ${stayed}`, 'SubmissionSet']);
  });

  it('gives a restored patient those back whom he had subsumed himself', async () => {
    const third = { ...OTHER_PATIENT, id: 'P-0003' };
    await registry.store.change((writer) => writer.addPatient(third));
    const document = await file(Y, { under: third });
    await change({ from: third, to: OTHER_PATIENT, isWhole: true });
    await change({ from: OTHER_PATIENT, to: SAMPLE_PATIENT, isWhole: true });
    await change({ moving: [], staying: [] });
    expect(await objectsOf(OTHER_PATIENT)).toEqual([`DocumentEntry ${document}`, 'SubmissionSet']);
    expect(await registry.store.look((reader) => reader.isSubsumedBy(third, OTHER_PATIENT))).toBe(
      true,
    );
    await change({ from: OTHER_PATIENT, to: SAMPLE_PATIENT, isWhole: true });
    expect(await objectsOf(SAMPLE_PATIENT)).toHaveLength(2);
  });

  it('makes the same change once, even when it was undone since', async () => {
    const whole = { from: OTHER_PATIENT, to: SAMPLE_PATIENT, isWhole: true };
    const name = { change: 'aaaaaaaa-0000-4000-8000-000000000000' };
    await change({ ...whole, ...name });
    await change();
    expect(await change({ ...whole, ...name })).toEqual({ status: 'Success', errors: [] });
    expect(await registry.store.look((reader) => reader.knows(OTHER_PATIENT))).toBe(true);
  });

  it('says of a trial whether it could be, and changes nothing', async () => {
    const document = await file(X);
    const unborn = { ...OTHER_PATIENT, id: 'not yet' };
    expect(await change({ to: unborn, isTrial: true })).toEqual({ status: 'Success', errors: [] });
    expect(await objectsOf(SAMPLE_PATIENT)).toContain(`DocumentEntry ${document}`);
  });

  it.each([
    ['a caller who is not of this community', {}, aCaller(), 'XDSRegistryError'],
    ['an id of another authority', { to: X }, own, 'XDSRegistryError'],
    ['two ids that are the same', { to: SAMPLE_PATIENT }, own, 'XDSRegistryError'],
    ['an unknown id', { from: { ...OTHER_PATIENT, id: '?' } }, own, 'XDSUnknownPatientId'],
    ['an unknown new id', { to: { ...OTHER_PATIENT, id: '?' } }, own, 'XDSUnknownPatientId'],
  ])('refuses %s', async (_what, over, caller, code) => {
    expect(await refusalsIn(change(over, caller))).toEqual([{ code }]);
  });
});
