# shellcheck shell=bash
# shellcheck disable=SC2154 # names that `lab` and its other files give a value
# The lab's namespaces, the links between them, and their addresses. No link ends in the machine's own
# namespace, so there is no way out, whatever a route inside the lab may say.

# shellcheck disable=SC2034 # used by the other files of the lab
{
  namespaces=(tor client exit internet monitor)
  all_namespaces=("${namespaces[@]}" report)

  # The inner side: private addresses, the way a relay's own network would be.
  authority_hosts=(11 12 13)
  relay_hosts=(21 22)
  exit_host=30
  client_host=40
  service_host=50
  inner_v4=10.77.0
  inner_v6=fd00:77:

  # The outer side. The exit's addresses on that link are those of exit connections, unless --route one says
  # that the relay's are.
  outer_v4=192.0.2.10
  outer_v6=2001:db8:10::10
  gateway_v4=192.0.2.1
  gateway_v6=2001:db8:10::1
  resolver=198.51.100.1
  destinations=(198.51.100.0/24 203.0.113.0/24 198.18.0.0/15
    2001:db8:100::/48 2001:db8:200::/48 2001:db8:300::/48)
  # Within them: no answer at all, not even a refusal.
  silent=(203.0.113.240/28 2001:db8:300:dead::/64)
}

use_addresses() {
  exit_v4=$outer_v4 exit_v6=$outer_v6
  if [ "$route" = one ]; then
    exit_v4=$inner_v4.$exit_host exit_v6=$inner_v6:$exit_host
  fi
}

within() {
  local namespace=$1
  shift
  ip netns exec "$prefix-$namespace" "$@"
}

# link NAMESPACE DEVICE NAMESPACE DEVICE: a veth pair that is never seen in the machine's namespace.
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

# mirror NAMESPACE DEVICE TO: a copy of everything that DEVICE receives and sends. u32 because it is the
# classifier that is present on the smallest kernels.
mirror() {
  local namespace=$1 device=$2 to=$3 hook
  within "$namespace" tc qdisc add dev "$device" clsact
  for hook in ingress egress; do
    within "$namespace" tc filter add dev "$device" "$hook" protocol all prio 1 u32 match u32 0 0 \
      action mirred egress mirror dev "$to"
  done
}

create_namespaces() {
  local namespace
  for namespace in "${namespaces[@]}"; do
    ip netns add "$prefix-$namespace"
    ip -n "$prefix-$namespace" link set lo up
    within "$namespace" sysctl -q -w net.ipv6.conf.all.accept_ra=0 net.ipv6.conf.default.accept_ra=0 \
      net.ipv6.conf.default.accept_dad=0
  done
}

# Authorities, relays and the onion service share one host, behind a bridge with a port for the exit's
# inner link and one for the client.
build_inner_network() {
  local host
  ip -n "$prefix-tor" link add lan type bridge
  ip -n "$prefix-tor" link set lan up
  link tor to-exit exit inner
  link tor to-client client lan
  link tor to-monitor monitor inner
  ip -n "$prefix-tor" link set to-exit master lan
  ip -n "$prefix-tor" link set to-client master lan
  for host in 1 "${authority_hosts[@]}" "${relay_hosts[@]}" "$service_host"; do
    address tor lan "$inner_v4.$host/24" "$inner_v6:$host/64"
  done
  address exit inner "$inner_v4.$exit_host/24" "$inner_v6:$exit_host/64"
  address client lan "$inner_v4.$client_host/24" "$inner_v6:$client_host/64"
  mirror tor to-exit to-monitor
}

