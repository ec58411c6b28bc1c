# shellcheck shell=sh
# `apply --confirm SECONDS`: a process that goes back to the state before, unless told otherwise in time. It
# begins before anything is changed, and outlives the session that started it.
# shellcheck disable=SC2034,SC2154 # the other parts set them

begin_confirmation() {
  printf '%s\n' "$token" >"$state_folder/pending"
  detach=
  ! command -v setsid >/dev/null || detach=setsid
  # shellcheck disable=SC2086 # nothing, or one word
  $detach "$program" roll-back-after "$confirm_seconds" "$token" --state "$state_folder" \
    </dev/null >/dev/null 2>&1 9>&- &
}

confirm_command() {
  require_root
  open_state
  [ -f "$state_folder/pending" ] || fail 1 "there is nothing to confirm: no 'apply --confirm' is waiting"
  rm -f "$state_folder/pending"
  rm -rf "$state_folder"/before.*
}

# Not for people: what the process does.
roll_back_after_command() { # SECONDS TOKEN
  trap '' HUP INT PIPE QUIT
  sleep "$1"
  families=$(families)
  open_state
  [ "$(cat "$state_folder/pending" 2>/dev/null)" = "$2" ] || exit 0
  status=0
  restore_snapshot "$state_folder/before.$2" || status=1
  if [ -f "$state_folder/before.$2/fingerprint" ]; then
    cp "$state_folder/before.$2/fingerprint" "$state_folder/fingerprint"
  else
    rm -f "$state_folder/fingerprint"
  fi
  rm -rf "$state_folder/pending" "$state_folder/before.$2"
  exit $status
}
