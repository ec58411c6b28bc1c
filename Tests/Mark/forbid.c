/* Starts a program whose sockets the kernel lets nobody mark. usage: forbid PROGRAM ARGUMENT... */
#include <errno.h>
#include <netinet/in.h>
#include <seccomp.h>
#include <stdio.h>
#include <unistd.h>

static int forbid(scmp_filter_ctx filter, int level, int option) {
  return seccomp_rule_add(
      filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(setsockopt), 2, SCMP_A1(SCMP_CMP_EQ, (scmp_datum_t)level),
      SCMP_A2(SCMP_CMP_EQ, (scmp_datum_t)option));
}

int main(int count, char **arguments) {
  if (count < 2) return 64;
  scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
  if (!filter || forbid(filter, IPPROTO_IP, IP_TOS) || forbid(filter, IPPROTO_IPV6, IPV6_TCLASS) ||
      seccomp_load(filter)) {
    fputs("forbid: the kernel takes no filter\n", stderr);
    return 1;
  }
  execvp(arguments[1], arguments + 1);
  perror(arguments[1]);
  return 127;
}
