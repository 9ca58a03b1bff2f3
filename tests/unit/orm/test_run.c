/* test_run.c - running statements: arguments, counts, receivers, limits; and failures explained. */
#include "world.h"

static takeo_statement *sql(world *w, const char *text) {
    takeo_statement *statement = NULL;
    takeo_error *error = NULL;
    assert_int_equal(takeo_statement_sql(w->model, text, takeo_zstr, &statement, &error),
                     TAKEO_DONE);
    return statement;
}

/* select name from city where population > ?1 and name in ?2 */
static takeo_statement *built(world *w) {
    takeo_builder *q = NULL;
    takeo_error *error = NULL;
    assert_int_equal(takeo_builder_new(w->model, &q, &error), TAKEO_DONE);
    uint32_t city = takeo_builder_table(q, CITY);
    uint32_t population = takeo_builder_column(q, city, CITY_POPULATION);
    uint32_t name = takeo_builder_column(q, city, CITY_NAME);
    uint32_t first = takeo_builder_param(q, 1);
    const takeo_node list = {.kind = TAKEO_NODE_PARAM, .ref = 2, .flags = TAKEO_NODE_FLAG_LIST};
    uint32_t second = takeo_builder_push(q, &list, sizeof list);
    takeo_builder_begin(q);
    takeo_builder_add(q, TAKEO_NODE_COLUMNS, name);
    takeo_builder_add(q, TAKEO_NODE_FROM, city);
    takeo_builder_add(q, TAKEO_NODE_WHERE,
                      takeo_builder_op(q, TAKEO_OPERATOR_GT, population, first));
    takeo_builder_add(q, TAKEO_NODE_WHERE, takeo_builder_op(q, TAKEO_OPERATOR_IN, name, second));
    takeo_builder_end(q, TAKEO_NODE_SELECT);
    takeo_statement *statement = NULL;
    assert_int_equal(takeo_builder_compile(q, &statement, &error), TAKEO_DONE);
    takeo_builder_free(q);
    return statement;
}

static void run_arguments_are_accepted(void **state) {
    (void)state;
    world w;
    world_open(&w);
    world_sql(&w, "insert into city (name, population, fixed) values ('a', 1, 0), ('b', 9, 0)");
    takeo_statement *statement = built(&w);
    const takeo_cell names[] = {world_text("a"), world_text("b")};
    takeo_cell arguments[] = {world_int(5), {TAKEO_TYPE_ARRAY, .v = {.list = {names, 2}}}};
    assert_int_equal(takeo_statement_run(w.op, statement, NULL, arguments, 2), TAKEO_DONE);
    assert_int_equal(takeo_op_wait(w.op, -1), TAKEO_ROWS);
    const takeo_rows *rows = takeo_rows_peek(w.op);
    assert_int_equal(rows->row_count, 1);
    assert_string_equal(rows->cells[0].v.text.data, "b");
    takeo_statement_free(statement);
    world_close(&w);
}

/* Every argument that does not fit is told with its number, before anything is sent. */
static void run_wrong_arguments_are_named(void **state) {
    (void)state;
    world w;
    world_open(&w);
    takeo_statement *statement = built(&w);
    const takeo_cell names[] = {world_text("a"), world_int(1)};
    takeo_cell arguments[] = {world_int(INT64_C(1) << 40),
                              {TAKEO_TYPE_ARRAY, .v = {.list = {names, 2}}}};
    const takeo_error *error =
        world_fails(w.op, takeo_statement_run(w.op, statement, NULL, arguments, 2), TAKEO_EINPUT,
                    "TAKEO.INPUT.RANGE");
    assert_non_null(strstr(error->message.data, "parameter 1 (City.population): "));
    assert_non_null(strstr(error->next->message.data, "parameter 2 (City.name): "));
    world_fails(w.op, takeo_statement_run(w.op, statement, NULL, arguments, 1), TAKEO_EINPUT,
                "TAKEO.INPUT.COUNT");
    world_fails(w.op, takeo_statement_run(w.op, statement, NULL, NULL, 0), TAKEO_EINPUT,
                "TAKEO.INPUT.COUNT");
    arguments[0] = (takeo_cell){.flags = TAKEO_CELL_UNSET};
    world_fails(w.op, takeo_statement_run(w.op, statement, NULL, arguments, 2), TAKEO_EINPUT,
                "TAKEO.INPUT.UNSET");
    takeo_statement_free(statement);
    world_close(&w);
}

