// manifests/argocd/argocd-cm.yaml, from the health checks beside it. Separate because Argo CD wants all of them in one ConfigMap, and
// people and tests want each in a file of its own.
import { readFileSync } from 'node:fs';
import { stringify } from 'yaml';
import { GROUP } from '../src/api/group.ts';
import { KINDS } from '../src/api/kinds.ts';
import type { GeneratedFile } from './generated-files.ts';

const DIRECTORY = 'manifests/argocd';

const HEADER = `# Generated from ${DIRECTORY}/health by \`npm run generate\`. Do not edit.
# Health checks of the four kinds for Argo CD. Only these keys are set; what else is in the ConfigMap stays:
#   kubectl apply --server-side --field-manager=studio-operator-health -f ${DIRECTORY}/argocd-cm.yaml
`;

/** What manifests/argocd should hold of generated files. */
export function argocdFiles(): readonly GeneratedFile[] {
  const data = Object.fromEntries(
    KINDS.map(({ resource: { kind } }) => [`resource.customizations.health.${GROUP}_${kind}`, healthCheck(kind)]),
  );
  const labels = { 'app.kubernetes.io/name': 'argocd-cm', 'app.kubernetes.io/part-of': 'argocd' };
  const patch = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'argocd-cm', namespace: 'argocd', labels }, data };
  return [{ path: `${DIRECTORY}/argocd-cm.yaml`, text: HEADER + stringify(patch, { lineWidth: 0 }) }];
}

/** The Lua text of a kind's health check. */
export function healthCheck(kind: string): string {
  return readFileSync(new URL(`../${DIRECTORY}/health/${kind}.lua`, import.meta.url), 'utf8');
}
