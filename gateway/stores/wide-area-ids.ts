import type { WideAreaId, WideAreaIdChange } from '../../actors/patient-identity/wide-area.ts';
import type { PatientId } from '../../profiles/patient.ts';
import type { Reads, Selectable, Writes } from './database.ts';
import type { IdentityTables } from './identity-tables.ts';
import { inSlices } from './in-slices.ts';

type Reading = Reads<IdentityTables>;
type Writing = Writes<IdentityTables>;

/** A wide-area id, whatever its state. */
export async function wideAreaId(
  queries: Reading,
  { id, assigningAuthority }: PatientId,
): Promise<WideAreaId | undefined> {
  const row = await queries
    .selectFrom('identity_wide_area_id')
    .selectAll()
    .where('assigning_authority', '=', assigningAuthority)
    .where('id', '=', id)
    .executeTakeFirst();
  return row && wideAreaIdIn(row);
}

/** All that were issued for these regional ids, in the order in which they were. */
export async function wideAreaIdsOf(
  queries: Reading,
  regionalIds: readonly PatientId[],
): Promise<readonly WideAreaId[]> {
  const authorities = [...new Set(regionalIds.map((one) => one.assigningAuthority))];
  const found: Selectable<IdentityTables['identity_wide_area_id']>[] = [];
  for (const authority of authorities) {
    const own = regionalIds.filter((one) => one.assigningAuthority === authority);
    const ids = [...new Set(own.map(({ id }) => id))];
    const rows = await inSlices(ids, (slice) =>
      queries
        .selectFrom('identity_wide_area_id')
        .selectAll()
        .where('regional_authority', '=', authority)
        .where('regional_id', 'in', slice)
        .execute(),
    );
    found.push(...rows);
  }
  return found.sort((one, other) => one.number - other.number).map(wideAreaIdIn);
}

/** Takes a new one, or the new state of one, and writes down who made the change. */
export async function putWideAreaId(
  queries: Writing,
  { id: { id, assigningAuthority }, of, state }: WideAreaId,
  { by, reason, at }: WideAreaIdChange,
): Promise<void> {
  await queries
    .insertInto('identity_wide_area_id')
    .values({
      assigning_authority: assigningAuthority,
      id,
      regional_authority: of.assigningAuthority,
      regional_id: of.id,
      state,
      issued_at: at.toISOString(),
    })
    .onConflict((conflict) =>
      conflict.columns(['assigning_authority', 'id']).doUpdateSet({ state }),
    )
    .execute();
  await queries
    .insertInto('identity_wide_area_change')
    .values({
      assigning_authority: assigningAuthority,
      id,
      state,
      changed_by: by,
      reason: reason ?? null,
      changed_at: at.toISOString(),
    })
    .execute();
}

function wideAreaIdIn(row: Selectable<IdentityTables['identity_wide_area_id']>): WideAreaId {
  return {
    id: { id: row.id, assigningAuthority: row.assigning_authority },
    of: { id: row.regional_id, assigningAuthority: row.regional_authority },
    state: row.state as WideAreaId['state'],
  };
}
