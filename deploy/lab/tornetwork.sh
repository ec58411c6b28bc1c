# shellcheck shell=bash
# shellcheck disable=SC2154 # names that `lab` and its other files give a value
# The lab's tor processes and its servers: keys, torrc files, how each is started. Debian's tor as it is.

# shellcheck disable=SC2034 # used by the other files of the lab
{
  tors=(authority1 authority2 authority3 relay1 relay2 exit client service)
  server_processes=(internet-servers inner-servers resolver)
  # 9001 and 9030 are here because they look like Tor's own ports: to the exit they are a port like any.
  server_ports=(22 25 80 110 143 443 465 587 993 995 5222 6667 8080 8333 9001 9030)
  names_a_family=24
  domain=lab.example
  socks_port=9050
  or_port=9001
  directory_port=9030
}

host_of() {
  case $1 in
    authority?) printf '%s\n' "${authority_hosts[${1#authority} - 1]}" ;;
    relay?) printf '%s\n' "${relay_hosts[${1#relay} - 1]}" ;;
    exit) printf '%s\n' "$exit_host" ;;
    client) printf '%s\n' "$client_host" ;;
    service) printf '%s\n' "$service_host" ;;
  esac
}

namespace_of() {
  case $1 in
    exit | client | monitor | report) printf '%s\n' "$1" ;;
    *) printf 'tor\n' ;;
  esac
}

fingerprint_of() { cut -d ' ' -f 2 "$state/tor/$1/fingerprint"; }

as_tor() { setpriv --reuid "$tor_account" --regid "$(id -g "$tor_account")" --clear-groups "$@"; }

# The long-term keys: authorities' with Debian's tor-gencert, every relay's by tor itself.
make_keys() {
  local name folder authority authority_line
  : >"$state/empty-torrc"
  for name in "${tors[@]}"; do
    install -d -m 700 -o "$tor_account" "$state/tor/$name" "$state/tor/$name/keys"
  done
  for name in authority{1..3}; do
    folder="$state/tor/$name/keys"
    printf 'lab\n' | as_tor tor-gencert --create-identity-key --passphrase-fd 0 -m 12 \
      -a "$inner_v4.$(host_of "$name"):$directory_port" -i "$folder/authority_identity_key" \
      -s "$folder/authority_signing_key" -c "$folder/authority_certificate" 2>>"$state/log/keys"
  done
  for name in authority{1..3} relay{1..2} exit; do
    as_tor tor --list-fingerprint --quiet -f "$state/empty-torrc" --defaults-torrc "$state/empty-torrc" \
      --DataDirectory "$state/tor/$name" --ORPort "$or_port" --Nickname "$name" >>"$state/log/keys"
  done
  authorities=()
  for name in authority{1..3}; do
    authority=$(sed -n 's/^fingerprint //p' "$state/tor/$name/keys/authority_certificate")
    authority_line="DirAuthority $name orport=$or_port v3ident=$authority"
    authority_line+=" $inner_v4.$(host_of "$name"):$directory_port $(fingerprint_of "$name")"
    authorities+=("$authority_line")
  done
}

# Short intervals: a first consensus within half a minute, and a new one every twenty seconds, so that
# directory traffic flows all the time. Fetched early, because a client that has the first consensus, and
# in it perhaps not yet the exit, would otherwise keep it for up to a minute.
torrc_common() {
  cat <<TORRC
Nickname $1
DataDirectory $state/tor/$1
Log notice stdout
ControlSocket $state/tor/$1/control
CookieAuthentication 1
SafeLogging 0
ShutdownWaitLength 0
TestingTorNetwork 1
AssumeReachable 1
PathsNeededToBuildCircuits 0.25
V3AuthNIntervalsValid 3
FetchDirInfoEarly 1
FetchDirInfoExtraEarly 1
TORRC
  printf '%s\n' "${authorities[@]}"
}

torrc_relay() {
  local host
  host=$(host_of "$1")
  cat <<TORRC
Address $inner_v4.$host
Address [$inner_v6:$host]
ORPort $inner_v4.$host:$or_port
ORPort [$inner_v6:$host]:$or_port
DirPort $inner_v4.$host:$directory_port
SocksPort 0
ContactInfo lab
TORRC
}

torrc_of() {
  torrc_common "$1"
  case $1 in
    authority?)
      torrc_relay "$1"
      cat <<TORRC
OutboundBindAddress $inner_v4.$(host_of "$1")
OutboundBindAddress [$inner_v6:$(host_of "$1")]
AuthoritativeDirectory 1
V3AuthoritativeDirectory 1
TestingV3AuthInitialVotingInterval 10
TestingV3AuthInitialVoteDelay 2
TestingV3AuthInitialDistDelay 2
V3AuthVotingInterval 20
V3AuthVoteDelay 4
V3AuthDistDelay 4
TestingMinExitFlagThreshold 0
TestingDirAuthVoteGuard *
TestingDirAuthVoteHSDir *
ExitRelay 0
TORRC
      ;;
    relay1)
      torrc_relay "$1"
      cat <<TORRC
OutboundBindAddress $inner_v4.$(host_of "$1")
OutboundBindAddress [$inner_v6:$(host_of "$1")]
ExitRelay 0
TORRC
      ;;
    relay2)
      # The one destination beside it is where circuits that pass through the exit host may end.
      torrc_relay "$1"
      cat <<TORRC
