/* test_drain.c - the end of a source: what has begun goes on, nothing new begins, the rest is cut off.
 *
 * With the driver that blocks and one connection, and with the one that waits and three.
 */
#include "support.h"

#include <pthread.h>

#include "conn/conn_int.h"
#include "scripted_driver.h"

#define MS INT64_C(1000000)
#define LONG (30 * 1000 * MS)

typedef struct fixture {
    scripted script;
    tk_source *source;
    tk_session *session;
    tk_op *holding; /* of the session */
    tk_op *op;      /* of the shared session, as the next one */
    tk_op *drain;
    scripted_job job;
} fixture;

static void set_up(fixture *f, bool waits) {
    const takeo_pool_limits limits = {.struct_size = sizeof limits, .max_size = 3};
    const takeo_source_options options = {.struct_size = sizeof options, .pool = &limits};
    *f = (fixture){.script = {.waits = waits}};
    f->source = scripted_source(&f->script, &options);
    f->session = scripted_session(f->source);
    f->holding = scripted_op(f->session);
    f->op = scripted_op(&f->source->shared);
    f->drain = scripted_op(&f->source->shared);
    scripted_job_init(&f->job, 1, 1);
}

static void tear_down(fixture *f) {
    assert_int_equal(f->script.servers, 0);
    tk_op_free(f->holding);
    tk_op_free(f->op);
    tk_op_free(f->drain);
    tk_session_free(f->session);
    tk_source_close(f->source);
    scripted_done(&f->script);
}

static void begin(fixture *f) {
    assert_int_equal(tk_txn_begin(f->holding, NULL, NULL), TAKEO_DONE);
    assert_int_equal(tk_op_wait(f->holding, -1), TAKEO_DONE);
}

static void assert_refuses(fixture *f, const char *words) {
    f->job.left = 1;
    assert_int_equal(scripted_run(f->op, &f->job), TAKEO_ECLOSED);
    assert_string_equal(f->op->error.first->message.data, words);
}

static const char closed[] = "The data source was closed.";
static const char draining[] = "The data source takes no new work.";

static void drain_idle_source_is_closed_at_once(void **state) {
    (void)state;
    for (int waits = 0; waits < 2; waits++) {
        fixture f;
        set_up(&f, waits != 0);
        assert_int_equal(scripted_run(f.op, &f.job), TAKEO_DONE);
        assert_int_equal(f.script.servers, 1);
        assert_int_equal(tk_source_drain(f.drain, LONG, NULL), TAKEO_DONE);
        assert_int_equal(tk_op_step(f.drain, 0), TAKEO_DONE);
        assert_int_equal(f.drain->result.affected, 0);
        assert_int_equal(f.script.servers, 0);
        assert_refuses(&f, closed);
        assert_int_equal(tk_txn_begin(f.holding, NULL, NULL), TAKEO_ECLOSED);
        assert_int_equal(tk_source_drain(f.drain, LONG, NULL), TAKEO_ECLOSED);
        tear_down(&f);
    }
}

static void drain_lets_a_transaction_end(void **state) {
    (void)state;
    for (int waits = 0; waits < 2; waits++) {
        fixture f;
        set_up(&f, waits != 0);
        begin(&f);
        assert_int_equal(tk_source_drain(f.drain, LONG, NULL), TAKEO_DONE);
        assert_int_equal(tk_op_step(f.drain, 0), TAKEO_WAIT);
        assert_refuses(&f, draining);
        assert_int_equal(f.op->error.first->outcome, TAKEO_OUTCOME_NONE);
        f.job.left = 3;
        assert_int_equal(scripted_run(f.holding, &f.job), TAKEO_DONE); /* all that comes in it */
        assert_int_equal(tk_txn_begin(f.holding, NULL, NULL), TAKEO_DONE);
        assert_int_equal(tk_op_wait(f.holding, -1), TAKEO_DONE);
        assert_int_equal(tk_op_step(f.drain, 0), TAKEO_WAIT);
        assert_int_equal(tk_txn_commit(f.holding, 1, NULL), TAKEO_ESTATE); /* a savepoint is open */
        assert_int_equal(tk_txn_commit(f.holding, 2, NULL), TAKEO_DONE);
        assert_int_equal(tk_op_wait(f.holding, -1), TAKEO_DONE);
        assert_int_equal(tk_txn_commit(f.holding, 1, NULL), TAKEO_DONE);
        assert_int_equal(tk_op_wait(f.holding, -1), TAKEO_DONE);
        assert_non_null(strstr(f.script.log, "run commit; "));
        assert_int_equal(tk_txn_begin(f.holding, NULL, NULL), TAKEO_ECLOSED); /* a new one */
        assert_int_equal(tk_op_wait(f.drain, -1), TAKEO_DONE);
        assert_int_equal(f.drain->result.affected, 0);
        tear_down(&f);
    }
}

