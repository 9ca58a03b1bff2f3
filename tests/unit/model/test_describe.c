/* test_describe.c - a model of countries and airports with everything right, as JSON. */
#include "defs.h"

static const takeo_cell unknown_elevation = {.type = TAKEO_TYPE_INT64, .v = {.i = 0}};
static const takeo_cell no_token = {.type = TAKEO_TYPE_TEXT, .v = {.text = {"none", 4}}};
static const char *const sizes[] = {"small", "large"};
static const takeo_expression is_high = {.sql = "elevation > -500"};
static const takeo_expression is_open = {.sql = "closed is null"};
static const takeo_expression has_name = {.sql = "name <> ident"};

static const takeo_column_def country_columns[] = {
    {.name = "code", .type = TAKEO_TYPE_TEXT, .length = 2, .flags = TAKEO_COLUMN_PRIMARY},
    {.name = "name",
     .type = TAKEO_TYPE_TEXT,
     .flags = TAKEO_COLUMN_UNIQUE,
     .comment = "in \"English\""},
};
static const takeo_relation_def country_relations[] = {
    {.name = "airports",
     .target = "Airport",
     .inverse = "country",
     .kind = TAKEO_RELATION_ONE_TO_MANY,
     .order_by = "name, id desc",
     .flags = TAKEO_RELATION_FLAG_EAGER},
};
static const takeo_column_def airport_columns[] = {
    {.name = "id",
     .type = TAKEO_TYPE_INT64,
     .generated = TAKEO_GENERATED_IDENTITY,
     .flags = TAKEO_COLUMN_PRIMARY},
    {.name = "ident",
     .type = TAKEO_TYPE_TEXT,
     .length = 7,
     .flags = TAKEO_COLUMN_UNIQUE,
     .constraint = "one_ident"},
    {.name = "name", .type = TAKEO_TYPE_TEXT, .flags = TAKEO_COLUMN_INDEX},
    {.name = "elevation",
     .type = TAKEO_TYPE_INT32,
     .default_value = &unknown_elevation,
     .check = &is_high},
    {.name = "size",
     .type = TAKEO_TYPE_ENUM,
     .labels = sizes,
     .label_count = 2,
     .enum_name = "airport_size"},
    {.name = "fee",
     .type = TAKEO_TYPE_DECIMAL,
     .precision = 10,
     .scale = 2,
     .flags = TAKEO_COLUMN_NULLABLE | TAKEO_COLUMN_DEFERRED},
    {.name = "token",
     .type = TAKEO_TYPE_TEXT,
     .default_value = &no_token,
     .flags = TAKEO_COLUMN_SECRET | TAKEO_COLUMN_NO_UPDATE},
    {.name = "closed", .type = TAKEO_TYPE_TIMESTAMPTZ, .flags = TAKEO_COLUMN_NULLABLE},
    {.name = "created",
     .type = TAKEO_TYPE_TIMESTAMPTZ,
     .default_sql = "now()",
     .column = "created_at"},
    {.name = "runways", .type = TAKEO_TYPE_ARRAY, .element = TAKEO_TYPE_TEXT},
};
static const takeo_relation_def airport_relations[] = {
    {.name = "country",
     .target = "Country",
     .inverse = "airports",
     .kind = TAKEO_RELATION_MANY_TO_ONE,
     .on_delete = TAKEO_ACTION_CASCADE,
     .on_update = TAKEO_ACTION_RESTRICT},
};
static const takeo_index_item near[] = {{.name = "country"},
                                        {.name = "elevation", .flags = TAKEO_INDEX_ITEM_DESC}};
static const takeo_index_item named[] = {{.name = "name"}, {.name = "country"}};
static const takeo_index_def airport_indexes[] = {
    {.items = near, .item_count = 2, .where = &is_open}};
