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
  if (response.status === 401 && method !== 'POST') session.lost();
  if (!response.ok) throw new Refusal(response.status, await sentence(response));
  return (response.status === 204 ? undefined : await response.json()) as T;
}

async function sentence(response: Response): Promise<string> {
  try {
    const failure = (await response.json()) as { error?: Maybe<{ message?: string }> };
    if (failure.error?.message) return failure.error.message;
  } catch {
    // Not ours, such as the error page of a proxy.
  }
  return texts.errors.status(String(response.status));
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

function take({ user, word }: Greeting): void {
  if (user && word) session.entered(user, word);
}
