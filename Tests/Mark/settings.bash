# shellcheck shell=bash disable=SC2034,SC2154
# Settings, right and wrong: what is said, what is refused, what the counters tell.

exit4=198.51.100.11
other4=198.51.100.10
exit6=2001:db8:1::11

# expect MESSAGE OUTCOME…: runs a program that binds to, or queries, what stands first in each OUTCOME
# ("ADDRESS RESULT MARK"), and compares. MESSAGE is what is said on standard error, "" for nothing; it
# may end in "*".
expect() {
  local message=$1 outcome addresses=() wanted=() said
  shift
  for outcome in "$@"; do
    addresses+=("${outcome%% *}")
    wanted+=("$outcome" "$outcome")
  done
  with_mark "$work/calls" outcomes "${addresses[@]}" >"$work/outcomes" 2>"$work/messages" || return 1
  diff <(printf '%s\n' "${wanted[@]}") "$work/outcomes"
  said=$(cat "$work/messages")
  # shellcheck disable=SC2053 # a pattern
  if [[ $said != $message ]]; then
    printf 'said: %s\n' "$said"
    return 1
  fi
}

counters() {
  "$python" - "$1" <<'PYTHON'
import struct, sys
magic, version, count, *counters = struct.unpack("=8sII5Q", open(sys.argv[1], "rb").read()[:56])
assert (magic, version, count) == (b"WEIRMARK", 1, 5), (magic, version, count)
print(*counters)
PYTHON
}

refused="; nothing is marked, and exit connections are refused (tor logs \"Operation canceled\")"
passing="; nothing is marked, and exit connections go on unmarked"

settings=("${bind_mode[@]}")
check "right settings are silent" expect "" "$exit4 done 28" "$exit6 done 28" "$other4 done 0"
settings+=(WEIR_MARK_ON_ERROR=pass)
check "so are they with 'pass'" expect "" "$exit4 done 28" "?$other4 done 28"

settings=("${bind_mode[@]}" WEIR_MARK_DSCP=64)
check "a wrong setting is told once, and refuses exits alone" \
  expect "weir-mark: WEIR_MARK_DSCP=64: takes a number from 0 to 63$refused" \
  "$exit4 ECANCELED 0" "$exit6 ECANCELED 0" "$other4 done 0" "0.0.0.0 done 0" ":: done 0" \
  "?$other4 ECANCELED 0"
settings+=(WEIR_MARK_ON_ERROR=pass)
check "with 'pass' it refuses nothing, and marks nothing" \
  expect "weir-mark: WEIR_MARK_DSCP=64: takes a number from 0 to 63$passing" \
  "$exit4 done 0" "$other4 done 0" "?$other4 done 0"
settings=("${sentinel_mode[@]}" WEIR_MARK_DSCP=64 WEIR_MARK_ON_ERROR=pass)
check "nor does it in sentinel mode" \
  expect "weir-mark: WEIR_MARK_DSCP=64: takes a number from 0 to 63$passing" "192.0.2.1 done 0"
settings=("${sentinel_mode[@]}" WEIR_MARK_DSCP=)
check "an empty setting is a wrong one" \
  expect "weir-mark: WEIR_MARK_DSCP=: takes a number from 0 to 63$refused" \
  "192.0.2.1 ECANCELED 0" "$exit4 done 0"
settings=(X=1)
check "without settings, all that may be an exit is refused" \
  expect "weir-mark: WEIR_MARK_MODE: is not set: it takes 'bind' or 'sentinel'$refused" \
  "$exit4 ECANCELED 0" "$other4 ECANCELED 0" "0.0.0.0 done 0" "127.0.0.1 done 0" "::1 done 0"
settings=(WEIR_MARK_MODE=bind WEIR_MARK_EXIT_ADDRESS=exit.example)
check "so it is with an exit address that is none" \
  expect "weir-mark: WEIR_MARK_EXIT_ADDRESS=exit.example: takes IPv4 and IPv6 addresses *$refused" \
  "$exit4 ECANCELED 0"
settings=(WEIR_MARK_MODE=bind WEIR_MARK_SENTINEL=192.0.2.1 "WEIR_MARK_EXIT_ADDRESS=$exit4")
check "settings of both modes contradict each other" \
  expect "weir-mark: WEIR_MARK_SENTINEL=192.0.2.1: has a meaning in sentinel mode only$refused" \
  "$exit4 ECANCELED 0" "$other4 done 0"
settings=("${bind_mode[@]}" "WEIR_MARK_EXIT_ADRESS=$other4")
check "a misspelt setting is told" \
  expect "weir-mark: WEIR_MARK_EXIT_ADRESS=$other4: there is no such setting$refused" \
  "$exit4 ECANCELED 0"
settings=("${bind_mode[@]}" "WEIR_MARK_ON_ERROR=$(printf '\033[2J%0300d' 0)")
check "a message moves no terminal and has an end" \
  expect "weir-mark: WEIR_MARK_ON_ERROR=?\[2J0*...: takes 'refuse' or 'pass'$refused" "0.0.0.0 done 0"

