/* The load generator's command line. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "measure.h"

enum mode { MODE_FANOUT, MODE_PAIRS, MODE_SINGLE, MODE_CONNECT, MODE_IDLE, MODE_HTTP };
enum { MOST_HEADERS = 16 };

struct options {
  enum mode mode;
  const char *mode_name;
  const char *host;
  int port;
  struct processes servers; /* none: do not report the server's own CPU and memory */
  const char *transport;
  bool deflate;
  size_t sockets;      /* in pairs, two for each pair; in http, connections */
  const char *file;    /* a line for each socket: token and room, "-" for none; in http, for each request */
  const char *join;    /* command that joins the room given in the file, NULL for none */
  const char *packet;  /* what a sender emits: a JSON array with {room}, {uuid} and {text} */
  const char *event;   /* name of the event that is counted as a delivery */
  size_t payload_bytes;
  size_t concurrency;  /* handshakes at once */
  size_t window;       /* unfinished messages of one sender */
  double rate;         /* messages or requests a second in all; 0: as fast as they are finished */
  bool one_sided;      /* in pairs, only the first of each two sends */
  bool spread;         /* in http, each connection sends its own share of the requests */
  const char *headers[MOST_HEADERS];
  size_t header_count;
  double warmup_s, duration_s, hold_s;
};

/* Prints how it is called and ends the program with status 2 when the command line is wrong. */
struct options options_parse(int argc, char **argv);

/* Begins the result: its brace and its first members. */
void options_json(const struct options *o, FILE *out);

#endif
