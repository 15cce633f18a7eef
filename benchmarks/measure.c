#include "measure.h"

#include <dirent.h>
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

/* ---- one process ---- */

static FILE *open_proc(int pid, const char *name) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
  return fopen(path, "r");
}

/* With that of its children that have ended. */
static uint64_t cpu_of(int pid) {
  FILE *f = open_proc(pid, "stat");
  if (!f) return 0;
  char text[1024];
  size_t length = fread(text, 1, sizeof text - 1, f);
  fclose(f);
  text[length] = 0;
  /* The command's name may hold spaces and brackets: fields are counted from the last closing one (proc(5)). */
  const char *fields = strrchr(text, ')');
  unsigned long long user, system;
  long long ended_user, ended_system;
  if (!fields || sscanf(fields, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu %lld %lld", &user, &system,
                        &ended_user, &ended_system) != 4)
    return 0;
  uint64_t ticks = user + system + (uint64_t)(ended_user + ended_system);
  return ticks * (1000000000ull / (uint64_t)sysconf(_SC_CLK_TCK));
}

static uint64_t waited_of(int pid) {
  FILE *f = open_proc(pid, "schedstat");
  unsigned long long ran, waited;
  if (!f) return 0;
  if (fscanf(f, "%llu %llu", &ran, &waited) != 2) waited = 0;
  fclose(f);
  return waited;
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

static uint64_t memory_of(int pid) {
  uint64_t proportional = bytes_after(pid, "smaps_rollup", "Pss:");
  return proportional ? proportional : bytes_after(pid, "status", "VmRSS:");
}

/* ---- process trees ---- */

struct sum {
  struct usage usage;
  uint64_t memory_bytes;
};

typedef void (*add)(struct sum *s, int pid);

static void add_usage(struct sum *s, int pid) {
  s->usage.cpu_ns += cpu_of(pid);
  s->usage.waited_ns += waited_of(pid);
}

static void add_memory(struct sum *s, int pid) { s->memory_bytes += memory_of(pid); }

static void add_tree(struct sum *s, int pid, add each);

static void add_children_of_thread(struct sum *s, int pid, int thread, add each) {
  char name[40];
  snprintf(name, sizeof name, "task/%d/children", thread);
  FILE *f = open_proc(pid, name);
  if (!f) return; /* it has ended meanwhile */
  for (int child; fscanf(f, "%d", &child) == 1;) add_tree(s, child, each);
  fclose(f);
}

static void add_tree(struct sum *s, int pid, add each) {
  char path[64];
  each(s, pid);
  snprintf(path, sizeof path, "/proc/%d/task", pid);
  DIR *threads = opendir(path);
  if (!threads) return;
  for (const struct dirent *thread; (thread = readdir(threads));)
    if (thread->d_name[0] != '.') add_children_of_thread(s, pid, atoi(thread->d_name), each);
  closedir(threads);
}

static struct sum sum_over(const struct processes *p, add each) {
  struct sum s = {0};
  if (access("/proc/thread-self/children", R_OK)) {
    fputs("loadgen: this kernel does not tell a process's children (CONFIG_PROC_CHILDREN)\n", stderr);
    exit(2);
  }
  for (size_t i = 0; i < p->count; i++) add_tree(&s, p->pids[i], each);
  return s;
}

struct usage usage_of(const struct processes *p) { return sum_over(p, add_usage).usage; }

uint64_t memory_bytes_of(const struct processes *p) { return sum_over(p, add_memory).memory_bytes; }

struct usage usage_of_self(void) {
  struct rusage r;
  getrusage(RUSAGE_SELF, &r);
  uint64_t cpu_ns = (uint64_t)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) * 1000000000ull +
                    (uint64_t)(r.ru_utime.tv_usec + r.ru_stime.tv_usec) * 1000ull;
  return (struct usage){cpu_ns, waited_of(getpid())};
}

struct usage usage_between(struct usage then, struct usage now) {
  return (struct usage){now.cpu_ns - then.cpu_ns, now.waited_ns - then.waited_ns};
}
