#define _GNU_SOURCE
#include "CConfinement.h"
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/if_packet.h>
#include <linux/landlock.h>
#include <linux/sockios.h>
#include <sched.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

int weir_landlock_version(void) {
  return (int)syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
}

/* As of version 6; the headers that this is built with may know less. An older kernel takes a longer structure
   than its own as long as what it does not know is zero. */
struct ruleset {
  uint64_t handled_access_fs;
  uint64_t handled_access_net;
  uint64_t scoped;
};

int weir_landlock_create(uint64_t file_rights, uint64_t network_rights, uint64_t scopes) {
  struct ruleset ruleset = {file_rights, network_rights, scopes};
  return (int)syscall(SYS_landlock_create_ruleset, &ruleset, sizeof ruleset, 0);
}

int weir_landlock_allow_beneath(int ruleset, int folder, uint64_t rights) {
  struct landlock_path_beneath_attr beneath = {.allowed_access = rights, .parent_fd = folder};
  return (int)syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0);
}

int weir_landlock_restrict_self(int ruleset) {
  return (int)syscall(SYS_landlock_restrict_self, ruleset, 0);
}

int weir_no_new_privileges(void) { return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); }

int weir_not_dumpable(void) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }

int weir_clear_ambient_capabilities(void) {
  return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
}

int weir_is_in_bounding_set(int capability) { return prctl(PR_CAPBSET_READ, capability, 0, 0, 0); }

int weir_drop_from_bounding_set(int capability) {
  return prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
}

int weir_open_folder_by_name(const char *path) {
  return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

int weir_open_file_by_name(const char *path) { return open(path, O_PATH | O_CLOEXEC); }

int weir_become_group(uint32_t group) { return setresgid(group, group, group); }

int weir_become_user(uint32_t user) { return setresuid(user, user, user); }

int weir_can_become_root(void) {
  return setresuid(-1, 0, -1) == 0 || setresgid(-1, 0, -1) == 0 || setresuid(0, -1, -1) == 0;
}

_Static_assert(WEIR_CLONE_THREAD == (CLONE_THREAD | CLONE_VM), "sched.h");
_Static_assert(WEIR_PR_SET_NAME == PR_SET_NAME && WEIR_PR_GET_NAME == PR_GET_NAME, "sys/prctl.h");
_Static_assert(WEIR_SIOCGIFFLAGS == SIOCGIFFLAGS && WEIR_SIOCGIFHWADDR == SIOCGIFHWADDR &&
                   WEIR_SIOCGIFINDEX == SIOCGIFINDEX,
               "linux/sockios.h");
_Static_assert(WEIR_RLIMIT_MEMLOCK == RLIMIT_MEMLOCK, "sys/resource.h");
_Static_assert(WEIR_TCGETS == TCGETS, "sys/ioctl.h");
_Static_assert(WEIR_PACKET_ADD_MEMBERSHIP == PACKET_ADD_MEMBERSHIP &&
                   WEIR_PACKET_DROP_MEMBERSHIP == PACKET_DROP_MEMBERSHIP,
               "linux/if_packet.h");

_Static_assert(WEIR_CAP_CHOWN == CAP_CHOWN && WEIR_CAP_DAC_OVERRIDE == CAP_DAC_OVERRIDE && WEIR_CAP_FOWNER == CAP_FOWNER,
               "linux/capability.h");

int weir_drop_capabilities_but(uint64_t kept) {
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  struct __user_cap_data_struct has[_LINUX_CAPABILITY_U32S_3] = {{0, 0, 0}};
  if (syscall(SYS_capget, &header, has) != 0) return -1;
  for (int word = 0; word < _LINUX_CAPABILITY_U32S_3; word++) {
    has[word].permitted &= (uint32_t)(kept >> (32 * word));
    has[word].effective &= has[word].permitted;
    has[word].inheritable = 0;
  }
  return (int)syscall(SYS_capset, &header, has);
}

int weir_has_capabilities_but(uint64_t mask) {
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  struct __user_cap_data_struct has[_LINUX_CAPABILITY_U32S_3] = {{0, 0, 0}};
  if (syscall(SYS_capget, &header, has) != 0) return -1;
  for (int word = 0; word < _LINUX_CAPABILITY_U32S_3; word++) {
    uint32_t others = ~(uint32_t)(mask >> (32 * word));
    if (((has[word].effective | has[word].permitted) & others) | has[word].inheritable) return 1;
  }
  return 0;
}

int weir_can_raise_limits(void) {
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  struct __user_cap_data_struct has[_LINUX_CAPABILITY_U32S_3] = {{0, 0, 0}};
  if (syscall(SYS_capget, &header, has) != 0) return 0;
  return (has[CAP_TO_INDEX(CAP_SYS_RESOURCE)].effective & CAP_TO_MASK(CAP_SYS_RESOURCE)) != 0;
}

int weir_lock_memory(void) { return mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT); }
