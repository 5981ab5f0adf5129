import { ITI_18 } from '../../profiles/xds/iti-18.ts';
import { command, EXIT, option, required } from '../command.ts';
import { type DocumentHistory, type DocumentLink, historyOf } from '../document-history.ts';
import type { Text } from '../messages.ts';
import { REGION_OPTIONS, withRegion } from '../region.ts';
import { tableOf } from '../table.ts';

/** `kakehashi documents history`: every version of a document's metadata, and what became of it. */
export const documentsHistory = command({
  name: 'documents history',
  summary: {
    en: "Show every version of a document's metadata, and what replaced it or holds it (ITI-18).",
    ja: '文書のメタデータの全版と、置き換え・関連・フォルダーを示す（ITI-18）。',
  },
  arguments: {
    id: required(
      option.text({
        en: "The document's or folder's uniqueId, or the entryUUID of one of its versions.",
        ja: '文書またはフォルダーの uniqueId、またはいずれかの版の entryUUID。',
      }),
    ),
  },
  options: REGION_OPTIONS,
  async run({ folder, as, url, id }, { print, progress, say }) {
    const history = await progress({ en: 'asking the registry', ja: '照会中です' }, async () =>
      withRegion({ folder, as, url }, (region) =>
        historyOf(id, (query) => region.ask(ITI_18, 'document-registry', query)),
      ),
    );
    const found = history.versions.length > 0;
    const none = { en: 'no such document was found', ja: '該当する文書はありません' };
    print(found ? linesOf(history, say).join('\n') : none, history);
    return found ? EXIT.done : EXIT.nothingToDo;
  },
});

function linesOf(
  { versions, links }: DocumentHistory,
  say: (text: Text | string) => string,
): readonly string[] {
  const heading = ['uniqueId', 'version', 'status', 'entryUUID', 'submitted', 'sourceId'];
  const rows = versions.map((one) => [
    one.uniqueId,
    String(one.version),
    one.availabilityStatus ?? '',
    one.entryUUID,
    one.submissionTime ?? '',
    one.sourceId ?? '',
  ]);
  return [...tableOf(heading, rows), ...links.map((link) => say(textOf(link)))];
}

function textOf(link: DocumentLink): Text {
  const { type, direction, availabilityStatus, otherUniqueId, otherEntryUUID, entryUUID } = link;
  const other = otherUniqueId ?? otherEntryUUID;
  const tail = availabilityStatus === 'Deprecated' ? ' (Deprecated)' : '';
  if (type === 'HasMember' && direction === 'to') {
    return {
      en: `the Folder ${entryUUID} holds ${other}${tail}`,
      ja: `フォルダー ${entryUUID} に ${other} が入っています${tail}`,
    };
  }
  if (type === 'HasMember') {
    return {
      en: `${entryUUID} is in the Folder ${other}${tail}`,
      ja: `${entryUUID} はフォルダー ${other} に入っています${tail}`,
    };
  }
  return direction === 'to'
    ? {
        en: `${entryUUID} is ${type} of ${other}${tail}`,
        ja: `${entryUUID} は ${other} に対する ${type} です${tail}`,
      }
    : {
        en: `${other} is ${type} of ${entryUUID}${tail}`,
        ja: `${other} は ${entryUUID} に対する ${type} です${tail}`,
      };
}
