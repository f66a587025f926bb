/**
 * Certificates for tests of TLS: an authority of its own, and server certificates that it has signed, as PEM. Separate because a test
 * must know whose certificate it was shown, and no file with a key belongs into a repository.
 */
import 'reflect-metadata'; // @peculiar/x509 asks for it to be there first
import { randomBytes, webcrypto, X509Certificate } from 'node:crypto';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';

export interface ServerCertificate {
  /** PEM of the certificate. */
  readonly certificate: string;
  /** PEM (PKCS #8) of its key. */
  readonly key: string;
  /** As `tls` shows it of a peer. */
  readonly fingerprint256: string;
}

export interface Authority {
  /** PEM, for whoever is to trust it. */
  readonly certificate: string;
  issue(...hosts: readonly string[]): Promise<ServerCertificate>;
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const HOUR_MS = 3_600_000;

export async function newAuthority(): Promise<Authority> {
  const keys = await newKeys();
  const root = await X509CertificateGenerator.createSelfSigned({
    ...common(),
    name: 'CN=Authority of a test',
    keys,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    ],
  });
  return {
    certificate: root.toString('pem'),
    issue: async (...hosts) => {
      const own = await newKeys();
      const leaf = await X509CertificateGenerator.create({
        ...common(),
        subject: `CN=${hosts[0]}`,
        issuer: root.subject,
        publicKey: own.publicKey,
        signingKey: keys.privateKey,
        extensions: [
          new BasicConstraintsExtension(false),
          new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
          new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
          new SubjectAlternativeNameExtension(hosts.map((value) => ({ type: 'dns', value }))),
        ],
      });
      const certificate = leaf.toString('pem');
      return { certificate, key: await privateKeyPem(own.privateKey), fingerprint256: new X509Certificate(certificate).fingerprint256 };
    },
  };
}

function common() {
  const now = Date.now();
  return {
    serialNumber: randomBytes(8).toString('hex'),
    notBefore: new Date(now - HOUR_MS),
    notAfter: new Date(now + HOUR_MS),
    signingAlgorithm: ALGORITHM,
  };
}

async function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

async function privateKeyPem(key: webcrypto.CryptoKey): Promise<string> {
  const body = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key)).toString('base64');
  return `-----BEGIN PRIVATE KEY-----\n${body.match(/.{1,64}/g)?.join('\n')}\n-----END PRIVATE KEY-----\n`;
}
