# shellcheck shell=sh
# What has to be true of the host before rules make sense: links, addresses, gateways; and nobody else's rules
# where ours go.
# shellcheck disable=SC2154 # the other parts set them

check_settings() {
  look_at_host
  for link in inner outer; do
    name=$(eval "printf '%s' \"\$$link\"")
    has_link "$name" || fail 78 "$(place_of ${link}_interface): there is no interface $name: 'ip link' lists those there are"
  done
  case $families in
    *6*) ;;
    *)
      for key in exit_addresses6 outer_gateways6 inner_gateways6 outer_networks6; do
        place=$(place_of $key)
        [ "$place" = "$config" ] || fail 78 "$place: this kernel has no IPv6: remove the IPv6 addresses"
      done
      ;;
  esac
  for family in $families; do
    [ "$(desired_rules "$family" | wc -l)" -le "$span" ] ||
      fail 78 "$config: more than $span rules would be needed: name fewer exit addresses and users"
  done
}

# The routes that the kernel would take as things are: those of a link that is down, or whose address is not
# there (yet), have to wait. Exit packets are unreachable until then.
possible_routes() { # FAMILY
  desired_routes "$1" | while read -r route; do
    waits=$(reason_to_wait "$1" "$route")
    if [ -z "$waits" ]; then
      printf '%s\n' "$route"
    fi
  done
}

reason_to_wait() { # FAMILY ROUTE
  link=${2#* dev }
  link=${link%% *}
  is_up "$link" || { printf 'the link %s is down\n' "$link"; return; }
  case $2 in
    *" src "*)
      source=${2#* src }
      source=${source%% *}
      has_address "$1" "$source" || { printf 'the host does not have the address %s\n' "$source"; return; }
      ;;
  esac
  case $2 in
    *" via "*)
      case $2 in *" onlink") return ;; esac
      gateway=${2#* via }
      gateway=${gateway%% *}
      link_has_address "$1" "$link" || case $gateway in
        fe80:*) ;;
        *) printf 'the link %s has no IPv%s address\n' "$link" "$1" ;;
      esac
      ;;
  esac
}

check_surroundings() {
  for family in $families; do
    check_gateway "$family" outer
    check_gateway "$family" inner
    check_default_route "$family"
    check_foreign_rules "$family"
    check_foreign_routes "$family"
    desired_routes "$family" | while read -r route; do
      waits=$(reason_to_wait "$family" "$route")
      [ -z "$waits" ] || say "warning: $waits: there is no route '${route#* }' until that changes and apply is run again"
    done
  done
  check_foreign_table
  check_foreign_marks
}

# With networks named, the gateway is taken to be on the link; else it must be in a network that is.
check_gateway() { # FAMILY inner|outer
  gateway=$(of_family "$2_gateway" "$1")
  link=$(eval "printf '%s' \"\$$2\"")
  [ -n "$gateway" ] || return 0
  if has_address "$1" "$gateway"; then
    fail 78 "$(place_of "$2_gateways$1"): the gateway $gateway is an address of this host: name the router's"
  fi
  case $gateway in fe80:*) return 0 ;; esac
  [ "$2" = inner ] || [ -z "$(of_family outer_networks "$1")" ] || return 0
  # Nothing can be said of a link that has no address yet.
  is_up "$link" && link_has_address "$1" "$link" || return 0
  ip -o "-$1" route show table main match "$gateway" dev "$link" | grep -v -e ' via ' -e '^default' | grep -q . ||
    fail 78 "$(place_of "$2_gateways$1"): the gateway $gateway is in no network of the link $link: correct it, or name its network in 'outer_networks'"
}

