/* Many Socket.IO v5 clients in one thread, over WebSocket or long polling: opening, heartbeat, packets in and out.
 *
 * The modes of loadgen.c stand on this; it knows nothing of what is measured. */
#ifndef CLIENT_H
#define CLIENT_H

#include "loop.h"

enum client_state { CLIENT_NEW, CLIENT_UPGRADING, CLIENT_OPENING, CLIENT_JOINING, CLIENT_OPEN, CLIENT_CLOSED };

struct client {
  struct link link; /* the WebSocket's */
  struct network *network;
  struct poller *poller; /* what long polling has instead */
  void *inflating;       /* the context that a compressing server keeps */
  bool deflates, keeps_context;
  uint32_t index;
  enum client_state state;
  const char *token; /* NULL: connect without auth */
  const char *room;  /* argument of the join command; NULL: none */
  uint64_t started_ns;
};

/* What the modes hear. Texts are whole packets, not terminated by NUL, and valid during the call. */
struct handlers {
  void (*opened)(void *context, struct client *c, uint64_t now);
  void (*acked)(void *context, struct client *c, uint64_t id, const char *arguments, size_t length, uint64_t now);
  void (*event)(void *context, struct client *c, const char *packet, size_t length, uint64_t now);
  void (*closed)(void *context, struct client *c, const char *reason);
};

struct network {
  struct loop loop;
  const struct transport *transport;
  const char *path;
  const char *join_event; /* NULL: clients are open right after CONNECT */
  bool deflate;           /* take compressed messages and answers */
  struct handlers handlers;
  void *context;
};

/* WebSocket on the usual path. As loop_init. */
void network_init(struct network *n, const char *host, int port);

/* By name: websocket or polling. Returns false for another. */
bool network_use(struct network *n, const char *transport);

/* How many connections so many clients have. */
size_t network_connections(const struct network *n, size_t clients);

void client_open(struct network *n, struct client *c);
void client_close(struct client *c);

/* Queue one text packet; client_flush writes what is queued. */
void client_queue(struct client *c, const char *text, size_t length);
void client_flush(struct client *c);

#endif
