import { insuranceIdOf } from '../../actors/patient-identity/insurance-ids.ts';
import { dtmOf, encodeCX, encodeXON } from '../../profiles/formats/datatypes.ts';
import type { Demographics, PatientId } from '../../profiles/patient.ts';
import { ITI_44 } from '../../profiles/pix/iti-44.ts';
import type { StorageVersion } from '../../profiles/ss-mix2/storage-names.ts';
import type { CodeSets } from '../../profiles/xds/affinity-domain.ts';
import { ITI_18 } from '../../profiles/xds/iti-18.ts';
import { ITI_41 } from '../../profiles/xds/iti-41.ts';
import { ITI_57 } from '../../profiles/xds/iti-57.ts';
import type { DocumentEntry } from '../../profiles/xds/metadata.ts';
import { documentEntryOf } from '../../profiles/xds/metadata-xml.ts';
import { objectOfText } from '../../profiles/xds/registry-object-text.ts';
import type { RegistryError } from '../../profiles/xds/registry-response.ts';
import { getDocuments } from '../../profiles/xds/stored-query-builders.ts';
import { CONFIDENTIALITY_CODES, MEDICAL_INSTITUTION } from '../document-codes.ts';
import { regionalIdOf } from '../documents.ts';
import type { AskedRegion } from '../region.ts';
import { deprecation, provideAndRegister } from '../submission.ts';
import { ANY_OCTETS, codesOf, ER7 } from './codes.ts';
import type { StorageContent } from './content.ts';
import { documentIds } from './identifiers.ts';
import type { FoundVersion } from './plan.ts';

/** Who publishes, and how its numbers and codes are to be read. */
export interface Publication {
  /** The institution's ten digits, and its name. */
  readonly institution: string;
  readonly institutionName: string;
  /** OID of the chart numbers. */
  readonly assigningAuthority: string;
  /** OID of the region's insurance numbers; without one they are not told. */
  readonly insuranceDomain?: string;
  /** OID to submit under. */
  readonly sourceId: string;
  readonly sets: CodeSets;
  /** SS-MIX2 code of a department for what names none. */
  readonly department: string;
  /** Of the storage's clock, from UTC. */
  readonly offsetMinutes: number;
}

/** The region did not take it: for the operator. */
export class PublicationRefused extends Error {
  readonly errors: readonly RegistryError[];

  constructor(errors: readonly RegistryError[]) {
    super(errors.map(({ errorCode, codeContext }) => `${errorCode}: ${codeContext}`).join('; '));
    this.name = 'PublicationRefused';
    this.errors = errors;
  }
}

/** Acts at the region for a hospital: feeds patients, publishes versions, retires them. */
export class Publisher {
  readonly #region: AskedRegion;
  readonly #publication: Publication;
  readonly #regionalIds = new Map<string, PatientId>();

  constructor(region: AskedRegion, publication: Publication) {
    this.#region = region;
    this.#publication = publication;
  }

