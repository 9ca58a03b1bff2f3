/* test_compile.c - arrays that are wrong, arrays of other levels, arrays of noise, no memory; what
 * a caller hands in is never trusted.
 */
#include <pthread.h>

#include "tests/golden/sketch.h"

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

/* Compile an array; gives the code of the first finding, "" for none. */
static const char *code_of(const takeo_node *nodes, uint32_t count) {
    static char code[64];
    tk_error error;
    tk_error_init(&error, tk_alloc_default);
    takeo_statement_def def = {
        .struct_size = sizeof def, .nodes = nodes, .node_count = count, .node_size = sizeof *nodes};
    tk_statement *statement = NULL;
    takeo_status status = tk_statement_compile(world, &def, tk_alloc_default, &statement, &error);
    code[0] = '\0';
    if (status < 0) {
        snprintf(code, sizeof code, "%s", error.first->code.data);
    }
    tk_statement_drop(statement);
    tk_error_done(&error);
    return code;
}

enum { CITY = 3, COUNTRY = 2, CITY_NAME = 2, CITY_COUNTRY = 1, COUNTRY_CITIES = 2 };
#define FROM_CITY                                                                                  \
    {.kind = TAKEO_NODE_TABLE, .ref = CITY}, {                                                     \
        .kind = TAKEO_NODE_FROM, .a = 1                                                            \
    }

