/* Undoes the compression of servers: permessage-deflate (RFC 7692) and the content codings gzip and deflate.
 *
 * Built without zlib, none of it works and deflate_require says so. */
#ifndef DEFLATE_H
#define DEFLATE_H

#include <stdbool.h>
#include <stddef.h>

struct inflated {
  const char *text; /* valid until the next call */
  size_t length;
};

/* Ends the program when it was built without zlib. */
void deflate_require(void);

/* A message of a server that keeps nothing from one to the next. What came before with the same bytes is remembered, so
 * that a room's message is inflated once. Ends the program when the data is corrupt, as all here do. */
struct inflated inflate_message(const char *data, size_t length);

/* A message of a server that keeps its context: *stream, NULL at first, is this connection's. */
struct inflated inflate_in_context(void **stream, const char *data, size_t length);
void inflate_end(void **stream);

/* A body coded by gzip or deflate. */
struct inflated inflate_body(const char *data, size_t length);

#endif
