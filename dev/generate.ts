// `npm run generate`: writes what is made from other sources (crds/, manifests/, tables of settings, docs/api.md); with --check, says
// what differs and fails.
import { apiReference } from './generate-api-reference.ts';
import { argocdFiles } from './generate-argocd.ts';
import { crdFiles } from './generate-crds.ts';
import { installFiles } from './generate-install.ts';
import { settingsPages } from './generate-settings.ts';
import { driftedFiles, writeFiles } from './generated-files.ts';
import { say } from './progress.ts';

const files = [...crdFiles(), ...argocdFiles(), ...installFiles(), ...settingsPages(), apiReference()];

if (process.argv.includes('--check')) {
  const drifted = driftedFiles(files);
  if (drifted.length > 0) say(`not as generated: ${drifted.join(', ')}. Run: npm run generate`);
  process.exitCode = drifted.length > 0 ? 1 : 0;
} else {
  writeFiles(files);
}