static const struct {
    const char *what;
    const char *code;
    uint32_t count;
    takeo_node nodes[8];
} wrong[] = {
    {"a select", "", 3, {FROM_CITY, {.kind = TAKEO_NODE_SELECT, .a = 2}}},
    {"a is itself", "TAKEO.QUERY.SHAPE", 3, {FROM_CITY, {.kind = TAKEO_NODE_SELECT, .a = 3}}},
    {"a is later", "TAKEO.QUERY.SHAPE", 3, {FROM_CITY, {.kind = TAKEO_NODE_SELECT, .a = 77}}},
    {"next is itself",
     "TAKEO.QUERY.SHAPE",
     3,
     {{.kind = TAKEO_NODE_TABLE, .ref = CITY},
      {.kind = TAKEO_NODE_FROM, .a = 1, .next = 2},
      {.kind = TAKEO_NODE_SELECT, .a = 2}}},
    {"next is outside",
     "TAKEO.QUERY.SHAPE",
     3,
     {{.kind = TAKEO_NODE_TABLE, .ref = CITY},
      {.kind = TAKEO_NODE_FROM, .a = 1, .next = 9},
      {.kind = TAKEO_NODE_SELECT, .a = 2}}},
    {"a chain reaches its holder",
     "TAKEO.QUERY.SHAPE",
     3,
     {{.kind = TAKEO_NODE_TABLE, .ref = CITY},
      {.kind = TAKEO_NODE_FROM, .a = 1, .next = 3},
      {.kind = TAKEO_NODE_SELECT, .a = 2}}},
    {"one node in two chains",
     "TAKEO.QUERY.SHAPE",
     6,
     {FROM_CITY,
      {.kind = TAKEO_NODE_COLUMN, .a = 1, .ref = CITY_NAME},
      {.kind = TAKEO_NODE_COLUMNS, .a = 3, .next = 5},
      {.kind = TAKEO_NODE_ORDER_BY, .a = 3},
      {.kind = TAKEO_NODE_SELECT, .a = 4}}},
    {"two that are followed by one",
     "TAKEO.QUERY.SHAPE",
     5,
     {{.kind = TAKEO_NODE_TABLE, .ref = CITY},
      {.kind = TAKEO_NODE_FROM, .a = 1, .next = 4},
      {.kind = TAKEO_NODE_DISTINCT, .next = 4},
      {.kind = TAKEO_NODE_DISTINCT},
      {.kind = TAKEO_NODE_SELECT, .a = 2}}},
    {"no such kind", "TAKEO.QUERY.SHAPE", 1, {{.kind = 999}}},
    {"a kind between", "TAKEO.QUERY.SHAPE", 1, {{.kind = 15}}},
    {"a kind that is not built", "TAKEO.CALL.UNSUPPORTED", 1, {{.kind = TAKEO_NODE_TRUNCATE}}},
    {"the last is no statement", "TAKEO.QUERY.SHAPE", 1, {{.kind = TAKEO_NODE_TABLE, .ref = CITY}}},
    {"a table without ref",
     "TAKEO.QUERY.SHAPE",
     3,
     {{.kind = TAKEO_NODE_TABLE},
      {.kind = TAKEO_NODE_FROM, .a = 1},
      {.kind = TAKEO_NODE_SELECT, .a = 2}}},
    {"an entity that is none",
     "TAKEO.QUERY.UNKNOWN_FIELD",
     3,
     {{.kind = TAKEO_NODE_TABLE, .ref = 99},
      {.kind = TAKEO_NODE_FROM, .a = 1},
      {.kind = TAKEO_NODE_SELECT, .a = 2}}},
    {"a column that is none",
     "TAKEO.QUERY.UNKNOWN_FIELD",
     5,
     {FROM_CITY,
      {.kind = TAKEO_NODE_COLUMN, .a = 1, .ref = 99},
      {.kind = TAKEO_NODE_ORDER_BY, .a = 3},
      {.kind = TAKEO_NODE_SELECT, .a = 4}}},
    {"a relation that is none",
     "TAKEO.QUERY.UNKNOWN_FIELD",
     3,
     {{.kind = TAKEO_NODE_TABLE, .ref = CITY},
      {.kind = TAKEO_NODE_PATH, .a = 1, .ref = 99},
      {.kind = TAKEO_NODE_SELECT}}},
    {"flags that mean nothing here",
     "TAKEO.QUERY.SHAPE",
     3,
     {{.kind = TAKEO_NODE_TABLE, .ref = CITY, .flags = 1},
      {.kind = TAKEO_NODE_FROM, .a = 1},
      {.kind = TAKEO_NODE_SELECT, .a = 2}}},
    {"op that means nothing here",
     "TAKEO.QUERY.SHAPE",
     3,
     {{.kind = TAKEO_NODE_TABLE, .ref = CITY, .op = 7},
      {.kind = TAKEO_NODE_FROM, .a = 1},
      {.kind = TAKEO_NODE_SELECT, .a = 2}}},
    {"an operator that is not built",
     "TAKEO.CALL.UNSUPPORTED",
     2,
     {{.kind = TAKEO_NODE_OPERATION, .op = TAKEO_OPERATOR_SEARCH}, {.kind = TAKEO_NODE_SELECT}}},
    {"a clause where a value stands",
     "TAKEO.QUERY.SHAPE",
     4,
     {FROM_CITY,
      {.kind = TAKEO_NODE_WHERE, .a = 2, .next = 0},
      {.kind = TAKEO_NODE_SELECT, .a = 3}}},
    {"too many parameters",
     "TAKEO.QUERY.TOO_LARGE",
     3,
     {{.kind = TAKEO_NODE_PARAM, .ref = 40000, .op = TAKEO_TYPE_INT64},
      {.kind = TAKEO_NODE_COLUMNS, .a = 1},
      {.kind = TAKEO_NODE_SELECT, .a = 2}}},
    {"a type that is none",
     "TAKEO.QUERY.SHAPE",
     3,
     {{.kind = TAKEO_NODE_PARAM, .ref = 1, .op = 15},
      {.kind = TAKEO_NODE_COLUMNS, .a = 1},
      {.kind = TAKEO_NODE_SELECT, .a = 2}}},
    {"an alias with a quote (S04)",
     "TAKEO.QUERY.NAME",
     3,
     {{.kind = TAKEO_NODE_TABLE, .ref = CITY, .text = "a\"b", .text_len = 3},
      {.kind = TAKEO_NODE_FROM, .a = 1},
      {.kind = TAKEO_NODE_SELECT, .a = 2}}},
    {"an alias with a zero byte (S04)",
     "TAKEO.INPUT.TEXT",
     3,
     {{.kind = TAKEO_NODE_TABLE, .ref = CITY, .text = "a\0b", .text_len = 3},
      {.kind = TAKEO_NODE_FROM, .a = 1},
      {.kind = TAKEO_NODE_SELECT, .a = 2}}},
    {"a fragment that is no UTF-8 (S02)",
     "TAKEO.INPUT.TEXT",
     2,
     {{.kind = TAKEO_NODE_FRAGMENT, .text = "\xff", .text_len = 1},
      {.kind = TAKEO_NODE_RAW_SQL, .a = 1}}},
    {"a length without a text",
     "TAKEO.CALL.INVALID",
     2,
     {{.kind = TAKEO_NODE_FRAGMENT, .text_len = 1}, {.kind = TAKEO_NODE_RAW_SQL, .a = 1}}},
    {"text where there is none",
     "TAKEO.QUERY.SHAPE",
     3,
     {{.kind = TAKEO_NODE_TABLE, .ref = CITY},
      {.kind = TAKEO_NODE_FROM, .a = 1, .text = "x", .text_len = 1},
      {.kind = TAKEO_NODE_SELECT, .a = 2}}},
    {"one table in two places",
     "TAKEO.QUERY.SHAPE",
     5,
     {FROM_CITY,
      {.kind = TAKEO_NODE_JOIN, .op = TAKEO_VARIANT_CROSS, .a = 1},
      {.kind = TAKEO_NODE_ITEM, .a = 2, .next = 0},
      {.kind = TAKEO_NODE_SELECT, .a = 3}}},
};

