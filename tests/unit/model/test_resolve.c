/* test_resolve.c - relations find their other side and their key columns. */
#include "defs.h"

#define TO_ONE(called, to) .name = called, .target = to, .kind = TAKEO_RELATION_MANY_TO_ONE
#define TO_MANY(called, to, back)                                                                  \
    .name = called, .target = to, .kind = TAKEO_RELATION_ONE_TO_MANY, .inverse = back
#define ONE(called, to) .name = called, .target = to, .kind = TAKEO_RELATION_ONE_TO_ONE
#define KEYS(of) .keys = of, .key_count = TK_COUNT(of)

static const takeo_column_def id[] = {ID};
static const takeo_column_def code[] = {
    {.name = "code", .type = TAKEO_TYPE_TEXT, .length = 2, .flags = TAKEO_COLUMN_PRIMARY},
    {.name = "iso3", .type = TAKEO_TYPE_TEXT, .length = 3, .flags = TAKEO_COLUMN_UNIQUE},
    {.name = "price", .type = TAKEO_TYPE_DECIMAL, .precision = 9, .scale = 2}};
static const takeo_entity_def country = {ENTITY("Country"), COLUMNS(code)};

/* A model of Country and City with these relations, and what is found. */
static void expect_city(const takeo_column_def *columns, uint32_t column_count,
                        const takeo_relation_def *relations, uint32_t relation_count,
                        const char *expected) {
    takeo_entity_def entities[] = {country,
                                   {ENTITY("City"), .columns = columns,
                                    .column_count = column_count, .column_size = sizeof *columns,
                                    .relations = relations, .relation_count = relation_count,
                                    .relation_size = sizeof *relations}};
    expect_findings(entities, 2, expected);
}

/* ---- keys ------------------------------------------------------------------------------------ */

static void resolve_key_adds_hidden_column(void **state) {
    (void)state;
    static const takeo_relation_def relations[] = {
        {TO_ONE("homeCountry", "Country"), .flags = TAKEO_RELATION_FLAG_NULLABLE}};
    static const takeo_entity_def entities[] = {{ENTITY("City"), COLUMNS(id), RELATIONS(relations)},
                                                {ENTITY("Country"), COLUMNS(code)}};
    tk_model *model = freeze(NULL, entities, 2);
    const tk_entity *city = entity_of(model, "City");
    const tk_relation *relation = relation_of(city, "homeCountry");
    const tk_column *column = column_of(city, "homeCountry_code");
    assert_int_equal(city->column_count, 2);
    assert_int_equal(city->declared_count, 1);
    assert_string_equal(column->column.data, "home_country_code");
    assert_int_equal(column->number, 2);
    assert_int_equal(column->type, TAKEO_TYPE_TEXT);
    assert_int_equal(column->length, 2);
    assert_true(column->is_hidden && column->is_nullable && !column->is_key);
    assert_true(column->is_insertable && column->is_updatable && !column->is_server_made);
    assert_ptr_equal(column->relation, relation);
    assert_ptr_equal(column->entity, city);
    assert_int_equal(relation->column_count, 1);
    assert_ptr_equal(relation->columns[0], column);
    assert_ptr_equal(relation->references[0], column_of(entity_of(model, "Country"), "code"));
    assert_true(relation->owns_key && relation->is_to_one && relation->is_nullable);
    tk_model_drop(model);
}

