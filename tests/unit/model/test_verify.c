/* test_verify.c - what is wrong between entities, and the order in which they are written. */
#include "defs.h"

#define TO_ONE(called, to) .name = called, .target = to, .kind = TAKEO_RELATION_MANY_TO_ONE

static const takeo_column_def id[] = {ID};
static const takeo_expression yes = {.sql = "1 = 1"};

/* ---- names ----------------------------------------------------------------------------------- */

static void verify_names_twice_is_found(void **state) {
    (void)state;
    static const takeo_column_def same_column[] = {
        ID, {.name = "a", .type = TAKEO_TYPE_TEXT, .column = "id"}};
    static const takeo_column_def same_check[] = {
        ID,
        {.name = "a", .type = TAKEO_TYPE_TEXT, .check = &yes, .constraint = "ck"},
        {.name = "b", .type = TAKEO_TYPE_TEXT, .check = &yes, .constraint = "ck"}};
    static const takeo_column_def same_unique[] = {
        ID,
        {.name = "a", .type = TAKEO_TYPE_TEXT, .flags = TAKEO_COLUMN_UNIQUE, .constraint = "u"}};
    static const takeo_column_def table_as_index[] = {
        ID,
        {.name = "a", .type = TAKEO_TYPE_TEXT, .flags = TAKEO_COLUMN_UNIQUE, .constraint = "b"}};
    static const struct {
        takeo_entity_def entities[2];
        const char *expected;
    } cases[] = {
        {{{ENTITY("A"), COLUMNS(id), .table = "t", .primary_key = "p"},
          {ENTITY("B"), COLUMNS(id), .table = "t"}},
         "B: t is the name of the table of A and of the table of B"},
        {{{ENTITY("A"), COLUMNS(id), .table = "t"},
          {ENTITY("B"), COLUMNS(id), .table = "t", .schema = "other"}},
         ""},
        {{{ENTITY("A"), COLUMNS(same_column)}, {ENTITY("B"), COLUMNS(id)}},
         "A: id is the name of a column of A and of a column of A"},
        {{{ENTITY("A"), COLUMNS(same_check)}, {ENTITY("B"), COLUMNS(same_check)}},
         "A: ck is the name of a check of A and of a check of A\n"
         "B: ck is the name of a check of B and of a check of B"},
        {{{ENTITY("A"), COLUMNS(same_unique)}, {ENTITY("B"), COLUMNS(same_unique)}},
         "B: u is the name of a unique constraint of A and of a unique constraint of B"},
        {{{ENTITY("A"), COLUMNS(table_as_index)}, {ENTITY("B"), COLUMNS(id)}},
         "B: b is the name of a unique constraint of A and of the table of B"},
    };
    for (size_t i = 0; i < TK_COUNT(cases); i++) {
        expect_findings(cases[i].entities, 2, cases[i].expected);
    }
}

static void verify_table_with_prefix_too_long_is_found(void **state) {
    (void)state;
    static const takeo_entity_def entity = {
        ENTITY("A"), COLUMNS(id),
        .table = "a23456789012345678901234567890123456789012345678901234567890"};
    takeo_model_options options = {.struct_size = sizeof options, .table_prefix = "prefix_"};
    char found[FINDINGS_SIZE];
    assert_int_equal(judge(&entity, 1, &options, found), TAKEO_EMAPPING);
    assert_string_equal(found, "A: the table prefix_a23456789012345678901234567890123... has 67 "
                               "bytes with the prefix; 63 is the most");
}

/* ---- order_by -------------------------------------------------------------------------------- */

static void verify_order_is_a_list_of_columns(void **state) {
    (void)state;
    static const struct {
        const char *order;
        const char *expected;
    } cases[] = {
        {"id", ""},
        {" id  desc , name asc", ""},
        {"nam", "T: order_by: \"nam\" is no list of columns of T; nearest: name"},
        {"id down", "T: order_by: \"id down\" is no list of columns of T; nearest: id"},
        {"id desc x", "T: order_by: \"id desc x\" is no list of columns of T; nearest: id"},
        {"id,", "T: order_by: \"id,\" is no list of columns of T"},
        {"", "T: order_by: \"\" is no list of columns of T"},
        {"id; drop table x", /* B76 */
         "T: order_by: \"id; drop table x\" is no list of columns of T; nearest: id"},
    };
    static const takeo_column_def columns[] = {ID, {.name = "name", .type = TAKEO_TYPE_TEXT}};
    for (size_t i = 0; i < TK_COUNT(cases); i++) {
        takeo_entity_def entity = {ENTITY("T"), COLUMNS(columns), .order_by = cases[i].order};
        expect_findings(&entity, 1, cases[i].expected);
    }
}

