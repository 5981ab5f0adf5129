import { readConfig } from '../../gateway/config.ts';
import type { Explanation, History, HistoryEvent } from '../../actors/patient-identity/explain.ts';
import type { Outcome } from '../../actors/patient-identity/stewarding.ts';
import type { OpenReviews } from '../../gateway/identity-keeping.ts';
import { encodeCX } from '../../profiles/formats/datatypes.ts';
import { command, type Desk, EXIT, option, required, UsageError } from '../command.ts';
import { asking } from '../asking.ts';
import { disclosuresOf } from '../disclosures.ts';
import type { Text } from '../messages.ts';
import { patientIdOf } from '../region.ts';
import { tableOf } from '../table.ts';
import { patientConsumers } from './patient-consumers.ts';
import { patientMisfiled } from './patient-misfiled.ts';
import { tidyReviews } from './patient-tidy.ts';

const EXAMPLE = "'4711^^^&2.999.392.32.10.1&ISO'";

const idArgument = (help: Text) => required(option.text(help), EXAMPLE);

const BY = required(
  option.text({
    en: 'Your name: it is kept with the decision and in the audit trail.',
    ja: '操作者の氏名。判断とともに監査証跡に残る。',
  }),
  "'担当 一郎'",
);

const REASON = option.text({
  en: 'Why, in a few words; kept with the decision.',
  ja: '理由（短い文）。判断とともに残る。',
});

const WHO = { folder: option.folder(), by: BY, reason: REASON } as const;

const A_PATIENT: Text = {
  en: "A number of the patient, 'ID^^^&OID&ISO'.",
  ja: "患者番号 'ID^^^&OID&ISO'。",
};

const patientExplain = command({
  name: 'patient explain',
  summary: {
    en: 'Why an id belongs to its patient: records, links with their evidence, what waits for a person.',
    ja: '番号がその患者に属する理由（記録、名寄せの根拠、確認待ち）を示す。',
  },
  arguments: { id: idArgument(A_PATIENT) },
  options: { folder: option.folder(), by: BY },
  async run({ folder, id, by }, desk) {
    const found = await asking<Explanation | null>(folder, 'patient.explain', {
      id: cxOf(id),
      by,
    });
    if (!found) {
      desk.print(NOBODY, null);
      return EXIT.nothingToDo;
    }
    desk.print(explanationLines(found, desk).join('\n'), found);
    return EXIT.done;
  },
});

const patientHistory = command({
  name: 'patient history',
  summary: {
    en: 'What became of a patient: feeds, decisions and regional ids, in order.',
    ja: '患者の経過（登録、判断、地域共通 ID の変化）を時系列で示す。',
  },
  arguments: { id: idArgument(A_PATIENT) },
  options: { folder: option.folder(), by: BY },
  async run({ folder, id, by }, desk) {
    const found = await asking<History | null>(folder, 'patient.history', { id: cxOf(id), by });
    if (!found) {
      desk.print(NOBODY, null);
      return EXIT.nothingToDo;
    }
    desk.print(found.events.map((event) => eventLine(event, desk)).join('\n'), found);
    return EXIT.done;
  },
});

const patientReview = command({
  name: 'patient review',
  summary: {
    en: 'What waits for a person: list it; accept (one person; of a feed: a correction, let it in) or reject (two people) by number; retry refused moves; tidy a list that an earlier version has filled.',
    ja: '人の確認を待つもの: list 一覧、accept 同一人物（feed は訂正として反映）、reject 別人（番号で指定）、retry 文書の移動の再試行、tidy 旧版が作った一覧の整理。',
  },
  arguments: {
    what: required(
      option.oneOf(['list', 'accept', 'reject', 'retry', 'tidy'], {
        en: 'What to do.',
        ja: '行うこと。',
      }),
      'list',
    ),
    number: option.integer(
      { en: 'The number in the list, to accept or reject.', ja: '一覧の番号（accept、reject）。' },
      { least: 1, most: Number.MAX_SAFE_INTEGER },
    ),
  },
  options: {
    ...WHO,
    after: option.integer(
      {
        en: 'List, or tidy, only those after this number.',
        ja: 'この番号より後だけを一覧・整理する。',
      },
      { least: 0, most: Number.MAX_SAFE_INTEGER },
      0,
    ),
    surviving: option.text({
      en: 'Of a merge: the number that stays [the one that was known first].',
      ja: '統合の場合に残す番号 [先に登録された方]。',
    }),
  },
  async run({ folder, what, number, by, reason, after, surviving }, desk) {
    if (what === 'list') return await listReviews({ folder, by, after }, desk);
    if (what === 'tidy') return await tidyReviews({ folder, by, after }, desk);
    if (what === 'retry') return await retryMoves({ folder, by }, desk);
    if (number === undefined) {
      throw new UsageError({
        en: 'the number of the review is needed',
        ja: '確認待ちの番号が必要です',
      });
    }
    const input = {
      number,
      by,
      reason,
      ...(surviving === undefined ? {} : { surviving: cxOf(surviving, '--surviving') }),
    };
    return done(await asking<Outcome>(folder, `patient.${what}`, input), desk);
  },
});

