import { expect, test } from 'vitest';
import type { Live, SetupView } from '../model';
import { steps } from './steps';

const now = Date.UTC(2026, 10, 24, 12);
const soon = new Date(now + 3_600_000).toISOString();
const reading = (value: number | null, entity = 'sensor.x') => ({
  entity,
  value,
  fault: value === null ? {} : null,
});
const live = (change: object = {}) =>
  ({
    home: {
      link: { state: 'up' },
      grid_power_w: reading(120),
      batteries: [{ id: 'battery', soc_pct: reading(55), power_w: reading(0) }],
      ...change,
    },
    strategy: { name: 'rule-based' },
  }) as unknown as Live;
const setup = (change: object = {}) =>
  ({
    columns: [{ column: 'import-price', known_until: soon }],
    fetched: [],
    targets: [{ mode: 'control' }],
    ...change,
  }) as unknown as SetupView;

const open = (all: ReturnType<typeof steps>) =>
  all.filter((step) => !step.done).map((step) => [step.name, step.about]);

test('a home that is set up has nothing left to do', () => {
  expect(open(steps(live(), setup(), now))).toEqual([]);
});

test('what is missing is named with its entity or its error', () => {
  const unread = live({
    link: { state: 'connecting' },
    grid_power_w: reading(null, 'sensor.meter'),
    batteries: [{ id: 'battery', soc_pct: reading(55), power_w: reading(null, 'sensor.power') }],
  });
  const fetched = [{ kind: 'import_prices', error: 'it does not answer' }];
  const without = setup({ columns: [], fetched, targets: [{ mode: 'advise' }] });
  expect(open(steps({ ...unread, strategy: null }, without, now))).toEqual([
    ['home', ''],
    ['meter', 'sensor.meter'],
    ['battery', 'sensor.power'],
    ['prices', 'it does not answer'],
    ['strategy', ''],
    ['control', ''],
  ]);
});

test('a home without a battery, and prices that are over, are not done', () => {
  const over = setup({ columns: [{ column: 'import-price', known_until: new Date(now - 1).toISOString() }] });
  expect(open(steps(live({ batteries: [] }), over, now)).map(([name]) => name)).toEqual([
    'battery',
    'prices',
  ]);
});
