/** What the build makes of the data that libraries bring: only what the page uses of it, as files of its own. */

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';

import type { Plugin } from 'vite';

const require = createRequire(import.meta.url);

interface Emojibase {
  emoji: string;
  label: string;
  group?: number;
  subgroup?: number;
  version: number;
  tags?: string[];
  skins?: { emoji: string; tone?: number | number[] }[];
}

interface Messages {
  groups: { key: string; message: string; order: number }[];
  subgroups: { key: string; order: number }[];
}

const EMOJI = 'virtual:emoji-data';

/** English names, words to search by and the five skin tones: a sixth of what emojibase knows. */
export function emojiData(): Plugin {
  return {
    name: 'emoji-data',
    resolveId: (id) => (id === EMOJI ? `\0${EMOJI}` : null),
    load: (id) => (id === `\0${EMOJI}` ? `export default JSON.parse(${JSON.stringify(JSON.stringify(readEmoji()))});` : null),
  };
}

function readEmoji() {
  const all = readJson('emojibase-data/en/data.json') as Emojibase[];
  const { groups, subgroups } = readJson('emojibase-data/en/messages.json') as Messages;
  const flags = subgroups.find(({ key }) => key === 'country-flag')?.order;
  const shown = groups.filter(({ key }) => key !== 'component').map(({ order, message }): [number, string] => [order, message]);
  return {
    groups: shown,
    emoji: all
      .filter(({ group }) => shown.some(([order]) => order === group))
      .map(({ emoji, label, group, subgroup, version, tags = [], skins = [] }) => {
        const tones = skins.filter(({ tone }) => typeof tone === 'number').map((skin) => skin.emoji);
        return [emoji, label, group, version, tags.join(' '), subgroup === flags ? 1 : 0, ...tones];
      }),
  };
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(require.resolve(path), 'utf8'));
}

/** Where the page finds what PDFs without fonts of their own need; both `PdfPreview` and the server's cache know the place. */
const PDF = 'assets/pdf';
const PDF_FOLDERS = ['cmaps', 'standard_fonts'];

/** The character maps and the standard fonts of pdf.js, read by its worker when a document asks for one. */
export function pdfData(): Plugin {
  const root = dirname(require.resolve('pdfjs-dist/package.json'));
  return {
    name: 'pdf-data',
    generateBundle() {
      for (const folder of PDF_FOLDERS) {
        for (const name of readdirSync(join(root, folder))) {
          this.emitFile({ type: 'asset', fileName: `${PDF}/${folder}/${name}`, source: readFileSync(join(root, folder, name)) });
        }
      }
    },
    configureServer(server) {
      server.middlewares.use(`/${PDF}/`, (request, response, next) => {
        const [, folder = '', name = ''] = /^\/(\w+)\/([\w.-]+)$/.exec(request.url ?? '') ?? [];
        if (!PDF_FOLDERS.includes(folder)) next();
        else response.end(readFileSync(join(root, folder, name)));
      });
    },
  };
}

const TEXT = /\.(js|mjs|css|html|svg|webmanifest)$/;
const MIN_CODED_BYTES = 512;

/** Each text of the build a second and third time, by brotli and gzip at their best: the server sends these as they are. */
export function coded(): Plugin {
  let folder = '';
  return {
    name: 'coded',
    apply: 'build',
    configResolved: ({ build, root }) => {
      folder = join(root, build.outDir);
    },
    closeBundle: () => {
      for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((each) => TEXT.test(each))) {
        const path = join(folder, name);
        const content = readFileSync(path);
        if (content.length < MIN_CODED_BYTES) continue;
        writeFileSync(`${path}.br`, brotliCompressSync(content));
        writeFileSync(`${path}.gz`, gzipSync(content, { level: 9 }));
      }
    },
  };
}
