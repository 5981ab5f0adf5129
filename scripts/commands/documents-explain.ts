import { readFileSync } from 'node:fs';
import { parseXml } from '../../profiles/formats/xml.ts';
import { refusalsOf } from '../../profiles/refusal.ts';
import { decodeStoredQuery, ITI_18 } from '../../profiles/xds/iti-18.ts';
import { ITI_51 } from '../../profiles/xds/iti-51.ts';
import {
  explainQuery,
  type ParameterExplanation,
  type QueryExplanation,
} from '../../profiles/xds/stored-query-explanation.ts';
import type { AdhocQueryRequest } from '../../profiles/xds/stored-queries.ts';
import { CommandError, command, EXIT, option, required, UsageError } from '../command.ts';
import type { Text } from '../messages.ts';
import { errorLines } from '../documents.ts';
import { type QueryStep, type QuerySteps, stepsOf } from '../query-steps.ts';
import { REGION_OPTIONS, withRegion } from '../region.ts';
import { readCapture } from '../validate/capture.ts';
import { messageOf } from '../validate/message.ts';

/** `kakehashi documents explain-query`: how a registry reads a stored query, and with `--folder` why it finds what it finds. */
export const explainQueryCommand = command({
  name: 'documents explain-query',
  summary: {
    en: 'Tell how a registry reads a stored query, and what each parameter asks (ITI-18, ITI-51).',
    ja: '照会をレジストリーがどう読み、各パラメーターが何を求めるかを示す（ITI-18、ITI-51）。',
  },
  arguments: {
    file: required(
      option.file({
        en: 'A SOAP message, its body, or an HTTP capture; - for standard input.',
        ja: 'SOAP 電文・その本体・HTTP の記録。- なら標準入力。',
      }),
    ),
  },
  options: {
    lenient: option.flag({
      en: 'As a registry reads that takes what peers commonly write wrong.',
      ja: 'よくある書き方の誤りを許すレジストリーとして読む。',
    }),
    ...REGION_OPTIONS,
    folder: option.directory({
      en: 'Also ask the registry of the region of this folder, step by step, and tell which parameter leaves what over.',
      ja: 'この地域のレジストリーに段階的に照会し、どのパラメーターで何件残るかも示す。',
    }),
  },
  async run({ file, lenient, folder, as, url }, { print, say, progress }) {
    const reading = lenient ? 'lenient' : 'strict';
    const request = await requestIn(file);
    const explanation = explainQuery(request, { reading });
    const steps =
      folder === undefined
        ? undefined
        : await progress({ en: 'asking the registry', ja: '照会中です' }, () =>
            foundBy(request, explanation, { folder, as, url }),
          );
    const { name, queryId, transaction, returnType, home, parameters, refusals } = explanation;
    const heading = `${name ?? queryId} (${transaction}, ${returnType}${home === undefined ? '' : `, ${home}`})`;
    const refused = refusals.map(({ code, context }) =>
      say({ en: `refused: ${code}: ${context}`, ja: `拒否: ${code}: ${context}` }),
    );
    const lines = parameters.flatMap((parameter) => linesOf(parameter, say));
    const why = steps === undefined ? [] : stepLines(steps, say);
    print([heading, ...lines, ...refused, say(conclusion(explanation)), ...why].join('\n'), {
      ...explanation,
      ...steps,
      parameters: parameters.map(({ refusal, ...parameter }) => ({
        ...parameter,
        ...(refusal === undefined ? {} : { refusal: refusal.message }),
      })),
      refusals: refusals.map(({ code, context }) => ({ code, context })),
    });
    return refusals.length === 0 ? EXIT.done : EXIT.failed;
  },
});

/** Asks the region's registry; undefined where the query is refused before anything is searched. */
async function foundBy(
  request: AdhocQueryRequest,
  { name, refusals, transaction }: QueryExplanation,
  region: Parameters<typeof withRegion>[0],
): Promise<QuerySteps | undefined> {
  if (name === undefined || refusals.length > 0) return undefined;
  const by = transaction === 'ITI-51' ? ITI_51 : ITI_18;
  return await withRegion(region, ({ ask }) =>
    stepsOf(request, name, (query) => ask(by, 'document-registry', query)),
  );
}

