// Sets and removes the annotations that are the operator's verbs. Nothing else of an object is ever changed by the plugin.
// Separate because all verbs do it in one way: under a field manager of their own, so that GitOps leaves the annotation alone.
import type { Annotation } from '../../api/annotations.ts';
import type { Kubectl } from '../kubernetes/kubectl.ts';
import { RELEASES, TENANTS } from '../kubernetes/kinds.ts';
import { explained, type ReleaseTarget, type TenantTarget } from '../scope.ts';

const FIELD_MANAGER = 'kubectl-studio';

/** `value` undefined: removes it. Throws a CommandFailure that names the right where it is missing. */
export async function annotate(
  kubectl: Kubectl,
  target: TenantTarget | ReleaseTarget,
  key: Annotation,
  value: string | undefined,
): Promise<void> {
  const { name, namespace } = target.object.metadata;
  const resource = target.kind === 'tenant' ? TENANTS : RELEASES;
  const change = value === undefined ? `${key}-` : `${key}=${value}`;
  const where = namespace === undefined ? [] : ['-n', namespace];
  await explained({ verb: 'patch', resource, namespace }, () =>
    kubectl.text(['annotate', resource, name, ...where, change, '--overwrite', `--field-manager=${FIELD_MANAGER}`]),
  );
}
