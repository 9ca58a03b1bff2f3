/* test_sqlite_errors.c - failures of SQLite: constraints and words taken apart, locks (F43), stops,
 * changes of the schema, and I/O that fails at any place (F82, through a VFS of our own). */
#include "driver_support.h"

#include <dlfcn.h>
#include <pthread.h>

#include "driver/sqlite/sqlite_int.h"

static int setup(void **state) {
    fixture_setup(state);
    fixture *f = *state;
    assert_done(f, open_url(f, file_url(f, "a.db", "?wal=false&timeout=1")));
    run(f, "create table countries (code text primary key not null)");
    run(f,
        "create table cities (id integer primary key, name text, size integer not null, "
        "x integer, country text references countries (code) on delete restrict, "
        "constraint uq unique (name, x), constraint ck_size check (size >= 0), check (x <> 13))");
    return 0;
}

/* ---- words taken apart ----------------------------------------------------------------------- */

static const char *text_or_dash(takeo_text text) {
    return text.data != NULL ? text.data : "-";
}

static void errors_name_what_they_are_about(void **state) {
    fixture *f = *state;
    static const struct {
        const char *sql;
        takeo_status status;
        int native_code;
        const char *table;
        const char *column;
        const char *constraint;
    } rows[] = {
        {"insert into cities values (1, 'b', 0, 0, null)", TAKEO_EUNIQUE, 1555, "cities", "id",
         "-"},
        {"insert into cities values (2, 'a', 0, 1, null)", TAKEO_EUNIQUE, 2067, "cities", "name, x",
         "-"},
        {"insert into cities values (2, 'a', null, 2, null)", TAKEO_ENOT_NULL, 1299, "cities",
         "size", "-"},
        {"insert into cities values (2, 'a', -1, 2, null)", TAKEO_ECHECK, 275, "-", "-", "ck_size"},
        {"insert into cities values (2, 'a', 1, 13, null)", TAKEO_ECHECK, 275, "-", "-", "x <> 13"},
        {"insert into cities values (2, 'a', 1, 2, 'zz')", TAKEO_EFOREIGN_KEY, 787, "-", "-", "-"},
        {"delete from countries", TAKEO_EFOREIGN_KEY, 1811, "-", "-", "-"},
        {"insert into countries values ('FR')", TAKEO_EUNIQUE, 1555, "countries", "code", "-"},
        {"insert into expr values ('a')", TAKEO_EUNIQUE, 2067, "-", "-", "ix_lower"},
        {"insert into strict_one values ('a')", TAKEO_EINTEGRITY, 3091, "strict_one", "n", "-"},
        {"insert into cities (id) values ('abc')", TAKEO_EINTEGRITY, 20, "-", "-", "-"},
        {"insert into guarded values (1)", TAKEO_EINTEGRITY, 1811, "-", "-", "-"},
        {"select * from absent", TAKEO_EUNDEFINED_TABLE, 1, "absent", "-", "-"},
        {"select * from main.absent", TAKEO_EUNDEFINED_TABLE, 1, "absent", "-", "-"},
        {"select c.absent from cities c", TAKEO_EUNDEFINED_COLUMN, 1, "-", "absent", "-"},
        {"insert into cities (absent) values (1)", TAKEO_EUNDEFINED_COLUMN, 1, "cities", "absent",
         "-"},
        {"select absent(1)", TAKEO_ESYNTAX, 1, "-", "-", "-"},
        {"select 'open", TAKEO_ESYNTAX, 1, "-", "-", "-"},
        {"select abs(-9223372036854775807 - 1)", TAKEO_EDATABASE, 1, "-", "-", "-"},
        {"select zeroblob(2000000000)", TAKEO_EDATA, 18, "-", "-", "-"},
    };
    run(f, "insert into countries values ('FR')");
    run(f, "insert into cities values (1, 'a', 0, 1, 'FR')");
    run(f, "create table expr (n text); create unique index ix_lower on expr (lower(n)); "
           "insert into expr values ('A')");
    run(f, "create table strict_one (n integer) strict");
    run(f, "create table guarded (n); create trigger tr before insert on guarded "
           "begin select raise(abort, 'not today'); end");
    for (size_t i = 0; i < TK_COUNT(rows); i++) {
        takeo_status status = try_sql(f, rows[i].sql, NULL, 0, NULL);
        const takeo_error *record = last_error(f);
        if (status != rows[i].status) {
            fail_msg("%s: %d, not %d (%s)", rows[i].sql, (int)status, (int)rows[i].status,
                     record->detail.data);
        }
        assert_int_equal(record->native_code, rows[i].native_code);
        assert_string_equal(text_or_dash(record->table_name), rows[i].table);
        assert_string_equal(text_or_dash(record->column_name), rows[i].column);
        assert_string_equal(text_or_dash(record->constraint_name), rows[i].constraint);
        assert_int_equal(record->flags & TAKEO_ERROR_RETRYABLE, 0);
        assert_int_equal(record->outcome, TAKEO_OUTCOME_NONE);
    }
}

