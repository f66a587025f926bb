/** manifests/ are what the chart renders: compared here always, and by `npm run check` where Helm is at hand. */
import { expect, it } from 'vitest';

import { driftedFiles } from '../../../dev/generated-files.ts';
import { installFiles } from '../../../dev/generate-install.ts';

it('is what npm run generate would write', async () => {
  const files = await installFiles();
  expect(files.map(({ path }) => path)).toEqual(['manifests/install.yaml', 'manifests/cluster-wide.yaml', 'manifests/application.yaml']);
  expect(driftedFiles(files)).toEqual([]);
});
