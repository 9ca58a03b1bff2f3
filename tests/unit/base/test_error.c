/* test_error.c - failures written, filled in, given away, and printed. */
#include "base/base.h"
#include "support.h"

static void assert_text(takeo_text text, const char *expected) {
    assert_non_null(text.data);
    assert_string_equal(text.data, expected);
    assert_int_equal(text.len, strlen(expected));
}

static void error_codes_have_words(void **state) {
    (void)state;
    for (int i = 0; i < TK_CODE_COUNT; i++) {
        assert_int_equal(strncmp(tk_code_text((tk_code)i), "TAKEO.", 6), 0);
        assert_true(tk_code_status((tk_code)i) < 0);
        assert_true(strlen(tk_code_meaning((tk_code)i)) > 10);
    }
    assert_string_equal(tk_code_text(TK_INPUT_RANGE), "TAKEO.INPUT.RANGE");
    assert_int_equal(tk_code_status(TK_INPUT_RANGE), TAKEO_EINPUT);
}

static void error_raise_writes_a_record(void **state) {
    (void)state;
    tk_error error;
    tk_error_init(&error, tk_alloc_default);
    assert_null(error.first);
    assert_null(tk_error_last(&error));
    TK_SET(&error, hint, "nothing to %s", "hang on"); /* no record: nothing happens */
    takeo_status status = tk_raise(&error, TK_INPUT_RANGE, "%d is too large", 7);
    assert_int_equal(status, TAKEO_EINPUT);
    TK_SET(&error, expected, "%d to %d", 0, 5);
    tk_error_last(&error)->object = 3;
    assert_int_equal(tk_raise(&error, TK_CALL_CLOSED, "closed"), TAKEO_ECLOSED);
    TK_SET(&error, expected, "open");
    assert_int_equal(error.count, 2);
    assert_int_equal(error.first->struct_size, sizeof(takeo_error));
    assert_text(error.first->code, "TAKEO.INPUT.RANGE");
    assert_text(error.first->message, "7 is too large");
    assert_text(error.first->expected, "0 to 5");
    assert_int_equal(error.first->object, 3);
    assert_null(error.first->hint.data);
    assert_ptr_equal(error.first->next, error.last);
    assert_text(error.last->expected, "open");
    assert_null(error.last->next);
    tk_error_clear(&error);
    assert_null(error.first);
    assert_int_equal(error.count, 0);
    tk_error_done(&error);
}

static void error_raise_into_nothing_gives_the_status(void **state) {
    (void)state;
    assert_int_equal(tk_raise(NULL, TK_TXN_CLOSED, "no %s", "matter"), TAKEO_ETXN_CLOSED);
    assert_int_equal(tk_raise_memory(NULL), TAKEO_ENOMEM);
    tk_error_set(NULL, offsetof(takeo_error, hint), "x");
}

/* S22, S18 */
static void error_texts_are_clean_and_cut(void **state) {
    (void)state;
    static const struct {
        const char *in;
        const char *message;
        const char *detail;
    } cases[] = {
        {"plain", "plain", "plain"},
        {"a\nb\tc", "a\\nb\\tc", "a\nb\tc"},
        {"\r\x1b[31m\x7f", "\\r\\x1b[31m\\x7f", "\\r\\x1b[31m\\x7f"},
        {"bad \xff\xc3", "bad \\xff\\xc3", "bad \\xff\\xc3"},
        {"\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80", "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80",
         "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80"},
        {"\xe2\x80\xae\xe2\x81\xa6\xe2\x80\x8f\xc2\x9b\xd8\x9c",
         "\\u202e\\u2066\\u200f\\u009b\\u061c", "\\u202e\\u2066\\u200f\\u009b\\u061c"},
    };
    tk_error error;
    tk_error_init(&error, tk_alloc_default);
    for (size_t i = 0; i < TK_COUNT(cases); i++) {
        tk_raise(&error, TK_SERVER_FAILED, "%s", cases[i].in);
        TK_SET(&error, detail, "%s", cases[i].in);
        assert_text(error.last->message, cases[i].message);
        assert_text(error.last->detail, cases[i].detail);
    }
    char *large = malloc(200001);
    for (size_t i = 0; i < 200000; i += 2) {
        memcpy(large + i, "\xc3\xa9", 2);
    }
    large[200000] = '\0';
    tk_raise(&error, TK_SERVER_FAILED, "x%s", large);
    free(large);
    assert_int_equal(error.last->message.len, 64 * 1024 - 1); /* no half character */
    assert_true(tk_utf8_is_valid(error.last->message.data, error.last->message.len));
    tk_error_done(&error);
}

static void error_findings_have_a_maximum(void **state) {
    (void)state;
    tk_error error;
    tk_error_init(&error, tk_alloc_default);
    for (int i = 0; i < 3000; i++) {
        tk_raise(&error, TK_MODEL_INVALID, "finding %d", i);
    }
    assert_int_equal(error.count, 1000);
    assert_text(error.last->message, "finding 2999");
    tk_error_done(&error);
}

