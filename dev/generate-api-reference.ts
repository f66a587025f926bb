// docs/api.md: every field of the four kinds, from the definitions that the API server gets. Separate from the definitions because this is
// for people: a row per field, with its type, its default, and the sentences that the API server refuses by.
import { customResourceDefinitions } from '../src/api/crd.ts';
import { GROUP, VERSION } from '../src/api/group.ts';
import { type Kind, KINDS } from '../src/api/kinds.ts';
import type { GeneratedFile } from './generated-files.ts';

/** The parts of an OpenAPI schema that are shown. */
interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly additionalProperties?: Schema;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly 'x-kubernetes-int-or-string'?: boolean;
  readonly 'x-kubernetes-validations'?: readonly { readonly message?: string }[];
}

interface Field {
  readonly path: string;
  readonly schema: Schema;
  readonly isRequired: boolean;
}

const INTRODUCTION = `<!-- Written by \`npm run generate\` from src/api. Do not edit. -->
# API reference

\`${GROUP}/${VERSION}\`: ${KINDS.map(({ resource }) => `[${resource.kind}](#${resource.kind.toLowerCase()})`).join(', ')}.
What a cluster has is in \`kubectl explain studiotenant.spec --recursive\`; what the annotations do is in the [README](../README.md#verbs),
what a status says in the [table of its reasons](runbook.md).

A name (\`metadata.name\`) has at most 40 lower-case letters, digits and hyphens. \`[]\` stands for each entry of a list.
Fields that are not listed are refused or, where the client does not ask for strict validation, dropped by the API server.
`;

export function apiReference(): GeneratedFile {
  const definitions = customResourceDefinitions();
  const sections = KINDS.map((kind, index) => section(kind, schemaOf(definitions[index]?.spec)));
  return { path: 'docs/api.md', text: [INTRODUCTION, ...sections].join('\n') };
}

function schemaOf(spec: Readonly<Record<string, unknown>> | undefined): Schema {
  const [version] = (spec?.['versions'] ?? []) as readonly { readonly schema: { readonly openAPIV3Schema: Schema } }[];
  if (version === undefined) throw new Error('a definition without a version');
  return version.schema.openAPIV3Schema;
}

function section({ resource, shortName, description, selectableFields }: Kind, { properties = {} }: Schema): string {
  const scope = resource.namespaced ? 'In a namespace' : 'Cluster-wide';
  const selectable = selectableFields.map((path) => `\`${path.slice(1)}\``).join(', ');
  return [
    `## ${resource.kind}`,
    '',
    `${description} ${scope}; short name \`${shortName}\`.${selectable === '' ? '' : ` Field selectors: ${selectable}.`}`,
    '',
    ...table('spec', properties['spec'] ?? {}, specRow),
    ...table('status', properties['status'] ?? {}, statusRow),
  ].join('\n');
}

function table(name: 'spec' | 'status', schema: Schema, row: (field: Field) => string): readonly string[] {
  const head =
    name === 'spec' ? '| field of `spec` | type | default | |\n|---|---|---|---|' : '| field of `status` | type | |\n|---|---|---|';
  return [head, ...fieldsOf(schema, '').map(row), ''];
}

/** In the order of the definition, an object before what is in it. */
function fieldsOf(schema: Schema, prefix: string): readonly Field[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
    const path = `${prefix}${name}`;
    const own: Field = { path, schema: property, isRequired: schema.required?.includes(name) === true };
    return [own].concat(fieldsOf(property, `${path}.`), fieldsOf(property.items ?? {}, `${path}[].`));
  });
}

function specRow({ path, schema, isRequired }: Field): string {
  return `| \`${path}\` | ${typeOf(schema)} | ${isRequired ? 'required' : defaultOf(schema)} | ${words(schema)} |`;
}

function statusRow({ path, schema }: Field): string {
  return `| \`${path}\` | ${typeOf(schema)} | ${words(schema)} |`;
}

function typeOf(schema: Schema): string {
  if (schema['x-kubernetes-int-or-string'] === true) return 'integer or string';
  if (schema.type === 'array') return `list of ${plain(schema.items)}`;
  if (schema.additionalProperties !== undefined) return `map of ${plain(schema.additionalProperties)}`;
  return schema.type ?? 'any';
}

function plain(schema: Schema | undefined): string {
  return schema === undefined ? 'any' : `${typeOf(schema)}s`;
}

/** An object's default is what its fields' defaults say, so only its absence is of interest. */
function defaultOf(schema: Schema): string {
  if (schema.default === undefined || schema.type === 'object') return '';
  return Array.isArray(schema.default) && schema.default.length === 0 ? 'none' : `\`${JSON.stringify(schema.default)}\``;
}

function words(schema: Schema): string {
  const rules = [schema, schema.items, schema.additionalProperties].flatMap((each) => sentences(each ?? {}));
  return [schema.description ?? '', ...choices(schema), ...bounds(schema), ...new Set(rules)]
    .filter((each) => each !== '')
    .join(' ')
    .replaceAll('|', '\\|')
    .replaceAll('\n', ' ');
}

function choices({ enum: values }: Schema): readonly string[] {
  return values === undefined ? [] : [`One of ${values.map((value) => `\`${String(value)}\``).join(', ')}.`];
}

function bounds(schema: Schema): readonly string[] {
  // What a JavaScript number can hold is no bound that people meet.
  const maximum = schema.maximum === Number.MAX_SAFE_INTEGER ? undefined : schema.maximum;
  return [
    range(schema.minimum, maximum, ''),
    range(schema.minLength, schema.maxLength, ' characters'),
    range(schema.minItems, schema.maxItems, ' entries'),
  ];
}

function range(least: number | undefined, most: number | undefined, unit: string): string {
  if (least !== undefined && most !== undefined) return `${least} to ${most}${unit}.`;
  if (least !== undefined) return `At least ${least}${unit}.`;
  return most === undefined ? '' : `At most ${most}${unit}.`;
}

function sentences(schema: Schema): readonly string[] {
  return (schema['x-kubernetes-validations'] ?? []).map(({ message = '' }) => `*${message.replaceAll('*', '\\*')}.*`);
}
