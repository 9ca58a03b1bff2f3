/* test_check.c - what is wrong with one entity by itself, and how it is told. */
#include "defs.h"

#define LONG_NAME "a23456789012345678901234567890123456789012345678901234567890abcd"

static const takeo_cell int_cell = {.type = TAKEO_TYPE_INT64, .v = {.i = 70000}};
static const takeo_cell text_cell = {.type = TAKEO_TYPE_TEXT, .v = {.text = {"abcd", 4}}};
static const takeo_cell null_cell = {.flags = TAKEO_CELL_NULL};
static const takeo_cell unset_cell = {.type = TAKEO_TYPE_TEXT, .flags = TAKEO_CELL_UNSET};
static const char *const two_labels[] = {"a", "b"};
static const char *const same_labels[] = {"a", "b", "a"};
static const char *const bad_labels[] = {"", NULL};
static const takeo_expression nodes = {.nodes = (const takeo_node *)(uintptr_t)16, .node_count = 1};
static const takeo_expression nothing = {.sql = ""};
static const takeo_expression bad_sql = {.sql = "\xff"};
static const takeo_expression some_sql = {.sql = "1 = 1"};

/* ---- columns --------------------------------------------------------------------------------- */

/* One column beside a key, and what is said of it without "T.c: " */
typedef struct column_case {
    takeo_column_def column;
    const char *expected;
} column_case;

static void expect_column(const column_case *one) {
    takeo_column_def columns[] = {ID, one->column};
    columns[1].name = columns[1].name != NULL ? columns[1].name : "c";
    takeo_entity_def entity = {ENTITY("T"), COLUMNS(columns)};
    char expected[FINDINGS_SIZE] = "";
    if (one->expected[0] != '\0') {
        snprintf(expected, sizeof expected, "T.%s: %s", columns[1].name, one->expected);
    }
    expect_findings(&entity, 1, expected);
}

static void expect_columns(const column_case *cases, size_t count) {
    for (size_t i = 0; i < count; i++) {
        expect_column(&cases[i]);
    }
}

static void check_column_type_is_found(void **state) {
    (void)state;
    static const column_case cases[] = {
        {{.type = 0}, "0 is no type of a column"},
        {{.type = 999}, "999 is no type of a column"},
        {{.type = TAKEO_TYPE_ENTITY}, "102 is no type of a column"},
        {{.type = TAKEO_TYPE_INT32, .element = TAKEO_TYPE_INT32}, "int32 has no elements"},
        {{.type = TAKEO_TYPE_INT32, .dimensions = 1}, "int32 has no dimensions"},
        {{.type = TAKEO_TYPE_ARRAY}, "array of ? is no type of a column"},
        {{.type = TAKEO_TYPE_ARRAY, .element = TAKEO_TYPE_ARRAY},
         "array of array is no type of a column"},
        {{.type = TAKEO_TYPE_RANGE, .element = TAKEO_TYPE_TEXT},
         "range of text is no type of a column"},
        {{.type = TAKEO_TYPE_ARRAY, .element = TAKEO_TYPE_TEXT, .dimensions = 7}, /* B51 */
         "an array of 7 dimensions; 6 is the most"},
        {{.type = TAKEO_TYPE_ARRAY, .element = TAKEO_TYPE_TEXT, .dimensions = 6, .length = 3}, ""},
        {{.type = TAKEO_TYPE_MULTIRANGE, .element = TAKEO_TYPE_DATE}, ""},
        {{.type = TAKEO_TYPE_JSON}, ""},
        {{.type = TAKEO_TYPE_TIMESTAMPTZ, .precision = 3}, ""},
    };
    expect_columns(cases, TK_COUNT(cases));
}

