// The certificates of a cluster: one authority, and for each component the identity that Kubernetes' own roles and authorizers expect of
// it. Separate because names, organizations and addresses in them are the whole contract between the components.

import { generateKeyPairSync } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { JsonGeneralName } from '@peculiar/x509';
import { type CertificateRequest, ExtendedKeyUsage, newCertificateAuthority } from '../certificate-authority.ts';
import { NODE_ADDRESS } from './enclosure/network.ts';
import { NODE_NAME } from './names.ts';

const DAY_MS = 24 * 3_600_000;

const dns = (value: string): JsonGeneralName => ({ type: 'dns', value });
const ip = (value: string): JsonGeneralName => ({ type: 'ip', value });
const client = (subject: string): CertificateRequest => ({ subject, usage: ExtendedKeyUsage.clientAuth });

const API_SERVER_NAMES = ['', '.default', '.default.svc', '.default.svc.cluster.local'].map((suffix) => dns(`kubernetes${suffix}`));

/** By file name. */
const LEAVES: Readonly<Record<string, CertificateRequest>> = {
  apiserver: {
    subject: 'CN=kube-apiserver',
    usage: ExtendedKeyUsage.serverAuth,
    hosts: [...API_SERVER_NAMES, dns('localhost'), ip('127.0.0.1'), ip('10.96.0.1'), ip(NODE_ADDRESS)],
  },
  'kubelet-serving': {
    subject: `O=system:nodes, CN=system:node:${NODE_NAME}`,
    usage: ExtendedKeyUsage.serverAuth,
    hosts: [dns(NODE_NAME), ip(NODE_ADDRESS)],
  },
  'apiserver-kubelet-client': client('O=system:masters, CN=kube-apiserver-kubelet-client'),
  admin: client('O=system:masters, CN=admin'),
  'controller-manager': client('CN=system:kube-controller-manager'),
  scheduler: client('CN=system:kube-scheduler'),
  proxy: client('CN=system:kube-proxy'),
  kubelet: client(`O=system:nodes, CN=system:node:${NODE_NAME}`),
};

/** Writes ca.crt, NAME.crt and NAME.key for each of them, and sa.key and sa.pub, with which tokens are signed. */
export const writeCertificates = async (directory: string): Promise<void> => {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const write = async (file: string, content: string): Promise<void> =>
    await writeFile(path.join(directory, file), content, { mode: 0o600 });
  const authority = await newCertificateAuthority({ subject: 'CN=studio-node', validMs: DAY_MS });
  await write('ca.crt', authority.certificate);
  for (const [name, leaf] of Object.entries(LEAVES)) {
    const { certificate, key } = await authority.issue(leaf);
    await write(`${name}.crt`, certificate);
    await write(`${name}.key`, key);
  }
  const tokens = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  await write('sa.key', tokens.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string);
  await write('sa.pub', tokens.publicKey.export({ type: 'spki', format: 'pem' }) as string);
};
