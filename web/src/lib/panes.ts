/**
 * The three panes of the chart: price, power, state of charge. They share the time axis and the cursor.
 *
 * uPlot draws the axes and lines; bars by slot are drawn here, since their colours go by slot and their
 * widths by time.
 */
import uPlot from 'uplot';
import type { Format } from './format';
import type { Columns } from './timeline';

/** Colours of the page, read from its style sheet, so that they follow light and dark. */
export type Palette = Record<(typeof colourNames)[number], string>;

const colourNames = [
  'ink',
  'soft',
  'line',
  'shade',
  'card',
  'solar',
  'load',
  'soc',
  'charge',
  'discharge',
  'balance',
  'hold',
  'negative',
  'cheap',
  'middle',
  'dear',
] as const;

export function palette(element: Element): Palette {
  const style = getComputedStyle(element);
  return Object.fromEntries(
    colourNames.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]),
  ) as Palette;
}

/** What the panes look at while they draw. */
export interface Scene {
  columns: Columns;
  colours: Palette;
  format: Format;
  /** Milliseconds. */
  now: number;
  /** Index of the slot that is read. */
  selected: number;
  select(index: number): void;
}

export interface Pane {
  data: (columns: Columns) => uPlot.AlignedData;
  options: uPlot.Options;
}

const AXIS_PX = 42;
const TIME_AXIS_PX = 26;
/** The ribbon of commands at the bottom of the last pane. */
const RIBBON_PX = 7;

export type PaneKey = 'price' | 'power' | 'soc';

/** The panes worth drawing: without any price, there is none for it. */
export function paneKeys(columns: Columns): PaneKey[] {
  return columns.price.some((p) => p !== null) ? ['price', 'power', 'soc'] : ['power', 'soc'];
}

export function pane(key: PaneKey, scene: Scene, width: number): Pane {
  return { price, power, soc }[key](scene, width);
}

function price(scene: Scene, width: number): Pane {
  return {
    data: (c) => [c.x, c.price],
    options: options(scene, width, 96, {
      scale: { range: (_, low, high) => [Math.min(0, low ?? 0), Math.max(0.05, high ?? 0) * 1.06] },
      values: (splits) => splits.map((v) => scene.format.number(v, 2, 2)),
      space: 30,
      series: [{ paths: () => null, points: { show: false } }],
      draw: (u) =>
        bars(u, scene, (i) => {
          const moment = scene.columns.moments[i];
          return moment?.price == null
            ? null
            : { value: moment.price, colour: scene.colours[moment.level ?? 'middle'] };
        }),
    }),
  };
}

function power(scene: Scene, width: number): Pane {
  const stepped = uPlot.paths.stepped?.({ align: 1 });
  const step = stepped ? { paths: stepped } : {};
  return {
    data: (c) => [
      c.x,
      c.solar_kw,
      c.load_kw,
      c.battery_kw,
      c.solar_high_kw,
      c.solar_low_kw,
      c.load_high_kw,
      c.load_low_kw,
      c.planned_kw,
    ],
    options: options(scene, width, 150, {
      scale: {
        range: (_, low, high) => [Math.min(0, low ?? 0) * 1.08, Math.max(0.5, high ?? 0) * 1.08],
      },
      values: (splits) => splits.map((v) => scene.format.number(v, 1)),
      space: 28,
      series: [
        {
          ...step,
          stroke: () => scene.colours.solar,
          fill: () => faded(scene.colours.solar, 0.22),
          width: 1.5,
          points: { show: false },
        },
        {
          ...step,
          stroke: () => scene.colours.load,
          width: 1.75,
          points: { show: false },
        },
        { paths: () => null, points: { show: false } },
        ...[1, 2, 3, 4].map(() => ({ ...step, width: 0, points: { show: false } })),
        { ...step, stroke: () => scene.colours.soc, width: 1, points: { show: false } },
      ],
      bands: [
        { series: [4, 5], fill: () => faded(scene.colours.solar, 0.2) },
        { series: [6, 7], fill: () => faded(scene.colours.load, 0.16) },
      ],
      draw: (u) =>
        bars(u, scene, (i) => {
          const value = scene.columns.battery_kw[i];
          if (value == null || Math.abs(value) < 0.005) return null;
          return { value, colour: faded(scene.colours.soc, 0.7) };
        }),
    }),
  };
}

function soc(scene: Scene, width: number): Pane {
  const height = 110 + TIME_AXIS_PX;
  return {
    data: (c) => [c.x, c.soc_pct, c.planned_soc_pct],
    options: options(scene, width, height, {
      scale: { range: () => [0, 100] },
      values: (splits) => splits.map((v) => scene.format.number(v)),
      splits: [0, 50, 100],
      space: 20,
      timeAxis: true,
      series: [
        {
          stroke: () => scene.colours.soc,
          fill: () => faded(scene.colours.soc, 0.14),
          width: 2.25,
          points: { show: false },
        },
        { stroke: () => scene.colours.soc, width: 1, dash: [4, 3], points: { show: false } },
      ],
      draw: (u) => ribbon(u, scene),
    }),
  };
}

interface Parts {
  scale: uPlot.Scale;
  values: (splits: number[]) => string[];
  splits?: number[];
  space: number;
  series: uPlot.Series[];
  bands?: uPlot.Band[];
  timeAxis?: boolean;
  draw: (u: uPlot) => void;
}

