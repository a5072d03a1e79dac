/** What was done and what is planned with one target, slot by slot. */
import type { Command, Doing, Maybe, Outcome, Reason, SlotDecision, Tick, Verdict } from '../model';
import { finite, instant } from './format';

export interface SlotRow {
  /** Milliseconds. */
  start: number;
  end: number;
  when: 'past' | 'now' | 'ahead';
  command: Command | null;
  reason: Reason | null;
  verdict: Verdict | null;
  outcome: Outcome | null;
  price: number | null;
  /** Measured in the past, else expected. Discharge positive. */
  power_w: number | null;
  soc_pct: number | null;
  /** What the plan had in mind when the slot began, of a slot that is over. */
  planned_w: number | null;
  /** The decision to open; null: none yet. */
  tick: number | null;
}

/** Everything that a tick and the decisions before it command, batteries first. */
export function slotTargets(tick: Tick, decisions: readonly SlotDecision[]): string[] {
  const batteries = tick.input.snapshot.batteries.map((b) => b.id);
  const named = new Set<string>();
  for (const slot of tick.plan?.outlook ?? []) for (const { target } of slot.targets) named.add(target);
  for (const { actions } of decisions) for (const { target } of actions) named.add(target);
  return [...batteries, ...[...named].filter((id) => !batteries.includes(id)).sort()];
}

/**
 * In order of time. What was measured is that of all batteries together, so it stands only beside the
 * home's single one.
 */
export function slotRows(
  tick: Tick,
  decisions: readonly SlotDecision[],
  target: string,
  doing: Maybe<Doing>,
  now: number,
): SlotRow[] {
  const { snapshot } = tick.input;
  const [only] = snapshot.batteries;
  const isMeasured = snapshot.batteries.length === 1 && only?.id === target;
  const decided = new Map(decisions.map((decision) => [instant(decision.start), decision]));
  const outlook = new Map((tick.plan?.outlook ?? []).map((slot) => [instant(slot.start), slot.targets]));
  const rows: SlotRow[] = [];

  for (const slot of snapshot.past) {
    const [start, end] = [instant(slot.start), instant(slot.end)];
    if (start === null || end === null || end > now) continue;
    const decision = decided.get(start);
    const action = decision?.actions.find((a) => a.target === target);
    rows.push({
      start,
      end,
      when: 'past',
      command: action?.command ?? null,
      reason: action?.reason ?? null,
      verdict: decision?.verdicts.find((v) => v.target === target) ?? null,
      outcome: decision?.outcomes.find((o) => o.target === target) ?? null,
      price: finite(slot.import_price),
      power_w: isMeasured ? finite(slot.battery_w) : null,
      soc_pct: isMeasured ? finite(slot.soc_pct) : null,
      planned_w: finite(decision?.expected.find((t) => t.target === target)?.power_w),
      tick: decision?.tick ?? null,
    });
  }
  for (const slot of snapshot.ahead) {
    const [start, end] = [instant(slot.start), instant(slot.end)];
    if (start === null || end === null || end <= now) continue;
    const isNow = start <= now;
    const expected = outlook.get(start)?.find((t) => t.target === target);
    const command = (isNow ? doing?.verdict?.proposed : null) ?? expected?.command ?? null;
    rows.push({
      start,
      end,
      when: isNow ? 'now' : 'ahead',
      command,
      reason: (isNow ? doing?.reason : null) ?? expected?.reason ?? null,
      verdict: isNow ? (doing?.verdict ?? null) : null,
      outcome: isNow ? (doing?.outcome ?? null) : null,
      price: finite(slot.import_price),
      power_w: finite(expected?.power_w),
      soc_pct: finite(expected?.soc_pct),
      planned_w: null,
      tick: isNow ? tick.id : null,
    });
  }
  return rows.sort((a, b) => a.start - b.start);
}
