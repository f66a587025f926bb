/** The image, as far as it can be judged without an engine: everything it copies exists, is let through, and is what its commands run. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const ROOT = new URL('../../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, ROOT), 'utf8');

/** Sources of the COPY instructions that come from the build context. */
function copied(): readonly string[] {
  return read('Dockerfile')
    .split('\n')
    .filter((line) => line.startsWith('COPY ') && !line.includes('--from='))
    .flatMap((line) => line.split(/\s+/).slice(1, -1));
}

function ignored(path: string): boolean {
  const patterns = read('.dockerignore')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  const [first] = path.split('/');
  return patterns[0] === '*' && !patterns.includes(`!${path}`) && !patterns.includes(`!${first}`);
}

describe('the image', () => {
  it('copies only what exists and is not ignored', () => {
    expect(copied().filter((path) => !existsSync(new URL(path, ROOT)))).toEqual([]);
    expect(copied().filter(ignored)).toEqual([]);
  });

  it.each([
    ['operator', 'src/main.ts'],
    ['migrate', 'src/migrate.ts'],
    ['app', 'src/app.ts'],
  ])('has the command %s, which becomes %s', (command, program) => {
    expect(statSync(new URL(`bin/${command}`, ROOT)).mode & 0o111).toBe(0o111);
    // By the kernel, not by a shell or env, which the image does not have.
    expect(read(`bin/${command}`)).toMatch(/^#!\/usr\/local\/bin\/node\n/);
    expect(read(`bin/${command}`)).toContain(`import '../${program}';`);
    expect(existsSync(new URL(program, ROOT))).toBe(true);
  });

  it('carries the version of the package unless told another', () => {
    const { version } = JSON.parse(read('package.json')) as { readonly version: string };
    expect(read('Dockerfile')).toContain(`\nARG VERSION=${version}\n`);
  });

  it('begins with bases that can be given by digest', () => {
    expect(read('Dockerfile').match(/^FROM .*$/gm)).toEqual(['FROM ${NODE} AS dependencies', 'FROM ${BASE}']);
  });

  it('runs as a numbered user that is not root', () => {
    expect(read('Dockerfile')).toMatch(/^USER [1-9]\d*:[1-9]\d*$/m);
  });
});
