import type { AuditObject, AuditRow } from '../audit-event.ts';
import {
  fieldText,
  placeOf,
  requireSegment,
  segmentsOf,
  type V2Message,
  type V2Segment,
  writeSegment,
} from '../formats/hl7v2.ts';
import { idsIn, writeCX } from '../formats/hl7v2-authorities.ts';
import { insuranceIn } from '../formats/hl7v2-insurance.ts';
import { fieldsOfPID, namesInPID, readPID, unsaidIn } from '../formats/hl7v2-person.ts';
import {
  acknowledgementOf,
  controlIdDetail,
  faultsOf,
  faultsOfDetails,
  headerIn,
  readMSA,
  transmissionIn,
  type V2Acknowledgement,
  type V2Context,
  type V2Fault,
  writeAnswer,
  writeERRs,
  writeMSA,
} from '../formats/hl7v2-reply.ts';
import type { Transmission } from '../formats/hl7v3.ts';
import { type PatientId, samePatientId } from '../patient.ts';
import { Refusal } from '../refusal.ts';
import type { MllpMessage, MllpResponseCodec } from '../transaction.ts';
import {
  type AcceptAcknowledgement,
  type PatientIdentityFeed,
  type PatientMergeFeed,
  type PatientRegistrationFeed,
  PLACES_OF_MERGE,
  subsumedIn,
} from './iti-44.ts';

/** A24 and A37: two identifiers are, or are no longer, one person's; neither is given up. Source: ITI TF-2: 3.30.4. */
export interface PatientLinkFeed {
  readonly kind: 'link' | 'unlink';
  readonly transmission: Transmission;
  readonly custodian: string;
  readonly ids: readonly [PatientId, PatientId];
}

/** A47: a patient's identifier was wrong, and this is the right one. Source: ITI TF-2: 3.30.4. */
export interface PatientIdChangeFeed {
  readonly kind: 'change';
  readonly transmission: Transmission;
  readonly custodian: string;
  readonly current: PatientId;
  /** Of the same authority. */
  readonly prior: PatientId;
}

/** Every message about a patient's identity that v2 has. */
export type AdtFeed = PatientIdentityFeed | PatientLinkFeed | PatientIdChangeFeed;

/** One message of an ADT transaction. Its answer repeats the trigger. */
export function adtMessage(trigger: string, structure: string): MllpMessage {
  return { type: 'ADT', trigger, structure, reply: { type: 'ACK', trigger, structure: 'ACK' } };
}

/** The patients that a feed names, the surviving or current identifier first. */
export function idsOfFeed(feed: AdtFeed): readonly PatientId[] {
  switch (feed.kind) {
    case 'merge':
      return [feed.surviving, feed.subsumed];
    case 'change':
      return [feed.current, feed.prior];
    default:
      return feed.ids;
  }
}

/** The audit row of a feed over v2: the message is named by MSH-10. Source: ITI TF-2: 3.8.5.1. */
export const ADT_AUDIT: AuditRow<AdtFeed, AcceptAcknowledgement> = {
  event: { asker: 'Patient Record', answerer: 'Patient Record' },
  name: 'Patient Identity Feed',
  source: 'asker',
  action: ({ request }) => (request === undefined || request.kind === 'add' ? 'C' : 'U'),
  objects: ({ side, request }) => {
    if (request === undefined) return [];
    const detail = controlIdDetail(side, request.transmission);
    return idsOfFeed(request)
      .map((patientId): AuditObject => ({ kind: 'patient', patientId, detail }))
      .map(subsumedIn(request));
  },
};

/** EVN has to be there, and to say when the event was recorded. @throws Refusal 100 or 101 */
export function requireEvent(message: V2Message): void {
  const evn = requireSegment(message, 'EVN');
  if (fieldText(evn, 2) === '')
    throw new Refusal('101', 'EVN-2 is required', { location: 'EVN^1^2' });
}

/** What of a feed is the same in every message. */
export function feedWrapper(message: V2Message, context: V2Context) {
  return { transmission: transmissionIn(message, context), custodian: context.device };
}

/**
 * Reads a registration. Ids of the domains that the sender feeds are the patient's; those of others are other ids.
 *
 * @throws Refusal 100, 101, 102, 103; 204 for an id without an authority, where the sender has not exactly one
 */
export function readRegistration(
  message: V2Message,
  kind: 'add' | 'revise',
  context: V2Context,
): PatientRegistrationFeed {
  requireEvent(message);
  const pid = requireSegment(message, 'PID');
  const all = requireIds(pid, 3, context);
  if (fieldText(pid, 5) === '')
    throw new Refusal('101', 'PID-5 is required', { location: 'PID^1^5' });
  const isOwn = ({ assigningAuthority }: PatientId) =>
    context.authorities.fed.includes(assigningAuthority);
  const own = all.filter(isOwn);
  const ids = own.length === 0 ? all : own;
  const unchanged = kind === 'revise' ? unsaidIn(pid) : [];
  const insurance = insuranceIn(message);
  return {
    kind,
    ...feedWrapper(message, context),
    ids,
    otherIds: own.length === 0 ? [] : all.filter((id) => !isOwn(id)),
    demographics: { ...readPID(pid), ...(insurance === undefined ? {} : { insurance }) },
    ...(unchanged.length === 0 ? {} : { unchanged }),
    providerOrganization: { id: ids[0]?.assigningAuthority ?? '' },
  };
}

