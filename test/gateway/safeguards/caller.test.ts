import type { ActorName } from '../../../actors/actor.ts';
import { callerFor } from '../../../gateway/safeguards/caller.ts';
import { readDirectory } from '../../../gateway/safeguards/directory.ts';

const certificate = { issuer: 'CN=CA,C=JP', serialNumber: '3210000001' };
const identity = { ...certificate, fingerprint: 'a'.repeat(64) };
const ROOMS: readonly ActorName[] = [
  'patient-identity',
  'document-registry',
  'document-repository',
  'initiating-gateway',
  'responding-gateway',
];

const gateway = {
  name: 'kagawa',
  kind: 'gateway',
  homeCommunityIds: ['urn:oid:2.999.3'],
  certificate,
  transactions: ['ITI-38', 'ITI-18'],
};
const system = {
  name: 'hospital',
  kind: 'system',
  institution: '3210000001',
  certificate,
  sourceIds: ['2.999.7'],
  assigningAuthorities: ['2.999.1.1'],
  transactions: ['ITI-38', 'ITI-18'],
};

function roomsOf(...entries: unknown[]): readonly ActorName[] {
  const listed = readDirectory({ entries }).entriesOf(identity);
  return ROOMS.filter(
    (actor) => callerFor(identity, listed, { actor, transaction: 'ITI-38' }).kind === 'admitted',
  );
}

function call(entries: unknown[], actor: ActorName, transaction: string) {
  return callerFor(identity, readDirectory({ entries }).entriesOf(identity), {
    actor,
    transaction,
  });
}

describe('who may call what', () => {
  it('a gateway of another community may call the Responding Gateway alone', () => {
    expect(roomsOf(gateway)).toEqual(['responding-gateway']);
  });

  it('a system of our own community may call every other actor', () => {
    expect(roomsOf(system)).toEqual(ROOMS.filter((room) => room !== 'responding-gateway'));
  });

  it('an actor of our own community in another process may call all of them', () => {
    expect(roomsOf({ ...system, own: true })).toEqual(ROOMS);
  });

  it('nobody may call a transaction that is not in the row', () => {
    expect(call([system], 'document-repository', 'ITI-41')).toMatchObject({
      kind: 'refused',
      reason: 'transaction-not-allowed',
    });
  });

  it('a refusal says whether the room or the transaction is wrong', () => {
    expect(call([gateway], 'document-registry', 'ITI-18')).toMatchObject({ reason: 'wrong-room' });
    expect(call([], 'document-registry', 'ITI-18')).toMatchObject({ reason: 'unlisted' });
  });
});

describe('the Caller', () => {
  it('carries what the directory says of a system', () => {
    expect(call([system], 'document-registry', 'ITI-18')).toEqual({
      kind: 'admitted',
      caller: {
        name: 'hospital',
        kinds: ['system'],
        institution: '3210000001',
        homeCommunityIds: [],
        sourceIds: ['2.999.7'],
        assigningAuthorities: ['2.999.1.1'],
      },
    });
  });

  it('carries the communities of a gateway, and the directory id of its certificate', () => {
    expect(call([gateway], 'responding-gateway', 'ITI-38')).toMatchObject({
      caller: {
        kinds: ['gateway'],
        institution: '3210000001',
        homeCommunityIds: ['urn:oid:2.999.3'],
      },
    });
  });

  it('of a certificate that is both has the rights of the entry that may make the call', () => {
    const both = [gateway, system];
    expect(call(both, 'responding-gateway', 'ITI-38')).toMatchObject({
      caller: { name: 'kagawa', kinds: ['gateway'], assigningAuthorities: [] },
    });
    expect(call(both, 'document-registry', 'ITI-18')).toMatchObject({
      caller: { name: 'hospital', kinds: ['system'], homeCommunityIds: [] },
    });
  });
});
