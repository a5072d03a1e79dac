// Strategies that can be managed, until the mock ends.
const HASH = '9f2c41d07be3a86655c1f0d2e4b7a9138c6d5e4f3a2b1c0d9e8f7a6b5c4d3e2f';
const OTHER = '4be1a90c77d3f6e5b2a1908f7e6d5c4b3a29180f7e6d5c4b3a29180f7e6d5c4b';
const OLDER = '11aa22bb33cc44dd55ee66ff77008899aabbccddeeff00112233445566778899';

const schema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    reserve_pct: {
      type: 'number',
      title: 'Reserve for outages',
      description: 'What always stays in the battery, in percent.',
      default: 0,
      minimum: 0,
      maximum: 100,
      'x-unit': '%',
    },
    grid_charging: {
      type: 'boolean',
      title: 'Charge from the grid',
      description: 'Whether the battery may charge from the grid when a kWh is cheap.',
      default: true,
    },
    tone: { type: 'string', enum: ['quiet', 'bright'], title: 'Lights', default: 'quiet' },
  },
};

const defaults = { reserve_pct: 0, grid_charging: true, tone: 'quiet' };
const version = (name, number, hash) => ({ name, version: number, hash });

const detail = (name, more) => ({
  name,
  role: 'off',
  position: null,
  origin: `${name}.wasm`,
  version: version(name, '1.2.0', OTHER),
  author: 'A neighbour',
  summary: 'Holds the battery for the evening.',
  commands: ['balance', 'charge', 'hold'],
  imports: ['wattwright:strategy/host@0.2.0'],
  size_bytes: 61_204,
  loaded_at: '2026-11-24T08:12:00Z',
  error: null,
  quarantine: null,
  settings: { ...defaults },
  own_settings: {},
  settings_schema: schema,
  grant: { targets: null, grid_charging: true, export: false, max_power_w: 600 },
  allowance: {},
  versions: [
    {
      strategy: version(name, '1.2.0', OTHER),
      first_seen_at: '2026-11-24T08:12:00Z',
      is_current: true,
      is_before: false,
    },
    {
      strategy: version(name, '1.1.0', OLDER),
      first_seen_at: '2026-11-02T17:40:00Z',
      is_current: false,
      is_before: true,
    },
  ],
  ...more,
});

let all = [
  detail('rule-based', {
    role: 'active',
    position: 0,
    origin: 'shipped',
    version: version('rule-based', '0.1.0', HASH),
    author: 'The Wattwright authors',
    summary: 'Keeps a reserve, uses own solar power, charges when it is cheap and holds for dear hours.',
    commands: ['hold', 'charge', 'discharge', 'balance', 'turn_on_off', 'set_light'],
    settings: { ...defaults, reserve_pct: 15 },
    own_settings: { reserve_pct: 15 },
    grant: { targets: null, grid_charging: true, export: true, max_power_w: null },
    versions: [
      {
        strategy: version('rule-based', '0.1.0', HASH),
        first_seen_at: '2026-11-01T09:00:00Z',
        is_current: true,
        is_before: false,
      },
    ],
  }),
  detail('evening-hold', { role: 'shadow' }),
  detail('greedy', {
    summary: 'Discharges whenever the price is above its mean.',
    quarantine: {
      since: '2026-11-24T16:15:00Z',
      code: 'out-of-fuel',
      message: 'it spent its budget of instructions three times in a row',
    },
  }),
];

class Refused extends Error {
  constructor(status, code, text) {
    super(text);
    Object.assign(this, { status, code });
  }
}

const find = (name) => {
  const found = all.find((s) => s.name === name);
  if (!found) throw new Refused(404, 'not-found', `there is no strategy \`${name}\``);
  return found;
};

function order() {
  const rank = { active: 0, shadow: 1, off: 2 };
  all.sort((a, b) => rank[a.role] - rank[b.role] || (a.position ?? 0) - (b.position ?? 0));
  all.forEach((s, i) => (s.position = s.role === 'active' ? i : null));
}

const uploaded = () =>
  detail('uploaded', { summary: 'Tried out by the mock.', versions: [], origin: 'uploaded.wasm' });

const examine = (wasm) =>
  wasm.subarray(0, 4).toString('latin1') === '\0asm'
    ? {
        ...{ ok: true, name: 'uploaded', version: '1.2.0', hash: OTHER, author: 'A neighbour' },
        ...{
          summary: 'Tried out by the mock.',
          commands: ['balance', 'hold'],
          imports: [],
          size_bytes: wasm.length,
        },
        ...{
          compile_ms: 212,
          decide_ms: 0.41,
          fuel: 188_204,
          plan: 'Follows the meter until 17:00.',
          problems: [],
        },
      }
    : {
        ...{ ok: false, commands: [], imports: [], size_bytes: wasm.length },
        problems: [{ code: 'not-wasm', message: 'the file is not WebAssembly' }],
      };

/** Answers `[status, body]`; null: not one of ours. */
export function strategies(method, path, body) {
  const [, name, what] = /^\/api\/strategies(?:\/([^/]+))?(?:\/([^/]+))?$/.exec(path) ?? [];
  if (!path.startsWith('/api/strategies')) return null;
  try {
    if (!name) {
      if (method === 'GET') return [200, all];
      if (!examine(body).ok) throw new Refused(422, 'refused', 'the file is not WebAssembly');
      all = [...all.filter((s) => s.name !== 'uploaded'), uploaded()];
      return [200, find('uploaded')];
    }
    if (name === 'check') return [200, examine(body)];
    const one = find(name);
    if (what === 'log')
      return [200, [{ tick: 4711, at: '2026-11-24T19:15:00Z', text: 'info: 12 cheap slots until 06:00' }]];
    if (!what && method === 'DELETE') {
      all = all.filter((s) => s !== one);
      return [204, null];
    }
    const wanted = body.length > 0 ? JSON.parse(body.toString()) : {};
    if (what === 'role') {
      Object.assign(one, {
        role: wanted.role,
        quarantine: null,
        ...(wanted.grant ? { grant: wanted.grant } : {}),
      });
      if (wanted.role === 'active') {
        const to = wanted.position ?? -1;
        one.position = one.position !== null && one.position < to ? to + 0.5 : to - 0.5;
      }
      order();
    } else if (what === 'settings') {
      const own = method === 'DELETE' ? {} : wanted;
      if (!(own.reserve_pct === undefined || (own.reserve_pct >= 0 && own.reserve_pct <= 100)))
        throw new Refused(422, 'refused', `reserve_pct: ${own.reserve_pct} is not between 0 and 100`);
      Object.assign(one, { own_settings: own, settings: { ...defaults, ...own } });
    } else if (what === 'rollback') {
      for (const v of one.versions) v.is_current = v.strategy.hash.startsWith(wanted.to);
      one.version = one.versions.find((v) => v.is_current)?.strategy ?? one.version;
    }
    return [200, one];
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return [error.status, { error: { code: error.code, message: error.message } }];
  }
}
