/* Makes many connections on loopback in the way that tor makes exit connections, and prints what they cost:
   "COUNT WALL_NS CPU_NS". usage: connects COUNT BIND_ADDRESS

   Each is accepted by the same thread, so that nothing waits for another process. Connections end by a
   reset, which leaves no port waiting. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static void stop(const char *what) {
  perror(what);
  exit(1);
}

static long long nanoseconds(clockid_t clock) {
  struct timespec now;
  if (clock_gettime(clock, &now)) stop("clock_gettime");
  return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static struct sockaddr_in name_of(const char *address) {
  struct sockaddr_in name = {.sin_family = AF_INET};
  if (inet_pton(AF_INET, address, &name.sin_addr) != 1) exit(64);
  return name;
}

static const int one = 1;
static const struct linger reset = {.l_onoff = 1};

static void connect_once(
    int listener, const struct sockaddr_in *from, const struct sockaddr_in *to) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);
  if (fd < 0) stop("socket");
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
  if (bind(fd, (const struct sockaddr *)from, sizeof *from)) stop("bind");
  if (connect(fd, (const struct sockaddr *)to, sizeof *to)) stop("connect");
  int accepted = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
  if (accepted < 0) stop("accept");
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  close(fd);
  close(accepted);
}

int main(int count, char **arguments) {
  if (count != 3) return 64;
  long connections = atol(arguments[1]);
  struct sockaddr_in from = name_of(arguments[2]), to = name_of("127.0.0.1");
  to.sin_port = htons(9);
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one)) stop("setsockopt");
  if (bind(listener, (struct sockaddr *)&to, sizeof to) || listen(listener, 16)) stop("listen");

  for (int i = 0; i < 1000; i++) connect_once(listener, &from, &to);
  long long wall = nanoseconds(CLOCK_MONOTONIC), cpu = nanoseconds(CLOCK_PROCESS_CPUTIME_ID);
  for (long i = 0; i < connections; i++) connect_once(listener, &from, &to);
  wall = nanoseconds(CLOCK_MONOTONIC) - wall;
  cpu = nanoseconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
  printf("%ld %lld %lld\n", connections, wall, cpu);
  return 0;
}
