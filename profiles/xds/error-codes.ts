import type { Severity } from '../refusal.ts';

/** Who may raise a code. */
export type ErrorRaiser = 'registry' | 'repository' | 'initiating-gateway' | 'responding-gateway';

/** One row of the table of error codes. */
export interface ErrorCodeRow {
  readonly by: readonly ErrorRaiser[];
  readonly severity: Severity;
  readonly means: string;
}

/** XDS error codes that this system raises. Source: ITI TF-3: Table 4.2.4.1-2. */
// biome-ignore format: the rows are compared by eye
export const XDS_ERROR_CODES = {
  UnresolvedReferenceException:             { by: ['registry', 'repository'],                   severity: 'Error',   means: 'An id in the submission points to no object, in the message or here.' },
  XDSDocumentUniqueIdError:                 { by: ['repository', 'initiating-gateway', 'responding-gateway'], severity: 'Error', means: 'No document of that uniqueId is available.' },
  XDSDuplicateUniqueIdInRegistry:           { by: ['registry'],                                 severity: 'Error',   means: 'The uniqueId of a SubmissionSet or Folder is taken.' },
  XDSExtraMetadataNotSaved:                 { by: ['registry'],                                 severity: 'Warning', means: 'Slots that IHE does not define were not kept.' },
  XDSMissingDocument:                       { by: ['repository'],                               severity: 'Error',   means: 'A DocumentEntry came without its document.' },
  XDSMissingDocumentMetadata:               { by: ['repository'],                               severity: 'Error',   means: 'A document came without its DocumentEntry.' },
  XDSMissingHomeCommunityId:                { by: ['initiating-gateway', 'responding-gateway'], severity: 'Error',   means: 'A homeCommunityId is needed here and was not given.' },
  XDSNonIdenticalHash:                      { by: ['registry', 'repository'],                   severity: 'Error',   means: 'The uniqueId is known with another hash.' },
  XDSNonIdenticalSize:                      { by: ['registry', 'repository'],                   severity: 'Error',   means: 'The uniqueId is known with another size.' },
  XDSPatientIdDoesNotMatch:                 { by: ['registry', 'repository'],                   severity: 'Error',   means: 'Objects that must be of one patient are not.' },
  XDSRegistryBusy:                          { by: ['registry'],                                 severity: 'Error',   means: 'Too many requests at once.' },
  XDSRepositoryBusy:                        { by: ['repository'],                               severity: 'Error',   means: 'Too many requests at once.' },
  XDSRegistryDeprecatedDocumentError:       { by: ['registry'],                                 severity: 'Error',   means: 'An Association points to a DocumentEntry that is Deprecated.' },
  XDSRegistryDuplicateUniqueIdInMessage:    { by: ['registry'],                                 severity: 'Error',   means: 'A uniqueId stands twice in one submission.' },
  XDSRepositoryDuplicateUniqueIdInMessage:  { by: ['repository'],                               severity: 'Error',   means: 'A uniqueId stands twice in one submission.' },
  XDSRegistryError:                         { by: ['registry', 'initiating-gateway', 'responding-gateway'],   severity: 'Error', means: 'The request cannot be read or answered, and no better code says why.' },
  XDSRepositoryError:                       { by: ['repository', 'initiating-gateway', 'responding-gateway'], severity: 'Error', means: 'The request cannot be read or answered, and no better code says why.' },
  XDSRegistryMetadataError:                 { by: ['registry'],                                 severity: 'Error',   means: 'The metadata are not valid.' },
  XDSRepositoryMetadataError:               { by: ['repository'],                               severity: 'Error',   means: 'The metadata are not valid, or do not fit the bytes.' },
  XDSRegistryNotAvailable:                  { by: ['repository'],                               severity: 'Error',   means: 'The registry did not answer.' },
  XDSRegistryOutOfResources:                { by: ['registry'],                                 severity: 'Error',   means: 'Disk or memory is short.' },
  XDSRepositoryOutOfResources:              { by: ['repository'],                               severity: 'Error',   means: 'Disk or memory is short.' },
  XDSResultNotSinglePatient:                { by: ['registry', 'responding-gateway'],           severity: 'Error',   means: 'The full objects found are of several patients; nothing is returned.' },
  XDSStoredQueryMissingParam:               { by: ['registry', 'initiating-gateway', 'responding-gateway'],   severity: 'Error', means: 'A required parameter is missing.' },
  XDSStoredQueryParamNumber:                { by: ['registry', 'initiating-gateway', 'responding-gateway'],   severity: 'Error', means: 'A parameter has too many values, or both of an either-or pair are given.' },
  XDSTooManyResults:                        { by: ['registry'],                                 severity: 'Error',   means: 'More was found than is returned at once.' },
  XDSUnavailableCommunity:                  { by: ['initiating-gateway'],                       severity: 'Error',   means: 'A community did not answer, or not in time.' },
  XDSUnknownCommunity:                      { by: ['initiating-gateway', 'responding-gateway'], severity: 'Error',   means: 'The homeCommunityId is not known here.' },
  XDSUnknownPatientId:                      { by: ['registry'],                                 severity: 'Error',   means: 'The patient is not known here, or was merged away.' },
  XDSUnknownRepositoryId:                   { by: ['repository', 'responding-gateway'],         severity: 'Error',   means: 'The repositoryUniqueId belongs to no repository known here.' },
  XDSUnknownStoredQuery:                    { by: ['registry', 'initiating-gateway', 'responding-gateway'],   severity: 'Error', means: 'The stored query is not known here.' },
} as const satisfies Record<string, ErrorCodeRow>;

/** A code that this system may raise; a peer's other codes pass through as strings. */
export type XdsErrorCode = keyof typeof XDS_ERROR_CODES;
