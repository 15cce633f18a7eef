#include "requests.h"

#include <stdlib.h>
#include <string.h>

#include "http.h"
#include "meter.h"
#include "text.h"

enum {
  GIVE_UP_S = 10,
  MOST_FAILURES = 20, /* of one connection, one after another: then nobody answers */
  MOST_UUIDS = 4,
  FIELDS = 4,
};

/* A request as it is sent, but for its UUIDs: where these stand, and how many. */
struct request {
  struct bytes text;
  size_t uuids[MOST_UUIDS], uuid_count;
  bool is_head;
};

struct sender {
  struct exchange exchange;
  size_t next;           /* line, with --spread */
  uint64_t owed;         /* requests that were due while one was under way; the first of them fell due at `owed_ns` */
  uint64_t due_ns;       /* of the one under way, or when it was sent */
  uint64_t taken;        /* due times so far */
  unsigned failed;       /* one after another */
  bool stalled;          /* to be started from outside, since it failed */
  const struct request *request;
};

struct counts {
  uint64_t answered, failed, unexpected, classes[6];
};

enum phase { WARMUP, MEASURE, DRAIN };

struct load {
  const struct options *o;
  struct loop loop;
  struct request *requests;
  size_t request_count, next;
  struct sender *senders;
  size_t busy, stalled;
  enum phase phase;
  uint64_t salt, heard_ns, owed;
  uint32_t sent;
  struct pace pace;
  struct meter meter;
  struct counts all, measured;
  struct histogram latency;
};

/* ---- the file ---- */

static void add_expanded(struct request *r, const char *text, size_t length) {
  static const char mark[] = "{uuid}";
  for (const char *end = text + length;;) {
    const char *found = memmem(text, (size_t)(end - text), mark, sizeof mark - 1);
    bytes_add(&r->text, text, (size_t)((found ? found : end) - text));
    if (!found) return;
    if (r->uuid_count == MOST_UUIDS) die("a request holds {uuid} %d times at most", MOST_UUIDS);
    r->uuids[r->uuid_count++] = r->text.length;
    bytes_add(&r->text, "00000000-0000-4000-8000-000000000000", UUID_CHARS);
    text = found + sizeof mark - 1;
  }
}

static void add(struct request *r, const char *text) { bytes_add(&r->text, text, strlen(text)); }

static size_t expanded_length(const char *text) {
  struct request r = {0};
  add_expanded(&r, text, strlen(text));
  size_t length = r.text.length;
  bytes_free(&r.text);
  return length;
}

static void compose(const struct load *l, struct request *r, char *const fields[FIELDS]) {
  const char *method = fields[0], *path = fields[1], *token = fields[2], *body = fields[3];
  r->is_head = !strcmp(method, "HEAD");
  add(r, method);
  add(r, " ");
  add_expanded(r, path, strlen(path));
  add(r, " HTTP/1.1\r\nHost: ");
  add(r, l->loop.host);
  add(r, "\r\n");
  if (strcmp(token, "-")) {
    add(r, "Authorization: Bearer ");
    add(r, token);
    add(r, "\r\n");
  }
  for (size_t i = 0; i < l->o->header_count; i++) {
    add(r, l->o->headers[i]);
    add(r, "\r\n");
  }
  if (!strcmp(body, "-")) {
    add(r, "\r\n");
    return;
  }
  char head[96];
  snprintf(head, sizeof head, "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n", expanded_length(body));
  add(r, head);
  add_expanded(r, body, strlen(body));
}

static void take_line(const struct load *l, struct request *r, char *line, size_t number) {
  char *fields[FIELDS], *rest = line;
  for (int i = 0; i < FIELDS; i++) fields[i] = strsep(&rest, "\t");
  if (!fields[FIELDS - 1] || rest || !*fields[0] || *fields[1] != '/')
    die("%s: line %zu is not a method, a path, a token and a body with tabs between", l->o->file, number);
  compose(l, r, fields);
}

