// Applies the samples as `kubectl apply` would, so that what is shown after this was made from files that anybody can read.

import { isTrue } from '../../../src/api/conditions.ts';
import { STUDIO_TENANT } from '../../../src/api/resources.ts';
import { command, heading, type Chapter, type Demo } from '../demo.ts';
import { BASE_DOMAIN, LATE, NAMESPACE } from '../expectations.ts';
import { fittedSample, readSamples } from '../samples.ts';
import type { Manifest } from '../manifests.ts';
import { waitFor } from '../tenants.ts';

export const applyChapter: Chapter = async (demo) => {
  const { terminal, cluster, environment } = demo;
  heading(terminal, 'Apply the samples');
  command(terminal, 'kubectl apply -f manifests/samples/');
  for (const [file, manifests] of await readSamples()) {
    for (const manifest of manifests) {
      const adapted = fittedSample(manifest, environment, BASE_DOMAIN);
      if (isLate(manifest)) say(demo, file, manifest, `when ${LATE.after} has it`);
      else {
        await cluster.apply(adapted);
        say(demo, file, manifest, adapted === manifest ? undefined : 'at the addresses of this run');
      }
    }
  }
};

/**
 * Who comes first to a subdomain is nobody's to say when both are new; so one of the two waits for the other. Where that one never
 * gets it, what is missing then shows in the table.
 */
export const applyLate = async (demo: Demo): Promise<void> => {
  const isRegistered = (): boolean => isTrue(demo.tenants.get(`${NAMESPACE}/${LATE.after}`)?.status?.conditions, 'Registered');
  if (!(await waitFor(demo, REGISTERED_TIMEOUT_MS, isRegistered))) return;
  const manifests = [...(await readSamples()).values()].flat();
  for (const manifest of manifests.filter(isLate)) await demo.cluster.apply(manifest);
};

const REGISTERED_TIMEOUT_MS = 60_000;

const isLate = (manifest: Manifest): boolean => manifest.kind === STUDIO_TENANT.kind && manifest.metadata.name === LATE.tenant;

const say = ({ terminal }: Demo, file: string, { kind, metadata }: Manifest, note: string | undefined): void => {
  const where = terminal.style('dim', note === undefined ? file : `${file}; ${note}`);
  terminal.line(`  ${`${kind}/${metadata.name}`.padEnd(36)}  ${where}`);
};