static void drain_rolls_back_what_is_idle_in_a_transaction(void **state) {
    (void)state;
    for (int waits = 0; waits < 2; waits++) {
        fixture f;
        set_up(&f, waits != 0);
        begin(&f);
        assert_int_equal(tk_source_drain(f.drain, 5 * MS, NULL), TAKEO_DONE);
        assert_int_equal(tk_op_wait(f.drain, -1), TAKEO_DONE);
        assert_int_equal(f.drain->result.affected, 1);
        assert_int_equal(f.script.servers, 0);
        takeo_session_info info = {.struct_size = sizeof info};
        tk_session_describe(f.session, &info);
        assert_int_equal(info.connection, 0);
        assert_null(info.native);
        assert_int_equal(tk_txn_commit(f.holding, 0, NULL), TAKEO_ECLOSED);
        assert_int_equal(f.holding->error.first->outcome, TAKEO_OUTCOME_ROLLED_BACK);
        tear_down(&f);
    }
}

static void drain_cancels_what_runs_too_long(void **state) {
    (void)state;
    for (int is_inside = 0; is_inside < 2; is_inside++) {
        fixture f;
        set_up(&f, true);
        tk_op *op = is_inside ? f.holding : f.op;
        if (is_inside) {
            begin(&f);
        }
        scripted_rule *rule = scripted_add(&f.script, "fetch");
        rule->status = TAKEO_WAIT;
        rule->times = 1000000;
        assert_int_equal(scripted_start(op, &f.job, NULL), TAKEO_DONE);
        for (int i = 0; i < 2; i++) { /* it connects, and runs */
            assert_int_equal(tk_op_step(op, 0), TAKEO_WAIT);
        }
        assert_int_equal(tk_source_drain(f.drain, 0, NULL), TAKEO_DONE);
        assert_int_equal(tk_op_step(f.drain, 0), TAKEO_WAIT); /* it has been told */
        assert_int_equal(f.script.interrupts, 1);
        assert_int_equal(tk_op_wait(op, -1), TAKEO_ECANCELED);
        assert_non_null(strstr(op->error.first->why.data, "drained"));
        assert_int_equal(tk_op_wait(f.drain, -1), TAKEO_DONE);
        assert_int_equal(f.drain->result.affected, 1);
        tear_down(&f);
    }
}

static void drain_does_not_wait_for_who_never_comes(void **state) {
    (void)state;
    fixture f;
    set_up(&f, true);
    scripted_rule *rule = scripted_add(&f.script, "fetch");
    rule->status = TAKEO_WAIT;
    rule->times = 1000000;
    assert_int_equal(scripted_start(f.op, &f.job, NULL), TAKEO_DONE);
    for (int i = 0; i < 2; i++) { /* it connects, and runs; it is not stepped any more */
        assert_int_equal(tk_op_step(f.op, 0), TAKEO_WAIT);
    }
    assert_int_equal(tk_source_drain(f.drain, 0, NULL), TAKEO_DONE);
    assert_int_equal(tk_op_wait(f.drain, LONG), TAKEO_DONE);
    assert_int_equal(f.script.servers, 1);
    assert_int_equal(tk_op_wait(f.op, -1), TAKEO_ECANCELED);
    tear_down(&f); /* its connection was closed as it came back */
}

static void drain_inside_a_transaction_is_refused(void **state) {
    (void)state;
    fixture f;
    set_up(&f, true);
    begin(&f);
    assert_int_equal(tk_source_drain(f.holding, LONG, NULL), TAKEO_ESTATE);
    assert_int_equal(scripted_run(f.op, &f.job), TAKEO_DONE); /* nothing has begun */
    assert_int_equal(tk_source_drain(f.drain, 0, NULL), TAKEO_DONE);
    assert_int_equal(tk_op_wait(f.drain, -1), TAKEO_DONE);
    tear_down(&f);
}

static void drain_that_was_given_up_may_be_made_again(void **state) {
    (void)state;
    fixture f;
    set_up(&f, false);
    begin(&f);
    f.drain->options.timeout_ns = 5 * MS;
    assert_int_equal(tk_source_drain(f.drain, LONG, NULL), TAKEO_DONE);
    assert_int_equal(tk_op_wait(f.drain, -1), TAKEO_ETIMEOUT);
    assert_refuses(&f, draining);
    f.drain->options.timeout_ns = 0;
    assert_int_equal(tk_source_drain(f.drain, -1, NULL), TAKEO_DONE);
    assert_int_equal(tk_op_step(f.drain, 0), TAKEO_WAIT);
    tk_op_cancel(f.drain);
    assert_int_equal(tk_op_wait(f.drain, -1), TAKEO_ECANCELED);
    assert_int_equal(tk_txn_commit(f.holding, 0, NULL), TAKEO_DONE);
    assert_int_equal(tk_op_wait(f.holding, -1), TAKEO_DONE);
    assert_int_equal(tk_source_drain(f.drain, -1, NULL), TAKEO_DONE);
    assert_int_equal(tk_op_wait(f.drain, -1), TAKEO_DONE);
    tear_down(&f);
}

