/* What the generator sends: hexadecimal numbers, UUIDs, and words. */
#ifndef TEXT_H
#define TEXT_H

#include <stddef.h>
#include <stdint.h>

enum { UUID_CHARS = 36, POOL_OFFSETS = 1 << 18 };

void put_hex(char *at, uint64_t value, int digits);

/* A version 4 UUID that holds all of seq, all of sender but four bits, and most of salt. */
void put_uuid(char *at, uint64_t salt, uint32_t sender, uint32_t seq);

/* A salt that no other run has. */
uint64_t fresh_salt(void);

/* `POOL_OFFSETS + most` characters: sentences, the same in every run, without what JSON escapes. A text is a piece of up
 * to `most` from anywhere in it, so no two messages are alike, and compression has to work as hard as in life. */
const char *text_pool(size_t most);

#endif
