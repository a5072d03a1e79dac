// The daemon's API, answered from the scenarios. `?scenario=` is a cookie-less way to choose one: the
// choice holds until the next one.
import { gate } from './accounts.mjs';
import { decisions, energy, replay, ticks } from './history.mjs';
import { lab, whatIf } from './lab.mjs';
import { scenarios } from './scenarios.mjs';
import { setupPage } from './setup.mjs';
import { strategies } from './strategies.mjs';

let scenario = process.env.SCENARIO ?? 'night';
const started = Date.now();
/** Set to make the API fail the way a dead server does. */
let dead = false;

/** The mock's own clock: the scenario's hour of a fixed day, running on from the start. */
const build = () => scenarios[scenario]((Date.now() - started) / 1000);

const json = (response, body, status = 200) => {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-cache' });
  response.end(status === 204 ? undefined : JSON.stringify(body));
};

/**
 * Answers a request below `/api/`; false: not one of ours.
 *
 * @param {import('node:http').IncomingMessage} request
 * @param {import('node:http').ServerResponse} response
 */
export function handleApi(request, response) {
  const url = new URL(request.url ?? '/', 'http://mock');
  if (url.pathname === '/mock') {
    const wanted = url.searchParams.get('scenario');
    if (wanted && wanted in scenarios) scenario = wanted;
    dead = url.searchParams.has('dead');
    json(response, { scenario, dead });
    return true;
  }
  if (!url.pathname.startsWith('/api/')) return false;
  if (dead) {
    response.destroy();
    return true;
  }
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const [method, sent] = [request.method ?? 'GET', Buffer.concat(chunks)];
    const refused = gate(request, method, url.pathname, sent);
    if (!refused && url.pathname === '/api/events') {
      events(response);
      return;
    }
    const [status, body, cookie] = refused ?? answer(method, url, sent);
    if (cookie) response.setHeader('set-cookie', cookie);
    json(response, body, status);
  });
  return true;
}

const failure = (code, message) => ({ error: { code, message } });

function answer(method, url, body) {
  const { pathname, searchParams } = url;
  const managed = strategies(method, pathname, body);
  if (managed) return managed;
  const played = lab(method, pathname, body);
  if (played) return played;
  const state = build();
  const site = setupPage(method, pathname, body, state);
  if (site) return site;
  switch (pathname) {
    case '/api/live':
      return [200, state.live];
    case '/api/session':
      return [200, { accounts: false, user: null, word: null }];
    case '/api/decisions':
      return [200, decisions(state)];
    case '/api/energy':
      return [200, energy(state, searchParams)];
    case '/api/what-if':
      if (!state.tick) return [404, failure('not-found', 'nothing was decided yet')];
      return [200, whatIf(state, body)];
    case '/api/ticks':
      return [200, ticks(state, searchParams)];
  }
  const [, id, what] = /^\/api\/ticks\/(\d+)(?:\/(\w+))?$/.exec(pathname) ?? [];
  if (!id || !state.tick) return [404, failure('unknown-path', `there is no path \`${pathname}\``)];
  if (what === 'replay') return [200, replay(Number(id), state)];
  if (what === 'shadows') return [200, []];
  return [200, { ...state.tick, id: Number(id) }];
}

/** @param {import('node:http').ServerResponse} response */
function events(response) {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  const send = (event, data) => response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  send('live', build().live);
  const timer = setInterval(() => {
    if (dead) response.destroy();
    else send('live', build().live);
  }, 2000);
  const ping = setInterval(() => send('ping', {}), 15000);
  response.on('close', () => {
    clearInterval(timer);
    clearInterval(ping);
  });
}
