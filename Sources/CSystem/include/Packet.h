#ifndef WEIR_CSYSTEM_PACKET_H
#define WEIR_CSYSTEM_PACKET_H
#include <stdint.h>

/* packet(7), netdevice(7): one call each, since the headers' constants and unions do not come through
   to Swift. All return -1 with errno set where the call fails. */

/* Laid out as struct sock_filter. */
struct weir_filter_instruction {
  uint16_t code;
  uint8_t jump_true, jump_false;
  uint32_t operand;
};

int weir_attach_filter(int socket, const struct weir_filter_instruction *program, uint16_t count);
/* From now on not even this process can take the filter off. */
int weir_lock_filter(int socket);

/* Receives every protocol from an interface. */
int weir_bind_packet_socket(int socket, int interface_index);
int weir_set_promiscuous(int socket, int interface_index);

/* Joins a group whose members share the packets as the group's program says; -1 makes a new group.
   Returns the group. */
int weir_join_fanout(int socket, int group);
/* What the program returns, modulo the members, is the one that gets the packet. */
int weir_set_fanout_program(int socket, const struct weir_filter_instruction *program, uint16_t count);

/* Counts since the last call: packets that the filter kept, and those of them that found no room. */
int weir_take_packet_statistics(int socket, uint32_t *received, uint32_t *dropped);

int weir_interface_index(int socket, const char *name);
/* IFF_UP, IFF_RUNNING, … */
int weir_interface_flags(int socket, const char *name);
/* ARPHRD_… */
int weir_interface_hardware_type(int socket, const char *name);
/* The pending error of a socket. */
int weir_take_socket_error(int socket);

/* Whether a kind of offload is on: ETHTOOL_GGRO and its like; 0 where the driver does not know it. */
enum weir_offload { weir_offload_gro, weir_offload_lro, weir_offload_gso, weir_offload_tso };
int weir_interface_offload(int socket, const char *name, enum weir_offload offload);

/* The protocol number of experiments (IEEE 802): a socket bound to it hears nothing. */
extern const int weir_silent_protocol;

#endif
