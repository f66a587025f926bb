// The tenants as they change: in a terminal one table that is drawn again in place, without one a line per change. Separate from what is
// waited for, so that drawing can never decide anything.

import type { StudioTenant } from '../../src/api/studio-tenant.ts';
import type { Store } from '../../src/runtime/store.ts';
import { tableLines } from './table.ts';
import { TENANT_COLUMNS, tenantRow, tenantState } from './tenant-rows.ts';
import { cleared, fitted, type Terminal } from './terminal.ts';

export interface LiveTable {
  /** Draws the last state and leaves it standing. */
  end(): void;
}

const REDRAW_MS = 250;
const NAME_WIDTH = 18;

/** `sinceMs` is what the times in front of lines count from (performance.now()). */
export const liveTable = (terminal: Terminal, tenants: Store<StudioTenant>, sinceMs: number): LiveTable =>
  terminal.isLive ? drawnAgain(terminal, tenants) : lineByLine(terminal, tenants, sinceMs);

const byName = (tenants: Store<StudioTenant>): readonly StudioTenant[] =>
  tenants.list().toSorted((a, b) => a.metadata.name.localeCompare(b.metadata.name));

const tenantTable = (terminal: Terminal, tenants: Store<StudioTenant>): readonly string[] => {
  const now = new Date();
  return tableLines(
    terminal,
    TENANT_COLUMNS,
    byName(tenants).map((tenant) => tenantRow(tenant, now)),
  );
};

const drawnAgain = (terminal: Terminal, tenants: Store<StudioTenant>): LiveTable => {
  let drawn = 0;
  const draw = (): void => {
    // Lines that have left the window stay as they are: then only what fits is drawn until the end.
    const lines = tenantTable(terminal, tenants).slice(0, Math.max(terminal.rows - 2, 1));
    terminal.raw(`${cleared(drawn)}${lines.map((line) => `${line}\n`).join('')}`);
    drawn = lines.length;
  };
  draw();
  const timer = setInterval(draw, REDRAW_MS);
  return {
    end: () => {
      clearInterval(timer);
      terminal.raw(cleared(drawn));
      for (const line of tenantTable(terminal, tenants)) terminal.line(line);
    },
  };
};

const lineByLine = (terminal: Terminal, tenants: Store<StudioTenant>, sinceMs: number): LiveTable => {
  const said = new Map<string, string>();
  const say = (key: string, tenant: StudioTenant | undefined): void => {
    const state = tenant === undefined ? 'gone' : tenantState(tenant);
    if (said.get(key) === state) return;
    said.set(key, state);
    terminal.line(changeLine(terminal, key, tenant, sinceMs));
  };
  for (const tenant of byName(tenants)) say(`${tenant.metadata.namespace}/${tenant.metadata.name}`, tenant);
  const stop = tenants.onChange((key, _before, after) => say(key, after));
  return {
    end: () => {
      stop();
      terminal.line();
      for (const line of tenantTable(terminal, tenants)) terminal.line(line);
    },
  };
};

const changeLine = (terminal: Terminal, key: string, tenant: StudioTenant | undefined, sinceMs: number): string => {
  const seconds = ((performance.now() - sinceMs) / 1000).toFixed(1).padStart(6);
  const name = key.slice(key.indexOf('/') + 1).padEnd(NAME_WIDTH);
  if (tenant === undefined) return `${seconds} s  ${name}  gone`;
  const { phase = 'not seen yet', conditions } = tenant.status ?? {};
  const ready = conditions?.find(({ type }) => type === 'Ready');
  const what = ready === undefined ? phase : `${phase.padEnd(12)}  ${ready.reason}: ${ready.message}`;
  return fitted(`${seconds} s  ${name}  ${what}`, terminal.columns);
};
