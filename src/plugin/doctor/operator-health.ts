// The operator: its Deployment, its pods, who leads, and which version. Pure.
import { type Condition, conditionOf, type Metadata, type Pod, stateOf } from '../kubernetes/objects.ts';
import { age } from '../terminal/age.ts';
import { plural } from '../terminal/text.ts';
import { fail, type Finding, ok, warn } from './finding.ts';
import { durationOf, isFresh, leaderLease, type Lease } from './lease.ts';

export interface Deployment {
  readonly metadata: Metadata;
  readonly spec: {
    readonly replicas?: number;
    readonly template: {
      readonly spec: { readonly containers: readonly { readonly image?: string; readonly command?: readonly string[] }[] };
    };
  };
  readonly status?: { readonly readyReplicas?: number; readonly updatedReplicas?: number; readonly conditions?: readonly Condition[] };
}

export interface OperatorFacts {
  readonly namespace: string;
  readonly deployments: readonly Deployment[];
  readonly leases: readonly Lease[];
  readonly pods: readonly Pod[];
  /** The leader's Lease was renewed while doctor looked, whatever this machine's clock says. */
  readonly isRenewed: boolean;
  /** Version of this plugin. */
  readonly version: string;
  readonly nowMs: number;
}

const MANY_RESTARTS = 5;

export function checkOperator(facts: OperatorFacts): readonly Finding[] {
  const deployment = facts.deployments[0];
  const leader = checkLeader(facts, deployment?.metadata.name);
  if (deployment === undefined) return [absent(facts, leader.level !== 'fail'), leader];
  return [checkDeployment(deployment, facts), leader, ...checkPods(facts.pods), checkVersion(deployment, facts.version)];
}

function absent({ namespace }: OperatorFacts, isLed: boolean): Finding {
  const message = `there is no Deployment of the operator in namespace ${namespace}`;
  if (isLed) return warn('operator', `${message}, yet one leads: it runs outside of the cluster`, 'Nothing, if it is meant so.');
  return fail('operator', message, 'Install it, or say where it is with --operator-namespace NAMESPACE.');
}

function checkDeployment({ metadata, spec, status }: Deployment, { namespace }: OperatorFacts): Finding {
  const wanted = spec.replicas ?? 1;
  const ready = status?.readyReplicas ?? 0;
  const what = `Deployment ${namespace}/${metadata.name}: ${ready} of ${plural(wanted, 'replica')} ready`;
  const see = `See: kubectl -n ${namespace} describe deployment/${metadata.name}`;
  if (wanted === 0)
    return fail(
      'operator',
      `${what}: it is scaled to none`,
      `Start it: kubectl -n ${namespace} scale deployment/${metadata.name} --replicas=2`,
    );
  if (ready === 0) return fail('operator', what, see);
  if (ready < wanted || (status?.updatedReplicas ?? wanted) < wanted) return warn('operator', what, see);
  return ok('operator', what);
}

function checkLeader({ leases, namespace, nowMs, isRenewed }: OperatorFacts, name = 'studio-operator'): Finding {
  const lease = leaderLease(leases, name);
  if (lease?.spec?.holderIdentity === undefined || lease.spec.holderIdentity === '')
    return fail(
      'leader',
      `nobody holds the Lease ${namespace}/${name}`,
      `Look into the operator's log: kubectl -n ${namespace} logs deployment/${name}`,
    );
  const { holderIdentity, renewTime } = lease.spec;
  if (isFresh(lease, nowMs)) return ok('leader', `${holderIdentity} renewed the Lease ${namespace}/${name} ${age(renewTime, nowMs)} ago`);
  if (isRenewed)
    return warn(
      'leader',
      `${holderIdentity} renews the Lease ${namespace}/${name}, whose time is ${renewTime}: this machine's clock says otherwise`,
      "Set this machine's clock, or the operator's node's.",
    );
  return fail(
    'leader',
    `${holderIdentity} renewed the Lease ${namespace}/${name} at ${renewTime} and not within the ${durationOf(lease)} s that it lasts: nobody works`,
    `Look into the operator's log: kubectl -n ${namespace} logs deployment/${name}`,
  );
}

function checkPods(pods: readonly Pod[]): readonly Finding[] {
  return pods.flatMap((pod) => {
    const see = `See: kubectl -n ${pod.metadata.namespace} describe pod/${pod.metadata.name}`;
    const trouble = troubleOf(pod);
    if (trouble !== undefined) return [fail('operator', `pod ${pod.metadata.name}: ${trouble}`, see)];
    const restarts = pod.status?.containerStatuses?.[0]?.restartCount ?? 0;
    return restarts < MANY_RESTARTS
      ? []
      : [warn('operator', `pod ${pod.metadata.name} has restarted ${restarts} times`, `${see} and its log with --previous`)];
  });
}

/** Why it is not at work, in Kubernetes' words. */
function troubleOf(pod: Pod): string | undefined {
  const { waiting } = stateOf(pod);
  const isStarting = waiting?.reason === undefined || waiting.reason === 'ContainerCreating';
  if (!isStarting) return `${waiting.reason} ${waiting.message ?? ''}`.trim();
  const scheduled = conditionOf(pod, 'PodScheduled');
  return scheduled?.status === 'False' ? (scheduled.message ?? 'not scheduled') : undefined;
}

function checkVersion(deployment: Deployment, version: string): Finding {
  const { how, found } = installedVersion(deployment);
  if (found === undefined)
    return warn('version', `${how}: of no version that could be told`, `This plugin is ${version}; use the operator's.`);
  if (found === version) return ok('version', `${how}; this plugin is ${version} as well`);
  return warn('version', `${how}; this plugin is ${version}`, 'Use operator and plugin of one version.');
}

/** By the chart's labels, else by the image's tag. */
function installedVersion({ metadata, spec }: Deployment): { readonly how: string; readonly found: string | undefined } {
  const image = spec.template.spec.containers[0]?.image ?? 'unknown';
  const tag = /:([^/:@]+)(?:@|$)/.exec(image)?.[1];
  const chart = metadata.labels?.['helm.sh/chart'];
  if (chart === undefined) return { how: `image ${image}, not installed by Helm`, found: tag };
  const found = metadata.labels?.['app.kubernetes.io/version'] ?? chart.replace(/^.*?-(?=\d)/, '');
  return { how: `chart ${chart}, image ${image}`, found };
}
