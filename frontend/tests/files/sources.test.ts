// @vitest-environment jsdom
/** Where the bytes of files come from, on a page that speaks by token and on one that speaks by cookie. */

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { FileSources, MAX_IDLE } from '../../src/app/media/sources';
import { until } from '../server/until';
import { completeJsdom } from '../voice/jsdom';

let urls: Set<string>;
let asked: string[];
let failing: boolean;

beforeEach(() => {
  urls = completeJsdom();
  asked = [];
  failing = false;
});

afterEach(() => vi.unstubAllGlobals());

function fetched(): FileSources {
  return new FileSources((path) => {
    asked.push(path);
    return failing ? Promise.reject(new Error('404')) : Promise.resolve(new Blob([path]));
  });
}

const here = (sources: FileSources, path: string) => until(path, () => sources.now(path) !== null);
const wanted = new AbortController().signal;

describe('by token', () => {
  test('a file is fetched once, however many show it, and shown from memory', async () => {
    const sources = fetched();
    sources.hold('/a');
    sources.hold('/a');
    expect(sources.now('/a')).toBeNull();
    await here(sources, '/a');
    expect(asked).toEqual(['/a']);
    expect(urls.has(sources.now('/a') ?? '')).toBe(true);
  });

  test('what nobody waits for any more is not fetched on', async () => {
    let aborted = false;
    const sources = new FileSources((_, signal) => new Promise((__, reject) => signal.addEventListener('abort', () => {
      aborted = true;
      reject(new DOMException('', 'AbortError'));
    })));
    sources.hold('/a')();
    await until('given up', () => aborted);
    expect(sources.hasFailed('/a')).toBe(false);
  });

  test('one that failed says so, and is asked for again when it is shown again', async () => {
    const sources = fetched();
    failing = true;
    const leave = sources.hold('/a');
    await until('failed', () => sources.hasFailed('/a'));
    leave();
    failing = false;
    sources.hold('/a');
    await here(sources, '/a');
    expect(asked).toHaveLength(2);
  });

  test('of what nobody shows the newest are kept, of what is shown all', async () => {
    const sources = fetched();
    const paths = Array.from({ length: MAX_IDLE + 5 }, (_, index) => `/${index}`);
    const leave = paths.map((path) => sources.hold(path));
    for (const path of paths) await here(sources, path);
    expect(urls.size).toBe(paths.length);
    leave.forEach((letGo) => letGo());
    expect(urls.size).toBe(MAX_IDLE);
    expect(sources.now('/0')).toBeNull();
    expect(sources.now(`/${MAX_IDLE + 4}`)).not.toBeNull();
    sources.close();
    expect(urls.size).toBe(0);
  });

  test('a player is given an address, or the failure', async () => {
    const sources = fetched();
    expect(urls.has(await sources.addressOf('/a', wanted))).toBe(true);
    failing = true;
    await expect(sources.addressOf('/b', wanted)).rejects.toThrow();
  });
});

describe('in both', () => {
  test('what was chosen here stands for itself, without asking', async () => {
    for (const sources of [fetched(), new FileSources()]) {
      const mine = new Blob(['mine']);
      sources.seed('/a', mine);
      const leave = sources.hold('/a');
      expect(urls.has(sources.now('/a') ?? '')).toBe(true);
      expect(await sources.read('/a', wanted)).toBe(mine);
      leave();
      sources.drop('/a');
      expect(urls.size).toBe(0);
    }
    expect(asked).toEqual([]);
  });
});

test('by cookie a file is shown by its own address, at once', () => {
  const sources = new FileSources();
  sources.hold('/a')();
  expect(sources.now('/a')).toBe('/a');
  expect(sources.direct).toBe(true);
});
