#ifndef WEIR_CSYSTEM_PREFETCH_H
#define WEIR_CSYSTEM_PREFETCH_H

/* Asks the processor to bring a cache line that will be read and written soon. */
static inline void weir_prefetch(const void *address) { __builtin_prefetch(address, 1); }

#endif
