// What the chapters of the demo are given. Separate so that each chapter needs the others for nothing.

import type { StudioTenant } from '../../src/api/studio-tenant.ts';
import type { Store } from '../../src/runtime/store.ts';
import type { Environment } from '../cluster/environment.ts';
import type { StartedParts } from '../cluster/started-parts.ts';
import type { RunningOperator } from './install.ts';
import type { Cluster } from './kubernetes.ts';
import type { Report } from './report.ts';
import type { Terminal } from './terminal.ts';

export interface Demo {
  readonly terminal: Terminal;
  readonly report: Report;
  readonly environment: Environment;
  readonly cluster: Cluster;
  readonly operator: RunningOperator;
  readonly tenants: Store<StudioTenant>;
  /** Stopped at the end, newest first. */
  readonly parts: StartedParts;
  /** When the command was given (performance.now()). */
  readonly beganMs: number;
  /** Aborts with Ctrl-C. */
  readonly signal: AbortSignal;
}

export type Chapter = (demo: Demo) => Promise<void>;

export const heading = (terminal: Terminal, title: string): void => {
  terminal.line();
  terminal.line(terminal.style('bold', title));
};

/** What a person would type to see the same. */
export const command = (terminal: Terminal, text: string): void => {
  terminal.line();
  commandLine(terminal, text);
};

/** The same without a blank line before it. */
export const commandLine = (terminal: Terminal, text: string): void =>
  terminal.line(`  ${terminal.style('dim', '$')} ${terminal.style('cyan', text)}`);

export const secondsSince = (startMs: number): string => `${((performance.now() - startMs) / 1000).toFixed(1)} s`;

/** Of whoever sees all databases and roles of the server. */
export const serverUrl = ({ postgres }: Environment): string => postgres.superuserUrl ?? postgres.adminUrl;
