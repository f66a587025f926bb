// The regular expressions of the API, as text: the same text goes into CEL rules (RE2) and, where the operator
// checks the same thing again, into a RegExp. Separate so that each is written once. All are anchored.

/** RFC 1123 label, up to 63 characters. */
export const DNS_LABEL = '^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$';

/** A label that Job and Pod names can still be built from. */
export const OBJECT_NAME = '^[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?$';

/** 3 to 63 characters. */
export const SUBDOMAIN = '^[a-z0-9][-a-z0-9]{1,61}[a-z0-9]$';

/** RFC 1123 subdomain: the name of a Secret or an IngressClass. */
export const DNS_SUBDOMAIN = '^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?([.][a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*$';

/** At least two labels, the last beginning with a letter: no IP address, no wildcard, no port. */
export const HOST_NAME = '^([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?[.])+[a-z]([-a-z0-9]{0,61}[a-z0-9])?$';

/** The name of a PostgreSQL extension. */
export const EXTENSION_NAME = '^[a-z][a-z0-9_-]*$';

/** A PostgreSQL role or database name that needs no surprises in a connection string. */
export const DATABASE_IDENTIFIER = '^[A-Za-z_][A-Za-z0-9_-]*$';

/** A key of an annotation: an optional DNS prefix and a name of up to 63 characters. */
export const ANNOTATION_KEY = '^([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$';

/** The name of an environment variable. */
export const ENVIRONMENT_NAME = '^[A-Za-z_][A-Za-z0-9_]*$';

/** No more than the characters a reference can have; the registry judges the rest. */
export const IMAGE_REFERENCE = '^[A-Za-z0-9][A-Za-z0-9._:/@-]*$';

/**
 * A PostgreSQL timeout: 0, or a whole number with a unit, within PostgreSQL's own limit of 2^31 - 1 milliseconds.
 * A number without a unit is milliseconds to PostgreSQL and seconds to most people, so it needs one here.
 */
export const SETTING_TIMEOUT = '^(0|[1-9][0-9]{0,8}ms|[1-9][0-9]{0,5}s|[1-9][0-9]{0,3}min|[1-4]?[0-9]{1,2}h|(1?[0-9]|2[0-4])d)$';

/** From PostgreSQL's own minimum of 64kB to 99GB, always with a unit. */
export const SETTING_MEMORY = '^((6[4-9]|[7-9][0-9]|[1-9][0-9]{2,7})kB|[1-9][0-9]{0,4}MB|[1-9][0-9]?GB)$';

/** UTC or a name of the IANA time zone database. */
export const SETTING_TIME_ZONE = '^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}$';

/** How long a statement may wait for a lock: up to 99999 ms or s, or 9999 m. */
export const LOCK_TIMEOUT = '^([1-9][0-9]{0,4}(ms|s)|[1-9][0-9]{0,3}m)$';

/** A span that people plan in: up to 9999 hours or days. */
export const LONG_DURATION = '^[1-9][0-9]{0,3}(h|d)$';
