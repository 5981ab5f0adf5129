import type { Demographics, PatientRecord } from '../../profiles/patient.ts';
import { type DemoRegionName, demoRegion } from './regions.ts';

/** A plainly invented person, and the chart number that each hospital knows her by. */
export interface DemoPatient {
  readonly key: 'hanako' | 'taro' | 'hanayo' | 'jiro';
  readonly demographics: Demographics;
  readonly chartNumbers: Readonly<Partial<Record<DemoRegionName, string>>>;
}

/**
 * The people of the demo. Hanako is known in all three regions under different numbers; her number in Okayama is Taro's
 * in Kagawa, since a number means nothing without its authority; Hanayo was born on the same day.
 */
export function demoPatients(): readonly DemoPatient[] {
  return [
    {
      key: 'hanako',
      demographics: person({
        kanji: ['試験', '花子'],
        kana: ['シケン', 'ハナコ'],
        romaji: ['SHIKEN', 'HANAKO'],
        gender: 'F',
        birthTime: '19700101',
      }),
      chartNumbers: { okayama: '00012345', shimane: 'S-900-77', kagawa: '4711' },
    },
    {
      key: 'taro',
      demographics: person({
        kanji: ['試験', '太郎'],
        kana: ['シケン', 'タロウ'],
        romaji: ['SHIKEN', 'TARO'],
        gender: 'M',
        birthTime: '19550101',
      }),
      chartNumbers: { shimane: 'S-900-78', kagawa: '00012345' },
    },
    {
      key: 'hanayo',
      demographics: person({
        kanji: ['試験', '花代'],
        kana: ['シケン', 'ハナヨ'],
        romaji: ['SHIKEN', 'HANAYO'],
        gender: 'F',
        birthTime: '19700101',
      }),
      chartNumbers: { okayama: '00012346', kagawa: '4712' },
    },
    {
      key: 'jiro',
      demographics: person({
        kanji: ['見本', '次郎'],
        kana: ['ミホン', 'ジロウ'],
        romaji: ['MIHON', 'JIRO'],
        gender: 'M',
        birthTime: '20010101',
      }),
      chartNumbers: { okayama: '00020001' },
    },
  ];
}

/** The patient as the hospital of a region knows her, or undefined where she was never seen. */
export function recordIn(patient: DemoPatient, name: DemoRegionName): PatientRecord | undefined {
  const id = patient.chartNumbers[name];
  if (id === undefined) return undefined;
  const { assigningAuthority } = demoRegion(name).hospital;
  return { ids: [{ id, assigningAuthority }], demographics: patient.demographics };
}

interface Person {
  readonly kanji: readonly [family: string, given: string];
  readonly kana: readonly [family: string, given: string];
  readonly romaji: readonly [family: string, given: string];
  readonly gender: 'M' | 'F';
  readonly birthTime: string;
}

function person({ kanji, kana, romaji, gender, birthTime }: Person): Demographics {
  return {
    names: [
      { family: kanji[0], given: [kanji[1]], representation: 'IDE' },
      { family: kana[0], given: [kana[1]], representation: 'SYL' },
      { family: romaji[0], given: [romaji[1]], representation: 'ABC' },
    ],
    administrativeGender: gender,
    birthTime,
  };
}
