/** What the daemon's words mean to a person. Everything unknown is shown by its own name. */
import type { Cause, Command, Doing, Fault, Live, Maybe, Verdict } from '../model';
import { texts } from '../texts';
import { finite, type Format } from './format';

/** How something is coloured. */
export type Tone = 'charge' | 'discharge' | 'balance' | 'hold' | 'trouble' | 'quiet';

export const named = (table: Record<string, string>, key: string): string => table[key] ?? spaced(key);

/** `import-price-now` → `import price now`. */
export const spaced = (name: string): string => name.replaceAll(/[-_]/g, ' ');

export const targetName = (live: Maybe<Live>, id: string): string => live?.names[id] ?? id;

/** A command in two or three words, as for a table. */
export function commandWords(command: Maybe<Command>, format: Format): string {
  if (!command) return texts.none;
  const words = texts.commands;
  switch (command.kind) {
    case 'hold':
      return words.hold;
    case 'charge':
      return words.charge(format.power(command.power_w));
    case 'discharge':
      return words.discharge(format.power(command.power_w));
    case 'balance':
      if (command.max_discharge_w === 0) return words.balanceOnlyCharge;
      if (command.max_charge_w === 0) return words.balanceOnlyDischarge;
      return words.balance;
    case 'turn_on':
      return words.turn_on;
    case 'turn_off':
      return words.turn_off;
    case 'set_level':
      return words.set_level(format.number(command.value, 2));
    case 'set_light':
      return command.on ? words.lightOn(format.percent(command.brightness_pct)) : words.lightOff;
    case 'notify':
      return words.notify;
    default:
      return spaced((command as { kind: string }).kind);
  }
}

export function commandTone(command: Maybe<Command>): Tone {
  switch (command?.kind) {
    case 'charge':
    case 'discharge':
    case 'balance':
    case 'hold':
      return command.kind;
    default:
      return 'quiet';
  }
}

export interface Headline {
  /** In big letters. */
  text: string;
  /** A sentence that explains it; may be empty. */
  hint: string;
  tone: Tone;
}

/** What is done with a battery now. */
export function headline(doing: Maybe<Doing>, format: Format): Headline {
  const words = texts.now;
  const verdict = doing?.verdict;
  if (!doing || !verdict) return { text: words.noPlan, hint: words.noPlanHint, tone: 'quiet' };
  if (verdict.decision === 'refused') {
    return {
      text: words.refused(commandWords(verdict.proposed, format)),
      hint: words.safeState,
      tone: 'trouble',
    };
  }
  const command = verdict.approved ?? doing.outcome?.command ?? verdict.proposed;
  if (isTrouble(doing.outcome?.stage)) {
    return { text: words.told(commandWords(command, format)), hint: '', tone: 'trouble' };
  }
  return {
    text: inForce(command, doing.mode !== 'control', format),
    hint: command.kind === 'balance' ? balanceHint(command, format) : '',
    tone: commandTone(command),
  };
}

function inForce(command: Command, advice: boolean, format: Format): string {
  const words = texts.now;
  switch (command.kind) {
    case 'charge':
      return (advice ? words.adviseCharge : words.charge)(format.power(command.power_w));
    case 'discharge':
      return (advice ? words.adviseDischarge : words.discharge)(format.power(command.power_w));
    case 'hold':
      return advice ? words.adviseHold : words.hold;
    case 'balance':
      return advice ? words.adviseBalance : words.balance;
    default:
      return commandWords(command, format);
  }
}

function balanceHint(command: Extract<Command, { kind: 'balance' }>, format: Format): string {
  const words = texts.now;
  if (command.max_discharge_w === 0) return words.onlyCharge;
  if (command.max_charge_w === 0) return words.onlyDischarge;
  const bounds = [
    finite(command.max_charge_w) === null ? '' : words.atMostCharge(format.power(command.max_charge_w)),
    finite(command.max_discharge_w) === null
      ? ''
      : words.atMostDischarge(format.power(command.max_discharge_w)),
  ];
  return [words.balanceHint, ...bounds].filter(Boolean).join(' ');
}

/** Whether the owner should know of this stage of a command. */
export function isTrouble(stage: Maybe<string>): boolean {
  return ['timed_out', 'rejected', 'contradicted', 'not_obeyed'].includes(stage ?? '');
}

/** Whether more is to come after this stage. */
export function isPending(stage: Maybe<string>): boolean {
  return ['sent', 'acknowledged', 'read_back'].includes(stage ?? '');
}

export function verdictTone(verdict: Verdict): 'good' | 'warn' | 'bad' {
  if (verdict.decision === 'accepted') return 'good';
  return verdict.decision === 'refused' ? 'bad' : 'warn';
}

/** The mode of the whole home. */
export function modeOf(live: Live): 'advise' | 'control' | 'mixed' {
  const inControl = live.doing.filter((d) => d.mode === 'control').length;
  if (inControl === 0) return 'advise';
  return inControl === live.doing.length ? 'control' : 'mixed';
}

export function faultWords(fault: Fault): string {
  const words = texts.health.faults;
  switch (fault.kind) {
    case 'missing':
      return words.missing;
    case 'unavailable':
      return words.unavailable(fault.state ?? '');
    case 'not_a_number':
      return words.not_a_number(fault.state ?? '');
    case 'unit':
      return fault.found ? words.unit(fault.found, fault.expected ?? '') : words.noUnit(fault.expected ?? '');
    case 'not_yet':
      return words.not_yet;
    default:
      return words.other(spaced((fault as { kind: string }).kind));
  }
}

/** Why a decision was made then. */
export function causeWords(cause: Maybe<Cause>): string {
  if (!cause) return '';
  return 'what' in cause && cause.what ? cause.what : named(texts.health.causes, cause.kind);
}
