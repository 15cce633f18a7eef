#include "client.h"

#include <stdio.h>
#include <string.h>

#include "transport.h"

static const struct transport *const transports[] = {&websocket, &polling};

void network_init(struct network *n, const char *host, int port) {
  memset(n, 0, sizeof *n);
  loop_init(&n->loop, host, port);
  n->path = "/socket.io/";
  n->transport = &websocket;
}

bool network_use(struct network *n, const char *transport) {
  for (size_t i = 0; i < sizeof transports / sizeof *transports; i++)
    if (!strcmp(transports[i]->name, transport)) {
      n->transport = transports[i];
      return true;
    }
  return false;
}

size_t network_connections(const struct network *n, size_t clients) { return clients * n->transport->connections; }

/* ---- opening, writing, closing ---- */

void client_open(struct network *n, struct client *c) {
  c->network = n;
  c->started_ns = now_ns();
  c->state = CLIENT_UPGRADING;
  n->transport->open(c);
}

void client_queue(struct client *c, const char *text, size_t length) {
  if (c->state != CLIENT_CLOSED) c->network->transport->queue(c, text, length);
}

void client_flush(struct client *c) {
  if (c->state != CLIENT_CLOSED) c->network->transport->flush(c);
}

void client_close(struct client *c) {
  if (c->state == CLIENT_CLOSED) return;
  if (c->state != CLIENT_NEW) c->network->transport->close(c);
  c->state = CLIENT_CLOSED;
}

void client_lose(struct client *c, const char *reason) {
  if (c->state == CLIENT_CLOSED) return;
  client_close(c);
  c->network->handlers.closed(c->network->context, c, reason);
}

void client_lose_with(struct client *c, const char *what, const char *text, size_t length) {
  char reason[400];
  snprintf(reason, sizeof reason, "%s: %.*s", what, (int)(length < 300 ? length : 300), text);
  client_lose(c, reason);
}

/* ---- the session ---- */

static void become_open(struct client *c, uint64_t now) {
  c->state = CLIENT_OPEN;
  c->network->handlers.opened(c->network->context, c, now);
}

static void queue_connect(struct client *c) {
  char packet[16384];
  int length = c->token ? snprintf(packet, sizeof packet, "40{\"token\":\"%s\"}", c->token)
                        : snprintf(packet, sizeof packet, "40");
  if (length >= (int)sizeof packet) die("a token of %zu characters is too long", strlen(c->token));
  client_queue(c, packet, (size_t)length);
}

static void connected(struct client *c, uint64_t now) {
  const char *command = c->network->join_event;
  if (!command || !c->room) {
    become_open(c, now);
    return;
  }
  char packet[512];
  int length = snprintf(packet, sizeof packet, "420[\"%s\",\"%s\"]", command, c->room);
  if (length >= (int)sizeof packet) die("a room's name of %zu characters is too long", strlen(c->room));
  c->state = CLIENT_JOINING;
  client_queue(c, packet, (size_t)length);
}

static bool starts(const char *text, size_t length, const char *prefix) {
  size_t size = strlen(prefix);
  return length >= size && !memcmp(text, prefix, size);
}

static bool is_one(const char *text, size_t length, char packet) { return length == 1 && text[0] == packet; }

static void take_ack(struct client *c, const char *text, size_t length, uint64_t now) {
  uint64_t id = 0;
  size_t at = 2;
  while (at < length && text[at] >= '0' && text[at] <= '9') id = id * 10 + (uint64_t)(text[at++] - '0');
  if (c->state != CLIENT_JOINING) {
    c->network->handlers.acked(c->network->context, c, id, text + at, length - at, now);
    return;
  }
  if (memmem(text, length, "\"ok\":false", 10)) die("join refused: %.*s", (int)(length < 300 ? length : 300), text);
  become_open(c, now);
}

void client_take(struct client *c, const char *text, size_t length, uint64_t now) {
  if (starts(text, length, "42")) {
    c->network->handlers.event(c->network->context, c, text, length, now);
  } else if (starts(text, length, "43")) {
    take_ack(c, text, length, now);
  } else if (is_one(text, length, '2')) {
    client_queue(c, "3", 1);
  } else if (is_one(text, length, '6')) {
    return;
  } else if (starts(text, length, "0{")) {
    queue_connect(c);
  } else if (starts(text, length, "40{\"sid\"") && c->state == CLIENT_OPENING) {
    connected(c, now);
  } else if (starts(text, length, "41") || is_one(text, length, '1')) {
    client_lose(c, "the server disconnected the socket");
  } else if (starts(text, length, "44")) {
    client_lose_with(c, "the namespace was refused", text, length);
  } else {
    die("unexpected packet: %.*s", (int)(length < 300 ? length : 300), text);
  }
}
