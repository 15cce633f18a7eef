// @vitest-environment jsdom
/** The carrier that tells how much has left, against a real server. */

import type { EventEmitter } from 'node:events';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { Api, Uploads } from '../../src/client';
import { bodyCarrier, xhrCarrier } from '../../src/client/uploads/xhr';
import { Depot } from '../server/depot';
import { until } from '../server/until';

let depot: Depot;
let url: string;

beforeEach(async () => {
  depot = new Depot();
  url = await depot.listen();
});

afterEach(() => depot.close());

function patch(signal: AbortSignal, onSent: (bytes: number) => void = () => undefined) {
  return new Api({ baseUrl: url, token: () => 't' }).request('PATCH', '/api/attachments/a1', {
    bytes: new Blob(['hello']),
    query: { offset: 0 },
    carrier: xhrCarrier,
    signal,
    onSent,
  });
}

async function announced(): Promise<void> {
  await new Api({ baseUrl: url, token: () => 't' }).request('POST', '/api/attachments', { body: { clientId: 'x', name: 'a', sizeBytes: 5, voice: false } });
}

test('where there is XMLHttpRequest it carries the bodies, unless the application brought its own fetch', () => {
  expect(bodyCarrier()).toBe(xhrCarrier);
  expect(bodyCarrier(fetch)).not.toBe(xhrCarrier);
});

test('it sends the bytes as they are, tells how many have left, and brings the answer', async () => {
  await announced();
  const sent: number[] = [];
  const answer = await patch(new AbortController().signal, (bytes) => sent.push(bytes));
  expect(answer).toMatchObject({ offset: 5, ready: true });
  expect(depot.called('a')?.content.toString()).toBe('hello');
  expect(sent.at(-1)).toBe(5);
});

test('a refusal comes with its code and its time to wait', async () => {
  depot.fate = () => ({ refuse: { status: 429, code: 'rate_limited', retryable: true, headers: { 'Retry-After': '2' } } });
  await expect(patch(new AbortController().signal)).rejects.toMatchObject({ code: 'rate_limited', retryAfterMs: 2_000 });
});

test('a line that is cut is a network failure', async () => {
  // It would write on the console what is meant to happen.
  (globalThis as unknown as { jsdom: { virtualConsole: EventEmitter } }).jsdom.virtualConsole.removeAllListeners('jsdomError');
  await announced();
  depot.fate = () => ({ takeBytes: 1 });
  await expect(patch(new AbortController().signal)).rejects.toMatchObject({ code: 'network', retryable: true });
});

test('an abort ends the request, before it and in the middle of it', async () => {
  depot.fate = () => 'hang';
  const abort = new AbortController();
  const request = patch(abort.signal);
  await until('under way', () => depot.requests('PATCH').length === 1);
  abort.abort();
  await expect(request).rejects.toMatchObject({ name: 'AbortError' });
  await until('the line is free', () => depot.busy === 0);
  await expect(patch(AbortSignal.abort())).rejects.toMatchObject({ name: 'AbortError' });
  expect(depot.requests('PATCH')).toHaveLength(1);
});

test('a whole upload arrives this way', async () => {
  const uploads = new Uploads({ http: new Api({ baseUrl: url, token: () => 't' }) });
  const id = uploads.add(new File(['x'.repeat(150_000)], 'a.txt'));
  expect(await uploads.settled(id)).toMatchObject({ status: 'ready', progress: 1 });
  expect(depot.called('a.txt')?.content.length).toBe(150_000);
  uploads.close();
});
