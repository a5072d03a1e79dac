/**
 * A strategy's JSON Schema as fields of a form. The host takes only flat schemas with a few keywords
 * (`engine::settings`); of a newer host's kinds, those that are unknown here are shown and kept.
 */
import { finite } from './format';

export type Kind = 'number' | 'integer' | 'boolean' | 'text' | 'choice' | 'other';

export interface Field {
  name: string;
  title: string;
  description: string;
  kind: Kind;
  unit: string;
  min: number | null;
  max: number | null;
  /** `any` where nothing is said. */
  step: number | 'any';
  maxLength: number | null;
  choices: unknown[];
  fallback: unknown;
}

export type Values = Record<string, unknown>;

export function fields(schema: unknown): Field[] {
  const properties = record(record(schema)['properties']);
  return Object.entries(properties).map(([name, property]) => field(name, record(property)));
}

function field(name: string, property: Values): Field {
  const choices = Array.isArray(property['enum']) ? property['enum'] : [];
  const kind = choices.length > 0 ? 'choice' : kindOf(property['type']);
  return {
    name,
    title: text(property['title']) || name.replaceAll('_', ' '),
    description: text(property['description']),
    kind,
    unit: text(property['x-unit']),
    min: finite(property['minimum']) ?? finite(property['exclusiveMinimum']),
    max: finite(property['maximum']) ?? finite(property['exclusiveMaximum']),
    step: finite(property['multipleOf']) ?? (kind === 'integer' ? 1 : 'any'),
    maxLength: finite(property['maxLength']),
    choices,
    fallback: property['default'],
  };
}

function kindOf(type: unknown): Kind {
  switch (type) {
    case 'number':
    case 'integer':
    case 'boolean':
      return type;
    case 'string':
      return 'text';
    default:
      return 'other';
  }
}

/**
 * What is sent to the host: the values that differ from the defaults. Numbers that cannot be read stay
 * text, so that the host says what is wrong with them.
 */
export function chosen(all: readonly Field[], entered: Values): Values {
  const different = all.filter(({ name, fallback }) => name in entered && !same(entered[name], fallback));
  return Object.fromEntries(different.map(({ name }) => [name, entered[name]]));
}

/** What a field holds, as its value. */
export function entered(field: Field, input: string): unknown {
  if (field.kind === 'number' || field.kind === 'integer') {
    const number = input.trim() === '' ? NaN : Number(input);
    return Number.isFinite(number) ? number : input;
  }
  if (field.kind === 'choice') return field.choices.find((choice) => String(choice) === input) ?? input;
  return input;
}

/** The field that the host's sentence is about, if it names one. */
export function blamed(all: readonly Field[], sentence: string): string | null {
  const named = all.filter(({ name }) => new RegExp(`(^|[^\\w])${name}([^\\w]|$)`).test(sentence));
  return named.sort((a, b) => b.name.length - a.name.length)[0]?.name ?? null;
}

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);
const text = (value: unknown) => (typeof value === 'string' ? value : '');
const record = (value: unknown): Values =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Values) : {};
