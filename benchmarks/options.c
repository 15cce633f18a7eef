#include "options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "deflate.h"

static const char usage[] =
    "usage: loadgen fanout|pairs|single|connect|idle|http --port N [options]\n"
    "  --host A          an address of 127.0.0.0/8 (127.0.0.1)\n"
    "  --sockets N       how many sockets (1000; in pairs two for each pair; in http connections, 64)\n"
    "  --rate N          messages or requests a second in all, at scheduled times, instead of the window\n"
    "  --warmup S --duration S --hold S   seconds (0.5, 3, 5)\n"
    "  --server-pid N,…  report the CPU and memory of these processes and their children too\n"
    "sockets:\n"
    "  --transport T     websocket or polling (websocket)\n"
    "  --deflate         take compressed messages: permessage-deflate, or gzip of polls\n"
    "  --file F          a line for each socket: token and room, \"-\" for none\n"
    "  --join NAME       command by which a socket joins its room: NAME(room), acknowledged\n"
    "  --packet JSON     what a sender emits, with {room}, {uuid}, {text} ([\"say\",\"{room}\",\"{text}\"])\n"
    "  --event NAME      event that counts as a delivery (message)\n"
    "  --payload N       bytes of text, at least 34 (64)\n"
    "  --window N        unfinished messages of one sender (1)\n"
    "  --one-sided       pairs: only the first of each two sends\n"
    "  --concurrency N   handshakes at once (64)\n"
    "http:\n"
    "  --file F          a line for each request: method, path, token, body, with tabs between, \"-\" for no token or body;\n"
    "                    {uuid} in the path or the body is a fresh one each time\n"
    "  --spread          each connection takes a share of its own of the lines, instead of all in turn\n"
    "  --header 'N: V'   with each request; as often as wanted\n";

static void refuse(const char *what) { die("%s\n%s", what, usage); }

static enum mode mode_of(const char *name) {
  static const char *const names[] = {"fanout", "pairs", "single", "connect", "idle", "http"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (!strcmp(name, names[i])) return (enum mode)i;
  refuse("unknown mode");
  return MODE_FANOUT;
}

static double number(const char *text, double least, double most, const char *name) {
  char *end;
  double value = strtod(text, &end);
  if (*end || end == text || !(value >= least && value <= most))
    die("--%s must be a number from %g to %g, got %s", name, least, most, text);
  return value;
}

static void take_processes(struct processes *p, const char *text) {
  const char *at = text;
  p->count = 0;
  do {
    char *end;
    long pid = strtol(at, &end, 10);
    if (end == at || pid < 1 || pid > 1 << 30 || (*end && *end != ',') || p->count == MOST_PROCESSES)
      die("--server-pid must be up to %d process ids with commas between, got %s", MOST_PROCESSES, text);
    p->pids[p->count++] = (int)pid;
    at = *end ? end + 1 : NULL;
  } while (at);
}

static void take_header(struct options *o, const char *header) {
  const char *colon = strstr(header, ": ");
  if (!colon || colon == header || strpbrk(header, "\r\n")) die("--header must be 'Name: value', got %s", header);
  if (o->header_count == MOST_HEADERS) die("--header may be given %d times", MOST_HEADERS);
  o->headers[o->header_count++] = header;
}

static bool take_flag(struct options *o, const char *name) {
  if (!strcmp(name, "one-sided")) o->one_sided = true;
  else if (!strcmp(name, "deflate")) o->deflate = true;
  else if (!strcmp(name, "spread")) o->spread = true;
  else return false;
  return true;
}

static void take(struct options *o, const char *name, const char *value) {
  if (!strcmp(name, "host")) o->host = value;
  else if (!strcmp(name, "port")) o->port = (int)number(value, 1, 65535, name);
  else if (!strcmp(name, "transport")) o->transport = value;
  else if (!strcmp(name, "sockets")) o->sockets = (size_t)number(value, 1, 1e6, name);
  else if (!strcmp(name, "file")) o->file = value;
  else if (!strcmp(name, "join")) o->join = value;
  else if (!strcmp(name, "packet")) o->packet = value;
  else if (!strcmp(name, "event")) o->event = value;
  else if (!strcmp(name, "header")) take_header(o, value);
  else if (!strcmp(name, "payload")) o->payload_bytes = (size_t)number(value, 34, 100000, name);
  else if (!strcmp(name, "window")) o->window = (size_t)number(value, 1, 100000, name);
  else if (!strcmp(name, "rate")) o->rate = number(value, 0.001, 1e7, name);
  else if (!strcmp(name, "concurrency")) o->concurrency = (size_t)number(value, 1, 100000, name);
  else if (!strcmp(name, "warmup")) o->warmup_s = number(value, 0, 3600, name);
  else if (!strcmp(name, "duration")) o->duration_s = number(value, 0.01, 86400, name);
  else if (!strcmp(name, "hold")) o->hold_s = number(value, 0, 86400, name);
  else if (!strcmp(name, "server-pid")) take_processes(&o->servers, value);
  else die("unknown option --%s\n%s", name, usage);
}

static void check(const struct options *o) {
  bool is_http = o->mode == MODE_HTTP;
  if (!o->port) refuse("--port is missing");
  if ((o->mode == MODE_PAIRS || o->mode == MODE_SINGLE) && o->sockets % 2) refuse("pairs need an even number of sockets");
  if (o->mode == MODE_IDLE && !o->servers.count) refuse("idle needs --server-pid");
  if (is_http && !o->file) refuse("http needs --file");
  if (is_http && (o->deflate || o->join || o->transport)) refuse("http takes no option of sockets");
  if (!is_http && (o->spread || o->header_count)) refuse("--spread and --header are for http");
  if (o->deflate) deflate_require();
}

struct options options_parse(int argc, char **argv) {
  struct options o = {
      .host = "127.0.0.1", .sockets = 1000, .packet = "[\"say\",\"{room}\",\"{text}\"]", .event = "message",
      .payload_bytes = 64, .concurrency = 64, .window = 1, .warmup_s = 0.5, .duration_s = 3, .hold_s = 5,
  };
  if (argc < 2) refuse("which mode?");
  o.mode = mode_of(argv[1]);
  o.mode_name = argv[1];
  if (o.mode == MODE_SINGLE) o.sockets = 2;
  if (o.mode == MODE_HTTP) o.sockets = 64;
  o.one_sided = o.mode == MODE_SINGLE;
  for (int i = 2; i < argc; i++) {
    if (strncmp(argv[i], "--", 2)) refuse("an option begins with --");
    if (take_flag(&o, argv[i] + 2)) continue;
    if (i + 1 == argc) die("%s needs a value", argv[i]);
    take(&o, argv[i] + 2, argv[i + 1]);
    i++;
  }
  check(&o);
  return o;
}

void options_json(const struct options *o, FILE *out) {
  fprintf(out, "{\"mode\":\"%s\",\"sockets\":%zu,", o->mode_name, o->sockets);
}
