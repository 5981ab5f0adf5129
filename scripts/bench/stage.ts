import { join } from 'node:path';
import type { Region, SystemFiles } from '../federation.ts';
import type { RegionProcess } from '../region-process.ts';

/** What every scene works with. */
export interface Stage {
  readonly region: Region;
  readonly process: RegionProcess;
  readonly files: SystemFiles;
  readonly directory: string;
  readonly rounds: number;
  readonly roundMs: number;
  readonly prefix: readonly string[];
  readonly say: (line: string) => void;
}

/** Patients of the bench, asked for at random. */
export const PATIENTS = 1_000;

/** Patients after those, without entries: what the bench submits is theirs, so that every query finds what it found before. */
export const MORE_PATIENTS = 200;

/** DocumentEntries of each of the first. */
export const ENTRIES = 20;

/** The floor serves with the region's own certificate, so that both shake hands alike. */
export function floorTls({ folder }: Region) {
  const file = (name: string) => join(folder, 'certificates', name);
  return {
    certificateFile: file('own.pem'),
    keyFile: file('own.key'),
    anchorFile: file('anchors.pem'),
  };
}

/** For a list that is long enough by its making. */
export function never(): never {
  throw new Error('the client has run out of requests');
}
