/** Backtests as tables and curves. */
import type { Backtest, BacktestLine } from '../model';
import { texts } from '../texts';
import { finite, instant } from './format';
import type { Palette } from './panes';

/** A name for each line: what it is and what was set otherwise. */
export function lineName(line: BacktestLine): string {
  if (line.kind !== 'strategy') return texts.lab.kinds[line.kind] ?? line.kind;
  const settings = Object.entries(line.settings).map(([key, value]) => `${key}=${String(value)}`);
  return [line.strategy, ...settings].join(' ');
}

/** The same name twice would be the same line to the eye. */
export function lineNames(lines: readonly BacktestLine[]): string[] {
  const names = lines.map(lineName);
  return names.map((name, i) => {
    const before = names.slice(0, i).filter((other) => other === name).length;
    return before === 0 ? name : `${name} (${before + 1})`;
  });
}

const FIXED: Record<string, keyof Palette> = {
  no_battery: 'hold',
  self_consumption: 'balance',
  perfect_foresight: 'negative',
};
const OWN: readonly (keyof Palette)[] = ['soc', 'dear', 'load', 'charge', 'solar', 'discharge', 'cheap'];

export interface Curve {
  label: string;
  colour: keyof Palette;
  dashed: boolean;
  values: (number | null)[];
}

/** Each line with a colour of its own; references are dashed. */
function curves(backtest: Backtest, of: (line: BacktestLine) => (number | null)[]): Curve[] {
  const names = lineNames(backtest.lines);
  let own = 0;
  return backtest.lines.flatMap((line, i) => {
    const values = of(line);
    const fixed = FIXED[line.kind];
    const colour = fixed ?? OWN[own++ % OWN.length] ?? 'soc';
    if (values.length === 0) return [];
    return [{ label: names[i] ?? '', colour, dashed: fixed !== undefined, values }];
  });
}

/** Noon of each day, seconds, so that it is that day in any zone near. */
const noons = (backtest: Backtest): number[] => {
  const [line] = backtest.lines;
  return (line?.days ?? []).map(({ day }) => (instant(`${day}T12:00:00Z`) ?? 0) / 1000);
};

/** What was paid up to each day. */
export function paid(backtest: Backtest): { x: number[]; lines: Curve[] } {
  return {
    x: noons(backtest),
    lines: curves(backtest, (line) => {
      let sum = 0;
      return line.days.map(({ cost }) => (sum += finite(cost) ?? 0));
    }),
  };
}

/** The batteries that are told by themselves: all where there are several, else none. */
export function batteries(backtest: Backtest): string[] {
  const line = backtest.lines.find((one) => (one.batteries ?? []).length > 0);
  return (line?.batteries ?? []).map((battery) => battery.id);
}

/**
 * State of charge of one battery, or of all together (`''`): by the slot where there is such a curve, else by the day.
 * Without what is always the same.
 */
export function charged(backtest: Backtest, battery = ''): { x: number[]; lines: Curve[] } {
  const slots = Math.max(0, ...backtest.lines.map((line) => line.soc_pct.length));
  const of = (line: BacktestLine): number[] => {
    if (line.kind === 'no_battery') return [];
    const all = { soc_pct: line.soc_pct, days: line.days.map((day) => day.soc_pct) };
    const own = battery === '' ? all : line.batteries?.find((one) => one.id === battery);
    return (slots > 0 ? own?.soc_pct : own?.days) ?? [];
  };
  if (slots > 0) {
    const from = (instant(backtest.from) ?? 0) / 1000;
    return {
      x: Array.from({ length: slots }, (_, i) => from + i * 900),
      lines: curves(backtest, of),
    };
  }
  return { x: noons(backtest), lines: curves(backtest, of) };
}
