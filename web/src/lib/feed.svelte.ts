/** The live state: server-sent events, or asking every few seconds when none come. */
import type { Live, Maybe, Tick } from '../model';
import { ask } from './client';
import { instant } from './format';

/** Without an event for this long, ask. The server pings more often than that. */
export const SILENCE_MS = 20_000;
const POLL_MS = 5_000;

/** How the page hears from the daemon. */
export type Hearing = 'waiting' | 'live' | 'polling' | 'dead';

export class Feed {
  live = $state.raw<Live | null>(null);
  tick = $state.raw<Tick | null>(null);
  tickFailed = $state(false);
  hearing = $state<Hearing>('waiting');
  /** When the daemon was last heard, on this browser's clock. */
  heardAt = $state<number | null>(null);
  /** The daemon's clock, moving on once a second. */
  now = $state(Date.now());

  /** Daemon's clock minus ours, as each of the last states showed it. */
  #skews: number[] = [];
  #source: EventSource | null = null;
  #eventAt = -Infinity;
  #polledAt = -Infinity;
  #polling = false;
  #tickWanted: Maybe<number> = null;
  #tickLoading = false;
  #tickFailedAt = -Infinity;
  #timer: ReturnType<typeof setInterval> | undefined;

  start(): void {
    // Nobody was asked while it was stopped.
    if (this.hearing === 'dead') this.hearing = 'waiting';
    document.addEventListener('visibilitychange', this.#onVisibility);
    this.#timer = setInterval(() => this.#everySecond(), 1000);
    this.#open();
    void this.#poll();
  }

  stop(): void {
    document.removeEventListener('visibilitychange', this.#onVisibility);
    clearInterval(this.#timer);
    this.#close();
  }

  /** A browser allows only six connections to one server: a hidden page gives its own back. */
  #onVisibility = (): void => {
    if (document.hidden) {
      this.#close();
    } else {
      this.#open();
      void this.#poll();
    }
  };

  #open(): void {
    this.#close();
    const source = new EventSource('api/events');
    source.addEventListener('live', (event) => {
      const live = parse<Live>(event.data);
      if (!live) return;
      this.#heard('live');
      this.#accept(live);
    });
    source.addEventListener('ping', () => this.#heard('live'));
    // Whether the server is gone or only the stream is broken shows by asking.
    source.addEventListener('error', () => void this.#poll());
    this.#source = source;
  }

  #close(): void {
    this.#source?.close();
    this.#source = null;
  }

  #everySecond(): void {
    if (document.hidden) return;
    const now = Date.now();
    this.now = now + this.#skewMs();
    if (now - this.#eventAt < SILENCE_MS && this.#source?.readyState === EventSource.OPEN) return;
    if (now - this.#polledAt < POLL_MS) return;
    // A browser gives a stream up for good after some answers, such as an error of a proxy.
    if (this.#source?.readyState === EventSource.CLOSED) this.#open();
    void this.#poll();
  }

  async #poll(): Promise<void> {
    if (this.#polling) return;
    this.#polling = true;
    this.#polledAt = Date.now();
    const eventBefore = this.#eventAt;
    try {
      const live = await ask<Live>('api/live');
      if (this.#eventAt === eventBefore) {
        this.#heard(this.hearing === 'live' && Date.now() - this.#eventAt < SILENCE_MS ? 'live' : 'polling');
        this.#accept(live);
      }
    } catch {
      if (this.#eventAt === eventBefore) this.hearing = 'dead';
    } finally {
      this.#polling = false;
    }
  }

  #heard(how: 'live' | 'polling'): void {
    const now = Date.now();
    if (how === 'live') this.#eventAt = now;
    this.heardAt = now;
    this.hearing = how;
  }

  #accept(live: Live): void {
    const at = instant(live.at);
    if (at !== null) {
      this.#skews = [...this.#skews.slice(-9), at - Date.now()];
      this.now = Date.now() + this.#skewMs();
    }
    this.live = live;
    this.#tickWanted = live.tick;
    void this.#loadTick();
  }

  /** A state may have been put together a while before it came: the freshest tells the clocks apart. */
  #skewMs(): number {
    return this.#skews.length > 0 ? Math.max(...this.#skews) : 0;
  }

  async #loadTick(): Promise<void> {
    const wanted = this.#tickWanted;
    if (wanted == null || this.#tickLoading || this.tick?.id === wanted) return;
    if (Date.now() - this.#tickFailedAt < POLL_MS) return;
    this.#tickLoading = true;
    try {
      this.tick = await ask<Tick>(`api/ticks/${wanted}`);
      this.tickFailed = false;
    } catch {
      this.tickFailed = true;
      this.#tickFailedAt = Date.now();
    } finally {
      this.#tickLoading = false;
    }
  }
}

function parse<T>(text: string): T | null {
  try {
    return JSON.parse(text) as T;
  } catch {
    return null;
  }
}
