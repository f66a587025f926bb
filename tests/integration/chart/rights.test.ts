/** The commands of the chart's README that print rights for an administrator: exactly those that the chart would make itself. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments, stringify } from 'yaml';

import { type HelmMajor, helmProgram, renderChart } from '../../../dev/helm.ts';
import { type DocShell, docShell, runDocBlock } from '../../support/doc-commands.ts';
import type { AnyObject } from '../../support/kube.ts';

const VALUES = {
  masterDatabase: { existingSecret: { name: 'studio-operator-master' } },
  adminSecrets: [{ namespace: 'databases', name: 'postgres-main-admin' }],
  crds: { upgrade: { enabled: false } },
  application: { enabled: true },
} as const;
const OF_RIGHTS = new Set(['Role', 'RoleBinding', 'ClusterRole', 'ClusterRoleBinding']);

const parsed = (text: string): readonly AnyObject[] => parseAllDocuments(text).map((document) => document.toJS() as AnyObject);

function byName(objects: readonly AnyObject[]): Readonly<Record<string, AnyObject>> {
  const nameOf = ({ kind, metadata }: AnyObject): string => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`;
  return Object.fromEntries(objects.map((object) => [nameOf(object), object]));
}

describe.each<HelmMajor>([3, 4])('Helm %s', (major) => {
  let shell: DocShell;

  beforeAll(async () => {
    // No cluster is asked.
    shell = await docShell({ kubeconfigPath: '/dev/null', programs: { helm: await helmProgram(major) } });
    await writeFile(path.join(shell.directory, 'values.yaml'), stringify({ ...VALUES, rbac: { create: false } }));
  });

  afterAll(async () => {
    await shell[Symbol.asyncDispose]();
  });

  it('prints all rights that the chart would make, the application its own', async () => {
    const operator = parsed(await runDocBlock('helm/studio-operator/README.md', 'rights', shell));
    const application = parsed(await runDocBlock('helm/studio-operator/README.md', 'application-rights', shell));
    const made = ((await renderChart({ values: VALUES, major })) as readonly AnyObject[]).filter(({ kind }) => OF_RIGHTS.has(kind));

    expect(made.length).toBeGreaterThan(10);
    expect(byName([...operator, ...application])).toEqual(byName(made));
  });

  it('has no rights left to make by itself', async () => {
    const rendered = (await renderChart({ values: { ...VALUES, rbac: { create: false } }, major })) as readonly AnyObject[];

    expect(rendered.filter(({ kind }) => OF_RIGHTS.has(kind))).toEqual([]);
  });
});
