/** Who gives and who takes, from the readings. */
import type { HomeState } from '../model';
import { finite } from './format';

/** Below this, nothing worth mentioning flows. */
export const IDLE_W = 5;

export interface Flows {
  /** Import positive. */
  grid_w: number | null;
  /** Null: unknown; absent from the home when `hasSolar` is false. */
  solar_w: number | null;
  hasSolar: boolean;
  /** Discharge positive; all batteries. */
  battery_w: number | null;
  hasBattery: boolean;
  load_w: number | null;
  /** Mean of all batteries that are known. */
  soc_pct: number | null;
}

export function flows(home: HomeState): Flows {
  const grid_w = finite(home.grid_power_w.value);
  const solar_w = finite(home.solar_power_w?.value);
  const battery_w = sum(home.batteries.map((b) => finite(b.power_w.value)));
  const socs = home.batteries.map((b) => finite(b.soc_pct.value)).filter((soc) => soc !== null);
  const hasSolar = home.solar_power_w != null;
  const measured = finite(home.load_power_w?.value);
  return {
    grid_w,
    solar_w,
    hasSolar,
    battery_w,
    hasBattery: home.batteries.length > 0,
    load_w: measured ?? atLeastZero(sum([grid_w, hasSolar ? solar_w : 0, battery_w])),
    soc_pct: socs.length > 0 ? socs.reduce((a, b) => a + b, 0) / socs.length : null,
  };
}

/** Null as soon as one is unknown: part of a sum would be a wrong sum. */
function sum(values: (number | null)[]): number | null {
  return values.reduce<number | null>(
    (all, value) => (all === null || value === null ? null : all + value),
    0,
  );
}

const atLeastZero = (value: number | null) => (value === null ? null : Math.max(0, value));
