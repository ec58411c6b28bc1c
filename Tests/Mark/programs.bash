# shellcheck shell=bash disable=SC2034,SC2154
# Programs that know nothing of the mark do with the library what they do without it.

settings=("${bind_mode[@]}")

# same COMMAND…: standard output, standard error and exit code, with the library and without.
same() {
  local with=0 without=0
  on_host "$@" >"$work/output.without" 2>"$work/errors.without" </dev/null || without=$?
  with_mark "$@" >"$work/output.with" 2>"$work/errors.with" </dev/null || with=$?
  diff "$work/output.without" "$work/output.with"
  diff "$work/errors.without" "$work/errors.with"
  [ "$with" -eq "$without" ] && [ "$without" -eq "${expected_exit:-0}" ]
}

mkdir "$work/served"
seq 100000 >"$work/served/numbers"
ip netns exec "$peer" "$python" -m http.server 8080 --bind :: --directory "$work/served" \
  >/dev/null 2>&1 &
servers+=($!)
for _ in $(seq 50); do
  ! ip netns exec "$peer" curl -s -o /dev/null http://198.51.100.53:8080/ || break
  sleep 0.1
done

check "curl" same curl -sS http://198.51.100.53:8080/numbers
check "curl over IPv6" same curl -sS "http://[2001:db8:1::53]:8080/numbers"
check "curl from the exit address" \
  same curl -sS --interface 198.51.100.11 http://198.51.100.53:8080/numbers
expected_exit=45 check "curl from an address that the host lacks" \
  same curl -s --interface 203.0.113.9 http://198.51.100.53:8080/numbers
expected_exit=7 check "curl where nobody listens" same curl -s http://198.51.100.53:8081/
check "ssh" same ssh -V
expected_exit=255 check "ssh where nobody listens" \
  same ssh -o BatchMode=yes -p 8081 -b 198.51.100.11 198.51.100.53 true
check "python3" same "$python" -c '
import asyncio, socket, ssl, sqlite3, subprocess, threading
listener = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(listener.getsockname(), source_address=("127.0.0.1", 0))
server, _ = listener.accept()
client.sendall(b"x" * 1000)
print(len(server.recv(1000)), subprocess.run(["echo", "child"], capture_output=True).stdout)
print(asyncio.run(asyncio.sleep(0, "done")), ssl.OPENSSL_VERSION)'
check "python3, which finds other libraries at run time" same "$python" -c '
import ctypes, ctypes.util
print(ctypes.CDLL("libseccomp.so.2").seccomp_api_get(), ctypes.CDLL(None).sendto(-1, None, 0, 0, None, 0))'
check "a program in Swift" same "$weir_mark" --help
expected_exit=64 check "a program in Swift that fails" same "$weir_mark" run --dscp 64 -- true
check "a shell with pipes" same bash -c 'seq 1000 | sort -R | wc -l; echo done'

# The loader's rule, ld.so(8): a program that gets more rights than its caller is not marked.
setuid_program() {
  chmod 711 "$work"
  cp "$work/calls" "$work/calls-setuid"
  chmod 4755 "$work/calls-setuid"
  with_mark setpriv --reuid=65534 --regid=65534 --clear-groups \
    "$work/calls-setuid" outcomes 198.51.100.11 >"$work/outcomes" 2>&1
  diff "$work/outcomes" <(printf '%s\n' "198.51.100.11 done 0" "198.51.100.11 done 0")
}
check "a setuid program runs, unmarked" setuid_program