/* Several sets of arguments are one transaction. */
static void run_many_is_one_transaction(void **state) {
    (void)state;
    world w;
    world_open(&w);
    takeo_statement *insert = sql(&w, "insert into country values ({}, {})");
    const takeo_cell cells[] = {world_text("FR"),   world_text("France"), world_text("PE"),
                                world_text("Peru"), world_text("FR"),     world_text("again")};
    world_done(w.op, takeo_statement_run(w.op, insert, NULL, cells, 4));
    assert_int_equal(world_result(w.op).affected, 2);
    assert_int_equal(world_result(w.op).statement_count, 2);
    world_sql(&w, "delete from country");
    world_fails(w.op, takeo_statement_run(w.op, insert, NULL, cells, 6), TAKEO_EUNIQUE,
                "TAKEO.SERVER.UNIQUE");
    assert_string_equal(world_ask(&w, "select count(*) from country"), "0");
    takeo_statement_free(insert);
    world_close(&w);
}

/* The caller may drop its statement while it runs, and read columns after it. */
static void run_statement_is_kept_alive(void **state) {
    (void)state;
    world w;
    world_open(&w);
    takeo_statement *statement = sql(&w, "select 1 as one, 'x' as two");
    assert_int_equal(takeo_statement_run(w.op, statement, NULL, NULL, 0), TAKEO_DONE);
    takeo_statement_free(statement);
    assert_int_equal(takeo_op_wait(w.op, -1), TAKEO_ROWS);
    const takeo_rows *rows = takeo_rows_peek(w.op);
    assert_string_equal(rows->columns[1].name.data, "two");
    assert_string_equal(rows->cells[1].v.text.data, "x");
    world_close(&w);
}

/* Rows that are no entities go into the layout for rows of any statement. */
/* B82: where rows are read by label, two of one label are refused before anything is sent. */
static void run_by_label_refuses_two_of_one_name(void **state) {
    (void)state;
    world w;
    world_open(&w);
    world_sql(&w, "insert into country values ('FR', 'France')");
    takeo_op_options options = {sizeof options, .flags = TAKEO_OP_BY_LABEL};
    assert_int_equal(takeo_op_set(w.op, &options), TAKEO_DONE);
    takeo_statement *twice = sql(&w, "delete from country returning code, name as code");
    const takeo_error *error = world_fails(w.op, takeo_statement_run(w.op, twice, NULL, NULL, 0),
                                           TAKEO_EINPUT, "TAKEO.QUERY.LABEL");
    assert_string_equal(error->field.data, "code");
    assert_string_equal(world_ask(&w, "select count(*) from country"), "1");
    takeo_statement *once = sql(&w, "select code, name from country");
    assert_int_equal(takeo_statement_run(w.op, once, NULL, NULL, 0), TAKEO_DONE);
    assert_int_equal(takeo_op_wait(w.op, -1), TAKEO_ROWS);
    takeo_statement_free(once);
    assert_int_equal(takeo_op_set(w.op, NULL), TAKEO_DONE);
    assert_int_equal(takeo_statement_run(w.op, twice, NULL, NULL, 0), TAKEO_DONE);
    assert_int_equal(takeo_op_wait(w.op, -1), TAKEO_ROWS);
    takeo_statement_free(twice);
    world_close(&w);
}

