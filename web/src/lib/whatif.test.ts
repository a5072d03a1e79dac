import { expect, test } from 'vitest';
import type { BilledSlot, Command, Comparison, Tick } from '../model';
import { changed, changedSlots, isBetween, NO_WISHES, question, socs } from './whatif';

const at = (quarter: number) => new Date(Date.UTC(2026, 10, 24, 12) + quarter * 900_000).toISOString();
const slot = (quarter: number, command: Command, soc_pct: number): BilledSlot => ({
  start: at(quarter),
  end: at(quarter + 1),
  command,
  power_w: 0,
  grid_w: 0,
  soc_pct,
});
const side = (slots: BilledSlot[]) => ({
  strategy: null,
  plan: null,
  verdicts: [],
  failure: null,
  ahead: [],
  bill: { cost: 1, cost_adjusted: 1, import_kwh: 1, export_kwh: 0, cycles: 0, slots },
});
const hold: Command = { kind: 'hold' };
const charge: Command = { kind: 'charge', power_w: 500 };
const comparison: Comparison = {
  tick: 1,
  at: at(0),
  real: side([slot(0, hold, 50), slot(1, hold, 50), slot(2, hold, 50), slot(3, hold, 50)]),
  other: side([slot(0, hold, 50), slot(1, charge, 55), slot(2, charge, 60), slot(3, hold, 60)]),
};

const tick = {
  id: 7,
  input: {
    snapshot: {
      ahead: [
        { start: '2026-11-24T20:45:00Z', import_price: 0.3 },
        { start: '2026-11-24T21:00:00Z', import_price: 0.3 },
        { start: '2026-11-25T04:45:00Z', import_price: null },
        { start: '2026-11-25T05:00:00Z', import_price: 0.2 },
      ],
    },
  },
} as unknown as Tick;
/** An hour ahead of UTC. */
const clock = (ms: number) => new Date(ms + 3_600_000).toISOString().slice(11, 16);

test('a tariff by the time of day sets each known price, by the home’s clock', () => {
  const wishes = { ...NO_WISHES, price: 'hours' as const, priceValue: '0.1', priceElse: '0,4' };
  const asked = question(wishes, tick, clock);
  expect(asked.tick).toBe(7);
  expect(asked.set).toEqual({
    'snapshot.ahead.0.import_price': 0.4,
    'snapshot.ahead.1.import_price': 0.1,
    'snapshot.ahead.3.import_price': 0.4,
  });
  expect(isBetween('23:00', '22:00', '06:00') && isBetween('05:59', '22:00', '06:00')).toBe(true);
  expect(isBetween('06:00', '22:00', '06:00') || isBetween('06:00', '07:00', '09:00')).toBe(false);
});

test('only what is typed is asked, percentages as factors', () => {
  const wishes = {
    ...NO_WISHES,
    battery: '200',
    soc: '20',
    load: '110,5',
    price: 'flat' as const,
    priceValue: '0.3',
  };
  const asked = question(wishes, tick, clock);
  expect(asked.strategy).toBeNull();
  expect(asked.changes).toMatchObject({
    battery_factor: 2,
    soc_pct: 20,
    load_factor: 1.105,
    import_price: 0.3,
    import_price_factor: null,
    solar_factor: null,
  });
});

test('neighbouring slots with the same difference are one', () => {
  const pairs = changed(comparison);
  expect(pairs).toEqual([
    {
      start: Date.parse(at(1)),
      end: Date.parse(at(3)),
      real: hold,
      other: charge,
      realSoc: 50,
      otherSoc: 60,
    },
  ]);
  expect(changedSlots(pairs)).toBe(2);
});

test('both curves share their moments', () => {
  const { x, real, other } = socs(comparison);
  expect(x).toHaveLength(4);
  expect(real).toEqual([50, 50, 50, 50]);
  expect(other).toEqual([50, 55, 60, 60]);
});
