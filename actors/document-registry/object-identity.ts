import { decodeCX } from '../../profiles/formats/datatypes.ts';
import type { RegistryObject } from '../../profiles/formats/ebxml.ts';
import { type PatientId, patientKey } from '../../profiles/patient.ts';
import { refusalsOf } from '../../profiles/refusal.ts';
import { identifierOf, kindOf } from '../../profiles/xds/metadata-xml.ts';
import type { RegistryObjectText } from '../../profiles/xds/stored-queries.ts';
import { IDENTIFICATION } from '../../profiles/xds/vocabulary.ts';

/** What tells an object from others, submitted or stored. */
export type ObjectIdentity = Pick<
  RegistryObjectText,
  'id' | 'kind' | 'uniqueId' | 'patientId' | 'status' | 'objectType'
>;

/** The identity of a submitted object. A patientId that cannot be read is nobody's; the rules refuse it. */
export function identityOf(object: RegistryObject): ObjectIdentity {
  const { id } = object;
  const kind = kindOf(object);
  if (kind === undefined || kind === 'Association') return { id };
  const scheme = IDENTIFICATION[kind];
  return {
    id,
    kind,
    objectType: object.objectType,
    uniqueId: identifierOf(object, scheme.uniqueId),
    patientId: patientIdIn(identifierOf(object, scheme.patientId)),
  };
}

/** The patients whose objects these are, each once. */
export function patientsOf(objects: readonly ObjectIdentity[]): readonly PatientId[] {
  const patients = objects.flatMap(({ patientId }) => patientId ?? []);
  return [...new Map(patients.map((patient) => [patientKey(patient), patient])).values()];
}

function patientIdIn(text: string | undefined): PatientId | undefined {
  if (text === undefined) return undefined;
  try {
    return decodeCX(text);
  } catch (error) {
    if (refusalsOf(error)) return undefined;
    throw error;
  }
}
