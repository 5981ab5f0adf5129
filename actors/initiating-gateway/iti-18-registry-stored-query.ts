import { encodeCX } from '../../profiles/formats/datatypes.ts';
import type { PatientId } from '../../profiles/patient.ts';
import { Refusal, refusalsOf } from '../../profiles/refusal.ts';
import { ITI_38 } from '../../profiles/xca/iti-38.ts';
import { ITI_18 } from '../../profiles/xds/iti-18.ts';
import type { AdhocQueryRequest, AdhocQueryResponse } from '../../profiles/xds/stored-queries.ts';
import { storedQueryNamed } from '../../profiles/xds/stored-queries.ts';
import { readStoredQuery } from '../../profiles/xds/stored-query-reading.ts';
import { PeerFailure, query, type World } from '../actor.ts';
import { answeredAtAll, fanOut, type Reached } from './fan-out.ts';
import { failed, mergeParts, ownPart, type Part, partnerPart, unavailable } from './merge.ts';
import { communitiesOfPatient } from './patient-communities.ts';
import type { Discovery } from './patient-discovery.ts';
import type { InitiatingGatewayStores, PartnerGateway } from './stores.ts';

/** What all communities found together. */
interface Found {
  /** Whom the query names; undefined where it asks by id. */
  readonly patientId?: PatientId;
  readonly response: AdhocQueryResponse;
}

/** What every step needs. */
interface Work {
  readonly request: AdhocQueryRequest;
  readonly stores: InitiatingGatewayStores;
  readonly world: World;
}

/**
 * ITI-18 Registry Stored Query, as the Initiating Gateway answers a system of its own community.
 *
 *   names a patient: our registry, and every partner that knows her, all at once under one deadline
 *                    ITI-47 -> ITI-55 -> ITI-38 with her id there -> merged
 *                    ITI-45 -> ITI-55 before or instead of that, where there is a wide-area id service
 *                    ITI-56 -> ITI-38 besides, where a community says who else knows her
 *   by id:           the one community that `home` names
 *
 * A community that does not answer costs its part and no more. The patientId of an object stays what its community wrote.
 *
 * Refuses: XDSMissingHomeCommunityId, XDSUnknownCommunity, XDSUnknownStoredQuery, and a badly written query.
 */
export const registryStoredQuery = query<
  AdhocQueryRequest,
  AdhocQueryResponse,
  Found,
  InitiatingGatewayStores
>(ITI_18, {
  async find(request, stores, world) {
    const work = { request, stores, world };
    const named = findPatientParameter(request);
    if (!named) return { response: await askHome(work) };
    const { patientId, parameter } = named;
    const partners = partnersFor(request, stores);
    const [own, others] = await Promise.all([
      isForUs(request, stores) ? [await askOwn(work)] : [],
      askPartners(work, { patientId, parameter, partners }),
    ]);
    return { patientId, response: mergeParts([...own, ...others.parts], others.warnings) };
  },

  subjects: ({ patientId }) => (patientId ? [patientId] : []),

  /** Each responder has decided what may be seen. */
  reveal: ({ response }) => response,

  decidedBy: 'responder',
});

interface NamedPatient {
  readonly patientId: PatientId;
  /** The name of the slot that carries the id. */
  readonly parameter: string;
}

/** Undefined for a query by id, and for one that we do not know but whose home is named: that community may know it. */
function findPatientParameter(request: AdhocQueryRequest): NamedPatient | undefined {
  if (storedQueryNamed(request.queryId) === undefined && request.home !== undefined)
    return undefined;
  const { query: row, patientId } = readStoredQuery(request);
  return row.patient && patientId ? { patientId, parameter: row.patient } : undefined;
}

/** `home` in a query that names a patient is the one community that is meant; without it, all are. */
function partnersFor(
  { home }: AdhocQueryRequest,
  { community, communities }: InitiatingGatewayStores,
): readonly PartnerGateway[] {
  if (home === undefined) return communities();
  return home === community.homeCommunityId ? [] : [requirePartner(home, communities())];
}

function isForUs({ home }: AdhocQueryRequest, { community }: InitiatingGatewayStores): boolean {
  return home === undefined || home === community.homeCommunityId;
}

function requirePartner(home: string, partners: readonly PartnerGateway[]): PartnerGateway {
  const gateway = partners.find(({ homeCommunityIds }) => homeCommunityIds.includes(home));
  if (gateway) return { ...gateway, homeCommunityId: home };
  throw new Refusal('XDSUnknownCommunity', `${home} is no community of the directory`, {
    location: home,
  });
}

/** A query by id: its objects are in one community, and only `home` says in which. */
async function askHome(work: Work): Promise<AdhocQueryResponse> {
  const { request, stores } = work;
  const { home } = request;
  if (home === undefined) {
    throw new Refusal('XDSMissingHomeCommunityId', 'a query without a patient id needs home');
  }
  if (isForUs(request, stores)) return mergeParts([await askOwn(work)]);
  const gateway = requirePartner(home, stores.communities());
  const reached = await fanOut(
    [gateway],
    async (asked, leftMs) => {
      const options = { deadlineMs: leftMs() };
      const response = await work.world.ask(ITI_38, { homeCommunityId: home }, request, options);
      return partnerPart(response, { gateway: asked });
    },
    { deadlineMs: stores.fanOutDeadlineMs, now: work.world.now },
  );
  return mergeParts(
    reached.map((one) => ('answer' in one ? one.answer : unavailable(home, one.silence))),
  );
}

