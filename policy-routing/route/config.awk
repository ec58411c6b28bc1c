# Reads route.conf and prints what it says, one line a setting: key, line number, value, with tabs between.
# Values come out in the one form in which the kernel's tools print them, so that they can be compared, and
# nothing but letters, digits and ".:/_-@%" is left in them. Whatever is wrong goes to standard error with
# its line; the exit code is then 78.

BEGIN {
  single["mode"]; single["inner_interface"]; single["outer_interface"]; single["dscp"]
  single["exit_dns"]; single["mark_on_wire"]; single["table"]; single["priority"]; single["fwmark_mask"]
  list["exit_addresses"]; list["outer_gateways"]; list["inner_gateways"]; list["outer_networks"]
  list["tor_ports"]; list["exit_dns_users"]
  needed = "mode inner_interface outer_interface exit_addresses tor_ports"
  bad = 0
}

{ sub(/\r$/, "") }
/^[ \t]*(#|$)/ { next }

{
  text = $0
  if (text ~ /[^\t -~]/) { wrong(FNR, "a character that is not printable ASCII: write it without"); next }
  equals = index(text, "=")
  if (!equals) { wrong(FNR, "no setting: write 'key = value', or '#' before a comment"); next }
  key = trim(substr(text, 1, equals - 1))
  value = substr(text, equals + 1)
  sub(/[ \t]#.*$/, "", value)
  value = trim(value)
  if (!(key in single) && !(key in list) && key !~ /^exception\./) {
    wrong(FNR, "there is no setting '" key "': weir-route(8) lists them")
    next
  }
  if (key in seen) {
    wrong(FNR, "'" key "' is set in line " seen[key] " already: keep one of them")
    next
  }
  seen[key] = FNR
  if (value == "") { wrong(FNR, "'" key "' has no value: give one, or remove the line"); next }
  count = split(value, word, /[ \t]+/)
  if (key in single && count != 1) { wrong(FNR, "'" key "' takes one value, not " count); next }
  if (key ~ /^exception\./) exception(FNR, key, count)
  else if (key in list) items(FNR, key, count)
  else one(FNR, key, word[1])
}

END {
  if (NR == 0 && !bad) wrong(0, "the file is empty: route.conf.example shows what belongs there")
  else {
    number = split(needed, name, " ")
    for (i = 1; i <= number; i++)
      if (!(name[i] in seen)) wrong(0, "'" name[i] "' is missing: route.conf.example explains it")
  }
  if (("inner_interface" in is) && is["inner_interface"] == is["outer_interface"])
    wrong(seen["outer_interface"], "the inner and the outer interface are the same: two links are needed")
  if (is["mode"] == "own" && is["exit_dns"] != "inside" && is["dscp"] + 0 > 7 && !("exit_dns_users" in seen))
    wrong(seen["dscp"], "IPv4 rules cannot select a dscp above 7, so DNS queries would not get the exit" \
      " address: name tor's account in 'exit_dns_users', or set 'exit_dns = inside'")
  if (is["exit_dns"] == "inside" && ("exit_dns_users" in seen))
    wrong(seen["exit_dns_users"], "'exit_dns_users' says whose queries go outside, and 'exit_dns = inside'" \
      " that none do: remove one of them")
  exit bad ? 78 : 0
}

function one(line, key, value) {
  if (key == "mode") choice(line, key, value, "own one")
  else if (key == "exit_dns") choice(line, key, value, "outside inside")
  else if (key == "mark_on_wire") choice(line, key, value, "keep clear")
  else if (key == "inner_interface" || key == "outer_interface") {
    if (value !~ /^[A-Za-z0-9][A-Za-z0-9._@-]*$/ || length(value) > 15 || value == "lo" || value == "all" \
        || value == "default")
      wrong(line, "'" value "' is not the name of a network interface: 'ip link' lists them")
    else put(line, key, value)
  } else if (key == "dscp") whole(line, key, value, 1, 63)
  else if (key == "table") {
    # 253 to 255 are the kernel's, and one more table follows for the inner link.
    if (value ~ /^[0-9]+$/ && value >= 252 && value <= 255)
      wrong(line, "tables 253 to 255 are the kernel's: take another number")
    else whole(line, key, value, 1, 2147483646)
  } else if (key == "priority") whole(line, key, value, 1, 32700)
  else if (key == "fwmark_mask") mask(line, value)
}

function items(line, key, count,   i, address, used) {
  for (i = 1; i <= count; i++) {
    if (word[i] in used) { wrong(line, "'" word[i] "' is named twice"); continue }
    used[word[i]]
    if (key == "tor_ports") {
      if (!whole(line, key, word[i], 1, 65535)) continue
    } else if (key == "exit_dns_users") {
      user(line, key, word[i])
    } else if (key == "outer_networks") {
      address = prefix(line, word[i])
      if (address != "") put(line, key family, address)
    } else {
      address = host(line, word[i])
      if (address == "") continue
      if (key ~ /gateways$/ && has[key family]++)
        wrong(line, "two gateways for IPv" family ": name one for each family")
      else put(line, key family, address)
    }
  }
}

# exception.NAME = destination PREFIX port tcp/123 source_port udp/5 protocol icmp user NAME
function exception(line, key, count,   name, i, what, value, rule, given, ports) {
  name = substr(key, 11)
  if (name !~ /^[a-z][a-z0-9_]*$/ || length(name) > 32) {
    wrong(line, "'" name "' is no name for an exception: use up to 32 of a-z, 0-9 and _, a letter first")
    return
  }
  if (count % 2) { wrong(line, "'" key "' takes pairs of a condition and its value"); return }
  rule = ""
  for (i = 1; i < count; i += 2) {
    what = word[i]
    value = word[i + 1]
    if (what in given) { wrong(line, "'" what "' occurs twice in one exception"); return }
    given[what]
    if (what == "destination") {
      value = prefix(line, value)
      if (value == "") return
      rule = rule " " (family == 4 ? "ip" : "ip6") " daddr " value
    } else if (what == "port" || what == "source_port") {
      if (value !~ /^(tcp|udp)\/[0-9]+$/ || substr(value, 5) + 0 < 1 || substr(value, 5) + 0 > 65535) {
        wrong(line, "'" value "' is no port: write tcp/123 or udp/123")
        return
      }
      if (ports != "" && ports != substr(value, 1, 3)) {
        wrong(line, "'port' and 'source_port' name different protocols: nothing matches both")
        return
      }
      ports = substr(value, 1, 3)
      rule = rule " " ports (what == "port" ? " dport " : " sport ") (substr(value, 5) + 0)
    } else if (what == "protocol") {
      if (value !~ /^(icmp|icmpv6|tcp|udp|sctp|gre|esp|ah|ospf|vrrp)$/) {
        wrong(line, "'" value "' is no protocol that is known here: icmp, icmpv6, tcp, udp, sctp, gre, esp," \
          " ah, ospf or vrrp")
        return
      }
      if (value == "ospf") value = 89
      if (value == "vrrp") value = 112
      rule = rule " meta l4proto " value
    } else if (what == "user") {
      if (value !~ /^[a-z_0-9][a-z0-9_.-]*\$?$/ || length(value) > 32) {
        wrong(line, "'" value "' is not the name of an account")
        return
      }
      rule = rule " meta skuid @" value "@"
    } else {
      wrong(line, "there is no condition '" what "': use destination, port, source_port, protocol or user")
      return
    }
  }
  print "exception" "\t" line "\t" name "\t" substr(rule, 2)
}

function user(line, key, value) {
  if (value !~ /^[a-z_0-9][a-z0-9_.-]*\$?$/ || length(value) > 32)
    wrong(line, "'" value "' is not the name of an account")
  else put(line, key, value)
}

function choice(line, key, value, values,   allowed, number, i) {
  number = split(values, allowed, " ")
  for (i = 1; i <= number; i++) if (value == allowed[i]) { put(line, key, value); return }
  wrong(line, "'" key "' is '" value "': it must be '" allowed[1] "' or '" allowed[2] "'")
}

function whole(line, key, value, least, most) {
  if (value !~ /^[0-9]+$/ || length(value) > 10 || value + 0 < least || value + 0 > most) {
    wrong(line, "'" key "' is '" value "': it must be a whole number from " least " to " most)
    return 0
  }
  put(line, key, sprintf("%d", value + 0))
  return 1
}

# Two neighbouring bits: a field of the values 1 to 3, and 0 for nothing of ours.
function mask(line, value,   digits, i, shift) {
  digits = tolower(value)
  sub(/^0x0*/, "", digits)
  if (value ~ /^0[xX][0-9a-fA-F]+$/ && digits ~ /^([36c]|18)0*$/ && length(digits) <= 8)
    put(line, "fwmark_mask", "0x" digits)
  else wrong(line, "'fwmark_mask' is '" value "': it must be two neighbouring bits, such as 0x30000000")
}

# An address in the form in which the kernel's tools print it; sets `family`. Empty after an error.
function host(line, value,   answer) {
  answer = value ~ /:/ ? ipv6(value) : ipv4(value)
  family = value ~ /:/ ? 6 : 4
  if (answer == "") wrong(line, "'" value "' is not an IP address")
  else if (answer ~ /^(0\.|127\.|22[4-9]\.|2[345][0-9]\.)/ || answer == "::" || answer == "::1" || answer ~ /^ff..:/) {
    wrong(line, "'" value "' is not the address of a host on a link")
    return ""
  }
  return answer
}

# A prefix; bits beyond its length must be zero.
function prefix(line, value,   slash, address, bits, answer) {
  slash = index(value, "/")
  address = slash ? substr(value, 1, slash - 1) : value
  family = address ~ /:/ ? 6 : 4
  answer = family == 6 ? ipv6(address) : ipv4(address)
  bits = slash ? substr(value, slash + 1) : (family == 6 ? 128 : 32)
  if (answer == "" || bits !~ /^[0-9]+$/ || length(bits) > 3 || bits + 0 > (family == 6 ? 128 : 32)) {
    wrong(line, "'" value "' is neither an IP address nor a prefix")
    return ""
  }
  if (!zeros_after(answer, bits + 0)) {
    wrong(line, "'" value "' has bits beyond the length of its prefix: set them to zero")
    return ""
  }
  return bits + 0 == (family == 6 ? 128 : 32) ? answer : answer "/" (bits + 0)
}

function zeros_after(address, bits,   part, number, i, width, each, left) {
  if (family == 4) { number = split(address, part, "."); width = 8 }
  else { number = 8; groups(address, part); width = 16 }
  for (i = 1; i <= number; i++) {
    each = family == 4 ? part[i] + 0 : hexadecimal(part[i])
    left = i * width - bits
    if (left > width) left = width
    if (left > 0 && each % (2 ^ left)) return 0
  }
  return 1
}

function ipv4(value,   part, i) {
  if (value !~ /^[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+$/) return ""
  split(value, part, ".")
  for (i = 1; i <= 4; i++)
    if (length(part[i]) > 3 || part[i] + 0 > 255 || (length(part[i]) > 1 && part[i] ~ /^0/)) return ""
  return value
}

# RFC 5952: no leading zeros, lower case, the first longest run of two or more zero groups as "::".
function ipv6(value,   part, i, begin, length_of, best, best_length, answer) {
  if (value !~ /^[0-9a-fA-F:]+$/ || !groups(value, part)) return ""
  for (i = 1; i <= 8; i++) {
    if (part[i] != "0") { begin = 0; continue }
    if (!begin) { begin = i; length_of = 0 }
    if (++length_of > best_length) { best = begin; best_length = length_of }
  }
  if (best_length < 2) best = 0
  answer = ""
  for (i = 1; i <= 8; i++) {
    if (i == best) { answer = answer "::"; i += best_length - 1; continue }
    answer = answer (answer == "" || answer ~ /:$/ ? "" : ":") part[i]
  }
  return answer
}

# Fills part[1…8]; false if the text is no IPv6 address.
function groups(value, part,   halves, left, right, a, b, na, nb, i, used) {
  if (value ~ /:::/ || (value ~ /^:/ && value !~ /^::/) || (value ~ /:$/ && value !~ /::$/)) return 0
  halves = index(value, "::")
  if (halves && index(substr(value, halves + 2), "::")) return 0
  left = halves ? substr(value, 1, halves - 1) : value
  right = halves ? substr(value, halves + 2) : ""
  na = left == "" ? 0 : split(left, a, ":")
  nb = right == "" ? 0 : split(right, b, ":")
  used = na + nb
  if (halves ? used > 7 : used != 8) return 0
  for (i = 1; i <= 8; i++) {
    if (i <= na) part[i] = a[i]
    else if (i > 8 - nb) part[i] = b[i - 8 + nb]
    else part[i] = "0"
    if (length(part[i]) > 4 || part[i] == "") return 0
    part[i] = tolower(part[i])
    sub(/^0+/, "", part[i])
    if (part[i] == "") part[i] = "0"
  }
  return 1
}

function hexadecimal(text,   i, answer) {
  answer = 0
  for (i = 1; i <= length(text); i++) answer = answer * 16 + index("0123456789abcdef", substr(text, i, 1)) - 1
  return answer
}

function put(line, key, value) {
  is[key] = value
  print key "\t" line "\t" value
}

function trim(text) {
  gsub(/^[ \t]+|[ \t]+$/, "", text)
  return text
}

function wrong(line, message) {
  bad = 1
  print "weir-route: " ENVIRON["weir_config"] (line ? " line " line : "") ": " message | "cat >&2"
}
