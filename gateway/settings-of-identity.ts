import { kind, optional, type SettingTable, setting } from './settings.ts';

/** On which level a process's Patient Identity stands, and what the upper one needs. */
export const IDENTITY_SETTINGS = {
  identity: {
    level: setting(kind.oneOf('region', 'wideArea'), 'region', {
      en: 'region: the hospitals of a region. wideArea: a wide-area id service, whose sources are networks; actors is then patient-identity alone, in a process of its own.',
      ja: 'region は地域の病院を、wideArea は各地域ネットワークを束ねる広域連携 ID サービス。後者は actors を patient-identity だけにした専用のプロセスで動かす。',
    }),
    networks: setting(
      kind.list(
        kind.row(
          { homeCommunityId: kind.urnOid, affinityDomain: kind.oid, wideAreaDomain: kind.oid },
          { toldTo: kind.list(kind.urnOid, { most: 1_000 }) },
        ),
        { most: 1_000 },
      ),
      [],
      {
        en: 'The networks of a wide-area id service: whose regional ids it takes, and in which domain each has its opaque ids. toldTo names the networks that may be told these; without it: all.',
        ja: '広域連携 ID サービスに加わる地域ネットワーク。地域内共通患者 ID の OID と、サービスが発行する ID の OID。toldTo はその ID を伝えてよいネットワークで、無指定ならすべて。',
      },
    ),
    rules: optional(kind.path, {
      en: 'A rule set in JSON (kakehashi patient rules print --json), by which patients are linked, in place of the one that is built in. It is read at the start; of another one than before, all records are compared anew.',
      ja: '名寄せのルールセット（JSON。例は kakehashi patient rules print --json）。無指定なら組み込みのもの。起動時に読み、前回と異なれば全患者登録を照合し直す。',
    }),
    insuranceKey: optional(kind.path, {
      en: 'A key file (0600, 32 bytes or more): insurance numbers that name one person are kept as its keyed hash, for matching. Without it, no insurance is kept at all.',
      ja: '鍵ファイル（0600、32 バイト以上）。個人単位の被保険者番号をこの鍵でハッシュ化し、名寄せにだけ使う。無指定なら保険の情報は保存しない。',
    }),
  },
} as const satisfies SettingTable;
