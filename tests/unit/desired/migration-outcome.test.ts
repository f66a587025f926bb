// Why a migration failed or does not start, as far as pods, events and the Job tell.

import { describe, expect, test } from 'vitest';
import { migrationOutcome, parseOutcome, type ContainerStatus, type FailedRun } from '../../../src/desired/migration-outcome.ts';
import { failureBlock, parseFailureBlock } from '../../../src/desired/migration-report.ts';
import { startProblem, type ClusterEvent } from '../../../src/desired/migration-start.ts';
import { aPod } from '../../support/a-migration.ts';

const ended = (exitCode: number, message: string, reason = 'Error') =>
  aPod({ phase: 'Failed', containerStatuses: [{ name: 'migrate', state: { terminated: { exitCode, message, reason } } }] });

const outcomeOf = (run: Partial<FailedRun>) =>
  migrationOutcome({ pods: [], condition: undefined, secrets: [], locksMayBeRetried: true, ...run });

const BLOCK = failureBlock({ error: 'relation "x" does not exist', sqlState: '42P01', file: '0003_y.sql', line: '7', hint: 'Create it' });

describe('an outcome', () => {
  test('says what, where and why in one line', () => {
    const outcome = outcomeOf({ pods: [ended(65, `running 0003_y.sql\n${BLOCK}\n`)] });
    expect(outcome).toEqual({
      message: 'exit code 65: relation "x" does not exist (SQLSTATE 42P01 in 0003_y.sql line 7). Create it',
      exitCode: 65,
      sqlState: '42P01',
      file: '0003_y.sql',
      transient: false,
    });
  });

  test('keeps the last lines of a tool that speaks otherwise', () => {
    const output = Array.from({ length: 30 }, (_, line) => `line ${line}`).join('\n');
    const { message } = outcomeOf({ pods: [ended(1, output)] });
    expect(message).toContain('line 29');
    expect(message).not.toContain('line 3\n');
  });

  test('never shows a password, however it is spelled', () => {
    const secret = 'p@ss/w0rd+';
    const output = [
      `postgresql://studio_1_db_migrator:${encodeURIComponent(secret)}@host/db`,
      `could not connect with ${secret}`,
      Buffer.from(secret).toString('base64'),
      'postgres://me:unknown-password@host/db',
      'password=hunter22 host=x',
    ].join('\n');
    const { message } = outcomeOf({ pods: [ended(1, output)], secrets: [secret] });
    for (const leak of [secret, encodeURIComponent(secret), Buffer.from(secret).toString('base64'), 'unknown-password', 'hunter22'])
      expect(message).not.toContain(leak);
    expect(message).toContain('me:***@host');
  });

  test("leaves the customer's rows in the log", () => {
    const block = failureBlock({
      error: 'duplicate key',
      sqlState: '23505',
      detail: 'Key (email)=(someone@studio.example) already exists.',
    });
    const { message } = outcomeOf({ pods: [ended(65, block)] });
    expect(message).not.toContain('someone@studio.example');
    expect(message).toContain("Job's log");
  });

  test("names the pod's own reason, which tells more than the exit code of a killed process", () => {
    const pod = {
      ...ended(137, ''),
      status: {
        ...ended(137, '').status,
        reason: 'DeadlineExceeded',
        message: 'Pod was active on the node longer than the specified deadline',
      },
    };
    expect(outcomeOf({ pods: [pod] }).message).toBe(
      'exit code 137 (DeadlineExceeded, Pod was active on the node longer than the specified deadline)',
    );
    expect(outcomeOf({ pods: [ended(137, '', 'OOMKilled')] }).message).toBe('exit code 137 (OOMKilled)');
  });

  test('is of the last pod that failed', () => {
    const first = { ...ended(1, 'first'), metadata: { ...ended(1, '').metadata, creationTimestamp: '2026-01-01T00:00:00Z' } };
    expect(outcomeOf({ pods: [ended(1, 'second'), first] }).message).toContain('second');
  });

  test('falls back on what the Job says when its pods are gone', () => {
    const condition = {
      type: 'Failed',
      status: 'True',
      reason: 'BackoffLimitExceeded',
      message: 'Job has reached the specified backoff limit',
    };
    expect(outcomeOf({ condition })).toMatchObject({
      message: expect.stringContaining('BackoffLimitExceeded') as string,
      transient: false,
    });
    expect(outcomeOf({}).message).toBe('its pods are gone, and their log with them');
  });

  test('is transient by the exit code alone, and for locks only so often', () => {
    const locked = failureBlock({ error: 'canceling statement due to lock timeout', sqlState: '55P03' });
    expect(outcomeOf({ pods: [ended(75, 'connection refused')], locksMayBeRetried: false }).transient).toBe(true);
    expect(outcomeOf({ pods: [ended(75, locked)] }).transient).toBe(true);
    expect(outcomeOf({ pods: [ended(75, locked)], locksMayBeRetried: false }).transient).toBe(false);
    expect(outcomeOf({ pods: [ended(1, '')] }).transient).toBe(false);
  });

  test('survives on its Job, and what somebody else wrote there does not count', () => {
    const outcome = outcomeOf({ pods: [ended(65, BLOCK)] });
    expect(parseOutcome(JSON.stringify(outcome))).toEqual(outcome);
    for (const text of [undefined, 'x', 'null', '{}', '{"message":1,"transient":true}']) expect(parseOutcome(text)).toBeUndefined();
  });
});

