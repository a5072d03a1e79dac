/** The outlook of one target as runs of the same command. */
import type { Command, Reason, Tick } from '../model';
import { finite, instant } from './format';

export interface Run {
  start: number;
  end: number;
  command: Command;
  reason: Reason;
  /** Least and most import price of the run. */
  low: number | null;
  high: number | null;
  /** At the end of the run. */
  soc_pct: number | null;
}

/** Targets of the outlook, in order of their first mention. */
export function outlookTargets(tick: Tick): string[] {
  const seen = new Set<string>();
  for (const slot of tick.plan?.outlook ?? []) for (const { target } of slot.targets) seen.add(target);
  return [...seen];
}

/** Neighbouring slots with the same command and reason code are one run. */
export function runs(tick: Tick, target: string): Run[] {
  const prices = new Map(tick.input.snapshot.ahead.map((s) => [instant(s.start), finite(s.import_price)]));
  const all: Run[] = [];
  for (const slot of tick.plan?.outlook ?? []) {
    const [start, end] = [instant(slot.start), instant(slot.end)];
    const expected = slot.targets.find((t) => t.target === target);
    if (start === null || end === null || !expected) continue;
    const price = prices.get(start) ?? null;
    const last = all.at(-1);
    if (last && last.end === start && isSame(last, expected)) {
      last.end = end;
      last.low = pick(Math.min, last.low, price);
      last.high = pick(Math.max, last.high, price);
      last.soc_pct = finite(expected.soc_pct);
    } else {
      const { command, reason } = expected;
      all.push({ start, end, command, reason, low: price, high: price, soc_pct: finite(expected.soc_pct) });
    }
  }
  return all;
}

function isSame(a: { command: Command; reason: Reason }, b: { command: Command; reason: Reason }): boolean {
  return a.reason.code === b.reason.code && JSON.stringify(a.command) === JSON.stringify(b.command);
}

function pick(choose: (a: number, b: number) => number, a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : choose(a, b);
}
