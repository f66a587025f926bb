/** Every alert has a runbook and every runbook an alert, and both say what they should: somebody reads them half asleep. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { describe, expect, it } from 'vitest';

import { alertRules, RUNBOOKS } from '../../support/alerts.ts';

const names = alertRules().map(({ alert }) => alert);
const pages = readdirSync(RUNBOOKS).map((file) => path.basename(file, '.md'));
const pageOf = (name: string): string => readFileSync(path.join(RUNBOOKS, `${name}.md`), 'utf8');

/** Of a page, from where the runbooks are: its headings, as they are linked to. */
function anchorsOf(page: string): readonly string[] {
  const headings = [...readFileSync(path.join(RUNBOOKS, page), 'utf8').matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => heading);
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}

describe('alerts and runbooks', () => {
  it('are as many, under the same names', () => {
    expect(pages.toSorted()).toEqual(names.toSorted());
    expect(new Set(names).size).toBe(names.length);
  });

  it('are all in the overview, with their urgency', () => {
    const overview = readFileSync(path.join(RUNBOOKS, '../observability.md'), 'utf8');
    const rows = [...overview.matchAll(/^\| \[`(\w+)`\]\(runbooks\/\1\.md\) \| (\w+) \|/gm)].map(
      ([, name, severity]) => `${name} ${severity}`,
    );

    expect(rows).toEqual(alertRules().map(({ alert, labels }) => `${alert} ${labels['severity']}`));
  });

  it.each(names)('%s: the page has its parts in order, and its urgency', (name) => {
    const severity = alertRules().find(({ alert }) => alert === name)?.labels['severity'];
    const page = pageOf(name);

    expect(page.startsWith(`# ${name}\n\n**${severity === 'page' ? 'Page' : 'Ticket'}.** `)).toBe(true);
    expect([...page.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading)).toEqual(['Meaning', 'Impact', 'Diagnosis', 'Mitigation']);
    expect(page).toMatch(/^```sh test=/m);
    for (const section of page.split(/^## .+$/m).slice(1)) expect(section.trim().length).toBeGreaterThan(20);
  });

  it.each(pages)('%s: its links lead somewhere', (name) => {
    const links = [...pageOf(name).matchAll(/\]\(([^)#]+)(?:#([^)]+))?\)/g)].map(([, target = '', anchor]) => ({ target, anchor }));
    const broken = links.filter(({ target, anchor }) => anchor !== undefined && !anchorsOf(target).includes(anchor));

    expect(links.filter(({ target }) => !existsSync(path.join(RUNBOOKS, target)))).toEqual([]);
    expect(broken).toEqual([]);
  });

  it.each(alertRules())('$alert says in sentences what is wrong', ({ labels, annotations }) => {
    expect(['page', 'ticket']).toContain(labels['severity']);
    expect(Object.keys(annotations).toSorted()).toEqual(['description', 'summary']);
    for (const text of Object.values(annotations)) expect(text).toMatch(/\.$/);
    expect(annotations['description']?.length).toBeGreaterThan(80);
  });

  it('an organization without an object: what is only out of sight is named before what is gone', () => {
    const description = alertRules().find(({ alert }) => alert === 'StudioOrganizationWithoutObject')?.annotations['description'] ?? '';

    for (const text of [description, pageOf('StudioOrganizationWithoutObject').split('## Mitigation')[1] ?? '']) {
      const [outOfSight, gone] = [text.indexOf('watchNamespaces'), text.search(/finalizer|Apply the StudioTenant again/)];
      expect(outOfSight).toBeGreaterThanOrEqual(0);
      expect(gone).toBeGreaterThan(outOfSight);
    }
  });

  it.each(alertRules())('$alert names what its expression keeps', ({ expr, annotations }) => {
    const texts = Object.values(annotations).join(' ');
    const kept = /^(?:time\(\) - )?\w+ by \(([^)]+)\)/.exec(expr)?.[1]?.split(/,\s*/) ?? [];
    const used = [...texts.matchAll(/\$labels\.(\w+)/g)].map(([, label]) => label);

    expect(used.filter((label) => !kept.includes(label ?? ''))).toEqual([]);
  });
});
