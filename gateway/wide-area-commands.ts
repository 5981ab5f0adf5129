import { type Steward, StewardRefusal } from '../actors/patient-identity/stewarding.ts';
import {
  reissueWideAreaId,
  type Reissued,
  type Resolved,
  resolveWideArea,
  retireWideAreaId,
} from '../actors/patient-identity/wide-area-keeping.ts';
import { decodeCX } from '../profiles/formats/datatypes.ts';
import type { PatientId } from '../profiles/patient.ts';
import type { ControlCommands } from './control.ts';
import { type IdentityOperation, type PatientUse, recordUse } from './identity-operation.ts';

/** What an operator gives a command; the id as `ID^^^&OID&ISO`. */
interface Asked {
  readonly id?: string;
  readonly by?: string;
  readonly reason?: string;
}

type Deed = (id: PatientId, steward: Steward) => Promise<Reissued>;

/**
 * What operators of a wide-area id service ask of it, as control commands: none where the process is no such service. Each is
 * recorded in the audit trail with their name before it is told; nothing is changed that could not be recorded.
 */
export function wideAreaCommands(options: IdentityOperation): ControlCommands {
  const { stores } = options;
  if (!stores.wideArea) return {};
  const changing = (name: string, work: Deed) => (input: unknown) =>
    change(name, input as Asked, { work, options });
  return {
    'wide-area.resolve': (input) => resolve(input as Asked, options),
    'wide-area.retire': changing('retire', (id, steward) => retireWideAreaId(id, steward, options)),
    'wide-area.reissue': changing('reissue', (id, steward) =>
      reissueWideAreaId(id, steward, options),
    ),
  };
}

async function resolve(asked: Asked, options: IdentityOperation): Promise<Resolved | null> {
  const { id, by } = readAsked(asked);
  const found = await resolveWideArea(id, options.stores);
  const told = found?.communities.map(({ wideAreaId }) => wideAreaId) ?? [];
  const outcome = found ? 'success' : 'refused';
  await record({ deed: 'resolve', by, action: 'R', patients: [id, ...told], outcome }, options);
  return found ?? null;
}

async function change(
  deed: string,
  asked: Asked,
  { work, options }: { readonly work: Deed; readonly options: IdentityOperation },
): Promise<Reissued> {
  const { id, by } = readAsked(asked);
  const { reason } = asked;
  await options.trail.check();
  const use = { deed, by, action: 'U' } as const;
  try {
    const done = await work(id, { by, ...(reason === undefined ? {} : { reason }) });
    const { regionalId, wideAreaId } = done;
    const patients = [id, regionalId, ...(wideAreaId ? [wideAreaId] : [])];
    await record({ ...use, patients, outcome: 'success' }, options);
    return done;
  } catch (error) {
    await record({ ...use, patients: [id], outcome: 'refused' }, options);
    throw error;
  }
}

function readAsked({ id, by = '' }: Asked): { readonly id: PatientId; readonly by: string } {
  if (by.trim() === '') throw new StewardRefusal('who asks must be said');
  if (typeof id !== 'string') throw new StewardRefusal('the id is needed');
  return { id: decodeCX(id), by };
}

async function record(
  use: PatientUse & { readonly outcome: 'success' | 'refused' },
  options: IdentityOperation,
): Promise<void> {
  await recordUse({ ...use, deed: `wide-area ${use.deed}` }, options);
}
