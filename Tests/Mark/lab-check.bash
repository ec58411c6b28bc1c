# shellcheck shell=bash disable=SC2034,SC2154
# weir-mark check, and what an operator reads where, on the lab's exit: an unmodified tor in a network that
# works. Read by `lab`, which says what the names stand for.

exit_log=$work/exit.log
held=(v4-0.lab.example:80 v4-1.lab.example:22 v4-2.lab.example:9001 v6-0.lab.example:443
  v6-1.lab.example:80 198.51.100.105:25)

in_lab() { ip netns exec "$lab_name-$1" "${@:2}"; }

exit_pid() { cut -d ' ' -f 1 "$work/lab/processes/exit"; }

# Streams that stay open until release_streams: hold.py waits for the end of its standard input.
hold_streams() {
  local line
  coproc HOLD { in_lab client "$python" "$here/hold.py" "${held[@]}" 2>&1; }
  if ! read -r -t 70 line <&"${HOLD[0]}" || [ "$line" != held ]; then
    printf 'no streams: %s\n' "${line:-nothing was said}"
    return 1
  fi
}

release_streams() {
  local writer=${HOLD[1]} pid=$HOLD_PID
  exec {writer}>&-
  wait "$pid" || true
}

# A command that starts tor, if it is not started at once.
exit_launcher=()

# start_exit LOG ASSIGNMENT…: the exit's tor once more, in place of the one that runs.
start_exit() {
  local log=$1 tries pid
  shift
  pid=$(exit_pid)
  kill "$pid" 2>/dev/null || true # one that did not start is gone already
  # Until it is gone it has the ports.
  for ((tries = 0; tries < 600; tries++)); do
    [ -e "/proc/$pid" ] || break
    sleep 0.1
  done
  # The process becomes tor, so that its id is tor's.
  (
    exec ip netns exec "$lab_name-exit" \
      setpriv --reuid debian-tor --regid "$(id -g debian-tor)" --clear-groups \
      env -i PATH=/usr/bin:/bin "$@" "${exit_launcher[@]}" tor --defaults-torrc "$work/lab/empty-torrc" \
      -f "$work/lab/tor/exit.torrc" >"$log" 2>"$log.stderr" </dev/null
  ) &
  # Recorded as the lab does it, so that the lab ends it.
  printf '%s %s\n' "$!" "$(sed 's/.*) //' "/proc/$!/stat" | cut -d ' ' -f 20)" >"$work/lab/processes/exit"
  for ((tries = 0; tries < 900; tries++)); do
    ! grep -q 'Bootstrapped 100%' "$log" 2>/dev/null || return 0
    sleep 0.1
  done
  printf 'tor did not start: '
  tail -n 3 "$log"
  return 1
}

# check_says CODE PATTERN… -- OPTION…: each PATTERN is an extended regular expression for one line.
check_says() {
  local wanted=$1 code=0 pattern patterns=()
  shift
  while [ "$1" != -- ]; do
    patterns+=("$1")
    shift
  done
  shift
  in_lab exit "$weir_mark" check --pid "$(exit_pid)" "$@" >"$work/check" 2>&1 || code=$?
  for pattern in "${patterns[@]}"; do
    grep -qE "^ +$pattern" "$work/check" || {
      printf 'no line like "%s" in:\n' "$pattern"
      cat "$work/check"
      return 1
    }
  done
  # The lab's servers are in these networks: what check says has none of their addresses.
  if grep -E '198\.51\.100\.|203\.0\.113\.|198\.1[89]\.|2001:db8:[123]00:' "$work/check"; then
    echo "a remote address was printed"
    return 1
  fi
  [ "$code" -eq "$wanted" ] || {
    printf 'exit code %s in place of %s:\n' "$code" "$wanted"
    cat "$work/check"
    return 1
  }
}

while_streams_are_open() {
  hold_streams || return 1
  local code=0
  "$@" || code=$?
  release_streams
  return "$code"
}

all_marked=("ok +library .*libweirmark.so is mapped" "ok +settings " "ok +torrc +OutboundBindAddressExit "
  "ok +exit-sockets +[6-9] exit connections open, each with the mark"
  "ok +other-sockets +[0-9]+ other connections open, none with" "ok +dns-sockets ")

check_is_content() { while_streams_are_open check_says 0 "${all_marked[@]}" --; }

json_agrees() {
  in_lab exit "$weir_mark" check --pid "$(exit_pid)" --json | "$python" -c '
import json, sys
report = json.load(sys.stdin)
(process,) = report["processes"]
assert (report["format"], report["result"], process["networkNamespace"]) == (1, "ok", "same"), report
sockets = process["sockets"]
assert sockets["exit"]["marked"] >= 6 and sockets["exit"]["unmarked"] == 0, sockets
assert sockets["other"]["marked"] == 0 and sockets["other"]["unmarked"] > 0, sockets'
}

