/* test_pool.c - the connections of a source: how many there are, who gets one, when they go. */
#include "support.h"

#include <pthread.h>

#include "conn/conn_int.h"
#include "scripted_driver.h"

#define MS INT64_C(1000000)
#define LIFETIME (100 * MS) /* far more than a run takes, and than the pool's clock may be late */

typedef struct fixture {
    scripted script;
    tk_source *source;
    tk_session *sessions[4]; /* with transactions, to hold connections */
    tk_op *ops[4];
    tk_op *op; /* of the shared session */
    scripted_job job;
} fixture;

static void set_up(fixture *f, takeo_pool_limits limits) {
    limits.struct_size = sizeof limits;
    const takeo_source_options options = {.struct_size = sizeof options, .pool = &limits};
    *f = (fixture){.script = {.waits = true}};
    f->source = scripted_source(&f->script, &options);
    for (size_t i = 0; i < TK_COUNT(f->ops); i++) {
        f->sessions[i] = scripted_session(f->source);
        f->ops[i] = scripted_op(f->sessions[i]);
    }
    f->op = scripted_op(&f->source->shared);
    scripted_job_init(&f->job, 1, 1);
}

static void tear_down(fixture *f) {
    for (size_t i = 0; i < TK_COUNT(f->ops); i++) {
        tk_op_free(f->ops[i]);
        tk_session_free(f->sessions[i]);
    }
    tk_op_free(f->op);
    tk_source_close(f->source);
    scripted_done(&f->script);
}

static takeo_status hold(fixture *f, int number) {
    TK_TRY(tk_txn_begin(f->ops[number], NULL, NULL));
    return tk_op_wait(f->ops[number], -1);
}

static void let_go(fixture *f, int number) {
    assert_int_equal(tk_txn_rollback(f->ops[number], 0, NULL), TAKEO_DONE);
    assert_int_equal(tk_op_wait(f->ops[number], -1), TAKEO_DONE);
}

static takeo_status run(fixture *f) {
    f->job.left = 1;
    return scripted_run(f->op, &f->job);
}

static takeo_pool_stats stats(fixture *f) {
    takeo_pool_stats out = {.struct_size = sizeof out};
    tk_source_stats(f->source, &out);
    return out;
}

/* ---- how many -------------------------------------------------------------------------------- */

static void pool_grows_to_its_limit_and_no_further(void **state) { /* F14 */
    (void)state;
    fixture f;
    set_up(&f, (takeo_pool_limits){.max_size = 3, .acquire_ns = 5 * MS});
    for (int i = 0; i < 3; i++) {
        assert_int_equal(hold(&f, i), TAKEO_DONE);
        assert_int_equal(f.script.servers, i + 1);
    }
    assert_int_equal(tk_txn_begin(f.ops[3], NULL, NULL), TAKEO_DONE);
    assert_int_equal(tk_op_wait(f.ops[3], 50 * MS), TAKEO_EPOOL_TIMEOUT);
    assert_non_null(strstr(f.ops[3]->error.first->message.data, "None of 3 connections was free"));
    assert_non_null(strstr(f.ops[3]->error.first->message.data, "3 are held by transactions"));
    takeo_pool_stats now = stats(&f);
    assert_int_equal(now.max_size, 3);
    assert_int_equal(now.size, 3);
    assert_int_equal(now.busy, 3);
    assert_int_equal(now.timed_out, 1);
    assert_true(now.oldest_holder_ns > 0);
    tear_down(&f);
}

static void pool_one_thread_that_holds_all_is_told_at_once(void **state) {
    (void)state;
    fixture f;
    set_up(&f, (takeo_pool_limits){.max_size = 2});
    assert_int_equal(hold(&f, 0), TAKEO_DONE);
    assert_int_equal(hold(&f, 1), TAKEO_DONE);
    assert_int_equal(run(&f), TAKEO_ESTATE);
    assert_non_null(strstr(f.op->error.first->message.data, "holds every connection"));
    tear_down(&f);
}

static void pool_the_warmest_connection_is_used_first(void **state) {
    (void)state;
    fixture f;
    set_up(&f, (takeo_pool_limits){0});
    assert_int_equal(hold(&f, 0), TAKEO_DONE);
    assert_int_equal(hold(&f, 1), TAKEO_DONE);
    const tk_conn *last = f.sessions[0]->conn;
    let_go(&f, 1);
    let_go(&f, 0);
    assert_int_equal(hold(&f, 2), TAKEO_DONE);
    assert_ptr_equal(f.sessions[2]->conn, last);
    let_go(&f, 2);
    assert_int_equal(stats(&f).idle, 2);
    assert_int_equal(f.script.servers, 2);
    tear_down(&f);
}