static void compile_wrong_arrays_are_refused(void **state) {
    (void)state;
    for (size_t i = 0; i < TK_COUNT(wrong); i++) {
        const char *code = code_of(wrong[i].nodes, wrong[i].count);
        if (strcmp(code, wrong[i].code) != 0) {
            print_error("%s: %s\n", wrong[i].what, code);
        }
        assert_string_equal(code, wrong[i].code);
    }
}

/* S04: every byte below 128, everywhere a name may stand. */
static void compile_names_keep_the_grammar(void **state) {
    (void)state;
    for (unsigned c = 1; c < 128; c++) {
        char text[4] = {'a', (char)c, 'b', '\0'};
        bool is_fine =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
        takeo_node nodes[] = {
            {.kind = TAKEO_NODE_TABLE, .ref = CITY, .text = text, .text_len = 3},
            {.kind = TAKEO_NODE_FROM, .a = 1, .next = 5},
            {.kind = TAKEO_NODE_COLUMN, .a = 1, .ref = 1},
            {.kind = TAKEO_NODE_LABEL, .a = 3, .text = text, .text_len = 3},
            {.kind = TAKEO_NODE_COLUMNS, .a = 4},
            {.kind = TAKEO_NODE_SELECT, .a = 2},
        };
        assert_string_equal(code_of(nodes, 6), is_fine ? "" : "TAKEO.QUERY.NAME");
    }
}

static void compile_other_levels_are_read(void **state) {
    (void)state;
    struct later {
        takeo_node node;
        uint64_t more;
    } nodes[3] = {{{.kind = TAKEO_NODE_TABLE, .ref = CITY}, 0},
                  {{.kind = TAKEO_NODE_FROM, .a = 1}, 0},
                  {{.kind = TAKEO_NODE_SELECT, .a = 2}, 0}};
    struct {
        takeo_statement_def def;
        uint64_t more;
    } def = {{.struct_size = sizeof def,
              .nodes = &nodes[0].node,
              .node_count = 3,
              .node_size = sizeof nodes[0]},
             0};
    tk_error error;
    tk_error_init(&error, tk_alloc_default);
    tk_statement *statement = NULL;
    assert_int_equal(tk_statement_compile(world, &def.def, tk_alloc_default, &statement, &error),
                     0);
    tk_statement_drop(statement);
    nodes[1].more = 1;
    assert_int_equal(tk_statement_compile(world, &def.def, tk_alloc_default, &statement, &error),
                     TAKEO_EUNSUPPORTED);
    nodes[1].more = 0;
    def.more = 1;
    assert_int_equal(tk_statement_compile(world, &def.def, tk_alloc_default, &statement, &error),
                     TAKEO_EUNSUPPORTED);
    def.more = 0;
    def.def.struct_size = 8;
    assert_int_equal(tk_statement_compile(world, &def.def, tk_alloc_default, &statement, &error),
                     TAKEO_EINVAL);
    def.def.struct_size = sizeof def;
    def.def.node_size = 8;
    assert_int_equal(tk_statement_compile(world, &def.def, tk_alloc_default, &statement, &error),
                     TAKEO_EINVAL);
    def.def.node_size = sizeof nodes[0];
    def.def.node_count = 65536;
    assert_int_equal(tk_statement_compile(world, &def.def, tk_alloc_default, &statement, &error),
                     TAKEO_EINPUT);
    tk_error_done(&error);
}

