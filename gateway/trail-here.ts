import { hostname } from 'node:os';
import type { Config } from './config.ts';
import { applicationActivity, type Recorder } from './safeguards/audit.ts';
import { AuditTrail } from './safeguards/audit-trail.ts';

/** The audit trail of this process, who records in it, and how it is ended: the records of start and stop are in it. */
export async function startTrail(
  { audit, device }: Config,
  now: () => Date,
): Promise<{
  readonly trail: AuditTrail;
  readonly recorder: Recorder;
  /** In this order, each whatever became of the one before. */
  readonly endings: readonly (() => Promise<void>)[];
}> {
  const recorder: Recorder = { auditSourceId: device, pid: process.pid, host: hostname() };
  const { directory, node } = audit;
  const trail = await AuditTrail.open({
    directory,
    node,
    auditSourceId: device,
    now,
    pid: process.pid,
  });
  try {
    await trail.append([applicationActivity('start', recorder, now())]);
  } catch (error) {
    await trail.close();
    throw error;
  }
  const stop = () => trail.append([applicationActivity('stop', recorder, now())]);
  return { trail, recorder, endings: [stop, () => trail.close()] };
}
