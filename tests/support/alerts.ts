/** The alerts as they ship, and where their runbooks are. Separate because several tests ask different things of the same file. */
import { readFileSync } from 'node:fs';
import path from 'node:path';

import { parse } from 'yaml';

const ROOT = path.resolve(import.meta.dirname, '../..');
export const ALERTS_FILE = path.join(ROOT, 'helm/studio-operator/files/alerts.yaml');
export const RUNBOOKS = path.join(ROOT, 'docs/runbooks');

export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface RuleGroup {
  readonly name: string;
  readonly rules: readonly AlertRule[];
}

export function alertGroups(): readonly RuleGroup[] {
  return (parse(readFileSync(ALERTS_FILE, 'utf8')) as { readonly groups: readonly RuleGroup[] }).groups;
}

export function alertRules(): readonly AlertRule[] {
  return alertGroups().flatMap(({ rules }) => rules);
}