static void errors_of_the_text_point_at_a_character(void **state) {
    fixture *f = *state;
    if (tk_lite.error_offset == NULL) {
        skip();
    }
    assert_int_equal(try_sql(f, "select 'é', absent from cities", NULL, 0, NULL),
                     TAKEO_EUNDEFINED_COLUMN);
    assert_int_equal(last_error(f)->position, 13);
    assert_int_equal(try_sql(f, "select 1 +, 2", NULL, 0, NULL), TAKEO_ESYNTAX);
    assert_int_equal(last_error(f)->position, 11);
    assert_int_equal(try_sql(f, "select 1; select 2", NULL, 0, NULL), TAKEO_ESYNTAX);
    assert_int_equal(last_error(f)->position, 11);
}

static void errors_that_roll_back_say_so(void **state) {
    fixture *f = *state;
    run(f, "insert into countries values ('FR')");
    run(f, "BEGIN");
    assert_int_equal(try_sql(f, "insert or rollback into countries values ('FR')", NULL, 0, NULL),
                     TAKEO_EUNIQUE);
    assert_int_equal(last_error(f)->outcome, TAKEO_OUTCOME_ROLLED_BACK);
    assert_false(f->driver->is_in_transaction(f->server));
    run(f, "BEGIN");
    assert_int_equal(try_sql(f, "insert into countries values ('FR')", NULL, 0, NULL),
                     TAKEO_EUNIQUE);
    assert_int_equal(last_error(f)->outcome, TAKEO_OUTCOME_NONE);
    assert_true(f->driver->is_in_transaction(f->server));
    run(f, "ROLLBACK");
}

static void errors_of_own_texts_are_told(void **state) {
    fixture *f = *state;
    assert_int_equal(f->driver->run(f->server, "BEGIN nonsense", &f->error), TAKEO_ESYNTAX);
    assert_int_equal(f->driver->run(f->server, "create table t (", &f->error), TAKEO_ESYNTAX);
    run(f, "BEGIN; create table t (a); COMMIT");
    assert_false(f->driver->is_in_transaction(f->server));
    for (int i = 0; i < 2 * TK_SQLITE_KEPT; i++) { /* more than are kept */
        char text[40];
        snprintf(text, sizeof text, "SAVEPOINT s%d", i);
        run(f, text);
    }
    run(f, "RELEASE s0");
    assert_false(f->driver->is_in_transaction(f->server));
}

/* ---- keys ------------------------------------------------------------------------------------ */

static void errors_and_keys_leave_last_insert_rowid_alone(void **state) {
    fixture *f = *state;
    tk_execution done;
    assert_done(f, try_sql(f, "insert into cities (id, size) values (7, 0)", NULL, 0, &done));
    assert_int_equal(done.last_key, 7);
    assert_int_equal(try_sql(f, "insert into cities (id, size) values (7, 0)", NULL, 0, &done),
                     TAKEO_EUNIQUE);
    assert_int_equal(int_of(f, "select last_insert_rowid()"), 7);
    assert_done(
        f, try_sql(f, "insert or ignore into cities (id, size) values (7, 0)", NULL, 0, &done));
    assert_false(done.has_last_key);
    assert_int_equal(int_of(f, "select last_insert_rowid()"), 7);
    assert_done(f, try_sql(f, "insert into cities (x, size) values (last_insert_rowid(), 0)", NULL,
                           0, &done));
    assert_true(done.has_last_key);
    assert_int_equal(done.last_key, 8);
    assert_int_equal(int_of(f, "select x from cities where id = 8"), 7);
    run(f, "create table plain (k text primary key) without rowid");
    assert_done(f, try_sql(f, "insert into plain values ('a')", NULL, 0, &done));
    assert_int_equal(done.affected, 1);
    assert_false(done.has_last_key);
    assert_done(f, try_sql(f,
                           "/* a word */ with n (i) as (select 40) insert into cities (id, size) "
                           "select i, 0 from n",
                           NULL, 0, &done));
    assert_int_equal(done.last_key, 40);
    assert_done(f, try_sql(f, "replace into cities (id, size) values (40, 1)", NULL, 0, &done));
    assert_int_equal(done.last_key, 40);
}

