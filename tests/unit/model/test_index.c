/* test_index.c - indexes, constraints and their names. */
#include "defs.h"

#define TO_ONE(called, to) .name = called, .target = to, .kind = TAKEO_RELATION_MANY_TO_ONE
#define ITEMS(of) .items = of, .item_count = TK_COUNT(of)

enum { LIST_SIZE = 1024 };

static const takeo_column_def code[] = {
    {.name = "code", .type = TAKEO_TYPE_TEXT, .length = 2, .flags = TAKEO_COLUMN_PRIMARY}};
static const takeo_entity_def country = {ENTITY("Country"), COLUMNS(code)};
static const takeo_expression positive = {.sql = "population >= 0"};
static const takeo_expression living = {.sql = "deleted is null"};
static const takeo_index_item by_country[] = {{.name = "country"}};
static const takeo_index_item by_country_name[] = {{.name = "country"}, {.name = "name"}};
static const takeo_index_item by_name[] = {{.name = "name"}};

/* "ix_a unique constraint (b, c desc) where x; ..." */
static void list_indexes(const tk_entity *entity, char out[LIST_SIZE]) {
    size_t len = 0;
    out[0] = '\0';
    for (uint32_t i = 0; i < entity->index_count; i++) {
        const tk_index *index = &entity->indexes[i];
        len += (size_t)snprintf(out + len, LIST_SIZE - len, "%s%s%s%s (", i > 0 ? "; " : "",
                                index->name.data, index->is_unique ? " unique" : "",
                                index->is_constraint ? " constraint" : "");
        for (uint32_t j = 0; j < index->column_count; j++) {
            len += (size_t)snprintf(out + len, LIST_SIZE - len, "%s%s%s", j > 0 ? ", " : "",
                                    index->columns[j]->column.data,
                                    index->is_descending[j] ? " desc" : "");
        }
        len += (size_t)snprintf(out + len, LIST_SIZE - len, ")%s%s",
                                index->where_sql.data != NULL ? " where " : "",
                                index->where_sql.data != NULL ? index->where_sql.data : "");
        assert_true(len < LIST_SIZE);
    }
}

static void expect_indexes(const takeo_entity_def *city, const char *expected) {
    const takeo_entity_def entities[] = {*city, country};
    tk_model *model = freeze(NULL, entities, 2);
    char found[LIST_SIZE];
    list_indexes(entity_of(model, city->name), found);
    assert_string_equal(found, expected);
    tk_model_drop(model);
}

static void index_of_columns_is_named(void **state) {
    (void)state;
    static const takeo_column_def columns[] = {
        {.name = "id",
         .type = TAKEO_TYPE_INT64,
         .flags = TAKEO_COLUMN_PRIMARY | TAKEO_COLUMN_UNIQUE | TAKEO_COLUMN_INDEX},
        {.name = "name", .type = TAKEO_TYPE_TEXT, .flags = TAKEO_COLUMN_UNIQUE},
        {.name = "localName", .type = TAKEO_TYPE_TEXT, .flags = TAKEO_COLUMN_INDEX},
        {.name = "mail",
         .type = TAKEO_TYPE_TEXT,
         .constraint = "one_mail",
         .flags = TAKEO_COLUMN_UNIQUE | TAKEO_COLUMN_INDEX}};
    static const takeo_entity_def city = {ENTITY("City"), .table = "cities", COLUMNS(columns)};
    expect_indexes(&city, "uq_cities_name unique constraint (name); "
                          "ix_cities_local_name (local_name); one_mail unique constraint (mail)");
}

static const takeo_column_def city_columns[] = {
    {.name = "id", .type = TAKEO_TYPE_INT64, .flags = TAKEO_COLUMN_PRIMARY},
    {.name = "name", .type = TAKEO_TYPE_TEXT}};

