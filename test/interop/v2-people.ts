import type { PatientId } from '../../profiles/patient.ts';
import type { PatientIdentityFeed } from '../../profiles/pix/iti-44.ts';
import { PROOF } from '../support/proof-region.ts';
import { aStranger, personOf } from './cases/identity.ts';
import { same } from './interop-case.ts';
import type { PeerAnswer } from './peer.ts';
import {
  chartOf,
  cx,
  domainAt,
  type Fields,
  freshControlId,
  type IpfAsks,
  ipfAsks,
  wrapped,
} from './v2-case.ts';
import type { V2Charset } from './v2-world.ts';
import type { InteropWorld } from './world.ts';

export type Stranger = ReturnType<typeof aStranger>;

/** PID and what has to stand beside it, of a person as the peer writes her. */
export function personAt(stranger: Stranger, ids: readonly PatientId[], group = ''): Fields {
  const { family, given, birth } = stranger;
  const pid = `${group}/PID`;
  return {
    '/EVN-2': '20250401093000',
    ...Object.assign({}, ...ids.map((id, index) => cx(`${pid}-3(${index})`, id))),
    [`${pid}-5-1`]: family,
    [`${pid}-5-2`]: given,
    [`${pid}-5-7`]: 'L',
    [`${pid}-5-8`]: 'I',
    [`${pid}-5(1)-1`]: 'シケン',
    [`${pid}-5(1)-2`]: 'タロウ',
    [`${pid}-5(1)-7`]: 'L',
    [`${pid}-5(1)-8`]: 'P',
    [`${pid}-7`]: birth,
    [`${pid}-8`]: 'M',
    [`${pid}-11-1`]: '試験町1-2-3',
    [`${pid}-11-3`]: '松江市',
    [`${pid}-11-4`]: '島根県',
    [`${pid}-11-5`]: '690-0000',
  };
}

/** A40: the second id is given up for the first. */
export const mergeAt = (surviving: PatientId, subsumed: PatientId): Fields => ({
  '/EVN-2': '20250401093000',
  ...cx('/PATIENT/PID-3', surviving),
  '/PATIENT/PID-5-1': '試験',
  '/PATIENT/PID-5-2': '太郎',
  '/PATIENT/PID-5-7': 'L',
  ...cx('/PATIENT/MRG-1', subsumed),
});

const VISIT: Fields = { '/PV1-2': 'O' };

/** What a feed asks of IPF's client: ITI-8 of v2.3.1, or ITI-30 of v2.5. */
export interface Feeding {
  readonly transaction: 'ITI-8' | 'ITI-30';
  readonly component: string;
  readonly add: string;
  readonly revise: string;
  readonly visit: Fields;
}

export const OVER_8: Feeding = {
  ...{ transaction: 'ITI-8', component: 'pix-iti8', add: 'ADT^A04', revise: 'ADT^A08' },
  visit: VISIT,
};
export const OVER_30: Feeding = {
  ...{ transaction: 'ITI-30', component: 'pam-iti30', add: 'ADT^A28', revise: 'ADT^A31' },
  visit: { '/PV1-2': 'N' },
};

export const taken = (answer: PeerAnswer, what: string) =>
  same([answer.acknowledgement, answer.details], ['AA', []], what);

export function feedBy(
  world: InteropWorld,
  { transaction, component, add, visit }: Feeding,
  more: { readonly fields: Fields } & Partial<IpfAsks>,
): Promise<PeerAnswer> {
  const { fields, ...rest } = more;
  return ipfAsks(world, {
    ...{ transaction, component, event: add },
    ...rest,
    fields: { ...(rest.event?.endsWith('A40') ? {} : visit), ...fields },
  });
}

/** IPF's client makes a person known to us. */
export async function fedByPeer(
  world: InteropWorld,
  feeding = OVER_8,
  charset: V2Charset = 'utf8',
): Promise<{ readonly stranger: Stranger; readonly answer: PeerAnswer }> {
  const stranger = aStranger();
  const fields = personAt(stranger, [chartOf(stranger.id)]);
  const answer = await feedBy(world, feeding, { fields, charset });
  taken(answer, 'the acknowledgement');
  return { stranger, answer };
}

/** A registration of ours. */
export const registrationOf = (stranger: Stranger): PatientIdentityFeed & { kind: 'add' } => ({
  ...wrapped(),
  kind: 'add',
  ids: [chartOf(stranger.id)],
  otherIds: [],
  demographics: personOf(stranger),
  providerOrganization: { id: PROOF.chartNumbers },
});

/** QPD of a demographics query by name, and birth where it is said. */
export function byName(
  { family, given, birth }: Partial<Stranger>,
  { wanted, quantity, tag }: { wanted?: string; quantity?: number; tag?: string } = {},
): Fields {
  const facets = [
    ['@PID.5.1.1', family],
    ['@PID.5.2', given],
    ['@PID.7', birth],
  ].filter(([, value]) => value !== undefined);
  return {
    '/QPD-1': 'IHE PDQ Query',
    '/QPD-2': tag ?? freshControlId(),
    ...Object.assign(
      {},
      ...facets.map(([name, value], index) => ({
        [`/QPD-3(${index})-1`]: name,
        [`/QPD-3(${index})-2`]: value,
      })),
    ),
    ...(wanted === undefined ? {} : domainAt('/QPD-8', wanted)),
    '/RCP-1': 'I',
    ...(quantity === undefined ? {} : { '/RCP-2-1': String(quantity), '/RCP-2-2': 'RD' }),
  };
}

/** IPF's client asks by ITI-21. */
export async function queriedByPeer(
  world: InteropWorld,
  stranger: Partial<Stranger>,
  more: Partial<IpfAsks> & {
    wanted?: string;
    quantity?: number;
    tag?: string;
    pointer?: string;
  } = {},
): Promise<PeerAnswer> {
  const { wanted, quantity, tag, pointer, ...asked } = more;
  const about = {
    ...(wanted === undefined ? {} : { wanted }),
    ...(quantity === undefined ? {} : { quantity }),
    ...(tag === undefined ? {} : { tag }),
  };
  return await ipfAsks(world, {
    ...{ transaction: 'ITI-21', component: 'pdq-iti21', event: 'QBP^Q22' },
    ...asked,
    fields: {
      ...byName(stranger, about),
      ...(pointer === undefined ? {} : { '/DSC-1': pointer, '/DSC-2': 'I' }),
    },
  });
}