static void pool_limits_change_while_it_works(void **state) {
    (void)state;
    fixture f;
    set_up(&f, (takeo_pool_limits){.max_size = 1, .acquire_ns = 5 * MS});
    tk_error error;
    tk_error_init(&error, tk_alloc_default);
    assert_int_equal(hold(&f, 0), TAKEO_DONE);
    takeo_pool_limits limits = {.struct_size = sizeof limits, .max_size = 3};
    assert_int_equal(tk_source_limit(f.source, &limits, &error), TAKEO_DONE);
    assert_int_equal(hold(&f, 1), TAKEO_DONE);
    assert_int_equal(hold(&f, 2), TAKEO_DONE);
    limits.max_size = 1;
    assert_int_equal(tk_source_limit(f.source, &limits, &error), TAKEO_DONE);
    assert_int_equal(f.script.servers, 3); /* they are borrowed */
    let_go(&f, 0);
    let_go(&f, 1);
    assert_int_equal(f.script.servers, 1);
    let_go(&f, 2);
    assert_int_equal(f.script.servers, 1);
    assert_int_equal(run(&f), TAKEO_DONE);
    limits = (takeo_pool_limits){.struct_size = sizeof limits, .max_size = 1, .min_size = 2};
    assert_int_equal(tk_source_limit(f.source, &limits, &error), TAKEO_ECONFIG);
    tk_error_done(&error);
    tear_down(&f);
}

static void pool_queue_may_be_bounded(void **state) {
    (void)state;
    fixture f;
    set_up(&f, (takeo_pool_limits){.max_size = 1, .max_waiting = 1});
    assert_int_equal(hold(&f, 0), TAKEO_DONE);
    assert_int_equal(scripted_start(f.op, &f.job, NULL), TAKEO_DONE);
    assert_int_equal(tk_op_step(f.op, 0), TAKEO_WAIT);
    assert_int_equal(stats(&f).waiting, 1);
    assert_int_equal(tk_txn_begin(f.ops[1], NULL, NULL), TAKEO_DONE);
    assert_int_equal(tk_op_step(f.ops[1], 0), TAKEO_EPOOL_TIMEOUT);
    let_go(&f, 0);
    assert_int_equal(tk_op_wait(f.op, -1), TAKEO_DONE);
    tear_down(&f);
}

/* ---- when they go ---------------------------------------------------------------------------- */

static void pool_dead_idle_connection_is_replaced_unseen(void **state) { /* F15 */
    (void)state;
    fixture f;
    set_up(&f, (takeo_pool_limits){0});
    assert_int_equal(run(&f), TAKEO_DONE);
    scripted_fail(&f.script, "alive", TK_CONNECT_FAILED);
    tk_sleep_ns(5 * MS); /* long enough to have died */
    scripted_clear(&f.script);
    assert_int_equal(run(&f), TAKEO_DONE);
    assert_string_equal(f.script.log,
                        "forget 1; close; open; establish; prepare 1; start 1; end 1; ");
    assert_int_equal(stats(&f).closed_broken, 1);
    tear_down(&f);
}

static void pool_old_connections_are_closed_when_they_come_back(void **state) {
    (void)state;
    fixture f;
    set_up(&f, (takeo_pool_limits){.lifetime_ns = LIFETIME});
    assert_int_equal(run(&f), TAKEO_DONE);
    tk_sleep_ns(2 * LIFETIME);
    assert_int_equal(run(&f), TAKEO_DONE);
    assert_int_equal(f.script.servers, 0);
    assert_int_equal(stats(&f).closed_lifetime, 1);
    assert_int_equal(run(&f), TAKEO_DONE);
    tear_down(&f);
}

static void pool_idle_connections_go_after_their_time(void **state) {
    (void)state;
    fixture f;
    set_up(&f, (takeo_pool_limits){.idle_ns = 10 * MS});
    for (int i = 0; i < 3; i++) {
        assert_int_equal(hold(&f, i), TAKEO_DONE);
    }
    for (int i = 0; i < 3; i++) {
        let_go(&f, i);
    }
    assert_int_equal(f.script.servers, 3);
    tk_sleep_ns(15 * MS);
    assert_int_equal(run(&f), TAKEO_DONE); /* whoever gives back looks at the oldest */
    assert_true(f.script.servers < 3);
    assert_true(stats(&f).closed_idle > 0);
    tear_down(&f);
}

