/* The transport WebSocket (RFC 6455): the upgrade, frames in and out, and permessage-deflate of what comes. */
#include <string.h>
#include <strings.h>

#include "deflate.h"
#include "transport.h"

enum { MAX_FRAME_BYTES = 1 << 24 };

/* ---- writing ---- */

static uint32_t next_mask(void) {
  static uint32_t state = 0x9e3779b9u;
  state ^= state << 13;
  state ^= state >> 17;
  state ^= state << 5;
  return state;
}

static void queue_frame(struct client *c, unsigned char opcode, const char *data, size_t length) {
  unsigned char head[14];
  size_t size = 2;
  head[0] = 0x80 | opcode;
  if (length < 126) {
    head[1] = 0x80 | (unsigned char)length;
  } else if (length < 65536) {
    head[1] = 0x80 | 126;
    head[2] = (unsigned char)(length >> 8);
    head[3] = (unsigned char)length;
    size = 4;
  } else {
    head[1] = 0x80 | 127;
    for (int i = 0; i < 8; i++) head[2 + i] = (unsigned char)((uint64_t)length >> (56 - 8 * i));
    size = 10;
  }
  uint32_t mask = next_mask();
  memcpy(head + size, &mask, 4);
  bytes_add(&c->link.out, head, size + 4);
  size_t start = c->link.out.length;
  bytes_add(&c->link.out, data, length);
  unsigned char *body = c->link.out.data + start, key[4];
  memcpy(key, &mask, 4);
  for (size_t i = 0; i < length; i++) body[i] ^= key[i & 3];
}

static void queue_text(struct client *c, const char *packet, size_t length) { queue_frame(c, 1, packet, length); }

static void flush(struct client *c) { link_flush(&c->link); }

/* ---- the upgrade ---- */

static void send_upgrade(struct client *c) {
  static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  static const char offer[] =
      "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover\r\n";
  char key[25], request[768];
  for (int i = 0; i < 22; i++) key[i] = base64[next_mask() >> 26];
  key[21] = "AQgw"[next_mask() >> 30]; /* 16 bytes leave only two bits for the last character */
  memcpy(key + 22, "==", 3);
  int length = snprintf(request, sizeof request,
                        "GET %s?EIO=4&transport=websocket HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\n"
                        "Connection: Upgrade\r\nSec-WebSocket-Key: %s\r\nSec-WebSocket-Version: 13\r\n%s\r\n",
                        c->network->path, c->network->loop.host, key, c->network->deflate ? offer : "");
  link_send(&c->link, request, (size_t)length);
}

/* A server may take the offer and keep its context all the same: the answer tells. */
static void agree(struct client *c, const char *head, const char *end) {
  static const char name[] = "\r\nsec-websocket-extensions:";
  c->deflates = c->keeps_context = false;
  for (const char *at = head; (at = memmem(at, (size_t)(end - at), "\r\n", 2)); at += 2) {
    if ((size_t)(end - at) < sizeof name - 1 || strncasecmp(at, name, sizeof name - 1)) continue;
    const char *value = at + sizeof name - 1, *line_end = memmem(value, (size_t)(end + 2 - value), "\r\n", 2);
    size_t length = (size_t)((line_end ? line_end : end) - value);
    c->deflates = memmem(value, length, "permessage-deflate", 18) != NULL;
    c->keeps_context = !memmem(value, length, "server_no_context_takeover", 26);
  }
  if (c->deflates && !c->network->deflate) die("the server compresses, and nobody offered to inflate");
}

static size_t take_upgrade(struct client *c, const unsigned char *data, size_t length) {
  const char *head = (const char *)data, *end = memmem(data, length, "\r\n\r\n", 4);
  if (!end) return 0;
  if (memcmp(head, "HTTP/1.1 101", 12)) {
    client_lose_with(c, "upgrade refused", head, length);
    return 0;
  }
  agree(c, head, end);
  c->state = CLIENT_OPENING;
  return (size_t)(end - head) + 4;
}

/* ---- reading ---- */

static void take_deflated(struct client *c, const char *data, size_t length, uint64_t now) {
  struct wire *wire = &c->network->loop.wire;
  struct inflated whole =
      c->keeps_context ? inflate_in_context(&c->inflating, data, length) : inflate_message(data, length);
  wire->messages++;
  wire->deflated_messages++;
  wire->spared_bytes += whole.length - length;
  client_take(c, whole.text, whole.length, now);
}

static void take_close(struct client *c, const char *data, size_t length) {
  char reason[160];
  int code = length >= 2 ? (unsigned char)data[0] << 8 | (unsigned char)data[1] : 1005;
  snprintf(reason, sizeof reason, "close frame %d %.*s", code, length > 2 ? (int)(length - 2) : 0, data + 2);
  client_lose(c, reason);
}

static void take_frame(struct client *c, unsigned char head, const char *data, size_t length, uint64_t now) {
  if (head == 0x81) {
    c->network->loop.wire.messages++;
    client_take(c, data, length, now);
  } else if (head == 0xc1 && c->deflates) {
    take_deflated(c, data, length, now);
  } else if (head == 0x88) {
    take_close(c, data, length);
  } else if (head == 0x89) {
    queue_frame(c, 10, data, length);
  } else {
    die("unexpected frame with the first byte 0x%02x", head);
  }
}

/* Handle every complete frame at data; returns how many bytes they were. */
static size_t take_frames(struct client *c, const unsigned char *data, size_t length, uint64_t now) {
  size_t at = 0;
  while (length - at >= 2 && c->state != CLIENT_CLOSED) {
    const unsigned char *head = data + at;
    size_t size = 2;
    uint64_t body = head[1];
    if (body & 0x80) die("the server masked a frame");
    if (body == 126) size = 4;
    if (body == 127) size = 10;
    if (length - at < size) break;
    if (size > 2) {
      body = 0;
      for (size_t i = 2; i < size; i++) body = body << 8 | head[i];
    }
    if (body > MAX_FRAME_BYTES) die("a frame of %llu bytes", (unsigned long long)body);
    if (length - at - size < body) break;
    take_frame(c, head[0], (const char *)head + size, (size_t)body, now);
    at += size + (size_t)body;
  }
  return at;
}

static size_t arrived(struct link *k, const unsigned char *data, size_t length, uint64_t now) {
  struct client *c = k->owner;
  size_t taken = 0;
  if (c->state == CLIENT_UPGRADING) taken = take_upgrade(c, data, length);
  if (c->state != CLIENT_UPGRADING) taken += take_frames(c, data + taken, length - taken, now);
  link_flush(k);
  return taken;
}

static void lost(struct link *k, const char *reason) { client_lose(k->owner, reason); }

/* ---- opening and closing ---- */

static const struct link_handlers link_handlers = {arrived, lost};

static void open_client(struct client *c) {
  c->link.handlers = &link_handlers;
  c->link.owner = c;
  link_open(&c->network->loop, &c->link, c->index);
  send_upgrade(c);
}

static void close_client(struct client *c) {
  link_close(&c->link);
  inflate_end(&c->inflating);
}

const struct transport websocket = {"websocket", 1, open_client, queue_text, flush, close_client};
