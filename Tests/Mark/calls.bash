# shellcheck shell=bash disable=SC2034,SC2154
# Every interposed call, one by one: calls.c has the checks, each for one way to be called.

run_calls() {
  local kind=$1 list line
  shift
  if ! list=$(with_mark "$work/calls" "$@" 2>"$work/messages"); then
    failed "$kind" "the program ended badly: $list $(cat "$work/messages")"
    return
  fi
  while read -r line; do
    case $line in
      passed*) passed "$kind: ${line#passed }" ;;
      *) failed "$kind" "$line" ;;
    esac
  done <<<"$list"
  check "$kind: nothing was said" test ! -s "$work/messages"
}

settings=("${bind_mode[@]}")
run_calls "bind mode" bind 198.51.100.11 2001:db8:1::11 198.51.100.10 2001:db8:1::10 28
settings=("${bind_mode[@]}" WEIR_MARK_DSCP=63)
run_calls "bind mode, DSCP 63" bind 198.51.100.11 2001:db8:1::11 198.51.100.10 2001:db8:1::10 252
settings=("${sentinel_mode[@]}")
run_calls "sentinel mode" sentinel 192.0.2.1 2001:db8::1 0.0.0.0 :: 28
settings=("${sentinel_mode[@]}" "WEIR_MARK_REAL_ADDRESS=198.51.100.11,2001:db8:1::11")
run_calls "sentinel mode with real addresses" sentinel 192.0.2.1 2001:db8::1 198.51.100.11 \
  2001:db8:1::11 28
settings=("${bind_mode[@]}")
run_calls "DNS" dns 198.51.100.53 2001:db8:1::53 28
settings=("${bind_mode[@]}" WEIR_MARK_DNS_PORTS=)
run_calls "DNS marks turned off" dns 198.51.100.53 2001:db8:1::53 0
settings=("${bind_mode[@]}")
run_calls "odd calls" odd 198.51.100.11 2001:db8:1::11
run_calls "processes and threads" processes 198.51.100.11
