import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Feed, SILENCE_MS } from './feed.svelte';

/** What the page would get from the daemon. */
let answers: Record<string, unknown>;
let asked: string[];
let sources: FakeSource[];
let feed: Feed;

class FakeSource {
  static readonly OPEN = 1;
  static readonly CLOSED = 2;
  readyState = 1;
  #listeners = new Map<string, (event: { data: string }) => void>();

  constructor(readonly url: string) {
    sources.push(this);
  }
  addEventListener(name: string, listener: (event: { data: string }) => void) {
    this.#listeners.set(name, listener);
  }
  close() {
    this.readyState = FakeSource.CLOSED;
  }
  send(name: string, data: unknown = {}) {
    this.#listeners.get(name)?.({ data: typeof data === 'string' ? data : JSON.stringify(data) });
  }
}

const live = (tick: number | null, home_name = 'home') => ({
  at: new Date(Date.now()).toISOString(),
  tick,
  home_name,
});
const newest = () => sources.at(-1) as FakeSource;
const times = (path: string) => asked.filter((p) => p === path).length;

beforeEach(() => {
  vi.useFakeTimers();
  answers = {};
  asked = [];
  sources = [];
  const document = Object.assign(new EventTarget(), { hidden: false });
  vi.stubGlobal('document', document);
  vi.stubGlobal('EventSource', FakeSource);
  vi.stubGlobal('fetch', async (path: string) => {
    asked.push(path);
    const body = answers[path];
    if (body === undefined) throw new TypeError('connection refused');
    return { ok: body !== 404, status: 200, json: async () => body };
  });
  feed = new Feed();
});

afterEach(() => {
  feed.stop();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

it('asks once and then listens', async () => {
  answers = { 'api/live': live(7), 'api/ticks/7': { id: 7 } };
  feed.start();
  await vi.advanceTimersByTimeAsync(0);
  expect(feed.live?.home_name).toBe('home');
  expect(feed.tick?.id).toBe(7);
  newest().send('live', live(7, 'event'));
  expect(feed.live?.home_name).toBe('event');
  expect(feed.hearing).toBe('live');
  await vi.advanceTimersByTimeAsync(SILENCE_MS - 2000);
  expect(times('api/live')).toBe(1);
  expect(times('api/ticks/7')).toBe(1);
});

it('asks every five seconds while events stay away', async () => {
  answers = { 'api/live': live(null) };
  feed.start();
  await vi.advanceTimersByTimeAsync(0);
  newest().send('ping');
  await vi.advanceTimersByTimeAsync(SILENCE_MS + 10_000);
  expect(feed.hearing).toBe('polling');
  expect(times('api/live')).toBeGreaterThanOrEqual(3);
  newest().send('live', live(null));
  expect(feed.hearing).toBe('live');
});

it('says when the daemon is gone, keeps the last state and comes back', async () => {
  answers = { 'api/live': live(null) };
  feed.start();
  await vi.advanceTimersByTimeAsync(0);
  answers = {};
  newest().send('error');
  await vi.advanceTimersByTimeAsync(0);
  expect(feed.hearing).toBe('dead');
  expect(feed.live?.home_name).toBe('home');
  answers = { 'api/live': live(null, 'again') };
  await vi.advanceTimersByTimeAsync(6000);
  expect(feed.hearing).toBe('polling');
  expect(feed.live?.home_name).toBe('again');
});

it('opens a stream anew that the browser gave up', async () => {
  answers = { 'api/live': live(null) };
  feed.start();
  newest().readyState = FakeSource.CLOSED;
  await vi.advanceTimersByTimeAsync(6000);
  expect(sources).toHaveLength(2);
});

it('fetches a tick once it changes, and again when that failed', async () => {
  answers = { 'api/live': live(1), 'api/ticks/1': { id: 1 }, 'api/ticks/2': 404 };
  feed.start();
  await vi.advanceTimersByTimeAsync(0);
  newest().send('live', live(2));
  await vi.advanceTimersByTimeAsync(0);
  expect([feed.tick?.id, feed.tickFailed]).toEqual([1, true]);
  answers['api/ticks/2'] = { id: 2 };
  newest().send('live', live(2));
  await vi.advanceTimersByTimeAsync(0);
  expect(times('api/ticks/2')).toBe(1);
  await vi.advanceTimersByTimeAsync(5000);
  newest().send('live', live(2));
  await vi.advanceTimersByTimeAsync(0);
  expect([feed.tick?.id, feed.tickFailed]).toEqual([2, false]);
});

it('gives its connection back while hidden', async () => {
  answers = { 'api/live': live(null) };
  feed.start();
  await vi.advanceTimersByTimeAsync(0);
  (document as unknown as { hidden: boolean }).hidden = true;
  document.dispatchEvent(new Event('visibilitychange'));
  expect(newest().readyState).toBe(FakeSource.CLOSED);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(times('api/live')).toBe(1);
  (document as unknown as { hidden: boolean }).hidden = false;
  document.dispatchEvent(new Event('visibilitychange'));
  await vi.advanceTimersByTimeAsync(0);
  expect(sources).toHaveLength(2);
  expect(times('api/live')).toBe(2);
});

it('survives nonsense on the stream', async () => {
  answers = { 'api/live': live(null) };
  feed.start();
  await vi.advanceTimersByTimeAsync(0);
  newest().send('live', '{"at": ');
  expect(feed.live?.home_name).toBe('home');
});

it('keeps the daemon’s clock, by the freshest of its states', async () => {
  const ahead = (ms: number) => ({ ...live(null), at: new Date(Date.now() + ms).toISOString() });
  answers = { 'api/live': ahead(60_000) };
  feed.start();
  await vi.advanceTimersByTimeAsync(0);
  newest().send('live', ahead(52_000));
  expect(feed.now - Date.now()).toBe(60_000);
});

it('does not take being signed out for a daemon that is gone, once it starts again', async () => {
  feed.start();
  await vi.advanceTimersByTimeAsync(0);
  expect(feed.hearing).toBe('dead');
  feed.stop();
  answers = { 'api/live': live(null) };
  feed.start();
  expect(feed.hearing).toBe('waiting');
  await vi.advanceTimersByTimeAsync(0);
  expect(feed.hearing).toBe('polling');
});
