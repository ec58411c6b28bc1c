# shellcheck shell=sh
# The nftables table: marks by connection, and the guard. Printed as one transaction for `nft -f`.
# shellcheck disable=SC2154 # settings.sh sets them

# Changes when a chain changes its hook: such a table cannot be changed in place.
layout=1
nft_table="inet weir_route"

# The counters that `check` and the metrics show; each is a class of packets at the guard.
counters="exit_passed exit_elsewhere exit_address_elsewhere exit_wrong_source exit_unmarked tor_on_outer
stray_answer other_on_outer answers_passed upkeep_passed"

# Filling an existing table anew keeps its counters: a leak is not forgotten because somebody applies again.
print_ruleset() { # NAMES-OF-STALE-COUNTERS
  print_objects
  for counter in $1; do
    printf 'delete counter %s %s\n' "$nft_table" "$counter"
  done
}

print_objects() {
  printf 'table %s { comment "weir-route, layout %s"; }\n' "$nft_table" "$layout"
  for counter in $counters; do
    printf 'add counter %s %s\n' "$nft_table" "$counter"
  done
  printf '%s\n' "$exceptions" | while IFS=$tab read -r name _; do
    [ -z "$name" ] || printf 'add counter %s exception_%s\n' "$nft_table" "$name"
  done
  for chain in arrived exit stamp inside outer outer_exit upkeep stray; do
    printf 'add chain %s %s\n' "$nft_table" "$chain"
  done
  printf 'add chain %s arriving { type filter hook prerouting priority -150; policy accept; }\n' "$nft_table"
  printf 'add chain %s leaving { type route hook output priority -150; policy accept; }\n' "$nft_table"
  printf 'add chain %s guard { type filter hook postrouting priority 1000; policy accept; }\n' "$nft_table"
  printf 'flush table %s\n' "$nft_table"
  printf 'table %s {\n' "$nft_table"
  print_arriving
  print_leaving
  print_guard
  print_outer
  printf '}\n'
}

# "{ a, b }" of words.
set_of() { # WORDS
  elements=
  for element in $1; do
    elements=$elements${elements:+, }$element
  done
  printf '{ %s }' "$elements"
}

set_mark() { # SUBJECT VALUE
  printf '%s mark set %s mark & %s | %s' "$1" "$1" "$others" "$2"
}

has_value() { # SUBJECT VALUE
  printf '%s mark & %s == %s' "$1" "$mask" "$2"
}

# Remembers by which link a connection came that somebody else began, so that it is answered by that link.
print_arriving() {
  cat <<RULES
	chain arriving {
		iifname != { "$inner", "$outer" } return
		# The kernel's answers (RST, echo) copy the DSCP value of what they answer: nobody out there may
		# have an answer marked.
		ip dscp $dscp fib daddr type local ip dscp set 0
		ip6 dscp $dscp fib daddr type local ip6 dscp set 0
		ct state != new return
		$(has_value ct 0) jump arrived
	}

	chain arrived {
		tcp dport $(set_of "$tor_ports") return
		iifname "$inner" $(set_mark ct "$value_inner") return
		# A packet from amid a connection that conntrack has forgotten or never known may belong to an
		# exit connection. Its own packets will say so; no exit connection has a port below 1024.
		meta l4proto tcp tcp flags & (fin | syn | rst | ack) != syn tcp dport >= 1024 return
		$(set_mark ct "$value_outer")
	}

RULES
}

print_leaving() {
  cat <<RULES
	chain leaving {
		oifname "lo" return
		ip dscp $dscp goto exit
		ip6 dscp $dscp goto exit
		# A new connection speaks for itself, whatever had its ports before.
		tcp flags & (syn | ack) == syn $(has_value ct "$value_exit") $(set_mark ct 0) return
		# What the kernel sends for an exit connection whose socket is gone, and its errors about exit packets.
		meta l4proto tcp $(has_value ct "$value_exit") goto stamp
		meta l4proto { icmp, icmpv6 } $(has_value ct "$value_exit") goto stamp
RULES
  for number in $exit_dns_users; do
    printf '\t\tmeta skuid %s meta l4proto { tcp, udp } th dport 53 goto stamp\n' "$number"
  done
  cat <<RULES
		ct direction reply $(has_value ct "$value_outer") oifname != "$outer" $(set_mark meta "$value_outer")
		ct direction reply $(has_value ct "$value_inner") oifname "$outer" $(set_mark meta "$value_inner")
	}

	chain stamp {
		# As the DSCP value changes, the kernel looks for the route again, without account and ports.
		$(set_mark meta "$value_exit")
		ip dscp set $dscp
		ip6 dscp set $dscp
		goto exit
	}

	chain exit {
RULES
  if [ "$exit_dns" = inside ]; then
    cat <<RULES
		# tor's own queries. A client's connection to port 53 is TCP, and an exit connection.
		udp dport 53 jump inside
		udp dport 53 return
RULES
  fi
  cat <<RULES
		$(has_value ct "$value_exit") oifname "$outer" return
		$(set_mark ct "$value_exit")
		# Only what is on the wrong way is routed again.
		oifname != "$outer" $(set_mark meta "$value_exit")
	}

RULES
  cat <<RULES
	chain inside {
		ip dscp set 0
		ip6 dscp set 0
	}

RULES
}