OutboundBindAddress $inner_v4.$(host_of "$1")
OutboundBindAddress [$inner_v6:$(host_of "$1")]
ExitRelay 1
ExitPolicy accept $inner_v4.$service_host:8080
ExitPolicy reject *:*
TORRC
      ;;
    exit)
      torrc_relay "$1"
      cat <<TORRC
OutboundBindAddressExit ${bind_exit%,*}
OutboundBindAddressExit [${bind_exit#*,}]
ExitRelay 1
IPv6Exit 1
ExitPolicy accept *:*
ExitPolicy accept6 *:*
ServerDNSResolvConfFile $state/resolv.conf
ServerDNSTestAddresses v4-0.$domain
ServerDNSDetectHijacking 0
Sandbox $sandbox
TORRC
      ;;
    client)
      # LongLivedPorts: streams to 22, 5222 and the like would otherwise want an exit with the Stable flag,
      # which nobody earns within minutes.
      cat <<TORRC
SocksPort 127.0.0.1:$socks_port IsolateSOCKSAuth
LongLivedPorts 1
UseEntryGuards 0
ClientUseIPv6 1
MaxClientCircuitsPending 256
TORRC
      ;;
    service)
      cat <<TORRC
SocksPort 0
UseEntryGuards 0
HiddenServiceDir $state/tor/service/onion
HiddenServicePort 80 127.0.0.1:8080
TORRC
      ;;
  esac
}

write_configuration() {
  local name
  for name in "${tors[@]}"; do
    torrc_of "$name" >"$state/tor/$name.torrc"
  done
  printf 'nameserver %s\n' "$resolver" >"$state/resolv.conf"
  [ -z "$roots" ] || configure_exit
  {
    printf '%s\n' no-resolv no-hosts keep-in-foreground log-queries log-facility=- cache-size=0 \
      bind-interfaces user= pid-file= "listen-address=$resolver" "local=/$domain/"
    local number
    for ((number = 0; number < names_a_family; number++)); do
      printf 'host-record=v4-%d.%s,198.51.100.%d\n' "$number" "$domain" "$((100 + number))"
      printf 'host-record=v6-%d.%s,2001:db8:100::%x\n' "$number" "$domain" "$((100 + number))"
    done
  } >"$state/dnsmasq.conf"
}

start_tor() {
  local environment=()
  if [ "$1" = exit ]; then
    environment=("${mark_environment[@]}")
    [ -z "$preload" ] || environment+=("LD_PRELOAD=$preload")
  fi
  launch "$1" "$(namespace_of "$1")" "$tor_account" /dev/null "$state/log/$1" \
    "${environment[@]}" tor --defaults-torrc "$state/empty-torrc" -f "$state/tor/$1.torrc"
}

# The program arrives on standard input: the account need not be able to read the folder it lies in.
start_servers() {
  local name=$1 namespace=$2
  shift 2
  launch "$name" "$namespace" nobody "$here/servers.py" "$state/$name.jsonl" \
    /usr/bin/python3 -B -u - "$@"
}

start() {
  case $1 in
    internet-servers)
      start_servers internet-servers internet --address 0.0.0.0 --address :: \
        "${server_ports[@]/#/--port=}"
      ;;
    inner-servers)
      start_servers inner-servers tor --address "$inner_v4.$service_host" --address 127.0.0.1 --port 8080
      ;;
    resolver)
      launch resolver internet nobody /dev/null "$state/log/resolver" dnsmasq -C "$state/dnsmasq.conf"
      ;;
    record) start_record ;;
    monitor | report) boot "$1" ;;
    exit) if [ -n "$roots" ]; then boot exit; else start_tor exit; fi ;;
    *) start_tor "$1" ;;
  esac
}

# Authorities first vote six seconds into every ten of the clock. A network that starts shortly before gets
# a consensus of authorities alone, and the next one is twenty seconds away; five seconds' wait spares that.
await_voting() {
  local second=$(($(date +%s) % 10))
  if [ "$second" -ge 2 ] && [ "$second" -lt 7 ]; then
    sleep $((7 - second))
  fi
}

start_missing() {
  local name
  for name in "${server_processes[@]}"; do
    running "$name" || start "$name"
  done
  [ -z "$roots" ] || await_observers
  for name in "${tors[@]}"; do
    running "$name" || start "$name"
  done
}

onion_name() { cat "$state/tor/service/onion/hostname"; }

# wait_ready SECONDS: until a stream over each family and a visit of the onion service have worked.
wait_ready() {
  local tries name
  for ((tries = 0; tries < 100; tries++)); do
    [ ! -s "$state/tor/service/onion/hostname" ] || break
    sleep 0.1
  done
  [ -s "$state/tor/service/onion/hostname" ] || fail 1 "the onion service's tor did not start: $(last_words service)"
  within client /usr/bin/python3 -B "$here/traffic.py" ready --socks-port "$socks_port" \
    --onion "$(onion_name)" --domain "$domain" --seconds "$1" 9>&- && return 0
  for name in "${server_processes[@]}" "${tors[@]}"; do
    running "$name" || say "$name is not running: $(last_words "$name")"
  done
  say "the client's tor said last: $(last_words client)"
  return 1
}

last_words() { tail -n 2 "$state/log/$1" 2>/dev/null | tr '\n' ' '; }
