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

enum { at_a_time = 8 };

/* `count` is a constant in both calls, so that the states stay in registers. */
WITH_CIPHER static inline __attribute__((always_inline)) void authenticate(
    const __m128i *keys, const __m128i *messages, size_t blocks, uint64_t *codes, size_t count) {
  __m128i states[at_a_time];
  for (size_t i = 0; i < count; i++) states[i] = _mm_setzero_si128();
  for (size_t block = 0; block < blocks; block++) {
    __m128i key = _mm_loadu_si128(keys);
    for (size_t i = 0; i < count; i++) {
      __m128i input = _mm_loadu_si128(messages + i * blocks + block);
      states[i] = _mm_xor_si128(_mm_xor_si128(states[i], input), key);
    }
    for (int round = 1; round < 10; round++) {
      key = _mm_loadu_si128(keys + round);
      for (size_t i = 0; i < count; i++) states[i] = _mm_aesenc_si128(states[i], key);
    }
    key = _mm_loadu_si128(keys + 10);
    for (size_t i = 0; i < count; i++) states[i] = _mm_aesenclast_si128(states[i], key);
  }
  for (size_t i = 0; i < count; i++) codes[i] = (uint64_t)_mm_cvtsi128_si64(states[i]);
}

WITH_CIPHER void weir_authenticate(
    const struct weir_round_keys *expanded, const struct weir_block *messages, size_t blocks, uint64_t *codes,
    size_t count) {
  const __m128i *keys = (const __m128i *)expanded->keys;
  size_t done = 0;
  for (; count - done >= at_a_time; done += at_a_time) {
    authenticate(keys, (const __m128i *)(messages + done * blocks), blocks, codes + done, at_a_time);
  }
  for (; done < count; done++) {
    authenticate(keys, (const __m128i *)(messages + done * blocks), blocks, codes + done, 1);
  }
}

#else

int weir_has_cipher(void) { return 0; }
void weir_expand_key(struct weir_block key, struct weir_round_keys *expanded) { (void)key, (void)expanded; }
struct weir_block weir_encrypt(const struct weir_round_keys *keys, uint64_t first, uint64_t second) {
  (void)keys;
  return (struct weir_block){first, second};
}
void weir_authenticate(
    const struct weir_round_keys *keys, const struct weir_block *messages, size_t blocks, uint64_t *codes,
    size_t count) {
  (void)keys, (void)messages, (void)blocks, (void)codes, (void)count;
}

#endif
