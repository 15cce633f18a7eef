/* HTTP/1.1 as a client speaks it: one keep-alive connection with one request at a time. */
#ifndef HTTP_H
#define HTTP_H

#include "loop.h"

struct answer {
  int status;
  bool closes;          /* the server ends the connection behind it */
  bool deflated;        /* gzip or deflate */
  bool coded_otherwise; /* by a content coding that deflate.h does not undo */
  const char *body;     /* whole, and without chunks; valid during the call */
  size_t length;
};

/* Reads one answer at the beginning of data: returns how long it is, or 0 when it has not come completely. Ends the
 * program when it is none. An answer to HEAD has no body. */
size_t http_take(const unsigned char *data, size_t length, bool to_head, struct answer *a);

struct exchange;

struct exchange_handlers {
  /* The connection is free for the next request, which may be sent from here. */
  void (*answered)(struct exchange *x, const struct answer *a, uint64_t now);
  /* The request under way will not be answered. */
  void (*failed)(struct exchange *x, const char *reason);
};

/* Set loop, number (see link_open), handlers and owner, zero the rest. */
struct exchange {
  struct link link;
  struct loop *loop;
  const struct exchange_handlers *handlers;
  void *owner;
  uint32_t number;
  bool busy, reused, to_head;
  struct bytes request;
};

/* Send what stands in x->request, over a new connection where there is none. As browsers do, a request that found a
 * used connection closed is sent once more over a new one. */
void exchange_send(struct exchange *x);
void exchange_close(struct exchange *x);

#endif
