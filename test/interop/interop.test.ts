import { readFileSync } from 'node:fs';
import { CATALOGUE } from '../../profiles/catalogue.ts';
import { ALL_CASES } from './all-cases.ts';
import { wordsIn } from './interop-case.ts';
import { interopPage, plainMatrix } from './matrix.ts';
import { peerVersion } from './peer.ts';

const held = ALL_CASES.map(({ run: _, ...cell }) => cell);

describe('the matrix of interoperability', () => {
  // IPF has no endpoint for ITI-56; ITI-64 is asked among the actors of one community; ITI-46 has the body and the action of ITI-44.
  const unasked = ['ITI-46', 'ITI-56', 'ITI-64'];
  const asked = CATALOGUE.map(({ id }) => id).filter((id) => !unasked.includes(id));

  it.each(asked)('%s is asked and refused in both directions', (id) => {
    const cells = held.filter(({ transaction }) => transaction === id);
    for (const direction of ['inward', 'outward']) {
      const names = cells.filter((cell) => cell.direction === direction).map(({ name }) => name);
      expect(names).toEqual(expect.arrayContaining(['success', 'refusal']));
      expect(new Set(names).size).toBe(names.length);
    }
  });

  it('stands in docs/interop.md as a run writes it in which everything holds', () => {
    const page = readFileSync(new URL('../../docs/interop.md', import.meta.url), 'utf8');
    expect(page).toBe(interopPage(held, peerVersion()));
  });

  it('shows a cell that does not hold, and why', () => {
    const [first, ...others] = held;
    if (!first) throw new Error('no cases');
    const outcomes = [{ ...first, why: 'the peer met a fault' }, ...others];
    expect(plainMatrix(outcomes)).toContain('FAILS');
    expect(interopPage(outcomes, '5')).toContain(
      'IPF 5.1 asks Kakehashi, success: the peer met a fault',
    );
  });

  it('takes Japanese words apart at the separators of HL7, whatever else stands beside them', () => {
    expect(wordsIn('<a b="1^試験^太郎&amp;次郎">内科<c>ABC</c></a>')).toEqual(
      ['内科', '太郎', '次郎', '試験'].sort(),
    );
  });
});
