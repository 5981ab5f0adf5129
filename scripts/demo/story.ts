import type { PatientId } from '../../profiles/patient.ts';
import type { DocumentEntry } from '../../profiles/xds/metadata.ts';
import type { RegistryError } from '../../profiles/xds/registry-response.ts';
import type { Federation } from '../federation.ts';
import type { Text } from '../messages.ts';
import type { RegionProcess } from '../region-process.ts';
import { type DemoDocument, demoDocumentEntry, demoDocuments } from './documents.ts';
import { type FoundDocuments, Hospital, reasonOf, type RetrievedDocument } from './hospital.ts';
import { demoPatients, recordIn } from './patients.ts';
import { type DemoRegion, type DemoRegionName, demoRegion, demoRegions } from './regions.ts';
import { Wire, type WireLine, wireText } from './wire.ts';

/** One step of the story, as it is told and as it went. */
export interface Step {
  readonly name: string;
  readonly title: Text;
  /** What went over the wire, as the regions have recorded it, and what it came to. */
  readonly wire: readonly (Text | string)[];
  /** What the regions have recorded, for programs. */
  readonly exchanges: readonly WireLine[];
  readonly ok: boolean;
  readonly ms: number;
  readonly problem?: string;
}

/** What the story came to. */
export interface Story {
  readonly ok: boolean;
  readonly steps: readonly Step[];
  readonly documents: readonly RetrievedDocument[];
  readonly errors: readonly { code: string; context: string; location: string }[];
}

export interface StoryOptions {
  readonly federation: Federation;
  readonly processes: ReadonlyMap<string, RegionProcess>;
  /** This region is stopped once everything has been submitted. */
  readonly without?: DemoRegionName;
  readonly now: () => Date;
  readonly told: (step: Step) => void;
  /** Verifies the audit trail of a region's folder; resolves to the number of its records. */
  readonly verifyTrail: (folder: string) => Promise<number>;
}

/** Thrown by a step that found something else than the story says. */
class Untrue extends Error {}

/** What the steps find out, one for the next. */
interface Known {
  shimanePatient?: PatientId;
  found?: FoundDocuments;
  retrieved: readonly RetrievedDocument[];
  errors: readonly RegistryError[];
}

/**
 * The story: three hospitals tell their regions of their patients and submit documents; then the one in Shimane looks for
 * Hanako's documents everywhere and retrieves them, byte for byte. Each step says what went over the wire, read from the
 * audit trails; the first that does not hold ends the story.
 */
export async function tellStory(options: StoryOptions): Promise<Story> {
  const hospitals = await openHospitals(options);
  const known: Known = { retrieved: [], errors: [] };
  const steps: Step[] = [];
  const observed = wireOf(options.federation);
  await observed.since();
  try {
    for (const { name, title, act } of stepsOf(options, hospitals, known)) {
      const startedAt = performance.now();
      const came: Notes = [];
      let problem: string | undefined;
      try {
        await act(came);
      } catch (error) {
        problem = reasonOf(error);
      }
      const ms = Math.round(performance.now() - startedAt);
      const exchanges = await observed.since();
      const wire = [...exchanges.map(wireText), ...came];
      const step: Step = { name, title, wire, exchanges, ok: problem === undefined, ms, problem };
      steps.push(step);
      options.told(step);
      if (problem !== undefined) break;
    }
  } finally {
    for (const hospital of hospitals.values()) await hospital.close();
  }
  return {
    ok: steps.every(({ ok }) => ok),
    steps,
    documents: known.retrieved,
    errors: known.errors.map(({ errorCode, codeContext, location }) => ({
      code: errorCode,
      context: codeContext,
      location: location ?? '',
    })),
  };
}

type Hospitals = ReadonlyMap<DemoRegionName, Hospital>;

/** What a step came to, beside what the regions record. */
type Notes = (Text | string)[];

interface Act {
  readonly name: string;
  readonly title: Text;
  readonly act: (came: Notes) => Promise<void>;
}

function wireOf({ regions }: Federation): Wire {
  return new Wire(
    [...regions.values()].map(({ plan: { name, homeCommunityId }, folder }) => ({
      name,
      homeCommunityId,
      folder,
    })),
  );
}

