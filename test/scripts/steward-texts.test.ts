import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stewardReasonInJapanese } from '../../scripts/steward-texts.ts';

const ROOMS = ['actors/patient-identity', 'gateway'];

/** Every text with which an operator's work on patients is refused; where a value stands in it, 7. */
function reasons(): readonly string[] {
  return ROOMS.flatMap((room) =>
    readdirSync(join(import.meta.dirname, '../..', room))
      .filter((name) => name.endsWith('.ts'))
      .flatMap((name) => {
        const source = readFileSync(join(import.meta.dirname, '../..', room, name), 'utf8');
        return [...source.matchAll(/new StewardRefusal\(\s*(['`])([\s\S]*?)\1/g)];
      })
      .map(([, , text = '']) => text.replaceAll(/\$\{[^}]*\}/g, '7')),
  );
}

describe('Why an operator’s work on patients was not done', () => {
  it('is told in Japanese, too, whatever the reason', () => {
    const all = reasons();

    expect(all.length).toBeGreaterThan(15);
    expect(all).toContain('review 7 is not open');
    for (const reason of all) {
      expect([reason, stewardReasonInJapanese(reason)]).toEqual([
        reason,
        expect.stringMatching(/^(?=.*[\u3040-\u30ff\u4e00-\u9fff])(?!.*[a-z]+ [a-z]+ [a-z]+)/),
      ]);
    }
  });

  it('stays as it is where it is another’s, such as the registry’s', () => {
    expect(stewardReasonInJapanese('a SubmissionSet holds both')).toBe(
      'a SubmissionSet holds both',
    );
  });
});