static void check_column_limits_are_found(void **state) {
    (void)state;
    static const column_case cases[] = {
        {{.type = TAKEO_TYPE_INT64, .length = 3},
         "a length is for text, bytes, bits and vectors, not for int64"},
        {{.type = TAKEO_TYPE_TEXT, .precision = 3},
         "a precision is for decimals and times, not for text"},
        {{.type = TAKEO_TYPE_FLOAT64, .scale = 3}, "a scale is for decimals, not for float64"},
        {{.type = TAKEO_TYPE_DECIMAL, .precision = 2, .scale = 3},
         "the scale 3 is more than the precision 2"},
        {{.type = TAKEO_TYPE_DECIMAL, .scale = 3}, "a scale of 3 without a precision"},
        {{.type = TAKEO_TYPE_DECIMAL, .precision = 1001},
         "a decimal of 1001 digits; 1000 is the most"},
        {{.type = TAKEO_TYPE_DECIMAL, .precision = 1000, .scale = 1000}, ""},
        {{.type = TAKEO_TYPE_TIME, .precision = 7},
         "a time with 7 digits of a second; 6 is the most"},
        {{.type = TAKEO_TYPE_TEXT, .flags = TAKEO_COLUMN_UNSIGNED}, "text cannot be unsigned"},
        {{.type = TAKEO_TYPE_INT16, .flags = TAKEO_COLUMN_UNSIGNED}, ""},
        {{.type = TAKEO_TYPE_ENUM}, "enum has 0 labels; it takes 1 to 65535"},
        {{.type = TAKEO_TYPE_SET, .label_count = 2}, "set has 0 labels; it takes 1 to 65535"},
        {{.type = TAKEO_TYPE_ENUM, .labels = same_labels, .label_count = 3},
         "the label a is there twice"},
        {{.type = TAKEO_TYPE_ENUM, .labels = bad_labels, .label_count = 2},
         "a label is empty or not valid UTF-8\nT.c: a label is empty or not valid UTF-8"},
        {{.type = TAKEO_TYPE_TEXT, .labels = two_labels, .label_count = 2},
         "labels are for enums and sets, not for text"},
        {{.type = TAKEO_TYPE_ARRAY,
          .element = TAKEO_TYPE_ENUM,
          .labels = two_labels,
          .label_count = 2},
         ""},
    };
    expect_columns(cases, TK_COUNT(cases));
}

static void check_column_generation_is_found(void **state) {
    (void)state;
    static const column_case cases[] = {
        {{.type = TAKEO_TYPE_TEXT, .generated = TAKEO_GENERATED_IDENTITY},
         "text cannot count by itself; an integer can"},
        {{.type = TAKEO_TYPE_INT64, .generated = TAKEO_GENERATED_UUID7},
         "a UUID is made for a column that is int64"},
        {{.type = TAKEO_TYPE_INT64, .generated = TAKEO_GENERATED_IDENTITY, .default_sql = "1"},
         "a generated column has a default too"},
        {{.type = TAKEO_TYPE_INT64,
          .generated = TAKEO_GENERATED_INCREMENT,
          .flags = TAKEO_COLUMN_NULLABLE},
         "a generated column is nullable"},
        {{.type = TAKEO_TYPE_INT64, .generated = TAKEO_GENERATED_SEQUENCE},
         "sequences are not built yet"},
        {{.type = TAKEO_TYPE_INT64, .generated = TAKEO_GENERATED_STORED},
         "computed columns are not built yet"},
        {{.type = TAKEO_TYPE_INT64, .generated = TAKEO_GENERATED_VIRTUAL},
         "computed columns are not built yet"},
        {{.type = TAKEO_TYPE_INT64, .generated = TAKEO_GENERATED_FORMULA},
         "formulas are not built yet"},
        {{.type = TAKEO_TYPE_INT64, .generated = TAKEO_GENERATED_RELATION_IDS},
         "keys of a relation as a column are not built yet"},
        {{.type = TAKEO_TYPE_INT64, .generated = 77}, "77 is no way to generate a value"},
        {{.type = TAKEO_TYPE_INT64, .generated = TAKEO_GENERATED_IDENTITY}, ""},
        {{.type = TAKEO_TYPE_UUID, .generated = TAKEO_GENERATED_UUID4}, ""},
    };
    expect_columns(cases, TK_COUNT(cases));
}

