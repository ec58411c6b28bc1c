/* Sends the frames of a capture to an interface, over and over, at a given rate.
 *
 * A packet socket without queueing discipline (PACKET_QDISC_BYPASS), 64 frames a call. Prints how many were sent,
 * so that whoever receives can be held to it. The frames go out with their captured length. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <pcap/pcap.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { at_once = 64, most_frames = 1 << 18 };

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static int open_socket(const char *interface) {
  struct sockaddr_ll address = {
      .sll_family = AF_PACKET, .sll_protocol = 0, .sll_ifindex = (int)if_nametoindex(interface)};
  int on = 1, room = 8 << 20;
  int descriptor = socket(AF_PACKET, SOCK_RAW, 0);
  if (descriptor < 0 || bind(descriptor, (struct sockaddr *)&address, sizeof address) != 0 ||
      setsockopt(descriptor, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof on) != 0)
    return -1;
  setsockopt(descriptor, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof room);
  return descriptor;
}

static size_t load(const char *path, struct iovec *frames) {
  char error[PCAP_ERRBUF_SIZE];
  pcap_t *capture = pcap_open_offline(path, error);
  if (capture == NULL) {
    fprintf(stderr, "send-frames: %s\n", error);
    exit(66);
  }
  struct pcap_pkthdr *header;
  const u_char *bytes;
  size_t count = 0;
  while (count < most_frames && pcap_next_ex(capture, &header, &bytes) == 1) {
    if (header->caplen < ETH_HLEN) continue;
    frames[count].iov_base = malloc(header->caplen);
    frames[count].iov_len = header->caplen;
    if (frames[count].iov_base == NULL) exit(71);
    memcpy(frames[count++].iov_base, bytes, header->caplen);
  }
  pcap_close(capture);
  return count;
}

int main(int argc, char **argv) {
  if (argc != 5 || atof(argv[3]) < 1 || atof(argv[4]) <= 0) {
    fprintf(stderr, "usage: send-frames INTERFACE FILE FRAMES_PER_SECOND SECONDS\n");
    return 64;
  }
  struct iovec *frames = calloc(most_frames, sizeof *frames);
  size_t count = load(argv[2], frames);
  int descriptor = open_socket(argv[1]);
  if (descriptor < 0 || count < at_once) {
    fprintf(stderr, "send-frames: %s: %s\n", argv[1], count < at_once ? "too few frames" : strerror(errno));
    return 71;
  }
  double rate = atof(argv[3]), began = seconds(), duration = atof(argv[4]);
  uint64_t sent = 0;
  size_t next = 0;
  for (double now = began; now - began < duration; now = seconds()) {
    if ((double)sent > (now - began) * rate) {
      struct timespec pause = {.tv_nsec = 50000};
      nanosleep(&pause, NULL);
      continue;
    }
    struct mmsghdr messages[at_once] = {0};
    for (int i = 0; i < at_once; i++)
      messages[i].msg_hdr = (struct msghdr){.msg_iov = &frames[(next + (size_t)i) % count], .msg_iovlen = 1};
    int accepted = sendmmsg(descriptor, messages, at_once, 0);
    if (accepted < 0 && errno != ENOBUFS && errno != EAGAIN && errno != EINTR) {
      fprintf(stderr, "send-frames: %s\n", strerror(errno));
      return 74;
    }
    if (accepted > 0) {
      sent += (uint64_t)accepted;
      next = (next + (size_t)accepted) % count;
    }
  }
  printf("%llu %.0f\n", (unsigned long long)sent, (double)sent / (seconds() - began));
  return 0;
}