/* not not not ... : deeper than is allowed, and doubling at each step. */
static void compile_depth_and_weight_are_bounded(void **state) {
    (void)state;
    enum { COUNT = 1100 };
    takeo_node *nodes = calloc(COUNT, sizeof *nodes);
    nodes[0] = (takeo_node){.kind = TAKEO_NODE_CONSTANT, .op = TAKEO_VARIANT_TRUE};
    for (uint32_t i = 1; i < COUNT - 2; i++) {
        nodes[i] = (takeo_node){.kind = TAKEO_NODE_OPERATION, .op = TAKEO_OPERATOR_NOT, .a = i};
    }
    nodes[COUNT - 2] = (takeo_node){.kind = TAKEO_NODE_COLUMNS, .a = COUNT - 2};
    nodes[COUNT - 1] = (takeo_node){.kind = TAKEO_NODE_SELECT, .a = COUNT - 1};
    assert_string_equal(code_of(nodes, COUNT), "TAKEO.QUERY.TOO_LARGE");
    for (uint32_t i = 1; i < 40; i++) {
        nodes[i] =
            (takeo_node){.kind = TAKEO_NODE_OPERATION, .op = TAKEO_OPERATOR_EQ, .a = i, .b = i};
    }
    nodes[40] = (takeo_node){.kind = TAKEO_NODE_COLUMNS, .a = 40};
    nodes[41] = (takeo_node){.kind = TAKEO_NODE_SELECT, .a = 41};
    assert_string_equal(code_of(nodes, 42), "TAKEO.QUERY.TOO_LARGE");
    free(nodes);
}

static void compile_depth_that_is_allowed_renders(void **state) {
    (void)state;
    enum { COUNT = 990 };
    takeo_node *nodes = calloc(COUNT, sizeof *nodes);
    nodes[0] = (takeo_node){.kind = TAKEO_NODE_CONSTANT, .op = TAKEO_VARIANT_TRUE};
    for (uint32_t i = 1; i < COUNT - 2; i++) {
        nodes[i] = (takeo_node){.kind = TAKEO_NODE_OPERATION, .op = TAKEO_OPERATOR_NOT, .a = i};
    }
    nodes[COUNT - 2] = (takeo_node){.kind = TAKEO_NODE_COLUMNS, .a = COUNT - 2};
    nodes[COUNT - 1] = (takeo_node){.kind = TAKEO_NODE_SELECT, .a = COUNT - 1};
    takeo_statement_def def = {
        .struct_size = sizeof def, .nodes = nodes, .node_count = COUNT, .node_size = sizeof *nodes};
    tk_statement *statement = NULL;
    const tk_sql *sql = NULL;
    assert_int_equal(tk_statement_compile(world, &def, tk_alloc_default, &statement, NULL), 0);
    assert_int_equal(tk_statement_render(statement, tk_dialect_find("sqlite"), &sql, NULL), 0);
    assert_true(sql->len > COUNT);
    tk_statement_drop(statement);
    free(nodes);
}

/* ---- noise: arrays that nobody would write never crash --------------------------------------- */

static uint64_t noise_state = 20260731;

static uint32_t noise(uint32_t below) {
    noise_state = noise_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(noise_state >> 33) % below;
}