static void check_column_default_is_found(void **state) {
    (void)state;
    static const column_case cases[] = {
        {{.type = TAKEO_TYPE_INT16, .default_value = &int_cell},
         "the default: 70000 is outside int16"},
        {{.type = TAKEO_TYPE_TEXT, .length = 3, .default_value = &text_cell},
         "the default: \"abcd\" has 4 characters; the column takes 3"},
        {{.type = TAKEO_TYPE_TEXT,
          .length = 3,
          .default_value = &text_cell,
          .flags = TAKEO_COLUMN_SECRET},
         "the default: *** has 4 characters; the column takes 3"},
        {{.type = TAKEO_TYPE_ENUM,
          .labels = two_labels,
          .label_count = 2,
          .default_value = &text_cell},
         "the default: \"abcd\" is none of the labels"},
        {{.type = TAKEO_TYPE_TEXT, .default_value = &null_cell}, "the default: NULL is not taken"},
        {{.type = TAKEO_TYPE_TEXT, .default_value = &null_cell, .flags = TAKEO_COLUMN_NULLABLE},
         ""},
        {{.type = TAKEO_TYPE_TEXT, .default_value = &unset_cell},
         "the default: UNSET is no value: it was never given or loaded"},
        {{.type = TAKEO_TYPE_TEXT, .default_value = &text_cell, .default_sql = "now()"},
         "there is a default as a value and one as SQL"},
        {{.type = TAKEO_TYPE_INT32, .default_value = &int_cell}, ""},
    };
    expect_columns(cases, TK_COUNT(cases));
}

static void check_column_role_is_found(void **state) {
    (void)state;
    static const column_case cases[] = {
        {{.type = TAKEO_TYPE_TIMESTAMPTZ, .role = TAKEO_ROLE_CREATED},
         "managed times are not built yet"},
        {{.type = TAKEO_TYPE_TIMESTAMPTZ, .role = TAKEO_ROLE_UPDATED},
         "managed times are not built yet"},
        {{.type = TAKEO_TYPE_TIMESTAMPTZ,
          .role = TAKEO_ROLE_DELETED,
          .flags = TAKEO_COLUMN_NULLABLE},
         "soft deletion is not built yet"},
        {{.type = TAKEO_TYPE_INT32, .role = TAKEO_ROLE_VERSION}, "versions are not built yet"},
        {{.type = TAKEO_TYPE_TEXT, .role = TAKEO_ROLE_DISCRIMINATOR},
         "inheritance is not built yet"},
        {{.type = TAKEO_TYPE_TEXT, .role = 9}, "9 is no role of a column"},
    };
    expect_columns(cases, TK_COUNT(cases));
}

static void check_column_texts_are_found(void **state) {
    (void)state;
    static const column_case cases[] = {
        {{.name = "home.street", .type = TAKEO_TYPE_TEXT}, "embedded groups are not built yet"},
        {{.name = "1st", .type = TAKEO_TYPE_TEXT}, "1st is no name for a column"},
        {{.name = "a b", .type = TAKEO_TYPE_TEXT}, "a b is no name for a column"},
        {{.type = TAKEO_TYPE_TEXT, .column = ""}, "the column is empty"},
        {{.type = TAKEO_TYPE_TEXT, .column = LONG_NAME}, /* B73 */
         "the column a234567890123456789012345678901234567890... has 64 bytes; 63 is the most"},
        {{.type = TAKEO_TYPE_TEXT, .column = "\xff"}, "the column is not valid UTF-8"},
        {{.type = TAKEO_TYPE_TEXT, .column = "a\"; drop table x;--"}, ""}, /* S03: quoted */
        {{.type = TAKEO_TYPE_TEXT, .comment = "\xff"}, "the comment is not valid UTF-8"},
        {{.type = TAKEO_TYPE_TEXT, .from = "x"}, "from is not built yet"},
        {{.type = TAKEO_TYPE_TEXT, .on_update = "x"}, "on_update is not built yet"},
        {{.type = TAKEO_TYPE_TEXT, .renamed_from = "x"}, "renamed_from is not built yet"},
        {{.type = TAKEO_TYPE_TEXT, .expression = &some_sql},
         "the expression of a column is not built yet"},
        {{.type = TAKEO_TYPE_TEXT, .check = &nodes}, "a check made of nodes is not built yet"},
        {{.type = TAKEO_TYPE_TEXT, .check = &nothing}, "a check is empty"},
        {{.type = TAKEO_TYPE_TEXT, .check = &bad_sql}, "a check is not valid UTF-8"},
        {{.type = TAKEO_TYPE_TEXT, .constraint = "uq_x"},
         "the constraint uq_x is named, but the column has none"},
        {{.type = TAKEO_TYPE_TEXT, .flags = 1 << 20}, "flags of the column are unknown (0x100000)"},
        {{.type = TAKEO_TYPE_DATE, .flags = TAKEO_COLUMN_WHOLE_SECONDS},
         "whole seconds are for times without a precision"},
        {{.type = TAKEO_TYPE_TIME, .precision = 3, .flags = TAKEO_COLUMN_WHOLE_SECONDS},
         "whole seconds are for times without a precision"},
        {{.type = TAKEO_TYPE_TIME, .flags = TAKEO_COLUMN_DURATION},
         "a duration is an interval, not time"},
        {{.type = TAKEO_TYPE_TEXT, .flags = TAKEO_COLUMN_INHERITED},
         "inheritance is not built yet"},
    };
    expect_columns(cases, TK_COUNT(cases));
}

