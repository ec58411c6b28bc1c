# shellcheck shell=sh
# Which ip rules and routes there should be, which of ours there are, and what belongs to others.
# shellcheck disable=SC2034,SC2154 # the other parts use and set them

# What is ours carries this number as its "protocol" (see rt_protos in iproute2): it is how a later run, or one
# after a killed one, tells it from other people's.
protocol=87
# How many rule priorities are ours, from `priority` on.
span=64

# The rules in the order in which they are asked; one a line, in the words of `ip rule`.
desired_rules() { # FAMILY
  number=$priority
  # shellcheck disable=SC2046 # a list of words
  if [ "$mode" = own ]; then
    for address in $(of_family exit_addresses "$1"); do
      rule "from $address lookup $table"
      rule "from $address unreachable"
    done
  fi
  # For sockets that are bound to no address (DNS; in mode "one", all): the mark decides the route before the
  # source address is chosen. IPv4 takes no other values here.
  if { [ "$mode" = one ] || [ "$exit_dns" = outside ]; } && { [ "$1" = 6 ] || [ "$dscp" -le 7 ]; }; then
    if [ "$exit_dns" = inside ]; then
      rule "from all tos $tos iif lo ipproto 17 dport 53 lookup 254"
    fi
    rule "from all tos $tos iif lo lookup $table"
    rule "from all tos $tos iif lo unreachable"
  fi
  for account in $exit_dns_users; do
    for ipproto in 17 6; do
      rule "from all iif lo uidrange $account-$account ipproto $ipproto dport 53 lookup $table"
      rule "from all iif lo uidrange $account-$account ipproto $ipproto dport 53 unreachable"
    done
  done
  # For what the table has marked again as it left.
  rule "from all fwmark $value_exit/$mask iif lo lookup $table"
  rule "from all fwmark $value_exit/$mask iif lo unreachable"
  rule "from all fwmark $value_outer/$mask iif lo lookup $table"
  rule "from all fwmark $value_inner/$mask iif lo lookup $inner_table"
}

rule() {
  printf '%s %s\n' "$number" "$1"
  number=$((number + 1))
}

# The routes; one a line, in the words of `ip route`, the table first.
desired_routes() { # FAMILY
  gateway=$(of_family outer_gateway "$1")
  networks=$(of_family outer_networks "$1")
  address=$(of_family exit_addresses "$1" | head -n 1)
  if [ -n "$address" ]; then
    for network in $networks; do
      printf '%s %s dev %s src %s\n' "$table" "$network" "$outer" "$address"
    done
    if [ -z "$gateway" ]; then
      printf '%s default dev %s src %s\n' "$table" "$outer" "$address"
    else
      printf '%s default via %s dev %s src %s%s\n' "$table" "$gateway" "$outer" "$address" "${networks:+ onlink}"
    fi
  fi
  gateway=$(of_family inner_gateway "$1")
  [ -z "$gateway" ] || printf '%s default via %s dev %s\n' "$inner_table" "$gateway" "$inner"
}

# All rules, in the form of `desired_rules`, with " proto N" at the end where there is one.
live_rules() { # FAMILY
  ip -N -o "-$1" rule show | sed -e "s/^\([0-9]*\):$tab/\1 /" -e 's/ ipproto ipproto-/ ipproto /' \
    -e 's/ ipproto udp/ ipproto 17/' -e 's/ ipproto tcp/ ipproto 6/' -e 's/ 7 proto \([0-9]*\)/ unreachable proto \1/' \
    -e 's/ *$//'
}

our_rules() { live_rules "$1" | sed -n "s/ proto $protocol\$//p"; }

# Our routes, whatever table they are in, in the form of `desired_routes`.
our_routes() { # FAMILY
  ip -N -o "-$1" route show table all protocol "$protocol" | sed -e 's/^\(.*\) table \([0-9]*\)/\2 \1/' \
    -e 's/ pref [a-z0-9]*//' -e 's/ metric 1024//' -e 's/ scope [a-z0-9]*//' -e 's/ linkdown//' -e 's/ *$//'
}

# Other people's routes in our tables.
foreign_routes() { # FAMILY
  for number in "$table" "$inner_table"; do
    # A table that never had a route does not exist, which is an error to `ip`.
    { ip -N -o "-$1" route show table "$number" 2>/dev/null || true; } | sed -e "/ proto $protocol\( \|\$\)/d" -e "s/^/$number /" -e 's/ *$//'
  done
}

# The lines of the first text that the second lacks.
lacking() { # TEXT OTHER
  [ -n "$1" ] || return 0
  printf '%s\n' "$1" | grep -Fxv -e "${2:-(none)}" || true
}

# The families of addresses that the kernel knows.
families() {
  printf '4\n'
  ip -6 rule show >/dev/null 2>&1 && printf '6\n'
  return 0
}
