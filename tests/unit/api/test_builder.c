/* test_builder.c - the builder's small functions: right ones give the text, wrong ones stick. */
#include "support.h"

#include "base/base.h"
#include "takeo/takeo.h"

enum { CITY = 1, CITY_ID = 1, CITY_NAME };

static takeo_model *make_model(void) {
    static const takeo_column_def columns[] = {
        {.name = "id", .type = TAKEO_TYPE_INT64, .flags = TAKEO_COLUMN_PRIMARY},
        {.name = "name", .type = TAKEO_TYPE_TEXT},
    };
    static const takeo_entity_def entity = {.struct_size = sizeof entity,
                                            .name = "City",
                                            .columns = columns,
                                            .column_count = TK_COUNT(columns),
                                            .column_size = sizeof *columns};
    takeo_model *model = NULL;
    assert_int_equal(takeo_model_new(NULL, &model, NULL), TAKEO_DONE);
    assert_int_equal(takeo_model_add(model, &entity, 1, NULL), TAKEO_DONE);
    assert_int_equal(takeo_model_freeze(model, NULL), TAKEO_DONE);
    return model;
}

static takeo_builder *make_builder(takeo_model *model) {
    takeo_builder *builder = NULL;
    assert_int_equal(takeo_builder_new(model, &builder, NULL), TAKEO_DONE);
    return builder;
}

static void builder_functions_make_a_statement(void **state) {
    (void)state;
    takeo_model *model = make_model();
    takeo_builder *q = make_builder(model);
    uint32_t city = takeo_builder_table(q, CITY), name = takeo_builder_column(q, city, CITY_NAME);
    uint32_t id = takeo_builder_column(q, city, CITY_ID);
    uint32_t lower = takeo_builder_call(q, TAKEO_FUNCTION_LOWER, &name, 1);
    uint32_t label = takeo_builder_text(q, TAKEO_NODE_LABEL, lower, "small", takeo_zstr);
    uint32_t one = takeo_builder_op(q, TAKEO_OPERATOR_GT, id, takeo_builder_param(q, 1));
    takeo_node null = {.kind = TAKEO_NODE_OPERATION, .op = TAKEO_OPERATOR_IS_NOT_NULL, .a = name};
    uint32_t two = takeo_builder_push(q, &null, sizeof null);
    takeo_builder_begin(q);
    takeo_builder_add(q, TAKEO_NODE_COLUMNS, takeo_builder_chain(q, &label, 1));
    takeo_builder_add(q, TAKEO_NODE_FROM, city);
    takeo_builder_add(q, TAKEO_NODE_WHERE, takeo_builder_op(q, TAKEO_OPERATOR_OR, one, two));
    assert_int_not_equal(takeo_builder_end(q, TAKEO_NODE_SELECT), 0);
    takeo_statement *statement = NULL;
    takeo_text text;
    assert_int_equal(takeo_builder_compile(q, &statement, NULL), TAKEO_DONE);
    assert_int_equal(takeo_statement_render(statement, "sqlite", &text, NULL), TAKEO_DONE);
    assert_non_null(strstr(text.data, "lower("));
    assert_non_null(strstr(text.data, " or "));
    takeo_statement_free(statement);
    takeo_builder_free(q);
    takeo_model_free(model);
}

static void spoil(takeo_builder *q, int how) {
    struct {
        takeo_node known;
        char news[8];
    } node = {.known = {.kind = TAKEO_NODE_TABLE, .ref = CITY}, .news = {1}};
    if (how == 0) {
        assert_int_equal(takeo_builder_push(q, NULL, sizeof(takeo_node)), 0);
    } else if (how == 1) {
        assert_int_equal(takeo_builder_push(q, &node.known, 8), 0);
    } else if (how == 2) {
        assert_int_equal(takeo_builder_push(q, &node.known, sizeof node), 0);
    } else if (how == 3) {
        assert_int_equal(takeo_builder_chain(q, NULL, 2), 0);
    } else if (how == 4) {
        assert_int_equal(takeo_builder_call(q, TAKEO_FUNCTION_LOWER, NULL, 1), 0);
    } else {
        assert_int_equal(takeo_builder_text(q, TAKEO_NODE_LABEL, 1, NULL, 3), 0);
    }
}

static void builder_wrong_calls_stick(void **state) {
    (void)state;
    takeo_model *model = make_model();
    for (int how = 0; how < 6; how++) {
        takeo_builder *q = make_builder(model);
        spoil(q, how);
        uint32_t city = takeo_builder_table(q, CITY);
        takeo_builder_begin(q);
        takeo_builder_add(q, TAKEO_NODE_COLUMNS, takeo_builder_column(q, city, CITY_NAME));
        takeo_builder_add(q, TAKEO_NODE_FROM, city);
        takeo_builder_end(q, TAKEO_NODE_SELECT);
        takeo_statement *statement = NULL;
        takeo_error *error = NULL;
        assert_true(takeo_builder_compile(q, &statement, &error) < 0);
        assert_null(statement);
        assert_non_null(error);
        takeo_error_free(error);
        takeo_builder_free(q);
    }
    takeo_model_free(model);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(builder_functions_make_a_statement),
        cmocka_unit_test(builder_wrong_calls_stick),
    };
    return cmocka_run_group_tests_name("builder", tests, NULL, NULL);
}
