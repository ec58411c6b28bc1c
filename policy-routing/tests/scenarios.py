"""What the ports of the test's connections stand for. Shared by who makes them and who judges them."""

EXIT = 7000
RELAY = 9000
HOST_PORT = 80
SSH_PORT = 22

# An exit's and a relay's ports are the hundred from there on.
PORTS = range(1, 100)
# What goes on all the time while links flap.
ECHO = 11
DATAGRAMS = 12

SCENARIOS = {
    1: "plain",
    2: "closed",  # data for a closed socket: the kernel's RST
    3: "time-wait",
    4: "retransmit",
    5: "narrow",  # path-MTU discovery
    6: "refused",
    7: "silent",
    8: "expired",  # time exceeded
    9: "reset",  # the socket's own RST
}