/** The ids of a field. @throws Refusal 101 where there is none, 204 where one has no authority */
export function requireIds(
  segment: V2Segment,
  field: number,
  context: V2Context,
): readonly PatientId[] {
  const found = idsIn(segment, field, context.authorities);
  if (found.length === 0) {
    const location = `${segment.name}^${segment.sequence}^${field}`;
    throw new Refusal('101', `${segment.name}-${field} needs an identifier`, { location });
  }
  for (const { id, at } of found) {
    if (id.assigningAuthority !== '') continue;
    throw new Refusal('204', 'the assigning authority is missing', { location: placeOf(at, 4) });
  }
  return found.map(({ id }) => id);
}

/** PID and MRG: exactly one pair. @throws Refusal 100, 101; 204 for another authority or twice the same id */
export function readPair(
  message: V2Message,
  context: V2Context,
): { readonly current: PatientId; readonly prior: PatientId; readonly pid: V2Segment } {
  requireEvent(message);
  const pid = requireSegment(message, 'PID');
  const mrg = requireSegment(message, 'MRG');
  const [prior, ...others] = ownOf(requireIds(mrg, 1, context), context);
  if (prior === undefined || others.length > 0) {
    throw new Refusal('102', 'one prior identifier in a message', { location: 'MRG^1^1^2' });
  }
  const ofAuthority = requireIds(pid, 3, context).filter(
    ({ assigningAuthority }) => assigningAuthority === prior.assigningAuthority,
  );
  const [current, another] = ofAuthority;
  if (current === undefined) {
    const location = 'PID^1^3^1^4';
    throw new Refusal('204', 'no identifier of the authority of the prior one', { location });
  }
  if (another !== undefined) {
    throw new Refusal('102', 'one identifier of that authority in a message', {
      location: 'PID^1^3',
    });
  }
  if (samePatientId(current, prior)) {
    throw new Refusal('204', 'an identifier cannot be merged into itself', {
      location: 'MRG^1^1^1^1',
    });
  }
  return { current, prior, pid };
}

/** Of several identifiers those that the sender feeds, as long as it feeds one of them. */
function ownOf(ids: readonly PatientId[], { authorities }: V2Context): readonly PatientId[] {
  if (ids.length < 2) return ids;
  const own = ids.filter(({ assigningAuthority }) => authorities.fed.includes(assigningAuthority));
  return own.length === 0 ? ids : own;
}

/** A40. Nothing that PID says of the person counts but the name. */
export function readMerge(message: V2Message, context: V2Context): PatientMergeFeed {
  const { current: surviving, prior: subsumed, pid } = readPair(message, context);
  const names = namesInPID(pid);
  return { kind: 'merge', ...feedWrapper(message, context), surviving, subsumed, names };
}

/** A24, A37: each of the two PID segments with one identifier. @throws Refusal 100, 101, 102 */
export function readLink(
  message: V2Message,
  kind: 'link' | 'unlink',
  context: V2Context,
): PatientLinkFeed {
  requireEvent(message);
  const pids = segmentsOf(message, 'PID');
  const [one, other, another] = pids;
  if (one === undefined || other === undefined || another !== undefined) {
    const location = `PID^${Math.min(pids.length + 1, 3)}`;
    throw new Refusal('100', 'two PID segments are required', { location });
  }
  const only = (pid: V2Segment) => {
    const [id, second] = ownOf(requireIds(pid, 3, context), context);
    if (id !== undefined && second === undefined) return id;
    throw new Refusal('102', 'one identifier in each PID', { location: `PID^${pid.sequence}^3` });
  };
  return { kind, ...feedWrapper(message, context), ids: [only(one), only(other)] };
}

/** PID-5 is required where nothing is said of a name, too: type U of table 0200, unspecified. `""` would delete it. */
const NO_NAME = [undefined, undefined, undefined, undefined, undefined, undefined, 'U'];

/** The segments of a feed after MSH. `visit` is PV1-2. */
export function writeFeed(feed: AdtFeed, visit: 'O' | 'N', context: V2Context): readonly string[] {
  const evn = writeSegment('EVN', { 2: feed.transmission.creationTime });
  const cx = (id: PatientId) => writeCX(id, context.authorities);
  const pid = (id: PatientId) => writeSegment('PID', { 3: [cx(id)], 5: [NO_NAME] });
  switch (feed.kind) {
    case 'merge': {
      const { 5: name } = fieldsOfPID({ names: feed.names });
      const survivor = writeSegment('PID', {
        3: [cx(feed.surviving)],
        5: feed.names.length === 0 ? '""' : name,
      });
      return [evn, survivor, writeSegment('MRG', { 1: [cx(feed.subsumed)] })];
    }
    case 'change':
      return [evn, pid(feed.current), writeSegment('MRG', { 1: [cx(feed.prior)] })];
    case 'link':
    case 'unlink':
      return [evn, pid(feed.ids[0]), pid(feed.ids[1])];
    default:
      return [evn, writeRegistration(feed, context), writeSegment('PV1', { 2: visit })];
  }
}

