/* test_notice.c - what a server says beside its answers: when it is shown, how much is kept, and that
 * nothing is where nobody listens (PG-02). */
#include "support.h"

#include "scripted_driver.h"

typedef struct listener {
    tk_source *source;
    uint32_t calls;
    uint32_t notices;
    uint64_t dropped;
    size_t longest; /* of the details */
    bool is_out_of_order;
} listener;

static void show(void *ctx, const takeo_notices *shown) {
    listener *l = ctx;
    takeo_pool_stats stats = {.struct_size = sizeof stats};
    tk_source_stats(l->source, &stats); /* would wait for ever for a lock that is held */
    l->calls++;
    l->dropped += shown->dropped;
    assert_int_equal(shown->notice_size, sizeof *shown->notices);
    assert_int_equal(shown->connection, 1);
    for (uint32_t i = 0; i < shown->notice_count; i++) {
        const takeo_notice *notice = &shown->notices[i];
        assert_int_equal(notice->level, TAKEO_NOTICE_WARNING);
        assert_string_equal(notice->sqlstate.data, "01000");
        assert_null(notice->hint.data);
        l->is_out_of_order |= (uint32_t)strtoul(notice->message.data, NULL, 10) != l->notices;
        l->longest = notice->detail.len > l->longest ? notice->detail.len : l->longest;
        assert_int_equal(notice->detail.data[notice->detail.len], '\0');
        l->notices++;
    }
}

static uint32_t said; /* that the next statement says */

/* The first has a long detail: one byte, and then two for each character. */
static void say(scripted *script) {
    static char detail[20001] = "x";
    for (size_t i = 1; i < sizeof detail; i += 2) {
        memcpy(detail + i, "\xc3\xa4", 2);
    }
    for (uint32_t i = 0; i < said; i++) {
        char text[16];
        (void)snprintf(text, sizeof text, "%u", i);
        takeo_notice notice = {.level = TAKEO_NOTICE_WARNING,
                               .sqlstate = tk_zstr("01000"),
                               .message = tk_zstr(text),
                               .detail = tk_text(detail, i == 0 ? sizeof detail : 1)};
        script->notice(script->ctx, &notice);
    }
}

typedef struct fixture {
    scripted script;
    listener listener;
    tk_source *source;
    tk_session *session;
    tk_op *op;
} fixture;

static void set_up(fixture *f, bool listens) {
    const takeo_source_options options = {.struct_size = sizeof options,
                                          .url = "sqlite:///x.db",
                                          .ctx = &f->listener,
                                          .show_notices = listens ? show : NULL};
    *f = (fixture){.script = {.waits = true}};
    f->source = f->listener.source = scripted_source(&f->script, &options);
    f->session = scripted_session(f->source);
    f->op = scripted_op(f->session);
}

static void tear_down(fixture *f) {
    tk_op_free(f->op);
    tk_session_free(f->session);
    tk_source_close(f->source);
}

static void start(tk_op *op) {
    assert_int_equal(tk_op_start(op, NULL), TAKEO_DONE);
    tk_job *job = tk_arena_array(&op->arena, 1, sizeof *job);
    assert_non_null(job);
    job->text = "speak";
    tk_op_append(op, job);
    tk_op_ready(op);
}

static takeo_status run(tk_op *op) {
    start(op);
    return tk_op_wait(op, -1);
}

static void notices_are_shown_before_the_end(void **state) {
    (void)state;
    static const struct {
        uint32_t said;
        uint32_t shown;
        bool fails;
    } rows[] = {{0, 0, false}, {3, 3, false}, {1, 1, true}, {2500, 1000, false}};
    for (size_t i = 0; i < TK_COUNT(rows); i++) {
        fixture f;
        set_up(&f, true);
        scripted_rule *rule = scripted_add(&f.script, "run speak");
        rule->act = say;
        rule->status = rows[i].fails ? TAKEO_EUNIQUE : TAKEO_DONE;
        rule->code = TK_SERVER_UNIQUE;
        said = rows[i].said;
        assert_int_equal(run(f.op), rows[i].fails ? TAKEO_EUNIQUE : TAKEO_DONE);
        for (uint32_t again = 0; again < 2; again++) {
            assert_int_equal(f.listener.calls, said > 0);
            assert_int_equal(f.listener.notices, rows[i].shown);
            assert_int_equal(f.listener.dropped, said - rows[i].shown);
            assert_false(f.listener.is_out_of_order);
            assert_int_equal(f.listener.longest, said > 0 ? 8191 : 0); /* no half character */
            assert_int_equal(run(f.op), TAKEO_DONE);                   /* it says nothing */
        }
        tear_down(&f);
    }
}

