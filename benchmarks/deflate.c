#include "deflate.h"

#include "loop.h"

#ifdef WITH_ZLIB

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum {
  RAW = -MAX_WBITS,
  GZIP_OR_ZLIB = MAX_WBITS + 32,
  MOST_INFLATED = 1 << 26,
  REMEMBERED = 64, /* messages; each at the place that its bytes choose */
};

struct memory {
  struct bytes packed, text;
};

void deflate_require(void) {}

static void begin(z_stream *z, int window_bits) {
  memset(z, 0, sizeof *z);
  if (inflateInit2(z, window_bits) != Z_OK) die("out of memory");
}

/* Puts what data holds into *text. */
static void inflate_all(z_stream *z, const char *data, size_t length, struct bytes *text) {
  static unsigned char part[1 << 16];
  z->next_in = (unsigned char *)(uintptr_t)data;
  z->avail_in = (unsigned)length;
  do {
    z->next_out = part;
    z->avail_out = sizeof part;
    int result = inflate(z, Z_SYNC_FLUSH);
    if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR)
      die("compressed data is corrupt: %s", z->msg ? z->msg : "no reason given");
    bytes_add(text, part, sizeof part - z->avail_out);
    if (text->length > MOST_INFLATED) die("a message of more than %d bytes, inflated", MOST_INFLATED);
  } while (!z->avail_out);
  if (z->avail_in) die("%u bytes behind the end of compressed data", z->avail_in);
}

/* Section 7.2.2: the sender cut these off. */
static void inflate_tail(z_stream *z, const char *data, size_t length, struct bytes *text) {
  text->length = 0;
  inflate_all(z, data, length, text);
  inflate_all(z, "\x00\x00\xff\xff", 4, text);
}

static struct inflated as_inflated(const struct bytes *text) {
  return (struct inflated){text->data ? (const char *)text->data : "", text->length};
}

static uint64_t digest(const char *data, size_t length) {
  uint64_t hash = length;
  for (size_t i = 0; i + 8 <= length; i += 8) {
    uint64_t word;
    memcpy(&word, data + i, 8);
    hash = (hash ^ word) * 0x9e3779b97f4a7c15ull;
    hash ^= hash >> 29;
  }
  return hash;
}

struct inflated inflate_message(const char *data, size_t length) {
  static z_stream stream;
  static struct memory memories[REMEMBERED];
  struct memory *m = &memories[digest(data, length) % REMEMBERED];
  if (length && m->packed.length == length && !memcmp(m->packed.data, data, length)) return as_inflated(&m->text);
  if (!stream.state) begin(&stream, RAW);
  inflateReset(&stream);
  inflate_tail(&stream, data, length, &m->text);
  m->packed.length = 0;
  bytes_add(&m->packed, data, length);
  return as_inflated(&m->text);
}

struct inflated inflate_in_context(void **stream, const char *data, size_t length) {
  static struct bytes text;
  if (!*stream) {
    *stream = malloc(sizeof(z_stream));
    if (!*stream) die("out of memory");
    begin(*stream, RAW);
  }
  inflate_tail(*stream, data, length, &text);
  return as_inflated(&text);
}

void inflate_end(void **stream) {
  if (*stream) inflateEnd(*stream);
  free(*stream);
  *stream = NULL;
}

struct inflated inflate_body(const char *data, size_t length) {
  static z_stream stream;
  static struct bytes text;
  if (!stream.state) begin(&stream, GZIP_OR_ZLIB);
  inflateReset(&stream);
  text.length = 0;
  inflate_all(&stream, data, length, &text);
  return as_inflated(&text);
}

#else

void deflate_require(void) {
  die("--deflate needs zlib's headers, which were not there when this was compiled (Debian: apt-get install zlib1g-dev)");
}

struct inflated inflate_message(const char *data, size_t length) {
  (void)data, (void)length;
  deflate_require();
  __builtin_unreachable();
}

struct inflated inflate_in_context(void **stream, const char *data, size_t length) {
  (void)stream;
  return inflate_message(data, length);
}

void inflate_end(void **stream) { (void)stream; }

struct inflated inflate_body(const char *data, size_t length) { return inflate_message(data, length); }

#endif
