import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CATALOGUE, MLLP_CATALOGUE } from '../profiles/catalogue.ts';
import { ACKNOWLEDGEMENT_DETAIL_CODES } from '../profiles/formats/hl7v3-codes.ts';
import { MESSAGE_CODES } from '../profiles/formats/message-codes.ts';
import { XDS_ERROR_CODES } from '../profiles/xds/error-codes.ts';

/**
 * The rules of the house, read off the tree: ARCHITECTURE.md says why. Each test names the files that break its rule.
 */

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');

/** What stands at the top, beside dotfiles and prose (`*.md`, LICENSE). */
const TOP: ReadonlySet<string> = new Set([
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'biome.json',
  'Dockerfile',
  'profiles',
  'certs',
  'actors',
  'gateway',
  'scripts',
  'test',
  'docs',
]);
/** Made by tools, never committed. */
const MADE: ReadonlySet<string> = new Set(['node_modules', 'dist', 'coverage', 'var']);

type Room = 'profiles' | 'certs' | 'actors' | 'gateway' | 'scripts';

interface RoomRule {
  /** Rooms that it may import from, itself left out. */
  readonly rooms: readonly Room[];
  readonly packages: readonly string[];
  /** Modules of Node; undefined: all. */
  readonly node?: readonly string[];
}

const RULES: Readonly<Record<Room, RoomRule>> = {
  // Pure all the same: a hash, and whether octets are UTF-8.
  profiles: {
    rooms: [],
    packages: ['saxes'],
    node: ['node:assert', 'node:buffer', 'node:crypto'],
  },
  certs: {
    rooms: [],
    packages: [
      '@peculiar/x509',
      'reflect-metadata',
      'pkijs',
      'node-forge',
      'xml-crypto',
      'libxml2-wasm',
    ],
    node: ['node:assert', 'node:crypto'],
  },
  actors: { rooms: ['profiles'], packages: [], node: ['node:assert'] },
  gateway: {
    rooms: ['actors', 'profiles', 'certs'],
    packages: [
      'express',
      'soap',
      'libxml2-wasm',
      'fast-xml-parser',
      'kysely',
      'libsql',
      'pg',
      'ioredis',
      'bullmq',
      'pino',
      'prom-client',
      'zod',
      'yaml',
    ],
  },
  scripts: {
    rooms: ['gateway', 'actors', 'profiles', 'certs'],
    packages: ['commander', 'autocannon'],
  },
};

/** Packages with more than one door, or a door that the table of rooms does not foresee, and why. */
const DOORS: Readonly<Record<string, { readonly files: readonly string[]; readonly why: string }>> =
  {
    'libxml2-wasm': {
      files: ['gateway/inbound/schema.ts'],
      why: 'certs canonicalises with it, and knows nothing of messages; requests are judged where they come in',
    },
  };

/** One profile on another, as a delta. */
const DELTAS: Readonly<Record<string, readonly string[]>> = { xca: ['xds'], xcpd: ['pdq'] };

interface Import {
  /** A file of the house, from its root. */
  readonly file?: string;
  /** A package's name, or a module of Node. */
  readonly module?: string;
  readonly isType: boolean;
  readonly specifier: string;
}

interface Source {
  /** From the root, with slashes. */
  readonly path: string;
  readonly room: Room | 'test';
  readonly text: string;
  /** Without comments. */
  readonly code: string;
  readonly imports: readonly Import[];
}

function filesUnder(folder: string): string[] {
  if (!existsSync(join(ROOT, folder))) return [];
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    return entry.isDirectory() ? filesUnder(path) : [path];
  });
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1');
}

