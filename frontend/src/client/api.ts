/**
 * The HTTP API as typed calls. Credentials are the cookie that the browser holds, or a Bearer token that the given
 * callback returns. Every failure is a `MessagingError`, except a caller's own abort, which stays an `AbortError`.
 */

import { MessagingError } from './errors';
import type {
  ChangeConversation,
  Conversation,
  ConversationPage,
  ConversationStatus,
  CreateConversation,
  Message,
  MessageHistory,
  MessagePage,
  Profile,
  ReadState,
  Started,
  StartConversation,
  Unread,
} from './wire';

export type TokenSource = () => string | null | Promise<string | null>;

export interface ApiOptions {
  /** Origin of the server without a slash at the end; empty for the page's own. */
  baseUrl?: string;
  token?: TokenSource;
  fetch?: typeof fetch;
  timeoutMs?: number;
}

export interface ListQuery {
  cursor?: string | null;
  limit?: number;
  status?: ConversationStatus;
  unread?: boolean;
  /** The archived ones instead of the others. */
  archived?: boolean | null;
  q?: string;
}

/** At most one of the bounds; none means the newest page. */
export interface PageQuery {
  before?: number;
  after?: number;
  around?: number;
  limit?: number;
}

interface RequestOptions {
  query?: object;
  body?: unknown;
  signal?: AbortSignal | undefined;
}

const TIMEOUT_MS = 15_000;

export class Api {
  private readonly baseUrl: string;
  private readonly token: TokenSource;
  private readonly fetch: typeof fetch;
  private readonly timeoutMs: number;

  constructor(options: ApiOptions = {}) {
    this.baseUrl = options.baseUrl ?? '';
    this.token = options.token ?? (() => null);
    this.fetch = options.fetch ?? ((input, init) => globalThis.fetch(input, init));
    this.timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
  }

  me(signal?: AbortSignal): Promise<Profile> {
    return this.request('GET', '/api/me', { signal });
  }

  unread(signal?: AbortSignal): Promise<Unread> {
    return this.request('GET', '/api/unread', { signal });
  }

  /** Of a wider query only what the server knows. */
  conversations({ cursor, limit, status, unread, archived, q }: ListQuery = {}, signal?: AbortSignal): Promise<ConversationPage> {
    return this.request('GET', '/api/conversations', { query: { cursor, limit, status, unread, archived, q }, signal });
  }

  conversation(id: string, signal?: AbortSignal): Promise<Conversation> {
    return this.request('GET', conversationPath(id), { signal });
  }

  createConversation(body: CreateConversation): Promise<Conversation> {
    return this.request('POST', '/api/conversations', { body });
  }

  changeConversation(id: string, body: ChangeConversation): Promise<Conversation> {
    return this.request('PATCH', conversationPath(id), { body });
  }

  deleteConversation(id: string): Promise<void> {
    return this.request('DELETE', conversationPath(id));
  }

  messages(id: string, query: PageQuery = {}, signal?: AbortSignal): Promise<MessagePage> {
    return this.request('GET', `${conversationPath(id)}/messages`, { query, signal });
  }

  startConversation(body: StartConversation): Promise<Started> {
    return this.request('POST', '/api/messages', { body });
  }

  /** Mentions that are not given stay as they are. */
  editMessage(id: string, messageId: string, content: string, mentions?: readonly string[]): Promise<Message> {
    return this.request('PATCH', messagePath(id, messageId), { body: { content, ...(mentions && { mentions }) } });
  }

  history(id: string, messageId: string, signal?: AbortSignal): Promise<MessageHistory> {
    return this.request('GET', `${messagePath(id, messageId)}/history`, { signal });
  }

  deleteMessage(id: string, messageId: string): Promise<Message> {
    return this.request('DELETE', messagePath(id, messageId));
  }

  markRead(id: string, seq: number): Promise<ReadState> {
    return this.request('PUT', `${conversationPath(id)}/read`, { body: { seq } });
  }

  /** Ask anything of the server under this client's credentials; `undefined` for an answer without content. */
  async request<T>(method: string, path: string, options: RequestOptions = {}): Promise<T> {
    const response = await this.send(method, path, options);
    const body = await readBody(response);
    if (!response.ok) throw MessagingError.fromResponse(response.status, body, retryAfter(response));
    return body as T;
  }

  private async send(method: string, path: string, { query, body, signal }: RequestOptions): Promise<Response> {
    const token = await this.token();
    const headers: Record<string, string> = { Accept: 'application/json' };
    if (token !== null) headers['Authorization'] = `Bearer ${token}`;
    if (body !== undefined) headers['Content-Type'] = 'application/json';
    const deadline = AbortSignal.timeout(this.timeoutMs);
    try {
      return await this.fetch(this.baseUrl + path + queryString(query), {
        method,
        headers,
        credentials: 'include',
        signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    } catch (error) {
      if (signal?.aborted) throw error;
      throw MessagingError.noAnswer(deadline.aborted ? 'timeout' : 'network');
    }
  }
}

function conversationPath(id: string): string {
  return `/api/conversations/${encodeURIComponent(id)}`;
}

function messagePath(id: string, messageId: string): string {
  return `${conversationPath(id)}/messages/${encodeURIComponent(messageId)}`;
}

function queryString(query: object = {}): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query) as [string, string | number | boolean | null | undefined][]) {
    if (value !== undefined && value !== null && value !== '') params.set(name, String(value));
  }
  const text = params.toString();
  return text === '' ? '' : `?${text}`;
}

async function readBody(response: Response): Promise<unknown> {
  try {
    const text = await response.text();
    return text === '' ? undefined : (JSON.parse(text) as unknown);
  } catch {
    if (response.ok) throw MessagingError.noAnswer('network');
    return undefined;
  }
}

function retryAfter(response: Response): number | null {
  const seconds = Number(response.headers.get('Retry-After') ?? Number.NaN);
  return Number.isFinite(seconds) ? seconds * 1_000 : null;
}
