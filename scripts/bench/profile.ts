import { readFile } from 'node:fs/promises';

interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string };
    readonly children?: readonly number[];
  }[];
  readonly samples: readonly number[];
  /** Microseconds. */
  readonly timeDeltas: readonly number[];
  readonly startTime: number;
  readonly endTime: number;
}

/** Where the time of a profile went, by room. A function of the system's own is blamed on its file. */
const ROOMS: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['XML reading (saxes)', /node_modules\/saxes|formats\/xml/],
  ['SOAP and MTOM', /formats\/(soap|mtom)/],
  ['ebRIM and XDS codecs', /profiles\/(xds|xca)|formats\/ebxml|formats\/datatypes/],
  ['HL7 V3 codecs', /profiles\/(pix|pdq|xcpd)|formats\/hl7v3/],
  ['actors', /\/actors\//],
  ['SQL (kysely, libsql, stores)', /node_modules\/(kysely|libsql|@libsql|@neon)|gateway\/stores/],
  ['audit', /gateway\/safeguards\/audit|profiles\/atna/],
  ['node authentication', /gateway\/safeguards|\/certs\//],
  ['pipeline and listener', /gateway\/inbound/],
  ['metrics and log', /gateway\/(metrics|log)|node_modules\/(prom-client|pino|sonic-boom)/],
  [
    'TLS, HTTP and streams of Node',
    /^node:(_http|_tls|net|tls|https?$|internal\/(streams|stream_base|http|tls|js_stream))/,
  ],
];

/** Self time by room in the last `lastMs` of the profile, largest first; parts of one, idle left out. */
export async function roomsOf(
  file: string,
  lastMs: number,
): Promise<readonly { name: string; part: number }[]> {
  const profile = JSON.parse(await readFile(file, 'utf8')) as CpuProfile;
  const parents = new Map<number, number>();
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  for (const { id, children } of profile.nodes)
    for (const child of children ?? []) parents.set(child, id);
  const micros = new Map<string, number>();
  let total = 0;
  let at = profile.startTime;
  const from = profile.endTime - lastMs * 1_000;
  for (const [index, sample] of profile.samples.entries()) {
    const node = nodes.get(sample);
    const delta = profile.timeDeltas[index] ?? 0;
    at += delta;
    if (
      at < from ||
      !node ||
      node.callFrame.functionName === '(idle)' ||
      node.callFrame.functionName === '(program)'
    )
      continue;
    const room = roomOf(sample);
    micros.set(room, (micros.get(room) ?? 0) + delta);
    total += delta;
  }
  return [...micros]
    .map(([name, time]) => ({ name, part: time / total }))
    .sort((one, other) => other.part - one.part);

  /** Native code has no file: it is blamed on whoever called it. */
  function roomOf(id: number): string {
    for (let above: number | undefined = id; above !== undefined; above = parents.get(above)) {
      const frame = nodes.get(above)?.callFrame;
      if (!frame) break;
      if (frame.functionName === '(garbage collector)') return 'garbage collection';
      const found = ROOMS.find(([, pattern]) => pattern.test(frame.url));
      if (found) return found[0];
    }
    return 'other';
  }
}

/** Where the time of a scene went. */
export interface Profile {
  readonly what: string;
  readonly rooms: readonly { readonly name: string; readonly part: number }[];
}

/** The rooms that took at least half a percent. */
export function profileText({ what, rooms }: Profile): string {
  const lines = rooms
    .filter(({ part }) => part >= 0.005)
    .map(({ name, part }) => `  ${(part * 100).toFixed(1).padStart(5)} %  ${name}`);
  return `Where the time of ${what} at 16 connections goes (busy time of the server):\n${lines.join('\n')}`;
}
