import { StewardRefusal } from '../actors/patient-identity/stewarding.ts';
import { type Tidied, tidyReviews } from '../actors/patient-identity/tidying.ts';
import type { ControlCommands } from './control.ts';
import { type IdentityOperation, recordUse } from './identity-operation.ts';

interface Asked {
  readonly by?: string;
  readonly after?: number;
  /** The first step of what the operator asked for. */
  readonly isFirst?: boolean;
}

/**
 * The control command `patient.tidy`: one step through the list of what waits for a person. Its beginning is recorded with the
 * operator's name.
 */
export function reviewTidying(options: IdentityOperation): ControlCommands {
  return { 'patient.tidy': (input) => tidy((input ?? {}) as Asked, options) };
}

async function tidy(
  { by = '', after = 0, isFirst = true }: Asked,
  options: IdentityOperation,
): Promise<Tidied> {
  if (by.trim() === '') throw new StewardRefusal('who decides must be said');
  const { stores, world, trail } = options;
  await trail.check();
  if (isFirst) {
    const use = { deed: 'review tidy', by, action: 'U', patients: [] } as const;
    await recordUse({ ...use, outcome: 'success' }, options);
  }
  return await tidyReviews(after, stores, world);
}