static void error_nearest_names_are_few_and_near(void **state) {
    (void)state;
    takeo_text names[] = {tk_zstr("id"),    tk_zstr("name"), tk_zstr("emails"),
                          tk_zstr("email"), tk_zstr("mail"), tk_zstr("emial_at")};
    static const struct {
        const char *wrong;
        const char *nearest;
    } cases[] = {
        {"emial", "email"}, {"email2", "emails, email, mail"},
        {"nme", "name"},    {"ix", "id"},
        {"zzzzzz", NULL},   {"", NULL},
    };
    tk_error error;
    tk_error_init(&error, tk_alloc_default);
    for (size_t i = 0; i < TK_COUNT(cases); i++) {
        takeo_text wrong = tk_zstr(cases[i].wrong);
        tk_raise(&error, TK_QUERY_UNKNOWN_FIELD, "no field");
        tk_error_set_nearest(&error, wrong, names, TK_COUNT(names));
        if (cases[i].nearest != NULL) {
            assert_text(error.last->nearest, cases[i].nearest);
        } else {
            assert_null(error.last->nearest.data);
        }
    }
    tk_error_done(&error);
}

static void error_published_outlives_its_owner(void **state) {
    (void)state;
    tk_error error;
    takeo_error *published = NULL;
    tk_error_init(&error, tk_alloc_default);
    tk_raise(&error, TK_SERVER_UNIQUE, "first");
    TK_SET(&error, constraint_name, "users_email_key");
    error.last->flags = TAKEO_ERROR_RETRYABLE;
    error.last->native_code = 2067;
    tk_raise(&error, TK_SERVER_CHECK, "second");
    takeo_error deeper = {.struct_size = sizeof deeper, .message = tk_zstr("deeper")};
    takeo_error cause = {
        .struct_size = sizeof cause, .message = tk_zstr("below"), .cause = &deeper};
    error.first->cause = &cause;
    tk_error_publish(&error, NULL);
    tk_error_publish(&error, &published);
    tk_error_done(&error);
    memset(&cause, 0xFF, sizeof cause);

    takeo_error *copy = tk_error_copy(published);
    tk_error_free(published);
    assert_text(copy->message, "first");
    assert_text(copy->constraint_name, "users_email_key");
    assert_int_equal(copy->flags, TAKEO_ERROR_RETRYABLE);
    assert_int_equal(copy->native_code, 2067);
    assert_text(copy->next->message, "second");
    assert_null(copy->next->next);
    assert_text(copy->cause->message, "below");
    assert_text(copy->cause->cause->message, "deeper");
    assert_null(copy->cause->cause->cause);
    tk_error_free(copy);
    tk_error_free(NULL);
}

/* A cause that leads back to itself ends. */
static void error_copy_of_a_loop_ends(void **state) {
    (void)state;
    takeo_error loop = {.struct_size = sizeof loop, .message = tk_zstr("again")};
    loop.cause = &loop;
    takeo_error *copy = tk_error_copy(&loop);
    size_t depth = 0;
    for (const takeo_error *at = copy; at != NULL; at = at->cause) {
        depth++;
    }
    assert_in_range(depth, 2, 100);
    assert_in_range(tk_error_format(&loop, NULL, 0), 10, 10000);
    tk_error_free(copy);
}

static void error_without_memory_is_static(void **state) {
    (void)state;
    tk_test_alloc memory;
    takeo_allocator allocator = tk_test_alloc_init(&memory);
    memory.fail_at = 1;
    memory.fail_ever_after = true;
    tk_error error;
    takeo_error *published = NULL;
    tk_error_init(&error, tk_alloc_from(&allocator));
    assert_int_equal(tk_raise(&error, TK_INPUT_RANGE, "x"), TAKEO_ENOMEM);
    TK_SET(&error, hint, "x");
    tk_error_set_nearest(&error, tk_zstr("a"), (takeo_text[]){{"a", 1}}, 1);
    tk_error_last(&error)->position = 5; /* belongs to this owner only */
    assert_int_equal(error.count, 1);
    assert_int_equal(error.first->status, TAKEO_ENOMEM);
    assert_null(error.first->hint.data);
    assert_int_equal(tk_raise(&error, TK_INPUT_RANGE, "y"), TAKEO_ENOMEM);
    tk_error_publish(&error, &published);
    assert_text(published->code, "TAKEO.CALL.MEMORY");
    assert_text(published->message, tk_code_meaning(TK_CALL_MEMORY));
    assert_int_equal(published->status, TAKEO_ENOMEM);
    assert_int_equal(published->position, 0);
    assert_ptr_equal(tk_error_copy(published), published);
    tk_error_free(published);
    tk_error_free(published); /* never freed */
    tk_error_clear(&error);
    memory.fail_at = 0;
    assert_int_equal(tk_raise(&error, TK_INPUT_RANGE, "x"), TAKEO_EINPUT);
    tk_error_done(&error);
    tk_test_alloc_done(&memory);
}