async function openHospitals({ federation, now }: StoryOptions): Promise<Hospitals> {
  const opened = new Map<DemoRegionName, Hospital>();
  for (const region of demoRegions()) {
    const place = federation.regions.get(region.name);
    const files = federation.systems.get(`${region.name}-hospital`);
    if (!place || !files) throw new Error(`the federation lacks ${region.name}`);
    opened.set(
      region.name,
      await Hospital.open({
        url: place.url,
        files,
        device: region.hospital.device,
        assigningAuthority: region.hospital.assigningAuthority,
        sourceId: region.hospital.sourceId,
        title: region.hospital.title.ja,
        regionDevice: region.device,
        affinityDomain: region.affinityDomain,
        now,
      }),
    );
  }
  return opened;
}

function stepsOf(options: StoryOptions, hospitals: Hospitals, known: Known): readonly Act[] {
  const { without } = options;
  return [
    {
      name: 'feed-patients',
      title: {
        en: 'Each hospital tells its region of its patients',
        ja: '各病院が患者を地域に登録する',
      },
      act: () => feedPatients(hospitals),
    },
    {
      name: 'submit-documents',
      title: {
        en: "Each hospital submits Hanako's documents",
        ja: '各病院が花子さんの文書を登録する',
      },
      act: (came) => submitDocuments(hospitals, came),
    },
    ...(without
      ? [
          {
            name: `stop-${without}`,
            title: {
              en: `${demoRegion(without).title.en} goes out of service`,
              ja: `${demoRegion(without).title.ja}が停止する`,
            },
            act: async (came: Notes) => {
              await options.processes.get(without)?.stop();
              came.push({ en: `${without}: stopped`, ja: `${without}: 停止しました` });
            },
          },
        ]
      : []),
    {
      name: 'identify-patient',
      title: {
        en: 'The hospital in Shimane looks up the regional id of its chart number',
        ja: '島根の病院が患者番号から地域共通 ID を調べる',
      },
      act: (came) => identifyPatient(hospitals, known, came),
    },
    {
      name: 'find-documents',
      title: {
        en: 'Shimane asks all regions for her documents',
        ja: '島根が全地域に文書を照会する',
      },
      act: (came) => findEverywhere(options, { hospitals, known, came }),
    },
    {
      name: 'retrieve-documents',
      title: {
        en: 'Shimane retrieves them, and they are the same byte for byte',
        ja: '島根が文書を取得し、1 バイトも違わないことを確かめる',
      },
      act: (came) => retrieveEverywhere(options, { hospitals, known, came }),
    },
    {
      name: 'verify-audit',
      title: {
        en: 'Every region has recorded what happened',
        ja: '各地域の監査証跡を検証する',
      },
      act: async (came) => {
        for (const { plan, folder } of options.federation.regions.values()) {
          const records = await options.verifyTrail(folder);
          came.push({
            en: `${plan.name}: ${records} records, unbroken`,
            ja: `${plan.name}: 記録 ${records} 件、連鎖に切れ目なし`,
          });
        }
      },
    },
  ];
}

async function feedPatients(hospitals: Hospitals): Promise<void> {
  for (const region of demoRegions()) {
    const records = demoPatients().flatMap((patient) => recordIn(patient, region.name) ?? []);
    for (const record of records) await hospitalOf(hospitals, region.name).feed(record);
  }
}

async function submitDocuments(hospitals: Hospitals, came: Notes): Promise<void> {
  for (const region of demoRegions()) {
    const hospital = hospitalOf(hospitals, region.name);
    const documents = demoDocuments(region);
    const patientId = await hospital.regionalIdOf(chartNumberIn(region));
    await hospital.submit(
      patientId,
      documents.map((document) => ({
        content: document.content,
        entryOf: (about) => demoDocumentEntry(document, region, about),
      })),
    );
    for (const document of documents) came.push(documentText(region, document, document.content));
  }
}

async function identifyPatient(hospitals: Hospitals, known: Known, came: Notes): Promise<void> {
  const region = demoRegion('shimane');
  known.shimanePatient = await hospitalOf(hospitals, 'shimane').regionalIdOf(chartNumberIn(region));
  const { assigningAuthority } = known.shimanePatient;
  came.push({
    en: `shimane: one id of authority ${assigningAuthority}`,
    ja: `shimane: 発番元 ${assigningAuthority} の ID が一つ`,
  });
}

interface Scene {
  readonly hospitals: Hospitals;
  readonly known: Known;
  readonly came: Notes;
}

