# shellcheck shell=bash disable=SC2034,SC2154
# What is on the wire, from the SYN to the FIN.

# capture FILE: starts a capture on the peer's end of the link, and waits until it is on. A small snap
# length, because in immediate mode each packet takes a whole one of the buffer.
capture() {
  ip netns exec "$peer" tcpdump -i veth0 -s 128 -w "$1" --immediate-mode -U -Z root 2>"$1.log" &
  capturing=$!
  servers+=("$capturing")
  for _ in $(seq 50); do
    ! grep -q 'listening on' "$1.log" || return 0
    sleep 0.1
  done
  return 1
}

end_capture() {
  sleep 0.5
  kill -INT "$capturing"
  wait "$capturing" 2>/dev/null || true
}

ip netns exec "$peer" "$python" "$here/traffic.py" serve 8000 &
servers+=($!)

# wire NAME ADDRESS…: traffic.py connects from each address, and asks for names in between.
wire() {
  local name=$1 file=$work/wire.pcap
  shift
  capture "$file" || return 1
  with_mark "$python" "$here/traffic.py" connect 8000 198.51.100.53 2001:db8:1::53 "$@"
  end_capture
  "$python" "$here/wire.py" "$file" "$name"
}

settings=("${bind_mode[@]}")
check "bind mode: all packets from exit addresses are marked, no others are, ECN is intact" \
  wire bind 198.51.100.11 2001:db8:1::11 ::ffff:198.51.100.11 198.51.100.10 2001:db8:1::10 \
  ::ffff:198.51.100.10
settings=("${sentinel_mode[@]}" "WEIR_MARK_REAL_ADDRESS=198.51.100.11,2001:db8:1::11")
check "sentinel mode with real addresses: the same" \
  wire bind 192.0.2.1 2001:db8::1 ::ffff:192.0.2.1 198.51.100.10 2001:db8:1::10 \
  ::ffff:198.51.100.10
settings=("${sentinel_mode[@]}")
check "sentinel mode: exit connections leave from the host's own address, marked" \
  wire sentinel 192.0.2.1 2001:db8::1 ::ffff:192.0.2.1
