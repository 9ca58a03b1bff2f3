/* test_find.c - get, find, count, delete: shapes, conditions, structs that outlive the operation.
 */
#include "world.h"

static void fill(world *w) {
    world_open(w);
    world_sql(w, "insert into country values ('FR', 'France'), ('PE', 'Peru')");
    world_sql(w, "insert into city (id, name, population, founded, fixed, country_code) values "
                 "(1, 'Lyon', 522, -43, 0, 'FR'), (2, 'Nice', 340, null, 0, 'FR'), "
                 "(3, 'Cusco', 428, 1100, 0, 'PE'), (4, 'Atlantis', 0, null, 0, null)");
}

static const takeo_rows *rows_of(takeo_op *op, takeo_status status) {
    status = status < 0 ? status : takeo_op_wait(op, -1);
    if (status != TAKEO_ROWS) {
        char text[4096];
        takeo_error_format(takeo_op_error(op), text, sizeof text);
        fail_msg("%d %s", (int)status, text);
    }
    return takeo_rows_peek(op);
}

static takeo_condition where(uint32_t relation, uint32_t column, takeo_operator op,
                             takeo_cell value) {
    return (takeo_condition){relation, column, op, 0, 0, value};
}

/* REPO-13: by key; none is no failure. */
static void find_get_reads_by_key(void **state) {
    (void)state;
    world w;
    fill(&w);
    takeo_cell key = world_int(1);
    const takeo_rows *rows = rows_of(w.op, takeo_repo_get(w.op, w.target, CITY, &key, 1));
    const struct city *city = rows->objects.items;
    assert_int_equal(rows->objects.count, 1);
    assert_string_equal(city->name, "Lyon");
    assert_int_equal(city->founded, -43);
    assert_int_equal(city->state, 1);
    assert_null(rows->cells);
    key = world_int(99);
    rows = rows_of(w.op, takeo_repo_get(w.op, w.target, CITY, &key, 1));
    assert_int_equal(rows->row_count, 0);
    world_close(&w);
}

static void find_get_many_reads_those_that_are_there(void **state) {
    (void)state;
    world w;
    fill(&w);
    const takeo_cell keys[] = {world_int(3), world_int(99), world_int(1), world_int(3)};
    const takeo_rows *rows = rows_of(w.op, takeo_repo_get(w.op, w.target, CITY, keys, 4));
    assert_int_equal(rows->row_count, 2);
    world_sql(&w, "insert into seat values (1, 1, 'a'), (1, 2, 'b')");
    const takeo_cell pairs[] = {world_int(1), world_int(2), world_int(1), world_int(1)};
    rows = rows_of(w.op, takeo_repo_get(w.op, w.target, SEAT, pairs, 4));
    assert_int_equal(rows->row_count, 2);
    rows = rows_of(w.op, takeo_repo_get(w.op, w.target, SEAT, pairs, 2));
    assert_string_equal(((struct seat *)rows->objects.items)->note, "b");
    assert_int_equal(takeo_repo_get(w.op, w.target, SEAT, pairs, 3), TAKEO_EINPUT);
    world_close(&w);
}

/* FIND-02, FIND-03: conditions, also through a relation; order; load; limit and offset. */
static void find_conditions_order_and_limit(void **state) {
    (void)state;
    world w;
    fill(&w);
    const takeo_condition conditions[] = {
        where(0, CITY_POPULATION, TAKEO_OPERATOR_GT, world_int(100)),
        where(CITY_COUNTRY, COUNTRY_NAME, TAKEO_OPERATOR_EQ, world_text("France"))};
    const takeo_order order[] = {{.column = CITY_POPULATION, .op = TAKEO_OPERATOR_DESC}};
    const uint32_t load[] = {CITY_COUNTRY, 0};
    takeo_find find = {sizeof find,      .where = conditions, .where_count = 2, .order = order,
                       .order_count = 1, .load = load,        .load_count = 2};
    const takeo_rows *rows = rows_of(w.op, takeo_repo_find(w.op, w.target, CITY, &find));
    const struct city *cities = rows->objects.items;
    assert_int_equal(rows->row_count, 2);
    assert_string_equal(cities[0].name, "Lyon");
    assert_string_equal(cities[1].country->name, "France");
    assert_ptr_equal(cities[0].country, cities[1].country); /* the same row is one object */
    find.limit = 1;
    find.offset = 1;
    rows = rows_of(w.op, takeo_repo_find(w.op, w.target, CITY, &find));
    assert_int_equal(rows->row_count, 1);
    assert_string_equal(((struct city *)rows->objects.items)->name, "Nice");
    world_close(&w);
}

static void find_missing_relation_is_null(void **state) {
    (void)state;
    world w;
    fill(&w);
    const takeo_condition conditions[] = {where(0, CITY_ID, TAKEO_OPERATOR_EQ, world_int(4))};
    const uint32_t load[] = {CITY_COUNTRY, 0};
    const takeo_find find = {sizeof find, .where = conditions, .where_count = 1, .load = load,
                             .load_count = 2};
    const takeo_rows *rows = rows_of(w.op, takeo_repo_find(w.op, w.target, CITY, &find));
    const struct city *city = rows->objects.items;
    assert_null(city->country);
    assert_int_equal(city->founded_is_null, 1);
    world_close(&w);
}