/* ---- relations ------------------------------------------------------------------------------- */

typedef struct relation_case {
    takeo_relation_def relation;
    const char *expected;
} relation_case;

static void check_relation_is_found(void **state) {
    (void)state;
    static const char *const keys[] = {"t_id", "t_id"};
    static const char *const no_name[] = {""};
    static const relation_case cases[] = {
        {{.kind = TAKEO_RELATION_MANY_TO_ONE, .target = NULL},
         "the target of a relation has no name"},
        {{.kind = 0, .target = "T"}, "0 is no kind of relation"},
        {{.kind = TAKEO_RELATION_MANY_TO_MANY, .target = "T"},
         "many-to-many relations are not built yet"},
        {{.kind = TAKEO_RELATION_POLYMORPHIC, .target = "T U"},
         "polymorphic relations are not built yet"},
        {{.kind = TAKEO_RELATION_ONE_TO_MANY, .target = "T"}, "a relation to many has no inverse"},
        {{.kind = TAKEO_RELATION_MANY_TO_ONE, .target = "T", .junction = "j"},
         "a junction is not built yet"},
        {{.kind = TAKEO_RELATION_MANY_TO_ONE, .target = "T", .order_by = "id"},
         "order_by is for relations to many"},
        {{.kind = TAKEO_RELATION_MANY_TO_ONE, .target = "T", .on_delete = 5},
         "5 and 0: one is no action of a foreign key"},
        {{.kind = TAKEO_RELATION_MANY_TO_ONE, .target = "T", .on_delete = TAKEO_ACTION_SET_NULL},
         "SET NULL on a relation that is not nullable"},
        {{.kind = TAKEO_RELATION_MANY_TO_ONE, .target = "T", .orphan = 4},
         "4 is no policy for orphans"},
        {{.kind = TAKEO_RELATION_MANY_TO_ONE, .target = "T", .orphan = TAKEO_ORPHAN_DELETE},
         "cascades are not built yet"},
        {{.kind = TAKEO_RELATION_MANY_TO_ONE,
          .target = "T",
          .flags = TAKEO_RELATION_FLAG_CASCADE_REMOVE},
         "cascades are not built yet"},
        {{.kind = TAKEO_RELATION_MANY_TO_ONE, .target = "T", .flags = TAKEO_RELATION_FLAG_LAZY},
         "loading on touch is not built yet"},
        {{.kind = TAKEO_RELATION_MANY_TO_ONE,
          .target = "T",
          .constraint = "fk",
          .flags = TAKEO_RELATION_FLAG_NO_CONSTRAINT},
         "a relation without a constraint has a name or actions for it"},
        {{.kind = TAKEO_RELATION_MANY_TO_ONE,
          .target = "T",
          .flags = TAKEO_RELATION_FLAG_PRIMARY | TAKEO_RELATION_FLAG_NULLABLE},
         "a relation of the primary key is nullable"},
        {{.kind = TAKEO_RELATION_MANY_TO_ONE, .target = "T", .flags = 1 << 20},
         "flags of the relation are unknown (0x100000)"},
        {{.kind = TAKEO_RELATION_ONE_TO_MANY,
          .target = "T",
          .inverse = "r",
          .on_delete = TAKEO_ACTION_CASCADE},
         "keys, actions, the constraint and whether it is nullable belong to the side that has the "
         "key"},
        {{.kind = TAKEO_RELATION_MANY_TO_ONE, .target = "T", .keys = keys},
         "keys are named, but key_count is 0"},
        {{.kind = TAKEO_RELATION_MANY_TO_ONE, .target = "T", .key_count = 1},
         "key_count is 1, but no key is named"},
        {{.kind = TAKEO_RELATION_MANY_TO_ONE, .target = "T", .keys = keys, .key_count = 17},
         "a key of 17 columns; 16 is the most"},
        {{.kind = TAKEO_RELATION_MANY_TO_ONE, .target = "T", .keys = keys, .key_count = 2},
         "t_id is there twice"},
        {{.kind = TAKEO_RELATION_MANY_TO_ONE, .target = "T", .keys = no_name, .key_count = 1},
         "key 1 is no name of a column"},
        {{.kind = TAKEO_RELATION_MANY_TO_ONE, .target = "T"}, ""},
    };
    static const takeo_column_def columns[] = {ID};
    for (size_t i = 0; i < TK_COUNT(cases); i++) {
        takeo_relation_def relations[] = {cases[i].relation};
        relations[0].name = "r";
        takeo_entity_def entity = {ENTITY("T"), COLUMNS(columns), RELATIONS(relations)};
        char expected[FINDINGS_SIZE] = "";
        if (cases[i].expected[0] != '\0') {
            snprintf(expected, sizeof expected, "T.r: %s", cases[i].expected);
        }
        expect_findings(&entity, 1, expected);
    }
}

