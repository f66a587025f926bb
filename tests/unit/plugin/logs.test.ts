/** `logs`: what is printed of what others wrote, what one missing log costs, and which words go together. */
import { describe, expect, it } from 'vitest';

import { KubectlError } from '../../../src/plugin/kubernetes/kubectl.ts';
import { runScripted, type Script } from '../../support/scripted-session.ts';

const STEERING = '\u001B]0;owned\u0007';

const pod = (name: string, waiting?: object) => ({
  metadata: { name, namespace: 'studios', labels: { 'job-name': 'yoga-migrate' } },
  status: { phase: 'Pending', containerStatuses: [{ name: 'migrate', state: waiting === undefined ? {} : { waiting } }] },
});

/** `logs`: by pod; a pod without one is refused. */
function cluster(pods: readonly object[], logs: Readonly<Record<string, string>> = {}): Script['text'] {
  const objects: Readonly<Record<string, object>> = {
    'jobs.batch': { items: [{ metadata: { name: 'yoga-migrate' } }] },
    pods: { items: pods },
  };
  return ([verb, what = '']) => {
    if (verb === 'get') return JSON.stringify(objects[what] ?? { metadata: { name: 'yoga', namespace: 'studios' }, spec: {} });
    const log = logs[what];
    if (log === undefined) throw new KubectlError('BadRequest', `container in pod ${what} is waiting to start: ${STEERING}no image`);
    return log;
  };
}

describe('words that others wrote', () => {
  it('do not steer the terminal: of a migration that is followed', async () => {
    const { code, out } = await runScripted(['logs', 'yoga', '--follow'], {
      text: cluster([pod('p')], { p: '' }),
      stream: `applying ${STEERING}1\r\nlast`,
    });

    expect({ code, out }).toEqual({ code: 0, out: 'applying 1\nlast\n' });
  });

  it('do not steer the terminal: of a pod that waits', async () => {
    const { out } = await runScripted(['logs', 'yoga'], {
      text: cluster([pod('p', { reason: 'ErrImagePull', message: `${STEERING}no such image` })]),
    });

    expect(out).toContain('ErrImagePull: no such image');
    expect(out).not.toContain('\u001B');
  });
});

describe("the operator's log", () => {
  const line = JSON.stringify({ time: '1', namespace: 'studios', name: 'yoga', msg: 'done' });

  it('is shown of the replicas that have one', async () => {
    const text = cluster([pod('leader'), pod('stuck')], { leader: line });
    const { code, out, notes } = await runScripted(['logs', 'yoga', '--operator'], { text });

    expect({ code, out }).toEqual({ code: 0, out: `${line}\n` });
    expect(notes).toBe('Not shown: container in pod stuck is waiting to start: no image\n');
  });

  it('is refused where no replica has one', async () => {
    await expect(runScripted(['logs', 'yoga', '--operator'], { text: cluster([pod('stuck')]) })).rejects.toThrow('is waiting to start');
  });
});

it('says which right is missing, with its exit code, where the Jobs are not to be seen', async () => {
  const all = cluster([]);
  const text: Script['text'] = (words) => {
    if (words[1] === 'jobs.batch') throw new KubectlError('Forbidden', 'no');
    return all(words);
  };

  await expect(runScripted(['logs', 'yoga'], { text })).rejects.toMatchObject({
    exitCode: 3,
    message: expect.stringContaining('you may not list jobs.batch in namespace studios'),
  });
});

it.each([
  [['--follow', '-o', 'json'], 'leave -o json out'],
  [['--follow', '--operator'], 'leave --operator or --follow out'],
])('%j is wrong usage', async (flags, sentence) => {
  await expect(runScripted(['logs', 'yoga', ...flags], { text: cluster([]) })).rejects.toMatchObject({
    exitCode: 2,
    message: expect.stringContaining(sentence),
  });
});
