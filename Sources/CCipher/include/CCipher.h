#ifndef WEIR_CCIPHER_H
#define WEIR_CCIPHER_H
#include <stddef.h>
#include <stdint.h>

/* AES-128 (FIPS 197), by the processor's own instructions for it: they are reached through intrinsics,
   which Swift does not have. Where there are none, nothing else here may be called. */
int weir_has_cipher(void);

/* 16 bytes, as two little-endian words. */
struct weir_block {
  uint64_t first, second;
};

/* The key and the ten that are made from it, one for each round. */
struct weir_round_keys {
  struct weir_block keys[11];
};

void weir_expand_key(struct weir_block key, struct weir_round_keys *expanded);
struct weir_block weir_encrypt(const struct weir_round_keys *keys, uint64_t first, uint64_t second);

/* CBC-MAC of messages that lie one after the other, each of as many blocks: the first word of each. Some of
   them go through the cipher at a time, since a block takes forty cycles, and another one can begin in each. */
void weir_authenticate(
    const struct weir_round_keys *keys, const struct weir_block *messages, size_t blocks, uint64_t *codes,
    size_t count);

#endif
