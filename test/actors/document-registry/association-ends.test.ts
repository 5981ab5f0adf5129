import {
  allLinks,
  sourcesOf,
  targetsOf,
} from '../../../actors/document-registry/association-ends.ts';
import type { RegistryReader } from '../../../actors/document-registry/registry-store.ts';
import { refusedAs } from '../../support/a-registry.ts';

/** A reader of a registry in which everything is linked so many times. */
function linkedTimes(count: number): RegistryReader {
  const associationsOf = (_ends: object, most: number) =>
    Promise.resolve(
      Array.from({ length: Math.min(count, most) }, (_, number) => ({
        element: 'Association',
        id: String(number),
        sourceObject: 'one',
        targetObject: `other ${number % 2}`,
        content: '',
      })),
    );
  return { associationsOf } as unknown as RegistryReader;
}

describe('the ends of Associations', () => {
  it('are named once, however many Associations share them', async () => {
    const links = await allLinks({ either: ['one'] }, linkedTimes(4));
    expect([sourcesOf(links), targetsOf(links)]).toEqual([['one'], ['other 0', 'other 1']]);
  });

  it('are seen all or not at all: too many links are refused with XDSRegistryOutOfResources', async () => {
    expect(await allLinks({ either: ['one'] }, linkedTimes(50_000))).toHaveLength(50_000);
    expect(await refusedAs(allLinks({ either: ['one'] }, linkedTimes(50_001)))).toEqual([
      'XDSRegistryOutOfResources undefined',
    ]);
  });
});
