#include "meter.h"

#include <string.h>

static struct wire wire_between(struct wire then, struct wire now) {
  return (struct wire){now.received_bytes - then.received_bytes, now.spared_bytes - then.spared_bytes,
                       now.messages - then.messages, now.deflated_messages - then.deflated_messages};
}

void meter_begin(struct meter *m, const struct options *o, struct loop *l) {
  m->o = o;
  m->loop = l;
  memset(&l->busy, 0, sizeof l->busy);
  m->self = usage_of_self();
  m->server = usage_of(&o->servers);
  m->blocked_ns = l->blocked_ns;
  m->wire = l->wire;
  m->begun_ns = now_ns();
}

void meter_end(struct meter *m) {
  m->ended_ns = now_ns();
  m->blocked_ns = m->loop->blocked_ns - m->blocked_ns;
  m->wire = wire_between(m->wire, m->loop->wire);
  m->self = usage_between(m->self, usage_of_self());
  m->server = usage_between(m->server, usage_of(&m->o->servers));
}

double meter_seconds(const struct meter *m) { return (double)(m->ended_ns - m->begun_ns) / 1e9; }

static void wire_json(const struct wire *w, FILE *out) {
  fprintf(out, "\"wire\":{\"received_bytes\":%llu,\"inflated_bytes\":%llu,\"messages\":%llu,\"deflated_share\":%.4f}",
          (unsigned long long)w->received_bytes, (unsigned long long)(w->received_bytes + w->spared_bytes),
          (unsigned long long)w->messages, w->messages ? (double)w->deflated_messages / (double)w->messages : 0);
}

void meter_json(const struct meter *m, FILE *out, const struct histogram *late, const char *per_cpu_s, uint64_t done) {
  double wall_ns = (double)(m->ended_ns - m->begun_ns), cpu_ns = (double)m->server.cpu_ns;
  wire_json(&m->wire, out);
  fprintf(out, ",\"generator\":{\"cpu_share\":%.4f,\"idle_share\":%.4f,\"waited_share\":%.4f,",
          (double)m->self.cpu_ns / wall_ns, (double)m->blocked_ns / wall_ns, (double)m->self.waited_ns / wall_ns);
  histogram_json(out, "turn_ms", &m->loop->busy);
  if (late) fputc(',', out);
  if (late) histogram_json(out, "late_ms", late);
  fputc('}', out);
  if (!m->o->servers.count) return;
  fprintf(out, ",\"server\":{\"cpu_share\":%.4f,\"waited_share\":%.4f", cpu_ns / wall_ns,
          (double)m->server.waited_ns / wall_ns);
  if (per_cpu_s) fprintf(out, ",\"%s\":%.1f", per_cpu_s, cpu_ns > 0 ? (double)done / cpu_ns * 1e9 : 0);
  fputc('}', out);
}

uint64_t pace_due_ns(const struct pace *p) { return p->start_ns + (uint64_t)((double)p->count * 1e9 / p->per_s); }

bool pace_take(struct pace *p, uint64_t now, uint64_t *due_ns) {
  *due_ns = pace_due_ns(p);
  if (*due_ns > now) return false;
  p->count++;
  histogram_add(&p->late, now - *due_ns);
  return true;
}
