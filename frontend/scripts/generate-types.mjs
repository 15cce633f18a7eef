/**
 * Makes the TypeScript of the wire from docs/openapi.json and docs/socket-schema.json, which the server's own types
 * make: `npm run types`. With `-- --check` nothing is written, and a file that is behind ends it with code 1.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { compile } from 'json-schema-to-typescript';
import openapiTS, { astToString } from 'openapi-typescript';

const docs = new URL('../../docs/', import.meta.url);
const generated = new URL('../src/client/generated/', import.meta.url);
const banner = (source) =>
  `// Made from docs/${source} by \`npm run types\`. Do not edit.\n/* eslint-disable -- the generators have a style of their own */\n\n`;

const readJson = async (name) => JSON.parse(await readFile(new URL(name, docs), 'utf8'));

async function apiTypes() {
  const tree = await openapiTS(await readJson('openapi.json'), { alphabetize: true, defaultNonNullable: false });
  return banner('openapi.json') + astToString(tree);
}

async function socketTypes() {
  const { commands, events, refusal, $defs } = plainRefs(await readJson('socket-schema.json'));
  const schema = {
    $defs,
    ...closed({
      commands: closed(mapValues(commands, ({ request, ack }) => closed({ request, ack }))),
      events: closed(events),
      refusal,
    }),
  };
  const source = await compile(schema, 'SocketWire', {
    additionalProperties: false,
    bannerComment: '',
    format: true,
    style: { singleQuote: true, printWidth: 120 },
  });
  return banner('socket-schema.json') + source.trimStart();
}

/** With anything beside it, such as a default, a reference would come out as a second type of another name. */
function plainRefs(value) {
  if (Array.isArray(value)) return value.map(plainRefs);
  if (value === null || typeof value !== 'object') return value;
  return '$ref' in value ? { $ref: value.$ref } : mapValues(value, plainRefs);
}

function closed(properties) {
  return { type: 'object', properties, required: Object.keys(properties), additionalProperties: false };
}

function mapValues(object, change) {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value)]));
}

async function presentText(file) {
  try {
    return await readFile(file, 'utf8');
  } catch {
    return '';
  }
}

const check = process.argv.includes('--check');
for (const [name, make] of [
  ['api.ts', apiTypes],
  ['socket.ts', socketTypes],
]) {
  const file = new URL(name, generated);
  const text = await make();
  if (text === (await presentText(file))) continue;
  if (check) {
    console.error(`${fileURLToPath(file)} is behind; run: npm run types`);
    process.exitCode = 1;
  } else {
    await writeFile(file, text);
    console.log(`wrote ${name}`);
  }
}
