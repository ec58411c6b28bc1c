#ifndef WEIR_CSYSTEM_TERMINAL_H
#define WEIR_CSYSTEM_TERMINAL_H
#include <stdint.h>

/* How many columns a terminal has; 0 where the descriptor is none, or one that does not say. */
int weir_terminal_columns(int descriptor);

/* How many columns a Unicode scalar takes, by wcwidth(3) in C.UTF-8, whatever the locale of the process;
   -1 where it is not one to be printed. */
int weir_columns_of_scalar(uint32_t scalar);

#endif
