// Everything between "the pod is ours" and "start this": image, referenced objects, volumes, environment, command line. Separate because
// each of them can be missing, and a kubelet has its own word for each.

import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { V1Container, V1Pod } from '@kubernetes/client-node';
import { freePort } from '../free-port.ts';
import type { Behaviour } from './behaviour.ts';
import { ConfigError, containerEnvironment, expand, type Variables } from './container-environment.ts';
import type { ContainerProcessOptions } from './container-process.ts';
import { commandLine, type Images, type LocalImage } from './images.ts';
import { apiAccess } from './api-access.ts';
import type { PodApi } from './pod-api.ts';
import { readinessProbe, type Probe } from './readiness.ts';
import { localPaths, prepareMounts, VolumeError } from './volumes.ts';

export interface PreparedContainer extends ContainerProcessOptions {
  /** terminationMessagePolicy FallbackToLogsOnError. */
  readonly messageFromLog: boolean;
  /** By which it is ready; undefined: once it runs. */
  readonly probe: Probe | undefined;
}

/** A container's waiting state. */
export interface Waiting {
  readonly reason: string;
  readonly message: string;
}

export interface PrepareOptions {
  readonly api: PodApi;
  readonly images: Images;
  readonly behaviour: Behaviour;
  readonly directory: string;
  /** From 1. */
  readonly attempt: number;
}

/** What to start, or why not yet. Throws what is neither, e.g. an API server that does not answer. */
export const prepareContainer = async (pod: V1Pod, options: PrepareOptions): Promise<PreparedContainer | Waiting> => {
  const container = pod.spec?.containers[0];
  if (container === undefined) throw new Error('a pod without containers');
  const unsupported = unsupportedPart(pod);
  if (unsupported !== undefined) return { reason: 'CreateContainerError', message: `the pod runner does not run ${unsupported}` };
  const image = options.images[container.image ?? ''];
  if (image === undefined) return imageMissing(container, options.attempt);
  try {
    return await prepare({ pod, container, image }, options);
  } catch (error) {
    if (error instanceof ConfigError) return { reason: 'CreateContainerConfigError', message: error.message };
    if (error instanceof VolumeError) return { reason: 'ContainerCreating', message: `MountVolume.SetUp failed: ${error.message}` };
    throw error;
  }
};

/** Said openly instead of half done: nothing here needs more than one container, or one that runs until it has succeeded. */
const unsupportedPart = ({ spec }: V1Pod): string | undefined => {
  const { containers = [], initContainers = [], restartPolicy } = spec ?? {};
  if (containers.length > 1) return 'pods with several containers';
  if (initContainers.length > 0) return 'init containers';
  return restartPolicy === 'OnFailure' ? `restartPolicy ${restartPolicy}` : undefined;
};

const imageMissing = ({ image, imagePullPolicy }: V1Container, attempt: number): Waiting => {
  if (imagePullPolicy === 'Never') {
    return { reason: 'ErrImageNeverPull', message: `Container image "${image}" is not present with pull policy of Never` };
  }
  return attempt === 1
    ? { reason: 'ErrImagePull', message: `failed to pull and unpack image "${image}": not found` }
    : { reason: 'ImagePullBackOff', message: `Back-off pulling image "${image}"` };
};

interface Target {
  readonly pod: V1Pod;
  readonly container: V1Container;
  readonly image: LocalImage;
}

const prepare = async ({ pod, container, image }: Target, { api, behaviour, directory }: PrepareOptions): Promise<PreparedContainer> => {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const referenced = await api.readReferenced(pod);
  if (referenced === undefined) throw new VolumeError('the pod runner stops');
  const mounts = await prepareMounts(pod, container, referenced, path.join(directory, 'volumes'));
  const given = containerEnvironment(pod, container, referenced);
  const words = (texts: readonly string[] | undefined): readonly string[] =>
    (texts ?? []).map((text) => localPaths(expand(text, given), mounts));
  const listening = await placeToListen(container, image);
  const env: Variables = {
    // From the image and the container runtime; the pod's own variables win.
    ...image.env,
    HOME: '/',
    HOSTNAME: pod.metadata?.name ?? '',
    ...Object.fromEntries(Object.entries(given).map(([name, value]) => [name, localPaths(value, mounts)])),
    ...(await apiAccess(pod, container, { api, directory })),
    ...listening.env,
  };
  const [program] = container.command ?? image.entryPoint;
  const line = commandLine(image, words(container.command), words(container.args)) ?? startError(program);
  return {
    commandLine: behaviour.kind === 'run' ? line : pretend(behaviour),
    env,
    workingDirectory: container.workingDir ?? image.workingDirectory,
    logFile: path.join(directory, 'log'),
    probe: readinessProbe(container, listening.ports),
    messageFromLog: container.terminationMessagePolicy === 'FallbackToLogsOnError',
  };
};

interface Listening {
  /** By the port's name. */
  readonly ports: ReadonlyMap<string, number>;
  readonly env: Variables;
}

/** Ports of this machine in the place of the container's own, for those that its image can be told of. */
const placeToListen = async (container: V1Container, { listens }: LocalImage): Promise<Listening> => {
  const ports = new Map<string, number>();
  const env: Record<string, string> = {};
  if (listens === undefined) return { ports, env };
  for (const { name = '' } of container.ports ?? []) {
    const variable = listens.ports[name];
    if (variable === undefined) continue;
    const port = await freePort();
    ports.set(name, port);
    Object.assign(env, { [listens.host]: '127.0.0.1', [variable]: String(port) });
  }
  return { ports, env };
};

// The exit code and text that container runtimes give a command which the image does not have.
const startError = (program: string | undefined): readonly string[] =>
  pretend({ kind: 'fail', exitCode: 128, message: `exec: "${program}": executable file not found in $PATH` });

const pretend = (behaviour: Exclude<Behaviour, { kind: 'run' }>): readonly string[] => {
  const shell = (script: string, ...args: readonly string[]): readonly string[] => ['/bin/sh', '-c', script, 'pretend', ...args];
  if (behaviour.kind === 'fail') return shell('printf "%s\\n" "$2"; exit "$1"', String(behaviour.exitCode), behaviour.message);
  return shell('while :; do sleep 3600; done');
};
