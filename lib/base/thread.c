/* thread.c - the only file that knows platform threads: locks, waiting, names of thread and
 * process.
 *
 * Locking and unlocking cannot fail for a lock that was made here and is used as it should be, so
 * their results are not passed on.  It must not know what is locked.
 */
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L /* pthread_condattr_setclock, nanosleep */
#endif
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#include "base/base.h"

static const int64_t second_ns = 1000000000;

struct tk_mutex {
    pthread_mutex_t lock;
};

struct tk_cond {
    pthread_cond_t cond;
};

tk_mutex *tk_mutex_new(const tk_alloc *alloc) {
    tk_mutex *mutex = tk_mem_new(alloc, sizeof *mutex);
    if (mutex != NULL && pthread_mutex_init(&mutex->lock, NULL) != 0) {
        tk_mem_free(alloc, mutex, sizeof *mutex);
        return NULL;
    }
    return mutex;
}

void tk_mutex_free(const tk_alloc *alloc, tk_mutex *mutex) {
    if (mutex != NULL) {
        pthread_mutex_destroy(&mutex->lock);
        tk_mem_free(alloc, mutex, sizeof *mutex);
    }
}

void tk_mutex_lock(tk_mutex *mutex) {
    pthread_mutex_lock(&mutex->lock);
}

void tk_mutex_unlock(tk_mutex *mutex) {
    pthread_mutex_unlock(&mutex->lock);
}

/* A condition whose deadlines do not move when somebody sets the calendar's clock. */
static bool init_cond(pthread_cond_t *cond) {
    pthread_condattr_t attributes;
    if (pthread_condattr_init(&attributes) != 0) {
        return false;
    }
    bool is_made = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0
                   && pthread_cond_init(cond, &attributes) == 0;
    pthread_condattr_destroy(&attributes);
    return is_made;
}

tk_cond *tk_cond_new(const tk_alloc *alloc) {
    tk_cond *cond = tk_mem_new(alloc, sizeof *cond);
    if (cond != NULL && !init_cond(&cond->cond)) {
        tk_mem_free(alloc, cond, sizeof *cond);
        return NULL;
    }
    return cond;
}

void tk_cond_free(const tk_alloc *alloc, tk_cond *cond) {
    if (cond != NULL) {
        pthread_cond_destroy(&cond->cond);
        tk_mem_free(alloc, cond, sizeof *cond);
    }
}

bool tk_cond_wait(tk_cond *cond, tk_mutex *mutex, int64_t deadline_ns) {
    if (deadline_ns < 0) {
        pthread_cond_wait(&cond->cond, &mutex->lock);
        return true;
    }
    /* What is left is measured on the clock that tests may move, then added to the real one. */
    int64_t left = deadline_ns - tk_clock_now_ns();
    if (left <= 0) {
        return false;
    }
    struct timespec until = {0, 0};
    clock_gettime(CLOCK_MONOTONIC, &until);
    int64_t nanoseconds = until.tv_nsec + left % second_ns;
    until.tv_sec += (time_t)(left / second_ns + nanoseconds / second_ns);
    until.tv_nsec = (long)(nanoseconds % second_ns);
    return pthread_cond_timedwait(&cond->cond, &mutex->lock, &until) == 0;
}

void tk_cond_wake_all(tk_cond *cond) {
    pthread_cond_broadcast(&cond->cond);
}

void tk_sleep_ns(int64_t ns) {
    if (ns <= 0) {
        return;
    }
    struct timespec left = {(time_t)(ns / second_ns), (long)(ns % second_ns)};
    while (nanosleep(&left, &left) != 0 && errno == EINTR) {
    }
}

/* Asked at every start of an operation, where a system call would cost as much as all the rest. The
 * number changes in one way only, and the system tells of that. */
static _Atomic int64_t known_process;

static void forget_process(void) {
    atomic_store(&known_process, 0);
}

static void watch_forks(void) {
    (void)pthread_atfork(NULL, NULL, forget_process);
}

int64_t tk_process_id(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    int64_t known = atomic_load_explicit(&known_process, memory_order_relaxed);
    if (TK_LIKELY(known != 0)) {
        return known;
    }
    pthread_once(&once, watch_forks);
    atomic_store(&known_process, (int64_t)getpid());
    return (int64_t)getpid();
}

uint64_t tk_thread_id(void) {
    return (uint64_t)(uintptr_t)pthread_self();
}
