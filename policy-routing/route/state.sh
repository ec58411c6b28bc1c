# shellcheck shell=sh
# The lock that keeps two runs apart, and the state of the kernel as it was before a run, to go back to.
# shellcheck disable=SC2034,SC2154 # the other parts set them

# Only root may put anything there; the lock stays.
open_state() {
  [ -d "$state_folder" ] || mkdir -m 0700 "$state_folder" || fail 73 "cannot make the folder $state_folder"
  lock
  # What a killed run has left. A rollback that is still to come keeps its own.
  for folder in "$state_folder"/before.*; do
    [ ! -d "$folder" ] || [ "$(cat "$state_folder/pending" 2>/dev/null)" = "${folder##*/before.}" ] || rm -rf "$folder"
  done
}

lock() {
  if command -v flock >/dev/null; then
    exec 9>"$state_folder/lock"
    flock -w 30 9 || fail 69 "another weir-route is at work: try again when it has ended"
    return
  fi
  tries=0
  until mkdir "$state_folder/lock.d" 2>/dev/null; do
    # The process that made it may have been killed.
    holder=$(cat "$state_folder/lock.d/process" 2>/dev/null) || true
    if [ -n "$holder" ] && ! kill -0 "$holder" 2>/dev/null; then
      rm -rf "$state_folder/lock.d"
      continue
    fi
    tries=$((tries + 1))
    [ $tries -lt 30 ] || fail 69 "another weir-route is at work${holder:+ (process $holder)}: if there is none, remove $state_folder/lock.d"
    sleep 1
  done
  printf '%s\n' $$ >"$state_folder/lock.d/process"
  trap 'rm -rf "$state_folder/lock.d"' EXIT
}

# Writes what of ours there is now.
take_snapshot() { # FOLDER
  mkdir -m 0700 "$1" || fail 73 "cannot make the folder $1"
  for family in $families; do
    our_rules "$family" >"$1/rules$family"
    our_routes "$family" >"$1/routes$family"
  done
  if has_table; then
    nft list table "$nft_table" >"$1/table" || fail 1 "nft cannot list the table '$nft_table'"
  fi
  [ ! -f "$state_folder/fingerprint" ] || cp "$state_folder/fingerprint" "$1/fingerprint"
}

# Makes it so again. Goes on after a failure: the more is restored the better.
restore_snapshot() { # FOLDER
  keep_going=yes
  restored=0
  if [ -f "$1/table" ]; then
    { printf 'table %s\ndelete table %s\n' "$nft_table" "$nft_table"; cat "$1/table"; } | nft -f - || restored=1
  fi
  for family in $families; do
    set_routes "$family" "$(cat "$1/routes$family")" || restored=1
    set_rules "$family" "$(cat "$1/rules$family")" || restored=1
    remove_routes "$family" "$(cat "$1/routes$family")" || restored=1
  done
  if [ ! -f "$1/table" ] && has_table; then
    nft delete table "$nft_table" || restored=1
  fi
  return $restored
}
