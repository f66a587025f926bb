/**
 * What is running, as a number that is always 1: a dashboard shows the version, and an alert notices when nobody reports it
 * any more. Separate because the operator and the application report it alike.
 */
import { readFileSync } from 'node:fs';

import { Gauge, type Registry } from 'prom-client';

const PACKAGE = new URL('../../package.json', import.meta.url);

/** @param name of the metric, such as studio_build_info */
export function registerBuildInfo(registry: Registry, name: string): void {
  new Gauge({
    name,
    help: 'Always 1; its labels say which version is running, and on which Node.js.',
    labelNames: ['version', 'node_version'],
    registers: [registry],
  }).set({ version: version(), node_version: process.version }, 1);
}

function version(): string {
  return (JSON.parse(readFileSync(PACKAGE, 'utf8')) as { readonly version: string }).version;
}
