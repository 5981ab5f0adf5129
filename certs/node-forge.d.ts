/** The part of node-forge that `pkcs12.ts` uses; the package brings no types. Octets are strings of one character each. */
declare module 'node-forge' {
  interface ForgeBuffer {
    getBytes(): string;
  }
  interface ForgeCertificate {
    readonly forgeCertificate: unique symbol;
  }
  interface ForgePrivateKey {
    readonly forgePrivateKey: unique symbol;
  }
  interface ForgeAsn1 {
    readonly forgeAsn1: unique symbol;
  }
  interface ForgeBag {
    readonly cert?: ForgeCertificate | null;
    readonly key?: ForgePrivateKey | null;
    readonly asn1?: ForgeAsn1;
  }
  interface ForgePfx {
    getBags(filter: { bagType: string }): Record<string, ForgeBag[] | undefined>;
  }
  const forge: {
    readonly asn1: {
      fromDer(octets: string): ForgeAsn1;
      toDer(asn1: ForgeAsn1): ForgeBuffer;
    };
    readonly pki: {
      readonly oids: Readonly<Record<'certBag' | 'pkcs8ShroudedKeyBag' | 'keyBag', string>>;
      certificateFromAsn1(asn1: ForgeAsn1): ForgeCertificate;
      certificateToAsn1(certificate: ForgeCertificate): ForgeAsn1;
      privateKeyFromAsn1(asn1: ForgeAsn1): ForgePrivateKey;
      privateKeyToAsn1(key: ForgePrivateKey): ForgeAsn1;
    };
    readonly pkcs12: {
      toPkcs12Asn1(
        key: ForgePrivateKey,
        certificates: readonly (ForgeCertificate | string)[],
        password: string,
        options: { algorithm: 'aes256'; count: number; friendlyName?: string },
      ): ForgeAsn1;
      pkcs12FromAsn1(asn1: ForgeAsn1, strict: boolean, password: string): ForgePfx;
    };
  };
  // biome-ignore lint/style/noDefaultExport: the package is CommonJS; this is how it is imported.
  export default forge;
}