static const uint16_t likely[] = {
    TAKEO_NODE_SELECT,   TAKEO_NODE_INSERT,    TAKEO_NODE_UPDATE,    TAKEO_NODE_DELETE,
    TAKEO_NODE_TABLE,    TAKEO_NODE_TABLE,     TAKEO_NODE_PATH,      TAKEO_NODE_COLUMN,
    TAKEO_NODE_COLUMN,   TAKEO_NODE_COLUMN,    TAKEO_NODE_KEY,       TAKEO_NODE_ENTITY,
    TAKEO_NODE_PARAM,    TAKEO_NODE_PARAM,     TAKEO_NODE_OPERATION, TAKEO_NODE_OPERATION,
    TAKEO_NODE_ROW,      TAKEO_NODE_CASE,      TAKEO_NODE_WHEN,      TAKEO_NODE_CALL,
    TAKEO_NODE_CAST,     TAKEO_NODE_SUBQUERY,  TAKEO_NODE_RELATION,  TAKEO_NODE_LABEL,
    TAKEO_NODE_RAW,      TAKEO_NODE_FRAGMENT,  TAKEO_NODE_ITEM,      TAKEO_NODE_ASSIGN,
    TAKEO_NODE_COLUMNS,  TAKEO_NODE_FROM,      TAKEO_NODE_JOIN,      TAKEO_NODE_WHERE,
    TAKEO_NODE_GROUP_BY, TAKEO_NODE_ORDER_BY,  TAKEO_NODE_LIMIT,     TAKEO_NODE_LOAD,
    TAKEO_NODE_ONLY,     TAKEO_NODE_INTO,      TAKEO_NODE_ROWS,      TAKEO_NODE_SET,
    TAKEO_NODE_CONFLICT, TAKEO_NODE_RETURNING, TAKEO_NODE_ALL,       TAKEO_NODE_RAW_SQL,
    TAKEO_NODE_EXCLUDED, TAKEO_NODE_CONSTANT,  TAKEO_NODE_FILTER,    TAKEO_NODE_COLLATE};

static uint16_t noise_op(const takeo_node *node) {
    const tk_kind *kind = tk_kind_of(node->kind);
    if (node->kind == TAKEO_NODE_OPERATION) {
        return (uint16_t)(1 + noise(66));
    }
    if (node->kind == TAKEO_NODE_CALL) {
        return (uint16_t)(256 + noise(140));
    }
    if (kind != NULL && kind->first_op != 0) {
        return (uint16_t)(kind->first_op + noise((uint32_t)(kind->last_op - kind->first_op) + 1));
    }
    return (uint16_t)(noise(4) == 0 ? noise(110) : 0);
}

/* Mostly of the right class, so that the later passes are reached. */
static uint32_t noise_child(const takeo_node *nodes, uint32_t number, uint16_t takes) {
    for (int i = 0; i < 12; i++) {
        uint32_t child = number > 1 ? 1 + noise(number - 1) : 0;
        const tk_kind *kind = child != 0 ? tk_kind_of(nodes[child - 1].kind) : NULL;
        if (kind != NULL && (kind->class & takes) != 0) {
            return child;
        }
    }
    return noise(number + 2);
}

static takeo_node noise_node(const takeo_node *nodes, uint32_t number, uint32_t count) {
    static const char *const texts[] = {"x", "t1", "a b", "\"", "--", "", "select", "\xc3\xa9"};
    takeo_node node = {.kind =
                           noise(40) == 0 ? (uint16_t)noise(120) : likely[noise(TK_COUNT(likely))]};
    const tk_kind *kind = tk_kind_of(node.kind);
    node.op = noise_op(&node);
    node.flags = noise(5) == 0 ? 1u << noise(18) : 0;
    if (kind != NULL) {
        node.a = kind->a != TK_PLACE_NONE ? noise_child(nodes, number, kind->a_takes) : 0;
        node.b = kind->b != TK_PLACE_NONE && noise(3) != 0
                     ? noise_child(nodes, number, kind->b_takes)
                     : 0;
        node.ref = kind->has_ref ? 1 + noise(8) : 0;
        if (kind->text != TK_TEXT_NONE) {
            node.text = texts[noise(TK_COUNT(texts))];
            node.text_len = strlen(node.text);
        }
    }
    node.next = noise(6) == 0 && number < count ? number + 1 + noise(count - number) : 0;
    return node;
}