static void pool_keeps_its_least_number(void **state) {
    (void)state;
    fixture f;
    set_up(&f, (takeo_pool_limits){.idle_ns = MS, .min_size = 3});
    for (int i = 0; i < 3; i++) {
        assert_int_equal(hold(&f, i), TAKEO_DONE);
    }
    for (int i = 0; i < 3; i++) {
        let_go(&f, i);
    }
    tk_sleep_ns(5 * MS);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(run(&f), TAKEO_DONE);
    }
    assert_int_equal(f.script.servers, 3);
    tear_down(&f);
}

static void pool_close_takes_idle_ones_and_later_the_borrowed(void **state) {
    (void)state;
    fixture f;
    set_up(&f, (takeo_pool_limits){0});
    assert_int_equal(hold(&f, 0), TAKEO_DONE);
    assert_int_equal(run(&f), TAKEO_DONE);
    assert_int_equal(f.script.servers, 2);
    tk_source *source = tk_source_hold(f.source);
    tk_source_close(f.source);
    assert_int_equal(f.script.servers, 1);
    assert_int_equal(scripted_start(f.op, &f.job, NULL), TAKEO_ECLOSED);
    tk_session_free(f.sessions[0]);
    f.sessions[0] = NULL;
    assert_int_equal(f.script.servers, 0);
    f.source = source;
    tear_down(&f);
}

/* ---- the least number ------------------------------------------------------------------------ */

static takeo_status connect(fixture *f, tk_op *op) {
    TK_TRY(tk_op_start(op, NULL));
    tk_op_fill_pool(op);
    tk_op_ready(op);
    (void)f;
    return tk_op_wait(op, -1);
}

static void end_session(scripted *script) {
    fixture *f = script->context;
    tk_op_free(f->ops[0]);
    tk_session_free(f->sessions[0]);
    f->ops[0] = NULL;
    f->sessions[0] = NULL;
}

/* One that comes back while another one is closed with its source must not close that as stale. */
static void pool_closes_each_connection_once(void **state) {
    (void)state;
    fixture f;
    set_up(&f, (takeo_pool_limits){.idle_ns = 1});
    f.script.context = &f;
    assert_int_equal(hold(&f, 0), TAKEO_DONE);
    assert_int_equal(run(&f), TAKEO_DONE);
    assert_int_equal(f.script.servers, 2);
    scripted_add(&f.script, "forget 1")->act = end_session;
    tk_source_close(tk_source_hold(f.source));
    assert_null(f.ops[0]);
    assert_int_equal(f.script.servers, 0);
    assert_int_equal(stats(&f).closed_idle, 0);
    f.script.overlaps = 0; /* of different connections */
    tear_down(&f);
}

static void pool_connect_opens_the_least_number(void **state) {
    (void)state;
    fixture f;
    set_up(&f, (takeo_pool_limits){.max_size = 4, .min_size = 3});
    assert_int_equal(run(&f), TAKEO_DONE);
    assert_int_equal(f.script.servers, 1); /* work opens what it needs */
    for (int i = 0; i < 2; i++) {
        assert_int_equal(connect(&f, f.op), TAKEO_DONE);
        assert_int_equal(stats(&f).connected, 3);
        assert_int_equal(stats(&f).idle, 3);
    }
    assert_int_equal(hold(&f, 0), TAKEO_DONE);
    assert_int_equal(connect(&f, f.ops[0]),
                     TAKEO_DONE); /* inside a transaction: it keeps its own */
    assert_int_equal(stats(&f).busy, 1);
    tear_down(&f);
}

static void pool_connect_tells_when_one_of_them_fails(void **state) {
    (void)state;
    fixture f;
    set_up(&f, (takeo_pool_limits){.max_size = 4, .min_size = 3});
    scripted_rule *rule = scripted_add(&f.script, "establish");
    rule->skip = 1;
    rule->status = TAKEO_ECONNECT;
    rule->code = TK_CONNECT_FAILED;
    assert_int_equal(connect(&f, f.op), TAKEO_ECONNECT);
    takeo_pool_stats now = stats(&f);
    assert_int_equal(now.size, 1);
    assert_int_equal(now.busy + now.connecting, 0);
    tear_down(&f);
}