static const takeo_constraint_def airport_constraints[] = {
    {.items = named, .item_count = 2, .kind = TAKEO_CONSTRAINT_UNIQUE},
    {.kind = TAKEO_CONSTRAINT_CHECK, .expression = &has_name},
};
static const takeo_entity_def entities[] = {
    {ENTITY("Airport"), .table = "airports", .flags = TAKEO_ENTITY_STRICT, .order_by = "ident",
     COLUMNS(airport_columns), RELATIONS(airport_relations), INDEXES(airport_indexes),
     CONSTRAINTS(airport_constraints)},
    {ENTITY("Country"), .schema = "geo", .comment = "of the world", COLUMNS(country_columns),
     RELATIONS(country_relations)},
};

static const char golden[] =
    "{\"entities\":["
    "{\"number\":1,\"name\":\"Airport\",\"table\":\"airports\",\"rank\":2,\"flags\":[\"strict\"],"
    "\"primary_key\":\"pk_airports\",\"key\":[\"id\"],\"order_by\":\"ident\","
    "\"columns\":["
    "{\"number\":1,\"name\":\"id\",\"column\":\"id\",\"type\":\"int64\",\"nullable\":false,"
    "\"key\":true,\"hidden\":false,\"insertable\":true,\"updatable\":true,"
    "\"generated\":\"identity\",\"flags\":[]},"
    "{\"number\":2,\"name\":\"ident\",\"column\":\"ident\",\"type\":\"text\",\"length\":7,"
    "\"nullable\":false,\"key\":false,\"hidden\":false,\"insertable\":true,\"updatable\":true,"
    "\"flags\":[\"unique\"]},"
    "{\"number\":3,\"name\":\"name\",\"column\":\"name\",\"type\":\"text\",\"nullable\":false,"
    "\"key\":false,\"hidden\":false,\"insertable\":true,\"updatable\":true,"
    "\"flags\":[\"index\"]},"
    "{\"number\":4,\"name\":\"elevation\",\"column\":\"elevation\",\"type\":\"int32\","
    "\"nullable\":false,\"key\":false,\"hidden\":false,\"insertable\":true,\"updatable\":true,"
    "\"flags\":[],\"default\":\"0\"},"
    "{\"number\":5,\"name\":\"size\",\"column\":\"size\",\"type\":\"enum\",\"labels\":[\"small\","
    "\"large\"],\"enum_name\":\"airport_size\",\"nullable\":false,\"key\":false,\"hidden\":false,"
    "\"insertable\":true,\"updatable\":true,\"flags\":[]},"
    "{\"number\":6,\"name\":\"fee\",\"column\":\"fee\",\"type\":\"decimal\",\"precision\":10,"
    "\"scale\":2,\"nullable\":true,\"key\":false,\"hidden\":false,\"insertable\":true,"
    "\"updatable\":true,\"flags\":[\"deferred\"]},"
    "{\"number\":7,\"name\":\"token\",\"column\":\"token\",\"type\":\"text\",\"nullable\":false,"
    "\"key\":false,\"hidden\":false,\"insertable\":true,\"updatable\":false,"
    "\"flags\":[\"no_update\",\"secret\"],\"default\":\"***\"},"
    "{\"number\":8,\"name\":\"closed\",\"column\":\"closed\",\"type\":\"timestamptz\","
    "\"nullable\":true,\"key\":false,\"hidden\":false,\"insertable\":true,\"updatable\":true,"
    "\"flags\":[]},"
    "{\"number\":9,\"name\":\"created\",\"column\":\"created_at\",\"type\":\"timestamptz\","
    "\"nullable\":false,\"key\":false,\"hidden\":false,\"insertable\":true,\"updatable\":true,"
    "\"flags\":[],\"default_sql\":\"now()\"},"
    "{\"number\":10,\"name\":\"runways\",\"column\":\"runways\",\"type\":\"array\","
    "\"element\":\"text\",\"dimensions\":1,\"nullable\":false,\"key\":false,\"hidden\":false,"
    "\"insertable\":true,\"updatable\":true,\"flags\":[]},"
    "{\"number\":11,\"name\":\"country_code\",\"column\":\"country_code\",\"type\":\"text\","
    "\"length\":2,\"nullable\":false,\"key\":false,\"hidden\":true,\"insertable\":true,"
    "\"updatable\":true,\"flags\":[],\"relation\":\"country\"}],"
    "\"relations\":["
    "{\"number\":1,\"name\":\"country\",\"kind\":\"many_to_one\",\"target\":\"Country\","
    "\"inverse\":\"airports\",\"owns_key\":true,\"nullable\":false,"
    "\"columns\":[\"country_code\"],\"references\":[\"code\"],\"on_delete\":\"cascade\","
    "\"on_update\":\"restrict\",\"flags\":[],\"constraint\":\"fk_airports_country\","
    "\"index\":\"ix_airports_country\"}],"
    "\"indexes\":["
    "{\"name\":\"one_ident\",\"columns\":[\"ident\"],\"descending\":[false],\"unique\":true,"
    "\"constraint\":true},"
    "{\"name\":\"ix_airports_name\",\"columns\":[\"name\"],\"descending\":[false],"
    "\"unique\":false,\"constraint\":false},"
    "{\"name\":\"uq_airports_name_country\",\"columns\":[\"name\",\"country_code\"],"
    "\"descending\":[false,false],\"unique\":true,\"constraint\":true},"
    "{\"name\":\"ix_airports_country_elevation\",\"columns\":[\"country_code\",\"elevation\"],"
    "\"descending\":[false,true],\"unique\":false,\"constraint\":false,"
    "\"where\":\"closed is null\"},"
    "{\"name\":\"ix_airports_country\",\"columns\":[\"country_code\"],\"descending\":[false],"
    "\"unique\":false,\"constraint\":false}],"
    "\"checks\":["
    "{\"name\":\"ck_airports_elevation\",\"sql\":\"elevation > -500\"},"
    "{\"name\":\"ck_airports_88b8dc86\",\"sql\":\"name <> ident\"}]},"
    "{\"number\":2,\"name\":\"Country\",\"table\":\"country\",\"schema\":\"geo\",\"rank\":1,"
    "\"flags\":[],\"primary_key\":\"pk_country\",\"key\":[\"code\"],\"comment\":\"of the world\","
    "\"columns\":["
    "{\"number\":1,\"name\":\"code\",\"column\":\"code\",\"type\":\"text\",\"length\":2,"
    "\"nullable\":false,\"key\":true,\"hidden\":false,\"insertable\":true,\"updatable\":true,"
    "\"flags\":[]},"
    "{\"number\":2,\"name\":\"name\",\"column\":\"name\",\"type\":\"text\",\"nullable\":false,"
    "\"key\":false,\"hidden\":false,\"insertable\":true,\"updatable\":true,"
    "\"flags\":[\"unique\"],\"comment\":\"in \\\"English\\\"\"}],"
    "\"relations\":["
    "{\"number\":1,\"name\":\"airports\",\"kind\":\"one_to_many\",\"target\":\"Airport\","
    "\"inverse\":\"country\",\"owns_key\":false,\"nullable\":false,\"columns\":[\"code\"],"
    "\"references\":[\"country_code\"],\"flags\":[\"eager\"],"
    "\"order_by\":\"name, id desc\"}],"
    "\"indexes\":["
    "{\"name\":\"uq_country_name\",\"columns\":[\"name\"],\"descending\":[false],\"unique\":true,"
    "\"constraint\":true}],"
    "\"checks\":[]}]}";

static void describe_airports_gives_json(void **state) {
    (void)state;
    tk_model *model = freeze(NULL, entities, TK_COUNT(entities));
    assert_string_equal(model->description.data, golden);
    assert_int_equal(model->description.len, sizeof golden - 1);
    assert_true(tk_json_is_valid(model->description.data, model->description.len));
    tk_model_drop(model);
}

static void describe_empty_gives_no_entities(void **state) {
    (void)state;
    tk_model *model = freeze(NULL, NULL, 0);
    assert_string_equal(model->description.data, "{\"entities\":[]}");
    tk_model_drop(model);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(describe_airports_gives_json),
        cmocka_unit_test(describe_empty_gives_no_entities),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