static void verify_order_of_relation_is_of_its_target(void **state) {
    (void)state;
    static const takeo_relation_def to_many[] = {{.name = "cities",
                                                  .target = "City",
                                                  .kind = TAKEO_RELATION_ONE_TO_MANY,
                                                  .inverse = "country",
                                                  .order_by = "nam"}};
    static const takeo_relation_def to_one[] = {{TO_ONE("country", "Country")}};
    static const takeo_column_def columns[] = {ID, {.name = "name", .type = TAKEO_TYPE_TEXT}};
    static const takeo_entity_def entities[] = {
        {ENTITY("Country"), COLUMNS(id), RELATIONS(to_many)},
        {ENTITY("City"), COLUMNS(columns), RELATIONS(to_one)}};
    expect_findings(entities, 2,
                    "Country.cities: order_by: \"nam\" is no list of columns of City; "
                    "nearest: name");
}

/* ---- both sides ------------------------------------------------------------------------------ */

static void verify_eager_circle_is_found(void **state) {
    (void)state;
    static const takeo_relation_def to_b[] = {
        {TO_ONE("b", "B"), .flags = TAKEO_RELATION_FLAG_EAGER}};
    static const takeo_relation_def to_c[] = {
        {TO_ONE("c", "C"), .flags = TAKEO_RELATION_FLAG_EAGER}};
    static const takeo_relation_def to_c_and_self[] = {
        {TO_ONE("c", "C"), .flags = TAKEO_RELATION_FLAG_EAGER},
        {TO_ONE("self", "B"), .flags = TAKEO_RELATION_FLAG_EAGER | TAKEO_RELATION_FLAG_NULLABLE}};
    static const takeo_entity_def chain[] = {{ENTITY("A"), COLUMNS(id), RELATIONS(to_b)},
                                             {ENTITY("B"), COLUMNS(id), RELATIONS(to_c)},
                                             {ENTITY("C"), COLUMNS(id)}};
    static const takeo_entity_def circle[] = {{ENTITY("A"), COLUMNS(id), RELATIONS(to_b)},
                                              {ENTITY("B"), COLUMNS(id), RELATIONS(to_c_and_self)},
                                              {ENTITY("C"), COLUMNS(id)}};
    static const takeo_entity_def round[] = {{ENTITY("A"), COLUMNS(id), RELATIONS(to_b)},
                                             {ENTITY("B"), COLUMNS(id), RELATIONS(to_c)},
                                             {ENTITY("C"), COLUMNS(id), RELATIONS(to_b)}};
    expect_findings(chain, 3, "");
    expect_findings(circle, 3, "B.self: self is eager in a circle of eager relations");
    expect_findings(round, 3,
                    "B.c: c is eager in a circle of eager relations\n"
                    "C.b: b is eager in a circle of eager relations");
}

static void verify_references_are_the_key_or_unique(void **state) {
    (void)state;
    static const takeo_column_def columns[] = {
        ID, {.name = "a", .type = TAKEO_TYPE_INT32}, {.name = "b", .type = TAKEO_TYPE_INT32}};
    static const takeo_index_item items[] = {{.name = "b"}, {.name = "a"}};
    static const takeo_index_def unique[] = {
        {.items = items, .item_count = 2, .flags = TAKEO_INDEX_UNIQUE}};
    static const takeo_index_def partial[] = {
        {.items = items, .item_count = 2, .flags = TAKEO_INDEX_UNIQUE, .where = &yes}};
    static const char *const references[] = {"a", "b"};
    static const takeo_relation_def relations[] = {
        {TO_ONE("t", "T"), .key_count = 2, .references = references}};
    takeo_entity_def entities[] = {{ENTITY("T"), COLUMNS(columns), INDEXES(unique)},
                                   {ENTITY("U"), COLUMNS(id), RELATIONS(relations)}};
    expect_findings(entities, 2, "");
    entities[0].indexes = partial;
    expect_findings(entities, 2,
                    "U.t: t refers to T.a and more, which is neither the key nor unique");
}

