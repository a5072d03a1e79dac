import { afterEach, describe, expect, it, vi } from 'vitest';
import { commandOf, hasPower, tell } from './hand';

afterEach(() => vi.unstubAllGlobals());

describe('by hand', () => {
  it('makes commands of choices', () => {
    expect(commandOf('charge', 500)).toEqual({ kind: 'charge', power_w: 500 });
    expect(commandOf('hold', 500)).toEqual({ kind: 'hold' });
    expect(hasPower('discharge')).toBe(true);
    expect(hasPower('turn_on')).toBe(false);
  });

  it('says that it means it', async () => {
    const fetched = vi.fn(() => Promise.resolve(new Response('{}')));
    vi.stubGlobal('fetch', fetched);
    await tell('POST', 'pause', { lasts_s: 60 });
    const [path, init] = fetched.mock.calls[0] as unknown as [string, RequestInit];
    expect(path).toBe('api/pause');
    expect((init.headers as Record<string, string>)['x-wattwright']).toBeTruthy();
    expect(init.body).toBe('{"lasts_s":60}');
  });

  it('fails with the daemon’s sentence', async () => {
    const failure = { error: { code: 'refused', message: 'it would last too long' } };
    vi.stubGlobal('fetch', () => Promise.resolve(new Response(JSON.stringify(failure), { status: 422 })));
    await expect(tell('POST', 'pause', {})).rejects.toThrow('it would last too long');
  });
});
