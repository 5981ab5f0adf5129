import { createHash, randomUUID } from 'node:crypto';
import { PeerFailure } from '../../actors/actor.ts';
import { type Client, openClient } from '../../gateway/client.ts';
import { dtmOf } from '../../profiles/formats/datatypes.ts';
import type { Transmission } from '../../profiles/formats/hl7v3.ts';
import type { DocumentContent } from '../../profiles/formats/mtom.ts';
import { ITI_47 } from '../../profiles/pdq/iti-47.ts';
import { ITI_44 } from '../../profiles/pix/iti-44.ts';
import { ITI_45 } from '../../profiles/pix/iti-45.ts';
import type { Demographics, PatientId, PatientRecord } from '../../profiles/patient.ts';
import { ITI_18 } from '../../profiles/xds/iti-18.ts';
import { ITI_41 } from '../../profiles/xds/iti-41.ts';
import { ITI_43 } from '../../profiles/xds/iti-43.ts';
import type { Association, DocumentEntry, SubmissionSet } from '../../profiles/xds/metadata.ts';
import {
  associationToEbxml,
  documentEntryToEbxml,
  submissionSetToEbxml,
} from '../../profiles/xds/metadata-ebxml.ts';
import { documentEntryOf } from '../../profiles/xds/metadata-xml.ts';
import { objectOfText } from '../../profiles/xds/registry-object-text.ts';
import type { RegistryError, ResponseStatus } from '../../profiles/xds/registry-response.ts';
import { findDocuments } from '../../profiles/xds/stored-query-builders.ts';
import { ASSOCIATION_TYPE } from '../../profiles/xds/vocabulary.ts';
import type { SystemFiles } from '../federation.ts';

/** A hospital's system and the region that it belongs to. */
export interface HospitalPlan {
  /** `https://host:port` of the region. */
  readonly url: string;
  readonly files: SystemFiles;
  /** OID of the hospital's system. */
  readonly device: string;
  /** OID of the authority of its chart numbers. */
  readonly assigningAuthority: string;
  readonly sourceId: string;
  readonly title: string;
  /** OID of the region's own system, as receiver. */
  readonly regionDevice: string;
  readonly affinityDomain: string;
  readonly now: () => Date;
}

/** A document to submit: octets with their size and SHA-1, and its DocumentEntry but for id and patient. */
export interface ToSubmit {
  readonly content: DocumentContent;
  readonly entryOf: (about: { entryUUID: string; patientId: PatientId }) => DocumentEntry;
}

/** What a query across communities brought. */
export interface FoundDocuments {
  readonly status: ResponseStatus;
  readonly entries: readonly DocumentEntry[];
  readonly errors: readonly RegistryError[];
}

/** One document that was retrieved, and what its octets are. */
export interface RetrievedDocument {
  readonly homeCommunityId: string;
  readonly repositoryUniqueId: string;
  readonly uniqueId: string;
  readonly mimeType: string;
  readonly sizeBytes: number;
  /** Of the octets that arrived. */
  readonly sha1: string;
}

/** A hospital's system: it feeds patients, submits documents, and asks for those of other communities. */
export class Hospital {
  readonly #plan: HospitalPlan;
  readonly #client: Client;

  private constructor(plan: HospitalPlan, client: Client) {
    this.#plan = plan;
    this.#client = client;
  }

  static async open(plan: HospitalPlan): Promise<Hospital> {
    return new Hospital(plan, await openClient({ tls: plan.files.tls }));
  }

  async close(): Promise<void> {
    await this.#client.close();
  }

