#include "http.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MOST_HEAD_BYTES = 1 << 16 };

/* ---- answers ---- */

struct head {
  size_t length, body_length;
  bool chunked, sized;
};

struct span {
  const char *at;
  size_t length;
};

static bool is_name(struct span line, const char *name, struct span *value) {
  size_t size = strlen(name);
  if (line.length <= size || line.at[size] != ':' || strncasecmp(line.at, name, size)) return false;
  for (size++; size < line.length && (line.at[size] == ' ' || line.at[size] == '\t');) size++;
  *value = (struct span){line.at + size, line.length - size};
  return true;
}

static bool is(struct span value, const char *text) {
  return value.length == strlen(text) && !strncasecmp(value.at, text, value.length);
}

static size_t number_in(struct span value) {
  size_t number = 0;
  for (size_t i = 0; i < value.length; i++) {
    if (value.at[i] < '0' || value.at[i] > '9' || number > SIZE_MAX / 20)
      die("an answer of Content-Length %.*s", (int)value.length, value.at);
    number = number * 10 + (size_t)(value.at[i] - '0');
  }
  return number;
}

static void take_header(struct span line, struct head *h, struct answer *a) {
  struct span value;
  switch (line.at[0] | 0x20) {
    case 'c':
      if (is_name(line, "content-length", &value)) {
        h->body_length = number_in(value);
        h->sized = true;
      } else if (is_name(line, "connection", &value)) {
        a->closes = is(value, "close");
      } else if (is_name(line, "content-encoding", &value)) {
        a->deflated = is(value, "gzip") || is(value, "deflate");
        a->coded_otherwise = !a->deflated && !is(value, "identity");
      }
      break;
    case 't':
      if (is_name(line, "transfer-encoding", &value)) h->chunked = is(value, "chunked");
      break;
    default:
      break;
  }
}

/* Returns false when the head has not come completely. */
static bool take_head(const char *data, size_t length, struct head *h, struct answer *a) {
  const char *end = memmem(data, length, "\r\n\r\n", 4);
  if (!end && length > MOST_HEAD_BYTES) die("the head of an answer has more than %d bytes", MOST_HEAD_BYTES);
  if (!end) return false;
  if (end - data < 12 || memcmp(data, "HTTP/1.", 7) || data[8] != ' ')
    die("no HTTP answer: %.*s", (int)(length < 100 ? length : 100), data);
  a->status = (data[9] - '0') * 100 + (data[10] - '0') * 10 + data[11] - '0';
  a->closes = data[7] == '0';
  for (const char *at = memchr(data, '\n', length); at < end;) {
    const char *line = at + 1, *line_end = memchr(line, '\r', (size_t)(end + 1 - line));
    if (line_end > line) take_header((struct span){line, (size_t)(line_end - line)}, h, a);
    at = line_end + 1;
  }
  h->length = (size_t)(end - data) + 4;
  return true;
}

/* Joins the chunks (RFC 9112, section 7.1) in a buffer of its own; returns how long they are, or 0 for not yet. */
static size_t take_chunks(const char *data, size_t length, struct answer *a) {
  static struct bytes joined;
  joined.length = 0;
  for (size_t at = 0;;) {
    const char *line_end = memmem(data + at, length - at, "\r\n", 2);
    if (!line_end) return 0;
    char *end;
    size_t size = strtoul(data + at, &end, 16);
    if (end == data + at || end > line_end || size > MOST_HEAD_BYTES * 1024ul) die("no chunk: %.20s", data + at);
    at = (size_t)(line_end - data) + 2;
    if (length - at < size + 2) return 0;
    if (memcmp(data + at + size, "\r\n", 2)) die("a chunk that does not end, or trailers behind the last");
    bytes_add(&joined, data + at, size);
    at += size + 2;
    if (size) continue;
    a->body = (const char *)joined.data;
    a->length = joined.length;
    return at;
  }
}

static bool has_body(int status, bool to_head) { return !to_head && status >= 200 && status != 204 && status != 304; }

size_t http_take(const unsigned char *data, size_t length, bool to_head, struct answer *a) {
  const char *text = (const char *)data;
  struct head h = {0};
  *a = (struct answer){.body = ""};
  if (!take_head(text, length, &h, a)) return 0;
  if (!has_body(a->status, to_head)) return h.length;
  if (h.chunked) {
    size_t size = take_chunks(text + h.length, length - h.length, a);
    return size ? h.length + size : 0;
  }
  if (!h.sized) die("an answer with neither Content-Length nor chunks: %.*s", (int)(h.length < 300 ? h.length : 300), text);
  if (length - h.length < h.body_length) return 0;
  a->body = text + h.length;
  a->length = h.body_length;
  return h.length + h.body_length;
}

/* ---- exchanges ---- */

static size_t arrived(struct link *k, const unsigned char *data, size_t length, uint64_t now) {
  struct exchange *x = k->owner;
  struct answer a;
  if (!x->busy) { /* the server's last words before it closes an idle connection */
    link_close(k);
    return length;
  }
  size_t taken = http_take(data, length, x->to_head, &a);
  if (!taken) {
    x->reused = false; /* what has begun to be answered is not sent again */
    return 0;
  }
  if (taken < length) die("%zu bytes behind an answer", length - taken);
  x->busy = false;
  x->reused = true;
  if (a.closes) link_close(k);
  x->handlers->answered(x, &a, now);
  return taken;
}

static void send_over_new(struct exchange *x) {
  x->link.owner = x;
  link_open(x->loop, &x->link, x->number);
  x->reused = false;
  link_send(&x->link, x->request.data, x->request.length);
}

static void lost(struct link *k, const char *reason) {
  struct exchange *x = k->owner;
  if (!x->busy) return;
  if (x->reused) {
    send_over_new(x);
    return;
  }
  x->busy = false;
  x->handlers->failed(x, reason);
}

static const struct link_handlers link_handlers = {arrived, lost};

void exchange_send(struct exchange *x) {
  x->link.handlers = &link_handlers;
  x->busy = true;
  if (!x->link.open)
    send_over_new(x);
  else
    link_send(&x->link, x->request.data, x->request.length);
}

void exchange_close(struct exchange *x) {
  link_close(&x->link);
  x->busy = false;
  bytes_free(&x->request);
}
