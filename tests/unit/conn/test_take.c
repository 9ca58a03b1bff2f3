/* test_take.c - whose turn it is: one connection, many threads, none overtaken, none forgotten. */
#include "support.h"

#include <pthread.h>
#include <sched.h>

#include "scripted_driver.h"

#define MS INT64_C(1000000)

typedef struct fixture {
    scripted script;
    tk_source *source;
    tk_session *holder; /* whose transaction holds the connection */
    tk_op *holding;
} fixture;

static void set_up(fixture *f, int64_t acquire_ns) {
    const takeo_pool_limits limits = {.struct_size = sizeof limits, .acquire_ns = acquire_ns};
    takeo_source_options options = {.struct_size = sizeof options, .pool = &limits};
    *f = (fixture){0};
    f->source = scripted_source(&f->script, &options);
    f->holder = scripted_session(f->source);
    f->holding = scripted_op(f->holder);
}

static void hold(fixture *f) {
    assert_int_equal(tk_txn_begin(f->holding, NULL, NULL), TAKEO_DONE);
    assert_int_equal(tk_op_wait(f->holding, -1), TAKEO_DONE);
}

static void let_go(fixture *f) {
    assert_int_equal(tk_txn_rollback(f->holding, 0, NULL), TAKEO_DONE);
    assert_int_equal(tk_op_wait(f->holding, -1), TAKEO_DONE);
}

static void tear_down(fixture *f) {
    tk_op_free(f->holding);
    tk_session_free(f->holder);
    tk_source_close(f->source);
    scripted_done(&f->script);
}

static uint32_t queue_length(tk_source *source) {
    uint32_t count = 0;
    tk_mutex_lock(source->mutex);
    for (tk_link *link = source->queue.next; link != &source->queue; link = link->next) {
        count++;
    }
    tk_mutex_unlock(source->mutex);
    return count;
}

static void await_queue(tk_source *source, uint32_t length) {
    while (queue_length(source) != length) {
        tk_sleep_ns(MS / 10);
    }
}

/* ---- a thread that runs one statement -------------------------------------------------------- */

typedef struct client {
    tk_source *source;
    tk_op *op;
    scripted_job job;
    pthread_t thread;
    takeo_status status;
    int64_t timeout_ns;
    uint32_t repeat;
} client;

static void *run_client(void *argument) {
    client *c = argument;
    for (uint32_t i = 0; i < c->repeat && c->status == TAKEO_DONE; i++) {
        c->job.left = 1;
        c->status = scripted_start(c->op, &c->job, NULL);
        if (c->status == TAKEO_DONE) {
            c->status = tk_op_wait(c->op, c->timeout_ns);
        }
    }
    return NULL;
}

static void start_client(client *c, tk_source *source, uint64_t id, uint32_t repeat) {
    *c = (client){.source = source, .timeout_ns = -1, .repeat = repeat};
    scripted_job_init(&c->job, id, 1);
    c->op = scripted_op(&source->shared);
    assert_int_equal(pthread_create(&c->thread, NULL, run_client, c), 0);
}

static takeo_status end_client(client *c) {
    assert_int_equal(pthread_join(c->thread, NULL), 0);
    takeo_status status = c->status;
    tk_op_free(c->op);
    return status;
}

/* ---- order ----------------------------------------------------------------------------------- */

static void take_queue_is_served_in_order(void **state) { /* F45 */
    (void)state;
    fixture f;
    set_up(&f, 0);
    hold(&f);
    client clients[5];
    for (uint32_t i = 0; i < TK_COUNT(clients); i++) {
        start_client(&clients[i], f.source, i + 1, 1);
        await_queue(f.source, i + 1);
    }
    scripted_clear(&f.script);
    let_go(&f);
    for (uint32_t i = 0; i < TK_COUNT(clients); i++) {
        assert_int_equal(end_client(&clients[i]), TAKEO_DONE);
    }
    assert_string_equal(f.script.log,
                        "run rollback; prepare 1; start 1; end 1; prepare 2; start 2; "
                        "end 2; prepare 3; start 3; end 3; prepare 4; start 4; end 4; "
                        "prepare 5; start 5; end 5; ");
    tear_down(&f);
}

static void take_threads_never_overlap(void **state) { /* F52 */
    (void)state;
    fixture f;
    set_up(&f, 0);
    client clients[6];
    for (uint32_t i = 0; i < TK_COUNT(clients); i++) {
        start_client(&clients[i], f.source, i + 1, 200);
    }
    for (uint32_t i = 0; i < TK_COUNT(clients); i++) {
        assert_int_equal(end_client(&clients[i]), TAKEO_DONE);
    }
    assert_int_equal(f.script.overlaps, 0);
    assert_int_equal(f.source->stats.acquired, 6 * 200);
    tear_down(&f);
}

