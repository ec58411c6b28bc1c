/* Calls that the mark is laid over, and what must come of them. Prints "passed NAME" or "FAILED NAME:
   why" for each check; ends badly only if something went wrong that no check is about. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static void check(const char *name, int condition) {
  if (condition) {
    printf("passed %s\n", name);
  } else {
    printf("FAILED %s: errno %d\n", name, errno);
  }
}

static void stop(const char *what) {
  perror(what);
  exit(1);
}

union name {
  struct sockaddr any;
  struct sockaddr_in ipv4;
  struct sockaddr_in6 ipv6;
  struct sockaddr_storage largest;
};

static socklen_t make_name(union name *name, const char *address, int port) {
  memset(name, 0, sizeof *name);
  if (strchr(address, ':')) {
    name->ipv6.sin6_family = AF_INET6;
    name->ipv6.sin6_port = htons(port);
    if (inet_pton(AF_INET6, address, &name->ipv6.sin6_addr) != 1) stop(address);
    return sizeof name->ipv6;
  }
  name->ipv4.sin_family = AF_INET;
  name->ipv4.sin_port = htons(port);
  if (inet_pton(AF_INET, address, &name->ipv4.sin_addr) != 1) stop(address);
  return sizeof name->ipv4;
}

static int make_socket(int family, int type) {
  int fd = socket(family, type | SOCK_CLOEXEC, 0);
  if (fd < 0) stop("socket");
  return fd;
}

static int option(int fd, int level, int name) {
  int value = -1;
  socklen_t size = sizeof value;
  if (getsockopt(fd, level, name, &value, &size)) return -1;
  return value;
}

static int tos(int fd) { return option(fd, IPPROTO_IP, IP_TOS); }
static int traffic_class(int fd) { return option(fd, IPPROTO_IPV6, IPV6_TCLASS); }

static int bind_to(int fd, const char *address, int port) {
  union name name;
  socklen_t length = make_name(&name, address, port);
  return bind(fd, &name.any, length);
}

/* Whether the socket has this local address, and a port only if it was bound. */
static int is_at(int fd, const char *address) {
  union name want, have;
  socklen_t length = sizeof have;
  make_name(&want, address, 0);
  if (getsockname(fd, &have.any, &length)) return 0;
  if (want.any.sa_family == AF_INET6 || have.any.sa_family == AF_INET6)
    return !memcmp(&want.ipv6.sin6_addr, &have.ipv6.sin6_addr, sizeof want.ipv6.sin6_addr);
  return want.ipv4.sin_addr.s_addr == have.ipv4.sin_addr.s_addr;
}

static char mapped[64];
static const char *map(const char *ipv4) {
  snprintf(mapped, sizeof mapped, "::ffff:%s", ipv4);
  return mapped;
}

/* An exit address of each family, where the socket comes to be, and the ToS byte to find. */
static void exits(const char *ipv4, const char *ipv6, const char *at4, const char *at6, int mark) {
  int fd = make_socket(AF_INET, SOCK_STREAM);
  errno = 77;
  check("an IPv4 exit connection binds", !bind_to(fd, ipv4, 0));
  check("errno stays as it was", errno == 77);
  check("it has the mark", tos(fd) == mark);
  check("it is at its address", is_at(fd, at4));
  close(fd);

  fd = make_socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK);
  errno = 78;
  check("an IPv6 exit connection binds", !bind_to(fd, ipv6, 0));
  check("errno stays as it was for IPv6", errno == 78);
  check("it has the mark in IPv6", traffic_class(fd) == mark);
  check("it is at its IPv6 address", is_at(fd, at6));
  close(fd);

  fd = make_socket(AF_INET6, SOCK_STREAM);
  check("a mapped IPv4 address binds", !bind_to(fd, map(ipv4), 0));
  check("its packets, which are IPv4, have the mark", tos(fd) == mark);
  if (strcmp(at4, "0.0.0.0")) check("it is at the mapped address", is_at(fd, map(at4)));
  close(fd);

  fd = make_socket(AF_INET, SOCK_STREAM);
  int one = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
  check("it binds as tor binds, without a port", !bind_to(fd, ipv4, 0) && tos(fd) == mark);
  close(fd);

  fd = make_socket(AF_INET, SOCK_STREAM);
  check("a later socket has no mark of its own", tos(fd) == 0);
  close(fd);
  fd = make_socket(AF_INET, SOCK_STREAM);
  check("the unspecified address is passed by", !bind_to(fd, "0.0.0.0", 0) && tos(fd) == 0);
  close(fd);
  fd = make_socket(AF_INET6, SOCK_STREAM);
  check(
      "the unspecified IPv6 address is passed by",
      !bind_to(fd, "::", 0) && traffic_class(fd) == 0);
  close(fd);
}