/* ---- locks: F43 ------------------------------------------------------------------------------ */

/* A second connection without a busy handler. */
static sqlite3 *open_raw(fixture *f) {
    sqlite3 *db = NULL;
    assert_int_equal(tk_lite.open_v2(file_path(f, "a.db"), &db, SQLITE_OPEN_READWRITE, NULL),
                     SQLITE_OK);
    return db;
}

static void raw(sqlite3 *db, const char *sql) {
    assert_int_equal(tk_lite.exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
}

static sqlite3 *holder;

static void release_at_the_third_pause(fixture *f) {
    if (f->pauses == 3) {
        raw(holder, "commit");
    }
}

static void errors_of_locks_wait_and_then_go_on(void **state) {
    fixture *f = *state;
    holder = open_raw(f);
    raw(holder, "begin immediate");
    f->on_pause = release_at_the_third_pause;
    assert_done(f, try_sql(f, "insert into countries values ('FR')", NULL, 0, NULL));
    assert_int_equal(f->pauses, 3);
    tk_lite.close(holder);
}

static void errors_of_locks_are_busy_when_pause_gives_up(void **state) {
    fixture *f = *state;
    holder = open_raw(f);
    raw(holder, "begin immediate");
    f->pauses_most = 2;
    assert_int_equal(f->driver->run(f->server, "BEGIN IMMEDIATE", &f->error), TAKEO_EBUSY);
    assert_int_equal(f->pauses, 2);
    assert_text(last_error(f)->code, "TAKEO.SERVER.BUSY");
    assert_int_equal(last_error(f)->native_code, SQLITE_BUSY);
    assert_int_not_equal(last_error(f)->flags & TAKEO_ERROR_RETRYABLE, 0);
    assert_false(f->driver->is_in_transaction(f->server));
    raw(holder, "rollback");
    run(f, "BEGIN IMMEDIATE"); /* the kept statement is still good */
    run(f, "COMMIT");
    tk_lite.close(holder);
}

static void errors_of_locks_are_busy_after_the_timeout(void **state) {
    fixture *f = *state;
    f->driver->close(f->server);
    f->server = NULL;
    assert_done(f, open_url(f, file_url(f, "a.db", "?timeout=0.05")));
    holder = open_raw(f);
    raw(holder, "begin immediate");
    assert_int_equal(try_sql(f, "delete from countries", NULL, 0, NULL), TAKEO_EBUSY);
    assert_true(f->pauses > 0);
    tk_lite.close(holder);
}

/* F43: a reader makes COMMIT fail; the transaction stays open and COMMIT may be run again. */
static void errors_of_commit_leave_the_transaction_open(void **state) {
    fixture *f = *state;
    holder = open_raw(f);
    raw(holder, "begin; select count(*) from countries");
    f->pauses_most = 1;
    run(f, "BEGIN IMMEDIATE");
    run(f, "insert into countries values ('FR')");
    assert_int_equal(f->driver->run(f->server, "COMMIT", &f->error), TAKEO_EBUSY);
    assert_int_equal(last_error(f)->outcome, TAKEO_OUTCOME_NONE);
    assert_true(f->driver->is_in_transaction(f->server));
    raw(holder, "commit");
    run(f, "COMMIT");
    assert_false(f->driver->is_in_transaction(f->server));
    assert_int_equal(int_of(f, "select count(*) from countries"), 1);
    tk_lite.close(holder);
}

/* Reading, then writing, over somebody else's write: run the transaction again as a whole. */
static void errors_of_old_snapshots_are_serialization_failures(void **state) {
    fixture *f = *state;
    f->driver->close(f->server);
    f->server = NULL;
    assert_done(f, open_url(f, file_url(f, "a.db", "?wal=true")));
    holder = open_raw(f);
    run(f, "BEGIN");
    assert_int_equal(int_of(f, "select count(*) from countries"), 0);
    raw(holder, "insert into countries values ('DE')");
    assert_int_equal(try_sql(f, "insert into countries values ('FR')", NULL, 0, NULL),
                     TAKEO_ESERIALIZATION);
    assert_int_equal(last_error(f)->native_code, SQLITE_BUSY_SNAPSHOT);
    assert_int_not_equal(last_error(f)->flags & TAKEO_ERROR_RETRYABLE, 0);
    run(f, "ROLLBACK");
    tk_lite.close(holder);
}

static void errors_of_opening_a_locked_file_are_busy(void **state) {
    fixture *f = *state;
    holder = open_raw(f);
    raw(holder, "begin exclusive");
    f->pauses_most = 3;
    tk_server *other = NULL;
    assert_int_equal(open_with(f, &f->alloc, file_url(f, "a.db", ""), NULL, 0, NULL, &other),
                     TAKEO_EBUSY);
    assert_null(other);
    assert_int_equal(f->pauses, 3);
    f->deadline_ns = tk_clock_now_ns() - 1;
    f->pauses_most = 4;
    assert_int_equal(open_with(f, &f->alloc, file_url(f, "a.db", ""), NULL, 0, NULL, &other),
                     TAKEO_ECONNECT);
    assert_text(last_error(f)->code, "TAKEO.CONNECT.TIMEOUT");
    f->deadline_ns = 0;
    raw(holder, "rollback; begin; select count(*) from countries");
    f->pauses_most = 5;
    assert_int_equal(
        open_with(f, &f->alloc, file_url(f, "a.db", "?wal=true"), NULL, 0, NULL, &other),
        TAKEO_EBUSY);
    assert_null(other);
    tk_lite.close(holder);
}

/* ---- stops ----------------------------------------------------------------------------------- */

#define ENDLESS                                                                                    \
    "with recursive n (i) as (select 1 union all select i + 1 from n) select count(*) from n"

static void errors_of_a_tick_that_says_no_are_cancels(void **state) {
    fixture *f = *state;
    f->ticks_most = f->ticks + 10;
    assert_int_equal(try_sql(f, ENDLESS, NULL, 0, NULL), TAKEO_ECANCELED);
    assert_text(last_error(f)->code, "TAKEO.SERVER.CANCELED");
    assert_int_equal(last_error(f)->native_code, SQLITE_INTERRUPT);
    f->ticks_most = 1000000000;
    assert_int_equal(int_of(f, "select 1"), 1);
}

static void errors_of_a_stopped_write_say_that_it_was_rolled_back(void **state) {
    fixture *f = *state;
    run(f, "BEGIN");
    run(f, "insert into countries values ('FR')");
    f->ticks_most = f->ticks + 10;
    assert_int_equal(try_sql(f,
                             "with recursive n (i) as (select 1 union all select i + 1 from n) "
                             "insert into cities (size) select i from n",
                             NULL, 0, NULL),
                     TAKEO_ECANCELED);
    f->ticks_most = 1000000000;
    assert_int_equal(last_error(f)->outcome, f->driver->is_in_transaction(f->server)
                                                 ? TAKEO_OUTCOME_NONE
                                                 : TAKEO_OUTCOME_ROLLED_BACK);
    if (f->driver->is_in_transaction(f->server)) {
        run(f, "ROLLBACK");
    }
    assert_int_equal(int_of(f, "select count(*) from cities"), 0);
}

static void *interrupt_soon(void *ctx) {
    fixture *f = ctx;
    for (int i = 0; i < 20; i++) { /* one that comes too early stops nothing */
        tk_sleep_ns(10 * 1000000);
        f->driver->interrupt(f->server);
    }
    return NULL;
}

static void errors_of_interrupt_from_another_thread_are_cancels(void **state) {
    fixture *f = *state;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, interrupt_soon, f), 0);
    assert_int_equal(try_sql(f, ENDLESS, NULL, 0, NULL), TAKEO_ECANCELED);
    assert_int_equal(pthread_join(thread, NULL), 0);
}

