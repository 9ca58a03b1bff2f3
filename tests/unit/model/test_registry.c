/* test_registry.c - the life of a model, definitions of other levels, and memory that runs out. */
#include "defs.h"

static const takeo_column_def id_only[] = {ID};
static const takeo_cell zero = {.type = TAKEO_TYPE_INT32, .v = {.i = 0}};
static const char *const labels[] = {"a", "b"};
static const takeo_expression positive = {.sql = "n > 0"};
static const takeo_column_def parent_columns[] = {
    ID,
    {.name = "kind", .type = TAKEO_TYPE_ENUM, .labels = labels, .label_count = 2},
    {.name = "price",
     .type = TAKEO_TYPE_DECIMAL,
     .precision = 6,
     .scale = 2,
     .default_value = &zero},
};
static const takeo_relation_def parent_relations[] = {
    {.name = "children",
     .target = "Child",
     .inverse = "parent",
     .kind = TAKEO_RELATION_ONE_TO_MANY},
};
static const takeo_column_def child_columns[] = {
    ID,
    {.name = "n", .type = TAKEO_TYPE_INT32, .check = &positive, .flags = TAKEO_COLUMN_UNIQUE},
};
static const takeo_relation_def child_relations[] = {
    {.name = "parent", .target = "Parent", .kind = TAKEO_RELATION_MANY_TO_ONE},
};
static const takeo_index_item items[] = {{.name = "parent"}, {.name = "n"}};
static const takeo_index_def indexes[] = {{.items = items, .item_count = 2}};
static const takeo_constraint_def constraints[] = {
    {.kind = TAKEO_CONSTRAINT_CHECK, .expression = &positive}};
static const takeo_entity_def family[] = {
    {ENTITY("Parent"), COLUMNS(parent_columns), RELATIONS(parent_relations)},
    {ENTITY("Child"), .table = "kids", COLUMNS(child_columns), RELATIONS(child_relations),
     INDEXES(indexes), CONSTRAINTS(constraints)},
};

/* ---- life ------------------------------------------------------------------------------------ */

static void model_freeze_twice_does_nothing(void **state) {
    (void)state;
    tk_model *model = freeze(NULL, family, 2);
    const char *description = model->description.data;
    assert_int_equal(tk_model_freeze(model, NULL), TAKEO_DONE);
    assert_ptr_equal(model->description.data, description);
    tk_model_drop(model);
}

static void model_add_after_freeze_is_refused(void **state) {
    (void)state;
    tk_model *model = freeze(NULL, family, 2);
    assert_int_equal(tk_model_add(model, family, 1, NULL), TAKEO_ESTATE);
    tk_model_drop(model);
}

static void model_hold_keeps_it_alive(void **state) {
    (void)state;
    tk_model *model = freeze(NULL, family, 2);
    assert_ptr_equal(tk_model_hold(model), model);
    tk_model_drop(model);
    assert_string_equal(entity_of(model, "Child")->table.data, "kids");
    tk_model_drop(model);
    tk_model_drop(NULL);
}

static void model_add_copies_everything(void **state) {
    (void)state;
    char name[] = "Thing";
    char column[] = "id";
    takeo_column_def columns[] = {
        {.name = column, .type = TAKEO_TYPE_INT64, .flags = TAKEO_COLUMN_PRIMARY}};
    takeo_entity_def entity = {ENTITY(name), COLUMNS(columns)};
    tk_model *model = NULL;
    assert_int_equal(tk_model_new(NULL, &model, NULL), TAKEO_DONE);
    assert_int_equal(tk_model_add(model, &entity, 1, NULL), TAKEO_DONE);
    memset(name, 'x', sizeof name - 1);
    memset(column, 'x', sizeof column - 1);
    memset(columns, 0, sizeof columns);
    assert_int_equal(tk_model_freeze(model, NULL), TAKEO_DONE);
    assert_non_null(column_of(entity_of(model, "Thing"), "id"));
    tk_model_drop(model);
}