static void compile_noise_never_crashes(void **state) {
    (void)state;
    enum { MOST = 40 };
    uint32_t compiled = 0;
    tk_error error;
    tk_error_init(&error, tk_alloc_default);
    for (int round = 0; round < 20000; round++) {
        takeo_node nodes[MOST];
        uint32_t count = 3 + noise(MOST - 3);
        nodes[0] = (takeo_node){.kind = TAKEO_NODE_TABLE, .ref = 1 + noise(7)};
        nodes[1] = (takeo_node){.kind = TAKEO_NODE_FROM, .a = 1};
        for (uint32_t i = 3; i < count; i++) {
            nodes[i - 1] = noise_node(nodes, i, count);
        }
        nodes[count - 1] = (takeo_node){.kind = TAKEO_NODE_SELECT, .a = noise(4) != 0 ? 2 : 0};
        if (count > 3 && noise(2) == 0) {
            nodes[1].next = 3 + noise(count - 3);
        }
        takeo_statement_def def = {.struct_size = sizeof def,
                                   .nodes = nodes,
                                   .node_count = count,
                                   .node_size = sizeof nodes[0]};
        tk_statement *statement = NULL;
        tk_error_clear(&error);
        if (tk_statement_compile(world, &def, tk_alloc_default, &statement, &error) < 0) {
            assert_true(error.count > 0);
            continue;
        }
        compiled++;
        const tk_sql *sql = NULL;
        for (int d = 0; d < 2; d++) {
            const tk_dialect *dialect = tk_dialect_find(d == 0 ? "sqlite" : "postgresql");
            takeo_status status = tk_statement_render(statement, dialect, &sql, &error);
            assert_true(status == 0 || status == TAKEO_EUNSUPPORTED);
        }
        tk_statement_drop(statement);
    }
    tk_error_done(&error);
    print_message("%u arrays of noise compiled\n", (unsigned)compiled);
    assert_true(compiled > 100);
}

/* Good statements with one member changed: deeper than noise alone reaches. */
static void compile_damaged_statements_never_crash(void **state) {
    (void)state;
    static const char *const texts[] = {
        "(select (columns (entity City) (label (call count c.id) n)) (from City) (join left "
        "City.users=c)"
        " (where (any City.country.cities=d (gt d.population ?1))) (group-by City) (load "
        "City.country)"
        " (order-by (desc City.name)) (limit ?2))",
        "(update (into City) (set (assign City.name ?1)) (where (eq City.country.name ?2)) "
        "(returning))",
        "(insert (into City) (columns City.name) (rows (row ?1)) (conflict (City.id) (assign "
        "City.name"
        " (excluded City.name)) (where (distinct-from City.name ?2))) (returning City.id))",
        "(select (from Stock) (where (in (key Stock) ?1*)) (load Stock.lines.owner) (only "
        "Stock.note))",
    };
    tk_error error;
    tk_error_init(&error, tk_alloc_default);
    for (int round = 0; round < 20000; round++) {
        tk_statement *good = NULL;
        const char *text = texts[round % 4];
        if (sketch_compile(world, text, tk_alloc_default, &good, &error) < 0) {
            tk_error_clear(&error);
            continue;
        }
        takeo_node nodes[64];
        memcpy(nodes, good->nodes + 1, good->node_count * sizeof nodes[0]);
        takeo_node *node = &nodes[noise(good->node_count)];
        switch (noise(6)) {
        case 0:
            node->a = noise(good->node_count + 2);
            break;
        case 1:
            node->b = noise(good->node_count + 2);
            break;
        case 2:
            node->next = noise(good->node_count + 2);
            break;
        case 3:
            node->ref = noise(12);
            break;
        case 4:
            node->op = noise_op(node);
            break;
        default:
            node->kind = likely[noise(TK_COUNT(likely))];
            break;
        }
        takeo_statement_def def = {.struct_size = sizeof def,
                                   .nodes = nodes,
                                   .node_count = good->node_count,
                                   .node_size = sizeof nodes[0]};
        tk_statement *made = NULL;
        const tk_sql *sql = NULL;
        if (tk_statement_compile(world, &def, tk_alloc_default, &made, &error) == 0) {
            takeo_status status =
                tk_statement_render(made, tk_dialect_find("sqlite"), &sql, &error);
            assert_true(status == 0 || status == TAKEO_EUNSUPPORTED);
        }
        tk_statement_drop(made);
        tk_statement_drop(good);
        tk_error_clear(&error);
    }
    tk_error_done(&error);
}