const IMPORTS =
  /(?:^|[\n;])\s*(?:import|export)\s+(?<type>type\s)?[^;'"()]*?from\s*['"](?<from>[^'"]+)['"]|(?:^|[\n;])\s*import\s*['"](?<bare>[^'"]+)['"]|\bimport\(\s*['"](?<lazy>[^'"]+)['"]\s*\)|\brequire\(\s*['"](?<required>[^'"]+)['"]\s*\)/g;

function importsOf(path: string, code: string): Import[] {
  return [...code.matchAll(IMPORTS)].map(({ groups = {} }) => {
    const specifier =
      groups['from'] ?? groups['bare'] ?? groups['lazy'] ?? groups['required'] ?? '';
    const isType = groups['type'] !== undefined;
    if (specifier.startsWith('.')) {
      return { file: normalize(join(dirname(path), specifier)), isType, specifier };
    }
    const parts = specifier.split('/').slice(0, specifier.startsWith('@') ? 2 : 1);
    return { module: parts.join('/'), isType, specifier };
  });
}

function sourceOf(path: string): Source {
  const text = readFileSync(join(ROOT, path), 'utf8');
  const code = withoutComments(text);
  const room = path.split('/', 1)[0] as Room | 'test';
  return { path, room, text, code, imports: importsOf(path, code) };
}

const ROOMS = Object.keys(RULES) as Room[];
const HOUSE = ROOMS.flatMap((room) => filesUnder(room))
  .filter((path) => path.endsWith('.ts'))
  .map(sourceOf);
const TESTS = filesUnder('test')
  .filter((path) => path.endsWith('.ts'))
  .map(sourceOf);

/** `path: what` for each import that `isBreach` names. */
function breaches(
  sources: readonly Source[],
  isBreach: (one: Import, source: Source) => boolean,
): string[] {
  return sources.flatMap((source) =>
    source.imports
      .filter((one) => isBreach(one, source))
      .map((one) => `${source.path} imports ${one.specifier}`),
  );
}

/** `path:line` for each line of the code that matches. */
function linesWith(sources: readonly Source[], pattern: RegExp): string[] {
  return sources.flatMap(({ path, code }) =>
    code.split('\n').flatMap((line) => (pattern.test(line) ? [`${path}: ${line.trim()}`] : [])),
  );
}

function isWithin(file: string | undefined, folder: string): boolean {
  return file?.startsWith(`${folder}/`) ?? false;
}

describe('the tree', () => {
  it('has at its top what the architecture names, and prose', () => {
    const strange = readdirSync(ROOT).filter(
      (name) =>
        !TOP.has(name) &&
        !MADE.has(name) &&
        !name.startsWith('.') &&
        !/^[A-Z]+(\.[a-z]{2})?\.md$/.test(name) &&
        name !== 'LICENSE',
    );
    expect(strange).toEqual([]);
  });

  it('names files and folders in kebab-case', () => {
    const strange = [...ROOMS, 'test', 'docs']
      .flatMap((room) => filesUnder(room))
      .filter((path) => !path.startsWith('test/messages/'))
      // Java names a file after its class, and what Maven and pip make is not ours to name.
      .filter((path) => !/^test\/interop\/(ipf\/(src|target)|zeep\/\.venv)\//.test(path))
      .filter((path) => !/^([a-z0-9-]+\/)*([a-z0-9-]+|README)(\.[a-z0-9]+)*$/.test(path));
    expect(strange).toEqual([]);
  });

  it('has no barrel: index.ts is an actor’s list of answers and nothing else', () => {
    const barrels = HOUSE.map(({ path }) => path).filter(
      (path) => basename(path) === 'index.ts' && !/^actors\/[a-z-]+\/index\.ts$/.test(path),
    );
    expect(barrels).toEqual([]);
  });

  it('keeps words only in docs', () => {
    expect(filesUnder('docs').filter((path) => !path.endsWith('.md'))).toEqual([]);
  });
});

describe('the walls between rooms', () => {
  it.each(ROOMS)('%s imports only from the rooms below it', (room) => {
    const allowed: readonly string[] = [room, ...RULES[room].rooms];
    const found = breaches(
      HOUSE.filter((source) => source.room === room),
      ({ file }) => file !== undefined && !allowed.some((other) => isWithin(file, other)),
    );
    // The one file outside: the manifest, for the version.
    expect(found.filter((breach) => !breach.endsWith('package.json'))).toEqual([]);
  });

  it.each(ROOMS)('%s uses only its own packages, and of Node what it may', (room) => {
    const { packages, node } = RULES[room];
    const found = breaches(
      HOUSE.filter((source) => source.room === room),
      ({ module }) => {
        if (module === undefined) return false;
        if (module.startsWith('node:')) return node !== undefined && !node.includes(module);
        return !packages.includes(module);
      },
    );
    expect(found).toEqual([]);
  });

  it('formats know nothing but bytes, and the refusal', () => {
    const found = breaches(
      HOUSE.filter(({ path }) => isWithin(path, 'profiles/formats')),
      ({ file }) =>
        file !== undefined && !isWithin(file, 'profiles/formats') && file !== 'profiles/refusal.ts',
    );
    expect(found).toEqual([]);
  });

  it('a profile imports another only as a delta', () => {
    const profileOf = (path: string | undefined) =>
      /^profiles\/(?<name>[a-z]+)\//.exec(path ?? '')?.groups?.['name'];
    const found = breaches(HOUSE, ({ file }, { path }) => {
      const from = profileOf(path);
      const to = profileOf(file);
      if (from === undefined || to === undefined || to === from || to === 'formats') return false;
      return !DELTAS[from]?.includes(to);
    });
    expect(found).toEqual([]);
  });

  it('an actor never looks into another actor’s folder', () => {
    const folderOf = (path: string) => path.split('/')[1];
    const found = breaches(HOUSE, ({ file }, { path, room }) => {
      if (room !== 'actors' || !isWithin(file, 'actors') || file === 'actors/actor.ts')
        return false;
      return folderOf(path) !== folderOf(file ?? '');
    });
    expect(found).toEqual([]);
  });

  it.each([
    ['inbound', 'outbound'],
    ['outbound', 'inbound'],
  ])('%s never imports %s', (from, to) => {
    const found = breaches(
      HOUSE.filter(({ path }) => isWithin(path, `gateway/${from}`)),
      ({ file }) => isWithin(file, `gateway/${to}`),
    );
    expect(found).toEqual([]);
  });

  it('inbound and outbound are brought together in gateway.ts alone', () => {
    const uses = (source: Source, side: string) =>
      source.imports.some(({ file, isType }) => !isType && isWithin(file, `gateway/${side}`));
    const both = HOUSE.filter(
      (source) =>
        source.path !== 'gateway/gateway.ts' && uses(source, 'inbound') && uses(source, 'outbound'),
    );
    expect(both.map(({ path }) => path)).toEqual([]);
  });

  it.each(['stores', 'safeguards', 'queue'])(
    '%s imports neither inbound nor outbound',
    (folder) => {
      const found = breaches(
        HOUSE.filter(({ path }) => isWithin(path, `gateway/${folder}`)),
        ({ file }) => isWithin(file, 'gateway/inbound') || isWithin(file, 'gateway/outbound'),
      );
      expect(found).toEqual([]);
    },
  );

  it('nothing of the house imports a test', () => {
    expect(breaches(HOUSE, ({ file }) => isWithin(file, 'test'))).toEqual([]);
  });

  it('imports say the whole file name, and the file is there', () => {
    const found = breaches(
      [...HOUSE, ...TESTS],
      ({ file, specifier }) =>
        file !== undefined &&
        (!/\.(ts|json|mjs)$/.test(specifier) || !existsSync(join(ROOT, file))),
    );
    expect(found).toEqual([]);
  });

  it('has no circle', () => {
    const next = new Map(
      HOUSE.map(({ path, imports }) => [path, imports.flatMap(({ file }) => file ?? [])]),
    );
    const done = new Set<string>();
    const circles: string[] = [];
    const walk = (path: string, above: readonly string[]): void => {
      const at = above.indexOf(path);
      if (at !== -1) {
        circles.push([...above.slice(at), path].join(' -> '));
        return;
      }
      if (done.has(path)) return;
      for (const file of next.get(path) ?? []) walk(file, [...above, path]);
      done.add(path);
    };
    for (const path of next.keys()) walk(path, []);
    expect(circles).toEqual([]);
  });
});

describe('the packages', () => {
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    readonly dependencies: Readonly<Record<string, string>>;
    readonly devDependencies: Readonly<Record<string, string>>;
  };
  const doorsOf = (name: string) =>
    HOUSE.filter(({ imports }) => imports.some(({ module }) => module === name)).map(
      ({ path }) => path,
    );

  it.each(Object.keys(manifest.dependencies))('%s has one door', (name) => {
    const doors = doorsOf(name).filter((path) => !DOORS[name]?.files.includes(path));
    expect(doors.slice(1).length === 0 ? [] : doors).toEqual([]);
  });

  it('are in the manifest when they are imported', () => {
    const known = { ...manifest.dependencies, ...manifest.devDependencies };
    const found = breaches(
      HOUSE,
      ({ module }) => module !== undefined && !module.startsWith('node:') && !(module in known),
    );
    expect(found).toEqual([]);
  });

  it('are pinned to one version each', () => {
    const loose = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies }).filter(
      ([, version]) => !/^\d+\.\d+\.\d+$/.test(version),
    );
    expect(loose).toEqual([]);
  });

  it('are locked without naming the host of a registry', () => {
    const lock = readFileSync(join(ROOT, 'package-lock.json'), 'utf8');
    expect(lock.match(/"resolved": "(?!file:)[^"]*"/g) ?? []).toEqual([]);
  });
});

