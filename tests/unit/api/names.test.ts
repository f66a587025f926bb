import fc from 'fast-check';
import { expect, it } from 'vitest';
import * as names from '../../../src/api/names.ts';

const MAX_POSTGRES_NAME = 63;
const anyOrganization = fc.integer({ min: 1, max: 9_999_999_999 });

it('names the roles and the database after the organization', () => {
  expect([names.databaseName(42), names.ownerRole(42), names.slotBRole(42), names.migratorRole(42)]).toEqual([
    'studio_42_db',
    'studio_42_db_owner',
    'studio_42_db_b',
    'studio_42_db_migrator',
  ]);
});

it('reads the organization back from the name of its database', () => {
  fc.assert(
    fc.property(anyOrganization, (n) => {
      expect(names.organizationOfDatabase(names.databaseName(n))).toBe(n);
    }),
  );
});

it.each(['studio_042_db', 'studio_0_db', 'studio_42_db_owner', 'xstudio_42_db', 'studio_42_db\n', 'studio_12345678901_db', 'postgres'])(
  'takes %j for nobody’s database',
  (name) => {
    expect(names.organizationOfDatabase(name)).toBeUndefined();
  },
);

it('gives a hundred organizations one creator', () => {
  expect([1, 99, 100, 199, 200].map(names.creatorShard)).toEqual([
    'studio_creator_0',
    'studio_creator_0',
    'studio_creator_1',
    'studio_creator_1',
    'studio_creator_2',
  ]);
});

it('stays within what PostgreSQL takes for a name', () => {
  const longest = [names.migratorRole(9_999_999_999), names.provisionalDatabase('01234567-89ab-cdef-0123-456789abcdef')];
  for (const name of longest) expect(name.length).toBeLessThanOrEqual(MAX_POSTGRES_NAME);
});

it('names a provisional database after the object, so that a second attempt finds it', () => {
  expect(names.provisionalDatabase('01234567-89ab-cdef-0123-456789abcdef')).toBe('studio_prov_0123456789abcdef0123456789abcdef');
});

it('keeps the name of a migration Job short enough for a label', () => {
  expect(names.migrationJobName('a'.repeat(40), 'h'.repeat(14))).toHaveLength(63);
});

it('never gives two Kubernetes objects of one kind the same name', () => {
  expect(names.secretName('my-studio')).toBe('my-studio-database');
  expect(names.migrationSecretName(names.migrationJobName('my-studio', 'abcdef'))).toBe('my-studio-migrate-abcdef-login');
  expect(names.ingressName('my-studio')).toBe('my-studio');
});
