#ifndef WEIR_ATTEMPTS_H
#define WEIR_ATTEMPTS_H

/* Tries what a name stands for, with a path or a number where it takes one. Gives 0 where it worked, else
   errno; -1 for a name that there is not. A confined process may not live to see it return. */
int weir_attempt(const char *name, const char *argument);

/* All names, one a line. */
const char *weir_attempts(void);

/* A packet socket that is bound to an interface, -1 where there can't be one. */
int weir_packet_socket(const char *interface);

#endif
