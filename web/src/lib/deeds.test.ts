import { expect, test } from 'vitest';
import { deed } from './deeds';

test('who did what to whom is read from the line', () => {
  expect(deed('anna (owner): DELETE /api/users/carl: 204')).toEqual({
    who: 'anna',
    role: 'owner',
    what: 'DELETE users/{name}',
    name: 'carl',
    refused: '',
  });
  expect(deed('token night: PUT /api/strategies/rule%20based/role: 422')).toEqual({
    who: 'token night',
    role: '',
    what: 'PUT strategies/{name}/role',
    name: 'rule based',
    refused: '422',
  });
  expect(deed('anna (owner): POST /api/strategies/check: 200')?.what).toBe('POST strategies/check');
  expect(deed('anna (owner): signed in')).toMatchObject({ who: 'anna', what: 'signed in' });
});

test('any other line is left as it is, and a broken name too', () => {
  expect(deed('a copy of the journal was made')).toBeNull();
  expect(deed('“x”: wrong name or password')).toBeNull();
  expect(deed('anna (owner): DELETE /api/users/%E0%A4: 204')?.name).toBe('%E0%A4');
});
