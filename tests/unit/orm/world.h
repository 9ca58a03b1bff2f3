/* world.h - a small world for the tests of the room `orm`: a model, structs for it, and a SQLite in
 * memory, with every block of memory counted.
 *
 *     Country (natural key) <- City (generated key, state) -> Country;  Node -> Node;  Token (UUID)
 *     Event (values made by the database);  Seat (key of two columns) <- Guest
 */
#ifndef TK_TEST_ORM_WORLD_H
#define TK_TEST_ORM_WORLD_H

#include "support.h"

#include "takeo/takeo.h"

#define COUNT(of) (sizeof(of) / sizeof(of)[0])
#define AT(type, at) .offset = offsetof(struct type, at), .size = sizeof((struct type *)0)->at
#define MANY(what, of) .what##s = of, .what##_count = COUNT(of), .what##_size = sizeof *of

enum { COUNTRY = 1, CITY, NODE, TOKEN, EVENT, SEAT, GUEST, ENTITY_COUNT = GUEST };
enum { COUNTRY_CODE = 1, COUNTRY_NAME };
enum { COUNTRY_CITIES = 1 };
enum { CITY_ID = 1, CITY_NAME, CITY_POPULATION, CITY_FOUNDED, CITY_FIXED, CITY_COUNTRY_CODE };
enum { CITY_COUNTRY = 1 };
enum { NODE_ID = 1, NODE_NAME, NODE_PARENT_ID };
enum { NODE_PARENT = 1, NODE_CHILDREN };
enum { TOKEN_ID = 1, TOKEN_NOTE };
enum { EVENT_ID = 1, EVENT_NAME, EVENT_KIND };
enum { SEAT_ROW = 1, SEAT_PLACE, SEAT_NOTE };
enum { SEAT_GUESTS = 1 };
enum { GUEST_ID = 1, GUEST_NAME, GUEST_ROW, GUEST_PLACE };
enum { GUEST_SEAT = 1 };

struct country {
    char code[3];
    char name[81];
    takeo_list cities;
};
struct city {
    int64_t id;
    const char *name;
    int32_t population;
    int32_t founded;
    uint8_t founded_is_null;
    int32_t fixed;
    struct country *country;
    uint64_t state;
};
struct node {
    int64_t id;
    char name[16];
    int64_t parent_id;
    uint8_t parent_id_is_null;
    struct node *parent;
    uint8_t parent_is_none;
    takeo_list children;
    uint64_t state;
};
struct token {
    uint8_t id[16];
    char note[16];
    uint64_t state;
};
struct event {
    int64_t id;
    char name[16];
    char kind[16];
    uint64_t state;
};
struct seat {
    int32_t row;
    int32_t place;
    char note[16];
    takeo_list guests;
    uint64_t state;
};
struct guest {
    int64_t id;
    char name[16];
    int32_t row;
    int32_t place;
    struct seat *seat;
    uint64_t state;
};

typedef struct world {
    tk_test_alloc memory;
    takeo_allocator allocator;
    takeo_model *model;
    takeo_target *target;
    takeo_source *source;
    takeo_session *session;
    takeo_op *op;
    takeo_op *other; /* for questions that are no part of the test */
} world;

static const takeo_cell world_zero = {.type = TAKEO_TYPE_INT32};

