# shellcheck shell=sh
# `check --digest`: what can be published of the rules that are in force, in the form of sha256sum, which checks
# the files; what is in no file is in comments.
# shellcheck disable=SC2154 # the other parts set them

digest_command() {
  require_root
  families=$(families)
  has_table || fail 69 "the nftables table '$nft_table' is gone, or apply was never run: run 'weir-route apply'"
  rules=$(digest_of nft -s list table "$nft_table") || fail 1 "nft cannot list the table '$nft_table'"
  routing=$(digest_of print_routing)
  files=$(sha256sum -- "$program" "$parts"/*.sh "$parts"/*.awk "$config") || fail 1 "not every file could be read (see above)"
  if [ "$json" = yes ]; then
    printf '%s\n' "$files" | sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' | awk -v version="$version" '
      { lines = lines (NR > 1 ? "," : "") "\n    {\"path\": \"" substr($0, 67) "\", \"sha256\": \"" $1 "\"}" }
      END { print "{\n  \"program\": \"weir-route\",\n  \"version\": \"" version "\",\n  \"files\": [" lines "\n  ]," }'
    printf '  "parts": [\n    {"name": "rules", "sha256": "%s"},\n    {"name": "routing", "sha256": "%s"}\n  ]\n}\n' "$rules" "$routing"
    return
  fi
  printf '# weir-route %s\n%s\n# rules %s\n# routing %s\n' "$version" "$files" "$rules" "$routing"
}

# Our rules of `ip rule` and the routes of our tables, of both families.
print_routing() {
  for family in $families; do
    our_rules "$family" | sed "s/^/IPv$family rule /"
    our_routes "$family" | sed "s/^/IPv$family route /"
  done
}

digest_of() { # COMMAND…
  output=$("$@") || return
  printf '%s\n' "$output" | sha256sum | cut -d ' ' -f 1
}
