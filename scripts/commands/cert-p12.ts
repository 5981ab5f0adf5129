import { createPrivateKey } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import type { Certificate } from '../../certs/certificate.ts';
import { encodePem } from '../../certs/pem.ts';
import { decodePkcs12, encodePkcs12 } from '../../certs/pkcs12.ts';
import {
  codeOf,
  readPrivateFile,
  readPublicFile,
  writePrivateFile,
  writePublicFile,
} from '../../gateway/safeguards/key-files.ts';
import { chainOfFile, onFile } from '../certificate-texts.ts';
import { CommandError, command, EXIT, option, required, UsageError } from '../command.ts';

/** `kakehashi cert p12`: a bundle for a vendor's product, or out of one. */
export const certP12 = command({
  name: 'cert p12',
  summary: {
    en: 'Bundle a certificate and its key as .p12, or with --open unpack one.',
    ja: '証明書と鍵を .p12 にまとめる。--open で取り出す。',
  },
  arguments: {
    file: required(
      option.file({ en: 'The certificate (PEM), or the .p12.', ja: '証明書（PEM）または .p12。' }),
    ),
  },
  options: {
    key: option.file({
      en: 'The private key; FILE.key beside FILE.pem unless given.',
      ja: '秘密鍵（無指定なら FILE.pem と同じ名前の .key）。',
    }),
    passwordFile: required(
      option.file({
        en: 'File (0600) whose first line is the password.',
        ja: '一行目にパスワードを書いたファイル（0600）。',
      }),
    ),
    out: required(
      option.file({
        en: 'The .p12 to write; with --open the prefix of OUT.pem and OUT.key.',
        ja: '書き出す .p12。--open のときは OUT.pem と OUT.key の名前。',
      }),
    ),
    open: option.flag({ en: 'Unpack instead.', ja: '取り出す。' }),
  },
  async run({ file, key, passwordFile, out, open }, { print }) {
    const password = await onFile(passwordFile, () => passwordOf(passwordFile));
    if (open) {
      const { certificates, key: found } = await onFile(file, async () =>
        decodePkcs12(await readPublicFile(file), password),
      );
      const pem = found.export({ format: 'pem', type: 'pkcs8' }).toString();
      await onFile(`${out}.key`, () => writePrivateFile(`${out}.key`, pem));
      await onFile(`${out}.pem`, () =>
        writePublicFile(`${out}.pem`, certificates.map(pemOf).join('')),
      );
      print(
        {
          en: `wrote ${out}.pem and ${out}.key (0600)`,
          ja: `${out}.pem と ${out}.key（0600）を書き出しました`,
        },
        { certificateFile: `${out}.pem`, keyFile: `${out}.key`, certificates: certificates.length },
      );
      return EXIT.done;
    }
    const { own, sent } = await chainOfFile(file);
    const keyFile = key ?? file.replace(/\.pem$/, '.key');
    const privateKey = await onFile(keyFile, async () =>
      createPrivateKey(await readPrivateFile(keyFile)),
    );
    if (!own.native.checkPrivateKey(privateKey)) {
      throw new CommandError(
        { en: 'the key does not belong to the certificate', ja: '鍵が証明書と組になっていません' },
        { where: keyFile },
      );
    }
    const bundle = await encodePkcs12({ key: privateKey, certificates: [own, ...sent] }, password);
    await onFile(out, () => writeNew(out, bundle));
    print(
      { en: `wrote ${out} (0600)`, ja: `${out}（0600）を書き出しました` },
      { file: out, sizeBytes: bundle.length, certificates: 1 + sent.length },
    );
    return EXIT.done;
  },
});

async function passwordOf(path: string): Promise<string> {
  const [line = ''] = (await readPrivateFile(path)).toString('utf8').split(/\r?\n/);
  if (line.length < 8) {
    throw new UsageError(
      {
        en: 'the password must have at least 8 characters',
        ja: 'パスワードは 8 文字以上であること',
      },
      { where: path },
    );
  }
  return line;
}

/** Never over another file: a bundle holds a key. */
async function writeNew(path: string, octets: Uint8Array): Promise<void> {
  try {
    await writeFile(path, octets, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    throw new CommandError({ en: 'is there already', ja: 'すでにあります' }, { where: path });
  }
}

function pemOf({ der }: Certificate): string {
  return encodePem(der, 'CERTIFICATE');
}
