/*
 * The package's door `studio-operator/routing/kubernetes`. Separate so that nobody loads the Kubernetes client who has
 * credentials from elsewhere.
 */
export { kubernetesSecrets } from './credentials/kubernetes.ts';
export type { KubernetesSecretsOptions } from './credentials/kubernetes.ts';
