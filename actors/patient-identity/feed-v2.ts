import type { Demographics } from '../../profiles/patient.ts';
import type { PatientIdentityFeed, PatientRegistrationFeed } from '../../profiles/pix/iti-44.ts';

/** What of the person HL7 v2 has fields for. */
const TOLD = [
  'names',
  'mothersMaidenName',
  'administrativeGender',
  'birthTime',
  'addresses',
  'telecoms',
  'multipleBirthOrderNumber',
] as const satisfies readonly (keyof Demographics)[];

/**
 * A registration by v2 as it is taken: a field that is empty leaves what is known as it was, in A01, A04, A05 and A28 as in A08
 * and A31. A patient who is admitted was registered before, and the second message says less of her than the first.
 *
 * @see ITI TF-2: 3.8.4.1.2; HL7 v2.5 section 2.5.3
 */
export function withoutBlanks<Feed extends PatientIdentityFeed>(feed: Feed): Feed {
  if (feed.kind !== 'add') return feed;
  const { demographics }: PatientRegistrationFeed = feed;
  const blank = TOLD.filter((name) => {
    const said = demographics[name];
    return said === undefined || (name === 'names' && demographics.names.length === 0);
  });
  return blank.length === 0 ? feed : { ...feed, unchanged: blank };
}
