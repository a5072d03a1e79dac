import { expect, test } from 'vitest';
import type { Backtest, BacktestLine } from '../model';
import { batteries, charged, lineNames, paid } from './lab';

const line = (kind: BacktestLine['kind'], change: Partial<BacktestLine> = {}): BacktestLine => ({
  kind,
  strategy: kind === 'strategy' ? 'linear' : '',
  version: '',
  settings: {},
  cost: 3,
  cost_adjusted: 3,
  saved_against_no_battery: 0,
  saved_against_self_consumption: 0,
  share: 0,
  import_kwh: 1,
  export_kwh: 0,
  cycles: 0,
  adjusted: 0,
  refused: 0,
  strategy_errors: 0,
  decide_ms: null,
  days: [
    { day: '2026-11-24', cost: 1, soc_pct: 40 },
    { day: '2026-11-25', cost: 2, soc_pct: 50 },
  ],
  soc_pct: [],
  ...change,
});
const backtest = (lines: BacktestLine[]): Backtest => ({
  id: 1,
  at: '2026-11-26T00:00:00Z',
  wall_s: 1,
  request: { data: 'home', runs: [] },
  from: '2026-11-23T23:00:00Z',
  until: '2026-11-25T23:00:00Z',
  slots: 192,
  currency: 'EUR',
  lines,
});

test('names tell what was set otherwise, and none is there twice', () => {
  const lines = [
    line('no_battery'),
    line('strategy'),
    line('strategy', { settings: { wear: 2 } as unknown as BacktestLine['settings'] }),
    line('strategy'),
  ];
  expect(lineNames(lines)).toEqual(['No battery', 'linear', 'linear wear=2', 'linear (2)']);
});

test('what was paid adds up day by day', () => {
  const { x, lines } = paid(
    backtest([line('no_battery'), line('perfect_foresight', { days: [] }), line('strategy')]),
  );
  expect(x).toEqual([Date.UTC(2026, 10, 24, 12) / 1000, Date.UTC(2026, 10, 25, 12) / 1000]);
  expect(lines.map((l) => [l.label, l.dashed, l.values])).toEqual([
    ['No battery', true, [1, 3]],
    ['linear', false, [1, 3]],
  ]);
});

test('charge comes by the slot where that is known, else by the day', () => {
  const short = charged(
    backtest([line('no_battery', { soc_pct: [50, 50] }), line('strategy', { soc_pct: [50, 60] })]),
  );
  expect(short.x).toEqual([Date.UTC(2026, 10, 23, 23) / 1000, Date.UTC(2026, 10, 23, 23, 15) / 1000]);
  expect(short.lines.map((l) => l.values)).toEqual([[50, 60]]);
  expect(charged(backtest([line('strategy')])).lines[0]?.values).toEqual([40, 50]);
});

test('of several batteries each has a curve of its own, but for perfect foresight', () => {
  const own = [
    { id: 'cellar', days: [10, 20], soc_pct: [] },
    { id: 'balcony', days: [70, 80], soc_pct: [] },
  ];
  const several = backtest([line('perfect_foresight'), line('strategy', { batteries: own })]);
  expect(batteries(several)).toEqual(['cellar', 'balcony']);
  expect(charged(several).lines.map((l) => l.values)).toEqual([
    [40, 50],
    [40, 50],
  ]);
  expect(charged(several, 'balcony').lines.map((l) => [l.label, l.values])).toEqual([['linear', [70, 80]]]);
  expect(batteries(backtest([line('strategy')]))).toEqual([]);
});
