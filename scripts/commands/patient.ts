import { ITI_44 } from '../../profiles/pix/iti-44.ts';
import { ITI_45 } from '../../profiles/pix/iti-45.ts';
import { type DemographicsMatch, ITI_47 } from '../../profiles/pdq/iti-47.ts';
import type { AcknowledgementDetail } from '../../profiles/formats/hl7v3.ts';
import { encodeCX } from '../../profiles/formats/datatypes.ts';
import type { NameRepresentation, PersonName } from '../../profiles/patient.ts';
import { CommandError, command, EXIT, option, required, UsageError } from '../command.ts';
import { MESSAGES } from '../messages.ts';
import { patientIdOf, REGION_OPTIONS, withRegion } from '../region.ts';
import { tableOf } from '../table.ts';
import { patientStewardCommands } from './patient-steward.ts';
import { patientImport } from './patient-import.ts';
import { patientMatch, patientRules } from './patient-rules.ts';

const NAME_OPTIONS = {
  kanji: option.text({ en: "'FAMILY GIVEN' in kanji.", ja: '漢字の「姓 名」。' }),
  kana: option.text({ en: "'FAMILY GIVEN' in kana.", ja: '仮名の「姓 名」。' }),
  romaji: option.text({ en: "'FAMILY GIVEN' in Latin letters.", ja: 'ローマ字の「姓 名」。' }),
} as const;

/** There is no `--name`: a Japanese name is written in up to three ways, each of which is told. */
const INSTEAD_OF = {
  '--name': {
    en: "give --kanji, --kana or --romaji, such as --kanji '試験 花子'",
    ja: "--kanji、--kana、--romaji のいずれかで指定してください（例: --kanji '試験 花子'）",
  },
} as const;

const SEX = option.oneOf(['M', 'F', 'UN'], {
  en: 'Administrative sex.',
  ja: '性別（M 男、F 女、UN 区別なし）。',
});

const BIRTH = option.text({ en: 'Birth date, YYYYMMDD.', ja: '生年月日（YYYYMMDD）。' });

const patientFeed = command({
  name: 'patient feed',
  summary: {
    en: 'Tell the region of a patient, as a hospital system does (ITI-44).',
    ja: '病院システムとして患者を地域に登録する（ITI-44）。',
  },
  insteadOf: INSTEAD_OF,
  options: {
    ...REGION_OPTIONS,
    id: required(
      option.text({
        en: "The hospital's number for the patient, 'ID^^^&OID&ISO'.",
        ja: "病院の患者番号 'ID^^^&OID&ISO'。",
      }),
      "'4711^^^&2.999.392.32.10.1&ISO'",
    ),
    ...NAME_OPTIONS,
    birth: BIRTH,
    sex: SEX,
    revise: option.flag({
      en: 'Revise a patient who is known already.',
      ja: '登録済みの患者を更新する。',
    }),
  },
  async run({ folder, as, url, id, revise, birth, sex, ...names }, { print, progress }) {
    const patientId = patientIdOf(id, '--id');
    const written = namesOf(names);
    if (written.length === 0) throw nameNeeded();
    const feed = async () =>
      withRegion({ folder, as, url }, async ({ ask, transmission, config }) =>
        ask(ITI_44, 'patient-identity', {
          kind: revise ? 'revise' : 'add',
          transmission: transmission(),
          ids: [patientId],
          otherIds: [],
          demographics: {
            names: written,
            ...(sex === undefined ? {} : { administrativeGender: sex }),
            ...(birth === undefined ? {} : { birthTime: birthOf(birth) }),
          },
          providerOrganization: { id: patientId.assigningAuthority },
          custodian: config.device,
        }),
      );
    const { code, details } = await progress(
      { en: 'waiting for the region', ja: '地域の応答を待っています' },
      feed,
    );
    if (code !== 'CA') throw refused(details);
    print({ en: 'the region knows the patient', ja: '患者を登録しました' }, { accepted: true });
    return EXIT.done;
  },
});

