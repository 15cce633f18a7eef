#include "traffic.h"

#include <stdlib.h>
#include <string.h>

#include "meter.h"
#include "text.h"

enum {
  MARKER_CHARS = 34, /* ~@ sender(8) seq(8) time(16), hexadecimal, at the head of every text */
  PLAIN_BYTES = 64,  /* texts up to this size are too short for words */
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
  const char *pool;
  uint64_t salt;
  struct bytes packet;
  struct totals totals, measured;
  struct histogram ack, receipt;
  struct pace pace;
  struct meter meter;
  uint64_t heard_ns, silent_ns;
};

static bool fans_out(const struct traffic *t) { return t->o->mode == MODE_FANOUT; }

/* ---- sending ---- */

/* What a text has behind its marker, or the end of it: `x` up to 64 bytes, else words, of which no two have the same. */
static void add_words(struct traffic *t, uint32_t sender, uint32_t seq) {
  size_t at = t->o->payload_bytes > PLAIN_BYTES ? (seq * 7919u + sender * 104729u) % POOL_OFFSETS : 0;
  bytes_add(&t->packet, t->pool + at, t->o->payload_bytes - MARKER_CHARS);
}

static void add_text(struct traffic *t, uint32_t sender, uint32_t seq, uint64_t stamp) {
  char marker[MARKER_CHARS] = "~@";
  put_hex(marker + 2, sender, 8);
  put_hex(marker + 10, seq, 8);
  put_hex(marker + 18, stamp, 16);
  bytes_add(&t->packet, marker, sizeof marker);
  add_words(t, sender, seq);
}

static void compose(struct traffic *t, const struct client *c, uint32_t seq, uint64_t stamp) {
  char head[24], uuid[UUID_CHARS];
  t->packet.length = 0;
  bytes_add(&t->packet, head, (size_t)snprintf(head, sizeof head, "42%u", seq + 1));
  for (const char *at = t->o->packet; *at;) {
    if (!strncmp(at, "{room}", 6)) {
      bytes_add(&t->packet, c->room, strlen(c->room));
      at += 6;
    } else if (!strncmp(at, "{text}", 6)) {
      add_text(t, c->index, seq, stamp);
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
  if (fans_out(t)) client_flush(sender);
}

/* ---- hearing ---- */

/* A fixed rate counts all that was due in the measured time, whenever it comes; else what comes in that time counts. */
static bool counts(const struct traffic *t, uint64_t sent_ns) {
  const struct meter *m = &t->meter;
  if (!(t->o->rate > 0)) return t->phase == MEASURE;
  return t->phase != WARMUP && sent_ns >= m->begun_ns && (t->phase == MEASURE || sent_ns < m->ended_ns);
}

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
  if (counts(t, slot->sent_ns)) histogram_add(&t->ack, now - slot->sent_ns);
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
  uint64_t sent_ns = take_hex(marker + 18, 16);
  if (sender != c->index && counts(t, sent_ns)) histogram_add(&t->receipt, now - sent_ns);
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

static const char *pool_for(size_t payload_bytes) {
  static char plain[PLAIN_BYTES];
  if (payload_bytes > PLAIN_BYTES) return text_pool(payload_bytes);
  return memset(plain, 'x', sizeof plain);
}

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
  if (!t->talkers || !rings) die("out of memory");
  for (size_t i = 0; i < o->sockets; i++) t->talkers[i].ring = rings + i * t->ring_size;
  t->pool = pool_for(o->payload_bytes);
  t->salt = fresh_salt();
  t->prefix_length = (size_t)snprintf(t->prefix, sizeof t->prefix, "42[\"%s\",", o->event);
  n->context = t;
  n->handlers.acked = on_acked;
  n->handlers.event = on_event;
  n->handlers.closed = on_closed;
  return t;
}

static void begin_measuring(struct traffic *t) {
  t->measured = t->totals;
  memset(&t->pace.late, 0, sizeof t->pace.late);
  meter_begin(&t->meter, t->o, &t->n->loop);
  t->phase = MEASURE;
  t->heard_ns = t->meter.begun_ns;
  t->silent_ns = 0;
}

static void end_measuring(struct traffic *t) {
  meter_end(&t->meter);
  heard(t, t->meter.ended_ns);
  t->measured = (struct totals){.sent = t->totals.sent - t->measured.sent,
                                .acked = t->totals.acked - t->measured.acked,
                                .delivered = t->totals.delivered - t->measured.delivered,
                                .other_events = t->totals.other_events - t->measured.other_events};
  t->phase = DRAIN;
}

/* Send all that is due, stamped with the time when it was due: a late generator or a stalled server shows as latency. */
static void send_due(struct traffic *t) {
  uint64_t due, now = now_ns();
  for (uint64_t number = t->pace.count; pace_take(&t->pace, now, &due); number = t->pace.count) {
    struct client *c = &t->clients[number % t->senders * t->sender_step];
    if (!send_message(t, c, due)) t->totals.unsent++;
    client_flush(c);
  }
  loop_wake_at(&t->n->loop, due);
}

static void turn_until(struct traffic *t, uint64_t end) {
  for (;;) {
    if (t->o->rate > 0) send_due(t); /* at the end too: nothing that was due is left out */
    if (now_ns() >= end) return;
    loop_turn(&t->n->loop, ms_until(end));
    if (t->totals.disconnected) return;
    if (t->totals.sent > t->totals.acked && now_ns() - t->heard_ns > GIVE_UP_S * 1000000000ull)
      die("nothing heard for %d s: sent %llu, acked %llu, delivered %llu", GIVE_UP_S, (unsigned long long)t->totals.sent,
          (unsigned long long)t->totals.acked, (unsigned long long)t->totals.delivered);
  }
}

static uint64_t expected(const struct traffic *t) { return (t->totals.sent - t->totals.refused) * t->copies; }

void traffic_run(struct traffic *t) {
  t->heard_ns = now_ns();
  t->pace = (struct pace){.per_s = t->o->rate, .start_ns = t->heard_ns};
  for (size_t i = 0; i < t->senders && !(t->o->rate > 0); i++) {
    fill_window(t, &t->clients[i * t->sender_step]);
    client_flush(&t->clients[i * t->sender_step]);
  }
  turn_until(t, t->heard_ns + (uint64_t)(t->o->warmup_s * 1e9));
  begin_measuring(t);
  turn_until(t, t->meter.begun_ns + (uint64_t)(t->o->duration_s * 1e9));
  end_measuring(t);
  while ((t->totals.acked < t->totals.sent || t->totals.delivered < expected(t)) && !t->totals.disconnected &&
         now_ns() < t->heard_ns + QUIET_S * 1000000000ull)
    loop_turn(&t->n->loop, 10);
}

bool traffic_report(const struct traffic *t, FILE *out) {
  const struct totals *all = &t->totals, *m = &t->measured;
  double wall_s = meter_seconds(&t->meter);
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
  fprintf(out, ",\"other_events\":%llu,\"other_events_per_s\":%.1f,\"longest_silence_ms\":%.3f,",
          (unsigned long long)all->other_events, (double)m->other_events / wall_s, (double)t->silent_ns / 1e6);
  meter_json(&t->meter, out, &t->pace.late, "deliveries_per_cpu_s", m->delivered);
  return !(all->refused || lost || all->repeated || all->skipped || all->misdelivered || all->unknown_acks ||
           all->unsent || all->disconnected || all->acked < all->sent);
}
