/**
 * One HTTP request under this client's credentials: the cookie that the browser holds, or a Bearer token that the given
 * callback returns. Every failure is a `MessagingError`, except a caller's own abort, which stays an `AbortError`.
 */

import { jittered } from './backoff';
import { MessagingError } from './errors';
import { Timer } from './timer';

export type TokenSource = () => string | null | Promise<string | null>;

export interface HttpOptions {
  /** Origin of the server without a slash at the end; empty for the page's own. */
  baseUrl?: string;
  token?: TokenSource;
  /** Asked once for another token when a request is refused with 401; null where there is none to be had. */
  refreshToken?: () => Promise<string | null>;
  fetch?: typeof fetch;
  /** So long may a request be silent. */
  timeoutMs?: number;
}

export interface RequestOptions {
  query?: object;
  /** Sent as JSON. */
  body?: unknown;
  /** Sent as it is, in the place of `body`. */
  bytes?: Blob;
  signal?: AbortSignal | undefined;
  timeoutMs?: number;
  /** Carries this request instead of `fetch`. */
  carrier?: Carrier;
  /** Hears how many bytes of the body have left, from carriers that know. Starts again from 0 if the request does. */
  onSent?: (bytes: number) => void;
}

export interface Outbound {
  method: string;
  url: string;
  headers: Record<string, string>;
  body: string | Blob | null;
  signal: AbortSignal;
  onSent: (bytes: number) => void;
}

export interface Inbound {
  status: number;
  text: string;
  retryAfter: string | null;
}

/** Carries one request. Rejects when no whole answer came, and when the signal aborts. */
export type Carrier = (request: Outbound) => Promise<Inbound>;

const TIMEOUT_MS = 15_000;
const UNAUTHORIZED = 401;
const TOO_MUCH = 429;
const UNAVAILABLE = 503;
/** A reading request that is told to come back within this time does so by itself, once. */
const PATIENCE_MS = 5_000;

export class Http {
  private readonly baseUrl: string;
  private readonly token: TokenSource;
  private readonly refreshToken: () => Promise<string | null>;
  private readonly carrier: Carrier;
  private readonly timeoutMs: number;
  private refreshing: Promise<boolean> | null = null;

  constructor(options: HttpOptions = {}) {
    this.baseUrl = options.baseUrl ?? '';
    this.token = options.token ?? (() => null);
    this.refreshToken = options.refreshToken ?? (() => Promise.resolve(null));
    this.carrier = fetchCarrier(options.fetch);
    this.timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
  }

  /** `undefined` for an answer without content. */
  async request<T>(method: string, path: string, options: RequestOptions = {}): Promise<T> {
    const answer = await this.authorized(method, path, options);
    const wait = method === 'GET' && isLater(answer) ? waitMs(answer.retryAfter) : null;
    if (wait === null || wait > PATIENCE_MS) return read(answer) as T;
    await pause(jittered(wait), options.signal);
    return read(await this.authorized(method, path, options)) as T;
  }

  private async authorized(method: string, path: string, options: RequestOptions): Promise<Inbound> {
    const token = await this.token();
    const answer = await this.send(method, path, token, options);
    if (answer.status !== UNAUTHORIZED || !(await this.renewed(token))) return answer;
    return this.send(method, path, await this.token(), options);
  }

  private async send(method: string, path: string, token: string | null, options: RequestOptions): Promise<Inbound> {
    const late = new AbortController();
    const { signal, timeoutMs = this.timeoutMs } = options;
    const deadline = new Timer(() => {
      late.abort();
    });
    deadline.set(timeoutMs);
    try {
      return await (options.carrier ?? this.carrier)({
        method,
        url: this.baseUrl + path + queryString(options.query),
        headers: headersOf(token, options),
        body: options.bytes ?? (options.body === undefined ? null : JSON.stringify(options.body)),
        signal: signal ? AbortSignal.any([signal, late.signal]) : late.signal,
        onSent: (bytes) => {
          deadline.set(timeoutMs);
          options.onSent?.(bytes);
        },
      });
    } catch (error) {
      if (signal?.aborted) throw error;
      throw MessagingError.noAnswer(late.signal.aborted ? 'timeout' : 'network');
    } finally {
      deadline.close();
    }
  }

  /** Whether there is another token than the one that was refused. Requests that are refused together wait for one. */
  private async renewed(refused: string | null): Promise<boolean> {
    if ((await this.token()) !== refused) return true;
    this.refreshing ??= this.refreshToken()
      .then((token) => token !== null, () => false)
      .finally(() => {
        this.refreshing = null;
      });
    return this.refreshing;
  }
}

export function fetchCarrier(given?: typeof fetch): Carrier {
  return async ({ method, url, headers, body, signal, onSent }) => {
    const response = await (given ?? globalThis.fetch)(url, { method, headers, credentials: 'include', signal, ...(body !== null && { body }) });
    if (body instanceof Blob) onSent(body.size);
    return { status: response.status, text: await response.text(), retryAfter: response.headers.get('Retry-After') };
  };
}

function headersOf(token: string | null, { body, bytes }: RequestOptions): Record<string, string> {
  return {
    Accept: 'application/json',
    ...(token !== null && { Authorization: `Bearer ${token}` }),
    ...(body !== undefined && { 'Content-Type': 'application/json' }),
    ...(bytes !== undefined && { 'Content-Type': 'application/octet-stream' }),
  };
}

function queryString(query: object = {}): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query) as [string, string | number | boolean | null | undefined][]) {
    if (value !== undefined && value !== null && value !== '') params.set(name, String(value));
  }
  const text = params.toString();
  return text === '' ? '' : `?${text}`;
}

function read({ status, text, retryAfter }: Inbound): unknown {
  const body = parse(text);
  if (status < 200 || status >= 300) throw MessagingError.fromResponse(status, body, waitMs(retryAfter));
  if (body === BROKEN) throw MessagingError.noAnswer('network');
  return body;
}

const BROKEN = Symbol('not JSON');

function parse(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return BROKEN;
  }
}

function isLater({ status }: Inbound): boolean {
  return status === TOO_MUCH || status === UNAVAILABLE;
}

/** Seconds, or a moment (RFC 9110, 10.2.3). */
function waitMs(retryAfter: string | null): number | null {
  if (retryAfter === null) return null;
  const ms = /^\s*\d/.test(retryAfter) ? Number(retryAfter) * 1_000 : Date.parse(retryAfter) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : null;
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(new DOMException('aborted', 'AbortError'));
    });
  });
}