/* ---- threads --------------------------------------------------------------------------------- */

typedef struct client {
    tk_op *op;
    scripted_job job;
    pthread_t thread;
    takeo_status status;
} client;

static void *run_one(void *argument) {
    client *c = argument;
    c->status = scripted_run(c->op, &c->job);
    return NULL;
}

static void start_client(fixture *f, client *c) {
    *c = (client){.op = scripted_op(&f->source->shared)};
    scripted_job_init(&c->job, 7, 1);
    assert_int_equal(pthread_create(&c->thread, NULL, run_one, c), 0);
}

static uint32_t waiting(fixture *f) {
    takeo_pool_stats stats = {.struct_size = sizeof stats};
    tk_source_stats(f->source, &stats);
    return stats.waiting;
}

static void drain_serves_the_queue_or_cuts_it_off(void **state) {
    (void)state;
    for (int is_late = 0; is_late < 2; is_late++) {
        fixture f;
        set_up(&f, false);
        begin(&f); /* has the one connection */
        client clients[3];
        for (size_t i = 0; i < TK_COUNT(clients); i++) {
            start_client(&f, &clients[i]);
        }
        while (waiting(&f) != TK_COUNT(clients)) {
            tk_sleep_ns(MS / 10);
        }
        assert_int_equal(tk_source_drain(f.drain, is_late ? 5 * MS : LONG, NULL), TAKEO_DONE);
        assert_int_equal(tk_op_step(f.drain, 0), TAKEO_WAIT);
        if (!is_late) {
            assert_int_equal(tk_txn_commit(f.holding, 0, NULL), TAKEO_DONE);
            assert_int_equal(tk_op_wait(f.holding, -1), TAKEO_DONE);
        }
        assert_int_equal(tk_op_wait(f.drain, -1), TAKEO_DONE);
        assert_int_equal(f.drain->result.affected, is_late ? 4 : 0);
        for (size_t i = 0; i < TK_COUNT(clients); i++) {
            assert_int_equal(pthread_join(clients[i].thread, NULL), 0);
            assert_int_equal(clients[i].status, is_late ? TAKEO_ECLOSED : TAKEO_DONE);
            tk_op_free(clients[i].op);
        }
        tear_down(&f);
    }
}

typedef struct worker {
    fixture *f;
    tk_session *session;
    tk_op *op;
    scripted_job job;
    pthread_t thread;
    takeo_status status;
} worker;

/* Transactions, until it is told that there are no more. */
static void *work(void *argument) {
    worker *w = argument;
    do {
        w->job.left = 1;
        w->status = tk_txn_begin(w->op, NULL, NULL);
        w->status = w->status < 0 ? w->status : tk_op_wait(w->op, -1);
        w->status = w->status < 0 ? w->status : scripted_run(w->op, &w->job);
        w->status = w->status < 0 ? w->status : tk_txn_commit(w->op, 0, NULL);
        w->status = w->status < 0 ? w->status : tk_op_wait(w->op, -1);
    } while (w->status == TAKEO_DONE);
    tk_op_free(w->op);
    tk_session_free(w->session);
    return NULL;
}

static void drain_at_any_moment_is_safe(void **state) { /* run under the thread sanitizer too */
    (void)state;
    for (int round = 0; round < 20; round++) {
        fixture f;
        set_up(&f, true);
        worker workers[4];
        for (size_t i = 0; i < TK_COUNT(workers); i++) {
            workers[i] = (worker){.f = &f, .session = scripted_session(f.source)};
            workers[i].op = scripted_op(workers[i].session);
            scripted_job_init(&workers[i].job, i + 10, 1);
            assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
        }
        tk_sleep_ns(MS);
        assert_int_equal(tk_source_drain(f.drain, round % 2 == 0 ? 0 : LONG, NULL), TAKEO_DONE);
        assert_int_equal(tk_op_wait(f.drain, -1), TAKEO_DONE);
        for (size_t i = 0; i < TK_COUNT(workers); i++) {
            assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
            bool was_cut = workers[i].status == TAKEO_ECANCELED;
            assert_true(workers[i].status == TAKEO_ECLOSED || (was_cut && round % 2 == 0));
        }
        f.script.overlaps = 0; /* of different connections */
        tear_down(&f);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(drain_idle_source_is_closed_at_once),
        cmocka_unit_test(drain_lets_a_transaction_end),
        cmocka_unit_test(drain_rolls_back_what_is_idle_in_a_transaction),
        cmocka_unit_test(drain_cancels_what_runs_too_long),
        cmocka_unit_test(drain_does_not_wait_for_who_never_comes),
        cmocka_unit_test(drain_inside_a_transaction_is_refused),
        cmocka_unit_test(drain_that_was_given_up_may_be_made_again),
        cmocka_unit_test(drain_serves_the_queue_or_cuts_it_off),
        cmocka_unit_test(drain_at_any_moment_is_safe),
    };
    return cmocka_run_group_tests_name("drain", tests, NULL, NULL);
}
