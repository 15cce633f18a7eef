/* Messages between open sockets: the modes fanout, pairs and single. */
#ifndef TRAFFIC_H
#define TRAFFIC_H

#include "client.h"
#include "options.h"

struct traffic;

/* Clients are open and in their rooms when traffic_run is called; it takes over the network's handlers. */
struct traffic *traffic_new(const struct options *o, struct network *n, struct client *clients);

/* Warm up, measure, stop sending, and wait until everything sent has come or is given up. */
void traffic_run(struct traffic *t);

/* The members of the result, without braces. Returns false when anything was lost, doubled, refused or misdelivered. */
bool traffic_report(const struct traffic *t, FILE *out);

#endif
