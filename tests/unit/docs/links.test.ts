/** Every link within the documentation leads to a file that is there and, where it names one, to a heading of it. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { docPages } from '../../../dev/docs/blocks.ts';

const ROOT = path.resolve(import.meta.dirname, '../../..');

interface Link {
  readonly page: string;
  readonly to: string;
}

const textOf = (page: string): string => readFileSync(path.join(ROOT, page), 'utf8').replaceAll(/^ *```[^]*?^ *```/gm, '');

function linksOf(page: string): readonly Link[] {
  const targets = [...textOf(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, to = '']) => to);
  return targets.filter((to) => !/^[a-z]+:/.test(to)).map((to) => ({ page, to }));
}

/** As GitHub makes anchors of headings. */
function anchorsOf(page: string): ReadonlySet<string> {
  const headings = [...textOf(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => heading);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{Letter}\p{Number} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

function isBroken({ page, to }: Link): boolean {
  const [file = '', anchor] = to.split('#');
  const target = file === '' ? page : path.join(path.dirname(page), file);
  if (!existsSync(path.join(ROOT, target))) return true;
  if (anchor === undefined) return false;
  return statSync(path.join(ROOT, target)).isDirectory() || !anchorsOf(target).has(anchor);
}

const links = docPages().flatMap(linksOf);

it('leads somewhere, every link', () => {
  expect(links.length).toBeGreaterThan(100);
  expect(links.filter(isBroken).map(({ page, to }) => `${page} -> ${to}`)).toEqual([]);
});

it('reaches every page from the index', () => {
  const index = new Set(linksOf('docs/README.md').map(({ to }) => path.normalize(path.join('docs', to.split('#')[0] ?? ''))));
  const listed = (page: string): boolean => index.has(page) || index.has(path.dirname(page)) || page.startsWith('docs/adr/');
  const pages = docPages().filter((page) => page.startsWith('docs/') && page !== 'docs/README.md' && !page.startsWith('docs/examples/'));

  expect(pages.filter((page) => !listed(page))).toEqual([]);
});
