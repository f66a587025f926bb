// How npm reaches its registry from inside a build: with the settings of this machine, mounted for the time of the build. Separate
// because they may hold a token, so they must never get into an image or its history.

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import tls from 'node:tls';
import { npm } from '../npm.ts';
import { REPOSITORY } from '../run.ts';

/** Where the directory is mounted in the build. */
export const NPM_ACCESS_MOUNT = '/run/npm';
export const NPM_CONFIGURATION = `${NPM_ACCESS_MOUNT}/npmrc`;

/** Settings that speak of this machine's directories, or are given anew. */
const LOCAL = /^\s*(?:cafile|cache|prefix|globalconfig|userconfig|nodedir|init-module)\s*=/;

/** Writes npmrc, and ca.pem where this machine trusts an authority of its own, into the directory, for root's eyes alone. */
export const writeNpmAccess = async (directory: string): Promise<void> => {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const settings = await Promise.all(['globalconfig', 'userconfig'].map(settingsIn));
  const authorities = await trustedAuthorities();
  const lines = [...settings.flat(), ...proxies()];
  if (authorities !== undefined) {
    await writeFile(path.join(directory, 'ca.pem'), authorities);
    lines.push(`cafile=${NPM_ACCESS_MOUNT}/ca.pem`);
  }
  await writeFile(path.join(directory, 'npmrc'), `${lines.join('\n')}\n`, { mode: 0o600 });
};

const configured = async (name: string): Promise<string | undefined> => {
  const value = (await npm(['config', 'get', name], REPOSITORY)).trim();
  return value === '' || value === 'null' || value === 'undefined' ? undefined : value;
};

/** Of the user's and the machine's npmrc; variables in them are put in, because the build does not have them. */
const settingsIn = async (name: string): Promise<readonly string[]> => {
  const file = await configured(name);
  const text = file === undefined ? '' : await readFile(file, 'utf8').catch(absentIsEmpty);
  return text
    .split('\n')
    .filter((line) => line.trim() !== '' && !LOCAL.test(line))
    .map((line) => line.replaceAll(/\$\{(\w+)\??\}/g, (_, variable: string) => process.env[variable] ?? ''));
};

const absentIsEmpty = (error: NodeJS.ErrnoException): string => {
  if (error.code === 'ENOENT') return '';
  throw error;
};

/** npm's own choice replaces the public authorities; what Node is told comes in addition to them. */
const trustedAuthorities = async (): Promise<string | undefined> => {
  const file = await configured('cafile');
  if (file !== undefined) return await readFile(file, 'utf8');
  const extra = process.env['NODE_EXTRA_CA_CERTS'];
  if (extra === undefined || extra === '') return undefined;
  return [...tls.rootCertificates, await readFile(extra, 'utf8')].join('\n');
};

const proxies = (): readonly string[] =>
  Object.entries({ 'https-proxy': 'HTTPS_PROXY', proxy: 'HTTP_PROXY', noproxy: 'NO_PROXY' }).flatMap(([setting, variable]) => {
    const value = process.env[variable] ?? process.env[variable.toLowerCase()];
    return value === undefined || value === '' ? [] : [`${setting}=${value}`];
  });
