import { createPublicKey, type KeyObject } from 'node:crypto';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { ConnectionOptions } from 'node:tls';
import {
  CRL_VALIDITY_DAYS,
  createAuthority,
  generateKey,
  type Identity,
  issueCertificate,
  issueRevocationList,
  type KeyKind,
  TRIAL_CRL_URLS,
  type TrialAuthority,
} from '../certs/authority.ts';
import { TRIAL_POLICY } from '../certs/oids.ts';
import { encodePem } from '../certs/pem.ts';
import { CONFIG_FILE, writeYaml } from '../gateway/config.ts';

/** A region that shall run on this machine. */
export interface RegionPlan {
  readonly name: string;
  readonly title: string;
  /** `urn:oid:…` */
  readonly homeCommunityId: string;
  readonly affinityDomain: string;
  readonly repositoryUniqueId: string;
  readonly device: string;
  /** The network's directory id, in its certificate's serialNumber. */
  readonly networkId: string;
  /** Every authority whose ids are known in the region, its own left out. */
  readonly assigningAuthorities: readonly {
    readonly oid: string;
    readonly name: string;
    readonly namespace?: string;
  }[];
  /** Listeners beside SOAP and operations: `listen.mllps` and `listen.mllp`. */
  readonly listen?: Readonly<Record<string, unknown>>;
  /** The code sets of the affinity domain: the text of a file in either form. Without it, every code is taken. */
  readonly codes?: string;
  /** Settings beside these, merged into the file as they are. */
  readonly settings?: Readonly<Record<string, unknown>>;
}

/** A hospital system that calls the regions named. */
export interface SystemPlan {
  readonly name: string;
  readonly institution: string;
  readonly regions: readonly string[];
  readonly sourceIds?: readonly string[];
  readonly assigningAuthorities: readonly string[];
  readonly transactions: readonly string[];
  /** How it speaks HL7 v2, as the directory writes it. */
  readonly mllp?: Readonly<Record<string, unknown>>;
  /** Where it is reached, by transaction id. */
  readonly endpoints?: Readonly<Record<string, string>>;
  /** It is entitled as a gateway of this community, too. */
  readonly homeCommunityId?: string;
}

/** A region's folder, and where it will be reached. */
export interface Region {
  readonly plan: RegionPlan;
  readonly folder: string;
  readonly url: string;
  readonly operationsUrl: string;
}

/** The certificate files of a system, and the TLS options made of them. */
export interface SystemFiles {
  readonly certificateFile: string;
  readonly keyFile: string;
  readonly anchorFile: string;
  readonly tls: ConnectionOptions;
}

/** Regions that list each other as partners, and the systems that may call them. */
export interface Federation {
  readonly authority: TrialAuthority;
  readonly regions: ReadonlyMap<string, Region>;
  readonly systems: ReadonlyMap<string, SystemFiles>;
}

export interface FederationPlan {
  readonly directory: string;
  readonly regions: readonly RegionPlan[];
  readonly systems: readonly SystemPlan[];
  readonly keyKind?: KeyKind;
  readonly now: Date;
}

const HOST = '127.0.0.1';
/** What gateways ask of each other. */
const GATEWAY_TRANSACTIONS = ['ITI-38', 'ITI-39', 'ITI-55', 'ITI-56', 'ITI-92'];
/** YAML or XML: the text tells. */
const CODES_FILE = 'codes';

/**
 * Founds a federation on this machine: a trial CA, a folder for each region with config, certificates and directory, and
 * certificates for the systems. Everything is made fresh; nothing runs yet.
 */
export async function foundFederation(plan: FederationPlan): Promise<Federation> {
  const keyKind = plan.keyKind ?? 'p-256';
  const authority = await createAuthority({
    organisation: 'Kakehashi trial',
    keyKind,
    rootCrlUrl: TRIAL_CRL_URLS.root,
    now: plan.now,
  });
  const issuer = new Issuer(authority, keyKind, plan.now);
  const anchors = encodePem(authority.root.certificate.der, 'CERTIFICATE');
  const crls = await issuer.revocationLists();
  const regions = new Map<string, Region>();
  const ports = await freePorts(plan.regions.length * 2);
  for (const [index, region] of plan.regions.entries()) {
    regions.set(region.name, {
      plan: region,
      folder: join(plan.directory, region.name),
      url: `https://${HOST}:${ports[index * 2]}`,
      operationsUrl: `http://${HOST}:${ports[index * 2 + 1]}`,
    });
  }
  const systems = new Map<string, SystemFiles>();
  for (const system of plan.systems) {
    const folder = join(plan.directory, 'systems', system.name);
    const { certificate, key } = await issuer.issue(system.name, system.institution, []);
    systems.set(system.name, await writeIdentity(folder, { certificate, key, anchors }));
  }
  for (const region of regions.values()) {
    const certificates = join(region.folder, 'certificates');
    await mkdir(join(region.folder, 'var'), { recursive: true, mode: 0o700 });
    await writeIdentity(certificates, {
      ...(await issuer.issue(region.plan.title, region.plan.networkId, [HOST, 'localhost'])),
      anchors,
    });
    await writeFile(join(certificates, 'crls.pem'), crls);
    if (region.plan.codes !== undefined) {
      await writeFile(join(region.folder, CODES_FILE), region.plan.codes);
    }
    await writeFile(join(region.folder, CONFIG_FILE), writeYaml(configOf(region)));
    await writeFile(
      join(region.folder, 'directory.yaml'),
      writeYaml(directoryOf(region, [...regions.values()], { plan, issuer: issuer.name })),
    );
  }
  return { authority, regions, systems };
}

