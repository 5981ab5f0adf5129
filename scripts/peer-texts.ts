import type { PeerFailure } from '../actors/actor.ts';
import type { Finding } from '../certs/findings.ts';
import { Fault } from '../profiles/refusal.ts';
import { type Text, type Translations, translated } from './messages.ts';
import { findingsText } from './operator-texts.ts';

/** What a far end did wrong, as the sender says it, in Japanese. What is not in the table, such as ECONNREFUSED, stays as it is. */
const REASONS: Translations = [
  [/^no answer within (\d+) ms$/, '$1 ミリ秒以内に応答がありません'],
  [/^answered with a SOAP fault (\w+)$/, 'SOAP フォールト（$1）が返りました'],
  [/^no endpoint is known for (.*)$/, '$1 の接続先が登録されていません'],
  [/^the answer cannot be read: (.*)$/, '応答を読めません: $1'],
  [/^the answer is larger than (\d+) bytes$/, '応答が $1 バイトを超えています'],
  [/^answered (\d+) without a media type, not SOAP$/, 'SOAP でない応答です（HTTP $1）'],
  [/^answered (\d+) (.*), not SOAP$/, 'SOAP でない応答です（HTTP $1、$2）'],
  [/^answered with the action (.*), expected (.*)$/, '応答の action が $1 です（$2 のはずです）'],
  [/^answered another message than the one that was sent$/, '送った電文に対する応答ではありません'],
  [/^answered 202, and was not asked to$/, '応答本体のない HTTP 202 が返りました'],
  [/^connection failed$/, '接続に失敗しました'],
];

/** Why a far end failed, for people: with the reason of its fault, where it gave one. */
export function peerFailureText({ message, cause }: PeerFailure): Text {
  const told = { en: message, ja: inJapanese(message, cause) };
  if (!(cause instanceof Fault)) return told;
  return { en: `${told.en}: ${cause.context}`, ja: `${told.ja}: ${cause.context}` };
}

function inJapanese(message: string, cause: unknown): string {
  const findings = findingsIn(cause);
  if (findings.length > 0) return findingsText(findings).ja;
  return translated(message, REASONS);
}

/** What was found against a server's certificate (`ServerRefused`); by its form, so that nothing of TLS is loaded here. */
function findingsIn(cause: unknown): readonly Finding[] {
  const { rejection } = Object(cause) as { rejection?: { findings?: readonly Finding[] } };
  return rejection?.findings ?? [];
}
