/* Load generator for Socket.IO servers on this machine: opens sockets, sends, counts, and prints one JSON object.
 *
 * benchmarks/run.py calls it; `loadgen` alone prints how it is called. It runs in one thread and says how busy it was
 * itself (generator.idle_share), so that a figure which it limited can be seen and thrown away. */
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "meter.h"
#include "options.h"
#include "requests.h"
#include "traffic.h"

struct opening {
  const struct options *o;
  struct network *n;
  struct client *clients;
  size_t begun, open;
  struct histogram time;
  struct meter meter;
};

static void open_next(struct opening *p) {
  if (p->begun < p->o->sockets) client_open(p->n, &p->clients[p->begun++]);
}

static void on_opened(void *context, struct client *c, uint64_t now) {
  struct opening *p = context;
  p->open++;
  histogram_add(&p->time, now - c->started_ns);
  open_next(p);
}

static void on_closed(void *context, struct client *c, const char *reason) {
  (void)context;
  die("socket %u closed: %s", c->index, reason);
}

static void ignore_ack(void *context, struct client *c, uint64_t id, const char *text, size_t length, uint64_t now) {
  (void)context, (void)c, (void)id, (void)text, (void)length, (void)now;
}

static void ignore_event(void *context, struct client *c, const char *text, size_t length, uint64_t now) {
  (void)context, (void)c, (void)text, (void)length, (void)now;
}

static char *copy_or_null(const char *text) {
  char *copy = strcmp(text, "-") ? strdup(text) : NULL;
  return copy;
}

static void identities_from_file(const struct options *o, struct client *clients) {
  FILE *f = fopen(o->file, "r");
  if (!f) die("cannot read %s", o->file);
  char token[12000], room[256];
  for (size_t i = 0; i < o->sockets; i++) {
    if (fscanf(f, "%11999s %255s", token, room) != 2) die("%s: line %zu is not a token and a room", o->file, i + 1);
    clients[i].token = copy_or_null(token);
    clients[i].room = copy_or_null(room);
  }
  fclose(f);
}

static void rooms_by_mode(const struct options *o, struct client *clients) {
  for (size_t i = 0; i < o->sockets; i++) {
    char room[32];
    snprintf(room, sizeof room, "pair-%zu", i / 2);
    clients[i].room = o->mode == MODE_FANOUT ? "hall" : strdup(room);
  }
}

static struct client *make_clients(const struct options *o) {
  struct client *clients = calloc(o->sockets, sizeof *clients);
  if (!clients) die("out of memory");
  for (size_t i = 0; i < o->sockets; i++) clients[i].index = (uint32_t)i;
  if (o->file)
    identities_from_file(o, clients);
  else
    rooms_by_mode(o, clients);
  return clients;
}

/* Open every client, o->concurrency at a time, through to the last one's room. */
static void open_all(struct opening *p) {
  meter_begin(&p->meter, p->o, &p->n->loop);
  uint64_t heard = now_ns();
  for (size_t i = 0; i < p->o->concurrency; i++) open_next(p);
  for (size_t open = 0; p->open < p->o->sockets;) {
    loop_turn(&p->n->loop, 100);
    if (p->open != open) heard = now_ns();
    open = p->open;
    if (now_ns() - heard > 10000000000ull) die("no socket became open in 10 s: %zu of %zu are", open, p->o->sockets);
  }
  meter_end(&p->meter);
}

static void report_opening(const struct opening *p) {
  double seconds = meter_seconds(&p->meter);
  printf("\"opened_per_s\":%.1f,", (double)p->o->sockets / seconds);
  histogram_json(stdout, "open_ms", &p->time);
  if (p->o->mode != MODE_CONNECT) return;
  printf(",\"concurrency\":%zu,\"duration_s\":%.4f,", p->o->concurrency, seconds);
  meter_json(&p->meter, stdout, NULL, "opened_per_cpu_s", p->o->sockets);
}

static void turn_for(struct network *n, double seconds) {
  for (uint64_t end = now_ns() + (uint64_t)(seconds * 1e9); now_ns() < end;) loop_turn(&n->loop, 50);
}

/* Hold the open sockets, answering heartbeats, and say what they cost the server. */
static void hold(const struct opening *p, uint64_t memory_before) {
  const struct processes *servers = &p->o->servers;
  turn_for(p->n, 1); /* what the opening left behind is collected before the idle CPU is read */
  struct usage before = usage_of(servers);
  uint64_t begun = now_ns();
  turn_for(p->n, p->o->hold_s);
  double seconds = (double)(now_ns() - begun) / 1e9;
  struct usage used = usage_between(before, usage_of(servers));
  uint64_t memory = memory_bytes_of(servers);
  printf(",\"hold_s\":%.3f,\"server\":{\"memory_before_bytes\":%llu,\"memory_bytes\":%llu,\"bytes_per_socket\":%.1f,"
         "\"idle_cpu_share\":%.5f}",
         seconds, (unsigned long long)memory_before, (unsigned long long)memory,
         ((double)memory - (double)memory_before) / (double)p->o->sockets, (double)used.cpu_ns / 1e9 / seconds);
}

static bool talk(const struct options *o, struct network *n, struct client *clients) {
  struct traffic *t = traffic_new(o, n, clients);
  traffic_run(t);
  putchar(',');
  return traffic_report(t, stdout);
}

static bool run_sockets(const struct options *o) {
  static struct network n;
  static struct opening opening;
  network_init(&n, o->host, o->port);
  if (o->transport && !network_use(&n, o->transport)) die("--transport must be websocket or polling, got %s", o->transport);
  allow_many_files(network_connections(&n, o->sockets));
  n.join_event = o->join;
  n.deflate = o->deflate;
  n.context = &opening;
  n.handlers = (struct handlers){on_opened, ignore_ack, ignore_event, on_closed};
  opening.o = o;
  opening.n = &n;
  opening.clients = make_clients(o);
  uint64_t memory_before = o->mode == MODE_IDLE ? memory_bytes_of(&o->servers) : 0;
  open_all(&opening);
  options_json(o, stdout);
  report_opening(&opening);
  if (o->mode == MODE_IDLE) hold(&opening, memory_before);
  if (o->mode == MODE_IDLE || o->mode == MODE_CONNECT) return true;
  return talk(o, &n, opening.clients);
}

int main(int argc, char **argv) {
  struct options o = options_parse(argc, argv);
  bool sound = o.mode == MODE_HTTP ? requests_run(&o, stdout) : run_sockets(&o);
  printf(",\"sound\":%s}\n", sound ? "true" : "false");
  return 0;
}
