# shellcheck shell=bash
# shellcheck disable=SC2154 # the tests set $work
# A Tor host with an inner and an outer link, a router at the other end of either, an internet behind both,
# and a monitor that has a copy of the outer link; all in network namespaces of their own. No link ends in
# the machine's own namespace.
#
#                      ┌── inner ── inner router ──┐
#            Tor host ─┤                           ├── internet
#                      └── outer ── outer router ──┘
#                                        └── monitor

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
weir_route=$here/../weir-route
weir_mirror=$here/../mirror/weir-mirror

# shellcheck disable=SC2034 # the tests use them
{
  # Debian's own: another python3 in PATH may be a script that starts many processes.
  python=/usr/bin/python3
  prefix=wp-$$
  inner_v4=10.80.1.2 inner_v6=fd00:80:1::2
  inner_router_v4=10.80.1.1 inner_router_v6=fd00:80:1::1
  exit_v4=192.0.2.10 exit_v6=2001:db8:10::10
  outer_router_v4=192.0.2.1 outer_router_v6=2001:db8:10::1
  sentinel_v4=192.0.2.99 sentinel_v6=2001:db8:99::99
  # The internet's: where connections lead; behind a narrow link; silent; what an exit's DNS goes to; what
  # the host itself talks to; who connects to the host.
  web_v4=198.51.100.20 web_v6=2001:db8:100::20
  # One for exits and one for relays: where the path's width is known, there is nothing to discover.
  narrow_v4=198.51.100.99 narrow_v6=2001:db8:100::99
  relay_narrow_v4=198.51.100.98 relay_narrow_v6=2001:db8:100::98
  silent_v4=198.51.100.240 silent_v6=2001:db8:100::240
  resolver_v4=198.51.100.53 resolver_v6=2001:db8:100::53
  packages_v4=198.51.100.80 packages_v6=2001:db8:100::80
  visitor_v4=198.51.100.81 visitor_v6=2001:db8:100::81
  narrow_mtu=1300
}
namespaces=(tor inner outer internet monitor)

within() {
  local namespace=$1
  shift
  ip netns exec "$prefix-$namespace" "$@"
}

remove_network() {
  local namespace pid
  for namespace in "${namespaces[@]}"; do
    [ -e "/run/netns/$prefix-$namespace" ] || continue
    for pid in $(ip netns pids "$prefix-$namespace"); do kill -s KILL "$pid" 2>/dev/null || true; done
    ip netns delete "$prefix-$namespace"
  done
}

# link NAMESPACE DEVICE NAMESPACE DEVICE
link() {
  ip link add "$2" netns "$prefix-$1" type veth peer name "$4" netns "$prefix-$3"
  ip -n "$prefix-$1" link set "$2" up
  ip -n "$prefix-$3" link set "$4" up
}

# address NAMESPACE DEVICE ADDRESS/LENGTH…
address() {
  local namespace=$1 device=$2 one
  shift 2
  for one in "$@"; do
    case $one in
      *:*) ip -n "$prefix-$namespace" address add "$one" dev "$device" nodad ;;
      *) ip -n "$prefix-$namespace" address add "$one" dev "$device" ;;
    esac
  done
}

# route NAMESPACE ARGUMENT…: `ip route add`, for the family of the addresses.
route() {
  local namespace=$1 family=-4
  shift
  case $* in *:*) family=-6 ;; esac
  ip "$family" -n "$prefix-$namespace" route add "$@"
}

# build_network MODE: own (an address for exits) or one (one for everything).
build_network() {
  local mode=$1 namespace router
  for namespace in "${namespaces[@]}"; do
    ip netns add "$prefix-$namespace"
    ip -n "$prefix-$namespace" link set lo up
    within "$namespace" sysctl -q -w net.ipv6.conf.all.accept_ra=0 net.ipv6.conf.default.accept_ra=0 \
      net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0
  done
  link tor inner inner to-tor
  link tor outer outer to-tor
  link inner to-internet internet inner
  link outer to-internet internet outer
  link outer to-monitor monitor outer
  # Debian's own setting: with the strict one no reply would come in by a link that is not the default route.
  within tor sysctl -q -w net.ipv4.conf.all.rp_filter=2 net.ipv4.conf.inner.rp_filter=2 \
    net.ipv4.conf.outer.rp_filter=2

  address tor inner "$inner_v4/24" "$inner_v6/64"
  address inner to-tor "$inner_router_v4/24" "$inner_router_v6/64"
  address inner to-internet 10.80.3.1/24 fd00:80:3::1/64
  address internet inner 10.80.3.2/24 fd00:80:3::2/64
  address outer to-tor "$outer_router_v4/24" "$outer_router_v6/64"
  address outer to-internet 10.80.4.1/24 fd00:80:4::1/64
  address internet outer 10.80.4.2/24 fd00:80:4::2/64
  route tor default via "$inner_router_v4"
  route tor default via "$inner_router_v6"
  for router in inner outer; do
    within "$router" sysctl -q -w net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 \
      net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0
  done
  within internet sysctl -q -w net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0
  # For the last of these settings, where it isn't built into the kernel.
  modprobe -q -a nf_defrag_ipv4 nf_defrag_ipv6 || true
  # Errors are to be seen each time, however many a test makes the kernel send, and in good time.
  within tor sysctl -q -w net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0 \
    net.ipv4.icmp_msgs_per_sec=100000 net.ipv4.ipfrag_time=1 net.ipv6.ip6frag_time=1 \
    net.netfilter.nf_conntrack_frag6_timeout=1
  internet_behind inner 10.80.3.2 fd00:80:3::2
  internet_behind outer 10.80.4.2 fd00:80:4::2
  route internet local 198.51.100.0/24 dev lo
  route internet local 2001:db8:100::/64 dev lo
  # Whoever sends from an address of IPv6 has to have it, and not only a route.
  address internet lo "$resolver_v4/32" "$visitor_v4/32" "$resolver_v6/128" "$visitor_v6/128"
  route internet blackhole "$silent_v4/32" table local
  route internet blackhole "$silent_v6/128" table local
  case $mode in
    own)
      address tor outer "$exit_v4/24" "$exit_v6/64"
      route internet "$exit_v4/32" via 10.80.4.1
      route internet "$exit_v6/128" via fd00:80:4::1
      route internet "$inner_v4/32" via 10.80.3.1
      route internet "$inner_v6/128" via fd00:80:3::1
      ;;
    one) answer_by_both_links ;;
  esac
  within internet nft -f - <<'RULES'
