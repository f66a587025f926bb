// What a check of `doctor` comes to. Separate because every check makes some, and two places print them.

export type Level = 'ok' | 'warn' | 'fail' | 'skip';

export interface Finding {
  /** What was looked at; a word or two. */
  readonly check: string;
  /** `skip`: not to be seen with the user's rights. */
  readonly level: Level;
  readonly message: string;
  /** What to do; null where nothing is to be done. */
  readonly fix: string | null;
}

export const ok = (check: string, message: string): Finding => ({ check, level: 'ok', message, fix: null });
export const warn = (check: string, message: string, fix: string): Finding => ({ check, level: 'warn', message, fix });
export const fail = (check: string, message: string, fix: string): Finding => ({ check, level: 'fail', message, fix });
export const skip = (check: string, message: string): Finding => ({ check, level: 'skip', message, fix: null });
