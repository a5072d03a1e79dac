/** What strategies would have cost: sums over days, for the scoreboard. */
import type { DayScore, Loss } from '../model';
import { finite } from './format';

/** Someone on the board: a reference, or a strategy by its name. */
export interface Line {
  kind: 'no_battery' | 'self_consumption' | 'measured' | 'perfect_foresight' | 'active' | 'shadow';
  name: string;
  /** Over the days that it was there. */
  cost: number;
  /** What no battery cost on the same days, less its cost. */
  saved: number;
  days: number;
  /** Against perfect foresight; a reference has none. */
  loss: Loss | null;
}

const PARTS = ['forecast_error', 'price_error', 'strategy', 'guard'] as const;
export type Part = (typeof PARTS)[number];
export const parts: readonly Part[] = PARTS;

/** Days with figures. */
export const scored = (days: readonly DayScore[]): DayScore[] => days.filter((day) => day.references != null);

/** One line for each reference and strategy, the dearest first. */
export function lines(days: readonly DayScore[]): Line[] {
  const board = new Map<string, Line>();
  const add = (kind: Line['kind'], name: string, value: unknown, none: unknown, loss: Loss | null) => {
    const [cost, without] = [finite(value), finite(none)];
    if (cost === null || without === null) return;
    const key = loss ? `strategy ${name}` : kind;
    const line = board.get(key) ?? { kind, name, cost: 0, saved: 0, days: 0, loss: null };
    board.set(key, {
      // What it was last counts.
      ...line,
      kind,
      cost: line.cost + cost,
      saved: line.saved + without - cost,
      days: line.days + 1,
      loss: loss && sum(line.loss, loss),
    });
  };
  for (const { references, strategies } of days) {
    if (!references) continue;
    const none = references.no_battery;
    for (const kind of ['no_battery', 'self_consumption', 'measured', 'perfect_foresight'] as const) {
      add(kind, '', references[kind], none, null);
    }
    for (const score of strategies) {
      add(score.role, score.strategy.name, score.cost_adjusted, none, score.loss);
    }
  }
  return [...board.values()].sort((a, b) => a.saved / a.days - b.saved / b.days);
}

function sum(a: Loss | null, b: Loss): Loss {
  if (!a) return b;
  const total = { ...b };
  for (const part of PARTS) total[part] = a[part] + b[part];
  return total;
}
