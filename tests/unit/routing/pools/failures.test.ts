import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { TenantUnavailable, WrongTenant } from '../../../../src/routing/errors.ts';
import { isAtomic, openFailure, saysNothingDone, statusOf } from '../../../../src/routing/pools/failures.ts';
import { pauseMs } from '../../../../src/routing/pools/opener.ts';

const answered = (code: string): pg.DatabaseError => Object.assign(new pg.DatabaseError('said so', 1, 'error'), { code });

describe('failures', () => {
  it('of connecting are told apart by SQLSTATE', () => {
    const kinds = ['28P01', '28000', '3D000', '55000', '42501', '53300', '57P03', '08P01', 'XX000'].map((code) =>
      openFailure(answered(code)),
    );
    expect(kinds).toEqual(['credentials', 'refused', 'refused', 'refused', 'refused', 'full', 'away', 'credentials', 'away']);
    expect(openFailure(Object.assign(new Error('x'), { code: 'ECONNREFUSED' }))).toBe('away');
    expect(openFailure(Object.assign(new Error('x'), { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' }))).toBe('credentials');
    expect(openFailure(new WrongTenant('x'))).toBe('wrong');
    expect(openFailure(new TenantUnavailable('x'))).toBe('away');
    // Only the server's own word counts.
    expect(openFailure(Object.assign(new Error('x'), { code: '28P01' }))).toBe('away');
  });

  it('say that nothing was done only with the codes that mean it', () => {
    expect(['57P01', '57P05'].every((code) => saysNothingDone(answered(code)))).toBe(true);
    expect(['57P02', '57014', '08006', '40001', '23505'].some((code) => saysNothingDone(answered(code)))).toBe(false);
    expect(saysNothingDone(Object.assign(new Error('x'), { code: '57P01' }))).toBe(false);
  });

  it('of a text mean that none of it was done only when it is one data statement', () => {
    for (const text of [
      'SELECT 1',
      ' select 1;  ',
      '-- why\nINSERT INTO t VALUES (1)',
      'WITH x AS (SELECT 1) DELETE FROM t',
      'TABLE t',
      'VALUES (1)',
    ]) {
      expect(isAtomic(text)).toBe(true);
    }
    for (const text of [
      'CALL p()',
      'DO $$ $$',
      'VACUUM',
      'SELECT 1; SELECT 2',
      "SELECT ';'",
      'BEGIN',
      'COMMIT',
      '',
      'SELECTED',
      'COPY t FROM STDIN',
    ]) {
      expect(isAtomic(text)).toBe(false);
    }
  });

  it('of long texts are judged quickly', () => {
    const startedAt = performance.now();
    isAtomic(`${' '.repeat(200_000)}x`);
    isAtomic(`SELECT ${' ;'.repeat(200_000)}x`);
    isAtomic(`${'--\n'.repeat(100_000)}x`);
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });

  it('are answered by state', () => {
    const states = ['provisioning', 'active', 'suspended', 'retained', 'failed', 'deleted'] as const;
    expect(states.map(statusOf)).toEqual([503, 503, 403, 410, 503, 410]);
  });

  it('are followed by pauses that grow up to a second', () => {
    for (const count of [1, 2, 5, 10, 1_000_000]) {
      const most = Math.min(25 * 2 ** (count - 1), 1_000);
      for (let round = 0; round < 20; round += 1) {
        const pause = pauseMs(count);
        expect(pause).toBeGreaterThanOrEqual(most / 2);
        expect(pause).toBeLessThanOrEqual(most);
      }
    }
  });
});