static void resolve_key_uses_declared_column(void **state) {
    (void)state;
    static const takeo_column_def columns[] = {
        ID, {.name = "countryCode", .type = TAKEO_TYPE_TEXT, .column = "cc"}};
    static const char *const by_property[] = {"countryCode"};
    static const char *const by_column[] = {"cc"};
    static const char *const iso3[] = {"iso3"};
    static const char *const other[] = {"nation"};
    static const takeo_relation_def relations[] = {
        {TO_ONE("a", "Country"), KEYS(by_property)},
        {TO_ONE("b", "Country"), KEYS(by_column)},
        {TO_ONE("c", "Country"), KEYS(other), .references = iso3},
        {TO_ONE("d", "Country"), .key_count = 1, .references = iso3},
        {TO_ONE("e", "Country"), KEYS(other), .references = iso3},
    };
    const takeo_entity_def entities[] = {country,
                                         {ENTITY("City"), COLUMNS(columns), RELATIONS(relations)}};
    tk_model *model = freeze(NULL, entities, 2);
    const tk_entity *city = entity_of(model, "City");
    const tk_column *declared = column_of(city, "countryCode");
    assert_ptr_equal(relation_of(city, "a")->columns[0], declared);
    assert_ptr_equal(relation_of(city, "b")->columns[0], declared);
    assert_ptr_equal(declared->relation, relation_of(city, "a"));
    const tk_column *named = relation_of(city, "c")->columns[0];
    assert_string_equal(named->name.data, "c_iso3");
    assert_string_equal(named->column.data, "nation");
    assert_int_equal(named->length, 3);
    assert_string_equal(relation_of(city, "d")->columns[0]->column.data, "d_iso3");
    assert_ptr_equal(relation_of(city, "e")->columns[0], named); /* shared by two */
    assert_int_equal(city->column_count, 4);
    tk_model_drop(model);
}

static void resolve_key_composite_is_shared(void **state) {
    (void)state;
    static const takeo_column_def user_columns[] = {
        {.name = "tenant", .type = TAKEO_TYPE_INT32, .flags = TAKEO_COLUMN_PRIMARY},
        {.name = "id", .type = TAKEO_TYPE_INT64, .flags = TAKEO_COLUMN_PRIMARY}};
    static const takeo_column_def post_columns[] = {
        {.name = "tenant", .type = TAKEO_TYPE_INT32, .flags = TAKEO_COLUMN_PRIMARY},
        {.name = "nr", .type = TAKEO_TYPE_INT64, .flags = TAKEO_COLUMN_PRIMARY}};
    static const char *const author_keys[] = {"tenant", "author_id"};
    static const char *const editor_keys[] = {"tenant", "editor_id"};
    static const takeo_relation_def post_relations[] = {
        {TO_ONE("author", "User"), KEYS(author_keys)},
        {TO_ONE("editor", "User"), KEYS(editor_keys), .flags = TAKEO_RELATION_FLAG_NULLABLE}};
    static const takeo_relation_def user_relations[] = {{TO_MANY("posts", "Post", "author")}};
    static const takeo_entity_def entities[] = {
        {ENTITY("User"), COLUMNS(user_columns), RELATIONS(user_relations)},
        {ENTITY("Post"), COLUMNS(post_columns), RELATIONS(post_relations)}};
    tk_model *model = freeze(NULL, entities, 2);
    const tk_entity *post = entity_of(model, "Post");
    const tk_entity *user = entity_of(model, "User");
    const tk_relation *author = relation_of(post, "author");
    const tk_relation *posts = relation_of(user, "posts");
    assert_int_equal(author->column_count, 2);
    assert_ptr_equal(author->columns[0], column_of(post, "tenant"));
    assert_string_equal(author->columns[1]->column.data, "author_id");
    assert_ptr_equal(author->references[1], column_of(user, "id"));
    assert_false(author->columns[1]->is_nullable);
    assert_true(relation_of(post, "editor")->columns[1]->is_nullable);
    assert_ptr_equal(posts->inverse, author);
    assert_ptr_equal(posts->columns[1], column_of(user, "id"));
    assert_ptr_equal(posts->references[0], column_of(post, "tenant"));
    assert_false(posts->owns_key || posts->is_to_one);
    assert_int_equal(post->key_count, 2);
    tk_model_drop(model);
}