/* ---- the schema changes under a statement ---------------------------------------------------- */

static void errors_of_a_changed_shape_are_told_once(void **state) {
    fixture *f = *state;
    run(f, "create table t (a integer, b text); insert into t values (1, 'x')");
    tk_prepared *unknown = prepare(f, "select * from t", NULL, 0);
    takeo_type types[] = {TAKEO_TYPE_INT64, TAKEO_TYPE_TEXT};
    tk_prepared *known = prepare(f, "select * from t", types, 2);
    tk_prepared *fixed = prepare(f, "select a, b from t", types, 2);
    tk_execution done;
    uint64_t rows;
    const takeo_column_info *columns = NULL;
    assert_done(f, execute(f, unknown, NULL, 0, &done, &rows));
    run(f, "alter table t add column c integer default 5");

    assert_done(f, execute(f, fixed, NULL, 0, &done, &rows)); /* prepared again by itself */
    assert_int_equal(execute(f, known, NULL, 0, &done, &rows), TAKEO_EOPERATIONAL);
    assert_text(last_error(f)->code, "TAKEO.SQLITE.SCHEMA");
    assert_int_equal(execute(f, unknown, NULL, 0, &done, &rows), TAKEO_EOPERATIONAL);
    assert_int_equal(f->driver->columns(f->server, unknown, &columns), 3);
    assert_text(columns[2].name, "c");
    assert_done(f, execute(f, unknown, NULL, 0, &done, &rows));
    assert_int_equal(rows, 1);

    run(f, "alter table t rename column b to d");
    assert_done(f, execute(f, unknown, NULL, 0, &done, &rows));
    assert_int_equal(f->driver->columns(f->server, unknown, &columns), 3);
    assert_text(columns[1].name, "d");
    assert_int_equal(execute(f, fixed, NULL, 0, &done, &rows), TAKEO_EUNDEFINED_COLUMN);

    tk_sql wrong = sql_of("select a from t", types, 2, false);
    tk_prepared *none = NULL;
    assert_int_equal(f->driver->prepare(f->server, &wrong, &none, &f->error), TAKEO_EOPERATIONAL);
    f->driver->forget(f->server, unknown);
    f->driver->forget(f->server, known);
    f->driver->forget(f->server, fixed);
}

