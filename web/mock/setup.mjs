// The set-up page: sources, limits and budgets, and with accounts also users, tokens, notes and the log.
const accounts = process.env.ACCOUNTS === '1';
const users = [
  { name: 'anna', role: 'owner' },
  { name: 'ben', role: 'viewer' },
];
const tokens = [
  {
    name: 'wall-panel',
    scopes: ['read', 'hand'],
    made_by: 'anna',
    made_at: '2026-11-20T08:00:00Z',
    expires_at: '2027-02-18T08:00:00Z',
  },
];

const failure = (code, message) => ({ error: { code, message } });
const budget = (used, limit) => ({ used, limit });
const later = (at, hours) => new Date(Date.parse(at) + hours * 3_600_000).toISOString();

function setup({ live, tick }) {
  const { at } = live;
  const targets = live.home.batteries.map(({ id }) => ({
    id,
    name: live.names[id] ?? id,
    kind: 'battery',
    mode: live.doing.find((doing) => doing.target === id)?.mode ?? 'advise',
    commands: ['hold', 'charge', 'discharge', 'balance'],
    dwell_s: 120,
    write_interval_s: 10,
    turns: budget(7, 24),
    writes: budget(412, null),
    battery: {
      capacity_wh: 1920,
      min_soc_pct: 10,
      outage_reserve_pct: 5,
      max_soc_pct: 100,
      max_charge_w: 1000,
      max_discharge_w: 800,
      flash_commands: ['hold'],
      flash_writes: budget(38, 300),
    },
  }));
  const devices = live.home.devices.map(({ id }) => ({
    id,
    name: live.names[id] ?? id,
    kind: 'plug',
    mode: 'advise',
    commands: ['turn_on_off'],
    dwell_s: 60,
    write_interval_s: 2,
    turns: budget(3, 24),
    writes: budget(3, null),
    battery: null,
  }));
  return {
    at,
    columns: tick?.input.snapshot.sources ?? [],
    fetched: [
      {
        kind: 'import_prices',
        name: 'tibber',
        answered_at: later(at, -5),
        known_until: later(at, 22),
        due_at: later(at, 1),
        failures: 0,
        error: null,
      },
      {
        kind: 'weather_and_sun',
        name: 'open-meteo',
        answered_at: later(at, -26),
        known_until: later(at, 46),
        due_at: later(at, 0.5),
        failures: 3,
        error: 'the answer did not come within 20 s',
      },
    ],
    problems: tick?.input.snapshot.problems ?? [],
    connection: { import_limit_w: 11000, feed_in_limit_w: 800, phase_limit_a: null, meter_stale_after_s: 60 },
    targets: [...targets, ...devices],
    journal_bytes: 48_300_000,
    keep_ticks_days: 90,
    keep_past_days: 800,
  };
}

const notes = (at) =>
  [
    'anna (owner): PUT /api/strategies/rule-based/settings: 200',
    'by hand: paused',
    'token wall-panel: POST /api/pause: 200',
    '`anna`: wrong name or password',
  ].map((text, i) => ({ id: 40 - i, at: later(at, -i), level: 'info', text }));

const log = (at) =>
  ['a tick was recorded tick=812 decide_us=640', 'prices fetched source=tibber documents=1'].map(
    (text, i) => ({
      at: later(at, -i / 10),
      level: i === 1 ? 'warn' : 'info',
      part: 'wattwright_control',
      text,
    }),
  );

/** Answers `[status, body]`; null: not one of these. */
export function setupPage(method, pathname, body, state) {
  const [, kind, name] = /^\/api\/(users|tokens)(?:\/([a-z0-9-]+))?/.exec(pathname) ?? [];
  if (kind && !accounts) return [404, failure('no-accounts', 'there are no users')];
  const list = kind === 'users' ? users : tokens;
  if (kind && method === 'GET') return [200, list];
  if (kind && method === 'DELETE') {
    list.splice(0, list.length, ...list.filter((one) => one.name !== name));
    return [204, null];
  }
  if (kind === 'users' && method === 'POST' && !name) {
    const user = JSON.parse(body.toString());
    users.push(user);
    return [200, { ...user, password: 'k3vmhq7r2wd8xcn5b4ta' }];
  }
  if (kind === 'tokens' && method === 'POST') {
    const { name, scopes } = JSON.parse(body.toString());
    const token = { name, scopes, made_by: 'anna', made_at: state.live.at, expires_at: null };
    tokens.push(token);
    return [200, { secret: `wattwright_${'5a'.repeat(32)}`, token }];
  }
  if (method !== 'GET') return null;
  if (pathname === '/api/setup') return [200, setup(state)];
  if (pathname === '/api/notes') return [200, notes(state.live.at)];
  return pathname === '/api/log' ? [200, log(state.live.at)] : null;
}
