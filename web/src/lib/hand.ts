/** What the owner does by hand: what the page asks the daemon for. */
import type { Command, Hand } from '../model';

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
export async function ask(method: 'POST' | 'DELETE', path: string, body?: unknown): Promise<Hand> {
  const answer = await fetch(`api/${path}`, {
    method,
    headers: { 'content-type': 'application/json', 'x-wattwright': '1' },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const said: unknown = await answer.json();
  if (!answer.ok)
    throw new Error((said as { error?: { message?: string } }).error?.message ?? answer.statusText);
  return said as Hand;
}
