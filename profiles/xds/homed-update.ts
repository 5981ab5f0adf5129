import { decodeCX } from '../formats/datatypes.ts';
import type { RegistryObject } from '../formats/ebxml.ts';
import { type PatientId, patientKey } from '../patient.ts';
import { Refusal, refusalsOf } from '../refusal.ts';
import type { SubmitObjectsRequest } from './iti-42.ts';
import { identifierOf, kindOf } from './metadata-xml.ts';
import { IDENTIFICATION } from './vocabulary.ts';

/**
 * The one community that an update between communities is about: `home` of its DocumentEntries.
 *
 * @throws Refusal XDSMissingHomeCommunityId where a DocumentEntry has none, XDSRegistryMetadataError where they are of several
 * @see Restricted Metadata Update, 3.92.4.1.2
 */
export function homeOfUpdate({ objects }: SubmitObjectsRequest): string {
  const entries = objects.filter(({ element }) => element === 'ExtrinsicObject');
  const homes = new Set(entries.map(({ home }) => home));
  const missing = entries.find(({ home }) => home === undefined);
  const [home] = homes;
  if (home === undefined || missing !== undefined) {
    const context = 'between communities a DocumentEntry needs home';
    throw new Refusal('XDSMissingHomeCommunityId', context, { location: missing?.id });
  }
  if (homes.size > 1) {
    const context = 'the DocumentEntries of one update are of one community';
    throw new Refusal('XDSRegistryMetadataError', context, { location: home });
  }
  return home;
}

/** The same update inside its community, where no object says whose it is. */
export function withoutHome({ objects, ...rest }: SubmitObjectsRequest): SubmitObjectsRequest {
  return { ...rest, objects: objects.map(({ home: _, ...object }): RegistryObject => object) };
}

/** The patients of the objects, each once. A patientId that is no CX is nobody's. */
export function patientsOfSubmission({ objects }: SubmitObjectsRequest): readonly PatientId[] {
  const found = objects.flatMap((object) => {
    const kind = kindOf(object);
    if (kind === undefined || kind === 'Association') return [];
    return patientIn(identifierOf(object, IDENTIFICATION[kind].patientId)) ?? [];
  });
  return [...new Map(found.map((patient) => [patientKey(patient), patient])).values()];
}

function patientIn(text: string | undefined): PatientId | undefined {
  try {
    return text === undefined ? undefined : decodeCX(text);
  } catch (error) {
    if (refusalsOf(error)) return undefined;
    throw error;
  }
}
