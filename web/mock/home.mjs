// A made-up home with a 1.92 kWh battery, enough like a real one to draw the page: prices, sun and use
// by the hour, a simple plan, and its physics. Deterministic, so that pictures can be compared.

export const SLOT_S = 900;
export const TIMEZONE = 'Europe/Berlin';
const DAY_START = Date.UTC(2026, 10, 23, 23) / 1000; // midnight in Berlin, 24 November 2026

export const iso = (s) => new Date(Math.round(s) * 1000).toISOString().replace('.000Z', 'Z');
export const atHour = (hour) => DAY_START + hour * 3600;

const noise = (n) => {
  const x = Math.sin(n * 127.1 + 311.7) * 43758.5453;
  return x - Math.floor(x);
};
const hump = (h, middle, width) => Math.exp(-(((h - middle) / width) ** 2));

const hourOf = (s) => ((((s - DAY_START) / 3600) % 24) + 24) % 24;
const dayOf = (s) => Math.floor((s - DAY_START) / 86400);

const spot = (s) => {
  const h = hourOf(s);
  const base = 0.075 + 0.11 * hump(h, 8.2, 1.8) + 0.17 * hump(h, 18.6, 2.2) - 0.065 * hump(h, 3, 2.6);
  return base - 0.03 * hump(h, 13, 2) + 0.02 * (noise(Math.floor(s / 3600)) - 0.5) + 0.01 * dayOf(s);
};
export const price = (s) => Math.round((spot(s) + 0.1547) * 1.19 * 1e5) / 1e5;
export const solar = (s) => {
  const h = hourOf(s);
  if (h < 7.9 || h > 16.4) return 0;
  const clear = 1150 * Math.sin((Math.PI * (h - 7.9)) / 8.5) ** 1.4;
  return Math.round(clear * (0.6 + 0.4 * noise(s / SLOT_S)));
};
export const load = (s) => {
  const h = hourOf(s);
  const base = 190 + 260 * hump(h, 7.4, 1) + 520 * hump(h, 19, 2) + 160 * hump(h, 12.5, 1.2);
  return Math.round(base * (0.75 + 0.5 * noise(s / SLOT_S + 7)));
};

export const battery = {
  id: 'battery',
  name: 'SolarFlow 800',
  capacity_wh: 1920,
  min_soc_pct: 10,
  max_soc_pct: 100,
  max_charge_w: 1000,
  max_discharge_w: 800,
  charge_efficiency: 0.93,
  discharge_efficiency: 0.93,
  wear_cost_per_kwh: 0.04,
};

const euros = (x) => `${(x * 100).toFixed(1)} ct`;

function wish(s, cheap, dear) {
  const p = price(s);
  if (p <= cheap)
    return {
      command: { kind: 'charge', power_w: 1000 },
      reason: {
        code: 'charge-cheap',
        text: `Import costs ${euros(p)} now and ${euros(dear)} at 18:30; the gain of ${euros(dear - p)} is more than 6.6 ct for losses and wear.`,
        facts: [
          { name: 'import-price-now', value: p, unit: 'EUR/kWh' },
          { name: 'import-price-later', value: dear, unit: 'EUR/kWh' },
          { name: 'losses', value: 0.026, unit: 'EUR/kWh' },
          { name: 'wear', value: 0.04, unit: 'EUR/kWh' },
        ],
      },
    };
  if (p < (cheap + dear) / 2.05 && solar(s) < load(s))
    return {
      command: { kind: 'hold' },
      reason: {
        code: 'hold-for-dear',
        text: `The stored energy is worth ${euros(dear)} at 18:30, import costs only ${euros(p)} now.`,
        facts: [
          { name: 'import-price-now', value: p, unit: 'EUR/kWh' },
          { name: 'import-price-later', value: dear, unit: 'EUR/kWh' },
        ],
      },
    };
  return {
    command: { kind: 'balance' },
    reason: {
      code: 'self-use',
      text: `Follows the meter: import at ${euros(p)} is dearer than the stored energy.`,
      facts: [{ name: 'import-price-now', value: p, unit: 'EUR/kWh' }],
    },
  };
}

