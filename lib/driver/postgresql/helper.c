/* helper.c - a thread for what libpq cannot do without waiting: to connect, and to cancel.
 *
 * Who gives up does not wait for it: the thread is left behind with what it holds, and cleans up
 * when libpq returns.  So what it works on belongs to two, and goes with the one that leaves last;
 * its memory is not the caller's, who may be gone by then.  Of each kind only a few threads may be
 * left behind at one time.  It must not know what the work is.
 */
#include <errno.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "driver/postgresql/postgresql_int.h"

static atomic_int left_behind[TK_PG_HELPER_KINDS];
static _Atomic int64_t counted_in; /* a forked child has none of its parent's threads */

static atomic_int *count_of(uint8_t kind) {
    int64_t process = tk_process_id();
    if (atomic_exchange(&counted_in, process) != process) {
        for (uint8_t i = 0; i < TK_PG_HELPER_KINDS; i++) {
            atomic_store(&left_behind[i], 0);
        }
    }
    return &left_behind[kind];
}

uint32_t tk_pg_helpers_left(tk_pg_helper_kind kind) {
    int count = atomic_load(count_of((uint8_t)kind));
    return count > 0 ? (uint32_t)count : 0;
}

/* Readable after `ns`, which is what "done" looks like from outside; below zero: not by itself. */
static void set_timer(int fd, int64_t ns) {
    struct itimerspec when = {0};
    if (ns >= 0) {
        when.it_value.tv_sec = (time_t)(ns / INT64_C(1000000000));
        when.it_value.tv_nsec = (long)(ns % INT64_C(1000000000));
        when.it_value.tv_nsec += ns == 0; /* zero would stop the timer */
    }
    (void)timerfd_settime(fd, 0, &when, NULL); /* cannot fail with these arguments */
}

static void leave(tk_pg_helper *helper) {
    uint8_t kind = helper->kind;
    if (atomic_fetch_sub(&helper->holders, 1) == 1) {
        bool was_left = helper->is_left;
        (void)close(helper->fd);
        helper->free(helper);
        if (was_left) {
            atomic_fetch_sub(count_of(kind), 1);
        }
    }
}

static void run(void *ctx) {
    tk_pg_helper *helper = ctx;
    helper->work(helper);
    set_timer(helper->fd, 0); /* before the word that it is done: the owner may then start again */
    atomic_store_explicit(&helper->is_working, false, memory_order_release);
    leave(helper);
}

bool tk_pg_helper_init(tk_pg_helper *helper, tk_pg_helper_kind kind,
                       void (*work)(tk_pg_helper *helper), void (*free)(tk_pg_helper *helper)) {
    helper->work = work;
    helper->free = free;
    helper->kind = (uint8_t)kind;
    atomic_init(&helper->holders, 1);
    atomic_init(&helper->is_working, false);
    helper->fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    return helper->fd >= 0;
}

bool tk_pg_helper_start(tk_pg_helper *helper, int64_t limit_ns) {
    set_timer(helper->fd, limit_ns);
    atomic_fetch_add(&helper->holders, 1);
    atomic_store(&helper->is_working, true);
    if (tk_thread_start(run, helper)) {
        return true;
    }
    atomic_store(&helper->is_working, false);
    atomic_fetch_sub(&helper->holders, 1);
    return false;
}

bool tk_pg_helper_is_working(const tk_pg_helper *helper) {
    return atomic_load_explicit(&helper->is_working, memory_order_acquire);
}

void tk_pg_helper_leave(tk_pg_helper *helper) {
    helper->is_left = true;
    atomic_fetch_add(count_of(helper->kind), 1);
    leave(helper);
}

/* Where the thread was not over, nobody knows what it had in hand: that is leaked. */
void tk_pg_helper_abandon(tk_pg_helper *helper) {
    (void)close(helper->fd);
    if (atomic_load(&helper->holders) == 1) {
        helper->free(helper);
    }
}
