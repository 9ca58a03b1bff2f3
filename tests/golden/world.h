/* world.h - the model that the tests of statements speak about, made through the room `model`. */
#ifndef TK_GOLDEN_WORLD_H
#define TK_GOLDEN_WORLD_H

#include "model/model.h"
#include "support.h"

enum { PRIMARY = TAKEO_COLUMN_PRIMARY, NULLABLE = TAKEO_COLUMN_NULLABLE };

static const takeo_cell world_zero = {.type = TAKEO_TYPE_INT64, .v = {.i = 0}};
static const takeo_cell world_no = {.type = TAKEO_TYPE_BOOL, .v = {.i = 0}};
static const takeo_cell world_quote = {.type = TAKEO_TYPE_TEXT,
                                       .v = {.text = {"it's -- \"so\" \\ /* */", 20}}};
static const takeo_cell world_price = {.type = TAKEO_TYPE_DECIMAL, .v = {.text = {"-12.50", 6}}};
static const char *const world_states[] = {"new", "it's", "old"};

static const takeo_column_def continent_columns[] = {
    {.name = "code", .type = TAKEO_TYPE_TEXT, .length = 2, .flags = PRIMARY},
    {.name = "name", .type = TAKEO_TYPE_TEXT},
};
static const takeo_relation_def continent_relations[] = {
    {.name = "countries",
     .target = "Country",
     .inverse = "continent",
     .kind = TAKEO_RELATION_ONE_TO_MANY,
     .order_by = "name desc, id"},
};
static const takeo_column_def country_columns[] = {
    {.name = "id",
     .type = TAKEO_TYPE_INT64,
     .flags = PRIMARY,
     .generated = TAKEO_GENERATED_IDENTITY},
    {.name = "name", .type = TAKEO_TYPE_TEXT, .length = 120, .flags = TAKEO_COLUMN_UNIQUE},
};
static const takeo_relation_def country_relations[] = {
    {.name = "continent",
     .target = "Continent",
     .inverse = "countries",
     .kind = TAKEO_RELATION_MANY_TO_ONE,
     .flags = TAKEO_RELATION_FLAG_NULLABLE},
    {.name = "cities", .target = "City", .inverse = "country", .kind = TAKEO_RELATION_ONE_TO_MANY},
};
static const takeo_column_def city_columns[] = {
    {.name = "id",
     .type = TAKEO_TYPE_INT64,
     .flags = PRIMARY,
     .generated = TAKEO_GENERATED_IDENTITY},
    {.name = "name", .type = TAKEO_TYPE_TEXT, .length = 80, .flags = TAKEO_COLUMN_INDEX},
    {.name = "population", .type = TAKEO_TYPE_INT64, .default_value = &world_zero},
    {.name = "area", .type = TAKEO_TYPE_DECIMAL, .precision = 12, .scale = 3, .flags = NULLABLE},
    {.name = "founded", .type = TAKEO_TYPE_DATE, .flags = NULLABLE},
    {.name = "isCapital", .type = TAKEO_TYPE_BOOL, .default_value = &world_no},
    {.name = "photo", .type = TAKEO_TYPE_BYTES, .flags = NULLABLE | TAKEO_COLUMN_DEFERRED},
};
static const takeo_relation_def city_relations[] = {
    {.name = "country",
     .target = "Country",
     .inverse = "cities",
     .kind = TAKEO_RELATION_MANY_TO_ONE,
     .on_delete = TAKEO_ACTION_CASCADE},
    {.name = "twin",
     .target = "City",
     .kind = TAKEO_RELATION_MANY_TO_ONE,
     .flags = TAKEO_RELATION_FLAG_NULLABLE | TAKEO_RELATION_FLAG_DEFERRABLE
              | TAKEO_RELATION_FLAG_INITIALLY_DEFERRED,
     .on_delete = TAKEO_ACTION_SET_NULL,
     .on_update = TAKEO_ACTION_RESTRICT},
    {.name = "users", .target = "User", .inverse = "home", .kind = TAKEO_RELATION_ONE_TO_MANY},
};
static const takeo_column_def user_columns[] = {
    {.name = "id", .type = TAKEO_TYPE_UUID, .flags = PRIMARY, .generated = TAKEO_GENERATED_UUID7},
    {.name = "mail", .type = TAKEO_TYPE_TEXT},
    {.name = "password", .type = TAKEO_TYPE_TEXT, .flags = TAKEO_COLUMN_SECRET},
    {.name = "status", .type = TAKEO_TYPE_ENUM, .labels = world_states, .label_count = 3},
    {.name = "prefs", .type = TAKEO_TYPE_JSON, .flags = NULLABLE},
    {.name = "created",
     .type = TAKEO_TYPE_TIMESTAMPTZ,
     .default_sql = "CURRENT_TIMESTAMP",
     .flags = TAKEO_COLUMN_NO_UPDATE},
    {.name = "score", .type = TAKEO_TYPE_FLOAT64, .flags = NULLABLE},
};
static const takeo_relation_def user_relations[] = {
    {.name = "home",
     .target = "City",
     .inverse = "users",
     .kind = TAKEO_RELATION_MANY_TO_ONE,
     .flags = TAKEO_RELATION_FLAG_NULLABLE},
};
static const takeo_column_def stock_columns[] = {
    {.name = "warehouse", .type = TAKEO_TYPE_INT32, .flags = PRIMARY},
    {.name = "sku", .type = TAKEO_TYPE_TEXT, .length = 20, .flags = PRIMARY},
    {.name = "amount", .type = TAKEO_TYPE_INT32},
    {.name = "price", .type = TAKEO_TYPE_DECIMAL, .default_value = &world_price},
    {.name = "note", .type = TAKEO_TYPE_TEXT, .default_value = &world_quote},
};
static const takeo_relation_def stock_relations[] = {
    {.name = "lines", .target = "Line", .inverse = "stock", .kind = TAKEO_RELATION_ONE_TO_MANY},
};
static const takeo_column_def line_columns[] = {
    {.name = "id",
     .type = TAKEO_TYPE_INT64,
     .flags = PRIMARY,
     .generated = TAKEO_GENERATED_INCREMENT},
    {.name = "count", .type = TAKEO_TYPE_INT16},
};
static const takeo_relation_def line_relations[] = {
    {.name = "stock",
     .target = "Stock",
     .inverse = "lines",
     .kind = TAKEO_RELATION_MANY_TO_ONE,
     .flags = TAKEO_RELATION_FLAG_NULLABLE},
    {.name = "owner",
     .target = "User",
     .kind = TAKEO_RELATION_MANY_TO_ONE,
     .flags = TAKEO_RELATION_FLAG_EAGER},
};
static const takeo_column_def log_columns[] = {
    {.name = "at", .type = TAKEO_TYPE_TIMESTAMPTZ, .flags = PRIMARY},
    {.name = "text", .type = TAKEO_TYPE_TEXT, .flags = TAKEO_COLUMN_INDEX},
};
static const char *const world_kinds[] = {"plain", "striped"};
static const takeo_cell world_yes = {.type = TAKEO_TYPE_BOOL, .v = {.i = 1}};
static const takeo_cell world_bytes = {.type = TAKEO_TYPE_BYTES, .v = {.text = {"\0\xff'", 3}}};
static const takeo_cell world_kind = {.type = TAKEO_TYPE_ENUM, .v = {.text = {"plain", 5}}};
static const takeo_cell world_document = {.type = TAKEO_TYPE_JSON, .v = {.text = {"{\"a\":1}", 7}}};
static const takeo_cell world_day = {.type = TAKEO_TYPE_DATE, .v = {.i = 20000}};
static const takeo_cell world_words[] = {{.type = TAKEO_TYPE_TEXT, .v = {.text = {"it's", 4}}},
                                         {.type = TAKEO_TYPE_TEXT, .v = {.text = {"b", 1}}}};
