/** The upload client against a server that keeps the contract, over a network that does not. */

import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { Api, Uploads, type Upload, type UploadsOptions } from '../../src/client';
import { MAX_AT_ONCE, MAX_ATTEMPTS } from '../../src/client/uploads/uploads';
import { Depot, type Fate } from '../server/depot';
import { until } from '../server/until';

const KB = 1_024;
const QUICK = { retryMs: 2, retryMaxMs: 8, fullRetryMs: 2, stallMs: 5_000 };

let depot: Depot;
let url: string;
const open: Uploads[] = [];

beforeEach(async () => {
  depot = new Depot();
  url = await depot.listen();
});

afterEach(async () => {
  for (const uploads of open.splice(0)) uploads.close();
  await depot.close();
});

/** A device that can lose its network. */
class Device {
  online = true;
  private readonly listeners = new Set<() => void>();

  readonly subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  turn(online: boolean): void {
    this.online = online;
    for (const listener of this.listeners) listener();
  }
}

function uploadsWith(more: Partial<UploadsOptions> = {}): Uploads {
  const uploads = new Uploads({ http: new Api({ baseUrl: url, token: () => 't' }), timing: QUICK, ...more });
  open.push(uploads);
  return uploads;
}

function file(name: string, sizeBytes: number): File {
  return new File([content(sizeBytes)], name);
}

function content(sizeBytes: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: sizeBytes }, (_, index) => (index * 31 + (index >> 8)) % 251);
}

async function settled(uploads: Uploads, id: string): Promise<Upload> {
  const upload = await uploads.settled(id);
  if (upload === undefined) throw new Error('the upload is not in the list any more');
  return upload;
}

/** Everything that the list ever was, from now on. */
function watch(uploads: Uploads): Upload[] {
  const seen: Upload[] = [];
  uploads.list.subscribe(() => seen.push(...uploads.list.get()));
  return seen;
}

function once(fate: Fate, when: (method: string, offset: number) => boolean): void {
  let done = false;
  depot.fate = ({ method, offset }) => {
    if (done || !when(method, offset)) return 'answer';
    done = true;
    return fate;
  };
}

function arrivedWhole(name: string, sizeBytes: number): void {
  expect(depot.called(name)?.content.equals(content(sizeBytes))).toBe(true);
}

describe('sending', () => {
  test('a file goes in pieces no larger than the server takes, and is ready with its attachment', async () => {
    const uploads = uploadsWith();
    const id = uploads.add(file('offer.pdf', 150 * KB), { conversationId: 'c' });
    expect(await settled(uploads, id)).toMatchObject({ status: 'ready', progress: 1, error: null, attachment: { kind: 'FILE', name: 'offer.pdf' } });
    expect(depot.requests('PATCH').map(({ offset }) => offset)).toEqual([0, 64 * KB, 128 * KB]);
    arrivedWhole('offer.pdf', 150 * KB);
  });

  test('a recording says that it is one, under the name that it is given', async () => {
    const uploads = uploadsWith();
    const id = uploads.add(new Blob([content(10)]), { voice: true, name: 'Voice message.webm' });
    expect((await settled(uploads, id)).attachment).toMatchObject({ kind: 'VOICE', name: 'Voice message.webm' });
  });

  test('a few go at once, the rest wait their turn, and all arrive', async () => {
    const uploads = uploadsWith();
    const ids = Array.from({ length: 8 }, (_, index) => uploads.add(file(`${index}.bin`, 100 * KB)));
    expect(uploads.list.get().filter(({ status }) => status !== 'waiting')).toHaveLength(MAX_AT_ONCE);
    for (const id of ids) expect((await settled(uploads, id)).status).toBe('ready');
    expect(depot.busiest).toBeLessThanOrEqual(MAX_AT_ONCE);
  });

  test('the token goes with every piece, and after a 401 a new one is asked for once', async () => {
    let token = 'old';
    let refreshed = 0;
    const refreshToken = () => {
      refreshed += 1;
      token = 'new';
      return Promise.resolve(token);
    };
    depot.acceptToken = (given) => given === 'new';
    const uploads = uploadsWith({ http: new Api({ baseUrl: url, token: () => token, refreshToken }) });
    const ids = [uploads.add(file('a', 100 * KB)), uploads.add(file('b', 100 * KB))];
    for (const id of ids) expect((await settled(uploads, id)).status).toBe('ready');
    expect(refreshed).toBe(1);
    expect(depot.requests('PATCH').every((asked) => asked.token === 'new')).toBe(true);
  });

  test('without a new token it fails at once, and can be retried after the next sign-in', async () => {
    let token = 'old';
    depot.acceptToken = (given) => given === 'new';
    const uploads = uploadsWith({ http: new Api({ baseUrl: url, token: () => token }) });
    const id = uploads.add(file('a', 10));
    expect(await settled(uploads, id)).toMatchObject({ status: 'failed', error: { code: 'auth_expired', retryable: true } });
    expect(depot.asked).toHaveLength(1);
    token = 'new';
    uploads.retry(id);
    expect((await settled(uploads, id)).status).toBe('ready');
  });
});

