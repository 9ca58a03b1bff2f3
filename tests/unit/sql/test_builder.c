/* test_builder.c - the builder of nodes: chains, ITEMs, clauses, failures that stick. */
#include "tests/golden/world.h"
#include "sql/sql.h"

enum { CITY = 3 };

static tk_model *world;

static int make_world(void **state) {
    (void)state;
    world = world_new(NULL);
    return world == NULL;
}

static int drop_world(void **state) {
    (void)state;
    tk_model_drop(world);
    return 0;
}

static uint32_t push(tk_builder *builder, takeo_node_kind kind, uint16_t op, uint32_t a, uint32_t b,
                     uint32_t ref) {
    return tk_builder_push(builder,
                           &(takeo_node){.kind = kind, .op = op, .a = a, .b = b, .ref = ref});
}

static void assert_text(tk_builder *builder, const char *text) {
    tk_error error;
    tk_error_init(&error, tk_alloc_default);
    tk_statement *statement = NULL;
    const tk_sql *sql = NULL;
    takeo_status status = tk_builder_compile(builder, tk_alloc_default, &statement, &error);
    if (status < 0) {
        print_error("%s\n", error.first->message.data);
    }
    assert_int_equal(status, 0);
    assert_int_equal(tk_statement_render(statement, tk_dialect_find("sqlite"), &sql, &error), 0);
    assert_string_equal(sql->text, text);
    tk_statement_drop(statement);
    tk_error_done(&error);
}

static void builder_clauses_grow_and_nodes_repeat(void **state) {
    (void)state;
    tk_builder *builder = NULL;
    assert_int_equal(tk_builder_new(world, &builder, NULL), 0);
    for (int round = 0; round < 2; round++) { /* compile empties it */
        tk_builder_begin(builder);
        uint32_t city = push(builder, TAKEO_NODE_TABLE, 0, 0, 0, CITY);
        uint32_t id = push(builder, TAKEO_NODE_COLUMN, 0, city, 0, 1);
        uint32_t name = push(builder, TAKEO_NODE_COLUMN, 0, city, 0, 2);
        tk_builder_add(builder, TAKEO_NODE_FROM, city);
        tk_builder_add(builder, TAKEO_NODE_COLUMNS, name); /* later, then earlier */
        tk_builder_add(builder, TAKEO_NODE_COLUMNS, id);
        tk_builder_add(builder, TAKEO_NODE_ORDER_BY, id);
        tk_builder_add(builder, TAKEO_NODE_ORDER_BY, name);
        uint32_t first = push(builder, TAKEO_NODE_PARAM, 0, 0, 0, 1);
        tk_builder_add(builder, TAKEO_NODE_WHERE,
                       push(builder, TAKEO_NODE_OPERATION, TAKEO_OPERATOR_EQ, id, first, 0));
        tk_builder_add(builder, TAKEO_NODE_WHERE,
                       push(builder, TAKEO_NODE_OPERATION, TAKEO_OPERATOR_NE, id, first, 0));
        tk_builder_add(builder, TAKEO_NODE_DISTINCT, 0);
        tk_builder_add(builder, TAKEO_NODE_LIMIT, push(builder, TAKEO_NODE_PARAM, 0, 0, 0, 2));
        assert_int_not_equal(tk_builder_end(builder, TAKEO_NODE_SELECT), 0);
        assert_text(builder, "select distinct \"name\", \"id\" from \"city\" where \"id\" = ?1 and "
                             "\"id\" <> ?1 order by \"id\", \"name\" limit ?2");
    }
    tk_builder_free(builder);
}

static void builder_statements_nest(void **state) {
    (void)state;
    tk_builder *builder = NULL;
    assert_int_equal(tk_builder_new(world, &builder, NULL), 0);
    tk_builder_begin(builder);
    uint32_t outer = push(builder, TAKEO_NODE_TABLE, 0, 0, 0, CITY);
    tk_builder_add(builder, TAKEO_NODE_FROM, outer);
    tk_builder_add(builder, TAKEO_NODE_COLUMNS, push(builder, TAKEO_NODE_COLUMN, 0, outer, 0, 1));
    tk_builder_begin(builder);
    uint32_t inner = push(builder, TAKEO_NODE_TABLE, 0, 0, 0, CITY);
    tk_builder_add(builder, TAKEO_NODE_FROM, inner);
    uint32_t select = tk_builder_end(builder, TAKEO_NODE_SELECT);
    uint32_t sub = push(builder, TAKEO_NODE_SUBQUERY, 0, select, 0, 0);
    tk_builder_add(builder, TAKEO_NODE_WHERE,
                   push(builder, TAKEO_NODE_OPERATION, TAKEO_OPERATOR_EXISTS, sub, 0, 0));
    assert_int_not_equal(tk_builder_end(builder, TAKEO_NODE_SELECT), 0);
    assert_text(builder, "select \"t1\".\"id\" from \"city\" as \"t1\" where exists (select 1 from "
                         "\"city\" as \"t2\")");
    tk_builder_free(builder);
}

