/**
 * Certificates for tests of TLS: an authority of its own, and server certificates that it has signed, as PEM. Separate because a test
 * must know whose certificate it was shown, and no file with a key belongs into a repository.
 */
import { X509Certificate } from 'node:crypto';
import { ExtendedKeyUsage, newCertificateAuthority, type SignedCertificate } from '../../dev/certificate-authority.ts';

export interface ServerCertificate extends SignedCertificate {
  /** As `tls` shows it of a peer. */
  readonly fingerprint256: string;
}

export interface Authority {
  /** PEM, for whoever is to trust it. */
  readonly certificate: string;
  issue(...hosts: readonly string[]): Promise<ServerCertificate>;
}

const HOUR_MS = 3_600_000;

export async function newAuthority(): Promise<Authority> {
  const authority = await newCertificateAuthority({ subject: 'CN=Authority of a test', validMs: HOUR_MS });
  return {
    certificate: authority.certificate,
    issue: async (...hosts) => {
      const signed = await authority.issue({
        subject: `CN=${hosts[0]}`,
        usage: ExtendedKeyUsage.serverAuth,
        hosts: hosts.map((value) => ({ type: 'dns', value })),
      });
      return { ...signed, fingerprint256: new X509Certificate(signed.certificate).fingerprint256 };
    },
  };
}