static void model_add_one_by_one_numbers_them(void **state) {
    (void)state;
    tk_model *model = NULL;
    assert_int_equal(tk_model_new(NULL, &model, NULL), TAKEO_DONE);
    for (unsigned i = 0; i < 40; i++) {
        char name[16];
        snprintf(name, sizeof name, "E%u", i);
        takeo_entity_def entity = {ENTITY(name), COLUMNS(id_only)};
        assert_int_equal(tk_model_add(model, &entity, 1, NULL), TAKEO_DONE);
    }
    assert_int_equal(tk_model_freeze(model, NULL), TAKEO_DONE);
    assert_int_equal(entity_of(model, "E39")->number, 40);
    assert_ptr_equal(tk_model_entity(model, 40), entity_of(model, "E39"));
    assert_null(tk_model_entity(model, 0));
    assert_null(tk_model_entity(model, 41));
    assert_null(tk_entity_column(entity_of(model, "E0"), 2));
    assert_null(tk_entity_relation(entity_of(model, "E0"), 1));
    tk_model_drop(model);
}

static void model_freeze_failed_may_be_tried_again(void **state) {
    (void)state;
    tk_model *model = NULL;
    assert_int_equal(tk_model_new(NULL, &model, NULL), TAKEO_DONE);
    assert_int_equal(tk_model_add(model, &family[1], 1, NULL), TAKEO_DONE);
    assert_int_equal(tk_model_freeze(model, NULL), TAKEO_EMAPPING);
    assert_int_equal(tk_model_add(model, &family[0], 1, NULL), TAKEO_DONE);
    assert_int_equal(tk_model_freeze(model, NULL), TAKEO_DONE);
    assert_int_equal(entity_of(model, "Child")->column_count, 3);
    tk_model_drop(model);
}

static void model_of_another_process_is_refused(void **state) {
    (void)state;
    tk_model *model = NULL;
    assert_int_equal(tk_model_new(NULL, &model, NULL), TAKEO_DONE);
    model->process_id++;
    assert_int_equal(tk_model_add(model, family, 2, NULL), TAKEO_EFORKED);
    assert_int_equal(tk_model_freeze(model, NULL), TAKEO_EFORKED);
    tk_model_drop(model);
}

/* ---- options --------------------------------------------------------------------------------- */

static void model_options_name_tables(void **state) {
    (void)state;
    takeo_model_options options = {
        .struct_size = sizeof options, .table_prefix = "app_", .schema = "geo"};
    tk_model *model = freeze(&options, family, 2);
    assert_string_equal(entity_of(model, "Parent")->table.data, "app_parent");
    assert_string_equal(entity_of(model, "Child")->table.data, "app_kids");
    assert_string_equal(entity_of(model, "Child")->schema.data, "geo");
    assert_string_equal(entity_of(model, "Child")->primary_key.data, "pk_app_kids");
    tk_model_drop(model);
}

static void model_options_wrong_are_refused(void **state) {
    (void)state;
    struct {
        takeo_model_options options;
        takeo_status status;
    } cases[] = {
        {{.struct_size = 4}, TAKEO_EINVAL},
        {{.struct_size = sizeof(takeo_model_options), .flags = 1}, TAKEO_EUNSUPPORTED},
        {{.struct_size = sizeof(takeo_model_options), .reserved = 1}, TAKEO_EUNSUPPORTED},
        {{.struct_size = sizeof(takeo_model_options), .naming = 3}, TAKEO_EINVAL},
        {{.struct_size = sizeof(takeo_model_options), .naming = TAKEO_NAMING_LEGACY},
         TAKEO_EUNSUPPORTED},
        {{.struct_size = sizeof(takeo_model_options), .schema = ""}, TAKEO_EINVAL},
        {{.struct_size = sizeof(takeo_model_options), .table_prefix = "\xff"}, TAKEO_EINVAL},
    };
    for (size_t i = 0; i < TK_COUNT(cases); i++) {
        tk_model *model = NULL;
        assert_int_equal(tk_model_new(&cases[i].options, &model, NULL), cases[i].status);
        assert_null(model);
    }
}

