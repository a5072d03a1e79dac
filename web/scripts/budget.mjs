// Packs each file of the build, which the daemon serves as they are; checks its size as it travels, and that nothing
// in it breaks `default-src 'self'`.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync } from 'node:zlib';

/** What the first look at the page fetches. Each other page is fetched when it is opened. */
const FIRST_LIMIT_BYTES = 80_000;
const LIMIT_BYTES = 125_000;
const dist = fileURLToPath(new URL('../dist', import.meta.url));
const index = readFileSync(join(dist, 'index.html'), 'utf8');
const named = [...index.matchAll(/(?:src|href)="\.\/([^"]+)"/g)].map(([, name]) => name);
const first = new Set(['index.html', ...named]);

let [total, atFirst] = [0, 0];
for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || entry.name.endsWith('.br')) continue;
  const path = join(entry.parentPath, entry.name);
  const name = path.slice(dist.length + 1);
  const packed = brotliCompressSync(readFileSync(path));
  const size = packed.length;
  writeFileSync(`${path}.br`, packed);
  total += size;
  if (first.has(name)) atFirst += size;
  console.log(`${String(size).padStart(7)}  ${first.has(name) ? '*' : ' '} ${name}`);
}
console.log(`${String(atFirst).padStart(7)}  * at first, of ${FIRST_LIMIT_BYTES} bytes (brotli)`);
console.log(`${String(total).padStart(7)}    all, of ${LIMIT_BYTES}`);

const problems = [
  [atFirst > FIRST_LIMIT_BYTES, `the first load is ${atFirst} bytes, more than ${FIRST_LIMIT_BYTES}`],
  [total > LIMIT_BYTES, `the page is ${total} bytes, more than ${LIMIT_BYTES}`],
  [/<style|\sstyle=|\son\w+=/.test(index), 'index.html has inline styles or handlers'],
  [/<script(?![^>]*\ssrc=)/.test(index), 'index.html has an inline script'],
  [/(?:src|href)="(?:\/|https?:)/.test(index), 'index.html has an absolute address'],
]
  .filter(([wrong]) => wrong)
  .map(([, text]) => text);
for (const problem of problems) console.error(`error: ${problem}`);
process.exitCode = problems.length > 0 ? 1 : 0;
