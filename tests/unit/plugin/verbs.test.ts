/** What the verbs say came of them, by the status that the operator wrote. The cluster is a status that changes with the annotation. */
import { describe, expect, it } from 'vitest';

import type { Condition, Tenant } from '../../../src/plugin/kubernetes/objects.ts';
import { runScripted } from '../../support/scripted-session.ts';

const SUSPEND = 'studio-platform.io/suspend';

function tenant(phase: string, conditions: readonly Condition[], annotations: Readonly<Record<string, string>> = {}): Tenant {
  return {
    metadata: { name: 'yoga', namespace: 'studios', generation: 1, annotations },
    spec: {},
    status: { observedGeneration: 1, phase, conditions },
  };
}

const suspended = (annotations: Readonly<Record<string, string>>): Tenant =>
  tenant('Suspended', [{ type: 'Ready', status: 'True', reason: 'Suspended' }], annotations);

/** `after`: what the tenant is once it was annotated. */
async function run(words: readonly string[], before: Tenant, after: Tenant): Promise<{ readonly code: number; readonly said: string }> {
  let current = before;
  const text = ([verb]: readonly string[]): string => {
    if (verb === 'annotate') current = after;
    return JSON.stringify(current);
  };
  const { code, out } = await runScripted(words, { text });
  return { code, said: out };
}

describe('a tenant that is down for another reason once it is resumed', () => {
  it('is not said to serve again', async () => {
    const down = tenant('Failed', [
      { type: 'Ready', status: 'False', reason: 'MigrationFailed', message: 'it broke' },
      { type: 'Stalled', status: 'True', reason: 'MigrationFailed', message: 'it broke' },
    ]);

    const { code, said } = await run(['resume', 'yoga', '--wait'], suspended({ [SUSPEND]: 'leak' }), down);

    expect(code).toBe(1);
    expect(said).not.toContain('serves again');
    expect(said).toContain('yoga -n studios is no longer suspended, but it is not served: MigrationFailed: it broke');
    expect(said).toContain('kubectl studio retry yoga -n studios');
  });
});

describe('a verb that is not waited for', () => {
  const ready = tenant('Ready', [{ type: 'Ready', status: 'True', reason: 'InSync' }]);

  it('says what is asked for, not what is done', async () => {
    const { code, said } = await run(['suspend', 'yoga', '--reason', 'leak', '-o', 'json'], ready, ready);

    expect(code).toBe(0);
    expect(JSON.parse(said)).toMatchObject({ outcome: 'asked', suspended: false, reason: 'leak' });
    expect((await run(['resume', 'yoga'], suspended({ [SUSPEND]: 'leak' }), ready)).said).toContain('is asked for');
  });
});
