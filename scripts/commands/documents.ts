import { command, EXIT, many, option, required } from '../command.ts';
import { explainQueryCommand } from './documents-explain.ts';
import { documentsHistory } from './documents-history.ts';
import { documentsOnDemand } from './documents-on-demand.ts';
import { documentsReconcile, documentsVerify } from './documents-verify.ts';
import { DOCUMENT_TYPES, type DocumentType } from '../document-codes.ts';
import {
  errorLines,
  listedDocuments,
  printedEntry,
  refusedBy,
  retrieveInto,
  submitFiles,
} from '../documents.ts';
import { REGION_OPTIONS, withRegion } from '../region.ts';
import { tableOf } from '../table.ts';

const PATIENT = required(
  option.text({
    en: "A number of the patient that the region knows, 'ID^^^&OID&ISO'.",
    ja: "地域が知っている患者番号 'ID^^^&OID&ISO'。",
  }),
  "'4711^^^&2.999.392.32.10.1&ISO'",
);

const submit = command({
  name: 'documents submit',
  summary: {
    en: 'Submit documents of a patient (ITI-41).',
    ja: '患者の文書を登録する（ITI-41）。',
  },
  arguments: {
    file: required(many(option.file({ en: 'The documents.', ja: '文書のファイル。' }))),
  },
  options: {
    ...REGION_OPTIONS,
    patient: PATIENT,
    type: option.oneOf(
      Object.keys(DOCUMENT_TYPES) as DocumentType[],
      { en: 'What kind of document.', ja: '文書の種類。' },
      'progress',
    ),
    title: option.text({
      en: "Title; the kind's name, if not given.",
      ja: '標題。無指定なら種類の名称。',
    }),
    mimeType: option.text({
      en: 'MIME type; by the ending of the file, if not given.',
      ja: 'MIME タイプ。無指定なら拡張子から決める。',
    }),
    confidentiality: option.oneOf(
      ['N', 'R', 'V'],
      { en: 'Normal, restricted, very restricted.', ja: '機密度: 通常、制限、厳重制限。' },
      'N',
    ),
    sourceId: option.oid({
      en: 'OID to submit under; from the directory, if not given.',
      ja: '登録元の OID。無指定なら連携先一覧から取る。',
    }),
  },
  async run({ folder, as, url, file, ...submission }, { print, progress }) {
    const { response, documents } = await progress({ en: 'sending', ja: '送信中です' }, async () =>
      withRegion({ folder, as, url }, (region) =>
        submitFiles(region, { files: file, ...submission }),
      ),
    );
    if (response.status !== 'Success') throw refusedBy(response.errors);
    print(documents.map(({ uniqueId, title }) => `${uniqueId}  ${title}`).join('\n'), {
      documents,
      warnings: response.errors,
    });
    return EXIT.done;
  },
});

const queryDocuments = command({
  name: 'documents query',
  summary: {
    en: 'List a patient’s documents, in all communities or in one (ITI-18).',
    ja: '患者の文書を全地域または一つの地域で一覧する（ITI-18）。',
  },
  options: {
    ...REGION_OPTIONS,
    patient: PATIENT,
    community: option.homeCommunityId({
      en: 'Ask this community alone.',
      ja: 'この地域だけに照会する。',
    }),
    here: option.flag({
      en: 'Ask the own Document Registry alone.',
      ja: '自地域のレジストリーだけに照会する。',
    }),
  },
  async run({ folder, as, url, patient, community, here }, { print, progress }) {
    const { entries, errors } = await progress(
      { en: 'waiting for the communities', ja: '各地域の応答を待っています' },
      async () =>
        withRegion({ folder, as, url }, (region) =>
          listedDocuments(region, { patient, community, here }),
        ),
    );
    const shown = entries.filter(
      ({ homeCommunityId }) => community === undefined || homeCommunityId === community,
    );
    if (shown.length === 0 && errors.some(({ severity }) => severity === 'Error')) {
      throw refusedBy(errors);
    }
    const rows = shown.map(printedEntry);
    const table = tableOf(
      ['uniqueId', 'created', 'type', 'title', 'repository', 'community'],
      rows.map((row) => [
        row.uniqueId,
        row.creationTime ?? '',
        row.mimeType,
        row.title ?? '',
        row.repositoryUniqueId ?? '',
        row.homeCommunityId ?? '',
      ]),
    );
    const none = { en: 'no documents were found', ja: '文書はありません' };
    const lines = [...table, ...errorLines(errors)];
    print(lines.length === 0 ? none : lines.join('\n'), { documents: rows, errors });
    return shown.length === 0 ? EXIT.nothingToDo : EXIT.done;
  },
});

const retrieve = command({
  name: 'documents retrieve',
  summary: {
    en: 'Retrieve documents into a folder (ITI-43).',
    ja: '文書を取得してフォルダーに保存する（ITI-43）。',
  },
  arguments: {
    uniqueId: required(
      many(option.text({ en: "The documents' uniqueId.", ja: '文書の uniqueId。' })),
    ),
  },
  options: {
    ...REGION_OPTIONS,
    repository: required(
      option.oid({
        en: 'repositoryUniqueId, as the query said.',
        ja: '照会で得た repositoryUniqueId。',
      }),
    ),
    community: option.homeCommunityId({
      en: 'homeCommunityId, as the query said; without it the own repository is asked.',
      ja: '照会で得た homeCommunityId。無指定なら自地域のリポジトリーから取る。',
    }),
    out: option.directory({ en: 'Where to put them.', ja: '保存先。' }, '.'),
  },
  async run({ folder, as, url, uniqueId, repository, community, out }, { print, progress }) {
    const { documents, errors } = await progress({ en: 'retrieving', ja: '取得中です' }, async () =>
      withRegion({ folder, as, url }, (region) =>
        retrieveInto(region, { uniqueIds: uniqueId, repository, community, folder: out }),
      ),
    );
    if (documents.length === 0) throw refusedBy(errors);
    const table = tableOf(
      ['file', 'type', 'bytes', 'sha1'],
      documents.map(({ file, mimeType, sizeBytes, sha1 }) => [
        file,
        mimeType,
        String(sizeBytes),
        sha1,
      ]),
    );
    print([...table, ...errorLines(errors)].join('\n'), { documents, errors });
    return documents.length === uniqueId.length ? EXIT.done : EXIT.failed;
  },
});

/** `kakehashi documents …` */
export const documentsCommands = [
  submit,
  queryDocuments,
  retrieve,
  documentsHistory,
  explainQueryCommand,
  documentsOnDemand,
  documentsVerify,
  documentsReconcile,
];
