#include "Packet.h"
#include <arpa/inet.h>
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

const int weir_silent_protocol = 0x88b5;

int weir_attach_filter(int socket, const struct weir_filter_instruction *program, uint16_t count) {
  struct sock_fprog filter = {.len = count, .filter = (struct sock_filter *)program};
  return setsockopt(socket, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter);
}

int weir_lock_filter(int socket) {
  int on = 1;
  return setsockopt(socket, SOL_SOCKET, SO_LOCK_FILTER, &on, sizeof on);
}

int weir_bind_packet_socket(int socket, int interface_index) {
  struct sockaddr_ll address = {.sll_family = AF_PACKET,
                                .sll_protocol = htons(ETH_P_ALL),
                                .sll_ifindex = interface_index};
  return bind(socket, (struct sockaddr *)&address, sizeof address);
}

int weir_set_promiscuous(int socket, int interface_index) {
  struct packet_mreq membership = {.mr_ifindex = interface_index, .mr_type = PACKET_MR_PROMISC};
  return setsockopt(socket, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &membership, sizeof membership);
}

int weir_join_fanout(int socket, int group) {
  int flags = PACKET_FANOUT_CBPF | (group < 0 ? PACKET_FANOUT_FLAG_UNIQUEID : 0);
  int option = (group < 0 ? 0 : group) | flags << 16;
  if (setsockopt(socket, SOL_PACKET, PACKET_FANOUT, &option, sizeof option) != 0) return -1;
  socklen_t length = sizeof option;
  if (getsockopt(socket, SOL_PACKET, PACKET_FANOUT, &option, &length) != 0) return -1;
  return option & 0xffff;
}

int weir_set_fanout_program(int socket, const struct weir_filter_instruction *program, uint16_t count) {
  struct sock_fprog filter = {.len = count, .filter = (struct sock_filter *)program};
  return setsockopt(socket, SOL_PACKET, PACKET_FANOUT_DATA, &filter, sizeof filter);
}

int weir_take_packet_statistics(int socket, uint32_t *received, uint32_t *dropped) {
  struct tpacket_stats_v3 statistics = {0};
  socklen_t length = sizeof statistics;
  if (getsockopt(socket, SOL_PACKET, PACKET_STATISTICS, &statistics, &length) != 0) return -1;
  *received = statistics.tp_packets;
  *dropped = statistics.tp_drops;
  return 0;
}

static int about_interface(int socket, unsigned long request, const char *name, struct ifreq *answer) {
  memset(answer, 0, sizeof *answer);
  if (strlen(name) >= sizeof answer->ifr_name) {
    errno = ENODEV;
    return -1;
  }
  strcpy(answer->ifr_name, name);
  return ioctl(socket, request, answer);
}

int weir_interface_index(int socket, const char *name) {
  struct ifreq answer;
  return about_interface(socket, SIOCGIFINDEX, name, &answer) == 0 ? answer.ifr_ifindex : -1;
}

int weir_interface_flags(int socket, const char *name) {
  struct ifreq answer;
  return about_interface(socket, SIOCGIFFLAGS, name, &answer) == 0 ? (uint16_t)answer.ifr_flags : -1;
}

int weir_interface_hardware_type(int socket, const char *name) {
  struct ifreq answer;
  return about_interface(socket, SIOCGIFHWADDR, name, &answer) == 0 ? answer.ifr_hwaddr.sa_family : -1;
}

int weir_take_socket_error(int socket) {
  int error = 0;
  socklen_t length = sizeof error;
  return getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &length) == 0 ? error : -1;
}

int weir_interface_offload(int socket, const char *name, enum weir_offload offload) {
  static const uint32_t commands[] = {ETHTOOL_GGRO, ETHTOOL_GFLAGS, ETHTOOL_GGSO, ETHTOOL_GTSO};
  struct ethtool_value value = {.cmd = commands[offload]};
  struct ifreq request = {0};
  if (strlen(name) >= sizeof request.ifr_name) return 0;
  strcpy(request.ifr_name, name);
  request.ifr_data = (void *)&value;
  if (ioctl(socket, SIOCETHTOOL, &request) != 0) return 0;
  return offload == weir_offload_lro ? (value.data & ETH_FLAG_LRO) != 0 : value.data != 0;
}
