// The checked-in definitions under a group of the test's own: what is tried here neither wakes an operator that works in the same
// cluster nor needs the definitions others use to change. Everything but group, short names and categories is as checked in.
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { eventually } from '../../support/eventually.ts';
import { type ApiAnswer, APPLY_PATCH, succeed } from './api-server.ts';

const CRDS = new URL('../../../crds/', import.meta.url);
const DEFINITIONS_PATH = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

// oxlint-disable-next-line no-explicit-any -- a definition is edited at any depth
export type Definition = any;

/** The definitions in crds/ as they are. */
export function checkedInDefinitions(): readonly Definition[] {
  return readdirSync(CRDS)
    .toSorted()
    .map((file) => parse(readFileSync(new URL(file, CRDS), 'utf8')));
}

/** Comes back with an (empty or full) list once the API server serves the kind; before that it answers 404 or 429. */
export async function applyDefinition(definition: Definition): Promise<ApiAnswer['body']> {
  const { metadata, spec } = definition;
  const path = `${DEFINITIONS_PATH}/${metadata.name}?fieldManager=test&force=true`;
  await succeed({ method: 'PATCH', path, body: definition, contentType: APPLY_PATCH });
  return await eventually(async () => await succeed({ method: 'GET', path: `/apis/${spec.group}/v1alpha1/${spec.names.plural}` }));
}

export interface ApiGroup extends AsyncDisposable {
  readonly group: string;
  readonly apiVersion: string;
  /** The path of a kind's collection; without a namespace for cluster-scoped kinds. */
  path(plural: string, namespace?: string): string;
  /** Applies the checked-in definition of a kind, edited. */
  redefine(plural: string, edit?: (definition: Definition) => void): Promise<void>;
}

export async function freshApiGroup(): Promise<ApiGroup> {
  const group = `test-${randomBytes(5).toString('hex')}.example`;
  const redefine: ApiGroup['redefine'] = async (plural, edit) => {
    const definition = checkedInDefinitions().find(({ spec }) => spec.names.plural === plural);
    definition.metadata.name = `${plural}.${group}`;
    definition.spec.group = group;
    definition.spec.names.shortNames = [];
    definition.spec.names.categories = [];
    edit?.(definition);
    await applyDefinition(definition);
  };
  const plurals: readonly string[] = checkedInDefinitions().map(({ spec }) => spec.names.plural);
  await Promise.all(plurals.map(async (plural) => await redefine(plural)));
  return {
    group,
    apiVersion: `${group}/v1alpha1`,
    path: (plural, namespace) => `/apis/${group}/v1alpha1/${namespace === undefined ? '' : `namespaces/${namespace}/`}${plural}`,
    redefine,
    [Symbol.asyncDispose]: async () => {
      await Promise.all(plurals.map(async (plural) => await succeed({ method: 'DELETE', path: `${DEFINITIONS_PATH}/${plural}.${group}` })));
    },
  };
}