describe('the code', () => {
  const PURE = HOUSE.filter(({ room }) => room !== 'gateway' && room !== 'scripts');

  it.each([
    ['a clock', /\bDate\.now\(|\bnew Date\(\s*\)|\bDate\(\s*\)|\bperformance\.now\(/],
    ['Math.random', /\bMath\.random\b/],
    ['the environment', /\bprocess\.env\b/],
    ['the console', /\bconsole\./],
  ])('takes %s only in gateway and scripts', (_, pattern) => {
    expect(linesWith(PURE, pattern)).toEqual([]);
  });

  it('makes ids only in gateway, scripts and certs', () => {
    const without = PURE.filter(({ room }) => room !== 'certs');
    expect(linesWith(without, /\brandomUUID\b|\brandomBytes\b/)).toEqual([]);
  });

  it('speaks to the console only where operators are spoken to', () => {
    const gateway = HOUSE.filter(({ room }) => room === 'gateway');
    expect(linesWith(gateway, /\bconsole\./)).toEqual([]);
  });

  it('has no default export and no enum', () => {
    // A declaration file says what somebody else's package exports.
    const own = HOUSE.filter(({ path }) => !path.endsWith('.d.ts'));
    expect(linesWith(own, /^\s*export default\b|\bas default\b/)).toEqual([]);
    expect(linesWith(own, /^\s*(export\s+)?(const\s+)?enum\s/)).toEqual([]);
  });

  it('calls the verbs of an answer in attend.ts alone', () => {
    const others = HOUSE.filter(({ path }) => path !== 'gateway/safeguards/attend.ts');
    const verbs = /\banswer\??\.(find|subjects|reveal|check|commit)\(/;
    expect(linesWith(others, verbs)).toEqual([]);
  });

  it('leaves nothing for later', () => {
    const marks = /\b(TODO|FIXME|XXX|HACK)\b/;
    const found = [...HOUSE, ...TESTS]
      .filter(({ path }) => path !== 'test/house.test.ts')
      .filter(({ text }) => marks.test(text));
    expect(found.map(({ path }) => path)).toEqual([]);
  });

  it('keeps files to about 300 lines', () => {
    const long = HOUSE.map(({ path, text }) => ({ path, lines: text.split('\n').length - 1 }));
    expect(long.filter(({ lines }) => lines > 400)).toEqual([]);
  });

  it('keeps functions to about 50 lines', () => {
    expect(
      HOUSE.flatMap((source) => functionsOf(source)).filter(({ lines }) => lines > 100),
    ).toEqual([]);
  });
});

describe('the refusals', () => {
  const LITERAL = /\bnew Refusal\(\s*'(?<code>[^']+)'/g;
  const thrown = new Set(
    HOUSE.filter(({ room }) => room === 'profiles' || room === 'actors').flatMap(({ code }) =>
      [...code.matchAll(LITERAL)].map(({ groups }) => groups?.['code'] ?? ''),
    ),
  );

  it('have a code from a table', () => {
    const known = { ...XDS_ERROR_CODES, ...ACKNOWLEDGEMENT_DETAIL_CODES, ...MESSAGE_CODES };
    expect([...thrown].filter((code) => !(code in known))).toEqual([]);
  });

  it('are each provoked by a test', () => {
    const told = TESTS.map(({ text }) => text).join('\n');
    const codes = new Set([...thrown, ...Object.keys(XDS_ERROR_CODES)]);
    const isTold = (code: string) => new RegExp(`\\b${code}\\b`).test(told);
    // The defects' test writes them in two halves, for both actors at once.
    const inHalves = /^XDS(?:Registry|Repository)(?:Busy|OutOfResources)$/;
    expect([...codes].filter((code) => !inHalves.test(code) && !isTold(code))).toEqual([]);
  });
});

/** A line on which a function or method begins, in code that the formatter has laid out. */
const FUNCTION =
  /^(?<indent> *)(?:(?:export |async |static |private |override |get |set )*(?:function\*? |\*?#?[\w$]+(?:<[^(]*>)?\()|(?:export )?const [\w$]+ = (?:async )?\()/;
const KEYWORD = /^ *(?:if|for|while|switch|return|else|catch|describe|it|expect|super|await)\b/;

/** The formatter puts a function's last brace at the indent of its first word: the length follows without a parser. */
function functionsOf({ path, text }: Source): { readonly at: string; readonly lines: number }[] {
  const lines = text.split('\n');
  return lines.flatMap((line, start) => {
    const indent = FUNCTION.exec(line)?.groups?.['indent'];
    if (indent === undefined || KEYWORD.test(line)) return [];
    const isBody = (other: string | undefined) => other?.endsWith('{') ?? false;
    const signature = line.endsWith('(')
      ? lines.find((other, at) => at > start && other.startsWith(`${indent})`))
      : line;
    if (!isBody(signature) || line.endsWith('({')) return [];
    const end = lines.findIndex(
      (other, at) => at > start && new RegExp(`^${indent}\\}[;,)]*$`).test(other),
    );
    return end === -1 ? [] : [{ at: `${path}:${start + 1}`, lines: end - start + 1 }];
  });
}

describe.each(CATALOGUE.map(({ id, name }) => [id, name] as const))('%s %s', (id, name) => {
  it('has a test over real sockets', () => {
    expect(existsSync(join(ROOT, `test/transactions/${id.toLowerCase()}.test.ts`))).toBe(true);
  });

  it('has a line in the conformance statement', () => {
    const statement = readFileSync(join(ROOT, 'docs/conformance.md'), 'utf8');
    expect(statement).toContain(`| ${id} | ${name} |`);
  });
});

describe.each(MLLP_CATALOGUE.map(({ id, name }) => [id, name] as const))('%s %s', (id, name) => {
  it('has a test over real sockets, and a line in the conformance statement', () => {
    const tests = ['mllp', 'mllp-sender'].map((file) =>
      readFileSync(join(ROOT, `test/transactions/${file}.test.ts`), 'utf8'),
    );
    expect(tests.some((text) => text.includes(id))).toBe(true);
    const statement = readFileSync(join(ROOT, 'docs/conformance.md'), 'utf8');
    expect(statement).toContain(`| ${id} | ${name} |`);
  });
});
