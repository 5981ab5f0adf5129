import { type PlacedSetting, settingsOf } from './config.ts';
import { rightOf } from './settings.ts';

type Language = 'en' | 'ja';

const WIDTH = 98;

/**
 * A config file with every setting in the order of the manual, each under what it is for: `given` values as they are,
 * defaults commented out (`#port: 8443`).
 *
 * @param given values by path, for example `listen.soap.port`
 */
export function configText(
  given: ReadonlyMap<string, unknown>,
  { language, heading }: { readonly language: Language; readonly heading: readonly string[] },
): string {
  const lines = heading.map((line) => `# ${line}`);
  let above: readonly string[] = [];
  for (const placed of settingsOf()) {
    const { path, setting } = placed;
    const tables = path.slice(0, -1);
    if (tables[0] !== above[0] || tables.length === 0) lines.push('');
    tables.forEach((table, depth) => {
      if (above[depth] !== table || depth >= above.length) lines.push(`${indent(depth)}${table}:`);
    });
    above = tables;
    const margin = indent(tables.length);
    for (const line of wrapped(setting.why[language], WIDTH - margin.length - 2)) {
      lines.push(`${margin}# ${line}`);
    }
    lines.push(margin + settingLine(placed, given));
  }
  return `${lines.join('\n')}\n`;
}

function settingLine(
  { path, setting }: PlacedSetting,
  given: ReadonlyMap<string, unknown>,
): string {
  const name = path.at(-1) ?? '';
  const key = path.join('.');
  if (given.has(key)) return `${name}: ${flow(given.get(key))}`;
  const value = setting.default === undefined ? '' : ` ${flow(setting.default)}`;
  return `#${name}:${value}`;
}

/** A value on one line of YAML. JSON is YAML 1.2; plain words stay plain. */
function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const rows = Object.entries(value).map(([key, each]) => `${key}: ${flow(each)}`);
    return `{ ${rows.join(', ')} }`;
  }
  if (typeof value !== 'string') return JSON.stringify(value);
  const isPlain =
    /^[A-Za-z][A-Za-z0-9_./:-]*$/.test(value) && !/^(true|false|null|yes|no|on|off)$/i.test(value);
  return isPlain && !value.endsWith(':') ? value : JSON.stringify(value);
}

/** The chapter of the manual: one row a setting, with its kind, its default and what it is for. */
export function settingsManual(language: Language): string {
  const titles = {
    en: ['Setting', 'Value', 'Default', 'What it is for'],
    ja: ['設定', '値', '既定', '目的'],
  }[language];
  const rows = settingsOf().map(({ path, setting }) => [
    `\`${path.join('.')}\``,
    rightOf(setting.kind.shape)[language],
    setting.isRequired
      ? { en: 'must be given', ja: '必須' }[language]
      : setting.default === undefined
        ? '-'
        : `\`${flow(setting.default)}\``,
    setting.why[language],
  ]);
  const lines = [titles, titles.map(() => '---'), ...rows].map(
    (row) => `| ${row.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`,
  );
  return `${lines.join('\n')}\n`;
}

function indent(depth: number): string {
  return '  '.repeat(depth);
}

/** Breaks a text at blanks; one without blanks, as Japanese is, stays whole. */
function wrapped(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return line === '' ? lines : [...lines, line];
}
