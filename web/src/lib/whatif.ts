/** Two plans for the same moment, beside each other. */
import type { Alternative, BilledSlot, Command, Comparison, Tick, WhatIf } from '../model';
import { finite, instant } from './format';

/** What a person may change; as typed, empty: as it is. */
export interface Wishes {
  strategy: string;
  price: '' | 'factor' | 'flat' | 'plus' | 'hours';
  priceValue: string;
  /** Between these times of day `priceValue` holds, otherwise `priceElse`: for `hours`. */
  priceFrom: string;
  priceUntil: string;
  priceElse: string;
  battery: string;
  soc: string;
  load: string;
  solar: string;
}

export const NO_WISHES: Wishes = {
  strategy: '',
  price: '',
  priceValue: '',
  priceFrom: '22:00',
  priceUntil: '06:00',
  priceElse: '',
  battery: '',
  soc: '',
  load: '',
  solar: '',
};

const number = (text: string): number | null =>
  text.trim() === '' ? null : finite(Number(text.replace(',', '.')));
const share = (text: string): number | null => {
  const percent = number(text);
  return percent === null ? null : percent / 100;
};

/** Whether a time of day is in `[from, until)`, which may go over midnight; all as `22:00`. */
export const isBetween = (time: string, from: string, until: string): boolean =>
  from <= until ? time >= from && time < until : time >= from || time < until;

/** Prices by the time of day, for each slot ahead of a decision whose price is known. */
function byHours(wishes: Wishes, tick: Tick, clock: (ms: number) => string): NonNullable<WhatIf['set']> {
  const [within, otherwise] = [number(wishes.priceValue), number(wishes.priceElse)];
  const set: Record<string, unknown> = {};
  tick.input.snapshot.ahead.forEach((slot, place) => {
    const start = instant(slot.start);
    if (slot.import_price == null || start === null) return;
    const is = isBetween(clock(start), wishes.priceFrom, wishes.priceUntil);
    set[`snapshot.ahead.${place}.import_price`] = is ? within : otherwise;
  });
  // An object of any shape, which the description cannot say.
  return set as NonNullable<WhatIf['set']>;
}

/** As the daemon takes it, of this decision. Percentages become factors. `clock` tells the home's time of day. */
export function question(wishes: Wishes, tick: Tick, clock: (ms: number) => string): WhatIf {
  const price = number(wishes.priceValue);
  return {
    tick: tick.id,
    ...(wishes.price === 'hours' ? { set: byHours(wishes, tick, clock) } : {}),
    strategy: wishes.strategy || null,
    changes: {
      import_price: wishes.price === 'flat' ? price : null,
      import_price_factor: wishes.price === 'factor' ? share(wishes.priceValue) : null,
      import_price_plus: wishes.price === 'plus' ? price : null,
      export_price: null,
      battery_factor: share(wishes.battery),
      soc_pct: number(wishes.soc),
      load_factor: share(wishes.load),
      solar_factor: share(wishes.solar),
    },
  };
}

export interface Pair {
  /** Milliseconds. */
  start: number;
  end: number;
  real: Command | null;
  other: Command | null;
  /** At the end of the slot. */
  realSoc: number | null;
  otherSoc: number | null;
}

/** Slots in which the two plans say something else; neighbours that say the same are one. */
export function changed({ real, other }: Comparison): Pair[] {
  const [a, b] = [bySlot(real), bySlot(other)];
  const starts = [...new Set([...a.keys(), ...b.keys()])].sort((x, y) => x - y);
  const all: Pair[] = [];
  for (const start of starts) {
    const [was, is] = [a.get(start), b.get(start)];
    const [from, to] = [was?.command ?? null, is?.command ?? null];
    if (same(from, to)) continue;
    const end = instant((was ?? is)?.end) ?? start;
    const socs = { realSoc: finite(was?.soc_pct), otherSoc: finite(is?.soc_pct) };
    const last = all.at(-1);
    if (last && last.end === start && same(last.real, from) && same(last.other, to)) {
      Object.assign(last, { end, ...socs });
    } else {
      all.push({ start, end, real: from, other: to, ...socs });
    }
  }
  return all;
}

/** How many slots say something else. */
export const changedSlots = (pairs: readonly Pair[]): number =>
  pairs.reduce((all, pair) => all + Math.round((pair.end - pair.start) / 900_000), 0);

function bySlot({ bill }: Alternative): Map<number, BilledSlot> {
  const slots = new Map<number, BilledSlot>();
  for (const slot of bill?.slots ?? []) {
    const start = instant(slot.start);
    if (start !== null) slots.set(start, slot);
  }
  return slots;
}

const same = (a: Command | null, b: Command | null) => JSON.stringify(a) === JSON.stringify(b);

/** State of charge of both, for a chart: at the end of each slot, seconds. */
export function socs({ real, other }: Comparison): {
  x: number[];
  real: (number | null)[];
  other: (number | null)[];
} {
  const [a, b] = [bySlot(real), bySlot(other)];
  const starts = [...new Set([...a.keys(), ...b.keys()])].sort((x, y) => x - y);
  return {
    x: starts.map((start) => (start + 900_000) / 1000),
    real: starts.map((start) => finite(a.get(start)?.soc_pct)),
    other: starts.map((start) => finite(b.get(start)?.soc_pct)),
  };
}