/* ---- order of writing ------------------------------------------------------------------------ */

enum { NODES = 6 };

/* Entities A.. with to-one relations given as "AB Bc": A needs B, and B needs C, which may be NULL.
 */
static void expect_ranks(const char *arrows, uint32_t count, const char *expected) {
    char names[NODES][2];
    char links[NODES][NODES][8];
    takeo_relation_def relations[NODES][NODES] = {0};
    takeo_entity_def entities[NODES] = {0};
    for (uint32_t i = 0; i < count; i++) {
        snprintf(names[i], sizeof names[i], "%c", 'A' + (char)i);
        entities[i] = (takeo_entity_def){ENTITY(names[i]), COLUMNS(id), .relations = relations[i],
                                         .relation_size = sizeof relations[i][0]};
    }
    for (const char *at = arrows; at[0] != '\0'; at += at[2] == ' ' ? 3 : 2) {
        uint32_t from = (uint32_t)(at[0] - 'A');
        uint32_t to = (uint32_t)((at[1] & ~0x20) - 'A');
        takeo_relation_def *relation = &relations[from][entities[from].relation_count];
        snprintf(links[from][to], sizeof links[from][to], "to%c", 'A' + (char)to);
        relation->name = links[from][to];
        relation->target = names[to];
        relation->kind = TAKEO_RELATION_MANY_TO_ONE;
        relation->flags = at[1] >= 'a' ? TAKEO_RELATION_FLAG_NULLABLE : 0;
        entities[from].relation_count++;
    }
    tk_model *model = freeze(NULL, entities, count);
    char order[NODES + 1] = "";
    for (uint32_t i = 0; i < count; i++) {
        uint32_t rank = model->entities[i]->rank;
        assert_in_range(rank, 1, count);
        order[rank - 1] = names[i][0];
    }
    assert_string_equal(order, expected);
    tk_model_drop(model);
}

static void verify_rank_puts_parents_first(void **state) {
    (void)state;
    expect_ranks("", 3, "ABC");
    expect_ranks("AB BC", 3, "CBA");
    expect_ranks("AC AB BC", 3, "CBA");
    expect_ranks("Ab Bc", 3, "CBA"); /* nullable ones count while they can */
    expect_ranks("AA BA", 2, "AB");
}

static void verify_rank_breaks_circles_at_nullables(void **state) {
    (void)state;
    expect_ranks("AB Ba", 2, "BA");
    expect_ranks("Ab BA", 2, "AB");
    expect_ranks("AB BC Ca", 3, "CBA");
    /* A hangs on the circle of B and C by a nullable, yet comes after it */
    expect_ranks("Ab BC Cb", 3, "CBA");
    expect_ranks("AB BA", 2, "AB"); /* no way out: the first goes first */
    expect_ranks("AB BA CA Dc", 4, "ABCD");
}

static void verify_rank_breaks_circles_at_deferrables(void **state) {
    (void)state;
    static const takeo_relation_def to_b[] = {{TO_ONE("b", "B")}};
    static const takeo_relation_def to_a[] = {
        {TO_ONE("a", "A"), .flags = TAKEO_RELATION_FLAG_DEFERRABLE}};
    static const takeo_entity_def entities[] = {{ENTITY("A"), COLUMNS(id), RELATIONS(to_b)},
                                                {ENTITY("B"), COLUMNS(id), RELATIONS(to_a)}};
    tk_model *model = freeze(NULL, entities, 2);
    assert_int_equal(entity_of(model, "B")->rank, 1);
    tk_model_drop(model);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verify_names_twice_is_found),
        cmocka_unit_test(verify_table_with_prefix_too_long_is_found),
        cmocka_unit_test(verify_order_is_a_list_of_columns),
        cmocka_unit_test(verify_order_of_relation_is_of_its_target),
        cmocka_unit_test(verify_eager_circle_is_found),
        cmocka_unit_test(verify_references_are_the_key_or_unique),
        cmocka_unit_test(verify_rank_puts_parents_first),
        cmocka_unit_test(verify_rank_breaks_circles_at_nullables),
        cmocka_unit_test(verify_rank_breaks_circles_at_deferrables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
