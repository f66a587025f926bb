/** The way without Helm in docs/install.md: the same installation from a file. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runDocBlock } from '../../support/doc-commands.ts';
import { startDocsWorld, WITH_PODS_MS, type DocsWorld } from './world.ts';

let world: DocsWorld;

beforeAll(async () => {
  world = await startDocsWorld();
}, WITH_PODS_MS);

afterAll(async () => {
  await world?.[Symbol.asyncDispose]();
});

it(
  'installs what the chart renders',
  async () => {
    expect(await runDocBlock('docs/install.md', 'manifests', world.shell)).toContain('deployment.apps/studio-operator serverside-applied');
  },
  WITH_PODS_MS,
);