function options(scene: Scene, width: number, height: number, parts: Parts): uPlot.Options {
  const grid = { stroke: () => scene.colours.line, width: 1 };
  const time: uPlot.Axis = {
    grid,
    ticks: { show: false },
    stroke: () => scene.colours.soft,
    font: AXIS_FONT,
    size: parts.timeAxis ? TIME_AXIS_PX : 0,
    gap: 6,
    space: 58,
    incrs: [3600, 7200, 3 * 3600, 6 * 3600, 12 * 3600, 24 * 3600],
    values: (_, splits) =>
      parts.timeAxis ? splits.map((s) => scene.format.axisHour(s * 1000)) : splits.map(() => ''),
  };
  const y: uPlot.Axis = {
    grid,
    ticks: { show: false },
    stroke: () => scene.colours.soft,
    font: AXIS_FONT,
    size: AXIS_PX,
    gap: 6,
    space: parts.space,
    values: (_, splits) => parts.values(splits),
    ...(parts.splits ? { splits: parts.splits } : {}),
  };
  const { timezone } = scene.format;
  return {
    width,
    height,
    padding: [8, 16, parts.timeAxis ? 0 : 4, 0],
    legend: { show: false },
    ...(timezone ? { tzDate: (s: number) => uPlot.tzDate(new Date(s * 1000), timezone) } : {}),
    cursor: {
      show: true,
      x: false,
      y: false,
      points: { show: false },
      drag: { x: false, y: false, setScale: false },
    },
    scales: { x: { time: true, range: (_, low, high) => [low, high] }, y: parts.scale },
    axes: [time, y],
    series: [{}, ...parts.series],
    ...(parts.bands ? { bands: parts.bands } : {}),
    hooks: {
      drawClear: [(u) => shadePast(u, scene)],
      drawAxes: [parts.draw],
      draw: [(u) => marks(u, scene)],
      setCursor: [(u) => onCursor(u, scene)],
    },
  };
}

const AXIS_FONT = '12px system-ui, sans-serif';

/** The slot under the pointer. */
function onCursor(u: uPlot, scene: Scene): void {
  const left = u.cursor.left ?? -1;
  if (left < 0) return;
  const at = u.posToVal(left, 'x');
  const { x, moments } = scene.columns;
  let index = x.findLastIndex((start) => start <= at);
  while (index > 0 && !moments[index]) index -= 1;
  if (index >= 0 && moments[index]) scene.select(index);
}

/** Draws one bar from zero for each slot for which `of` has something. */
function bars(u: uPlot, scene: Scene, of: (index: number) => { value: number; colour: string } | null): void {
  const { x } = scene.columns;
  clipped(u, (ctx) => {
    const zero = u.valToPos(0, 'y', true);
    for (let i = 0; i < x.length - 1; i++) {
      const bar = of(i);
      if (!bar) continue;
      const [from, to] = edges(u, x[i] ?? 0, x[i + 1] ?? 0);
      const top = u.valToPos(bar.value, 'y', true);
      const gap = to - from > 5 * devicePixelRatio ? devicePixelRatio : 0;
      ctx.fillStyle = bar.colour;
      ctx.fillRect(
        from,
        Math.min(zero, top),
        to - from - gap,
        Math.max(Math.abs(top - zero), devicePixelRatio),
      );
    }
  });
}

/** What the battery is planned to be told, as a strip along the bottom. */
function ribbon(u: uPlot, scene: Scene): void {
  const { x, moments } = scene.columns;
  const height = RIBBON_PX * devicePixelRatio;
  clipped(u, (ctx) => {
    for (let i = 0; i < x.length - 1; i++) {
      const kind = moments[i]?.command?.kind;
      if (kind !== 'charge' && kind !== 'discharge' && kind !== 'balance' && kind !== 'hold') continue;
      const [from, to] = edges(u, x[i] ?? 0, x[i + 1] ?? 0);
      ctx.fillStyle = scene.colours[kind];
      ctx.fillRect(from, u.bbox.top + u.bbox.height - height, to - from, height);
    }
  });
}

function shadePast(u: uPlot, scene: Scene): void {
  clipped(u, (ctx) => {
    const now = u.valToPos(scene.now / 1000, 'x', true);
    ctx.fillStyle = faded(scene.colours.shade, 0.75);
    ctx.fillRect(u.bbox.left, u.bbox.top, now - u.bbox.left, u.bbox.height);
  });
}

/** The present, and the slot that is read. */
function marks(u: uPlot, scene: Scene): void {
  const { x, moments } = scene.columns;
  clipped(u, (ctx) => {
    const now = Math.round(u.valToPos(scene.now / 1000, 'x', true));
    ctx.fillStyle = scene.colours.ink;
    ctx.fillRect(now - devicePixelRatio, u.bbox.top, 2 * devicePixelRatio, u.bbox.height);
    const from = x[scene.selected];
    const to = x[scene.selected + 1];
    if (from === undefined || to === undefined || !moments[scene.selected]) return;
    const [left, right] = edges(u, from, to);
    ctx.strokeStyle = scene.colours.ink;
    ctx.globalAlpha = 0.14;
    ctx.fillRect(left, u.bbox.top, Math.max(right - left, 2 * devicePixelRatio), u.bbox.height);
    ctx.globalAlpha = 1;
  });
}

function edges(u: uPlot, from: number, to: number): [number, number] {
  return [Math.round(u.valToPos(from, 'x', true)), Math.round(u.valToPos(to, 'x', true))];
}

function clipped(u: uPlot, draw: (ctx: CanvasRenderingContext2D) => void): void {
  const { ctx, bbox } = u;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  draw(ctx);
  ctx.restore();
}

/** `#rrggbb` with an alpha. */
function faded(colour: string, alpha: number): string {
  const byte = Math.round(alpha * 255)
    .toString(16)
    .padStart(2, '0');
  return /^#[0-9a-f]{6}$/i.test(colour) ? `${colour}${byte}` : colour;
}
