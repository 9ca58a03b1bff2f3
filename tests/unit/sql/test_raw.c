/* test_raw.c - SQL text with braces; hostile names in a model; raw statements that give entities.
 */
#include "tests/golden/world.h"
#include "sql/sql.h"

static takeo_status cut(const char *text, size_t len, tk_statement **out, tk_error *error) {
    return tk_statement_sql(NULL, text, len, tk_alloc_default, out, error);
}

static const struct {
    const char *text;
    const char *sql; /* NULL: refused */
    uint32_t params;
    const char *first_name;
} braces[] = {
    {"select 1", "select 1", 0, NULL},
    {"select {}, {}", "select ?1, ?2", 2, ""},
    {"select {a} + {b} + {a}", "select ?1 + ?2 + ?1", 2, "a"},
    {"select '{{}}', {}", "select '{}', ?1", 1, ""},
    {"{{{{", "{{", 0, NULL},
    {"{}", "?1", 1, ""},
    {"select {{{x}}}", "select {?1}", 1, "x"},
    {"select {", NULL, 0, NULL},
    {"select }", NULL, 0, NULL},
    {"select {a b}", NULL, 0, NULL},
    {"select {1}", NULL, 0, NULL},
    {"select {a", NULL, 0, NULL},
    {"select {;--}", NULL, 0, NULL},
    {"", NULL, 0, NULL},
    {"\xff", NULL, 0, NULL},
};

static void raw_braces_become_parameters(void **state) {
    (void)state;
    for (size_t i = 0; i < TK_COUNT(braces); i++) {
        tk_statement *statement = NULL;
        const tk_sql *sql = NULL;
        tk_error error;
        tk_error_init(&error, tk_alloc_default);
        takeo_status status = cut(braces[i].text, SIZE_MAX, &statement, &error);
        if (braces[i].sql == NULL) {
            assert_int_equal(status, TAKEO_EINPUT);
        } else {
            assert_int_equal(status, 0);
            assert_int_equal(tk_statement_render(statement, tk_dialect_find("sqlite"), &sql, NULL),
                             0);
            assert_string_equal(sql->text, braces[i].sql);
            assert_int_equal(statement->param_count, braces[i].params);
            assert_null(sql->parameters); /* bound by the type of each cell */
            assert_null(sql->columns);
            assert_true(statement->gives_rows && statement->shape_is_unknown);
            if (braces[i].params != 0) {
                assert_int_equal(statement->params[0].name.len, strlen(braces[i].first_name));
            }
        }
        tk_statement_drop(statement);
        tk_error_done(&error);
    }
}

static void raw_zero_byte_is_refused(void **state) {
    (void)state;
    tk_statement *statement = NULL;
    assert_int_equal(cut("select 1\0; drop", 15, &statement, NULL), TAKEO_EINPUT);
}

/* What reads is told from what may write. */
static void raw_reads_are_known(void **state) {
    (void)state;
    static const struct {
        const char *text;
        bool is_write;
    } texts[] = {{"select 1", false},
                 {"  SELECT 1", false},
                 {"values (1)", false},
                 {"explain select 1", false},
                 {"with x as (select 1) delete from y", true},
                 {"delete from y", true},
                 {"selectx", true},
                 {"/* x */ select 1", true},
                 {"pragma x", true}};
    for (size_t i = 0; i < TK_COUNT(texts); i++) {
        tk_statement *statement = NULL;
        assert_int_equal(cut(texts[i].text, SIZE_MAX, &statement, NULL), 0);
        assert_int_equal(statement->is_write, texts[i].is_write);
        tk_statement_drop(statement);
    }
}

