import { readFileSync } from 'node:fs';
import { parseXml } from '../../profiles/formats/xml.ts';
import { refusalsOf } from '../../profiles/refusal.ts';
import { decodeStoredQuery } from '../../profiles/xds/iti-18.ts';
import {
  explainQuery,
  type ParameterExplanation,
  type QueryExplanation,
} from '../../profiles/xds/stored-query-explanation.ts';
import { CommandError, command, EXIT, option, required, UsageError } from '../command.ts';
import type { Text } from '../messages.ts';
import { readCapture } from '../validate/capture.ts';
import { messageOf } from '../validate/message.ts';

/** `kakehashi documents explain-query`: how a registry reads a stored query, parameter by parameter. */
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
  },
  async run({ file, lenient }, { print, say }) {
    const reading = lenient ? 'lenient' : 'strict';
    const explanation = explainQuery(await requestIn(file), { reading });
    const { name, queryId, transaction, returnType, home, parameters, refusals } = explanation;
    const heading = `${name ?? queryId} (${transaction}, ${returnType}${home === undefined ? '' : `, ${home}`})`;
    const refused = refusals.map(({ code, context }) =>
      say({ en: `refused: ${code}: ${context}`, ja: `拒否: ${code}: ${context}` }),
    );
    const lines = parameters.flatMap((parameter) => linesOf(parameter, say));
    print([heading, ...lines, ...refused, say(conclusion(explanation))].join('\n'), {
      ...explanation,
      parameters: parameters.map(({ refusal, ...parameter }) => ({
        ...parameter,
        ...(refusal === undefined ? {} : { refusal: refusal.message }),
      })),
      refusals: refusals.map(({ code, context }) => ({ code, context })),
    });
    return refusals.length === 0 ? EXIT.done : EXIT.failed;
  },
});

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