describe('the block at the end of the output', () => {
  test('reads back what was written, cut to what a pod keeps of its log', () => {
    const failure = {
      error: 'a\nb'.repeat(2_000),
      sqlState: '42601',
      file: 'f.sql',
      line: '1',
      detail: 'd'.repeat(2_000),
      hint: 'h'.repeat(2_000),
    };
    const block = failureBlock(failure);
    expect(Buffer.byteLength(block)).toBeLessThan(2_048);
    expect(parseFailureBlock(block)).toMatchObject({ sqlState: '42601', file: 'f.sql', line: '1' });
  });

  test('is the last one, and absent where there is none', () => {
    expect(parseFailureBlock(`${failureBlock({ error: 'one' })}\n${failureBlock({ error: 'two' })}`)).toEqual({ error: 'two' });
    expect(parseFailureBlock('all is well')).toBeUndefined();
  });
});

describe('a pod that does not start', () => {
  const waiting = (reason: string, message?: string): ContainerStatus => ({
    name: 'migrate',
    state: { waiting: { reason, ...(message === undefined ? {} : { message }) } },
  });
  const event = (message: string, lastTimestamp: string): ClusterEvent => ({
    ...aPod({}),
    kind: 'Event',
    reason: 'FailedCreate',
    message,
    lastTimestamp,
  });

  test.each(['ErrImagePull', 'ImagePullBackOff', 'InvalidImageName', 'CreateContainerConfigError'])(
    '%s is told with its message',
    (reason) => {
      const problem = startProblem([aPod({ phase: 'Pending', containerStatuses: [waiting(reason, 'no such image')] })], []);
      expect(problem).toEqual({ reason, message: `${reason}: no such image` });
    },
  );

  test('one that nobody can schedule is told', () => {
    const pod = aPod({
      phase: 'Pending',
      conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/3 nodes are available' }],
    });
    expect(startProblem([pod], [])).toMatchObject({ reason: 'Unschedulable', message: 'Unschedulable: 0/3 nodes are available' });
  });

  test('one that quota or admission forbids is told by the newest event of the Job', () => {
    const events = [event('exceeded quota: new', '2026-02-01T00:01:00Z'), event('exceeded quota: old', '2026-02-01T00:00:00Z')];
    expect(startProblem([], events)).toEqual({ reason: 'FailedCreate', message: 'FailedCreate: exceeded quota: new' });
  });

  test('one between two tries tells how the last ended', () => {
    expect(startProblem([ended(1, '')], [])).toMatchObject({
      reason: 'BackOff',
      message: expect.stringContaining('exit code 1') as string,
    });
  });

  test('one that is on its way is no problem', () => {
    expect(startProblem([aPod({ phase: 'Pending', containerStatuses: [waiting('ContainerCreating')] })], [])).toBeUndefined();
    expect(startProblem([aPod({ phase: 'Running' })], [])).toBeUndefined();
    expect(startProblem([], [])).toBeUndefined();
  });
});
