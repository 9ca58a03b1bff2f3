/* test_sqlite_catalog.c - what synchronize is told about a database file. */
#include "catalog_support.h"

#include "takeo/model.h"

static const tk_catalog_table *tables;
static uint32_t table_count;

static int setup(void **state) {
    fixture_setup(state);
    assert_done(*state, open_url(*state, "sqlite://"));
    return 0;
}

static void read_all(fixture *f) {
    assert_done(f, f->driver->catalog(f->server, &f->arena, &tables, &table_count, &f->error));
}

static void catalog_of_an_empty_database_is_empty(void **state) {
    read_all(*state);
    assert_int_equal(table_count, 0);
}

static void catalog_leaves_out_what_is_no_table_of_the_user(void **state) {
    fixture *f = *state;
    run(f, "create table b (id integer primary key autoincrement); insert into b default values");
    run(f, "create table \"A table\" (x)");
    run(f, "create table sqlitelike (x)");
    run(f, "create view v as select 1");
    run(f, "create temp table t (x)");
    run(f, "analyze");
    read_all(f);
    assert_int_equal(table_count, 3); /* without sqlite_sequence and sqlite_stat1 */
    assert_text(tables[0].name, "A table");
    assert_text(tables[0].sql, "CREATE TABLE \"A table\" (x)");
    assert_text(tables[1].name, "b");
    assert_text(tables[2].name, "sqlitelike");
}

static void catalog_tells_columns_as_declared(void **state) {
    fixture *f = *state;
    run(f,
        "create table t (id INTEGER primary key, name Varchar(80) not null default 'it''s', "
        "price text default (1 + 2), \"odd name\" , made text generated always as (name) stored)");
    run(f, "create table pair (b text, a integer not null, primary key (a, b)) without rowid");
    run(f, "create table loose (code text primary key)");
    read_all(f);
    static const column_row loose[] = {
        {"code", "text", NULL, true, 1}, /* as SQLite has it, for ever */
    };
    static const column_row pair[] = {
        {"b", "text", NULL, false, 2},
        {"a", "integer", NULL, false, 1},
    };
    static const column_row rows[] = {
        {"id", "integer", NULL, false, 1},   {"name", "varchar(80)", "'it''s'", false, 0},
        {"price", "text", "1 + 2", true, 0}, {"odd name", "", NULL, true, 0},
        {"made", "text", NULL, true, 0},
    };
    assert_columns(&tables[0], loose, TK_COUNT(loose));
    assert_columns(&tables[1], pair, TK_COUNT(pair));
    assert_columns(&tables[2], rows, TK_COUNT(rows));
}

static void catalog_tells_indexes(void **state) {
    fixture *f = *state;
    run(f, "create table t (a text primary key, b text, c integer unique)");
    run(f, "create index ix_two on t (b, a desc)");
    run(f, "create unique index ix_part on t (b) where c > 0");
    run(f, "create index ix_expression on t (lower(b), c)");
    read_all(f);
    assert_int_equal(tables[0].index_count, 5);
    const tk_catalog_index *two = index_of(tables, "ix_two");
    assert_int_equal(two->column_count, 2);
    assert_text(two->columns[0], "b");
    assert_text(two->columns[1], "a");
    assert_false(two->is_unique || two->is_constraint || two->is_partial);
    const tk_catalog_index *part = index_of(tables, "ix_part");
    assert_true(part->is_unique && part->is_partial && !part->is_constraint);
    const tk_catalog_index *expression = index_of(tables, "ix_expression");
    assert_int_equal(expression->column_count, 2);
    assert_null(expression->columns[0].data);
    assert_text(expression->columns[1], "c");
    const tk_catalog_index *own = index_of(tables, "sqlite_autoindex");
    assert_true(own->is_unique && own->is_constraint);
    assert_int_equal(own->column_count, 1);
}

static void catalog_tells_foreign_keys_in_order(void **state) {
    fixture *f = *state;
    run(f, "create table p (x integer, y text, z text, primary key (y, x), unique (z))");
    run(f, "create table c (px integer, py text, pz text, "
           "last text references p (z) on delete set default, "
           "foreign key (py, px) references p on delete cascade on update set null, "
           "foreign key (pz) references p (z) on delete restrict)");
    read_all(f);
    assert_text(tables[0].name, "c");
    assert_int_equal(tables[0].foreign_key_count, 3);
    const tk_catalog_foreign_key *keys = tables[0].foreign_keys;
    assert_text(keys[0].columns[0], "last");
    assert_int_equal(keys[0].on_delete, TAKEO_ACTION_SET_DEFAULT);
    assert_int_equal(keys[0].on_update, TAKEO_ACTION_DEFAULT);
    assert_int_equal(keys[1].column_count, 2);
    assert_text(keys[1].table, "p");
    assert_text(keys[1].columns[0], "py");
    assert_text(keys[1].references[0], "y"); /* the key of p, which the text leaves out */
    assert_text(keys[1].columns[1], "px");
    assert_text(keys[1].references[1], "x");
    assert_int_equal(keys[1].on_delete, TAKEO_ACTION_CASCADE);
    assert_int_equal(keys[1].on_update, TAKEO_ACTION_SET_NULL);
    assert_text(keys[2].references[0], "z");
    assert_int_equal(keys[2].on_delete, TAKEO_ACTION_RESTRICT);
    assert_int_equal(tables[1].foreign_key_count, 0);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, fixture_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(catalog_of_an_empty_database_is_empty),
        CASE(catalog_leaves_out_what_is_no_table_of_the_user),
        CASE(catalog_tells_columns_as_declared),
        CASE(catalog_tells_indexes),
        CASE(catalog_tells_foreign_keys_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
