/* test_password.c - a function that gives the password: when it is asked, what it may give, and that
 * nothing of it stays (PG-01). */
#include "support.h"

#include "scripted_driver.h"

enum { BLOCK = 65536 }; /* in which the password lies */

typedef struct asking { /* what the function does, and what was seen */
    tk_source *source;
    uint32_t asked;
    takeo_status status;
    const char *text; /* NULL: "token <asked>" */
    size_t len;       /* of `text`; above the capacity nothing is written */
    uint32_t freed;   /* blocks of a password */
    uint32_t dirty;   /* of these, with something in them */
    bool is_short;    /* of memory, for such a block */
} asking;

static takeo_status give(void *ctx, char *buffer, size_t capacity, size_t *out_len) {
    asking *a = ctx;
    char own[32];
    takeo_pool_stats stats = {.struct_size = sizeof stats};
    tk_source_stats(a->source, &stats); /* would wait for ever for a lock that is held */
    a->asked++;
    int len = snprintf(own, sizeof own, "token %u", a->asked);
    const char *text = a->text != NULL ? a->text : own;
    *out_len = a->text != NULL ? a->len : (size_t)len;
    if (*out_len <= capacity) {
        memcpy(buffer, text, *out_len);
    }
    return a->status;
}

static void *resize(void *ctx, void *block, size_t old_size, size_t new_size) {
    asking *a = ctx;
    if (block != NULL && old_size == BLOCK && new_size == 0) {
        a->freed++;
        for (size_t i = 0; i < old_size; i++) {
            if (((const char *)block)[i] != 0) {
                a->dirty++;
                break;
            }
        }
    }
    if (new_size == 0) {
        free(block);
        return NULL;
    }
    return new_size == BLOCK && a->is_short ? NULL : realloc(block, new_size);
}

static void open_source(asking *a, scripted *script) {
    const takeo_allocator allocator = {.struct_size = sizeof allocator, .ctx = a, .resize = resize};
    const takeo_source_options options = {.struct_size = sizeof options,
                                          .url = "postgresql://me:old@host/db",
                                          .allocator = &allocator,
                                          .ctx = a,
                                          .password = give};
    script->waits = true;
    a->source = scripted_source(script, &options);
}

static takeo_status begin(tk_op *op) {
    takeo_txn_options options = {.struct_size = sizeof options};
    TK_TRY(tk_txn_begin(op, &options, NULL));
    return tk_op_wait(op, -1);
}

static takeo_status rollback(tk_op *op) {
    TK_TRY(tk_txn_rollback(op, 0, NULL));
    return tk_op_wait(op, -1);
}

static void password_is_asked_for_each_connection(void **state) {
    (void)state;
    scripted script = {0};
    asking a = {0};
    open_source(&a, &script);
    assert_int_equal(a.asked, 0);
    tk_session *sessions[2];
    tk_op *ops[2];
    for (uint32_t i = 0; i < 2; i++) {
        char expected[32];
        sessions[i] = scripted_session(a.source);
        ops[i] = scripted_op(sessions[i]);
        assert_int_equal(begin(ops[i]), TAKEO_DONE);
        assert_int_equal(a.asked, i + 1);
        (void)snprintf(expected, sizeof expected, "token %u", i + 1);
        assert_string_equal(script.password, expected);
    }
    assert_int_equal(rollback(ops[0]), TAKEO_DONE);
    assert_int_equal(begin(ops[0]), TAKEO_DONE); /* a connection that is there */
    assert_int_equal(a.asked, 2);
    assert_int_equal(a.freed, 2);
    assert_int_equal(a.dirty, 0);
    for (uint32_t i = 0; i < 2; i++) {
        assert_int_equal(rollback(ops[i]), TAKEO_DONE);
        tk_op_free(ops[i]);
        tk_session_free(sessions[i]);
    }
    tk_source_close(a.source);
}

static void password_that_is_none_fails_the_connection(void **state) {
    (void)state;
    static const struct {
        takeo_status given;
        const char *text;
        size_t len;
        bool is_short;
        takeo_status status;
        const char *words;
    } rows[] = {
        {TAKEO_EHOST, "secret", 6, false, TAKEO_ECONNECT, "failed"},
        {TAKEO_DONE, "sec\0ret", 7, false, TAKEO_ECONNECT, "what is no password"},
        {TAKEO_DONE, "secret", BLOCK, false, TAKEO_ECONNECT, "what is no password"},
        {TAKEO_DONE, "secret", 6, true, TAKEO_ENOMEM, ""},
    };
    for (size_t i = 0; i < TK_COUNT(rows); i++) {
        scripted script = {0};
        asking a = {.status = rows[i].given,
                    .text = rows[i].text,
                    .len = rows[i].len,
                    .is_short = rows[i].is_short};
        open_source(&a, &script);
        tk_session *session = scripted_session(a.source);
        tk_op *op = scripted_op(session);
        assert_int_equal(begin(op), rows[i].status);
        const takeo_error *error = op->error.first;
        char told[2000];
        tk_error_format(error, told, sizeof told);
        assert_non_null(strstr(error->message.data, rows[i].words));
        assert_null(strstr(told, "sec"));
        if (rows[i].status == TAKEO_ECONNECT) {
            assert_string_equal(error->code.data, "TAKEO.CONNECT.PASSWORD");
            assert_int_equal(error->outcome, TAKEO_OUTCOME_NOT_SENT);
        }
        assert_string_equal(script.log, ""); /* nobody was connected to */
        assert_int_equal(a.dirty, 0);
        a = (asking){.source = a.source, .asked = a.asked};
        assert_int_equal(begin(op), TAKEO_DONE); /* it is asked again */
        assert_memory_equal(script.password, "token ", 6);
        assert_int_equal(rollback(op), TAKEO_DONE);
        tk_op_free(op);
        tk_session_free(session);
        tk_source_close(a.source);
    }
}

static void password_of_no_length_is_none(void **state) {
    (void)state;
    scripted script = {0};
    asking a = {.text = "", .len = 0};
    open_source(&a, &script);
    tk_session *session = scripted_session(a.source);
    tk_op *op = scripted_op(session);
    assert_int_equal(begin(op), TAKEO_DONE);
    assert_string_equal(script.password, "");
    assert_int_equal(rollback(op), TAKEO_DONE);
    tk_op_free(op);
    tk_session_free(session);
    tk_source_close(a.source);
}

static void password_is_refused_where_none_is_taken(void **state) {
    (void)state;
    scripted script = {0}; /* as SQLite: it blocks */
    const takeo_source_options options = {
        .struct_size = sizeof options, .url = "sqlite:///x.db", .password = give};
    tk_source *source = NULL;
    tk_error error;
    tk_error_init(&error, tk_alloc_default);
    assert_int_equal(scripted_open(&script, &options, &source, &error), TAKEO_ECONFIG);
    assert_non_null(strstr(error.first->message.data, "takes none"));
    assert_null(source);
    tk_error_done(&error);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(password_is_asked_for_each_connection),
        cmocka_unit_test(password_that_is_none_fails_the_connection),
        cmocka_unit_test(password_of_no_length_is_none),
        cmocka_unit_test(password_is_refused_where_none_is_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
