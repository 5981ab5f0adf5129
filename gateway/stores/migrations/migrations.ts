import { DOCUMENT_REGISTRY } from './0001-document-registry.ts';
import { PATIENT_IDENTITY } from './0002-patient-identity.ts';
import { DOCUMENT_REPOSITORY } from './0003-document-repository.ts';
import { RETRIEVAL_AND_CORRELATION } from './0004-retrieval-and-correlation.ts';
import { REGISTRY_LIFECYCLE } from './0005-registry-lifecycle.ts';
import { DOCUMENT_CLAIMS } from './0006-document-claims.ts';
import { IDENTITY } from './0009-identity.ts';
import { CORRELATION_LOCATOR } from './0010-correlation-locator.ts';
import { NAME_SEARCH } from './0011-name-search.ts';
import { IDENTITY_FEEDS } from './0012-identity-feeds.ts';
import { WIDE_AREA_IDS } from './0013-wide-area-ids.ts';
import { WIDE_AREA_FEED } from './0015-wide-area-feed.ts';
import { MOTHERS_MAIDEN_NAME } from './0016-mothers-maiden-name.ts';
import { WAITING_REQUESTS } from './0017-waiting-requests.ts';
import { FEWER_IDENTITY_INDEXES } from './0018-fewer-identity-indexes.ts';
import type { Migration } from './migration.ts';

/** Every step in order; the number of a step is its place here, counted from 1. */
export const MIGRATIONS: readonly Migration[] = [
  DOCUMENT_REGISTRY,
  PATIENT_IDENTITY,
  DOCUMENT_REPOSITORY,
  RETRIEVAL_AND_CORRELATION,
  REGISTRY_LIFECYCLE,
  DOCUMENT_CLAIMS,
  IDENTITY,
  CORRELATION_LOCATOR,
  NAME_SEARCH,
  IDENTITY_FEEDS,
  WIDE_AREA_IDS,
  WIDE_AREA_FEED,
  MOTHERS_MAIDEN_NAME,
  WAITING_REQUESTS,
  FEWER_IDENTITY_INDEXES,
];