settings=(WEIR_MARK_MODE=bind WEIR_MARK_EXIT_ADDRESS=203.0.113.9)
check "an exit address that the host lacks fails, and is told once" \
  expect "weir-mark: this host does not have the address *errno 99*once" "203.0.113.9 EADDRNOTAVAIL 28"
settings=("${sentinel_mode[@]}" WEIR_MARK_REAL_ADDRESS=203.0.113.9)
check "so does a real address that it lacks" \
  expect "weir-mark: this host does not have the address *errno 99*once" "192.0.2.1 EADDRNOTAVAIL 28"

status=$work/status
settings=("${bind_mode[@]}" WEIR_MARK_STATUS="$status")
counting() {
  expect "" "$exit4 done 28" "$exit6 done 28" "$other4 done 0" "?$other4 done 28"
  diff <(counters "$status") <(echo "4 2 0 0 2")
  expect "" "$exit4 done 28"
  diff <(counters "$status") <(echo "6 2 0 0 2")
  diff <(stat -c '%a %s' "$status") <(echo "644 4096")
}
check "the counters are in the status file, and processes share them" counting
settings+=(WEIR_MARK_DSCP=x)
counting_refusals() {
  expect "weir-mark: WEIR_MARK_DSCP=x: *" "$exit4 ECANCELED 0"
  diff <(counters "$status") <(echo "6 2 0 2 2")
}
check "refusals are counted" counting_refusals

echo "something else" >"$work/foreign"
cp "$work/foreign" "$work/foreign.before"
settings=("${bind_mode[@]}" WEIR_MARK_STATUS="$work/foreign")
foreign_file() {
  expect "weir-mark: WEIR_MARK_STATUS: the file is not a status file; *" "$exit4 done 28"
  cmp "$work/foreign" "$work/foreign.before"
}
check "another file is left as it is, and marks are set" foreign_file
head -c 4096 /dev/urandom >"$work/foreign"
cp "$work/foreign" "$work/foreign.before"
check "so is one of the same size" foreign_file
ln -s "$work/status" "$work/link"
settings=("${bind_mode[@]}" WEIR_MARK_STATUS="$work/link")
check "a symbolic link is not followed" \
  expect "weir-mark: WEIR_MARK_STATUS: the file can't be opened: errno 40 *" "$exit4 done 28"
mkfifo "$work/fifo"
settings=("${bind_mode[@]}" WEIR_MARK_STATUS="$work/fifo")
check "nor is a pipe waited for" \
  expect "weir-mark: WEIR_MARK_STATUS: the file is not a regular file; *" "$exit4 done 28"
settings=("${bind_mode[@]}" WEIR_MARK_STATUS="$work/none/status")
check "a status file that can't be made is told" \
  expect "weir-mark: WEIR_MARK_STATUS: the file can't be opened: errno 2 *" "$exit4 done 28"
settings=("${bind_mode[@]}" WEIR_MARK_STATUS=status)
check "a relative path is wrong" \
  expect "weir-mark: WEIR_MARK_STATUS=status: takes an absolute path$refused" "$exit4 ECANCELED 0"

# A filter like tor's "Sandbox 1": setsockopt fails with EPERM but for what it allows.
sandbox() { with_mark "$work/sandbox" "$@" $exit4 $exit6 >"$work/outcomes" 2>"$work/messages"; }
sandbox_without_mark() {
  on_host "$work/sandbox" seen $exit4 $exit6 >"$work/outcomes" 2>&1
  diff "$work/outcomes" <(printf '%s\n' "IP_TOS EPERM" "IP_TTL EPERM" "bind done 0" "bind done 0" \
    "query done 0")
}
sandbox_allows() {
  sandbox seen
  cat "$work/messages"
  diff "$work/outcomes" <(printf '%s\n' "IP_TOS done" "IP_TTL EPERM" "bind done 28" "bind done 28" \
    "query done 28")
  test ! -s "$work/messages"
}
settings=("${bind_mode[@]}")
check "the sandbox of these tests forbids marks" sandbox_without_mark
check "marks succeed in a sandbox, which allows no more than them" sandbox_allows

rm -f "$status"
settings=("${bind_mode[@]}" WEIR_MARK_STATUS="$status")
sandbox_refuses() {
  sandbox unseen
  diff "$work/outcomes" <(printf '%s\n' "IP_TOS EPERM" "IP_TTL EPERM" "bind EPERM 0" "bind EPERM 0" \
    "query EPERM 0")
  diff "$work/messages" <(echo "weir-mark: a socket can't be marked: errno 1 (not permitted);" \
    "exit connections are refused, and this is said once")
  diff <(counters "$status") <(echo "0 0 3 3 0")
}
check "a mark that fails is told once, counted, and refuses the connection" sandbox_refuses
settings+=(WEIR_MARK_ON_ERROR=pass)
sandbox_passes() {
  sandbox unseen
  diff "$work/outcomes" <(printf '%s\n' "IP_TOS EPERM" "IP_TTL EPERM" "bind done 0" "bind done 0" \
    "query done 0")
  diff "$work/messages" <(echo "weir-mark: a socket can't be marked: errno 1 (not permitted);" \
    "exit connections go on unmarked, and this is said once")
  diff <(counters "$status") <(echo "0 0 6 3 0")
}
check "with 'pass' it is told once and counted" sandbox_passes
