// `npm run sbom`: dist/sbom.cdx.json, the software bill of materials of what the image holds from npm, in CycloneDX. Separate from the
// image: scanners and customers ask for it by itself. The base image brings its own.

import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { REPOSITORY } from './run.ts';
import { productionSbom } from './sbom/production-sbom.ts';

const FILE = 'dist/sbom.cdx.json';

await mkdir(path.join(REPOSITORY, 'dist'), { recursive: true });
await rm(path.join(REPOSITORY, FILE), { force: true });
const sbom = await productionSbom();
await writeFile(path.join(REPOSITORY, FILE), `${JSON.stringify(sbom, undefined, 2)}\n`);
process.stdout.write(`${FILE}: ${sbom.components.length} packages, CycloneDX ${sbom.specVersion}\n`);
