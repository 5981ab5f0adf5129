import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { PatientId } from '../../../profiles/patient.ts';
import { readStandardPath } from '../../../profiles/ss-mix2/storage-names.ts';
import { ITI_18 } from '../../../profiles/xds/iti-18.ts';
import { ITI_43 } from '../../../profiles/xds/iti-43.ts';
import { documentEntryOf } from '../../../profiles/xds/metadata-xml.ts';
import { objectOfText } from '../../../profiles/xds/registry-object-text.ts';
import { findDocuments } from '../../../profiles/xds/stored-query-builders.ts';
import { freePorts } from '../../../scripts/federation.ts';
import { orderMark, versionMark } from '../../../scripts/ssmix2/identifiers.ts';
import { runCommandLine } from '../../../scripts/kakehashi.ts';
import { ITI_45 } from '../../../profiles/pix/iti-45.ts';
import { aPixQuery } from '../../support/hl7v3-builders.ts';
import { textOf } from '../../support/documents.ts';
import { ALL_HOSPITAL_TRANSACTIONS, regionOids, World } from '../../support/world.ts';

const EAST = regionOids(1);
const INSTITUTION = '9999900009';
/** A second institution, with chart numbers of its own. */
const CLINIC = { institution: '9999900017', charts: '2.999.77.1' } as const;
const INSURANCE = '2.999.77.9';
const SAMPLES = new URL('../../../../shared/samples/japan/ssmix2', import.meta.url);
const withSamples = existsSync(SAMPLES) ? it : it.skip;

interface Look {
  readonly exit: number;
  readonly counts: Readonly<Record<string, number>>;
  readonly held: readonly string[];
}