/** One slot of physics: what the battery does under a command. */
function run(command, s, soc) {
  const b = battery;
  const room_wh = ((b.max_soc_pct - soc) / 100) * b.capacity_wh;
  const stored_wh = (Math.max(soc - b.min_soc_pct, 0) / 100) * b.capacity_wh;
  let power = 0;
  if (command.kind === 'charge') power = -command.power_w;
  if (command.kind === 'discharge') power = command.power_w;
  if (command.kind === 'balance') power = load(s) - solar(s);
  power = Math.max(-b.max_charge_w, Math.min(b.max_discharge_w, power));
  power = Math.max(power, (-room_wh / b.charge_efficiency) * 4);
  power = Math.min(power, stored_wh * b.discharge_efficiency * 4);
  const change_wh = power < 0 ? (-power * b.charge_efficiency) / 4 : -power / b.discharge_efficiency / 4;
  return { power_w: Math.round(power), soc: soc + (change_wh / b.capacity_wh) * 100 };
}

/**
 * Everything of one moment. `prices`: whether they are known; `soc`: at `now`; `command`: what is done
 * now instead of the planner's wish.
 */
export function home({ now, soc, prices = true, command = null, reason = null }) {
  const first = Math.floor(now / SLOT_S) * SLOT_S;
  const until = DAY_START + (dayOf(now) + (hourOf(now) >= 13 ? 2 : 1)) * 86400;
  const known = [];
  for (let s = first; s < until; s += SLOT_S) known.push(price(s));
  const sorted = [...known].sort((a, b) => a - b);
  const cheap = sorted[Math.min(11, sorted.length - 1)];
  const dear = sorted[Math.floor(sorted.length * 0.93)];

  const past = [];
  let state = Math.max(30, soc - 20);
  for (let s = first - 2 * 86400; s < first; s += SLOT_S) {
    const done = run(wish(s, 0.2, 0.45).command, s, state);
    state = done.soc + (s > first - 43200 ? (soc - done.soc) / Math.max(1, (first - s) / SLOT_S) : 0);
    past.push({
      start: iso(s),
      end: iso(s + SLOT_S),
      import_price: prices ? price(s) : null,
      export_price: 0.0803,
      solar_w: solar(s),
      load_w: load(s),
      grid_w: load(s) - solar(s) - done.power_w,
      battery_w: done.power_w,
      soc_pct: Math.round(state * 10) / 10,
      temperature_c: 4,
    });
  }

  const ahead = [];
  const outlook = [];
  state = soc;
  for (let s = first; s < first + 36 * 3600; s += SLOT_S) {
    const has = prices && s < until;
    ahead.push({
      start: iso(s),
      end: iso(s + SLOT_S),
      import_price: has ? price(s) : null,
      export_price: 0.0803,
      solar_w: solar(s),
      solar_low_w: Math.round(0.65 * solar(s)),
      solar_high_w: Math.round(1.25 * solar(s)),
      load_w: load(s - 86400),
      load_low_w: Math.round(0.75 * load(s - 86400)),
      load_high_w: Math.round(1.35 * load(s - 86400)),
      temperature_c: null,
      cloud_cover_pct: null,
    });
    const planned = has
      ? wish(s, cheap, dear)
      : {
          command: { kind: 'balance' },
          reason: { code: 'self-use', text: 'Follows the meter, since no price is known.' },
        };
    if (s === first && command) Object.assign(planned, { command, reason: reason ?? planned.reason });
    const done = run(planned.command, s, state);
    state = done.soc;
    outlook.push({
      start: iso(s),
      end: iso(s + SLOT_S),
      grid_w: load(s) - solar(s) - done.power_w,
      targets: [
        {
          target: 'battery',
          command: planned.command,
          power_w: done.power_w,
          soc_pct: Math.round(state * 10) / 10,
          reason: planned.reason,
        },
        {
          target: 'washer',
          command: { kind: s >= atHour(27) && s < atHour(29) ? 'turn_on' : 'turn_off' },
          power_w: s >= atHour(27) && s < atHour(29) ? 400 : 0,
          soc_pct: null,
          reason: { code: 'task', text: 'Runs in the cheapest two hours before 07:00.' },
        },
      ],
    });
  }
  let end = 0;
  while (outlook[end] && outlook[end].targets[0].command.kind === outlook[0].targets[0].command.kind) end++;
  return { first, past, ahead, outlook, until: outlook[end]?.start ?? null };
}