static bool by_label_scenario(const takeo_allocator *allocator, void *context) {
    (void)context;
    world w = {.op = NULL};
    takeo_error *error = NULL;
    takeo_op_options options = {sizeof options, .flags = TAKEO_OP_BY_LABEL};
    takeo_statement *statement = NULL;
    bool is_done = false;
    if (world_open_with(&w, *allocator) && takeo_op_set(w.op, &options) == TAKEO_DONE
        && takeo_statement_sql(w.model, "select 1 as a, 2 as b, 3 as c", takeo_zstr, &statement,
                               &error)
               == TAKEO_DONE) {
        is_done = takeo_statement_run(w.op, statement, NULL, NULL, 0) == TAKEO_DONE
                  && takeo_op_wait(w.op, -1) == TAKEO_ROWS;
    }
    takeo_error_free(error);
    takeo_statement_free(statement);
    world_free(&w);
    return is_done;
}

static void run_by_label_without_memory_fails_cleanly(void **state) {
    (void)state;
    tk_sweep(by_label_scenario, NULL);
}

static void run_plain_structs(void **state) {
    (void)state;
    struct pair {
        int64_t number;
        char text[8];
        double none;
        uint8_t none_is_null;
    };
    static const takeo_field_def fields[] = {
        {1, TAKEO_FIELD_INT64, AT(pair, number)},
        {2, TAKEO_FIELD_CHARS, AT(pair, text)},
        {3, TAKEO_FIELD_DOUBLE, AT(pair, none), .null_at = offsetof(struct pair, none_is_null)}};
    static const takeo_layout_def layout = {0, sizeof(struct pair), MANY(field, fields)};
    const takeo_target_def def = {sizeof def, 0, &layout, 1, sizeof layout};
    world w;
    world_open(&w);
    takeo_target *target = NULL;
    takeo_error *error = NULL;
    assert_int_equal(takeo_target_new(NULL, &def, &target, &error), TAKEO_DONE);
    takeo_statement *statement = sql(&w, "select 1, 'a', null union all select 2, 'b', 0.5");
    assert_int_equal(takeo_statement_run(w.op, statement, target, NULL, 0), TAKEO_DONE);
    assert_int_equal(takeo_op_wait(w.op, -1), TAKEO_ROWS);
    const takeo_list *list = &takeo_rows_peek(w.op)->objects;
    const struct pair *pairs = list->items;
    assert_int_equal(list->count, 2);
    assert_int_equal(list->stride, sizeof(struct pair));
    assert_int_equal(pairs[0].none_is_null, 1);
    assert_string_equal(pairs[1].text, "b");
    assert_true(pairs[1].none == 0.5);
    takeo_statement_free(statement);
    statement = sql(&w, "select 1, 'far too long', null");
    const takeo_error *failure =
        world_fails(w.op, takeo_statement_run(w.op, statement, target, NULL, 0), TAKEO_EDECODE,
                    "TAKEO.RESULT.DECODE");
    assert_int_equal(failure->object, 1);
    takeo_statement_free(statement);
    assert_true(takeo_repo_find(w.op, target, CITY, NULL) < 0);
    takeo_target_free(target);
    world_close(&w);
}

static void run_byte_budget_is_kept(void **state) {
    (void)state;
    world w;
    world_open(&w);
    takeo_statement *statement = sql(&w, "select 1 union all select 2 union all select 3");
    const takeo_op_options options = {sizeof options, .byte_budget = 50};
    assert_int_equal(takeo_op_set(w.op, &options), TAKEO_DONE);
    world_fails(w.op, takeo_statement_run(w.op, statement, NULL, NULL, 0), TAKEO_ERESULT_TOO_LARGE,
                "TAKEO.RESULT.TOO_LARGE");
    takeo_statement_free(statement);
    world_close(&w);
}

