import { isUuidUrn } from '../../profiles/formats/datatypes.ts';
import { timeOrderedUuid } from '../../gateway/time-ordered-uuid.ts';

describe('UUIDs in the order of time', () => {
  let at = new Date('2026-01-01T00:00:00.000Z');
  const uuid = timeOrderedUuid(() => at);

  it('are UUIDs of version 7, as RFC 9562 lays them out, and such as IHE takes', () => {
    const made = uuid();
    expect(isUuidUrn(`urn:uuid:${made}`)).toBe(true);
    expect(made).toMatch(/^019b76da-a800-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(0x019b76daa800).toBe(at.getTime());
  });

  it('sort by the time at which they were made', () => {
    const earlier = uuid();
    at = new Date(at.getTime() + 1);
    expect(earlier < uuid()).toBe(true);
  });

  it('differ within one moment', () => {
    expect(new Set(Array.from({ length: 1_000 }, uuid)).size).toBe(1_000);
  });
});
