# shellcheck shell=bash disable=SC2034
# What the scripts that run in the virtual machine share. Read by them; each says first that it is there.

if [ "$(cat /etc/hostname)" != weir-machine ]; then
  echo "${0##*/}: this changes the machine that it runs on: use Tests/Machine/run Tests/Machine/${0##*/}" >&2
  exit 78
fi

root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
chmod 755 "$work"
cd "$work"
passed=0
failed=0

check() { # NAME COMMAND…
  local name=$1 code
  shift
  # Not as a condition: there a failure in the middle of a function would not end it.
  set +e
  (
    set -e
    "$@"
  ) >said 2>&1
  code=$?
  set -e
  if [ "$code" -eq 0 ]; then
    passed=$((passed + 1))
    printf 'passed  %s\n' "$name"
  else
    failed=$((failed + 1))
    printf 'FAILED  %s\n' "$name"
    sed 's/^/        /' said
  fi
}

verdict() {
  printf '%d passed, %d failed\n' "$passed" "$failed"
  [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
}
