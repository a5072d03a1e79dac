// Situations that the page must show well, each as the daemon's answers at one moment.
import { atHour, battery, home, iso, load, solar, TIMEZONE } from './home.mjs';

const HASH = '9f2c41d07be3a86655c1f0d2e4b7a9138c6d5e4f3a2b1c0d9e8f7a6b5c4d3e2f';
const RULES = { name: 'rule-based', version: '0.1.0', hash: HASH };

const reading = (entity, value, at) => ({ entity, value, at: iso(at), fault: null });

function make({
  hour,
  seconds,
  soc,
  mode = 'control',
  prices = true,
  command = null,
  reason = null,
  verdict = null,
  outcome = null,
  power = null,
}) {
  const now = atHour(hour) + seconds;
  const h = home({ now, soc, prices, command, reason });
  const planned = h.outlook[0].targets[0];
  const use = load(h.first) - 20 + Math.round(15 * Math.sin(now / 7));
  const sun = solar(h.first);
  const flow = power ?? (mode === 'control' ? planned.power_w : 0);
  const begun = now - 37 * 60;
  const said = verdict ?? {
    target: 'battery',
    decision: 'accepted',
    proposed: planned.command,
    approved: planned.command,
    findings: [],
  };
  const stages =
    mode === 'control'
      ? [
          ['sent', 0, ''],
          ['acknowledged', 1, ''],
          ['read_back', 3, 'AC mode shows input, input limit shows 1000 W'],
          ['effective', 9, `battery power is ${flow} W`],
        ]
      : [['advised', 0, '']];
  const result =
    outcome === null && said.approved
      ? {
          target: 'battery',
          command: said.approved,
          stage: stages.at(-1)[0],
          steps: stages.map(([stage, after, note]) => ({ stage, at: iso(begun + after), note })),
        }
      : outcome || null;
  const energy =
    (Math.max(soc - battery.min_soc_pct, 0) / 100) * battery.capacity_wh * battery.discharge_efficiency;
  const doing = [
    {
      target: 'battery',
      mode,
      reason: planned.reason,
      verdict: said,
      outcome: result,
      since: iso(begun),
      until: h.until,
    },
    {
      target: 'washer',
      mode,
      reason: { code: 'task', text: 'Runs in the cheapest two hours before 07:00.', facts: [] },
      verdict: {
        target: 'washer',
        decision: 'accepted',
        proposed: { kind: 'turn_off' },
        approved: { kind: 'turn_off' },
        findings: [],
      },
      outcome: {
        target: 'washer',
        command: { kind: 'turn_off' },
        stage: mode === 'control' ? 'unchanged' : 'advised',
        steps: [{ stage: 'unchanged', at: iso(begun), note: '' }],
      },
      since: iso(now - 7 * 3600),
      until: iso(atHour(27)),
    },
    {
      target: 'led',
      mode,
      reason: { code: 'show-state', text: 'Blue while it charges cheap energy.', facts: [] },
      verdict: {
        target: 'led',
        decision: 'accepted',
        proposed: { kind: 'set_light', on: true, red: 40, green: 90, blue: 255, brightness_pct: 40 },
        approved: { kind: 'set_light', on: true, red: 40, green: 90, blue: 255, brightness_pct: 40 },
        findings: [],
      },
      outcome: {
        target: 'led',
        command: { kind: 'set_light', on: true, red: 40, green: 90, blue: 255, brightness_pct: 40 },
        stage: mode === 'control' ? 'effective' : 'advised',
        steps: [{ stage: 'effective', at: iso(begun + 1), note: '' }],
      },
      since: iso(begun),
      until: null,
    },
  ];
  const live = {
    at: iso(now),
    version: '0.1.0',
    home_name: 'Lindenweg 4',
    simulated: false,
    home: {
      link: { state: 'up', since: iso(now - 5 * 3600) },
      timezone: TIMEZONE,
      currency: 'EUR',
      grid_power_w: reading(
        'sensor.shelly_pro_3em_total_active_power',
        use - sun - flow,
        now - (seconds % 4),
      ),
      solar_power_w: reading('sensor.solarflow_solar_input_power', sun, now - (seconds % 7)),
      load_power_w: null,
      temperature_c: reading('weather.forecast_home', 4.2, now - 1260),
      batteries: [
        {
          id: 'battery',
          soc_pct: reading('sensor.solarflow_electric_level', soc, now - 31 - (seconds % 9)),
          power_w: reading('sensor.solarflow_battery_power', flow, now - (seconds % 5)),
          device_max_charge_w: 1000,
          device_max_discharge_w: 800,
        },
      ],
      devices: [
        {
          id: 'washer',
          on: false,
          abilities: { switch: true, level: false, light: false, notify: false },
          level: null,
          power_w: reading('sensor.washer_plug_power', 0.4, now - 12),
          fault: null,
        },
        {
          id: 'led',
          on: true,
          abilities: { switch: false, level: false, light: true, notify: false },
          level: null,
          power_w: null,
          fault: null,
        },
      ],
    },
    names: { battery: battery.name, washer: 'Washing machine', led: 'Hall light' },
    tick: 4711 + Math.floor(seconds / 900),
    tick_at: iso(h.first),
    cause: { kind: 'slot' },
    strategy: RULES,
    summary: prices
      ? 'Charges in the cheapest hours of the night, covers the evening from the battery.'
      : 'Follows the meter, since no price is known.',
    doing,
    available: [{ battery: 'battery', energy_wh: energy, hours: use > 0 ? energy / use : null }],
    strategies: [
      {
        name: 'rule-based',
        state: 'active',
        origin: 'shipped',
        version: RULES,
        summary: 'Keeps a reserve, uses own solar power, charges when it is cheap and holds for dear hours.',
        author: 'The Wattwright authors',
        loaded_at: iso(now - 5 * 3600),
        error: null,
        settings: { reserve_pct: 15, min_gain: 0.02 },
        log: ['info: 12 cheap slots until 06:00', 'debug: mean price 0.31'],
      },
    ],
    troubles: [],
  };
  const tick = {
    id: live.tick,
    at: iso(h.first),
    cause: live.cause,
    input: {
      snapshot: {
        now: iso(now),
        timezone: TIMEZONE,
        utc_offset_s: 3600,
        currency: 'EUR',
        grid: { power_w: use - sun - flow, import_limit_w: 8000, export_limit_w: 800 },
        solar_power_w: sun,
        load_power_w: use,
        batteries: [{ ...battery, soc_pct: soc, power_w: flow, in_force: null }],
        devices: [
          { id: 'washer', name: 'Washing machine', kind: 'plug' },
          { id: 'led', name: 'Hall light', kind: 'light' },
        ],
        tasks: [
          {
            id: 'laundry',
            name: 'Laundry',
            device: 'washer',
            state: 'waiting',
            energy_wh: 800,
            done_wh: 0,
            power_w: 400,
            earliest: iso(now - 3600),
            deadline: iso(atHour(31)),
            interruptible: false,
          },
        ],
        ahead: h.ahead,
        past: h.past,
        sources: [
          {
            column: 'import-price',
            origin: prices ? 'nordpool' : 'none',
            known_until: prices ? iso(atHour(48)) : null,
          },
          { column: 'solar', origin: 'persistence', known_until: null },
          { column: 'load', origin: 'persistence', known_until: null },
        ],
        problems: [],
      },
      settings: {},
    },
    strategy: RULES,
    attempts: [],
    plan: {
      actions: [{ target: 'battery', command: planned.command, reason: planned.reason, until: null }],
      outlook: h.outlook,
      summary: live.summary,
      figures: [{ name: 'expected-cost', value: 1.84, unit: 'EUR' }],
    },
    verdicts: [said],
    outcomes: result ? [result] : [],
    modes: { battery: mode, washer: mode, led: mode },
    decide_us: 412,
  };
  return { live, tick };
}

