// `npm run generate`: writes what is made from other sources (crds/, manifests/, tables of settings, docs/api.md); with --check, says
// what differs and fails. What the chart renders is checked here only where Helm has been built already, so that a check stays quick on
// a new machine; the integration tests compare it always.
import { valuesSchemaFile } from './chart/values-schema.ts';
import { chartReadme } from './chart/values-table.ts';
import { apiReference } from './generate-api-reference.ts';
import { argocdFiles } from './generate-argocd.ts';
import { crdFiles } from './generate-crds.ts';
import { installFiles } from './generate-install.ts';
import { pluginFieldFiles } from './generate-plugin-fields.ts';
import { settingsPages } from './generate-settings.ts';
import { driftedFiles, writeFiles } from './generated-files.ts';
import { builtHelm } from './helm.ts';
import { say } from './progress.ts';
import { explainSetupError } from './setup-error.ts';

const files = [
  ...crdFiles(),
  ...argocdFiles(),
  ...settingsPages(),
  ...pluginFieldFiles(),
  apiReference(),
  valuesSchemaFile(),
  chartReadme(),
];

const check = async (): Promise<void> => {
  const rendered = (await builtHelm(4)) === undefined ? [] : await installFiles();
  if (rendered.length === 0) say('manifests/ is not compared with the chart: Helm is not built yet. npm test builds it and compares');
  const drifted = driftedFiles([...files, ...rendered]);
  if (drifted.length > 0) say(`not as generated: ${drifted.join(', ')}. Run: npm run generate`);
  process.exitCode = drifted.length > 0 ? 1 : 0;
};

const generate = async (): Promise<void> => {
  writeFiles(files);
  // After the chart has its definitions.
  writeFiles(await installFiles());
};

await (process.argv.includes('--check') ? check() : generate()).catch(explainSetupError);
