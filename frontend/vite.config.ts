import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

import { coded, emojiData, pdfData } from './vite.plugins.ts';

const SERVER = 'http://127.0.0.1:5001';

export default defineConfig({
  plugins: [react(), emojiData(), pdfData(), coded()],
  build: {
    outDir: '../src/stockent/http/page',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'es2023',
    reportCompressedSize: true,
    rolldownOptions: {
      output: {
        codeSplitting: {
          // What changes with every release apart from what seldom does. What is loaded when first used stays apart too.
          groups: [{ name: 'vendor', test: /node_modules\/(?!frimousse|pdfjs-dist)/ }],
        },
      },
    },
  },
  server: {
    // The origin that the server allows unless told otherwise.
    host: 'localhost',
    port: 3000,
    proxy: {
      '/api': SERVER,
      '/socket.io': { target: SERVER, ws: true },
    },
  },
  test: {
    include: ['tests/**/*.test.{ts,tsx}'],
    setupFiles: ['tests/setup.ts'],
    testTimeout: 20_000,
  },
});
