import type { Random } from './random.ts';
import { POPULATION } from './rates.ts';

/** Where somebody lives, in parts, as the register has it. */
export interface Place {
  readonly prefecture: string;
  readonly city: string;
  readonly town: string;
  /** 大字 before the town, where the town is one. */
  readonly isOaza: boolean;
  /** 丁目; undefined where lots are counted instead (番地). */
  readonly chome: number | undefined;
  readonly block: number;
  readonly house: number | undefined;
  readonly building: string | undefined;
  readonly room: string | undefined;
  readonly postalCode: string;
  readonly areaCode: string;
}

/** Towns that do not exist, in prefectures that do. The area code is the prefecture's. */
const CITIES: readonly (readonly [string, string, string, string])[] = [
  ['岡山県', '緑川市', '70', '086'],
  ['岡山県', '白石台市', '71', '086'],
  ['岡山県', '北谷郡水上町', '72', '086'],
  ['香川県', '浜瀬市', '76', '087'],
  ['香川県', '塩見市', '77', '087'],
  ['島根県', '雲見市', '69', '0852'],
  ['島根県', '神戸川市', '68', '0852'],
  ['島根県', '東山郡竹ヶ谷村', '67', '0852'],
  ['広島県', '三ツ浜市', '73', '082'],
  ['鳥取県', '砂見市', '66', '0857'],
];

const TOWNS: readonly string[] = (
  '中央 桜坂 西町 東町 北町 南町 港町 本町 湖畔町 ケ丘町 松の木 西岡 東岡 新田 上野原 下野原 大手町 栄町 旭町 緑ヶ丘 朝日丘 花園 泉町 元町 ' +
  '寺町 川原町 浜町 城下 大谷 小谷 高台 若葉台 青葉町 千代田 鶴見 亀山 黒田 白浜 石原 古市 八幡 天神 宮前 田中 長沢 柳原 富士見 桜ヶ丘'
).split(' ');

const BUILDINGS: readonly string[] = (
  'グリーンハイツ コーポ桜 メゾン緑 サンライズ中央 パークハイツ 県営住宅 市営住宅 コーポラス青葉 シャトー港 ハイム東 レジデンス城下 ビレッジ泉 ' +
  'エステート旭 ロイヤルハイツ プラザ本町 第二緑荘 若葉荘 さくら荘 ドミール西 リバーサイド'
).split(' ');

/** A place to live. */
export function placeToLive(random: Random): Place {
  const [prefecture, city, code, areaCode] = random.of(CITIES);
  const at = random.whole(0, TOWNS.length - 1);
  const town = TOWNS[at] ?? '';
  const inApartment = random.chance(POPULATION.livesInApartments.rate);
  const hasChome = random.chance(0.6);
  return {
    prefecture,
    city,
    town,
    isOaza: !hasChome && random.chance(0.4),
    chome: hasChome ? random.whole(1, 8) : undefined,
    block: hasChome ? random.whole(1, 40) : random.whole(1, 2500),
    house: hasChome || random.chance(0.4) ? random.whole(1, 30) : undefined,
    building: inApartment ? random.of(BUILDINGS) : undefined,
    room: inApartment ? `${random.whole(1, 9)}0${random.whole(1, 9)}` : undefined,
    postalCode: `${code}${String(at).padStart(2, '0').slice(0, 1)}${String(1000 + at * 37).slice(0, 4)}`,
    areaCode,
  };
}

/** A phone of the house. Exchanges that begin with 0 are given to nobody. */
export function housePhone(random: Random, { areaCode }: Place): readonly string[] {
  const local = 10 - areaCode.length - 4;
  const exchange = `0${String(random.whole(0, 10 ** (local - 1) - 1)).padStart(local - 1, '0')}`;
  return [areaCode, exchange, String(random.whole(0, 9999)).padStart(4, '0')];
}

/** A mobile phone; 0x0-0xxx is given to nobody. */
export function mobilePhone(random: Random): readonly string[] {
  const exchange = `0${String(random.whole(0, 999)).padStart(3, '0')}`;
  return [
    random.of(['070', '080', '090', '090']),
    exchange,
    String(random.whole(0, 9999)).padStart(4, '0'),
  ];
}
