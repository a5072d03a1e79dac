/** What the chart shows of one slot, in words. */
import { texts } from '../texts';
import type { Format } from './format';
import type { Moment } from './timeline';
import { commandWords, named } from './words';

export interface MomentWords {
  time: string;
  kind: string;
  price: string;
  level: string;
  solar: string;
  load: string;
  battery: string;
  batteryLabel: string;
  soc: string;
  command: string;
  reason: string;
  /** All of it in one line. */
  spoken: string;
}

export function momentWords(moment: Moment, format: Format, now: number): MomentWords {
  const t = texts.plan;
  const isNow = moment.start <= now && now < moment.end;
  const battery_w = moment.battery_w;
  const words = {
    time: format.span(moment.start, moment.end, now),
    kind: isNow ? t.now : moment.past ? t.measured : t.planned,
    price: moment.price === null ? t.noPrice : format.price(moment.price),
    level: moment.level === null ? '' : named(t.levels, moment.level),
    solar: format.power(moment.solar_w),
    load: format.power(moment.load_w),
    battery: battery_w === null ? texts.unknown : format.power(Math.abs(battery_w)),
    batteryLabel: battery_w === null || battery_w === 0 ? t.battery : battery_w < 0 ? t.charge : t.discharge,
    soc: format.percent(moment.soc_pct),
    command: moment.command ? commandWords(moment.command, format) : '',
    reason: moment.reason?.text ?? '',
  };
  const spoken = [
    `${words.time}, ${words.kind}`,
    `${t.priceLabel} ${words.price} ${words.level}`.trim(),
    `${t.solar} ${words.solar}`,
    `${t.load} ${words.load}`,
    `${words.batteryLabel} ${words.battery}`,
    `${t.socLabel} ${words.soc}`,
    words.command,
    words.reason,
  ];
  return { ...words, spoken: spoken.filter(Boolean).join('; ') };
}
