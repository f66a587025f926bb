/**
 * Takes passwords out of text before it is written anywhere. Separate from the logger because what a migration printed
 * goes through it on its way into a status as well.
 */

const MASK = '[masked]';

/** The password part of a connection string: everything between the user's colon and the last @ before a slash or space. */
const URI_PASSWORD = /(\b[a-z][a-z0-9+.-]*:\/\/[^\s:/?#@]*):[^\s/]*@/gi;
/** libpq's and our own key=value forms, quoted or not. */
const NAMED_PASSWORD = /(\bpassword|\bPGPASSWORD)(\s*[=:]\s*)('[^']*'|"[^"]*"|[^\s,;&]+)/gi;
const SCRAM_VERIFIER = /SCRAM-SHA-256\$\d+:[A-Za-z0-9+/=]+\$[A-Za-z0-9+/=]+:[A-Za-z0-9+/=]+/g;

/** `text` without the passwords it can be seen to hold, and without any of `secrets`. */
export function maskPasswords(text: string, secrets: readonly string[] = []): string {
  const known = secrets.filter((secret) => secret !== '').reduce((masked, secret) => masked.replaceAll(secret, MASK), text);
  return known.replaceAll(URI_PASSWORD, `$1:${MASK}@`).replaceAll(NAMED_PASSWORD, `$1$2${MASK}`).replaceAll(SCRAM_VERIFIER, MASK);
}
