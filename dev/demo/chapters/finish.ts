// The end: what held and what did not, and, when somebody is there to go on by hand, how.

import { commandLine, heading, secondsSince, type Chapter, type Demo } from '../demo.ts';
import { NAMESPACE } from '../expectations.ts';

export const summaryChapter: Chapter = async ({ terminal, report, beganMs }) => {
  heading(terminal, 'Result');
  const { passed, failed } = report;
  const text = `${passed} of ${passed + failed} expectations held, in ${secondsSince(beganMs)}`;
  terminal.line(`  ${terminal.style(failed === 0 ? 'green' : 'red', text)}`);
};

/** Stays until Ctrl-C. */
export const stayChapter: Chapter = async (demo) => {
  howToGoOn(demo);
  const { signal } = demo;
  if (signal.aborted) return;
  // A listener alone keeps no process alive; the servers' pipes do.
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
};

const howToGoOn = ({ terminal, surroundings, operator }: Demo): void => {
  const { postgres, kubeconfigPath } = surroundings;
  heading(terminal, 'All of it stays up until Ctrl-C. In another terminal:');
  terminal.line();
  commandLine(terminal, `export KUBECONFIG=${kubeconfigPath}`);
  commandLine(terminal, `kubectl -n ${NAMESPACE} get studiotenants,jobs,ingresses`);
  commandLine(terminal, `kubectl -n ${NAMESPACE} patch studiotenant late-studio --type=merge -p '{"spec":{"subdomain":"free-again"}}'`);
  commandLine(terminal, `psql ${postgres.masterUrl}`);
  commandLine(terminal, `psql ${postgres.superuserUrl}`);
  commandLine(terminal, `tail -f ${operator.logFile}`);
  commandLine(terminal, `curl ${operator.healthUrl}/metrics`);
  terminal.line();
};
