import { describe, expect, it } from 'vitest';
import { ServerSlots } from '../../../../src/routing/pools/server-slots.ts';

interface Claim {
  readonly name: string;
  size: number;
  oldestWaiter: number;
}
const claim = (name: string, size = 0, oldestWaiter = Infinity): Claim => ({ name, size, oldestWaiter });
const slots = (limit: number): ServerSlots<Claim, never> => new ServerSlots('server:5432', limit);

describe('places on a server', () => {
  it('are never more than the limit, and never fewer than none', () => {
    const server = slots(2);
    expect([server.take(), server.take(), server.take()]).toEqual([true, true, false]);
    server.free();
    expect(server.take()).toBe(true);
    server.free();
    server.free();
    expect(() => server.free()).toThrow('given back');
    expect(server.unused).toBe(true);
  });

  it('go to tenants without any first, in the order in which they came, each once', () => {
    const server = slots(1);
    const [rich, poor, poorer] = [claim('rich', 2), claim('poor'), claim('poorer')];
    for (const bucket of [rich, poor, poorer, poor]) server.enqueue(bucket);
    expect(server.waiting).toBe(3);
    expect([server.next()?.name, server.next()?.name, server.next()?.name, server.next()]).toEqual(['poor', 'poorer', 'rich', undefined]);
  });

  it('go to nobody while there are none', () => {
    const server = slots(1);
    server.take();
    server.enqueue(claim('poor'));
    expect(server.next()).toBeUndefined();
    server.free();
    expect(server.next()?.name).toBe('poor');
  });

  it('are given up to who has none and was first, or has at least two fewer', () => {
    const server = slots(4);
    const mine = claim('mine', 1, 10);
    expect(server.mustYield(mine)).toBe(false);
    const later = claim('later', 0, 11);
    server.enqueue(later);
    expect(server.mustYield(mine)).toBe(false);
    later.oldestWaiter = 9;
    expect(server.mustYield(mine)).toBe(true);
    server.dequeue(later);
    const equal = claim('equal', 1, 1);
    server.enqueue(equal);
    expect(server.mustYield(mine)).toBe(false);
    mine.size = 3;
    expect(server.mustYield(mine)).toBe(true);
  });

  it('are not given up by a tenant to itself', () => {
    const server = slots(4);
    const mine = claim('mine', 0, 1);
    server.enqueue(mine);
    mine.size = 4;
    expect(server.mustYield(mine)).toBe(false);
  });

  it('that a tenant asks more of keep its turn, in the queue that fits it now', () => {
    const server = slots(4);
    const [one, two] = [claim('one'), claim('two', 1)];
    server.enqueue(two);
    server.enqueue(one);
    one.size = 1;
    server.enqueue(one);
    expect([server.next()?.name, server.next()?.name]).toEqual(['two', 'one']);
  });
});
