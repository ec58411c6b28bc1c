# shellcheck shell=sh
# `check`: compares what is with what should be, and says line by line what is wrong and what to do.
# shellcheck disable=SC2034,SC2154 # the other parts set them; sampleN is read by eval

# Addresses to ask the kernel's routing about; nothing is sent there.
sample4=8.8.8.8
sample6=2001:4860:4860::8888

# Findings go to a file, as parts of the check run in subshells: STATUS, what is checked, and the message.
found() { printf '%s\t%s\t%s\n' "$1" "$2" "$3" >>"$findings"; }
good() { found ok "$1" "$2"; }
doubtful() { found warn "$1" "$2"; }
wrong() { found fail "$1" "$2"; }

check_command() {
  require_root
  families=$(families)
  findings=$(mktemp) || fail 73 "cannot make a temporary file"
  trap 'rm -f "$findings"' EXIT
  look_at_host
  look_at_links
  look_at_table
  for family in $families; do
    look_at_rules "$family"
    look_at_routes "$family"
    look_at_ways "$family"
  done
  look_at_others
  look_at_kernel_settings
  look_at_counters
  if [ "$json" = yes ]; then print_findings_json; else print_findings; fi
  ! grep -q '^fail' "$findings" || exit 1
}

print_findings() {
  while IFS=$tab read -r status what message; do
    printf '%-5s %s: %s\n' "$status" "$what" "$message"
  done <"$findings"
}

print_findings_json() {
  sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' "$findings" | awk -F '\t' -v version="$version" '
    { lines = lines (NR > 1 ? "," : "") "\n    {\"status\": \"" $1 "\", \"check\": \"" $2 "\", \"message\": \"" $3 "\"}" }
    $1 == "fail" { failed = 1 }
    END {
      print "{\n  \"version\": \"" version "\",\n  \"passed\": " (failed ? "false" : "true") ","
      print "  \"findings\": [" lines "\n  ],"
    }'
  printf '  "counters": {'
  if has_table; then
    read_counters | awk '{ printf "%s\n    \"%s\": {\"packets\": %s, \"bytes\": %s}", (NR > 1 ? "," : ""), $1, $2, $3 } END { print "" }'
  fi
  printf '  }\n}\n'
}

look_at_links() {
  for role in inner outer; do
    link=$inner
    [ $role = inner ] || link=$outer
    if ! has_link "$link"; then
      wrong links "there is no interface $link: correct ${role}_interface ($(place_of ${role}_interface)) or add it"
    elif ! is_up "$link"; then
      wrong links "the $role link $link is down: set it up, then run 'weir-route apply'"
    elif ! has_carrier "$link"; then
      wrong links "the $role link $link has no carrier: see to its cable or its other end"
    else
      good links "the $role link $link is up"
    fi
  done
  for family in $families; do
    for address in $(of_family exit_addresses "$family"); do
      if has_address "$family" "$address"; then
        good addresses "the host has the exit address $address"
      else
        reason="add it to the interface, or correct exit_addresses ($(place_of "exit_addresses$family"))"
        if [ "$family" = 6 ] && [ "$(cat "/proc/sys/net/ipv6/conf/$outer/disable_ipv6" 2>/dev/null)" = 1 ]; then
          reason="IPv6 is disabled on $outer (sysctl net.ipv6.conf.$outer.disable_ipv6)"
        fi
        wrong addresses "the host does not have the exit address $address: $reason"
      fi
    done
  done
}

look_at_table() {
  if ! has_table; then
    wrong table "the nftables table '$nft_table' is gone, and with it the guard: somebody flushed the ruleset, or apply was never run: run 'weir-route apply'"
    return
  fi
  # What `apply` wrote down; both lines are checksums.
  {
    read -r rules_then || true
    read -r settings_then || true
  } 2>/dev/null <"$state_folder/fingerprint" || true
  if [ -z "${rules_then:-}" ]; then
    doubtful table "it is not known which rules were applied, as $state_folder/fingerprint is missing: run 'weir-route apply'"
  elif [ "$rules_then" != "$(fingerprint)" ]; then
    wrong table "the rules in the table '$nft_table' are not those that were applied: run 'weir-route apply'"
  elif [ "$settings_then" != "$(settings_fingerprint)" ]; then
    wrong table "$config has changed since the rules were applied: run 'weir-route apply'"
  else
    good table "the nftables table '$nft_table' is as it was applied"
  fi
  if [ -f "$state_folder/pending" ]; then
    doubtful table "the rules go back to what was before unless you run 'weir-route confirm'"
  fi
}

