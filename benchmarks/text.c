#include "text.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "loop.h"

enum { RANK_BITS = 11, LONGEST_SENTENCE = 14 };

void put_hex(char *at, uint64_t value, int digits) {
  for (int i = digits - 1; i >= 0; i--, value >>= 4) at[i] = "0123456789abcdef"[value & 15];
}

void put_uuid(char *at, uint64_t salt, uint32_t sender, uint32_t seq) {
  put_hex(at, salt >> 32, 8);
  at[8] = '-';
  put_hex(at + 9, salt >> 16, 4);
  memcpy(at + 13, "-4", 2);
  put_hex(at + 15, salt, 3);
  memcpy(at + 18, "-8", 2);
  put_hex(at + 20, sender >> 16, 3);
  at[23] = '-';
  put_hex(at + 24, sender, 4);
  put_hex(at + 28, seq, 8);
}

uint64_t fresh_salt(void) { return now_ns() * 0x9e3779b97f4a7c15ull ^ (uint64_t)getpid() << 40; }

/* ---- words ---- */

/* The most frequent words of English stand for the lower ranks, words made of syllables for the others. A rank is drawn
 * as it is in a language, in inverse proportion to itself. zlib makes of this nearly what it makes of this project's own
 * documentation: at level 6, 54 % of 1 KB and 42 % of 16 KB (there 52 and 40). */
static const char *const common[] = {
    "the",  "of",    "and",  "to",    "a",     "in",    "is",    "you",  "that", "it",    "for",   "was",  "on",   "are",
    "with", "as",    "I",    "they",  "be",    "at",    "this",  "have", "from", "or",    "one",   "had",  "by",   "but",
    "not",  "what",  "all",  "were",  "we",    "when",  "your",  "can",  "said", "there", "use",   "an",   "each", "which",
    "she",  "do",    "how",  "their", "if",    "will",  "up",    "other", "about", "out", "many",  "then", "them", "these",
    "so",   "some",  "her",  "would", "make",  "like",  "him",   "into", "time", "has",   "look",  "two",  "more", "write",
    "go",   "see",   "price", "no",   "way",   "could", "people", "my",  "than", "first", "order", "been", "call", "who",
    "its",  "now",   "find", "long",  "down",  "day",   "did",   "get",  "come", "made",  "may",   "part", "over", "send",
};

static uint32_t drawn(uint64_t *state, uint32_t below) {
  *state = *state * 6364136223846793005ull + 1442695040888963407ull;
  return (uint32_t)((*state >> 33) % below);
}

/* Each power of two is as likely as any other, and within it each rank. */
static uint32_t drawn_rank(uint64_t *state) {
  uint32_t bits = drawn(state, RANK_BITS);
  return (1u << bits) - 1 + drawn(state, 1u << bits);
}

static void add_word(struct bytes *text, uint32_t rank) {
  static const char *const onsets[] = {"b", "c", "d", "f", "g", "l", "m", "n", "p", "r", "s", "t", "v", "st", "tr", "pl"};
  static const char *const rhymes[] = {"a", "e", "i", "o", "u", "er", "in", "on", "al", "at", "ent", "ess", "ing", "ion", "ure", "y"};
  enum { COMMON = sizeof common / sizeof *common };
  if (rank < COMMON) {
    bytes_add(text, common[rank], strlen(common[rank]));
    return;
  }
  uint64_t state = rank * 0x9e3779b97f4a7c15ull;
  for (uint32_t syllables = 2 + drawn(&state, 2); syllables; syllables--) {
    const char *onset = onsets[drawn(&state, 16)], *rhyme = rhymes[drawn(&state, 16)];
    bytes_add(text, onset, strlen(onset));
    bytes_add(text, rhyme, strlen(rhyme));
  }
}

static void add_sentence(struct bytes *text, uint64_t *state) {
  size_t first = text->length;
  for (uint32_t left = 4 + drawn(state, LONGEST_SENTENCE - 3); left; left--) {
    add_word(text, drawn_rank(state));
    bytes_add(text, left > 1 ? " " : ". ", left > 1 ? 1 : 2);
  }
  text->data[first] &= (unsigned char)~0x20u;
}

const char *text_pool(size_t most) {
  struct bytes text = {0};
  uint64_t state = 1;
  while (text.length < POOL_OFFSETS + most) add_sentence(&text, &state);
  return (const char *)text.data;
}
