// `npm run generate`: writes what is made from other sources (crds/, manifests/install.yaml); with --check, says what differs and fails.

import { driftedCrdFiles, writeCrdFiles } from './generate-crds.ts';
import { driftedInstallFiles, writeInstallFiles } from './generate-install.ts';
import { say } from './progress.ts';

if (process.argv.includes('--check')) {
  const drifted = [...driftedCrdFiles().map((name) => `crds/${name}`), ...driftedInstallFiles().map((name) => `manifests/${name}`)];
  if (drifted.length > 0) say(`not as generated: ${drifted.join(', ')}. Run: npm run generate`);
  process.exitCode = drifted.length > 0 ? 1 : 0;
} else {
  writeCrdFiles();
  writeInstallFiles();
}
