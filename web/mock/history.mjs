// What was decided and measured before the mock's moment, made from the scenario's own past.
const DAY_MS = 86_400_000;

/** What each slot of the past day was decided by. */
export function decisions({ tick }) {
  if (!tick) return [];
  const { past, now } = tick.input.snapshot;
  const day = past.filter((slot) => Date.parse(slot.start) >= Date.parse(now) - DAY_MS);
  return day.map((slot, i) => {
    const watt = slot.battery_w ?? 0;
    const command =
      watt < -20
        ? { kind: 'charge', power_w: Math.round(-watt / 50) * 50 }
        : watt > 20
          ? { kind: 'balance' }
          : { kind: 'hold' };
    const reason = { code: command.kind, text: REASONS[command.kind], facts: [] };
    const adjusted = i % 17 === 5;
    return {
      start: slot.start,
      tick: tick.id - day.length + i,
      at: slot.start,
      strategy: tick.strategy,
      actions: [{ target: 'battery', command, reason, until: null }],
      verdicts: [
        {
          target: 'battery',
          decision: adjusted ? 'adjusted' : 'accepted',
          proposed: command,
          approved: command,
          findings: adjusted
            ? [
                {
                  rule: 'charge-power',
                  text: '1,200 W is more than the 1,000 W allowed.',
                  from: command,
                  to: command,
                },
              ]
            : [],
        },
      ],
      outcomes: [{ target: 'battery', command, stage: i % 29 === 11 ? 'timed_out' : 'effective', steps: [] }],
      expected: [
        {
          target: 'battery',
          command,
          power_w: watt + 60 * Math.sin(i),
          soc_pct: (slot.soc_pct ?? 50) + 3 * Math.sin(i / 9),
          reason,
        },
      ],
    };
  });
}

const REASONS = {
  charge: 'Import is cheap now; the gain is more than losses and wear.',
  balance: 'Follows the meter: import is dearer than the stored energy.',
  hold: 'The stored energy is worth more in the evening.',
};

/** Ticks as a list shows them. */
export function ticks({ tick }, query) {
  if (!tick) return [];
  const limit = Number(query.get('limit') ?? 50);
  const until = query.get('until');
  const back = until ? Math.max(0, Math.ceil((Date.parse(tick.at) - Date.parse(until)) / 900_000) + 1) : 0;
  const first = query.has('before') ? Number(query.get('before')) - 1 : tick.id - back;
  return Array.from({ length: Math.max(0, Math.min(limit, first)) }, (_, i) => {
    const id = first - i;
    return {
      id,
      at: new Date(Date.parse(tick.at) - (tick.id - id) * 900_000).toISOString(),
      cause: id % 11 === 0 ? { kind: 'change', what: 'import price ahead changed' } : { kind: 'slot' },
      strategy: tick.strategy,
      summary: tick.plan?.summary ?? '',
      worst_decision: id % 17 === 5 ? 'adjusted' : 'accepted',
      worst_stage: id % 29 === 11 ? 'timed_out' : 'effective',
    };
  });
}

/** Energy by day, week or month. */
export function energy({ live }, query) {
  const by = query.get('by') ?? 'day';
  const now = Date.parse(live.at);
  const [count, days] = { day: [31, 1], week: [26, 7], month: [14, 30] }[by];
  const midnight = now - ((now + 3_600_000) % DAY_MS);
  const periods = [];
  for (let i = count - 1; i >= 0; i--) {
    const start = starts(by, midnight, i);
    const part = i === 0 ? 0.8 / days : 1;
    const slots = Math.round(96 * days * part);
    const sum = (perDay, missing = 0) => ({ value: perDay * days * part, slots: slots - missing });
    const sunny = 0.6 + 0.4 * Math.sin(i * 2.3);
    const missing = i % 9 === 4 ? 10 : 0;
    periods.push({
      first_day: new Date(start + 3_600_000).toISOString().slice(0, 10),
      start: new Date(start).toISOString(),
      end: new Date(start + days * DAY_MS).toISOString(),
      slots,
      import_wh: sum(6400 - 1800 * sunny),
      export_wh: sum(300 + 900 * sunny),
      solar_wh: sum(3900 * sunny),
      load_wh: sum(8700),
      charge_wh: sum(2100),
      discharge_wh: sum(1850),
      cost: sum(1.62 - 0.5 * sunny, missing),
      saving: sum(i % 6 === 3 ? -0.04 : 0.21 + 0.2 * sunny, missing),
      saving_self_consumption: sum(i % 6 === 3 ? -0.09 : 0.06 + 0.12 * sunny, missing),
      cycles: 0.93 * days * part,
    });
  }
  return periods;
}

function starts(by, midnight, back) {
  const day = new Date(midnight + 3_600_000);
  if (by === 'month') return Date.UTC(day.getUTCFullYear(), day.getUTCMonth() - back, 1) - 3_600_000;
  const monday = midnight - ((day.getUTCDay() + 6) % 7) * DAY_MS;
  return by === 'week' ? monday - back * 7 * DAY_MS : midnight - back * DAY_MS;
}

/** The same again, as a replay says it. */
export const replay = (id, { tick }) => ({
  tick: id,
  parts: [{ strategy: tick.strategy, same: true, failure: null, fuel: [188_204, 188_204] }],
  verdicts_same: true,
  differences: [],
  is_same: true,
});