static void bind_mode(const char *const *a) {
  int mark = atoi(a[4]);
  exits(a[0], a[1], a[0], a[1], mark);
  int fd = make_socket(AF_INET, SOCK_STREAM);
  check("another address is passed by", !bind_to(fd, a[2], 0) && tos(fd) == 0 && is_at(fd, a[2]));
  close(fd);
  fd = make_socket(AF_INET6, SOCK_STREAM);
  check(
      "another IPv6 address is passed by",
      !bind_to(fd, a[3], 0) && traffic_class(fd) == 0 && is_at(fd, a[3]));
  close(fd);
  fd = make_socket(AF_INET, SOCK_STREAM);
  check(
      "a listener on the exit address is passed by",
      !bind_to(fd, a[0], 9001) && !listen(fd, 1) && tos(fd) == 0);
  close(fd);
}

static void sentinel_mode(const char *const *a) {
  exits(a[0], a[1], a[2], a[3], atoi(a[4]));
  int fd = make_socket(AF_INET, SOCK_STREAM);
  errno = 0;
  check(
      "a listener on the sentinel fails as without the mark",
      bind_to(fd, a[0], 9001) == -1 && errno == EADDRNOTAVAIL && tos(fd) == 0);
  close(fd);
}

static ssize_t send_to(int fd, const char *address, int port) {
  union name name;
  socklen_t length = make_name(&name, address, port);
  return sendto(fd, "query", 5, 0, &name.any, length);
}

static void dns(const char *const *a) {
  int mark = atoi(a[2]);
  int fd = make_socket(AF_INET, SOCK_DGRAM);
  check("a datagram to another port has no mark", send_to(fd, a[0], 54) == 5 && tos(fd) == 0);
  errno = 79;
  check("a DNS query is sent", send_to(fd, a[0], 53) == 5);
  check("errno stays as it was", errno == 79);
  check("its socket has the mark", tos(fd) == mark);
  /* close_range and dup2 give a descriptor away without a call to close. */
  int second = make_socket(AF_INET, SOCK_DGRAM);
  if (dup2(second, fd) != fd) stop("dup2");
  close(second);
  check("a descriptor that dup2 used again has no mark", tos(fd) == 0);
  check("and gets it by its first query", send_to(fd, a[0], 53) == 5 && tos(fd) == mark);
  close(fd);
  int again = make_socket(AF_INET6, SOCK_DGRAM);
  check("a descriptor that close made free has no mark", again == fd && traffic_class(again) == 0);
  check("an IPv6 query is sent", send_to(again, a[1], 53) == 5);
  check("its socket has the mark in IPv6", traffic_class(again) == mark);
  check("a query to a mapped address is sent", send_to(again, map(a[0]), 53) == 5);
  check("its packets have the mark", tos(again) == mark);
  if (close_range(again, again, 0)) stop("close_range");
  fd = make_socket(AF_INET, SOCK_DGRAM);
  check(
      "a descriptor that close_range made free is marked anew",
      fd == again && tos(fd) == 0 && send_to(fd, a[0], 53) == 5 && tos(fd) == mark);
  close(fd);
}

