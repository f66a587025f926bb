// What stands in the way of starting at all, in one sentence for the person at the terminal: something to install, to start or to say.
// Separate because such an error is shown without a stack trace, and all others with one.

export class SetupError extends Error {}

/** Says the sentence and fails; for the entry points. Other errors are thrown on. */
export const explainSetupError = (error: unknown): void => {
  if (!(error instanceof SetupError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
};
