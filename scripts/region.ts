import { createPrivateKey, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import type { ActorName } from '../actors/actor.ts';
import { type Client, openClient } from '../gateway/client.ts';
import { type Config, parseYaml, readConfig } from '../gateway/config.ts';
import {
  type Directory,
  DirectoryFaults,
  type DirectoryEntry,
  readDirectory,
} from '../gateway/safeguards/directory.ts';
import { readPrivateFile, readPublicFile } from '../gateway/safeguards/key-files.ts';
import { identityOf } from '../gateway/safeguards/peer.ts';
import { TlsPolicy } from '../gateway/safeguards/tls.ts';
import type { PatientId } from '../profiles/patient.ts';
import { decodeCX } from '../profiles/formats/datatypes.ts';
import { type Transmission, transmissionOf } from '../profiles/formats/hl7v3.ts';
import type { Issue, Transaction } from '../profiles/transaction.ts';
import { certificatesOf, onFile } from './certificate-texts.ts';
import { CommandError, option, UsageError } from './command.ts';
import type { Text } from './messages.ts';
import { directoryFaultsText, operatorTextOf } from './operator-texts.ts';
import { systemCodeOf } from './system-error.ts';

/** Where a system's own certificate lies under the region's folder, unless `--as` says otherwise. */
export const SYSTEM_FOLDER = 'systems/hospital';

/** The options of every command that asks a running region. */
export const REGION_OPTIONS = {
  folder: option.folder(),
  as: option.directory({
    en: `Folder with own.pem and own.key of the system that asks [FOLDER/${SYSTEM_FOLDER}].`,
    ja: `問い合わせるシステムの own.pem と own.key のある場所 [FOLDER/${SYSTEM_FOLDER}]。`,
  }),
  url: option.url({
    en: 'Where the region is reached, if not where its config says.',
    ja: '地域の URL（設定と異なる場合）。',
  }),
} as const;

/** A region as a command asks it: with the certificate of one of its systems. */
export interface AskedRegion {
  readonly config: Config;
  readonly issue: Issue;
  /** @throws PeerFailure when there is no usable answer */
  ask<Request, Response>(
    transaction: Transaction<Request, Response>,
    actor: ActorName,
    request: Request,
  ): Promise<Response>;
  /** A fresh V3 wrapper from the system to the region. */
  transmission(): Transmission;
  /** The region's own rows for the certificate that asks; none when it is not listed. */
  readonly entries: readonly DirectoryEntry[];
}

interface RegionChoice {
  readonly folder: string;
  readonly as: string | undefined;
  readonly url: string | undefined;
}

/**
 * Opens a client of a region, runs `work` with it, and closes it.
 *
 * @throws ConfigFaults, CredentialsRefused, KeyFileRefused, CommandError when a certificate is not there
 */
export async function withRegion<T>(
  choice: RegionChoice,
  work: (region: AskedRegion) => Promise<T>,
): Promise<T> {
  const config = readConfig(choice.folder);
  const issue: Issue = { now: () => new Date(), uuid: randomUUID };
  const system = await systemOf(choice.as ?? join(config.folder, SYSTEM_FOLDER));
  const policy = await ownPolicy(config);
  const base = choice.url ?? urlOf(config);
  // The region's own trust judges the far end; the system's certificate says who asks.
  const { cert, key } = system;
  const client: Client = await openClient({
    tls: { ...policy.clientOptions('anyone'), cert, key },
  });
  try {
    return await work({
      config,
      issue,
      entries: policy.directory.entriesOf(identityOf(system.certificate)),
      ask: (transaction, actor, request) => client.ask(transaction, `${base}/${actor}`, request),
      transmission: () =>
        transmissionOf(issue, {
          sender: { device: config.device },
          receiver: { device: config.device },
        }),
    });
  } finally {
    await client.close();
  }
}

/** Where a region's listener is reached, without a slash at the end. */
export function urlOf({ listen: { soap } }: Config): string {
  if (soap.publicUrl !== undefined) return soap.publicUrl.replace(/\/$/, '');
  const isEverywhere = soap.host === '0.0.0.0' || soap.host === '::';
  const host = isEverywhere ? 'localhost' : soap.host;
  return `https://${host.includes(':') ? `[${host}]` : host}:${soap.port}`;
}

/**
 * `4711^^^&2.999.1&ISO`, as an operator writes it.
 *
 * @throws UsageError
 */
export function patientIdOf(text: string, name: string): PatientId {
  try {
    return decodeCX(text);
  } catch {
    throw new UsageError({
      en: `${name} must look like 'ID^^^&OID&ISO'`,
      ja: `${name} は 'ID^^^&OID&ISO' の形でなければなりません`,
    });
  }
}

/**
 * The partners of a region.
 *
 * @throws CommandError with every fault of the file
 */
export function readPartners(config: Config): Directory {
  const name = basename(config.directory);
  try {
    return readDirectory(parseYaml(readFileSync(config.directory, 'utf8'), name));
  } catch (error) {
    if (error instanceof DirectoryFaults) {
      const what = directoryFaultsText(error.faults);
      throw new CommandError(what, {
        where: name,
        cause: error,
        next: operatorTextOf(error)?.next,
      });
    }
    if (systemCodeOf(error) === 'ENOENT') {
      throw new CommandError(
        { en: 'is not there', ja: 'がありません' },
        {
          where: config.directory,
          cause: error,
          next: {
            en: 'kakehashi partner add makes it',
            ja: 'kakehashi partner add で作れます',
          },
        },
      );
    }
    throw error;
  }
}

/**
 * The region's own TLS policy, as its gateway has it.
 *
 * @throws CredentialsRefused, KeyFileRefused, CommandError when a file is not there
 */
export async function ownPolicy(config: Config): Promise<TlsPolicy> {
  const { certificate, key, anchors, crls, acceptedPolicies } = config.tls;
  const directory = readPartners(config);
  return present(certificate, OWN_NEXT, async () =>
    TlsPolicy.load({
      files: { certificate, key, anchors, revocationLists: crls, policies: acceptedPolicies },
      directory,
      now: () => new Date(),
    }),
  );
}

/** A system's certificate and key, in the files of its folder. */
async function systemOf(folder: string) {
  const certificateFile = resolve(folder, 'own.pem');
  const keyFile = resolve(folder, 'own.key');
  const cert = await present(certificateFile, SYSTEM_NEXT, async () =>
    readPublicFile(certificateFile),
  );
  const key = await present(keyFile, SYSTEM_NEXT, async () => readPrivateFile(keyFile));
  const [certificate] = await certificatesOf(certificateFile);
  if (certificate === undefined || !certificate.native.checkPrivateKey(createPrivateKey(key))) {
    throw new CommandError(
      {
        en: 'is not the certificate of the key beside it',
        ja: 'は隣の秘密鍵の証明書ではありません',
      },
      { where: certificateFile },
    );
  }
  return { cert, key, certificate };
}

const SYSTEM_NEXT = {
  en: "give the system's folder with --as, or issue a certificate with kakehashi cert issue",
  ja: '--as でシステムのフォルダーを指定するか、kakehashi cert issue で証明書を発行してください',
};

const OWN_NEXT = {
  en: 'see tls in kakehashi.yaml; kakehashi cert issue makes a trial certificate',
  ja: 'kakehashi.yaml の tls を見てください。試験用の証明書は kakehashi cert issue で作れます',
};

/** Runs work on files; one that is not there becomes an error with the next step. */
async function present<T>(where: string, next: Text, work: () => Promise<T>): Promise<T> {
  return onFile(where, async () => {
    try {
      return await work();
    } catch (cause) {
      if (systemCodeOf(cause) !== 'ENOENT') throw cause;
      const { path = where } = cause as { path?: string };
      const what = { en: 'is not there', ja: 'がありません' };
      throw new CommandError(what, { where: path, cause, next });
    }
  });
}
