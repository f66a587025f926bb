// `status`: the fleet at a glance, or one tenant explained. Separate from both, which know nothing of command lines.
import type { Invocation } from './cli/command.ts';
import { gatherFleet } from './fleet/gather.ts';
import { renderFleet } from './fleet/render.ts';
import { fleetReport } from './fleet/report.ts';
import { findTenant } from './scope.ts';
import { ExitCode, printJson, type Session } from './session.ts';
import { gatherTenant } from './tenant/gather.ts';
import { renderTenant } from './tenant/render.ts';
import { tenantReport } from './tenant/report.ts';

export async function status(session: Session, { argument, namespace, flags }: Invocation): Promise<number> {
  const { kubectl, terminal, now } = session;
  const view = { style: terminal.style, width: terminal.width, nowMs: now() };
  if (argument !== undefined) {
    const report = tenantReport(await gatherTenant(kubectl, await findTenant(kubectl, argument, namespace)));
    if (flags.json) printJson(session, 'TenantStatus', report);
    else terminal.out(renderTenant(report, view));
    return ExitCode.ok;
  }
  const report = fleetReport(await gatherFleet(kubectl, namespace));
  if (flags.json) printJson(session, 'FleetStatus', report);
  else terminal.out(renderFleet(report, view, flags.on('all')));
  return ExitCode.ok;
}
