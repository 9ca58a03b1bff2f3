/* test_sqlite_faults.c - F60: every allocation of ours fails in turn; DS: a forked child gives up
 * its parent's connection; F82: a damaged page. */
#include <stdlib.h>
#include "driver_support.h"

#include <dlfcn.h>
#include <sys/wait.h>

#include "driver/sqlite/sqlite_int.h"

/* ---- F60 ------------------------------------------------------------------------------------- */

/* Open, write, read lists and all kinds of values, describe, fail, read the catalogue, close. */
typedef struct scenario {
    fixture f;
    const char *url;
} scenario;

static takeo_status use(fixture *f, tk_sql *sql, const takeo_cell *arguments, uint32_t count) {
    tk_prepared *prepared = NULL;
    takeo_status status = f->driver->prepare(f->server, sql, &prepared, &f->error);
    if (status != TAKEO_DONE) {
        return status;
    }
    tk_execution done;
    takeo_cell row[4];
    const takeo_column_info *columns;
    f->driver->columns(f->server, prepared, &columns);
    status = f->driver->start(f->server, prepared, arguments, count, &f->error);
    while (status == TAKEO_DONE || status == TAKEO_ROWS) {
        status = f->driver->fetch(f->server, prepared, row, &f->error);
        if (status == TAKEO_DONE) {
            break;
        }
    }
    f->driver->end(f->server, prepared, &done);
    f->driver->forget(f->server, prepared);
    return status;
}

static takeo_status use_all(fixture *f) {
    const takeo_cell keys[] = {INT(1), INT(2)};
    const takeo_cell arguments[] = {
        INT(1), {.type = TAKEO_TYPE_UUID}, {.type = TAKEO_TYPE_TIMESTAMPTZ}, TEXT("a")};
    const takeo_cell list = {.type = TAKEO_TYPE_ARRAY, .v = {.list = {keys, 2}}};
    const takeo_type types[] = {TAKEO_TYPE_INT64, TAKEO_TYPE_UUID, TAKEO_TYPE_TIMESTAMPTZ,
                                TAKEO_TYPE_TEXT};
    tk_sql insert = sql_of("insert into t values (?1, ?2, ?3, ?4)", NULL, 0, true);
    tk_sql select =
        sql_of("select * from t where id in (select value from takeo_list(?1))", types, 4, false);
    tk_sql unknown = sql_of("select count(*), takeo_sum('1' || id) from t", NULL, 0, false);
    TK_TRY(f->driver->run(f->server, "BEGIN", &f->error));
    TK_TRY(use(f, &insert, arguments, 4));
    TK_TRY(use(f, &select, &list, 1));
    TK_TRY(use(f, &unknown, NULL, 0));
    TK_TRY(f->driver->run(f->server, "ROLLBACK", &f->error));
    tk_arena arena;
    tk_arena_init(&arena, f->alloc);
    const tk_catalog_table *tables;
    uint32_t count;
    takeo_status status = f->driver->catalog(f->server, &arena, &tables, &count, &f->error);
    tk_arena_done(&arena);
    return status;
}

static bool run_scenario(const takeo_allocator *allocator, void *context) {
    scenario *s = context;
    fixture *f = &s->f;
    f->alloc = tk_alloc_from(allocator);
    tk_error_clear(&f->error);
    f->server = NULL;
    takeo_status status = open_with(f, &f->alloc, s->url, NULL, 0,
                                    "create table if not exists t (id integer primary key, u text, "
                                    "at text, name text)",
                                    &f->server);
    if (status == TAKEO_DONE) {
        status = use_all(f);
        f->driver->close(f->server);
    }
    assert_true(status == TAKEO_DONE || status == TAKEO_ENOMEM);
    return status == TAKEO_DONE;
}

static void faults_of_every_allocation_are_borne(void **state) {
    (void)state;
    scenario s = {.url = "sqlite://?timeout=1"};
    tk_arena_init(&s.f.arena, tk_alloc_default);
    tk_error_init(&s.f.error, tk_alloc_default);
    s.f.pauses_most = 10;
    s.f.ticks_most = 1000000000;
    uint64_t count = tk_sweep(run_scenario, &s);
    assert_true(count >= 8);
    tk_arena_done(&s.f.arena);
    tk_error_done(&s.f.error);
}

