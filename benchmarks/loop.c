#include "loop.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum {
  READ_BYTES = 1 << 20,
  LEAST_ROOM = 1 << 16,    /* behind what is kept, for the next read */
  MOST_KEPT = 64 << 20,    /* of one message that has not come completely */
  KEPT_CAPACITY = 1 << 14, /* a larger buffer is given back when it is empty */
  EVENTS_PER_TURN = 512,
  LINKS_PER_SOURCE = 20000, /* below the usual range of ephemeral ports, per source address */
};

static unsigned char read_buffer[READ_BYTES];

void die(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fputs("loadgen: ", stderr);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  va_end(arguments);
  exit(2);
}

static void reserve(struct bytes *b, size_t more) {
  if (b->length + more <= b->capacity) return;
  size_t capacity = b->capacity ? b->capacity : 256;
  while (capacity < b->length + more) capacity *= 2;
  b->data = realloc(b->data, capacity);
  if (!b->data) die("out of memory");
  b->capacity = capacity;
}

void bytes_add(struct bytes *b, const void *data, size_t length) {
  if (!length) return;
  reserve(b, length);
  memcpy(b->data + b->length, data, length);
  b->length += length;
}

void bytes_free(struct bytes *b) {
  free(b->data);
  *b = (struct bytes){0};
}

void loop_init(struct loop *l, const char *host, int port) {
  memset(l, 0, sizeof *l);
  l->address.sin_family = AF_INET;
  l->address.sin_port = htons((uint16_t)port);
  if (inet_pton(AF_INET, host, &l->address.sin_addr) != 1 || ntohl(l->address.sin_addr.s_addr) >> 24 != 127)
    die("host must be an address of 127.0.0.0/8, got %s: this tool loads its own machine only", host);
  snprintf(l->host, sizeof l->host, "%s:%d", host, port);
  l->timer_fd = -1;
  l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  if (l->epoll_fd < 0) die("epoll_create1: %s", strerror(errno));
}

/* ---- links ---- */

static void watch(struct link *k, int operation) {
  struct epoll_event e = {.events = EPOLLIN | (k->wants_write ? EPOLLOUT : 0), .data.ptr = k};
  if (epoll_ctl(k->loop->epoll_fd, operation, k->fd, &e)) die("epoll_ctl: %s", strerror(errno));
}

