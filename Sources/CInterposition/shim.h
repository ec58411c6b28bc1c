/* What Embedded Swift can't say itself: macros, variadic functions, atomics on foreign memory. */
#ifndef WEIR_CINTERPOSITION_H
#define WEIR_CINTERPOSITION_H
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

typedef int (*weir_bind_function)(int, const void *, socklen_t);
typedef ssize_t (*weir_sendto_function)(
    int, const void *, size_t, int, const void *, socklen_t);
typedef int (*weir_seccomp_load_function)(void *);
/* libevent's event_warnx: printf(3)'s format. */
typedef void (*weir_warn_function)(const char *, ...);

/* libseccomp's struct scmp_arg_cmp, and two of its constants. Its header is not needed to build. */
struct weir_seccomp_comparison {
  unsigned int argument;
  int operation;
  uint64_t datum;
  uint64_t unused;
};
#define WEIR_SECCOMP_EQUAL 4
#define WEIR_SECCOMP_ALLOW 0x7fff0000u
typedef int (*weir_seccomp_rule_function)(
    void *, uint32_t, int, unsigned int, const struct weir_seccomp_comparison *);

static inline int weir_errno(void) { return errno; }
static inline void weir_set_errno(int number) { errno = number; }
static inline char **weir_environment(void) { return environ; }

/* RTLD_NEXT goes by the return address: the result is stored first, so that no tail call moves it. */
static inline void *weir_next(const char *name) {
  void *volatile next = dlsym(RTLD_NEXT, name);
  return next;
}
static inline void *weir_anywhere(const char *name) { return dlsym(RTLD_DEFAULT, name); }

/* Without the library's function, as long as none has been looked up. */
static inline int weir_raw_bind(int fd, const void *name, socklen_t length) {
  return (int)syscall(SYS_bind, fd, name, length);
}
static inline ssize_t weir_raw_sendto(
    int fd, const void *data, size_t count, int flags, const void *name, socklen_t length) {
  return syscall(SYS_sendto, fd, data, count, flags, name, length);
}
static inline void weir_warn(weir_warn_function warn, const char *text) { warn("%s", text); }
static inline int weir_setsockopt_number(void) { return SYS_setsockopt; }
static inline int weir_open(const char *path) {
  return open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0644);
}
static inline int weir_is_regular(mode_t mode) { return S_ISREG(mode); }
static inline void *weir_map_private(size_t size) {
  return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}
static inline void *weir_map_shared(int fd, size_t size) {
  return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
}
static inline int weir_map_failed(const void *address) { return address == MAP_FAILED; }

static inline void weir_count(uint64_t *counter) {
  __atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}
/* Whether this is the first call with this flag. */
static inline int weir_is_first(uint32_t *flag) {
  return !__atomic_load_n(flag, __ATOMIC_RELAXED) && !__atomic_exchange_n(flag, 1, __ATOMIC_RELAXED);
}
#endif
