import type { DocumentContent } from '../../../profiles/formats/mtom.ts';
import type { PatientId } from '../../../profiles/patient.ts';
import { ITI_41 } from '../../../profiles/xds/iti-41.ts';
import { inMemory } from '../../support/documents.ts';
import { PROOF } from '../../support/proof-region.ts';
import { aSubmission } from '../../support/xds-builders.ts';
import { same, wordsIn } from '../interop-case.ts';
import { aJapaneseSubmission } from '../samples.ts';
import type { InteropWorld } from '../world.ts';

/** What is in our registry for a stranger to find. */
export interface Provided {
  readonly patient: PatientId;
  readonly uniqueId: string;
  /** The Japanese words of its metadata, as they were submitted. */
  readonly words: readonly string[];
}

/** The words of a document that a stranger retrieves. */
export const PROVIDED_TEXT = '紹介状の本文です。\n髙橋・﨑・𠮷';

/** Our client provides a document to our repository, Japanese text in every attribute. */
export async function provided(
  world: InteropWorld,
  content: DocumentContent = inMemory(PROVIDED_TEXT),
): Promise<Provided> {
  const patient = await world.patient();
  const parts = aJapaneseSubmission(patient, PROOF.sourceId);
  const [entry] = parts.documentEntries ?? [];
  const uniqueId = entry?.uniqueId ?? '';
  const submission = aSubmission({
    ...parts,
    documentEntries: [
      { ...entry, hash: undefined, size: undefined, repositoryUniqueId: undefined },
    ],
  });
  const url = world.urls.ours('document-repository');
  const request = { submission, documents: [{ id: 'Document01', content }] };
  const response = await world.client.ask(ITI_41, url, request);
  same(response, { status: 'Success', errors: [] }, 'the answer to ITI-41');
  return { patient, uniqueId, words: wordsIn(ITI_41.request.encode(request).xml) };
}
