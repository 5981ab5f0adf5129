import type { PatientId } from '../../../profiles/patient.ts';
import type { AdtFeed } from '../../../profiles/pix/adt.ts';
import { ITI_30 } from '../../../profiles/pix/iti-30.ts';
import type { AcceptAcknowledgement, PatientIdentityFeed } from '../../../profiles/pix/iti-44.ts';
import { ITI_8 } from '../../../profiles/pix/iti-8.ts';
import type { MllpTransaction } from '../../../profiles/transaction.ts';
import { PROOF } from '../../support/proof-region.ts';
import { contains, type InteropCase, same } from '../interop-case.ts';
import type { PeerAnswer } from '../peer.ts';
import { chartOf, cx, weSend, wrapped } from '../v2-case.ts';
import {
  fedByPeer,
  feedBy,
  type Feeding,
  mergeAt,
  OVER_30,
  OVER_8,
  personAt,
  queriedByPeer,
  registrationOf,
  type Stranger,
  taken,
} from '../v2-people.ts';
import type { PeerPort, V2Charset } from '../v2-world.ts';
import type { InteropWorld } from '../world.ts';
import { aStranger, personOf } from './identity.ts';

const regional = (id: string): PatientId => ({ id, assigningAuthority: PROOF.affinityDomain });

function inward(feeding: Feeding): readonly InteropCase[] {
  const { transaction, revise } = feeding;
  const japanese = (name: 'Japanese' | 'ISO-2022-JP', charset: V2Charset): InteropCase => ({
    ...{ transaction, direction: 'inward', name },
    async run(world) {
      const { stranger, answer } = await fedByPeer(world, feeding, charset);
      const found = await queriedByPeer(world, stranger, { charset });
      contains(found.words ?? [], answer.sentWords ?? [], 'our answer to ITI-21');
    },
  });
  return [
    {
      ...{ transaction, direction: 'inward', name: 'success' },
      async run(world) {
        const { stranger } = await fedByPeer(world, feeding);
        const fields = personAt(stranger, [chartOf(stranger.id)]);
        taken(await feedBy(world, feeding, { fields, event: revise }), 'a revision');
        if (transaction === 'ITI-8') {
          taken(await feedBy(world, feeding, { fields, event: 'ADT^A01' }), 'an admission');
          taken(await feedBy(world, feeding, { fields, event: 'ADT^A05' }), 'a pre-admission');
          await toRegistry(world, feeding, stranger);
        }
      },
    },
    {
      ...{ transaction, direction: 'inward', name: 'refusal' },
      async run(world) {
        const stranger = aStranger();
        const foreign = { id: stranger.id, assigningAuthority: '2.999.404' };
        const unknown = await feedBy(world, feeding, { fields: personAt(stranger, [foreign]) });
        const place = transaction === 'ITI-8' ? 'PID^1^3' : 'PID^1^3^1^4';
        same(refused(unknown), ['AE', ['204'], [place]], 'an unknown domain');
        const merge = mergeAt(chartOf(stranger.id), { ...foreign, id: 'X-1' });
        const apart = await feedBy(world, feeding, { fields: merge, event: 'ADT^A40' });
        same(refused(apart).slice(0, 2), ['AE', ['204']], 'a merge across domains');
      },
    },
    {
      ...{ transaction, direction: 'inward', name: 'merge' },
      async run(world) {
        const [surviving, subsumed] = [await world.patient(), await world.patient()];
        const fields = mergeAt(surviving, subsumed);
        taken(await feedBy(world, feeding, { fields, event: 'ADT^A40' }), 'the merge');
        if (transaction === 'ITI-30') await renumbered(world, feeding);
      },
    },
    japanese('Japanese', 'utf8'),
    japanese('ISO-2022-JP', 'iso2022jp'),
  ];
}

const refused = ({ acknowledgement, details, places }: PeerAnswer) => [
  acknowledgement,
  details,
  places,
];

/** A04 and A40 to the Document Registry, which knows ids of the affinity domain alone. */
async function toRegistry(world: InteropWorld, feeding: Feeding, stranger: Stranger) {
  const registry = {
    ...{ component: 'xds-iti8', actor: 'documentRegistry' as const },
  };
  const [one, other] = [regional(`REG-${stranger.id}`), regional(`OLD-${stranger.id}`)];
  for (const id of [one, other]) {
    const fields = personAt(stranger, [id]);
    taken(await feedBy(world, feeding, { ...registry, fields }), 'the registry’s acknowledgement');
  }
  const merge = { ...registry, fields: mergeAt(one, other), event: 'ADT^A40' };
  taken(await feedBy(world, feeding, merge), 'the registry’s acknowledgement of a merge');
}

