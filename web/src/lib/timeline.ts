/** A tick as columns for the chart: what was measured, then what is planned. */
import type { Command, Expectation, Maybe, Reason, SlotDecision, Tick } from '../model';
import { finite, instant } from './format';
import { grader, type PriceLevel } from './levels';

export interface Moment {
  /** Milliseconds. */
  start: number;
  end: number;
  past: boolean;
  price: number | null;
  level: PriceLevel | null;
  solar_w: number | null;
  load_w: number | null;
  /** The likely range of what is expected; null: none is given. */
  solar_low_w: number | null;
  solar_high_w: number | null;
  load_low_w: number | null;
  load_high_w: number | null;
  /** What the plan had in mind for a slot that is over, all batteries. */
  planned_w: number | null;
  planned_soc_pct: number | null;
  /** All batteries; discharge positive. */
  battery_w: number | null;
  /** At the end of the slot; all batteries, weighted by capacity. */
  soc_pct: number | null;
  /** Of the first battery with an expectation. */
  command: Command | null;
  reason: Reason | null;
}

/** How much of the past is worth showing. */
export const PAST_MS = 24 * 3_600_000;

/** In order of time; slots without readable times and those before the past day are left out. */
export function timeline(tick: Maybe<Tick>, decisions: readonly SlotDecision[] = []): Moment[] {
  if (!tick) return [];
  const { snapshot } = tick.input;
  const capacities = new Map(snapshot.batteries.map((b) => [b.id, b.capacity_wh]));
  const outlook = new Map((tick.plan?.outlook ?? []).map((slot) => [instant(slot.start), slot.targets]));
  const decided = new Map(decisions.map((decision) => [instant(decision.start), decision]));
  const moments: Moment[] = [];
  const now = instant(snapshot.now) ?? 0;

  for (const slot of snapshot.past) {
    const [start, end] = [instant(slot.start), instant(slot.end)];
    if (start === null || end === null || start < now - PAST_MS) continue;
    const decision = decided.get(start);
    const expected = decision?.expected.filter((t) => capacities.has(t.target)) ?? [];
    const action = decision?.actions.find((a) => capacities.has(a.target));
    moments.push({
      start,
      end,
      past: true,
      price: finite(slot.import_price),
      level: null,
      solar_w: finite(slot.solar_w),
      load_w: finite(slot.load_w),
      battery_w: finite(slot.battery_w),
      soc_pct: finite(slot.soc_pct),
      solar_low_w: null,
      solar_high_w: null,
      load_low_w: null,
      load_high_w: null,
      planned_w: total(expected),
      planned_soc_pct: meanSoc(expected, capacities),
      command: action?.command ?? null,
      reason: action?.reason ?? null,
    });
  }
  for (const slot of snapshot.ahead) {
    const [start, end] = [instant(slot.start), instant(slot.end)];
    if (start === null || end === null) continue;
    const batteries = (outlook.get(start) ?? []).filter((t) => capacities.has(t.target));
    moments.push({
      start,
      end,
      past: false,
      price: finite(slot.import_price),
      level: null,
      solar_w: finite(slot.solar_w),
      load_w: finite(slot.load_w),
      battery_w: total(batteries),
      soc_pct: meanSoc(batteries, capacities),
      solar_low_w: finite(slot.solar_low_w),
      solar_high_w: finite(slot.solar_high_w),
      load_low_w: finite(slot.load_low_w),
      load_high_w: finite(slot.load_high_w),
      planned_w: null,
      planned_soc_pct: null,
      command: batteries[0]?.command ?? null,
      reason: batteries[0]?.reason ?? null,
    });
  }
  const grade = grader(moments.map((m) => m.price));
  for (const moment of moments) moment.level = moment.price === null ? null : grade(moment.price);
  return moments.sort((a, b) => a.start - b.start);
}

function total(batteries: Expectation[]): number | null {
  const powers = batteries.map((t) => finite(t.power_w));
  if (powers.length === 0 || powers.includes(null)) return null;
  return powers.reduce<number>((all, w) => all + (w ?? 0), 0);
}

function meanSoc(batteries: Expectation[], capacities: Map<string, number>): number | null {
  let [weighted, capacity] = [0, 0];
  for (const { target, soc_pct } of batteries) {
    const [soc, wh] = [finite(soc_pct), capacities.get(target) ?? 0];
    if (soc === null) return null;
    weighted += soc * wh;
    capacity += wh;
  }
  return capacity > 0 ? weighted / capacity : null;
}

/** Columns for uPlot. `x` in seconds; one point more than slots, so that the last slot has its width. */
export interface Columns {
  x: number[];
  price: (number | null)[];
  solar_kw: (number | null)[];
  load_kw: (number | null)[];
  battery_kw: (number | null)[];
  solar_low_kw: (number | null)[];
  solar_high_kw: (number | null)[];
  load_low_kw: (number | null)[];
  load_high_kw: (number | null)[];
  planned_kw: (number | null)[];
  /** At `x`, that is at the end of the slot before. */
  soc_pct: (number | null)[];
  planned_soc_pct: (number | null)[];
  /** The moment that begins at `x`. */
  moments: (Moment | null)[];
}

export function columns(moments: readonly Moment[]): Columns {
  const all: Columns = {
    x: [],
    price: [],
    solar_kw: [],
    load_kw: [],
    battery_kw: [],
    solar_low_kw: [],
    solar_high_kw: [],
    load_low_kw: [],
    load_high_kw: [],
    planned_kw: [],
    soc_pct: [],
    planned_soc_pct: [],
    moments: [],
  };
  let before: Moment | null = null;
  for (const moment of moments) {
    // A gap in time ends the lines.
    if (before && moment.start > before.end) push(all, before.end, null, before);
    const joins: boolean = before !== null && before.end === moment.start;
    push(all, moment.start, moment, joins ? before : null);
    before = moment;
  }
  if (before) {
    push(all, before.end, null, before);
    const last = all.x.length - 1;
    // A stepped line ends where its last step begins: repeat the last step.
    for (const line of lines(all)) line[last] = line[last - 1] ?? null;
  }
  all.solar_kw = all.solar_kw.map((kw, i) => (isNight(all.solar_kw, i) ? null : kw));
  return all;
}

const lines = (all: Columns) => [
  all.solar_kw,
  all.load_kw,
  all.solar_low_kw,
  all.solar_high_kw,
  all.load_low_kw,
  all.load_high_kw,
  all.planned_kw,
];

/** Between nothing and nothing: a line along zero says nothing. */
function isNight(solar: readonly (number | null)[], i: number): boolean {
  return [solar[i - 1], solar[i], solar[i + 1]].every((kw) => !kw);
}

function push(all: Columns, ms: number, moment: Moment | null, before: Moment | null): void {
  const kilo = (w: number | null | undefined) => (w == null ? null : w / 1000);
  all.x.push(ms / 1000);
  all.price.push(moment?.price ?? null);
  all.solar_kw.push(kilo(moment?.solar_w));
  all.load_kw.push(kilo(moment?.load_w));
  all.battery_kw.push(kilo(moment?.battery_w));
  all.solar_low_kw.push(kilo(moment?.solar_low_w));
  all.solar_high_kw.push(kilo(moment?.solar_high_w));
  all.load_low_kw.push(kilo(moment?.load_low_w));
  all.load_high_kw.push(kilo(moment?.load_high_w));
  all.planned_kw.push(kilo(moment?.planned_w));
  all.soc_pct.push(before?.soc_pct ?? null);
  all.planned_soc_pct.push(before?.planned_soc_pct ?? null);
  all.moments.push(moment);
}