void link_open(struct loop *l, struct link *k, uint32_t number) {
  int one = 1;
  k->loop = l;
  k->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (k->fd < 0) die("connection %u: %s (raise ulimit -n)", number, strerror(errno));
  setsockopt(k->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (number >= LINKS_PER_SOURCE) {
    struct sockaddr_in source = {.sin_family = AF_INET};
    source.sin_addr.s_addr = htonl(INADDR_LOOPBACK + number / LINKS_PER_SOURCE);
    setsockopt(k->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    if (bind(k->fd, (struct sockaddr *)&source, sizeof source)) die("bind: %s", strerror(errno));
  }
  k->open = true;
  k->wants_write = false;
  k->openings++;
  k->error = connect(k->fd, (struct sockaddr *)&l->address, sizeof l->address) && errno != EINPROGRESS ? errno : 0;
  watch(k, EPOLL_CTL_ADD);
}

void link_close(struct link *k) {
  if (!k->open) return;
  close(k->fd);
  k->open = false;
  bytes_free(&k->in);
  bytes_free(&k->out);
}

void link_reset(struct link *k) {
  struct linger reset = {.l_onoff = 1};
  if (k->open) setsockopt(k->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  link_close(k);
}

/* Returns how many bytes the kernel took; all of them where the link is broken, which reading will tell. */
static size_t write_some(struct link *k, const void *data, size_t length) {
  ssize_t sent = send(k->fd, data, length, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent >= 0) return (size_t)sent;
  if (errno == EAGAIN) return 0;
  if (!k->error) k->error = errno;
  return length;
}

static void want_write(struct link *k, bool wants) {
  if (wants == k->wants_write) return;
  k->wants_write = wants;
  watch(k, EPOLL_CTL_MOD);
}

void link_flush(struct link *k) {
  if (!k->out.length || !k->open) return;
  size_t sent = write_some(k, k->out.data, k->out.length);
  k->out.length -= sent;
  if (k->out.length) memmove(k->out.data, k->out.data + sent, k->out.length);
  want_write(k, k->out.length > 0);
}

void link_send(struct link *k, const void *data, size_t length) {
  size_t sent = k->out.length ? 0 : write_some(k, data, length);
  bytes_add(&k->out, (const unsigned char *)data + sent, length - sent);
  want_write(k, k->out.length > 0);
}

static void lose(struct link *k, const char *reason) {
  link_close(k);
  k->handlers->lost(k, reason);
}

/* Hands over what was kept and what has come. The handler may close the link and open it anew: then nothing is kept. */
static void hand_over(struct link *k, struct bytes kept, const unsigned char *data, size_t length) {
  uint32_t opening = k->openings;
  size_t taken = k->handlers->arrived(k, data, length, now_ns()), rest = length - taken;
  bool stays = k->open && k->openings == opening;
  if (stays && rest && kept.data) {
    memmove(kept.data, kept.data + taken, rest);
    kept.length = rest;
    k->in = kept;
    return;
  }
  if (stays && rest) bytes_add(&k->in, data + taken, rest);
  if (stays && !rest && kept.data && kept.capacity <= KEPT_CAPACITY) {
    kept.length = 0;
    k->in = kept;
    return;
  }
  free(kept.data);
}

static void read_link(struct link *k) {
  unsigned char *at = read_buffer;
  size_t room = READ_BYTES;
  if (k->in.length) {
    if (k->in.length > MOST_KEPT) die("a message of more than %d bytes", MOST_KEPT);
    reserve(&k->in, LEAST_ROOM);
    at = k->in.data + k->in.length;
    room = k->in.capacity - k->in.length;
  }
  ssize_t got = recv(k->fd, at, room, MSG_DONTWAIT);
  if (got <= 0) {
    int error = got && !k->error ? errno : k->error;
    if (got < 0 && error == EAGAIN) return;
    lose(k, error ? strerror(error) : "the server closed the connection");
    return;
  }
  k->loop->wire.received_bytes += (uint64_t)got;
  if (!k->in.length) {
    hand_over(k, (struct bytes){0}, read_buffer, (size_t)got);
    return;
  }
  struct bytes kept = k->in;
  k->in = (struct bytes){0};
  hand_over(k, kept, kept.data, kept.length + (size_t)got);
}

/* ---- turns ---- */

void loop_turn(struct loop *l, int timeout_ms) {
  struct epoll_event events[EVENTS_PER_TURN];
  uint64_t asleep = now_ns();
  int count = epoll_wait(l->epoll_fd, events, EVENTS_PER_TURN, timeout_ms);
  uint64_t awake = now_ns();
  l->blocked_ns += awake - asleep;
  if (count < 0 && errno != EINTR) die("epoll_wait: %s", strerror(errno));
  for (int i = 0; i < count; i++) {
    struct link *k = events[i].data.ptr;
    if (!k) {
      uint64_t expirations;
      if (read(l->timer_fd, &expirations, sizeof expirations) < 0 && errno != EAGAIN) die("timer: %s", strerror(errno));
      continue;
    }
    /* Both were reported before this turn: a link that was closed or opened anew since then has nothing to read. */
    if (k->open && events[i].events & (EPOLLIN | EPOLLERR | EPOLLHUP)) read_link(k);
    if (events[i].events & EPOLLOUT) link_flush(k);
  }
  if (count > 0) histogram_add(&l->busy, now_ns() - awake);
}

void loop_wake_at(struct loop *l, uint64_t when_ns) {
  if (l->timer_fd < 0) {
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = NULL};
    l->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (l->timer_fd < 0 || epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, l->timer_fd, &e)) die("timer: %s", strerror(errno));
  }
  struct itimerspec when = {.it_value = {(time_t)(when_ns / 1000000000ull), (long)(when_ns % 1000000000ull)}};
  timerfd_settime(l->timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
}

int ms_until(uint64_t when_ns) {
  uint64_t now = now_ns();
  return when_ns <= now ? 0 : (int)((when_ns - now) / 1000000) + 1;
}

void allow_many_files(size_t connections) {
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur >= connections + 64) return;
  limit.rlim_cur = connections + 64;
  if (limit.rlim_max < limit.rlim_cur) limit.rlim_max = limit.rlim_cur;
  if (setrlimit(RLIMIT_NOFILE, &limit)) die("%zu connections need ulimit -n %zu", connections, connections + 64);
}
