import { hostname, userInfo } from 'node:os';
import { pathToFileURL } from 'node:url';
import type { Config } from '../gateway/config.ts';
import { auditLogUsed } from '../gateway/safeguards/audit.ts';
import { recordsOf } from '../gateway/safeguards/audit-chain.ts';
import { AuditTrail } from '../gateway/safeguards/audit-trail.ts';
import { type AuditSummary, summaryOf } from '../profiles/atna/audit-summary.ts';
import { encodeCX } from '../profiles/formats/datatypes.ts';
import type { PatientId } from '../profiles/patient.ts';

/** Events by which data of a patient left: queries and exports that were answered. */
const DISCLOSING: ReadonlySet<string> = new Set(['Query', 'Export']);

/**
 * What was disclosed under any of these ids from a moment on, as the audit trail tells: queries that were answered and
 * documents that went out. Reading the trail is recorded in it.
 */
export async function disclosuresOf(
  { audit, device: auditSourceId }: Config,
  { ids, since }: { readonly ids: readonly PatientId[]; readonly since: string },
  { now }: { now(): Date },
): Promise<readonly AuditSummary[]> {
  const trail = await AuditTrail.open({
    directory: audit.directory,
    node: `${audit.node}.operator`,
    now,
    pid: process.pid,
    auditSourceId,
    opening: auditLogUsed(
      { user: userInfo().username, trail: pathToFileURL(audit.directory).href, at: now() },
      { auditSourceId, pid: process.pid, host: hostname() },
    ),
  });
  await trail.close();
  const wanted = new Set(ids.map(encodeCX));
  const found: AuditSummary[] = [];
  for await (const { message } of recordsOf(audit.directory)) {
    const summary = summaryOf(message);
    if (summary.at < since || !DISCLOSING.has(summary.event)) continue;
    if (summary.outcome !== '0' && summary.outcome !== '4') continue;
    if (summary.patients.some((patient) => wanted.has(patient))) found.push(summary);
  }
  return found.sort((one, other) => (one.at < other.at ? -1 : one.at > other.at ? 1 : 0));
}
