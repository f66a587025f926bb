import { expect, it } from 'vitest';
import { countSqlstate, TOO_MANY_CONNECTIONS } from '../../../../bench/routing/sqlstate-count.ts';

const LOG = `00000 LOG:  database system is ready to accept connections
53300 FATAL:  sorry, too many clients already
53300 FATAL:  remaining connection slots are reserved for roles with the SUPERUSER attribute
53300 DETAIL:  of the line above
28P01 FATAL:  password authentication failed for user "studio_1_db"
42601 ERROR:  syntax error at or near "53300"
42601 STATEMENT:  SELECT
	53300 FATAL:  in a statement of two lines
`;

it('counts messages by their SQLSTATE, whatever their words', () => {
  expect(countSqlstate(LOG, TOO_MANY_CONNECTIONS)).toBe(2);
  expect(countSqlstate(LOG, '28P01')).toBe(1);
  expect(countSqlstate(LOG, '57P03')).toBe(0);
  expect(countSqlstate('', TOO_MANY_CONNECTIONS)).toBe(0);
});
