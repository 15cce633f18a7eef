/* The transport HTTP long polling (Engine.IO v4), as a browser does it without ever upgrading: one GET waits for
 * packets, one POST at a time brings some, each on a keep-alive connection of its own. */
#include <stdlib.h>
#include <string.h>

#include "deflate.h"
#include "http.h"
#include "transport.h"

enum {
  SEPARATOR = 0x1e,
  PACKETS_PER_POST = 16, /* python-engineio reads no more of one body */
  POST_BYTES = 100000,   /* every server takes a body of this size; a larger packet goes alone */
  SID_CHARS = 128,
};

struct poller {
  struct exchange poll, post;
  char sid[SID_CHARS];
  struct bytes get;     /* the request that polls, always the same */
  struct bytes pending; /* packets, each ended by the separator, for the next POST */
};

static struct client *client_of(struct exchange *x) { return x->owner; }

/* ---- requests ---- */

static void compose_get(struct client *c) {
  struct poller *p = c->poller;
  char request[512];
  int length = snprintf(request, sizeof request, "GET %s?EIO=4&transport=polling%s%s HTTP/1.1\r\nHost: %s\r\nAccept: */*\r\n%s\r\n",
                        c->network->path, p->sid[0] ? "&sid=" : "", p->sid, c->network->loop.host,
                        c->network->deflate ? "Accept-Encoding: gzip, deflate\r\n" : "");
  if (length >= (int)sizeof request) die("a path of %zu characters is too long", strlen(c->network->path));
  p->get.length = 0;
  bytes_add(&p->get, request, (size_t)length);
}

static void send_poll(struct client *c) {
  struct poller *p = c->poller;
  p->poll.request.length = 0;
  bytes_add(&p->poll.request, p->get.data, p->get.length);
  exchange_send(&p->poll);
}

/* How much of what waits goes into one body: whole packets, each with its separator. */
static size_t share_of(const struct bytes *pending) {
  size_t share = 0;
  for (int i = 0; i < PACKETS_PER_POST && share < pending->length; i++) {
    const unsigned char *end = memchr(pending->data + share, SEPARATOR, pending->length - share);
    size_t next = (size_t)(end - pending->data) + 1;
    if (i && next > POST_BYTES) break;
    share = next;
  }
  return share;
}

static void queue_packet(struct client *c, const char *packet, size_t length) {
  static const char separator = SEPARATOR;
  bytes_add(&c->poller->pending, packet, length);
  bytes_add(&c->poller->pending, &separator, 1);
}

static void flush(struct client *c) {
  struct poller *p = c->poller;
  if (p->post.busy || !p->pending.length) return;
  size_t share = share_of(&p->pending), rest = p->pending.length - share;
  char head[512];
  int size = snprintf(head, sizeof head,
                      "POST %s?EIO=4&transport=polling&sid=%s HTTP/1.1\r\nHost: %s\r\nAccept: */*\r\n"
                      "Content-Type: text/plain;charset=UTF-8\r\nContent-Length: %zu\r\n\r\n",
                      c->network->path, p->sid, c->network->loop.host, share - 1);
  p->post.request.length = 0;
  bytes_add(&p->post.request, head, (size_t)size);
  bytes_add(&p->post.request, p->pending.data, share - 1);
  memmove(p->pending.data, p->pending.data + share, rest);
  p->pending.length = rest;
  exchange_send(&p->post);
}

/* ---- answers ---- */

static void take_sid(struct client *c, const char *packet, size_t length) {
  static const char field[] = "\"sid\":\"";
  const char *at = memmem(packet, length, field, sizeof field - 1);
  if (!at) die("no session: %.*s", (int)(length < 300 ? length : 300), packet);
  at += sizeof field - 1;
  const char *end = memchr(at, '"', length - (size_t)(at - packet));
  if (!end || end - at >= SID_CHARS) die("a session's id of more than %d characters", SID_CHARS - 1);
  memcpy(c->poller->sid, at, (size_t)(end - at));
  c->poller->sid[end - at] = 0;
  compose_get(c);
  c->state = CLIENT_OPENING;
}

static struct inflated body_of(struct client *c, const struct answer *a) {
  struct wire *wire = &c->network->loop.wire;
  wire->messages++;
  if (a->coded_otherwise) die("an answer in a content coding that was not asked for");
  if (!a->deflated) return (struct inflated){a->body, a->length};
  struct inflated whole = inflate_body(a->body, a->length);
  wire->deflated_messages++;
  wire->spared_bytes += whole.length - a->length;
  return whole;
}

static void take_packets(struct client *c, struct inflated body, uint64_t now) {
  for (const char *at = body.text, *end = at + body.length; at < end && c->state != CLIENT_CLOSED;) {
    const char *next = memchr(at, SEPARATOR, (size_t)(end - at));
    if (!next) next = end;
    client_take(c, at, (size_t)(next - at), now);
    at = next + 1;
  }
}

static void on_polled(struct exchange *x, const struct answer *a, uint64_t now) {
  struct client *c = client_of(x);
  if (a->status != 200) {
    client_lose_with(c, "a poll was refused", a->body, a->length);
    return;
  }
  struct inflated body = body_of(c, a);
  if (c->state == CLIENT_UPGRADING) take_sid(c, body.text, body.length);
  take_packets(c, body, now);
  if (c->state == CLIENT_CLOSED) return;
  send_poll(c);
  flush(c);
}

static void on_posted(struct exchange *x, const struct answer *a, uint64_t now) {
  struct client *c = client_of(x);
  (void)now;
  if (a->status != 200)
    client_lose_with(c, "a POST was refused", a->body, a->length);
  else
    flush(c);
}

static void on_failed(struct exchange *x, const char *reason) { client_lose(client_of(x), reason); }

/* ---- opening and closing ---- */

static const struct exchange_handlers poll_handlers = {on_polled, on_failed}, post_handlers = {on_posted, on_failed};

static void set_up(struct client *c, struct exchange *x, const struct exchange_handlers *handlers, uint32_t number) {
  x->loop = &c->network->loop;
  x->owner = c;
  x->handlers = handlers;
  x->number = number;
}

static void open_client(struct client *c) {
  /* Kept for the client's next life: the loop may still hold an event of the last one's connections. */
  if (!c->poller) c->poller = calloc(1, sizeof *c->poller);
  if (!c->poller) die("out of memory");
  set_up(c, &c->poller->poll, &poll_handlers, 2 * c->index);
  set_up(c, &c->poller->post, &post_handlers, 2 * c->index + 1);
  c->poller->sid[0] = 0;
  compose_get(c);
  send_poll(c);
}

static void close_client(struct client *c) {
  exchange_close(&c->poller->poll);
  exchange_close(&c->poller->post);
  bytes_free(&c->poller->get);
  bytes_free(&c->poller->pending);
}

const struct transport polling = {"polling", 2, open_client, queue_packet, flush, close_client};
