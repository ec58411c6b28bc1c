#ifndef WEIR_CSYSTEM_EVENTS_H
#define WEIR_CSYSTEM_EVENTS_H
#include <stddef.h>

/* Signals and wake-ups as descriptors for poll(2). All return -1 with errno set where the call fails. */

/* signalfd(2) for SIGTERM, SIGINT and SIGHUP, which are blocked in this thread and in those it makes.
   SIGPIPE is ignored: what can't be told is not worth dying of. */
int weir_open_signals(void);
/* The number of a signal that came; 0 where there is none. */
int weir_next_signal(int signals);

/* eventfd(2). */
int weir_open_event(void);
int weir_raise_event(int event);
/* Makes it unreadable again. */
int weir_clear_event(int event);

/* A socket that datagrams are sent from to the path of a Unix socket; a path that begins with '@' is
   an abstract one (unix(7)). Later datagrams need no access to the path. */
int weir_connect_datagram(const char *path);
int weir_send_datagram(int socket, const void *bytes, size_t count);

#endif
