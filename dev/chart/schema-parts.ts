// The vocabulary of the chart's values schema: what a text, a number or a piece of a pod may be. Separate from the schema itself, which is
// then a picture of values.yaml.
import type { z } from 'zod';
import { DNS_LABEL, DNS_SUBDOMAIN, OBJECT_NAME } from '../../src/api/patterns.ts';
import { structuralSchema } from '../../src/api/structural-schema.ts';

export type Schema = Readonly<Record<string, unknown>>;

const orEmpty = (pattern: string): string => `^$|${pattern}`;

export const flag: Schema = { type: 'boolean' };
export const text: Schema = { type: 'string' };
export const filled: Schema = { type: 'string', minLength: 1 };
export const label: Schema = { type: 'string', pattern: DNS_LABEL };
export const labelOrEmpty: Schema = { type: 'string', pattern: orEmpty(DNS_LABEL) };
export const name: Schema = { type: 'string', maxLength: 253, pattern: DNS_SUBDOMAIN };
export const nameOrEmpty: Schema = { type: 'string', maxLength: 253, pattern: orEmpty(DNS_SUBDOMAIN) };
export const secretKey: Schema = { type: 'string', pattern: '^[-._a-zA-Z0-9]+$' };
export const port: Schema = { type: 'integer', minimum: 1, maximum: 65_535 };
/** As src/config/kinds.ts reads it. */
export const duration: Schema = { type: 'string', pattern: orEmpty('^[0-9]+(ms|s|m|h)$') };
export const someDuration: Schema = { type: 'string', pattern: '^[0-9]+(ms|s|m|h)$' };
export const quantity: Schema = { type: 'string', pattern: orEmpty('^[0-9]+([.][0-9]+)?(m|[kMGTPE]|[KMGTPE]i)?$') };
/** As Prometheus writes it. */
export const scrapeDuration: Schema = { type: 'string', pattern: orEmpty('^([0-9]+(ms|s|m|h|d))+$') };
export const anyObject: Schema = { type: 'object' };

/** A setting that is a number; null leaves it to the program. */
export const integerOrNull = (minimum: number, maximum: number): Schema => ({ type: ['integer', 'null'], minimum, maximum });
/** The empty text leaves it to the program. */
export const oneOfOrEmpty = (...choices: readonly string[]): Schema => ({ enum: ['', ...choices] });
export const oneOf = (...choices: readonly string[]): Schema => ({ enum: choices });
export const atLeast = (minimum: number): Schema => ({ type: 'integer', minimum });
export const listOf = (items: Schema): Schema => ({ type: 'array', items });
export const uniqueListOf = (items: Schema): Schema => ({ type: 'array', items, uniqueItems: true });
export const mapOf = (values: Schema): Schema => ({ type: 'object', additionalProperties: values });
/** No propertyNames: Helm's errors about those name another place. */
export const mapBy = (names: string, values: Schema): Schema => ({
  type: 'object',
  additionalProperties: false,
  patternProperties: { [names]: values },
});
/** Nothing but these. */
export const only = (properties: Readonly<Record<string, Schema>>, ...required: readonly string[]): Schema => ({
  type: 'object',
  additionalProperties: false,
  ...(required.length > 0 && { required }),
  properties,
});

export const maxUnavailable: Schema = { type: ['integer', 'string'], minimum: 0, pattern: '^(100|[1-9]?[0-9])%$' };
export const stringMap = mapOf(text);
export const environment = listOf({ type: 'object', required: ['name'], properties: { name: filled } });
export const named = listOf({ type: 'object', required: ['name'], properties: { name: filled } });
export const mounts = listOf({ type: 'object', required: ['name', 'mountPath'], properties: { name: filled, mountPath: filled } });
export const spread = listOf({
  type: 'object',
  required: ['maxSkew', 'topologyKey', 'whenUnsatisfiable'],
  properties: { maxSkew: atLeast(1), topologyKey: filled, whenUnsatisfiable: oneOf('DoNotSchedule', 'ScheduleAnyway') },
});
export const peers = listOf(only({ namespaceSelector: anyObject, podSelector: anyObject, ipBlock: anyObject }));
export const resources = only({
  requests: mapOf({ type: ['string', 'number'] }),
  limits: mapOf({ type: ['string', 'number'] }),
  claims: listOf(anyObject),
});
/** Settings by variable. */
export const variables = mapBy('^[A-Z][A-Z0-9_]*$', { type: ['string', 'number', 'boolean'] });

/** Objects of a kind by name, with the kind's own fields; null takes one of the chart's own away. */
export function specsOf(spec: z.ZodType): Schema {
  return mapBy(OBJECT_NAME, { ...plain(structuralSchema(spec)), type: ['object', 'null'] });
}

/** Without what only Kubernetes understands, and strict: an unknown field is a typing mistake. */
function plain(node: Schema): Schema {
  const kept = Object.entries(node).filter(([key]) => !key.startsWith('x-kubernetes-') && key !== 'default' && key !== 'format');
  const schema = Object.fromEntries(kept.map(([key, value]) => [key, plainValue(key, value)]));
  if (node['x-kubernetes-int-or-string'] === true) return { ...schema, type: ['integer', 'string'] };
  return node['properties'] === undefined ? schema : { ...schema, additionalProperties: false };
}

function plainValue(key: string, value: unknown): unknown {
  if (key === 'items' || key === 'additionalProperties') return typeof value === 'object' ? plain(value as Schema) : value;
  if (key !== 'properties') return value;
  return Object.fromEntries(Object.entries(value as Readonly<Record<string, Schema>>).map(([field, child]) => [field, plain(child)]));
}
