/**
 * Whether a CustomResourceDefinition in the cluster may be replaced by this version's. Pure, because a wrong answer loses data: a version
 * or a field that is taken away is pruned from every object that has it, silently and at its next write.
 */

/** As far as it matters here, of what is installed and of what is wanted. */
export interface Definition {
  readonly spec: {
    readonly versions: readonly {
      readonly name: string;
      readonly schema?: { readonly openAPIV3Schema?: unknown };
    }[];
  };
  readonly status?: { readonly storedVersions?: readonly string[] };
}

export type DefinitionChange =
  | { readonly kind: 'apply' }
  /** What is there has all of it and more: a later version of the operator has been here. */
  | { readonly kind: 'keep'; readonly more: readonly string[] }
  /** Each has something that the other lacks. */
  | { readonly kind: 'refuse'; readonly lost: readonly string[]; readonly gained: readonly string[] };

/** Fields are written `v1alpha1 spec.database.server`; versions that objects are stored in count too. */
export function definitionChange(installed: Definition | undefined, wanted: Definition): DefinitionChange {
  if (installed === undefined) return { kind: 'apply' };
  const [before, after] = [contentOf(installed), contentOf(wanted)];
  const lost = [...before].filter((each) => !after.has(each));
  if (lost.length === 0) return { kind: 'apply' };
  const gained = missingFrom(installed, wanted);
  return gained.length === 0 ? { kind: 'keep', more: lost } : { kind: 'refuse', lost, gained };
}

/** Versions and fields of the wanted definition that the installed one lacks. */
export function missingFrom(installed: Definition, wanted: Definition): readonly string[] {
  const before = contentOf(installed);
  return [...contentOf(wanted)].filter((each) => !before.has(each));
}

function contentOf({ spec, status }: Definition): ReadonlySet<string> {
  const fields = spec.versions.flatMap(({ name, schema }) => [name].concat(fieldsOf(schema?.openAPIV3Schema, `${name} `)));
  return new Set([...fields, ...(status?.storedVersions ?? [])]);
}

function fieldsOf(schema: unknown, path: string): readonly string[] {
  if (!isRecord(schema)) return [];
  const { properties, items, additionalProperties } = schema;
  const own = isRecord(properties) ? Object.entries(properties) : [];
  return [
    ...own.flatMap(([name, child]) => [`${path}${name}`].concat(fieldsOf(child, `${path}${name}.`))),
    ...fieldsOf(items, `${path}[].`),
    ...(isRecord(additionalProperties) ? [`${path}*`, ...fieldsOf(additionalProperties, `${path}*.`)] : []),
  ];
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
