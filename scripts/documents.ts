import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { dtmOf, encodeCX, encodeXON } from '../profiles/formats/datatypes.ts';
import type { DocumentContent } from '../profiles/formats/mtom.ts';
import type { PatientId } from '../profiles/patient.ts';
import { ITI_45 } from '../profiles/pix/iti-45.ts';
import { ITI_18 } from '../profiles/xds/iti-18.ts';
import { ITI_41 } from '../profiles/xds/iti-41.ts';
import { type DocumentResponse, ITI_43 } from '../profiles/xds/iti-43.ts';
import type { DocumentEntry } from '../profiles/xds/metadata.ts';
import { documentEntryOf } from '../profiles/xds/metadata-xml.ts';
import { objectOfText } from '../profiles/xds/registry-object-text.ts';
import type { RegistryError, RegistryResponse } from '../profiles/xds/registry-response.ts';
import { findDocuments } from '../profiles/xds/stored-query-builders.ts';
import { CommandError, UsageError } from './command.ts';
import {
  CONFIDENTIALITY_CODES,
  DOCUMENT_TYPES,
  type DocumentType,
  FORMAT_CODES,
  MEDICAL_INSTITUTION,
  endingOf,
  mimeTypeOf,
  oidOfUuid,
  PRACTICE_SETTINGS,
} from './document-codes.ts';
import type { Text } from './messages.ts';
import { type AskedRegion, patientIdOf } from './region.ts';
import { provideAndRegister } from './submission.ts';
import { systemCodeOf } from './system-error.ts';

/** What an operator says of the files that are submitted. */
export interface FileSubmission {
  readonly files: readonly string[];
  /** CX. */
  readonly patient: string;
  readonly type: DocumentType;
  readonly title: string | undefined;
  readonly mimeType: string | undefined;
  readonly confidentiality: keyof typeof CONFIDENTIALITY_CODES;
  readonly sourceId: string | undefined;
}

/** Submits files as one submission set of one patient, who may be named by any number that the region knows. */
export async function submitFiles(
  region: AskedRegion,
  submission: FileSubmission,
): Promise<{
  response: RegistryResponse;
  documents: readonly { uniqueId: string; title: string }[];
}> {
  const sourceId = submission.sourceId ?? sourceIdOf(region);
  const written = patientIdOf(submission.patient, '--patient');
  const files = await Promise.all(submission.files.map((path) => fileContent(path)));
  const patientId = await regionalIdOf(region, written);
  const documents = files.map(({ path, content }, index) => ({
    entry: entryOf(region, submission, {
      path,
      content,
      index,
      patientId,
      sourcePatientId: written,
    }),
    content,
  }));
  const request = provideAndRegister({ patientId, sourceId, documents }, region.issue);
  const response = await region.ask(ITI_41, 'document-repository', request);
  return {
    response,
    documents: documents.map(({ entry: { uniqueId, title = '' } }) => ({ uniqueId, title })),
  };
}

/** Lists a patient's approved documents: the own registry's alone, one community's, or those of all. */
export async function listedDocuments(
  region: AskedRegion,
  { patient, community, here }: { patient: string; community: string | undefined; here: boolean },
): Promise<{ entries: readonly DocumentEntry[]; errors: readonly RegistryError[] }> {
  const patientId = await regionalIdOf(region, patientIdOf(patient, '--patient'));
  const actor = here ? 'document-registry' : 'initiating-gateway';
  // `home` has the Initiating Gateway ask that community alone. Source: ITI TF-2: 3.18.4.1.2.
  const home = here || community === undefined ? {} : { home: community };
  const response = await region.ask(ITI_18, actor, findDocuments({ patientId, ...home }));
  const entries = response.objects
    .map((text) => objectOfText(text))
    .flatMap((object) => (object.element === 'ExtrinsicObject' ? [documentEntryOf(object)] : []));
  return { entries, errors: response.errors };
}

/** A document that was written to a file. */
export interface RetrievedFile {
  readonly uniqueId: string;
  readonly file: string;
  readonly mimeType: string;
  readonly sizeBytes: number;
  readonly sha1: string;
}

