/**
 * `operator --apply-crds`: brings the CustomResourceDefinitions of a cluster up to this version, by server-side apply. Separate from the
 * operator, which may only read them: whoever may write a definition decides what every tenant is.
 */
import { setTimeout as sleep } from 'node:timers/promises';

import type { Logger } from 'pino';

import { type Condition, findCondition, isTrue } from '../api/conditions.ts';
import { type CustomResourceDefinition, customResourceDefinitions } from '../api/crd.ts';
import type { KubernetesObject } from '../api/object-meta.ts';
import { CUSTOM_RESOURCE_DEFINITION } from '../api/resources.ts';
import { isForbidden } from '../clients/kubernetes/errors.ts';
import type { Kubernetes } from '../clients/kubernetes/kubernetes.ts';
import { type Definition, definitionChange, type DefinitionChange } from '../desired/definition-change.ts';

/** Not the operator's own: what an upgrade applied can be told from what the operator writes. */
export const DEFINITIONS_FIELD_MANAGER = 'studio-operator-crds';

/** A sentence for a person: something has to be decided or allowed first. */
export class DefinitionsRefused extends Error {
  override readonly name = 'DefinitionsRefused';
}

interface InstalledDefinition extends KubernetesObject {
  readonly spec: Definition['spec'];
  readonly status?: Definition['status'] & { readonly conditions?: readonly Condition[] };
}

export interface ApplyDefinitionsOptions {
  readonly kubernetes: Kubernetes;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

interface Step {
  readonly wanted: CustomResourceDefinition;
  readonly change: DefinitionChange;
}

const SERVED_WITHIN_MS = 60_000;
const LOOK_AGAIN_MS = 100;
/** So many fields say which version something is of. */
const SHOWN_FIELDS = 5;

/**
 * Resolves when all are served. Decides about all before it writes any. Throws DefinitionsRefused when a definition in the cluster has
 * something that this version does not know and lacks something that it has, and where rights are missing.
 */
export async function applyDefinitions(options: ApplyDefinitionsOptions): Promise<void> {
  const steps = await Promise.all(customResourceDefinitions().map((wanted) => planned(options, wanted)));
  const refused = steps.filter(({ change }) => change.kind === 'refuse');
  if (refused.length > 0) throw new DefinitionsRefused(refused.map(refusal).join('\n'));
  for (const step of steps) await carryOut(options, step);
}

async function planned({ kubernetes, signal }: ApplyDefinitionsOptions, wanted: CustomResourceDefinition): Promise<Step> {
  const { name } = wanted.metadata;
  const installed = await allowed('get', name, kubernetes.get<InstalledDefinition>(CUSTOM_RESOURCE_DEFINITION, { name }, { signal }));
  return { wanted, change: definitionChange(installed, definitionOf(wanted)) };
}

async function carryOut(options: ApplyDefinitionsOptions, { wanted, change }: Step): Promise<void> {
  const { kubernetes, log, signal } = options;
  const { name } = wanted.metadata;
  if (change.kind === 'keep') {
    log.info({ definition: name, more: change.more.slice(0, SHOWN_FIELDS) }, 'definition left as it is: it is of a later version');
    return;
  }
  const { metadata, spec } = wanted;
  const write = kubernetes.apply(CUSTOM_RESOURCE_DEFINITION, { metadata, spec }, { signal, fieldManager: DEFINITIONS_FIELD_MANAGER });
  await allowed('patch', name, write);
  await served(options, name);
  log.info({ definition: name }, 'definition applied');
}

/** A definition is used by the API server a moment after it was written. */
async function served({ kubernetes, signal }: ApplyDefinitionsOptions, name: string): Promise<void> {
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(SERVED_WITHIN_MS)]);
  for (;;) {
    const found = await kubernetes.get<InstalledDefinition>(CUSTOM_RESOURCE_DEFINITION, { name }, { signal: deadline });
    const { conditions } = found?.status ?? {};
    if (isTrue(conditions, 'Established')) return;
    const names = findCondition(conditions, 'NamesAccepted');
    if (names?.status === 'False') throw new DefinitionsRefused(`The names of ${name} are taken in this cluster: ${names.message}`);
    await sleep(LOOK_AGAIN_MS, undefined, { signal: deadline });
  }
}

function definitionOf({ spec }: CustomResourceDefinition): Definition {
  return { spec: spec as unknown as Definition['spec'] };
}

async function allowed<T>(verb: string, name: string, call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    if (!isForbidden(error)) throw error;
    throw new DefinitionsRefused(
      `Not allowed to ${verb} the definition ${name}: ${error.message}\n` +
        `--apply-crds needs get, create and patch on customresourcedefinitions, as the chart's ClusterRole for it has them. ` +
        `Without them an administrator runs: kubectl apply --server-side --force-conflicts -f crds/`,
      { cause: error },
    );
  }
}

function refusal({ wanted, change }: Step): string {
  const { lost, gained } = change as Extract<DefinitionChange, { kind: 'refuse' }>;
  return (
    `The definition ${wanted.metadata.name} in the cluster is neither older nor newer than this version: it has ${listed(lost)}, ` +
    `which would be lost, and lacks ${listed(gained)}. Nothing was changed. Install the version of the operator that it belongs to.`
  );
}

function listed(fields: readonly string[]): string {
  const more = fields.length - SHOWN_FIELDS;
  return fields.slice(0, SHOWN_FIELDS).join(', ') + (more > 0 ? ` and ${more} more` : '');
}
