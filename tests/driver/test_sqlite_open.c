/* test_sqlite_open.c - opening a database of SQLite: LITE-01 (URL and settings), F82 (files that
 * cannot be used), and how a connection is set up. */
#include "driver_support.h"

#include <sys/stat.h>

#include "driver/sqlite/sqlite_int.h"

static void write_file(fixture *f, const char *name, const char *data, size_t len) {
    FILE *file = fopen(file_path(f, name), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

static takeo_status reopen(fixture *f, const char *url) {
    if (f->server != NULL) {
        f->driver->close(f->server);
        f->server = NULL;
    }
    tk_error_clear(&f->error);
    return open_url(f, url);
}

static const char *text_of(fixture *f, const char *text) {
    takeo_cell cell = value(f, text, TAKEO_TYPE_TEXT, NULL, 0);
    return cell.v.text.data;
}

/* ---- what cannot be opened ------------------------------------------------------------------- */

static void open_of_a_wrong_file_says_why(void **state) {
    fixture *f = *state;
    static const struct {
        const char *name;
        const char *query;
        takeo_status status;
        const char *code;
        const char *words;
    } rows[] = {
        {"absent/a.db", "", TAKEO_ECONNECT, "TAKEO.CONNECT.FAILED", "/absent does not exist"},
        {"folder", "", TAKEO_ECONNECT, "TAKEO.CONNECT.FAILED", "is a directory"},
        {"absent.db", "?mode=rw", TAKEO_ECONNECT, "TAKEO.CONNECT.FAILED", "no database file"},
        {"absent.db", "?mode=ro", TAKEO_ECONNECT, "TAKEO.CONNECT.FAILED", "no database file"},
        {"absent.db", "?must_exist=true", TAKEO_ECONNECT, "TAKEO.CONNECT.FAILED",
         "no database file"},
        {"wrong.db/a.db", "", TAKEO_ECONNECT, "TAKEO.CONNECT.FAILED", "is no directory"},
        {"wrong.db", "", TAKEO_ECONNECT, "TAKEO.SQLITE.NOT_A_DATABASE", "is no SQLite database"},
    };
    static const char wrong[2000] = "This is a letter, not a database. It is long enough.";
    write_file(f, "wrong.db", wrong, sizeof wrong);
    assert_int_equal(mkdir(file_path(f, "folder"), 0700), 0);
    for (size_t i = 0; i < TK_COUNT(rows); i++) {
        takeo_status status = reopen(f, file_url(f, rows[i].name, rows[i].query));
        assert_int_equal(status, rows[i].status);
        assert_text(last_error(f)->code, rows[i].code);
        if (strstr(last_error(f)->message.data, rows[i].words) == NULL) {
            fail_msg("%s: %s", rows[i].name, last_error(f)->message.data);
        }
        assert_non_null(last_error(f)->detail.data);
    }
    assert_int_not_equal(access(file_path(f, "absent.db"), F_OK), 0);
}

static void open_of_a_forbidden_file_says_why(void **state) {
    fixture *f = *state;
    if (geteuid() == 0) {
        skip(); /* nothing is forbidden to root */
    }
    write_file(f, "a.db", "", 0);
    assert_int_equal(chmod(file_path(f, "a.db"), 0), 0);
    assert_int_equal(reopen(f, file_url(f, "a.db", "")), TAKEO_ECONNECT);
    assert_non_null(strstr(last_error(f)->message.data, "may not be read"));
}

/* A file that begins as a database and goes on as noise. */
static void open_of_a_damaged_file_is_corrupt(void **state) {
    fixture *f = *state;
    assert_done(f, reopen(f, file_url(f, "a.db", "?wal=false")));
    run(f, "create table t (a text)");
    run(f, "insert into t values ('x')");
    f->driver->close(f->server);
    f->server = NULL;
    FILE *file = fopen(file_path(f, "a.db"), "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, 100, SEEK_SET), 0);
    for (int i = 100; i < 4096; i++) {
        assert_int_equal(fputc(0xEE, file), 0xEE);
    }
    assert_int_equal(fclose(file), 0);
    assert_int_equal(reopen(f, file_url(f, "a.db", "")), TAKEO_EOPERATIONAL);
    assert_text(last_error(f)->code, "TAKEO.SQLITE.CORRUPT");
    assert_int_equal(last_error(f)->native_code & 0xFF, SQLITE_CORRUPT);
}

/* ---- LITE-01: settings ----------------------------------------------------------------------- */

static void open_refuses_settings_that_mean_nothing(void **state) {
    fixture *f = *state;
    static const struct {
        const char *query;
        const char *nearest;
        const char *expected;
    } rows[] = {
        {"?mod=ro", "mode", NULL},
        {"?time_out=5", "timeout", NULL},
        {"?cache=shared", NULL, NULL},
        {"?mode=readonly", NULL, "ro, rw, rwc or memory"},
        {"?wal=maybe", NULL, "true or false"},
        {"?timeout=soon", NULL, "seconds"},
        {"?timeout=-1", NULL, "seconds"},
        {"?timeout=1.", NULL, "seconds"},
        {"?timeout=.5", NULL, "seconds"},
        {"?timeout=1.2.3", NULL, "seconds"},
        {"?timeout=99999999999999999999", NULL, "seconds"},
        {"?timeout=", NULL, "seconds"},
        {"?synchronous=sometimes", NULL, "off, normal, full or extra"},
        {"?mode=ro&wal=true", NULL, NULL},
        {"?mode=memory&wal=true", NULL, NULL},
    };
    for (size_t i = 0; i < TK_COUNT(rows); i++) {
        assert_int_equal(reopen(f, file_url(f, "a.db", rows[i].query)), TAKEO_ECONFIG);
        assert_text(last_error(f)->code, "TAKEO.CONFIG.INVALID");
        if (rows[i].nearest != NULL) {
            assert_text(last_error(f)->nearest, rows[i].nearest);
        }
        if (rows[i].expected != NULL) {
            assert_non_null(strstr(last_error(f)->expected.data, rows[i].expected));
        }
    }
    assert_int_not_equal(access(file_path(f, "a.db"), F_OK), 0);
}

static void open_takes_settings_over_the_url(void **state) {
    fixture *f = *state;
    takeo_setting settings[] = {{"mode", "rwc"},
                                {"wal", "off"},
                                {"timeout", "0.25"},
                                {"synchronous", "off"},
                                {"must_exist", "no"}};
    assert_done(f, open_with(f, &f->alloc, file_url(f, "a.db", "?wal=true&timeout=9"), settings, 5,
                             NULL, &f->server));
    assert_string_equal(text_of(f, "select journal_mode from pragma_journal_mode"), "delete");
    assert_int_equal(int_of(f, "select synchronous from pragma_synchronous"), 0);
    assert_int_equal(f->server->busy_ns, 250000000);
}

static void open_turns_wal_on_only_for_its_own_files(void **state) {
    fixture *f = *state;
    static const char *const mode = "select journal_mode from pragma_journal_mode";
    assert_done(f, reopen(f, file_url(f, "new.db", "")));
    assert_string_equal(text_of(f, mode), "wal");
    write_file(f, "empty.db", "", 0);
    assert_done(f, reopen(f, file_url(f, "empty.db", "")));
    assert_string_equal(text_of(f, mode), "wal");

    assert_done(f, reopen(f, file_url(f, "old.db", "?wal=false")));
    run(f, "create table t (a text)");
    assert_string_equal(text_of(f, mode), "delete");
    assert_done(f, reopen(f, file_url(f, "old.db", "")));
    assert_string_equal(text_of(f, mode), "delete"); /* a user's file is left as it is */
    assert_done(f, reopen(f, file_url(f, "old.db", "?mode=ro")));
    assert_string_equal(text_of(f, mode), "delete");
    assert_done(f, reopen(f, file_url(f, "old.db", "?wal=true")));
    assert_string_equal(text_of(f, mode), "wal");
}

static void open_for_reading_refuses_writes(void **state) {
    fixture *f = *state;
    assert_done(f, reopen(f, file_url(f, "a.db", "?wal=false")));
    run(f, "create table t (a text)");
    assert_done(f, reopen(f, file_url(f, "a.db", "?mode=ro")));
    assert_int_equal(try_sql(f, "insert into t values ('x')", NULL, 0, NULL), TAKEO_EREAD_ONLY);
    assert_text(last_error(f)->code, "TAKEO.SERVER.READ_ONLY");
    assert_int_equal(last_error(f)->native_code & 0xFF, SQLITE_READONLY);
    assert_int_equal(int_of(f, "select count(*) from t"), 0);
}

static void open_reads_paths_as_files_only(void **state) {
    fixture *f = *state;
    char before[256];
    assert_non_null(getcwd(before, sizeof before));
    assert_int_equal(chdir(f->folder), 0);
    assert_done(f, reopen(f, "sqlite:///file:x.db%3Fmode=memory")); /* no URI of SQLite's */
    run(f, "create table t (a text)");
    assert_int_equal(access(file_path(f, "file:x.db?mode=memory"), F_OK), 0);
    assert_done(f, reopen(f, "sqlite:///:x"));
    run(f, "create table t (a text)");
    assert_int_equal(access(file_path(f, ":x"), F_OK), 0);
    assert_done(f, reopen(f, "sqlite:///:memory:"));
    assert_done(f, reopen(f, "sqlite:///y.db?mode=memory"));
    run(f, "create table t (a text)");
    assert_int_not_equal(access(file_path(f, "y.db"), F_OK), 0);
    assert_int_not_equal(access(file_path(f, ":memory:"), F_OK), 0);
    assert_int_equal(chdir(before), 0);
}

/* ---- how the connection is set up (S25) ------------------------------------------------------ */

static void open_sets_the_connection_up(void **state) {
    fixture *f = *state;
    assert_done(f, reopen(f, "sqlite://"));
    assert_int_equal(int_of(f, "select foreign_keys from pragma_foreign_keys"), 1);
    assert_int_equal(int_of(f, "select trusted_schema from pragma_trusted_schema"), 0);
    assert_int_equal(int_of(f, "select 'A' like 'a'"), 0);
    run(f, "create table t (a text)");
    /* double quotes are names only */
    assert_int_equal(try_sql(f, "select * from t where a = \"x y\"", NULL, 0, NULL),
                     TAKEO_EUNDEFINED_COLUMN);
    /* defensive: the schema's own table cannot be written */
    run(f, "pragma writable_schema = on");
    assert_true(try_sql(f, "delete from sqlite_master", NULL, 0, NULL) < 0);
    assert_true(try_sql(f, "select load_extension('x')", NULL, 0, NULL) < 0);
}

static void open_runs_init_sql(void **state) {
    fixture *f = *state;
    assert_done(f, open_with(f, &f->alloc, "sqlite://", NULL, 0,
                             "create table t (a); insert into t values (1), (2);", &f->server));
    assert_int_equal(int_of(f, "select count(*) from t"), 2);
    tk_server *other = NULL;
    assert_int_equal(open_with(f, &f->alloc, "sqlite://", NULL, 0, "create tabel t", &other),
                     TAKEO_ESYNTAX);
    assert_null(other);
    assert_text(last_error(f)->sql, "create tabel t");
}

static void open_gives_the_native_handle(void **state) {
    fixture *f = *state;
    assert_done(f, reopen(f, "sqlite://"));
    sqlite3 *db = f->driver->native(f->server);
    assert_int_equal(tk_lite.exec(db, "create table t (a)", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(int_of(f, "select count(*) from t"), 0);
    sqlite3_stmt *left = NULL; /* an expert forgets it; close does not */
    assert_int_equal(tk_lite.prepare_v3(db, "select 1", -1, 0, &left, NULL), SQLITE_OK);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(open_of_a_wrong_file_says_why),     CASE(open_of_a_forbidden_file_says_why),
        CASE(open_of_a_damaged_file_is_corrupt), CASE(open_refuses_settings_that_mean_nothing),
        CASE(open_takes_settings_over_the_url),  CASE(open_turns_wal_on_only_for_its_own_files),
        CASE(open_for_reading_refuses_writes),   CASE(open_reads_paths_as_files_only),
        CASE(open_sets_the_connection_up),       CASE(open_runs_init_sql),
        CASE(open_gives_the_native_handle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
