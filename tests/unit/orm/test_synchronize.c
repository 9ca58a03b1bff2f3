/* test_synchronize.c - what is missing is made, what differs is told, a second run does nothing. */
#include "world.h"

static const takeo_rows *plan(world *w, uint32_t flags) {
    takeo_status status = takeo_source_synchronize(w->op, flags);
    status = status < 0 ? status : takeo_op_wait(w->op, -1);
    assert_int_equal(status, TAKEO_ROWS);
    return takeo_rows_peek(w->op);
}

static void begin(world *w) {
    *w = (world){0};
    assert_true(world_open_with(w, tk_test_alloc_init(&w->memory)));
}

/* SYNC-01 */
static void synchronize_makes_what_is_missing(void **state) {
    (void)state;
    world w;
    begin(&w);
    const takeo_rows *rows = plan(&w, 0);
    assert_true(rows->row_count > ENTITY_COUNT);
    assert_int_equal(rows->column_count, 1);
    assert_int_equal(world_result(w.op).statement_count, rows->row_count);
    assert_string_equal(world_ask(&w, "select count(*) from sqlite_schema where type = 'table' and "
                                      "name in ('country', 'city', 'node', 'token', 'event', "
                                      "'seat', 'guest')"),
                        "7");
    assert_string_equal(world_ask(&w, "select count(*) from takeo_objects where kind = 'table'"),
                        "7");
    world_close(&w);
}

static void synchronize_twice_does_nothing(void **state) {
    (void)state;
    world w;
    begin(&w);
    plan(&w, 0);
    assert_int_equal(plan(&w, 0)->row_count, 0);
    assert_int_equal(world_result(w.op).statement_count, 0);
    world_close(&w);
}

static void synchronize_plan_runs_nothing(void **state) {
    (void)state;
    world w;
    begin(&w);
    const takeo_rows *rows = plan(&w, TAKEO_SYNCHRONIZE_PLAN);
    assert_true(rows->row_count > ENTITY_COUNT);
    assert_int_equal(strncmp(rows->cells[0].v.text.data, "create table", 12), 0);
    assert_string_equal(world_ask(&w, "select count(*) from sqlite_schema"), "0");
    world_close(&w);
}

/* Parents before children, and other tables in peace. */
static void synchronize_leaves_other_tables(void **state) {
    (void)state;
    world w;
    begin(&w);
    world_sql(&w, "create table mine (x)");
    world_sql(&w, "create table country (code varchar(2) not null primary key, "
                  "name varchar(80) not null, remark text)");
    plan(&w, 0);
    assert_string_equal(world_ask(&w, "select count(*) from pragma_table_info('mine')"), "1");
    assert_string_equal(world_ask(&w, "select count(*) from pragma_table_info('country')"), "3");
    assert_string_equal(world_ask(&w, "select count(*) from takeo_objects where name = 'country'"),
                        "0");
    world_close(&w);
}

/* SYNC-03: every difference at once, and nothing is done. */
static void synchronize_tells_all_differences(void **state) {
    (void)state;
    world w;
    begin(&w);
    world_sql(&w, "create table city (id integer primary key, population text not null, "
                  "founded integer not null, fixed integer not null, country_code varchar(2), "
                  "odd text not null)");
    const takeo_error *error =
        world_fails(w.op, takeo_source_synchronize(w.op, 0), TAKEO_EMAPPING, "TAKEO.MODEL.DIFFERS");
    const char *const wanted[] = {
        "column name: it is missing",       "column population: it has another type",
        "column founded: it takes no NULL", "takes no NULL, has no default",
        "not unique by these columns",      "no foreign key"};
    for (size_t i = 0; i < COUNT(wanted); i++) {
        bool is_there = false;
        for (const takeo_error *at = error; at != NULL; at = at->next) {
            is_there |= strstr(at->message.data, wanted[i]) != NULL;
            assert_string_equal(at->table_name.data, "city");
        }
        if (!is_there) {
            fail_msg("no finding says: %s", wanted[i]);
        }
    }
    assert_string_equal(world_ask(&w, "select count(*) from sqlite_schema"), "1");
    world_close(&w);
}

/* An index that is missing on a table that is there is made. */
static void synchronize_makes_missing_index(void **state) {
    (void)state;
    world w;
    begin(&w);
    plan(&w, 0);
    world_sql(&w, "drop index ix_city_country");
    assert_int_equal(plan(&w, 0)->row_count, 2); /* with its row in takeo_objects */
    assert_int_equal(plan(&w, 0)->row_count, 0);
    world_close(&w);
}

/* A failure in the middle leaves nothing behind. */
static void synchronize_failure_undoes_all(void **state) {
    (void)state;
    world w;
    begin(&w);
    world_sql(&w, "create table other (x)");
    world_sql(&w, "create view guest as select 1");
    assert_true(world_end(w.op, takeo_source_synchronize(w.op, 0)) < 0);
    assert_string_equal(world_ask(&w, "select count(*) from sqlite_schema"), "2");
    world_close(&w);
}

static bool synchronize_scenario(const takeo_allocator *allocator, void *context) {
    (void)context;
    world w = {0};
    bool is_good = world_open_with(&w, *allocator);
    is_good = is_good && world_end(w.op, takeo_source_synchronize(w.op, 0)) >= 0;
    is_good = is_good && world_end(w.op, takeo_source_synchronize(w.op, 0)) >= 0;
    world_free(&w);
    return is_good;
}

static void synchronize_without_memory_fails_cleanly(void **state) {
    (void)state;
    tk_sweep(synchronize_scenario, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(synchronize_makes_what_is_missing),
        cmocka_unit_test(synchronize_twice_does_nothing),
        cmocka_unit_test(synchronize_plan_runs_nothing),
        cmocka_unit_test(synchronize_leaves_other_tables),
        cmocka_unit_test(synchronize_tells_all_differences),
        cmocka_unit_test(synchronize_makes_missing_index),
        cmocka_unit_test(synchronize_failure_undoes_all),
        cmocka_unit_test(synchronize_without_memory_fails_cleanly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
