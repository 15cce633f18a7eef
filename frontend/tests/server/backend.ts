/**
 * A server that keeps the wire contract in memory, on a real socket.io and a real HTTP port, so that the client is
 * tested over a real network. Tests can cut sockets, lose events, and have commands refused or left unanswered.
 */

import { createServer, type IncomingMessage, type Server as HttpServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { Server, type Socket } from 'socket.io';

import type { Subject } from '../../src/client';
import { readyPayload } from '../make';
import { Refusal, room, user, watchers, World } from './world';

/** What any request may carry; which of it does, the sender decides. */
export interface Body {
  conversationId: string;
  messageId: string;
  afterSeq: number | null;
  content: string;
  clientId: string;
  seq: number;
  epoch: string;
  conversations: Record<string, number>;
  participantIds: string[];
  status: 'ACTIVE' | 'CLOSED';
  recipientId: string;
  subject: Subject | null;
  emoji: string;
  mentions: string[];
  activity: 'typing' | 'recording';
  userIds: string[];
  userId: string;
  role: 'OWNER' | 'MEMBER';
}

type Handler = (socket: Socket, userId: string, body: Body) => object;

/** Answered; carried out but not answered; or not even carried out. */
type Fate = 'answer' | 'silence' | 'ignore';

export class Backend {
  readonly world = new World(
    (...emitted) => {
      this.emit(...emitted);
    },
    (name, userId) => {
      this.io.in(userId === undefined ? name : user(userId)).socketsLeave(name);
    },
  );
  /** Return true to lose an event on its way to a user. */
  lose: (event: string, userId: string) => boolean = () => false;
  /** Called before a command is carried out; may throw a `Refusal`. */
  onCommand: (name: string, userId: string) => Fate = () => 'answer';
  /** Called before an HTTP request is carried out; may throw a `Refusal`, or wait. */
  onRequest: (method: string, path: string) => Promise<void> | void = () => undefined;
  acceptToken: (token: string) => boolean = () => true;
  /** Why a connection is refused, besides its token. */
  turnAway: () => object | null = () => null;
  /** Comes behind the payload of every event. */
  trail: unknown[] = [];
  readonly commands: { name: string; userId: string; body: Body }[] = [];
  readonly requests: string[] = [];
  readonly io: Server;
  private readonly http: HttpServer;

  constructor() {
    this.http = createServer((request, response) => void this.answer(request, response));
    this.io = new Server(this.http, { cors: { origin: true, credentials: true }, connectionStateRecovery: {} });
    this.io.use((socket, next) => {
      const { token = '' } = socket.handshake.auth as { token?: string };
      const userId = this.userOf(token);
      if (userId === null) {
        const code = token === '' ? 'auth_required' : 'auth_expired';
        next(Object.assign(new Error('refused'), { data: { code } }));
        return;
      }
      const reason = this.turnAway();
      if (reason !== null) {
        next(Object.assign(new Error('refused'), { data: reason }));
        return;
      }
      (socket.data as { userId: string }).userId = userId;
      next();
    });
    this.io.on('connection', (socket) => {
      this.onConnection(socket);
    });
  }

  async listen(port = 0): Promise<string> {
    await new Promise<void>((resolve) => this.http.listen(port, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.http.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    const closed = this.io.close();
    this.http.closeAllConnections();
    await closed;
  }

  cut(userId?: string): void {
    for (const socket of this.io.sockets.sockets.values()) {
      if (userId === undefined || userOf(socket) === userId) socket.conn.close();
    }
  }

  /** The names of the rooms that a user's sockets are in. */
  roomsOf(userId: string): string[] {
    const sockets = [...this.io.sockets.sockets.values()].filter((socket) => userOf(socket) === userId);
    return sockets.flatMap((socket) => [...socket.rooms]).filter((name) => name.startsWith('conversation:'));
  }

  emit(event: string, payload: unknown, to: string[], except: string[] = []): void {
    const body = structuredClone(payload);
    for (const socket of this.io.sockets.sockets.values()) {
      const inAny = to.some((name) => socket.rooms.has(name));
      if (inAny && !except.some((name) => socket.rooms.has(name)) && !this.lose(event, userOf(socket))) socket.emit(event, body, ...this.trail);
    }
  }

  private onConnection(socket: Socket): void {
    const userId = userOf(socket);
    void socket.join(user(userId));
    for (const [name, handler] of Object.entries(this.handlers())) {
      socket.on(name, (body: Body, ack?: (answer: object) => void) => {
        this.onCommandReceived(name, socket, handler, body, ack ?? (() => undefined));
      });
    }
    socket.emit('ready', readyPayload({ userId, epoch: this.world.epoch, serverTime: this.world.now().toISOString(), totalUnread: this.world.totalUnread(userId), settings: this.world.settingsOf(userId) }));
  }

  private onCommandReceived(name: string, socket: Socket, handler: Handler, body: Body, ack: (answer: object) => void): void {
    const userId = userOf(socket);
    this.commands.push({ name, userId, body });
    try {
      const fate = this.onCommand(name, userId);
      if (fate === 'ignore') return;
      const answer = handler(socket, userId, body);
      if (fate !== 'silence') ack({ ok: true, ...structuredClone(answer) });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      ack({ ok: false, error: { code: error.code, message: error.message, retryable: error.retryable, retryAfterMs: error.retryAfterMs } });
    }
  }

  private handlers(): Record<string, Handler> {
    return {
      join_conversation: (socket, userId, { conversationId, afterSeq }) => {
        const conversation = this.world.seen(conversationId, userId);
        void socket.join(room(conversationId));
        const gap = this.world.catchUp(conversationId, userId, afterSeq ?? conversation.seq);
        return { conversation, events: gap.events ?? [], reset: gap.reset };
      },
      leave_conversation: (socket, _userId, { conversationId }) => {
        void socket.leave(room(conversationId));
        return {};
      },
      send_message: (_socket, userId, body) => ({ message: this.world.send(body.conversationId, userId, body) }),
      add_reaction: (_socket, userId, { conversationId, messageId, emoji }) => ({ message: this.world.react(conversationId, userId, messageId, emoji, true) }),
      remove_reaction: (_socket, userId, { conversationId, messageId, emoji }) => ({ message: this.world.react(conversationId, userId, messageId, emoji, false) }),
      mark_read: (_socket, userId, { conversationId, seq }) => this.world.markRead(conversationId, userId, seq),
      mark_delivered: (_socket, userId, { conversations }) => this.world.markDelivered(userId, conversations),
      typing_start: (_socket, userId, { conversationId, activity }) => this.world.typing('user_typing', userId, conversationId, activity),
      typing_stop: (_socket, userId, { conversationId }) => this.world.typing('user_stopped_typing', userId, conversationId),
      set_presence: (_socket, userId, { status }) => this.world.setPresence(userId, status as never),
      watch_presence: (socket, userId, { userIds }) => {
        for (const name of socket.rooms) if (name.startsWith(watchers(''))) void socket.leave(name);
        const presences = this.world.watch(userId, userIds);
        for (const presence of presences) void socket.join(watchers(presence.userId));
        return { presences };
      },
      change_settings: (_socket, userId, body) => this.world.changeSettings(userId, body as object),
      change_personal: (_socket, userId, { conversationId, ...change }) => ({ conversation: this.world.setPersonal(conversationId, userId, change as object) }),
      add_participants: (_socket, userId, { conversationId, userIds }) => ({ conversation: this.world.add(conversationId, userId, userIds) }),
      remove_participant: (_socket, userId, body) => ({ conversation: this.world.takeOut(body.conversationId, userId, body.userId) }),
      set_group_role: (_socket, userId, body) => ({ conversation: this.world.setRole(body.conversationId, userId, body.userId, body.role) }),
      leave_group: (_socket, userId, { conversationId }) => {
        this.world.takeOut(conversationId, userId, userId);
        return {};
      },
      resume: (_socket, userId, { epoch, conversations }) => this.world.resume(userId, epoch, conversations),
      refresh_token: () => ({ expiresAt: this.world.now().toISOString() }),
    };
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://localhost');
    this.requests.push(`${request.method ?? ''} ${url.pathname}`);
    try {
      const userId = this.userOf((request.headers.authorization ?? '').replace('Bearer ', ''));
      if (userId === null) throw new Refusal('auth_required', 'sign in', 401);
      const body = await readJson(request);
      await this.onRequest(request.method ?? 'GET', url.pathname);
      const [status, answer] = this.route(request.method ?? 'GET', url, userId, body);
      reply(response, status, answer);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const { code, message: detail, status, retryable } = error;
      reply(response, status, { type: 'about:blank', title: code, status, detail, code, retryable });
    }
  }

  private route(method: string, url: URL, userId: string, body: Body): [number, unknown] {
    const [, , name, id = '', part, messageId = '', detail] = url.pathname.split('/').map(decodeURIComponent);
    const key = [method, name, id && ':id', part, messageId && ':mid', detail].filter(Boolean).join(' ');
    switch (key) {
      case 'GET me':
        return [200, this.world.profile(userId)];
      case 'GET unread':
        return [200, { total: this.world.totalUnread(userId), conversations: {} }];
      case 'GET conversations':
        return [200, this.world.listPage(userId, url.searchParams)];
      case 'POST conversations':
        return [201, this.world.seen(this.world.create([userId, ...body.participantIds], body), userId)];
      case 'GET conversations :id':
        return [200, this.world.seen(id, userId)];
      case 'PATCH conversations :id':
        return [200, this.world.change(id, userId, body)];
      case 'DELETE conversations :id':
        this.world.remove(id, userId);
        return [204, undefined];
      case 'GET conversations :id messages':
        return [200, this.world.page(id, userId, url.searchParams)];
      case 'PATCH conversations :id messages :mid':
        return [200, this.world.edit(id, userId, messageId, body.content, body.mentions)];
      case 'GET conversations :id messages :mid history':
        return [200, this.world.history(id, userId, messageId)];
      case 'DELETE conversations :id messages :mid':
        return [200, this.world.erase(id, userId, messageId)];
      case 'POST messages':
        return [201, this.world.start(userId, body.recipientId, body.subject, body.content, body.clientId)];
      case 'GET search':
        return [200, this.world.search(userId, url.searchParams)];
      default:
        throw new Refusal('not_found', 'no such thing', 404);
    }
  }

  private userOf(token: string): string | null {
    const userId = token.replace(/^(t|expired)-/, '').split('.')[0] ?? '';
    return token !== '' && this.acceptToken(token) && this.world.people.has(userId) ? userId : null;
  }
}

function userOf(socket: Socket): string {
  return (socket.data as { userId: string }).userId;
}

async function readJson(request: IncomingMessage): Promise<Body> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  return (text === '' ? {} : JSON.parse(text)) as Body;
}

function reply(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'Content-Type': status >= 400 ? 'application/problem+json' : 'application/json' });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}