/* ---- no memory ------------------------------------------------------------------------------- */

static bool compile_and_render(const takeo_allocator *allocator, void *context) {
    tk_alloc alloc = tk_alloc_from(allocator);
    tk_error error;
    tk_error_init(&error, alloc);
    tk_statement *statement = NULL;
    const tk_sql *sql = NULL;
    takeo_status status = sketch_compile(world, context, alloc, &statement, &error);
    if (status == 0) {
        status = tk_statement_render(statement, tk_dialect_find("sqlite"), &sql, &error);
    }
    tk_statement_drop(statement);
    tk_error_done(&error);
    assert_true(status == 0 || status == TAKEO_ENOMEM);
    return status == 0;
}

static void compile_without_memory_fails_cleanly(void **state) {
    (void)state;
    static const char *const texts[] = {
        "(select (columns City.id) (from City) (where (eq City.name ?1)))",
        "(select (from City) (load City.country.cities.users) (load City.twin) (only City.name))",
        "(insert (into City) (columns City.name) (rows (row ?1)) (conflict (City.id) (assign"
        " City.name (excluded City.name))) (returning))",
        "(update (into City) (set (assign City.name ?1)) (where (any City.users=u (eq u.mail "
        "?2))))",
        "(select (from Continent) (load Continent.countries))",
    };
    for (size_t i = 0; i < TK_COUNT(texts); i++) {
        tk_sweep(compile_and_render, (void *)(uintptr_t)texts[i]);
    }
}

/* ---- threads: one text, whoever is first ----------------------------------------------------- */

static void *render_once(void *context) {
    const tk_sql *sql = NULL;
    takeo_status status = tk_statement_render(context, tk_dialect_find("sqlite"), &sql, NULL);
    return status == 0 ? (void *)(uintptr_t)sql : NULL;
}

static void render_by_threads_gives_one_text(void **state) {
    (void)state;
    for (int round = 0; round < 50; round++) {
        tk_statement *statement = NULL;
        assert_int_equal(
            sketch_compile(world, "(select (from City))", tk_alloc_default, &statement, NULL), 0);
        pthread_t threads[4];
        void *texts[4];
        for (int i = 0; i < 4; i++) {
            assert_int_equal(pthread_create(&threads[i], NULL, render_once, statement), 0);
        }
        for (int i = 0; i < 4; i++) {
            pthread_join(threads[i], &texts[i]);
            assert_non_null(texts[i]);
            assert_ptr_equal(texts[i], texts[0]);
        }
        tk_statement_drop(statement);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compile_wrong_arrays_are_refused),
        cmocka_unit_test(compile_names_keep_the_grammar),
        cmocka_unit_test(compile_other_levels_are_read),
        cmocka_unit_test(compile_depth_and_weight_are_bounded),
        cmocka_unit_test(compile_depth_that_is_allowed_renders),
        cmocka_unit_test(compile_noise_never_crashes),
        cmocka_unit_test(compile_damaged_statements_never_crash),
        cmocka_unit_test(compile_without_memory_fails_cleanly),
        cmocka_unit_test(render_by_threads_gives_one_text),
    };
    return cmocka_run_group_tests(tests, make_world, drop_world);
}
