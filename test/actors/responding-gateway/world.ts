import type {
  Answer,
  Ask,
  AskOptions,
  Caller,
  Community,
  Destination,
  World,
} from '../../../actors/actor.ts';
import { attend } from '../../../gateway/safeguards/attend.ts';
import { networkAgreement } from '../../../gateway/safeguards/consent.ts';
import type { Demographics, PatientId } from '../../../profiles/patient.ts';
import type { Spoken } from '../../../profiles/transaction.ts';
import type { ResponseStatus } from '../../../profiles/xds/registry-response.ts';
import type {
  AdhocQueryResponse,
  RegistryObjectText,
} from '../../../profiles/xds/stored-queries.ts';

export const SHIMANE = 'urn:oid:2.999.392.32';
export const OKAYAMA = 'urn:oid:2.999.392.33';
export const KAGAWA = 'urn:oid:2.999.392.37';

/** The community under test: Shimane. */
export const COMMUNITY: Community = {
  homeCommunityId: SHIMANE,
  affinityDomain: '2.999.392.32.3',
  repositoryUniqueId: '2.999.392.32.7',
  device: '2.999.392.32.1',
  assigningAuthorities: ['2.999.392.32.3', '2.999.392.32.4'],
};

/** 試験 太郎 as Shimane's affinity domain knows him. */
export const TARO: PatientId = { id: 'SHIMANE-1', assigningAuthority: '2.999.392.32.3' };

export const DEMOGRAPHICS: Demographics = {
  names: [{ family: '試験', given: ['太郎'], representation: 'IDE' }],
  administrativeGender: 'M',
  birthTime: '19700101',
};

/** One question that left the actor under test. */
export interface Asked {
  readonly transaction: string;
  readonly destination: Destination;
  readonly request: unknown;
}

/** What another actor answers, by transaction id and destination (`ITI-38 urn:oid:…`); a thrown error is its refusal. */
export type Answers = Record<string, (request: never, options?: AskOptions) => unknown>;

export interface TestWorld extends World {
  readonly asked: Asked[];
}

/** A world in which the other actors answer as told; asking one that was not told of fails the test. */
export function aWorld(answers: Answers, caller: Partial<Caller> = {}): TestWorld {
  const asked: Asked[] = [];
  let issued = 0;
  const ask = async (
    transaction: Spoken<unknown, unknown>,
    destination: Destination,
    request: unknown,
    options?: AskOptions,
  ) => {
    asked.push({ transaction: transaction.id, destination, request });
    const place = typeof destination === 'string' ? destination : Object.values(destination)[0];
    const answer = answers[`${transaction.id} ${place}`];
    if (!answer) throw new TypeError(`the test did not expect ${transaction.id} to ${place}`);
    return await answer(request as never, options);
  };
  return {
    ask: ask as unknown as Ask,
    asked,
    caller: {
      name: 'okayama-gateway',
      kinds: ['gateway'],
      institution: '3310000001',
      homeCommunityIds: [OKAYAMA],
      sourceIds: [],
      assigningAuthorities: [],
      ...caller,
    },
    now: () => new Date('2026-04-01T00:00:00Z'),
    uuid: () => `00000000-0000-4000-8000-${String(++issued).padStart(12, '0')}`,
  };
}

/** Attends to a request as the pipeline does: find, subjects, consent, reveal. */
export async function attended<Request, Response, Stores>(
  answer: { readonly transaction: Spoken<Request, Response> } & Answer<Stores>,
  request: Request,
  { stores, world, consent }: { stores: Stores; world: World; consent?: typeof networkAgreement },
): Promise<Response> {
  const safeguards = {
    consent: consent ?? networkAgreement,
    trailWritable: async () => {},
    receive: async () => {},
  };
  return (await attend({ answer, request, stores, world }, safeguards)) as Response;
}

/** A DocumentEntry as a registry returns it. */
export function anEntry(overrides: Partial<RegistryObjectText> = {}): RegistryObjectText {
  return {
    element: 'ExtrinsicObject',
    id: 'urn:uuid:00000000-0000-4000-8000-00000000000a',
    kind: 'DocumentEntry',
    patientId: TARO,
    uniqueId: '2.999.8.1',
    content: '<rim:Name/>',
    ...overrides,
  };
}

/** An Association between two objects. */
export function aLink(sourceObject: string, targetObject: string): RegistryObjectText {
  return {
    element: 'Association',
    id: `urn:uuid:00000000-0000-4000-8000-0000000000ff`,
    associationType: 'urn:oasis:names:tc:ebxml-regrep:AssociationType:HasMember',
    sourceObject,
    targetObject,
    content: '',
  };
}

/** A registry's answer. */
export function found(
  objects: readonly RegistryObjectText[] = [],
  rest: Partial<AdhocQueryResponse> & { status?: ResponseStatus } = {},
): AdhocQueryResponse {
  return { status: 'Success', errors: [], objects, objectRefs: [], ...rest };
}
