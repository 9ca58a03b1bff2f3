/* thread.c - the only file that knows platform threads: locks, waiting, threads of our own, names of
 * thread and process.
 *
 * Locking and unlocking cannot fail for a lock that was made here and is used as it should be, so
 * their results are not passed on.  It must not know what is locked.
 */
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L /* pthread_condattr_setclock, nanosleep */
#endif
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h> /* a set of signals, to keep them from threads of our own */
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

struct tk_thread_start {
    void (*work)(void *ctx);
    void *ctx;
};

static void *run_thread(void *given) {
    struct tk_thread_start start = *(struct tk_thread_start *)given;
    tk_mem_free(&tk_alloc_default, given, sizeof start);
    start.work(start.ctx);
    return NULL;
}

/* A signal is for the threads of the program: one of ours would take it from the sleep that it
 * should end.  A new thread blocks what its maker blocks. */
static bool make_thread(const pthread_attr_t *attributes, struct tk_thread_start *start) {
    sigset_t all;
    sigset_t before;
    pthread_t thread;
    sigfillset(&all);
    if (pthread_sigmask(SIG_SETMASK, &all, &before) != 0) {
        return false;
    }
    bool is_made = pthread_create(&thread, attributes, run_thread, start) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return is_made;
}

bool tk_thread_start(void (*work)(void *ctx), void *ctx) {
    struct tk_thread_start *start = tk_mem_new(&tk_alloc_default, sizeof *start);
    pthread_attr_t attributes;
    if (start == NULL || pthread_attr_init(&attributes) != 0) {
        tk_mem_free(&tk_alloc_default, start, sizeof *start);
        return false;
    }
    *start = (struct tk_thread_start){work, ctx};
    bool is_made = pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED) == 0
                   && make_thread(&attributes, start);
    pthread_attr_destroy(&attributes);
    if (!is_made) {
        tk_mem_free(&tk_alloc_default, start, sizeof *start);
    }
    return is_made;
}

void tk_sleep_ns(int64_t ns) {
    if (ns <= 0) {
        return;
    }
    struct timespec left = {(time_t)(ns / second_ns), (long)(ns % second_ns)};
    while (nanosleep(&left, &left) != 0 && errno == EINTR) {
    }
}

void tk_yield(void) {
    sched_yield();
}

static pthread_mutex_t fork_mutex = PTHREAD_MUTEX_INITIALIZER;

static void lock_forks(void) {
    pthread_mutex_lock(&fork_mutex);
}

static void unlock_forks(void) {
    pthread_mutex_unlock(&fork_mutex);
}

static void let_forks_wait(void) {
    (void)pthread_atfork(lock_forks, unlock_forks, unlock_forks);
}

void tk_fork_hold(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, let_forks_wait);
    lock_forks();
}

void tk_fork_release(void) {
    unlock_forks();
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

int32_t tk_processor_count(void) {
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) {
        return 1;
    }
    int count = CPU_COUNT(&allowed);
    return count > 0 ? count : 1;
}
