/** What comes after what is done now. */
import type { Command, Maybe, Tick } from '../model';
import { runs } from './runs';

export interface Next {
  /** Milliseconds. */
  at: number;
  command: Command;
  reason: string;
}

/** The first planned change of a target's command; null: none is planned, or nothing is known. */
export function nextChange(tick: Maybe<Tick>, target: string, now: number): Next | null {
  if (!tick) return null;
  const planned = runs(tick, target);
  const present = planned.findIndex((run) => run.start <= now && now < run.end);
  if (present < 0) return null;
  const kind = planned[present]?.command.kind;
  const next = planned.slice(present + 1).find((run) => run.command.kind !== kind);
  return next ? { at: next.start, command: next.command, reason: next.reason.text } : null;
}
