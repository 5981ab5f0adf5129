import { kind, optional, type SettingTable, setting } from './settings.ts';

/** What the region's policy says of patients whom other communities know, too. */
export const COMMUNITY_SETTINGS = {
  discovery: {
    tells: setting(
      kind.list(kind.oneOf('gender', 'address', 'telecom'), { most: 3 }),
      ['gender', 'address', 'telecom'],
      {
        en: 'What other communities may be told of a patient beside name and birth date when they are asked for her (ITI-55): her gender each time, address and telecom only where a community wants them before it can tell.',
        ja: '他地域への患者照会（ITI-55）で氏名と生年月日のほかに伝えてよい項目。性別は毎回、住所と電話は相手が求めたときだけ伝える。',
      },
    ),
    leastDegree: optional(kind.integer(1, 100), {
      en: 'If a community names several patients, the only one with this degree of match or more is meant. Without it, none of them is used.',
      ja: '相手が複数の患者を挙げたとき、この一致度以上がただ 1 人ならその人とみなす。無指定なら誰も使わない。',
    }),
    severalMatches: setting(kind.oneOf('none', 'each'), 'none', {
      en: 'What a community is told when several of our patients fit its question: nobody, or each of them (ten at most).',
      ja: '他地域の照会に複数の患者が合うときの返答。none は誰も返さず、each は全員（10 人まで）を返す。',
    }),
    asksFor: setting(
      kind.list(kind.oneOf('gender', 'address', 'telecom'), { most: 3 }),
      ['gender', 'address', 'telecom'],
      {
        en: 'What a community may be asked for besides when that would tell the patients apart who fit its question. Who asks learns that there is more than one, not how many.',
        ja: '照会に合う患者を見分けるために相手へ追加で求めてよい項目。相手には複数いることだけが伝わり、人数は伝わらない。',
      },
    ),
    rememberAskers: setting(kind.flag, false, {
      en: 'Whether the id by which a community asked for a patient of ours is remembered for as long as it allows, so that our own queries about her there need no discovery.',
      ja: '他地域が照会に添えた患者 ID を、相手が許す期間覚えておくか。覚えれば、その人についての逆向きの照会で患者照会を省ける。',
    }),
    atOnce: setting(kind.integer(1, 1_000), 64, {
      en: 'Discoveries of other communities that are answered at one time; more are told ResponderBusy.',
      ja: '他地域の患者照会を同時に処理する数。超えた分には ResponderBusy と答える。',
    }),
  },
  wideArea: {
    service: optional(kind.name, {
      en: 'The wide-area id service: the name of its entry in the directory, which has an endpoint for ITI-45. Without it: none.',
      ja: '広域連携 ID サービス。連携先一覧での名称で、ITI-45 の endpoint が要る。無指定なら使わない。',
    }),
    mode: setting(kind.oneOf('off', 'before', 'instead'), 'off', {
      en: 'Whether other communities are asked by their wide-area ids: not at all; before they are asked by demographics; or instead of that.',
      ja: '他地域を広域連携 ID で照会するか。off は使わず、before は氏名などによる照会の前に、instead はその代わりに使う。',
    }),
    domain: optional(kind.oid, {
      en: 'The domain in which this region has its own ids at the service; by these, others may ask us. Without it, they cannot.',
      ja: 'サービスでこの地域に割り当てられた ID の OID。他地域はこの ID でこちらに照会できる。無指定ならできない。',
    }),
    device: optional(kind.oid, {
      en: 'The service as receiver of HL7 V3 messages. Without it: our own device.',
      ja: 'HL7 V3 電文の受信者としてのサービスの OID。無指定なら device と同じ。',
    }),
    feed: setting(kind.flag, false, {
      en: 'Whether Patient Identity tells the service of our patients and of each change (ITI-44): regional id, names, gender, birth date, addresses, telecoms. Its entry has an endpoint for ITI-44.',
      ja: '患者 ID 管理がサービスに地域の患者と変更を伝えるか（ITI-44）。伝えるのは地域内共通患者 ID、氏名、性別、生年月日、住所、電話。連携先一覧に ITI-44 の endpoint が要る。',
    }),
    insuranceDomain: optional(kind.oid, {
      en: 'The domain in which the service takes insurance numbers. With it, those that name one person are told, too. Without it, none.',
      ja: 'サービスが被保険者番号を受け付ける OID。指定すれば個人単位の番号も伝える。無指定なら伝えない。',
    }),
  },
} as const satisfies SettingTable;