static void find_operators_take_their_values(void **state) {
    (void)state;
    world w;
    fill(&w);
    const takeo_cell two[] = {world_int(300), world_int(450)};
    const takeo_cell names[] = {world_text("Lyon"), world_text("Cusco"), world_text("nowhere")};
    const takeo_cell list_of_two = {TAKEO_TYPE_ARRAY, .v = {.list = {two, 2}}};
    const takeo_cell list_of_names = {TAKEO_TYPE_ARRAY, .v = {.list = {names, 3}}};
    const struct {
        takeo_condition condition;
        int64_t count;
    } cases[] = {
        {where(0, CITY_POPULATION, TAKEO_OPERATOR_BETWEEN, list_of_two), 2},
        {where(0, CITY_NAME, TAKEO_OPERATOR_IN, list_of_names), 2},
        {where(0, CITY_NAME, TAKEO_OPERATOR_NOT_IN, list_of_names), 2},
        {where(0, CITY_FOUNDED, TAKEO_OPERATOR_IS_NULL, (takeo_cell){0}), 2},
        {where(0, CITY_FOUNDED, TAKEO_OPERATOR_IS_NOT_NULL, (takeo_cell){0}), 2},
        {where(0, CITY_NAME, TAKEO_OPERATOR_STARTS_WITH, world_text("L")), 1},
        {where(CITY_COUNTRY, COUNTRY_CODE, TAKEO_OPERATOR_NE, world_text("FR")), 1},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const takeo_find find = {sizeof find, .where = &cases[i].condition, .where_count = 1};
        world_done(w.op, takeo_repo_count(w.op, CITY, &find));
        assert_int_equal(world_result(w.op).affected, cases[i].count);
    }
    world_done(w.op, takeo_repo_count(w.op, CITY, NULL));
    assert_int_equal(world_result(w.op).affected, 4);
    world_close(&w);
}