table inet network {
  set deaf { type inet_service . inet_service; }
  set deaf_to_acknowledgements { type inet_service . inet_service; }
  chain received {
    type filter hook input priority 0;
    tcp sport . tcp dport @deaf counter drop
    tcp sport . tcp dport @deaf_to_acknowledgements tcp flags & (syn | fin | rst | psh) == 0x0 counter drop
  }
}
RULES
  ip -n "$prefix-monitor" link set outer down
  within monitor "$weir_mirror" monitor outer
  within outer "$weir_mirror" monitor to-monitor --without-nft
  within outer "$weir_mirror" apply --from to-tor --to to-monitor
}

# internet_behind ROUTER GATEWAY_V4 GATEWAY_V6: some addresses of it behind a link with a small MTU.
internet_behind() {
  local one
  route "$1" 198.51.100.0/24 via "$2"
  route "$1" 2001:db8:100::/64 via "$3"
  for one in "$narrow_v4" "$relay_narrow_v4"; do route "$1" "$one/32" via "$2" mtu lock "$narrow_mtu"; done
  for one in "$narrow_v6" "$relay_narrow_v6"; do route "$1" "$one/128" via "$3" mtu lock "$narrow_mtu"; done
}

# With one address, which way an answer comes back is the network's choice. This one knows: what belongs to
# Tor or to the host itself goes to the inner link, by port or by who is speaking, the rest to the outer.
answer_by_both_links() {
  local family
  address tor outer 192.0.2.2/24 2001:db8:10::2/64
  route outer "$inner_v4/32" via 192.0.2.2
  route outer "$inner_v6/128" via 2001:db8:10::2
  route internet "$inner_v4/32" via 10.80.4.1
  route internet "$inner_v6/128" via fd00:80:4::1
  route internet "$inner_v4/32" via 10.80.3.1 table 80
  route internet "$inner_v6/128" via fd00:80:3::1 table 80
  for family in -4 -6; do
    ip "$family" -n "$prefix-internet" rule add ipproto tcp sport 9000-9099 lookup 80 priority 80
  done
  for one in "$packages_v4" "$visitor_v4"; do
    ip -n "$prefix-internet" rule add from "$one" lookup 80 priority 81
  done
  for one in "$packages_v6" "$visitor_v6"; do
    ip -6 -n "$prefix-internet" rule add from "$one" lookup 80 priority 81
  done
}

# write_settings MODE [LINE…]: for weir-route, into $work/route.conf.
write_settings() {
  local mode=$1 addresses="$exit_v4 $exit_v6"
  shift
  [ "$mode" = own ] || addresses="$inner_v4 $inner_v6"
  {
    printf '%s\n' "mode = $mode" "inner_interface = inner" "outer_interface = outer" \
      "exit_addresses = $addresses" "outer_gateways = $outer_router_v4 $outer_router_v6" \
      "inner_gateways = $inner_router_v4 $inner_router_v6" "tor_ports = 9001 9002 9009"
    [ $# -eq 0 ] || printf '%s\n' "$@"
  } >"$work/route.conf"
}

weir_route() { within tor "$weir_route" "$@" --state "$work/weir-route"; }

# counter CLASS: packets that the guard counted.
counter() { within tor nft list counter inet weir_route "$1" | sed -n 's/.*packets \([0-9]*\).*/\1/p'; }

# capture NAME NAMESPACE DEVICE: until end_captures, into $work/NAME.pcap.
capturing=()
capture() {
  local tries
  : >"$work/$1.log"
  # Not by `within`, which would be a shell between tcpdump and the signal that ends it.
  ip netns exec "$prefix-$2" tcpdump -i "$3" -n -q -U -s 256 -B 16384 --immediate-mode -Z root -w "$work/$1.pcap" \
    2>"$work/$1.log" &
  capturing+=($!)
  for ((tries = 0; tries < 100; tries++)); do
    ! grep -q 'listening on' "$work/$1.log" || return 0
    sleep 0.1
  done
  echo "no capture: $(cat "$work/$1.log")" >&2
  return 1
}

# In the opposite order, so that the first has all that the others have. A capture that lost packets proves
# nothing.
end_captures() {
  local one
  for ((one = ${#capturing[@]} - 1; one >= 0; one--)); do
    sleep 0.3
    kill -INT "${capturing[one]}"
    wait "${capturing[one]}" || true
  done
  capturing=()
  for one in "$@"; do
    grep -q '^0 packets dropped by kernel' "$work/$one.log" || {
      echo "the capture of $one lost packets: $(tail -n 1 "$work/$one.log")" >&2
      return 1
    }
  done
}