/* PK-07, REL-14: a key that comes from a key that comes from a relation. */
static void resolve_key_primary_comes_from_target(void **state) {
    (void)state;
    static const takeo_column_def badge_columns[] = {{.name = "colour", .type = TAKEO_TYPE_TEXT}};
    static const takeo_relation_def badge_relations[] = {
        {ONE("profile", "Profile"), .flags = TAKEO_RELATION_FLAG_PRIMARY}};
    static const takeo_relation_def profile_relations[] = {
        {ONE("user", "User"), .flags = TAKEO_RELATION_FLAG_PRIMARY}};
    static const takeo_column_def user_columns[] = {{.name = "id",
                                                     .type = TAKEO_TYPE_INT64,
                                                     .generated = TAKEO_GENERATED_IDENTITY,
                                                     .flags = TAKEO_COLUMN_PRIMARY}};
    static const takeo_entity_def entities[] = {
        {ENTITY("Badge"), COLUMNS(badge_columns), RELATIONS(badge_relations)},
        {ENTITY("Profile"), RELATIONS(profile_relations)},
        {ENTITY("User"), COLUMNS(user_columns)}};
    tk_model *model = freeze(NULL, entities, 3);
    const tk_entity *badge = entity_of(model, "Badge");
    assert_int_equal(badge->key_count, 1);
    assert_string_equal(badge->key[0]->name.data, "profile_user_id");
    assert_int_equal(badge->key[0]->generated, TAKEO_GENERATED_NONE);
    assert_null(badge->generated_key);
    assert_true(badge->key[0]->is_key && badge->key[0]->is_hidden);
    assert_ptr_equal(entity_of(model, "User")->generated_key,
                     column_of(entity_of(model, "User"), "id"));
    assert_int_equal(entity_of(model, "User")->rank, 1);
    assert_int_equal(entity_of(model, "Profile")->rank, 2);
    assert_int_equal(badge->rank, 3);
    assert_int_equal(badge->index_count, 0); /* the primary key is unique already */
    tk_model_drop(model);
}

static void resolve_key_wrong_is_found(void **state) {
    (void)state;
    static const takeo_column_def columns[] = {
        ID,
        {.name = "country_code", .type = TAKEO_TYPE_TEXT},
        {.name = "number", .type = TAKEO_TYPE_INT32},
        {.name = "maybe", .type = TAKEO_TYPE_TEXT, .flags = TAKEO_COLUMN_NULLABLE},
        {.name = "made", .type = TAKEO_TYPE_TEXT, .default_sql = "'x'"}};
    static const char *const number[] = {"number"};
    static const char *const maybe[] = {"maybe"};
    static const char *const sure[] = {"country_code"};
    static const char *const two[] = {"country_code", "maybe"};
    static const char *const iso[] = {"iso"};
    static const char *const price[] = {"price"};
    static const struct {
        takeo_relation_def relation;
        const char *expected;
    } cases[] = {
        {{TO_ONE("country", "Contry")},
         "City.country: country leads to Contry, which is no entity of the model; nearest: "
         "Country"},
        {{TO_ONE("country", "Country")},
         "City.country: the key of country would be called country_code, as another property is"},
        {{TO_ONE("country", "Country"), KEYS(number)},
         "City.country: the key number is int32, but Country.code is text"},
        {{TO_ONE("country", "Country"), KEYS(maybe)},
         "City.country: country is not nullable, but its key maybe is"},
        {{TO_ONE("country", "Country"), KEYS(sure), .flags = TAKEO_RELATION_FLAG_NULLABLE},
         "City.country: country is nullable, but its key is not"},
        {{TO_ONE("country", "Country"), KEYS(two)},
         "City.country: a key of 2 columns for the key of Country, which has 1"},
        {{TO_ONE("country", "Country"), KEYS(maybe), .references = iso,
          .flags = TAKEO_RELATION_FLAG_NULLABLE},
         "City.country: the reference iso is no column of Country; nearest: iso3"},
        {{TO_ONE("land", "Country"), .key_count = 1, .references = price},
         "City.land: land refers to Country.price, which is neither the key nor unique"},
        {{TO_ONE("country", "Country"), KEYS(sure)}, ""},
        {{TO_ONE("land", "Country")}, ""},
    };
    for (size_t i = 0; i < TK_COUNT(cases); i++) {
        expect_city(columns, TK_COUNT(columns), &cases[i].relation, 1, cases[i].expected);
    }
}

