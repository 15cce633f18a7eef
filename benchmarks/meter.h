/* What stands beside every figure: how busy the generator and the server were, and what came over the wire. */
#ifndef METER_H
#define METER_H

#include "loop.h"
#include "options.h"

struct meter {
  const struct options *o;
  struct loop *loop;
  uint64_t begun_ns, ended_ns, blocked_ns;
  struct usage self, server;
  struct wire wire;
};

void meter_begin(struct meter *m, const struct options *o, struct loop *l);
void meter_end(struct meter *m);
double meter_seconds(const struct meter *m);

/* The members wire, generator and server of the result. `late` may be NULL. `per_cpu_s` names what the server did `done`
 * of; NULL for nothing to name. */
void meter_json(const struct meter *m, FILE *out, const struct histogram *late, const char *per_cpu_s, uint64_t done);

/* Due times of a fixed rate. Whatever is late counts from when it was due, so no stall is left out. */
struct pace {
  double per_s;
  uint64_t start_ns, count;
  struct histogram late; /* how late the generator itself saw what was due */
};

uint64_t pace_due_ns(const struct pace *p);

/* Take the next due time, if it is not after `now`. */
bool pace_take(struct pace *p, uint64_t now, uint64_t *due_ns);

#endif
