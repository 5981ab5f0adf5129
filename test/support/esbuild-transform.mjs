import { createHash } from 'node:crypto';
import { transformSync, version } from 'esbuild';

/** Turns one TypeScript file into an ES module for jest; types are judged by tsc, not here. */
const transformer = {
  canInstrument: false,
  getCacheKey: (source, path) =>
    createHash('sha256')
      .update(version)
      .update('\0')
      .update(path)
      .update('\0')
      .update(source)
      .digest('hex'),
  process(source, path) {
    const { code, map } = transformSync(source, {
      loader: 'ts',
      format: 'esm',
      target: 'node20',
      sourcemap: 'external',
      sourcefile: path,
      tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
    });
    return { code, map };
  },
};

// biome-ignore lint/style/noDefaultExport: jest reads a transformer from the default export.
export default transformer;