/* FIND-12 and the like: what means nothing is refused before anything is sent. */
static void find_wrong_conditions_are_refused(void **state) {
    (void)state;
    world w;
    fill(&w);
    const struct {
        takeo_condition condition;
        takeo_status status;
        const char *code;
    } cases[] = {
        {where(0, CITY_NAME, TAKEO_OPERATOR_EQ, (takeo_cell){.flags = TAKEO_CELL_NULL}),
         TAKEO_EINPUT, "TAKEO.INPUT.NULL"},
        {where(0, CITY_NAME, TAKEO_OPERATOR_EQ, (takeo_cell){.flags = TAKEO_CELL_UNSET}),
         TAKEO_EINPUT, "TAKEO.INPUT.UNSET"},
        {where(0, CITY_NAME, TAKEO_OPERATOR_EQ, world_int(1)), TAKEO_EINPUT, "TAKEO.INPUT.TYPE"},
        {where(0, CITY_POPULATION, TAKEO_OPERATOR_EQ, world_int(INT64_C(1) << 40)), TAKEO_EINPUT,
         "TAKEO.INPUT.RANGE"},
        {where(0, 99, TAKEO_OPERATOR_EQ, world_int(1)), TAKEO_EUNKNOWN_FIELD,
         "TAKEO.QUERY.UNKNOWN_FIELD"},
        {where(9, 1, TAKEO_OPERATOR_EQ, world_int(1)), TAKEO_EUNKNOWN_FIELD,
         "TAKEO.QUERY.UNKNOWN_FIELD"},
        {where(0, CITY_ID, TAKEO_OPERATOR_ADD, world_int(1)), TAKEO_EINPUT, "TAKEO.QUERY.SHAPE"},
        {where(0, CITY_ID, TAKEO_OPERATOR_BETWEEN, world_int(1)), TAKEO_EINPUT,
         "TAKEO.INPUT.COUNT"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const takeo_find find = {sizeof find, .where = &cases[i].condition, .where_count = 1};
        world_fails(w.op, takeo_repo_find(w.op, NULL, CITY, &find), cases[i].status, cases[i].code);
    }
    world_close(&w);
}

static void find_cells_has_columns(void **state) {
    (void)state;
    world w;
    fill(&w);
    const uint32_t only[] = {CITY_NAME};
    const takeo_order order[] = {{.column = CITY_ID}};
    const takeo_find find = {sizeof find,    .only = only,     .only_count = 1,
                             .order = order, .order_count = 1, .limit = 2};
    const takeo_rows *rows = rows_of(w.op, takeo_repo_find(w.op, NULL, CITY, &find));
    assert_int_equal(rows->row_count, 2);
    assert_int_equal(rows->column_count, 2); /* the key is always read */
    assert_string_equal(rows->columns[1].name.data, "name");
    assert_string_equal(rows->cells[1].v.text.data, "Lyon");
    assert_int_equal(rows->flags, TAKEO_ROWS_LAST);
    assert_int_equal(takeo_op_wait(w.op, -1), TAKEO_DONE);
    assert_null(takeo_rows_peek(w.op));
    world_close(&w);
}

/* What was taken outlives the next start and the operation. */
static void find_taken_rows_outlive_operation(void **state) {
    (void)state;
    world w;
    fill(&w);
    const uint32_t load[] = {CITY_COUNTRY, 0};
    const takeo_find find = {sizeof find, .load = load, .load_count = 2};
    rows_of(w.op, takeo_repo_find(w.op, w.target, CITY, &find));
    takeo_rows *rows = takeo_rows_take(w.op);
    rows_of(w.op, takeo_repo_find(w.op, w.target, CITY, NULL));
    struct city *cities = rows->objects.items;
    cities[0].population = 7;
    cities[0].state |= 1u << CITY_POPULATION;
    world_done(w.op, takeo_repo_save(w.op, w.target, &rows->objects, 1, NULL));
    assert_int_equal(world_result(w.op).updated, 1);
    takeo_op_free(w.op);
    w.op = NULL;
    assert_string_equal(cities[2].name, "Cusco");
    assert_string_equal(cities[2].country->name, "Peru");
    takeo_rows_free(rows);
    world_close(&w);
}

/* DEL-02, DEL-03 */
static void find_delete_needs_a_condition(void **state) {
    (void)state;
    world w;
    fill(&w);
    const takeo_condition condition = where(0, CITY_POPULATION, TAKEO_OPERATOR_LT, world_int(400));
    takeo_find find = {sizeof find, .where = &condition, .where_count = 1};
    world_done(w.op, takeo_repo_delete(w.op, CITY, &find));
    assert_int_equal(world_result(w.op).deleted, 2);
    world_fails(w.op, takeo_repo_delete(w.op, CITY, NULL), TAKEO_EUNSAFE,
                "TAKEO.QUERY.NO_CONDITION");
    find = (takeo_find){sizeof find, .flags = TAKEO_FIND_ALL};
    world_done(w.op, takeo_repo_delete(w.op, CITY, &find));
    assert_int_equal(world_result(w.op).affected, 2);
    world_close(&w);
}

/* A stored value that is none of its field: the row and the column are named. */
static void find_value_that_does_not_fit_is_named(void **state) {
    (void)state;
    world w;
    fill(&w);
    world_sql(&w, "insert into event (id, name) values (1, 'fine'), (2, 'longer than sixteen')");
    const takeo_error *error = world_fails(w.op, takeo_repo_find(w.op, w.target, EVENT, NULL),
                                           TAKEO_EDECODE, "TAKEO.RESULT.DECODE");
    assert_int_equal(error->object, 2);
    assert_string_equal(error->entity.data, "Event");
    assert_string_equal(error->field.data, "name");
    world_close(&w);
}

static bool find_scenario(const takeo_allocator *allocator, void *context) {
    (void)context;
    world w = {0};
    bool is_good = world_open_with(&w, *allocator);
    is_good = is_good && world_end(w.op, takeo_source_synchronize(w.op, 0)) >= 0;
    struct country fr = {"FR", .name = "France"};
    struct city city = {.name = "Lyon", .country = &fr};
    const takeo_list lists[] = {world_list(COUNTRY, &fr, 1, sizeof fr),
                                world_list(CITY, &city, 1, sizeof city)};
    is_good = is_good && world_end(w.op, takeo_repo_save(w.op, w.target, lists, 2, NULL)) >= 0;
    const uint32_t load[] = {CITY_COUNTRY, COUNTRY_CITIES, 0};
    const takeo_find find = {sizeof find, .load = load, .load_count = 3, .limit = 5};
    is_good = is_good && takeo_repo_find(w.op, w.target, CITY, &find) >= 0
              && takeo_op_wait(w.op, -1) == TAKEO_ROWS;
    takeo_rows *rows = is_good ? takeo_rows_take(w.op) : NULL;
    is_good = rows != NULL;
    if (is_good) {
        const struct city *found = rows->objects.items;
        assert_int_equal(found->country->cities.count, 1);
    }
    is_good = is_good && world_end(w.op, takeo_repo_find(w.op, NULL, CITY, &find)) >= 0;
    takeo_rows_free(rows);
    world_free(&w);
    return is_good;
}

static void find_without_memory_fails_cleanly(void **state) {
    (void)state;
    tk_sweep(find_scenario, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(find_get_reads_by_key),
        cmocka_unit_test(find_get_many_reads_those_that_are_there),
        cmocka_unit_test(find_conditions_order_and_limit),
        cmocka_unit_test(find_missing_relation_is_null),
        cmocka_unit_test(find_operators_take_their_values),
        cmocka_unit_test(find_wrong_conditions_are_refused),
        cmocka_unit_test(find_cells_has_columns),
        cmocka_unit_test(find_taken_rows_outlive_operation),
        cmocka_unit_test(find_delete_needs_a_condition),
        cmocka_unit_test(find_value_that_does_not_fit_is_named),
        cmocka_unit_test(find_without_memory_fails_cleanly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
