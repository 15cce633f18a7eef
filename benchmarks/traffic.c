#include "traffic.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum {
  MARKER_CHARS = 34, /* ~@ sender(8) seq(8) time(16), hexadecimal, at the head of every text */
  RATE_RING = 4096,  /* unfinished messages of one sender that a fixed rate may pile up */
  GIVE_UP_S = 10,
  QUIET_S = 2, /* what has not come by then, once nothing comes any more, is lost */
};

struct slot {
  uint32_t seq;
  uint32_t awaited; /* receipts and acks that are still to come; 0: free */
  uint64_t sent_ns;
};

/* The traffic side of one client. `seen[0]` counts its own messages that came back, `seen[1]` its partner's. */
struct talker {
  uint32_t next_seq, unfinished;
  uint32_t seen[2];
  struct slot *ring;
};

struct totals {
  uint64_t sent, acked, delivered, refused, repeated, skipped, misdelivered, disconnected, unsent, unknown_acks, other_events;
};

enum phase { WARMUP, MEASURE, DRAIN };

struct traffic {
  const struct options *o;
  struct network *n;
  struct client *clients;
  struct talker *talkers;
  size_t ring_size, senders, sender_step, copies, marker_at;
  enum phase phase;
  char prefix[128]; /* how a packet of the counted event begins */
  size_t prefix_length;
  char *text;
  uint64_t salt;
  struct bytes packet;
  struct totals totals, measured;
  struct histogram ack, receipt, late;
  uint64_t begun_ns, ended_ns, heard_ns, silent_ns, blocked_ns;
  struct usage self, server;
};

static bool fans_out(const struct traffic *t) { return t->o->mode == MODE_FANOUT; }

/* ---- sending ---- */

static void put_hex(char *at, uint64_t value, int digits) {
  for (int i = digits - 1; i >= 0; i--, value >>= 4) at[i] = "0123456789abcdef"[value & 15];
}

static void put_uuid(char *at, uint64_t salt, uint32_t sender, uint32_t seq) {
  put_hex(at, salt >> 32, 8);
  at[8] = '-';
  put_hex(at + 9, salt >> 16, 4);
  memcpy(at + 13, "-4", 2);
  put_hex(at + 15, salt, 3);
  memcpy(at + 18, "-8", 2);
  put_hex(at + 20, sender >> 16, 3);
  at[23] = '-';
  put_hex(at + 24, sender, 4);
  put_hex(at + 28, seq, 8);
}

static void compose(struct traffic *t, const struct client *c, uint32_t seq, uint64_t stamp) {
  char head[24], uuid[36];
  t->packet.length = 0;
  bytes_add(&t->packet, head, (size_t)snprintf(head, sizeof head, "42%u", seq + 1));
  put_hex(t->text + 2, c->index, 8);
  put_hex(t->text + 10, seq, 8);
  put_hex(t->text + 18, stamp, 16);
  for (const char *at = t->o->packet; *at;) {
    if (!strncmp(at, "{room}", 6)) {
      bytes_add(&t->packet, c->room, strlen(c->room));
      at += 6;
    } else if (!strncmp(at, "{text}", 6)) {
      bytes_add(&t->packet, t->text, t->o->payload_bytes);
      at += 6;
    } else if (!strncmp(at, "{uuid}", 6)) {
      put_uuid(uuid, t->salt, c->index, seq);
      bytes_add(&t->packet, uuid, sizeof uuid);
      at += 6;
    } else {
      size_t plain = 1 + strcspn(at + 1, "{");
      bytes_add(&t->packet, at, plain);
      at += plain;
    }
  }
}

/* Queues one message and returns true, or returns false when the sender has too many unfinished ones. */
static bool send_message(struct traffic *t, struct client *c, uint64_t stamp) {
  struct talker *talker = &t->talkers[c->index];
  struct slot *slot = &talker->ring[talker->next_seq & (t->ring_size - 1)];
  if (slot->awaited || c->state != CLIENT_OPEN) return false;
  slot->seq = talker->next_seq++;
  slot->awaited = fans_out(t) ? (uint32_t)t->copies + 1 : 1;
  slot->sent_ns = stamp;
  talker->unfinished++;
  t->totals.sent++;
  compose(t, c, slot->seq, stamp);
  client_queue(c, (const char *)t->packet.data, t->packet.length);
  return true;
}

