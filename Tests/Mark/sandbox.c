/* A program that sandboxes itself as tor does under "Sandbox 1": a list of what is allowed, EPERM for
   the rest. usage: sandbox seen|unseen IPV4 IPV6. With "unseen", seccomp_load is called where no
   preloaded library can see it. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <netinet/in.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void stop(const char *what) {
  perror(what);
  exit(1);
}

/* A call that is done leaves errno as begin() left it. */
static void begin(void) { errno = 77; }
static const char *outcome(int result) {
  if (result < 0) return strerrorname_np(errno);
  return errno == 77 ? "done" : "done with another errno";
}

static int mark_of(int fd, int family) {
  int value = -1;
  socklen_t size = sizeof value;
  getsockopt(
      fd, family == AF_INET ? IPPROTO_IP : IPPROTO_IPV6, family == AF_INET ? IP_TOS : IPV6_TCLASS,
      &value, &size);
  return value;
}

static void try_option(const char *label, int option) {
  int fd = socket(AF_INET, SOCK_STREAM, 0), value = 28;
  begin();
  printf("%s %s\n", label, outcome(setsockopt(fd, IPPROTO_IP, option, &value, sizeof value)));
  close(fd);
}

int main(int count, char **arguments) {
  if (count != 4) return 64;
  struct sockaddr_in ipv4 = {.sin_family = AF_INET};
  struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6};
  if (inet_pton(AF_INET, arguments[2], &ipv4.sin_addr) != 1) return 64;
  if (inet_pton(AF_INET6, arguments[3], &ipv6.sin6_addr) != 1) return 64;

  int (*load)(scmp_filter_ctx) = seccomp_load;
  if (!strcmp(arguments[1], "unseen")) {
    void *library = dlopen("libseccomp.so.2", RTLD_NOW);
    load = library ? (int (*)(scmp_filter_ctx))dlsym(library, "seccomp_load") : NULL;
    if (!load) stop("libseccomp");
  }
  printf("%s", ""); /* standard output gets its buffer while it still may */
  fflush(stdout);

  scmp_filter_ctx context = seccomp_init(SCMP_ACT_ERRNO(EPERM));
  const int allowed[] = {
      SCMP_SYS(write), SCMP_SYS(close),  SCMP_SYS(socket),     SCMP_SYS(bind), SCMP_SYS(sendto),
      SCMP_SYS(brk),   SCMP_SYS(fstat), SCMP_SYS(newfstatat), SCMP_SYS(mmap), SCMP_SYS(munmap),
      SCMP_SYS(getsockopt), SCMP_SYS(exit_group)};
  int failed = !context;
  for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++)
    failed |= seccomp_rule_add(context, SCMP_ACT_ALLOW, allowed[i], 0);
  failed |= seccomp_rule_add(
      context, SCMP_ACT_ALLOW, SCMP_SYS(setsockopt), 2, SCMP_A1(SCMP_CMP_EQ, SOL_SOCKET),
      SCMP_A2(SCMP_CMP_EQ, SO_REUSEADDR));
  if (failed || load(context)) stop("seccomp");

  try_option("IP_TOS", IP_TOS);
  try_option("IP_TTL", IP_TTL);
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  begin();
  const char *result = outcome(bind(fd, (struct sockaddr *)&ipv4, sizeof ipv4));
  printf("bind %s %d\n", result, mark_of(fd, AF_INET));
  fd = socket(AF_INET6, SOCK_STREAM, 0);
  begin();
  result = outcome(bind(fd, (struct sockaddr *)&ipv6, sizeof ipv6));
  printf("bind %s %d\n", result, mark_of(fd, AF_INET6));
  fd = socket(AF_INET, SOCK_DGRAM, 0);
  ipv4.sin_port = htons(53);
  begin();
  result = outcome((int)sendto(fd, "query", 5, 0, (struct sockaddr *)&ipv4, sizeof ipv4));
  printf("query %s %d\n", result, mark_of(fd, AF_INET));
  return 0;
}