# The last look at every packet, after everybody else's rules: drops and counts what is about to leave by the
# wrong link, whatever the reason.
print_guard() {
  cat <<RULES
	chain guard {
		oifname "lo" accept
		oifname "$outer" goto outer
		ip dscp $dscp counter name exit_elsewhere drop
		ip6 dscp $dscp counter name exit_elsewhere drop
		meta l4proto { tcp, icmp, icmpv6 } $(has_value ct "$value_exit") counter name exit_elsewhere drop
RULES
  if [ "$mode" = own ]; then
    print_neighbours "accept"
    from_exit_address "counter name exit_address_elsewhere drop"
  else
    # The kernel's RST for a connection that conntrack has forgotten: whether it was an exit connection,
    # nobody knows any more. Where a late packet makes no new entry (a FIN), the answer has no direction; nor
    # has an error about a fragment that nobody asked for.
    rst="tcp flags & rst == rst tcp sport >= 1024 tcp sport != $(set_of "$tor_ports")"
    cat <<RULES
		$rst ct direction reply $(has_value ct 0) jump stray
		$rst ct state { invalid, untracked } jump stray
		icmp type { destination-unreachable, time-exceeded, parameter-problem } ct state invalid jump stray
		icmpv6 type { destination-unreachable, packet-too-big, time-exceeded, parameter-problem } ct state invalid jump stray
RULES
  fi
  cat <<RULES
	}

	chain stray {
		meta skuid >= 0 return
		counter name stray_answer drop
	}

	# What any link needs, and never an exit packet: neighbour and router discovery, multicast
	# membership, DHCP.
	chain upkeep {
RULES
  print_neighbours "counter name upkeep_passed accept"
  cat <<RULES
		icmpv6 type { 130, 131, 132, 143 } ip6 hoplimit 1 counter name upkeep_passed accept
		ip protocol 2 ip ttl 1 ip daddr 224.0.0.0/4 counter name upkeep_passed accept
		udp sport 68 udp dport 67 counter name upkeep_passed accept
		ip6 saddr fe80::/10 udp sport 546 udp dport 547 counter name upkeep_passed accept
	}

RULES
}

print_neighbours() { # VERDICT
  printf '\t\ticmpv6 type { 133, 134, 135, 136, 137 } ip6 hoplimit 255 %s\n' "$1"
}

print_outer() {
  cat <<RULES
	chain outer {
		ip dscp $dscp goto outer_exit
		ip6 dscp $dscp goto outer_exit
		jump upkeep
		tcp sport $(set_of "$tor_ports") counter name tor_on_outer drop
		ct direction reply $(has_value ct "$value_outer") counter name answers_passed accept
		# Services of the host go on when conntrack forgets: no exit connection has such a port.
		tcp sport < 1024 tcp flags & (syn | ack) != syn counter name answers_passed accept
RULES
  if [ "$mode" = own ]; then
    from_exit_address "ct direction original counter name exit_unmarked drop"
    from_exit_address "counter name stray_answer drop"
  fi
  printf '%s\n' "$exceptions" | while IFS=$tab read -r name rule; do
    [ -z "$name" ] || printf '\t\t%s counter name exception_%s accept\n' "$rule" "$name"
  done
  cat <<RULES
		ct direction reply counter name stray_answer drop
		counter name other_on_outer drop
	}

	chain outer_exit {
RULES
  for family in 4 6; do
    word=ip
    [ $family = 4 ] || word=ip6
    addresses=$(of_family exit_addresses $family)
    if [ -n "$addresses" ]; then
      printf '\t\t%s saddr != %s counter name exit_wrong_source drop\n' $word "$(set_of "$addresses")"
    else
      printf '\t\tmeta nfproto ipv%s counter name exit_wrong_source drop\n' $family
    fi
  done
  printf '\t\tcounter name exit_passed\n'
  if [ "$mark_on_wire" = clear ]; then
    printf '\t\tip dscp set 0\n\t\tip6 dscp set 0\n'
  fi
  printf '\t\taccept\n\t}\n'
}

# A rule for packets from an exit address, for each family that has one.
from_exit_address() { # REST
  [ -z "$exit_addresses4" ] || printf '\t\tip saddr %s %s\n' "$(set_of "$exit_addresses4")" "$1"
  [ -z "$exit_addresses6" ] || printf '\t\tip6 saddr %s %s\n' "$(set_of "$exit_addresses6")" "$1"
}
