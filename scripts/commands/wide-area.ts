import { readConfig } from '../../gateway/config.ts';
import type { Reissued, Resolved } from '../../actors/patient-identity/wide-area-keeping.ts';
import { encodeCX } from '../../profiles/formats/datatypes.ts';
import { askingProcess } from '../asking.ts';
import { CommandError, command, type Desk, EXIT, option, required } from '../command.ts';
import type { Text } from '../messages.ts';
import { patientIdOf } from '../region.ts';
import { wideAreaFeedCommands } from './wide-area-feed.ts';

const ID = required(
  option.text({
    en: "A regional id of a network, or a wide-area id, 'ID^^^&OID&ISO'.",
    ja: "地域内共通患者 ID または広域連携 ID 'ID^^^&OID&ISO'。",
  }),
  "'R-1^^^&2.999.392.33.1&ISO'",
);

const BY = required(
  option.text({
    en: 'Your name: it is kept with the change and in the audit trail.',
    ja: '操作者の氏名。変更とともに監査証跡に残る。',
  }),
  "'担当 一郎'",
);

const REASON = option.text({
  en: 'Why, in a few words; kept with the change.',
  ja: '理由（短い文）。変更とともに残る。',
});

const resolveCommand = command({
  name: 'wide-area resolve',
  summary: {
    en: 'The wide-area ids of a person in each network, by any id of hers.',
    ja: '患者の ID から、各ネットワークでの広域連携 ID を求める。',
  },
  arguments: { id: ID },
  options: {
    folder: option.folder(),
    by: BY,
    for: option.text({
      en: 'The community whose id is wanted, urn:oid:… [all].',
      ja: '求める地域（urn:oid:…）[すべて]。',
    }),
  },
  async run({ folder, id, by, for: community }, desk) {
    const found = await asking<Resolved | null>(folder, 'wide-area.resolve', {
      id: encodeCX(patientIdOf(id, 'ID')),
      by,
    });
    const communities = (found?.communities ?? []).filter(
      ({ homeCommunityId }) => community === undefined || homeCommunityId === community,
    );
    const lines = communities.map(
      ({ homeCommunityId, wideAreaId }) => `${homeCommunityId}  ${encodeCX(wideAreaId)}`,
    );
    desk.print(lines.join('\n') || NOBODY, found && { ...found, communities });
    return communities.length > 0 ? EXIT.done : EXIT.nothingToDo;
  },
});

const retireCommand = command({
  name: 'wide-area retire',
  summary: {
    en: 'Take a patient of a network out of the service: none of her ids is answered any more.',
    ja: 'ネットワークの患者をサービスから外す。その ID には以後答えない。',
  },
  arguments: { id: ID },
  options: { folder: option.folder(), by: BY, reason: REASON },
  run: ({ folder, ...asked }, desk) => changing('wide-area.retire', folder, { asked, desk }),
});

const reissueCommand = command({
  name: 'wide-area reissue',
  summary: {
    en: 'Give a patient of a network another wide-area id; links stay, and the old id is answered still.',
    ja: 'ネットワークの患者に広域連携 ID を再発行する。名寄せは変わらず、古い ID による照会にも答える。',
  },
  arguments: { id: ID },
  options: { folder: option.folder(), by: BY, reason: REASON },
  run: ({ folder, ...asked }, desk) => changing('wide-area.reissue', folder, { asked, desk }),
});

/** `kakehashi wide-area resolve | retire | reissue`, of a service; `feed-all | refused | retry`, of a region that feeds one. */
export const wideAreaCommands = [
  resolveCommand,
  retireCommand,
  reissueCommand,
  ...wideAreaFeedCommands,
];

const NOBODY: Text = {
  en: 'the service knows nobody by this id',
  ja: 'この ID で答えられる患者はいません',
};

async function changing(
  what: string,
  folder: string,
  {
    asked: { id, by, reason },
    desk,
  }: {
    readonly asked: { readonly id: string; readonly by: string; readonly reason?: string };
    readonly desk: Desk;
  },
) {
  const done = await asking<Reissued>(folder, what, {
    id: encodeCX(patientIdOf(id, 'ID')),
    by,
    reason,
  });
  const { regionalId, wideAreaId } = done;
  const now = wideAreaId ? encodeCX(wideAreaId) : desk.say({ en: 'retired', ja: '廃止' });
  desk.print(`${encodeCX(regionalId)} -> ${now}`, done);
  return EXIT.done;
}

async function asking<Result>(folder: string, what: string, input: unknown): Promise<Result> {
  const config = readConfig(folder);
  if (config.identity.level !== 'wideArea') {
    throw new CommandError(
      {
        en: `${config.name} is a region, no wide-area id service`,
        ja: `${config.name} は地域であり、広域連携 ID サービスではありません`,
      },
      {
        next: {
          en: 'give --folder of the service, whose identity.level is wideArea',
          ja: 'identity.level が wideArea のフォルダーを --folder で指定してください',
        },
      },
    );
  }
  const next = {
    en: 'see kakehashi wide-area resolve for how the id stands',
    ja: 'ID の現状は kakehashi wide-area resolve で確認してください',
  };
  return await askingProcess({ config, next }, what, input);
}
