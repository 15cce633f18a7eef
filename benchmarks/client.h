/* Many Socket.IO v5 clients over WebSocket in one thread: opening, heartbeat, frames in and out.
 *
 * The modes of loadgen.c stand on this; it knows nothing of what is measured. Only loopback is ever connected to. */
#ifndef CLIENT_H
#define CLIENT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "measure.h"

enum client_state { CLIENT_NEW, CLIENT_UPGRADING, CLIENT_OPENING, CLIENT_JOINING, CLIENT_OPEN, CLIENT_CLOSED };

struct bytes {
  unsigned char *data;
  size_t length, capacity;
};

struct client {
  int fd;
  uint32_t index;
  enum client_state state;
  bool wants_write;
  const char *token; /* NULL: connect without auth */
  const char *room;  /* argument of the join command; NULL: none */
  uint64_t started_ns;
  struct bytes in;  /* the beginning of a frame that has not come completely */
  struct bytes out; /* what is to be written, or what the kernel did not take yet */
};

/* What the modes hear. Texts are whole packets, not terminated by NUL, and valid during the call. */
struct handlers {
  void (*opened)(void *context, struct client *c, uint64_t now);
  void (*acked)(void *context, struct client *c, uint64_t id, const char *arguments, size_t length, uint64_t now);
  void (*event)(void *context, struct client *c, const char *packet, size_t length, uint64_t now);
  void (*closed)(void *context, struct client *c, const char *reason);
};

struct network {
  int epoll_fd;
  struct sockaddr_in address;
  char host[64];
  const char *path;
  const char *join_event; /* NULL: clients are open right after CONNECT */
  struct handlers handlers;
  void *context;
  int timer_fd;            /* -1, or a timer that may end a wait */
  uint64_t blocked_ns;     /* spent waiting for something to do: the generator's headroom */
  struct histogram busy;   /* how long one turn of the loop took, from wake to sleep */
};

/* Ends the program, with a message and status 2, unless host is an IPv4 address of 127.0.0.0/8. */
void network_init(struct network *n, const char *host, int port);

void client_open(struct network *n, struct client *c);
void client_close(struct network *n, struct client *c);

/* Queue one text packet; client_flush writes what is queued. */
void client_queue(struct client *c, const char *text, size_t length);
void client_flush(struct network *n, struct client *c);

/* One turn: wait up to timeout_ms, then read and handle everything that is ready. */
void network_turn(struct network *n, int timeout_ms);

/* Raises the limit of open files for so many sockets, or ends the program. */
void allow_many_files(size_t sockets);

void bytes_add(struct bytes *b, const void *data, size_t length);
void die(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

#endif
