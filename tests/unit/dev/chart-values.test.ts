/** The chart's values, their sentences and their schema belong together, and every setting of both programs is among them. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import { valuesSchemaFile } from '../../../dev/chart/values-schema.ts';
import { chartReadme } from '../../../dev/chart/values-table.ts';
import { chartValues, type Value } from '../../../dev/chart/values-file.ts';
import { driftedFiles } from '../../../dev/generated-files.ts';
import { APPLICATION_SETTINGS } from '../../../src/app/settings.ts';
import { OPERATOR_SETTINGS } from '../../../src/config/operator-settings.ts';
import type { Settings } from '../../../src/config/read.ts';

interface Schema {
  readonly additionalProperties?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly type?: string | readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
}

const values = chartValues();
const groups = new Set(['', ...values.filter(({ isGroup }) => isGroup).map(({ path }) => path)]);
const schema = JSON.parse(valuesSchemaFile().text) as Schema;

const parentOf = (path: string): string => path.split('.').slice(0, -1).join('.');
const keysUnder = (path: string): readonly string[] =>
  values.map((value) => value.path).filter((each) => each !== '' && parentOf(each) === path);
const schemaAt = (path: string): Schema | undefined =>
  path === '' ? schema : path.split('.').reduce<Schema | undefined>((node, key) => node?.properties?.[key], schema);
const nameOf = ({ path }: Value): string => path;

describe('values.yaml', () => {
  it('has a sentence for every value', () => {
    expect(values.length).toBeGreaterThan(150);
    expect(values.filter(({ about }) => !about.endsWith('.')).map(nameOf)).toEqual([]);
  });
});

describe('Chart.yaml', () => {
  it('has the version of the package, as its own and as that of what it installs', () => {
    const read = (file: string): string => readFileSync(new URL(`../../../${file}`, import.meta.url), 'utf8');
    const { version } = JSON.parse(read('package.json')) as { readonly version: string };
    expect(parse(read('helm/studio-operator/Chart.yaml'))).toMatchObject({ name: 'studio-operator', version, appVersion: version });
  });
});

describe('values.schema.json', () => {
  it('and the table in the README are as generated', () => {
    expect(driftedFiles([valuesSchemaFile(), chartReadme()])).toEqual([]);
  });

  it.each([...groups])('knows exactly the values of "%s", and refuses others', (path) => {
    const node = schemaAt(path);
    const known = Object.keys(node?.properties ?? {}).map((key) => (path === '' ? key : `${path}.${key}`));
    const extra = path === '' ? ['global', 'enabled'] : [];
    expect(known.toSorted()).toEqual([...keysUnder(path), ...extra].toSorted());
    expect(node?.additionalProperties).toBe(false);
  });

  it('says of every value what values.yaml says', () => {
    expect(values.filter(({ path, about }) => schemaAt(path)?.description !== about).map(nameOf)).toEqual([]);
  });
});

describe.each([
  {
    program: 'operator',
    path: 'config',
    settings: OPERATOR_SETTINGS as Settings,
    decided:
      'masterDatabaseUrl masterDatabaseCaFile watchNamespaces podNamespace podName operatorImage kubeconfig kubeContext leaseName listenHost listenPort',
  },
  {
    program: 'application',
    path: 'application.config',
    settings: APPLICATION_SETTINGS as Settings,
    decided: 'masterDatabaseUrl masterDatabaseCaFile baseDomain kubeconfig listenHost listenPort metricsPort',
  },
])('the settings of the $program', ({ path, settings, decided }) => {
  const keys = keysUnder(path).map((each) => each.slice(path.length + 1));
  const own = keys.filter((key) => key !== 'extra');

  it('are all there, but for those that other values decide', () => {
    expect(own.toSorted()).toEqual(
      Object.keys(settings)
        .filter((key) => !decided.split(' ').includes(key))
        .toSorted(),
    );
  });

  it('become the variables that the program reads', () => {
    // As the chart makes them of the keys.
    const variables = own.map((key) => key.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase());
    expect(variables).toEqual(own.map((key) => settings[key]?.variable));
  });

  it('take what the program has as its defaults', () => {
    const refused = own.filter((key) => {
      const { pattern, enum: choices } = schemaAt(`${path}.${key}`) ?? {};
      const fallback = settings[key]?.fallback ?? '';
      return !new RegExp(pattern ?? '').test(fallback) || choices?.includes(fallback) === false;
    });
    expect(refused).toEqual([]);
  });

  it.each(own.filter((key) => schemaAt(`${path}.${key}`)?.maximum !== undefined))('have the same bounds for %s', (key) => {
    const { minimum = 0, maximum = 0 } = schemaAt(`${path}.${key}`) ?? {};
    const taken = [minimum - 1, minimum, maximum, maximum + 1].map((number) => settings[key]?.kind.parse(String(number)));
    expect(taken).toEqual([undefined, minimum, maximum, undefined]);
  });
});