static void take_one_that_is_only_stepped_lets_sleepers_pass(void **state) {
    (void)state;
    fixture f;
    set_up(&f, 0);
    hold(&f);
    tk_op *stepped = scripted_op(&f.source->shared);
    scripted_job job;
    scripted_job_init(&job, 9, 1);
    assert_int_equal(scripted_start(stepped, &job, NULL), TAKEO_DONE);
    assert_int_equal(tk_op_step(stepped, 0), TAKEO_WAIT);
    takeo_interest interest = {.struct_size = sizeof interest};
    assert_int_equal(tk_op_interest(stepped, &interest), TAKEO_DONE);
    assert_int_equal(interest.deadline_ns, stepped->run.acquire_deadline_ns);
    client c;
    start_client(&c, f.source, 1, 1);
    await_queue(f.source, 2);
    let_go(&f);
    assert_int_equal(end_client(&c), TAKEO_DONE);
    assert_int_equal(tk_op_step(stepped, 0), TAKEO_DONE);
    tk_op_free(stepped);
    tear_down(&f);
}

static void take_one_that_gives_up_lets_others_pass(void **state) {
    (void)state;
    fixture f;
    set_up(&f, 0);
    hold(&f);
    client first, second;
    start_client(&first, f.source, 1, 1);
    await_queue(f.source, 1);
    start_client(&second, f.source, 2, 1);
    await_queue(f.source, 2);
    tk_op_cancel(first.op);
    assert_int_equal(end_client(&first), TAKEO_ECANCELED);
    assert_int_equal(first.job.finished, 1);
    await_queue(f.source, 1);
    let_go(&f);
    assert_int_equal(end_client(&second), TAKEO_DONE);
    tear_down(&f);
}

/* ---- deadlines ------------------------------------------------------------------------------- */

static void *try_and_keep_failure(void *argument) {
    client *c = argument;
    c->status = scripted_run(c->op, &c->job);
    return NULL;
}

static void take_patience_ends_and_names_the_holder(void **state) { /* F45 */
    (void)state;
    fixture f;
    set_up(&f, 20 * MS);
    hold(&f);
    client c = {.source = f.source};
    scripted_job_init(&c.job, 1, 1);
    c.op = scripted_op(&f.source->shared);
    int64_t before = tk_clock_now_ns();
    assert_int_equal(pthread_create(&c.thread, NULL, try_and_keep_failure, &c), 0);
    assert_int_equal(pthread_join(c.thread, NULL), 0);
    assert_in_range(tk_clock_now_ns() - before, 20 * MS, 2000 * MS);
    assert_int_equal(c.status, TAKEO_EPOOL_TIMEOUT);
    assert_string_equal(c.op->error.first->code.data, "TAKEO.CONNECT.BUSY");
    assert_int_equal(c.op->error.first->outcome, TAKEO_OUTCOME_NOT_SENT);
    assert_non_null(strstr(c.op->error.first->message.data, "a transaction has held it for 0.0"));
    assert_int_equal(c.job.finished, 1);
    assert_int_equal(queue_length(f.source), 0);
    tk_op_free(c.op);
    tear_down(&f);
}

static void take_deadline_of_the_operation_is_a_timeout(void **state) {
    (void)state;
    fixture f;
    set_up(&f, -1);
    hold(&f);
    client c = {.source = f.source};
    scripted_job_init(&c.job, 1, 1);
    c.op = scripted_op(&f.source->shared);
    c.op->options.timeout_ns = 20 * MS;
    assert_int_equal(pthread_create(&c.thread, NULL, try_and_keep_failure, &c), 0);
    assert_int_equal(pthread_join(c.thread, NULL), 0);
    assert_int_equal(c.status, TAKEO_ETIMEOUT);
    assert_int_equal(c.op->error.first->outcome, TAKEO_OUTCOME_NOT_SENT);
    tk_op_free(c.op);
    tear_down(&f);
}

static void take_wait_of_limited_length_may_be_repeated(void **state) {
    (void)state;
    fixture f;
    set_up(&f, 0);
    hold(&f);
    tk_op *op = scripted_op(&f.source->shared);
    scripted_job job;
    scripted_job_init(&job, 1, 1);
    assert_int_equal(scripted_start(op, &job, NULL), TAKEO_DONE);
    assert_int_equal(tk_op_wait(op, 0), TAKEO_WAIT);
    assert_int_equal(tk_op_wait(op, 5 * MS), TAKEO_WAIT);
    assert_int_equal(op->state, TK_OP_ACQUIRE);
    assert_int_equal(tk_op_start(op, NULL), TAKEO_ESTATE);
    let_go(&f);
    assert_int_equal(tk_op_wait(op, -1), TAKEO_DONE);
    tk_op_free(op);
    tear_down(&f);
}