document_is_content() { while_streams_are_open json_agrees; }

torrc_mistake() { # PATTERN LINE…: the exit's torrc with more lines
  local pattern=$1
  shift
  {
    cat "$work/lab/tor/exit.torrc"
    printf '%s\n' "$@"
  } >"$work/torrc"
  check_says 1 "fail +torrc .*$pattern" -- --torrc "$work/torrc"
}

elsewhere_is_told() {
  "$weir_mark" check --pid "$(exit_pid)" >"$work/check"
  grep -q "warn  sockets .* another network namespace" "$work/check"
}

without_the_library() {
  start_exit "$exit_log.without" || return 1
  while_streams_are_open check_says 1 "fail +library +libweirmark.so is not mapped" \
    "fail +exit-sockets +[6-9] of [6-9] exit connections without the mark" "ok +other-sockets " --
}

with_the_library() {
  start_exit "$exit_log.with" LD_PRELOAD="$library" "$@" || return 1
  check_is_content
}

# What tor warns of, without times, addresses and numbers.
warnings() {
  sed -nE 's/^.* (\[(warn|err)\].*)$/\1/p' "$1" | sed -E 's/[0-9a-f]*[:.][0-9a-f:.]+|[0-9]+/N/g' | sort -u
}

no_new_warning() {
  test ! -s "$exit_log.with.stderr"
  [ "$(warnings "$exit_log.without" | wc -l)" -gt 0 ] || {
    echo "the log without the library has not even the lab's own warnings"
    return 1
  }
  local new
  new=$(comm -13 <(warnings "$exit_log.without") <(warnings "$exit_log.with"))
  [ -z "$new" ] || {
    printf '%s\n' "$new"
    return 1
  }
}

wrong_exit_address() {
  start_exit "$exit_log.wrong" LD_PRELOAD="$library" WEIR_MARK_MODE=bind \
    WEIR_MARK_EXIT_ADDRESS=192.0.2.77,2001:db8:10::10 || return 1
  check_says 1 "fail +torrc .*192.0.2.10 is not in WEIR_MARK_EXIT_ADDRESS" \
    "fail +addresses +this host does not have the exit address 192.0.2.77" --
}

# The cause stands on standard error and once in tor's own log, beside a warning for each connection.
wrong_setting() {
  start_exit "$exit_log.refused" LD_PRELOAD="$library" WEIR_MARK_MODE=bind WEIR_MARK_DSCP=64 \
    WEIR_MARK_EXIT_ADDRESS="$exits" || return 1
  diff "$exit_log.refused.stderr" <(echo "weir-mark: WEIR_MARK_DSCP=64: takes a number from 0 to 63;" \
    "nothing is marked, and exit connections are refused (tor logs \"Operation canceled\")")
  diff <(in_lab client "$python" "$here/hold.py" --once 198.51.100.105:80 '2001:db8:100::64:80') \
    <(echo "refused 2 of 2")
  diff <(sed -n 's/.*\[warn\] Warning from libevent: //p' "$exit_log.refused") "$exit_log.refused.stderr"
  grep -q '\[warn\] Error binding network socket: Operation canceled' "$exit_log.refused"
  check_says 1 "fail +settings +WEIR_MARK_DSCP=64: takes a number from 0 to 63; .*refused" --
}

# A kernel that refuses every mark: the first is told on standard error and in tor's log.
failed_mark() {
  cc -O1 -Wall -Wextra -Werror -o "$work/forbid" "$here/forbid.c" -lseccomp
  chmod 755 "$work" "$work/forbid"
  exit_launcher=("$work/forbid")
  start_exit "$exit_log.failed" LD_PRELOAD="$library" WEIR_MARK_MODE=bind WEIR_MARK_EXIT_ADDRESS="$exits" || return 1
  exit_launcher=()
  diff <(in_lab client "$python" "$here/hold.py" --once 198.51.100.105:80 '2001:db8:100::64:80') \
    <(echo "refused 2 of 2")
  diff "$exit_log.failed.stderr" <(echo "weir-mark: a socket can't be marked: errno 1 (not permitted);" \
    "exit connections are refused, and this is said once")
  diff <(sed -n 's/.*\[warn\] Warning from libevent: //p' "$exit_log.failed") "$exit_log.failed.stderr"
}

# tor itself judges the configuration, with the library in it.
verified() {
  in_lab exit env -i PATH=/usr/bin:/bin LD_PRELOAD="$library" "$@" \
    setpriv --reuid debian-tor --regid "$(id -g debian-tor)" --clear-groups \
    tor --defaults-torrc "$work/lab/empty-torrc" -f "$work/lab/tor/exit.torrc" --verify-config \
    >"$work/verified" 2>"$work/verified.stderr"
  grep -q 'Configuration was valid' "$work/verified"
  diff "$work/verified.stderr" /dev/null
}