look_at_rules() { # FAMILY
  wanted=$(desired_rules "$1")
  live=$(our_rules "$1")
  if [ "$wanted" = "$live" ]; then
    good rules "all $(printf '%s\n' "$wanted" | wc -l) IPv$1 rules are there"
  fi
  lacking "$wanted" "$live" | while read -r rule; do
    wrong rules "the IPv$1 rule '$rule' is missing: run 'weir-route apply'"
  done
  lacking "$live" "$wanted" | while read -r rule; do
    wrong rules "the IPv$1 rule '$rule' is not wanted any more: run 'weir-route apply'"
  done
  # The kernel's own rule 0 leads to the host's own addresses.
  foreign_rules "$1" | while read -r number rule; do
    if [ "$number" -gt 0 ] && [ "$number" -lt "$priority" ]; then
      doubtful rules "the IPv$1 rule '$number: $rule' is somebody else's and comes before ours: if it can catch exit packets, lower 'priority' ($(place_of priority))"
    fi
  done
}

look_at_routes() { # FAMILY
  wanted=$(desired_routes "$1")
  live=$(our_routes "$1")
  lacking "$wanted" "$live" | while read -r number route; do
    waits=$(reason_to_wait "$1" "$number $route")
    if [ -n "$waits" ]; then
      wrong routes "the IPv$1 route '$route' in table $number has to wait, as $waits: when that is mended, run 'weir-route apply'"
    else
      wrong routes "the IPv$1 route '$route' in table $number is missing: run 'weir-route apply'"
    fi
  done
  lacking "$live" "$wanted" | while read -r number route; do
    wrong routes "the IPv$1 route '$route' in table $number is not wanted: run 'weir-route apply'"
  done
  if [ -n "$wanted" ] && [ "$wanted" = "$live" ]; then
    good routes "the IPv$1 routes are there"
  fi
}

# Asks the kernel by which link packets of each class would go.
look_at_ways() { # FAMILY
  if [ -z "$(of_family exit_addresses "$1")" ]; then
    expect_way "$1" "exit packets" none mark "$value_exit"
  elif [ "$mode" = own ]; then
    for address in $(of_family exit_addresses "$1"); do
      expect_way "$1" "packets from the exit address $address" "$outer" from "$address"
    done
  else
    expect_way "$1" "exit packets" "$outer" mark "$value_exit"
    if [ "$1" = 6 ] || [ "$dscp" -le 7 ]; then
      expect_way "$1" "exit packets before they have a source" "$outer" tos "$tos"
    fi
  fi
  if [ -n "$(of_family exit_addresses "$1")" ]; then
    if [ "$exit_dns" = outside ] && { [ "$1" = 6 ] || [ "$dscp" -le 7 ]; }; then
      expect_way "$1" "tor's DNS queries" "$outer" tos "$tos" ipproto 17 dport 53
    fi
    for account in $exit_dns_users; do
      expect_way "$1" "DNS queries of account $account" "$outer" uid "$account" ipproto 17 dport 53
    done
    expect_way "$1" "answers to who came in by $outer" "$outer" mark "$value_outer"
  fi
  if [ -n "$(of_family inner_gateway "$1")" ]; then
    expect_way "$1" "answers to who came in by $inner" "$inner" mark "$value_inner"
  fi
  expect_way "$1" "all other packets" "not $outer"
}

expect_way() { # FAMILY WHAT LINK OPTIONS…
  way_family=$1
  what=$2
  expected=$3
  shift 3
  # "unreachable" is an error to `ip`, and so is no route at all.
  answer=$(ip -o "-$way_family" route get "$(eval "printf '%s' \"\$sample$way_family\"")" "$@" 2>/dev/null) || answer=
  link=
  case $answer in
    unreachable* | blackhole* | prohibit*) ;;
    *" dev "*)
      link=${answer#* dev }
      link=${link%% *}
      ;;
  esac
  case $expected in
    none)
      if [ -z "$link" ]; then good ways "IPv$way_family $what are unreachable, as there is no IPv$way_family exit address"
      else wrong ways "IPv$way_family $what would leave by $link, and ought to be unreachable: run 'weir-route apply'"; fi
      ;;
    not*)
      if [ "$link" = "$outer" ]; then wrong ways "IPv$way_family: $what would leave by $outer, and be dropped there: correct the host's default route"
      elif [ -n "$link" ]; then good ways "IPv$way_family: $what leave by $link"
      else doubtful ways "IPv$way_family: $what have no route: if the host is to have IPv$way_family, add a default route by $inner"; fi
      ;;
    "$link") good ways "IPv$way_family: $what leave by $link" ;;
    *)
      if [ -n "$link" ]; then wrong ways "IPv$way_family: $what would leave by $link and not by $expected: run 'weir-route apply'; if that does not help, a rule of somebody else's comes first"
      else wrong ways "IPv$way_family: $what are unreachable: nothing leaks, but nothing gets out: see the links, routes and rules above"; fi
      ;;
  esac
}