# With a default route by the outer link, everything but exit traffic would be dropped there by the guard.
check_default_route() { # FAMILY
  ip -o "-$1" route show table main default | awk -v outer="$outer" '
    {
      is_outer = metric = 0
      for (i = 1; i < NF; i++) {
        if ($i == "dev" && $(i + 1) == outer) is_outer = 1
        if ($i == "metric") metric = $(i + 1)
      }
      if (!(is_outer in best) || metric < best[is_outer]) best[is_outer] = metric
    }
    END { exit (1 in best) && (!(0 in best) || best[1] <= best[0]) }' ||
    fail 78 "$(place_of outer_interface): the host's IPv$1 default route leaves by the outer link $outer, so everything but exit traffic would be dropped: make it leave by $inner"
}

foreign_rules() { live_rules "$1" | grep -v " proto $protocol\$"; }

check_foreign_rules() { # FAMILY
  foreign_rules "$1" | while read -r number rule; do
    if [ "$number" -ge "$priority" ] && [ "$number" -lt $((priority + span)) ]; then
      fail 78 "$(place_of priority): the IPv$1 rule '$number: $rule' is somebody else's, where $priority to $((priority + span - 1)) are to be ours: choose another 'priority'"
    fi
    case " $rule " in
      *" lookup $table "* | *" lookup $inner_table "*)
        fail 78 "$(place_of table): the IPv$1 rule '$number: $rule' is somebody else's and uses table $table or $inner_table: choose another 'table'" ;;
    esac
    case $rule in
      *"fwmark "*)
        used=${rule#*fwmark }
        used=${used%% *}
        if uses_our_bits "$used"; then
          fail 78 "$(place_of fwmark_mask): the IPv$1 rule '$number: $rule' is somebody else's and uses bits of $mask: choose another 'fwmark_mask'"
        fi
        ;;
    esac
  done || exit 78
}

# VALUE/MASK, or VALUE alone for the whole mark: that only meets ours if the value has our bits.
uses_our_bits() {
  case $1 in
    */*) [ $((${1#*/} & mask)) -ne 0 ] ;;
    *) [ $(($1 & mask)) -ne 0 ] ;;
  esac
}

check_foreign_routes() { # FAMILY
  foreign=$(foreign_routes "$1" | head -n 1)
  [ -z "$foreign" ] ||
    fail 78 "$(place_of table): table ${foreign%% *} has the route '${foreign#* }' of somebody else: choose another 'table'"
}

check_foreign_table() {
  has_table || return 0
  nft list table "$nft_table" | grep -q 'comment "weir-route, layout ' ||
    fail 78 "there is an nftables table '$nft_table' that is not from weir-route: rename it"
}

# Looks in other people's rules for numbers that set or read our bits of the packet's or the connection's mark.
check_foreign_marks() {
  foreign_mark_rules | while read -r number line; do
    if [ $((number & mask)) -ne 0 ]; then
      fail 78 "$(place_of fwmark_mask): somebody else's nftables rule uses bits of $mask: '$line': choose another 'fwmark_mask'"
    fi
  done || exit 78
}

# The number and the rule: what a mark is set to, compared with, or masked with before it is compared.
foreign_mark_rules() {
  nft list ruleset 2>/dev/null | awk -v ours="table $nft_table {" '
    /^table / { skip = $0 == ours }
    skip || !/mark/ { next }
    {
      line = $0
      sub(/^[ \t]+/, "", line)
      rest = line
      while (match(rest, /mark (set |and |& |!= |== |or |\| )?((meta |ct )?mark (and |& |or |\| |xor |\^ ))?0x[0-9a-f]+( (\||or|==|!=) 0x[0-9a-f]+)?/)) {
        found = substr(rest, RSTART, RLENGTH)
        rest = substr(rest, RSTART + RLENGTH)
        last = found
        sub(/.* /, "", last)
        print last, line
        # A mask is only read where a comparison follows: else it says which bits are left alone.
        if (found ~ /(==|!=) 0x[0-9a-f]+$/ && match(found, /(&|and) 0x[0-9a-f]+/)) {
          first = substr(found, RSTART, RLENGTH)
          sub(/.* /, "", first)
          print first, line
        }
      }
    }'
}
