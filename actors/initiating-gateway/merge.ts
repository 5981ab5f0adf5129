import { type PatientId, samePatientId } from '../../profiles/patient.ts';
import { Refusal } from '../../profiles/refusal.ts';
import { errorOf, type RegistryError } from '../../profiles/xds/registry-response.ts';
import type { AdhocQueryResponse, RegistryObjectText } from '../../profiles/xds/stored-queries.ts';
import type { Silence } from './fan-out.ts';
import type { PartnerGateway } from './stores.ts';

/** One community's part of an answer; also how a community that gave none is told of. */
export type Part = AdhocQueryResponse;

const NOTHING = { objects: [], objectRefs: [] } as const;

/** Named in an error at most. */
const MOST_NAMED = 10;

/**
 * Joins the parts of several communities into one answer. Entries of different communities are never made one, and
 * nothing is renumbered: an id is unique only together with its home.
 *
 * All Success: Success, as when nobody had to be asked. None: Failure, with the errors alone. Else PartialSuccess: what
 * was found and every error, once.
 *
 * @see ITI TF-2: 3.18.4.1.3
 */
export function mergeParts(
  parts: readonly Part[],
  warnings: readonly Refusal[] = [],
): AdhocQueryResponse {
  const errors = distinct([...parts.flatMap((part) => part.errors), ...warnings.map(errorOf)]);
  if (parts.length > 0 && parts.every(({ status }) => status === 'Failure')) {
    return { status: 'Failure', errors, ...NOTHING };
  }
  return {
    status: parts.every(({ status }) => status === 'Success') ? 'Success' : 'PartialSuccess',
    errors,
    objects: parts.flatMap(({ objects }) => objects),
    objectRefs: parts.flatMap(({ objectRefs }) => objectRefs),
  };
}

/** What is said of a community that did not answer, answered with a fault, or said that it cannot. */
export function unavailable(homeCommunityId: string, silence: Silence): Part {
  const what = silence === 'late' ? 'did not answer in time' : 'could not be asked';
  return failed(
    new Refusal('XDSUnavailableCommunity', `${homeCommunityId} ${what}`, {
      location: homeCommunityId,
    }),
  );
}

/** A part that is an error and nothing else. */
export function failed(...refusals: readonly Refusal[]): Part {
  return { status: 'Failure', errors: refusals.map(errorOf), ...NOTHING };
}

/** Our own registry's answer: all of it under our home. */
export function ownPart(response: AdhocQueryResponse, home: string): Part {
  return {
    status: response.status,
    errors: response.errors.map((error) => ({ ...error, location: home })),
    objects: response.objects.map((object) => ({ ...object, home })),
    objectRefs: response.objectRefs.map(({ id }) => ({ id, home })),
  };
}

/** Where an answer came from, and of whom it may speak. */
export interface Expected {
  readonly gateway: PartnerGateway;
  /** The patient as that community knows her; undefined where the query named none. */
  readonly patientId?: PatientId;
}

/**
 * Another community's answer, as far as it may be used. What it says of its errors passes unchanged, but for
 * XDSUnknownPatientId, which only says that it has nothing.
 *
 * An object without home, or with one for which the gateway does not speak, is dropped, with an error that names both.
 * An answer that holds another patient's object is not used at all.
 */
export function partnerPart(response: AdhocQueryResponse, { gateway, patientId }: Expected): Part {
  const { homeCommunityId, homeCommunityIds } = gateway;
  if (patientId && response.objects.some((object) => isOfAnother(object, patientId))) {
    return failed(
      new Refusal(
        'XDSRegistryError',
        `${homeCommunityId} returned objects of another patient; its answer is not used`,
        { location: homeCommunityId },
      ),
    );
  }
  const homeless = [
    ...response.objects.filter((object) => object.element !== 'Association'),
    ...response.objectRefs,
  ].filter(({ home }) => home === undefined);
  const foreign = [...response.objects, ...response.objectRefs].filter(
    ({ home }) => home !== undefined && !homeCommunityIds.includes(home),
  );
  const dropped = new Set([...homeless, ...foreign].map(({ id }) => id));
  const errors = [
    ...errorsOf(response, homeCommunityId),
    ...droppedErrors({ homeless, foreign }, homeCommunityId),
  ];
  return {
    status: statusLeft(response, errors, dropped.size > 0),
    errors,
    objects: response.objects.filter(
      ({ id, sourceObject, targetObject }) =>
        ![id, sourceObject, targetObject].some((end) => end !== undefined && dropped.has(end)),
    ),
    objectRefs: response.objectRefs.filter(({ id }) => !dropped.has(id)),
  };
}

/** An object that should say whose it is and does not counts as another's. */
function isOfAnother(object: RegistryObjectText, patientId: PatientId): boolean {
  if (object.element === 'Association') return false;
  return object.patientId === undefined || !samePatientId(object.patientId, patientId);
}

function errorsOf(
  { status, errors }: AdhocQueryResponse,
  homeCommunityId: string,
): readonly RegistryError[] {
  if (status === 'Failure' && errors.length === 0) {
    return [
      errorOf(
        new Refusal('XDSUnavailableCommunity', `${homeCommunityId} failed without saying why`, {
          location: homeCommunityId,
        }),
      ),
    ];
  }
  return errors
    .filter(({ errorCode }) => errorCode !== 'XDSUnknownPatientId')
    .map((error) => ({ ...error, location: error.location ?? homeCommunityId }));
}

interface Dropped {
  readonly homeless: readonly { readonly id: string }[];
  readonly foreign: readonly { readonly home?: string }[];
}

function droppedErrors(
  { homeless, foreign }: Dropped,
  homeCommunityId: string,
): readonly RegistryError[] {
  const location = homeCommunityId;
  const refusals: Refusal[] = [];
  if (homeless.length > 0) {
    const named = homeless.slice(0, MOST_NAMED).map(({ id }) => id);
    refusals.push(
      new Refusal(
        'XDSMissingHomeCommunityId',
        `${homeCommunityId} returned ${homeless.length} objects without home: ${named.join(', ')}`,
        { location },
      ),
    );
  }
  for (const home of [...new Set(foreign.map((object) => object.home))].slice(0, MOST_NAMED)) {
    refusals.push(
      new Refusal(
        'XDSUnknownCommunity',
        `${homeCommunityId} returned objects of ${home}, for which it does not speak`,
        { location },
      ),
    );
  }
  return refusals.map(errorOf);
}

/** A failure that only said XDSUnknownPatientId is an empty success. */
function statusLeft(
  { status }: AdhocQueryResponse,
  errors: readonly RegistryError[],
  anyDropped: boolean,
): Part['status'] {
  if (!errors.some(({ severity }) => severity === 'Error')) return 'Success';
  return status === 'Success' && anyDropped ? 'PartialSuccess' : status;
}

function distinct(errors: readonly RegistryError[]): readonly RegistryError[] {
  return [...new Map(errors.map((error) => [JSON.stringify(error), error])).values()];
}
