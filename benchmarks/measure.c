#include "measure.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

uint64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

static unsigned cell_of(uint64_t ns) {
  if (ns < HISTOGRAM_SUB) return (unsigned)ns;
  unsigned shift = 63u - (unsigned)__builtin_clzll(ns) - 7u;
  unsigned cell = (shift + 1) * HISTOGRAM_SUB + (unsigned)((ns >> shift) & (HISTOGRAM_SUB - 1));
  return cell < HISTOGRAM_CELLS ? cell : HISTOGRAM_CELLS - 1;
}

static double middle_of(unsigned cell) {
  if (cell < HISTOGRAM_SUB) return cell;
  unsigned shift = cell / HISTOGRAM_SUB - 1;
  uint64_t low = (uint64_t)(HISTOGRAM_SUB + cell % HISTOGRAM_SUB) << shift;
  return (double)low + (double)(1ull << shift) / 2;
}

void histogram_add(struct histogram *h, uint64_t ns) {
  h->cells[cell_of(ns)]++;
  h->count++;
  if (ns > h->max_ns) h->max_ns = ns;
}

double histogram_ms(const struct histogram *h, double quantile) {
  uint64_t rank = (uint64_t)(quantile * (double)h->count), seen = 0;
  for (unsigned cell = 0; cell < HISTOGRAM_CELLS; cell++) {
    seen += h->cells[cell];
    if (seen > rank) return middle_of(cell) / 1e6;
  }
  return (double)h->max_ns / 1e6;
}

void histogram_json(FILE *out, const char *name, const struct histogram *h) {
  if (!h->count) {
    fprintf(out, "\"%s\":null", name);
    return;
  }
  fprintf(out, "\"%s\":{\"count\":%llu,\"p50\":%.4f,\"p90\":%.4f,\"p99\":%.4f,\"p999\":%.4f,\"max\":%.4f}", name,
          (unsigned long long)h->count, histogram_ms(h, 0.5), histogram_ms(h, 0.9), histogram_ms(h, 0.99),
          histogram_ms(h, 0.999), (double)h->max_ns / 1e6);
}

static FILE *open_proc(int pid, const char *name) {
  char path[64];
  if (pid)
    snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
  else
    snprintf(path, sizeof path, "/proc/self/%s", name);
  return fopen(path, "r");
}

static uint64_t cpu_from_stat(int pid) {
  FILE *f = open_proc(pid, "stat");
  if (!f) return 0;
  char text[1024];
  size_t length = fread(text, 1, sizeof text - 1, f);
  fclose(f);
  text[length] = 0;
  /* The command's name may hold spaces and brackets: fields are counted from the last closing one (proc(5)). */
  const char *fields = strrchr(text, ')');
  unsigned long long user = 0, system = 0;
  if (!fields || sscanf(fields, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu", &user, &system) != 2)
    return 0;
  return (uint64_t)(user + system) * (1000000000ull / (uint64_t)sysconf(_SC_CLK_TCK));
}

static uint64_t own_cpu(void) {
  struct rusage r;
  getrusage(RUSAGE_SELF, &r);
  return (uint64_t)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) * 1000000000ull +
         (uint64_t)(r.ru_utime.tv_usec + r.ru_stime.tv_usec) * 1000ull;
}

static uint64_t bytes_after(int pid, const char *file, const char *field) {
  FILE *f = open_proc(pid, file);
  if (!f) return 0;
  char line[256];
  unsigned long long kilobytes = 0;
  while (fgets(line, sizeof line, f))
    if (!strncmp(line, field, strlen(field))) {
      kilobytes = strtoull(line + strlen(field), NULL, 10);
      break;
    }
  fclose(f);
  return (uint64_t)kilobytes * 1024;
}

struct usage usage_of(int pid) {
  struct usage u = {0};
  u.cpu_ns = pid ? cpu_from_stat(pid) : own_cpu();
  FILE *f = open_proc(pid, "schedstat");
  if (f) {
    unsigned long long ran, waited;
    if (fscanf(f, "%llu %llu", &ran, &waited) == 2) u.waited_ns = waited;
    fclose(f);
  }
  return u;
}

uint64_t memory_bytes_of(int pid) {
  uint64_t proportional = bytes_after(pid, "smaps_rollup", "Pss:");
  return proportional ? proportional : bytes_after(pid, "status", "VmRSS:");
}