/* ---- waiting for oneself --------------------------------------------------------------------- */

static void take_own_transaction_is_refused_at_once(void **state) { /* TX-06 */
    (void)state;
    fixture f;
    set_up(&f, 0);
    hold(&f);
    tk_op *op = scripted_op(&f.source->shared);
    scripted_job job;
    scripted_job_init(&job, 1, 1);
    int64_t before = tk_clock_now_ns();
    assert_int_equal(scripted_run(op, &job), TAKEO_ESTATE);
    assert_true(tk_clock_now_ns() - before < 1000 * MS);
    assert_string_equal(op->error.first->code.data, "TAKEO.TXN.STATE");
    assert_int_equal(op->error.first->outcome, TAKEO_OUTCOME_NOT_SENT);
    assert_int_equal(job.finished, 1);
    let_go(&f);
    job.left = 1;
    assert_int_equal(scripted_run(op, &job), TAKEO_DONE);
    tk_op_free(op);
    tear_down(&f);
}

typedef struct nested {
    scripted_job job;
    tk_op *inner;
    scripted_job inner_job;
    takeo_status status;
} nested;

static void run_inner(scripted_job *job, tk_op *op) {
    nested *n = (nested *)job;
    (void)op;
    n->status = scripted_run(n->inner, &n->inner_job);
}

static void take_inside_an_operation_is_refused_at_once(void **state) {
    (void)state;
    for (int in_transaction = 0; in_transaction < 2; in_transaction++) {
        fixture f;
        set_up(&f, 0);
        f.script.rows = 1;
        if (in_transaction) {
            hold(&f);
        }
        nested n;
        tk_session *session = in_transaction ? f.holder : &f.source->shared;
        tk_op *op = scripted_op(session);
        scripted_job_init(&n.job, 1, 1);
        scripted_job_init(&n.inner_job, 2, 1);
        n.job.on_row = run_inner;
        n.inner = scripted_op(session);
        assert_int_equal(scripted_run(op, &n.job), TAKEO_DONE);
        assert_int_equal(n.status, in_transaction ? TAKEO_ESTATE : TAKEO_EPOOL_TIMEOUT);
        tk_op_free(n.inner);
        tk_op_free(op);
        tear_down(&f);
    }
}

/* ---- closing and counting -------------------------------------------------------------------- */

static void take_closed_source_wakes_those_that_wait(void **state) {
    (void)state;
    fixture f;
    set_up(&f, 0);
    hold(&f);
    client c;
    start_client(&c, f.source, 1, 1);
    await_queue(f.source, 1);
    tk_source_hold(f.source);
    tk_source_close(f.source);
    assert_int_equal(end_client(&c), TAKEO_ECLOSED);
    assert_int_equal(tk_txn_commit(f.holding, 0, NULL), TAKEO_ECLOSED);
    assert_int_equal(f.script.servers, 1); /* borrowed: closed when it comes back */
    tk_session_free(f.holder);
    assert_int_equal(f.script.servers, 0);
    assert_non_null(strstr(f.script.log, "run rollback; close; "));
    tk_op_free(f.holding);
    tk_source_drop(f.source);
    scripted_done(&f.script);
}

static void take_shared_session_counts_who_runs(void **state) {
    (void)state;
    fixture f;
    set_up(&f, 0);
    hold(&f);
    takeo_session_info info = {.struct_size = sizeof info};
    client c;
    start_client(&c, f.source, 1, 1);
    await_queue(f.source, 1);
    tk_session_describe(&f.source->shared, &info);
    assert_int_equal(info.running, 1);
    assert_int_equal(info.flags, 0);
    tk_session_describe(f.holder, &info);
    assert_int_equal(info.running, 0);
    let_go(&f);
    assert_int_equal(end_client(&c), TAKEO_DONE);
    tear_down(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(take_queue_is_served_in_order),
        cmocka_unit_test(take_threads_never_overlap),
        cmocka_unit_test(take_one_that_is_only_stepped_lets_sleepers_pass),
        cmocka_unit_test(take_one_that_gives_up_lets_others_pass),
        cmocka_unit_test(take_patience_ends_and_names_the_holder),
        cmocka_unit_test(take_deadline_of_the_operation_is_a_timeout),
        cmocka_unit_test(take_wait_of_limited_length_may_be_repeated),
        cmocka_unit_test(take_own_transaction_is_refused_at_once),
        cmocka_unit_test(take_inside_an_operation_is_refused_at_once),
        cmocka_unit_test(take_closed_source_wakes_those_that_wait),
        cmocka_unit_test(take_shared_session_counts_who_runs),
    };
    return cmocka_run_group_tests_name("take", tests, NULL, NULL);
}
