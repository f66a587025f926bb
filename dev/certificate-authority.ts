// An authority of its own that signs certificates, all of it in memory and as PEM. Separate because a cluster and the tests of TLS need
// one, and no file with a key belongs into a repository.

import 'reflect-metadata'; // @peculiar/x509 asks for it to be there first
import { randomBytes, webcrypto } from 'node:crypto';
import {
  BasicConstraintsExtension,
  type ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type JsonGeneralName,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';

// Through here, so that what it asks for is there first.
export { ExtendedKeyUsage } from '@peculiar/x509';

export interface CertificateRequest {
  /** As in `CN=localhost`. */
  readonly subject: string;
  readonly usage: ExtendedKeyUsage;
  readonly hosts?: readonly JsonGeneralName[];
}

export interface SignedCertificate {
  /** PEM. */
  readonly certificate: string;
  /** PEM (PKCS #8). */
  readonly key: string;
}

export interface CertificateAuthority {
  /** PEM, for whoever is to trust it. */
  readonly certificate: string;
  issue(request: CertificateRequest): Promise<SignedCertificate>;
}

export interface AuthorityOptions {
  readonly subject: string;
  /** Milliseconds that its certificates are valid, and were before now: clocks differ. */
  readonly validMs: number;
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

export const newCertificateAuthority = async ({ subject, validMs }: AuthorityOptions): Promise<CertificateAuthority> => {
  const keys = await newKeys();
  const root = await X509CertificateGenerator.createSelfSigned({
    ...common(validMs),
    name: subject,
    keys,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    ],
  });
  return {
    certificate: root.toString('pem'),
    issue: async (request) => {
      const own = await newKeys();
      const certificate = await X509CertificateGenerator.create({
        ...common(validMs),
        subject: request.subject,
        issuer: root.subject,
        publicKey: own.publicKey,
        signingKey: keys.privateKey,
        extensions: [
          new BasicConstraintsExtension(false),
          new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
          new ExtendedKeyUsageExtension([request.usage]),
          ...(request.hosts === undefined ? [] : [new SubjectAlternativeNameExtension([...request.hosts])]),
        ],
      });
      return { certificate: certificate.toString('pem'), key: await privateKeyPem(own.privateKey) };
    },
  };
};

const newKeys = async (): Promise<webcrypto.CryptoKeyPair> => await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);

const privateKeyPem = async (key: webcrypto.CryptoKey): Promise<string> => {
  const body = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key)).toString('base64');
  return `-----BEGIN PRIVATE KEY-----\n${body.match(/.{1,64}/g)?.join('\n')}\n-----END PRIVATE KEY-----\n`;
};

const common = (validMs: number) => ({
  serialNumber: randomBytes(8).toString('hex'),
  notBefore: new Date(Date.now() - validMs),
  notAfter: new Date(Date.now() + validMs),
  signingAlgorithm: ALGORITHM,
});
