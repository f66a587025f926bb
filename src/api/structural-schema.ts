// From a zod schema to the structural OpenAPI schema that a CustomResourceDefinition takes.
// Separate because zod writes for JSON Schema, and what Kubernetes wants differently is mended here alone.
import { z } from 'zod';

export type JsonSchema = { readonly [key: string]: unknown };

/** The order people read a field in; other keys follow as they come. */
const KEY_ORDER = ['description', 'type', 'format', 'enum', 'default', 'required', 'properties'];

/** Keys whose values are schemas by name, and keys whose value is one schema. */
const SCHEMA_MAPS = new Set(['properties']);
const SCHEMAS = new Set(['items', 'additionalProperties']);

export function structuralSchema(schema: z.ZodType): JsonSchema {
  return structural(z.toJSONSchema(schema, { target: 'openapi-3.0', io: 'input' }));
}

function structural(node: JsonSchema): JsonSchema {
  const mended = Object.entries(node)
    .filter(([key, value]) => isWanted(node, key, value))
    .map(([key, value]) => [key, mendedValue(key, value)] as const);
  return Object.fromEntries([...mended, ...integerFormat(node)].toSorted(byReadingOrder));
}

function mendedValue(key: string, value: unknown): unknown {
  if (SCHEMAS.has(key)) return structural(value as JsonSchema);
  if (!SCHEMA_MAPS.has(key)) return value;
  const schemas = Object.entries(value as Readonly<Record<string, JsonSchema>>);
  return Object.fromEntries(schemas.map(([name, schema]) => [name, structural(schema)]));
}

function isWanted(node: JsonSchema, key: string, value: unknown): boolean {
  // Kubernetes implies the two types, and takes no bounds inside.
  if (key === 'anyOf') return node['x-kubernetes-int-or-string'] !== true;
  // zod bounds every integer by what a JavaScript number can hold. Only the upper one says something here.
  if (key === 'minimum') return value !== Number.MIN_SAFE_INTEGER;
  return true;
}

function integerFormat(node: JsonSchema): readonly (readonly [string, unknown])[] {
  return node['type'] === 'integer' ? [['format', 'int64']] : [];
}

function byReadingOrder([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return rank(a) - rank(b);
}

function rank(key: string): number {
  const index = KEY_ORDER.indexOf(key);
  return index === -1 ? KEY_ORDER.length : index;
}
