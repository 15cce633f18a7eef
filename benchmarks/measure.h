/* Clocks, a log-linear histogram and what /proc knows of a process: all that the load generator measures with. */
#ifndef MEASURE_H
#define MEASURE_H

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

/* CPU time that a process used (in steps of 10 ms for a foreign one), and how long its first thread stood ready to run
 * while another had the core: the second tells of a disturbed measurement. */
struct usage {
  uint64_t cpu_ns;
  uint64_t waited_ns;
};

/* Reads pid, or this process for 0. */
struct usage usage_of(int pid);

/* Proportional set size of pid, or its resident size where the kernel does not tell; walks its page tables. */
uint64_t memory_bytes_of(int pid);

#endif
