import { describe, expect, test } from 'vitest';

import { Api, MessagingError } from '../src/client';

interface Asked {
  url: string;
  init: RequestInit;
}

function apiAnswering(answer: Response | Error, asked: Asked[] = [], token: string | null = null): Api {
  const fetch = (url: string | URL | Request, init: RequestInit = {}) => {
    asked.push({ url: url instanceof Request ? url.url : url.toString(), init });
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  };
  return new Api({ baseUrl: 'https://host', token: () => token, fetch });
}

function problem(status: number, body: object, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), { status, headers: { 'Content-Type': 'application/problem+json', ...headers } });
}

async function failure(api: Api): Promise<MessagingError> {
  const error: unknown = await api.me().catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(MessagingError);
  return error as MessagingError;
}

describe('requests', () => {
  test('a token goes as Bearer, and the cookie may come along', async () => {
    const asked: Asked[] = [];
    await apiAnswering(Response.json({ id: 'ana' }), asked, 'abc').me();
    expect(asked[0]?.init.headers).toMatchObject({ Authorization: 'Bearer abc' });
    expect(asked[0]?.init.credentials).toBe('include');
  });

  test('without a token there is no such header', async () => {
    const asked: Asked[] = [];
    await apiAnswering(Response.json({}), asked).me();
    expect(asked[0]?.init.headers).not.toHaveProperty('Authorization');
  });

  test('ids and queries are encoded, and what is not asked is left out', async () => {
    const asked: Asked[] = [];
    await apiAnswering(Response.json({ items: [] }), asked).messages('a/b?c', { before: 7, limit: 50 });
    await apiAnswering(Response.json({ items: [] }), asked).conversations({ q: 'ü &', cursor: null });
    expect(asked.map(({ url }) => url)).toEqual([
      'https://host/api/conversations/a%2Fb%3Fc/messages?before=7&limit=50',
      'https://host/api/conversations?q=%C3%BC+%26',
    ]);
  });

  test('an answer without content is undefined', async () => {
    await expect(apiAnswering(new Response(null, { status: 204 })).deleteConversation('c')).resolves.toBeUndefined();
  });
});

describe('failures', () => {
  test('problem+json becomes an error with its code, its fields and whether to try again', async () => {
    const body = { title: 'Invalid input', status: 422, detail: 'content: too long', code: 'invalid', retryable: false, errors: [{ field: 'content', message: 'too long' }] };
    expect(await failure(apiAnswering(problem(422, body)))).toMatchObject({
      code: 'invalid',
      status: 422,
      message: 'content: too long',
      retryable: false,
      fields: [{ field: 'content', message: 'too long' }],
    });
  });

  test('a time to wait is taken from Retry-After', async () => {
    const error = await failure(apiAnswering(problem(429, { code: 'rate_limited', retryable: true }, { 'Retry-After': '30' })));
    expect(error).toMatchObject({ retryable: true, retryAfterMs: 30_000 });
  });

  test('it may be a moment, and one that makes no sense is none', async () => {
    const waitOf = async (retryAfter: string) => (await failure(apiAnswering(problem(503, {}, { 'Retry-After': retryAfter })))).retryAfterMs;
    expect(await waitOf(new Date(Date.now() + 3_600_000).toUTCString())).toBeGreaterThan(3_500_000);
    expect(await waitOf(new Date(Date.now() + 3_600_000).toISOString())).toBeNull();
    expect(await waitOf('soon')).toBeNull();
  });

  test('a short wait is waited for once by who only reads, and never by who writes', async () => {
    const asked: string[] = [];
    const later = (_url: unknown, { method = '' }: RequestInit = {}) => Promise.resolve((asked.push(method), problem(429, { code: 'rate_limited' }, { 'Retry-After': '0' })));
    const api = new Api({ token: () => null, fetch: later });
    await expect(api.me()).rejects.toMatchObject({ code: 'rate_limited' });
    await expect(api.deleteConversation('c')).rejects.toMatchObject({ code: 'rate_limited' });
    expect(asked).toEqual(['GET', 'GET', 'DELETE']);
  });

  test('a proxy’s page is a failure named by its status', async () => {
    expect(await failure(apiAnswering(new Response('<h1>Bad gateway</h1>', { status: 502 })))).toMatchObject({ code: 'http_502', retryable: true });
  });

  test('no network is an unknown outcome that may be tried again', async () => {
    expect(await failure(apiAnswering(new TypeError('fetch failed')))).toMatchObject({ code: 'network', status: null, retryable: true });
  });

  test('a good status with a broken body counts as no answer', async () => {
    expect(await failure(apiAnswering(new Response('{"id":', { status: 200 })))).toMatchObject({ code: 'network' });
  });

  test('no answer in time is a timeout', async () => {
    const hanging = (_url: unknown, init: RequestInit = {}) =>
      new Promise<Response>((_resolve, reject) => {
        init.signal?.addEventListener('abort', () => reject(new DOMException('late', 'TimeoutError')));
      });
    expect(await failure(new Api({ fetch: hanging, timeoutMs: 5 }))).toMatchObject({ code: 'timeout' });
  });

  test('the caller’s own abort stays an abort', async () => {
    const abort = AbortSignal.abort(new DOMException('changed my mind', 'AbortError'));
    const api = apiAnswering(new DOMException('changed my mind', 'AbortError'));
    await expect(api.me(abort)).rejects.toMatchObject({ name: 'AbortError' });
  });
});