async function findEverywhere(
  { without }: StoryOptions,
  { hospitals, known, came }: Scene,
): Promise<void> {
  if (!known.shimanePatient) throw new Untrue('the patient is not known');
  const found = await hospitalOf(hospitals, 'shimane').documentsEverywhere(known.shimanePatient);
  known.found = found;
  known.errors = found.errors;
  for (const region of demoRegions()) {
    const count = found.entries.filter(
      ({ homeCommunityId }) => homeCommunityId === region.homeCommunityId,
    ).length;
    const silent = region.name === without;
    const { homeCommunityId } = region;
    const missing = found.errors.filter(({ codeContext }) => codeContext.includes(homeCommunityId));
    came.push(
      missing.length > 0
        ? `${region.name}: ${missing.map(({ errorCode }) => errorCode).join(', ')}`
        : {
            en: `${region.name}: ${count} document${count === 1 ? '' : 's'}`,
            ja: `${region.name}: 文書 ${count} 件`,
          },
    );
    const expected = silent ? 0 : demoDocuments(region).length;
    if (count !== expected)
      throw new Untrue(`${region.name}: ${count} documents, expected ${expected}`);
  }
  came.push({ en: `the answer: ${found.status}`, ja: `応答: ${found.status}` });
  const expectedStatus = without ? 'PartialSuccess' : 'Success';
  if (found.status !== expectedStatus)
    throw new Untrue(`answered ${found.status}, expected ${expectedStatus}`);
  if (without) requireUnavailable(found.errors, without);
}

function requireUnavailable(errors: readonly RegistryError[], without: DemoRegionName): void {
  const { homeCommunityId } = demoRegion(without);
  const [only, ...more] = errors;
  const names =
    only?.errorCode === 'XDSUnavailableCommunity' && only.codeContext.includes(homeCommunityId);
  if (!names || more.length > 0) {
    throw new Untrue(`expected one XDSUnavailableCommunity that names ${homeCommunityId}`);
  }
}

async function retrieveEverywhere(
  { without }: StoryOptions,
  { hospitals, known, came }: Scene,
): Promise<void> {
  const entries = known.found?.entries ?? [];
  const { status, documents, errors } = await hospitalOf(hospitals, 'shimane').retrieve(entries);
  known.retrieved = documents;
  known.errors = [...known.errors, ...errors];
  if (status !== 'Success') throw new Untrue(`answered ${status}`);
  for (const region of demoRegions()) {
    if (region.name === without) continue;
    for (const document of demoDocuments(region)) {
      const retrieved = documents.find(
        ({ homeCommunityId, uniqueId }) =>
          homeCommunityId === region.homeCommunityId && uniqueId === document.uniqueId,
      );
      requireSame(document, retrieved, entryOf(entries, region, document));
      if (retrieved) came.push(documentText(region, document, retrieved));
    }
  }
}

/** One document: where it is, its file, octets and SHA-1. */
function documentText(
  region: DemoRegion,
  { fileName }: DemoDocument,
  { sizeBytes, sha1 }: { readonly sizeBytes: number; readonly sha1: string },
): Text {
  const head = `${region.name}: ${fileName}`;
  return {
    en: `${head}, ${sizeBytes} bytes, SHA-1 ${sha1}`,
    ja: `${head}、${sizeBytes} バイト、SHA-1 ${sha1}`,
  };
}

function requireSame(
  document: DemoDocument,
  retrieved: RetrievedDocument | undefined,
  entry: DocumentEntry | undefined,
): void {
  const { content, mimeType, fileName } = document;
  const same =
    retrieved?.sha1 === content.sha1 &&
    retrieved.sizeBytes === content.sizeBytes &&
    retrieved.mimeType === mimeType &&
    entry?.hash === content.sha1;
  if (!same) throw new Untrue(`${fileName} came back otherwise than it was submitted`);
}

function entryOf(
  entries: readonly DocumentEntry[],
  region: DemoRegion,
  document: DemoDocument,
): DocumentEntry | undefined {
  return entries.find(
    ({ homeCommunityId, uniqueId }) =>
      homeCommunityId === region.homeCommunityId && uniqueId === document.uniqueId,
  );
}

function chartNumberIn(region: DemoRegion): PatientId {
  const hanako = demoPatients().find(({ key }) => key === 'hanako');
  const [id] = (hanako && recordIn(hanako, region.name)?.ids) ?? [];
  if (!id) throw new Error(`hanako was never seen in ${region.name}`);
  return id;
}

function hospitalOf(hospitals: Hospitals, name: DemoRegionName): Hospital {
  const hospital = hospitals.get(name);
  if (!hospital) throw new Error(`no hospital in ${name}`);
  return hospital;
}
