#include "client.h"

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
#include <unistd.h>

enum {
  READ_BYTES = 1 << 20,
  EVENTS_PER_TURN = 512,
  MAX_FRAME_BYTES = READ_BYTES - 16, /* a whole frame fits into the read buffer */
  CLIENTS_PER_SOURCE = 20000, /* below the usual range of ephemeral ports, per source address */
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

void bytes_add(struct bytes *b, const void *data, size_t length) {
  if (b->length + length > b->capacity) {
    size_t capacity = b->capacity ? b->capacity : 256;
    while (capacity < b->length + length) capacity *= 2;
    b->data = realloc(b->data, capacity);
    if (!b->data) die("out of memory");
    b->capacity = capacity;
  }
  memcpy(b->data + b->length, data, length);
  b->length += length;
}

void network_init(struct network *n, const char *host, int port) {
  memset(n, 0, sizeof *n);
  n->address.sin_family = AF_INET;
  n->address.sin_port = htons((uint16_t)port);
  if (inet_pton(AF_INET, host, &n->address.sin_addr) != 1 || ntohl(n->address.sin_addr.s_addr) >> 24 != 127)
    die("host must be an address of 127.0.0.0/8, got %s: this tool loads its own machine only", host);
  snprintf(n->host, sizeof n->host, "%s:%d", host, port);
  n->path = "/socket.io/";
  n->timer_fd = -1;
  n->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  if (n->epoll_fd < 0) die("epoll_create1: %s", strerror(errno));
}

/* ---- writing ---- */

static uint32_t next_mask(void) {
  static uint32_t state = 0x9e3779b9u;
  state ^= state << 13;
  state ^= state >> 17;
  state ^= state << 5;
  return state;
}

static void queue_frame(struct client *c, unsigned char opcode, const char *data, size_t length) {
  unsigned char head[14];
  size_t size = 2;
  head[0] = 0x80 | opcode;
  if (length < 126) {
    head[1] = 0x80 | (unsigned char)length;
  } else if (length < 65536) {
    head[1] = 0x80 | 126;
    head[2] = (unsigned char)(length >> 8);
    head[3] = (unsigned char)length;
    size = 4;
  } else {
    head[1] = 0x80 | 127;
    for (int i = 0; i < 8; i++) head[2 + i] = (unsigned char)((uint64_t)length >> (56 - 8 * i));
    size = 10;
  }
  uint32_t mask = next_mask();
  memcpy(head + size, &mask, 4);
  bytes_add(&c->out, head, size + 4);
  size_t start = c->out.length;
  bytes_add(&c->out, data, length);
  unsigned char *body = c->out.data + start, key[4];
  memcpy(key, &mask, 4);
  for (size_t i = 0; i < length; i++) body[i] ^= key[i & 3];
}

void client_queue(struct client *c, const char *text, size_t length) { queue_frame(c, 1, text, length); }

static void watch(struct network *n, struct client *c, int operation) {
  struct epoll_event e = {.events = EPOLLIN | (c->wants_write ? EPOLLOUT : 0), .data.ptr = c};
  if (epoll_ctl(n->epoll_fd, operation, c->fd, &e)) die("epoll_ctl: %s", strerror(errno));
}

static void lose(struct network *n, struct client *c, const char *reason) {
  if (c->state == CLIENT_CLOSED) return;
  client_close(n, c);
  n->handlers.closed(n->context, c, reason);
}

static void lose_with(struct network *n, struct client *c, const char *what, const char *text, size_t length) {
  char reason[400];
  snprintf(reason, sizeof reason, "%s: %.*s", what, (int)(length < 300 ? length : 300), text);
  lose(n, c, reason);
}

void client_flush(struct network *n, struct client *c) {
  if (!c->out.length || c->state == CLIENT_CLOSED) return;
  ssize_t sent = send(c->fd, c->out.data, c->out.length, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent < 0) {
    if (errno != EAGAIN) {
      lose(n, c, strerror(errno));
      return;
    }
    sent = 0;
  }
  c->out.length -= (size_t)sent;
  if (c->out.length) memmove(c->out.data, c->out.data + sent, c->out.length);
  if ((c->out.length > 0) != c->wants_write) {
    c->wants_write = c->out.length > 0;
    watch(n, c, EPOLL_CTL_MOD);
  }
}

/* ---- opening ---- */

static void queue_upgrade(struct network *n, struct client *c) {
  static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  char key[25], request[512];
  for (int i = 0; i < 22; i++) key[i] = base64[next_mask() >> 26];
  key[21] = "AQgw"[next_mask() >> 30]; /* 16 bytes leave only two bits for the last character */
  memcpy(key + 22, "==", 3);
  int length = snprintf(request, sizeof request,
                        "GET %s?EIO=4&transport=websocket HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\n"
                        "Connection: Upgrade\r\nSec-WebSocket-Key: %s\r\nSec-WebSocket-Version: 13\r\n\r\n",
                        n->path, n->host, key);
  bytes_add(&c->out, request, (size_t)length);
}

void client_open(struct network *n, struct client *c) {
  int one = 1;
  c->started_ns = now_ns();
  c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (c->fd < 0) die("socket %u: %s (raise ulimit -n)", c->index, strerror(errno));
  setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (c->index >= CLIENTS_PER_SOURCE) {
    struct sockaddr_in source = {.sin_family = AF_INET};
    source.sin_addr.s_addr = htonl(INADDR_LOOPBACK + c->index / CLIENTS_PER_SOURCE);
    setsockopt(c->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    if (bind(c->fd, (struct sockaddr *)&source, sizeof source)) die("bind: %s", strerror(errno));
  }
  c->state = CLIENT_UPGRADING;
  if (connect(c->fd, (struct sockaddr *)&n->address, sizeof n->address) && errno != EINPROGRESS) {
    lose(n, c, strerror(errno));
    return;
  }
  queue_upgrade(n, c);
  c->wants_write = true;
  watch(n, c, EPOLL_CTL_ADD);
}

void client_close(struct network *n, struct client *c) {
  (void)n;
  if (c->state == CLIENT_CLOSED) return;
  if (c->state != CLIENT_NEW) close(c->fd);
  c->state = CLIENT_CLOSED;
  free(c->in.data);
  free(c->out.data);
  c->in = c->out = (struct bytes){0};
}

static void become_open(struct network *n, struct client *c, uint64_t now) {
  c->state = CLIENT_OPEN;
  n->handlers.opened(n->context, c, now);
}

static void queue_connect(struct client *c) {
  char packet[16384];
  int length = c->token ? snprintf(packet, sizeof packet, "40{\"token\":\"%s\"}", c->token)
                        : snprintf(packet, sizeof packet, "40");
  if (length >= (int)sizeof packet) die("a token of %zu characters is too long", strlen(c->token));
  client_queue(c, packet, (size_t)length);
}

static void connected(struct network *n, struct client *c, uint64_t now) {
  if (!n->join_event || !c->room) {
    become_open(n, c, now);
    return;
  }
  char packet[512];
  int length = snprintf(packet, sizeof packet, "420[\"%s\",\"%s\"]", n->join_event, c->room);
  if (length >= (int)sizeof packet) die("a room's name of %zu characters is too long", strlen(c->room));
  c->state = CLIENT_JOINING;
  client_queue(c, packet, (size_t)length);
}

/* ---- reading ---- */

static bool starts(const char *text, size_t length, const char *prefix) {
  size_t size = strlen(prefix);
  return length >= size && !memcmp(text, prefix, size);
}

static void handle_ack(struct network *n, struct client *c, const char *text, size_t length, uint64_t now) {
  uint64_t id = 0;
  size_t at = 2;
  while (at < length && text[at] >= '0' && text[at] <= '9') id = id * 10 + (uint64_t)(text[at++] - '0');
  if (c->state != CLIENT_JOINING) {
    n->handlers.acked(n->context, c, id, text + at, length - at, now);
    return;
  }
  if (memmem(text, length, "\"ok\":false", 10)) die("join refused: %.*s", (int)(length < 300 ? length : 300), text);
  become_open(n, c, now);
}

static void handle_packet(struct network *n, struct client *c, const char *text, size_t length, uint64_t now) {
  if (starts(text, length, "42")) {
    n->handlers.event(n->context, c, text, length, now);
  } else if (starts(text, length, "43")) {
    handle_ack(n, c, text, length, now);
  } else if (length == 1 && text[0] == '2') {
    client_queue(c, "3", 1);
  } else if (starts(text, length, "0{")) {
    queue_connect(c);
  } else if (starts(text, length, "40{\"sid\"") && c->state == CLIENT_OPENING) {
    connected(n, c, now);
  } else if (starts(text, length, "41") || (length == 1 && text[0] == '1')) {
    lose(n, c, "the server disconnected the socket");
  } else if (starts(text, length, "44")) {
    lose_with(n, c, "the namespace was refused", text, length);
  } else {
    die("unexpected packet: %.*s", (int)(length < 300 ? length : 300), text);
  }
}

static void handle_frame(struct network *n, struct client *c, unsigned char head, const char *data, size_t length,
                         uint64_t now) {
  switch (head) {
    case 0x81:
      handle_packet(n, c, data, length, now);
      break;
    case 0x88: {
      char reason[160];
      int code = length >= 2 ? (unsigned char)data[0] << 8 | (unsigned char)data[1] : 1005;
      snprintf(reason, sizeof reason, "close frame %d %.*s", code, length > 2 ? (int)(length - 2) : 0, data + 2);
      lose(n, c, reason);
      break;
    }
    case 0x89:
      queue_frame(c, 10, data, length);
      break;
    default:
      die("unexpected frame with the first byte 0x%02x", head);
  }
}

/* Handle every complete frame at data; returns how many bytes they were. */
static size_t take_frames(struct network *n, struct client *c, const unsigned char *data, size_t length, uint64_t now) {
  size_t at = 0;
  while (length - at >= 2 && c->state != CLIENT_CLOSED) {
    const unsigned char *head = data + at;
    size_t size = 2;
    uint64_t body = head[1];
    if (body & 0x80) die("the server masked a frame");
    if (body == 126) size = 4;
    if (body == 127) size = 10;
    if (length - at < size) break;
    if (size > 2) {
      body = 0;
      for (size_t i = 2; i < size; i++) body = body << 8 | head[i];
    }
    if (body > MAX_FRAME_BYTES) die("a frame of %llu bytes", (unsigned long long)body);
    if (length - at - size < body) break;
    handle_frame(n, c, head[0], (const char *)head + size, (size_t)body, now);
    at += size + (size_t)body;
  }
  return at;
}

static size_t take_upgrade(struct network *n, struct client *c, const unsigned char *data, size_t length) {
  const unsigned char *end = memmem(data, length, "\r\n\r\n", 4);
  if (!end) return 0;
  if (!starts((const char *)data, length, "HTTP/1.1 101")) {
    lose_with(n, c, "upgrade refused", (const char *)data, length);
    return 0;
  }
  c->state = CLIENT_OPENING;
  return (size_t)(end - data) + 4;
}

static void keep_rest(struct client *c, const unsigned char *data, size_t length) {
  c->in.length = 0;
  if (length) bytes_add(&c->in, data, length);
}

static void read_client(struct network *n, struct client *c) {
  size_t held = c->in.length;
  if (held) memcpy(read_buffer, c->in.data, held);
  ssize_t got = recv(c->fd, read_buffer + held, READ_BYTES - held, MSG_DONTWAIT);
  if (got <= 0) {
    if (got < 0 && errno == EAGAIN) return;
    lose(n, c, got ? strerror(errno) : "the server closed the connection");
    return;
  }
  uint64_t now = now_ns();
  size_t length = held + (size_t)got, taken = 0;
  if (c->state == CLIENT_UPGRADING) taken = take_upgrade(n, c, read_buffer, length);
  if (c->state != CLIENT_UPGRADING) taken += take_frames(n, c, read_buffer + taken, length - taken, now);
  if (c->state != CLIENT_CLOSED) keep_rest(c, read_buffer + taken, length - taken);
}

void network_turn(struct network *n, int timeout_ms) {
  struct epoll_event events[EVENTS_PER_TURN];
  uint64_t asleep = now_ns();
  int count = epoll_wait(n->epoll_fd, events, EVENTS_PER_TURN, timeout_ms);
  uint64_t awake = now_ns();
  n->blocked_ns += awake - asleep;
  if (count < 0 && errno != EINTR) die("epoll_wait: %s", strerror(errno));
  for (int i = 0; i < count; i++) {
    struct client *c = events[i].data.ptr;
    if (!c) {
      uint64_t expirations;
      if (read(n->timer_fd, &expirations, sizeof expirations) < 0 && errno != EAGAIN) die("timer: %s", strerror(errno));
      continue;
    }
    if (c->state == CLIENT_CLOSED) continue;
    if (events[i].events & (EPOLLIN | EPOLLERR | EPOLLHUP)) read_client(n, c);
    client_flush(n, c);
  }
  if (count > 0) histogram_add(&n->busy, now_ns() - awake);
}

void allow_many_files(size_t sockets) {
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur >= sockets + 64) return;
  limit.rlim_cur = sockets + 64;
  if (limit.rlim_max < limit.rlim_cur) limit.rlim_max = limit.rlim_cur;
  if (setrlimit(RLIMIT_NOFILE, &limit)) die("%zu sockets need ulimit -n %zu", sockets, sockets + 64);
}
