#ifndef CXXHASH_H
#define CXXHASH_H

#include <xxhash.h>
#if defined(__x86_64__)
/* Puts functions that use what the processor has in the place of those for every processor. */
#include <xxh_x86dispatch.h>
#endif

/* A macro may stand behind the name, which Swift does not see. */
static inline XXH_errorcode weir_digest_update(XXH3_state_t *state, const void *bytes, size_t count) {
  return XXH3_128bits_update(state, bytes, count);
}

#endif
