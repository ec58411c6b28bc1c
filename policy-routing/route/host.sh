# shellcheck shell=sh
# The host's links and addresses, as they are at one moment.
# shellcheck disable=SC2034,SC2154 # the other parts set and use them

look_at_host() {
  host_links=$(ip -o link show)
  host_addresses=$(ip -o address show)
}

# "NO-CARRIER,BROADCAST,UP"; false without such a link.
flags_of() { # LINK
  while read -r _ known flags _; do
    known=${known%:}
    if [ "${known%@*}" = "$1" ]; then
      flags=${flags#<}
      printf '%s\n' "${flags%>}"
      return 0
    fi
  done <<LINKS
$host_links
LINKS
  return 1
}

has_link() { flags_of "$1" >/dev/null; }

is_up() { case ",$(flags_of "$1")," in *,UP,*) ;; *) return 1 ;; esac; }

has_carrier() { case ",$(flags_of "$1")," in *,LOWER_UP,*) ;; *) return 1 ;; esac; }

has_address() { # FAMILY ADDRESS
  word=inet
  [ "$1" = 4 ] || word=inet6
  case $host_addresses in
    *" $word $2/"* | *" $word $2 "*) ;;
    *) return 1 ;;
  esac
}

# Whether the link has an address of the family that is good beyond the link.
link_has_address() { # FAMILY LINK
  word=inet
  [ "$1" = 4 ] || word=inet6
  while read -r _ known kind details; do
    [ "$known $kind" = "$2 $word" ] || continue
    case $details in *" scope global"*) return 0 ;; esac
  done <<ADDRESSES
$host_addresses
ADDRESSES
  return 1
}