describe('a network that fails', () => {
  test('a piece whose answer is lost is not sent twice', async () => {
    once('mute', (method, offset) => method === 'PATCH' && offset === 64 * KB);
    const uploads = uploadsWith();
    const id = uploads.add(file('a', 150 * KB));
    expect((await settled(uploads, id)).status).toBe('ready');
    expect(depot.requests('PATCH').map(({ offset }) => offset)).toEqual([0, 64 * KB, 128 * KB]);
    arrivedWhole('a', 150 * KB);
  });

  test('a file that came whole and was not judged is finished by an empty piece', async () => {
    once('die', (method, offset) => method === 'PATCH' && offset === 64 * KB);
    const uploads = uploadsWith();
    expect((await settled(uploads, uploads.add(file('a.bin', 100 * KB)))).status).toBe('ready');
    expect(depot.requests('PATCH').map(({ offset }) => offset)).toEqual([0, 64 * KB, 100 * KB]);
  });

  test('a piece that is cut off goes on from what has arrived', async () => {
    once({ takeBytes: 1_000 }, (method) => method === 'PATCH');
    const uploads = uploadsWith();
    const id = uploads.add(file('a', 40 * KB));
    expect((await settled(uploads, id)).status).toBe('ready');
    expect(depot.requests('PATCH')[1]?.offset).toBe(1_000);
    arrivedWhole('a', 40 * KB);
  });

  test('an announcement whose answer is lost makes no second upload', async () => {
    once('mute', (method) => method === 'POST');
    const uploads = uploadsWith();
    const id = uploads.add(file('a', 10));
    expect((await settled(uploads, id)).status).toBe('ready');
    expect(depot.requests('POST')).toHaveLength(2);
    expect(depot.kept.size).toBe(1);
  });

  test('a server that is silent for too long is asked again', async () => {
    once('hang', (method) => method === 'PATCH');
    const uploads = uploadsWith({ timing: { ...QUICK, stallMs: 30 } });
    const seen = watch(uploads);
    const id = uploads.add(file('a', 10));
    expect((await settled(uploads, id)).status).toBe('ready');
    expect(seen.find(({ error }) => error !== null)).toMatchObject({ status: 'waiting', error: { code: 'timeout' } });
  });

  test('another offset at the server is believed', async () => {
    const uploads = uploadsWith();
    once({ refuse: { status: 409, code: 'offset_mismatch', offset: 0 } }, (method, offset) => method === 'PATCH' && offset > 0);
    depot.maxChunkBytes = 10 * KB;
    const id = uploads.add(file('a', 30 * KB));
    await until('sent from the start', () => depot.requests('PATCH').filter(({ offset }) => offset === 0).length === 2);
    // What it has is where it really is: the next correction brings it there.
    expect((await settled(uploads, id)).status).toBe('ready');
    arrivedWhole('a', 30 * KB);
  });

  test('a server that keeps changing its mind is given up, and may be tried again', async () => {
    depot.fate = ({ method, offset }) => (method === 'PATCH' ? { refuse: { status: 409, code: 'offset_mismatch', offset: offset === 0 ? 1 : 0 } } : 'answer');
    const uploads = uploadsWith();
    const id = uploads.add(file('a', 10));
    expect(await settled(uploads, id)).toMatchObject({ status: 'failed', error: { code: 'offset_mismatch', retryable: true } });
    depot.fate = () => 'answer';
    uploads.retry(id);
    expect((await settled(uploads, id)).status).toBe('ready');
  });

  test('an upload that the server has forgotten is begun anew, however far it was', async () => {
    const uploads = uploadsWith();
    depot.maxChunkBytes = 8 * KB;
    depot.fate = ({ method, offset }) => {
      if (method === 'PATCH' && offset === 128 * KB && depot.requests('POST').length === 1) depot.kept.clear();
      return 'answer';
    };
    const seen = watch(uploads);
    const id = uploads.add(file('a', 150 * KB));
    expect((await settled(uploads, id)).status).toBe('ready');
    expect(depot.requests('POST')).toHaveLength(2);
    expect(new Set(seen.map(({ error }) => error?.code))).toEqual(new Set([undefined, 'gone']));
    arrivedWhole('a', 150 * KB);
  });

  test('whatever is cut, where and how often, every file arrives whole and progress only grows', async () => {
    const cut = fc.oneof(fc.constant('answer' as const), fc.constant('mute' as const), fc.record({ takeBytes: fc.nat({ max: 20 * KB }) }));
    await fc.assert(
      fc.asyncProperty(fc.array(cut, { maxLength: 7 }), fc.integer({ min: 1, max: 40 * KB }), async (fates, size) => {
        depot.kept.clear();
        depot.maxChunkBytes = 8 * KB;
        const queue = [...fates];
        depot.fate = () => queue.shift() ?? 'answer';
        const uploads = uploadsWith();
        const seen = watch(uploads);
        const id = uploads.add(file('a', size));
        expect((await settled(uploads, id)).status).toBe('ready');
        const progress = seen.map((upload) => upload.progress);
        expect(progress).toEqual([...progress].sort((a, b) => a - b));
        arrivedWhole('a', size);
        uploads.close();
      }),
      { numRuns: 30 },
    );
  });
});