static void fill_window(struct traffic *t, struct client *c) {
  struct talker *talker = &t->talkers[c->index];
  while (t->phase != DRAIN && talker->unfinished < t->o->window && send_message(t, c, now_ns())) continue;
}

/* One of the things that a message waits for has come. In fanout those are the ack and every receipt, else the ack. */
static void progress(struct traffic *t, struct client *sender, struct slot *slot) {
  if (--slot->awaited) return;
  t->talkers[sender->index].unfinished--;
  if (t->o->rate > 0) return;
  fill_window(t, sender);
  if (fans_out(t)) client_flush(t->n, sender);
}

/* ---- hearing ---- */

static void heard(struct traffic *t, uint64_t now) {
  if (now > t->heard_ns && now - t->heard_ns > t->silent_ns) t->silent_ns = now - t->heard_ns;
  t->heard_ns = now;
}

static void on_acked(void *context, struct client *c, uint64_t id, const char *arguments, size_t length, uint64_t now) {
  struct traffic *t = context;
  uint32_t seq = (uint32_t)(id - 1);
  struct slot *slot = &t->talkers[c->index].ring[seq & (t->ring_size - 1)];
  heard(t, now);
  if (!slot->awaited || slot->seq != seq) {
    t->totals.unknown_acks++;
    return;
  }
  t->totals.acked++;
  if (memmem(arguments, length < 64 ? length : 64, "\"ok\":false", 10)) {
    if (!t->totals.refused++)
      fprintf(stderr, "loadgen: first refusal: %.*s\n", (int)(length < 400 ? length : 400), arguments);
  }
  if (t->phase == MEASURE) histogram_add(&t->ack, now - slot->sent_ns);
  progress(t, c, slot);
}

static uint64_t take_hex(const char *at, int digits) {
  uint64_t value = 0;
  for (int i = 0; i < digits; i++) {
    unsigned char digit = (unsigned char)at[i];
    value = value << 4 | (uint64_t)((digit & 15) + (digit >> 6) * 9);
  }
  return value;
}

static const char *marker_in(struct traffic *t, const char *packet, size_t length) {
  if (t->marker_at + MARKER_CHARS <= length && !memcmp(packet + t->marker_at, "~@", 2)) return packet + t->marker_at;
  const char *found = memmem(packet, length, "~@", 2);
  if (!found || length - (size_t)(found - packet) < MARKER_CHARS) return NULL;
  t->marker_at = (size_t)(found - packet);
  return found;
}

static void check_order(struct traffic *t, uint32_t *seen, uint32_t seq) {
  if (seq < *seen) {
    t->totals.repeated++;
    return;
  }
  t->totals.skipped += seq - *seen;
  *seen = seq + 1;
}

static void on_event(void *context, struct client *c, const char *packet, size_t length, uint64_t now) {
  struct traffic *t = context;
  if (length < t->prefix_length || memcmp(packet, t->prefix, t->prefix_length)) {
    t->totals.other_events++;
    return;
  }
  const char *marker = marker_in(t, packet, length);
  if (!marker) die("a delivery without the text that was sent: %.*s", (int)(length < 300 ? length : 300), packet);
  uint32_t sender = (uint32_t)take_hex(marker + 2, 8), seq = (uint32_t)take_hex(marker + 10, 8);
  if (sender >= t->o->sockets || (!fans_out(t) && sender >> 1 != c->index >> 1)) {
    t->totals.misdelivered++;
    return;
  }
  heard(t, now);
  t->totals.delivered++;
  check_order(t, &t->talkers[c->index].seen[sender != c->index], seq);
  if (t->phase == MEASURE && sender != c->index) histogram_add(&t->receipt, now - take_hex(marker + 18, 16));
  if (fans_out(t)) {
    struct slot *slot = &t->talkers[sender].ring[seq & (t->ring_size - 1)];
    if (slot->awaited && slot->seq == seq) progress(t, &t->clients[sender], slot);
  }
}

static void on_closed(void *context, struct client *c, const char *reason) {
  struct traffic *t = context;
  if (!t->totals.disconnected++) fprintf(stderr, "loadgen: socket %u closed: %s\n", c->index, reason);
}

/* ---- the run ---- */

