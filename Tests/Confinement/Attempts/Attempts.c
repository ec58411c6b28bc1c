// What a confined process must not be able to do, and what it has to be able to do, one function each.
#define _GNU_SOURCE
#include "Attempts.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <grp.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/io_uring.h>
#include <linux/perf_event.h>
#include <linux/sched.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static int packet_socket = -1;

static int result(long value) { return value < 0 ? errno : 0; }

int weir_packet_socket(const char *interface) {
  int made = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL));
  struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
  address.sll_ifindex = (int)if_nametoindex(interface);
  if (made >= 0 && bind(made, (struct sockaddr *)&address, sizeof address) != 0) return -1;
  return packet_socket = made;
}

// MARK: Files

static int read_file(const char *path) {
  char byte;
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return errno;
  int outcome = result(read(file, &byte, 1));
  close(file);
  return outcome;
}

static int write_file(const char *path) {
  int file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return errno;
  int outcome = result(write(file, "x", 1));
  close(file);
  return outcome;
}

static int list_folder(const char *path) { return result(open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)); }

static int remove_file(const char *path) { return result(unlink(path)); }

static int make_folder(const char *path) { return result(mkdir(path, 0700)); }

static int change_mode(const char *path) { return result(chmod(path, 0666)); }

static int change_owner(const char *path) { return result(chown(path, 0, 0)); }

static int with_file(const char *path, int (*attempt)(int file)) {
  int file = open(path, O_RDWR | O_CLOEXEC);
  if (file < 0) return errno;
  int outcome = attempt(file);
  close(file);
  return outcome;
}

static int set_group_mode(int file) { return result(fchmod(file, 0660)); }
static int set_account_mode(int file) { return result(fchmod(file, 04755)); }
static int set_owner(int file) { return result(fchown(file, 1, 1)); }

// As SQLite does it with a file that it made.
static int change_mode_of_open_file(const char *path) { return with_file(path, set_group_mode); }

static int lend_account_by_open_file(const char *path) { return with_file(path, set_account_mode); }

static int change_owner_of_open_file(const char *path) { return with_file(path, set_owner); }

static int hard_link(const char *path) { return result(link(path, "stolen")); }

static int symbolic_link(const char *path) { return result(symlink("/etc/passwd", path)); }

static int shorten_file(const char *path) { return result(truncate(path, 0)); }

static int mount_something(const char *path) { return result(syscall(SYS_mount, "none", path, "tmpfs", 0, NULL)); }

static int change_root(const char *path) { return result(chroot(path)); }

// What a database's work is made of: a file made, written, locked, mapped, synced, cut, renamed, removed.
static int database_work(const char *folder) {
  char path[PATH_MAX], other[PATH_MAX];
  snprintf(path, sizeof path, "%s/work", folder);
  snprintf(other, sizeof other, "%s/renamed", folder);
  int file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
  if (file < 0) return errno;
  struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 10};
  struct stat status;
  int beside = open(folder, O_RDONLY | O_CLOEXEC);
  if (beside < 0 || ftruncate(file, 8192) != 0 || pwrite(file, "abc", 3, 4096) != 3 ||
      fcntl(file, F_SETLK, &lock) != 0 || fsync(file) != 0 || fsync(beside) != 0 || fstat(file, &status) != 0)
    return errno;
  char *mapped = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (mapped == MAP_FAILED) return errno;
  int is_there = mapped[4096] == 'a';
  mapped[0] = 'z';
  munmap(mapped, 8192);
  close(beside);
  close(file);
  if (!is_there || rename(path, other) != 0 || access(other, R_OK | W_OK) != 0 || unlink(other) != 0)
    return is_there ? errno : EIO;
  return 0;
}

// MARK: Other processes, and its own

static int execute(const char *path) {
  char *const arguments[] = {(char *)path, NULL};
  execv(path, arguments);
  return errno;
}

static int execute_open_file(const char *unused) {
  (void)unused;
  char *const arguments[] = {"true", NULL};
  syscall(SYS_execveat, 0, "", arguments, NULL, AT_EMPTY_PATH);
  return errno;
}

static int make_process(const char *unused) {
  (void)unused;
  pid_t child = fork();
  if (child == 0) _exit(0);
  return result(child);
}

// Through the newer call, which the filter must not let through because it can't see its flags.
static int make_process_by_clone3(const char *unused) {
  (void)unused;
  struct clone_args arguments = {.exit_signal = SIGCHLD};
  long child = syscall(SYS_clone3, &arguments, sizeof arguments);
  if (child == 0) _exit(0);
  return result(child);
}