static void read_requests(struct load *l) {
  FILE *f = fopen(l->o->file, "r");
  if (!f) die("cannot read %s", l->o->file);
  char *line = NULL;
  size_t capacity = 0, room = 0;
  for (ssize_t length; (length = getline(&line, &capacity, f)) > 0;) {
    if (line[length - 1] == '\n') line[length - 1] = 0;
    if (l->request_count == room) {
      room = room ? 2 * room : 256;
      l->requests = realloc(l->requests, room * sizeof *l->requests);
      if (!l->requests) die("out of memory");
    }
    struct request *r = &l->requests[l->request_count++];
    *r = (struct request){0};
    take_line(l, r, line, l->request_count);
  }
  free(line);
  fclose(f);
  if (!l->request_count) die("%s holds no request", l->o->file);
  if (l->o->spread && l->request_count < l->o->sockets)
    die("--spread needs a line for each of the %zu connections, %s has %zu", l->o->sockets, l->o->file, l->request_count);
}

/* ---- sending ---- */

static const struct request *next_request(struct load *l, struct sender *s) {
  size_t *next = l->o->spread ? &s->next : &l->next, step = l->o->spread ? l->o->sockets : 1;
  const struct request *r = &l->requests[*next];
  *next += step;
  if (*next >= l->request_count) *next = l->o->spread ? (size_t)(s - l->senders) : 0;
  return r;
}

static void begin(struct load *l, struct sender *s, uint64_t due_ns) {
  const struct request *r = s->request = next_request(l, s);
  struct bytes *text = &s->exchange.request;
  text->length = 0;
  bytes_add(text, r->text.data, r->text.length);
  for (size_t i = 0; i < r->uuid_count; i++)
    put_uuid((char *)text->data + r->uuids[i], l->salt, (uint32_t)(s - l->senders) * MOST_UUIDS + (uint32_t)i, l->sent);
  l->sent++;
  l->busy++;
  s->due_ns = due_ns;
  s->exchange.to_head = r->is_head;
  exchange_send(&s->exchange);
}

/* When the first of what a sender owes was due: due time n is sender n modulo their number's. */
static uint64_t owed_since(const struct load *l, const struct sender *s) {
  struct pace at = l->pace;
  at.count = (s->taken - s->owed) * l->o->sockets + (uint64_t)(s - l->senders);
  return pace_due_ns(&at);
}

/* A sender without a request begins its next, if there is one. */
static void go_on(struct load *l, struct sender *s) {
  if (!(l->o->rate > 0)) {
    if (l->phase != DRAIN) begin(l, s, now_ns());
  } else if (s->owed) {
    uint64_t due_ns = owed_since(l, s);
    s->owed--;
    l->owed--;
    begin(l, s, due_ns);
  }
}

static void send_due(struct load *l) {
  uint64_t due, now = now_ns();
  for (uint64_t number = l->pace.count; pace_take(&l->pace, now, &due); number = l->pace.count) {
    struct sender *s = &l->senders[number % l->o->sockets];
    s->taken++;
    s->owed++;
    l->owed++;
    if (!s->exchange.busy && !s->stalled) go_on(l, s);
  }
  loop_wake_at(&l->loop, due);
}

/* ---- hearing ---- */

/* A fixed rate counts all that was due in the measured time, whenever it comes; else what comes in that time counts. */
static bool counts(const struct load *l, uint64_t due_ns) {
  if (!(l->o->rate > 0)) return l->phase == MEASURE;
  return l->phase != WARMUP && due_ns >= l->meter.begun_ns && (l->phase == MEASURE || due_ns < l->meter.ended_ns);
}

static void show(const struct sender *s, const struct answer *a) {
  const char *line = (const char *)s->request->text.data, *end = strchr(line, '\r');
  fprintf(stderr, "loadgen: first bad answer: %.*s: %d %.*s\n", (int)(end - line), line, a->status,
          (int)(a->length < 400 ? a->length : 400), a->body);
}

static void on_answered(struct exchange *x, const struct answer *a, uint64_t now) {
  struct load *l = x->owner;
  struct sender *s = (struct sender *)x; /* its first member */
  l->heard_ns = now;
  l->busy--;
  s->failed = 0;
  l->all.answered++;
  l->all.classes[a->status < 600 ? a->status / 100 : 0]++;
  if ((a->status < 200 || a->status > 299) && !l->all.unexpected++) show(s, a);
  if (counts(l, s->due_ns)) histogram_add(&l->latency, now - s->due_ns);
  go_on(l, s);
}

