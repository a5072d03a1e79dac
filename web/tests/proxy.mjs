// A proxy that shows a daemon below a path that it does not know, as a reverse proxy or Home Assistant's ingress does:
// it takes the path away.
import { createServer, request } from 'node:http';

export async function below(prefix, daemon) {
  const proxy = createServer((from, to) => {
    if (!from.url?.startsWith(`${prefix}/`)) {
      to.writeHead(404).end();
      return;
    }
    const passed = request(
      new URL(from.url.slice(prefix.length), daemon),
      // As a proxy does that names itself to neither side.
      {
        method: from.method,
        headers: {
          ...from.headers,
          host: daemon.host,
          ...(from.headers.origin ? { origin: daemon.origin } : {}),
        },
      },
      (answer) => {
        to.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(to);
      },
    );
    passed.on('error', () => to.destroy());
    to.on('close', () => passed.destroy());
    from.pipe(passed);
  });
  await new Promise((listening) => proxy.listen(0, '127.0.0.1', listening));
  return {
    url: new URL(`http://127.0.0.1:${proxy.address().port}${prefix}/`),
    close() {
      proxy.closeAllConnections();
      proxy.close();
    },
  };
}
