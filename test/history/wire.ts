import { PeerFailure } from '../../actors/actor.ts';
import type { Client } from '../../gateway/client.ts';
import type { PatientId } from '../../profiles/patient.ts';
import { ITI_18 } from '../../profiles/xds/iti-18.ts';
import { ITI_42, type SubmitObjectsRequest } from '../../profiles/xds/iti-42.ts';
import { ITI_57 } from '../../profiles/xds/iti-57.ts';
import type { AvailabilityStatus } from '../../profiles/xds/metadata.ts';
import { metadataToEbxml } from '../../profiles/xds/metadata-ebxml.ts';
import type { RegistryResponse } from '../../profiles/xds/registry-response.ts';
import type { RegistryObjectText } from '../../profiles/xds/stored-queries.ts';
import {
  findDocuments,
  getDocumentsAndAssociations,
} from '../../profiles/xds/stored-query-builders.ts';
import { ASSOCIATION_TYPE, STATUS_TYPE } from '../../profiles/xds/vocabulary.ts';
import { PROOF } from '../support/proof-region.ts';
import type { Random } from '../support/seeded.ts';
import {
  aDocumentEntry,
  anAssociation,
  aSubmission,
  aSubmissionSet,
} from '../support/xds-builders.ts';
import type { KnownEntry } from './clients.ts';
import type { Action, Inspected, Outcome } from './operations.ts';

/** What an action is about, beside what it says itself. */
export interface Concerned {
  readonly patientId: PatientId;
  /** Of an action that brings an entry. */
  readonly entry: KnownEntry | undefined;
  /** The Document Registry. */
  readonly url: string;
}

/** Refusals by which the state of the document forbids what was asked. */
const OF_STATE = new Set([
  ...['XDSRegistryDeprecatedDocumentError', 'XDSNonIdenticalHash'],
  ...['XDSMetadataUpdateError', 'XDSMetadataVersionError'],
]);
const OF_ABSENCE = 'UnresolvedReferenceException';

/** Actions as messages, and answers as outcomes. */
export class Wire {
  readonly #client: Client;
  readonly #random: Random;

  constructor(client: Client, random: Random) {
    this.#client = client;
    this.#random = random;
  }

  /** Sends an action. It never rejects for want of an answer: that is an outcome, too. */
  async exchange(action: Action, concerned: Concerned): Promise<Outcome> {
    try {
      return await this.#exchange(action, concerned);
    } catch (error) {
      if (error instanceof PeerFailure) return { kind: 'unknown', why: error.message };
      throw error;
    }
  }

  async #exchange(action: Action, concerned: Concerned): Promise<Outcome> {
    const { url, patientId } = concerned;
    switch (action.kind) {
      case 'register':
      case 'replace':
      case 'append':
        return outcomeOf(await this.#client.ask(ITI_42, url, this.#submission(action, concerned)));
      case 'revise':
      case 'set-status':
        return outcomeOf(await this.#client.ask(ITI_57, url, this.#update(action, concerned)));
      case 'find': {
        const status: readonly AvailabilityStatus[] =
          action.among === 'all' ? ['Approved', 'Deprecated'] : ['Approved'];
        const answer = await this.#client.ask(ITI_18, url, findDocuments({ patientId, status }));
        if (answer.status !== 'Success') return unknown(answer);
        return {
          kind: 'found',
          entries: new Map(answer.objects.map((one) => [one.id, statusOf(one)])),
        };
      }
      case 'inspect': {
        const query = getDocumentsAndAssociations({ entryUUID: [action.target] });
        const answer = await this.#client.ask(ITI_18, url, query);
        if (answer.status !== 'Success') return unknown(answer);
        return { kind: 'inspected', entry: inspected(action.target, answer.objects) };
      }
    }
  }

  #submission(
    action: Extract<Action, { kind: 'register' | 'replace' | 'append' }>,
    { patientId, entry }: Concerned,
  ): SubmitObjectsRequest {
    const { entryUUID = action.entry, uniqueId = '' } = entry ?? {};
    const associationType = ASSOCIATION_TYPE[action.kind === 'append' ? 'APND' : 'RPLC'];
    return aSubmission({
      submissionSet: { patientId, ...this.#set() },
      documentEntries: [
        { entryUUID, uniqueId, hash: this.#random.bytes(20).toString('hex'), ...HELD_ELSEWHERE },
      ],
      associations:
        action.kind === 'register'
          ? []
          : [
              anAssociation({
                sourceObject: entryUUID,
                targetObject: action.target,
                associationType,
              }),
            ],
    });
  }

  #update(
    action: Extract<Action, { kind: 'revise' | 'set-status' }>,
    { patientId, entry }: Concerned,
  ): SubmitObjectsRequest {
    const set = aSubmissionSet({ patientId, ...this.#set() });
    const sourceObject = set.entryUUID;
    if (action.kind === 'set-status') {
      const status = anAssociation({
        sourceObject,
        targetObject: action.target,
        associationType: ASSOCIATION_TYPE.UpdateAvailabilityStatus,
        originalStatus: action.to === 'Approved' ? 'Deprecated' : 'Approved',
        newStatus: action.to,
      });
      return { objects: [set, status].map(metadataToEbxml) };
    }
    const { entryUUID = action.entry, uniqueId = '', logicalID } = entry ?? {};
    const hash = this.#random.bytes(20).toString('hex');
    const next = { patientId, entryUUID, uniqueId, logicalID, hash, ...HELD_ELSEWHERE };
    const follows = anAssociation({
      sourceObject,
      targetObject: entryUUID,
      submissionSetStatus: 'Original',
      previousVersion: action.version,
    });
    return { objects: [set, aDocumentEntry(next), follows].map(metadataToEbxml) };
  }

  #set(): { uniqueId: string; sourceId: string } {
    const uniqueId = `2.999.9.7.${this.#random.below(2 ** 31)}.${this.#random.below(2 ** 31)}`;
    return { uniqueId, sourceId: PROOF.sourceId };
  }
}

/** The octets are another repository's: the registry is what is proven here. */
const HELD_ELSEWHERE = { size: 20, repositoryUniqueId: '2.999.7.99' } as const;

function outcomeOf(answer: RegistryResponse): Outcome {
  if (answer.status === 'Success') return { kind: 'done' };
  const codes = answer.errors.map(({ errorCode }) => errorCode);
  if (codes.length > 0 && codes.every((code) => OF_STATE.has(code))) {
    return { kind: 'refused', why: 'state' };
  }
  return codes.includes(OF_ABSENCE) ? { kind: 'refused', why: 'absent' } : unknown(answer);
}

function unknown({ errors }: Pick<RegistryResponse, 'errors'>): Outcome {
  const said = errors.map(({ errorCode, codeContext }) => `${errorCode} ${codeContext}`);
  return { kind: 'unknown', why: said.join('; ') };
}

function statusOf({ status }: RegistryObjectText): AvailabilityStatus {
  return status === STATUS_TYPE.Approved ? 'Approved' : 'Deprecated';
}

function inspected(target: string, objects: readonly RegistryObjectText[]): Inspected | undefined {
  const entry = objects.find(({ id }) => id === target);
  if (entry === undefined) return undefined;
  const sourcesOf = (type: string) =>
    objects
      .filter((one) => one.associationType === type && one.targetObject === target)
      .flatMap(({ sourceObject }) => sourceObject ?? [])
      .sort();
  return {
    status: statusOf(entry),
    replacedBy: sourcesOf(ASSOCIATION_TYPE.RPLC),
    appended: sourcesOf(ASSOCIATION_TYPE.APND),
  };
}
