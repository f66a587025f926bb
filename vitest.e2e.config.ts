// Tests on a whole cluster, which `npm run test:e2e` prepares and runs. `enclosure` runs on the machine itself and is about what a node
// leaves behind there; `story` runs where the cluster is, and its tests are one story that is told in order.

import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    reporters: ['default'],
    projects: [
      {
        test: { name: 'enclosure', include: ['tests/e2e/enclosure.test.ts'], testTimeout: 180_000 },
      },
      {
        test: {
          name: 'story',
          include: ['tests/e2e/story.test.ts'],
          globalSetup: ['tests/e2e/support/global-setup.ts'],
          pool: 'forks',
          testTimeout: 180_000,
          hookTimeout: 300_000,
        },
      },
    ],
    // What comes later stands on what came before.
    bail: 1,
  },
});
