#define _GNU_SOURCE
#include "Terminal.h"
#include <locale.h>
#include <sys/ioctl.h>
#include <wchar.h>

int weir_terminal_columns(int descriptor) {
  struct winsize size;
  return ioctl(descriptor, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

int weir_columns_of_scalar(uint32_t scalar) {
  static _Thread_local locale_t unicode;
  if (!unicode) unicode = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
  if (!unicode) return scalar >= 0x20 && scalar < 0x7f ? 1 : -1;
  locale_t before = uselocale(unicode);
  int columns = wcwidth((wchar_t)scalar);
  uselocale(before);
  return columns;
}
