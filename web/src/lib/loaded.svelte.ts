/** What is asked of the daemon for one card, and asked again after a change. */
import { ask, message } from './client';

export class Loaded<T> {
  value = $state.raw<T | null>(null);
  problem = $state('');
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  async load(): Promise<void> {
    try {
      this.value = await ask<T>(this.#path);
      this.problem = '';
    } catch (error) {
      this.problem = message(error);
    }
  }
}

/** One thing at a time that a card does, with what came of it. */
export class Doing {
  busy = $state(false);
  told = $state('');
  problem = $state('');

  /** Gives what `work` says, or shows why not. */
  async run(work: () => Promise<string>): Promise<void> {
    [this.busy, this.told, this.problem] = [true, '', ''];
    try {
      this.told = await work();
    } catch (error) {
      this.problem = message(error);
    } finally {
      this.busy = false;
    }
  }
}