describe('refusals', () => {
  test('a content that the server refuses is final and told in its words', async () => {
    depot.judge = () => 'This is no image, although its name says so.';
    const uploads = uploadsWith();
    const id = uploads.add(file('a.png', 10));
    expect(await settled(uploads, id)).toMatchObject({ status: 'failed', error: { code: 'content_refused', message: 'This is no image, although its name says so.', retryable: false } });
    uploads.retry(id);
    expect(uploads.list.get()[0]?.status).toBe('failed');
    expect(depot.requests('PATCH')).toHaveLength(1);
  });

  test('too large is final', async () => {
    depot.fate = ({ method }) => (method === 'POST' ? { refuse: { status: 413, code: 'too_large', detail: '25 MB at most' } } : 'answer');
    const uploads = uploadsWith();
    const id = uploads.add(file('a', 10));
    expect(await settled(uploads, id)).toMatchObject({ status: 'failed', error: { code: 'too_large', retryable: false } });
    expect(depot.asked).toHaveLength(1);
  });

  test('"later, please" is kept to, and then it goes on by itself', async () => {
    once({ refuse: { status: 429, code: 'rate_limited', retryable: true, headers: { 'Retry-After': '0.05' } } }, (method) => method === 'PATCH');
    const uploads = uploadsWith({ timing: { ...QUICK, retryMs: 60_000, retryMaxMs: 60_000 } });
    const seen = watch(uploads);
    const id = uploads.add(file('a', 10));
    expect((await settled(uploads, id)).status).toBe('ready');
    expect(seen.find(({ error }) => error !== null)).toMatchObject({ status: 'waiting', error: { code: 'rate_limited' } });
  });

  test('a full storage is told, tried again by itself, and by hand', async () => {
    depot.fate = ({ method }) => (method === 'PATCH' ? { refuse: { status: 507, code: 'storage_full', retryable: true } } : 'answer');
    const uploads = uploadsWith({ timing: { ...QUICK, fullRetryMs: 60_000 } });
    const byHand = uploads.add(file('a', 10));
    expect(await settled(uploads, byHand)).toMatchObject({ status: 'failed', error: { code: 'storage_full', retryable: true } });
    depot.fate = () => 'answer';
    uploads.retry(byHand);
    expect((await settled(uploads, byHand)).status).toBe('ready');

    once({ refuse: { status: 507, code: 'storage_full', retryable: true } }, (method) => method === 'PATCH');
    const quick = uploadsWith();
    const seen = watch(quick);
    quick.add(file('b', 10));
    await until('ready by itself', () => quick.list.get()[0]?.status === 'ready');
    expect(seen.find(({ error }) => error !== null)).toMatchObject({ status: 'failed', error: { code: 'storage_full' } });
  });

  test('a server that stays broken is asked so often, then the person is', async () => {
    depot.fate = ({ method }) => (method === 'PATCH' ? { refuse: { status: 500, code: 'internal', retryable: true } } : 'answer');
    const uploads = uploadsWith();
    const id = uploads.add(file('a', 10));
    expect(await settled(uploads, id)).toMatchObject({ status: 'failed', error: { code: 'internal', retryable: true } });
    expect(depot.requests('PATCH')).toHaveLength(MAX_ATTEMPTS);
  });

  test('what the limits refuse sends nothing, and takes no place in the message', async () => {
    const uploads = uploadsWith({ limits: () => ({ maxFiles: 2, maxBytes: 100 }) });
    const bad = [uploads.add(file('large', 101)), uploads.add(file('empty', 0))];
    for (const id of bad) expect((await settled(uploads, id)).error?.retryable).toBe(false);
    const good = [uploads.add(file('a', 10)), uploads.add(file('b', 10))];
    for (const id of good) expect((await settled(uploads, id)).status).toBe('ready');
    expect((await settled(uploads, uploads.add(file('c', 10)))).error?.code).toBe('too_many_files');
    expect((await settled(uploads, uploads.add(file('d', 10), { conversationId: 'another' }))).status).toBe('ready');
    expect(depot.requests('POST')).toHaveLength(3);
  });

  test('of many files as many are taken as the message holds', () => {
    const uploads = uploadsWith({ limits: () => ({ maxFiles: 3, maxBytes: 100 }) });
    uploads.add(file('a', 10), { conversationId: 'c' });
    const added = uploads.addAll([file('b', 10), file('d', 10), file('e', 10)], { conversationId: 'c' });
    expect(added).toMatchObject({ ids: [expect.any(String), expect.any(String)], leftOut: 1 });
    expect(uploads.list.get()).toHaveLength(3);
  });

  test('a file that is gone from the disk is told as such, and not sent for ever', async () => {
    const gone = Object.assign(file('a', 10), {
      slice: () => Object.assign(new Blob(), { slice: () => ({ arrayBuffer: () => Promise.reject(new DOMException('gone', 'NotReadableError')) }) }),
    });
    depot.fate = ({ method }) => (method === 'PATCH' ? { takeBytes: 0 } : 'answer');
    const uploads = uploadsWith();
    expect(await settled(uploads, uploads.add(gone))).toMatchObject({ status: 'failed', error: { code: 'unreadable', retryable: false } });
    expect(depot.requests('PATCH')).toHaveLength(1);
  });
});

