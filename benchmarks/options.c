#include "options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"

static const char usage[] =
    "usage: loadgen fanout|pairs|single|connect|idle --port N [options]\n"
    "  --host A          an address of 127.0.0.0/8 (127.0.0.1)\n"
    "  --sockets N       how many sockets (1000; in pairs two for each pair)\n"
    "  --file F          a line for each socket: token and room, \"-\" for none\n"
    "  --join NAME       command by which a socket joins its room: NAME(room), acknowledged\n"
    "  --packet JSON     what a sender emits, with {room}, {uuid}, {text} ([\"say\",\"{room}\",\"{text}\"])\n"
    "  --event NAME      event that counts as a delivery (message)\n"
    "  --payload N       bytes of text, at least 34 (64)\n"
    "  --window N        unfinished messages of one sender (1)\n"
    "  --rate N          messages a second in all, at scheduled times, instead of the window\n"
    "  --one-sided       pairs: only the first of each two sends\n"
    "  --concurrency N   handshakes at once (64)\n"
    "  --warmup S --duration S --hold S   seconds (0.5, 3, 5)\n"
    "  --server-pid N    report the CPU and memory of that process too\n";

static void refuse(const char *what) { die("%s\n%s", what, usage); }

static enum mode mode_of(const char *name) {
  static const char *const names[] = {"fanout", "pairs", "single", "connect", "idle"};
  for (int i = 0; i < 5; i++)
    if (!strcmp(name, names[i])) return (enum mode)i;
  refuse("unknown mode");
  return MODE_FANOUT;
}

static double number(const char *text, double least, double most, const char *name) {
  char *end;
  double value = strtod(text, &end);
  if (*end || end == text || value < least || value > most)
    die("--%s must be a number from %g to %g, got %s", name, least, most, text);
  return value;
}

static void take(struct options *o, const char *name, const char *value) {
  if (!strcmp(name, "host")) o->host = value;
  else if (!strcmp(name, "port")) o->port = (int)number(value, 1, 65535, name);
  else if (!strcmp(name, "sockets")) o->sockets = (size_t)number(value, 1, 1e6, name);
  else if (!strcmp(name, "file")) o->file = value;
  else if (!strcmp(name, "join")) o->join = value;
  else if (!strcmp(name, "packet")) o->packet = value;
  else if (!strcmp(name, "event")) o->event = value;
  else if (!strcmp(name, "payload")) o->payload_bytes = (size_t)number(value, 34, 100000, name);
  else if (!strcmp(name, "window")) o->window = (size_t)number(value, 1, 100000, name);
  else if (!strcmp(name, "rate")) o->rate = number(value, 0.001, 1e7, name);
  else if (!strcmp(name, "concurrency")) o->concurrency = (size_t)number(value, 1, 100000, name);
  else if (!strcmp(name, "warmup")) o->warmup_s = number(value, 0, 3600, name);
  else if (!strcmp(name, "duration")) o->duration_s = number(value, 0.01, 86400, name);
  else if (!strcmp(name, "hold")) o->hold_s = number(value, 0, 86400, name);
  else if (!strcmp(name, "server-pid")) o->server_pid = (int)number(value, 1, 1 << 30, name);
  else die("unknown option --%s\n%s", name, usage);
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
  for (int i = 2; i < argc; i++) {
    if (strncmp(argv[i], "--", 2)) refuse("an option begins with --");
    if (!strcmp(argv[i], "--one-sided")) {
      o.one_sided = true;
      continue;
    }
    if (i + 1 == argc) die("%s needs a value", argv[i]);
    take(&o, argv[i] + 2, argv[i + 1]);
    i++;
  }
  if (!o.port) refuse("--port is missing");
  if ((o.mode == MODE_PAIRS || o.mode == MODE_SINGLE) && o.sockets % 2) refuse("pairs need an even number of sockets");
  if (o.mode == MODE_SINGLE) o.one_sided = true;
  return o;
}
