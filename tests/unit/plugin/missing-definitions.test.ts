/** A cluster that knows some of the kinds or none: what doctor is there to find. */
import { describe, expect, it } from 'vitest';

import { KubectlError, UNKNOWN_KIND } from '../../../src/plugin/kubernetes/kubectl.ts';
import { runScripted, type Script } from '../../support/scripted-session.ts';

/** Of the kinds of Studio, `known` alone; nothing else is there either. */
const knowing =
  (...known: readonly string[]): Script['text'] =>
  ([verb, what = '']) => {
    if (verb === 'version') return JSON.stringify({ clientVersion: { gitVersion: 'v1.34.0' }, serverVersion: { gitVersion: 'v1.34.0' } });
    if (verb === 'config') return 'default';
    if (what === 'crd' || what === 'namespaces') return '';
    const kind = what.split('.')[0] ?? '';
    if (what.endsWith('.studio-platform.io') && !known.includes(kind))
      throw new KubectlError(UNKNOWN_KIND, `error: the server doesn't have a resource type "${kind}"`);
    return JSON.stringify({ items: [] });
  };

describe.each([['none'], ['studiotenants'], ['studiotenants', 'postgresservers']])('with %s', (...known) => {
  it('doctor says what is not installed', async () => {
    const { code, out } = await runScripted(['doctor', '-o', 'json'], { text: knowing(...known) });

    const { healthy, findings } = JSON.parse(out) as { healthy: boolean; findings: readonly { level: string; message: string }[] };
    expect([code, healthy]).toEqual([1, false]);
    const failures = findings.filter(({ level }) => level === 'fail').map(({ message }) => message);
    expect(failures).toContain('studiotenants.studio-platform.io is not installed');
    expect(failures).toContainEqual(expect.stringMatching(/^the cluster does not know \w+\.studio-platform\.io: the definitions/));
  });

  it('status says that the definitions are not installed', async () => {
    await expect(runScripted(['status'], { text: knowing(...known) })).rejects.toMatchObject({
      name: 'CommandFailure',
      message: expect.stringContaining('the definitions are not installed'),
    });
  });
});
