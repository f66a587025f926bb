/** The dashboards as they ship, and what each panel asks. Separate because their shape and their answers are tried in different tests. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const DASHBOARDS = path.resolve(import.meta.dirname, '../../helm/studio-operator/files/dashboards');

export interface Variable {
  readonly name: string;
  readonly type: string;
  readonly definition?: string;
  readonly query?: unknown;
}

export interface Target {
  readonly refId: string;
  readonly expr: string;
  readonly datasource: { readonly type: string; readonly uid: string };
}

export interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly datasource?: { readonly type: string; readonly uid: string };
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly fieldConfig?: { readonly defaults: { readonly unit?: string } };
  readonly targets?: readonly Target[];
}

export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly schemaVersion: number;
  readonly templating: { readonly list: readonly Variable[] };
  readonly panels: readonly Panel[];
}

/** By file name without its ending. */
export function dashboards(): ReadonlyMap<string, Dashboard> {
  const files = readdirSync(DASHBOARDS).filter((file) => file.endsWith('.json'));
  return new Map(
    files.map((file) => [path.basename(file, '.json'), JSON.parse(readFileSync(path.join(DASHBOARDS, file), 'utf8')) as Dashboard]),
  );
}

export interface Question {
  readonly dashboard: string;
  readonly panel: string;
  readonly expr: string;
}

/** Every query of every panel, with what Grafana would put in for its variables. */
export function questions(variables: Readonly<Record<string, string>>): readonly Question[] {
  return [...dashboards()].flatMap(([dashboard, { panels }]) =>
    panels.flatMap(({ title, targets = [] }) =>
      targets.map(({ expr }) => ({ dashboard, panel: title, expr: withVariables(expr, variables) })),
    ),
  );
}

/** Throws for a variable without a value. */
function withVariables(text: string, variables: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\$(\w+)/g, (_, name: string) => {
    const value = variables[name];
    if (value === undefined) throw new Error(`no value for $${name} in ${text}`);
    return value;
  });
}
