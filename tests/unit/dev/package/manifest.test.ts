import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { DOORS, packageManifest, type RootManifest } from '../../../../dev/package/manifest.ts';

const root = JSON.parse(readFileSync(new URL('../../../../package.json', import.meta.url), 'utf8')) as RootManifest & {
  readonly exports: Readonly<Record<string, string>>;
};

describe("the package's package.json", () => {
  test('has types and code behind every door', () => {
    const { exports } = packageManifest(root, ['pg']) as { readonly exports: Readonly<Record<string, unknown>> };

    expect(exports['./routing/express']).toEqual({ types: './lib/express.d.ts', default: './lib/express.js' });
    expect(Object.keys(exports)).toEqual([...Object.keys(DOORS), './package.json']);
  });

  test('has the doors that the repository itself has, so that examples mean the same in both', () => {
    const inside = Object.entries(DOORS).map(([door, file]) => [door, `./src/routing/${file}.ts`]);

    expect(root.exports).toEqual(Object.fromEntries(inside));
  });

  test('depends on what is imported, in the versions that are tested here', () => {
    expect(packageManifest(root, ['pg', 'lru-cache', 'pg'])).toMatchObject({
      dependencies: { 'lru-cache': root.dependencies['lru-cache'], pg: root.dependencies['pg'] },
    });
  });

  test('leaves Kubernetes and Express to those who have them', () => {
    const manifest = packageManifest(root, ['pg', '@kubernetes/client-node', 'express-serve-static-core']);

    expect(Object.keys(manifest['dependencies'] as object)).toEqual(['pg']);
    expect(manifest['peerDependenciesMeta']).toEqual({ '@kubernetes/client-node': { optional: true }, express: { optional: true } });
  });

  test('is refused for sources that import what applications would not get', () => {
    expect(() => packageManifest(root, ['vitest'])).toThrow('src/routing imports "vitest"');
  });
});
