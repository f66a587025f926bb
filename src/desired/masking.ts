/**
 * Takes passwords out of text that was written by others, before it is shown anywhere.
 * Separate because it is the last line before status, events and logs, and must be tested alone.
 */

const MASK = '***';

/** `scheme://user:password@`, whatever the scheme; the password may hold anything but a slash, a space or a quote. */
const URL_PASSWORD = /([a-z][a-z0-9+.-]*:\/\/[^\s:/@"']*:)([^\s/"']+)(@)/gi;

/** `password=…`, `PGPASSWORD: …`, `password '…'` and the like. */
const NAMED_PASSWORD = /(\w*(?:password|passwd|pwd)\w*["']?\s*(?:[=:]\s*|\s+)(?=["'=\S]))("[^"]*"|'[^']*'|[^\s,;&"')]+)/gi;

/** A password's verifier is enough to pose as the server. */
const VERIFIER = /SCRAM-SHA-256\$\d+:[^\s"']+/g;

/**
 * The text without passwords: those in URLs, those after the word, and each of `secrets` wherever and however encoded
 * (as it is, in a URL, in base64).
 */
export function masked(text: string, secrets: readonly string[] = []): string {
  let result = text;
  for (const secret of secrets.flatMap(spellings)) result = result.replaceAll(secret, MASK);
  return result
    .replaceAll(VERIFIER, MASK)
    .replaceAll(URL_PASSWORD, `$1${MASK}$3`)
    .replaceAll(NAMED_PASSWORD, (whole, name: string, value: string) => (isWord(name, value) ? whole : `${name}${MASK}`));
}

function spellings(secret: string): readonly string[] {
  if (secret === '') return [];
  const base64 = Buffer.from(secret).toString('base64');
  return [...new Set([secret, encodeURIComponent(secret), base64, base64.replaceAll('=', '')])];
}

/** `password authentication failed` is a sentence and no password: without a sign in between, only quoted text counts as a value. */
function isWord(name: string, value: string): boolean {
  return !/[=:]\s*$/.test(name) && !/^["']/.test(value);
}
