/* A wire with a length: two TUN devices, each in a network namespace of its own, joined by a queue
 * that holds every packet for a fixed time.
 *
 *     delay NAMESPACE-A NAMESPACE-B MICROSECONDS
 *
 * Both devices are called "wire" and vanish with this process. Packets are passed on as they are and
 * in order; what is sent in a burst arrives in a burst. The TCP on both ends is the kernel's, with its
 * handshakes, windows and acknowledgements, so a round trip costs what it costs on a real path.
 * Prints "ready" when both devices exist.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define LARGEST 65536   /* a packet of IPv4 is never longer */
#define SLOTS 65536     /* packets under way in one direction; further ones are lost, as on any wire */
#define BURST 64        /* read at most so many before looking at the other direction */

struct packet { long long due; int length; unsigned char bytes[]; };
struct direction { int from, to; unsigned head, tail; struct packet *slots[SLOTS]; };

static struct direction ways[2];

static long long now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void fail(const char *what)
{
    fprintf(stderr, "delay: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int open_wire(const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "/run/netns/%s", name);
    int space = open(path, O_RDONLY | O_CLOEXEC);
    if (space < 0 || setns(space, CLONE_NEWNET) < 0) fail(path);
    close(space);
    int wire = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    struct ifreq request = {.ifr_name = "wire", .ifr_flags = IFF_TUN | IFF_NO_PI};
    if (wire < 0 || ioctl(wire, TUNSETIFF, &request) < 0) fail("/dev/net/tun");
    return wire;
}

static void take_in(struct direction *way, long long hold)
{
    static unsigned char buffer[LARGEST];
    for (int i = 0; i < BURST; i++) {
        ssize_t length = read(way->from, buffer, sizeof buffer);
        if (length <= 0) return;
        if (way->tail - way->head == SLOTS) continue;
        struct packet *one = malloc(sizeof *one + length);
        if (!one) fail("memory");
        one->due = now() + hold;
        one->length = length;
        memcpy(one->bytes, buffer, length);
        way->slots[way->tail++ % SLOTS] = one;
    }
}

static void give_out(struct direction *way)
{
    while (way->head != way->tail && way->slots[way->head % SLOTS]->due <= now()) {
        struct packet *one = way->slots[way->head++ % SLOTS];
        while (write(way->to, one->bytes, one->length) < 0 && errno == EINTR) { }
        free(one);
    }
}

static struct timespec until_next(void)
{
    long long next = now() + 60000000000LL;
    for (int i = 0; i < 2; i++) {
        struct direction *way = &ways[i];
        if (way->head == way->tail) continue;
        long long due = way->slots[way->head % SLOTS]->due;
        if (due < next) next = due;
    }
    long long left = next - now();
    if (left < 0) left = 0;
    return (struct timespec){left / 1000000000LL, left % 1000000000LL};
}

int main(int count, char **words)
{
    if (count != 4) return fprintf(stderr, "delay NAMESPACE NAMESPACE MICROSECONDS\n"), 2;
    prctl(PR_SET_TIMERSLACK, 1000);   /* the default of 50 µs would lengthen the wire */
    int a = open_wire(words[1]), b = open_wire(words[2]);
    long long hold = atoll(words[3]) * 1000;
    ways[0].from = ways[1].to = a;
    ways[0].to = ways[1].from = b;
    puts("ready");
    fflush(stdout);
    for (;;) {
        struct timespec pause = until_next();
        struct pollfd ends[2] = {{a, POLLIN, 0}, {b, POLLIN, 0}};
        ppoll(ends, 2, &pause, NULL);
        for (int i = 0; i < 2; i++) {
            take_in(&ways[i], hold);
            give_out(&ways[i]);
        }
    }
}
