import { describe, expect, it } from 'vitest';

import { placeTenant } from '../../../src/desired/placement.ts';
import { aServer } from '../../support/a-tenant.ts';

const anywhere = { server: undefined, selector: undefined };
const none = new Map<string, number>();

describe('placing a tenant', () => {
  it('takes the server with the fewest databases in proportion to its capacity', () => {
    const servers = [aServer('small', { capacity: { maxDatabases: 10 } }), aServer('large', { capacity: { maxDatabases: 100 } })];
    const placing = placeTenant(
      anywhere,
      servers,
      new Map([
        ['small', 3],
        ['large', 20],
      ]),
    );
    expect(placing).toMatchObject({ kind: 'placed', server: { metadata: { name: 'large' } } });
  });

  it('takes the named server even when another is emptier', () => {
    const placing = placeTenant({ server: 'b', selector: undefined }, [aServer('a'), aServer('b')], new Map([['b', 9]]));
    expect(placing).toMatchObject({ server: { metadata: { name: 'b' } } });
  });

  it('takes only servers that carry the labels of the plan', () => {
    const labelled = aServer('b', {}, { metadata: { ...aServer('b').metadata, labels: { tier: 'gold' } } });
    const wish = { server: undefined, selector: { matchLabels: { tier: 'gold' } } };
    expect(placeTenant(wish, [aServer('a'), labelled], none)).toMatchObject({ server: { metadata: { name: 'b' } } });
    expect(placeTenant(wish, [aServer('a')], none)).toMatchObject({ kind: 'nowhere', reason: 'NoServerForPlan' });
  });

  it('passes over a server that gave no answer a moment ago, although its status says Ready', () => {
    const wish = { ...anywhere, away: new Set(['empty']) };
    expect(placeTenant(wish, [aServer('empty'), aServer('b')], new Map([['b', 9]]))).toMatchObject({ server: { metadata: { name: 'b' } } });
    expect(placeTenant({ ...wish, server: 'empty' }, [aServer('empty')], none)).toMatchObject({ reason: 'ServerNotReady' });
  });

  it('says that there is no server at all', () => {
    expect(placeTenant(anywhere, [], none)).toMatchObject({ reason: 'NoServer' });
  });

  it('says that the named server does not exist', () => {
    expect(placeTenant({ ...anywhere, server: 'x' }, [aServer('a')], none)).toMatchObject({ reason: 'ServerNotFound' });
  });

  it('passes over unschedulable and full servers', () => {
    expect(placeTenant(anywhere, [aServer('a', { unschedulable: true })], none)).toMatchObject({ reason: 'NoServerWithRoom' });
    expect(placeTenant(anywhere, [aServer('a')], new Map([['a', 10]]))).toMatchObject({ reason: 'NoServerWithRoom' });
  });

  it('passes over servers that are not Ready', () => {
    const unready = aServer('a', {}, { status: { observedGeneration: 1, conditions: [] } });
    expect(placeTenant(anywhere, [unready], none)).toMatchObject({ reason: 'ServerNotReady' });
  });
});
