import { createPrivateKey, createPublicKey } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  type AuthorityRequest,
  CRL_VALIDITY_DAYS,
  createAuthority,
  generateKey,
  type Identity,
  issueCertificate,
  issueRevocationList,
  type KeyKind,
  type OrganisationRequest,
  renewCertificate,
  TRIAL_CRL_URLS,
  type TrialAuthority,
} from '../certs/authority.ts';
import { type Certificate, readCertificates } from '../certs/certificate.ts';
import { encodePem } from '../certs/pem.ts';
import type { RevocationList, RevocationReason, RevokedEntry } from '../certs/revocation.ts';
import {
  readPrivateFile,
  readPublicFile,
  writePrivateFile,
  writePublicFile,
} from '../gateway/safeguards/key-files.ts';

/** The files of a trial CA's folder. */
export const CA_FILES = {
  rootCertificate: 'root.pem',
  rootKey: 'root.key',
  issuingCertificate: 'issuing.pem',
  issuingKey: 'issuing.key',
  /** For partners: what they trust. */
  anchors: 'anchors.pem',
  /** For partners and ourselves: the lists of both CAs. */
  revocationLists: 'crls.pem',
  ledger: 'ledger.json',
  issued: 'issued',
} as const;

/** A certificate and its key, as written to files. */
export interface WrittenPair {
  readonly certificate: Certificate;
  readonly certificateFile: string;
  readonly keyFile: string;
}

/** What `CaFolder.issue` is asked for. */
export type IssueRequest = Omit<OrganisationRequest, 'publicKey' | 'crlUrl'> & {
  readonly keyKind: KeyKind;
};

interface Ledger {
  /** Of the last CRL. */
  readonly number: number;
  readonly crlUrl?: string;
  readonly revoked: readonly {
    readonly serialNumber: string;
    readonly at: string;
    readonly reason: RevocationReason;
  }[];
}

/** A trial CA that lives in a folder. Keys are written with mode 0600; one command at a time works on it. */
export class CaFolder {
  readonly path: string;
  readonly #authority: TrialAuthority;
  #ledger: Ledger;

  private constructor(path: string, authority: TrialAuthority, ledger: Ledger) {
    this.path = path;
    this.#authority = authority;
    this.#ledger = ledger;
  }

  /** Makes a CA in a new folder. @throws KeyFileRefused when there is one already */
  static async create(
    path: string,
    request: AuthorityRequest & { readonly crlUrl?: string },
  ): Promise<CaFolder> {
    await mkdir(join(path, CA_FILES.issued), { recursive: true, mode: 0o700 });
    const rootCrlUrl = request.rootCrlUrl ?? request.crlUrl ?? TRIAL_CRL_URLS.root;
    const authority = await createAuthority({ ...request, rootCrlUrl });
    const { root, issuing } = authority;
    // The root's key comes first: where one is already, nothing else is touched.
    await writePrivateFile(join(path, CA_FILES.rootKey), keyPem(root));
    await writePrivateFile(join(path, CA_FILES.issuingKey), keyPem(issuing));
    await writePublicFile(join(path, CA_FILES.rootCertificate), pem(root.certificate));
    await writePublicFile(join(path, CA_FILES.issuingCertificate), pem(issuing.certificate));
    await writePublicFile(join(path, CA_FILES.anchors), pem(root.certificate));
    const { crlUrl = TRIAL_CRL_URLS.issuing } = request;
    const ledger = { number: 0, revoked: [], crlUrl };
    const folder = new CaFolder(path, authority, ledger);
    await folder.writeLists(request.now);
    return folder;
  }

  /** Opens a CA's folder. @throws KeyFileRefused, MalformedDer, or the file system's error */
  static async open(path: string): Promise<CaFolder> {
    const identity = async (certificate: string, key: string): Promise<Identity> => {
      const [own] = readCertificates(await readPublicFile(join(path, certificate)));
      if (!own) throw new Error(`${certificate} is empty`);
      return { certificate: own, key: createPrivateKey(await readPrivateFile(join(path, key))) };
    };
    const authority = {
      root: await identity(CA_FILES.rootCertificate, CA_FILES.rootKey),
      issuing: await identity(CA_FILES.issuingCertificate, CA_FILES.issuingKey),
    };
    const ledger = JSON.parse(await readFile(join(path, CA_FILES.ledger), 'utf8')) as Ledger;
    return new CaFolder(path, authority, ledger);
  }

  /** Whose certificates this CA signs. */
  get issuing(): Certificate {
    return this.#authority.issuing.certificate;
  }