static void resolve_key_set_null_needs_all_nullable(void **state) {
    (void)state;
    static const takeo_column_def pair[] = {
        {.name = "a", .type = TAKEO_TYPE_INT32, .flags = TAKEO_COLUMN_PRIMARY},
        {.name = "b", .type = TAKEO_TYPE_INT32, .flags = TAKEO_COLUMN_PRIMARY}};
    static const takeo_column_def columns[] = {ID, {.name = "a", .type = TAKEO_TYPE_INT32}};
    static const char *const keys[] = {"a", "b"};
    static const takeo_relation_def relations[] = {{TO_ONE("pair", "Pair"), KEYS(keys),
                                                    .flags = TAKEO_RELATION_FLAG_NULLABLE,
                                                    .on_delete = TAKEO_ACTION_SET_NULL}};
    static const takeo_entity_def entities[] = {
        {ENTITY("Pair"), COLUMNS(pair)}, {ENTITY("T"), COLUMNS(columns), RELATIONS(relations)}};
    expect_findings(entities, 2,
                    "T.pair: SET NULL on a key of which some columns are not nullable");
}

static void resolve_key_circle_of_primaries_is_found(void **state) {
    (void)state;
    static const takeo_relation_def to_b[] = {
        {TO_ONE("b", "B"), .flags = TAKEO_RELATION_FLAG_PRIMARY}};
    static const takeo_relation_def to_a[] = {
        {TO_ONE("a", "A"), .flags = TAKEO_RELATION_FLAG_PRIMARY}};
    static const takeo_entity_def entities[] = {{ENTITY("A"), RELATIONS(to_b)},
                                                {ENTITY("B"), RELATIONS(to_a)}};
    expect_findings(entities, 2,
                    "A.b: the primary key of A comes from itself, by way of b\n"
                    "B.a: the primary key of B comes from itself, by way of a");
}

static void resolve_key_of_failed_key_is_reported_once(void **state) {
    (void)state;
    static const takeo_relation_def to_none[] = {
        {TO_ONE("none", "None"), .flags = TAKEO_RELATION_FLAG_PRIMARY}};
    static const takeo_relation_def to_a[] = {{TO_ONE("a", "A")}};
    static const takeo_entity_def entities[] = {{ENTITY("A"), RELATIONS(to_none)},
                                                {ENTITY("B"), COLUMNS(id), RELATIONS(to_a)}};
    expect_findings(entities, 2, "A.none: none leads to None, which is no entity of the model");
}

/* ---- both sides ------------------------------------------------------------------------------ */

static void resolve_self_reference_is_tied(void **state) {
    (void)state;
    static const takeo_relation_def relations[] = {
        {TO_ONE("boss", "User"), .inverse = "reports", .flags = TAKEO_RELATION_FLAG_NULLABLE},
        {TO_MANY("reports", "User", "boss")}};
    static const takeo_entity_def entities[] = {
        {ENTITY("User"), COLUMNS(id), RELATIONS(relations)}};
    tk_model *model = freeze(NULL, entities, 1);
    const tk_entity *user = entity_of(model, "User");
    assert_ptr_equal(relation_of(user, "boss")->inverse, relation_of(user, "reports"));
    assert_ptr_equal(relation_of(user, "reports")->inverse, relation_of(user, "boss"));
    assert_string_equal(relation_of(user, "boss")->columns[0]->name.data, "boss_id");
    assert_string_equal(relation_of(user, "boss")->index.data, "ix_user_boss");
    assert_int_equal(user->rank, 1);
    tk_model_drop(model);
}

static void resolve_inverse_wrong_is_found(void **state) {
    (void)state;
    static const struct {
        takeo_relation_def on_a;
        takeo_relation_def on_b;
        const char *expected;
    } cases[] = {
        {{TO_MANY("bs", "B", "aa")},
         {TO_ONE("a", "A")},
         "A.bs: the inverse aa is no relation of B; nearest: a"},
        {{TO_MANY("bs", "B", "a")},
         {TO_ONE("a", "B")},
         "A.bs: the inverse B.a does not lead back to A"},
        {{TO_ONE("b", "B"), .inverse = "a"},
         {TO_ONE("a", "A")},
         "A.b: the inverse B.a is of a kind that does not fit"},
        {{TO_MANY("bs", "B", "a")},
         {TO_ONE("a", "A"), .inverse = "id"},
         "A.bs: the inverse B.a has id as its own inverse\n"
         "B.a: the inverse id is no relation of A"},
        {{TO_MANY("bs", "B", "a")},
         {TO_MANY("a", "A", "bs")},
         "A.bs: the inverse B.a is of a kind that does not fit\n"
         "B.a: the inverse A.bs is of a kind that does not fit"},
        {{TO_MANY("bs", "B", "a")}, {TO_ONE("a", "A")}, ""},
        {{TO_MANY("bs", "B", "a")}, {TO_ONE("a", "A"), .inverse = "bs"}, ""},
        {{TO_MANY("bs", "B", "a")}, {ONE("a", "A"), .inverse = "bs"}, ""},
    };
    for (size_t i = 0; i < TK_COUNT(cases); i++) {
        const takeo_relation_def on_a[] = {cases[i].on_a};
        const takeo_relation_def on_b[] = {cases[i].on_b};
        const takeo_entity_def entities[] = {{ENTITY("A"), COLUMNS(id), RELATIONS(on_a)},
                                             {ENTITY("B"), COLUMNS(id), RELATIONS(on_b)}};
        expect_findings(entities, 2, cases[i].expected);
    }
}