/* ---- callers of other levels ----------------------------------------------------------------- */

/* An entity and a column as a later level would have them: ours with a tail. */
typedef struct later_entity {
    takeo_entity_def def;
    uint64_t tail;
} later_entity;
typedef struct later_column {
    takeo_column_def def;
    uint64_t tail;
} later_column;

static takeo_status add_later(uint64_t entity_tail, uint64_t column_tail) {
    later_column columns[] = {{.def = ID}, {.def = {.name = "n", .type = TAKEO_TYPE_INT32}}};
    columns[1].tail = column_tail;
    later_entity entities[] = {{.def = {ENTITY("A")}}, {.def = {ENTITY("B")}}};
    for (size_t i = 0; i < 2; i++) {
        entities[i].def.struct_size = sizeof(later_entity);
        entities[i].def.columns = &columns[0].def;
        entities[i].def.column_count = 2;
        entities[i].def.column_size = sizeof(later_column);
    }
    entities[1].tail = entity_tail;
    tk_model *model = NULL;
    assert_int_equal(tk_model_new(NULL, &model, NULL), TAKEO_DONE);
    takeo_status status = tk_model_add(model, &entities[0].def, 2, NULL);
    if (status == TAKEO_DONE) {
        assert_int_equal(tk_model_freeze(model, NULL), TAKEO_DONE);
        assert_int_equal(column_of(entity_of(model, "B"), "n")->number, 2);
    }
    tk_model_drop(model);
    return status;
}

static void model_add_of_later_level_reads_what_it_knows(void **state) {
    (void)state;
    assert_int_equal(add_later(0, 0), TAKEO_DONE);
    assert_int_equal(add_later(1, 0), TAKEO_EUNSUPPORTED);
    assert_int_equal(add_later(0, 1), TAKEO_EUNSUPPORTED);
}

static void model_add_of_wrong_size_is_refused(void **state) {
    (void)state;
    takeo_entity_def small = {ENTITY("A"), COLUMNS(id_only)};
    small.struct_size = sizeof small - 8;
    takeo_entity_def huge = {ENTITY("A"), COLUMNS(id_only)};
    huge.struct_size = UINT32_MAX;
    takeo_entity_def thin = {ENTITY("A"), COLUMNS(id_only)};
    thin.column_size = 8;
    takeo_entity_def bare = {ENTITY("A"), .column_count = 1, .column_size = sizeof *id_only};
    takeo_entity_def many = {ENTITY("A"), COLUMNS(id_only)};
    many.column_count = TK_COLUMN_MAX + 1;
    takeo_entity_def mixed[] = {{ENTITY("A"), COLUMNS(id_only)}, {ENTITY("B"), COLUMNS(id_only)}};
    mixed[1].struct_size = 0;
    struct {
        const takeo_entity_def *entities;
        uint32_t count;
    } cases[] = {{&small, 1}, {&huge, 1}, {&thin, 1}, {&bare, 1},
                 {&many, 1},  {mixed, 2}, {NULL, 1}};
    for (size_t i = 0; i < TK_COUNT(cases); i++) {
        tk_model *model = NULL;
        assert_int_equal(tk_model_new(NULL, &model, NULL), TAKEO_DONE);
        assert_int_equal(tk_model_add(model, cases[i].entities, cases[i].count, NULL),
                         TAKEO_EINVAL);
        assert_int_equal(model->entity_count, 0);
        tk_model_drop(model);
    }
}

static void model_add_of_nothing_is_done(void **state) {
    (void)state;
    tk_model *model = NULL;
    assert_int_equal(tk_model_new(NULL, &model, NULL), TAKEO_DONE);
    assert_int_equal(tk_model_add(model, NULL, 0, NULL), TAKEO_DONE);
    tk_model_drop(model);
}

