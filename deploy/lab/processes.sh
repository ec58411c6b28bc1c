# shellcheck shell=bash
# shellcheck disable=SC2154 # names that `lab` and its other files give a value
# The lab's processes: started in a namespace, recorded, and ended by what was recorded. A record is
# the process id and the start time, so that an id which the kernel has given away since is left alone.

# Field 22 of /proc/PID/stat, counted from behind the name, which may hold spaces.
start_time() {
  local stat
  read -r stat 2>/dev/null <"/proc/$1/stat" || return 1
  stat=${stat##*) }
  # shellcheck disable=SC2086 # the fields are to be split
  set -- $stat
  printf '%s\n' "${20}"
}

# running NAME: is the recorded process still there?
running() {
  local pid started now
  read -r pid started 2>/dev/null <"$state/processes/$1" || return 1
  now=$(start_time "$pid") || return 1
  [ "$now" = "$started" ] && ! grep -q '^State:.*zombie' "/proc/$pid/status" 2>/dev/null
}

pid_of() {
  local pid _
  read -r pid _ 2>/dev/null <"$state/processes/$1" && printf '%s\n' "$pid"
}

# launch NAME NAMESPACE ACCOUNT INPUT OUTPUT COMMAND…: in the background, in a session of its own, with
# a clean environment. The record is written by the process itself before it becomes the command: there
# is no moment in which it runs and is not recorded.
launch() {
  local name=$1 namespace=$2 account=$3 input=$4 output=$5
  shift 5
  (
    trap - EXIT HUP INT TERM
    pid=$BASHPID
    printf '%s %s\n' "$pid" "$(start_time "$pid")" >"$state/processes/$name"
    exec 9>&- <"$input" >>"$output" 2>>"$state/log/$name"
    exec setsid ip netns exec "$prefix-$namespace" \
      setpriv --reuid "$account" --regid "$(id -g "$account")" --clear-groups \
      env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C "$@"
  ) &
}

# end_process NAME [SIGNAL]: asks, waits five seconds, then insists.
end_process() {
  local pid tries
  if running "$1"; then
    pid=$(pid_of "$1")
    kill -s "${2:-TERM}" "$pid" 2>/dev/null || true
    for ((tries = 0; tries < 50; tries++)); do
      running "$1" || break
      sleep 0.1
    done
    ! running "$1" || kill -s KILL "$pid" 2>/dev/null || true
  fi
  rm -f "$state/processes/$1"
}

recorded_processes() {
  local file
  for file in "$state"/processes/*; do
    [ ! -f "$file" ] || printf '%s\n' "${file##*/}"
  done
}

end_all_processes() {
  local name
  # All are asked before any is waited for.
  for name in $(recorded_processes); do
    ! running "$name" || kill -s TERM "$(pid_of "$name")" 2>/dev/null || true
  done
  for name in $(recorded_processes); do
    end_process "$name"
  done
}
