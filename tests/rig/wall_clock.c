/* The wall clock of one village, apart from the machine's: preloaded into a box and all that it starts.
 *
 * The file that WALL_CLOCK names holds one 64-bit number: by how many nanoseconds this clock is ahead. It is
 * mapped, so a step takes effect at once in every process. Only CLOCK_REALTIME is moved: sound, deadlines
 * and sleeps go by CLOCK_MONOTONIC, and file times by the kernel. Nothing that sleeps is touched: libfaketime
 * does that too, and makes time.sleep fail with EINVAL.
 *
 * gcc -O2 -Wall -Werror -shared -fPIC -o wall_clock.so wall_clock.c -ldl
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define NANOSECONDS 1000000000LL

static const volatile int64_t *ahead;
static int (*real_clock)(clockid_t, struct timespec *);

__attribute__((constructor)) static void begin(void)
{
    real_clock = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    const char *path = getenv("WALL_CLOCK");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0)
        return;
    void *mapped = mmap(NULL, sizeof *ahead, PROT_READ, MAP_SHARED, file, 0);
    ahead = mapped == MAP_FAILED ? NULL : mapped;
    close(file);
}

int clock_gettime(clockid_t which, struct timespec *shown)
{
    if (!real_clock)
        begin();
    int failed = real_clock(which, shown);
    if (failed || !ahead || (which != CLOCK_REALTIME && which != CLOCK_REALTIME_COARSE))
        return failed;
    int64_t moment = shown->tv_sec * NANOSECONDS + shown->tv_nsec + *ahead;
    shown->tv_sec = moment / NANOSECONDS;
    shown->tv_nsec = moment % NANOSECONDS;
    return 0;
}

int gettimeofday(struct timeval *restrict shown, void *restrict zone)
{
    (void)zone;
    struct timespec moment;
    if (clock_gettime(CLOCK_REALTIME, &moment))
        return -1;
    shown->tv_sec = moment.tv_sec;
    shown->tv_usec = moment.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *shown)
{
    struct timespec moment;
    clock_gettime(CLOCK_REALTIME, &moment);
    if (shown)
        *shown = moment.tv_sec;
    return moment.tv_sec;
}
