// The four CustomResourceDefinitions, built from the kinds' schemas and looks.
// Separate because this is the one place that knows what a definition is made of.
import { GROUP, VERSION } from './group.ts';
import { type Kind, KINDS } from './kinds.ts';
import { UNSEEN_STATUS } from './observed-generation.ts';
import { OBJECT_NAME } from './patterns.ts';
import { apiVersionOf, CUSTOM_RESOURCE_DEFINITION } from './resources.ts';
import { type JsonSchema, structuralSchema } from './structural-schema.ts';
import { matches, validations } from './validation-rules.ts';

export interface CustomResourceDefinition {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly annotations: Readonly<Record<string, string>>;
  };
  readonly spec: Readonly<Record<string, unknown>>;
}

/** A removed definition takes every object with it, so tools that prune must leave it alone. */
const KEEP = {
  'helm.sh/resource-policy': 'keep',
  'argocd.argoproj.io/sync-options': 'Prune=false',
} as const;

export function customResourceDefinitions(): readonly CustomResourceDefinition[] {
  return KINDS.map(definition);
}

function definition(kind: Kind): CustomResourceDefinition {
  const { resource } = kind;
  return {
    apiVersion: apiVersionOf(CUSTOM_RESOURCE_DEFINITION),
    kind: CUSTOM_RESOURCE_DEFINITION.kind,
    metadata: { name: `${resource.plural}.${GROUP}`, annotations: KEEP },
    spec: {
      group: GROUP,
      scope: resource.namespaced ? 'Namespaced' : 'Cluster',
      names: {
        kind: resource.kind,
        listKind: `${resource.kind}List`,
        plural: resource.plural,
        singular: resource.kind.toLowerCase(),
        shortNames: [kind.shortName],
        categories: ['studio'],
      },
      conversion: { strategy: 'None' },
      versions: [version(kind)],
    },
  };
}

function version(kind: Kind): JsonSchema {
  return {
    name: VERSION,
    served: true,
    storage: true,
    subresources: { status: {} },
    additionalPrinterColumns: kind.columns,
    ...(kind.selectableFields.length === 0 ? {} : { selectableFields: kind.selectableFields.map((jsonPath) => ({ jsonPath })) }),
    schema: { openAPIV3Schema: rootSchema(kind) },
  };
}

function rootSchema(kind: Kind): JsonSchema {
  const spec = structuralSchema(kind.spec);
  const isOptional = spec['required'] === undefined;
  return {
    description: kind.description,
    type: 'object',
    ...(isOptional ? {} : { required: ['spec'] }),
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      // The name is declared so that the rule below can point at it; nothing else of the metadata may be.
      metadata: { type: 'object', properties: { name: { type: 'string' } } },
      spec: { description: 'What is asked for.', ...spec, ...(isOptional ? { default: {} } : {}) },
      status: { description: 'What the operator reports.', ...structuralSchema(kind.status), default: UNSEEN_STATUS },
    },
    // The only rule at the root, now and later: one added later would hold up the status writes and the deletion of
    // objects that are there already, whereas a rule on a field lets an unchanged value pass.
    ...validations({
      rule: matches('self.metadata.name', OBJECT_NAME),
      message:
        'a name has at most 40 lower-case letters, digits and hyphens, and begins and ends with a letter or digit: names of Jobs and Services are made from it',
      fieldPath: '.metadata.name',
    }),
  };
}
