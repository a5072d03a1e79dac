// What if, and backtests, until the mock ends. The figures are made up, but fit together.
const DAY_MS = 86_400_000;

/** The plan beside itself with every eighth slot told something else. */
export function whatIf({ tick }, body) {
  const asked = JSON.parse(body.toString() || '{}');
  const soc = tick.input.snapshot.batteries[0]?.soc_pct ?? 50;
  const bill = (change) => {
    let level = soc;
    const slots = tick.plan.outlook.map((slot, i) => {
      const expected = slot.targets.find((target) => target.target === 'battery');
      const other = change && Math.floor(i / 6) % 4 === 1;
      const command = other ? { kind: 'charge', power_w: 800 } : (expected?.command ?? { kind: 'hold' });
      const power_w = other ? -800 : (expected?.power_w ?? 0);
      level = Math.min(100, Math.max(10, level - (power_w * 0.25) / (change ? 38.4 : 19.2)));
      return { start: slot.start, end: slot.end, command, power_w, grid_w: 300 - power_w, soc_pct: level };
    });
    const cost = change ? 1.82 : 2.31;
    return { cost, cost_adjusted: cost - 0.12, import_kwh: 7.4, export_kwh: 0.6, cycles: 0.8, slots };
  };
  const side = (change) => ({
    strategy: change && asked.strategy ? { ...tick.strategy, name: asked.strategy } : tick.strategy,
    plan: tick.plan,
    verdicts: tick.verdicts,
    failure: null,
    ahead: tick.input.snapshot.ahead,
    bill: bill(change),
  });
  const changed = Object.values(asked.changes ?? {}).some((value) => value !== null);
  return { tick: tick.id, at: tick.at, real: side(false), other: side(changed) };
}

const from = Date.UTC(2026, 9, 24, 22);
const sources = [
  {
    data: 'home',
    from: new Date(from - 60 * DAY_MS).toISOString(),
    until: new Date(from + 31 * DAY_MS).toISOString(),
    slots: 8736,
  },
  { data: 'sample', from: '2023-06-30T22:00:00Z', until: '2024-06-30T22:00:00Z', slots: 35_136 },
];

function line(kind, saved, more = {}) {
  const days = Array.from({ length: 30 }, (_, i) => ({
    day: new Date(from + i * DAY_MS + 12 * 3_600_000).toISOString().slice(0, 10),
    cost: 1.9 + 0.5 * Math.sin(i * 1.7) - (saved / 30) * (1 + 0.4 * Math.sin(i)),
    soc_pct: 48 + 12 * Math.sin(i * 0.9 + saved),
  }));
  const cost = days.reduce((all, day) => all + day.cost, 0);
  return {
    kind,
    strategy: '',
    version: '',
    settings: {},
    cost: cost + 0.1,
    cost_adjusted: cost,
    saved_against_no_battery: saved,
    saved_against_self_consumption: saved - 7.4,
    share: (saved - 7.4) / 8.2,
    import_kwh: 214 - saved,
    export_kwh: 38 - saved / 2,
    cycles: saved * 1.6,
    adjusted: 0,
    refused: 0,
    strategy_errors: 0,
    decide_ms: null,
    days: kind === 'perfect_foresight' ? [] : days,
    soc_pct: [],
    ...more,
  };
}

const request = { data: 'home', days: 30, forecast: 'known', runs: [], capacity_wh: null, max_power_w: null };
const results = [
  {
    id: 1,
    at: '2026-11-24T16:20:00Z',
    wall_s: 14.2,
    request,
    from: new Date(from).toISOString(),
    until: new Date(from + 30 * DAY_MS).toISOString(),
    slots: 2880,
    currency: 'EUR',
    lines: [
      line('no_battery', 0),
      line('self_consumption', 7.4),
      line('perfect_foresight', 15.6),
      line('strategy', 10.9, { strategy: 'rule-based', version: '0.1.0', decide_ms: 0.21, adjusted: 12 }),
      line('strategy', 13.8, { strategy: 'linear', version: '0.1.0', decide_ms: 3.4, adjusted: 3 }),
    ],
  },
];
let running = null;

const short = (one) => ({ ...one, lines: one.lines.map((l) => ({ ...l, days: [], soc_pct: [] })) });

function state() {
  if (running) {
    running.slots_done += 700;
    if (running.slots_done >= running.slots) {
      const { id } = results[0] ?? { id: 0 };
      results.unshift({ ...structuredClone(results.at(-1)), id: id + 1, request: running.request });
      running = null;
    }
  }
  return {
    sources,
    battery: { capacity_wh: 1920, max_charge_w: 1000, max_discharge_w: 800 },
    running,
    failure: null,
    results: results.map(short),
  };
}

const failure = (code, message) => ({ error: { code, message } });

/** Answers below `/api/lab`; null: not one of ours. */
export function lab(method, pathname, body) {
  if (pathname === '/api/lab') {
    if (method === 'POST') {
      if (running) return [409, failure('busy', 'a backtest is under way; cancel it, or wait for its end')];
      running = {
        request: JSON.parse(body.toString()),
        since: '2026-11-24T18:00:00Z',
        slots_done: 0,
        slots: 4000,
      };
      return [202, state()];
    }
    if (method === 'DELETE') running = null;
    return [200, state()];
  }
  const [, id] = /^\/api\/lab\/(\d+)$/.exec(pathname) ?? [];
  if (!id) return null;
  const index = results.findIndex((one) => one.id === Number(id));
  if (index < 0) return [404, failure('not-found', `there is no backtest ${id}, or no longer`)];
  if (method !== 'DELETE') return [200, results[index]];
  results.splice(index, 1);
  return [204, null];
}