/* ---- indexes and constraints ----------------------------------------------------------------- */

static void check_index_is_found(void **state) {
    (void)state;
    static const takeo_index_item id[] = {{.name = "id"}};
    static const takeo_index_item by_sql[] = {{.expression = &some_sql}};
    static const takeo_index_item carried[] = {{.name = "id", .flags = TAKEO_INDEX_ITEM_INCLUDE}};
    static const struct {
        takeo_index_def index;
        const char *expected;
    } cases[] = {
        {{.items = NULL}, "T: an index has 0 columns; it takes 1 to 32"},
        {{.items = id, .item_count = 33}, "T: an index has 33 columns; it takes 1 to 32"},
        {{.items = by_sql, .item_count = 1},
         "T: an index: only columns, up or down, are built yet"},
        {{.items = carried, .item_count = 1},
         "T: an index: only columns, up or down, are built yet"},
        {{.items = id, .item_count = 1, .flags = TAKEO_INDEX_CONCURRENTLY},
         "T: an index has flags that are not built yet (0x2)"},
        {{.items = id, .item_count = 1, .method = "gin"},
         "T: the method of an index is not built yet"},
        {{.items = id, .item_count = 1, .parser = "ngram"},
         "T: the parser of an index is not built yet"},
        {{.items = id, .item_count = 1, .where = &nodes},
         "T: the condition of an index made of nodes is not built yet"},
        {{.items = id, .item_count = 1, .name = ""}, "T: the name of an index is empty"},
        {{.items = id, .item_count = 1, .where = &some_sql}, ""},
    };
    static const takeo_column_def columns[] = {ID};
    for (size_t i = 0; i < TK_COUNT(cases); i++) {
        takeo_index_def indexes[] = {cases[i].index};
        takeo_entity_def entity = {ENTITY("T"), COLUMNS(columns), INDEXES(indexes)};
        expect_findings(&entity, 1, cases[i].expected);
    }
}

