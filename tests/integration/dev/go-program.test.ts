// Programs that are built once into the user's cache, with the real Go tool and a module of a few lines.

import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildOnce, hasGo, type GoProgram } from '../../../dev/cluster/go-program.ts';

const MAIN =
  'package main\n\nimport "example.com/product"\n\nvar version = "unstamped"\n\nfunc main() { println(version, product.Name) }\n';

describe.runIf(hasGo())('a program built with Go', () => {
  let directory: string;
  let program: GoProgram;
  let completions = 0;
  const before = process.env['XDG_CACHE_HOME'];

  beforeAll(async () => {
    directory = await mkdtemp(path.join(os.tmpdir(), 'studio-go-'));
    process.env['XDG_CACHE_HOME'] = path.join(directory, 'cache');
    const module = path.join(directory, 'module');
    await mkdir(module);
    await writeFile(path.join(module, 'main.go'), MAIN);
    await writeFile(
      path.join(module, 'go.mod'),
      'module example.com/main\n\ngo 1.26.0\n\nrequire example.com/product v1.2.3\n\nreplace example.com/product => ./product\n',
    );
    program = {
      name: 'sample',
      module,
      package: '.',
      product: { title: 'Sample', folder: 'sample', module: 'example.com/product' },
      stamps: (version) => [`-X main.version=${version}`],
      minutes: 1,
      complete: async (copy) => {
        completions += 1;
        await mkdir(path.join(copy, 'product'));
        await writeFile(path.join(copy, 'product/go.mod'), 'module example.com/product\n\ngo 1.26.0\n');
        await writeFile(path.join(copy, 'product/name.go'), 'package product\n\nconst Name = "completed"\n');
      },
    };
  });

  afterAll(async () => {
    if (before === undefined) delete process.env['XDG_CACHE_HOME'];
    else process.env['XDG_CACHE_HOME'] = before;
    await rm(directory, { recursive: true, force: true });
  });

  const cached = async (): Promise<readonly string[]> => await readdir(path.join(directory, 'cache/studio-operator/sample/v1.2.3'));

  it('that is not wanted any more leaves nothing behind', { timeout: 300_000 }, async () => {
    await expect(buildOnce(program, { inBackground: true, signal: AbortSignal.timeout(1) })).rejects.toThrow();
    expect(await cached()).toEqual([]);
  });

  it(
    'is built from a completed copy of its module, carries its version, and is the only thing that stays',
    { timeout: 300_000 },
    async () => {
      completions = 0;
      const [first, second] = await Promise.all([buildOnce(program), buildOnce(program)]);
      expect(second).toBe(first);
      expect(await buildOnce(program)).toBe(first);
      expect(completions).toBe(1);
      expect(execFileSync(first, { stdio: 'pipe' }).toString()).toBe('');
      expect(execFileSync('/bin/sh', ['-c', '"$0" 2>&1', first]).toString()).toBe('v1.2.3 completed\n');
      expect(await cached()).toEqual([path.basename(first)]);
      expect((await readdir(program.module)).toSorted()).toEqual(['go.mod', 'main.go']);
    },
  );

  it('is another one when its sources change', { timeout: 300_000 }, async () => {
    const first = await buildOnce(program);
    await writeFile(path.join(program.module, 'main.go'), MAIN.replace('unstamped', 'changed'));
    expect(await buildOnce(program)).not.toBe(first);
  });

  it('that does not compile says what the compiler said', { timeout: 300_000 }, async () => {
    await writeFile(path.join(program.module, 'main.go'), 'package main\n\nfunc main() { undefined() }\n');
    await expect(buildOnce(program)).rejects.toThrow('undefined: undefined');
  });
});
