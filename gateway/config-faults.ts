/** A text in the two languages that operators read. */
export interface BothLanguages {
  readonly en: string;
  readonly ja: string;
}

/** One thing that is wrong with a config: which setting, and what would be right. */
export interface ConfigFault {
  /** `listen.soap.port`; empty when it is the file as a whole. */
  readonly path: string;
  readonly problem: BothLanguages;
}

/** All that is wrong with one config file. It stops the start; nothing of the file is used. */
export class ConfigFaults extends Error {
  readonly file: string;
  readonly faults: readonly ConfigFault[];

  constructor(file: string, faults: readonly ConfigFault[]) {
    super(faults.map(({ problem }) => `${file}: ${problem.en}`).join('\n'));
    this.name = 'ConfigFaults';
    this.file = file;
    this.faults = faults;
  }
}
