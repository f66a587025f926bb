import { describe, expect, it } from 'vitest';
import { type Condition, ConditionType, findCondition, isTrue, removeCondition, setCondition } from '../../../src/api/conditions.ts';

const THEN = '2026-01-01T00:00:00Z';
const NOW = '2026-01-02T00:00:00Z';

const ready: Condition = {
  type: ConditionType.Ready,
  status: 'True',
  reason: 'InSync',
  message: 'Serving.',
  observedGeneration: 1,
  lastTransitionTime: THEN,
};
const routed: Condition = { ...ready, type: ConditionType.Routed };

function change(over: Partial<Condition> = {}): Omit<Condition, 'lastTransitionTime'> {
  const { lastTransitionTime: _, ...rest } = { ...ready, ...over };
  return rest;
}

describe('setCondition', () => {
  it('adds a condition that was not there, as of now', () => {
    expect(setCondition(undefined, change(), NOW)).toEqual([{ ...ready, lastTransitionTime: NOW }]);
  });

  it('returns the very same array when nothing differs', () => {
    const before = [routed, ready];
    expect(setCondition(before, change(), NOW)).toBe(before);
  });

  it.each([{ reason: 'Other' }, { message: 'Other.' }, { observedGeneration: 2 }])(
    'keeps the time of the last transition when only %o changes',
    (over) => {
      expect(setCondition([ready], change(over), NOW)).toEqual([{ ...ready, ...over }]);
    },
  );

  it('takes a new time when the status changes', () => {
    expect(setCondition([ready], change({ status: 'False' }), NOW)).toEqual([{ ...ready, status: 'False', lastTransitionTime: NOW }]);
  });

  it('keeps the other conditions and their order', () => {
    expect(setCondition([ready, routed], change({ status: 'False' }), NOW).map(({ type }) => type)).toEqual(['Ready', 'Routed']);
  });

  it('does not change what it was given', () => {
    const before = Object.freeze([Object.freeze({ ...ready })]);
    setCondition(before, change({ status: 'False' }), NOW);
    expect(before).toEqual([ready]);
  });
});

describe('removeCondition', () => {
  it('takes one away', () => {
    expect(removeCondition([ready, routed], 'Ready')).toEqual([routed]);
  });

  it('returns the very same array when it was not there', () => {
    const before = [routed];
    expect(removeCondition(before, 'Ready')).toBe(before);
  });
});

it('finds a condition by type', () => {
  expect(findCondition([ready, routed], 'Routed')).toBe(routed);
  expect(findCondition(undefined, 'Routed')).toBeUndefined();
});

it('takes only True for true', () => {
  expect(isTrue([ready], 'Ready')).toBe(true);
  expect(isTrue([{ ...ready, status: 'Unknown' }], 'Ready')).toBe(false);
  expect(isTrue([], 'Ready')).toBe(false);
});