static void check_constraint_is_found(void **state) {
    (void)state;
    static const takeo_index_item id[] = {{.name = "id"}};
    static const struct {
        takeo_constraint_def constraint;
        const char *expected;
    } cases[] = {
        {{.kind = 0}, "T: 0 is no kind of constraint"},
        {{.kind = TAKEO_CONSTRAINT_EXCLUDE}, "T: exclusion constraints are not built yet"},
        {{.kind = TAKEO_CONSTRAINT_FOREIGN_KEY},
         "T: foreign keys without a relation are not built yet"},
        {{.kind = TAKEO_CONSTRAINT_CHECK}, "T: a check has no condition"},
        {{.kind = TAKEO_CONSTRAINT_CHECK, .expression = &nodes},
         "T: a check made of nodes is not built yet"},
        {{.kind = TAKEO_CONSTRAINT_CHECK, .expression = &some_sql, .items = id, .item_count = 1},
         "T: a constraint has parts that belong to another kind"},
        {{.kind = TAKEO_CONSTRAINT_UNIQUE},
         "T: a unique constraint has 0 columns; it takes 1 to 32"},
        {{.kind = TAKEO_CONSTRAINT_UNIQUE,
          .items = id,
          .item_count = 1,
          .flags = TAKEO_CONSTRAINT_FLAG_DEFERRABLE},
         "T: a constraint has flags that are not built yet (0x1)"},
        {{.kind = TAKEO_CONSTRAINT_CHECK, .expression = &some_sql}, ""},
    };
    static const takeo_column_def columns[] = {ID};
    for (size_t i = 0; i < TK_COUNT(cases); i++) {
        takeo_constraint_def constraints[] = {cases[i].constraint};
        takeo_entity_def entity = {ENTITY("T"), COLUMNS(columns), CONSTRAINTS(constraints)};
        expect_findings(&entity, 1, cases[i].expected);
    }
}

/* ---- entities -------------------------------------------------------------------------------- */

static void check_entity_is_found(void **state) {
    (void)state;
    static const takeo_column_def id[] = {ID};
    static const takeo_column_def no_key[] = {{.name = "n", .type = TAKEO_TYPE_INT32}};
    static const takeo_column_def null_key[] = {
        {.name = "id",
         .type = TAKEO_TYPE_INT32,
         .flags = TAKEO_COLUMN_PRIMARY | TAKEO_COLUMN_NULLABLE | TAKEO_COLUMN_DEFERRED}};
    static const takeo_column_def two_generated[] = {{.name = "a",
                                                      .type = TAKEO_TYPE_INT32,
                                                      .generated = TAKEO_GENERATED_IDENTITY,
                                                      .flags = TAKEO_COLUMN_PRIMARY},
                                                     {.name = "b",
                                                      .type = TAKEO_TYPE_INT32,
                                                      .generated = TAKEO_GENERATED_INCREMENT,
                                                      .flags = TAKEO_COLUMN_PRIMARY}};
    static const takeo_column_def twice[] = {
        ID, {.name = "n", .type = TAKEO_TYPE_INT32}, {.name = "n", .type = TAKEO_TYPE_TEXT}};
    static const takeo_column_def two_versions[] = {
        ID,
        {.name = "v", .type = TAKEO_TYPE_INT32, .role = TAKEO_ROLE_VERSION},
        {.name = "w", .type = TAKEO_TYPE_INT32, .role = TAKEO_ROLE_VERSION}};
    static const takeo_relation_def also_id[] = {
        {.name = "id", .target = "T", .kind = TAKEO_RELATION_MANY_TO_ONE}};
    static const struct {
        takeo_entity_def entity;
        const char *expected;
    } cases[] = {
        {{ENTITY(NULL), COLUMNS(id)}, "entity 1: an entity has no name"},
        {{ENTITY("a b"), COLUMNS(id)}, "entity 1: a b is no name for an entity"},
        {{ENTITY(LONG_NAME), COLUMNS(id)},
         "entity 1: the name a234567890123456789012345678901234567890... of an entity has 64 "
         "bytes; "
         "63 is the most"},
        {{ENTITY("T")}, "T: T has no primary key"},
        {{ENTITY("T"), COLUMNS(no_key)}, "T: T has no primary key"},
        {{ENTITY("T"), COLUMNS(null_key)},
         "T.id: a column of the primary key is nullable\n"
         "T.id: a column of the primary key is deferred"},
        {{ENTITY("T"), COLUMNS(two_generated)},
         "T: 2 columns of the primary key are generated; one can be"},
        {{ENTITY("T"), COLUMNS(twice)}, "T.n: n is declared twice"},
        {{ENTITY("T"), COLUMNS(id), RELATIONS(also_id)}, "T.id: id is declared twice"},
        {{ENTITY("T"), COLUMNS(two_versions)},
         "T.w: w has the role that v has already\n"
         "T.v: versions are not built yet\nT.w: versions are not built yet"},
        {{ENTITY("T"), COLUMNS(id), .table = ""}, "T: the table is empty"},
        {{ENTITY("T"), COLUMNS(id), .flags = TAKEO_ENTITY_VIEW, .view = &some_sql},
         "T: a view is not built yet\nT: views are not built yet"},
        {{ENTITY("T"), COLUMNS(id), .flags = TAKEO_ENTITY_ABSTRACT},
         "T: inheritance is not built yet"},
        {{ENTITY("T"), COLUMNS(id), .inherit = TAKEO_INHERIT_SINGLE, .parent = "U",
          .discriminator_value = "t"},
         "T: inheritance is not built yet\nT: a discriminator is not built yet\n"
         "T: inheritance is not built yet"},
        {{ENTITY("T"), COLUMNS(id), .tree = TAKEO_TREE_PATH}, "T: trees are not built yet"},
        {{ENTITY("T"), COLUMNS(id), .renamed_from = "U"}, "T: renamed_from is not built yet"},
        {{ENTITY("T"), COLUMNS(id), .flags = 1 << 20},
         "T: flags of the entity are unknown (0x100000)"},
        {{ENTITY("T"), COLUMNS(id), .engine = "Aria", .flags = TAKEO_ENTITY_READ_ONLY}, ""},
    };
    for (size_t i = 0; i < TK_COUNT(cases); i++) {
        expect_findings(&cases[i].entity, 1, cases[i].expected);
    }
}

