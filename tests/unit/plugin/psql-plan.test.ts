/** What psql is told, from a Secret that somebody else may have written. */
import { describe, expect, it } from 'vitest';

import { bindingOf, psqlArguments } from '../../../src/plugin/psql/plan.ts';

const secret = (values: Readonly<Record<string, string>>) => ({
  data: Object.fromEntries(
    Object.entries({
      host: 'db.example.com',
      port: '5432',
      database: 'studio_7_db',
      username: 'studio_7_db',
      password: 'p',
      ...values,
    }).map(([key, value]) => [key, Buffer.from(value).toString('base64')]),
  ),
});

describe('the prompt', () => {
  it('never has words of the Secret in it, which psql would run as a command', () => {
    const binding = bindingOf(secret({ database: 'x%`touch pwned`' }), 'yoga-database');

    expect(psqlArguments({ binding, readOnly: true }, 'yoga', [])).toEqual(['--set=PROMPT1=yoga %/ (read-only)%R%x%# ']);
    expect(psqlArguments({ binding, readOnly: false }, 'yoga', ['-X'])).toEqual(['--set=PROMPT1=yoga %/ (WRITABLE)%R%x%# ', '-X']);
  });
});

describe('a Secret', () => {
  it.each(['database', 'host', 'username'])('with control characters in its %s is refused', (key) => {
    expect(() => bindingOf(secret({ [key]: 'x\u001B]0;owned\u0007' }), 'yoga-database')).toThrow(
      `the Secret "yoga-database" has control characters in its ${key}`,
    );
  });
});