static inline takeo_status world_model(world *w, takeo_error **error) {
    static const takeo_column_def country_columns[] = {
        {"code", TAKEO_TYPE_TEXT, .length = 2, .flags = TAKEO_COLUMN_PRIMARY},
        {"name", TAKEO_TYPE_TEXT, .length = 80}};
    static const takeo_relation_def country_links[] = {{"cities", "City", .inverse = "country",
                                                        .kind = TAKEO_RELATION_ONE_TO_MANY,
                                                        .order_by = "name"}};
    static const takeo_column_def city_columns[] = {
        {"id", TAKEO_TYPE_INT64, .generated = TAKEO_GENERATED_IDENTITY,
         .flags = TAKEO_COLUMN_PRIMARY},
        {"name", TAKEO_TYPE_TEXT, .length = 20, .flags = TAKEO_COLUMN_UNIQUE},
        {.name = "population", .type = TAKEO_TYPE_INT32, .default_value = &world_zero},
        {.name = "founded", .type = TAKEO_TYPE_INT32, .flags = TAKEO_COLUMN_NULLABLE},
        {.name = "fixed",
         .type = TAKEO_TYPE_INT32,
         .default_value = &world_zero,
         .flags = TAKEO_COLUMN_NO_UPDATE}};
    static const takeo_relation_def city_links[] = {{"country", "Country", .inverse = "cities",
                                                     .kind = TAKEO_RELATION_MANY_TO_ONE,
                                                     .flags = TAKEO_RELATION_FLAG_NULLABLE}};
    static const takeo_column_def node_columns[] = {
        {"id", TAKEO_TYPE_INT64, .generated = TAKEO_GENERATED_IDENTITY,
         .flags = TAKEO_COLUMN_PRIMARY},
        {"name", TAKEO_TYPE_TEXT, .length = 15},
        {.name = "parentId", .type = TAKEO_TYPE_INT64, .flags = TAKEO_COLUMN_NULLABLE}};
    static const char *const node_keys[] = {"parentId"};
    static const takeo_relation_def node_links[] = {
        {"parent", "Node", .inverse = "children", .kind = TAKEO_RELATION_MANY_TO_ONE,
         .flags = TAKEO_RELATION_FLAG_NULLABLE, .keys = node_keys, .key_count = 1},
        {"children", "Node", .inverse = "parent", .kind = TAKEO_RELATION_ONE_TO_MANY}};
    static const takeo_column_def token_columns[] = {
        {"id", TAKEO_TYPE_UUID, .generated = TAKEO_GENERATED_UUID7, .flags = TAKEO_COLUMN_PRIMARY},
        {"note", TAKEO_TYPE_TEXT, .length = 15}};
    static const takeo_column_def event_columns[] = {
        {"id", TAKEO_TYPE_INT64, .generated = TAKEO_GENERATED_IDENTITY,
         .flags = TAKEO_COLUMN_PRIMARY},
        {"name", TAKEO_TYPE_TEXT, .length = 15},
        {.name = "kind", .type = TAKEO_TYPE_TEXT, .length = 15, .default_sql = "'plain'"}};
    static const takeo_column_def seat_columns[] = {
        {.name = "row", .type = TAKEO_TYPE_INT32, .flags = TAKEO_COLUMN_PRIMARY},
        {.name = "place", .type = TAKEO_TYPE_INT32, .flags = TAKEO_COLUMN_PRIMARY},
        {.name = "note", .type = TAKEO_TYPE_TEXT, .length = 15}};
    static const takeo_relation_def seat_links[] = {
        {"guests", "Guest", .inverse = "seat", .kind = TAKEO_RELATION_ONE_TO_MANY}};
    static const takeo_column_def guest_columns[] = {
        {"id", TAKEO_TYPE_INT64, .generated = TAKEO_GENERATED_IDENTITY,
         .flags = TAKEO_COLUMN_PRIMARY},
        {"name", TAKEO_TYPE_TEXT, .length = 15},
        {.name = "seatRow", .type = TAKEO_TYPE_INT32},
        {.name = "seatPlace", .type = TAKEO_TYPE_INT32}};
    static const char *const guest_keys[] = {"seatRow", "seatPlace"};
    static const takeo_relation_def guest_links[] = {{"seat", "Seat", .inverse = "guests",
                                                      .kind = TAKEO_RELATION_MANY_TO_ONE,
                                                      .keys = guest_keys, .key_count = 2}};
    static const takeo_entity_def entities[] = {
        {sizeof *entities, 0, "Country", MANY(column, country_columns),
         MANY(relation, country_links)},
        {sizeof *entities, 0, "City", MANY(column, city_columns), MANY(relation, city_links)},
        {sizeof *entities, 0, "Node", MANY(column, node_columns), MANY(relation, node_links)},
        {sizeof *entities, 0, "Token", MANY(column, token_columns)},
        {sizeof *entities, 0, "Event", MANY(column, event_columns)},
        {sizeof *entities, 0, "Seat", MANY(column, seat_columns), MANY(relation, seat_links)},
        {sizeof *entities, 0, "Guest", MANY(column, guest_columns), MANY(relation, guest_links)}};
    const takeo_model_options options = {sizeof options, .allocator = &w->allocator};
    takeo_status status = takeo_model_new(&options, &w->model, error);
    status = status < 0 ? status : takeo_model_add(w->model, entities, COUNT(entities), error);
    return status < 0 ? status : takeo_model_freeze(w->model, error);
}

