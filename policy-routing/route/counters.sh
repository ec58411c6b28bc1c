# shellcheck shell=sh
# The guard's counters: by class, for `check` and as a Prometheus textfile.
# shellcheck disable=SC2154 # the other parts set them

# "NAME PACKETS BYTES", one a line.
read_counters() {
  nft list counters table "$nft_table" | awk '
    $1 == "counter" { name = $2 }
    $1 == "packets" { print name, $2, $4 }'
}

# Whether the guard lets packets of a class go, or drops them.
verdict_of() { # CLASS
  case $1 in
    *_passed | exception_*) printf 'pass\n' ;;
    *) printf 'drop\n' ;;
  esac
}

# What it means that packets of a class were dropped, and what to do.
meaning_of() { # CLASS
  case $1 in
    exit_elsewhere) printf 'exit packets were about to leave by another link than %s: see whether the rules and routes above are whole' "$outer" ;;
    exit_address_elsewhere) printf 'unmarked packets from an exit address were about to leave by another link than %s: see whether the rules above are whole, and that tor alone uses the address' "$outer" ;;
    exit_wrong_source) printf 'exit packets had a source that is not in exit_addresses: compare it with OutboundBindAddressExit in torrc' ;;
    exit_unmarked) printf 'connections from an exit address had no mark: see with weir-mark(8) whether tor runs with its library' ;;
    tor_on_outer) printf 'packets from a port of tor were about to leave by the outer link: somebody reaches that port there; let tor listen on its relay address alone' ;;
    stray_answer) printf 'answers to packets that belong to no known connection: harmless, unless they become many' ;;
    other_on_outer) printf 'packets of other programs were about to leave by the outer link: correct the route that sends them there, or name an exception' ;;
  esac
}

metrics_command() {
  require_root
  if [ -n "$output_file" ]; then
    # A reader sees the old file or the whole new one.
    temporary=$(mktemp "$output_file.XXXXXX" 2>/dev/null) || fail 73 "cannot make a file beside $output_file"
    trap 'rm -f "$temporary"' EXIT
    print_metrics >"$temporary"
    chmod 0644 "$temporary"
    mv -f "$temporary" "$output_file" || fail 73 "cannot replace $output_file"
  else
    print_metrics
  fi
}

print_metrics() {
  applied=0
  if has_table; then applied=1; fi
  cat <<TEXT
# HELP weir_route_applied Whether the guard's nftables table is there.
# TYPE weir_route_applied gauge
weir_route_applied $applied
TEXT
  [ $applied -eq 1 ] || return 0
  # The same moment for both families of figures.
  figures=$(read_counters)
  for unit in packets bytes; do
    printf '# HELP weir_route_guard_%s_total What the guard saw about to leave, by class: exit traffic on its way, answers, and what it dropped.\n' $unit
    printf '# TYPE weir_route_guard_%s_total counter\n' $unit
    printf '%s\n' "$figures" | while read -r class packets bytes; do
      value=$packets
      [ $unit = packets ] || value=$bytes
      printf 'weir_route_guard_%s_total{class="%s",verdict="%s"} %s\n' $unit "$class" "$(verdict_of "$class")" "$value"
    done
  done
}