static void builder_failure_sticks_until_compile(void **state) {
    (void)state;
    tk_builder *builder = NULL;
    tk_statement *statement = NULL;
    tk_error error;
    tk_error_init(&error, tk_alloc_default);
    assert_int_equal(tk_builder_new(world, &builder, NULL), 0);
    assert_int_equal(push(builder, TAKEO_NODE_COLUMN, 0, 7, 0, 1), 0);
    assert_int_equal(push(builder, TAKEO_NODE_TABLE, 0, 0, 0, CITY), 0);
    tk_builder_begin(builder);
    tk_builder_add(builder, TAKEO_NODE_FROM, 1);
    assert_int_equal(tk_builder_end(builder, TAKEO_NODE_SELECT), 0);
    assert_int_equal(tk_builder_compile(builder, tk_alloc_default, &statement, &error),
                     TAKEO_EINPUT);
    assert_int_equal(tk_builder_compile(builder, tk_alloc_default, &statement, &error),
                     TAKEO_EINPUT); /* empty */
    uint32_t table = push(builder, TAKEO_NODE_TABLE, 0, 0, 0, CITY);
    assert_int_equal(table, 1);
    assert_int_equal(tk_builder_chain(builder, (uint32_t[]){9}, 1), 0);
    assert_int_equal(tk_builder_compile(builder, tk_alloc_default, &statement, &error),
                     TAKEO_EINPUT);
    tk_builder_add(builder, TAKEO_NODE_FROM, 0); /* nothing is open */
    assert_int_equal(tk_builder_compile(builder, tk_alloc_default, &statement, &error),
                     TAKEO_EINPUT);
    assert_int_equal(tk_builder_end(builder, TAKEO_NODE_SELECT), 0);
    assert_int_equal(tk_builder_compile(builder, tk_alloc_default, &statement, &error),
                     TAKEO_EINPUT);
    tk_builder_begin(builder); /* never closed */
    assert_int_equal(tk_builder_compile(builder, tk_alloc_default, &statement, &error),
                     TAKEO_EINPUT);
    tk_builder_free(builder);
    tk_builder_free(NULL);
    tk_error_done(&error);
}

static void builder_needs_a_frozen_model(void **state) {
    (void)state;
    tk_model *model = NULL;
    tk_builder *builder = NULL;
    takeo_model_options options = {.struct_size = sizeof options};
    assert_int_equal(tk_model_new(&options, &model, NULL), 0);
    assert_int_equal(tk_builder_new(model, &builder, NULL), TAKEO_ESTATE);
    tk_model_drop(model);
}

static bool build(const takeo_allocator *allocator, void *context) {
    (void)context;
    tk_alloc alloc = tk_alloc_from(allocator);
    tk_statement *statement = NULL;
    const tk_entity *city = tk_model_entity(world, CITY);
    const tk_column *columns[] = {&city->columns[0], &city->columns[1]};
    struct tk_shape_upsert def = {.columns = columns,
                                  .column_count = 2,
                                  .on = city->key,
                                  .on_count = 1,
                                  .update = columns + 1,
                                  .update_count = 1,
                                  .only_if_changed = true,
                                  .index_where = "1"};
    takeo_status status = tk_shape_upsert(city, &def, alloc, &statement, NULL);
    tk_statement_drop(statement);
    return status == 0;
}

static void shapes_without_memory_fail_cleanly(void **state) {
    (void)state;
    tk_sweep(build, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(builder_clauses_grow_and_nodes_repeat),
        cmocka_unit_test(builder_statements_nest),
        cmocka_unit_test(builder_failure_sticks_until_compile),
        cmocka_unit_test(builder_needs_a_frozen_model),
        cmocka_unit_test(shapes_without_memory_fail_cleanly),
    };
    return cmocka_run_group_tests(tests, make_world, drop_world);
}
