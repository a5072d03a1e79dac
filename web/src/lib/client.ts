/** Asking the daemon. All addresses are relative, so that they hold below any path. */
import type { Maybe } from '../model';
import { texts } from '../texts';
import { session, type User } from './session.svelte';

const TIMEOUT_MS = 10_000;
/** A trial of a strategy compiles it first. */
const TRIAL_TIMEOUT_MS = 120_000;

/** An answer that is no success, with the daemon's own sentence where it gave one. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

interface Options {
  method?: string;
  body?: unknown;
  file?: Blob;
  patienceMs?: number;
  /** Whether it was asked before, with a word that was another tab's. */
  again?: boolean;
}

export async function ask<T>(path: string, options: Options = {}): Promise<T> {
  const { method = 'GET', body, file } = options;
  const headers: Record<string, string> = { accept: 'application/json' };
  if (method !== 'GET') headers['x-wattwright'] = session.word;
  if (file) headers['content-type'] = 'application/wasm';
  else if (body !== undefined) headers['content-type'] = 'application/json';
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      headers,
      signal: AbortSignal.timeout(options.patienceMs ?? (file ? TRIAL_TIMEOUT_MS : TIMEOUT_MS)),
      ...(file ? { body: file } : body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  } catch {
    throw new Refusal(0, texts.errors.noAnswer);
  }
  if (response.status === 401 && !(method === 'POST' && path === 'api/session')) session.lost();
  if (!response.ok) {
    const { code, message } = await failure(response);
    if (code === 'wrong-word' && !options.again) return await askAgain<T>(path, options);
    throw new Refusal(response.status, message);
  }
  return (response.status === 204 ? undefined : await response.json()) as T;
}

/** Another tab has signed in since, with a session and a word of its own. */
async function askAgain<T>(path: string, options: Options): Promise<T> {
  const before = session.user?.name;
  await greet();
  const now = session.user?.name;
  // What somebody wanted is not done by somebody else.
  if (now !== undefined && now !== before) throw new Refusal(403, texts.access.another(now));
  return await ask<T>(path, { ...options, again: true });
}

async function failure(response: Response): Promise<{ code: string; message: string }> {
  const message = texts.errors.status(String(response.status));
  try {
    const { error } = (await response.json()) as { error?: Maybe<{ code?: string; message?: string }> };
    return { code: error?.code ?? '', message: error?.message ?? message };
  } catch {
    // Not ours, such as the error page of a proxy.
    return { code: '', message };
  }
}

export const message = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** What the daemon knows of who asks. `accounts` is false where everyone on the machine is the owner. */
interface Greeting {
  accounts: boolean;
  user: Maybe<User>;
  word: Maybe<string>;
}

/** Finds out who uses the page. Nothing is lost when the answer stays away: the daemon judges each request. */
export async function greet(): Promise<void> {
  try {
    take(await ask<Greeting>('api/session'));
  } catch {
    // 401 has been noted; anything else shows in what is asked next.
  }
}

/** Throws what the daemon says when the name or the password is wrong. */
export async function enter(name: string, password: string): Promise<void> {
  take(await ask<Greeting>('api/session', { method: 'POST', body: { name, password } }));
}

/** Throws what the daemon says when the old password is wrong or the new one will not do. */
export async function changePassword(old: string, next: string): Promise<void> {
  take(await ask<Greeting>('api/password', { method: 'PUT', body: { old, new: next } }));
}

function take({ user, word }: Greeting): void {
  if (user && word) session.entered(user, word);
}
