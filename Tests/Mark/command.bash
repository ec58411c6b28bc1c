# shellcheck shell=bash disable=SC2034,SC2154
# weir-mark run: options, the environment that the command gets, and what is refused.

# The program alone, as a user has it: the library is not beside it.
mkdir -p "$work/prefix/bin" "$work/prefix/lib/weir" "$work/alone"
cp "$weir_mark" "$work/prefix/bin/weir-mark"
cp "$weir_mark" "$work/alone/weir-mark"
cp "$library" "$work/prefix/lib/weir/libweirmark.so"
installed=$work/prefix/bin/weir-mark

# runs_with EXPECTED OPTION…: which of the library's variables the command gets.
runs_with() {
  local expected=$1
  shift
  env "${settings[@]}" "$installed" run "$@" -- env >"$work/environment"
  # shellcheck disable=SC2086 # a list of words
  diff <(grep -E '^(WEIR_MARK_|LD_PRELOAD=)' "$work/environment" | sort) \
    <(printf '%s\n' $expected "LD_PRELOAD=$(realpath "$work")/prefix/lib/weir/libweirmark.so" | sort)
}

# fails_with CODE MESSAGE ARGUMENT…: MESSAGE is a pattern for the first line on standard error.
fails_with() {
  local code=$1 message=$2 got=0 said
  shift 2
  env "${settings[@]}" "$@" >"$work/output" 2>"$work/errors" || got=$?
  said=$(head -n 1 "$work/errors")
  # shellcheck disable=SC2053 # a pattern
  if [ "$got" -ne "$code" ] || [[ $said != $message ]] || [ -s "$work/output" ]; then
    printf 'exit code %s: %s\n' "$got" "$said"
    return 1
  fi
}

settings=(X=1)
check "run: bind mode" runs_with "WEIR_MARK_MODE=bind WEIR_MARK_EXIT_ADDRESS=192.0.2.1,2001:db8::1" \
  --exit-address 192.0.2.1 --exit-address 2001:db8::1
check "run: sentinel mode with everything" \
  runs_with "WEIR_MARK_MODE=sentinel WEIR_MARK_SENTINEL=192.0.2.1 WEIR_MARK_REAL_ADDRESS=192.0.2.2
    WEIR_MARK_DSCP=9 WEIR_MARK_DNS_PORTS=53,5353 WEIR_MARK_ON_ERROR=pass
    WEIR_MARK_STATUS=/nowhere/status" \
  --sentinel 192.0.2.1 --real-address 192.0.2.2 --dscp 9 --dns-port 53 --dns-port 5353 \
  --on-error pass --status /nowhere/status
check "run: no DNS" \
  runs_with "WEIR_MARK_MODE=bind WEIR_MARK_EXIT_ADDRESS=192.0.2.1 WEIR_MARK_DNS_PORTS=" \
  --exit-address 192.0.2.1 --no-dns
settings=(WEIR_MARK_MODE=bind WEIR_MARK_EXIT_ADDRESS=192.0.2.1 WEIR_MARK_DSCP=9)
check "run: settings of the environment stay" \
  runs_with "WEIR_MARK_MODE=bind WEIR_MARK_EXIT_ADDRESS=192.0.2.1 WEIR_MARK_DSCP=9"
check "run: an option takes a variable's place" \
  runs_with "WEIR_MARK_MODE=bind WEIR_MARK_EXIT_ADDRESS=192.0.2.1 WEIR_MARK_DSCP=10" --dscp 10
check "run: an option's mode takes the other mode's settings away" \
  runs_with "WEIR_MARK_MODE=sentinel WEIR_MARK_SENTINEL=192.0.2.3 WEIR_MARK_DSCP=9" \
  --sentinel 192.0.2.3

settings=(X=1)
marks() {
  diff <(ip netns exec "$host" "$installed" run --exit-address 198.51.100.11 -- \
    "$work/calls" outcomes 198.51.100.11 198.51.100.10 2>&1) \
    <(printf '%s\n' "198.51.100.11 done 28" "198.51.100.11 done 28" "198.51.100.10 done 0" \
      "198.51.100.10 done 0")
}
check "run: the command is marked" marks
exit_code() {
  local code=0
  "$installed" run --exit-address 192.0.2.1 -- sh -c 'exit 23' || code=$?
  [ "$code" -eq 23 ]
}
check "run: the command's exit code is the program's" exit_code
other_preload() {
  LD_PRELOAD=/lib/x86_64-linux-gnu/libSegFault-none.so "$installed" run --exit-address 192.0.2.1 -- \
    env 2>/dev/null | grep -q '^LD_PRELOAD=.*/libweirmark.so:/lib/x86_64-linux-gnu/libSegFault-none.so$'
}
check "run: other preloaded libraries stay" other_preload

mark=(--exit-address 192.0.2.1)
check "run: no command" fails_with 64 "Error: name the command*" "$installed" run "${mark[@]}"
check "run: no settings" fails_with 78 "weir-mark: WEIR_MARK_MODE: is not set*" \
  "$installed" run -- true
check "run: a wrong variable" fails_with 78 "weir-mark: WEIR_MARK_DSCP=64: takes*" \
  env WEIR_MARK_DSCP=64 "$installed" run "${mark[@]}" -- true
