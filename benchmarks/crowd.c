/* A crowd of Socket.IO clients that stay: they answer heartbeats, and come back and resume when they were cut off.
 *
 * benchmarks/endurance/crowd.py drives it: a line on standard input is a command, each answered by one JSON line.
 *   open     begin to open all             cut      reset every connection, as a network that fails
 *   race     begin to time: from now on, how long until the clients are resumed again
 *   status   how things stand              (end of input: leave)
 * A client resumes from the position that its line in --file names, and holds the ack against what it must bring. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client.h"

enum {
  TURN_MS = 5,
  RESUME_ACK = 1,
  EPOCH_CHARS = 64,
  NS_PER_MS = 1000000,
};

struct member {
  char *token, *conversation;
  unsigned long after_seq, missed; /* a resume from after_seq must bring so many messages */
  bool trying, was_open, resumed, notified, draining;
  unsigned failed; /* attempts since it was open */
  uint64_t due_ns; /* when a closed one tries again; 0: never */
  uint64_t drain_ns;
};

struct crowd {
  struct network n;
  struct client *clients;
  struct member *members;
  size_t size, begun, opening, open, resumed, notified;
  size_t concurrency;
  double jitter;
  uint64_t retry_ns, retry_max_ns, patience_ns;
  bool once; /* whoever is cut off stays away */
  uint64_t opened_since_ns, opened_ns, race_ns, first_drop_ns, half_ns, most_ns, all_ns;
  unsigned long drops, failures, wrong, resumes, events, drainings;
  char epoch[EPOCH_CHARS];
  char last_failure[200];
};

static const char usage[] =
    "usage: crowd --port N --file F --sockets N [--host A] [--concurrency N] [--once]\n"
    "             [--retry-ms N] [--retry-max-ms N] [--jitter SHARE] [--patience-ms N]\n"
    "  the file has a line for each socket: token conversation after-seq missed; - for no conversation\n";

static struct member *member_of(struct crowd *w, const struct client *c) { return &w->members[c->index]; }

static uint64_t jittered(const struct crowd *w, uint64_t ns) {
  double factor = 1 + w->jitter * (2 * drand48() - 1);
  return (uint64_t)((double)ns * factor);
}

/* ---- life of one client ---- */

static void begin(struct crowd *w, size_t index) {
  w->members[index].due_ns = 0;
  w->members[index].trying = true;
  w->opening++;
  client_open(&w->n, &w->clients[index]);
}

static void open_some(struct crowd *w) {
  while (w->begun < w->size && w->opening < w->concurrency) begin(w, w->begun++);
}

static void send_resume(struct crowd *w, struct client *c) {
  const struct member *m = member_of(w, c);
  char packet[512];
  int length = snprintf(packet, sizeof packet, "42%d[\"resume\",{\"epoch\":\"%s\",\"conversations\":{\"%s\":%lu}}]",
                        RESUME_ACK, w->epoch, m->conversation, m->after_seq);
  if (length >= (int)sizeof packet) die("a conversation's id of %zu characters is too long", strlen(m->conversation));
  client_queue(c, packet, (size_t)length);
}

static void count_resumed(struct crowd *w, struct member *m, uint64_t now) {
  if (m->resumed) return;
  m->resumed = true;
  w->resumed++;
  if (w->resumed * 2 >= w->size && !w->half_ns) w->half_ns = now;
  if (w->resumed * 100 >= w->size * 99 && !w->most_ns) w->most_ns = now;
  if (w->resumed == w->size) w->all_ns = now;
}

static void on_opened(void *context, struct client *c, uint64_t now) {
  struct crowd *w = context;
  struct member *m = member_of(w, c);
  w->opening--;
  w->open++;
  m->trying = false;
  m->failed = 0;
  bool again = m->was_open;
  m->was_open = true;
  if (w->open == w->size && !w->opened_ns) w->opened_ns = now;
  open_some(w);
  if (!again) return;
  if (m->conversation)
    send_resume(w, c);
  else
    count_resumed(w, m, now);
}

static void note(struct crowd *w, const char *reason) { snprintf(w->last_failure, sizeof w->last_failure, "%s", reason); }

/* When to come back, as socket.io-client does: doubling, spread by the jitter; after a notice, when it says. */
static uint64_t comes_back_ns(const struct crowd *w, const struct member *m) {
  if (m->draining) return m->drain_ns + (uint64_t)((double)m->drain_ns * w->jitter * drand48());
  uint64_t wait = w->retry_ns << (m->failed < 8 ? m->failed : 8);
  return jittered(w, wait < w->retry_max_ns ? wait : w->retry_max_ns);
}

