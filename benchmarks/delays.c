/* A server of known delays that writes down itself how long each answer took: from the read of a request to the end of
 * the write of its answer. One thread, one epoll; it looks without waiting, so that no timer's grain is in the delays.
 *
 *   delays KIND SEED    prints its port; ends when standard input does
 *
 * Kinds: none, lognormal (median 20 ms, P95 about 75), steps (1.4, 105 and 1,049 ms in shares of 94.5, 4.3 and
 * 1.2 %), stall (5 ms, and for 2 s of every 10 nobody is served). `GET /item` is the load, `GET /record` gives for
 * each answer when its request came (since the first one) and what it took, in µs, and begins a new record; anything else is answered at once and not written down. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <math.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MOST 65536
static const double STALL_S = 2.0, STALL_EVERY_S = 10.0;

struct due {
    double at_s, came_s;
    int fd;
};
static struct due heap[MOST];
static int waiting;
static struct { uint32_t came_us, took_us; } *record;
static size_t answered, room;
static double first_s = -1;
static const char *kind;
static char answer[512];
static size_t answer_size;

static double now_s(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec * 1e-9;
}

static double delay_s(void) {
    double u = drand48();
    if (!strcmp(kind, "lognormal")) {
        double normal = sqrt(-2 * log(1 - drand48())) * cos(2 * M_PI * u);
        return fmin(0.020 * exp(0.8 * normal), 2.0);
    }
    if (!strcmp(kind, "steps"))
        return u < 0.945 ? 0.0014 : u < 0.988 ? 0.105 : 1.049;
    return strcmp(kind, "stall") ? 0 : 0.005;
}

static void push(struct due item) {
    int at = waiting++;
    for (; at && heap[(at - 1) / 2].at_s > item.at_s; at = (at - 1) / 2)
        heap[at] = heap[(at - 1) / 2];
    heap[at] = item;
}

static struct due pop(void) {
    struct due top = heap[0], last = heap[--waiting];
    int at = 0;
    for (int child; (child = 2 * at + 1) < waiting; at = child) {
        if (child + 1 < waiting && heap[child + 1].at_s < heap[child].at_s)
            child++;
        if (heap[child].at_s >= last.at_s)
            break;
        heap[at] = heap[child];
    }
    heap[at] = last;
    return top;
}

static void answer_item(int fd, double came_s) {
    if (send(fd, answer, answer_size, MSG_NOSIGNAL) != (ssize_t)answer_size)
        return;
    if (answered == room) {
        room = room ? 2 * room : 1 << 20;
        record = realloc(record, room * sizeof *record);
        if (!record)
            exit(1);
    }
    record[answered].came_us = (uint32_t)lround((came_s - first_s) * 1e6);
    record[answered++].took_us = (uint32_t)lround((now_s() - came_s) * 1e6);
}

static void send_record(int fd) {
    size_t size = answered * 22 + 1, used = 0;
    char *body = malloc(size), head[64];
    for (size_t i = 0; i < answered; i++)
        used += (size_t)snprintf(body + used, size - used, "%u %u\n", record[i].came_us, record[i].took_us);
    int n = snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", used);
    send(fd, head, (size_t)n, MSG_NOSIGNAL);
    for (size_t sent = 0; sent < used;) {
        ssize_t more = send(fd, body + sent, used - sent, MSG_NOSIGNAL);
        if (more > 0)
            sent += (size_t)more;
        else
            usleep(1000);
    }
    free(body);
    answered = 0;
    first_s = -1;
}

static void take(int fd) {
    char request[4096];
    double came_s = now_s();
    ssize_t size = recv(fd, request, sizeof request, 0);
    if (size <= 0) {
        if (size == 0)
            close(fd);
        return;
    }
    if (!strncmp(request, "GET /record", 11)) {
        send_record(fd);
    } else if (strncmp(request, "GET /item", 9)) {
        send(fd, answer, answer_size, MSG_NOSIGNAL);
    } else {
        if (first_s < 0)
            first_s = came_s;
        double wait_s = delay_s(), into_s = fmod(came_s - first_s, STALL_EVERY_S);
        if (!strcmp(kind, "stall") && into_s >= STALL_EVERY_S - STALL_S)
            wait_s += STALL_EVERY_S - into_s;
        if (wait_s > 0 && waiting < MOST)
            push((struct due){came_s + wait_s, came_s, fd});
        else
            answer_item(fd, came_s);
    }
}

int main(int argc, char **argv) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    struct epoll_event events[1024], one = {.events = EPOLLIN};
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), poll = epoll_create1(0), yes = 1;
    if (argc < 3 || bind(listener, (struct sockaddr *)&at, size) || listen(listener, 8192))
        return 2;
    kind = argv[1];
    srand48(atol(argv[2]));
    answer_size = (size_t)snprintf(
        answer, sizeof answer,
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 200\r\n\r\n{\"id\": 1, \"ok\": true, "
        "\"name\": \"%0167d\"}", 0);
    getsockname(listener, (struct sockaddr *)&at, &size);
    printf("%d\n", ntohs(at.sin_port));
    fflush(stdout);
    one.data.fd = listener;
    epoll_ctl(poll, EPOLL_CTL_ADD, listener, &one);
    one.data.fd = 0;
    epoll_ctl(poll, EPOLL_CTL_ADD, 0, &one);
    for (;;) {
        int n = epoll_wait(poll, events, 1024, waiting ? 0 : 1);
        for (int i = 0; i < n; i++) {
            int fd = events[i].data.fd;
            if (fd == 0)
                return 0;
            if (fd != listener) {
                take(fd);
                continue;
            }
            for (int talk; (talk = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0;) {
                setsockopt(talk, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
                one.data.fd = talk;
                epoll_ctl(poll, EPOLL_CTL_ADD, talk, &one);
            }
        }
        for (double at_s = now_s(); waiting && heap[0].at_s <= at_s;) {
            struct due next = pop();
            answer_item(next.fd, next.came_s);
            at_s = now_s();
        }
    }
}
