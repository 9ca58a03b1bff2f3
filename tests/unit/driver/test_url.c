/* test_url.c - the URL taken apart, refused, and masked. */
#include "support.h"

#include "driver/driver.h"

static tk_arena arena;
static tk_error error;

static int setup(void **state) {
    (void)state;
    tk_arena_init(&arena, tk_alloc_default);
    tk_error_init(&error, tk_alloc_default);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    tk_arena_done(&arena);
    tk_error_done(&error);
    return 0;
}

static void assert_part(const char *url, const char *part, takeo_text text, const char *expected) {
    size_t len = expected != NULL ? strlen(expected) : 0;
    if (text.len != len || (len != 0 && memcmp(text.data, expected, len) != 0)) {
        fail_msg("%s: %s is \"%.*s\", not \"%s\"", url, part, (int)text.len,
                 text.data != NULL ? text.data : "", expected != NULL ? expected : "");
    }
}

static void url_parse_takes_it_apart(void **state) {
    (void)state;
    static const struct {
        const char *url, *scheme, *user, *password, *host, *port, *path;
    } rows[] = {
        {"sqlite://", "sqlite", "", "", "", "", ""},
        {"sqlite:///", "sqlite", "", "", "", "", ""},
        {"sqlite:///rel.db", "sqlite", "", "", "", "", "rel.db"},
        {"sqlite:////abs/a.db", "sqlite", "", "", "", "", "/abs/a.db"},
        {"SQLite:///a.db?mode=ro", "sqlite", "", "", "", "", "a.db"},
        {"sqlite+aiosqlite:///a%20b%3Fc%C3%A9.db", "sqlite", "", "", "", "", "a b?c\xC3\xA9.db"},
        {"sqlite:///a@b:c.db", "sqlite", "", "", "", "", "a@b:c.db"},
        {"sqlite:///:memory:", "sqlite", "", "", "", "", ":memory:"},
        {"postgresql://", "postgresql", "", "", "", "", ""},
        {"postgres://u:p@h:5432/d", "postgresql", "u", "p", "h", "5432", "d"},
        {"postgresql+asyncpg://u@h/d", "postgresql", "u", "", "h", "", "d"},
        {"postgresql://u:a%40b%2Fc%3A%25@h/d%2Fe", "postgresql", "u", "a@b/c:%", "h", "", "d/e"},
        {"postgresql://u:a@b@h/d", "postgresql", "u", "a@b", "h", "", "d"},
        {"postgresql://u:a+b@h/d", "postgresql", "u", "a+b", "h", "", "d"},
        {"postgresql://%2Fvar%2Frun/d", "postgresql", "", "", "/var/run", "", "d"},
        {"postgresql://[::1]:5433/d", "postgresql", "", "", "::1", "5433", "d"},
        {"postgresql://[::1]", "postgresql", "", "", "::1", "", ""},
        {"postgresql://h1:1,h2:2,h3/d", "postgresql", "", "", "h1:1,h2:2,h3", "", "d"},
        {"postgresql:///d?host=x", "postgresql", "", "", "", "", "d"},
        {"mysql://u:@h/", "mysql", "u", "", "h", "", ""},
        {"mariadb+pymysql://h:3306?x=1", "mysql", "", "", "h", "3306", ""},
    };
    for (size_t i = 0; i < TK_COUNT(rows); i++) {
        tk_url out;
        if (tk_url_parse(rows[i].url, SIZE_MAX, &arena, &out, &error) != TAKEO_DONE) {
            fail_msg("%s: %s", rows[i].url, error.last->message.data);
        }
        assert_part(rows[i].url, "scheme", out.scheme, rows[i].scheme);
        assert_part(rows[i].url, "user", out.user, rows[i].user);
        assert_part(rows[i].url, "password", out.password, rows[i].password);
        assert_part(rows[i].url, "host", out.host, rows[i].host);
        assert_part(rows[i].url, "port", out.port, rows[i].port);
        assert_part(rows[i].url, "path", out.path, rows[i].path);
    }
}

static void url_parse_reads_settings_in_order(void **state) {
    (void)state;
    tk_url out;
    static const char url[] = "sqlite:///a.db?mode=ro&&time%6Fut=1%262&empty=and more";
    assert_int_equal(tk_url_parse(url, sizeof url - 1 - 8, &arena, &out, &error), TAKEO_DONE);
    assert_int_equal(out.setting_count, 3);
    assert_string_equal(out.settings[0].key, "mode");
    assert_string_equal(out.settings[0].value, "ro");
    assert_string_equal(out.settings[1].key, "timeout");
    assert_string_equal(out.settings[1].value, "1&2");
    assert_string_equal(out.settings[2].key, "empty");
    assert_string_equal(out.settings[2].value, "");
}

