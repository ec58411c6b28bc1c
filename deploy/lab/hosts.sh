# shellcheck shell=bash
# shellcheck disable=SC2154 # names that `lab` and its other files give a value
# Hosts of the lab that are whole Debian systems, with --roots: the exit, the monitor and the one that
# publishes, each booted from a root in which its role's package is installed. They are set up as the
# packages' documents tell an operator to, from the examples that the packages bring along, and what runs
# is the packages' own units.

# shellcheck disable=SC2034 # used by the other files of the lab
roles=(monitor report exit)

require_roots() {
  local role
  command -v systemd-nspawn >/dev/null ||
    fail 69 "missing: systemd-nspawn; it comes with: apt-get install systemd-container"
  for role in "${roles[@]}"; do
    [ -x "$roots/$role/lib/systemd/systemd" ] ||
      fail 66 "--roots: there is no Debian with systemd in $roots/$role (deploy/lab/appliance makes one)"
  done
  { [ -f "$roots/exit/usr/lib/weir/libweirmark.so" ] && [ -f "$roots/exit/usr/bin/tor" ]; } ||
    fail 66 "--roots: the packages tor and weir-mark are not installed in $roots/exit"
  [ -f "$roots/monitor/usr/bin/weir-collect" ] ||
    fail 66 "--roots: the package weir-collect is not installed in $roots/monitor"
  [ -f "$roots/report/usr/bin/weir-report" ] ||
    fail 66 "--roots: the package weir-report is not installed in $roots/report"
}

in_root() {
  local role=$1
  shift
  chroot "$roots/$role" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C "$@"
}

# example ROLE FILE EXPRESSION…: an example of the package's, with sed's expressions applied; each has to
# change something, or the example is not what this was written for.
example() {
  local text changed expression file="$roots/$1/usr/share/doc/$2"
  shift 2
  [ -f "$file" ] || file=$file.gz
  text=$(zcat -f -- "$file") || fail 66 "there is no $file"
  for expression in "$@"; do
    changed=$(sed -E "$expression" <<<"$text")
    [ "$changed" != "$text" ] || fail 1 "$file has nothing for: $expression"
    text=$changed
  done
  printf '%s\n' "$text"
}

# deploy/tor/README.md, step by step.
configure_exit() {
  local root="$roots/exit" drop_in=etc/systemd/system/tor@default.service.d/weir.conf
  torrc_of exit | sed -E -e '/^(DataDirectory|ControlSocket|Log) /d' \
    -e 's|^(ServerDNSResolvConfFile) .*|\1 /etc/tor/resolv.conf|' >"$root/etc/tor/torrc"
  printf 'nameserver %s\n' "$resolver" >"$root/etc/tor/resolv.conf"
  cp -r "$state/tor/exit/." "$root/var/lib/tor"
  in_root exit chown -R debian-tor:debian-tor /var/lib/tor
  install -d "$root/${drop_in%/*}"
  local changes=('s/^#(Requires|After)=/\1=/' "s/^#(Environment=WEIR_MARK_DSCP)=.*/\1=$dscp/")
  if [ "$route" = one ]; then
    changes+=('/^Environment=WEIR_MARK_(MODE|EXIT_ADDRESS)=/d' 's/^#(Environment=WEIR_MARK_MODE=sentinel)/\1/'
      "s/^#(Environment=WEIR_MARK_SENTINEL)=.*/\1=$bind_exit/")
  else
    changes+=("s/^(Environment=WEIR_MARK_EXIT_ADDRESS)=.*/\1=$bind_exit/")
  fi
  example exit weir-mark/examples/weir.conf "${changes[@]}" >"$root/$drop_in"
  cp "$state/route.conf" "$root/etc/weir/route.conf"
  in_root exit systemctl --quiet enable weir-route.service
}

