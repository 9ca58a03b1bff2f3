/* test_thread.c - locks, waits, threads, the clocks and their fake, random bytes. */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/base.h"
#include "support.h"

enum { THREADS = 4, ROUNDS = 10000 };

typedef struct shared {
    tk_mutex *mutex;
    tk_cond *cond;
    int counter;
    bool is_ready;
} shared;

static void *count_up(void *context) {
    shared *common = context;
    for (int i = 0; i < ROUNDS; i++) {
        tk_mutex_lock(common->mutex);
        common->counter++;
        tk_mutex_unlock(common->mutex);
    }
    return NULL;
}

static void thread_mutex_excludes(void **state) {
    (void)state;
    tk_test_alloc memory;
    takeo_allocator allocator = tk_test_alloc_init(&memory);
    tk_alloc alloc = tk_alloc_from(&allocator);
    shared common = {.mutex = tk_mutex_new(&alloc)};
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, count_up, &common), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_int_equal(common.counter, THREADS * ROUNDS);
    tk_mutex_free(&alloc, common.mutex);
    tk_mutex_free(&alloc, NULL);
    tk_test_alloc_done(&memory);
}

static void *make_ready(void *context) {
    shared *common = context;
    tk_sleep_ns(5000000);
    tk_mutex_lock(common->mutex);
    common->is_ready = true;
    tk_cond_wake_all(common->cond);
    tk_mutex_unlock(common->mutex);
    return NULL;
}

static void thread_cond_is_woken(void **state) {
    (void)state;
    static const int64_t seconds[] = {-1, 10};
    for (size_t i = 0; i < TK_COUNT(seconds); i++) {
        shared common = {.mutex = tk_mutex_new(&tk_alloc_default),
                         .cond = tk_cond_new(&tk_alloc_default)};
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, make_ready, &common), 0);
        int64_t deadline = seconds[i] < 0 ? -1 : tk_clock_now_ns() + seconds[i] * 1000000000;
        tk_mutex_lock(common.mutex);
        while (!common.is_ready) {
            assert_true(tk_cond_wait(common.cond, common.mutex, deadline));
        }
        tk_mutex_unlock(common.mutex);
        pthread_join(thread, NULL);
        tk_cond_free(&tk_alloc_default, common.cond);
        tk_mutex_free(&tk_alloc_default, common.mutex);
    }
    tk_cond_free(&tk_alloc_default, NULL);
}

static void thread_cond_ends_at_its_deadline(void **state) {
    (void)state;
    tk_mutex *mutex = tk_mutex_new(&tk_alloc_default);
    tk_cond *cond = tk_cond_new(&tk_alloc_default);
    tk_mutex_lock(mutex);
    int64_t start = tk_clock_now_ns();
    assert_false(tk_cond_wait(cond, mutex, start - 1));
    assert_false(tk_cond_wait(cond, mutex, 0));
    bool is_woken = true;
    while (is_woken) { /* it may wake for nothing */
        is_woken = tk_cond_wait(cond, mutex, start + 20000000);
    }
    assert_true(tk_clock_now_ns() >= start + 20000000);
    tk_mutex_unlock(mutex);
    tk_cond_free(&tk_alloc_default, cond);
    tk_mutex_free(&tk_alloc_default, mutex);
}

static void thread_clocks_move_forward_and_can_be_moved(void **state) {
    (void)state;
    int64_t before = tk_clock_now_ns();
    tk_sleep_ns(2000000);
    tk_sleep_ns(0);
    tk_sleep_ns(-5);
    assert_true(tk_clock_now_ns() >= before + 2000000);
    assert_true(tk_clock_unix_us() > INT64_C(1600000000000000));
    tk_clock_fake fake = {.now_ns = 77, .unix_us = 88};
    tk_clock_set_fake(&fake);
    assert_int_equal(tk_clock_now_ns(), 77);
    assert_int_equal(tk_clock_unix_us(), 88);
    fake.now_ns = 99;
    assert_int_equal(tk_clock_now_ns(), 99);
    tk_clock_set_fake(NULL);
    assert_true(tk_clock_now_ns() > before);
    assert_true(tk_process_id() > 0);
    assert_true(tk_thread_id() != 0);
    assert_int_equal(tk_thread_id(), tk_thread_id());
}

