import {
  type MatchingRecord,
  type Normalised,
  normalised,
} from '../../../../actors/patient-identity/matching/normalised.ts';

/** A registration in few words; what is left out is that of 試験 太郎, born on 1 January 1970. */
export interface Written {
  readonly id?: string;
  readonly authority?: string;
  readonly kanji?: readonly [string, string];
  readonly kana?: readonly [string, string];
  readonly romaji?: readonly [string, string];
  readonly birth?: string;
  readonly birthText?: string;
  readonly sex?: 'M' | 'F' | 'UN';
  readonly phone?: string;
  readonly address?: string;
  readonly postal?: string;
  readonly insurance?: readonly [string, string, string, string];
}

const TARO = {
  id: '1',
  authority: '2.999.1',
  kanji: ['試験', '太郎'],
  kana: ['シケン', 'タロウ'],
  birth: '19700101',
  sex: 'M',
  phone: '086-000-1001',
  address: '岡山県緑川市中央1-2-3',
  postal: '700-0001',
  insurance: ['01339019', '12345', '101', '00'],
} as const satisfies Written;

/** The record as a source sends it. Each hospital is an authority of its own. */
export function aRecord(written: Written = {}): MatchingRecord {
  const { id, authority, kanji, kana, romaji, birth, birthText, sex, ...others }: Written = {
    ...TARO,
    ...written,
  };
  const name = (
    form: readonly [string, string] | undefined,
    representation: 'IDE' | 'SYL' | 'ABC',
  ) =>
    form === undefined || form.join('') === ''
      ? []
      : [{ family: form[0], given: form[1] === '' ? [] : [form[1]], representation }];
  const [insurer = '', symbol = '', number = '', branch = ''] = others.insurance ?? [];
  return {
    ids: [{ id: id ?? '', assigningAuthority: authority ?? '' }],
    demographics: {
      names: [...name(kanji, 'IDE'), ...name(kana, 'SYL'), ...name(romaji, 'ABC')],
      ...(birth ? { birthTime: birth } : {}),
      ...(birthText ? { birthText } : {}),
      ...(sex ? { administrativeGender: sex } : {}),
      ...(others.phone ? { telecoms: [{ value: `tel:${others.phone}` }] } : {}),
      ...(others.address
        ? { addresses: [{ streetAddressLine: [others.address], postalCode: others.postal ?? '' }] }
        : {}),
      ...(insurer ? { insurance: [{ insurer, symbol, number, branch }] } : {}),
    },
  };
}

/** The record as it is compared. */
export function aPerson(written: Written = {}): Normalised {
  return normalised(aRecord(written));
}

/** What is known of nobody's household. */
export const NO_HOUSEHOLD = {
  phone: '',
  address: '',
  postal: '',
  insurance: ['', '', '', ''],
} as const;
