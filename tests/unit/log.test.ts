/** The log: what a line looks like, and what never gets into one. */
import { describe, expect, it } from 'vitest';
import type { Logger } from 'pino';

import { createLogger } from '../../src/log.ts';

interface Captured {
  readonly log: Logger;
  readonly text: () => string;
  readonly line: () => Record<string, unknown>;
}

function capture(format: 'auto' | 'json' | 'pretty', isTerminal = false): Captured {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  return {
    log: createLogger({ level: 'info', format }, { isTerminal, destination }),
    text: () => lines.join(''),
    line: () => JSON.parse(lines.at(-1) ?? '') as Record<string, unknown>,
  };
}

describe('a log line', () => {
  it('is one JSON object with level, time, message and the key-values', () => {
    const { log, line } = capture('json');

    log.child({ tenant: 'studio-tenants/my-studio' }).info({ organization: 42 }, 'database created');

    expect(line()).toEqual({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      msg: 'database created',
      tenant: 'studio-tenants/my-studio',
      organization: 42,
    });
  });

  it('is readable in a terminal and JSON elsewhere, unless one is asked for', () => {
    const lines = (format: 'auto' | 'json' | 'pretty', isTerminal: boolean): string => {
      const captured = capture(format, isTerminal);
      captured.log.info('database created');
      return captured.text();
    };

    expect(lines('auto', false)).toMatch(/^\{/);
    expect(lines('auto', true)).not.toMatch(/^\{/);
    expect(lines('json', true)).toMatch(/^\{/);
    expect(lines('pretty', false)).not.toMatch(/^\{/);
    expect(lines('pretty', false)).toContain('database created');
  });

  it('is left out below the level', () => {
    const { log, text } = capture('json');

    log.debug('too much');

    expect(text()).toBe('');
  });
});

describe('an error in the log', () => {
  it('shows every cause with its code', () => {
    const { log, line } = capture('json');
    const refused = Object.assign(new Error('permission denied'), { code: '42501' });

    log.error({ err: new Error('creating database "studio_1_db"', { cause: refused }) }, 'reconcile failed');

    expect(line()['err']).toMatchObject({
      type: 'Error',
      message: 'creating database "studio_1_db"',
      stack: expect.stringContaining('log.test.ts'),
      cause: { message: 'permission denied', code: '42501' },
    });
  });

  it('shows the addresses that were tried when a connection failed on all of them', () => {
    const { log, line } = capture('json');
    const tried = ['::1', '127.0.0.1'].map((address) => new Error(`connect ECONNREFUSED ${address}`));

    log.error({ err: new AggregateError(tried) }, 'master database not reachable');

    expect(line()['err']).toMatchObject({ errors: [{ message: 'connect ECONNREFUSED ::1' }, {}] });
  });

  it('never carries the body or the headers of an answer', () => {
    const { log, text } = capture('json');
    const fromClient = Object.assign(new Error('HTTP-Code: 403 Body: "secret-body" Headers: {"x":"secret-header"}'), {
      code: 403,
      body: 'secret-body',
      headers: { x: 'secret-header' },
    });

    log.error({ err: new Error('reading a Secret', { cause: fromClient }) }, 'reconcile failed');

    expect(text()).toContain('403');
    expect(text()).not.toMatch(/secret-body|secret-header/);
  });

  it('ends although its causes go round in a circle', () => {
    const { log, line } = capture('json');
    const first = new Error('first');
    first.cause = new Error('second', { cause: first });

    log.error({ err: first }, 'reconcile failed');

    expect(line()['msg']).toBe('reconcile failed');
  });
});

describe('a password', () => {
  const PASSWORD = 'Wq3/x:p@ss~9';
  const URI = `postgresql://studio_1_db:${encodeURIComponent(PASSWORD)}@pg:5432/studio_1_db`;

  it.each(['json', 'pretty'] as const)('is in no %s line, whatever it came in', (format) => {
    const { log, text } = capture(format);
    const cause = new Error(`could not connect to ${URI}`);

    log.info({ password: PASSWORD, credentials: { password: PASSWORD, uri: URI } }, 'secret written');
    log.info({ target: URI }, 'connecting');
    log.error({ err: new Error('probing the login', { cause }) }, 'reconcile failed');

    expect(text()).toContain('secret written');
    expect(text()).toContain('reconcile failed');
    expect(text()).not.toContain(PASSWORD);
    expect(text()).not.toContain(encodeURIComponent(PASSWORD));
  });
});