struct traffic *traffic_new(const struct options *o, struct network *n, struct client *clients) {
  struct traffic *t = calloc(1, sizeof *t);
  if (!t) die("out of memory");
  t->o = o;
  t->n = n;
  t->clients = clients;
  t->copies = o->mode == MODE_FANOUT ? o->sockets : 2;
  t->sender_step = o->one_sided ? 2 : 1;
  t->senders = o->mode == MODE_FANOUT ? 1 : o->sockets / t->sender_step;
  t->ring_size = o->rate > 0 ? RATE_RING : 64;
  while (t->ring_size < 4 * o->window) t->ring_size *= 2;
  t->talkers = calloc(o->sockets, sizeof *t->talkers);
  struct slot *rings = calloc(o->sockets * t->ring_size, sizeof *rings);
  t->text = malloc(o->payload_bytes);
  if (!t->talkers || !rings || !t->text) die("out of memory");
  for (size_t i = 0; i < o->sockets; i++) t->talkers[i].ring = rings + i * t->ring_size;
  memset(t->text, 'x', o->payload_bytes);
  memcpy(t->text, "~@", 2);
  t->salt = now_ns() * 0x9e3779b97f4a7c15ull ^ (uint64_t)getpid() << 40;
  t->prefix_length = (size_t)snprintf(t->prefix, sizeof t->prefix, "42[\"%s\",", o->event);
  n->context = t;
  n->handlers.acked = on_acked;
  n->handlers.event = on_event;
  n->handlers.closed = on_closed;
  return t;
}

static void begin_measuring(struct traffic *t) {
  t->phase = MEASURE;
  t->measured = t->totals;
  t->blocked_ns = t->n->blocked_ns;
  memset(&t->n->busy, 0, sizeof t->n->busy);
  memset(&t->late, 0, sizeof t->late);
  t->self = usage_of(0);
  if (t->o->server_pid) t->server = usage_of(t->o->server_pid);
  t->begun_ns = t->heard_ns = now_ns();
  t->silent_ns = 0;
}

static void end_measuring(struct traffic *t) {
  t->ended_ns = now_ns();
  heard(t, t->ended_ns);
  struct usage self = usage_of(0);
  t->self = (struct usage){self.cpu_ns - t->self.cpu_ns, self.waited_ns - t->self.waited_ns};
  if (t->o->server_pid) {
    struct usage server = usage_of(t->o->server_pid);
    t->server = (struct usage){server.cpu_ns - t->server.cpu_ns, server.waited_ns - t->server.waited_ns};
  }
  t->blocked_ns = t->n->blocked_ns - t->blocked_ns;
  t->measured = (struct totals){.sent = t->totals.sent - t->measured.sent,
                                .acked = t->totals.acked - t->measured.acked,
                                .delivered = t->totals.delivered - t->measured.delivered};
  t->phase = DRAIN;
}

struct schedule {
  uint64_t start_ns, sent;
};

static uint64_t due_ns(const struct traffic *t, const struct schedule *s) {
  return s->start_ns + (uint64_t)((double)s->sent * 1e9 / t->o->rate);
}

