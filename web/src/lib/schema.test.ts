import { expect, it } from 'vitest';
import { blamed, chosen, entered, fields } from './schema';

const schema = {
  type: 'object',
  properties: {
    reserve_pct: { type: 'number', title: 'Reserve', default: 0, minimum: 0, maximum: 100, 'x-unit': '%' },
    reserve: { type: 'integer', default: 3, exclusiveMinimum: 1 },
    led: { type: 'boolean', default: true },
    tone: { enum: ['warm', 'cold', 3], default: 'warm' },
    label: { type: 'string', default: '', maxLength: 8 },
    shape: { type: 'object', default: {} },
  },
};
const all = fields(schema);

it('makes a field of each property, with its limits', () => {
  expect(all.map((f) => [f.name, f.kind])).toEqual([
    ['reserve_pct', 'number'],
    ['reserve', 'integer'],
    ['led', 'boolean'],
    ['tone', 'choice'],
    ['label', 'text'],
    ['shape', 'other'],
  ]);
  expect(all[0]).toMatchObject({ title: 'Reserve', unit: '%', min: 0, max: 100, step: 'any' });
  expect(all[1]).toMatchObject({ title: 'reserve', min: 1, max: null, step: 1 });
});

it('sends only what differs from the defaults', () => {
  const values = { reserve_pct: 20, reserve: 3, led: false, tone: 'warm', label: 'x', other: 1 };
  expect(chosen(all, values)).toEqual({ reserve_pct: 20, led: false, label: 'x' });
});

it('reads numbers and choices, and leaves to the host what it cannot read', () => {
  const [reserve, , , tone] = all as [(typeof all)[0], unknown, unknown, (typeof all)[0]];
  expect(entered(reserve, '12.5')).toBe(12.5);
  expect(entered(reserve, '')).toBe('');
  expect(entered(reserve, 'many')).toBe('many');
  expect(entered(tone, '3')).toBe(3);
});

it('finds the field that a sentence of the host is about', () => {
  expect(blamed(all, 'reserve_pct: 120 is greater than the maximum of 100')).toBe('reserve_pct');
  expect(blamed(all, '`reserve` is 0')).toBe('reserve');
  expect(blamed(all, 'the file cannot be written')).toBeNull();
});

it('makes nothing of what is no schema', () => {
  for (const no of [null, 1, 'x', [], {}, { properties: [] }]) expect(fields(no)).toEqual([]);
});
