/** The examples for Argo CD and Flux: neither tool may write the definitions, since a reverted version would put back older ones. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';

interface Example {
  readonly kind: string;
  readonly spec: {
    readonly source?: { readonly helm: { readonly skipCrds?: boolean; readonly valuesObject: object } };
    readonly syncPolicy?: { readonly syncOptions: readonly string[] };
    readonly upgrade?: { readonly crds?: string };
    readonly values?: object;
  };
}

function example(file: string, kind: string): Example['spec'] {
  const text = readFileSync(new URL(`../../manifests/${file}`, import.meta.url), 'utf8');
  const found = parseAllDocuments(text)
    .map((document) => document.toJS() as Example)
    .find((each) => each.kind === kind);
  if (found === undefined) throw new Error(`${file} has no ${kind}`);
  return found.spec;
}

it('Argo CD leaves the definitions to the Job, which it runs before the plan of their kind', () => {
  const { source, syncPolicy } = example('argocd/operator-application.yaml', 'Application');

  expect(source?.helm.skipCrds).toBe(true);
  expect(source?.helm.valuesObject).not.toHaveProperty('crds');
  expect(syncPolicy?.syncOptions).toContain('SkipDryRunOnMissingResource=true');
});

it('Flux leaves the definitions to the Job', () => {
  const { upgrade, values } = example('flux/operator.yaml', 'HelmRelease');

  expect(upgrade?.crds).toBe('Skip');
  expect(values).toBeDefined();
  expect(values).not.toHaveProperty('crds');
});