/* Send all that is due, stamped with the time when it was due: a late generator or a stalled server shows as latency. */
static void send_due(struct traffic *t, struct schedule *s) {
  for (uint64_t due = due_ns(t, s), now = now_ns(); due <= now; due = due_ns(t, s)) {
    struct client *c = &t->clients[s->sent++ % t->senders * t->sender_step];
    histogram_add(&t->late, now - due);
    if (!send_message(t, c, due)) t->totals.unsent++;
    client_flush(t->n, c);
  }
  struct itimerspec when = {0};
  uint64_t next = due_ns(t, s);
  when.it_value.tv_sec = (time_t)(next / 1000000000ull);
  when.it_value.tv_nsec = (long)(next % 1000000000ull);
  timerfd_settime(t->n->timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
}

static void watch_timer(struct network *n) {
  struct epoll_event e = {.events = EPOLLIN, .data.ptr = NULL};
  n->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  if (n->timer_fd < 0 || epoll_ctl(n->epoll_fd, EPOLL_CTL_ADD, n->timer_fd, &e)) die("timer: %s", strerror(errno));
}

static int ms_until(uint64_t when) {
  uint64_t now = now_ns();
  return when <= now ? 0 : (int)((when - now) / 1000000) + 1;
}

static void turn_until(struct traffic *t, struct schedule *s, uint64_t end) {
  while (now_ns() < end) {
    if (t->o->rate > 0) send_due(t, s);
    network_turn(t->n, ms_until(end));
    if (t->totals.disconnected) return;
    if (t->totals.sent > t->totals.acked && now_ns() - t->heard_ns > GIVE_UP_S * 1000000000ull)
      die("nothing heard for %d s: sent %llu, acked %llu, delivered %llu", GIVE_UP_S, (unsigned long long)t->totals.sent,
          (unsigned long long)t->totals.acked, (unsigned long long)t->totals.delivered);
  }
}

static uint64_t expected(const struct traffic *t) { return (t->totals.sent - t->totals.refused) * t->copies; }

void traffic_run(struct traffic *t) {
  struct schedule schedule = {.start_ns = now_ns()};
  t->heard_ns = schedule.start_ns;
  if (t->o->rate > 0) watch_timer(t->n);
  for (size_t i = 0; i < t->senders && !(t->o->rate > 0); i++) {
    fill_window(t, &t->clients[i * t->sender_step]);
    client_flush(t->n, &t->clients[i * t->sender_step]);
  }
  turn_until(t, &schedule, schedule.start_ns + (uint64_t)(t->o->warmup_s * 1e9));
  begin_measuring(t);
  turn_until(t, &schedule, t->begun_ns + (uint64_t)(t->o->duration_s * 1e9));
  end_measuring(t);
  while ((t->totals.acked < t->totals.sent || t->totals.delivered < expected(t)) && !t->totals.disconnected &&
         now_ns() < t->heard_ns + QUIET_S * 1000000000ull)
    network_turn(t->n, 10);
}

bool traffic_report(const struct traffic *t, FILE *out) {
  const struct totals *all = &t->totals, *m = &t->measured;
  double wall_s = (double)(t->ended_ns - t->begun_ns) / 1e9, server_cpu_s = (double)t->server.cpu_ns / 1e9;
  uint64_t lost = expected(t) > all->delivered ? expected(t) - all->delivered : 0;
  fprintf(out, "\"senders\":%zu,\"window\":%zu,\"payload_bytes\":%zu,\"duration_s\":%.4f,", t->senders,
          t->o->window, t->o->payload_bytes, wall_s);
  fprintf(out, "\"messages_per_s\":%.1f,\"deliveries_per_s\":%.1f,", (double)m->acked / wall_s,
          (double)m->delivered / wall_s);
  histogram_json(out, "ack_ms", &t->ack);
  fputc(',', out);
  histogram_json(out, "receipt_ms", &t->receipt);
  fprintf(out,
          ",\"faults\":{\"refused\":%llu,\"lost\":%llu,\"repeated\":%llu,\"skipped\":%llu,\"misdelivered\":%llu,"
          "\"unknown_acks\":%llu,\"unacked\":%llu,\"unsent\":%llu,\"disconnected\":%llu}",
          (unsigned long long)all->refused, (unsigned long long)lost, (unsigned long long)all->repeated,
          (unsigned long long)all->skipped, (unsigned long long)all->misdelivered,
          (unsigned long long)all->unknown_acks, (unsigned long long)(all->sent - all->acked),
          (unsigned long long)all->unsent, (unsigned long long)all->disconnected);
  fprintf(out, ",\"other_events\":%llu,\"longest_silence_ms\":%.3f", (unsigned long long)all->other_events,
          (double)t->silent_ns / 1e6);
  fprintf(out, ",\"generator\":{\"cpu_share\":%.4f,\"idle_share\":%.4f,\"waited_share\":%.4f,",
          (double)t->self.cpu_ns / 1e9 / wall_s, (double)t->blocked_ns / 1e9 / wall_s,
          (double)t->self.waited_ns / 1e9 / wall_s);
  histogram_json(out, "turn_ms", &t->n->busy);
  fputc(',', out);
  histogram_json(out, "late_ms", &t->late);
  fputc('}', out);
  if (t->o->server_pid)
    fprintf(out, ",\"server\":{\"cpu_share\":%.4f,\"waited_share\":%.4f,\"deliveries_per_cpu_s\":%.1f}",
            server_cpu_s / wall_s, (double)t->server.waited_ns / 1e9 / wall_s,
            server_cpu_s > 0 ? (double)m->delivered / server_cpu_s : 0);
  return !(all->refused || lost || all->repeated || all->skipped || all->misdelivered || all->unknown_acks ||
           all->unsent || all->disconnected || all->acked < all->sent);
}