static void raw_entity_of_its_rows_is_checked(void **state) {
    (void)state;
    tk_model *model = world_new(NULL);
    takeo_node nodes[] = {
        {.kind = TAKEO_NODE_TABLE, .ref = 3, .next = 0},
        {.kind = TAKEO_NODE_FRAGMENT, .text = "select * from ", .text_len = 14, .next = 3},
        {.kind = TAKEO_NODE_ITEM, .a = 1, .next = 4},
        {.kind = TAKEO_NODE_FRAGMENT, .text = " where ", .text_len = 7, .next = 5},
        {.kind = TAKEO_NODE_COLUMN, .a = 1, .ref = 2, .next = 6},
        {.kind = TAKEO_NODE_FRAGMENT, .text = " = ", .text_len = 3, .next = 7},
        {.kind = TAKEO_NODE_PARAM, .ref = 1},
        {.kind = TAKEO_NODE_RAW_SQL, .a = 2}};
    takeo_statement_def def = {.struct_size = sizeof def,
                               .nodes = nodes,
                               .node_count = 8,
                               .node_size = sizeof nodes[0],
                               .entity = 3};
    tk_statement *statement = NULL;
    const tk_sql *sql = NULL;
    assert_int_equal(tk_statement_compile(model, &def, tk_alloc_default, &statement, NULL), 0);
    assert_int_equal(tk_statement_render(statement, tk_dialect_find("postgresql"), &sql, NULL), 0);
    assert_string_equal(sql->text, "select * from \"city\" where \"city\".\"name\" = $1");
    assert_string_equal(statement->entity->name.data, "City");
    tk_statement_drop(statement);
    def.entity = 99;
    assert_int_equal(tk_statement_compile(model, &def, tk_alloc_default, &statement, NULL),
                     TAKEO_EUNKNOWN_FIELD);
    tk_model_drop(model);
}

/* A list stands right of IN, in brackets of its own unless the text has them. */
static const struct {
    const char *before;
    const char *after;
    const char *sqlite; /* NULL: refused */
    const char *postgresql;
} lists[] = {
    {"select 1 in ", "", "select 1 in (select +value from takeo_list(?1))", "select 1 = any($1)"},
    {"select 1 NOT IN\n\t", " or 0", "select 1 NOT IN\n\t(select +value from takeo_list(?1)) or 0",
     "select 1 <> all($1) or 0"},
    {"select 1 in", ")", "select 1 in(select +value from takeo_list(?1)))", "select 1 = any($1))"},
    {"select 1 In ( ", " )", "select 1 In ( select +value from takeo_list(?1) )",
     "select 1 = any($1 )"},
    {"select x not in(", ")", "select x not in(select +value from takeo_list(?1))",
     "select x <> all($1)"},
    {"select knot in ", "", "select knot in (select +value from takeo_list(?1))",
     "select knot = any($1)"},
    {"in ", "", "in (select +value from takeo_list(?1))", "= any($1)"},
    {"select 1 in (", "", NULL, NULL},
    {"select 1 in (", ", 2)", NULL, NULL},
    {"select 1 in (0, ", ")", NULL, NULL},
    {"select 1 in ((", "))", NULL, NULL},
    {"select ", "", NULL, NULL},
    {"select 1 = ", "", NULL, NULL},
    {"select min ", "", NULL, NULL},
    {"select i n ", "", NULL, NULL},
    {"select inn ", "", NULL, NULL},
    {"select t.in ", "", NULL, NULL},
    {"select \"in\" ", "", NULL, NULL},
    {"", "", NULL, NULL},
};

static takeo_status compile_list(size_t i, tk_statement **out) {
    const takeo_node nodes[] = {
        {.kind = TAKEO_NODE_FRAGMENT,
         .text = lists[i].before,
         .text_len = strlen(lists[i].before),
         .next = 2},
        {.kind = TAKEO_NODE_PARAM, .ref = 1, .flags = TAKEO_NODE_FLAG_LIST, .next = 3},
        {.kind = TAKEO_NODE_FRAGMENT, .text = lists[i].after, .text_len = strlen(lists[i].after)},
        {.kind = TAKEO_NODE_RAW_SQL, .a = 1}};
    const takeo_statement_def def = {
        .struct_size = sizeof def, .nodes = nodes, .node_count = 4, .node_size = sizeof nodes[0]};
    return tk_statement_compile(NULL, &def, tk_alloc_default, out, NULL);
}