configure_monitor() {
  local root="$roots/monitor" changes=()
  # Some machines let not even root have a service lock its memory, and within its unit the collector can't see
  # that there is no swap device. All else of its confinement stays required.
  if ! prlimit --memlock=unlimited:unlimited true 2>/dev/null; then
    say "no memory can be locked on this machine: the collector is told confinement = \"best-effort\""
    changes=('s/^#(confinement) = .*/\1 = "best-effort"/')
  fi
  example monitor weir-collect/examples/collect.toml.example 's/^interface = .*/interface = "outer"/' \
    "s/^#(dscp) = .*/\1 = $dscp/" '/^exit-address = \[/,/^\]/d' "\$ a exit-address = [\"$exit_v4\", \"$exit_v6\"]" \
    "${changes[@]}" >"$root/etc/weir/collect.toml"
  install -m 644 -- "$here/../sample/asn.mmdb" "$here/../sample/country.mmdb" "$root/var/lib/weir-databases"
  in_root monitor systemctl --quiet enable weir-collect@outer.service
  # udev is to know this host's interfaces, and to leave the machine's devices alone.
  in_root monitor systemctl --quiet mask systemd-udev-trigger.service
}

configure_report() {
  printf '%s\n' '[site]' 'title = "Exit traffic of the lab"' >"$roots/report/etc/weir/report.toml"
}

boot() { launch "$1" "$1" root /dev/null "$state/log/$1" "$here/boot" "$roots/$1" "$prefix-$1" "$1"; }

# The process 1 of a host, as this machine counts.
leader_of() { pgrep -P "$(pid_of "$1")" | head -n 1; }

# inside HOST COMMAND…
inside() {
  local leader
  leader=$(leader_of "$1") || leader=''
  [ -n "$leader" ] || fail 1 "the host $1 does not run"
  shift
  nsenter --target "$leader" --all env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C "$@"
}

# await SECONDS COMMAND…: until it succeeds.
await() {
  local tries
  for ((tries = 0; tries < $1 * 5; tries++)); do
    ! "${@:2}" >/dev/null 2>&1 || return 0
    sleep 0.2
  done
  return 1
}

await_monitor() {
  await 60 inside monitor systemctl is-active systemd-udevd || fail 1 "the monitor did not boot: $(last_words monitor)"
  # Where /dev is not the machine's, systemd listens to udev only if that was there before itself: so it has to look
  # what udev knows by now.
  { inside monitor udevadm trigger --action=add --subsystem-match=net && inside monitor udevadm settle &&
    inside monitor systemctl daemon-reload; } || fail 1 "the monitor's interface is not known there: $(last_words monitor)"
  await 60 inside monitor systemctl is-active weir-collect@outer ||
    fail 1 "the collector did not start: $(inside monitor journalctl -o cat -n 12 -u 'weir-collect@*' | tr '\n' ' ')"
}

# Before the exit sends its first packet.
await_observers() {
  await_monitor
  await 60 inside report systemctl is-active multi-user.target ||
    fail 1 "the reporter's host did not boot: $(last_words report)"
}

# Of the whole life of the lab, and not of `lab traffic` alone: what a collector that never sleeps has seen.
start_record() {
  rm -f "$state/outer.pcap"
  launch record monitor root /dev/null "$state/outer.pcap" \
    tcpdump -i outer -n -q -U -s 192 -B 32768 --immediate-mode -w -
  await 10 grep -q 'listening on' "$state/log/record" || fail 1 "no capture on the monitor: $(last_words record)"
}

# The hosts' control groups outlive them, and what was killed lingers for a moment.
remove_control_groups() {
  # shellcheck disable=SC2016 # the inner shell's
  unshare --mount sh -c 'mount -t cgroup2 cgroup2 /mnt && cd /mnt && for group; do
      for try in 1 2 3 4 5 6 7 8 9 10; do
        [ -d "$group" ] || break
        find "$group" -depth -type d -exec rmdir {} + 2>/dev/null || sleep 0.3
      done
      [ ! -d "$group" ] || exit 1
    done' sh "${roles[@]/#/$prefix-}" || say "some control groups could not be removed"
}
