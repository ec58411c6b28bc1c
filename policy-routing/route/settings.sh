# shellcheck shell=sh
# The settings: defaults, and what the configuration says instead. route/config.awk has checked every value
# before one of them gets here.
# shellcheck disable=SC2034,SC2154 # other parts use them, and set some

# The file that the settings come from, and the line of each (`line_of KEY`).
read_settings() { # FILE
  config=$1
  [ -e "$config" ] || fail 66 "there is no $config: copy route.conf.example there and edit it"
  [ -f "$config" ] || fail 66 "$config is not a file"
  [ -r "$config" ] || fail 77 "$config cannot be read: run as root"
  settings=$(weir_config=$config awk -f "$parts/config.awk" "$config") || exit 78

  mode=$(setting mode)
  inner=$(setting inner_interface)
  outer=$(setting outer_interface)
  dscp=$(setting dscp 7)
  exit_dns=$(setting exit_dns outside)
  mark_on_wire=$(setting mark_on_wire keep)
  # The routing table, and the one after it for the inner link.
  table=$(setting table 5700)
  inner_table=$((table + 1))
  priority=$(setting priority 17000)
  mask=$(setting fwmark_mask 0x30000000)
  # What the two bits say: nothing, exit, arrived by the outer link, arrived by the inner one.
  bit=$((mask / 3))
  value_exit=$(printf '0x%x' $bit)
  value_outer=$(printf '0x%x' $((bit * 2)))
  value_inner=$(printf '0x%x' $((bit * 3)))
  others=$(printf '0x%x' $((~mask & 0xffffffff)))
  exit_addresses4=$(setting exit_addresses4)
  exit_addresses6=$(setting exit_addresses6)
  outer_gateway4=$(setting outer_gateways4)
  outer_gateway6=$(setting outer_gateways6)
  inner_gateway4=$(setting inner_gateways4)
  inner_gateway6=$(setting inner_gateways6)
  outer_networks4=$(setting outer_networks4)
  outer_networks6=$(setting outer_networks6)
  tor_ports=$(setting tor_ports)
  exit_dns_users=$(user_numbers exit_dns_users) || exit 78
  exceptions=$(printf '%s\n' "$settings" | sed -n "s/^exception$tab\([0-9]*\)$tab//p")
  resolve_exceptions
  # As in a packet: the upper six bits of the byte.
  tos=$(printf '0x%02x' $((dscp * 4)))
}

# Every value of a key, one a line; or the default.
setting() { # KEY [DEFAULT]
  values=$(printf '%s\n' "$settings" | sed -n "s/^$1${tab}[0-9]*$tab//p")
  printf '%s\n' "${values:-${2:-}}"
}

# The value of `NAME4` or `NAME6`.
of_family() { # NAME FAMILY
  eval "printf '%s\n' \"\$$1$2\""
}

# "FILE line N", for messages.
place_of() { # KEY
  found=$(printf '%s\n' "$settings" | sed -n "s/^$1${tab}\([0-9]*\)$tab.*/\1/p" | head -n 1)
  printf '%s%s\n' "$config" "${found:+ line $found}"
}

user_number() { # NAME PLACE
  case $1 in
    *[!0-9]*) id -u -- "$1" 2>/dev/null || fail 78 "$2: there is no account '$1': correct the name" ;;
    *) printf '%s\n' "$1" ;;
  esac
}

user_numbers() { # KEY
  for account in $(setting "$1"); do
    user_number "$account" "$(place_of "$1")" || return 78
  done
}

# Puts the number of an account in the place of "@name@": nft would look it up too, but with a worse message.
resolve_exceptions() {
  while :; do
    account=$(printf '%s\n' "$exceptions" | sed -n 's/.*skuid @\([^@]*\)@.*/\1/p' | head -n 1)
    [ -n "$account" ] || break
    number=$(user_number "$account" "$config") || exit 78
    exceptions=$(printf '%s\n' "$exceptions" | sed "s/skuid @$account@/skuid $number/")
  done
}
