import {
  childrenOf,
  contextTag,
  encodeDer,
  encodeOid,
  encodeText,
  MalformedDer,
  oidOf,
  readDer,
  requireChildren,
  TAG,
  textOf,
} from './der.ts';
import { HC_ROLE, HC_ROLE_SCHEME } from './oids.ts';

/** A role of hcRole. `confirmed`: the spelling was seen in a certificate or in the policy, not only remembered. */
export interface HcRole {
  readonly ja: string;
  readonly en: string;
  readonly of: 'licence' | 'administrator' | 'organisation';
  readonly confirmed: boolean;
}

/** hcRole names. The English one stands in certificates and is compared exactly. Source: MHLW HPKI certificate policy. */
// biome-ignore format: a table; its columns are compared by eye.
export const HC_ROLES: readonly HcRole[] = [
  { of: 'licence',       confirmed: true,  en: 'Medical Doctor',                          ja: '医師' },
  { of: 'licence',       confirmed: false, en: 'Dentist',                                 ja: '歯科医師' },
  { of: 'licence',       confirmed: false, en: 'Pharmacist',                              ja: '薬剤師' },
  { of: 'licence',       confirmed: false, en: 'Medical Technologist',                    ja: '臨床検査技師' },
  { of: 'licence',       confirmed: false, en: 'Radiological Technologist',               ja: '診療放射線技師' },
  { of: 'licence',       confirmed: false, en: 'General Nurse',                           ja: '看護師' },
  { of: 'licence',       confirmed: false, en: 'Public Health Nurse',                     ja: '保健師' },
  { of: 'licence',       confirmed: false, en: 'Midwife',                                 ja: '助産師' },
  { of: 'licence',       confirmed: false, en: 'Physical Therapist',                      ja: '理学療法士' },
  { of: 'licence',       confirmed: false, en: 'Occupational Therapist',                  ja: '作業療法士' },
  { of: 'licence',       confirmed: false, en: 'Orthoptist',                              ja: '視能訓練士' },
  { of: 'licence',       confirmed: false, en: 'Speech Therapist',                        ja: '言語聴覚士' },
  { of: 'licence',       confirmed: false, en: 'Dental Technician',                       ja: '歯科技工士' },
  { of: 'licence',       confirmed: false, en: 'National Registered Dietitian',           ja: '管理栄養士' },
  { of: 'licence',       confirmed: false, en: 'Certified Social Worker',                 ja: '社会福祉士' },
  { of: 'licence',       confirmed: false, en: 'Certified Care Worker',                   ja: '介護福祉士' },
  { of: 'licence',       confirmed: false, en: 'Emergency Medical Technician',            ja: '救急救命士' },
  { of: 'licence',       confirmed: false, en: 'Psychiatric Social Worker',               ja: '精神保健福祉士' },
  { of: 'licence',       confirmed: false, en: 'Clinical Engineer',                       ja: '臨床工学技士' },
  { of: 'licence',       confirmed: false, en: 'Massage and Finger Pressure Practitioner', ja: 'あん摩マッサージ指圧師' },
  { of: 'licence',       confirmed: false, en: 'Acupuncturist',                           ja: 'はり師' },
  { of: 'licence',       confirmed: false, en: 'Moxibustion Practitioner',                ja: 'きゅう師' },
  { of: 'licence',       confirmed: false, en: 'Dental Hygienist',                        ja: '歯科衛生士' },
  { of: 'licence',       confirmed: false, en: 'Prosthetics & Orthotic',                  ja: '義肢装具士' },
  { of: 'licence',       confirmed: false, en: 'Judo Therapist',                          ja: '柔道整復師' },
  { of: 'licence',       confirmed: false, en: 'Clinical Laboratory Technician',          ja: '衛生検査技師' },
  { of: 'licence',       confirmed: false, en: 'Certified Public Psychologist',           ja: '公認心理師' },
  { of: 'administrator', confirmed: true,  en: 'Director of Hospital',                    ja: '病院長' },
  { of: 'administrator', confirmed: true,  en: 'Director of Clinic',                      ja: '診療所院長' },
  { of: 'administrator', confirmed: false, en: 'Supervisor of Pharmacy',                  ja: '管理薬剤師' },
  { of: 'administrator', confirmed: false, en: 'Proprietor of Pharmacy',                  ja: '薬局開設者' },
  { of: 'administrator', confirmed: false, en: 'Director',                                ja: 'その他の保健医療福祉機関の管理責任者' },
  { of: 'organisation',  confirmed: false, en: 'Insurance Medical Facility',              ja: '保険医療機関' },
  { of: 'organisation',  confirmed: false, en: 'Insurance Pharmacy',                      ja: '保険薬局' },
  { of: 'organisation',  confirmed: false, en: 'Home Nursing',                            ja: '訪問看護事業者' },
  { of: 'organisation',  confirmed: false, en: 'Insurer',                                 ja: '保険者' },
  { of: 'organisation',  confirmed: false, en: 'Review and Payment Body',                 ja: '審査支払機関' },
  { of: 'organisation',  confirmed: false, en: 'Local Government',                        ja: '地方公共団体' },
  { of: 'organisation',  confirmed: false, en: 'TEST Hospital',                           ja: '試験用の病院' },
  { of: 'organisation',  confirmed: false, en: 'TEST Network',                            ja: '試験用の地域医療連携ネットワーク' },
];

/** The row of a role name, compared exactly. */
export function findHcRole(name: string): HcRole | undefined {
  return HC_ROLES.find(({ en }) => en === name);
}

/**
 * The role names of the Japanese scheme inside a subjectDirectoryAttributes extension. Other attributes and other
 * schemes are passed over; any string type is read.
 * @throws MalformedDer
 */
export function readHcRoles(extension: Uint8Array): readonly string[] {
  const attributes = requireChildren(readDer(extension), TAG.sequence);
  return attributes.flatMap((attribute) => {
    const [type, values] = requireChildren(attribute, TAG.sequence);
    if (oidOf(type) !== HC_ROLE) return [];
    return requireChildren(values, TAG.set)
      .flatMap((actors) => requireChildren(actors, TAG.set))
      .flatMap(readHcActor);
  });
}

function readHcActor(actor: Parameters<typeof childrenOf>[0]): readonly string[] {
  const coded = requireChildren(actor, TAG.sequence).find(({ tag }) => tag === contextTag(0, true));
  if (!coded) throw new MalformedDer('an HCActor without codedData');
  const fields = requireChildren(childrenOf(coded)[0], TAG.set);
  const scheme = fields.find(({ tag }) => tag === contextTag(0, true));
  const name = fields.find(({ tag }) => tag === contextTag(2, true));
  if (!scheme || oidOf(childrenOf(scheme)[0]) !== HC_ROLE_SCHEME) return [];
  const [text] = name ? childrenOf(name) : [];
  if (!text) throw new MalformedDer('an hcRole without a name');
  return [textOf(text)];
}

/** The subjectDirectoryAttributes extension that gives one role. Source: ISO 17090-2; ISO 21091 HCActor. */
export function encodeHcRole(name: string): Uint8Array {
  const { sequence, set } = TAG;
  const coded = encodeDer(
    set,
    encodeDer(contextTag(0, true), encodeOid(HC_ROLE_SCHEME)),
    encodeDer(contextTag(2, true), encodeText(name)),
  );
  const actor = encodeDer(sequence, encodeDer(contextTag(0, true), coded));
  const values = encodeDer(set, encodeDer(set, actor));
  return encodeDer(sequence, encodeDer(sequence, encodeOid(HC_ROLE), values));
}