const patientFind = command({
  name: 'patient find',
  summary: {
    en: 'Find a patient in the own region by number (ITI-45) or by name, birth date and sex (ITI-47).',
    ja: '自地域の患者を、番号（ITI-45）または氏名・生年月日・性別（ITI-47）で探す。',
  },
  insteadOf: INSTEAD_OF,
  options: {
    ...REGION_OPTIONS,
    id: option.text({
      en: "A number of the patient, 'ID^^^&OID&ISO': gives her other numbers.",
      ja: "患者番号 'ID^^^&OID&ISO'。ほかの番号を返す。",
    }),
    ...NAME_OPTIONS,
    birth: BIRTH,
    sex: SEX,
  },
  async run({ folder, as, url, id, birth, sex, ...names }, { print, progress }) {
    const waiting = { en: 'waiting for the region', ja: '地域の応答を待っています' };
    if (id !== undefined) {
      const queried = patientIdOf(id, '--id');
      const answer = await progress(waiting, async () =>
        withRegion({ folder, as, url }, async ({ ask, transmission, issue }) =>
          ask(ITI_45, 'patient-identity', {
            transmission: transmission(),
            queryId: { root: issue.uuid() },
            patientIdentifier: queried,
            dataSources: [],
          }),
        ),
      );
      // 204: the patient identifier is not known. Source: ITI TF-2: 3.45.4.2.3.
      const isUnknown = answer.details.some(({ code }) => code === '204');
      if (answer.acknowledgement !== 'AA' && !isUnknown) throw refused(answer.details);
      const ids = answer.ids.map(encodeCX);
      print(ids.length === 0 ? NONE : ids.join('\n'), { ids });
      return ids.length === 0 ? EXIT.nothingToDo : EXIT.done;
    }
    const asked = namesOf(names);
    if (asked.length === 0 && birth === undefined) throw nameNeeded();
    const answer = await progress(waiting, async () =>
      withRegion({ folder, as, url }, async ({ ask, transmission, issue }) =>
        ask(ITI_47, 'patient-identity', {
          transmission: transmission(),
          queryId: { root: issue.uuid() },
          criteria: {
            ...(asked.length === 0 ? {} : { livingSubjectName: asked }),
            ...(sex === undefined ? {} : { livingSubjectAdministrativeGender: sex }),
            ...(birth === undefined ? {} : { livingSubjectBirthTime: { value: birthOf(birth) } }),
          },
          scopingOrganizations: [],
        }),
      ),
    );
    if (answer.acknowledgement !== 'AA') throw refused(answer.details);
    print(matchLines(answer.matches), { matches: answer.matches });
    return answer.matches.length === 0 ? EXIT.nothingToDo : EXIT.done;
  },
});

/** `kakehashi patient …` */
export const patientCommands = [
  patientFeed,
  patientFind,
  patientImport,
  patientMatch,
  patientRules,
  ...patientStewardCommands,
];

const NONE = { en: 'nobody was found', ja: '該当者はありません' };

function matchLines(matches: readonly DemographicsMatch[]) {
  if (matches.length === 0) return NONE;
  return tableOf(
    ['id', 'name', 'birth', 'sex'],
    matches.map(({ ids, otherIds, demographics }) => {
      const [name] = demographics.names;
      const others = otherIds.flatMap(({ id, assigningAuthority }) =>
        id === undefined ? [] : [{ id, assigningAuthority }],
      );
      return [
        [...ids, ...others].map(encodeCX).join(' '),
        name === undefined ? '' : `${name.family} ${name.given.join(' ')}`,
        demographics.birthTime ?? '',
        demographics.administrativeGender ?? '',
      ];
    }),
  ).join('\n');
}

function namesOf(written: {
  readonly kanji: string | undefined;
  readonly kana: string | undefined;
  readonly romaji: string | undefined;
}): readonly PersonName[] {
  return [
    ...nameOf(written.kanji, 'IDE', '--kanji'),
    ...nameOf(written.kana, 'SYL', '--kana'),
    ...nameOf(written.romaji, 'ABC', '--romaji'),
  ];
}

function nameOf(
  text: string | undefined,
  representation: NameRepresentation,
  flag: string,
): readonly PersonName[] {
  if (text === undefined) return [];
  const [family, ...given] = text.trim().split(/[\s\u3000]+/);
  if (family === undefined || family === '' || given.length === 0) {
    throw new UsageError({
      en: `${flag} needs a family and a given name with a space between`,
      ja: `${flag} には姓と名を空白で区切って指定してください`,
    });
  }
  return [{ family, given, representation }];
}

function birthOf(text: string): string {
  if (/^\d{4}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])$/.test(text)) return text;
  throw new UsageError({
    en: '--birth must look like YYYYMMDD',
    ja: '--birth は YYYYMMDD の形でなければなりません',
  });
}

function nameNeeded(): UsageError {
  return new UsageError(
    {
      en: 'a name is needed: --kanji, --kana or --romaji',
      ja: '氏名が必要です: --kanji、--kana または --romaji',
    },
    { next: MESSAGES.forExample("--kanji '試験 花子'") },
  );
}

function refused(details: readonly AcknowledgementDetail[]): CommandError {
  const reasons = details.map(({ code, text }) => [code, text].filter(Boolean).join(' '));
  const what = reasons.length === 0 ? '-' : reasons.join('; ');
  return new CommandError(
    { en: `the region refused: ${what}`, ja: `地域に拒否されました: ${what}` },
    {
      next: {
        en: 'compare the number and its OID with directory.yaml and kakehashi.yaml of the region',
        ja: '番号と OID を地域の directory.yaml と kakehashi.yaml に照らしてください',
      },
    },
  );
}