async function listReviews(
  { folder, by, after }: { folder: string; by: string; after: number },
  desk: Desk,
) {
  const found = await asking<OpenReviews>(folder, 'patient.reviews', { by, after });
  const lines = tableOf(
    ['number', 'kind', 'score', 'rules', 'one', 'other', 'why'],
    found.reviews.map(({ number, kind, score, ruleSet, ids, why }) => [
      String(number),
      kind,
      String(score),
      ruleSet,
      ...[0, 1].map((at) => (ids[at] ?? []).map(encodeCX).join(' ')),
      why.map(({ field, agreement, weight }) => `${field}: ${agreement} (${weight})`).join(', '),
    ]),
  );
  const moves = found.refusedMoves.map(({ from, to, reason = '' }) =>
    desk.say({
      en: `documents of ${to} are still under ${from}: ${reason}; kakehashi patient review retry`,
      ja: `${to} の文書が ${from} に残っています: ${reason}。kakehashi patient review retry で再試行`,
    }),
  );
  const more = found.last === undefined ? [] : [desk.say(moreAfter(found.last))];
  const isEmpty = found.reviews.length + moves.length === 0;
  desk.print(isEmpty ? NOTHING : [...lines, ...more, ...moves].join('\n'), found);
  return isEmpty ? EXIT.nothingToDo : EXIT.done;
}

function moreAfter(last: number): Text {
  return {
    en: `more of them wait: kakehashi patient review list --after ${last}`,
    ja: `続きがあります: kakehashi patient review list --after ${last}`,
  };
}

async function retryMoves({ folder, by }: { folder: string; by: string }, desk: Desk) {
  const { refusedMoves } = await asking<{ refusedMoves: number }>(folder, 'patient.retry', { by });
  desk.print(
    {
      en: `${refusedMoves} moves were refused again`,
      ja: `再び拒否された移動: ${refusedMoves} 件`,
    },
    { refusedMoves },
  );
  return refusedMoves === 0 ? EXIT.done : EXIT.failed;
}

const patientLink = command({
  name: 'patient link',
  summary: {
    en: 'Say that two records are one person’s; no rule parts them again.',
    ja: '二つの記録を同一人物として結び付ける（自動では外れない）。',
  },
  arguments: { id: idArgument(A_PATIENT), other: idArgument(A_PATIENT) },
  options: WHO,
  async run({ folder, id, other, by, reason }, desk) {
    const input = { id: cxOf(id), other: cxOf(other), by, reason };
    return done(await asking<Outcome>(folder, 'patient.link', input), desk);
  },
});

const patientUnlink = command({
  name: 'patient unlink',
  summary: {
    en: 'Part a record from another, or from all; documents go back, and what was disclosed meanwhile is listed.',
    ja: '記録の結び付きを解く。文書も元に戻し、その間の開示を一覧する。',
  },
  arguments: { id: idArgument(A_PATIENT) },
  options: {
    ...WHO,
    from: option.text({
      en: 'The record that it is parted from [all others of the patient].',
      ja: '切り離す相手の番号 [その患者の他のすべて]。',
    }),
  },
  async run({ folder, id, from, by, reason }, desk) {
    const input = {
      id: cxOf(id),
      by,
      reason,
      ...(from === undefined ? {} : { other: cxOf(from, '--from') }),
    };
    const outcome = await asking<Outcome>(folder, 'patient.unlink', input);
    return await doneWithDisclosures(outcome, folder, desk);
  },
});

const patientMerge = command({
  name: 'patient merge',
  summary: {
    en: 'Give up a number for another of the same authority.',
    ja: '同じ発番元の番号を別の番号に統合する。',
  },
  arguments: {
    id: idArgument({ en: 'The number that is given up.', ja: '廃止する番号。' }),
    surviving: idArgument({ en: 'The number that stays.', ja: '残す番号。' }),
  },
  options: WHO,
  async run({ folder, id, surviving, by, reason }, desk) {
    const input = { id: cxOf(id), surviving: cxOf(surviving), by, reason };
    return done(await asking<Outcome>(folder, 'patient.merge', input), desk);
  },
});

const patientUnmerge = command({
  name: 'patient unmerge',
  summary: {
    en: 'Undo a merge: the number, its record and its documents are where they were; disclosures are listed.',
    ja: '統合を取り消す。番号・記録・文書を元に戻し、その間の開示を一覧する。',
  },
  arguments: { id: idArgument({ en: 'The number that was given up.', ja: '廃止された番号。' }) },
  options: WHO,
  async run({ folder, id, by, reason }, desk) {
    const outcome = await asking<Outcome>(folder, 'patient.unmerge', { id: cxOf(id), by, reason });
    return await doneWithDisclosures(outcome, folder, desk);
  },
});

/** `kakehashi patient explain | history | review … | link | unlink | merge | unmerge` */
export const patientStewardCommands = [
  patientExplain,
  patientHistory,
  patientReview,
  patientLink,
  patientUnlink,
  patientMerge,
  patientUnmerge,
  patientConsumers,
  patientMisfiled,
];