static void index_of_relation_is_made_when_needed(void **state) {
    (void)state;
    static const takeo_relation_def plain[] = {{TO_ONE("country", "Country")}};
    static const takeo_relation_def without[] = {
        {TO_ONE("country", "Country"), .flags = TAKEO_RELATION_FLAG_NO_INDEX}};
    static const takeo_relation_def one[] = {{.name = "country",
                                              .target = "Country",
                                              .kind = TAKEO_RELATION_ONE_TO_ONE,
                                              .flags = TAKEO_RELATION_FLAG_NO_INDEX}};
    static const takeo_relation_def primary[] = {
        {TO_ONE("country", "Country"), .flags = TAKEO_RELATION_FLAG_PRIMARY}};
    static const takeo_relation_def both[] = {{TO_ONE("country", "Country")},
                                              {.name = "capitalOf",
                                               .target = "Country",
                                               .kind = TAKEO_RELATION_ONE_TO_ONE,
                                               .flags = TAKEO_RELATION_FLAG_NULLABLE}};
    static const takeo_index_def leading[] = {{ITEMS(by_country_name)}};
    static const takeo_index_def partial[] = {
        {.name = "ix_living", ITEMS(by_country), .where = &living}};
    static const takeo_index_def unique[] = {{ITEMS(by_country), .flags = TAKEO_INDEX_UNIQUE}};
    static const struct {
        takeo_entity_def city;
        const char *expected;
    } cases[] = {
        {{ENTITY("City"), COLUMNS(city_columns), RELATIONS(plain)},
         "ix_city_country (country_code)"},
        {{ENTITY("City"), COLUMNS(city_columns), RELATIONS(without)}, ""},
        {{ENTITY("City"), COLUMNS(city_columns), RELATIONS(one)},
         "uq_city_country unique (country_code)"},
        {{ENTITY("City"), COLUMNS(city_columns), RELATIONS(plain), INDEXES(leading)},
         "ix_city_country_name (country_code, name)"},
        {{ENTITY("City"), COLUMNS(city_columns), RELATIONS(plain), INDEXES(partial)},
         "ix_living (country_code) where deleted is null; ix_city_country (country_code)"},
        {{ENTITY("City"), COLUMNS(city_columns), RELATIONS(one), INDEXES(unique)},
         "uq_city_country unique (country_code)"},
        {{ENTITY("City"), .columns = city_columns + 1, .column_count = 1,
          .column_size = sizeof *city_columns, RELATIONS(primary)},
         ""},
        /* the key is (id, country_code): its second column alone is not covered */
        {{ENTITY("City"), COLUMNS(city_columns), RELATIONS(primary)},
         "ix_city_country (country_code)"},
        {{ENTITY("City"), COLUMNS(city_columns), RELATIONS(both)},
         "uq_city_capital_of unique (capital_of_code); ix_city_country (country_code)"},
    };
    for (size_t i = 0; i < TK_COUNT(cases); i++) {
        expect_indexes(&cases[i].city, cases[i].expected);
    }
}

static void index_of_items_is_named_after_them(void **state) {
    (void)state;
    static const takeo_relation_def relations[] = {
        {TO_ONE("country", "Country"), .flags = TAKEO_RELATION_FLAG_NO_INDEX}};
    static const takeo_index_item mixed[] = {{.name = "name", .flags = TAKEO_INDEX_ITEM_DESC},
                                             {.name = "country"}};
    static const takeo_index_def indexes[] = {{ITEMS(mixed)}};
    static const takeo_constraint_def constraints[] = {
        {ITEMS(by_country_name), .kind = TAKEO_CONSTRAINT_UNIQUE},
        {ITEMS(by_name), .kind = TAKEO_CONSTRAINT_UNIQUE, .name = "given"}};
    static const takeo_entity_def city = {ENTITY("City"), COLUMNS(city_columns),
                                          RELATIONS(relations), INDEXES(indexes),
                                          CONSTRAINTS(constraints)};
    expect_indexes(&city, "uq_city_country_name unique constraint (country_code, name); "
                          "given unique constraint (name); "
                          "ix_city_name_country (name desc, country_code)");
}