static void thread_random_bytes_differ(void **state) {
    (void)state;
    unsigned char a[1000] = {0};
    unsigned char b[1000] = {0};
    assert_true(tk_rand_bytes(a, sizeof a));
    assert_true(tk_rand_bytes(b, sizeof b));
    assert_true(tk_rand_bytes(b, 0));
    assert_memory_not_equal(a, b, sizeof a);
    size_t zeros = 0;
    for (size_t i = 0; i < sizeof a; i++) {
        zeros += a[i] == 0;
    }
    assert_true(zeros < 50); /* all of it was written */
}

/* F60 */
static bool make_locks(const takeo_allocator *allocator, void *context) {
    (void)context;
    tk_alloc alloc = tk_alloc_from(allocator);
    tk_mutex *mutex = tk_mutex_new(&alloc);
    tk_cond *cond = tk_cond_new(&alloc);
    bool is_whole = mutex != NULL && cond != NULL;
    tk_mutex_free(&alloc, mutex);
    tk_cond_free(&alloc, cond);
    return is_whole;
}

static void thread_without_memory_fails_cleanly(void **state) {
    (void)state;
    assert_int_equal(tk_sweep(make_locks, NULL), 2);
}

/* A ring of its own head. */
typedef struct started {
    atomic_bool is_over;
    sigset_t blocked;
    uint64_t thread;
} started;

static void look_around(void *ctx) {
    started *own = ctx;
    own->thread = tk_thread_id();
    (void)pthread_sigmask(SIG_BLOCK, NULL, &own->blocked);
    atomic_store(&own->is_over, true);
}

static void thread_start_runs_beside_us_without_signals(void **state) {
    (void)state;
    started own;
    sigset_t ours;
    atomic_init(&own.is_over, false);
    assert_true(tk_thread_start(look_around, &own));
    int64_t until = tk_clock_now_ns() + 10 * INT64_C(1000000000);
    while (!atomic_load(&own.is_over)) {
        assert_true(tk_clock_now_ns() < until);
        tk_sleep_ns(100000);
    }
    assert_true(own.thread != tk_thread_id());
    assert_int_equal(sigismember(&own.blocked, SIGINT), 1);
    assert_int_equal(sigismember(&own.blocked, SIGPIPE), 1);
    (void)pthread_sigmask(SIG_BLOCK, NULL, &ours);
    assert_int_equal(sigismember(&ours, SIGINT), 0);
}

static void thread_links_keep_order(void **state) {
    (void)state;
    struct item {
        int number;
        tk_link link;
    } items[3] = {{.number = 0}, {.number = 1}, {.number = 2}};
    tk_link head;
    tk_link_init(&head);
    assert_true(tk_link_is_alone(&head));
    for (int i = 0; i < 3; i++) {
        tk_link_append(&head, &items[i].link);
    }
    tk_link_remove(&items[1].link);
    assert_true(tk_link_is_alone(&items[1].link));
    assert_int_equal(TK_CONTAINER(head.next, struct item, link)->number, 0);
    assert_int_equal(TK_CONTAINER(head.next->next, struct item, link)->number, 2);
    assert_ptr_equal(head.next->next->next, &head);
}

static atomic_bool is_held, is_whole;

static void *hold_forks(void *ctx) {
    (void)ctx;
    tk_fork_hold();
    atomic_store(&is_held, true);
    tk_sleep_ns(50000000);
    atomic_store(&is_whole, true);
    tk_fork_release();
    return NULL;
}

static void thread_fork_waits_for_what_is_held(void **state) { /* F54 */
    (void)state;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, hold_forks, NULL), 0);
    while (!atomic_load(&is_held)) {
        tk_sleep_ns(100000);
    }
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        tk_fork_hold(); /* free in the child */
        tk_fork_release();
        char word = atomic_load(&is_whole) ? 'w' : 'h';
        (void)!write(ends[1], &word, 1);
        raise(SIGKILL); /* without what a sanitizer does at an end: a thread is missing here */
    }
    (void)close(ends[1]);
    char word = '-';
    assert_int_equal(read(ends[0], &word, 1), 1);
    assert_int_equal(word, 'w');
    (void)close(ends[0]);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(pthread_join(thread, NULL), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(thread_mutex_excludes),
        cmocka_unit_test(thread_start_runs_beside_us_without_signals),
        cmocka_unit_test(thread_fork_waits_for_what_is_held),
        cmocka_unit_test(thread_cond_is_woken),
        cmocka_unit_test(thread_cond_ends_at_its_deadline),
        cmocka_unit_test(thread_clocks_move_forward_and_can_be_moved),
        cmocka_unit_test(thread_random_bytes_differ),
        cmocka_unit_test(thread_without_memory_fails_cleanly),
        cmocka_unit_test(thread_links_keep_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
