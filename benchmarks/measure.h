/* Clocks, a log-linear histogram and what /proc knows of a process: all that the load generator measures with. */
#ifndef MEASURE_H
#define MEASURE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { HISTOGRAM_SUB = 128, HISTOGRAM_CELLS = HISTOGRAM_SUB * 40 };

/* Cells of less than 1 % width, from nanoseconds to minutes; recording costs a few instructions and never allocates. */
struct histogram {
  uint64_t cells[HISTOGRAM_CELLS];
  uint64_t count;
  uint64_t max_ns;
};

uint64_t now_ns(void);
void histogram_add(struct histogram *h, uint64_t ns);
double histogram_ms(const struct histogram *h, double quantile);
void histogram_json(FILE *out, const char *name, const struct histogram *h);

/* Processes by their ids, each with all that it has started and these have: a server that is many counts as one. */
enum { MOST_PROCESSES = 16 };

struct processes {
  int pids[MOST_PROCESSES];
  size_t count;
};

/* CPU time that processes used (in steps of 10 ms for foreign ones), and how long the first thread of each stood ready
 * to run while another had the core: the second tells of a disturbed measurement. */
struct usage {
  uint64_t cpu_ns;
  uint64_t waited_ns;
};

struct usage usage_of_self(void);

/* What ended meanwhile is in it as soon as its parent has waited for it. Ends the program where the kernel does not tell
 * a process's children. */
struct usage usage_of(const struct processes *p);
struct usage usage_between(struct usage then, struct usage now);

/* Proportional set sizes, or resident sizes where the kernel does not tell; walks page tables. */
uint64_t memory_bytes_of(const struct processes *p);

#endif