/** Retrieves documents of one repository and writes each to a file of its own; none is written over. */
export async function retrieveInto(
  region: AskedRegion,
  asked: {
    readonly uniqueIds: readonly string[];
    readonly repository: string;
    readonly community: string | undefined;
    readonly folder: string;
  },
): Promise<{ documents: readonly RetrievedFile[]; errors: readonly RegistryError[] }> {
  const { uniqueIds, repository, community, folder } = asked;
  const actor = community === undefined ? 'document-repository' : 'initiating-gateway';
  const response = await region.ask(ITI_43, actor, {
    documents: uniqueIds.map((documentUniqueId) => ({
      repositoryUniqueId: repository,
      documentUniqueId,
      ...(community === undefined ? {} : { homeCommunityId: community }),
    })),
  });
  await mkdir(folder, { recursive: true });
  const documents: RetrievedFile[] = [];
  for (const document of response.documents) documents.push(await writeDocument(document, folder));
  return { documents, errors: response.errors };
}

/** What a listing shows of a document. */
export function printedEntry(entry: DocumentEntry) {
  const { uniqueId, title, mimeType, creationTime, size, hash } = entry;
  const { homeCommunityId, repositoryUniqueId, typeCode } = entry;
  return {
    uniqueId,
    title: title ?? typeCode.displayName,
    mimeType,
    typeCode: typeCode.code,
    creationTime,
    sizeBytes: size,
    sha1: hash,
    repositoryUniqueId,
    homeCommunityId,
  };
}

/** The rows of a RegistryErrorList as lines. */
export function errorLines(errors: readonly RegistryError[]): readonly string[] {
  return errors.map(({ errorCode, codeContext, location }) =>
    [errorCode, codeContext, location]
      .filter((part) => part !== undefined && part !== '')
      .join(': '),
  );
}

/** The error of a command whose request was refused. */
export function refusedBy(errors: readonly RegistryError[]): CommandError {
  const reasons = errorLines(errors).join('; ') || '-';
  return new CommandError(
    { en: `the region refused: ${reasons}`, ja: `地域に拒否されました: ${reasons}` },
    { next: errors.map(({ errorCode }) => REFUSED_NEXT[errorCode]).find(Boolean) ?? COMPARE },
  );
}

const COMPARE: Text = {
  en: 'compare patient, OIDs and rights with the directory of the region',
  ja: '患者番号・OID・権限を地域の連携先一覧に照らしてください',
};

const REFUSED_NEXT: Readonly<Record<string, Text>> = {
  XDSUnavailableCommunity: {
    en: 'ask again later, or look with kakehashi partner test',
    ja: '時間をおいて再試行するか、kakehashi partner test で確かめてください',
  },
  XDSUnknownCommunity: {
    en: 'see which communities there are: kakehashi partner list',
    ja: '登録済みの地域は kakehashi partner list で分かります',
  },
};

/** The patient's id in the affinity domain; asked by ITI-45 when she is named by another number. */
export async function regionalIdOf(region: AskedRegion, patientId: PatientId): Promise<PatientId> {
  const { affinityDomain } = region.config;
  if (patientId.assigningAuthority === affinityDomain) return patientId;
  const answer = await region.ask(ITI_45, 'patient-identity', {
    transmission: region.transmission(),
    queryId: { root: region.issue.uuid() },
    patientIdentifier: patientId,
    dataSources: [affinityDomain],
  });
  const found = answer.ids.find(({ assigningAuthority }) => assigningAuthority === affinityDomain);
  if (found !== undefined) return found;
  throw new CommandError(
    { en: 'the region does not know this patient', ja: '地域に登録されていない患者です' },
    {
      where: '--patient',
      next: {
        en: 'tell it of her: kakehashi patient feed',
        ja: 'kakehashi patient feed で登録してください',
      },
    },
  );
}

