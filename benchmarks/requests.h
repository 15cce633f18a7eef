/* HTTP requests over keep-alive connections: the mode http. */
#ifndef REQUESTS_H
#define REQUESTS_H

#include "options.h"

/* Reads the requests, warms up, measures, waits for what is under way, and prints the result without its
 * end. Returns false when a request was refused, lost or could not be sent. */
bool requests_run(const struct options *o, FILE *out);

#endif