static void resolve_inverse_taken_twice_is_found(void **state) {
    (void)state;
    static const takeo_relation_def on_a[] = {{TO_MANY("x", "B", "a")}, {TO_MANY("y", "B", "a")}};
    static const takeo_relation_def on_b[] = {{TO_ONE("a", "A")}};
    static const takeo_entity_def entities[] = {{ENTITY("A"), COLUMNS(id), RELATIONS(on_a)},
                                                {ENTITY("B"), COLUMNS(id), RELATIONS(on_b)}};
    expect_findings(entities, 2, "A.y: the inverse B.a has x as its own inverse");
}

static void resolve_one_to_one_finds_its_owner(void **state) {
    (void)state;
    static const char *const keys[] = {"b_id"};
    static const struct {
        takeo_relation_def on_a;
        takeo_relation_def on_b;
        bool a_owns;
        const char *expected;
    } cases[] = {
        {{ONE("b", "B")}, {ONE("a", "A"), .inverse = "b"}, true, ""},
        {{ONE("b", "B"), .inverse = "a"}, {ONE("a", "A")}, false, ""},
        {{ONE("b", "B"), .inverse = "a", KEYS(keys)}, {ONE("a", "A"), .inverse = "b"}, true, ""},
        {{ONE("b", "B"), .inverse = "a"},
         {ONE("a", "A"), .inverse = "b", .on_delete = TAKEO_ACTION_CASCADE},
         false,
         ""},
        {{ONE("b", "B"), .inverse = "a"},
         {ONE("a", "A"), .inverse = "b"},
         true,
         "A.b: neither side of the one-to-one is the one with the key"},
        {{ONE("b", "B"), .inverse = "a", KEYS(keys)},
         {ONE("a", "A"), .inverse = "b", .constraint = "fk"},
         true,
         "A.b: both sides of the one-to-one have the key"},
    };
    for (size_t i = 0; i < TK_COUNT(cases); i++) {
        const takeo_relation_def on_a[] = {cases[i].on_a};
        const takeo_relation_def on_b[] = {cases[i].on_b};
        const takeo_entity_def entities[] = {{ENTITY("A"), COLUMNS(id), RELATIONS(on_a)},
                                             {ENTITY("B"), COLUMNS(id), RELATIONS(on_b)}};
        expect_findings(entities, 2, cases[i].expected);
        if (cases[i].expected[0] != '\0') {
            continue;
        }
        tk_model *model = freeze(NULL, entities, 2);
        const tk_entity *owner = entity_of(model, cases[i].a_owns ? "A" : "B");
        const tk_entity *other = entity_of(model, cases[i].a_owns ? "B" : "A");
        assert_int_equal(owner->column_count, 2);
        assert_int_equal(other->column_count, 1);
        assert_true(owner->relations[0].owns_key && !other->relations[0].owns_key);
        assert_ptr_equal(owner->relations[0].inverse, &other->relations[0]);
        assert_true(owner->indexes[0].is_unique && !owner->indexes[0].is_constraint);
        assert_int_equal(other->relations[0].column_count, 1);
        tk_model_drop(model);
    }
}

