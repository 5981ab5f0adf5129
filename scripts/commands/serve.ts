import { command, EXIT, option } from '../command.ts';
import { starterGone } from '../parent.ts';

/** `kakehashi serve`: runs a region's gateway until Ctrl-C or SIGTERM; its log is on standard output. */
export const serveCommand = command({
  name: 'serve',
  summary: { en: 'Run the gateway of a region.', ja: '地域のゲートウェイを動かす。' },
  options: { folder: option.folder() },
  async run({ folder }, desk) {
    const { serve } = await import('../../gateway/main.ts');
    await serve(folder, { stop: AbortSignal.any([desk.stop, starterGone()]) });
    return EXIT.done;
  },
});