/** What a revision does not say has gone, unless it says that it is unchanged. */
function writeRegistration(feed: PatientRegistrationFeed, context: V2Context): string {
  const { names, ...rest } = feed.demographics;
  const fields = fieldsOfPID({ names, ...rest });
  const gone = (said: unknown, key: keyof typeof feed.demographics) =>
    feed.kind === 'revise' && said === undefined && !(feed.unchanged ?? []).includes(key)
      ? '""'
      : undefined;
  return writeSegment('PID', {
    3: [...feed.ids, ...feed.otherIds].map((id) => writeCX(id, context.authorities)),
    ...fields,
    5: names.length === 0 ? '""' : fields[5],
    6: fields[6] ?? gone(rest.mothersMaidenName, 'mothersMaidenName'),
    7: fields[7] ?? gone(rest.birthTime, 'birthTime'),
    8: fields[8] ?? gone(rest.administrativeGender, 'administrativeGender'),
    11: fields[11] ?? gone(rest.addresses, 'addresses'),
    13: fields[13] ?? gone(rest.telecoms, 'telecoms'),
    25: fields[25] ?? gone(rest.multipleBirthOrderNumber, 'multipleBirthOrderNumber'),
  });
}

/** Where a refusal of a feed is at home that does not say so itself. */
function placeInFeed(
  message: V2Message,
  context: V2Context,
): (refusal: Refusal) => string | undefined {
  return ({ code, location }) => {
    if (code === '205' || location === PLACES_OF_MERGE.surviving) return 'PID^1^3^1^1';
    if (code !== '204') return undefined;
    if (location === PLACES_OF_MERGE.subsumed) return 'MRG^1^1^1^1';
    const pids = segmentsOf(message, 'PID');
    if (pids.length === 0) return undefined;
    const foreign = pids.map((pid) => foreignIn(pid, context)).find((id) => id !== undefined);
    if (foreign) return placeOf(foreign.at, 4);
    if (segmentsOf(message, 'MRG').length > 0) return 'MRG^1^1^1^1';
    const { fed } = context.authorities;
    const own = pids
      .flatMap((pid) => idsIn(pid, 3, context.authorities))
      .find(({ id }) => fed.includes(id.assigningAuthority));
    return own ? placeOf(own.at, 1) : 'PID^1^3^1^1';
  };
}

/** Where PID-3 has no identifier that the sender feeds: the first whose authority is not known, else the first. */
function foreignIn(pid: V2Segment, { authorities }: V2Context) {
  const { known, fed } = authorities;
  const all = idsIn(pid, 3, authorities);
  if (all.some(({ id }) => fed.includes(id.assigningAuthority))) return undefined;
  const isKnown = (oid: string) => known.some((one) => one.oid === oid);
  return all.find(({ id }) => !isKnown(id.assigningAuthority)) ?? all[0];
}

/** An acknowledgement of an ADT message, in the version of the request. */
export function writeAck(
  request: V2Message,
  { code, faults }: { readonly code: V2Acknowledgement; readonly faults: readonly V2Fault[] },
  context: V2Context,
): string {
  const { trigger, version } = headerIn(request);
  const structure = version.startsWith('2.3') ? undefined : 'ACK';
  const event =
    trigger === undefined
      ? { type: 'ACK' }
      : { type: 'ACK', trigger, ...(structure && { structure }) };
  const segments = [writeMSA(code, request), ...writeERRs(faults, request)];
  return writeAnswer(request, { event, segments }, context);
}

/** The acknowledgement that says no. */
export function refuseFeed(
  refusals: readonly Refusal[],
  request: V2Message,
  context: V2Context,
): string {
  const faults = faultsOf(refusals, placeInFeed(request, context));
  return writeAck(request, { code: acknowledgementOf(refusals), faults }, context);
}

const CODES = { A: 'CA', E: 'CE', R: 'CR' } as const;

/** ACK as the accept acknowledgement of V3: CA is AA here, and so on. */
export const ACK_CODEC: MllpResponseCodec<AcceptAcknowledgement> = {
  decode(message) {
    const { outcome, details } = readMSA(message);
    return { code: CODES[outcome], details };
  },
  encode({ code, details }, request, context) {
    const acknowledgement: V2Acknowledgement = code === 'CA' ? 'AA' : code === 'CE' ? 'AE' : 'AR';
    return writeAck(request, { code: acknowledgement, faults: faultsOfDetails(details) }, context);
  },
};
