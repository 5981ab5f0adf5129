import { encodeCX } from '../../profiles/formats/datatypes.ts';
import type { PatientId } from '../../profiles/patient.ts';
import { Refusal, refusalsOf } from '../../profiles/refusal.ts';
import { ITI_38 } from '../../profiles/xca/iti-38.ts';
import { ITI_18 } from '../../profiles/xds/iti-18.ts';
import type { AdhocQueryRequest, AdhocQueryResponse } from '../../profiles/xds/stored-queries.ts';
import { storedQueryNamed } from '../../profiles/xds/stored-queries.ts';
import { readStoredQuery } from '../../profiles/xds/stored-query-reading.ts';
import { PeerFailure, query, type World } from '../actor.ts';
import { fanOut } from './fan-out.ts';
import { failed, mergeParts, ownPart, type Part, partnerPart, unavailable } from './merge.ts';
import { communitiesOfPatient } from './patient-communities.ts';
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
    (asked, leftMs) => askPartner(request, { gateway: asked, leftMs: leftMs() }, work.world),
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

/** Every partner that knows the patient: each is found and asked in one go, so that none waits for another. */
async function askPartners(
  { request, stores, world }: Work,
  { patientId, parameter, partners }: NamedPatient & { partners: readonly PartnerGateway[] },
): Promise<{ readonly parts: readonly Part[]; readonly warnings: readonly Refusal[] }> {
  const located = await communitiesOfPatient({ patientId, partners }, { stores, world });
  const reached = await fanOut(
    partners,
    async (gateway, leftMs) => {
      const { located: known, warnings } = await located.at(gateway, leftMs);
      const parts = await Promise.all(
        known
          .filter(({ homeCommunityId }) => [undefined, homeCommunityId].includes(request.home))
          .map(({ homeCommunityId, patientId: remote }) =>
            askPartner(
              withPatient({ ...request, home: homeCommunityId }, parameter, remote),
              { gateway, leftMs: leftMs(), patientId: remote },
              world,
            ),
          ),
      );
      return { parts, warnings };
    },
    { deadlineMs: stores.fanOutDeadlineMs, now: world.now },
  );
  const answers = reached.map((one) =>
    'answer' in one
      ? one.answer
      : {
          // A gateway may front several communities: each of them is missing.
          parts: one.partner.homeCommunityIds
            .filter((home) => request.home === undefined || request.home === home)
            .map((home) => unavailable(home, one.silence)),
          warnings: [],
        },
  );
  return {
    parts: [...(await located.failures()), ...answers.flatMap(({ parts }) => parts)],
    warnings: answers.flatMap(({ warnings }) => warnings),
  };
}

/** @throws PeerFailure, Refusal */
async function askPartner(
  request: AdhocQueryRequest,
  {
    gateway,
    leftMs,
    patientId,
  }: { gateway: PartnerGateway; leftMs: number; patientId?: PatientId },
  { ask }: World,
): Promise<Part> {
  const homeCommunityId = request.home ?? gateway.homeCommunityId;
  const response = await ask(ITI_38, { homeCommunityId }, request, { deadlineMs: leftMs });
  return partnerPart(response, { gateway, patientId });
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
