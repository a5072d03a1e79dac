import { describe, expect, it } from 'vitest';
import type { Tick } from '../model';
import { grader } from './levels';
import { outlookTargets, runs } from './runs';
import { columns, timeline } from './timeline';

const iso = (minutes: number) => new Date(Date.UTC(2026, 10, 24, 12, minutes)).toISOString();
const slot = (from: number, more: object = {}) => ({ start: iso(from), end: iso(from + 15), ...more });
const battery = (id: string, capacity_wh: number) => ({ id, name: id, capacity_wh });

function tick(snapshot: object, outlook: object[] = []): Tick {
  return {
    input: {
      snapshot: { now: iso(5), batteries: [battery('a', 1000)], past: [], ahead: [], ...snapshot },
    },
    plan: { outlook },
  } as unknown as Tick;
}

const expected = (target: string, kind: string, code: string, more: object = {}) => ({
  target,
  command: { kind },
  reason: { code, text: code },
  ...more,
});

describe('timeline', () => {
  it('joins what was and what is planned, by time and not by position', () => {
    const moments = timeline(
      tick(
        {
          past: [slot(-15, { battery_w: -200, soc_pct: 40 })],
          ahead: [slot(15, { import_price: 0.3 }), slot(0, { import_price: 0.2 })],
        },
        [slot(15, { targets: [expected('a', 'hold', 'h', { power_w: 0, soc_pct: 50 })] })],
      ),
    );
    expect(moments.map((m) => [m.past, m.price, m.battery_w, m.soc_pct, m.command?.kind])).toEqual([
      [true, null, -200, 40, undefined],
      [false, 0.2, null, null, undefined],
      [false, 0.3, 0, 50, 'hold'],
    ]);
  });

  it('leaves out what is older than a day or has no time', () => {
    const past = [slot(-1500), slot(-1400), { start: 'noon', end: 'later' }];
    expect(timeline(tick({ past }))).toHaveLength(1);
  });

  it('adds batteries up and weighs their charge by capacity', () => {
    const targets = [
      expected('a', 'charge', 'c', { power_w: -100, soc_pct: 80 }),
      expected('b', 'charge', 'c', { power_w: -300, soc_pct: 40 }),
      expected('plug', 'turn_on', 'p', { power_w: 999 }),
    ];
    const batteries = [battery('a', 1000), battery('b', 3000)];
    const [moment] = timeline(tick({ batteries, ahead: [slot(0)] }, [slot(0, { targets })]));
    expect(moment).toMatchObject({ battery_w: -400, soc_pct: 50 });
  });

  it('knows no sum when a part is unknown', () => {
    const targets = [expected('a', 'hold', 'h', { power_w: 1 }), expected('b', 'hold', 'h')];
    const batteries = [battery('a', 1), battery('b', 1)];
    const [moment] = timeline(tick({ batteries, ahead: [slot(0)] }, [slot(0, { targets })]));
    expect(moment).toMatchObject({ battery_w: null, soc_pct: null });
  });

  it('is empty without a tick or a plan', () => {
    expect(timeline(null)).toEqual([]);
    expect(timeline({ ...tick({ ahead: [slot(0)] }), plan: null })).toHaveLength(1);
  });
});

describe('columns', () => {
  it('put the charge at the end of its slot and give the last slot its width', () => {
    const c = columns(timeline(tick({ past: [slot(-30, { soc_pct: 10 }), slot(-15, { soc_pct: 20 })] })));
    expect(c.x).toHaveLength(3);
    expect(c.soc_pct).toEqual([null, 10, 20]);
    expect(c.moments.at(-1)).toBeNull();
  });

  it('break the lines at a gap', () => {
    const c = columns(timeline(tick({ past: [slot(-60, { load_w: 100 }), slot(-15, { load_w: 200 })] })));
    expect(c.load_kw).toEqual([0.1, null, 0.2, 0.2]);
    expect(c.moments.map((m) => m !== null)).toEqual([true, false, true, false]);
  });

  it('draw no line along a night without sun', () => {
    const past = [0, 0, 0, 500, 0].map((solar_w, i) => slot(-75 + 15 * i, { solar_w }));
    expect(columns(timeline(tick({ past }))).solar_kw).toEqual([null, null, 0, 0.5, 0, null]);
  });
});

describe('runs', () => {
  const outlook = [
    slot(0, { targets: [expected('a', 'charge', 'cheap', { soc_pct: 20 })] }),
    slot(15, { targets: [expected('a', 'charge', 'cheap', { soc_pct: 30 })] }),
    slot(30, { targets: [expected('a', 'charge', 'negative', { soc_pct: 40 })] }),
    slot(60, {
      targets: [expected('a', 'charge', 'negative', { soc_pct: 50 }), expected('plug', 'turn_on', 't')],
    }),
  ];
  const ahead = [0.3, 0.1, 0.2].map((import_price, i) => slot(15 * i, { import_price }));

  it('merge neighbours with the same command and reason, with their prices', () => {
    const all = runs(tick({ ahead }, outlook), 'a');
    expect(all.map((r) => [(r.end - r.start) / 60_000, r.low, r.high, r.soc_pct])).toEqual([
      [30, 0.1, 0.3, 30],
      [15, 0.2, 0.2, 40],
      [15, null, null, 50],
    ]);
  });

  it('are of each target', () => {
    expect(outlookTargets(tick({}, outlook))).toEqual(['a', 'plug']);
    expect(runs(tick({}, outlook), 'nothing')).toEqual([]);
  });
});

describe('price levels', () => {
  it('grade by thirds', () => {
    const grade = grader([0.1, 0.2, 0.3, 0.4, null]);
    expect([-0.01, 0.1, 0.25, 0.4].map(grade)).toEqual(['negative', 'cheap', 'middle', 'dear']);
  });

  it('call nothing cheap on a flat tariff', () => {
    expect([0.3, 0.31].map(grader([0.3, 0.31]))).toEqual(['middle', 'middle']);
    expect(grader([])(0.3)).toBe('middle');
  });
});
