# shellcheck shell=sh
# Makes the kernel's state what it should be, or what it was; in such an order that at no moment a packet can
# take the wrong link: first the guard, then new routes, new rules, and only then what is no longer wanted.
# shellcheck disable=SC2034,SC2154 # the other parts set them

has_table() { nft list tables inet 2>/dev/null | grep -qx "table $nft_table"; }

stale_counters() {
  wanted="$counters $(printf '%s\n' "$exceptions" | sed -n "s/^\([^$tab]\{1,\}\)$tab.*/exception_\1/p")"
  for counter in $(nft list counters table "$nft_table" | sed -n "s/^${tab}counter \([a-z0-9_]*\) {.*/\1/p"); do
    # shellcheck disable=SC2086 # a list of words
    printf '%s\n' $wanted | grep -qx "$counter" || printf '%s\n' "$counter"
  done
}

# The whole transaction. A table of another layout goes in the same one.
print_transaction() {
  if ! has_table; then
    print_ruleset ""
  elif nft list table "$nft_table" | grep -qF "comment \"weir-route, layout $layout\""; then
    print_ruleset "$(stale_counters)"
  else
    printf 'delete table %s\n' "$nft_table"
    print_ruleset ""
  fi
}

# The commands that change something, in the words in which `print` shows them.
plan_routes() { # FAMILY WANTED
  lacking "$2" "$(our_routes "$1")" | while read -r number route; do
    printf 'ip -%s route replace %s table %s protocol %s\n' "$1" "$route" "$number" "$protocol"
  done
}

plan_rules() { # FAMILY WANTED
  live=$(our_rules "$1")
  lacking "$2" "$live" | while read -r number rule; do
    printf 'ip -%s rule add priority %s %s protocol %s\n' "$1" "$number" "$rule" "$protocol"
  done
  lacking "$live" "$2" | while read -r number rule; do
    printf 'ip -%s rule delete priority %s %s protocol %s\n' "$1" "$number" "$rule" "$protocol"
  done
}

plan_old_routes() { # FAMILY WANTED
  lacking "$(our_routes "$1")" "$2" | while read -r number route; do
    printf 'ip -%s route delete %s table %s protocol %s\n' "$1" "$route" "$number" "$protocol"
  done
}

# Runs planned commands. The words come from checked settings and from `ip` itself. Stops at the first that
# fails, unless `keep_going` says to do what can be done.
run_plan() {
  plan_status=0
  # shellcheck disable=SC2086 # a list of words
  while read -r command; do
    [ -n "$command" ] || continue
    $command </dev/null 9>&- && continue
    say "failed: $command"
    plan_status=1
    [ "$keep_going" = yes ] || break
  done <<PLAN
$1
PLAN
  return $plan_status
}

set_routes() { run_plan "$(plan_routes "$1" "$2")"; }
set_rules() { run_plan "$(plan_rules "$1" "$2")"; }
remove_routes() { run_plan "$(plan_old_routes "$1" "$2")"; }

print_command() {
  families=$(families)
  check_settings
  printf '# What "weir-route apply" would do now, with %s. Lines to change what is as wanted already are left out.\n' "$config"
  printf "nft -f - <<'END'\n"
  print_transaction
  printf 'END\n'
  for family in $families; do
    plan_routes "$family" "$(possible_routes "$family")"
    plan_rules "$family" "$(desired_rules "$family")"
    plan_old_routes "$family" "$(possible_routes "$family")"
  done
}

apply_command() {
  require_root
  families=$(families)
  open_state
  if [ "$mend" = yes ] && [ ! -e "$state_folder/fingerprint" ]; then
    say "nothing to mend: the rules are not applied"
    return
  fi
  check_settings
  check_surroundings
  transaction=$(print_transaction)
  token=$$.$(date +%s)
  take_snapshot "$state_folder/before.$token"
  # From here on, no signal but KILL ends this run half-way; after KILL the next run mends it.
  trap '' HUP INT TERM PIPE QUIT
  if [ -n "$confirm_seconds" ]; then begin_confirmation; fi
  if ! apply_steps; then
    say "going back to the state before"
    restore_snapshot "$state_folder/before.$token" || say "not everything could be put back: run 'weir-route remove'"
    if [ -n "$confirm_seconds" ]; then rm -f "$state_folder/pending"; fi
    rm -rf "$state_folder/before.$token"
    fail 1 "nothing was applied"
  fi
  write_fingerprint
  if [ "$mend" = yes ]; then
    rm -rf "$state_folder/before.$token"
  elif [ -n "$confirm_seconds" ]; then
    say "applied; goes back to the state before in $confirm_seconds s unless 'weir-route confirm' is run"
  else
    rm -f "$state_folder/pending"
    rm -rf "$state_folder"/before.*
  fi
}

# The rules as nft lists them, without the counters' values: what `check` compares.
fingerprint() { nft -s list table "$nft_table" | cksum; }

# That of the rules that the settings ask for; without what depends on an earlier state.
settings_fingerprint() { print_objects | cksum; }

write_fingerprint() {
  { fingerprint && printf '%s\n' "$transaction" | grep -v '^delete' | cksum; } >"$state_folder/fingerprint"
}

apply_steps() {
  printf '%s\n' "$transaction" | nft -f - 9>&- || { say "nft did not take the rules"; return 1; }
  for family in $families; do
    routes=$(possible_routes "$family")
    set_routes "$family" "$routes" || return 1
    set_rules "$family" "$(desired_rules "$family")" || return 1
    remove_routes "$family" "$routes" || return 1
  done
}

remove_command() {
  require_root
  families=$(families)
  open_state
  check_foreign_table
  trap '' HUP INT TERM PIPE QUIT
  rm -f "$state_folder/pending"
  keep_going=yes
  status=0
  for family in $families; do
    set_rules "$family" "" || status=1
    remove_routes "$family" "" || status=1
  done
  if has_table; then
    nft delete table "$nft_table" 9>&- || status=1
  fi
  rm -rf "$state_folder"/before.* "$state_folder/fingerprint"
  [ $status -eq 0 ] || fail 1 "not everything could be removed (see above)"
}