/* ---- look-ups -------------------------------------------------------------------------------- */

static void entity_raise_unknown_gives_nearest(void **state) {
    (void)state;
    tk_model *model = freeze(NULL, family, 2);
    tk_error error;
    tk_error_init(&error, tk_alloc_default);
    const tk_entity *parent = entity_of(model, "Parent");
    assert_int_equal(tk_entity_raise_unknown(parent, "prices", 6, &error), TAKEO_EUNKNOWN_FIELD);
    const takeo_error *last = tk_error_last(&error);
    assert_string_equal(last->message.data, "Parent has no field prices");
    assert_string_equal(last->entity.data, "Parent");
    assert_string_equal(last->field.data, "prices");
    assert_string_equal(last->nearest.data, "price");
    assert_int_equal(tk_entity_raise_unknown(parent, "x", 1, NULL), TAKEO_EUNKNOWN_FIELD);
    assert_null(tk_entity_find_column(parent, "children", 8));
    assert_null(tk_entity_find_relation(parent, "price", 5));
    tk_error_done(&error);
    tk_model_drop(model);
}

/* ---- memory ---------------------------------------------------------------------------------- */

static bool build_family(const takeo_allocator *allocator, void *context) {
    takeo_model_options options = {
        .struct_size = sizeof options, .table_prefix = "t_", .allocator = allocator};
    const takeo_entity_def *entities = context;
    tk_error error;
    tk_error_init(&error, tk_alloc_from(allocator));
    tk_model *model = NULL;
    takeo_status status = tk_model_new(&options, &model, &error);
    if (status == TAKEO_DONE) {
        status = tk_model_add(model, entities, 2, &error);
    }
    if (status == TAKEO_DONE) {
        status = tk_model_freeze(model, &error);
    }
    assert_true(status == TAKEO_DONE || status == TAKEO_ENOMEM || status == TAKEO_EMAPPING);
    assert_true(status == TAKEO_DONE || tk_error_last(&error)->status == status);
    tk_model_drop(model);
    tk_error_done(&error);
    return status != TAKEO_ENOMEM;
}

static void model_without_memory_fails_cleanly(void **state) {
    (void)state;
    assert_true(tk_sweep(build_family, (void *)(uintptr_t)family) > 10);
}

static void model_with_findings_without_memory_fails_cleanly(void **state) {
    (void)state;
    takeo_entity_def wrong[] = {family[0], family[1]};
    wrong[0].table = "kids";
    wrong[0].order_by = "prize";
    assert_true(tk_sweep(build_family, wrong) > 10);
    takeo_column_def columns[] = {ID,
                                  {.name = "price",
                                   .type = TAKEO_TYPE_INT32,
                                   .default_sql = "0",
                                   .default_value = &zero,
                                   .scale = 1}};
    takeo_entity_def alone[] = {{ENTITY("A"), COLUMNS(columns)}, {ENTITY("A"), COLUMNS(columns)}};
    assert_true(tk_sweep(build_family, alone) > 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(model_freeze_twice_does_nothing),
        cmocka_unit_test(model_add_after_freeze_is_refused),
        cmocka_unit_test(model_hold_keeps_it_alive),
        cmocka_unit_test(model_add_copies_everything),
        cmocka_unit_test(model_add_one_by_one_numbers_them),
        cmocka_unit_test(model_freeze_failed_may_be_tried_again),
        cmocka_unit_test(model_of_another_process_is_refused),
        cmocka_unit_test(model_options_name_tables),
        cmocka_unit_test(model_options_wrong_are_refused),
        cmocka_unit_test(model_add_of_later_level_reads_what_it_knows),
        cmocka_unit_test(model_add_of_wrong_size_is_refused),
        cmocka_unit_test(model_add_of_nothing_is_done),
        cmocka_unit_test(entity_raise_unknown_gives_nearest),
        cmocka_unit_test(model_without_memory_fails_cleanly),
        cmocka_unit_test(model_with_findings_without_memory_fails_cleanly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
