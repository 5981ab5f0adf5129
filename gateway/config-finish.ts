import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { ActorName } from '../actors/actor.ts';
import type { ConfigFault } from './config-faults.ts';
import { wideAreaFaults } from './config-of-identity.ts';
import { isSetting, type SettingTable, type Shape, type ValuesOf } from './settings.ts';
import { SETTINGS } from './settings-table.ts';

/** The values of every setting. */
export type Values = ValuesOf<typeof SETTINGS>;

/** The variables that `env:NAME` reads. */
export type Environment = Readonly<Record<string, string | undefined>>;

interface Finishing {
  readonly folder: string;
  readonly environment: Environment;
  readonly faults: ConfigFault[];
}

/** Makes paths absolute, reads secrets, and looks at what settings say together; what is wrong goes to `faults`. */
export function finish(values: Values, finishing: Finishing): Values {
  finishing.faults.push(...together(values));
  return finishTable(SETTINGS, values, { ...finishing, above: [] }) as Values;
}

function finishTable(
  table: SettingTable,
  values: Readonly<Record<string, unknown>>,
  finishing: Finishing & { above: readonly string[] },
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(table).map(([name, entry]) => {
      const path = [...finishing.above, name];
      const value = values[name];
      if (isSetting(entry))
        return [name, finishValue(entry.kind.shape, value, { ...finishing, path })];
      const inner = value as Readonly<Record<string, unknown>>;
      return [name, finishTable(entry, inner, { ...finishing, above: path })];
    }),
  );
}

function finishValue(
  shape: Shape,
  value: unknown,
  finishing: Finishing & { path: readonly string[] },
): unknown {
  if (shape.type === 'list' && Array.isArray(value)) {
    return value.map((each) => finishValue(shape.of, each, finishing));
  }
  if (shape.type === 'path' && typeof value === 'string') return resolve(finishing.folder, value);
  if (shape.type === 'secret' && typeof value === 'string') return secretOf(value, finishing);
  return value;
}

function secretOf(
  reference: string,
  { folder, environment, faults, path }: Finishing & { path: readonly string[] },
): string | undefined {
  const [, scheme, rest = ''] = /^(env|file):(.*)$/.exec(reference) ?? [];
  if (scheme === undefined) return reference;
  const name = path.join('.');
  const found = scheme === 'env' ? environment[rest] : fileSecret(resolve(folder, rest));
  if (found !== undefined && found !== '') return found;
  faults.push({
    path: name,
    problem: {
      en: `${name} is ${reference}, which is not there or empty`,
      ja: `${name} の指す ${reference} が無いか、空です`,
    },
  });
  return undefined;
}

function fileSecret(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return undefined;
  }
}

/** Whom each actor asks, so that none is sent to an actor that is not here. */
const ASKS: Readonly<Record<ActorName, readonly ActorName[]>> = {
  'patient-identity': ['document-registry'],
  'document-registry': [],
  'document-repository': ['document-registry'],
  'initiating-gateway': ['patient-identity', 'document-registry', 'document-repository'],
  'responding-gateway': ['patient-identity', 'document-registry', 'document-repository'],
};

function together(values: Values): readonly ConfigFault[] {
  const faults: ConfigFault[] = [];
  if (values.queue.kind === 'redis' && values.queue.url === undefined) {
    faults.push({
      path: 'queue.url',
      problem: {
        en: 'queue.url is missing; queue.kind redis needs it',
        ja: 'queue.url がありません。queue.kind が redis なら必要です',
      },
    });
  }
  if (values.database.kind === 'postgres' && values.database.url === undefined) {
    faults.push({
      path: 'database.url',
      problem: {
        en: 'database.url is missing; database.kind postgres needs it',
        ja: 'database.url がありません。database.kind が postgres なら必要です',
      },
    });
  }
  faults.push(...wideAreaFaults(values));
  const isWideArea = values.identity.level === 'wideArea';
  const asked = new Set(isWideArea ? [] : values.actors.flatMap((actor) => ASKS[actor]));
  for (const actor of asked) {
    if (values.actors.includes(actor) || values.destinations[actor] !== 'here') continue;
    const name = `destinations.${actor}`;
    faults.push({
      path: name,
      problem: {
        en: `${name} is here, but actors does not name it; it must be the URL where it runs`,
        ja: `${name} が here ですが actors にありません。動いている場所の URL が必要です`,
      },
    });
  }
  if (values.wideArea.service === undefined && values.wideArea.mode !== 'off') {
    faults.push({
      path: 'wideArea.service',
      problem: {
        en: `wideArea.service is missing; wideArea.mode ${values.wideArea.mode} needs it`,
        ja: `wideArea.service がありません。wideArea.mode が ${values.wideArea.mode} なら必要です`,
      },
    });
  }
  if (values.wideArea.service === undefined && values.wideArea.feed) {
    faults.push({
      path: 'wideArea.service',
      problem: {
        en: 'wideArea.service is missing; wideArea.feed needs it',
        ja: 'wideArea.service がありません。wideArea.feed が true なら必要です',
      },
    });
  }
  if (values.retrieval.longestMs < values.retrieval.deadlineMs) {
    faults.push({
      path: 'retrieval.longestMs',
      problem: {
        en: 'retrieval.longestMs is less than retrieval.deadlineMs; it must be as much or more',
        ja: 'retrieval.longestMs が retrieval.deadlineMs より短いです。同じか長くしてください',
      },
    });
  }
  return faults;
}