static void check_entities_reports_all_in_one_pass(void **state) {
    (void)state;
    static const takeo_column_def columns[] = {
        ID, {.name = "a", .type = TAKEO_TYPE_INT32, .length = 1}, {.name = "b", .type = 200}};
    static const takeo_entity_def entities[] = {
        {ENTITY("T"), COLUMNS(columns)}, {ENTITY("T"), COLUMNS(columns)}, {ENTITY("U")}};
    expect_findings(entities, 3,
                    "T: the entity T is declared twice\n"
                    "T.a: a length is for text, bytes, bits and vectors, not for int32\n"
                    "T.b: 200 is no type of a column\n"
                    "T.a: a length is for text, bytes, bits and vectors, not for int32\n"
                    "T.b: 200 is no type of a column\n"
                    "U: U has no primary key");
}

static void check_entities_gives_hints(void **state) {
    (void)state;
    takeo_entity_def entity = {ENTITY("T")};
    tk_model *model = NULL;
    tk_error error;
    tk_error_init(&error, tk_alloc_default);
    assert_int_equal(tk_model_new(NULL, &model, &error), TAKEO_DONE);
    assert_int_equal(tk_model_add(model, &entity, 1, &error), TAKEO_EMAPPING);
    assert_string_equal(error.first->code.data, "TAKEO.MODEL.INVALID");
    assert_string_equal(error.first->hint.data, "mark one column, or several, as the primary key");
    tk_error_done(&error);
    tk_model_drop(model);
}

static void check_entities_has_a_most_of_findings(void **state) {
    (void)state;
    takeo_entity_def entities[300];
    for (size_t i = 0; i < TK_COUNT(entities); i++) {
        entities[i] = (takeo_entity_def){ENTITY(NULL)};
    }
    tk_model *model = NULL;
    tk_error error;
    tk_error_init(&error, tk_alloc_default);
    assert_int_equal(tk_model_new(NULL, &model, &error), TAKEO_DONE);
    assert_int_equal(tk_model_add(model, entities, 300, &error), TAKEO_EMAPPING);
    assert_int_equal(error.count, 200);
    assert_int_equal(tk_model_add(model, entities, 300, NULL), TAKEO_EMAPPING);
    tk_error_done(&error);
    tk_model_drop(model);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(check_column_type_is_found),
        cmocka_unit_test(check_column_limits_are_found),
        cmocka_unit_test(check_column_generation_is_found),
        cmocka_unit_test(check_column_default_is_found),
        cmocka_unit_test(check_column_role_is_found),
        cmocka_unit_test(check_column_texts_are_found),
        cmocka_unit_test(check_relation_is_found),
        cmocka_unit_test(check_index_is_found),
        cmocka_unit_test(check_constraint_is_found),
        cmocka_unit_test(check_entity_is_found),
        cmocka_unit_test(check_entities_reports_all_in_one_pass),
        cmocka_unit_test(check_entities_gives_hints),
        cmocka_unit_test(check_entities_has_a_most_of_findings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
