// The generated definitions, judged by the rules that a real API server and the tools around it hold them to.
import { describe, expect, it } from 'vitest';
import { crdFiles } from '../../../dev/generate-crds.ts';
import { driftedFiles } from '../../../dev/generated-files.ts';
import { customResourceDefinitions } from '../../../src/api/crd.ts';
import { type Node, schemaNodes } from './schema-nodes.ts';

interface Version {
  readonly name: string;
  readonly served: boolean;
  readonly storage: boolean;
  readonly subresources: Node;
  readonly additionalPrinterColumns: readonly { readonly name: string; readonly jsonPath: string }[];
  readonly selectableFields?: readonly { readonly jsonPath: string }[];
  readonly schema: { readonly openAPIV3Schema: Node };
}

interface Rule {
  readonly rule: string;
  readonly message: string;
}

const definitions = customResourceDefinitions().map((definition) => {
  const spec = definition.spec as { readonly names: Node; readonly versions: readonly [Version]; readonly scope: string };
  const [version] = spec.versions;
  return { name: definition.metadata.name, names: spec.names, scope: spec.scope, version, root: version.schema.openAPIV3Schema };
});

/** What a structural schema may hold, as far as we use it. */
const STRUCTURAL_KEYS = new Set([
  'additionalProperties',
  'default',
  'description',
  'enum',
  'format',
  'items',
  'maxItems',
  'maxLength',
  'maxProperties',
  'maximum',
  'minItems',
  'minLength',
  'minimum',
  'properties',
  'required',
  'type',
  'x-kubernetes-int-or-string',
  'x-kubernetes-list-map-keys',
  'x-kubernetes-list-type',
  'x-kubernetes-validations',
]);

function rulesOf(node: Node): readonly Rule[] {
  return (node['x-kubernetes-validations'] ?? []) as readonly Rule[];
}

/** Whether the path of a column or selectable field leads to a node of the schema. */
function hasNode(root: Node, jsonPath: string): boolean {
  if (jsonPath.startsWith('.metadata.')) return true;
  const path = jsonPath.replace(/\[\?.*?\]/, '[]');
  return schemaNodes(root).some((entry) => entry.path === path);
}

it('has the four kinds under their names', () => {
  expect(definitions.map(({ name, names, scope }) => [name, names['shortNames'], names['categories'], scope])).toEqual([
    ['studiotenants.studio-platform.io', ['st'], ['studio'], 'Namespaced'],
    ['postgresservers.studio-platform.io', ['pgs'], ['studio'], 'Cluster'],
    ['tenantplans.studio-platform.io', ['tp'], ['studio'], 'Cluster'],
    ['schemareleases.studio-platform.io', ['rel'], ['studio'], 'Cluster'],
  ]);
});

it('is what is checked in', () => {
  expect(driftedFiles(crdFiles())).toEqual([]);
});

describe.each(definitions)('$name', ({ version, root }) => {
  const nodes = schemaNodes(root);

  it('gives every node a type', () => {
    const untyped = nodes.filter(({ node }) => node['type'] === undefined && node['x-kubernetes-int-or-string'] !== true);
    expect(untyped.map(({ path }) => path)).toEqual([]);
  });

  it('uses nothing that a structural schema cannot have', () => {
    const foreign = nodes.flatMap(({ path, node }) =>
      Object.keys(node)
        .filter((key) => !STRUCTURAL_KEYS.has(key))
        .map((key) => `${path}: ${key}`),
    );
    expect(foreign).toEqual([]);
  });

  it('never has properties beside additionalProperties', () => {
    const mixed = nodes.filter(({ node }) => node['properties'] !== undefined && node['additionalProperties'] !== undefined);
    expect(mixed.map(({ path }) => path)).toEqual([]);
  });

  it('says of every list how it merges, and gives it a limit', () => {
    const lists = nodes.filter(({ node }) => node['type'] === 'array');
    const vague = lists.filter(({ node }) => node['x-kubernetes-list-type'] === undefined || node['maxItems'] === undefined);
    expect(vague.map(({ path }) => path)).toEqual([]);
  });

  it('limits every string, list and map that a rule reads, and every map and list on the way to it', () => {
    const bounded = new Set(['string', 'array']);
    const unbounded = nodes
      .filter(({ path }) => path.startsWith('.spec'))
      .filter(({ node }) => bounded.has(String(node['type'])) || node['additionalProperties'] !== undefined)
      .filter(({ node }) => node['enum'] === undefined)
      .filter(({ node }) => node['maxLength'] === undefined && node['maxItems'] === undefined && node['maxProperties'] === undefined);
    expect(unbounded.map(({ path }) => path)).toEqual([]);
  });

  it('gives every rule a sentence', () => {
    const mute = nodes.flatMap(({ path, node }) =>
      rulesOf(node)
        .filter(({ message }) => !/ .* /.test(message))
        .map(() => path),
    );
    expect(mute).toEqual([]);
  });

  it('has one rule at the root: the name', () => {
    expect(rulesOf(root).map(({ rule }) => rule)).toEqual(["self.metadata.name.matches(r'^[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?$')"]);
  });

  it('describes every field of spec and status', () => {
    const silent = nodes.filter(({ path, node }) => /^\.(spec|status)(\..*)?\w$/.test(path) && node['description'] === undefined);
    expect(silent.map(({ path }) => path)).toEqual([]);
  });

  it('has a status subresource whose default says that nobody has looked yet', () => {
    expect(version.subresources).toEqual({ status: {} });
    expect(nodes.find(({ path }) => path === '.status')?.node['default']).toEqual({ observedGeneration: -1 });
  });

  it('keeps its conditions as a map by type', () => {
    const conditions = nodes.find(({ path }) => path === '.status.conditions')?.node;
    expect(conditions).toMatchObject({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['type'] });
  });

  it('points its columns and selectable fields at fields that exist', () => {
    const paths = [...version.additionalPrinterColumns, ...(version.selectableFields ?? [])].map(({ jsonPath }) => jsonPath);
    expect(paths.filter((path) => !hasNode(root, path))).toEqual([]);
  });
});

it('lets tenants be selected by subdomain, plan and phase', () => {
  const fields = definitions[0]?.version.selectableFields?.map(({ jsonPath }) => jsonPath);
  expect(fields).toEqual(expect.arrayContaining(['.spec.subdomain', '.spec.plan', '.status.phase']));
});
