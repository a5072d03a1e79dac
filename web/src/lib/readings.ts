/** Every reading of the home as a list. */
import type { Live, Maybe, Reading } from '../model';
import { texts } from '../texts';
import type { Format } from './format';
import { targetName } from './words';

export interface NamedReading {
  role: string;
  reading: Reading;
  value: string;
}

export function readings(live: Live, format: Format): NamedReading[] {
  const { home } = live;
  const roles = texts.health.roles;
  const all: NamedReading[] = [];
  const add = (role: string, reading: Maybe<Reading>, show: (value: unknown) => string) => {
    if (reading) all.push({ role, reading, value: reading.value == null ? texts.none : show(reading.value) });
  };
  const power = (value: unknown) => format.power(value);
  add(roles.grid, home.grid_power_w, power);
  add(roles.solar, home.solar_power_w, power);
  add(roles.load, home.load_power_w, power);
  for (const battery of home.batteries) {
    const name = targetName(live, battery.id);
    add(roles.soc(name), battery.soc_pct, (value) => format.percent(value));
    add(roles.power(name), battery.power_w, power);
  }
  for (const device of home.devices) add(roles.power(targetName(live, device.id)), device.power_w, power);
  add(roles.temperature, home.temperature_c, (value) => `${format.number(value, 1)} °C`);
  return all;
}
