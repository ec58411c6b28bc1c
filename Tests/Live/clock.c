// A clock that a test sets, for one process: preloaded, for tests alone.
//
// A kernel's wall clock is everybody's, and a time namespace moves only the clocks that nobody sets. Of a process
// all that tells the wall time is what the C library gives it, and the stamps of packets, which the kernel takes
// when they come: both are moved here, by what was in force at that moment, as they would be by clock_settime(2).
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pcap/pcap.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

// Shared with the test, which appends to it: from `moment` of the true clock on, in nanoseconds since 1970, the
// clock is `seconds` ahead.
struct setting {
  int64_t moment;
  int64_t seconds;
};
struct settings {
  _Atomic int64_t count;
  struct setting all[255];
};

static const struct settings *settings;
static int (*next_gettime)(clockid_t, struct timespec *);
static int (*next_dispatch)(pcap_t *, int, pcap_handler, u_char *);

__attribute__((constructor)) static void open_settings(void) {
  next_gettime = dlsym(RTLD_NEXT, "clock_gettime");
  next_dispatch = dlsym(RTLD_NEXT, "pcap_dispatch");
  const char *path = getenv("WEIR_TEST_CLOCK");
  int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
  if (file < 0) return;
  void *mapped = mmap(NULL, sizeof *settings, PROT_READ, MAP_SHARED, file, 0);
  if (mapped != MAP_FAILED) settings = mapped;
  close(file);
}

static int64_t seconds_ahead(int64_t moment) {
  int64_t seconds = 0;
  if (!settings) return 0;
  int64_t count = atomic_load(&settings->count);
  for (int64_t index = 0; index < count && settings->all[index].moment <= moment; index++)
    seconds = settings->all[index].seconds;
  return seconds;
}

int clock_gettime(clockid_t clock, struct timespec *time) {
  int result = next_gettime(clock, time);
  if (result == 0 && clock == CLOCK_REALTIME)
    time->tv_sec += seconds_ahead((int64_t)time->tv_sec * 1000000000 + time->tv_nsec);
  return result;
}

time_t time(time_t *result) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (result) *result = now.tv_sec;
  return now.tv_sec;
}

struct visit {
  pcap_handler handler;
  u_char *argument;
};

// The collector has stamps in nanoseconds.
static void hand_on(u_char *argument, const struct pcap_pkthdr *header, const u_char *bytes) {
  const struct visit *visit = (const struct visit *)argument;
  struct pcap_pkthdr moved = *header;
  moved.ts.tv_sec += seconds_ahead((int64_t)header->ts.tv_sec * 1000000000 + header->ts.tv_usec);
  visit->handler(visit->argument, &moved, bytes);
}

int pcap_dispatch(pcap_t *handle, int count, pcap_handler handler, u_char *argument) {
  struct visit visit = {handler, argument};
  return next_dispatch(handle, count, hand_on, (u_char *)&visit);
}
