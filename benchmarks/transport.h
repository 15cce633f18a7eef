/* What client.c and the transports under it ask of each other. A transport carries packets; client.c knows what they
 * mean. */
#ifndef TRANSPORT_H
#define TRANSPORT_H

#include "client.h"

struct transport {
  const char *name;
  size_t connections; /* of one client */
  void (*open)(struct client *c);
  void (*queue)(struct client *c, const char *packet, size_t length);
  void (*flush)(struct client *c);
  void (*close)(struct client *c);
};

extern const struct transport websocket, polling;

/* A packet has come. May close the client; what it queues the transport writes afterwards. */
void client_take(struct client *c, const char *packet, size_t length, uint64_t now);

/* The server or the network ended it. The second adds the beginning of what the server said. */
void client_lose(struct client *c, const char *reason);
void client_lose_with(struct client *c, const char *what, const char *text, size_t length);

#endif
