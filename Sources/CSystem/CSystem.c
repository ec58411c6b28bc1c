#define _GNU_SOURCE
#include "CSystem.h"
#include <string.h>
#include <sys/prctl.h>

FILE *weir_fopencookie_reader(void *cookie, ssize_t (*read)(void *, char *, size_t)) {
  return fopencookie(cookie, "r", (cookie_io_functions_t){.read = read});
}

int weir_set_not_dumpable(void) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }

__attribute__((noinline)) void weir_wipe_stack(void) {
  unsigned char left[64 * 1024];
  explicit_bzero(left, sizeof left);
}
