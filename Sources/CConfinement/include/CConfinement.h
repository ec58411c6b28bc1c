#ifndef WEIR_CCONFINEMENT_H
#define WEIR_CCONFINEMENT_H
#include <stdint.h>

/* System calls that the C library has no function for, or only a variadic one or one of _GNU_SOURCE, which
   Swift cannot call. Each gives what the system call gives: -1 with errno where it fails. */

/* landlock_create_ruleset(2): the version of the interface that the kernel has. */
int weir_landlock_version(void);
int weir_landlock_create(uint64_t file_rights, uint64_t network_rights, uint64_t scopes);
int weir_landlock_allow_beneath(int ruleset, int folder, uint64_t rights);
int weir_landlock_restrict_self(int ruleset);

/* prctl(2) */
int weir_no_new_privileges(void);
int weir_not_dumpable(void);
int weir_clear_ambient_capabilities(void);
/* 1 where the bounding set has it, 0 where not; -1 for a capability that the kernel does not know. */
int weir_is_in_bounding_set(int capability);
int weir_drop_from_bounding_set(int capability);

/* open(2) with O_PATH: to name a folder, not to read it. */
int weir_open_folder_by_name(const char *path);
/* The same of a file of any kind: nothing is waited for, and no device wakes up. */
int weir_open_file_by_name(const char *path);

/* setresgid(2) and setresuid(2): real, effective and saved. */
int weir_become_group(uint32_t group);
int weir_become_user(uint32_t user);
/* 1 where the effective account or group could be made root's again. */
int weir_can_become_root(void);

/* Numbers of sched.h, sys/prctl.h, sys/resource.h, linux/sockios.h and linux/if_packet.h, in headers that need _GNU_SOURCE or
   are none of Swift's. */
enum {
  WEIR_CLONE_THREAD = 0x00010000 | 0x00000100, /* CLONE_THREAD and CLONE_VM */
  WEIR_PR_SET_NAME = 15,
  WEIR_PR_GET_NAME = 16,
  WEIR_SIOCGIFFLAGS = 0x8913,
  WEIR_SIOCGIFHWADDR = 0x8927,
  WEIR_SIOCGIFINDEX = 0x8933,
  WEIR_TCGETS = 0x5401,
  WEIR_PACKET_ADD_MEMBERSHIP = 1,
  WEIR_PACKET_DROP_MEMBERSHIP = 2,
  WEIR_RLIMIT_MEMLOCK = 8,
  WEIR_CAP_CHOWN = 0,
  WEIR_CAP_DAC_OVERRIDE = 1,
  WEIR_CAP_FOWNER = 3,
};

/* capset(2): no capability of any set, but for those of a mask that it has. */
int weir_drop_capabilities_but(uint64_t kept);
/* capget(2): 1 where the process has a capability that is not in the mask. */
int weir_has_capabilities_but(uint64_t mask);
/* 1 where it has CAP_SYS_RESOURCE, with which limits can be raised. */
int weir_can_raise_limits(void);

/* mlockall(2): all pages, those of later mappings too, each from when it is first touched. */
int weir_lock_memory(void);

#endif
