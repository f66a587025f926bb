// crds/*.yaml, from the schemas in src/api. Separate from src/ because YAML is for people and clusters, not for the operator.
import { stringify } from 'yaml';
import { customResourceDefinitions } from '../src/api/crd.ts';
import type { GeneratedFile } from './generated-files.ts';

const HEADER = '# Generated from src/api by `npm run generate`. Do not edit.\n';

/** What crds/ should hold. */
export function crdFiles(): readonly GeneratedFile[] {
  return customResourceDefinitions().map((definition) => ({
    path: `crds/${definition.metadata.name.split('.')[0]}.yaml`,
    text: HEADER + stringify(definition, { lineWidth: 0, aliasDuplicateObjects: false }),
  }));
}