static void went(struct crowd *w, struct client *c, const char *reason) {
  struct member *m = member_of(w, c);
  uint64_t now = now_ns();
  if (m->trying) {
    m->trying = false;
    m->failed++;
    w->opening--;
    w->failures++;
  } else {
    w->open--;
    w->drops++;
    if (!w->first_drop_ns) w->first_drop_ns = now;
    if (m->resumed && w->race_ns) {
      m->resumed = false;
      w->resumed--;
    }
  }
  note(w, reason);
  if (w->once && m->was_open) return;
  m->due_ns = now + comes_back_ns(w, m);
  m->draining = false;
}

static void on_closed(void *context, struct client *c, const char *reason) { went(context, c, reason); }

static size_t occurrences(const char *text, size_t length, const char *of) {
  size_t count = 0, size = strlen(of);
  for (const char *end = text + length, *at = text; (at = memmem(at, (size_t)(end - at), of, size)); at += size) count++;
  return count;
}

static void on_acked(void *context, struct client *c, uint64_t id, const char *text, size_t length, uint64_t now) {
  struct crowd *w = context;
  struct member *m = member_of(w, c);
  if (id != RESUME_ACK) return;
  w->resumes++;
  bool ok = memmem(text, length, "\"ok\":true", 9) != NULL;
  if (!ok || occurrences(text, length, "\"event\":\"message_received\"") < m->missed) {
    w->wrong++;
    note(w, "a resume brought too little");
    fprintf(stderr, "crowd: %.*s\n", (int)(length < 400 ? length : 400), text);
    return;
  }
  count_resumed(w, m, now);
}

static bool is_event(const char *packet, size_t length, const char *name) {
  size_t size = strlen(name);
  return length > size + 4 && !memcmp(packet + 4, name, size) && packet[4 + size] == '"';
}

static void learn_epoch(struct crowd *w, const char *packet, size_t length) {
  static const char field[] = "\"epoch\":\"";
  const char *at = memmem(packet, length, field, sizeof field - 1);
  if (!at) die("ready without an epoch: %.*s", (int)(length < 300 ? length : 300), packet);
  at += sizeof field - 1;
  size_t size = strcspn(at, "\"");
  if (size >= EPOCH_CHARS) die("an epoch of %zu characters", size);
  memcpy(w->epoch, at, size);
  w->epoch[size] = 0;
}

static void on_event(void *context, struct client *c, const char *packet, size_t length, uint64_t now) {
  (void)now;
  struct crowd *w = context;
  struct member *m = member_of(w, c);
  w->events++;
  if (is_event(packet, length, "ready")) {
    if (!w->epoch[0]) learn_epoch(w, packet, length);
  } else if (is_event(packet, length, "server_draining")) {
    static const char field[] = "\"reconnectInMs\":";
    const char *at = memmem(packet, length, field, sizeof field - 1);
    w->drainings++;
    m->draining = at != NULL;
    if (at) m->drain_ns = strtoull(at + sizeof field - 1, NULL, 10) * NS_PER_MS;
  } else if (!m->notified && is_event(packet, length, "new_message_notification")) {
    m->notified = true;
    w->notified++;
  }
}

/* ---- the crowd ---- */

static void come_back(struct crowd *w) {
  uint64_t now = now_ns();
  for (size_t i = 0; i < w->begun; i++) {
    struct client *c = &w->clients[i];
    struct member *m = &w->members[i];
    if (c->state == CLIENT_CLOSED && m->due_ns && m->due_ns <= now) {
      begin(w, i);
    } else if (c->state != CLIENT_CLOSED && c->state != CLIENT_OPEN && now - c->started_ns > w->patience_ns) {
      client_close(c);
      went(w, c, "no answer in time");
    }
  }
}

static void cut(struct crowd *w) {
  for (size_t i = 0; i < w->begun; i++) {
    struct client *c = &w->clients[i];
    if (c->state != CLIENT_OPEN) continue;
    link_reset(&c->link);
    client_close(c);
    went(w, c, "cut");
  }
}

static void race(struct crowd *w) {
  w->race_ns = now_ns();
  w->first_drop_ns = w->half_ns = w->most_ns = w->all_ns = 0;
  w->resumed = 0;
  w->drops = w->failures = w->wrong = w->resumes = w->drainings = 0;
  for (size_t i = 0; i < w->size; i++) w->members[i].resumed = false;
}

static void print_since(const char *name, uint64_t since, uint64_t until) {
  if (until && since)
    printf(",\"%s\":%.4f", name, (double)(until - since) / 1e9);
  else
    printf(",\"%s\":null", name);
}

