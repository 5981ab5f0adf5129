import { parseArgs } from 'node:util';
import { JAPAN_RULE_SET } from '../../actors/patient-identity/matching/japan-rule-set.ts';
import { evaluate } from './evaluation.ts';

/**
 * Prints how well the rule set does on generated registrations, seed by seed, with the rates as they are and doubled:
 *
 *     npx tsx scripts/identity/evaluate.ts [--seeds 101-110] [--registrations 100000] [--error-factors 1,2] [--details]
 *
 * Recall counts what is linked before anybody has answered a question; `if merged` what is when the proposed merges are done.
 * A task is one open review, as `kakehashi patient review list` would show it after an import of the same registrations.
 *
 * Seeds 1 to 5 were used while the rules were made; 101 to 110 were not.
 */
function main(): void {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string', default: '101-110' },
      registrations: { type: 'string', default: '100000' },
      'error-factors': { type: 'string', default: '1,2' },
      details: { type: 'boolean', default: false },
    },
  });
  const [first = 101, last = first] = values.seeds.split('-').map(Number);
  const registrations = Number(values.registrations);
  print(`rule set ${JAPAN_RULE_SET.version}, ${registrations} registrations a seed`);
  print(
    'factor seed   true pairs  precision   false  recall  if merged  reviews  merges  1 task in  candidates  seconds',
  );
  for (const errorFactor of values['error-factors'].split(',').map(Number)) {
    for (let seed = first; seed <= last; seed += 1) {
      const result = evaluate({ seed, registrations, errorFactor }, JAPAN_RULE_SET);
      print(
        [
          String(errorFactor).padStart(6),
          String(seed).padStart(4),
          String(result.truePairs).padStart(12),
          result.precision.toFixed(6).padStart(10),
          String(result.falsePairs).padStart(7),
          result.recall.toFixed(4).padStart(7),
          result.recallOnceMerged.toFixed(4).padStart(10),
          String(result.reviewPairs).padStart(8),
          String(result.mergeProposals).padStart(7),
          (registrations / result.reviewTasks).toFixed(0).padStart(10),
          String(result.candidatePairs).padStart(11),
          result.seconds.toFixed(1).padStart(8),
        ].join(' '),
      );
      if (!values.details) continue;
      for (const [title, rows] of [
        ['missed', result.missed],
        ['wrong', result.wrong],
        ['for review', result.reviewed],
      ] as const) {
        print(`  ${title}`);
        for (const [what, count] of rows) print(`    ${String(count).padStart(6)}  ${what}`);
      }
    }
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

main();
