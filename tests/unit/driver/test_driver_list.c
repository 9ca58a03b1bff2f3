/* test_driver_list.c - drivers by scheme, and the library of SQLite by name. */
#include "support.h"

#include <pthread.h>

#include "driver/sqlite/sqlite_int.h"

static void driver_list_find_knows_its_schemes(void **state) {
    (void)state;
    const tk_driver *sqlite = tk_driver_find(tk_zstr("sqlite"));
    assert_non_null(sqlite);
    assert_string_equal(sqlite->name, "sqlite");
    assert_string_equal(sqlite->dialect, "sqlite");
    assert_true(sqlite->blocks);
    assert_null(tk_driver_find(tk_zstr("sqlit")));
    assert_null(tk_driver_find(tk_zstr("")));
    tk_buf names;
    tk_buf_init(&names, tk_alloc_default, 1000);
    tk_driver_schemes(&names);
    assert_non_null(strstr(names.data, "sqlite"));
    tk_buf_done(&names);
}

static void *load_it(void *ctx) {
    tk_error error;
    tk_error_init(&error, tk_alloc_default);
    *(takeo_status *)ctx = tk_sqlite_load(&error);
    tk_error_done(&error);
    return NULL;
}

static void library_load_by_many_threads_is_one(void **state) {
    (void)state;
    enum { THREADS = 8 };
    pthread_t threads[THREADS];
    takeo_status statuses[THREADS];
    for (int i = 0; i < THREADS; i++) {
        statuses[i] = TAKEO_EINTERNAL;
        assert_int_equal(pthread_create(&threads[i], NULL, load_it, &statuses[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(statuses[i], TAKEO_DONE);
    }
    assert_true(tk_lite.libversion_number() >= 3035000);
}

static void library_open_names_what_is_missing(void **state) {
    (void)state;
    static const struct {
        const char *names[3];
        int least;
        const char *words;
    } rows[] = {
        {{"libsqlite3-absent.so.0", NULL}, 3035000, "cannot be opened"},
        {{"libm.so.6", NULL}, 3035000, "lacks sqlite3_"},
        {{"libsqlite3-absent.so.0", "libsqlite3.so.0", NULL}, 9000000, "too old"},
    };
    for (size_t i = 0; i < TK_COUNT(rows); i++) {
        struct tk_sqlite_library found = {0};
        void *handle = NULL;
        tk_error error;
        tk_error_init(&error, tk_alloc_default);
        assert_int_equal(
            tk_sqlite_library_open(rows[i].names, rows[i].least, &found, &handle, &error),
            TAKEO_EUNSUPPORTED);
        assert_null(handle);
        assert_string_equal(error.last->code.data, "TAKEO.CONFIG.LIBRARY");
        assert_non_null(strstr(error.last->message.data, rows[i].words));
        assert_non_null(strstr(error.last->hint.data, "libsqlite3-0"));
        tk_error_done(&error);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(driver_list_find_knows_its_schemes),
        cmocka_unit_test(library_load_by_many_threads_is_one),
        cmocka_unit_test(library_open_names_what_is_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