static void raw_lists_stand_right_of_in(void **state) {
    (void)state;
    for (size_t i = 0; i < TK_COUNT(lists); i++) {
        tk_statement *statement = NULL;
        takeo_status status = compile_list(i, &statement);
        assert_int_equal(status, lists[i].sqlite != NULL ? 0 : TAKEO_EINPUT);
        const tk_sql *sql = NULL;
        if (status == 0) {
            status = tk_statement_render(statement, tk_dialect_find("sqlite"), &sql, NULL);
            assert_int_equal(status, 0);
            assert_string_equal(sql->text, lists[i].sqlite);
            assert_true(statement->params[0].is_list);
            assert_int_equal(
                tk_statement_render(statement, tk_dialect_find("postgresql"), &sql, NULL), 0);
            assert_string_equal(sql->text, lists[i].postgresql);
        }
        tk_statement_drop(statement);
    }
}

static bool make_raw(const takeo_allocator *allocator, void *context) {
    tk_alloc alloc = tk_alloc_from(allocator);
    tk_statement *statement = NULL;
    takeo_status status = tk_statement_sql(NULL, context, SIZE_MAX, alloc, &statement, NULL);
    tk_statement_drop(statement);
    assert_true(status == 0 || status == TAKEO_ENOMEM);
    return status == 0;
}

static void raw_without_memory_fails_cleanly(void **state) {
    (void)state;
    tk_sweep(make_raw, (void *)(uintptr_t) "select {a}, {}, {b}, {a} {{");
}

/* S03: whatever a table or a column is called, it comes out as one quoted name. */
static void raw_hostile_names_stay_names(void **state) {
    (void)state;
    static const char *const hostile[] = {"a\"; drop table x;--", "new\nline", "%s$1?1",
                                          "caf\xc3\xa9 \xf0\x9f\x98\x80", "'quote'"};
    for (size_t i = 0; i < TK_COUNT(hostile); i++) {
        takeo_column_def columns[] = {{.name = "id",
                                       .type = TAKEO_TYPE_INT64,
                                       .flags = TAKEO_COLUMN_PRIMARY,
                                       .column = hostile[i]}};
        takeo_entity_def def = {.struct_size = sizeof def,
                                .name = "Hostile",
                                .table = hostile[i],
                                .columns = columns,
                                .column_count = 1,
                                .column_size = sizeof columns[0]};
        takeo_model_options options = {.struct_size = sizeof options};
        tk_model *model = NULL;
        tk_error error;
        tk_error_init(&error, tk_alloc_default);
        assert_int_equal(tk_model_new(&options, &model, &error), 0);
        takeo_status status = tk_model_add(model, &def, 1, &error);
        status = status == 0 ? tk_model_freeze(model, &error) : status;
        if (status == 0) { /* else the model refused the name, which is as good */
            tk_buf quoted;
            tk_buf_init(&quoted, tk_alloc_default, 1000);
            tk_dialect_quote(tk_dialect_find("sqlite"), tk_zstr(hostile[i]), &quoted);
            char should[400];
            snprintf(should, sizeof should, "select %s from %s where %s = ?1", quoted.data,
                     quoted.data, quoted.data);
            tk_statement *statement = NULL;
            const tk_sql *sql = NULL;
            assert_int_equal(
                tk_shape_get(tk_model_entity(model, 1), tk_alloc_default, &statement, &error), 0);
            assert_int_equal(
                tk_statement_render(statement, tk_dialect_find("sqlite"), &sql, &error), 0);
            assert_string_equal(sql->text, should);
            tk_statement_drop(statement);
            tk_buf_done(&quoted);
        }
        tk_model_drop(model);
        tk_error_done(&error);
    }
    tk_buf quoted;
    tk_buf_init(&quoted, tk_alloc_default, 100);
    tk_dialect_quote(tk_dialect_find("postgresql"), tk_zstr("a\"\"b\""), &quoted);
    assert_string_equal(quoted.data, "\"a\"\"\"\"b\"\"\"");
    tk_buf_done(&quoted);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(raw_braces_become_parameters),
        cmocka_unit_test(raw_zero_byte_is_refused),
        cmocka_unit_test(raw_reads_are_known),
        cmocka_unit_test(raw_entity_of_its_rows_is_checked),
        cmocka_unit_test(raw_lists_stand_right_of_in),
        cmocka_unit_test(raw_without_memory_fails_cleanly),
        cmocka_unit_test(raw_hostile_names_stay_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
