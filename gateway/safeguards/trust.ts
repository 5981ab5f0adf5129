import type { Certificate } from '../../certs/certificate.ts';
import { dateFindings, findPaths, type Path } from '../../certs/chain.ts';
import { accepts, type Finding } from '../../certs/findings.ts';
import { type HpkiProfile, profileFindings, type TlsUse } from '../../certs/hpki.ts';
import { isSignedBy, type RevocationList, revocationFindings } from '../../certs/revocation.ts';

/** What a certificate is held against. Never the store of the operating system. */
export interface TrustMaterial {
  readonly anchors: readonly Certificate[];
  /** Issuing CAs that a peer may forget to send; trusted for nothing. */
  readonly intermediates: readonly Certificate[];
  readonly revocationLists: readonly RevocationList[];
  readonly profile: HpkiProfile;
}

/** A certificate to be judged, and what it is to stand for. */
export interface Judged {
  readonly certificate: Certificate;
  /** What the peer sent with it. */
  readonly sent: readonly Certificate[];
  readonly uses: readonly TlsUse[];
}

const MAX_REMEMBERED = 4096;

/**
 * One reading of anchors, lists and profile. What does not depend on time (signatures, profile) is remembered by
 * fingerprint; dates and revocation are judged each time.
 */
export class Trust {
  readonly #material: TrustMaterial;
  readonly #paths = new Map<string, readonly Path[]>();
  readonly #profile = new Map<string, readonly Finding[]>();
  readonly #lists = new Map<string, readonly RevocationList[]>();

  constructor(material: TrustMaterial) {
    this.#material = material;
  }

  /** The anchors, for a TLS context. */
  get anchors(): readonly Certificate[] {
    return this.#material.anchors;
  }

  /** Everything that is found at this instant; accepted if none of it is an error. */
  judge(judged: Judged, at: Date): readonly Finding[] {
    const profile = this.#profileOf(judged);
    const { paths, findings } = this.#pathsOf(judged);
    if (paths.length === 0) return [...profile, ...findings];
    let best: readonly Finding[] | undefined;
    for (const path of paths) {
      const found = [
        ...dateFindings(path, at),
        ...revocationFindings(path, (issuer) => this.#listsOf(issuer), at),
      ];
      if (best === undefined || accepts(found)) best = found;
      if (accepts(found)) break;
    }
    return [...profile, ...(best ?? [])];
  }

  #profileOf({ certificate, uses }: Judged): readonly Finding[] {
    const key = `${certificate.fingerprint} ${uses.join()}`;
    return remember(this.#profile, key, () =>
      profileFindings(certificate, this.#material.profile, uses),
    );
  }

  #pathsOf({ certificate, sent }: Judged) {
    const known = this.#paths.get(certificate.fingerprint);
    if (known) return { paths: known, findings: [] };
    const { anchors, intermediates } = this.#material;
    const found = findPaths(certificate, { anchors, intermediates: [...intermediates, ...sent] });
    // A failure is not remembered: the next connection may bring the helper that was missing.
    if (found.paths.length > 0) remember(this.#paths, certificate.fingerprint, () => found.paths);
    return found;
  }

  #listsOf(issuer: Certificate): readonly RevocationList[] {
    return remember(this.#lists, issuer.fingerprint, () =>
      this.#material.revocationLists.filter((list) => isSignedBy(list, issuer)),
    );
  }
}

function remember<Value>(known: Map<string, Value>, key: string, make: () => Value): Value {
  const found = known.get(key);
  if (found !== undefined) return found;
  if (known.size >= MAX_REMEMBERED) known.clear();
  const made = make();
  known.set(key, made);
  return made;
}
