import { type Translations, translated } from './messages.ts';

/** Why Patient Identity did not do what an operator asked, as it says it, in Japanese. */
const REASONS: Translations = [
  [/^both are ids of one and the same record$/, '両方とも同じ記録の番号です'],
  [
    /^the regional id has several records: name one by its own id$/,
    '地域共通 ID に複数の記録があります。いずれかの記録の番号で指定してください',
  ],
  [
    /^the id is not known, or was subsumed by another$/,
    'この番号は登録されていないか、別の番号に統合されています',
  ],
  [/^a record of the review is not there any more$/, '確認対象の記録はもうありません'],
  [/^review (\d+) is not open$/, '確認待ち $1 はありません'],
  [/^the record is linked to no other$/, 'この記録は他の記録と結び付いていません'],
  [
    /^someone has said of two of their records that they are not one person$/,
    '双方の記録のうち二つが、別人と判断されています',
  ],
  [/^the id is not subsumed$/, 'この番号は統合されていません'],
  [/^the two records were merged meanwhile$/, '二つの記録はその間に統合されました'],
  [/^nobody else is left under the other id$/, '統合を解くと、統合先の ID に記録が残りません'],
  [/^no record came with the id$/, 'この番号とともに移った記録はありません'],
  [/^the two have no such ids of one authority$/, '双方に、同じ発番元の該当する番号がありません'],
  [
    /^the record was merged meanwhile: reject it, and have it sent again$/,
    '記録はその間に統合されました。reject して、もう一度送ってもらってください',
  ],
  [
    /^an id of the feed has become another’s meanwhile: reject it$/,
    '番号の一つがその間に別の患者のものになりました。reject してください',
  ],
  [/^the Document Registry did not answer$/, 'Document Registry の応答がありません'],
  [/^the patient has no id here any more$/, 'この患者の ID はもうありません'],
  [/^this is no wide-area id service$/, '広域連携 ID サービスではありません'],
  [
    /^no wide-area id service is fed here: set wideArea\.feed$/,
    '広域連携 ID サービスに登録する設定（wideArea.feed）がありません',
  ],
  [/^who (?:decides|asks) must be said$/, '操作者の氏名が必要です'],
  [/^the number of a review is needed$/, '確認待ちの番号が必要です'],
  [/^the (\w+) is needed$/, '$1 が必要です'],
  [/^refused$/, '拒否されました'],
];

/** A reason in Japanese; one that is not of Patient Identity itself, such as a registry's, stays as it is. */
export function stewardReasonInJapanese(reason: string): string {
  return translated(reason, REASONS);
}
