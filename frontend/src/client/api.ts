/** The HTTP API as typed calls. How a request travels, and what its failures are, is in `http.ts`. */

import { Http, type HttpOptions, type RequestOptions } from './http';
import type {
  AttachmentKind,
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
  SharedFilePage,
  Started,
  StartConversation,
  Unread,
} from './wire';

export type { TokenSource } from './http';
export type ApiOptions = HttpOptions;

export interface ListQuery {
  cursor?: string | null;
  limit?: number;
  status?: ConversationStatus;
  unread?: boolean;
  /** The archived ones instead of the others. */
  archived?: boolean | null;
  q?: string;
}

/** Newest first. */
export interface FilesQuery {
  cursor?: string | null;
  kind?: AttachmentKind;
  limit?: number;
}

/** At most one of the bounds; none means the newest page. */
export interface PageQuery {
  before?: number;
  after?: number;
  around?: number;
  limit?: number;
}

export class Api {
  private readonly http: Http;

  constructor(options: ApiOptions = {}) {
    this.http = new Http(options);
  }

  me(signal?: AbortSignal): Promise<Profile> {
    return this.request('GET', '/api/me', { signal });
  }

  files(conversationId: string, { cursor, kind, limit }: FilesQuery = {}, signal?: AbortSignal): Promise<SharedFilePage> {
    return this.request('GET', `${conversationPath(conversationId)}/attachments`, { query: { cursor, kind, limit }, signal });
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
  request<T>(method: string, path: string, options: RequestOptions = {}): Promise<T> {
    return this.http.request<T>(method, path, options);
  }
}

function conversationPath(id: string): string {
  return `/api/conversations/${encodeURIComponent(id)}`;
}

function messagePath(id: string, messageId: string): string {
  return `${conversationPath(id)}/messages/${encodeURIComponent(messageId)}`;
}
