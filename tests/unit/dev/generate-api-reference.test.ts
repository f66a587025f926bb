/** The API reference leaves nothing out: every field of every definition has its row, and every sentence of refusal is there to read. */
import { expect, it } from 'vitest';
import { apiReference } from '../../../dev/generate-api-reference.ts';
import { customResourceDefinitions } from '../../../src/api/crd.ts';
import { KINDS } from '../../../src/api/kinds.ts';

const { text } = apiReference();
const definitions = JSON.stringify(customResourceDefinitions());

it('has a section for every kind', () => {
  for (const { resource } of KINDS) expect(text).toContain(`\n## ${resource.kind}\n`);
});

it('has a row for fields at any depth, with type, default and whether they are required', () => {
  expect(text).toContain('| `displayName` | string | required | ');
  expect(text).toContain('| `ingress.tls.issuer.kind` | string | `"ClusterIssuer"` | ');
  expect(text).toContain('| `env[].name` | string | required | ');
  expect(text).toContain('| `lastError.attempts` | integer | ');
});

it('says every sentence by which a field of a spec is refused', () => {
  const names = [...definitions.matchAll(/"message":"((?:[^"\\]|\\.)+)"/g)].map(([, message = '']) => JSON.parse(`"${message}"`) as string);
  const ofFields = names.filter((message) => !message.startsWith('a name has at most 40'));
  expect(ofFields.length).toBeGreaterThan(30);
  expect(ofFields.filter((message) => !text.includes(message.replaceAll('|', '\\|').replaceAll('*', '\\*')))).toEqual([]);
});
