/* clock.c - the two clocks: one that only moves forward, for deadlines, and the calendar's.
 *
 * It must not know calendars or zones.
 */
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L /* clock_gettime */
#endif
#include <stdatomic.h>
#include <time.h>

#include "base/base.h"

/* Atomic because a test may set it while threads of a pool read the time. */
static _Atomic(const tk_clock_fake *) the_fake;

void tk_clock_set_fake(const tk_clock_fake *fake) {
    atomic_store_explicit(&the_fake, fake, memory_order_release);
}

static int64_t read_monotonic(clockid_t clock) {
    const tk_clock_fake *fake = atomic_load_explicit(&the_fake, memory_order_acquire);
    if (TK_UNLIKELY(fake != NULL)) {
        return fake->now_ns;
    }
    struct timespec now = {0, 0};
    clock_gettime(clock, &now); /* cannot fail with these clocks and a valid pointer */
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t tk_clock_now_ns(void) {
    return read_monotonic(CLOCK_MONOTONIC);
}

/* A virtual machine takes 60 ns and more for the exact time. */
int64_t tk_clock_about_ns(void) {
#ifdef CLOCK_MONOTONIC_COARSE
    return read_monotonic(CLOCK_MONOTONIC_COARSE);
#else
    return read_monotonic(CLOCK_MONOTONIC);
#endif
}

int64_t tk_clock_unix_us(void) {
    const tk_clock_fake *fake = atomic_load_explicit(&the_fake, memory_order_acquire);
    if (TK_UNLIKELY(fake != NULL)) {
        return fake->unix_us;
    }
    struct timespec now = {0, 0};
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}
