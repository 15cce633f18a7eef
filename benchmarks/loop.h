/* One epoll loop and its TCP connections to servers on this machine.
 *
 * A connection (link) reads and writes bytes; what they mean its owner knows. Nothing is reported from within
 * link_open, link_send or link_flush: whoever is lost is told so by the loop, so no handler is entered twice. */
#ifndef LOOP_H
#define LOOP_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "measure.h"

struct bytes {
  unsigned char *data;
  size_t length, capacity;
};

void bytes_add(struct bytes *b, const void *data, size_t length);
void bytes_free(struct bytes *b);
void die(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/* What came. A message is a WebSocket frame or an answer to a poll; `spared_bytes` compression kept off the wire. */
struct wire {
  uint64_t received_bytes, spared_bytes, messages, deflated_messages;
};

struct loop {
  int epoll_fd;
  int timer_fd; /* -1, or a timer that ends a wait */
  struct sockaddr_in address;
  char host[64];
  uint64_t blocked_ns;   /* spent waiting for something to do: the generator's headroom */
  struct histogram busy; /* how long one turn took, from wake to sleep */
  struct wire wire;
};

struct link;

struct link_handlers {
  /* Bytes have come; returns how many are done with. The rest is kept and comes again in front of the next. */
  size_t (*arrived)(struct link *k, const unsigned char *data, size_t length, uint64_t now);
  /* The link has been closed, and not by link_close. */
  void (*lost)(struct link *k, const char *reason);
};

struct link {
  struct loop *loop;
  const struct link_handlers *handlers;
  void *owner;
  int fd, error;
  bool open, wants_write;
  uint32_t openings;
  struct bytes in;  /* what came and was not done with */
  struct bytes out; /* what is to be written, or what the kernel did not take yet */
};

/* Ends the program, with a message and status 2, unless host is an IPv4 address of 127.0.0.0/8. */
void loop_init(struct loop *l, const char *host, int port);

/* One turn: wait up to timeout_ms, then read and handle everything that is ready. */
void loop_turn(struct loop *l, int timeout_ms);

/* The next turn waits no longer than to this moment, to the microsecond. */
void loop_wake_at(struct loop *l, uint64_t when_ns);

int ms_until(uint64_t when_ns);

/* `number` tells the program's connections apart: beyond 20,000 each further source address serves as many. */
void link_open(struct loop *l, struct link *k, uint32_t number);
void link_close(struct link *k);

/* Closes as a network that fails: the server gets a reset. */
void link_reset(struct link *k);

/* Write what stands in k->out; link_send writes data behind it. */
void link_flush(struct link *k);
void link_send(struct link *k, const void *data, size_t length);

/* Raises the limit of open files for so many connections, or ends the program. */
void allow_many_files(size_t connections);

#endif