static void status(struct crowd *w) {
  printf("{\"sockets\":%zu,\"open\":%zu,\"opening\":%zu,\"resumed\":%zu,\"notified\":%zu", w->size, w->open, w->opening,
         w->resumed, w->notified);
  printf(",\"drops\":%lu,\"failures\":%lu,\"wrong\":%lu,\"resumes\":%lu,\"drainings\":%lu,\"events\":%lu", w->drops,
         w->failures, w->wrong, w->resumes, w->drainings, w->events);
  print_since("opened_s", w->opened_since_ns, w->opened_ns);
  print_since("first_drop_s", w->race_ns, w->first_drop_ns);
  print_since("half_s", w->race_ns, w->half_ns);
  print_since("most_s", w->race_ns, w->most_ns);
  print_since("all_s", w->race_ns, w->all_ns);
  for (char *at = w->last_failure; *at; at++)
    if (*at == '"' || *at == '\\' || (unsigned char)*at < ' ' || (unsigned char)*at > '~') *at = '\'';
  printf(",\"last_failure\":\"%s\"}\n", w->last_failure);
  fflush(stdout);
}

static void obey(struct crowd *w, const char *command) {
  if (!strcmp(command, "open")) {
    w->opened_since_ns = now_ns();
    open_some(w);
  } else if (!strcmp(command, "cut")) {
    cut(w);
  } else if (!strcmp(command, "race")) {
    race(w);
  } else if (strcmp(command, "status")) {
    die("unknown command %s", command);
  }
  status(w);
}

/* Returns false at the end of input. */
static bool take_commands(struct crowd *w) {
  static char line[64];
  static size_t length;
  for (;;) {
    char byte;
    ssize_t got = read(STDIN_FILENO, &byte, 1);
    if (got < 0) return errno == EAGAIN || errno == EINTR;
    if (!got) return false;
    if (byte != '\n') {
      if (length + 1 == sizeof line) die("a command is shorter than %zu characters", sizeof line);
      line[length++] = byte;
      continue;
    }
    line[length] = 0;
    length = 0;
    obey(w, line);
  }
}

static void read_members(struct crowd *w, const char *path) {
  FILE *f = path ? fopen(path, "r") : NULL;
  if (!f) die("cannot read --file %s\n%s", path ? path : "", usage);
  static char token[12000], conversation[256];
  for (size_t i = 0; i < w->size; i++) {
    struct member *m = &w->members[i];
    if (fscanf(f, "%11999s %255s %lu %lu", token, conversation, &m->after_seq, &m->missed) != 4)
      die("%s: line %zu is not a token, a conversation, a position and a number", path, i + 1);
    m->token = strdup(token);
    m->conversation = strcmp(conversation, "-") ? strdup(conversation) : NULL;
    w->clients[i].index = (uint32_t)i;
    w->clients[i].token = m->token;
  }
  fclose(f);
}

static double number(const char *name, const char *text) {
  char *end;
  double value = strtod(text, &end);
  if (*end || end == text || value < 0) die("%s must be a number, got %s\n%s", name, text, usage);
  return value;
}

int main(int argc, char **argv) {
  struct crowd *w = calloc(1, sizeof *w);
  if (!w) die("out of memory");
  const char *host = "127.0.0.1", *file = NULL;
  int port = 0;
  w->concurrency = 64;
  w->jitter = 0.5;
  w->retry_ns = 1000ull * NS_PER_MS;
  w->retry_max_ns = 5000ull * NS_PER_MS;
  w->patience_ns = 20000ull * NS_PER_MS;
  for (int i = 1; i < argc; i++) {
    const char *name = argv[i];
    if (!strcmp(name, "--once")) {
      w->once = true;
      continue;
    }
    if (i + 1 == argc) die("%s needs a value\n%s", name, usage);
    const char *value = argv[++i];
    if (!strcmp(name, "--host")) host = value;
    else if (!strcmp(name, "--file")) file = value;
    else if (!strcmp(name, "--port")) port = (int)number(name, value);
    else if (!strcmp(name, "--sockets")) w->size = (size_t)number(name, value);
    else if (!strcmp(name, "--concurrency")) w->concurrency = (size_t)number(name, value);
    else if (!strcmp(name, "--jitter")) w->jitter = number(name, value);
    else if (!strcmp(name, "--retry-ms")) w->retry_ns = (uint64_t)number(name, value) * NS_PER_MS;
    else if (!strcmp(name, "--retry-max-ms")) w->retry_max_ns = (uint64_t)number(name, value) * NS_PER_MS;
    else if (!strcmp(name, "--patience-ms")) w->patience_ns = (uint64_t)number(name, value) * NS_PER_MS;
    else die("unknown option %s\n%s", name, usage);
  }
  if (!port || !w->size) die("--port or --sockets is missing\n%s", usage);
  allow_many_files(w->size);
  srand48((long)now_ns());
  w->clients = calloc(w->size, sizeof *w->clients);
  w->members = calloc(w->size, sizeof *w->members);
  if (!w->clients || !w->members) die("out of memory");
  read_members(w, file);
  network_init(&w->n, host, port);
  w->n.context = w;
  w->n.handlers = (struct handlers){on_opened, on_acked, on_event, on_closed};
  fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK);
  while (take_commands(w)) {
    loop_turn(&w->n.loop, TURN_MS);
    come_back(w);
  }
  return 0;
}