check "run: a wrong option" fails_with 64 "Error: --dscp takes*" \
  "$installed" run "${mark[@]}" --dscp 64 -- true
check "run: a wrong address" fails_with 64 "Error: --exit-address takes*" \
  "$installed" run --exit-address nowhere -- true
check "run: two modes" fails_with 64 "Error: give --exit-address or --sentinel*" \
  "$installed" run "${mark[@]}" --sentinel 192.0.2.1 -- true
check "run: a real address in bind mode" fails_with 64 "Error: --real-address takes*" \
  "$installed" run "${mark[@]}" --real-address 192.0.2.1 -- true
check "run: no such command" fails_with 66 "weir-mark: there is no command 'no-such-command'" \
  "$installed" run "${mark[@]}" -- no-such-command
check "run: a command that is none" fails_with 77 "weir-mark: can't run /etc/passwd: permission*" \
  "$installed" run "${mark[@]}" -- /etc/passwd
check "run: no library" fails_with 66 "weir-mark: can't find libweirmark.so*" \
  "$work/alone/weir-mark" run "${mark[@]}" -- true
check "run: a library that is not there" fails_with 66 "weir-mark: /none.so: no such file*" \
  "$installed" run "${mark[@]}" --library /none.so -- true
check "run: a library that is none" fails_with 66 "weir-mark: /etc/passwd: not a shared library" \
  "$installed" run "${mark[@]}" --library /etc/passwd -- true
ln -s "$library" "$work/with blank.so"
cp "$library" "$work/copy with blank.so"
check "run: a library that LD_PRELOAD can't name" fails_with 66 "*can't name a path*" \
  "$installed" run "${mark[@]}" --library "$work/copy with blank.so" -- true

# The drop-in for tor's service: its settings for each mode, of which one is in comments, are right ones.
drop_in=$(realpath "$here/../../deploy/tor/weir.conf")
drop_in_settings() { # EXCLUDED COMMENT: without settings like EXCLUDED, with those behind a "#" like COMMENT
  mapfile -t settings < <(sed -nE "/$1/d; s/^Environment=(WEIR_MARK_.*)/\1/p; s/^#Environment=($2=.*)/\1/p" "$drop_in")
  [ "${#settings[@]}" -ge 3 ]
  settings=("${settings[@]//\/run\/weir-mark/$work}")
  env "${settings[@]}" "$installed" run -- true
}
optional='WEIR_MARK_(DSCP|DNS_PORTS|ON_ERROR)'
check "the drop-in has sound settings of bind mode" drop_in_settings '^#' "$optional"
check "and of sentinel mode" drop_in_settings '^Environment=WEIR_MARK_(MODE|EXIT_ADDRESS)' \
  "(WEIR_MARK_MODE|WEIR_MARK_SENTINEL|WEIR_MARK_REAL_ADDRESS|$optional)"

# What runs and what is there, by digests: `tail -f FILE` has the options of a tor.
marked_tail() { # runs it, and waits until it does
  printf 'ExitRelay 1\n%%include %s/included\n' "$work" >"$work/torrc"
  printf 'ORPort 9001\n' >"$work/included"
  "$installed" run --exit-address 192.0.2.1 --dscp 9 -- tail -f "$work/torrc" >/dev/null &
  tail=$!
  until [ "$(readlink "/proc/$tail/exe")" = "$(realpath "$(command -v tail)")" ]; do sleep 0.05; done
}
digests_hold() {
  "$installed" check --digest --pid "$tail" >"$work/digests"
  [ "$(sed 1q "$work/digests")" = "# $("$installed" --version)" ]
  sha256sum --check --strict --quiet "$work/digests"
  diff <(sed -n 's/^[0-9a-f]\{64\}  //p' "$work/digests") <(printf '%s\n' "$(realpath "$installed")" \
    "$(realpath "$(command -v tail)")" "$(realpath "$work")/prefix/lib/weir/libweirmark.so" "$work/torrc" "$work/included")
  diff <(sed -n 's/^# settings //p' "$work/digests") \
    <(printf '%s\n' WEIR_MARK_DSCP=9 WEIR_MARK_EXIT_ADDRESS=192.0.2.1 WEIR_MARK_MODE=bind | sha256sum | cut -d ' ' -f 1)
}
marked_tail
check "check --digest names the files that run, and the settings" digests_hold
document_holds() {
  "$installed" check --digest --json --pid "$tail" |
    "$python" -c 'import json, sys; print(*[file["sha256"] for file in json.load(sys.stdin)["files"]], sep="\n")' |
    diff - <(sed -n "s/  .*//p" "$work/digests")
}
check "check --digest --json says the same" document_holds
cp "$library" "$work/another" && mv "$work/another" "$work/prefix/lib/weir/libweirmark.so"
check "check --digest has none of a library that was replaced" \
  fails_with 1 "*restart tor to use the one that is there now" "$installed" check --digest --pid "$tail"
check "check --digest has none of a process without the mark" \
  fails_with 1 "*libweirmark.so is not mapped into process $$*" "$installed" check --digest --pid $$
check "check --digest is about what runs" \
  fails_with 64 "*leave out --torrc and --status*" "$installed" check --digest --torrc "$work/torrc"
kill "$tail"
wait "$tail" 2>/dev/null || true
