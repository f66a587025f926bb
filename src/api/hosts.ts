// Pure questions about host names.
// Separate because both claims and routes are decided by them.

/** Whether `host` is `base` itself or a name under it. Both in lower case, without a dot at the end. */
export function isUnder(host: string, base: string): boolean {
  return host === base || host.endsWith(`.${base}`);
}
