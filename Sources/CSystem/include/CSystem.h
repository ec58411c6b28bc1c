#ifndef WEIR_CSYSTEM_H
#define WEIR_CSYSTEM_H
#include <stdio.h>
#include <sys/types.h>
#include "Events.h"
#include "Packet.h"
#include "Prefetch.h"
#include "Terminal.h"

/* fopencookie(3) with a reader alone. Declared only under _GNU_SOURCE, which would give other headers
   another shape here than in Swift's Glibc module. */
FILE *weir_fopencookie_reader(void *cookie, ssize_t (*read)(void *, char *, size_t));

/* prctl(2) is variadic, which Swift cannot call. */
int weir_set_not_dumpable(void);

/* Overwrites what returned calls have left on this thread's stack, as far down as packets are handled:
   the stack is not cleared when a call returns. */
void weir_wipe_stack(void);

#endif