/* Each is refused, and no message tells the password. */
static void url_parse_refuses_what_means_nothing(void **state) {
    (void)state;
    static const struct {
        const char *url;
        const char *nearest;
    } rows[] = {
        {"", NULL},
        {"world.db", NULL},
        {"host=h password=sesame", NULL},
        {"://h/d", NULL},
        {"sqlite3:///a.db", "sqlite"},
        {"postgesql://u:sesame@h/d", "postgresql, postgres"},
        {"oracle://u:sesame@h/d", NULL},
        {"sqlite://a.db", NULL},
        {"sqlite://u:sesame@h/a.db", NULL},
        {"sqlite:///a%zz.db", NULL},
        {"sqlite:///a%2", NULL},
        {"sqlite:///a%00b", NULL},
        {"sqlite:///a%ff", NULL},
        {"sqlite:///a.db?mode", NULL},
        {"sqlite:///a.db?=ro", NULL},
        {"sqlite:///a.db?mode=ro&mode=rw", NULL},
        {"postgresql://u:sesame@[::1/d", NULL},
        {"postgresql://u:sesame@[::1]x/d", NULL},
        {"postgresql://u:sesame@h:port/d", NULL},
        {"postgresql://u:sesame@h:123456/d", NULL},
        {"postgresql://u:ses/ame@h/d", NULL},
    };
    for (size_t i = 0; i < TK_COUNT(rows); i++) {
        tk_url out = {.setting_count = 77};
        tk_error_clear(&error);
        if (tk_url_parse(rows[i].url, SIZE_MAX, &arena, &out, &error) != TAKEO_ECONFIG) {
            fail_msg("%s was taken", rows[i].url);
        }
        assert_int_equal(out.setting_count, 77);
        assert_string_equal(error.last->code.data, "TAKEO.CONFIG.INVALID");
        if (rows[i].nearest != NULL) {
            assert_non_null(strstr(error.last->nearest.data, "sql"));
        }
        char text[2000];
        tk_error_format(error.last, text, sizeof text);
        assert_null(strstr(text, "ses"));
    }
    static const char zero[] = "sqlite:///a\0b";
    tk_url out;
    assert_int_equal(tk_url_parse(zero, sizeof zero - 1, &arena, &out, &error), TAKEO_ECONFIG);
    assert_int_equal(tk_url_parse(NULL, 0, &arena, &out, &error), TAKEO_ECONFIG);
}

static void url_parse_has_limits(void **state) {
    (void)state;
    enum { LEN = 70000 };
    static char url[LEN + 1];
    tk_url out;
    memset(url, 'a', LEN);
    memcpy(url, "sqlite:///", 10);
    assert_int_equal(tk_url_parse(url, LEN, &arena, &out, &error), TAKEO_ECONFIG);
    assert_int_equal(tk_url_parse(url, 60000, &arena, &out, &error), TAKEO_DONE);
    url[10] = '?';
    memset(url + 11, '&', 300);
    assert_int_equal(tk_url_parse(url, 311, &arena, &out, &error), TAKEO_ECONFIG);
}

static void url_masked_hides_passwords(void **state) {
    (void)state;
    static const char *const rows[][2] = {
        {"sqlite:///a:b@c.db?mode=ro", "sqlite:///a:b@c.db?mode=ro"},
        {"sqlite://u:p@h/a:b@c.db", "sqlite://u:***@h/a:b@c.db"},
        {"postgresql://u:p@h:5432/d", "postgresql://u:***@h:5432/d"},
        {"postgresql://u:a@b@h/d", "postgresql://u:***@h/d"},
        {"postgresql://u:a/b@h/d", "postgresql://u:***@h/d"},
        {"postgresql://u@h:5432/d", "postgresql://u@h:5432/d"},
        {"postgresql://h/d?user=u&password=p&sslmode=require",
         "postgresql://h/d?user=u&password=***&sslmode=require"},
        {"postgresql://h/d?passw%6Frd=p", "postgresql://h/d?passw%6Frd=***"},
        {"postgresql://u:p@h/d?sslPassword=q", "postgresql://u:***@h/d?sslPassword=***"},
        {"host=h password=p dbname=d", "host=h password=*** dbname=d"},
        {"host=h password='p q\\' r' dbname=d", "host=h password=*** dbname=d"},
        {"no url at all", "no url at all"},
        {"", ""},
    };
    for (size_t i = 0; i < TK_COUNT(rows); i++) {
        char *masked = tk_url_masked(rows[i][0], SIZE_MAX, &arena);
        assert_non_null(masked);
        assert_string_equal(masked, rows[i][1]);
    }
}

static bool scenario(const takeo_allocator *allocator, void *context) {
    (void)context;
    tk_alloc alloc = tk_alloc_from(allocator);
    tk_arena scratch;
    tk_error failure;
    tk_url out;
    tk_arena_init(&scratch, alloc);
    tk_error_init(&failure, alloc);
    static const char url[] = "postgresql://u:p@h:1/d?a=b&c=d";
    takeo_status status = tk_url_parse(url, SIZE_MAX, &scratch, &out, &failure);
    assert_true(status == TAKEO_DONE || status == TAKEO_ENOMEM);
    char *masked = tk_url_masked(url, SIZE_MAX, &scratch);
    tk_arena_done(&scratch);
    tk_error_done(&failure);
    return status == TAKEO_DONE && masked != NULL;
}

static void url_bears_every_failing_allocation(void **state) {
    (void)state;
    assert_true(tk_sweep(scenario, NULL) > 0);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(url_parse_takes_it_apart),
        CASE(url_parse_reads_settings_in_order),
        CASE(url_parse_refuses_what_means_nothing),
        CASE(url_parse_has_limits),
        CASE(url_masked_hides_passwords),
        CASE(url_bears_every_failing_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
