import type { Severity } from '../refusal.ts';

/** Who may raise a code. The Update Responder is the registry of a community, or the gateway before it. */
export type ErrorRaiser =
  | 'registry'
  | 'repository'
  | 'initiating-gateway'
  | 'responding-gateway'
  | 'update-responder';

/** One row of the table of error codes. */
export interface ErrorCodeRow {
  readonly by: readonly ErrorRaiser[];
  /** The transactions whose answers may carry it. What a repository hands on from its registry is not said again. */
  readonly in: readonly string[];
  readonly severity: Severity;
  readonly means: string;
}

/** XDS error codes that this system raises. Source: ITI TF-3: Table 4.2.4.1-2; the supplements MU, RMD and RMU. */
// biome-ignore format: the rows are compared by eye
export const XDS_ERROR_CODES = {
  ReferencesExistException:                { by: ['registry'],                                                                 in: ['ITI-62'],                                                                       severity: 'Error',   means: 'An object to be removed is still referenced by an Association that stays; the location is that object.' },
  UnmodifiableMetadataError:               { by: ['update-responder'],                                                         in: ['ITI-92'],                                                                       severity: 'Error',   means: 'The update changes an attribute that may not change.' },
  UnresolvedReferenceException:            { by: ['registry', 'repository', 'update-responder'],                               in: ['ITI-41', 'ITI-42', 'ITI-57', 'ITI-61', 'ITI-62', 'ITI-92'],                     severity: 'Error',   means: 'An id in the request points to no object, in the message or here.' },
  XDSDocumentUniqueIdError:                { by: ['repository', 'initiating-gateway', 'responding-gateway'],                   in: ['ITI-39', 'ITI-43', 'ITI-86'],                                                   severity: 'Error',   means: 'No document of that uniqueId is available; the location is the uniqueId.' },
  XDSDuplicateUniqueIdInRegistry:          { by: ['registry'],                                                                 in: ['ITI-42', 'ITI-61'],                                                             severity: 'Error',   means: 'The uniqueId of a SubmissionSet or Folder is taken.' },
  XDSInvalidRequestException:              { by: ['registry', 'update-responder'],                                             in: ['ITI-57', 'ITI-92'],                                                             severity: 'Error',   means: 'An initial version was sent as an update: no logicalID, or one that is the entryUUID.' },
  XDSMetadataAnnotationError:              { by: ['update-responder'],                                                         in: ['ITI-92'],                                                                       severity: 'Error',   means: 'The HasMember of the SubmissionSet, its PreviousVersion or its AssociationPropagation is missing or wrong.' },
  XDSMetadataIdentifierError:              { by: ['update-responder'],                                                         in: ['ITI-92'],                                                                       severity: 'Error',   means: 'The update changes the uniqueId or the logicalID.' },
  XDSMetadataUpdateError:                  { by: ['registry', 'update-responder'],                                             in: ['ITI-57', 'ITI-92'],                                                             severity: 'Error',   means: 'The update is refused; the location is the object at fault.' },
  XDSMetadataUpdateOperationError:         { by: ['registry'],                                                                 in: ['ITI-57'],                                                                       severity: 'Error',   means: 'The operation is not known, badly made, or stands twice.' },
  XDSMetadataVersionError:                 { by: ['registry', 'update-responder'],                                             in: ['ITI-57', 'ITI-92'],                                                             severity: 'Error',   means: 'PreviousVersion is not the current version, or there is none.' },
  XDSMissingDocument:                      { by: ['repository'],                                                               in: ['ITI-41'],                                                                       severity: 'Error',   means: 'A DocumentEntry came without its document.' },
  XDSMissingDocumentMetadata:              { by: ['repository'],                                                               in: ['ITI-41'],                                                                       severity: 'Error',   means: 'A document came without its DocumentEntry.' },
  XDSMissingHomeCommunityId:               { by: ['initiating-gateway', 'responding-gateway'],                                 in: ['ITI-18', 'ITI-38', 'ITI-39', 'ITI-43', 'ITI-92'],                               severity: 'Error',   means: 'A homeCommunityId is needed here and was not given.' },
  XDSNonIdenticalHash:                     { by: ['registry', 'repository'],                                                   in: ['ITI-41', 'ITI-42'],                                                             severity: 'Error',   means: 'The uniqueId is known with another hash.' },
  XDSNonIdenticalSize:                     { by: ['registry', 'repository'],                                                   in: ['ITI-41', 'ITI-42'],                                                             severity: 'Error',   means: 'The uniqueId is known with another size.' },
  XDSObjectTypeError:                      { by: ['update-responder'],                                                         in: ['ITI-92'],                                                                       severity: 'Error',   means: 'The update changes the objectType, or holds a Folder.' },
  XDSPatientIdDoesNotMatch:                { by: ['registry', 'repository'],                                                   in: ['ITI-41', 'ITI-42', 'ITI-57', 'ITI-61'],                                         severity: 'Error',   means: 'Objects that must be of one patient are not.' },
  XDSPatientIDReconciliationError:         { by: ['registry', 'update-responder'],                                             in: ['ITI-57', 'ITI-92'],                                                             severity: 'Error',   means: 'The update would leave objects of different patients linked.' },
  XDSRegistryBusy:                         { by: ['registry', 'initiating-gateway', 'responding-gateway'],                       in: ['ITI-18', 'ITI-38', 'ITI-42', 'ITI-51', 'ITI-57', 'ITI-61', 'ITI-62', 'ITI-92'], severity: 'Error',   means: 'The database is taken up by others; the same request may be done later.' },
  XDSRepositoryBusy:                       { by: ['repository', 'initiating-gateway', 'responding-gateway'],                     in: ['ITI-39', 'ITI-41', 'ITI-43', 'ITI-86'],                                         severity: 'Error',   means: 'The database is taken up by others; the same request may be done later.' },
  XDSRegistryDeprecatedDocumentError:      { by: ['registry'],                                                                 in: ['ITI-42', 'ITI-61'],                                                             severity: 'Error',   means: 'An Association points to a DocumentEntry that is Deprecated.' },
  XDSRegistryDuplicateUniqueIdInMessage:   { by: ['registry', 'update-responder'],                                             in: ['ITI-42', 'ITI-57', 'ITI-61', 'ITI-92'],                                         severity: 'Error',   means: 'A uniqueId stands twice in one submission.' },
  XDSRepositoryDuplicateUniqueIdInMessage: { by: ['repository'],                                                               in: ['ITI-41'],                                                                       severity: 'Error',   means: 'A uniqueId stands twice in one submission.' },
  XDSRegistryError:                        { by: ['registry', 'initiating-gateway', 'responding-gateway', 'update-responder'], in: ['ITI-18', 'ITI-38', 'ITI-42', 'ITI-51', 'ITI-57', 'ITI-61', 'ITI-62', 'ITI-92'], severity: 'Error',   means: 'The request cannot be read or answered, and no better code says why.' },
  XDSRepositoryError:                      { by: ['repository', 'initiating-gateway', 'responding-gateway'],                   in: ['ITI-39', 'ITI-41', 'ITI-43', 'ITI-86'],                                         severity: 'Error',   means: 'The request cannot be read or answered, and no better code says why.' },
  XDSRegistryMetadataError:                { by: ['registry', 'update-responder'],                                             in: ['ITI-42', 'ITI-57', 'ITI-61', 'ITI-92'],                                         severity: 'Error',   means: 'The metadata are not valid.' },
  XDSRepositoryMetadataError:              { by: ['repository'],                                                               in: ['ITI-41'],                                                                       severity: 'Error',   means: 'The metadata are not valid, or do not fit the bytes.' },
  XDSRegistryNotAvailable:                 { by: ['repository'],                                                               in: ['ITI-41'],                                                                       severity: 'Error',   means: 'The registry did not answer.' },
  XDSRegistryOutOfResources:               { by: ['registry', 'initiating-gateway', 'responding-gateway'],                       in: ['ITI-18', 'ITI-38', 'ITI-42', 'ITI-51', 'ITI-57', 'ITI-61', 'ITI-62', 'ITI-92'], severity: 'Error',   means: 'Disk or memory is short.' },
  XDSRepositoryOutOfResources:             { by: ['repository', 'initiating-gateway', 'responding-gateway'],                     in: ['ITI-39', 'ITI-41', 'ITI-43', 'ITI-86'],                                         severity: 'Error',   means: 'Disk or memory is short.' },
  XDSRemoveDocumentsError:                 { by: ['repository'],                                                               in: ['ITI-86'],                                                                       severity: 'Error',   means: 'The document could not be removed.' },
  XDSResultNotSinglePatient:               { by: ['registry', 'responding-gateway'],                                           in: ['ITI-18', 'ITI-38'],                                                             severity: 'Error',   means: 'The full objects found are of several patients; nothing is returned.' },
  XDSStoredQueryMissingParam:              { by: ['registry', 'initiating-gateway', 'responding-gateway'],                     in: ['ITI-18', 'ITI-38', 'ITI-51'],                                                   severity: 'Error',   means: 'A required parameter is missing.' },
  XDSStoredQueryParamNumber:               { by: ['registry', 'initiating-gateway', 'responding-gateway'],                     in: ['ITI-18', 'ITI-38', 'ITI-51'],                                                   severity: 'Error',   means: 'A parameter has too many values, or both of an either-or pair are given.' },
  XDSTooManyResults:                       { by: ['registry'],                                                                 in: ['ITI-18', 'ITI-51'],                                                             severity: 'Error',   means: 'More was found than is returned at once.' },
  XDSUnavailableCommunity:                 { by: ['initiating-gateway'],                                                       in: ['ITI-18', 'ITI-43', 'ITI-92'],                                                   severity: 'Error',   means: 'A community did not answer, or not in time.' },
  XDSUnknownCommunity:                     { by: ['initiating-gateway', 'responding-gateway'],                                 in: ['ITI-18', 'ITI-38', 'ITI-39', 'ITI-43', 'ITI-92'],                               severity: 'Error',   means: 'The homeCommunityId is not known here.' },
  XDSUnknownPatientId:                     { by: ['registry'],                                                                 in: ['ITI-42', 'ITI-57', 'ITI-61', 'ITI-92'],                                         severity: 'Error',   means: 'The patient is not known here, or was merged away.' },
  XDSUnknownRepositoryId:                  { by: ['repository', 'responding-gateway'],                                         in: ['ITI-39', 'ITI-43', 'ITI-86'],                                                   severity: 'Error',   means: 'The repositoryUniqueId belongs to no repository known here.' },
  XDSUnknownStoredQuery:                   { by: ['registry', 'initiating-gateway', 'responding-gateway'],                     in: ['ITI-18', 'ITI-38', 'ITI-51'],                                                   severity: 'Error',   means: 'The stored query is not known here.' },
  XDSUnreferencedObjectException:          { by: ['registry'],                                                                 in: ['ITI-62'],                                                                       severity: 'Error',   means: 'The removal would leave an object that no Association references; the location is that object.' },
} as const satisfies Record<string, ErrorCodeRow>;

/** Codes of the Framework that this system never raises, and passes through where a peer does. Source: as above. */
export const XDS_ERROR_CODES_OF_OTHERS: readonly string[] = [
  'DocumentQueued',
  'FHIRDocumentNotSupported',
  'InvalidDocumentContent',
  'LocalPolicyRestrictionError',
  'PartialAppendContentNotProcessed',
  'PartialFolderContentNotProcessed',
  'PartialRelationshipContentNotProcessed',
  'PartialReplaceContentNotProcessed',
  'PartialTransformNotProcessed',
  'PartialTransformReplaceNotProcessed',
  'UnavailableRecipient',
  'UnknownRecipient',
  'XDSExtraMetadataNotSaved',
  'XDSReplaceFailed',
];

/** A code that this system may raise; a peer's other codes pass through as strings. */
export type XdsErrorCode = keyof typeof XDS_ERROR_CODES;
