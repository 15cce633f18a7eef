/**
 * A server that takes uploads in pieces and keeps the contract, on a real HTTP port, so that the client is tested over a
 * real network. Tests can have requests refused, cut off in the middle, or carried out and not answered.
 */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { Attachment } from '../../src/client';

export interface Refused {
  status: number;
  code: string;
  detail?: string;
  retryable?: boolean;
  headers?: Record<string, string>;
  offset?: number;
}

/**
 * Answer; do it and cut the line before the answer; take all bytes and die before the content is judged; take only so
 * many bytes and cut it; refuse; never answer.
 */
export type Fate = 'answer' | 'mute' | 'die' | 'hang' | { takeBytes: number } | { refuse: Refused };

interface Kept {
  id: string;
  clientId: string;
  name: string;
  voice: boolean;
  sizeBytes: number;
  content: Buffer;
  ready: boolean;
}

export interface Asked {
  method: string;
  path: string;
  offset: number;
  token: string;
}

const CORS = {
  'Access-Control-Allow-Methods': 'GET, POST, PATCH, DELETE',
  'Access-Control-Allow-Headers': 'authorization, content-type',
  'Access-Control-Allow-Credentials': 'true',
  'Access-Control-Expose-Headers': 'retry-after',
};

export class Depot {
  readonly kept = new Map<string, Kept>();
  readonly asked: Asked[] = [];
  maxChunkBytes = 64 * 1024;
  fate: (asked: Asked) => Fate | Promise<Fate> = () => 'answer';
  acceptToken: (token: string) => boolean = () => true;
  /** Why the whole content is refused, if it is. */
  judge: (content: Buffer, name: string) => string | null = () => null;
  /** So many requests are in hand now, and were at most. */
  busy = 0;
  busiest = 0;
  private readonly http: Server = createServer((request, response) => void this.take(request, response));
  private ids = 0;

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.http.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.http.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.http.close(resolve));
    this.http.closeAllConnections();
    await closed;
  }

  called(name: string): Kept | undefined {
    return [...this.kept.values()].find((kept) => kept.name === name);
  }

  requests(method: string): Asked[] {
    return this.asked.filter((asked) => asked.method === method);
  }

  private async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const [name, value] of Object.entries({ ...CORS, 'Access-Control-Allow-Origin': request.headers.origin ?? '*' })) response.setHeader(name, value);
    if (request.method === 'OPTIONS') {
      response.writeHead(204).end();
      return;
    }
    const url = new URL(request.url ?? '/', 'http://depot');
    const token = (request.headers.authorization ?? '').replace('Bearer ', '');
    const asked = { method: request.method ?? '', path: url.pathname, offset: Number(url.searchParams.get('offset') ?? 0), token };
    this.asked.push(asked);
    this.busy += 1;
    this.busiest = Math.max(this.busiest, this.busy);
    response.on('close', () => (this.busy -= 1));
    try {
      await this.carryOut(asked, request, response);
    } catch {
      // The client went away in the middle of its body.
      response.destroy();
    }
  }

  private async carryOut(asked: Asked, request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!this.acceptToken(asked.token)) {
      await drained(request);
      refuse(response, { status: 401, code: 'auth_expired' });
      return;
    }
    const fate = await this.fate(asked);
    if (fate === 'hang') return;
    if (typeof fate === 'object' && 'refuse' in fate) {
      await drained(request);
      refuse(response, fate.refuse);
      return;
    }
    const most = typeof fate === 'object' ? fate.takeBytes : Number.POSITIVE_INFINITY;
    const answer = this.route(asked, await bodyOf(request, most), fate !== 'die');
    if (fate !== 'answer') response.socket?.destroy();
    else if ('status' in answer) refuse(response, answer);
    else reply(response, answer.code, answer.body);
  }

  private route({ method, path, offset }: Asked, body: Buffer, judging: boolean): { code: number; body: unknown } | Refused {
    const id = path.split('/')[3];
    if (method === 'POST') return this.begin(JSON.parse(body.toString()) as Kept);
    const kept = this.kept.get(id ?? '');
    if (kept === undefined) return { status: 404, code: 'not_found' };
    if (method === 'DELETE') {
      this.kept.delete(kept.id);
      return { code: 204, body: undefined };
    }
    return method === 'PATCH' ? this.append(kept, offset, body, judging) : { code: 200, body: this.stateOf(kept) };
  }

  private begin({ clientId, name, sizeBytes, voice }: Kept): { code: number; body: unknown } {
    const before = [...this.kept.values()].find((kept) => kept.clientId === clientId);
    if (before) return { code: 200, body: this.stateOf(before) };
    const kept = { id: `a${String((this.ids += 1))}`, clientId, name, voice, sizeBytes, content: Buffer.alloc(0), ready: false };
    this.kept.set(kept.id, kept);
    return { code: 201, body: this.stateOf(kept) };
  }

  /** A file is finished only inside a request that brings its end, be that nothing. */
  private append(kept: Kept, offset: number, body: Buffer, judging: boolean): { code: number; body: unknown } | Refused {
    if (offset !== kept.content.length) return { status: 409, code: 'offset_mismatch', offset: kept.content.length };
    if (body.length > this.maxChunkBytes) return { status: 413, code: 'too_large' };
    kept.content = Buffer.concat([kept.content, body]);
    if (kept.content.length < kept.sizeBytes || !judging) return { code: 200, body: this.stateOf(kept) };
    const reason = this.judge(kept.content, kept.name);
    if (reason !== null) return { status: 422, code: 'content_refused', detail: reason };
    kept.ready = true;
    return { code: 200, body: this.stateOf(kept) };
  }

  private stateOf({ id, name, voice, sizeBytes, content, ready }: Kept): object {
    const attachment: Attachment = {
      id,
      kind: voice ? 'VOICE' : 'FILE',
      name,
      mediaType: 'application/octet-stream',
      sizeBytes,
      width: null,
      height: null,
      durationMs: null,
      waveform: null,
      url: `/api/attachments/${id}/content`,
      thumbnailUrl: null,
    };
    return { id, offset: content.length, sizeBytes, ready, attachment: ready ? attachment : null, maxChunkBytes: this.maxChunkBytes };
  }
}

async function bodyOf(request: IncomingMessage, most: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let taken = 0;
  for await (const part of request) {
    parts.push((part as Buffer).subarray(0, most - taken));
    taken += (part as Buffer).length;
    if (taken >= most) break;
  }
  return Buffer.concat(parts);
}

async function drained(request: IncomingMessage): Promise<void> {
  request.resume();
  if (!request.readableEnded) await new Promise((resolve) => request.once('end', resolve).once('close', resolve));
}

function refuse(response: ServerResponse, { status, code, detail = code, retryable = false, headers = {}, ...more }: Refused): void {
  response.writeHead(status, { 'Content-Type': 'application/problem+json', ...headers });
  response.end(JSON.stringify({ type: 'about:blank', title: code, status, detail, code, retryable, ...more }));
}

function reply(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'Content-Type': 'application/json' });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}