static inline takeo_status world_target(world *w, takeo_error **error) {
    static const takeo_field_def country[] = {
        {COUNTRY_CODE, TAKEO_FIELD_CHARS, AT(country, code)},
        {COUNTRY_NAME, TAKEO_FIELD_CHARS, AT(country, name)},
        {COUNTRY_CITIES, TAKEO_FIELD_TO_MANY, AT(country, cities)}};
    static const takeo_field_def city[] = {
        {CITY_ID, TAKEO_FIELD_INT64, AT(city, id)},
        {CITY_NAME, TAKEO_FIELD_ZSTR, AT(city, name)},
        {CITY_POPULATION, TAKEO_FIELD_INT32, AT(city, population)},
        {CITY_FOUNDED, TAKEO_FIELD_INT32, AT(city, founded),
         .null_at = offsetof(struct city, founded_is_null)},
        {CITY_FIXED, TAKEO_FIELD_INT32, AT(city, fixed)},
        {CITY_COUNTRY, TAKEO_FIELD_TO_ONE, AT(city, country)},
        {0, TAKEO_FIELD_STATE, AT(city, state)}};
    static const takeo_field_def node[] = {{NODE_ID, TAKEO_FIELD_INT64, AT(node, id)},
                                           {NODE_NAME, TAKEO_FIELD_CHARS, AT(node, name)},
                                           {NODE_PARENT_ID, TAKEO_FIELD_INT64, AT(node, parent_id),
                                            .null_at = offsetof(struct node, parent_id_is_null)},
                                           {NODE_PARENT, TAKEO_FIELD_TO_ONE, AT(node, parent),
                                            .null_at = offsetof(struct node, parent_is_none)},
                                           {NODE_CHILDREN, TAKEO_FIELD_TO_MANY, AT(node, children)},
                                           {0, TAKEO_FIELD_STATE, AT(node, state)}};
    static const takeo_field_def token[] = {{TOKEN_ID, TAKEO_FIELD_UUID, AT(token, id)},
                                            {TOKEN_NOTE, TAKEO_FIELD_CHARS, AT(token, note)},
                                            {0, TAKEO_FIELD_STATE, AT(token, state)}};
    static const takeo_field_def event[] = {{EVENT_ID, TAKEO_FIELD_INT64, AT(event, id)},
                                            {EVENT_NAME, TAKEO_FIELD_CHARS, AT(event, name)},
                                            {EVENT_KIND, TAKEO_FIELD_CHARS, AT(event, kind)},
                                            {0, TAKEO_FIELD_STATE, AT(event, state)}};
    static const takeo_field_def seat[] = {{SEAT_ROW, TAKEO_FIELD_INT32, AT(seat, row)},
                                           {SEAT_PLACE, TAKEO_FIELD_INT32, AT(seat, place)},
                                           {SEAT_NOTE, TAKEO_FIELD_CHARS, AT(seat, note)},
                                           {SEAT_GUESTS, TAKEO_FIELD_TO_MANY, AT(seat, guests)},
                                           {0, TAKEO_FIELD_STATE, AT(seat, state)}};
    static const takeo_field_def guest[] = {{GUEST_ID, TAKEO_FIELD_INT64, AT(guest, id)},
                                            {GUEST_NAME, TAKEO_FIELD_CHARS, AT(guest, name)},
                                            {GUEST_ROW, TAKEO_FIELD_INT32, AT(guest, row)},
                                            {GUEST_PLACE, TAKEO_FIELD_INT32, AT(guest, place)},
                                            {GUEST_SEAT, TAKEO_FIELD_TO_ONE, AT(guest, seat)},
                                            {0, TAKEO_FIELD_STATE, AT(guest, state)}};
    static const takeo_layout_def layouts[] = {
        {COUNTRY, sizeof(struct country), MANY(field, country)},
        {CITY, sizeof(struct city), MANY(field, city)},
        {NODE, sizeof(struct node), MANY(field, node)},
        {TOKEN, sizeof(struct token), MANY(field, token)},
        {EVENT, sizeof(struct event), MANY(field, event)},
        {SEAT, sizeof(struct seat), MANY(field, seat)},
        {GUEST, sizeof(struct guest), MANY(field, guest)}};
    const takeo_target_def def = {sizeof def, MANY(layout, layouts)};
    return takeo_target_new(w->model, &def, &w->target, error);
}

/* Wait for the end of what was started. */
static inline takeo_status world_end(takeo_op *op, takeo_status status) {
    while (status >= 0 && (status = takeo_op_wait(op, -1)) > 0) {
    }
    return status;
}

/* Everything but the tables; false when memory was refused. */
static inline bool world_open_with(world *w, takeo_allocator allocator) {
    takeo_error *error = NULL;
    w->allocator = allocator;
    const takeo_source_options options = {sizeof options, .url = "sqlite://",
                                          .allocator = &w->allocator};
    takeo_status status = world_model(w, &error);
    status = status < 0 ? status : world_target(w, &error);
    status = status < 0 ? status : takeo_source_open(w->model, &options, &w->source, &error);
    status = status < 0 ? status : takeo_session_new(w->source, NULL, &w->session, &error);
    status = status < 0 ? status : takeo_op_new(w->session, &w->op, &error);
    status = status < 0 ? status : takeo_op_new(w->session, &w->other, &error);
    if (status < 0 && status != TAKEO_ENOMEM) {
        char text[4096];
        takeo_error_format(error, text, sizeof text);
        fail_msg("%s", text);
    }
    takeo_error_free(error);
    return status >= 0;
}

