// Programs from the module of our local cluster: the control plane in one process, and kubectl. Separate because both must carry the
// version of Kubernetes that they are.

import path from 'node:path';
import type { GoProgram } from './go-program.ts';

export const KUBERNETES_MODULE = path.resolve(import.meta.dirname, '../local-cluster');

export const kubernetesProgram = (name: string, mainPackage: string): GoProgram => ({
  name,
  module: KUBERNETES_MODULE,
  package: mainPackage,
  product: { title: 'Kubernetes', folder: 'kubernetes', module: 'k8s.io/kubernetes' },
  stamps,
  minutes: 5,
});

// Both places: the server reports one, clients the other; unstamped it is no semantic version and Helm refuses it.
const stamps = (version: string): readonly string[] =>
  ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version'].flatMap((stamped) => {
    const [major, minor] = version.slice(1).split('.');
    return Object.entries({ gitVersion: version, gitMajor: major, gitMinor: minor, gitTreeState: 'clean' }).map(
      ([name, value]) => `-X ${stamped}.${name}=${value}`,
    );
  });