  /**
   * ITI-44, as an addition or as a revision. What has no other place in it, the insurance, goes as another id of the patient;
   * that she has none any more, as the domain of the insurances without an id.
   *
   * @throws PublicationRefused, PeerFailure
   */
  async feed(id: string, demographics: Demographics, kind: 'add' | 'revise'): Promise<void> {
    const { assigningAuthority, institutionName } = this.#publication;
    const { code, details } = await this.#region.ask(ITI_44, 'patient-identity', {
      kind,
      transmission: this.#region.transmission(),
      ids: [{ id, assigningAuthority }],
      otherIds: this.#insuranceIdsOf(demographics),
      ...this.#noInsuranceOf(demographics),
      demographics,
      providerOrganization: { id: assigningAuthority, name: institutionName },
      custodian: this.#region.config.device,
    });
    if (code === 'CA') return;
    throw new PublicationRefused(
      details.map(({ code: errorCode = '', text = '' }) => ({
        errorCode,
        codeContext: text,
        severity: 'Error',
      })),
    );
  }

  #insuranceIdsOf({ insurance = [] }: Demographics): readonly PatientId[] {
    const { insuranceDomain: assigningAuthority } = this.#publication;
    if (assigningAuthority === undefined) return [];
    const ids = insurance.flatMap((membership) => insuranceIdOf(membership) ?? []);
    return ids.map((id) => ({ id, assigningAuthority }));
  }

  #noInsuranceOf({ insurance }: Demographics): { readonly noneIn?: readonly string[] } {
    const { insuranceDomain } = this.#publication;
    if (insurance?.length !== 0 || insuranceDomain === undefined) return {};
    return { noneIn: [insuranceDomain] };
  }

  /** Whether the region has this version's DocumentEntry already: of whatever status. */
  async has(mark: string): Promise<boolean> {
    return (await this.#entriesOf(mark)).length > 0;
  }

  /** Whether the region has this version, and has it Deprecated. */
  async isRetired(mark: string): Promise<boolean> {
    const found = await this.#entriesOf(mark);
    return found.some(({ availabilityStatus }) => availabilityStatus === 'Deprecated');
  }

  async #entriesOf(mark: string): Promise<readonly DocumentEntry[]> {
    const asked = getDocuments({ entryUUID: [documentIds(mark).entryUUID] });
    const { objects, status, errors } = await this.#region.ask(ITI_18, 'document-registry', asked);
    if (status !== 'Success') throw new PublicationRefused(errors);
    return objects
      .map((object) => objectOfText(object))
      .flatMap((read) => (read.element === 'ExtrinsicObject' ? [documentEntryOf(read)] : []))
      .filter(({ uniqueId }) => uniqueId === documentIds(mark).uniqueId);
  }

  /**
   * ITI-41, in place of the version that is Approved now, if there is one.
   *
   * @throws PublicationRefused, PeerFailure; then it is not known whether the region has it
   */
  async publish(
    { found, mark, replaces }: { found: FoundVersion; mark: string; replaces?: string },
    { content, sha1, isMessage = false }: StorageContent,
  ): Promise<void> {
    const { version } = found;
    const patientId = await this.#regionalId(version);
    const { submissionUniqueId } = documentIds(mark);
    const entry = this.#entryOf({
      ...{ found, mark, patientId, sha1, isMessage },
      size: content.sizeBytes,
    });
    const request = provideAndRegister(
      {
        patientId,
        sourceId: this.#publication.sourceId,
        uniqueId: submissionUniqueId,
        documents: [
          { entry, content, ...(replaces && { replaces: documentIds(replaces).entryUUID }) },
        ],
      },
      this.#region.issue,
    );
    const response = await this.#region.ask(ITI_41, 'document-repository', request);
    if (response.status !== 'Success') throw new PublicationRefused(response.errors);
  }

  /** ITI-57: the version is no longer current, and none follows it. @throws PublicationRefused, PeerFailure */
  async retire(mark: string, found: FoundVersion): Promise<void> {
    const response = await this.#region.ask(
      ITI_57,
      'document-registry',
      deprecation(
        {
          patientId: await this.#regionalId(found.version),
          sourceId: this.#publication.sourceId,
          entryUUID: documentIds(mark).entryUUID,
          author: this.#author(),
          contentTypeCode: this.#codes(found).typeCode,
        },
        this.#region.issue,
      ),
    );
    if (response.status !== 'Success') throw new PublicationRefused(response.errors);
  }

  async #regionalId({ patientId }: StorageVersion): Promise<PatientId> {
    const kept = this.#regionalIds.get(patientId);
    if (kept !== undefined) return kept;
    const { assigningAuthority } = this.#publication;
    const asked = await regionalIdOf(this.#region, { id: patientId, assigningAuthority });
    if (this.#regionalIds.size >= MOST_KEPT) this.#regionalIds.clear();
    this.#regionalIds.set(patientId, asked);
    return asked;
  }

  /** A patient may be merged or linked otherwise: what is remembered holds for one look at the storage. */
  forget(): void {
    this.#regionalIds.clear();
  }

  #codes({ version, inner }: Pick<FoundVersion, 'version' | 'inner'>) {
    const { sets, department } = this.#publication;
    const codes = codesOf({ version, ...(inner && { inner }) }, { sets, department });
    if (typeof codes !== 'string') return codes;
    throw new PublicationRefused([
      {
        errorCode: 'XDSRegistryMetadataError',
        codeContext: `the region's code sets have no ${codes} for this data type`,
        severity: 'Error',
      },
    ]);
  }

  #author() {
    const { institution, institutionName } = this.#publication;
    return [
      {
        authorInstitution: [
          encodeXON({
            organizationName: institutionName,
            assigningAuthority: INSTITUTION_CODES,
            id: institution,
          }),
        ],
      },
    ];
  }

  #entryOf(facts: {
    found: FoundVersion;
    mark: string;
    patientId: PatientId;
    sha1: string;
    size: number;
    isMessage: boolean;
  }): DocumentEntry {
    const { found, mark, patientId, sha1, size, isMessage } = facts;
    const { version } = found;
    const { assigningAuthority, offsetMinutes } = this.#publication;
    const { typeCode, formatCode, practiceSettingCode, mimeType, title } = this.#codes(found);
    const { entryUUID, uniqueId } = documentIds(mark);
    return {
      kind: 'DocumentEntry',
      objectType: 'Stable',
      entryUUID,
      uniqueId,
      patientId,
      sourcePatientId: encodeCX({ id: version.patientId, assigningAuthority }),
      // Vital signs (ORU^R30) lie in the extended storage as messages, in files without an ending.
      mimeType: isMessage && mimeType === ANY_OCTETS ? ER7 : mimeType,
      title,
      author: this.#author(),
      classCode: typeCode,
      typeCode,
      formatCode,
      practiceSettingCode,
      healthcareFacilityTypeCode: MEDICAL_INSTITUTION,
      confidentialityCode: [CONFIDENTIALITY_CODES.N],
      eventCodeList: [],
      languageCode: 'ja-JP',
      creationTime: utcOf(version.time, offsetMinutes),
      ...(version.careDate === undefined ? {} : { serviceStartTime: version.careDate }),
      hash: sha1,
      size,
    };
  }
}

/** Patients whose regional id is remembered. */
const MOST_KEPT = 10_000;

/** OID of the ten-digit institution codes' seven-digit kin. Source: JP FHIR core, medical institution code. */
const INSTITUTION_CODES = '1.2.392.100495.20.3.23';

/** The storage's local time, to the second, as DTM in UTC. */
function utcOf(time: string, offsetMinutes: number): string {
  const at = (from: number, to: number) => Number(time.slice(from, to));
  const local = Date.UTC(at(0, 4), at(4, 6) - 1, at(6, 8), at(8, 10), at(10, 12), at(12, 14));
  return dtmOf(new Date(local - offsetMinutes * 60_000));
}
