// One line per thing that takes long, with the time it took, so that somebody who waits for the first build knows that and for what.
// Separate because starting, building and installing all report the same way. Goes to standard error: output belongs to the command.

const TICK_MS = 15_000;

/** Says what begins, that it goes on (every 15 s, with `detail()` when there is some), and how long it took. */
export const withProgress = async <T>(what: string, work: () => Promise<T>, detail: () => string = () => ''): Promise<T> => {
  const begin = performance.now();
  const elapsed = (): string => duration(performance.now() - begin);
  say(`${what} ...`);
  const timer = setInterval(() => {
    const extra = detail();
    say(`${what}: ${elapsed()}${extra === '' ? '' : ` (${extra})`}`);
  }, TICK_MS);
  try {
    const result = await work();
    say(`${what}: done in ${elapsed()}`);
    return result;
  } catch (error) {
    say(`${what}: failed after ${elapsed()}`);
    throw error;
  } finally {
    clearInterval(timer);
  }
};

export const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

/** "4.2 s" or "5 min 03 s". */
export const duration = (milliseconds: number): string => {
  const seconds = milliseconds / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  return `${Math.floor(seconds / 60)} min ${String(Math.floor(seconds % 60)).padStart(2, '0')} s`;
};
