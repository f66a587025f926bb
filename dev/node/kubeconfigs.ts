// The kubeconfig of each component, with its own certificate. Separate from the components, which only name the file.

import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { API_SERVER, CERTIFICATES, kubeconfigPath } from './names.ts';

const USERS = ['admin', 'controller-manager', 'scheduler', 'proxy', 'kubelet'];

/** The certificates must have been written. Everything stands in the file itself, so that a copy of it works. */
export const writeKubeconfigs = async (): Promise<void> => {
  const encoded = async (file: string): Promise<string> => (await readFile(path.join(CERTIFICATES, file))).toString('base64');
  const caData = await encoded('ca.crt');
  for (const name of USERS) {
    const config = new KubeConfig();
    config.loadFromClusterAndUser(
      { name: 'studio-node', server: API_SERVER, caData, skipTLSVerify: false },
      { name, certData: await encoded(`${name}.crt`), keyData: await encoded(`${name}.key`) },
    );
    await writeFile(kubeconfigPath(name), config.exportConfig(), { mode: 0o600 });
  }
};
