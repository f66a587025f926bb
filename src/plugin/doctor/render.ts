// The findings for people, one line each, and what to do below those that need it. Pure.
import type { Style } from '../terminal/style.ts';
import { plural, wrapped } from '../terminal/text.ts';
import type { Finding, Level } from './finding.ts';

export function renderFindings(findings: readonly Finding[], view: { readonly style: Style; readonly width: number }): string {
  return `${[...findings.map((finding) => line(finding, view)), '', summary(findings, view.style)].join('\n')}\n`;
}

const INDENT = ' '.repeat(6);

function line({ check, level, message, fix }: Finding, { style, width }: { readonly style: Style; readonly width: number }): string {
  const room = Math.max(width - INDENT.length, 20);
  const said = wrapped(`${check}: ${message}`, room).replaceAll('\n', `\n${INDENT}`);
  const next = fix === null ? '' : `\n${INDENT}${wrapped(`-> ${fix}`, room).replaceAll('\n', `\n${INDENT}`)}`;
  return `${painted(level, style)}${said}${next}`;
}

function painted(level: Level, { good, warning, bad, dim }: Style): string {
  const paint = { ok: good, warn: warning, fail: bad, skip: dim }[level];
  return paint(level.padEnd(INDENT.length));
}

function summary(findings: readonly Finding[], { good, warning, bad }: Style): string {
  const count = (level: Level): number => findings.filter((finding) => finding.level === level).length;
  const [failures, warnings, skipped] = [count('fail'), count('warn'), count('skip')];
  const more = skipped === 0 ? '' : `, ${skipped} not to be seen with your rights`;
  if (failures > 0) return bad(`${plural(failures, 'failure')}, ${plural(warnings, 'warning')}${more}.`);
  return warnings > 0 ? warning(`No failure, ${plural(warnings, 'warning')}${more}.`) : good(`All is well${more}.`);
}
