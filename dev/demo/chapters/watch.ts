// Shows the tenants until each has come to its end, and holds what they came to against the expectations.

import type { StudioTenant } from '../../../src/api/studio-tenant.ts';
import { command, heading, secondsSince, type Chapter, type Demo } from '../demo.ts';
import { NAMESPACE, TENANTS, type TenantExpectation } from '../expectations.ts';
import { liveTable } from '../live-table.ts';
import { equal } from '../report.ts';
import { isServed, isSettled } from '../tenant-rows.ts';
import { waitFor } from '../tenants.ts';
import { applyLate } from './apply.ts';

/** A first Job on a busy machine may take a while; an operator that does nothing must not hold a script for ever. */
const SETTLE_TIMEOUT_MS = 180_000;

export const watchChapter: Chapter = async (demo) => {
  const { terminal, tenants, beganMs, report } = demo;
  heading(terminal, 'The tenants, until each has come to its end');
  command(terminal, `kubectl -n ${NAMESPACE} get studiotenants --watch`);
  const table = liveTable(terminal, tenants, beganMs);
  let firstReady = 'never';
  const isOver = (): boolean => {
    const all = tenants.list();
    if (firstReady === 'never' && all.some(isServed)) firstReady = secondsSince(beganMs);
    return all.length === TENANTS.length && all.every(isSettled);
  };
  let settled = false;
  try {
    [settled] = await Promise.all([waitFor(demo, SETTLE_TIMEOUT_MS, isOver), applyLate(demo)]);
  } finally {
    table.end();
  }
  terminal.line();
  report.check(`first tenant Ready after ${firstReady}`, { ok: firstReady !== 'never' });
  report.check(`all settled after ${secondsSince(beganMs)}`, { ok: settled, found: `still at work: ${unsettled(tenants.list())}` });
  for (const expectation of TENANTS) checkTenant(demo, expectation);
};

const unsettled = (tenants: readonly StudioTenant[]): string =>
  tenants
    .filter((tenant) => !isSettled(tenant))
    .map(({ metadata }) => metadata.name)
    .join(', ');

const checkTenant = ({ tenants, report }: Demo, expected: TenantExpectation): void => {
  const { phase, schema, conditions } = tenants.get(`${NAMESPACE}/${expected.tenant}`)?.status ?? {};
  const reason = conditions?.find(({ type }) => type === 'Ready')?.reason;
  const describe = (...parts: readonly (string | undefined)[]): string => parts.map((part) => part ?? 'none').join(', ');
  const { release } = expected;
  report.check(
    `${expected.tenant}: ${expected.phase}, ${expected.reason}${release === undefined ? '' : `, on ${release}`} (${expected.shows})`,
    equal(describe(phase, reason, release && schema?.release), describe(expected.phase, expected.reason, release)),
  );
};
