/**
 * The server's words as types. Everything optional may also be null, and a list of names may grow: the
 * page must go on with values that it does not know.
 */

export type Maybe<T> = T | null | undefined;

/** A number from a strategy: what is not finite travels as text. */
export type Num = number | string;

export type Command =
  | { kind: 'hold' }
  | { kind: 'charge'; power_w: Num }
  | { kind: 'discharge'; power_w: Num }
  | { kind: 'balance'; max_charge_w?: Maybe<Num>; max_discharge_w?: Maybe<Num> }
  | { kind: 'turn_on' }
  | { kind: 'turn_off' }
  | { kind: 'set_level'; value: Num }
  | { kind: 'set_light'; on: boolean; red: number; green: number; blue: number; brightness_pct: Num }
  | { kind: 'notify'; text: string };

export interface Fact {
  name: string;
  value: Num;
  unit: string;
}

export interface Reason {
  code: string;
  text: string;
  facts?: Fact[];
}

export interface Finding {
  rule: string;
  text: string;
  from: Command;
  to?: Maybe<Command>;
}

export interface Verdict {
  target: string;
  decision: string;
  proposed: Command;
  approved?: Maybe<Command>;
  findings: Finding[];
}

export interface Step {
  stage: string;
  at: string;
  note?: string;
}

export interface Outcome {
  target: string;
  command: Command;
  stage: string;
  steps: Step[];
}

export interface Doing {
  target: string;
  mode: string;
  reason?: Maybe<Reason>;
  verdict?: Maybe<Verdict>;
  outcome?: Maybe<Outcome>;
  since?: Maybe<string>;
  until?: Maybe<string>;
}

export interface Fault {
  kind: string;
  state?: string;
  found?: Maybe<string>;
  expected?: string;
}

export interface Reading {
  entity: string;
  value?: Maybe<number>;
  at?: Maybe<string>;
  fault?: Maybe<Fault>;
}

export interface Link {
  state: string;
  since?: string;
  reason?: string;
}

export interface BatteryState {
  id: string;
  soc_pct: Reading;
  power_w: Reading;
}

export interface DeviceState {
  id: string;
  on?: Maybe<boolean>;
  level?: Maybe<{ value?: Maybe<number>; unit: string }>;
  power_w?: Maybe<Reading>;
  fault?: Maybe<Fault>;
}

export interface HomeState {
  link: Link;
  timezone?: Maybe<string>;
  currency?: Maybe<string>;
  grid_power_w: Reading;
  solar_power_w?: Maybe<Reading>;
  load_power_w?: Maybe<Reading>;
  temperature_c?: Maybe<Reading>;
  batteries: BatteryState[];
  devices: DeviceState[];
}

export interface StrategyRef {
  name: string;
  version: string;
  hash: string;
}

export interface StrategyInfo {
  name: string;
  state: string;
  origin: string;
  version?: Maybe<StrategyRef>;
  summary: string;
  author: string;
  loaded_at?: Maybe<string>;
  error?: Maybe<string>;
  settings?: unknown;
  log: string[];
}

export interface Available {
  battery: string;
  energy_wh?: Maybe<number>;
  hours?: Maybe<number>;
}

export interface Cause {
  kind: string;
  what?: string;
}

export interface Live {
  at: string;
  version: string;
  home_name: string;
  simulated: boolean;
  home: HomeState;
  names: Record<string, string>;
  tick?: Maybe<number>;
  tick_at?: Maybe<string>;
  cause?: Maybe<Cause>;
  strategy?: Maybe<StrategyRef>;
  summary: string;
  doing: Doing[];
  available: Available[];
  strategies: StrategyInfo[];
  troubles: string[];
}

export interface Expectation {
  target: string;
  command: Command;
  power_w?: Maybe<number>;
  soc_pct?: Maybe<number>;
  reason: Reason;
}

export interface OutlookSlot {
  start: string;
  end: string;
  grid_w?: Maybe<number>;
  targets: Expectation[];
}

export interface Plan {
  outlook: OutlookSlot[];
  summary: string;
  figures?: Fact[];
}

export interface Battery {
  id: string;
  name: string;
  soc_pct?: Maybe<number>;
  capacity_wh: number;
  min_soc_pct: number;
  max_soc_pct: number;
}

export interface Task {
  id: string;
  name: string;
  device: string;
  state: string;
  energy_wh: number;
  done_wh: number;
  power_w: number;
  earliest: string;
  deadline: string;
}

export interface Slot {
  start: string;
  end: string;
  import_price?: Maybe<number>;
  export_price?: Maybe<number>;
  solar_w?: Maybe<number>;
  load_w?: Maybe<number>;
  temperature_c?: Maybe<number>;
}

export interface PastSlot extends Slot {
  grid_w?: Maybe<number>;
  battery_w?: Maybe<number>;
  soc_pct?: Maybe<number>;
}

export interface Snapshot {
  now: string;
  timezone: string;
  currency: string;
  batteries: Battery[];
  devices: { id: string; name: string; kind: string }[];
  tasks: Task[];
  ahead: Slot[];
  past: PastSlot[];
  sources: { column: string; origin: string; known_until?: Maybe<string> }[];
  problems: { code: string; subject: string; text: string; assumed?: string }[];
}

export interface Tick {
  id: number;
  at: string;
  cause: Cause;
  input: { snapshot: Snapshot };
  strategy?: Maybe<StrategyRef>;
  attempts?: { strategy: StrategyRef; code: string; message: string }[];
  plan?: Maybe<Plan>;
  verdicts: Verdict[];
  outcomes: Outcome[];
  decide_us: number;
}
