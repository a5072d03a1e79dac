// The daemon's API, answered from the scenarios. `?scenario=` is a cookie-less way to choose one: the
// choice holds until the next one.
import { scenarios } from './scenarios.mjs';

let scenario = process.env.SCENARIO ?? 'night';
const started = Date.now();
/** Set to make the API fail the way a dead server does. */
let dead = false;

/** The mock's own clock: the scenario's hour of a fixed day, running on from the start. */
const build = () => scenarios[scenario]((Date.now() - started) / 1000);

const json = (response, body, status = 200) => {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-cache' });
  response.end(JSON.stringify(body));
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
  if (url.pathname === '/api/live') {
    json(response, build().live);
  } else if (url.pathname === '/api/events') {
    events(response);
  } else if (/^\/api\/ticks\/\d+$/.test(url.pathname)) {
    const { tick } = build();
    if (tick) json(response, tick);
    else json(response, { error: 'no such tick' }, 404);
  } else {
    json(response, { error: 'not found' }, 404);
  }
  return true;
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
