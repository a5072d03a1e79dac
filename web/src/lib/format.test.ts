import { describe, expect, it } from 'vitest';
import { Format, finite, instant } from './format';

const berlin = new Format('Europe/Berlin', 'EUR', 'en-GB');
const at = (iso: string) => Date.parse(iso);

describe('numbers', () => {
  it('says that an absent value is unknown and never zero', () => {
    expect(berlin.power(null)).toBe('unknown');
    expect(berlin.energy(undefined)).toBe('unknown');
    expect(berlin.percent(Number.NaN)).toBe('unknown');
    expect(berlin.price(null)).toBe('no price');
    expect(finite('1')).toBeNull();
  });

  it('shows what a strategy said when it is no number', () => {
    expect(berlin.power('NaN')).toBe('NaN W');
    expect(berlin.fact('inf', 'W')).toBe('inf');
  });

  it('never shows minus zero', () => {
    expect(berlin.power(-0.3)).toBe('0 W');
  });

  it('uses the unit that people read', () => {
    expect(berlin.power(1000)).toBe('1,000 W');
    expect(berlin.power(11_040)).toBe('11 kW');
    expect(berlin.energy(499)).toBe('0.50 kWh');
    expect(berlin.price(0.2167)).toBe('€0.217');
    expect(berlin.price(-0.01)).toBe('-€0.010');
    expect(berlin.priceUnit()).toBe('€/kWh');
  });

  it('goes on with a currency and a zone that nobody knows', () => {
    const odd = new Format('Mars/Olympus', 'not a currency', 'en-GB');
    expect(odd.timezone).toBeUndefined();
    expect(odd.price(0.25)).toBe('0.250');
  });
});

describe('times', () => {
  const now = at('2026-11-24T12:00:00Z');

  it('are those of the home', () => {
    expect(berlin.clock(at('2026-11-24T18:30:00Z'))).toBe('19:30');
    expect(new Format('America/New_York', null, 'en-GB').clock(at('2026-11-24T18:30:00Z'))).toBe('13:30');
  });

  it('name the day when it is another one in the home', () => {
    expect(berlin.when(at('2026-11-24T22:30:00Z'), now)).toBe('23:30');
    expect(berlin.when(at('2026-11-24T23:30:00Z'), now)).toBe('tomorrow 00:30');
    expect(berlin.when(at('2026-11-27T08:00:00Z'), now)).toBe('Fri 09:00');
  });

  it('show both hours of the night the clocks go back', () => {
    const night = at('2026-10-25T00:00:00Z');
    expect(berlin.clock(at('2026-10-25T00:30:00Z'))).toBe('02:30');
    expect(berlin.clock(at('2026-10-25T01:30:00Z'))).toBe('02:30');
    expect(berlin.when(at('2026-10-25T12:00:00Z'), night)).toBe('13:00');
  });

  it('put the weekday at midnight on the axis', () => {
    expect(berlin.axisHour(at('2026-11-24T23:00:00Z'))).toBe('Wed');
    expect(berlin.axisHour(at('2026-11-24T11:00:00Z'))).toBe('12:00');
  });

  it('tell ages in the coarsest fitting unit', () => {
    expect(berlin.age(-500)).toBe('0 s');
    expect(berlin.age(119_000)).toBe('119 s');
    expect(berlin.age(150_000)).toBe('2 min');
    expect(berlin.age(3 * 3_600_000)).toBe('3 h');
  });

  it('are absent when unreadable', () => {
    expect(instant('yesterday')).toBeNull();
    expect(instant(null)).toBeNull();
  });
});

it('reads a field of date and time in the home’s zone, on either side of a clock change', () => {
  const berlin = new Format('Europe/Berlin', 'EUR', 'en-GB');
  expect(berlin.fromField('2026-11-24T12:00')).toBe(Date.parse('2026-11-24T11:00:00Z'));
  expect(berlin.fromField('2026-07-01T00:30')).toBe(Date.parse('2026-06-30T22:30:00Z'));
  expect(berlin.fromField('2026-10-25T04:00')).toBe(Date.parse('2026-10-25T03:00:00Z'));
  expect(berlin.fromField('2026-03-29T01:30')).toBe(Date.parse('2026-03-29T00:30:00Z'));
  expect(berlin.fromField('nonsense')).toBeNull();
});
