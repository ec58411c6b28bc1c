#include "CCipher.h"
#if defined(__x86_64__)
#include <immintrin.h>

/* Compiled for processors that have the instructions, whatever the rest is compiled for. */
#define WITH_CIPHER __attribute__((target("aes")))

int weir_has_cipher(void) { return __builtin_cpu_supports("aes") != 0; }

WITH_CIPHER static __m128i next_key(__m128i key, __m128i assist) {
  key = _mm_xor_si128(key, _mm_slli_si128(key, 4));
  key = _mm_xor_si128(key, _mm_slli_si128(key, 8));
  return _mm_xor_si128(key, _mm_shuffle_epi32(assist, 0xff));
}

WITH_CIPHER void weir_expand_key(struct weir_block key, struct weir_round_keys *expanded) {
  __m128i *keys = (__m128i *)expanded->keys;
  __m128i last = _mm_set_epi64x((long long)key.second, (long long)key.first);
  _mm_storeu_si128(keys, last);
/* The round's constant has to be known when this is compiled. */
#define EXPAND(ROUND, CONSTANT)                                                                          \
  last = next_key(last, _mm_aeskeygenassist_si128(last, CONSTANT));                                      \
  _mm_storeu_si128(keys + ROUND, last);
  EXPAND(1, 0x01)
  EXPAND(2, 0x02)
  EXPAND(3, 0x04)
  EXPAND(4, 0x08)
  EXPAND(5, 0x10)
  EXPAND(6, 0x20)
  EXPAND(7, 0x40)
  EXPAND(8, 0x80)
  EXPAND(9, 0x1b)
  EXPAND(10, 0x36)
#undef EXPAND
}

WITH_CIPHER struct weir_block weir_encrypt(
    const struct weir_round_keys *expanded, uint64_t first, uint64_t second) {
  const __m128i *keys = (const __m128i *)expanded->keys;
  __m128i state = _mm_set_epi64x((long long)second, (long long)first);
  state = _mm_xor_si128(state, _mm_loadu_si128(keys));
  for (int round = 1; round < 10; round++) {
    state = _mm_aesenc_si128(state, _mm_loadu_si128(keys + round));
  }
  state = _mm_aesenclast_si128(state, _mm_loadu_si128(keys + 10));
  return (struct weir_block){
      (uint64_t)_mm_cvtsi128_si64(state),
      (uint64_t)_mm_cvtsi128_si64(_mm_unpackhi_epi64(state, state))};
}

#else

int weir_has_cipher(void) { return 0; }
void weir_expand_key(struct weir_block key, struct weir_round_keys *expanded) { (void)key, (void)expanded; }
struct weir_block weir_encrypt(const struct weir_round_keys *keys, uint64_t first, uint64_t second) {
  (void)keys;
  return (struct weir_block){first, second};
}

#endif
