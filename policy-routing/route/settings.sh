# shellcheck shell=sh
# The settings: defaults, and what the configuration says instead. route/config.awk has checked every value
# before one of them gets here.
# shellcheck disable=SC2034,SC2154 # other parts use them, and set some

newline='
'

read_settings() { # FILE
  config=$1
  [ -e "$config" ] || fail 66 "there is no $config: copy route.conf.example there and edit it"
  [ -f "$config" ] || fail 66 "$config is not a file"
  [ -r "$config" ] || fail 77 "$config cannot be read: run as root"
  settings=$(weir_config=$config awk -f "$parts/config.awk" "$config") || exit 78

  dscp=7
  exit_dns=outside
  mark_on_wire=keep
  table=5700
  priority=17000
  mask=0x30000000
  # Lists are lines.
  exit_addresses4='' exit_addresses6='' outer_gateway4='' outer_gateway6='' inner_gateway4='' inner_gateway6=''
  outer_networks4='' outer_networks6='' tor_ports='' exit_dns_users='' exceptions=''
  while IFS=$tab read -r key line value rest; do
    case $key in
      mode) mode=$value ;;
      inner_interface) inner=$value ;;
      outer_interface) outer=$value ;;
      dscp) dscp=$value ;;
      exit_dns) exit_dns=$value ;;
      mark_on_wire) mark_on_wire=$value ;;
      table) table=$value ;;
      priority) priority=$value ;;
      fwmark_mask) mask=$value ;;
      exit_addresses4) exit_addresses4=$exit_addresses4${exit_addresses4:+$newline}$value ;;
      exit_addresses6) exit_addresses6=$exit_addresses6${exit_addresses6:+$newline}$value ;;
      outer_gateways4) outer_gateway4=$value ;;
      outer_gateways6) outer_gateway6=$value ;;
      inner_gateways4) inner_gateway4=$value ;;
      inner_gateways6) inner_gateway6=$value ;;
      outer_networks4) outer_networks4=$outer_networks4${outer_networks4:+$newline}$value ;;
      outer_networks6) outer_networks6=$outer_networks6${outer_networks6:+$newline}$value ;;
      tor_ports) tor_ports=$tor_ports${tor_ports:+$newline}$value ;;
      exit_dns_users)
        number=$(user_number "$value" "$config line $line") || exit 78
        exit_dns_users=$exit_dns_users${exit_dns_users:+$newline}$number
        ;;
      exception)
        rest=$(with_user_number "$rest" "$config line $line") || exit 78
        exceptions=$exceptions${exceptions:+$newline}$value$tab$rest
        ;;
    esac
  done <<SETTINGS
$settings
SETTINGS
  # The table after it is for the inner link.
  inner_table=$((table + 1))
  # What the two bits say: nothing, exit, arrived by the outer link, arrived by the inner one.
  bit=$((mask / 3))
  value_exit=$(printf '0x%x' $bit)
  value_outer=$(printf '0x%x' $((bit * 2)))
  value_inner=$(printf '0x%x' $((bit * 3)))
  others=$(printf '0x%x' $((~mask & 0xffffffff)))
  # As in a packet: the upper six bits of the byte.
  tos=$(printf '0x%02x' $((dscp * 4)))
}

# The value of `NAME4` or `NAME6`.
of_family() { # NAME FAMILY
  eval "printf '%s\\n' \"\$$1$2\""
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

# Puts the number of an account in the place of "@name@": nft would look it up too, but with a worse message.
with_user_number() { # RULE PLACE
  case $1 in
    *@*@*)
      account=${1#*@}
      account=${account%%@*}
      number=$(user_number "$account" "$2") || return 78
      printf '%s%s%s\n' "${1%%@*}" "$number" "${1##*@}"
      ;;
    *) printf '%s\n' "$1" ;;
  esac
}
