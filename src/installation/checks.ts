/**
 * What must be true of an installation that works, one function each, asked from outside of the operator's process with the operator's
 * own rights and settings. Separate from the loop that asks again and reports.
 */
import { readFile } from 'node:fs/promises';

import { customResourceDefinitions } from '../api/crd.ts';
import type { KubernetesObject } from '../api/object-meta.ts';
import { CUSTOM_RESOURCE_DEFINITION, LEASE, NAMESPACE } from '../api/resources.ts';
import type { Kubernetes } from '../clients/kubernetes/kubernetes.ts';
import { withSession } from '../clients/postgres/session.ts';
import type { Config } from '../config.ts';
import { type Definition, missingFrom } from '../desired/definition-change.ts';
import { masterTarget } from '../master/master-target.ts';
import type { Lease } from '../runtime/lease-lock.ts';

export interface Check {
  readonly name: string;
  /** Undefined when all is well, else a sentence; may throw. */
  readonly problem: (signal: AbortSignal) => Promise<string | undefined>;
}

export interface ChecksOptions {
  readonly kubernetes: Kubernetes;
  readonly config: Config;
  /** Of the operator's health server. */
  readonly url: string;
}

const CLUSTER_OF = 'SELECT cluster_id AS "clusterId" FROM public.installation';
const SESSION_NAME = 'studio-installation-check';

export function installationChecks(options: ChecksOptions): readonly Check[] {
  return [
    { name: 'definitions', problem: (signal) => definitions(options, signal) },
    { name: 'operator', problem: (signal) => operator(options, signal) },
    { name: 'leader', problem: (signal) => leader(options, signal) },
    { name: 'master-database', problem: (signal) => masterDatabase(options, signal) },
  ];
}

async function operator({ url }: ChecksOptions, signal: AbortSignal): Promise<string | undefined> {
  const response = await fetch(new URL('/readyz', url), { signal });
  const body = await response.text();
  return response.ok ? undefined : `answers ${response.status}: ${body.trim().replaceAll('\n', '; ')}`;
}

async function definitions({ kubernetes }: ChecksOptions, signal: AbortSignal): Promise<string | undefined> {
  for (const { metadata, spec } of customResourceDefinitions()) {
    const { name } = metadata;
    const found = await kubernetes.get<KubernetesObject & Definition>(CUSTOM_RESOURCE_DEFINITION, { name }, { signal });
    if (found === undefined) return `${name} is missing; run: kubectl apply --server-side -f crds/`;
    const [lacking] = missingFrom(found, { spec: spec as unknown as Definition['spec'] });
    if (lacking !== undefined) return `${name} is older than this version: it lacks ${lacking}; run: operator --apply-crds`;
  }
  return undefined;
}

/** Clocks differ, so that it is held is all that can be seen at one look. */
async function leader({ kubernetes, config }: ChecksOptions, signal: AbortSignal): Promise<string | undefined> {
  if (!config.leaderElection.enabled) return undefined;
  const request = { namespace: config.tenant.operatorNamespace, name: config.leaderElection.leaseName };
  const holder = (await kubernetes.get<Lease>(LEASE, request, { signal }))?.spec?.holderIdentity ?? '';
  return holder === '' ? `nobody holds the Lease ${request.namespace}/${request.name}` : undefined;
}

/** What is read is what the operator writes when it has opened, migrated and claimed it. */
async function masterDatabase({ kubernetes, config }: ChecksOptions, signal: AbortSignal): Promise<string | undefined> {
  const clusterId = (await kubernetes.get(NAMESPACE, { name: 'kube-system' }, { signal }))?.metadata.uid;
  const { url, caFile } = config.master;
  const ca = caFile === undefined ? undefined : await readFile(caFile, 'utf8');
  const target = masterTarget({ url, ca, applicationName: SESSION_NAME });
  const [row] = await withSession(target, {}, (query) => query<{ readonly clusterId: string }>({ text: CLUSTER_OF }));
  if (row === undefined) return 'no operator has claimed it yet';
  return row.clusterId === clusterId ? undefined : `belongs to the operator of cluster ${row.clusterId}`;
}
