// Checks the build: its size as it travels, and that nothing in it breaks `default-src 'self'`.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync } from 'node:zlib';

const LIMIT_BYTES = 80_000;
const dist = fileURLToPath(new URL('../dist', import.meta.url));

let total = 0;
for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile()) continue;
  const path = join(entry.parentPath, entry.name);
  const size = brotliCompressSync(readFileSync(path)).length;
  total += size;
  console.log(`${String(size).padStart(7)}  ${path.slice(dist.length + 1)}`);
}
console.log(`${String(total).padStart(7)}  all, of ${LIMIT_BYTES} bytes (brotli)`);

const index = readFileSync(join(dist, 'index.html'), 'utf8');
const problems = [
  [total > LIMIT_BYTES, `the page is ${total} bytes, more than ${LIMIT_BYTES}`],
  [/<style|\sstyle=|\son\w+=/.test(index), 'index.html has inline styles or handlers'],
  [/<script(?![^>]*\ssrc=)/.test(index), 'index.html has an inline script'],
  [/(?:src|href)="(?:\/|https?:)/.test(index), 'index.html has an absolute address'],
]
  .filter(([wrong]) => wrong)
  .map(([, text]) => text);
for (const problem of problems) console.error(`error: ${problem}`);
process.exitCode = problems.length > 0 ? 1 : 0;
