// src/plugin/doctor/known-fields.ts: the fields of the four kinds, so that `kubectl studio doctor` can tell definitions of another version
// without the schema library. Separate because it is code that is generated, and read by no cluster.
import { customResourceDefinitions } from '../src/api/crd.ts';
import { fieldPaths, type Schema } from '../src/plugin/doctor/field-paths.ts';
import type { GeneratedFile } from './generated-files.ts';

const HEADER = `// The fields of the four kinds in this version, by the name of their definition. Separate because it is generated.
// Generated from src/api by \`npm run generate\`. Do not edit.
`;

export function pluginFieldFiles(): readonly GeneratedFile[] {
  const entries = customResourceDefinitions().map(({ metadata, spec }) => {
    const [version] = spec['versions'] as readonly { readonly schema: { readonly openAPIV3Schema: Schema } }[];
    const fields = fieldPaths(version?.schema.openAPIV3Schema ?? {});
    return `  '${metadata.name}': [\n${fields.map((field) => `    '${field}',\n`).join('')}  ],\n`;
  });
  const text = `${HEADER}\nexport const KNOWN_FIELDS: Readonly<Record<string, readonly string[]>> = {\n${entries.join('')}};\n`;
  return [{ path: 'src/plugin/doctor/known-fields.ts', text }];
}
