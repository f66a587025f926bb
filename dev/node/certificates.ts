// The certificates of a cluster: one authority, and for each component the identity that Kubernetes' own roles and authorizers expect of
// it. Separate because names, organizations and addresses in them are the whole contract between the components.

import 'reflect-metadata'; // @peculiar/x509 asks for it to be there first
import { generateKeyPairSync, randomBytes, webcrypto } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
  type JsonGeneralName,
  type X509Certificate,
} from '@peculiar/x509';
import { NODE_ADDRESS } from './enclosure/network.ts';
import { NODE_NAME } from './names.ts';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY_MS = 24 * 3_600_000;

interface Leaf {
  readonly subject: string;
  readonly usage: ExtendedKeyUsage;
  readonly hosts?: readonly JsonGeneralName[];
}

const dns = (value: string): JsonGeneralName => ({ type: 'dns', value });
const ip = (value: string): JsonGeneralName => ({ type: 'ip', value });
const client = (subject: string): Leaf => ({ subject, usage: ExtendedKeyUsage.clientAuth });

const API_SERVER_NAMES = ['', '.default', '.default.svc', '.default.svc.cluster.local'].map((suffix) => dns(`kubernetes${suffix}`));

/** By file name. */
const LEAVES: Readonly<Record<string, Leaf>> = {
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
  const keys = await newKeys();
  const root = await X509CertificateGenerator.createSelfSigned({
    ...common(),
    name: 'CN=studio-node',
    keys,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    ],
  });
  await write('ca.crt', root.toString('pem'));
  for (const [name, leaf] of Object.entries(LEAVES)) {
    const { certificate, key } = await signed(leaf, root, keys.privateKey);
    await write(`${name}.crt`, certificate);
    await write(`${name}.key`, key);
  }
  const tokens = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  await write('sa.key', tokens.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string);
  await write('sa.pub', tokens.publicKey.export({ type: 'spki', format: 'pem' }) as string);
};

const signed = async (
  { subject, usage, hosts }: Leaf,
  root: X509Certificate,
  signingKey: webcrypto.CryptoKey,
): Promise<{ certificate: string; key: string }> => {
  const keys = await newKeys();
  const certificate = await X509CertificateGenerator.create({
    ...common(),
    subject,
    issuer: root.subject,
    publicKey: keys.publicKey,
    signingKey,
    extensions: [
      new BasicConstraintsExtension(false),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([usage]),
      ...(hosts === undefined ? [] : [new SubjectAlternativeNameExtension([...hosts])]),
    ],
  });
  const body = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  const key = `-----BEGIN PRIVATE KEY-----\n${body.match(/.{1,64}/g)?.join('\n')}\n-----END PRIVATE KEY-----\n`;
  return { certificate: certificate.toString('pem'), key };
};

const newKeys = async (): Promise<webcrypto.CryptoKeyPair> => await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);

const common = () => ({
  serialNumber: randomBytes(8).toString('hex'),
  notBefore: new Date(Date.now() - DAY_MS),
  notAfter: new Date(Date.now() + DAY_MS),
  signingAlgorithm: ALGORITHM,
});
