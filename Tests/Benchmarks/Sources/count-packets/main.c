/* The yardstick: hands every packet of a capture file through libpcap, and only counts. */
#include <inttypes.h>
#include <pcap/pcap.h>
#include <stdio.h>

struct count {
  uint64_t packets;
  uint64_t bytes;
};

static void count_packet(u_char *user, const struct pcap_pkthdr *header, const u_char *bytes) {
  struct count *count = (struct count *)user;
  (void)bytes;
  count->packets++;
  count->bytes += header->len;
}

int main(int argc, char **argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: count-packets FILE\n");
    return 64;
  }
  char error[PCAP_ERRBUF_SIZE];
  pcap_t *capture = pcap_open_offline(argv[1], error);
  if (capture == NULL) {
    fprintf(stderr, "count-packets: %s\n", error);
    return 66;
  }
  struct count count = {0};
  if (pcap_loop(capture, -1, count_packet, (u_char *)&count) != 0) {
    fprintf(stderr, "count-packets: %s\n", pcap_geterr(capture));
    return 65;
  }
  printf("%" PRIu64 " packets, %" PRIu64 " bytes\n", count.packets, count.bytes);
  pcap_close(capture);
  return 0;
}