function stepLines(
  { steps, missing, answer }: QuerySteps,
  say: (text: Text | string) => string,
): readonly string[] {
  const failed = answer.errors.length > 0 ? `: ${errorLines(answer.errors).join('; ')}` : '';
  return [
    say({
      en: 'what the registry finds with each parameter more:',
      ja: '条件を加えるごとに残る数:',
    }),
    ...steps.map((step) => `  ${stepText(step, say)}`),
    ...missing.map(({ name, value }) =>
      say({
        en: `  nothing is shown of ${value} (${name})`,
        ja: `  ${value}（${name}）は見つかりません`,
      }),
    ),
    say({
      en: `the answer holds ${answer.found} objects${failed}`,
      ja: `応答に含まれるオブジェクト: ${answer.found} 件${failed}`,
    }),
    ...(steps[0]?.found === 0 && missing.length === 0 ? [say(NOTHING)] : []),
  ];
}

const NOTHING: Text = {
  en: 'of what the query is about nothing is shown: is it the id that the registry has, and not one merged away?',
  ja: '照会の対象が見つかりません。レジストリーの ID か、統合で無効になった ID でないか確かめてください',
};

const ASKS: Readonly<Record<QueryStep['asks'], Text>> = {
  about: { en: '', ja: '' },
  'every status': { en: ' (every status and type)', ja: '（全ステータス・全種別）' },
  given: { en: '', ja: '' },
  default: { en: ' (default)', ja: '（既定）' },
};

function stepText(
  { names, asks, found, errors }: QueryStep,
  say: (text: Text | string) => string,
): string {
  const count = found === undefined ? errorLines(errors).join('; ') : String(found);
  return `${count}  ${names.join(', ')}${say(ASKS[asks])}`;
}

async function requestIn(file: string) {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file === '-' ? 0 : file);
  } catch {
    throw new UsageError({ en: 'cannot be read', ja: '読めません' }, { where: file });
  }
  const { xml, isExact } = await readCapture(bytes, undefined);
  try {
    const { payload } = messageOf(parseXml(xml ?? new Uint8Array()), { isExact });
    if (payload !== undefined) return decodeStoredQuery(payload);
  } catch (error) {
    const [refusal] = refusalsOf(error) ?? [];
    if (refusal === undefined) throw error;
    throw notAQuery(file, refusal.context);
  }
  throw notAQuery(file, 'the envelope has no payload');
}

function notAQuery(file: string, reason: string): CommandError {
  return new CommandError(
    { en: `no stored query can be read: ${reason}`, ja: `照会として読めません: ${reason}` },
    {
      where: file,
      next: {
        en: 'kakehashi validate tells every fault with its line',
        ja: 'kakehashi validate で誤りと行を確かめてください',
      },
    },
  );
}

const OUTCOMES: Readonly<Record<ParameterExplanation['outcome'], Text>> = {
  read: { en: 'read', ja: '有効' },
  'left out': { en: 'left out', ja: '無視' },
  refused: { en: 'refused', ja: '拒否' },
  default: { en: 'default', ja: '既定' },
};

function linesOf(
  { name, outcome, values, effect, notes, refusal }: ParameterExplanation,
  say: (text: Text | string) => string,
): readonly string[] {
  const why = refusal === undefined ? say(effect) : refusal.message;
  return [
    `  ${name}: ${say(OUTCOMES[outcome])}: ${why}`,
    ...values.map((value) => `      ${value}`),
    ...notes.map((note) => `      (${say(note)})`),
  ];
}

function conclusion({ refusals }: QueryExplanation): Text {
  return refusals.length === 0
    ? {
        en: 'what is found fits every parameter that was read',
        ja: '有効なパラメーターをすべて満たすものが見つかります',
      }
    : {
        en: 'nothing is searched; the registry answers with the first refusal',
        ja: '検索は行われず、最初の拒否理由が返されます',
      };
}