static int trace_self(const char *unused) {
  (void)unused;
  return result(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
}

static int read_other_memory(const char *process) {
  char bytes[16];
  struct iovec here = {bytes, sizeof bytes}, there = {(void *)0x400000, sizeof bytes};
  return result(process_vm_readv(atoi(process), &here, 1, &there, 1, 0));
}

static int signal_other(const char *process) { return result(kill(atoi(process), SIGTERM)); }

static int signal_other_thread(const char *process) {
  return result(syscall(SYS_tgkill, atoi(process), atoi(process), SIGTERM));
}

// MARK: Privileges

static int become_root(const char *unused) {
  (void)unused;
  return result(setuid(0));
}

static int become_root_group(const char *unused) {
  (void)unused;
  return result(setgid(0));
}

static int take_groups(const char *unused) {
  (void)unused;
  gid_t root = 0;
  return result(setgroups(1, &root));
}

static int take_capability(const char *unused) {
  (void)unused;
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct all[2] = {{1u << CAP_NET_RAW, 1u << CAP_NET_RAW, 0}};
  return result(syscall(SYS_capset, &header, all));
}

static int be_dumpable(const char *unused) {
  (void)unused;
  return result(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
}

static int raise_core_limit(const char *unused) {
  (void)unused;
  struct rlimit limit = {1 << 20, 1 << 20};
  return result(setrlimit(RLIMIT_CORE, &limit));
}

static int new_namespace(const char *unused) {
  (void)unused;
  return result(unshare(CLONE_NEWUSER));
}

static int add_filter(const char *unused) {
  (void)unused;
  return result(syscall(SYS_seccomp, 1, 0, NULL));
}

// MARK: Memory that runs

static int map_executable(const char *unused) {
  (void)unused;
  void *mapped = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return mapped == MAP_FAILED ? errno : 0;
}

static int make_executable(const char *unused) {
  (void)unused;
  void *mapped = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return mapped == MAP_FAILED ? errno : result(mprotect(mapped, 4096, PROT_READ | PROT_EXEC));
}

static int memory_file(const char *unused) {
  (void)unused;
  return result(syscall(SYS_memfd_create, "x", 0));
}

// MARK: The kernel's larger doors

static int performance_events(const char *unused) {
  (void)unused;
  struct perf_event_attr attributes = {.type = PERF_TYPE_SOFTWARE, .size = sizeof attributes};
  return result(syscall(SYS_perf_event_open, &attributes, 0, -1, -1, 0));
}

static int bpf_program(const char *unused) {
  (void)unused;
  union bpf_attr attributes = {0};
  return result(syscall(SYS_bpf, BPF_PROG_LOAD, &attributes, sizeof attributes));
}

static int key_ring(const char *unused) {
  (void)unused;
  return result(syscall(SYS_keyctl, 0, -3, 0));
}

static int ring_of_calls(const char *unused) {
  (void)unused;
  struct io_uring_params parameters = {0};
  return result(syscall(SYS_io_uring_setup, 1, &parameters));
}

static int page_faults(const char *unused) {
  (void)unused;
  return result(syscall(SYS_userfaultfd, 0));
}

static int load_module(const char *unused) {
  (void)unused;
  return result(syscall(SYS_finit_module, 0, "", 0));
}

static int reboot_machine(const char *unused) {
  (void)unused;
  return result(syscall(SYS_reboot, 0, 0, 0, NULL));
}

static int kernel_log(const char *unused) {
  (void)unused;
  char bytes[64];
  return result(syscall(SYS_syslog, 3, bytes, (int)sizeof bytes));
}

// MARK: The network

static int open_socket(const char *family) { return result(socket(atoi(family), SOCK_DGRAM, 0)); }

static int socket_pair(const char *unused) {
  (void)unused;
  int pair[2];
  return result(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair));
}

static int send_frame(const char *unused) {
  (void)unused;
  char frame[60] = {0};
  return result(send(packet_socket, frame, sizeof frame, 0));
}

static int write_frame(const char *unused) {
  (void)unused;
  char frame[60] = {0};
  return result(write(packet_socket, frame, sizeof frame));
}

static int duplicate_descriptor(const char *unused) {
  (void)unused;
  return result(dup(packet_socket < 0 ? 2 : packet_socket));
}

static int duplicate_by_fcntl(const char *unused) {
  (void)unused;
  return result(fcntl(packet_socket < 0 ? 2 : packet_socket, F_DUPFD_CLOEXEC, 9));
}

static int terminal_input(const char *unused) {
  (void)unused;
  return result(ioctl(0, TIOCSTI, "x"));
}

// The interface was made again: bound to the socket that is open, and packets come.
static int bind_again(const char *interface) {
  struct ifreq request = {0};
  snprintf(request.ifr_name, sizeof request.ifr_name, "%s", interface);
  if (ioctl(packet_socket, SIOCGIFINDEX, &request) != 0) return errno;
  struct packet_mreq membership = {.mr_ifindex = request.ifr_ifindex, .mr_type = PACKET_MR_PROMISC};
  struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
  address.sll_ifindex = request.ifr_ifindex;
  if (bind(packet_socket, (struct sockaddr *)&address, sizeof address) != 0) return errno;
  if (setsockopt(packet_socket, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &membership, sizeof membership) != 0)
    return errno;
  struct pollfd readable = {.fd = packet_socket, .events = POLLIN};
  char frame[2048];
  long got;
  do {
    if (poll(&readable, 1, 10000) != 1) return errno ? errno : ETIMEDOUT;
    got = recv(packet_socket, frame, sizeof frame, 0);
    // That the old interface went is told once.
  } while (got < 0 && errno == ENETDOWN);
  return result(got);
}

// MARK: Its own work

static void *allocate(void *unused) {
  (void)unused;
  for (size_t size = 16; size < 1 << 24; size *= 2) {
    char *block = malloc(size);
    if (!block) return (void *)1;
    memset(block, 1, size);
    free(block);
  }
  return NULL;
}

static int threads_and_memory(const char *unused) {
  (void)unused;
  pthread_t threads[4];
  for (int number = 0; number < 4; number++) {
    int outcome = pthread_create(&threads[number], NULL, allocate, NULL);
    if (outcome) return outcome;
    pthread_setname_np(threads[number], "weir-worker");
  }
  for (int number = 0; number < 4; number++) {
    void *failed;
    pthread_join(threads[number], &failed);
    if (failed) return ENOMEM;
  }
  return 0;
}

static int clocks_and_chance(const char *unused) {
  (void)unused;
  struct timespec moment = {0, 1000};
  char bytes[32];
  if (syscall(SYS_clock_gettime, CLOCK_REALTIME, &moment) != 0) return errno;
  moment = (struct timespec){0, 1000};
  if (clock_nanosleep(CLOCK_MONOTONIC, 0, &moment, NULL) != 0) return EINTR;
  return result(syscall(SYS_getrandom, bytes, sizeof bytes, 0));
}

static int end_by_abort(const char *unused) {
  (void)unused;
  abort();
}

static int end_by_fault(const char *unused) {
  (void)unused;
  *(volatile int *)8 = 1;
  return 0;
}

static const struct {
  const char *name;
  int (*attempt)(const char *);
} attempts[] = {
    {"read-file", read_file},
    {"write-file", write_file},
    {"list-folder", list_folder},
    {"remove-file", remove_file},
    {"make-folder", make_folder},
    {"change-mode", change_mode},
    {"change-owner", change_owner},
    {"change-mode-of-open-file", change_mode_of_open_file},
    {"lend-account-by-open-file", lend_account_by_open_file},
    {"change-owner-of-open-file", change_owner_of_open_file},
    {"hard-link", hard_link},
    {"symbolic-link", symbolic_link},
    {"shorten-file", shorten_file},
    {"mount", mount_something},
    {"change-root", change_root},
    {"database-work", database_work},
    {"execute", execute},
    {"execute-open-file", execute_open_file},
    {"make-process", make_process},
    {"make-process-by-clone3", make_process_by_clone3},
    {"trace-self", trace_self},
    {"read-other-memory", read_other_memory},
    {"signal-other", signal_other},
    {"signal-other-thread", signal_other_thread},
    {"become-root", become_root},
    {"become-root-group", become_root_group},
    {"take-groups", take_groups},
    {"take-capability", take_capability},
    {"be-dumpable", be_dumpable},
    {"raise-core-limit", raise_core_limit},
    {"new-namespace", new_namespace},
    {"add-filter", add_filter},
    {"map-executable", map_executable},
    {"make-executable", make_executable},
    {"memory-file", memory_file},
    {"performance-events", performance_events},
    {"bpf-program", bpf_program},
    {"key-ring", key_ring},
    {"ring-of-calls", ring_of_calls},
    {"page-faults", page_faults},
    {"load-module", load_module},
    {"reboot", reboot_machine},
    {"kernel-log", kernel_log},
    {"open-socket", open_socket},
    {"socket-pair", socket_pair},
    {"send-frame", send_frame},
    {"write-frame", write_frame},
    {"duplicate-descriptor", duplicate_descriptor},
    {"duplicate-by-fcntl", duplicate_by_fcntl},
    {"terminal-input", terminal_input},
    {"bind-again", bind_again},
    {"threads-and-memory", threads_and_memory},
    {"clocks-and-chance", clocks_and_chance},
    {"end-by-abort", end_by_abort},
    {"end-by-fault", end_by_fault},
};

int weir_attempt(const char *name, const char *argument) {
  for (size_t index = 0; index < sizeof attempts / sizeof *attempts; index++) {
    if (strcmp(attempts[index].name, name) == 0) {
      errno = 0;
      return attempts[index].attempt(argument);
    }
  }
  return -1;
}

const char *weir_attempts(void) {
  static char names[4096];
  if (!names[0]) {
    for (size_t index = 0; index < sizeof attempts / sizeof *attempts; index++) {
      strcat(names, attempts[index].name);
      strcat(names, "\n");
    }
  }
  return names;
}