static void notices_are_shown_while_it_waits(void **state) {
    (void)state;
    fixture f;
    set_up(&f, true);
    assert_int_equal(run(f.op), TAKEO_DONE);
    scripted_rule *rule = scripted_add(&f.script, "run speak");
    rule->act = say;
    rule->status = TAKEO_WAIT;
    said = 2;
    start(f.op);
    assert_int_equal(tk_op_step(f.op, 0), TAKEO_WAIT);
    assert_int_equal(f.listener.notices, 2);
    assert_int_equal(tk_op_wait(f.op, -1), TAKEO_DONE);
    assert_int_equal(f.listener.calls, 1);
    tear_down(&f);
}

/* A server that speaks and does not answer. */
static void notices_are_shown_while_it_sleeps(void **state) {
    (void)state;
    fixture f;
    set_up(&f, true);
    f.source->options.flags = TAKEO_SOURCE_POLL;
    assert_int_equal(run(f.op), TAKEO_DONE);
    scripted_add(&f.script, "run speak")->status = TAKEO_WAIT;
    scripted_rule *rule = scripted_add(&f.script, "advance");
    rule->act = say;
    rule->status = TAKEO_WAIT;
    rule->times = 5;
    said = 1;
    assert_int_equal(run(f.op), TAKEO_DONE);
    assert_int_equal(f.listener.notices, 5);
    assert_int_equal(f.listener.calls, 5);
    tear_down(&f);
}

/* What init_sql says belongs to the connection that is being opened, also when that fails. */
static void notices_of_an_opening_are_shown(void **state) {
    (void)state;
    for (int fails = 0; fails < 2; fails++) {
        fixture f;
        set_up(&f, true);
        scripted_rule *rule = scripted_add(&f.script, "establish");
        rule->act = say;
        rule->status = fails ? TAKEO_ECONNECT : TAKEO_WAIT;
        rule->code = TK_CONNECT_FAILED;
        said = 1;
        assert_int_equal(run(f.op), fails ? TAKEO_ECONNECT : TAKEO_DONE);
        assert_int_equal(f.listener.notices, 1);
        tear_down(&f);
    }
}

static uint32_t called;

static void call(void (*function)(void *ctx), void *ctx) {
    called++;
    function(ctx);
}

static void notices_are_shown_through_the_interpreter(void **state) {
    (void)state;
    static const tk_interpreter interpreter = {.call = call};
    fixture f;
    set_up(&f, true);
    scripted_add(&f.script, "run speak")->act = say;
    said = 1;
    f.op->home = &interpreter;
    assert_int_equal(run(f.op), TAKEO_DONE);
    assert_int_equal(f.listener.notices, 1);
    assert_int_equal(called, 1);
    tear_down(&f);
}

static void notices_that_come_unasked_are_shown_later(void **state) {
    (void)state;
    fixture f;
    set_up(&f, true);
    assert_int_equal(run(f.op), TAKEO_DONE);
    said = 1;
    say(&f.script);
    assert_int_equal(f.listener.calls, 0);
    assert_int_equal(run(f.op), TAKEO_DONE);
    assert_int_equal(f.listener.notices, 1);
    say(&f.script); /* it goes with its connection */
    listener *listened = &f.listener;
    tear_down(&f);
    assert_int_equal(listened->calls, 1);
}

static void notices_are_not_kept_for_nobody(void **state) {
    (void)state;
    fixture f;
    set_up(&f, false);
    assert_int_equal(run(f.op), TAKEO_DONE);
    assert_true(f.script.notice == NULL);
    tear_down(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(notices_are_shown_before_the_end),
        cmocka_unit_test(notices_are_shown_while_it_waits),
        cmocka_unit_test(notices_are_shown_while_it_sleeps),
        cmocka_unit_test(notices_of_an_opening_are_shown),
        cmocka_unit_test(notices_are_shown_through_the_interpreter),
        cmocka_unit_test(notices_that_come_unasked_are_shown_later),
        cmocka_unit_test(notices_are_not_kept_for_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