/** Issues certificates of the trial CA under one life and key kind. */
class Issuer {
  readonly #authority: TrialAuthority;
  readonly #keyKind: KeyKind;
  readonly #now: Date;

  constructor(authority: TrialAuthority, keyKind: KeyKind, now: Date) {
    this.#authority = authority;
    this.#keyKind = keyKind;
    this.#now = now;
  }

  /** RFC 4514, as the directory binds it. */
  get name(): string {
    return this.#authority.issuing.certificate.subject.text;
  }

  async issue(
    commonName: string,
    institution: string,
    hosts: readonly string[],
  ): Promise<{ certificate: string; key: string }> {
    const key = generateKey(this.#keyKind);
    const certificate = await issueCertificate(this.#authority.issuing, {
      publicKey: publicKeyOf(key),
      institution,
      organisation: 'Kakehashi trial',
      commonName,
      hosts,
      crlUrl: TRIAL_CRL_URLS.issuing,
      now: this.#now,
    });
    const chain = [certificate, this.#authority.issuing.certificate]
      .map(({ der }) => encodePem(der, 'CERTIFICATE'))
      .join('');
    return { certificate: chain, key: key.export({ type: 'pkcs8', format: 'pem' }).toString() };
  }

  /** The lists of both CAs, nothing revoked. */
  async revocationLists(): Promise<string> {
    const lists = [this.#authority.root, this.#authority.issuing].map((authority: Identity) =>
      issueRevocationList(authority, {
        revoked: [],
        number: 1,
        now: this.#now,
        validityDays: CRL_VALIDITY_DAYS,
      }),
    );
    return (await Promise.all(lists)).map(({ der }) => encodePem(der, 'X509 CRL')).join('');
  }
}

async function writeIdentity(
  folder: string,
  files: { certificate: string; key: string; anchors: string },
): Promise<SystemFiles> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const certificateFile = join(folder, 'own.pem');
  const keyFile = join(folder, 'own.key');
  const anchorFile = join(folder, 'anchors.pem');
  await writeFile(certificateFile, files.certificate);
  await writeFile(keyFile, files.key, { mode: 0o600 });
  await chmod(keyFile, 0o600);
  await writeFile(anchorFile, files.anchors);
  return {
    certificateFile,
    keyFile,
    anchorFile,
    tls: { cert: files.certificate, key: files.key, ca: files.anchors, minVersion: 'TLSv1.3' },
  };
}

function configOf({ plan, url, operationsUrl }: Region): Record<string, unknown> {
  return {
    name: plan.title,
    homeCommunityId: plan.homeCommunityId,
    affinityDomain: plan.affinityDomain,
    ...(plan.codes === undefined ? {} : { affinity: { codes: CODES_FILE } }),
    repositoryUniqueId: plan.repositoryUniqueId,
    device: plan.device,
    assigningAuthorities: [
      { oid: plan.affinityDomain, name: `${plan.title} regional id` },
      ...plan.assigningAuthorities,
    ],
    listen: {
      soap: { host: HOST, port: Number(new URL(url).port), publicUrl: url },
      operations: { host: HOST, port: Number(new URL(operationsUrl).port) },
      ...plan.listen,
    },
    tls: { acceptedPolicies: [TRIAL_POLICY] },
    audit: { node: plan.name },
    ...plan.settings,
  };
}

/** A region's directory: the other regions as gateways, and the systems that call it. */
function directoryOf(
  region: Region,
  all: readonly Region[],
  { plan, issuer }: { plan: FederationPlan; issuer: string },
): { entries: unknown[] } {
  const gateways = all
    .filter((each) => each !== region)
    .map(({ plan: { name, homeCommunityId, networkId }, url }) => ({
      name,
      kind: 'gateway',
      homeCommunityIds: [homeCommunityId],
      certificate: { issuer, serialNumber: networkId },
      transactions: [...GATEWAY_TRANSACTIONS],
      endpoints: Object.fromEntries(
        GATEWAY_TRANSACTIONS.map((id) => [id, `${url}/responding-gateway`]),
      ),
    }));
  const systems = plan.systems
    .filter(({ regions }) => regions.includes(region.plan.name))
    .flatMap((system) => [
      {
        name: system.name,
        kind: 'system',
        institution: system.institution,
        certificate: { issuer, serialNumber: system.institution },
        ...(system.sourceIds ? { sourceIds: system.sourceIds } : {}),
        assigningAuthorities: system.assigningAuthorities,
        transactions: system.transactions,
        ...(system.mllp ? { mllp: system.mllp } : {}),
        ...(system.endpoints ? { endpoints: system.endpoints } : {}),
      },
      ...(system.homeCommunityId
        ? [
            {
              name: `${system.name}-gateway`,
              kind: 'gateway',
              homeCommunityIds: [system.homeCommunityId],
              certificate: { issuer, serialNumber: system.institution },
              transactions: [...GATEWAY_TRANSACTIONS],
              endpoints: {},
            },
          ]
        : []),
    ]);
  return { entries: [...gateways, ...systems] };
}

function publicKeyOf(key: KeyObject): KeyObject {
  return createPublicKey(key);
}

/** Ports that nobody listens on at this moment. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<ReturnType<typeof createServer>>((resolve, reject) => {
          const server = createServer();
          server.once('error', reject);
          server.listen(0, HOST, () => resolve(server));
        }),
    ),
  );
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