/* ---- what a statement has left --------------------------------------------------------------- */

/* One statement in a transaction that changes its connection. */
static void change(fixture *f) {
    assert_int_equal(hold(f, 0), TAKEO_DONE);
    f->script.execution.effect = TK_EFFECT_SESSION;
    f->job.left = 2;
    assert_int_equal(scripted_run(f->ops[0], &f->job), TAKEO_DONE);
    f->script.execution.effect = TK_EFFECT_NONE;
    f->job.left = 1;
    assert_int_equal(scripted_run(f->ops[0], &f->job), TAKEO_DONE); /* it holds inside */
    assert_null(strstr(f->script.log, "reset"));
    let_go(f, 0);
    scripted_clear(&f->script);
}

static void pool_changed_connection_is_reset_before_its_next_use(void **state) { /* S28 */
    (void)state;
    fixture f;
    set_up(&f, (takeo_pool_limits){0});
    change(&f);
    scripted_rule *rule = scripted_add(&f.script, "reset");
    rule->status = TAKEO_WAIT;
    rule->times = 3;
    assert_int_equal(run(&f), TAKEO_DONE);
    assert_int_equal(run(&f), TAKEO_DONE);
    assert_string_equal(f.script.log,
                        "reset; reset; reset; reset; start 1; end 1; start 1; end 1; ");
    assert_int_equal(stats(&f).connected, 1);
    tear_down(&f);
}

static void pool_connection_that_cannot_be_reset_is_replaced(void **state) {
    (void)state;
    fixture f;
    set_up(&f, (takeo_pool_limits){0});
    change(&f);
    scripted_fail(&f.script, "reset", TK_SERVER_LOST);
    assert_int_equal(run(&f), TAKEO_DONE);
    assert_string_equal(f.script.log,
                        "reset; forget 1; close; open; establish; prepare 1; start 1; end 1; ");
    assert_int_equal(stats(&f).closed_broken, 1);
    assert_null(f.op->error.first);
    tear_down(&f);
}

static void pool_reset_that_was_given_up_is_made_again(void **state) {
    (void)state;
    fixture f;
    set_up(&f, (takeo_pool_limits){0});
    change(&f);
    scripted_rule *rule = scripted_add(&f.script, "reset");
    rule->status = TAKEO_WAIT;
    assert_int_equal(scripted_start(f.op, &f.job, NULL), TAKEO_DONE);
    assert_int_equal(tk_op_step(f.op, 0), TAKEO_WAIT);
    tk_op_cancel(f.op);
    assert_int_equal(tk_op_wait(f.op, -1), TAKEO_ECANCELED);
    assert_int_equal(f.op->error.first->outcome, TAKEO_OUTCOME_NOT_SENT);
    scripted_clear(&f.script);
    assert_int_equal(run(&f), TAKEO_DONE);
    assert_string_equal(f.script.log, "reset; start 1; end 1; ");
    tear_down(&f);
}

static void pool_change_outside_of_a_transaction_is_refused_and_undone(void **state) {
    (void)state;
    static const uint8_t effects[] = {TK_EFFECT_SESSION, TK_EFFECT_LOCAL};
    for (size_t i = 0; i < TK_COUNT(effects); i++) {
        fixture f;
        set_up(&f, (takeo_pool_limits){0});
        f.script.execution.effect = effects[i];
        assert_int_equal(run(&f), TAKEO_ESTATE);
        assert_string_equal(f.op->error.first->code.data, "TAKEO.TXN.NEEDED");
        assert_int_equal(f.op->error.first->outcome, TAKEO_OUTCOME_ROLLED_BACK);
        f.script.execution.effect = TK_EFFECT_NONE;
        scripted_clear(&f.script);
        assert_int_equal(run(&f), TAKEO_DONE);
        bool was_reset = strstr(f.script.log, "reset; ") != NULL;
        assert_int_equal(was_reset, effects[i] == TK_EFFECT_SESSION);
        tear_down(&f);
    }
}