static const takeo_cell world_tags = {.type = TAKEO_TYPE_ARRAY, .v = {.list = {world_words, 2}}};
static const takeo_cell world_nothing = {.type = TAKEO_TYPE_ARRAY};

/* One column of nearly every type. */
static const takeo_column_def sample_columns[] = {
    {.name = "id",
     .type = TAKEO_TYPE_INT32,
     .flags = PRIMARY,
     .generated = TAKEO_GENERATED_IDENTITY_ALWAYS},
    {.name = "tiny", .type = TAKEO_TYPE_INT16},
    {.name = "mid", .type = TAKEO_TYPE_INT32},
    {.name = "huge", .type = TAKEO_TYPE_UINT64, .flags = NULLABLE},
    {.name = "single", .type = TAKEO_TYPE_FLOAT32, .flags = NULLABLE},
    {.name = "exact", .type = TAKEO_TYPE_DECIMAL, .flags = NULLABLE},
    {.name = "flag", .type = TAKEO_TYPE_BOOL, .default_value = &world_yes},
    {.name = "letters", .type = TAKEO_TYPE_TEXT, .length = 3, .collation = "C"},
    {.name = "fixed", .type = TAKEO_TYPE_TEXT, .type_name = "char(3)", .flags = NULLABLE},
    {.name = "data", .type = TAKEO_TYPE_BYTES, .default_value = &world_bytes},
    {.name = "token", .type = TAKEO_TYPE_UUID, .default_sql = "gen_random_uuid()"},
    {.name = "doc", .type = TAKEO_TYPE_JSON, .default_value = &world_document},
    {.name = "kind",
     .type = TAKEO_TYPE_ENUM,
     .labels = world_kinds,
     .label_count = 2,
     .default_value = &world_kind},
    {.name = "tags",
     .type = TAKEO_TYPE_ARRAY,
     .element = TAKEO_TYPE_TEXT,
     .default_value = &world_tags},
    {.name = "grid",
     .type = TAKEO_TYPE_ARRAY,
     .element = TAKEO_TYPE_INT32,
     .dimensions = 2,
     .default_value = &world_nothing},
    {.name = "day", .type = TAKEO_TYPE_DATE, .default_value = &world_day},
    {.name = "clock", .type = TAKEO_TYPE_TIME, .flags = NULLABLE},
    {.name = "zoned", .type = TAKEO_TYPE_TIMETZ, .flags = NULLABLE},
    {.name = "wall", .type = TAKEO_TYPE_TIMESTAMP, .flags = NULLABLE},
    {.name = "moment", .type = TAKEO_TYPE_TIMESTAMPTZ, .flags = NULLABLE},
    {.name = "span", .type = TAKEO_TYPE_INTERVAL, .flags = NULLABLE},
    {.name = "address", .type = TAKEO_TYPE_INET, .flags = NULLABLE},
    {.name = "mac", .type = TAKEO_TYPE_MACADDR, .flags = NULLABLE},
    {.name = "bits", .type = TAKEO_TYPE_BITS, .flags = NULLABLE},
    {.name = "place", .type = TAKEO_TYPE_POINT, .flags = NULLABLE},
    {.name = "words", .type = TAKEO_TYPE_TSVECTOR, .flags = NULLABLE},
};
/* Two tables that lead to each other. */
static const takeo_column_def team_columns[] = {
    {.name = "name", .type = TAKEO_TYPE_TEXT, .flags = PRIMARY},
};
static const takeo_relation_def team_relations[] = {
    {.name = "captain",
     .target = "Player",
     .kind = TAKEO_RELATION_MANY_TO_ONE,
     .flags = TAKEO_RELATION_FLAG_NULLABLE,
     .on_delete = TAKEO_ACTION_SET_NULL},
};
static const takeo_column_def player_columns[] = {
    {.name = "number", .type = TAKEO_TYPE_INT64, .flags = PRIMARY},
};
static const takeo_relation_def player_relations[] = {
    {.name = "team", .target = "Team", .kind = TAKEO_RELATION_MANY_TO_ONE},
};