static inline void world_free(world *w) {
    takeo_op_free(w->op);
    takeo_op_free(w->other);
    takeo_session_free(w->session);
    takeo_source_close(w->source);
    takeo_target_free(w->target);
    takeo_model_free(w->model);
}

/* What was started succeeds. */
static inline void world_done(takeo_op *op, takeo_status status) {
    if (world_end(op, status) < 0) {
        char text[4096];
        takeo_error_format(takeo_op_error(op), text, sizeof text);
        fail_msg("%s", text);
    }
}

static inline void world_open(world *w) {
    *w = (world){0};
    assert_true(world_open_with(w, tk_test_alloc_init(&w->memory)));
    world_done(w->op, takeo_source_synchronize(w->op, 0));
}

static inline void world_close(world *w) {
    world_free(w);
    tk_test_alloc_done(&w->memory);
}

/* What was started fails with this code; gives the record. */
static inline const takeo_error *world_fails(takeo_op *op, takeo_status status, takeo_status wanted,
                                             const char *code) {
    takeo_status end = world_end(op, status);
    const takeo_error *error = takeo_op_error(op);
    if (end != wanted || error == NULL || strcmp(error->code.data, code) != 0) {
        char text[4096] = "";
        takeo_error_format(error, text, sizeof text);
        fail_msg("wanted %s, got %d\n%s", code, (int)end, text);
    }
    return error;
}

/* SQL beside the test. */
static inline void world_sql(world *w, const char *sql) {
    takeo_statement *statement = NULL;
    takeo_error *error = NULL;
    takeo_status status = takeo_statement_sql(NULL, sql, takeo_zstr, &statement, &error);
    assert_int_equal(status, TAKEO_DONE);
    world_done(w->other, takeo_statement_run(w->other, statement, NULL, NULL, 0));
    takeo_statement_free(statement);
}

/* The text of the only cell of a query; "NULL". */
static inline const char *world_ask(world *w, const char *sql) {
    static char text[4][256];
    static unsigned turn;
    char *out = text[turn++ % 4];
    takeo_statement *statement = NULL;
    takeo_error *error = NULL;
    assert_int_equal(takeo_statement_sql(NULL, sql, takeo_zstr, &statement, &error), TAKEO_DONE);
    takeo_status status = takeo_statement_run(w->other, statement, NULL, NULL, 0);
    status = status < 0 ? status : takeo_op_wait(w->other, -1);
    if (status != TAKEO_ROWS) {
        takeo_error_format(takeo_op_error(w->other), out, sizeof text[0]);
        fail_msg("%s: %s", sql, out);
    }
    const takeo_rows *rows = takeo_rows_peek(w->other);
    assert_int_equal(rows->row_count, 1);
    snprintf(out, sizeof text[0], "NULL");
    if ((rows->cells[0].flags & TAKEO_CELL_NULL) == 0 && rows->cells[0].type != TAKEO_TYPE_NONE) {
        takeo_cell_format(&rows->cells[0], out, sizeof text[0]);
    }
    takeo_statement_free(statement);
    return out;
}

static inline takeo_result world_result(const takeo_op *op) {
    takeo_result result = {.struct_size = sizeof result};
    assert_int_equal(takeo_op_result(op, &result), TAKEO_DONE);
    return result;
}

static inline takeo_list world_list(uint32_t entity, void *items, uint32_t count, size_t stride) {
    return (takeo_list){items, count, (uint32_t)stride, entity, 0};
}

typedef takeo_status (*world_verb)(takeo_op *, takeo_target *, const takeo_list *, uint32_t,
                                   const takeo_save_options *);

/* Start a verb for objects of one entity. */
static inline takeo_status world_start(world *w, world_verb verb, uint32_t entity, void *items,
                                       uint32_t count, size_t stride) {
    takeo_list list = world_list(entity, items, count, stride);
    return verb(w->op, w->target, &list, 1, NULL);
}

#define SAVE(w, entity, object) world_start(w, takeo_repo_save, entity, object, 1, sizeof *(object))
#define SAVE_ALL(w, entity, array)                                                                 \
    world_start(w, takeo_repo_save, entity, array, COUNT(array), sizeof *(array))

static inline takeo_cell world_int(int64_t i) {
    return (takeo_cell){.type = TAKEO_TYPE_INT64, .v = {.i = i}};
}
static inline takeo_cell world_text(const char *text) {
    return (takeo_cell){.type = TAKEO_TYPE_TEXT, .v = {.text = {text, strlen(text)}}};
}

#endif
