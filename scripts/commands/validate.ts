import { readFileSync, statSync } from 'node:fs';
import { readAffinityDomain } from '../../gateway/code-sets.ts';
import { CommandError, command, EXIT, option, required, UsageError } from '../command.ts';
import type { Text } from '../messages.ts';
import { TRANSACTIONS } from '../validate/message.ts';
import type { RuleReport } from '../validate/rule.ts';
import { type Validation, validate } from '../validate/validate.ts';

const MOST_BYTES = 256 * 1_048_576;

/** `kakehashi validate`: a message or a capture, judged rule by rule. */
export const validateCommand = command({
  name: 'validate',
  summary: {
    en: 'Judge a SOAP message, an ebRIM body or a multipart capture, rule by rule.',
    ja: 'SOAP 電文・ebRIM の本体・multipart の記録を規則ごとに判定する。',
  },
  arguments: {
    file: required(
      option.file({ en: 'The file, or - for standard input.', ja: 'ファイル。- なら標準入力。' }),
    ),
  },
  options: {
    contentType: option.text({
      en: 'Content-Type of a body captured without its HTTP header.',
      ja: 'HTTP ヘッダーのない本体の Content-Type。',
    }),
    transaction: option.text({
      en: 'The transaction, such as ITI-38, where the message does not tell.',
      ja: '電文から分からない場合のトランザクション（例 ITI-38）。',
    }),
    codes: option.file({
      en: "The affinity domain's code sets, to look up codes in.",
      ja: 'コードを確かめるための地域のコード表。',
    }),
    faults: option.flag({
      en: 'Leave out the rules that passed.',
      ja: '合格した規則を表示しない。',
    }),
  },
  async run({ file, contentType, transaction, codes, faults }, { print, say }) {
    const known = TRANSACTIONS.map(({ id }) => id);
    if (transaction !== undefined && !known.includes(transaction)) {
      throw new UsageError({
        en: `--transaction must be one of ${known.join(', ')}`,
        ja: `--transaction は ${known.join('、')} のいずれかです`,
      });
    }
    const validation = await validate(contentsOf(file), {
      ...(contentType === undefined ? {} : { contentType }),
      ...(transaction === undefined ? {} : { transaction }),
      ...(codes === undefined ? {} : { domain: readAffinityDomain(codes, 'refuse') }),
    });
    const shown = validation.rules.filter(({ verdict }) => !faults || verdict !== 'pass');
    const lines = shown.flatMap((rule) => linesOf(rule, say));
    print([...lines, say(conclusion(validation))].join('\n'), { ...validation, rules: shown });
    return validation.passed ? EXIT.done : EXIT.failed;
  },
});

function contentsOf(file: string): Buffer {
  let bytes: Buffer;
  try {
    if (file !== '-' && statSync(file).size > MOST_BYTES) throw tooLarge(file);
    bytes = readFileSync(file === '-' ? 0 : file);
  } catch (error) {
    if (error instanceof CommandError) throw error;
    throw new UsageError({ en: 'cannot be read', ja: '読めません' }, { where: file });
  }
  if (bytes.length > MOST_BYTES) throw tooLarge(file);
  return bytes;
}

function tooLarge(where: string): CommandError {
  return new CommandError({ en: 'larger than 256 MiB', ja: '256 MiB を超えています' }, { where });
}

const MARKS = { pass: 'ok  ', warning: 'warn', failure: 'FAIL' } as const;

function linesOf({ rule, what, verdict, findings }: RuleReport, say: (text: Text) => string) {
  return [
    `${MARKS[verdict]} ${rule}: ${say(what)}`,
    ...findings.map(({ line, object, reason, verdict: worth }) => {
      const place = [
        line === undefined ? '' : say({ en: `line ${line}`, ja: `${line} 行目` }),
        object ?? '',
      ];
      const where = place.filter((each) => each !== '').join(', ');
      return `     ${MARKS[worth].trim()}${where === '' ? '' : ` ${where}`}: ${say(reason)}`;
    }),
  ];
}

function conclusion({ rules, transaction, direction }: Validation): Text {
  const count = (wanted: RuleReport['verdict']) =>
    rules.filter(({ verdict }) => verdict === wanted).length;
  const what = [transaction, direction].filter((each) => each !== undefined).join(' ');
  const side = direction === 'answer' ? '応答' : '要求';
  return {
    en: `${what === '' ? 'message' : what}: ${count('pass')} rules passed, ${count('warning')} warned, ${count('failure')} failed`,
    ja: `${transaction === undefined ? '電文' : `${transaction} ${side}`}: 合格 ${count('pass')}、警告 ${count('warning')}、不合格 ${count('failure')}`,
  };
}