# Other people's rules where ours are, or using our bits.
look_at_others() {
  before=$(wc -l <"$findings")
  for family in $families; do
    for check in check_gateway:outer check_gateway:inner check_default_route check_foreign_rules check_foreign_routes; do
      name=${check%%:*}
      argument=${check#"$name"}
      message=$("$name" "$family" "${argument#:}" 2>&1) || wrong others "${message#weir-route: }"
    done
  done
  for check in check_foreign_table check_foreign_marks; do
    message=$("$check" 2>&1) || wrong others "${message#weir-route: }"
  done
  if [ "$before" = "$(wc -l <"$findings")" ]; then
    good others "nobody else uses our priorities, tables or mark bits"
  fi
  foreign_mark_rules | cut -d ' ' -f 2- | sed -n '/\(ct\|meta\) mark set 0x[0-9a-f]*\( \|$\)/{/mark set 0x[0-9a-f]* [|^&]/!p}' | sort -u | while read -r line; do
    doubtful others "somebody else's nftables rule overwrites the whole mark, ours included: '$line': where it can meet exit packets, let it set its own bits alone"
  done
  if [ -e "$etc/systemd/system/sysinit.target.wants/nftables.service" ] && grep -qs '^[ 	]*flush ruleset' "$etc/nftables.conf" &&
    ! grep -rqs '^ReloadPropagatedFrom=.*nftables' "$etc/systemd/system" /usr/lib/systemd/system /lib/systemd/system --include='weir-route.service'; then
    doubtful others "$etc/nftables.conf flushes every table when nftables.service is reloaded, the guard included: weir-route(8) says how to have it put back"
  fi
  if [ -d "$run/systemd/netif/links" ]; then
    for key in ManageForeignRoutingPolicyRules ManageForeignRoutes; do
      grep -qis "^$key=\(no\|false\|0\|off\)" "$etc/systemd/networkd.conf" "$etc"/systemd/networkd.conf.d/*.conf ||
        doubtful others "systemd-networkd removes rules and routes that it does not know: set '$key=no' in $etc/systemd/networkd.conf.d/weir.conf"
    done
  fi
}

look_at_kernel_settings() {
  settings_folder=/proc/sys/net
  strict=0
  for name in all "$outer"; do
    value=$(cat "$settings_folder/ipv4/conf/$name/rp_filter" 2>/dev/null) || value=0
    # The kernel takes the larger of both.
    [ "$value" -le "$strict" ] || strict=$value
  done
  if [ "$strict" -eq 1 ] && [ -n "$exit_addresses4" ]; then
    if [ "$mode" = one ]; then
      wrong kernel "rp_filter is strict on $outer, so the kernel drops the answers to exit packets: set net.ipv4.conf.$outer.rp_filter=2"
    else
      doubtful kernel "rp_filter is strict on $outer: who reaches another address of the host by that link gets no answer: set net.ipv4.conf.$outer.rp_filter=2"
    fi
  else
    good kernel "rp_filter lets answers in by $outer"
  fi
  most=$(cat $settings_folder/netfilter/nf_conntrack_max 2>/dev/null) || most=
  now=$(cat $settings_folder/netfilter/nf_conntrack_count 2>/dev/null) || now=
  if [ -n "$most" ] && [ -n "$now" ]; then
    if [ $((now * 5)) -gt $((most * 4)) ]; then
      doubtful kernel "conntrack knows $now connections of at most $most: beyond that the kernel drops packets: raise net.netfilter.nf_conntrack_max"
    else
      good kernel "conntrack knows $now connections of at most $most"
    fi
  fi
}

look_at_counters() {
  has_table || return 0
  read_counters | while read -r class packets bytes; do
    figure="$class: $packets packets, $bytes bytes"
    if [ "$(verdict_of "$class")" = pass ] || [ "$packets" = 0 ]; then
      good guard "$figure"
    else
      doubtful guard "$figure dropped: $(meaning_of "$class")"
    fi
  done
}
