/** What the owner does by hand: what the page asks the daemon for. */
import type { Command, Hand } from '../model';
import { ask } from './client';

/** What can be chosen, as one word each. */
export type Choice = 'hold' | 'charge' | 'discharge' | 'balance' | 'turn_on' | 'turn_off';

export const BATTERY_CHOICES: readonly Choice[] = ['hold', 'charge', 'discharge', 'balance'];
export const DEVICE_CHOICES: readonly Choice[] = ['turn_on', 'turn_off'];

/** The choices that need a power. */
export const hasPower = (choice: Choice): boolean => choice === 'charge' || choice === 'discharge';

/** The command of a choice. */
export function commandOf(choice: Choice, powerW: number): Command {
  switch (choice) {
    case 'charge':
    case 'discharge':
      return { kind: choice, power_w: powerW };
    default:
      return { kind: choice };
  }
}

/** Asks the daemon to change something; fails with its own sentence. */
export const tell = (method: 'POST' | 'DELETE', path: string, body?: unknown): Promise<Hand> =>
  ask<Hand>(`api/${path}`, { method, body });