/* SQLite's own memory ends at some place, a little later each time. */
static void faults_of_the_memory_of_sqlite_are_told(void **state) {
    (void)state;
    tk_error error;
    tk_error_init(&error, tk_alloc_default);
    assert_int_equal(tk_sqlite_load(&error), TAKEO_DONE);
    tk_error_done(&error);
    void *library = dlopen("libsqlite3.so.0", RTLD_NOW);
    assert_non_null(library);
    __typeof__(sqlite3_hard_heap_limit64) *limit;
    __typeof__(sqlite3_memory_used) *used;
    *(void **)&limit = dlsym(library, "sqlite3_hard_heap_limit64");
    *(void **)&used = dlsym(library, "sqlite3_memory_used");
    fixture f = {.pauses_most = 10, .ticks_most = 1000000000};
    tk_arena_init(&f.arena, tk_alloc_default);
    tk_error_init(&f.error, tk_alloc_default);
    f.alloc = tk_alloc_default;
    int refused = 0;
    takeo_status status = TAKEO_ENOMEM;
    for (int more = 0; more < 2000000 && status != TAKEO_DONE; more += 1500) {
        tk_error_clear(&f.error);
        limit(used() + more + 1);
        status = open_with(&f, &f.alloc, "sqlite://", NULL, 0,
                           "create table t (id integer primary key, u text, at text, name text)",
                           &f.server);
        if (status == TAKEO_DONE) {
            status = use_all(&f);
            f.driver->close(f.server);
        }
        limit(0);
        if (status != TAKEO_DONE && status != TAKEO_ESERVER_MEMORY) {
            show_error(&f);
            fail_msg("status %d with %d bytes more", (int)status, more);
        }
        refused += status != TAKEO_DONE;
    }
    assert_int_equal(status, TAKEO_DONE);
    assert_true(refused > 10);
    tk_arena_done(&f.arena);
    tk_error_done(&f.error);
    dlclose(library);
}

/* Without memory for a record the failure is still told. */
static void faults_of_records_give_a_status(void **state) {
    fixture *f = *state;
    assert_done(f, open_url(f, "sqlite://"));
    tk_test_alloc poor;
    takeo_allocator allocator = tk_test_alloc_init(&poor);
    poor.fail_at = 1;
    poor.fail_ever_after = true;
    tk_error error;
    tk_error_init(&error, tk_alloc_from(&allocator));
    assert_int_equal(f->driver->run(f->server, "create table t (", &error), TAKEO_ENOMEM);
    tk_error_done(&error);
    assert_true(f->driver->run(f->server, "create table t (", NULL) < 0);
}

/* ---- DS: fork -------------------------------------------------------------------------------- */

static void faults_of_a_fork_leave_the_parent_alone(void **state) {
    NEED_FORK();
    fixture *f = *state;
    assert_done(f, open_url(f, file_url(f, "a.db", "?wal=false")));
    run(f, "create table t (a)");
    tk_prepared *prepared = prepare(f, "insert into t values (1)", NULL, 0);
    run(f, "BEGIN IMMEDIATE");
    tk_execution done;
    assert_done(f, execute(f, prepared, NULL, 0, &done, NULL));
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        f->driver->abandon(f->server);
        _exit(f->memory.live_blocks == 0 ? 0 : 1);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    /* the lock and the transaction are still the parent's */
    sqlite3 *other = NULL;
    assert_int_equal(tk_lite.open_v2(file_path(f, "a.db"), &other, SQLITE_OPEN_READWRITE, NULL),
                     SQLITE_OK);
    assert_int_equal(tk_lite.exec(other, "begin immediate", NULL, NULL, NULL), SQLITE_BUSY);
    tk_lite.close(other);
    assert_done(f, execute(f, prepared, NULL, 0, &done, NULL));
    run(f, "COMMIT");
    f->driver->forget(f->server, prepared);
    assert_int_equal(int_of(f, "select count(*) from t"), 2);
}

/* ---- F82: a damaged page --------------------------------------------------------------------- */

static void faults_of_a_page_are_told_and_borne(void **state) {
    fixture *f = *state;
    const char *url = file_url(f, "a.db", "?wal=false");
    assert_done(f, open_url(f, url));
    run(f, "create table t (a text); create table u (a text); insert into u values ('whole')");
    run(f, "with recursive n (i) as (select 1 union all select i + 1 from n where i < 2000) "
           "insert into t select 'row ' || i from n");
    int64_t page = int_of(f, "select rootpage from sqlite_master where name = 't'");
    f->driver->close(f->server);
    f->server = NULL;
    FILE *file = fopen(file_path(f, "a.db"), "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, (long)(page - 1) * 4096, SEEK_SET), 0);
    for (int i = 0; i < 4096; i++) {
        assert_int_equal(fputc(0x5A, file), 0x5A);
    }
    assert_int_equal(fclose(file), 0);
    assert_done(f, open_url(f, url));
    assert_int_equal(try_sql(f, "select * from t", NULL, 0, NULL), TAKEO_EOPERATIONAL);
    assert_text(last_error(f)->code, "TAKEO.SQLITE.CORRUPT");
    takeo_cell cell = value(f, "select a from u", TAKEO_TYPE_TEXT, NULL, 0);
    assert_cell_text(&cell, "whole");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(faults_of_every_allocation_are_borne),
        cmocka_unit_test(faults_of_the_memory_of_sqlite_are_told),
        cmocka_unit_test_setup_teardown(faults_of_records_give_a_status, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(faults_of_a_fork_leave_the_parent_alone, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(faults_of_a_page_are_told_and_borne, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
