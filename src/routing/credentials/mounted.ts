/*
 * Credentials from files: Secrets that the kubelet or somebody else puts into a directory. Separate because reading
 * several files that are replaced meanwhile has traps of its own.
 */
import { readFile, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { TenantUnavailable } from '../errors.ts';
import { BINDING_KEYS, type Binding, credentialsOf, referenceOf } from './binding.ts';
import type { CredentialsProvider } from './provider.ts';

export interface MountedCredentialsOptions {
  /**
   * Holds a directory per Secret, with a file per key: `<namespace>/<secret>`, or `<secret>` where the former is not there;
   * for example $SERVICE_BINDING_ROOT. Two namespaces may have Secrets of one name.
   */
  readonly directory: string;
}

/** The kubelet swaps all files of a Secret at once by this link; a version that was replaced is removed soon. */
const KUBELET_VERSION = '..data';
const ATTEMPTS = 3;

/** Files are read whenever pools ask: nothing is watched, and nothing is kept. */
export function mountedCredentials({ directory }: MountedCredentialsOptions): CredentialsProvider {
  return {
    get: async (tenant) => {
      const { namespace, name } = referenceOf(tenant);
      const ofNamespace = path.join(directory, namespace, name);
      const folder = (await isDirectory(ofNamespace)) ? ofNamespace : path.join(directory, name);
      return credentialsOf(await readWhole(folder), tenant, folder);
    },
  };
}

/** A file is none: a key of the one Secret may be named as another Secret is. */
async function isDirectory(folder: string): Promise<boolean> {
  try {
    return (await stat(folder)).isDirectory();
  } catch (error) {
    if (isMissing(error)) return false;
    throw new TenantUnavailable(`reading ${folder}`, { cause: error });
  }
}

/** All files of one version: never a password of one with the user name of another. */
async function readWhole(folder: string): Promise<Binding> {
  for (let attempt = 1; ; attempt += 1) {
    const version = await versionOf(folder);
    const binding = await readFiles(version);
    if ((await versionOf(folder)) === version && (version !== folder || same(binding, await readFiles(version)))) return binding;
    if (attempt === ATTEMPTS) throw new TenantUnavailable(`${folder} changes faster than it can be read`);
  }
}

/** What the link points to; the folder itself where there is no link. */
async function versionOf(folder: string): Promise<string> {
  try {
    return await realpath(path.join(folder, KUBELET_VERSION));
  } catch (error) {
    if (isMissing(error)) return folder;
    throw new TenantUnavailable(`reading ${folder}`, { cause: error });
  }
}

async function readFiles(folder: string): Promise<Binding> {
  const entries = await Promise.all(BINDING_KEYS.map(async (key) => [key, await readKey(path.join(folder, key))] as const));
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

async function readKey(file: string): Promise<string | undefined> {
  try {
    // Files made by hand end in a line break, which is no part of the value.
    return (await readFile(file, 'utf8')).replace(/\r?\n$/, '');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw new TenantUnavailable(`reading ${file}`, { cause: error });
  }
}

const same = (one: Binding, other: Binding): boolean => BINDING_KEYS.every((key) => one[key] === other[key]);

const isMissing = (error: unknown): boolean => ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException | undefined)?.code ?? '');
