/** What a new home still needs until Wattwright may be trusted with it, in the order in which to do it. */
import type { Live, Reading, Maybe, SetupView } from '../model';
import { instant } from './format';

/** Which step; each has words under `setupTexts.steps`. */
export type StepName = 'home' | 'meter' | 'battery' | 'prices' | 'strategy' | 'control';

export interface Step {
  name: StepName;
  done: boolean;
  /** What is wrong, in the server's words or the entity's name; empty where there is nothing to add. */
  about: string;
}

const read = (reading: Maybe<Reading>) => reading?.value != null && reading.fault == null;
const entity = (reading: Maybe<Reading>) => (reading ? reading.entity : '');

/** All of them; `now` is the page's clock. */
export function steps(live: Live, setup: SetupView, now: number): Step[] {
  const { home } = live;
  const unread = home.batteries.filter((battery) => !read(battery.soc_pct) || !read(battery.power_w));
  const prices = setup.columns.find((column) => column.column === 'import-price');
  const knownUntil = instant(prices?.known_until) ?? 0;
  const failed = setup.fetched.find((source) => source.kind === 'import_prices' && source.error);
  const meter = read(home.grid_power_w);
  return [
    { name: 'home', done: home.link.state === 'up', about: '' },
    { name: 'meter', done: meter, about: meter ? '' : entity(home.grid_power_w) },
    {
      name: 'battery',
      done: home.batteries.length > 0 && unread.length === 0,
      about: unread
        .map((battery) => entity(read(battery.soc_pct) ? battery.power_w : battery.soc_pct))
        .join(', '),
    },
    { name: 'prices', done: knownUntil > now, about: knownUntil > now ? '' : (failed?.error ?? '') },
    { name: 'strategy', done: live.strategy != null, about: live.strategy?.name ?? '' },
    { name: 'control', done: setup.targets.some((target) => target.mode === 'control'), about: '' },
  ];
}
