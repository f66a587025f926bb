// A pod's volumes as directories on this machine. There is no mount namespace without root, so a container cannot see them at their
// mountPath; instead the paths in its environment, command and arguments are rewritten to where the files really are.

import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { V1Container, V1KeyToPath, V1Pod, V1Volume } from '@kubernetes/client-node';
import { decode, type Referenced, type Variables } from './container-environment.ts';

/** A volume refers to something that is not there: the kubelet waits with reason ContainerCreating. */
export class VolumeError extends Error {}

export interface Mounts {
  /** mountPath -> directory or file here. */
  readonly paths: ReadonlyMap<string, string>;
}

/** Writes the volumes below `directory`; throws VolumeError when a Secret or ConfigMap that is not optional is missing. */
export const prepareMounts = async (pod: V1Pod, container: V1Container, referenced: Referenced, directory: string): Promise<Mounts> => {
  const volumes = new Map((pod.spec?.volumes ?? []).map((volume) => [volume.name, volume]));
  const paths = new Map<string, string>();
  for (const mount of container.volumeMounts ?? []) {
    const volume = volumes.get(mount.name);
    if (volume === undefined || volume.projected !== undefined) continue; // the pod's token: api-access.ts
    const target = path.join(directory, mount.name);
    await prepareVolume(volume, referenced, target);
    paths.set(mount.mountPath, mount.subPath === undefined ? target : path.join(target, mount.subPath));
  }
  return { paths };
};

/** Rewrites every mountPath in the text, where a path begins there and ends or goes on with a slash; also as it stands in a URL's query. */
export const localPaths = (text: string, { paths }: Mounts): string => {
  let result = text;
  for (const [mountPath, local] of paths) {
    const directory = mountPath.replace(/\/$/, '');
    const pattern = new RegExp(`(?<![\\w.-])${escaped(directory)}(?=/|$|[^\\w./-])`, 'g');
    const inUrl = new RegExp(`(?<==)${escaped(encodeURIComponent(directory))}(?=%2F|$|&)`, 'g');
    result = result.replaceAll(pattern, () => local).replaceAll(inUrl, () => encodeURIComponent(local));
  }
  return result;
};

const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);

const prepareVolume = async (volume: V1Volume, referenced: Referenced, target: string): Promise<void> => {
  await mkdir(target, { recursive: true, mode: 0o700 });
  const files = filesOf(volume, referenced);
  await Promise.all(
    Object.entries(files).map(async ([name, content]) => {
      const file = path.join(target, name);
      await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
      await writeFile(file, content, { mode: 0o600 });
    }),
  );
};

const filesOf = (volume: V1Volume, { secrets, configMaps }: Referenced): Variables => {
  const { secret, configMap, emptyDir } = volume;
  if (secret !== undefined) {
    const object = secrets.get(secret.secretName ?? '');
    return select(object && decode(object.data), `secret "${secret.secretName}"`, secret);
  }
  if (configMap !== undefined) return select(configMaps.get(configMap.name ?? '')?.data, `configmap "${configMap.name}"`, configMap);
  if (emptyDir !== undefined) return {};
  throw new VolumeError(`volume "${volume.name}" is none of secret, configMap, emptyDir`);
};

interface Selection {
  readonly items?: readonly V1KeyToPath[];
  readonly optional?: boolean;
}

const select = (data: Variables | undefined, name: string, { items, optional }: Selection): Variables => {
  if (data === undefined) {
    if (optional === true) return {};
    throw new VolumeError(`${name} not found`);
  }
  if (items === undefined) return data;
  return Object.fromEntries(
    items.flatMap((item) => {
      const content = data[item.key];
      if (content === undefined && optional !== true) throw new VolumeError(`${name} has no key "${item.key}"`);
      return content === undefined ? [] : [[item.path, content]];
    }),
  );
};
