/*
 * Loaded before the gateway by the fuzz test alone: on SIGUSR2 everything that nobody holds any more is given back, so that
 * the memory of two moments can be compared. When V8 would do so by itself depends on how much memory the machine has.
 */
process.on('SIGUSR2', () => {
  for (let times = 0; times < 2; times += 1) globalThis.gc();
});
