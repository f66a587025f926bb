// One Ready and one failed tenant as `kubectl describe` shows them: what is asked for, what is, why, and what happened.

import { stringify } from 'yaml';
import type { KubernetesObject } from '../../../src/api/object-meta.ts';
import { EVENT } from '../../../src/api/resources.ts';
import type { StudioTenant } from '../../../src/api/studio-tenant.ts';
import { command, heading, type Chapter, type Demo } from '../demo.ts';
import { NAMESPACE, SHOWN } from '../expectations.ts';
import { tableLines } from '../table.ts';
import { age } from '../tenant-rows.ts';
import { wrapped, type Terminal } from '../terminal.ts';

export const describeChapter: Chapter = async (demo) => {
  heading(demo.terminal, 'A tenant that is served, and one that is not');
  for (const name of [SHOWN.ready, SHOWN.failed]) await describeTenant(demo, name);
};

interface KubernetesEvent extends KubernetesObject {
  readonly type: string;
  readonly reason: string;
  readonly message: string;
  readonly lastTimestamp?: string;
  readonly count?: number;
}

const describeTenant = async ({ terminal, tenants, cluster, report }: Demo, name: string): Promise<void> => {
  command(terminal, `kubectl -n ${NAMESPACE} describe studiotenant ${name}`);
  const tenant = tenants.get(`${NAMESPACE}/${name}`);
  if (tenant === undefined) {
    report.check(`${name} can be described`, { ok: false, found: 'no such StudioTenant' });
    return;
  }
  const { items } = await cluster.api.list<KubernetesEvent>(EVENT, {
    namespace: NAMESPACE,
    fieldSelector: `involvedObject.uid=${tenant.metadata.uid}`,
  });
  for (const line of [...described(terminal, tenant), ...eventLines(terminal, items)]) terminal.line(line);
  report.check(`${name} says what happened to it in Events`, { ok: items.length > 0, found: 'none' });
};

const INDENT = '    ';

const described = (terminal: Terminal, tenant: StudioTenant): readonly string[] => {
  const { conditions = [], ...status } = tenant.status ?? {};
  return [
    `  Name:       ${tenant.metadata.name}`,
    `  Namespace:  ${tenant.metadata.namespace}`,
    '  Spec:',
    ...yamlLines(terminal, tenant.spec),
    '  Status:',
    ...yamlLines(terminal, status),
    '  Conditions:',
    ...conditions.flatMap((condition) => conditionLines(terminal, condition)),
  ];
};

/** Long texts go on in the next line, under themselves. */
const yamlLines = (terminal: Terminal, value: object): readonly string[] =>
  stringify(value, { lineWidth: terminal.columns - INDENT.length })
    .trimEnd()
    .split('\n')
    .map((line) => `${INDENT}${line}`);

type ShownCondition = NonNullable<NonNullable<StudioTenant['status']>['conditions']>[number];

const TYPE_WIDTH = 18;

/** Whether True is the good answer depends on the condition. */
const conditionLines = (terminal: Terminal, { type, status, reason, message }: ShownCondition): readonly string[] => {
  const isGood = (status === 'True') !== (type === 'Stalled' || type === 'Reconciling');
  const head = `${INDENT}${type.padEnd(TYPE_WIDTH)}${terminal.style(isGood ? 'green' : 'red', status.padEnd(6))} `;
  const lines = wrapped(`${reason}: ${message}`, terminal.columns - INDENT.length - TYPE_WIDTH - 7);
  const rest = ' '.repeat(INDENT.length + TYPE_WIDTH + 7);
  return lines.map((line, index) => (index === 0 ? `${head}${line}` : `${rest}${line}`));
};

const eventLines = (terminal: Terminal, events: readonly KubernetesEvent[]): readonly string[] => {
  const now = Date.now();
  const rows = events
    .toSorted((a, b) => timeOf(a) - timeOf(b))
    .map((event) => [event.type, event.reason, age(now - timeOf(event)), event.message]);
  const columns = [{ title: 'TYPE' }, { title: 'REASON' }, { title: 'AGE' }, { title: 'MESSAGE' }];
  return ['  Events:', ...tableLines(terminal, columns, rows, INDENT)];
};

const timeOf = ({ lastTimestamp, metadata }: KubernetesEvent): number => Date.parse(lastTimestamp ?? metadata.creationTimestamp);