static void pool_words_of_transactions_as_sql_are_refused(void **state) {
    (void)state;
    static const struct {
        uint8_t effect;
        bool is_inside;
        bool ends; /* the transaction */
        takeo_status status;
        takeo_outcome outcome;
    } rows[] = {
        {TK_EFFECT_COMMIT, false, false, TAKEO_ESTATE, TAKEO_OUTCOME_ROLLED_BACK},
        {TK_EFFECT_ROLLBACK, false, false, TAKEO_ESTATE, TAKEO_OUTCOME_ROLLED_BACK},
        {TK_EFFECT_BEGIN, true, false, TAKEO_ESTATE, TAKEO_OUTCOME_ROLLED_BACK},
        {TK_EFFECT_COMMIT, true, true, TAKEO_ESTATE, TAKEO_OUTCOME_COMMITTED},
        {TK_EFFECT_ROLLBACK, true, true, TAKEO_ESTATE, TAKEO_OUTCOME_ROLLED_BACK},
        {TK_EFFECT_ROLLBACK, true, false, TAKEO_DONE, TAKEO_OUTCOME_NONE}, /* to a savepoint */
    };
    for (size_t i = 0; i < TK_COUNT(rows); i++) {
        fixture f;
        set_up(&f, (takeo_pool_limits){0});
        tk_op *op = rows[i].is_inside ? f.ops[0] : f.op;
        if (rows[i].is_inside) {
            assert_int_equal(hold(&f, 0), TAKEO_DONE);
        }
        f.script.execution.effect = rows[i].effect;
        f.script.execution_ends_transaction = rows[i].ends;
        assert_int_equal(scripted_run(op, &f.job), rows[i].status);
        if (rows[i].status < 0) {
            assert_int_equal(op->error.first->outcome, rows[i].outcome);
        }
        f.script.execution.effect = TK_EFFECT_NONE;
        if (rows[i].ends) { /* nothing falls back to a statement of its own */
            assert_int_equal(scripted_run(op, &f.job), TAKEO_ETXN_CLOSED);
        }
        tear_down(&f);
    }
}

/* ---- connecting ------------------------------------------------------------------------------ */

static void pool_server_that_is_full_is_tried_again(void **state) { /* F07 */
    (void)state;
    fixture f;
    set_up(&f, (takeo_pool_limits){0});
    scripted_fail(&f.script, "establish", TK_CONNECT_FAILED);
    f.script.rules[0].times = 3;
    f.script.rules[0].flags = TAKEO_ERROR_RETRYABLE;
    assert_int_equal(run(&f), TAKEO_DONE);
    assert_int_equal(stats(&f).connect_failed, 3);
    assert_int_equal(stats(&f).connected, 1);
    assert_null(f.op->error.first);
    tear_down(&f);
}

static void pool_patience_with_a_full_server_ends_with_its_words(void **state) { /* F07 */
    (void)state;
    fixture f;
    set_up(&f, (takeo_pool_limits){.acquire_ns = 60 * MS});
    scripted_fail(&f.script, "establish", TK_CONNECT_FAILED);
    f.script.rules[0].times = 1000;
    f.script.rules[0].flags = TAKEO_ERROR_RETRYABLE;
    assert_int_equal(run(&f), TAKEO_EPOOL_TIMEOUT);
    const takeo_error *record = f.op->error.first;
    assert_non_null(record->cause);
    assert_int_equal(record->cause->status, TAKEO_ECONNECT);
    assert_int_equal(record->outcome, TAKEO_OUTCOME_NOT_SENT);
    assert_int_equal(f.script.servers, 0);
    assert_in_range(stats(&f).connect_failed, 1, 8); /* not in a tight loop */
    tear_down(&f);
}

static void pool_refused_login_is_told_at_once(void **state) { /* F06 */
    (void)state;
    fixture f;
    set_up(&f, (takeo_pool_limits){0});
    scripted_fail(&f.script, "establish", TK_CONNECT_FAILED);
    assert_int_equal(run(&f), TAKEO_ECONNECT);
    assert_int_equal(f.op->error.first->outcome, TAKEO_OUTCOME_NOT_SENT);
    assert_int_equal(run(&f), TAKEO_DONE);
    tear_down(&f);
}

static void pool_server_that_has_gone_is_told_at_once_unless_it_was_there(
    void **state) { /* F01 F18 */
    (void)state;
    fixture f;
    set_up(&f, (takeo_pool_limits){.lifetime_ns = LIFETIME});
    scripted_fail(&f.script, "establish", TK_CONNECT_FAILED);
    f.script.rules[0].flags = TAKEO_ERROR_CONNECTION_GONE;
    assert_int_equal(run(&f), TAKEO_ECONNECT); /* it never was */
    assert_int_equal(run(&f), TAKEO_DONE);
    tk_sleep_ns(2 * LIFETIME);
    assert_int_equal(run(&f), TAKEO_DONE); /* the last time, as it is old */
    assert_int_equal(f.script.servers, 0);
    f.script.rules[0].seen = 0;
    f.script.rules[0].times = 2;
    assert_int_equal(run(&f), TAKEO_DONE);
    assert_int_equal(stats(&f).connect_failed, 3);
    assert_null(f.op->error.first);
    tear_down(&f);
}