static void resolve_one_to_one_own_inverse_is_found(void **state) {
    (void)state;
    static const takeo_relation_def relations[] = {{ONE("spouse", "User"), .inverse = "spouse"}};
    static const takeo_entity_def entity = {ENTITY("User"), COLUMNS(id), RELATIONS(relations)};
    expect_findings(&entity, 1, "User.spouse: spouse is its own inverse");
}

/* ---- flags of columns ------------------------------------------------------------------------ */

static void resolve_columns_say_who_writes_them(void **state) {
    (void)state;
    static const takeo_column_def columns[] = {
        {.name = "id",
         .type = TAKEO_TYPE_INT64,
         .generated = TAKEO_GENERATED_IDENTITY_ALWAYS,
         .flags = TAKEO_COLUMN_PRIMARY},
        {.name = "made", .type = TAKEO_TYPE_TEXT, .default_sql = "'x'"},
        {.name = "fixed", .type = TAKEO_TYPE_TEXT, .flags = TAKEO_COLUMN_NO_UPDATE},
        {.name = "own", .type = TAKEO_TYPE_TEXT, .flags = TAKEO_COLUMN_NO_INSERT}};
    static const takeo_entity_def entities[] = {
        {ENTITY("T"), COLUMNS(columns)},
        {ENTITY("R"), COLUMNS(columns), .flags = TAKEO_ENTITY_READ_ONLY}};
    static const struct {
        const char *name;
        bool is_insertable, is_updatable, is_server_made;
    } cases[] = {
        {"id", false, false, true},
        {"made", true, true, true},
        {"fixed", true, false, false},
        {"own", false, true, false},
    };
    tk_model *model = freeze(NULL, entities, 2);
    const tk_entity *entity = entity_of(model, "T");
    for (size_t i = 0; i < TK_COUNT(cases); i++) {
        const tk_column *column = column_of(entity, cases[i].name);
        assert_int_equal(column->is_insertable, cases[i].is_insertable);
        assert_int_equal(column->is_updatable, cases[i].is_updatable);
        assert_int_equal(column->is_server_made, cases[i].is_server_made);
        column = column_of(entity_of(model, "R"), cases[i].name);
        assert_false(column->is_insertable || column->is_updatable);
    }
    assert_ptr_equal(entity->generated_key, column_of(entity, "id"));
    tk_model_drop(model);
}

static void resolve_default_has_the_form_of_its_column(void **state) {
    (void)state;
    static const takeo_cell one = {.type = TAKEO_TYPE_INT64, .v = {.i = 1}};
    static const takeo_column_def columns[] = {ID,
                                               {.name = "price",
                                                .type = TAKEO_TYPE_DECIMAL,
                                                .precision = 5,
                                                .scale = 2,
                                                .default_value = &one}};
    static const takeo_entity_def entity = {ENTITY("T"), COLUMNS(columns)};
    tk_model *model = freeze(NULL, &entity, 1);
    const takeo_cell *cell = column_of(entity_of(model, "T"), "price")->default_value;
    assert_int_equal(cell->type, TAKEO_TYPE_DECIMAL);
    assert_int_equal(cell->v.text.len, 4);
    assert_memory_equal(cell->v.text.data, "1.00", 4);
    tk_model_drop(model);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(resolve_key_adds_hidden_column),
        cmocka_unit_test(resolve_key_uses_declared_column),
        cmocka_unit_test(resolve_key_composite_is_shared),
        cmocka_unit_test(resolve_key_primary_comes_from_target),
        cmocka_unit_test(resolve_key_wrong_is_found),
        cmocka_unit_test(resolve_key_set_null_needs_all_nullable),
        cmocka_unit_test(resolve_key_circle_of_primaries_is_found),
        cmocka_unit_test(resolve_key_of_failed_key_is_reported_once),
        cmocka_unit_test(resolve_self_reference_is_tied),
        cmocka_unit_test(resolve_inverse_wrong_is_found),
        cmocka_unit_test(resolve_inverse_taken_twice_is_found),
        cmocka_unit_test(resolve_one_to_one_finds_its_owner),
        cmocka_unit_test(resolve_one_to_one_own_inverse_is_found),
        cmocka_unit_test(resolve_columns_say_who_writes_them),
        cmocka_unit_test(resolve_default_has_the_form_of_its_column),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
