import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig, type Plugin } from 'vitest/config';
import { handleApi } from './mock/api.mjs';

/** A running daemon to develop against, such as `http://127.0.0.1:8420`; without it the mock answers. */
const daemon = process.env['WATTWRIGHT_URL'];

const mock: Plugin = {
  name: 'mock-api',
  configureServer(server) {
    server.middlewares.use((request, response, next) => {
      if (!handleApi(request, response)) next();
    });
  },
};

export default defineConfig({
  // The page is also served below a path that nobody knows beforehand, such as Home Assistant's ingress.
  base: './',
  plugins: [svelte(), ...(daemon ? [] : [mock])],
  server: { port: 8421, ...(daemon ? { proxy: { '/api': { target: daemon } } } : {}) },
  build: {
    target: 'es2022',
    // `data:` addresses and inline scripts would break the content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  test: { include: ['src/**/*.test.ts'] },
});