/** Our own registry. What it refuses is its part of the answer; that it is away as well. */
async function askOwn({ request, stores, world }: Work): Promise<Part> {
  const { homeCommunityId } = stores.community;
  const { home: _, ...local } = request;
  try {
    const response = await world.ask(ITI_18, 'document-registry', local, {
      deadlineMs: stores.fanOutDeadlineMs,
    });
    return ownPart(response, homeCommunityId);
  } catch (error) {
    if (error instanceof PeerFailure) return unavailable(homeCommunityId, 'failed');
    const refusals = refusalsOf(error);
    if (!refusals) throw error;
    return ownPart(failed(...refusals), homeCommunityId);
  }
}

/** What some partners come to. */
interface Answers {
  readonly parts: readonly Part[];
  readonly warnings: readonly Refusal[];
}

/** One gateway, and how long it may take. */
interface AskedPartner {
  readonly gateway: PartnerGateway;
  readonly leftMs: () => number;
}

/**
 * Every partner that knows the patient: each is found and asked in one go, so that none waits for another; then, in what is left
 * of the time, those of whom a Health Data Locator says that they know her.
 */
async function askPartners(
  work: Work,
  { patientId, parameter, partners }: NamedPatient & { partners: readonly PartnerGateway[] },
): Promise<Answers> {
  const { request, stores, world } = work;
  const begunAt = world.now().getTime();
  const found = await communitiesOfPatient({ patientId, partners }, { stores, world });
  const askAt = (asked: AskedPartner, discovery: Discovery) =>
    askLocated(work, { ...asked, discovery, named: { patientId, parameter } });
  const reached = await fanOut(
    partners,
    async (gateway, leftMs) => askAt({ gateway, leftMs }, await found.at(gateway, leftMs)),
    { deadlineMs: stores.fanOutDeadlineMs, now: world.now },
  );
  const silent = new Set(reached.filter((one) => 'silence' in one).map(({ partner }) => partner));
  const elsewhere = await found.elsewhere();
  const further = elsewhere.located.flatMap((located) => {
    const gateway = partners.find(
      (one) => !silent.has(one) && one.homeCommunityIds.includes(located.homeCommunityId),
    );
    return gateway ? [{ homeCommunityIds: [located.homeCommunityId], gateway, located }] : [];
  });
  const reachedFurther = await fanOut(
    further,
    async ({ gateway, located }, leftMs) =>
      askAt({ gateway, leftMs }, await found.resolved(gateway, located, leftMs)),
    {
      deadlineMs: Math.max(1, stores.fanOutDeadlineMs - (world.now().getTime() - begunAt)),
      now: world.now,
    },
  );
  const answers = [...reached, ...reachedFurther].map((one) => answersOf(one, request));
  const said = await found.said();
  return {
    parts: [...said.parts, ...answers.flatMap(({ parts }) => parts)],
    warnings: [
      ...said.warnings,
      ...answers.flatMap(({ warnings }) => warnings),
      ...elsewhere.warnings,
    ],
  };
}

/** A gateway may front several communities: where it is silent, each of them is missing. */
function answersOf(
  one: Reached<{ readonly homeCommunityIds: readonly string[] }, Answers>,
  { home: wanted }: AdhocQueryRequest,
): Answers {
  if ('answer' in one) return one.answer;
  const { partner, silence } = one;
  const missing = partner.homeCommunityIds.filter((home) => [undefined, home].includes(wanted));
  return { parts: missing.map((home) => unavailable(home, silence)), warnings: [] };
}

/** The communities of one gateway in which she is located. @throws PeerFailure, Refusal */
async function askLocated(
  { request, stores, world }: Work,
  {
    gateway,
    leftMs,
    discovery,
    named,
  }: AskedPartner & { readonly discovery: Discovery; readonly named: NamedPatient },
): Promise<Answers> {
  const isWanted = (home: string) => [undefined, home].includes(request.home);
  const wanted = discovery.located.filter(({ homeCommunityId }) => isWanted(homeCommunityId));
  const parts = await answeredAtAll(
    wanted,
    async ({ homeCommunityId, patientId, isRemembered }) => {
      const response = await world.ask(
        ITI_38,
        { homeCommunityId },
        withPatient({ ...request, home: homeCommunityId }, named.parameter, patientId),
        { deadlineMs: leftMs() },
      );
      // What was told no longer holds there: the next query asks anew.
      if (isRemembered && isUnknownThere(response)) {
        await stores.correlations.forget(named.patientId, homeCommunityId);
      }
      return partnerPart(response, { gateway, patientId });
    },
    ({ homeCommunityId }) => unavailable(homeCommunityId, 'failed'),
  );
  const silent = (discovery.silent ?? []).filter(isWanted);
  return {
    parts: [...parts, ...silent.map((home) => unavailable(home, 'failed'))],
    warnings: discovery.warnings,
  };
}

function isUnknownThere({ errors }: AdhocQueryResponse): boolean {
  return errors.some(({ errorCode }) => errorCode === 'XDSUnknownPatientId');
}

/** The same query about the same person, by the id under which the other community knows her. */
function withPatient(
  request: AdhocQueryRequest,
  parameter: string,
  patientId: PatientId,
): AdhocQueryRequest {
  const value = `'${encodeCX(patientId).replaceAll("'", "''")}'`;
  return {
    ...request,
    slots: request.slots.map((slot) =>
      slot.name === parameter ? { ...slot, values: [value] } : slot,
    ),
  };
}
