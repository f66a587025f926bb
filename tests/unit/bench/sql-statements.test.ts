import { describe, expect, it } from 'vitest';
import { countStatements, shapeOf, splitStatements } from '../../../bench/sql-statements.ts';

describe('counting statements', () => {
  it('counts each between semicolons, and no empty one', () => {
    expect(countStatements('BEGIN; CREATE ROLE a; ;COMMIT;\n')).toBe(3);
  });

  it('sees no end of a statement in a literal, a quoted name, a comment or a dollar-quoted body', () => {
    const sql = `SELECT ';', 'it''s; so', "a;b" -- not; here
      /* nor; here */; DO $body$ BEGIN PERFORM 1; END $body$`;
    expect(splitStatements(sql)).toHaveLength(2);
  });

  it('counts nothing in a comment alone', () => {
    expect(countStatements('-- nothing\n/* ; */')).toBe(0);
  });

  it('gives two tenants the same shape', () => {
    const shape = (n: number, uid: string): string => shapeOf(`ALTER DATABASE "studio_prov_${uid}" RENAME TO "studio_${n}_db"`);
    expect(shape(7, '0af3')).toBe(shape(1204, '99bb'));
    expect(shapeOf("COMMENT ON ROLE x IS 'a'")).toBe(shapeOf("COMMENT ON ROLE x IS 'it''s b'"));
  });
});