/* ---- F82: I/O that fails at the n-th call, through a VFS around the system's own ------------- */

static struct {
    sqlite3_vfs vfs;
    sqlite3_vfs *system;
    sqlite3_io_methods methods[2]; /* the system's, with ours in front: of journals, of databases */
    const sqlite3_io_methods *system_methods; /* both read and write alike */
    int count;
    int fail_at;
    int code;
    bool has_failed;
} io;

static bool fails(void) {
    io.count++;
    io.has_failed |= io.count == io.fail_at;
    return io.count == io.fail_at;
}

static int io_write(sqlite3_file *file, const void *data, int len, sqlite3_int64 at) {
    return fails() ? io.code : io.system_methods->xWrite(file, data, len, at);
}

static int io_read(sqlite3_file *file, void *data, int len, sqlite3_int64 at) {
    return io.code != SQLITE_FULL && fails() ? io.code
                                             : io.system_methods->xRead(file, data, len, at);
}

static int io_sync(sqlite3_file *file, int flags) {
    return fails() ? io.code : io.system_methods->xSync(file, flags);
}

static int io_truncate(sqlite3_file *file, sqlite3_int64 size) {
    return fails() ? io.code : io.system_methods->xTruncate(file, size);
}

static int io_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
                   int *out_flags) {
    (void)vfs;
    int rc = io.system->xOpen(io.system, name, file, flags, out_flags);
    if (rc == SQLITE_OK) {
        sqlite3_io_methods *methods = &io.methods[(flags & SQLITE_OPEN_MAIN_DB) != 0];
        io.system_methods = file->pMethods;
        *methods = *file->pMethods;
        methods->iVersion = 1; /* no shared memory, no file of another kind */
        methods->xWrite = io_write;
        methods->xRead = io_read;
        methods->xSync = io_sync;
        methods->xTruncate = io_truncate;
        file->pMethods = methods;
    }
    return rc;
}

static void install_io(bool is_ours) {
    static const char *const names[] = {"libsqlite3.so.0", NULL};
    void *handle = dlopen(names[0], RTLD_NOW);
    assert_non_null(handle);
    __typeof__(sqlite3_vfs_find) *find;
    __typeof__(sqlite3_vfs_register) *add;
    __typeof__(sqlite3_vfs_unregister) *drop;
    *(void **)&find = dlsym(handle, "sqlite3_vfs_find");
    *(void **)&add = dlsym(handle, "sqlite3_vfs_register");
    *(void **)&drop = dlsym(handle, "sqlite3_vfs_unregister");
    if (is_ours) {
        io.system = find(NULL);
        io.vfs = *io.system;
        io.vfs.zName = "failing";
        io.vfs.xOpen = io_open;
        io.vfs.pNext = NULL;
        assert_int_equal(add(&io.vfs, 1), SQLITE_OK);
    } else {
        assert_int_equal(drop(&io.vfs), SQLITE_OK);
        assert_int_equal(add(io.system, 1), SQLITE_OK);
    }
    dlclose(handle);
}