static void error_formats_every_part(void **state) {
    (void)state;
    takeo_error cause = {.code = tk_zstr("TAKEO.CONNECT.FAILED"),
                         .message = tk_zstr("no file"),
                         .detail = tk_zstr("one\ntwo")};
    takeo_error next = {.code = tk_zstr("TAKEO.INPUT.NULL"), .message = tk_zstr("second")};
    takeo_error error = {
        .code = tk_zstr("TAKEO.QUERY.UNKNOWN_FIELD"),
        .message = tk_zstr("User has no field \"emial\""),
        .expected = tk_zstr("a field"),
        .got = tk_zstr("\"emial\""),
        .nearest = tk_zstr("email"),
        .why = tk_zstr("User maps id, name, email"),
        .hint = tk_zstr("User.email == addr\ntry again"),
        .detail = tk_zstr("no such column"),
        .sql = tk_zstr("SELECT 1,\n\xc3\xa9 emial FROM users"),
        .position = 13,
        .cause = &cause,
        .next = &next,
    };
    static const char expected[] = "TAKEO.QUERY.UNKNOWN_FIELD: User has no field \"emial\"\n"
                                   "  sql: \xc3\xa9 emial FROM users\n"
                                   "         ^\n"
                                   "  expected: a field\n"
                                   "  got: \"emial\"\n"
                                   "  nearest: email\n"
                                   "  why: User maps id, name, email\n"
                                   "  fix: User.email == addr\n"
                                   "  fix: try again\n"
                                   "  database: no such column\n"
                                   "  caused by TAKEO.CONNECT.FAILED: no file\n"
                                   "    database: one\n"
                                   "              two\n"
                                   "TAKEO.INPUT.NULL: second";
    char text[1000];
    assert_int_equal(tk_error_format(&error, text, sizeof text), sizeof expected - 1);
    assert_string_equal(text, expected);
    /* At every capacity: the same length, a beginning that is valid UTF-8. */
    for (size_t capacity = 0; capacity < sizeof expected + 2; capacity++) {
        memset(text, 'x', sizeof text);
        assert_int_equal(tk_error_format(&error, text, capacity), sizeof expected - 1);
        if (capacity != 0) {
            assert_true(strlen(text) < capacity);
            assert_true(strlen(text) + 2 >= capacity || strlen(text) == sizeof expected - 1);
            assert_memory_equal(text, expected, strlen(text));
            assert_true(tk_utf8_is_valid(text, strlen(text)));
        }
        assert_int_equal(text[capacity], 'x');
    }
    assert_int_equal(tk_error_format(&error, NULL, 0), sizeof expected - 1);
}

static void error_formats_long_statements_around_their_position(void **state) {
    (void)state;
    char sql[1001];
    for (size_t i = 0; i < 1000; i += 2) {
        memcpy(sql + i, "\xc3\xa9", 2);
    }
    sql[1000] = '\0';
    static const uint32_t positions[] = {1, 2, 250, 499, 500, 501, 100000, UINT32_MAX};
    for (size_t i = 0; i < TK_COUNT(positions); i++) {
        takeo_error error = {.code = tk_zstr("X"),
                             .message = tk_zstr("m"),
                             .sql = tk_zstr(sql),
                             .position = positions[i]};
        char text[400];
        assert_true(tk_error_format(&error, text, sizeof text) < sizeof text);
        assert_true(tk_utf8_is_valid(text, strlen(text)));
        assert_non_null(strchr(text, '^'));
    }
    takeo_error empty = {.message = tk_zstr("only this")};
    char text[40];
    tk_error_format(&empty, text, sizeof text);
    assert_string_equal(text, "only this");
}

/* F60 */
static bool raise_many(const takeo_allocator *allocator, void *context) {
    (void)context;
    tk_error error;
    bool is_whole = true;
    tk_error_init(&error, tk_alloc_from(allocator));
    for (int i = 0; i < 30; i++) {
        is_whole =
            tk_raise(&error, TK_MODEL_INVALID, "finding %d\x1b", i) == TAKEO_EMAPPING && is_whole;
        TK_SET(&error, hint, "%0100d", i);
        is_whole = is_whole && error.last->hint.data != NULL;
        assert_non_null(tk_error_last(&error)->message.data);
    }
    takeo_error *published = NULL;
    tk_error_publish(&error, &published);
    assert_non_null(published);
    tk_error_free(published);
    tk_error_done(&error);
    return is_whole;
}

static void error_sweep_always_leaves_a_record(void **state) {
    (void)state;
    assert_true(tk_sweep(raise_many, NULL) > 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(error_codes_have_words),
        cmocka_unit_test(error_raise_writes_a_record),
        cmocka_unit_test(error_raise_into_nothing_gives_the_status),
        cmocka_unit_test(error_texts_are_clean_and_cut),
        cmocka_unit_test(error_findings_have_a_maximum),
        cmocka_unit_test(error_nearest_names_are_few_and_near),
        cmocka_unit_test(error_published_outlives_its_owner),
        cmocka_unit_test(error_copy_of_a_loop_ends),
        cmocka_unit_test(error_without_memory_is_static),
        cmocka_unit_test(error_formats_every_part),
        cmocka_unit_test(error_formats_long_statements_around_their_position),
        cmocka_unit_test(error_sweep_always_leaves_a_record),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
