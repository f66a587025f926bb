// One tenant for people: what it is, how far it came, what went wrong, and what to do next. Pure.
// Separate from the report, which is the same for programs.
import { paintPhase, renderGaps, type View } from '../fleet/render.ts';
import { age } from '../terminal/age.ts';
import type { Style } from '../terminal/style.ts';
import { type Column, table } from '../terminal/table.ts';
import { labelled, wrapped } from '../terminal/text.ts';
import type { EventLine } from './events.ts';
import type { Migration, MigrationPod } from './migrations.ts';
import type { StepLine, TenantReport } from './report.ts';

const LABEL_WIDTH = 14;
const MAX_EVENTS = 10;

export function renderTenant(report: TenantReport, view: View): string {
  return [
    head(report, view),
    section('CONDITIONS', conditions([...report.conditions, ...report.steps], view), view),
    section('LAST ERROR', lastError(report, view), view),
    section('LAST MIGRATION', report.lastMigration === null ? '' : renderMigration(report.lastMigration, view), view),
    section('EVENTS', events(report.events, view), view),
    report.notes.map((note) => wrapped(note, view.width)).join('\n'),
    renderGaps(report.gaps, view),
    nextAction(report, view),
  ]
    .filter((part) => part !== '')
    .join('\n\n')
    .concat('\n');
}

function section(title: string, text: string, { style }: View): string {
  return text === '' ? '' : `${style.bold(title)}\n${text}`;
}

function head(report: TenantReport, view: View): string {
  const { style, width } = view;
  const { namespace, name, displayName } = report;
  const line = ([label, text]: Labelled): string => labelled(label, text, { width, indent: LABEL_WIDTH });
  const state = `${'Phase'.padEnd(LABEL_WIDTH)}${paintPhase(report.phase, style)}, ${report.ready ? 'serving' : 'not serving'}`;
  const title = `${namespace}/${name}${displayName === null ? '' : ` (${displayName})`}`;
  return [line(['Tenant', title]), state, ...facts(report, view.nowMs).map(line)].join('\n');
}

type Labelled = readonly [label: string, text: string];

/** What is known of it. */
function facts(
  { url, organizationId, database, credentials, schema, plan, suspended, ...rest }: TenantReport,
  nowMs: number,
): readonly Labelled[] {
  const { deletingSince, deletionPolicy, createdAt } = rest;
  return [
    ...known('URL', url, String),
    ...known('Organization', organizationId, String),
    ...known('Database', database, databaseText),
    ...known('Login', credentials, ({ username = 'none yet', secretName }) => `${username}, in Secret ${secretName}`),
    ...known('Schema', schema, schemaText),
    ...known('Plan', plan, String),
    ...known('Suspended', suspended, suspensionText),
    ...known('Deletion', deletingSince === null ? deletionPolicy : `under way since ${deletingSince}`, String),
    ['Age', age(createdAt, nowMs)],
  ];
}

function known<T>(label: string, value: T | null, text: (value: T) => string): readonly Labelled[] {
  return value === null ? [] : [[label, text(value)]];
}

function databaseText({ name, server, host, port, oid }: NonNullable<TenantReport['database']>): string {
  const where = host === undefined ? '' : ` (${host}:${port ?? 5432})`;
  return `${name ?? 'not made yet'} on server ${server}${where}${oid === undefined ? '' : `, oid ${oid}`}`;
}

function schemaText({ version, target, release }: NonNullable<TenantReport['schema']>): string {
  const next = target === undefined || target === version ? '' : `, version ${target} is to come`;
  if (version === undefined) return `none yet${next}`;
  return `version ${version}${release === undefined ? '' : ` (${release})`}${next}`;
}

function suspensionText({ by, reason }: NonNullable<TenantReport['suspended']>): string {
  return `${by === 'spec' ? 'by spec.suspended' : 'by annotation'}${reason === null ? '' : `: ${reason}`}`;
}

function conditions(lines: readonly StepLine[], view: View): string {
  if (lines.length === 0) return 'none yet';
  const columns: readonly Column<StepLine>[] = [
    { title: 'CONDITION', value: ({ condition }) => condition },
    { title: 'STATUS', value: ({ status }) => status, paint: (text, line) => paintStatus(text, line, view.style) },
    { title: 'SINCE', value: ({ since }) => age(since, view.nowMs) },
    { title: 'AT', value: ({ since }) => since ?? '-', dispensable: 3 },
    { title: 'REASON', value: ({ reason }) => reason, dispensable: 1 },
    { title: 'MESSAGE', value: ({ message }) => message, dispensable: 2 },
  ];
  return table(lines, columns, view.width);
}

/** False is good news for these. */
const BETTER_FALSE = new Set(['Stalled', 'Reconciling']);

function paintStatus(text: string, { condition, status }: StepLine, style: Style): string {
  if (status === 'Unknown') return style.dim(text);
  if ((status === 'True') !== BETTER_FALSE.has(condition)) return style.good(text);
  return condition === 'Reconciling' ? style.warning(text) : style.bad(text);
}

function lastError({ lastError: error }: TenantReport, { width, nowMs }: View): string {
  if (error === null) return '';
  const code = error.code === undefined ? '' : ` (code ${error.code})`;
  const times = error.attempts === 1 ? 'once' : `${error.attempts} times in a row`;
  return wrapped(`${error.reason}${code} in step ${error.step}, ${times}, last ${age(error.at, nowMs)} ago: ${error.message}`, width, '  ');
}

function events(all: readonly EventLine[], view: View): string {
  if (all.length === 0) return '';
  const columns: readonly Column<EventLine>[] = [
    { title: 'LAST', value: ({ at }) => age(at, view.nowMs) },
    { title: 'TYPE', value: ({ type }) => type, dispensable: 2 },
    { title: 'REASON', value: ({ reason }) => reason },
    { title: 'COUNT', value: ({ count }) => String(count), dispensable: 3 },
    { title: 'MESSAGE', value: ({ message }) => message, dispensable: 1 },
  ];
  return table(all.slice(-MAX_EVENTS), columns, view.width);
}

/** Also what `logs` prints. */
export function renderMigration({ job, release, state, startedAt, pods }: Migration, view: View): string {
  const { style } = view;
  const painted = { running: style.warning(state), succeeded: style.good(state), failed: style.bad(state) }[state];
  const title = `${job}${release === null ? '' : ` to ${release}`}: ${painted}, started ${age(startedAt, view.nowMs)} ago`;
  return [title, ...pods.flatMap((pod) => podLines(pod, style))].join('\n');
}

const SOURCE = { log: '', status: " (the end of its log, as the pod's status keeps it)", none: '' };

function podLines({ name, phase, exitCode, waiting, log, logFrom }: MigrationPod, { dim }: Style): readonly string[] {
  const exit = exitCode === null ? '' : `, exit code ${exitCode}`;
  const lines = log === '' ? [] : log.trimEnd().split('\n');
  const missing = logFrom === 'none' && waiting === null ? ['no log to be had: the pod is gone, or its node is away'] : [];
  return [dim(`pod ${name}: ${phase}${exit}${SOURCE[logFrom]}`), ...(waiting === null ? [] : [waiting]), ...lines, ...missing].map(
    (line) => `  ${line}`,
  );
}

function nextAction({ message, reason, nextAction: action }: TenantReport, { style, width }: View): string {
  const why = labelled('Why', `${reason}: ${message}`, { width, indent: LABEL_WIDTH });
  const next = labelled('Next action', action, { width, indent: LABEL_WIDTH });
  return `${why}\n${action.startsWith('Nothing') ? next : style.bold(next)}`;
}
