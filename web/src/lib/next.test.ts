import { expect, test } from 'vitest';
import type { Tick } from '../model';
import { nextChange } from './next';

const at = (quarter: number) => new Date(Date.UTC(2026, 10, 24, 12) + quarter * 900_000).toISOString();
const tick = (kinds: string[]): Tick =>
  ({
    input: { snapshot: { ahead: [] } },
    plan: {
      outlook: kinds.map((kind, i) => ({
        start: at(i),
        end: at(i + 1),
        targets: [{ target: 'battery', command: { kind }, reason: { code: kind, text: `why ${kind}` } }],
      })),
    },
  }) as unknown as Tick;

const now = Date.parse(at(0)) + 60_000;

test('the next change is the first other kind of command', () => {
  expect(nextChange(tick(['hold', 'hold', 'charge', 'hold']), 'battery', now)).toMatchObject({
    at: Date.parse(at(2)),
    command: { kind: 'charge' },
    reason: 'why charge',
  });
});

test('without a change, a plan or a slot for now there is none', () => {
  expect(nextChange(tick(['hold', 'hold']), 'battery', now)).toBeNull();
  expect(nextChange(null, 'battery', now)).toBeNull();
  expect(nextChange(tick(['hold', 'charge']), 'battery', Date.parse(at(9)))).toBeNull();
});
