// The four definitions: are they there, served, and of this version? Pure. By their fields, because their names and versions stay the same
// when they are upgraded.
import { VERSION } from '../../api/group.ts';
import { isTrue, type Condition, type Metadata } from '../kubernetes/objects.ts';
import { fieldPaths, type Schema } from './field-paths.ts';
import { fail, type Finding, ok, warn } from './finding.ts';
import { KNOWN_FIELDS } from './known-fields.ts';

export interface Definition {
  readonly metadata: Metadata;
  readonly spec: {
    readonly versions: readonly {
      readonly name: string;
      readonly served: boolean;
      readonly schema?: { readonly openAPIV3Schema?: Schema };
    }[];
  };
  readonly status?: { readonly conditions?: readonly Condition[] };
}

const APPLY = 'kubectl apply --server-side --force-conflicts -f crds/';
const MAX_FIELDS = 3;

export function checkDefinitions(found: readonly Definition[]): readonly Finding[] {
  const findings = Object.keys(KNOWN_FIELDS).map((name) =>
    checkDefinition(
      name,
      found.find(({ metadata }) => metadata.name === name),
    ),
  );
  if (findings.every(({ level }) => level === 'ok')) return [ok('definitions', `all ${findings.length} are installed and of this version`)];
  return findings.filter(({ level }) => level !== 'ok');
}

function checkDefinition(name: string, definition: Definition | undefined): Finding {
  if (definition === undefined) return fail('definitions', `${name} is not installed`, `Install it: ${APPLY}`);
  const served = definition.spec.versions.find((version) => version.name === VERSION && version.served);
  if (served === undefined) return fail('definitions', `${name} does not serve ${VERSION}`, `Upgrade it: ${APPLY}`);
  if (definition.metadata.deletionTimestamp !== undefined)
    return fail(
      'definitions',
      `${name} is being deleted, and every object of it`,
      'Find out who deletes it. The operator keeps all databases meanwhile.',
    );
  if (!isTrue(definition, 'Established')) return fail('definitions', `${name} is not established`, `See: kubectl describe crd ${name}`);
  return compare(name, fieldPaths(served.schema?.openAPIV3Schema ?? {}));
}

function compare(name: string, fields: readonly string[]): Finding {
  const known = KNOWN_FIELDS[name] ?? [];
  const missing = known.filter((field) => !fields.includes(field));
  const unknown = fields.filter((field) => !known.includes(field));
  if (missing.length > 0)
    return warn('definitions', `${name} is older than this plugin: it lacks ${named(missing)}`, `Upgrade it with the operator: ${APPLY}`);
  if (unknown.length > 0)
    return warn(
      'definitions',
      `${name} is newer than this plugin: it has ${named(unknown)}`,
      "Install the kubectl-studio of the operator's version.",
    );
  return ok('definitions', name);
}

function named(fields: readonly string[]): string {
  const more = fields.length - MAX_FIELDS;
  return more > 0 ? `${fields.slice(0, MAX_FIELDS).join(', ')} and ${more} more` : fields.join(', ');
}