static void on_failed(struct exchange *x, const char *reason) {
  struct load *l = x->owner;
  struct sender *s = (struct sender *)x;
  l->busy--;
  if (!l->all.failed++) fprintf(stderr, "loadgen: first lost request: %s\n", reason);
  if (++s->failed == MOST_FAILURES) die("%d requests of a connection were lost one after another: %s", MOST_FAILURES, reason);
  s->stalled = true;
  l->stalled++;
}

/* Not from on_failed: a server that accepts nobody would be asked without end, and nothing else be done. */
static void start_stalled(struct load *l) {
  if (!l->stalled) return;
  l->stalled = 0;
  for (size_t i = 0; i < l->o->sockets; i++) {
    struct sender *s = &l->senders[i];
    if (!s->stalled) continue;
    s->stalled = false;
    go_on(l, s);
  }
}

/* ---- the run ---- */

static void turn_until(struct load *l, uint64_t end) {
  for (;;) {
    start_stalled(l);
    if (l->o->rate > 0) send_due(l); /* at the end too: nothing that was due is left out */
    if (now_ns() >= end) return;
    loop_turn(&l->loop, ms_until(end));
    if (l->busy && now_ns() - l->heard_ns > GIVE_UP_S * 1000000000ull)
      die("no answer for %d s: %zu requests are under way", GIVE_UP_S, l->busy);
  }
}

static void run(struct load *l) {
  static const struct exchange_handlers handlers = {on_answered, on_failed};
  l->heard_ns = now_ns();
  l->pace = (struct pace){.per_s = l->o->rate, .start_ns = l->heard_ns};
  for (size_t i = 0; i < l->o->sockets; i++) {
    struct sender *s = &l->senders[i];
    s->next = i;
    s->exchange.loop = &l->loop;
    s->exchange.owner = l;
    s->exchange.handlers = &handlers;
    s->exchange.number = (uint32_t)i;
    go_on(l, s);
  }
  turn_until(l, l->heard_ns + (uint64_t)(l->o->warmup_s * 1e9));
  memset(&l->pace.late, 0, sizeof l->pace.late);
  struct counts before = l->all;
  meter_begin(&l->meter, l->o, &l->loop);
  l->phase = MEASURE;
  turn_until(l, l->meter.begun_ns + (uint64_t)(l->o->duration_s * 1e9));
  meter_end(&l->meter);
  l->phase = DRAIN;
  l->measured.answered = l->all.answered - before.answered;
  for (uint64_t end = now_ns() + GIVE_UP_S * 1000000000ull; (l->busy || l->owed) && now_ns() < end;) {
    start_stalled(l);
    loop_turn(&l->loop, 10);
  }
}

static void statuses_json(const struct counts *c, FILE *out) {
  fputs("\"statuses\":{", out);
  for (int i = 1; i < 6; i++)
    fprintf(out, "%s\"%dxx\":%llu", i > 1 ? "," : "", i, (unsigned long long)c->classes[i]);
  fputs("}", out);
}

static bool report(const struct load *l, FILE *out) {
  const struct counts *c = &l->all;
  double wall_s = meter_seconds(&l->meter);
  fprintf(out, "\"requests\":%zu,\"duration_s\":%.4f,\"requests_per_s\":%.1f,", l->request_count, wall_s,
          (double)l->measured.answered / wall_s);
  histogram_json(out, "latency_ms", &l->latency);
  fputc(',', out);
  statuses_json(c, out);
  fprintf(out, ",\"faults\":{\"unexpected\":%llu,\"lost\":%llu,\"unanswered\":%zu,\"unsent\":%llu},",
          (unsigned long long)c->unexpected, (unsigned long long)c->failed, l->busy, (unsigned long long)l->owed);
  meter_json(&l->meter, out, &l->pace.late, "requests_per_cpu_s", l->measured.answered);
  return c->answered && !(c->unexpected || c->failed || l->busy || l->owed);
}

bool requests_run(const struct options *o, FILE *out) {
  static struct load l;
  l.o = o;
  loop_init(&l.loop, o->host, o->port);
  allow_many_files(o->sockets);
  l.salt = fresh_salt();
  l.senders = calloc(o->sockets, sizeof *l.senders);
  if (!l.senders) die("out of memory");
  read_requests(&l);
  run(&l);
  options_json(o, out);
  return report(&l, out);
}