export const scenarios = {
  /** Cheap night, charging, all is well. */
  night: (seconds) => make({ hour: 26.62, seconds, soc: 38 }),

  /** A sunny noon in advise mode. */
  advise: (seconds) => make({ hour: 12.3, seconds, soc: 64, mode: 'advise', command: { kind: 'balance' } }),

  /** The strategy wants to discharge an empty battery. */
  floor: (seconds) =>
    make({
      hour: 18.4,
      seconds,
      soc: 10,
      command: { kind: 'discharge', power_w: 600 },
      reason: {
        code: 'discharge-dear',
        text: 'Import costs 51.2 ct now, the dearest of the day.',
        facts: [{ name: 'import-price-now', value: 0.512, unit: 'EUR/kWh' }],
      },
      power: 0,
      verdict: {
        target: 'battery',
        decision: 'refused',
        proposed: { kind: 'discharge', power_w: 600 },
        approved: null,
        findings: [
          {
            rule: 'soc-floor',
            text: 'The battery is at 10 %, its lower limit is 10 %.',
            from: { kind: 'discharge', power_w: 600 },
            to: null,
          },
        ],
      },
      outcome: false,
    }),

  /** Adjusted by the guard, and the device does not follow. */
  trouble: (seconds) => {
    const now = atHour(19.2) + seconds;
    const approved = { kind: 'discharge', power_w: 800 };
    const proposed = { kind: 'discharge', power_w: 1200 };
    const built = make({
      hour: 19.2,
      seconds,
      soc: 71,
      command: approved,
      power: 3,
      verdict: {
        target: 'battery',
        decision: 'adjusted',
        proposed,
        approved,
        findings: [
          {
            rule: 'feed-in-limit',
            text: '1200 W would feed in 890 W, the limit is 800 W.',
            from: proposed,
            to: approved,
          },
        ],
      },
      outcome: {
        target: 'battery',
        command: approved,
        stage: 'not_obeyed',
        steps: [
          { stage: 'sent', at: iso(now - 64), note: '' },
          { stage: 'acknowledged', at: iso(now - 63), note: '' },
          { stage: 'read_back', at: iso(now - 61), note: 'output limit shows 800 W' },
          { stage: 'not_obeyed', at: iso(now - 31), note: 'battery power is 3 W after 30 s' },
        ],
      },
    });
    built.live.troubles = [
      'SolarFlow 800: the device confirms 800 W, but its power stays at 3 W.',
      'Strategy `evening.wasm` could not be loaded; the last good version 1.2.0 stays in use.',
    ];
    built.live.strategies.unshift({
      name: 'evening',
      state: 'active',
      origin: 'strategies/evening.wasm',
      version: { name: 'evening', version: '1.2.0', hash: `ab${HASH.slice(2)}` },
      summary: 'Sells the evening peak, keeps a third for the night.',
      author: 'Anna',
      loaded_at: iso(now - 90000),
      error:
        'evening.wasm (changed 19:08): expected a component or a core module, found 12 bytes that are neither. Build it again and copy it here.',
      settings: {},
      log: ['warn: no price after 24:00', 'info: peak 0.51 at 18:30'],
    });
    built.live.strategies[1].state = 'fall_back';
    built.live.strategy = built.live.strategies[0].version;
    built.tick.strategy = built.live.strategy;
    return built;
  },

  /** Home Assistant is away. */
  offline: (seconds) => {
    const built = make({ hour: 15.4, seconds, soc: 52 });
    const { live } = built;
    live.home.link = { state: 'connecting', reason: 'http://homeassistant.local:8123: connection refused' };
    live.troubles = ['No link to the home: connection refused. Nothing is sent until it is back.'];
    live.doing[0].verdict = {
      target: 'battery',
      decision: 'refused',
      proposed: { kind: 'balance' },
      approved: null,
      findings: [
        { rule: 'link', text: 'The link to the home is down.', from: { kind: 'balance' }, to: null },
        {
          rule: 'stale-reading',
          text: 'The meter was last read 4 minutes ago.',
          from: { kind: 'balance' },
          to: null,
        },
      ],
    };
    live.doing[0].outcome = null;
    live.home.grid_power_w = {
      entity: 'sensor.meter',
      value: null,
      at: null,
      fault: { kind: 'unavailable', state: 'unavailable' },
    };
    live.home.batteries[0].soc_pct = {
      entity: 'sensor.soc',
      value: null,
      at: null,
      fault: { kind: 'unit', found: 'kW', expected: '%' },
    };
    live.available[0] = { battery: 'battery', energy_wh: null, hours: null };
    built.tick.input.snapshot.problems = [
      { code: 'stale', subject: 'grid.power-w', text: 'sensor.meter was last seen at 15:20.', assumed: '' },
      {
        code: 'missing',
        subject: 'batteries.battery.soc-pct',
        text: 'sensor.soc has unit kW, % is needed.',
        assumed: '',
      },
    ];
    return built;
  },

  /** No prices at all, a simulated home. */
  noprices: (seconds) => {
    const built = make({ hour: 10.7, seconds, soc: 81, prices: false });
    built.live.simulated = true;
    built.live.home_name = 'Simulated home';
    built.tick.input.snapshot.problems = [
      {
        code: 'missing',
        subject: 'ahead.import-price',
        text: 'No price is known from 10:30 on: sensor.nordpool is unavailable.',
        assumed: '',
      },
    ];
    return built;
  },

  /** The first second: nothing is known. */
  empty: (seconds) => {
    const { live } = make({ hour: 9, seconds, soc: 50 });
    return {
      live: {
        ...live,
        home: {
          link: { state: 'connecting', reason: '' },
          timezone: null,
          currency: null,
          grid_power_w: { entity: 'sensor.meter', value: null, at: null, fault: { kind: 'not_yet' } },
          solar_power_w: null,
          load_power_w: null,
          temperature_c: null,
          batteries: [
            {
              id: 'battery',
              soc_pct: { entity: 'sensor.soc', value: null, at: null, fault: { kind: 'not_yet' } },
              power_w: { entity: 'sensor.power', value: null, at: null, fault: { kind: 'later' } },
              device_max_charge_w: null,
              device_max_discharge_w: null,
            },
          ],
          devices: [],
        },
        tick: null,
        tick_at: null,
        cause: null,
        strategy: null,
        summary: '',
        doing: [
          {
            target: 'battery',
            mode: 'later',
            reason: null,
            verdict: null,
            outcome: null,
            since: null,
            until: null,
          },
        ],
        available: [],
        strategies: [],
        troubles: [],
      },
      tick: null,
    };
  },
};
