// The fleet for people: what needs a person first, then everything else in tables. Pure.
// Separate from the report, which is the same for programs.
import type { Gap } from '../kubernetes/rights.ts';
import { age } from '../terminal/age.ts';
import type { Style } from '../terminal/style.ts';
import { type Column, table } from '../terminal/table.ts';
import { broken, harmless, labelled, plural, wrapped } from '../terminal/text.ts';
import type { FleetReport, ReleaseLine, ServerLine, TenantLine } from './report.ts';

export interface View {
  readonly style: Style;
  /** Columns. */
  readonly width: number;
  readonly nowMs: number;
}

/** How many of a list are shown unless all are asked for. */
const MAX_ROWS = 50;
const MAX_EXPLAINED = 10;

export function renderFleet(report: FleetReport, view: View, showsAll: boolean): string {
  return [
    summary(report, view),
    urgent(report, view, showsAll),
    tenants(report, view, showsAll),
    servers(report, view),
    releases(report, view),
    renderGaps(report.gaps, view),
  ]
    .filter((part) => part !== '')
    .join('\n\n')
    .concat('\n');
}

function summary({ namespace, total, serving, needPerson, phases }: FleetReport, { style, width }: View): string {
  const where = namespace === null ? 'in all namespaces' : `in namespace ${namespace}`;
  const head = `${style.bold(plural(total, 'tenant'))} ${where}: ${serving} serving, ${needPerson === 0 ? 'none needs a person' : style.bad(`${needPerson} ${needPerson === 1 ? 'needs' : 'need'} a person`)}`;
  const counts = Object.entries(phases).map(([phase, count]) => `${paintPhase(phase, style)} ${count}`);
  return broken(counts.length === 0 ? head : `${head}\n${counts.join(', ')}`, width);
}

function urgent({ tenants: all }: FleetReport, view: View, showsAll: boolean): string {
  const needing = all.filter(({ needsPerson }) => needsPerson);
  if (needing.length === 0) return '';
  const shown = showsAll ? needing : needing.slice(0, MAX_EXPLAINED);
  const more = needing.length - shown.length;
  return [
    view.style.bold('NEEDS A PERSON'),
    ...shown.map((tenant) => explanation(tenant, view)),
    ...(more > 0 ? [`and ${more} more: kubectl studio status --all`] : []),
  ].join('\n');
}

function explanation({ namespace, name, phase, reason, since, message, nextAction }: TenantLine, view: View): string {
  const { style, width, nowMs } = view;
  const line = (label: string, text: string): string =>
    `  ${labelled(label, text, { width: width - 2, indent: 8 }).replaceAll('\n', '\n  ')}`;
  return [
    broken(
      `${style.bold(`${harmless(namespace)}/${harmless(name)}`)} ${paintPhase(phase, style)}, ${style.bad(harmless(reason))} for ${age(since, nowMs)}`,
      width,
      '  ',
    ),
    line('says', message),
    line('do', nextAction),
  ].join('\n');
}

function tenants({ tenants: all, namespace }: FleetReport, view: View, showsAll: boolean): string {
  const shown = showsAll ? all : all.slice(0, MAX_ROWS);
  if (shown.length === 0) return '';
  const text = table(shown, tenantColumns(view, namespace === null), view.width);
  const more = all.length - shown.length;
  return more > 0 ? `${text}\n${view.style.dim(`and ${more} more: kubectl studio status --all`)}` : text;
}

function tenantColumns({ style, nowMs }: View, showsNamespace: boolean): readonly Column<TenantLine>[] {
  return [
    ...(showsNamespace ? [{ title: 'NAMESPACE', value: (row: TenantLine) => row.namespace, dispensable: 2 }] : []),
    { title: 'NAME', value: ({ name }) => name },
    { title: 'PHASE', value: ({ phase }) => phase, paint: (text, { phase }) => paint(phase, text, style) },
    { title: 'READY', value: ({ ready }) => (ready ? 'True' : 'False'), dispensable: 3 },
    { title: 'REASON', value: ({ reason }) => reason, dispensable: 1 },
    { title: 'PLAN', value: ({ plan }) => plan ?? '-', dispensable: 7 },
    { title: 'SERVER', value: ({ server }) => server ?? '-', dispensable: 6 },
    { title: 'DATABASE', value: ({ database }) => database ?? '-', dispensable: 5 },
    { title: 'SCHEMA', value: ({ schemaVersion }) => String(schemaVersion ?? '-'), dispensable: 4 },
    { title: 'AGE', value: ({ createdAt }) => age(createdAt, nowMs), dispensable: 8 },
  ];
}

function servers({ servers: all }: FleetReport, view: View): string {
  if (all === null) return '';
  if (all.length === 0) return 'No PostgresServer.';
  const { style } = view;
  const columns: readonly Column<ServerLine>[] = [
    { title: 'SERVER', value: ({ name }) => name },
    {
      title: 'READY',
      value: ({ ready }) => (ready ? 'True' : 'False'),
      paint: (text, { ready }) => (ready ? style.good(text) : style.bad(text)),
    },
    { title: 'REASON', value: ({ reason }) => reason, dispensable: 1 },
    { title: 'VERSION', value: ({ version }) => version ?? '-', dispensable: 3 },
    { title: 'DATABASES', value: ({ databases, capacity }) => `${databases ?? '-'}/${capacity ?? '-'}`, dispensable: 2 },
    { title: 'PLACEMENT', value: ({ unschedulable }) => (unschedulable ? 'closed' : 'open'), dispensable: 4 },
  ];
  return [table(all, columns, view.width), ...notes(all, view)].join('\n');
}

function releases({ releases: all }: FleetReport, view: View): string {
  if (all === null) return '';
  if (all.length === 0) return wrapped('No SchemaRelease: schemas are left to the application.', view.width);
  const { style } = view;
  const columns: readonly Column<ReleaseLine>[] = [
    { title: 'RELEASE', value: ({ name }) => name },
    { title: 'VERSION', value: ({ version }) => String(version), dispensable: 2 },
    { title: 'REASON', value: ({ reason }) => reason, paint: (text, { ready }) => (ready ? style.good(text) : style.warning(text)) },
    { title: 'PENDING', value: ({ pending }) => String(pending), dispensable: 4 },
    { title: 'RUNNING', value: ({ running }) => String(running), dispensable: 5 },
    { title: 'DONE', value: ({ done }) => String(done), dispensable: 3 },
    {
      title: 'FAILED',
      value: ({ failed }) => String(failed),
      paint: (text, { failed }) => (failed > 0 ? style.bad(text) : text),
      dispensable: 1,
    },
  ];
  return [table(all, columns, view.width), ...notes(all, view)].join('\n');
}

/** What is to be done about those that are not Ready. */
function notes(all: readonly (ServerLine | ReleaseLine)[], { width }: View): readonly string[] {
  return all
    .filter(({ ready, nextAction }) => !ready && !nextAction.startsWith('Nothing'))
    .map(({ name, message, nextAction }) => wrapped(`  ${name}: ${message} -> ${nextAction}`, width, '    '));
}

export function renderGaps(gaps: readonly Gap[], { style, width }: View): string {
  return gaps.map(({ what, message }) => style.warning(wrapped(`Not shown: ${what} (${message})`, width, '  '))).join('\n');
}

export function paintPhase(phase: string, style: Style): string {
  return paint(phase, phase, style);
}

function paint(phase: string, text: string, style: Style): string {
  if (phase === 'Ready') return style.good(text);
  return phase === 'Failed' || phase === 'Degraded' ? style.bad(text) : style.warning(text);
}