static void index_of_wrong_items_is_found(void **state) {
    (void)state;
    static const takeo_column_def columns[] = {
        {.name = "code", .type = TAKEO_TYPE_TEXT, .flags = TAKEO_COLUMN_PRIMARY}};
    static const takeo_relation_def to_many[] = {{.name = "cities",
                                                  .target = "City",
                                                  .kind = TAKEO_RELATION_ONE_TO_MANY,
                                                  .inverse = "country"}};
    static const takeo_relation_def to_one[] = {{TO_ONE("country", "Country")}};
    static const takeo_index_item items[] = {{.name = "cities"}};
    static const takeo_index_item typo[] = {{.name = "coda"}};
    static const takeo_index_item twice[] = {{.name = "code"}, {.name = "code"}};
    static const takeo_index_def indexes[] = {{ITEMS(items)}, {ITEMS(typo)}, {ITEMS(twice)}};
    static const takeo_entity_def entities[] = {
        {ENTITY("Country"), COLUMNS(columns), RELATIONS(to_many), INDEXES(indexes)},
        {ENTITY("City"), COLUMNS(city_columns), RELATIONS(to_one)}};
    expect_findings(entities, 2,
                    "Country.cities: an index over cities, whose key is in the table of city\n"
                    "Country.coda: an index over coda, which is no field; nearest: code\n"
                    "Country.code: an index has the column code twice");
}

static void index_names_keys_and_checks(void **state) {
    (void)state;
    static const takeo_column_def columns[] = {
        {.name = "id",
         .type = TAKEO_TYPE_INT64,
         .flags = TAKEO_COLUMN_PRIMARY,
         .constraint = "the_key"},
        {.name = "population", .type = TAKEO_TYPE_INT64, .check = &positive},
        {.name = "area", .type = TAKEO_TYPE_INT64, .check = &positive, .constraint = "ck_own"}};
    static const takeo_relation_def relations[] = {
        {TO_ONE("country", "Country"), .constraint = "fk_own"},
        {TO_ONE("oldCountry", "Country")},
        {TO_ONE("free", "Country"), .flags = TAKEO_RELATION_FLAG_NO_CONSTRAINT}};
    static const takeo_constraint_def constraints[] = {
        {.kind = TAKEO_CONSTRAINT_CHECK, .expression = &positive, .name = "ck_given"},
        {.kind = TAKEO_CONSTRAINT_CHECK, .expression = &positive}};
    static const takeo_entity_def entities[] = {
        {ENTITY("City"), .table = "cities", COLUMNS(columns), RELATIONS(relations),
         CONSTRAINTS(constraints)},
        {ENTITY("Country"), .primary_key = "pk_given", COLUMNS(code)}};
    tk_model *model = freeze(NULL, entities, 2);
    const tk_entity *city = entity_of(model, "City");
    assert_string_equal(city->primary_key.data, "the_key");
    assert_string_equal(entity_of(model, "Country")->primary_key.data, "pk_given");
    assert_string_equal(relation_of(city, "country")->constraint.data, "fk_own");
    assert_string_equal(relation_of(city, "oldCountry")->constraint.data, "fk_cities_old_country");
    assert_null(relation_of(city, "free")->constraint.data);
    assert_int_equal(city->check_count, 4);
    assert_string_equal(city->checks[0].name.data, "ck_cities_population");
    assert_string_equal(city->checks[1].name.data, "ck_own");
    assert_string_equal(city->checks[2].name.data, "ck_given");
    assert_int_equal(strlen(city->checks[3].name.data), strlen("ck_cities_") + 8);
    assert_string_equal(city->checks[3].sql.data, "population >= 0");
    tk_model_drop(model);
}

static void index_exact_naming_keeps_words(void **state) {
    (void)state;
    static const takeo_relation_def relations[] = {{TO_ONE("homeCountry", "Country")}};
    static const takeo_entity_def entities[] = {
        {ENTITY("BigCity"), COLUMNS(city_columns), RELATIONS(relations)},
        {ENTITY("Country"), COLUMNS(code)}};
    takeo_model_options options = {.struct_size = sizeof options, .naming = TAKEO_NAMING_EXACT};
    tk_model *model = freeze(&options, entities, 2);
    const tk_entity *city = entity_of(model, "BigCity");
    assert_string_equal(city->table.data, "BigCity");
    assert_string_equal(city->columns[2].column.data, "homeCountry_code");
    assert_string_equal(city->relations[0].constraint.data, "fk_BigCity_homeCountry");
    tk_model_drop(model);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(index_of_columns_is_named),
        cmocka_unit_test(index_of_relation_is_made_when_needed),
        cmocka_unit_test(index_of_items_is_named_after_them),
        cmocka_unit_test(index_of_wrong_items_is_found),
        cmocka_unit_test(index_names_keys_and_checks),
        cmocka_unit_test(index_exact_naming_keeps_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
