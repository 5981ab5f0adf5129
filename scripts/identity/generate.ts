import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { generate } from './generator/generate.ts';
import { COLUMNS } from './generator/registration.ts';

/**
 * Writes synthetic registrations with the truth as CSV to standard output:
 *
 *     npx tsx scripts/identity/generate.ts --seed 7 --registrations 1000000 [--error-factor 2] > registrations.csv
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string', default: '1' },
      registrations: { type: 'string', default: '1000' },
      'error-factor': { type: 'string', default: '1' },
    },
  });
  const rows = generate({
    seed: Number(values.seed),
    registrations: Number(values.registrations),
    errorFactor: Number(values['error-factor']),
  });
  let text = `${COLUMNS.join(',')}\n`;
  for (const row of rows) {
    text += `${COLUMNS.map((column) => cell(row[column])).join(',')}\n`;
    if (text.length < 65_536) continue;
    if (!process.stdout.write(text)) await once(process.stdout, 'drain');
    text = '';
  }
  process.stdout.write(text);
}

function cell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

await main();
