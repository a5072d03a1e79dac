import { describe, expect, it } from 'vitest';
import type { Command, Doing, Live } from '../model';
import { Format } from './format';
import { commandWords, faultWords, headline, modeOf } from './words';

const format = new Format('Europe/Berlin', 'EUR', 'en-GB');
const charge: Command = { kind: 'charge', power_w: 1000 };
const doing = (over: Partial<Doing>): Doing => ({
  target: 'battery',
  mode: 'control',
  verdict: { target: 'battery', decision: 'accepted', proposed: charge, approved: charge, findings: [] },
  ...over,
});

describe('headline', () => {
  it('says what is done', () => {
    expect(headline(doing({}), format)).toEqual({ text: 'Charging with 1,000 W', hint: '', tone: 'charge' });
  });

  it('says that it is advice only', () => {
    expect(headline(doing({ mode: 'advise' }), format).text).toBe('Charge with 1,000 W');
  });

  it('shows what was approved, not what was proposed', () => {
    const verdict: Doing['verdict'] = {
      target: 'battery',
      decision: 'adjusted',
      proposed: { kind: 'charge', power_w: 5000 },
      approved: charge,
      findings: [],
    };
    expect(headline(doing({ verdict }), format).text).toBe('Charging with 1,000 W');
  });

  it('says that it was refused', () => {
    const verdict: Doing['verdict'] = {
      target: 'battery',
      decision: 'refused',
      proposed: { kind: 'discharge', power_w: 600 },
      approved: null,
      findings: [],
    };
    expect(headline(doing({ verdict }), format)).toMatchObject({
      text: 'Refused: Discharge 600 W',
      tone: 'trouble',
    });
  });

  it('shows trouble when the device does not obey', () => {
    const outcome: Doing['outcome'] = { target: 'battery', command: charge, stage: 'not_obeyed', steps: [] };
    expect(headline(doing({ outcome }), format)).toMatchObject({
      text: 'Told: Charge 1,000 W',
      tone: 'trouble',
    });
  });

  it('explains the bounds of following the meter', () => {
    const balance = (limits: object) => {
      const command = { kind: 'balance', ...limits } as Command;
      const verdict = {
        target: 'b',
        decision: 'accepted',
        proposed: command,
        approved: command,
        findings: [],
      };
      return headline(doing({ verdict: verdict as Doing['verdict'] }), format).hint;
    };
    expect(balance({ max_discharge_w: 0 })).toBe('Only takes the surplus.');
    expect(balance({ max_charge_w: 0 })).toBe('Only covers the home’s use.');
    expect(balance({ max_discharge_w: 300 })).toContain('Discharges with 300 W at most.');
  });

  it('goes on without anything', () => {
    expect(headline(undefined, format).text).toBe('No plan yet');
    expect(headline(doing({ verdict: null }), format).text).toBe('No plan yet');
  });
});

describe('words of a newer daemon', () => {
  it('are shown as they are', () => {
    expect(commandWords({ kind: 'heat_up' } as unknown as Command, format)).toBe('heat up');
    expect(faultWords({ kind: 'on_fire' } as never)).toBe('No value (on fire).');
    const command = { kind: 'heat_up' } as unknown as Command;
    const verdict = { target: 'b', decision: 'pondered', proposed: command, findings: [] } as never;
    expect(headline(doing({ verdict }), format)).toMatchObject({ text: 'heat up', tone: 'quiet' });
  });
});

describe('mode of the home', () => {
  const live = (...modes: string[]) => ({ doing: modes.map((mode) => ({ mode })) }) as unknown as Live;

  it('is advice unless something is commanded', () => {
    expect(modeOf(live())).toBe('advise');
    expect(modeOf(live('advise', 'later'))).toBe('advise');
    expect(modeOf(live('control', 'control'))).toBe('control');
    expect(modeOf(live('control', 'advise'))).toBe('mixed');
  });
});
