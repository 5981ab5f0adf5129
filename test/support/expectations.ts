import type { RegistryError } from '../../profiles/xds/registry-response.ts';
import type { ReadRecord } from './audit-reading.ts';

/** What a refusal has to say. */
export interface WantedError {
  readonly errorCode: string;
  /** Undefined: not promised. */
  readonly location?: string;
}

/** A Failure whose only errors are these; each says in its context what was wrong. */
export function expectFailure(
  response: { readonly status: string; readonly errors: readonly RegistryError[] },
  ...wanted: readonly WantedError[]
): void {
  expect(response.status).toBe('Failure');
  expectErrors(response.errors, ...wanted);
}

/** Exactly these errors, in any order. */
export function expectErrors(
  errors: readonly RegistryError[],
  ...wanted: readonly WantedError[]
): void {
  expect(errors.map(({ errorCode }) => errorCode).sort()).toEqual(
    wanted.map(({ errorCode }) => errorCode).sort(),
  );
  for (const error of errors) expect(error.codeContext.trim()).not.toBe('');
  for (const { errorCode, location } of wanted) {
    if (location === undefined) continue;
    const located = errors.filter((error) => error.errorCode === errorCode);
    expect(located.map((error) => error.location)).toContain(location);
  }
}

/** The participants as every record of an exchange names them: who asked, who answered, and which way the data went. */
export function expectParticipants(
  { participants }: ReadRecord,
  { source, endpoint }: { source: 'asker' | 'answerer'; endpoint: string },
): void {
  expect(participants).toHaveLength(2);
  const [asker] = participants.filter(({ isRequestor }) => isRequestor);
  const [answerer] = participants.filter(({ isRequestor }) => !isRequestor);
  expect(asker?.userId).toBe('http://www.w3.org/2005/08/addressing/anonymous');
  expect(answerer?.userId).toBe(endpoint);
  expect(asker?.role).toBe(source === 'asker' ? '110153' : '110152');
  expect(answerer?.role).toBe(source === 'asker' ? '110152' : '110153');
}

/** Waits until something holds that happens beside the test. @throws Error when it never does */
export async function eventually(holds: () => Promise<boolean> | boolean): Promise<void> {
  for (let turn = 0; turn < 200; turn += 1) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('it did not come to hold');
}
