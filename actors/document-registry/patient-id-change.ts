import { objectOfText } from '../../profiles/xds/registry-object-text.ts';
import { decodeCX } from '../../profiles/formats/datatypes.ts';
import { type PatientId, patientKey } from '../../profiles/patient.ts';
import { Refusal, refusalsOf } from '../../profiles/refusal.ts';
import { slotValues } from '../../profiles/xds/metadata-xml.ts';
import type { PatientIdChange } from '../../profiles/xds/iti-64.ts';
import type { RegistryObjectText } from '../../profiles/xds/stored-queries.ts';
import { allLinks } from './association-ends.ts';
import type { RegistryReader } from './registry-store.ts';

/** More objects of one patient than these are not divided at once. */
const MOST_OBJECTS = 50_000;

/** Whose an object is, as far as it says so itself. */
type Side = 'moving' | 'staying' | 'unknown';

/**
 * What of a patient's objects goes over when her affinity-domain id changes: the documents that name one of the moving local
 * ids as their sourcePatientId, each with all that it belongs together with: its versions, the SubmissionSets and Folders that
 * hold it, and what is linked to it. What names nobody known goes where it came from.
 *
 * @throws Refusal XDSPatientIDReconciliationError when things that belong together are of both, with what they are
 */
export async function objectsThatMove(
  { from, to, moving, staying }: PatientIdChange,
  reader: RegistryReader,
): Promise<readonly string[]> {
  const objects = await objectsOf(from, reader);
  const sides = sidesOf(objects, { moving, staying });
  const came = new Set(
    await reader.movedFrom(
      to,
      objects.map(({ id }) => id),
    ),
  );
  const bundles = await bundlesOf(objects, reader);
  const moves: string[] = [];
  for (const bundle of bundles) {
    const told = new Set(bundle.map(({ id }) => sides.get(id) ?? 'unknown'));
    if (told.has('moving') && told.has('staying')) throw mixed(bundle);
    const goes =
      told.has('moving') || (!told.has('staying') && bundle.some(({ id }) => came.has(id)));
    if (goes) moves.push(...bundle.map(({ id }) => id));
  }
  return moves;
}

async function objectsOf(
  patientId: PatientId,
  reader: RegistryReader,
): Promise<readonly RegistryObjectText[]> {
  const all: RegistryObjectText[] = [];
  for (const kind of ['DocumentEntry', 'SubmissionSet', 'Folder'] as const) {
    all.push(...(await reader.find({ kind, patientId }, MOST_OBJECTS + 1)));
  }
  if (all.length <= MOST_OBJECTS) return all;
  const context = `more than ${MOST_OBJECTS} objects would have to be looked at`;
  throw new Refusal('XDSRegistryOutOfResources', context);
}

function sidesOf(
  objects: readonly RegistryObjectText[],
  { moving, staying }: Pick<PatientIdChange, 'moving' | 'staying'>,
): ReadonlyMap<string, Side> {
  const [goes, stays] = [new Set(moving.map(patientKey)), new Set(staying.map(patientKey))];
  return new Map(
    objects.map((object) => {
      const key = sourcePatientOf(object);
      const side = goes.has(key) ? 'moving' : stays.has(key) ? 'staying' : 'unknown';
      return [object.id, side];
    }),
  );
}

/** Empty where there is none, or none that can be read. */
function sourcePatientOf(object: RegistryObjectText): string {
  if (object.kind !== 'DocumentEntry') return '';
  const [text] = slotValues(objectOfText(object), 'sourcePatientId');
  if (text === undefined) return '';
  try {
    return patientKey(decodeCX(text));
  } catch (error) {
    if (refusalsOf(error)) return '';
    throw error;
  }
}

/** Objects that cannot be parted: versions of one, and what an Association links. */
async function bundlesOf(
  objects: readonly RegistryObjectText[],
  reader: RegistryReader,
): Promise<readonly (readonly RegistryObjectText[])[]> {
  const bundles = new Bundles(objects);
  const first = new Map<string, string>();
  for (const { id, lid } of objects) {
    if (lid === undefined) continue;
    const other = first.get(lid);
    if (other === undefined) first.set(lid, id);
    else bundles.join(id, other);
  }
  const links = await allLinks({ either: objects.map(({ id }) => id) }, reader);
  const ends = new Map(links.map((link) => [link.id, link.sourceObject ?? '']));
  for (const { sourceObject = '', targetObject = '' } of links) {
    // An Association may be the member of a set: it stands for its own source.
    bundles.join(ends.get(sourceObject) ?? sourceObject, ends.get(targetObject) ?? targetObject);
  }
  return bundles.all;
}

class Bundles {
  readonly #bundleOf = new Map<string, RegistryObjectText[]>();

  constructor(objects: readonly RegistryObjectText[]) {
    for (const object of objects) this.#bundleOf.set(object.id, [object]);
  }

  get all(): readonly (readonly RegistryObjectText[])[] {
    return [...new Set(this.#bundleOf.values())];
  }

  /** Ends that are none of the patient's objects join nothing. */
  join(one: string, other: string): void {
    const [a, b] = [this.#bundleOf.get(one), this.#bundleOf.get(other)];
    if (!a || !b || a === b) return;
    const [into, from] = a.length < b.length ? [b, a] : [a, b];
    into.push(...from);
    for (const { id } of from) this.#bundleOf.set(id, into);
  }
}

/** At most so many ids are listed. */
const LISTED = 10;

function mixed(bundle: readonly RegistryObjectText[]): Refusal {
  const holders = bundle.filter(({ kind }) => kind !== 'DocumentEntry');
  const named = (holders.length > 0 ? holders : bundle).slice(0, LISTED).map(({ id }) => id);
  const context = `documents of both are held together by ${named.join(', ')}`;
  return new Refusal('XDSPatientIDReconciliationError', context);
}