static void pool_who_waits_behind_others_is_told_their_failure(void **state) { /* F07 */
    (void)state;
    fixture f;
    set_up(&f, (takeo_pool_limits){.max_size = 2, .acquire_ns = 40 * MS});
    scripted_fail(&f.script, "establish", TK_CONNECT_FAILED);
    f.script.rules[0].times = 1000;
    f.script.rules[0].flags = TAKEO_ERROR_RETRYABLE;
    assert_int_equal(scripted_start(f.op, &f.job, NULL), TAKEO_DONE);
    for (int i = 0; i < 2; i++) { /* it opens, and that fails */
        assert_int_equal(tk_op_step(f.op, 0), TAKEO_WAIT);
    }
    assert_int_equal(stats(&f).connect_failed, 1);
    assert_int_equal(tk_txn_begin(f.ops[0], NULL, NULL), TAKEO_DONE);
    assert_int_equal(tk_op_step(f.ops[0], 0), TAKEO_WAIT); /* nobody connects for a moment */
    assert_int_equal(stats(&f).connect_failed, 1);
    tk_sleep_ns(50 * MS);
    f.source->connect_again_ns = INT64_MAX;
    assert_int_equal(tk_op_step(f.ops[0], 0), TAKEO_EPOOL_TIMEOUT);
    assert_int_equal(stats(&f).connect_failed, 1);
    const takeo_error *cause = f.ops[0]->error.first->cause;
    assert_non_null(cause);
    assert_int_equal(cause->status, TAKEO_ECONNECT);
    assert_string_equal(cause->message.data, "establish was refused by the script");
    tear_down(&f);
}

static void pool_connecting_has_a_deadline(void **state) { /* F02 F03 */
    (void)state;
    fixture f;
    set_up(&f, (takeo_pool_limits){.connect_ns = 20 * MS});
    scripted_rule *rule = scripted_add(&f.script, "establish");
    rule->status = TAKEO_WAIT;
    rule->times = 1000000;
    int64_t before = tk_clock_now_ns();
    assert_int_equal(run(&f), TAKEO_ECONNECT);
    assert_in_range(tk_clock_now_ns() - before, 20 * MS, 1000 * MS);
    assert_string_equal(f.op->error.first->code.data, "TAKEO.CONNECT.TIMEOUT");
    assert_int_equal(f.script.servers, 0);
    tear_down(&f);
}

/* ---- threads --------------------------------------------------------------------------------- */

typedef struct client {
    fixture *f;
    tk_op *op;
    scripted_job job;
    pthread_t thread;
    takeo_status status;
} client;

static void *run_client(void *argument) {
    client *c = argument;
    for (int i = 0; i < 300 && c->status == TAKEO_DONE; i++) {
        c->job.left = 1;
        c->status = scripted_run(c->op, &c->job);
    }
    return NULL;
}

static void pool_many_threads_share_few_connections(void **state) { /* F52 */
    (void)state;
    fixture f;
    set_up(&f, (takeo_pool_limits){.max_size = 3});
    client clients[8];
    for (size_t i = 0; i < TK_COUNT(clients); i++) {
        clients[i] = (client){.f = &f, .op = scripted_op(&f.source->shared)};
        scripted_job_init(&clients[i].job, i + 1, 1);
        assert_int_equal(pthread_create(&clients[i].thread, NULL, run_client, &clients[i]), 0);
    }
    for (size_t i = 0; i < TK_COUNT(clients); i++) {
        assert_int_equal(pthread_join(clients[i].thread, NULL), 0);
        assert_int_equal(clients[i].status, TAKEO_DONE);
        assert_int_equal(clients[i].job.ran, 300);
        tk_op_free(clients[i].op);
    }
    takeo_pool_stats now = stats(&f);
    assert_int_equal(now.acquired, 8 * 300);
    assert_in_range(now.size, 1, 3);
    assert_int_equal(now.busy, 0);
    assert_int_equal(now.waiting, 0);
    f.script.overlaps = 0; /* of different connections */
    tear_down(&f);
}

