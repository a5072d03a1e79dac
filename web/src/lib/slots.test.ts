import { expect, it } from 'vitest';
import type { Doing, SlotDecision, Tick } from '../model';
import { slotRows, slotTargets } from './slots';

const at = (clock: string) => `2026-11-24T${clock}:00Z`;
const NOW = Date.parse(at('12:20'));
const hold = { command: { kind: 'hold' }, reason: { code: 'dear', text: 'Dear later.', facts: [] } };

const tick = (batteries: string[]) =>
  ({
    id: 9,
    input: {
      snapshot: {
        batteries: batteries.map((id) => ({ id })),
        past: [
          { start: at('11:45'), end: at('12:00'), import_price: 0.2, battery_w: -400, soc_pct: 41 },
          { start: at('12:00'), end: at('12:15'), import_price: 0.3, battery_w: null, soc_pct: null },
        ],
        ahead: [
          { start: at('12:00'), end: at('12:15'), import_price: 0.3 },
          { start: at('12:15'), end: at('12:30'), import_price: 0.4 },
          { start: at('12:30'), end: at('12:45'), import_price: null },
        ],
      },
    },
    plan: {
      outlook: [
        {
          start: at('12:30'),
          end: at('12:45'),
          targets: [{ target: 'one', power_w: 0, soc_pct: 40, ...hold }],
        },
      ],
    },
  }) as unknown as Tick;

const decision = {
  start: at('11:45'),
  tick: 7,
  actions: [{ target: 'one', command: { kind: 'charge', power_w: 500 }, reason: hold.reason }],
  verdicts: [{ target: 'one', decision: 'adjusted' }],
  outcomes: [{ target: 'one', stage: 'effective' }],
  expected: [{ target: 'one', power_w: -500, soc_pct: 43 }],
} as unknown as SlotDecision;

const doing = {
  reason: hold.reason,
  verdict: { proposed: { kind: 'hold' }, decision: 'accepted' },
} as unknown as Doing;

it('has each slot once, with the present between past and future', () => {
  const rows = slotRows(tick(['one']), [decision], 'one', doing, NOW);
  expect(rows.map((r) => [r.when, r.command?.kind, r.tick])).toEqual([
    ['past', 'charge', 7],
    ['past', undefined, null],
    ['now', 'hold', 9],
    ['ahead', 'hold', null],
  ]);
  expect(rows[0]).toMatchObject({ power_w: -400, soc_pct: 41, planned_w: -500, price: 0.2 });
  expect(rows[0]?.verdict?.decision).toBe('adjusted');
  expect(rows[3]).toMatchObject({ power_w: 0, soc_pct: 40, verdict: null, price: null });
});

it('does not give what all batteries did as the doing of one', () => {
  const rows = slotRows(tick(['one', 'two']), [decision], 'one', doing, NOW);
  expect(rows[0]).toMatchObject({ power_w: null, soc_pct: null, planned_w: -500 });
});

it('names batteries first and then what else is commanded', () => {
  const other = {
    ...decision,
    actions: [{ target: 'led' }, { target: 'boiler' }],
  } as unknown as SlotDecision;
  expect(slotTargets(tick(['one']), [other])).toEqual(['one', 'boiler', 'led']);
});