async function renumbered(world: InteropWorld, feeding: Feeding) {
  const { stranger } = await fedByPeer(world, feeding);
  const fields = {
    '/EVN-2': '20250401093000',
    ...cx('/PID-3', chartOf(`${stranger.id}-R`)),
    '/PID-5-1': stranger.family,
    '/PID-5-2': stranger.given,
    '/PID-5-7': 'L',
    ...cx('/MRG-1', chartOf(stranger.id)),
  };
  const plain = { ...feeding, visit: {} };
  taken(await feedBy(world, plain, { fields, event: 'ADT^A47' }), 'another number');
}

const mergeOf = (surviving: Stranger, subsumed: Stranger): PatientIdentityFeed => ({
  ...wrapped(),
  kind: 'merge',
  surviving: chartOf(surviving.id),
  subsumed: chartOf(subsumed.id),
  names: personOf(surviving).names,
});

/** A transaction of ours, and the servers of IPF for it. */
interface Sending {
  readonly transaction: MllpTransaction<AdtFeed, AcceptAcknowledgement>;
  readonly places: Readonly<Record<V2Charset, PeerPort>>;
  readonly also?: PeerPort;
}

const BY_8: Sending = {
  transaction: ITI_8 as MllpTransaction<AdtFeed, AcceptAcknowledgement>,
  places: { utf8: 'pix-iti8-utf8', iso2022jp: 'pix-iti8-iso2022jp' },
  also: 'xds-iti8-utf8',
};
const BY_30: Sending = {
  transaction: ITI_30,
  places: { utf8: 'pam-iti30-utf8', iso2022jp: 'pam-iti30-iso2022jp' },
};

const ACCEPTED: AcceptAcknowledgement = { code: 'CA', details: [] };

function outward({ transaction, places, also }: Sending): readonly InteropCase[] {
  const { id } = transaction;
  const send = async (world: InteropWorld, feed: AdtFeed, place: PeerPort = places.utf8) =>
    (await weSend(world, transaction, feed, { place })).response;
  const japanese = (name: 'Japanese' | 'ISO-2022-JP', charset: V2Charset): InteropCase => ({
    ...{ transaction: id, direction: 'outward', name },
    async run(world) {
      const feed = registrationOf(aStranger());
      const to = { place: places[charset], charset };
      const { response, sent, read } = await weSend(world, transaction, feed, to);
      same(response, ACCEPTED, 'the acknowledgement');
      contains(read, sent, 'the peer');
    },
  });
  return [
    {
      ...{ transaction: id, direction: 'outward', name: 'success' },
      async run(world) {
        const [one, other] = [aStranger(), aStranger()];
        const feed = registrationOf(one);
        same(await send(world, feed), ACCEPTED, 'a registration');
        // A maiden name that has gone is a null field, which the peer's profile takes for a name without XPN-7.
        const unchanged = ['mothersMaidenName'] as const;
        const revision = { ...feed, ...wrapped(), kind: 'revise' as const, unchanged };
        same(await send(world, revision), ACCEPTED, 'a revision');
        if (also !== undefined) {
          for (const to of [registrationOf(one), registrationOf(other), mergeOf(one, other)]) {
            same(await send(world, to, also), ACCEPTED, 'IPF as a registry');
          }
        } else {
          same(await send(world, registrationOf(other)), ACCEPTED, 'a registration');
        }
      },
    },
    {
      ...{ transaction: id, direction: 'outward', name: 'refusal' },
      async run(world) {
        const { code, details } = await send(
          world,
          registrationOf({ ...aStranger(), id: 'REFUSE-1' }),
        );
        same([code, details.map((one) => one.code)], ['CE', ['204']], 'the refusal as we read it');
      },
    },
    {
      ...{ transaction: id, direction: 'outward', name: 'merge' },
      async run(world) {
        const [one, other] = [aStranger(), aStranger()];
        for (const stranger of [one, other]) {
          same(await send(world, registrationOf(stranger)), ACCEPTED, 'a registration');
        }
        same(await send(world, mergeOf(one, other)), ACCEPTED, 'a merge');
        if (id === 'ITI-8') return;
        const current = chartOf(`${one.id}-R`);
        const change = { ...wrapped(), kind: 'change' as const, current, prior: chartOf(one.id) };
        same(await send(world, change), ACCEPTED, 'another number');
      },
    },
    japanese('Japanese', 'utf8'),
    japanese('ISO-2022-JP', 'iso2022jp'),
  ];
}

/** ITI-8 Patient Identity Feed, to and from an MPI and a registry. */
export const v2Feed: readonly InteropCase[] = [...inward(OVER_8), ...outward(BY_8)];

/** ITI-30 Patient Identity Management. */
export const v2Management: readonly InteropCase[] = [...inward(OVER_30), ...outward(BY_30)];