static void run_twice_at_once_is_refused(void **state) { /* F59 */
    (void)state;
    world w;
    world_open(&w);
    takeo_statement *statement = sql(&w, "select 1");
    assert_int_equal(takeo_statement_run(w.op, statement, NULL, NULL, 0), TAKEO_DONE);
    assert_int_equal(takeo_statement_run(w.op, statement, NULL, NULL, 0), TAKEO_ESTATE);
    struct city city = {.name = "a"};
    assert_int_equal(SAVE(&w, CITY, &city), TAKEO_ESTATE);
    assert_int_equal(takeo_op_wait(w.op, -1), TAKEO_ROWS);
    takeo_statement_free(statement);
    world_close(&w);
}

/* ERR: the database's words become entity and field of the model. */
static void run_failures_are_explained(void **state) {
    (void)state;
    static const struct {
        const char *sql;
        takeo_status status;
        const char *entity;
        const char *field;
    } cases[] = {
        {"insert into city (name, population, fixed) values ('a', 0, 0)", TAKEO_EUNIQUE, "City",
         "name"},
        {"insert into city (name, population, fixed) values (null, 0, 0)", TAKEO_ENOT_NULL, "City",
         "name"},
        {"insert into seat values (1, 1, 'x'), (1, 1, 'y')", TAKEO_EUNIQUE, "Seat", "row"},
        {"update city set country_code = 'XX'", TAKEO_EFOREIGN_KEY, NULL, NULL},
        {"select nowhere from city", TAKEO_EUNDEFINED_COLUMN, NULL, NULL},
        {"selekt", TAKEO_ESYNTAX, NULL, NULL},
    };
    world w;
    world_open(&w);
    world_sql(&w, "insert into city (name, population, fixed) values ('a', 0, 0)");
    for (size_t i = 0; i < COUNT(cases); i++) {
        takeo_statement *statement = sql(&w, cases[i].sql);
        takeo_status status = takeo_statement_run(w.op, statement, NULL, NULL, 0);
        assert_int_equal(world_end(w.op, status), cases[i].status);
        const takeo_error *error = takeo_op_error(w.op);
        assert_non_null(error->detail.data);
        if (cases[i].entity != NULL) {
            assert_string_equal(error->entity.data, cases[i].entity);
            assert_string_equal(error->field.data, cases[i].field);
        }
        takeo_statement_free(statement);
    }
    const takeo_error *unique = NULL;
    struct city twin = {.name = "a"};
    unique = world_fails(w.op, SAVE(&w, CITY, &twin), TAKEO_EUNIQUE, "TAKEO.SERVER.UNIQUE");
    assert_string_equal(unique->constraint_name.data, "uq_city_name");
    world_sql(&w, "insert into city (id, name, population, fixed) values (9, 'b', 'many', 0)");
    takeo_cell key = world_int(9);
    const takeo_error *decode = world_fails(w.op, takeo_repo_get(w.op, w.target, CITY, &key, 1),
                                            TAKEO_EDECODE, "TAKEO.RESULT.DECODE");
    assert_string_equal(decode->entity.data, "City");
    assert_string_equal(decode->field.data, "population");
    world_sql(&w, "drop table token");
    struct token token = {.note = "x"};
    const takeo_error *error = world_fails(w.op, SAVE(&w, TOKEN, &token), TAKEO_EUNDEFINED_TABLE,
                                           "TAKEO.SERVER.UNDEFINED_TABLE");
    assert_string_equal(error->entity.data, "Token");
    assert_non_null(strstr(error->hint.data, "synchronize"));
    world_close(&w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(run_arguments_are_accepted),
        cmocka_unit_test(run_wrong_arguments_are_named),
        cmocka_unit_test(run_many_is_one_transaction),
        cmocka_unit_test(run_statement_is_kept_alive),
        cmocka_unit_test(run_by_label_refuses_two_of_one_name),
        cmocka_unit_test(run_by_label_without_memory_fails_cleanly),
        cmocka_unit_test(run_plain_structs),
        cmocka_unit_test(run_byte_budget_is_kept),
        cmocka_unit_test(run_twice_at_once_is_refused),
        cmocka_unit_test(run_failures_are_explained),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