describe('what the person decides', () => {
  test('a cancel stops the sending and has the server forget it', async () => {
    depot.fate = ({ method }) => (method === 'PATCH' ? 'hang' : 'answer');
    const uploads = uploadsWith();
    const id = uploads.add(file('a', 10));
    await until('under way', () => depot.requests('PATCH').length === 1);
    uploads.cancel(id);
    expect((await settled(uploads, id)).status).toBe('cancelled');
    await until('forgotten', () => depot.kept.size === 0);
    uploads.retry(id);
    expect(uploads.list.get()[0]?.status).toBe('cancelled');
  });

  test('a ready file that is removed is removed at the server too, a released one stays there', async () => {
    const uploads = uploadsWith();
    const [one, two] = [uploads.add(file('a', 10)), uploads.add(file('b', 10))];
    await Promise.all([settled(uploads, one), settled(uploads, two)]);
    uploads.remove(one);
    uploads.release([two]);
    expect(uploads.list.get()).toEqual([]);
    await until('only the released one is left', () => depot.kept.size === 1);
    expect(depot.called('b')?.ready).toBe(true);
    expect(depot.requests('DELETE')).toHaveLength(1);
  });

  test('a cancelled one gives its turn to the next', async () => {
    depot.fate = ({ method, path }) => (method === 'PATCH' && depot.kept.get(path.split('/')[3] ?? '')?.name !== 'last' ? 'hang' : 'answer');
    const uploads = uploadsWith();
    const first = Array.from({ length: MAX_AT_ONCE }, (_, index) => uploads.add(file(`${index}`, 10)));
    const last = uploads.add(file('last', 10));
    await until('all turns taken', () => depot.requests('PATCH').length === MAX_AT_ONCE);
    expect(uploads.list.get().at(-1)?.status).toBe('waiting');
    uploads.cancel(first[0] ?? '');
    expect((await settled(uploads, last)).status).toBe('ready');
  });

  test('without a network nothing is asked, and with it everything goes on from where it was', async () => {
    const device = new Device();
    const uploads = uploadsWith({ network: device });
    depot.fate = ({ method, offset }) => (method === 'PATCH' && offset > 0 && device.online ? 'hang' : 'answer');
    const id = uploads.add(file('a', 100 * KB));
    await until('half-way', () => depot.requests('PATCH').length === 2);
    device.turn(false);
    uploads.add(file('b', 10));
    expect(uploads.list.get().map(({ status, error }) => [status, error?.code])).toEqual([
      ['waiting', 'offline'],
      ['waiting', 'offline'],
    ]);
    const asked = depot.asked.length;
    depot.fate = () => 'answer';
    device.turn(true);
    expect((await settled(uploads, id)).status).toBe('ready');
    expect(depot.asked.slice(asked).find(({ path, method }) => method === 'GET' && path.endsWith('a1'))).toBeDefined();
    expect(depot.asked.slice(asked).filter(({ path, offset }) => path.endsWith('a1') && offset === 64 * KB)).toHaveLength(1);
    arrivedWhole('a', 100 * KB);
  });

  test('one that was given up for want of a network starts again when it is back', async () => {
    const device = new Device();
    const uploads = uploadsWith({ network: device });
    depot.fate = () => ({ takeBytes: 0 });
    const id = uploads.add(file('a', 10));
    expect(await settled(uploads, id)).toMatchObject({ status: 'failed', error: { code: 'network' } });
    depot.fate = () => 'answer';
    device.turn(true);
    expect((await settled(uploads, id)).status).toBe('ready');
  });

  test('closing ends everything and asks nothing more', async () => {
    depot.fate = ({ method }) => (method === 'PATCH' ? 'hang' : 'answer');
    const uploads = uploadsWith();
    const id = uploads.add(file('a', 10));
    await until('under way', () => depot.requests('PATCH').length === 1);
    const end = uploads.settled(id);
    uploads.close();
    expect(await end).toBeUndefined();
    await until('the line is free', () => depot.busy === 0);
    expect(depot.requests('DELETE')).toEqual([]);
  });
});
