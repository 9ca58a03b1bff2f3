/* test_spread.c - lists of keys of several columns, column by column. */
#include "orm/orm_int.h"
#include "tests/golden/world.h"

typedef struct spreading {
    tk_model *model;
    tk_statement *statement; /* of one parameter, a list of keys of two columns */
    const tk_sql *sql;
    takeo_cell keys[2][2];
    takeo_cell rows[2];
    takeo_cell arguments[2]; /* of two executions */
} spreading;

static void init(spreading *on, const char *dialect) {
    on->model = world_new(NULL);
    const tk_entity *stock = tk_model_find_entity(on->model, "Stock", 5);
    assert_int_equal(tk_shape_reload(stock, stock->key, 1, tk_alloc_default, &on->statement, NULL),
                     0);
    assert_int_equal(tk_statement_render(on->statement, tk_dialect_find(dialect), &on->sql, NULL),
                     0);
    for (int i = 0; i < 2; i++) {
        on->keys[i][0] = tk_cell_int(TAKEO_TYPE_INT32, i);
        on->keys[i][1] = tk_cell_text(TAKEO_TYPE_TEXT, i == 0 ? "a" : "b", 1);
        on->rows[i] = (takeo_cell){.type = TAKEO_TYPE_ARRAY, .v = {.list = {on->keys[i], 2}}};
    }
    for (size_t e = 0; e < 2; e++) {
        on->arguments[e] = (takeo_cell){.type = TAKEO_TYPE_ARRAY, .v = {.list = {on->rows, 2 - e}}};
    }
}

static void done(spreading *on) {
    tk_statement_drop(on->statement);
    tk_model_drop(on->model);
}

static void spread_gives_a_list_for_each_column(void **state) {
    (void)state;
    spreading on;
    tk_arena arena;
    tk_arena_init(&arena, tk_alloc_default);
    init(&on, "postgresql");
    const takeo_cell *cells = on.arguments;
    assert_int_equal(on.statement->param_count, 1);
    assert_int_equal(on.sql->parameter_count, 2);
    assert_int_equal(tk_spread(on.statement, on.sql, &cells, 2, &arena, NULL), TAKEO_DONE);
    assert_int_equal(cells[0].v.list.count, 2);
    assert_int_equal(cells[0].v.list.cells[1].v.i, 1);
    assert_string_equal(cells[1].v.list.cells[1].v.text.data, "b");
    assert_int_equal(cells[2].v.list.count, 1);
    assert_string_equal(cells[3].v.list.cells[0].v.text.data, "a");
    static const uint32_t numbers[] = {1, 1, 3};
    for (uint32_t i = 0; i < TK_COUNT(numbers); i++) {
        assert_int_equal(tk_spread_parameter(on.statement, on.sql, i + 1), numbers[i]);
    }
    done(&on);
    tk_arena_done(&arena);
}

static void spread_leaves_others_alone(void **state) {
    (void)state;
    spreading on;
    init(&on, "sqlite");
    const takeo_cell *cells = on.arguments;
    assert_int_equal(on.sql->parameter_count, 1);
    assert_int_equal(tk_spread(on.statement, on.sql, &cells, 1, NULL, NULL), TAKEO_DONE);
    assert_ptr_equal(cells, on.arguments);
    assert_int_equal(tk_spread_parameter(on.statement, on.sql, 3), 3);
    done(&on);
}

static void spread_refuses_what_is_no_key(void **state) {
    (void)state;
    spreading on;
    tk_arena arena;
    tk_error error;
    tk_arena_init(&arena, tk_alloc_default);
    tk_error_init(&error, tk_alloc_default);
    init(&on, "postgresql");
    const takeo_cell wrong[] = {
        {.flags = TAKEO_CELL_NULL},
        tk_cell_int(TAKEO_TYPE_INT32, 1),
        {.type = TAKEO_TYPE_ARRAY, .v = {.list = {on.keys[0], 1}}},
        {.type = TAKEO_TYPE_ARRAY},
    };
    for (size_t i = 0; i < TK_COUNT(wrong); i++) {
        const takeo_cell *cells = on.arguments;
        on.rows[1] = wrong[i];
        assert_int_equal(tk_spread(on.statement, on.sql, &cells, 1, &arena, &error), TAKEO_EINPUT);
        assert_string_equal(error.first->code.data, "TAKEO.INPUT.COUNT");
        tk_error_clear(&error);
    }
    done(&on);
    tk_error_done(&error);
    tk_arena_done(&arena);
}

static bool spread_with(const takeo_allocator *allocator, void *context) {
    const spreading *on = context;
    tk_arena arena;
    tk_arena_init(&arena, tk_alloc_from(allocator));
    const takeo_cell *cells = on->arguments;
    takeo_status status = tk_spread(on->statement, on->sql, &cells, 2, &arena, NULL);
    tk_arena_done(&arena);
    assert_true(status == 0 || status == TAKEO_ENOMEM);
    return status == 0;
}

static void spread_without_memory_fails_cleanly(void **state) {
    (void)state;
    spreading on;
    init(&on, "postgresql");
    tk_sweep(spread_with, &on);
    done(&on);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spread_gives_a_list_for_each_column),
        cmocka_unit_test(spread_leaves_others_alone),
        cmocka_unit_test(spread_refuses_what_is_no_key),
        cmocka_unit_test(spread_without_memory_fails_cleanly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