const NOBODY: Text = { en: 'the id is not known', ja: 'この番号は登録されていません' };
const NOTHING: Text = { en: 'nothing waits for a person', ja: '確認待ちはありません' };

function cxOf(text: string, name = 'ID'): string {
  return encodeCX(patientIdOf(text, name));
}

function outcomeLines({ patients, refusedMoves }: Outcome, desk: Desk): readonly string[] {
  const lines = patients.map(({ id, regionalId }) => `${encodeCX(id)} -> ${encodeCX(regionalId)}`);
  if (refusedMoves === 0) return lines;
  return [
    ...lines,
    desk.say({
      en: `${refusedMoves} moves of documents were refused; see kakehashi patient review list`,
      ja: `文書の移動が ${refusedMoves} 件拒否されました。kakehashi patient review list を見てください`,
    }),
  ];
}

function done(outcome: Outcome, desk: Desk) {
  desk.print(outcomeLines(outcome, desk).join('\n') || DONE, outcome);
  return outcome.refusedMoves === 0 ? EXIT.done : EXIT.failed;
}

const DONE: Text = { en: 'done', ja: '完了しました' };

async function doneWithDisclosures(outcome: Outcome, folder: string, desk: Desk) {
  const { shared } = outcome;
  const disclosures = shared
    ? await desk.progress({ en: 'reading the audit trail', ja: '監査証跡を読んでいます' }, () =>
        disclosuresOf(readConfig(folder), shared, desk),
      )
    : [];
  const heading = desk.say({
    en: `${disclosures.length} disclosures while they were one patient, each to be looked at:`,
    ja: `同一患者として扱われていた間の開示 ${disclosures.length} 件（各件の確認が必要です）:`,
  });
  const lines = disclosures.map(({ at, type, typeName, requestor = '', patients }) =>
    [at, type, typeName, requestor, patients.join(' ')].filter(Boolean).join('  '),
  );
  desk.print([...outcomeLines(outcome, desk), heading, ...lines].join('\n'), {
    ...outcome,
    disclosures,
  });
  return outcome.refusedMoves === 0 ? EXIT.done : EXIT.failed;
}

function explanationLines(found: Explanation, desk: Desk): readonly string[] {
  const { asked, domain, subsumedBy, regionalId, records, inForce, reviews } = found;
  const owner = domain.owner === undefined ? '' : `, ${domain.owner}`;
  const words = desk.say({ en: 'of', ja: '種別' });
  return [
    `${encodeCX(asked)} (${words} ${domain.kind}${owner})`,
    ...(subsumedBy ? [desk.say({ en: 'subsumed by ', ja: '統合先 ' }) + encodeCX(subsumedBy)] : []),
    `${desk.say({ en: 'patient', ja: '患者' })} ${encodeCX(regionalId)}`,
    ...records.map(({ record, ids, subsumed, mergedInto }) => {
      const given = subsumed.map(({ id, by }) => `${encodeCX(id)} => ${by}`);
      const into = mergedInto === undefined ? '' : ` => #${mergedInto}`;
      return `  #${record}${into}  ${[...ids.map(encodeCX), ...given].join(' ')}`;
    }),
    ...inForce.map((decision) => `  ${decisionLine(decision)}${decision.byHand ? ' *' : ''}`),
    ...reviews.map(
      ({ number, kind, low, high, score }) =>
        `  ${desk.say({ en: 'review', ja: '確認待ち' })} ${number} ${kind} #${low} #${high} ${score}`,
    ),
  ];
}

function decisionLine(decision: Explanation['inForce'][number]): string;
function decisionLine(decision: Extract<HistoryEvent, { kind: 'decision' }>): string;
function decisionLine(
  decision: Explanation['inForce'][number] | Extract<HistoryEvent, { kind: 'decision' }>,
): string {
  const { records, verdict, score, ruleSet, thresholds, why, by, reason, at } = decision;
  const evidence = why.map(
    ({ field, agreement, weight }) => `${field}: ${agreement} (${weight > 0 ? '+' : ''}${weight})`,
  );
  return [
    at,
    `#${records[0]} #${records[1]}`,
    verdict,
    score === undefined ? '' : String(score),
    ruleSet ?? '',
    thresholds === undefined ? '' : `(auto >= ${thresholds.auto}, review >= ${thresholds.review})`,
    by,
    reason ?? '',
    evidence.join(', '),
  ]
    .filter((word) => word !== '')
    .join('  ');
}

function eventLine(event: HistoryEvent, desk: Desk): string {
  switch (event.kind) {
    case 'decision':
      return decisionLine(event);
    case 'fed': {
      const what = desk.say({
        en: `fed, version ${event.version}`,
        ja: `登録 第 ${event.version} 版`,
      });
      return `${event.at}  #${event.record}  ${what}  ${event.by}`;
    }
    case 'placed':
      return `${event.at}  #${event.record}  -> ${event.regionalId}`;
  }
}