/** The first OID that the certificate may submit under. @throws UsageError when the directory has none */
export function sourceIdOf({ entries }: AskedRegion): string {
  const found = entries.flatMap((entry) => (entry.kind === 'system' ? entry.sourceIds : []))[0];
  if (found !== undefined) return found;
  throw new UsageError(
    { en: '--source-id is needed', ja: '--source-id が必要です' },
    {
      next: {
        en: 'the directory has no sourceIds for this certificate',
        ja: '連携先一覧にこの証明書の sourceIds がありません',
      },
    },
  );
}

interface EntryFacts {
  readonly path: string;
  readonly content: { readonly sizeBytes: number; readonly sha1: string };
  readonly index: number;
  readonly patientId: PatientId;
  readonly sourcePatientId: PatientId;
}

function entryOf(
  region: AskedRegion,
  submission: FileSubmission,
  facts: EntryFacts,
): DocumentEntry {
  const mimeType = submission.mimeType ?? mimeTypeOf(facts.path);
  if (mimeType === undefined) {
    throw new UsageError(
      { en: 'the ending tells no MIME type', ja: '拡張子から MIME タイプが分かりません' },
      { where: facts.path, next: { en: 'give --mime-type', ja: '--mime-type を指定してください' } },
    );
  }
  const typeCode = DOCUMENT_TYPES[submission.type];
  return {
    kind: 'DocumentEntry',
    objectType: 'Stable',
    entryUUID: `Document${facts.index + 1}`,
    patientId: facts.patientId,
    sourcePatientId: encodeCX(facts.sourcePatientId),
    uniqueId: oidOfUuid(region.issue.uuid()),
    mimeType,
    title: submission.title ?? typeCode.displayName,
    author: [{ authorInstitution: [encodeXON({ organizationName: region.config.name })] }],
    classCode: typeCode,
    typeCode,
    formatCode: FORMAT_CODES.mimeTypeSufficient,
    confidentialityCode: [CONFIDENTIALITY_CODES[submission.confidentiality]],
    healthcareFacilityTypeCode: MEDICAL_INSTITUTION,
    practiceSettingCode: PRACTICE_SETTINGS.internalMedicine,
    eventCodeList: [],
    languageCode: 'ja-JP',
    creationTime: dtmOf(region.issue.now()),
    hash: facts.content.sha1,
    size: facts.content.sizeBytes,
  };
}

type FileContent = DocumentContent & { readonly sizeBytes: number; readonly sha1: string };

/** A file as a document; it is read once for its hash and again when it is sent. */
async function fileContent(path: string): Promise<{ path: string; content: FileContent }> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined || !found.isFile()) {
    throw new UsageError(
      { en: 'there is no such file', ja: 'ファイルがありません' },
      { where: path },
    );
  }
  const hash = createHash('sha1');
  await pipeline(createReadStream(path), hash);
  const sha1 = hash.digest('hex');
  return {
    path,
    content: { sizeBytes: found.size, sha1, open: () => createReadStream(path) },
  };
}

async function writeDocument(document: DocumentResponse, folder: string): Promise<RetrievedFile> {
  const uniqueId = document.documentUniqueId;
  const name = `${basename(uniqueId).replace(/[^0-9A-Za-z.^_-]/g, '_')}${endingOf(document.mimeType)}`;
  const file = join(folder, name);
  const hash = createHash('sha1');
  let sizeBytes = 0;
  const measure = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      sizeBytes += chunk.length;
      done(null, chunk);
    },
  });
  try {
    await pipeline(
      document.content.open(),
      measure,
      createWriteStream(file, { flags: 'wx', mode: 0o600 }),
    );
  } catch (cause) {
    if (systemCodeOf(cause) === 'EEXIST') {
      throw new CommandError(
        { en: 'is there already', ja: 'が既にあります' },
        {
          where: file,
          cause,
          next: { en: 'choose another --out', ja: '別の --out を指定してください' },
        },
      );
    }
    await rm(file, { force: true });
    throw cause;
  }
  return { uniqueId, file, mimeType: document.mimeType, sizeBytes, sha1: hash.digest('hex') };
}