  /** ITI-44: tells the region of a patient. */
  async feed(record: PatientRecord): Promise<void> {
    const { assigningAuthority, title, device } = this.#plan;
    const { code } = await this.#client.ask(ITI_44, `${this.#plan.url}/patient-identity`, {
      kind: 'add',
      transmission: this.#transmission(),
      ids: record.ids,
      otherIds: [],
      demographics: record.demographics,
      providerOrganization: { id: assigningAuthority, name: title },
      custodian: device,
    });
    if (code !== 'CA') throw new Error(`the feed was answered with ${code}`);
  }

  /** ITI-45: the regional id of a chart number. */
  async regionalIdOf(patientIdentifier: PatientId): Promise<PatientId> {
    const answer = await this.#client.ask(ITI_45, `${this.#plan.url}/patient-identity`, {
      transmission: this.#transmission(),
      queryId: { root: this.#plan.device, extension: randomUUID() },
      patientIdentifier,
      dataSources: [this.#plan.affinityDomain],
    });
    const [id] = answer.ids;
    if (!id) throw new Error(`no regional id (${answer.queryResponseCode})`);
    return id;
  }

  /** ITI-47: who is known here by these demographics. */
  async search(demographics: Demographics): Promise<readonly PatientRecord[]> {
    const answer = await this.#client.ask(ITI_47, `${this.#plan.url}/patient-identity`, {
      transmission: this.#transmission(),
      queryId: { root: this.#plan.device, extension: randomUUID() },
      criteria: {
        livingSubjectName: demographics.names,
        livingSubjectAdministrativeGender: demographics.administrativeGender,
        livingSubjectBirthTime: { value: demographics.birthTime },
      },
      scopingOrganizations: [],
    });
    return answer.matches.map(({ ids, demographics: known }) => ({ ids, demographics: known }));
  }

  /** ITI-41: submits documents of one patient as one SubmissionSet. */
  async submit(patientId: PatientId, documents: readonly ToSubmit[]): Promise<void> {
    const { sourceId, now } = this.#plan;
    const entries = documents.map(({ entryOf }, index) =>
      entryOf({ entryUUID: `Document${index + 1}`, patientId }),
    );
    const [first] = entries;
    if (!first) throw new Error('nothing to submit');
    const set: SubmissionSet = {
      kind: 'SubmissionSet',
      entryUUID: 'SubmissionSet1',
      patientId,
      uniqueId: `2.25.${BigInt(`0x${randomUUID().replaceAll('-', '')}`)}`,
      sourceId,
      author: first.author,
      contentTypeCode: first.classCode,
      submissionTime: dtmOf(now()),
    };
    const memberships = entries.map(
      (entry, index): Association => ({
        kind: 'Association',
        entryUUID: `Association${index + 1}`,
        associationType: ASSOCIATION_TYPE.HasMember,
        sourceObject: set.entryUUID,
        targetObject: entry.entryUUID,
        submissionSetStatus: 'Original',
      }),
    );
    const { status, errors } = await this.#client.ask(
      ITI_41,
      `${this.#plan.url}/document-repository`,
      {
        submission: {
          objects: [
            ...entries.map(documentEntryToEbxml),
            submissionSetToEbxml(set),
            ...memberships.map(associationToEbxml),
          ],
        },
        documents: documents.map(({ content }, index) => ({ id: `Document${index + 1}`, content })),
      },
    );
    if (status !== 'Success') throw new Error(`the submission was refused: ${codesOf(errors)}`);
  }

  /** ITI-18 to the Initiating Gateway: what this region and all others hold of the patient. */
  async documentsEverywhere(patientId: PatientId): Promise<FoundDocuments> {
    const { status, errors, objects } = await this.#client.ask(
      ITI_18,
      `${this.#plan.url}/initiating-gateway`,
      findDocuments({ patientId, status: ['Approved'] }),
    );
    const entries = objects
      .map(objectOfText)
      .flatMap((object) => (object.element === 'ExtrinsicObject' ? [documentEntryOf(object)] : []));
    return { status, entries, errors };
  }

  /** ITI-43 to the Initiating Gateway: the octets of documents, wherever they are; each is hashed as it is read. */
  async retrieve(entries: readonly DocumentEntry[]): Promise<{
    status: ResponseStatus;
    documents: readonly RetrievedDocument[];
    errors: readonly RegistryError[];
  }> {
    const answer = await this.#client.ask(ITI_43, `${this.#plan.url}/initiating-gateway`, {
      documents: entries.map(({ homeCommunityId, repositoryUniqueId, uniqueId }) => ({
        homeCommunityId,
        repositoryUniqueId: repositoryUniqueId ?? '',
        documentUniqueId: uniqueId,
      })),
    });
    const documents: RetrievedDocument[] = [];
    for (const document of answer.documents) {
      const { sizeBytes, sha1 } = await measured(document.content);
      documents.push({
        homeCommunityId: document.homeCommunityId ?? '',
        repositoryUniqueId: document.repositoryUniqueId,
        uniqueId: document.documentUniqueId,
        mimeType: document.mimeType,
        sizeBytes,
        sha1,
      });
    }
    return { status: answer.status, documents, errors: answer.errors };
  }

  #transmission(): Transmission {
    const { device, regionDevice, now } = this.#plan;
    return {
      messageId: { root: randomUUID() },
      creationTime: dtmOf(now()),
      sender: { device },
      receiver: { device: regionDevice },
    };
  }
}

/** Size and SHA-1 of octets, read once from first to last. */
export async function measured(
  content: DocumentContent,
): Promise<{ sizeBytes: number; sha1: string }> {
  const hash = createHash('sha1');
  let sizeBytes = 0;
  for await (const chunk of content.open()) {
    hash.update(chunk);
    sizeBytes += chunk.length;
  }
  return { sizeBytes, sha1: hash.digest('hex') };
}

/** What went wrong, without a word of what a message said. */
export function reasonOf(error: unknown): string {
  if (error instanceof PeerFailure) return `${error.peer}: ${error.message}`;
  return error instanceof Error ? error.message : 'unknown';
}

function codesOf(errors: readonly RegistryError[]): string {
  return errors.map(({ errorCode, codeContext }) => `${errorCode} (${codeContext})`).join(', ');
}