# One host that answers for every destination address.
build_outer_network() {
  local prefix_of_destinations
  link internet to-exit exit outer
  link internet to-monitor monitor outer
  address internet to-exit "$gateway_v4/24" "$gateway_v6/64"
  address exit outer "$outer_v4/24" "$outer_v6/64"
  if [ "$route" = one ]; then
    # The network beyond knows that answers to the one address come back by the outer link.
    ip -n "$prefix-internet" route add "$exit_v4/32" via "$outer_v4"
    ip -n "$prefix-internet" -6 route add "$exit_v6/128" via "$outer_v6"
  fi
  address internet lo "$resolver/32"
  for prefix_of_destinations in "${destinations[@]}"; do
    ip -n "$prefix-internet" route add local "$prefix_of_destinations" dev lo
  done
  for prefix_of_destinations in "${silent[@]}"; do
    ip -n "$prefix-internet" route add blackhole "$prefix_of_destinations" table local
  done
  # The servers and the resolver need no privilege for their low ports.
  within internet sysctl -q -w net.ipv4.ip_unprivileged_port_start=0
  mirror internet to-exit to-monitor
}

# The default route is the inner one, as on a real host: an exit packet that no rule catches would be seen
# there.
route_exit_host() {
  local host="$prefix-exit"
  ip -n "$host" route add default via "$inner_v4.1"
  ip -n "$host" -6 route add default via "$inner_v6:1"
  # Ask for ECN, so that `check` can see whether marking leaves its two bits alone.
  within exit sysctl -q -w net.ipv4.tcp_ecn=1
  if [ -n "$route" ]; then route_by_rules; else route_by_address; fi
}

# weir_route apply | check [--json]
weir_route() {
  if [ -n "$roots" ]; then
    inside exit weir-route "$@"
  else
    within exit "$here/../../policy-routing/weir-route" "$@" --config "$state/route.conf" --state "$state/route"
  fi
}

route_by_rules() {
  cat >"$state/route.conf" <<SETTINGS
mode = $route
inner_interface = inner
outer_interface = outer
exit_addresses = $exit_v4 $exit_v6
outer_gateways = $gateway_v4 $gateway_v6
inner_gateways = $inner_v4.1 $inner_v6:1
tor_ports = $or_port $directory_port
dscp = $dscp
SETTINGS
  # A whole host has a unit that does it.
  [ -n "$roots" ] || weir_route apply
}

# What leaves from the exit address leaves by the outer link or not at all. tor's queries go out by an unbound
# socket, hence the resolver's own route.
route_by_address() {
  local host="$prefix-exit"
  ip -n "$host" route add "$resolver/32" via "$gateway_v4" src "$exit_v4"
  ip -n "$host" route add default via "$gateway_v4" table 100
  ip -n "$host" -6 route add default via "$gateway_v6" table 100
  ip -n "$host" rule add from "$exit_v4" lookup 100 priority 100
  ip -n "$host" -6 rule add from "$exit_v6" lookup 100 priority 100
  ip -n "$host" rule add from "$exit_v4" unreachable priority 101
  ip -n "$host" -6 rule add from "$exit_v6" unreachable priority 101
}

# Stands in for the mark: everything from the exit address, the kernel's own RSTs included.
mark_by_source_address() {
  within exit nft -f - <<RULES
table inet weir_lab {
  chain marks {
    type filter hook postrouting priority mangle;
    ip saddr $exit_v4 meta l4proto { tcp, udp } ip dscp set $dscp counter
    ip6 saddr $exit_v6 meta l4proto { tcp, udp } ip6 dscp set $dscp counter
  }
}
RULES
}

build_network() {
  create_namespaces
  build_inner_network
  build_outer_network
  route_exit_host
  [ "$mark" != nft ] || mark_by_source_address
}

existing_namespaces() {
  local namespace
  for namespace in "${all_namespaces[@]}"; do
    [ ! -e "/run/netns/$prefix-$namespace" ] || printf '%s\n' "$prefix-$namespace"
  done
}

# Whatever still runs in the lab's namespaces was left there by the lab or for it: a namespace whose
# name goes while a process stays would live on, unseen.
remove_namespaces() {
  local namespace pid
  for namespace in $(existing_namespaces); do
    for pid in $(ip netns pids "$namespace" 2>/dev/null); do
      say "ending process $pid, still in $namespace"
      kill -s KILL "$pid" 2>/dev/null || true
    done
    ip netns delete "$namespace"
  done
}
