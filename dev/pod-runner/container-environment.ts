// The environment variables that a container gets from Kubernetes, and nothing else: pure, from the pod and the objects it refers to.
// Separate because a Job that works only with something of ours in its environment would fail on a real node.

import type { V1ConfigMap, V1Container, V1EnvFromSource, V1EnvVar, V1Pod, V1Secret, V1Service } from '@kubernetes/client-node';
import { serviceVariables } from './service-variables.ts';

/** What the pod refers to, read before; absent objects are absent here. Values of Secrets are base64, as in the API. */
export interface Referenced {
  readonly secrets: ReadonlyMap<string, V1Secret>;
  readonly configMaps: ReadonlyMap<string, V1ConfigMap>;
  /** Of the pod's namespace and the service `default/kubernetes`. */
  readonly services: readonly V1Service[];
}

/** The kubelet's waiting reason CreateContainerConfigError: tried again until it goes away. */
export class ConfigError extends Error {}

export type Variables = Readonly<Record<string, string>>;

/** Throws ConfigError when something that is not optional is missing. */
export const containerEnvironment = (pod: V1Pod, container: V1Container, referenced: Referenced): Variables => {
  const variables: Record<string, string> = {};
  for (const source of container.envFrom ?? []) Object.assign(variables, fromSource(source, referenced));
  const services = serviceVariables(referenced.services, pod.spec?.enableServiceLinks ?? true);
  for (const variable of container.env ?? []) {
    const value = valueOf(variable, { pod, container, referenced });
    // $(NAME) may name what stands before it, and the variables of services.
    if (value !== undefined) variables[variable.name] = variable.value === undefined ? value : expand(value, { ...services, ...variables });
  }
  return { ...services, ...variables };
};

/** Replaces $(NAME) where NAME is known; $$ is a literal $. The rule of `env`, `command` and `args` alike. */
export const expand = (text: string, variables: Variables): string =>
  text.replaceAll(/\$\$|\$\(([A-Za-z_.-][A-Za-z0-9_.-]*)\)/g, (whole, name: string | undefined) =>
    name === undefined ? '$' : (variables[name] ?? whole),
  );

/** Names of the Secrets and ConfigMaps that the pod's environment and volumes refer to. */
export const referencedNames = (pod: V1Pod): { readonly secrets: ReadonlySet<string>; readonly configMaps: ReadonlySet<string> } => {
  const { containers = [], volumes = [] } = pod.spec ?? {};
  const sources = containers.flatMap(({ envFrom = [] }) => envFrom);
  const values = containers.flatMap(({ env = [] }) => env.map(({ valueFrom }) => valueFrom));
  return {
    secrets: names([
      ...sources.map(({ secretRef }) => secretRef?.name),
      ...values.map((value) => value?.secretKeyRef?.name),
      ...volumes.map(({ secret }) => secret?.secretName),
    ]),
    configMaps: names([
      ...sources.map(({ configMapRef }) => configMapRef?.name),
      ...values.map((value) => value?.configMapKeyRef?.name),
      ...volumes.map(({ configMap }) => configMap?.name),
    ]),
  };
};

const names = (all: readonly (string | undefined)[]): ReadonlySet<string> =>
  new Set(all.filter((name) => name !== undefined && name !== '') as string[]);

export const decode = (data: Readonly<Record<string, string>> | undefined): Variables =>
  Object.fromEntries(Object.entries(data ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64').toString('utf8')]));

const fromSource = ({ prefix = '', secretRef, configMapRef }: V1EnvFromSource, referenced: Referenced): Variables => {
  const found =
    secretRef === undefined
      ? dataOf('configmap', configMapRef ?? {}, referenced.configMaps, (object) => object.data ?? {})
      : dataOf('secret', secretRef, referenced.secrets, (object) => decode(object.data));
  return Object.fromEntries(Object.entries(found ?? {}).map(([key, value]) => [`${prefix}${key}`, value]));
};

interface Reference {
  readonly name?: string;
  readonly optional?: boolean;
}

const dataOf = <T>(kind: string, { name = '', optional }: Reference, all: ReadonlyMap<string, T>, data: (object: T) => Variables) => {
  const object = all.get(name);
  if (object !== undefined) return data(object);
  if (optional === true) return undefined;
  throw new ConfigError(`${kind} "${name}" not found`);
};

interface Context {
  readonly pod: V1Pod;
  readonly container: V1Container;
  readonly referenced: Referenced;
}

/** Undefined when an optional key is absent: then the variable is absent, too. */
const valueOf = ({ value, valueFrom }: V1EnvVar, { pod, container, referenced }: Context): string | undefined => {
  if (valueFrom === undefined) return value ?? '';
  const { secretKeyRef, configMapKeyRef, fieldRef, resourceFieldRef } = valueFrom;
  if (secretKeyRef !== undefined) {
    return keyOf(
      secretKeyRef,
      dataOf('secret', secretKeyRef, referenced.secrets, (object) => decode(object.data)),
    );
  }
  if (configMapKeyRef !== undefined) {
    return keyOf(
      configMapKeyRef,
      dataOf('configmap', configMapKeyRef, referenced.configMaps, (object) => object.data ?? {}),
    );
  }
  if (fieldRef !== undefined) return fieldOf(pod, fieldRef.fieldPath);
  if (resourceFieldRef !== undefined) return resourceOf(container, resourceFieldRef.resource);
  throw new ConfigError('a variable has an unknown kind of source');
};

const keyOf = (reference: Reference & { readonly key: string }, data: Variables | undefined): string | undefined => {
  const value = data?.[reference.key];
  if (value === undefined && reference.optional !== true) throw new ConfigError(`couldn't find key ${reference.key} in ${reference.name}`);
  return value;
};

const fieldOf = (pod: V1Pod, fieldPath: string): string => {
  const keyed = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(fieldPath);
  if (keyed !== null) return pod.metadata?.[keyed[1] as 'labels' | 'annotations']?.[keyed[2] ?? ''] ?? '';
  return FIELDS[fieldPath]?.(pod) ?? '';
};

const FIELDS: Readonly<Record<string, (pod: V1Pod) => string | undefined>> = {
  'metadata.name': ({ metadata }) => metadata?.name,
  'metadata.namespace': ({ metadata }) => metadata?.namespace,
  'metadata.uid': ({ metadata }) => metadata?.uid,
  'spec.nodeName': ({ spec }) => spec?.nodeName,
  'spec.serviceAccountName': ({ spec }) => spec?.serviceAccountName,
  'status.podIP': () => LOCAL_ADDRESS,
  'status.hostIP': () => LOCAL_ADDRESS,
};

/** Pods share the network of this machine. */
export const LOCAL_ADDRESS = '127.0.0.1';

/** The quantity as written; a kubelet divides it by the divisor, which no image of ours asks for. */
const resourceOf = (container: V1Container, resource: string): string => {
  const [list, name] = resource.split('.') as ['limits' | 'requests', string];
  return container.resources?.[list]?.[name] ?? '0';
};
