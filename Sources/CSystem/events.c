#define _GNU_SOURCE
#include "Events.h"
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int weir_open_signals(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGQUIT);
  sigaddset(&set, SIGHUP);
  sigaddset(&set, SIGUSR1);
  if (signal(SIGPIPE, SIG_IGN) == SIG_ERR || sigprocmask(SIG_BLOCK, &set, NULL) != 0) return -1;
  return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int weir_next_signal(int signals) {
  struct signalfd_siginfo information;
  return read(signals, &information, sizeof information) == sizeof information
             ? (int)information.ssi_signo
             : 0;
}

int weir_open_event(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

int weir_raise_event(int event) {
  uint64_t one = 1;
  return write(event, &one, sizeof one) == sizeof one ? 0 : -1;
}

int weir_clear_event(int event) {
  uint64_t count;
  return read(event, &count, sizeof count) == sizeof count ? 0 : -1;
}

int weir_connect_datagram(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  size_t length = strlen(path);
  if (length == 0 || length >= sizeof address.sun_path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  memcpy(address.sun_path, path, length);
  if (path[0] == '@') address.sun_path[0] = 0;
  int descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return -1;
  if (connect(descriptor, (struct sockaddr *)&address,
              offsetof(struct sockaddr_un, sun_path) + length) == 0)
    return descriptor;
  int error = errno;
  close(descriptor);
  errno = error;
  return -1;
}

int weir_send_datagram(int socket, const void *bytes, size_t count) {
  return send(socket, bytes, count, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)count ? 0 : -1;
}
