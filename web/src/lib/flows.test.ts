import { expect, it } from 'vitest';
import type { HomeState, Reading } from '../model';
import { flows } from './flows';

const reading = (value: number | null): Reading => ({ entity: 'sensor.x', value });

function home(over: Partial<HomeState>): HomeState {
  return {
    link: { state: 'up', since: '2026-11-24T12:00:00Z' },
    grid_power_w: reading(500),
    batteries: [],
    devices: [],
    ...over,
  };
}
const battery = (power: number | null, soc: number | null) =>
  ({ id: 'b', power_w: reading(power), soc_pct: reading(soc) }) as HomeState['batteries'][number];

it('derives the use from the rest when it is not measured', () => {
  const found = flows(home({ solar_power_w: reading(300), batteries: [battery(-200, 50)] }));
  expect(found).toMatchObject({ load_w: 600, battery_w: -200, soc_pct: 50, hasSolar: true });
});

it('takes the measured use as it is', () => {
  expect(flows(home({ load_power_w: reading(123) })).load_w).toBe(123);
});

it('does not derive from an unknown part', () => {
  expect(flows(home({ batteries: [battery(null, null)] }))).toMatchObject({
    load_w: null,
    battery_w: null,
    soc_pct: null,
  });
  expect(flows(home({ solar_power_w: reading(null) })).load_w).toBeNull();
});