typedef struct changer {
    tk_source *source;
    int32_t is_over;
} changer;

static void *change_limits(void *argument) {
    changer *c = argument;
    tk_error error;
    tk_error_init(&error, tk_alloc_default);
    for (uint32_t i = 0; __atomic_load_n(&c->is_over, __ATOMIC_RELAXED) == 0; i++) {
        const takeo_pool_limits limits = {.struct_size = sizeof limits,
                                          .max_size = 1 + i % 4,
                                          .max_waiting = 100 + i % 2,
                                          .connect_ns = TK_SECOND_NS + i % 2,
                                          .lifetime_ns = i % 2 == 0 ? 1 : -1};
        assert_int_equal(tk_source_limit(c->source, &limits, &error), TAKEO_DONE);
    }
    tk_error_done(&error);
    return NULL;
}

static void run_clients(fixture *f) {
    client clients[4];
    for (size_t i = 0; i < TK_COUNT(clients); i++) {
        clients[i] = (client){.f = f, .op = scripted_op(&f->source->shared)};
        scripted_job_init(&clients[i].job, i + 1, 1);
        assert_int_equal(pthread_create(&clients[i].thread, NULL, run_client, &clients[i]), 0);
    }
    for (size_t i = 0; i < TK_COUNT(clients); i++) {
        assert_int_equal(pthread_join(clients[i].thread, NULL), 0);
        assert_int_equal(clients[i].status, TAKEO_DONE);
        tk_op_free(clients[i].op);
    }
}

static void pool_limits_change_while_many_threads_work(
    void **state) { /* the thread sanitizer looks */
    (void)state;
    fixture f;
    set_up(&f, (takeo_pool_limits){.max_size = 3});
    changer c = {.source = f.source};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, change_limits, &c), 0);
    /* On a busy machine the clients may have done all before the first change. */
    for (int round = 0; round < 1000 && stats(&f).closed_lifetime == 0; round++) {
        run_clients(&f);
    }
    __atomic_store_n(&c.is_over, 1, __ATOMIC_RELAXED);
    assert_int_equal(pthread_join(thread, NULL), 0);
    takeo_pool_stats now = stats(&f);
    assert_int_equal(now.busy + now.connecting + now.waiting, 0);
    assert_true(now.closed_lifetime > 0);
    f.script.overlaps = 0; /* of different connections */
    tear_down(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pool_grows_to_its_limit_and_no_further),
        cmocka_unit_test(pool_one_thread_that_holds_all_is_told_at_once),
        cmocka_unit_test(pool_the_warmest_connection_is_used_first),
        cmocka_unit_test(pool_limits_change_while_it_works),
        cmocka_unit_test(pool_queue_may_be_bounded),
        cmocka_unit_test(pool_dead_idle_connection_is_replaced_unseen),
        cmocka_unit_test(pool_old_connections_are_closed_when_they_come_back),
        cmocka_unit_test(pool_idle_connections_go_after_their_time),
        cmocka_unit_test(pool_keeps_its_least_number),
        cmocka_unit_test(pool_close_takes_idle_ones_and_later_the_borrowed),
        cmocka_unit_test(pool_closes_each_connection_once),
        cmocka_unit_test(pool_connect_opens_the_least_number),
        cmocka_unit_test(pool_connect_tells_when_one_of_them_fails),
        cmocka_unit_test(pool_changed_connection_is_reset_before_its_next_use),
        cmocka_unit_test(pool_connection_that_cannot_be_reset_is_replaced),
        cmocka_unit_test(pool_reset_that_was_given_up_is_made_again),
        cmocka_unit_test(pool_change_outside_of_a_transaction_is_refused_and_undone),
        cmocka_unit_test(pool_words_of_transactions_as_sql_are_refused),
        cmocka_unit_test(pool_server_that_is_full_is_tried_again),
        cmocka_unit_test(pool_patience_with_a_full_server_ends_with_its_words),
        cmocka_unit_test(pool_refused_login_is_told_at_once),
        cmocka_unit_test(pool_server_that_has_gone_is_told_at_once_unless_it_was_there),
        cmocka_unit_test(pool_who_waits_behind_others_is_told_their_failure),
        cmocka_unit_test(pool_connecting_has_a_deadline),
        cmocka_unit_test(pool_many_threads_share_few_connections),
        cmocka_unit_test(pool_limits_change_while_many_threads_work),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
