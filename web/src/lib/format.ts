/** Numbers and times for people: in the reader's locale and the home's time zone. */
import type { Maybe } from '../model';
import { locale as ownLocale, texts } from '../texts';

/** The number, or null when it is absent or not finite. */
export function finite(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

/** Milliseconds of an instant, or null when it is absent or unreadable. */
export function instant(value: Maybe<string>): number | null {
  return value ? finite(Date.parse(value)) : null;
}

export class Format {
  readonly timezone: string | undefined;
  readonly #locale: string | undefined;
  readonly #currency: string | null;
  readonly #made = new Map<string, Intl.DateTimeFormat>();

  constructor(timezone: Maybe<string>, currency: Maybe<string>, locale: string | undefined = ownLocale) {
    this.#locale = locale;
    this.timezone = known(() => new Intl.DateTimeFormat(locale, { timeZone: timezone ?? undefined }))
      ? (timezone ?? undefined)
      : undefined;
    this.#currency =
      currency && known(() => new Intl.NumberFormat(locale, { style: 'currency', currency }))
        ? currency
        : null;
  }

  number(value: unknown, digits = 0, least = 0): string {
    const number = finite(value);
    if (number === null) return typeof value === 'string' ? value : texts.unknown;
    // Minus zero would show as "-0".
    const rounded = Number(number.toFixed(digits)) || 0;
    return new Intl.NumberFormat(this.#locale, {
      maximumFractionDigits: digits,
      minimumFractionDigits: least,
    }).format(rounded);
  }

  /** Such as `1,000 W`; kilowatt from 10 kW on. */
  power(watt: unknown): string {
    const value = finite(watt);
    if (value !== null && Math.abs(value) >= 9_999.5) return `${this.number(value / 1000, 1)} kW`;
    return value === null && typeof watt !== 'string' ? texts.unknown : `${this.number(watt)} W`;
  }

  energy(wattHours: unknown): string {
    const value = finite(wattHours);
    return value === null ? texts.unknown : `${this.number(value / 1000, 2, 2)} kWh`;
  }

  percent(value: unknown): string {
    return finite(value) === null ? texts.unknown : `${this.number(value)} %`;
  }

  /** A price of a kWh, without the unit. */
  price(value: unknown): string {
    const number = finite(value);
    if (number === null) return texts.plan.noPrice;
    if (!this.#currency) return this.number(number, 3, 3);
    return new Intl.NumberFormat(this.#locale, {
      style: 'currency',
      currency: this.#currency,
      minimumFractionDigits: 3,
      maximumFractionDigits: 3,
    }).format(number);
  }

  /** An amount of money. */
  money(value: number): string {
    const rounded = Number(value.toFixed(2)) || 0;
    if (!this.#currency) return this.number(rounded, 2, 2);
    return new Intl.NumberFormat(this.#locale, { style: 'currency', currency: this.#currency }).format(
      rounded,
    );
  }

  priceRange(low: Maybe<number>, high: Maybe<number>): string {
    if (finite(low) === null || finite(high) === null) return texts.plan.noPrice;
    const [from, to] = [this.price(low), this.price(high)];
    return from === to ? from : `${from} – ${to}`;
  }

  /** Such as `€/kWh`. */
  priceUnit(): string {
    if (!this.#currency) return '1/kWh';
    const part = new Intl.NumberFormat(this.#locale, { style: 'currency', currency: this.#currency })
      .formatToParts(0)
      .find((p) => p.type === 'currency');
    return `${part?.value ?? this.#currency}/kWh`;
  }

  /** Time of day. */
  clock(ms: number): string {
    return this.#date(ms, { hour: '2-digit', minute: '2-digit' });
  }

  /** Time of day as a field of the kind `time` has it. */
  field(ms: number): string {
    return this.#dates('sv-SE', { hour: '2-digit', minute: '2-digit' }).format(ms);
  }

  /** Time of day, with the day when it is not that of `now`. */
  when(ms: number, now: number): string {
    const clock = this.clock(ms);
    if (this.#day(ms) === this.#day(now)) return clock;
    if (this.#day(ms) === this.#day(now + 86_400_000)) return texts.time.tomorrow(clock);
    if (Math.abs(ms - now) < 6 * 86_400_000) return `${this.weekday(ms)} ${clock}`;
    return this.#date(ms, { dateStyle: 'medium', timeStyle: 'short' });
  }

  /** An interval: `19:00–19:15`, with the day when it is not that of `now`. */
  span(from: number, to: number, now: number): string {
    return `${this.when(from, now)}–${this.clock(to)}`;
  }

  weekday(ms: number): string {
    return this.#date(ms, { weekday: 'short' });
  }

  /** A day with its weekday. */
  day(ms: number): string {
    return this.#date(ms, { weekday: 'short', day: 'numeric', month: 'short' });
  }

  /** A day without its weekday. */
  shortDay(ms: number): string {
    return this.#date(ms, { day: 'numeric', month: 'short' });
  }

  /** A day with its year. */
  date(ms: number): string {
    return this.#date(ms, { dateStyle: 'medium' });
  }

  month(ms: number): string {
    return this.#date(ms, { month: 'long', year: 'numeric' });
  }

  /** The instant of a `datetime-local` field's value, read in the home's zone; null: unreadable. */
  fromField(value: string): number | null {
    const wall = finite(Date.parse(`${value}Z`));
    if (wall === null) return null;
    // The zone's offset may be another at the first guess, when the clock is changed in between.
    const guess = wall - this.#offset(wall);
    return wall - this.#offset(guess);
  }

  /** How much the home's clock is ahead of UTC. */
  #offset(ms: number): number {
    const wall = this.#dates('sv-SE', { dateStyle: 'short', timeStyle: 'medium' }).format(ms);
    return Date.parse(`${wall.replace(' ', 'T')}Z`) - Math.floor(ms / 1000) * 1000;
  }

  /** Hour for an axis: `18`, or the weekday at midnight. */
  axisHour(ms: number): string {
    const clock = this.clock(ms);
    return this.#isMidnight(ms) ? this.weekday(ms) : clock;
  }

  /** How long ago, in the coarsest fitting unit. */
  age(ms: number): string {
    const s = Math.max(0, Math.round(ms / 1000));
    const ago = texts.time.ago;
    if (s < 120) return ago.seconds(this.number(s));
    if (s < 7_200) return ago.minutes(this.number(Math.floor(s / 60)));
    if (s < 172_800) return ago.hours(this.number(Math.floor(s / 3600)));
    return ago.days(this.number(Math.floor(s / 86_400)));
  }

  /** A named number of a strategy. */
  fact(value: unknown, unit: string): string {
    const number = finite(value);
    if (number === null) return String(value);
    const size = Math.abs(number);
    const digits = size >= 100 ? 0 : size >= 10 ? 1 : 3;
    return `${this.number(number, digits)} ${unit}`.trim();
  }

  #isMidnight(ms: number): boolean {
    const clock = this.#dates('en-GB', {
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    });
    return clock.format(ms) === '00:00';
  }

  #day(ms: number): string {
    return this.#date(ms, { year: 'numeric', month: '2-digit', day: '2-digit' });
  }

  #date(ms: number, options: Intl.DateTimeFormatOptions): string {
    return this.#dates(this.#locale, options).format(ms);
  }

  /** Making a formatter takes far longer than using it. */
  #dates(locale: string | undefined, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
    const key = JSON.stringify([locale, options]);
    const made =
      this.#made.get(key) ?? new Intl.DateTimeFormat(locale, { ...options, timeZone: this.timezone });
    this.#made.set(key, made);
    return made;
  }
}

function known(attempt: () => unknown): boolean {
  try {
    attempt();
    return true;
  } catch {
    return false;
  }
}