static void odd(const char *const *a) {
  union name name;
  socklen_t length = make_name(&name, a[0], 0);
  int fd = make_socket(AF_INET, SOCK_STREAM);
  check("bind to NULL fails with EFAULT", bind(fd, NULL, length) == -1 && errno == EFAULT);
  check("bind to NULL of no length fails", bind(fd, NULL, 0) == -1 && errno == EINVAL);
  int all = 1;
  for (socklen_t cut = 0; cut < length; cut++)
    all = all && bind(fd, &name.any, cut) == -1 && errno == EINVAL && tos(fd) == 0;
  check("every name that is too short fails with EINVAL", all);
  check("a name that is too long fails", bind(fd, &name.any, 129) == -1 && errno == EINVAL);
  check("a larger structure than is needed binds", !bind(fd, &name.any, 128) && tos(fd) == 28);
  check("a second bind fails with EINVAL", bind(fd, &name.any, length) == -1 && errno == EINVAL);
  close(fd);
  check("a closed descriptor fails with EBADF", bind(fd, &name.any, length) == -1 && errno == EBADF);
  fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
  check("a file fails with ENOTSOCK", bind(fd, &name.any, length) == -1 && errno == ENOTSOCK);
  close(fd);

  /* A name that ends where the memory does: no byte after it may be read. */
  long page = sysconf(_SC_PAGESIZE);
  char *memory = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED || mprotect(memory + page, page, PROT_NONE)) stop("mmap");
  all = 1;
  for (socklen_t cut = 1; cut <= length; cut++) {
    fd = make_socket(AF_INET, SOCK_STREAM);
    char *end = memory + page - cut;
    memcpy(end, &name, cut);
    all = all && (bind(fd, (struct sockaddr *)end, cut) == 0) == (cut == length);
    close(fd);
  }
  check("no byte behind a name is read", all);

  length = make_name(&name, a[1], 0);
  fd = make_socket(AF_INET6, SOCK_STREAM);
  check("a name of IPv6 without a scope binds", !bind(fd, &name.any, 24) && traffic_class(fd) == 28);
  close(fd);
  fd = make_socket(AF_INET6, SOCK_STREAM);
  check("and one that is shorter fails", bind(fd, &name.any, 23) == -1 && errno == EINVAL);
  close(fd);
  fd = make_socket(AF_INET, SOCK_STREAM);
  check("an IPv6 name fails on an IPv4 socket", bind_to(fd, a[1], 0) == -1 && errno == EAFNOSUPPORT);
  close(fd);

  fd = make_socket(AF_UNIX, SOCK_STREAM);
  check("an IPv4 name fails on a local socket", bind_to(fd, a[0], 0) == -1 && errno == EINVAL);
  struct sockaddr_un local = {.sun_family = AF_UNIX, .sun_path = "\0weir-mark-test"};
  check("a local name binds", !bind(fd, (struct sockaddr *)&local, sizeof local));
  check("sendto on it fails as without", send_to(fd, a[0], 53) == -1 && errno == EOPNOTSUPP);
  close(fd);
  fd = make_socket(AF_NETLINK, SOCK_RAW);
  struct sockaddr_nl netlink = {.nl_family = AF_NETLINK};
  check("a netlink socket binds", !bind(fd, (struct sockaddr *)&netlink, sizeof netlink));
  check("an IPv4 name fails on it", bind_to(fd, a[0], 0) == -1 && errno == EINVAL);
  close(fd);

  fd = make_socket(AF_INET, SOCK_DGRAM);
  check("sendto without a name fails", sendto(fd, "x", 1, 0, NULL, 0) == -1 && errno == EDESTADDRREQ);
  length = make_name(&name, "127.0.0.1", 53);
  check(
      "sendto with a short name fails",
      sendto(fd, "x", 1, 0, &name.any, 15) == -1 && errno == EINVAL && tos(fd) == 0);
  check("an empty query is sent", sendto(fd, NULL, 0, 0, &name.any, length) == 0 && tos(fd) == 28);
  close(fd);
  check(
      "a query on a closed descriptor fails",
      sendto(fd, "x", 1, 0, &name.any, length) == -1 && errno == EBADF);
}

