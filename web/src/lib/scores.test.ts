import { expect, test } from 'vitest';
import type { DayScore } from '../model';
import { lines, scored } from './scores';

const day = (over: Partial<DayScore> = {}): DayScore => ({
  day: '2026-11-23',
  start: '2026-11-22T23:00:00Z',
  end: '2026-11-23T23:00:00Z',
  slots: 96,
  played: 96,
  unscored: null,
  references: { no_battery: 3, self_consumption: 2.5, perfect_foresight: 1.5, measured: null },
  strategies: [
    {
      strategy: { name: 'linear', version: '1.0.0', hash: 'aa' },
      role: 'shadow',
      cost: 2,
      cost_adjusted: 2,
      loss: { forecast_error: 0.3, price_error: 0, strategy: 0.2, guard: 0 },
      accepted: 96,
      adjusted: 0,
      refused: 0,
      failed: 0,
    },
  ],
  ...over,
});

test('the board has each once, the dearest first', () => {
  const board = lines([day(), day()]);
  expect(board.map((line) => line.kind)).toEqual([
    'no_battery',
    'self_consumption',
    'shadow',
    'perfect_foresight',
  ]);
  expect(board[2]).toMatchObject({ name: 'linear', cost: 4, saved: 2, days: 2 });
  expect(board[2]?.loss?.forecast_error).toBeCloseTo(0.6);
});

test('a strategy counts the days on which it was there', () => {
  const board = lines([day({ strategies: [] }), day()]);
  expect(board.find((line) => line.name === 'linear')).toMatchObject({ cost: 2, saved: 1, days: 1 });
});

test('days without figures are left out', () => {
  const none = day({ references: null, strategies: [], unscored: 'nothing was recorded' });
  expect(scored([none, day()])).toHaveLength(1);
  expect(lines([none])).toEqual([]);
});