  get root(): Certificate {
    return this.#authority.root.certificate;
  }

  /** Did this CA issue it? */
  issued(certificate: Certificate): boolean {
    return (
      certificate.issuer.text === this.issuing.subject.text &&
      certificate.native.verify(this.issuing.publicKey)
    );
  }

  /** Makes a key and a certificate: `PREFIX.key` and `PREFIX.pem` (with the issuing CA). @throws KeyFileRefused */
  async issue(prefix: string, { keyKind, ...request }: IssueRequest): Promise<WrittenPair> {
    const key = generateKey(keyKind);
    const { crlUrl = TRIAL_CRL_URLS.issuing } = this.#ledger;
    const certificate = await issueCertificate(this.#authority.issuing, {
      ...request,
      publicKey: createPublicKey(key),
      crlUrl,
    });
    return this.#write(prefix, { certificate, key }, false);
  }

  /** Issues a successor with another key in place of `PREFIX.pem` and `PREFIX.key`; the old pair is kept as `.previous`. */
  async renew(
    prefix: string,
    {
      certificate: old,
      now,
      validityDays,
    }: { certificate: Certificate; now: Date; validityDays: number },
  ): Promise<WrittenPair> {
    const key = generateKey(old.publicKey.asymmetricKeyType === 'rsa' ? 'rsa-2048' : 'p-256');
    const certificate = await renewCertificate(this.#authority.issuing, old, {
      publicKey: createPublicKey(key),
      now,
      validityDays,
    });
    const previous = await readPrivateFile(`${prefix}.key`);
    await writePrivateFile(`${prefix}.previous.key`, previous.toString(), { replace: true });
    await writePublicFile(`${prefix}.previous.pem`, `${pem(old)}${pem(this.issuing)}`);
    return this.#write(prefix, { certificate, key }, true);
  }

  /** Whether it stands on the list already. */
  isRevoked({ serialNumber }: Certificate): boolean {
    return this.#ledger.revoked.some((entry) => entry.serialNumber === serialNumber);
  }

  /** Puts a certificate on the list, and writes the lists anew. */
  async revoke(certificate: Certificate, reason: RevocationReason, now: Date): Promise<void> {
    const { serialNumber } = certificate;
    const at = new Date(Math.floor(now.getTime() / 1000) * 1000).toISOString();
    const revoked = [...this.#ledger.revoked, { serialNumber, at, reason }];
    this.#ledger = { ...this.#ledger, revoked };
    await this.writeLists(now);
  }

  /** Writes fresh lists of both CAs; the ledger first, so that no number is given twice. */
  async writeLists(
    now: Date,
    validityDays = CRL_VALIDITY_DAYS,
  ): Promise<readonly RevocationList[]> {
    const number = this.#ledger.number + 1;
    this.#ledger = { ...this.#ledger, number };
    const ledger = `${JSON.stringify(this.#ledger, null, 2)}\n`;
    await writePublicFile(join(this.path, CA_FILES.ledger), ledger);
    const revoked: readonly RevokedEntry[] = this.#ledger.revoked.map(
      ({ serialNumber, at, reason }) => ({ serialNumber, at: new Date(at), reason }),
    );
    const { root, issuing } = this.#authority;
    const lists = [
      await issueRevocationList(issuing, { revoked, number, now, validityDays }),
      await issueRevocationList(root, { revoked: [], number, now, validityDays }),
    ];
    const text = lists.map(({ der }) => encodePem(der, 'X509 CRL')).join('');
    await writePublicFile(join(this.path, CA_FILES.revocationLists), text);
    return lists;
  }

  async #write(prefix: string, own: Identity, replace: boolean): Promise<WrittenPair> {
    const { certificate } = own;
    const copy = join(this.path, CA_FILES.issued, `${certificate.serialNumber}.pem`);
    await writePublicFile(copy, pem(certificate));
    await mkdir(dirname(prefix), { recursive: true, mode: 0o700 });
    const [certificateFile, keyFile] = [`${prefix}.pem`, `${prefix}.key`];
    await writePrivateFile(keyFile, keyPem(own), { replace });
    await writePublicFile(certificateFile, `${pem(certificate)}${pem(this.issuing)}`);
    return { certificate, certificateFile, keyFile };
  }
}

function pem({ der }: Certificate): string {
  return encodePem(der, 'CERTIFICATE');
}

function keyPem({ key }: Identity): string {
  return key.export({ format: 'pem', type: 'pkcs8' }).toString();
}
