// The end: what held and what did not, and, when somebody is there to go on by hand, how.

import { existsSync } from 'node:fs';
import path from 'node:path';
import { provideKubectl, TOOLS } from '../../kubectl.ts';
import { addressOf } from '../ask.ts';
import { commandLine, heading, secondsSince, serverUrl, type Chapter, type Demo } from '../demo.ts';
import { LATE, NAMESPACE, SERVED } from '../expectations.ts';

export const summaryChapter: Chapter = async ({ terminal, report, beganMs }) => {
  heading(terminal, 'Result');
  const { passed, failed } = report;
  const text = `${passed} of ${passed + failed} expectations held, in ${secondsSince(beganMs)}`;
  terminal.line(`  ${terminal.style(failed === 0 ? 'green' : 'red', text)}`);
};

/** Stays until Ctrl-C. */
export const stayChapter: Chapter = async (demo) => {
  // Only where there is none: the demo itself needs no kubectl, whoever goes on by hand does.
  await provideKubectl();
  heading(demo.terminal, 'All of it stays up until Ctrl-C. In another terminal:');
  demo.terminal.line();
  for (const line of waysToGoOn(demo)) commandLine(demo.terminal, line);
  const pages = [SERVED.first, SERVED.second].flatMap((tenant) => addressOf(demo, tenant) ?? []);
  if (pages.length > 0) demo.terminal.line(`  In a browser: ${pages.map((page) => demo.terminal.style('cyan', `${page}/`)).join('  ')}`);
  demo.terminal.line();
  const { signal } = demo;
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
};

const waysToGoOn = (demo: Demo): readonly string[] => {
  const { environment, operator } = demo;
  const address = addressOf(demo, SERVED.first);
  return [
    ...(address === undefined ? [] : [`curl ${address}/sessions`]),
    `export KUBECONFIG=${environment.kubeconfigPath}`,
    ...(existsSync(path.join(TOOLS, 'kubectl')) ? [`export PATH=${TOOLS}:$PATH`] : []),
    `kubectl -n ${NAMESPACE} get studiotenants,jobs,ingresses`,
    `kubectl -n ${NAMESPACE} describe studiotenant ${LATE.after}`,
    // Gives the one that came too late what it can have.
    `kubectl -n ${NAMESPACE} patch studiotenant ${LATE.tenant} --type=merge -p '{"spec":{"subdomain":"${LATE.tenant}"}}'`,
    `psql ${environment.postgres.masterUrl}`,
    `psql ${serverUrl(environment)}`,
    `tail -f ${operator.logFile}`,
    ...(address === undefined ? [] : [`tail -f ${path.join(environment.directory, 'application.log')}`]),
    ...(operator.process === undefined ? [] : [`curl ${operator.process.healthUrl}/metrics`]),
  ];
};
