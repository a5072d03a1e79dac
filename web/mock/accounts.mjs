// Users, when the mock is started with `ACCOUNTS=1`: anna, an owner, and ben, a viewer; `PASSWORD` or
// `correct horse battery` signs both in.
const demanded = process.env.ACCOUNTS === '1';
const password = process.env.PASSWORD ?? 'correct horse battery';
const roles = { anna: 'owner', ben: 'viewer' };
const WORD = '5d41';

const failure = (code, message) => ({ error: { code, message } });
const greeting = (name) => ({ accounts: true, user: { name, role: roles[name] }, word: WORD });

/** Answers `[status, body, cookie]` where the daemon would not go on; null: it would. */
export function gate(request, method, path, body) {
  if (!demanded) return null;
  if (path === '/api/session' && method === 'POST') {
    const entered = JSON.parse(body.toString());
    return entered.name in roles && entered.password === password
      ? [200, greeting(entered.name), `wattwright=${entered.name}; HttpOnly; SameSite=Strict`]
      : [401, failure('wrong-password', 'the name or the password is wrong')];
  }
  const name = /(?:^|; )wattwright=(\w+)/.exec(request.headers.cookie ?? '')?.[1] ?? '';
  if (!(name in roles)) return [401, failure('not-signed-in', 'nobody is signed in')];
  if (method !== 'GET' && request.headers['x-wattwright'] !== WORD)
    return [403, failure('wrong-word', 'send the word of your session')];
  if (path === '/api/session')
    return method === 'GET' ? [200, greeting(name)] : [204, null, 'wattwright=; Max-Age=0'];
  if (method !== 'GET' && roles[name] !== 'owner')
    return [403, failure('not-allowed', `${name} is a viewer; this is for an owner`)];
  return null;
}
