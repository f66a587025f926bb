// crds/*.yaml, from the schemas in src/api, and the same files in the chart, where Helm looks for them. Separate from src/ because YAML is
// for people and clusters, not for the operator.
import { stringify } from 'yaml';
import { customResourceDefinitions } from '../src/api/crd.ts';
import type { GeneratedFile } from './generated-files.ts';

const HEADER = '# Generated from src/api by `npm run generate`. Do not edit.\n';

const FOLDERS = ['crds', 'helm/studio-operator/crds'];

/** What both folders should hold. */
export function crdFiles(): readonly GeneratedFile[] {
  return customResourceDefinitions().flatMap((definition) => {
    const text = HEADER + stringify(definition, { lineWidth: 0, aliasDuplicateObjects: false });
    return FOLDERS.map((folder) => ({ path: `${folder}/${definition.metadata.name.split('.')[0]}.yaml`, text }));
  });
}