describe('kakehashi ssmix2 watch', () => {
  let world: World;
  let root: string;
  let storage: string;
  let ledger: string;
  let numbers = 0;

  let printed = '';
  const look = async (...words: string[]): Promise<Look> => {
    let stdout = '';
    printed = '';
    const exit = await runCommandLine(
      [
        ...['ssmix2', 'watch', storage, '--once', '--json', '--folder', world.folder()],
        ...['--as', folderOf('watcher')],
        ...['--institution', INSTITUTION, '--settled-seconds', '0', '--ledger', ledger, ...words],
      ],
      {
        stdout: { write: (text) => (stdout += text) },
        // What takes longer than a second is said there, for people.
        stderr: { write: () => undefined },
        locale: 'C',
        stop: () => new AbortController().signal,
      },
    );
    printed = stdout;
    const lines = stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));
    const held = lines.flatMap((line) => line.held?.reason ?? []);
    return { exit, counts: lines.find((line) => 'fed' in line) ?? {}, held };
  };

  const folderOf = (system: string) =>
    dirname(world.federation.systems.get(system)?.certificateFile ?? '');

  /** A patient of the storage: her files are written one by one, as a hospital's system writes them. */
  const aPatient = () => {
    numbers += 1;
    const id = `000000${String(numbers).padStart(4, '0')}`;
    const pid = (family: string) => `PID|0001||${id}^^^^PI||${family}^花子^^^^^L^I||19700101|F\r`;
    const place = (type: string, date: string, name: string) =>
      join(storage, id.slice(0, 3), id.slice(3, 6), id, date, type, name);
    const write = (path: string, octets: string | Buffer) => {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, octets);
      return path;
    };
    const message = (type: string, rest = '') =>
      `MSH|^~\\&|HIS|H|GW|R|20240601||${type}|1|P|2.5||||||UNICODE UTF-8\r${pid('試験')}${rest}`;
    return {
      id,
      demographics: (flag = 1, family = '試験', time = '20240601120000000', rest = '') =>
        write(
          place('ADT-00', '-', `${id}_-_ADT-00_${'9'.repeat(15)}_${time}_-_${flag}`),
          message('ADT^A08^ADT_A01', rest).replace('試験', family),
        ),
      result: (time: string, flag: number, rest = `OBX|1|NM|||${time}\r`) =>
        write(
          place('OML-11', '20240612', `${id}_20240612_OML-11_${'0'.repeat(15)}_${time}_01_${flag}`),
          message('OUL^R22^OUL_R22', rest),
        ),
      place,
      write,
      message,
    };
  };
  const flagged = (path: string, flag: number) => {
    const named = `${path.slice(0, -1)}${flag}`;
    renameSync(path, named);
    return named;
  };
  const regionalId = async (
    id: string,
    assigningAuthority: string = EAST.chartNumbers,
  ): Promise<PatientId> => {
    const { response } = await world.exchange(
      ITI_45,
      world.url('patient-identity'),
      aPixQuery({
        patientIdentifier: { id, assigningAuthority },
        dataSources: [EAST.affinityDomain],
      }),
    );
    const [found] = response.ids;
    if (found === undefined) throw new Error(`${id} is not known`);
    return found;
  };
  const listed = async (id: string, status: 'Approved' | 'Deprecated') => {
    const asked = findDocuments({ patientId: await regionalId(id), status: [status] });
    const { response } = await world.exchange(ITI_18, world.url('document-registry'), asked);
    return response.objects.flatMap((text) => {
      const object = objectOfText(text);
      return object.element === 'ExtrinsicObject' ? [documentEntryOf(object)] : [];
    });
  };

  beforeAll(async () => {
    world = await World.start({
      settings: {
        assigningAuthorities: [
          { oid: EAST.affinityDomain, name: 'regional id' },
          { oid: EAST.chartNumbers, name: 'charts' },
          { oid: CLINIC.charts, name: 'charts of the clinic' },
          { oid: INSURANCE, name: 'insurance', kind: 'insurance-key' },
        ],
      },
      systems: [
        {
          name: 'clinic',
          institution: CLINIC.institution,
          regions: ['east'],
          sourceIds: ['2.999.77.2'],
          assigningAuthorities: [CLINIC.charts],
          transactions: [...ALL_HOSPITAL_TRANSACTIONS],
        },
        {
          name: 'watcher',
          institution: INSTITUTION,
          regions: ['east'],
          sourceIds: [EAST.sourceId],
          assigningAuthorities: [EAST.chartNumbers],
          transactions: [...ALL_HOSPITAL_TRANSACTIONS, 'ITI-57'],
        },
      ],
    });
    root = mkdtempSync(join(tmpdir(), 'ssmix2-'));
  }, 60_000);
  beforeEach(() => {
    const own = mkdtempSync(join(root, 'storage-'));
    storage = join(own, 'ssmix2');
    mkdirSync(storage);
    ledger = join(own, 'one.ledger');
  });
  afterAll(async () => {
    await world.stop();
    rmSync(root, { recursive: true });
  });

  it('feeds the patient and publishes what is current; a second look finds nothing to do', async () => {
    const patient = aPatient();
    patient.demographics();
    const path = patient.result('20240612120000000', 1);

    expect(await look()).toMatchObject({ exit: 0, counts: { fed: 1, published: 1, held: 0 } });
    expect(await look()).toMatchObject({ exit: 3, held: [] });

    const [entry, ...others] = await listed(patient.id, 'Approved');
    expect(others).toEqual([]);
    expect(entry).toMatchObject({
      title: '検体検査結果',
      typeCode: { code: '11502-2' },
      formatCode: { code: 'jp:ssmix2:OML-11' },
      practiceSettingCode: { code: '01' },
      mimeType: 'x-application/hl7-v2+er7',
      serviceStartTime: '20240612',
      // 12:00 in Japan.
      creationTime: '20240612030000',
      sourcePatientId: `${patient.id}^^^&${EAST.chartNumbers}&ISO`,
    });
    const { response } = await world.exchange(ITI_43, world.url('document-repository'), {
      documents: [
        {
          repositoryUniqueId: EAST.repositoryUniqueId,
          documentUniqueId: entry?.uniqueId ?? '',
        },
      ],
    });
    const [document] = response.documents;
    expect(document && (await textOf(document.content))).toBe(readFileSync(path, 'utf8'));
  });

  it('never shows a superseded version as Approved, and replaces the older by its key', async () => {
    const patient = aPatient();
    patient.demographics();
    const first = patient.result('20240612120000000', 1);
    patient.result('20240612110000000', 2);
    await look();
    const [published] = await listed(patient.id, 'Approved');

    flagged(first, 2);
    patient.result('20240612130000000', 1);

    expect(await look()).toMatchObject({ exit: 0, counts: { published: 0, replaced: 1 } });
    const approved = await listed(patient.id, 'Approved');
    expect(approved.map(({ creationTime }) => creationTime)).toEqual(['20240612040000']);
    const deprecated = await listed(patient.id, 'Deprecated');
    expect(deprecated.map(({ uniqueId }) => uniqueId)).toEqual([published?.uniqueId]);
  });

  it('retires what was deleted, and what is superseded by nothing for two looks', async () => {
    const patient = aPatient();
    patient.demographics();
    const path = patient.result('20240612120000000', 1);
    await look();

    flagged(path, 0);

    expect(await look()).toMatchObject({ exit: 0, counts: { retired: 1 } });
    expect(await listed(patient.id, 'Approved')).toEqual([]);
    expect(await look()).toMatchObject({ exit: 3 });
  });

  it('never publishes a version with flag 2, however new it is', async () => {
    const patient = aPatient();
    patient.demographics();
    patient.result('20240612120000000', 1);
    patient.result('20240612130000000', 2);

    expect(await look()).toMatchObject({ exit: 0, counts: { published: 1, replaced: 0 } });

    const all = [
      ...(await listed(patient.id, 'Approved')),
      ...(await listed(patient.id, 'Deprecated')),
    ];
    expect(all.map(({ creationTime }) => creationTime)).toEqual(['20240612030000']);
  });

  it('keeps each byte of a message, in whatever it is written', async () => {
    const patient = aPatient();
    patient.demographics();
    const head = patient.message('OUL^R22^OUL_R22').replace('UNICODE UTF-8', '~ISO IR87');
    const ascii = head.replace('試験', 'A').replace('花子', 'B');
    // Kanji of JIS X 0208 with their escapes, one of CP932 amid them, a line feed behind the return.
    const kanji = Buffer.from([0x1b, 0x24, 0x42, 0x3b, 0x6e, 0x38, 0x33, 0x1b, 0x28, 0x42]);
    const octets = Buffer.concat([
      Buffer.from(`${ascii}NTE|1||`),
      kanji,
      Buffer.from([0xfb, 0xfc, 0x0d, 0x0a]),
    ]);
    const path = patient.result('20240612120000000', 1);
    writeFileSync(path, octets);

    expect(await look()).toMatchObject({ exit: 0, held: [], counts: { published: 1 } });

    const [entry] = await listed(patient.id, 'Approved');
    const { response } = await world.exchange(ITI_43, world.url('document-repository'), {
      documents: [
        {
          repositoryUniqueId: EAST.repositoryUniqueId,
          documentUniqueId: entry?.uniqueId ?? '',
        },
      ],
    });
    const chunks: Uint8Array[] = [];
    for await (const chunk of response.documents[0]?.content.open() ?? []) chunks.push(chunk);
    expect(Buffer.concat(chunks).toString('hex')).toBe(octets.toString('hex'));
  });

  it('tells the insurance of an ADT-00, by which two institutions know one person', async () => {
    const card = (branch: string) => `IN1|1|06^^JHSD0001|06130012|||||||１２３~45~${branch}\r`;
    const patients = [aPatient(), aPatient()] as const;
    const alike = '保険証';
    patients[0].demographics(1, alike, undefined, card('01'));
    patients[1].demographics(1, `${alike}無`);
    expect(await look()).toMatchObject({ exit: 0, counts: { fed: 2 } });

    const clinic = async (rest: string, family: string) => {
      storage = mkdtempSync(join(root, 'clinic-'));
      const patient = aPatient();
      patient.demographics(1, family, undefined, rest);
      const { institution, charts } = CLINIC;
      const as = ['--as', folderOf('clinic'), '--institution', institution, '--authority', charts];
      expect(await look(...as, '--ledger', join(storage, 'its.ledger'))).toMatchObject({ exit: 0 });
      return await regionalId(patient.id, charts);
    };

    // Name, sex and birth date alone are for a person to judge; with the card they are one.
    const [carded, bare] = patients;
    expect(await clinic(card('01'), alike)).toEqual(await regionalId(carded.id));
    expect(await clinic('', `${alike}無`)).not.toEqual(await regionalId(bare.id));
  });

  it('revises a patient whose ADT-00 is newer, and leaves an older one alone', async () => {
    const patient = aPatient();
    patient.demographics();
    await look();

    patient.demographics(1, '改姓', '20240602120000000');
    expect(await look()).toMatchObject({ exit: 0, counts: { fed: 1 } });

    patient.demographics(1, '昔', '20230602120000000');
    expect(await look()).toMatchObject({ exit: 3 });
  });

  it('lets documents wait for the ADT-00 of their patient', async () => {
    const patient = aPatient();
    patient.result('20240612120000000', 1);

    expect(await look()).toMatchObject({ exit: 3, held: [] });

    patient.demographics();
    expect(await look()).toMatchObject({ exit: 0, counts: { fed: 1, published: 1 } });
  });

  it('holds what is half written until it is whole', async () => {
    const patient = aPatient();
    patient.demographics();
    const path = patient.result('20240612120000000', 1, 'OBX|1|NM');

    expect(await look()).toMatchObject({ exit: 1, held: ['half written'] });
    expect(await listed(patient.id, 'Approved')).toEqual([]);

    writeFileSync(path, patient.message('OUL^R22^OUL_R22', 'OBX|1|NM\r'));
    expect(await look()).toMatchObject({ exit: 0, counts: { published: 1 } });
  });

  it('holds what is misnamed, unreadable or of another patient, and goes on with the rest', async () => {
    const patient = aPatient();
    patient.demographics();
    patient.result('20240612120000000', 1);
    patient.write(patient.place('OML-11', '20240612', 'notes.txt'), 'x');
    mkdirSync(
      patient.place(
        'PPR-01',
        '-',
        `${patient.id}_-_PPR-01_${'1'.repeat(15)}_20240612120000000_-_1`,
      ),
      {
        recursive: true,
      },
    );
    const other = patient.message('ADT^A60^ADT_A60').replaceAll(patient.id, '0000009999');
    const allergy = `${patient.id}_-_ADT-61_${'1'.repeat(15)}_20240612120000000_-_1`;
    patient.write(patient.place('ADT-61', '-', allergy), other);

    const { exit, counts, held } = await look();

    expect([exit, counts['published']]).toEqual([1, 1]);
    // Nothing that is printed names the patient; the file beside the ledger does, for its owner alone.
    expect(printed).not.toMatch(new RegExp(`${patient.id}|花子|notes`));
    expect(printed).toContain('-/PPR-01/9999999999_-_PPR-01_999999999999999_20240612120000000_-_1');
    const file = `${ledger}.held`;
    expect(readFileSync(file, 'utf8').match(new RegExp(patient.id, 'g'))?.length).toBeGreaterThan(
      2,
    );
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect([...held].sort()).toEqual([
      '204: PID-3 names another patient than the folders do',
      'parts',
      'unreadable',
    ]);
  });

  it('sends nothing twice when it was stopped behind the sending, or has lost its ledger', async () => {
    const patient = aPatient();
    patient.demographics();
    patient.result('20240612120000000', 1);
    await look();
    // The answer came, and its line was not written.
    const lines = readFileSync(ledger, 'utf8').split('\n');
    writeFileSync(ledger, `${lines.slice(0, -2).join('\n')}\n`);

    expect(await look()).toMatchObject({ exit: 0, counts: { published: 1 } });
    rmSync(ledger);
    expect(await look()).toMatchObject({ exit: 0, counts: { fed: 1, published: 1, held: 0 } });
    expect(await listed(patient.id, 'Approved')).toHaveLength(1);
  });

  it('leaves no superseded and no deleted version Approved, wherever it was stopped', async () => {
    const patient = aPatient();
    patient.demographics();
    const first = patient.result('20240612120000000', 1);
    await look();
    const stoppedBeforeTheLastLine = () => {
      const lines = readFileSync(ledger, 'utf8').split('\n');
      writeFileSync(ledger, `${lines.slice(0, -2).join('\n')}\n`);
    };
    stoppedBeforeTheLastLine();
    flagged(first, 2);
    const second = patient.result('20240612130000000', 1);

    expect(await look()).toMatchObject({ exit: 0, counts: { replaced: 1, held: 0 } });
    const approved = await listed(patient.id, 'Approved');
    expect(approved.map(({ creationTime }) => creationTime)).toEqual(['20240612040000']);

    flagged(second, 0);
    await look();
    stoppedBeforeTheLastLine();
    expect(await look()).toMatchObject({ exit: 0, counts: { retired: 1, held: 0 } });
    expect(await listed(patient.id, 'Approved')).toEqual([]);
  });

  it('sends what it had written down as sent, and which never came', async () => {
    const patient = aPatient();
    patient.demographics();
    await look();
    const path = patient.result('20240612120000000', 1);
    const version = readStandardPath(path.split('/').slice(-6));
    if (typeof version === 'string') throw new Error(version);
    const mark = versionMark(INSTITUTION, version);
    const of = orderMark(INSTITUTION, version);
    const line = { mark, of, state: 'sending', time: version.time, sha1: '' };
    writeFileSync(ledger, `${readFileSync(ledger, 'utf8')}${JSON.stringify(line)}\n`);

    expect(await look()).toMatchObject({ exit: 0, counts: { published: 1 } });
    expect(await listed(patient.id, 'Approved')).toHaveLength(1);
  });

  it('goes on where it stood when the region was away', async () => {
    const patient = aPatient();
    patient.demographics();
    patient.result('20240612120000000', 1);

    const [port = 0] = await freePorts(1);
    expect((await look('--url', `https://localhost:${port}`)).exit).toBe(1);
    expect(await look()).toMatchObject({ exit: 0, counts: { fed: 1, published: 1 } });
  });

  it('says what is wrong with its options', async () => {
    expect((await look('--institution', '123')).exit).toBe(2);
  });

  withSamples('publishes the storage of the samples as its description says', async () => {
    cpSync(SAMPLES, storage, { recursive: true });

    const { exit, counts } = await look();

    expect([exit, counts]).toEqual([
      0,
      expect.objectContaining({ fed: 1, published: 3, replaced: 0, held: 0 }),
    ]);
    const approved = await listed('0000000091', 'Approved');
    expect(approved.map(({ typeCode }) => typeCode.code).sort()).toEqual([
      '11450-4',
      '11502-2',
      '48765-2',
    ]);
    const result = approved.find(({ typeCode }) => typeCode.code === '11502-2');
    expect(result?.creationTime).toBe('20240612060500');
    expect(readdirSync(storage)).toContain('SSMIXIDX.csv');
  });

  it('says of a message and of a film in the extended storage what they are', async () => {
    const patient = aPatient();
    patient.demographics();
    await look();
    storage = join(dirname(storage), 'extended');
    const type = '^紹介状^^57133-1^紹介状^LN';
    const content = `${patient.id}_20240620_${type}_REF1_20240620103000000_01_1`;
    const inside = (name: string) => patient.place(type, '20240620', content).concat('/', name);
    patient.write(inside('VITALS'), patient.message('ORU^R30^ORU_R30'));
    patient.write(inside('film.mp4'), 'x');
    patient.write(inside('unknown'), 'x');

    const looked = await look('--kind', 'extended', '--ledger', `${ledger}.extended`);
    expect(looked).toMatchObject({ exit: 0, counts: { published: 3 } });
    const approved = await listed(patient.id, 'Approved');
    expect(approved.map(({ mimeType }) => mimeType).sort()).toEqual([
      'application/octet-stream',
      'video/mp4',
      'x-application/hl7-v2+er7',
    ]);
  });

  const EXTENDED = new URL('../../../../shared/samples/japan/ssmix2_ext', import.meta.url);
  (existsSync(EXTENDED) ? it : it.skip)(
    'publishes a referral of the extended storage',
    async () => {
      const demographics = `10000137_-_ADT-00_${'9'.repeat(15)}_20240601120000000_-_1`;
      const path = join(storage, '100', '001', '10000137', '-', 'ADT-00', demographics);
      mkdirSync(dirname(path), { recursive: true });
      const { message } = aPatient();
      writeFileSync(path, message('ADT^A08^ADT_A01').replace(/\|\|\d{10}\^/, '||10000137^'));
      expect(await look()).toMatchObject({ exit: 0, counts: { fed: 1 } });
      rmSync(storage, { recursive: true });
      cpSync(EXTENDED, storage, { recursive: true });

      expect(await look('--kind', 'extended')).toMatchObject({ exit: 0, counts: { published: 1 } });

      const [entry] = await listed('10000137', 'Approved');
      expect(entry).toMatchObject({
        typeCode: { code: '57133-1' },
        formatCode: { code: 'jp:cda-referral:1' },
        mimeType: 'text/xml',
        title: '紹介状',
      });
    },
  );
});
