/* The floor under every peer: the same wire and the same work in C, one epoll loop and one send() for each delivery.
 *
 * Commands: `join` enters a room, `say` sends a text to everyone in a room; both are acknowledged with nothing. It is
 * no server for use: it trusts its client's grammar, sends no heartbeats and closes a socket that does not read. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { READ_BYTES = 1 << 18, ROOM_CHARS = 128, ROOMS = 1 << 16 };

struct connection {
  int fd;
  int upgraded;
  size_t rest_length;
  struct room *room;
  struct connection *next_in_room, *previous_in_room;
  unsigned char *rest; /* the beginning of a frame that has not come completely */
};

struct room {
  char name[ROOM_CHARS];
  struct connection *first;
  struct room *next;
};

struct span {
  const char *at;
  size_t length;
};

static struct room *rooms[ROOMS];
static unsigned char read_buffer[READ_BYTES];
static int epoll_fd;

static void fail(const char *what) {
  perror(what);
  exit(2);
}

/* ---- the handshake's hash, RFC 3174 for messages of less than 120 bytes ---- */

static uint32_t rotate(uint32_t x, int n) { return x << n | x >> (32 - n); }

static void sha1_block(uint32_t h[5], const unsigned char *block) {
  static const uint32_t k[] = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6};
  uint32_t w[80], a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];
  for (int i = 0; i < 16; i++)
    w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 | (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
  for (int i = 16; i < 80; i++) w[i] = rotate(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
  for (int i = 0; i < 80; i++) {
    uint32_t f = i < 20 ? (b & c) | (~b & d) : i >= 40 && i < 60 ? (b & c) | (b & d) | (c & d) : b ^ c ^ d;
    uint32_t sum = rotate(a, 5) + f + e + k[i / 20] + w[i];
    e = d, d = c, c = rotate(b, 30), b = a, a = sum;
  }
  h[0] += a, h[1] += b, h[2] += c, h[3] += d, h[4] += e;
}

static void sha1(const char *text, size_t length, unsigned char digest[20]) {
  uint32_t h[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
  unsigned char padded[128] = {0};
  size_t blocks = length < 56 ? 1 : 2;
  memcpy(padded, text, length);
  padded[length] = 0x80;
  for (int i = 0; i < 8; i++) padded[64 * blocks - 1 - i] = (unsigned char)((uint64_t)length * 8 >> (8 * i));
  for (size_t i = 0; i < blocks; i++) sha1_block(h, padded + 64 * i);
  for (int i = 0; i < 20; i++) digest[i] = (unsigned char)(h[i / 4] >> (24 - 8 * (i % 4)));
}

static void base64_of_digest(const unsigned char digest[20], char text[29]) {
  static const char table[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  unsigned char padded[21] = {0};
  memcpy(padded, digest, 20);
  for (int i = 0; i < 7; i++) {
    uint32_t bits = (uint32_t)padded[3 * i] << 16 | (uint32_t)padded[3 * i + 1] << 8 | padded[3 * i + 2];
    for (int j = 0; j < 4; j++) text[4 * i + j] = table[bits >> (18 - 6 * j) & 63];
  }
  text[27] = '=';
  text[28] = 0;
}

/* ---- connections and rooms ---- */

static void leave(struct connection *c) {
  if (!c->room) return;
  if (c->previous_in_room)
    c->previous_in_room->next_in_room = c->next_in_room;
  else
    c->room->first = c->next_in_room;
  if (c->next_in_room) c->next_in_room->previous_in_room = c->previous_in_room;
  c->room = NULL;
}

static struct room *room_named(struct span name) {
  uint32_t hash = 2166136261u;
  for (size_t i = 0; i < name.length; i++) hash = (hash ^ (unsigned char)name.at[i]) * 16777619u;
  struct room **slot = &rooms[hash & (ROOMS - 1)];
  for (struct room *r = *slot; r; r = r->next)
    if (strlen(r->name) == name.length && !memcmp(r->name, name.at, name.length)) return r;
  struct room *r = calloc(1, sizeof *r);
  if (!r || name.length >= ROOM_CHARS) fail("room");
  memcpy(r->name, name.at, name.length);
  r->next = *slot;
  return *slot = r;
}

static void join(struct connection *c, struct room *r) {
  leave(c);
  c->room = r;
  c->previous_in_room = NULL;
  c->next_in_room = r->first;
  if (r->first) r->first->previous_in_room = c;
  r->first = c;
}

static size_t frame_head(unsigned char *head, size_t length) {
  head[0] = 0x81;
  if (length < 126) {
    head[1] = (unsigned char)length;
    return 2;
  }
  if (length > 65535) fail("packet too long");
  head[1] = 126;
  head[2] = (unsigned char)(length >> 8);
  head[3] = (unsigned char)length;
  return 4;
}

static void send_bytes(struct connection *c, const void *data, size_t length) {
  if (send(c->fd, data, length, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)length) shutdown(c->fd, SHUT_RDWR);
}

static void send_packet(struct connection *c, const char *text) {
  unsigned char frame[512];
  size_t length = strlen(text), head = frame_head(frame, length);
  memcpy(frame + head, text, length);
  send_bytes(c, frame, head + length);
}

static void deliver(struct room *r, struct span text) {
  static unsigned char frame[READ_BYTES];
  static const char before[] = "42[\"message\",\"", after[] = "\"]";
  size_t length = sizeof before - 1 + text.length + sizeof after - 1, at = frame_head(frame, length);
  memcpy(frame + at, before, sizeof before - 1);
  at += sizeof before - 1;
  memcpy(frame + at, text.at, text.length);
  at += text.length;
  memcpy(frame + at, after, sizeof after - 1);
  for (struct connection *c = r->first; c; c = c->next_in_room) send_bytes(c, frame, at + sizeof after - 1);
}

/* ---- the wire ---- */

/* The next string of a JSON array of plain strings, without its quotes; moves *at behind it. */
static struct span next_string(const char **at, const char *end) {
  const char *first = memchr(*at, '"', (size_t)(end - *at));
  const char *last = first ? memchr(first + 1, '"', (size_t)(end - first - 1)) : NULL;
  if (!last) return (struct span){NULL, 0};
  *at = last + 1;
  return (struct span){first + 1, (size_t)(last - first - 1)};
}

static int is(struct span s, const char *text) { return s.length == strlen(text) && !memcmp(s.at, text, s.length); }

static void handle_event(struct connection *c, const char *packet, size_t length) {
  const char *at = packet + 2, *end = packet + length;
  long id = strtol(at, NULL, 10);
  struct span event = next_string(&at, end), room = next_string(&at, end), text = next_string(&at, end);
  if (!room.at) return;
  if (is(event, "join")) join(c, room_named(room));
  if (is(event, "say") && text.at) deliver(room_named(room), text);
  char ack[32];
  snprintf(ack, sizeof ack, "43%ld[]", id);
  send_packet(c, ack);
}

static void handle_packet(struct connection *c, char *packet, size_t length) {
  if (length >= 2 && packet[0] == '4' && packet[1] == '2') handle_event(c, packet, length);
  if (length >= 2 && packet[0] == '4' && packet[1] == '0') {
    char answer[64];
    snprintf(answer, sizeof answer, "40{\"sid\":\"floor-%d\"}", c->fd);
    send_packet(c, answer);
  }
}

static size_t take_frames(struct connection *c, unsigned char *data, size_t length) {
  size_t at = 0;
  while (length - at >= 6) {
    unsigned char *head = data + at;
    size_t size = 2, body = head[1] & 127;
    if (body == 126) {
      size = 4;
      body = (size_t)head[2] << 8 | head[3];
    } else if (body == 127) {
      fail("frame of more than 64 KB");
    }
    if (length - at < size + 4 + body) break;
    unsigned char *mask = head + size, *text = mask + 4;
    for (size_t i = 0; i < body; i++) text[i] ^= mask[i & 3];
    if (head[0] == 0x81) handle_packet(c, (char *)text, body);
    at += size + 4 + body;
  }
  return at;
}

static size_t take_upgrade(struct connection *c, const unsigned char *data, size_t length) {
  static const char magic[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11", name[] = "Sec-WebSocket-Key: ";
  const unsigned char *end = memmem(data, length, "\r\n\r\n", 4), *key = memmem(data, length, name, sizeof name - 1);
  if (!end || !key) return 0;
  char joined[61], accept[29], answer[256];
  unsigned char digest[20];
  memcpy(joined, key + sizeof name - 1, 24);
  memcpy(joined + 24, magic, sizeof magic);
  sha1(joined, 60, digest);
  base64_of_digest(digest, accept);
  int size = snprintf(answer, sizeof answer,
                      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                      "Sec-WebSocket-Accept: %s\r\n\r\n", accept);
  send_bytes(c, answer, (size_t)size);
  send_packet(c, "0{\"sid\":\"floor\",\"upgrades\":[],\"pingInterval\":25000,\"pingTimeout\":20000,\"maxPayload\":100000}");
  c->upgraded = 1;
  return (size_t)(end - data) + 4;
}

static void end_connection(struct connection *c) {
  leave(c);
  close(c->fd);
  free(c->rest);
  free(c);
}

static void read_connection(struct connection *c) {
  if (c->rest_length) memcpy(read_buffer, c->rest, c->rest_length);
  ssize_t got = recv(c->fd, read_buffer + c->rest_length, READ_BYTES - c->rest_length, 0);
  if (got <= 0) {
    if (got == 0 || errno != EAGAIN) end_connection(c);
    return;
  }
  size_t length = c->rest_length + (size_t)got, taken = 0;
  if (!c->upgraded) taken = take_upgrade(c, read_buffer, length);
  if (c->upgraded) taken += take_frames(c, read_buffer + taken, length - taken);
  c->rest_length = length - taken;
  free(c->rest);
  c->rest = c->rest_length ? malloc(c->rest_length) : NULL;
  if (c->rest) memcpy(c->rest, read_buffer + taken, c->rest_length);
}

static void accept_all(int listener) {
  for (int fd; (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
    int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct connection *c = calloc(1, sizeof *c);
    if (!c) fail("calloc");
    c->fd = fd;
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};
    if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &e)) fail("epoll_ctl");
  }
}

static int listen_on_loopback(void) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) || listen(fd, 4096)) fail("listen");
  getsockname(fd, (struct sockaddr *)&address, &size);
  printf("listening %d\n", ntohs(address.sin_port));
  fflush(stdout);
  return fd;
}

int main(void) {
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  int listener = listen_on_loopback();
  struct epoll_event e = {.events = EPOLLIN, .data.ptr = NULL}, events[512];
  if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, listener, &e)) fail("epoll_ctl");
  for (;;) {
    int count = epoll_wait(epoll_fd, events, 512, -1);
    for (int i = 0; i < count; i++) {
      if (events[i].data.ptr)
        read_connection(events[i].data.ptr);
      else
        accept_all(listener);
    }
  }
}
