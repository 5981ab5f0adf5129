import { join } from 'node:path';
import { verifyTrail } from '../../gateway/safeguards/audit-chain.ts';

/**
 * Verifies the audit trail in a region's folder, and resolves to the number of its records.
 * @throws Error that names the first break
 */
export async function verifiedRecords(folder: string): Promise<number> {
  const verdict = await verifyTrail(join(folder, 'var', 'audit'));
  if (!verdict.sound)
    throw new Error(`the audit trail is broken at ${verdict.file}:${verdict.line}`);
  return verdict.records;
}
