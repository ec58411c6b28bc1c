# shellcheck shell=bash disable=SC2034,SC2154
# The file itself: what it exports, what it needs, how large it is.

exports_are_the_interposed_calls() {
  diff <(nm -D --defined-only "$library" | awk '{ print $3 }' | sort) \
    <(printf '%s\n' bind seccomp_load sendto)
}

needs_libc_alone() {
  diff <(readelf -d "$library" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p') <(echo libc.so.6)
}

# glibc's own allocator, and whatever calls it under another name.
allocates_nothing() {
  ! nm -D --undefined-only "$library" | grep -E 'alloc|free|memalign|strdup'
}

is_small() {
  strip -o "$work/stripped.so" "$library"
  [ "$(stat -c %s "$work/stripped.so")" -le 32768 ] || {
    stat -c '%s bytes' "$work/stripped.so"
    return 1
  }
}

check "the library exports the interposed calls and nothing else" exports_are_the_interposed_calls
check "the library needs libc alone" needs_libc_alone
check "the library can't allocate" allocates_nothing
check "the library is at most 32 KiB large, stripped" is_small