/* One transaction of several pages; whatever happens, the connection can be closed. */
static takeo_status write_much(fixture *f, const char *url) {
    tk_error_clear(&f->error);
    takeo_status status = open_url(f, url);
    static const char *const texts[] = {
        "BEGIN IMMEDIATE",
        ("with recursive n (i) as (select 1 union all select i + 1 from n where i < 300) "
         "insert into cities (name, size) select hex(zeroblob(200)) || i, i from n"),
        "COMMIT",
    };
    for (size_t i = 0; i < TK_COUNT(texts) && status == TAKEO_DONE; i++) {
        status = f->driver->run(f->server, texts[i], &f->error);
    }
    if (f->server != NULL) {
        f->driver->close(f->server);
        f->server = NULL;
    }
    return status;
}

static void errors_of_io_at_any_place_are_mapped(void **state) {
    fixture *f = *state;
    static const struct {
        int code;
        takeo_status status;
    } rows[] = {{SQLITE_IOERR_WRITE, TAKEO_EOPERATIONAL},   {SQLITE_FULL, TAKEO_EDISK_FULL},
                {SQLITE_IOERR_NOMEM, TAKEO_ESERVER_MEMORY}, {SQLITE_BUSY, TAKEO_EBUSY},
                {SQLITE_READONLY, TAKEO_EREAD_ONLY},        {SQLITE_CORRUPT, TAKEO_EOPERATIONAL}};
    f->driver->close(f->server);
    f->server = NULL;
    const char *url = file_url(f, "a.db", "?timeout=0.01&wal=false");
    for (size_t i = 0; i < TK_COUNT(rows); i++) {
        int failures = 0;
        for (int n = 1; n < 10000; n += 1 + n / 8) {
            io.count = 0;
            io.fail_at = n;
            io.code = rows[i].code;
            io.has_failed = false;
            install_io(true);
            takeo_status status = write_much(f, url);
            install_io(false);
            /* some failures are borne: a page that is read again, a journal that is only tidied up
             */
            if (status != TAKEO_DONE) {
                assert_true(io.has_failed);
                assert_int_equal(status, rows[i].status);
                assert_non_null(last_error(f)->detail.data);
                failures++;
            }
            assert_done(f, open_url(f, url));
            takeo_cell check =
                value(f, "select * from pragma_integrity_check", TAKEO_TYPE_TEXT, NULL, 0);
            assert_cell_text(&check, "ok");
            int64_t count = int_of(f, "select count(*) from cities");
            assert_true(count == 0 || count == 300); /* all or nothing */
            assert_true(status != TAKEO_DONE || count == 300);
            run(f, "delete from cities");
            f->driver->close(f->server);
            f->server = NULL;
            if (!io.has_failed) {
                break;
            }
        }
        assert_true(failures > 3);
    }
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, fixture_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(errors_name_what_they_are_about),
        CASE(errors_of_the_text_point_at_a_character),
        CASE(errors_that_roll_back_say_so),
        CASE(errors_of_own_texts_are_told),
        CASE(errors_and_keys_leave_last_insert_rowid_alone),
        CASE(errors_of_locks_wait_and_then_go_on),
        CASE(errors_of_locks_are_busy_when_pause_gives_up),
        CASE(errors_of_locks_are_busy_after_the_timeout),
        CASE(errors_of_commit_leave_the_transaction_open),
        CASE(errors_of_old_snapshots_are_serialization_failures),
        CASE(errors_of_opening_a_locked_file_are_busy),
        CASE(errors_of_a_tick_that_says_no_are_cancels),
        CASE(errors_of_a_stopped_write_say_that_it_was_rolled_back),
        CASE(errors_of_interrupt_from_another_thread_are_cancels),
        CASE(errors_of_a_changed_shape_are_told_once),
        CASE(errors_of_io_at_any_place_are_mapped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
