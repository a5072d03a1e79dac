/** What the record says of who changed what: `anna (owner): DELETE /api/users/carl: 204`. */

export interface Deed {
  who: string;
  /** The role of a person; empty for a program's token. */
  role: string;
  /** `DELETE users/{name}`; `signed in` has no route. */
  what: string;
  /** What it was done to, where the route names it. */
  name: string;
  /** The answer's status where it was no success; empty: it was done. */
  refused: string;
}

/** Parts of a route after which a name or number stands. */
const NAMING = ['users', 'tokens', 'strategies', 'lab', 'ticks'];
/** … but for what stands there without a name. */
const FIXED = ['check'];

/** `null`: the line is no such one, and stands as it is. */
export function deed(text: string): Deed | null {
  const line = /^(.+?)(?: \((\w+)\))?: (?:(signed in)|([A-Z]+) \/api\/(\S+): (\d{3}))$/.exec(text);
  if (!line) return null;
  const [, who = '', role = '', signedIn, method = '', path = '', status = ''] = line;
  if (signedIn) return { who, role, what: signedIn, name: '', refused: '' };
  const parts = path.split('/');
  const named = NAMING.includes(parts[0] ?? '') && parts.length > 1 && !FIXED.includes(parts[1] ?? '');
  const name = named ? decoded(parts[1] ?? '') : '';
  if (named) parts[1] = '{name}';
  return {
    who,
    role,
    what: `${method} ${parts.join('/')}`,
    name,
    refused: status.startsWith('2') ? '' : status,
  };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