#define WORLD_ENTITY(word, noun)                                                                   \
    .struct_size = sizeof(takeo_entity_def), .name = word, .columns = noun##_columns,              \
    .column_size = sizeof(takeo_column_def), .column_count = TK_COUNT(noun##_columns)
#define WORLD_RELATIONS(noun)                                                                      \
    .relations = noun##_relations, .relation_size = sizeof(takeo_relation_def),                    \
    .relation_count = TK_COUNT(noun##_relations)

static const takeo_entity_def world_entities[] = {
    {WORLD_ENTITY("Continent", continent), WORLD_RELATIONS(continent), .order_by = "name"},
    {WORLD_ENTITY("Country", country), WORLD_RELATIONS(country)},
    {WORLD_ENTITY("City", city), WORLD_RELATIONS(city)},
    {WORLD_ENTITY("User", user), WORLD_RELATIONS(user)},
    {WORLD_ENTITY("Stock", stock), WORLD_RELATIONS(stock)},
    {WORLD_ENTITY("Line", line), WORLD_RELATIONS(line), .flags = TAKEO_ENTITY_STRICT},
    {WORLD_ENTITY("Log", log), .schema = "audit"},
    {WORLD_ENTITY("Sample", sample)},
    {WORLD_ENTITY("Team", team), WORLD_RELATIONS(team)},
    {WORLD_ENTITY("Player", player), WORLD_RELATIONS(player)},
};

/* The frozen model; fails the test when it cannot be made. */
static inline tk_model *world_new(const takeo_allocator *allocator) {
    takeo_model_options options = {.struct_size = sizeof options, .allocator = allocator};
    tk_model *model = NULL;
    tk_error error;
    tk_error_init(&error, tk_alloc_from(allocator));
    takeo_status status = tk_model_new(&options, &model, &error);
    if (status == 0) {
        status = tk_model_add(model, world_entities, TK_COUNT(world_entities), &error);
    }
    if (status == 0) {
        status = tk_model_freeze(model, &error);
    }
    for (const takeo_error *i = error.first; status < 0 && i != NULL; i = i->next) {
        printf("world: %s %s\n", i->code.data, i->message.data);
    }
    tk_error_done(&error);
    if (status < 0) {
        tk_model_drop(model);
        return NULL;
    }
    return model;
}

#endif
