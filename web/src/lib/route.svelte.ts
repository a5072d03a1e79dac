/** Which page is shown. The address has it behind `#`, so that the page works below any path. */

export type Page = 'now' | 'plan' | 'strategies' | 'history' | 'lab' | 'setup';

/** In the order of the navigation. */
export const PAGES: readonly Page[] = ['now', 'plan', 'strategies', 'history', 'lab', 'setup'];

export interface Place {
  page: Page;
  /** Of the decision that is opened in the history. */
  tick: number | null;
}

/** What is not known leads to `now`. */
export function placeOf(hash: string): Place {
  const [name, id] = hash.replace(/^#?\/?/, '').split('/');
  const page = PAGES.find((p) => p === name) ?? 'now';
  const tick = page === 'history' && /^[1-9]\d{0,15}$/.test(id ?? '') ? Number(id) : null;
  return { page, tick };
}

export const pageHref = (page: Page): string => (page === 'now' ? '#/' : `#/${page}`);
export const tickHref = (id: number): string => `#/history/${id}`;

export class Route {
  place = $state.raw<Place>(placeOf(location.hash));

  /** Calls `arrived` after each change of page, not for the first one. */
  follow(arrived: () => void): () => void {
    const onHash = () => {
      this.place = placeOf(location.hash);
      arrived();
    };
    addEventListener('hashchange', onHash);
    return () => removeEventListener('hashchange', onHash);
  }
}
