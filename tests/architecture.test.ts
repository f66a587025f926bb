// The shape of src/, executed: imports go down only, and what touches the outside world does so in one place. The array below is the map.

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';

/** From the top to the bottom. What stands on one floor does not know its neighbours; a folder means all that is in it. */
const FLOORS: readonly (readonly string[])[] = [
  ['main.ts', 'migrate.ts', 'app.ts', 'kubectl-studio.ts', 'kubectl-studio-complete.ts'],
  ['operator.ts', 'migrate', 'app', 'installation'],
  ['leader.ts'],
  ['controllers', 'caches.ts'],
  ['metrics.ts', 'log.ts', 'health.ts'],
  ['steps'],
  ['servers', 'metrics', 'log'],
  ['desired'],
  ['master'],
  ['clients'],
  ['runtime'],
  ['config.ts'],
  ['config'],
  ['plugin'],
  ['api', 'routing'],
];

/** Packages that do something to the outside world, and who may use more than their types. */
const DRIVERS: Readonly<Record<string, readonly string[]>> = {
  pg: ['clients', 'routing', 'app'],
  '@kubernetes/client-node': ['clients', 'routing'],
  bcrypt: ['clients'],
  undici: ['clients'],
  'node-pg-migrate': ['master', 'migrate'],
};

/** Floors of pure values: all the packages they may use more than types of. */
const PURE: Readonly<Record<string, readonly string[]>> = { api: ['zod'], desired: ['node:crypto'] };

const SRC = path.resolve(import.meta.dirname, '../src');

interface Import {
  /** Path below src/. */
  readonly file: string;
  readonly specifier: string;
  readonly isType: boolean;
}

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
const textOf = (file: string): string => readFileSync(path.join(SRC, file), 'utf8');

const STATIC = /^(?:import|export)\s([^;'"]*?)from\s+'([^']+)'/gm;
const BARE_OR_DYNAMIC = /(?:^import\s+|\bimport\()\s*'([^']+)'/gm;

const importsOf = (file: string): readonly Import[] => {
  const text = textOf(file);
  return [
    ...[...text.matchAll(STATIC)].map(([, names = '', specifier = '']) => ({ file, specifier, isType: onlyTypes(names) })),
    ...[...text.matchAll(BARE_OR_DYNAMIC)].map(([, specifier = '']) => ({ file, specifier, isType: false })),
  ];
};

/** `type { A }`, or `{ type A, type B }`. */
const onlyTypes = (names: string): boolean =>
  names.startsWith('type ') ||
  (/^\{.*\}\s*$/s.test(names) &&
    names
      .replaceAll(/[{}]/g, '')
      .split(',')
      .filter((name) => name.trim() !== '')
      .every((name) => name.trim().startsWith('type ')));

const imports = files.flatMap(importsOf);
const unitOf = (file: string): string => file.split(path.sep)[0] ?? file;
const floorOf = (unit: string): number => FLOORS.findIndex((floor) => floor.includes(unit));
const isRelative = ({ specifier }: Import): boolean => specifier.startsWith('.');
const targetOf = ({ file, specifier }: Import): string => path.normalize(path.join(path.dirname(file), specifier));
const packageOf = ({ specifier }: Import): string => specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
const written = ({ file, specifier }: Import): string => `${file} imports ${specifier}`;

describe('src/', () => {
  test('has a floor for every file', () => {
    expect(files.filter((file) => floorOf(unitOf(file)) === -1)).toEqual([]);
  });

  test('imports only from lower floors', () => {
    const upward = imports.filter((each) => {
      const [from, to] = [unitOf(each.file), unitOf(targetOf(each))];
      return isRelative(each) && from !== to && (floorOf(to) === -1 || floorOf(to) <= floorOf(from));
    });
    expect(upward.map(written)).toEqual([]);
  });

  test('talks to servers in the places named alone', () => {
    const elsewhere = imports.filter(
      (each) => !isRelative(each) && !each.isType && DRIVERS[packageOf(each)]?.includes(unitOf(each.file)) === false,
    );
    expect(elsewhere.map(written)).toEqual([]);
  });

  test('keeps api and desired pure', () => {
    const impure = imports.filter(
      (each) => !isRelative(each) && !each.isType && PURE[unitOf(each.file)]?.includes(packageOf(each)) === false,
    );
    expect(impure.map(written)).toEqual([]);
  });

  test('reads the environment at its entry points alone', () => {
    const readers = files.filter((file) => /\bprocess\.env\b/.test(textOf(file).replaceAll(/^\s*(?:\/\/|\*|\/\*).*$/gm, '')));
    expect(readers.filter((file) => FLOORS[0]?.includes(file) !== true)).toEqual([]);
  });

  test('says at the head of every file what it is', () => {
    expect(files.filter((file) => !/^(?:#!.*\n)?(?:\/\/ |\/\*)/.test(textOf(file)))).toEqual([]);
  });
});