static const char *thread_address;
static void *many_binds(void *unused) {
  for (int i = 0; i < 2000; i++) {
    int fd = make_socket(AF_INET, SOCK_STREAM);
    int one = 1, is_exit = i % 2;
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    errno = i;
    if (bind_to(fd, is_exit ? thread_address : "0.0.0.0", 0) || errno != i) return "bind";
    if (tos(fd) != (is_exit ? 28 : 0)) return "mark";
    close(fd);
  }
  return unused;
}

static volatile sig_atomic_t handled, handled_well;
static void bind_in_handler(int signal) {
  (void)signal;
  int fd = socket(AF_INET, SOCK_STREAM, 0), number = errno;
  handled++;
  if (!bind_to(fd, thread_address, 0) && tos(fd) == 28) handled_well++;
  close(fd);
  errno = number;
}

static int exit_binds(const char *address) {
  int fd = make_socket(AF_INET, SOCK_STREAM);
  int result = bind_to(fd, address, 0) || tos(fd) != 28;
  close(fd);
  return result;
}

static int status_of(pid_t child) {
  int status;
  if (child < 0 || waitpid(child, &status, 0) != child) stop("wait");
  return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

static void processes(const char *const *a) {
  thread_address = a[0];
  check("a process binds", !exit_binds(a[0]));
  pid_t child = fork();
  if (child == 0) _exit(exit_binds(a[0]));
  check("its child does", !status_of(child));
  child = vfork();
  if (child == 0) _exit(exit_binds(a[0]));
  check("its child by vfork does", !status_of(child));
  check("and it does afterwards", !exit_binds(a[0]));
  child = vfork();
  if (child == 0) {
    execl("/proc/self/exe", "calls", "exec", a[0], NULL);
    _exit(127);
  }
  check("a program that a child runs does", !status_of(child));

  pthread_t threads[8];
  for (int i = 0; i < 8; i++)
    if (pthread_create(&threads[i], NULL, many_binds, NULL)) stop("pthread_create");
  struct sigaction action = {.sa_handler = bind_in_handler, .sa_flags = SA_RESTART};
  sigaction(SIGUSR1, &action, NULL);
  void *bad = NULL;
  for (int i = 0; i < 8; i++) {
    void *result;
    for (int n = 0; n < 50; n++) pthread_kill(threads[i], SIGUSR1), usleep(100);
    pthread_join(threads[i], &result);
    if (result) bad = result;
  }
  check("eight threads do", !bad);
  check("their signal handlers do", handled > 0 && handled == handled_well);
}

/* Each address in turn, twice: the result of bind, or of a DNS query to "?ADDRESS", and the mark. */
static int outcomes(char **addresses) {
  for (; *addresses; addresses++) {
    const char *address = *addresses + (**addresses == '?');
    int family = strchr(address, ':') ? AF_INET6 : AF_INET, query = address != *addresses;
    for (int i = 0; i < 2; i++) {
      int fd = make_socket(family, query ? SOCK_DGRAM : SOCK_STREAM);
      errno = 0;
      int done = query ? send_to(fd, address, 53) == 5 : !bind_to(fd, address, 0);
      int number = errno;
      printf(
          "%s %s %d\n", *addresses, done ? "done" : strerrorname_np(number),
          family == AF_INET ? tos(fd) : traffic_class(fd));
      close(fd);
    }
  }
  return 0;
}

int main(int count, char **arguments) {
  const char *const *rest = (const char *const *)arguments + 2;
  setvbuf(stdout, NULL, _IOLBF, 0);
  if (count == 7 && !strcmp(arguments[1], "bind")) bind_mode(rest);
  else if (count == 7 && !strcmp(arguments[1], "sentinel")) sentinel_mode(rest);
  else if (count == 5 && !strcmp(arguments[1], "dns")) dns(rest);
  else if (count == 4 && !strcmp(arguments[1], "odd")) odd(rest);
  else if (count == 3 && !strcmp(arguments[1], "processes")) processes(rest);
  else if (count == 3 && !strcmp(arguments[1], "exec")) return exit_binds(arguments[2]);
  else if (count > 2 && !strcmp(arguments[1], "outcomes")) return outcomes(arguments + 2);
  else return 64;
  return 0;
}
