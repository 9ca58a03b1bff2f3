/* case_model.h - the model of a case: definitions from JSON, and a layout of structs for each
 * entity.
 *
 * An object of an entity is, one after another: a cell for each column (those that the core adds
 * for relations behind the declared ones), the words of its state, and a pointer or a list for each
 * relation.  It must not know steps.
 */
#ifndef TK_TEST_CASE_MODEL_H
#define TK_TEST_CASE_MODEL_H

#include "support.h"

#include "base/base.h"
#include "json.h"
#include "takeo/takeo.h"

typedef struct case_entity case_entity;

typedef struct case_column {
    const char *name;
    takeo_type type;
    takeo_type element;
} case_column;

typedef struct case_relation {
    const char *name;
    case_entity *target;
    bool is_to_one;
    uint32_t keys[8]; /* numbers of its key columns here */
    uint32_t key_count;
} case_relation;

struct case_entity {
    const char *name;
    uint32_t number;
    case_column *columns;
    uint32_t column_count; /* declared */
    uint32_t cell_count;   /* and added */
    case_relation *relations;
    uint32_t relation_count;
    uint32_t state_at;
    uint32_t state_size;
    uint32_t links_at;
    uint32_t size;
};

typedef struct case_model {
    tk_arena *arena;
    takeo_model *model;
    takeo_target *target;
    case_entity *entities;
    uint32_t entity_count;
} case_model;

/* Zeroed memory that lives as long as the case. */
static void *keep(tk_arena *arena, size_t count, size_t size) {
    void *memory = tk_arena_take(arena, (count != 0 ? count : 1) * size);
    assert_non_null(memory);
    return memset(memory, 0, (count != 0 ? count : 1) * size);
}

/* ---- words ----------------------------------------------------------------------------------- */

typedef struct case_word {
    const char *text;
    uint32_t number;
} case_word;

static const case_word type_words[] = {
    {"bool", TAKEO_TYPE_BOOL},
    {"int16", TAKEO_TYPE_INT16},
    {"int32", TAKEO_TYPE_INT32},
    {"int64", TAKEO_TYPE_INT64},
    {"float32", TAKEO_TYPE_FLOAT32},
    {"float64", TAKEO_TYPE_FLOAT64},
    {"decimal", TAKEO_TYPE_DECIMAL},
    {"text", TAKEO_TYPE_TEXT},
    {"bytes", TAKEO_TYPE_BYTES},
    {"uuid", TAKEO_TYPE_UUID},
    {"json", TAKEO_TYPE_JSON},
    {"enum", TAKEO_TYPE_ENUM},
    {"date", TAKEO_TYPE_DATE},
    {"time", TAKEO_TYPE_TIME},
    {"timetz", TAKEO_TYPE_TIMETZ},
    {"timestamp", TAKEO_TYPE_TIMESTAMP},
    {"array", TAKEO_TYPE_ARRAY},
    {"timestamptz", TAKEO_TYPE_TIMESTAMPTZ},
    {"whole", TAKEO_TYPE_DECIMAL}, /* an integer that may be too large for all of them */
    {NULL, 0}};
static const case_word generated_words[] = {{"identity", TAKEO_GENERATED_IDENTITY},
                                            {"increment", TAKEO_GENERATED_INCREMENT},
                                            {"uuid4", TAKEO_GENERATED_UUID4},
                                            {"uuid7", TAKEO_GENERATED_UUID7},
                                            {NULL, 0}};
static const case_word kind_words[] = {{"many_to_one", TAKEO_RELATION_MANY_TO_ONE},
                                       {"one_to_one", TAKEO_RELATION_ONE_TO_ONE},
                                       {"one_to_many", TAKEO_RELATION_ONE_TO_MANY},
                                       {NULL, 0}};
static const case_word action_words[] = {
    {"no_action", TAKEO_ACTION_DEFAULT},       {"restrict", TAKEO_ACTION_RESTRICT},
    {"cascade", TAKEO_ACTION_CASCADE},         {"set_null", TAKEO_ACTION_SET_NULL},
    {"set_default", TAKEO_ACTION_SET_DEFAULT}, {NULL, 0}};
static const case_word column_words[] = {{"primary", TAKEO_COLUMN_PRIMARY},
                                         {"nullable", TAKEO_COLUMN_NULLABLE},
                                         {"unique", TAKEO_COLUMN_UNIQUE},
                                         {"index", TAKEO_COLUMN_INDEX},
                                         {"deferred", TAKEO_COLUMN_DEFERRED},
                                         {"no_insert", TAKEO_COLUMN_NO_INSERT},
                                         {"no_update", TAKEO_COLUMN_NO_UPDATE},
                                         {"secret", TAKEO_COLUMN_SECRET},
                                         {NULL, 0}};
static const case_word relation_words[] = {{"nullable", TAKEO_RELATION_FLAG_NULLABLE},
                                           {"primary", TAKEO_RELATION_FLAG_PRIMARY},
                                           {"eager", TAKEO_RELATION_FLAG_EAGER},
                                           {NULL, 0}};

static uint32_t word_number(const case_word *words, const char *text) {
    for (; words->text != NULL; words++) {
        if (strcmp(words->text, text) == 0) {
            return words->number;
        }
    }
    fail_msg("\"%s\" is no word that the cases know", text);
    return 0;
}

/* The flags whose words are members that are true. */
static uint32_t word_flags(const case_word *words, const json *said) {
    uint32_t flags = 0;
    for (; words->text != NULL; words++) {
        flags |= json_is_true(said, words->text) ? words->number : 0;
    }
    return flags;
}

static const char *const *word_list(tk_arena *arena, const json *list) {
    const char **texts = keep(arena, json_count(list), sizeof *texts);
    uint32_t count = 0;
    for (const json *each = json_first(list); each != NULL; each = each->next) {
        texts[count++] = each->text;
    }
    return list != NULL ? texts : NULL;
}

/* ---- values ---------------------------------------------------------------------------------- */

static void cell_from_hex(tk_arena *arena, const json *value, takeo_cell *out) {
    size_t count = value->len >= 2 ? value->len / 2 - 1 : 0; /* behind \x */
    char *bytes = keep(arena, count, 1);
    for (size_t i = 0; i < count; i++) {
        const char two[] = {value->text[2 * i + 2], value->text[2 * i + 3], '\0'};
        bytes[i] = (char)strtoul(two, NULL, 16);
    }
    out->v.text.data = bytes;
    out->v.text.len = count;
}

/* A value of a case as a cell: its portable text read as the type; null; a list; or another type
 * than the column's, as {"type": ..., "value": ...}. */
static takeo_cell cell_from(tk_arena *arena, const json *value, takeo_type type,
                            takeo_type element) {
    takeo_cell cell = {.type = type};
    if (value->kind == JSON_NULL) {
        cell = (takeo_cell){.flags = TAKEO_CELL_NULL};
    } else if (value->kind == JSON_OBJECT) {
        const char *given = json_text(value, "element", NULL);
        return cell_from(arena, json_need(value, "value"),
                         (takeo_type)word_number(type_words, json_text(value, "type", "")),
                         given != NULL ? (takeo_type)word_number(type_words, given) : 0);
    } else if (value->kind == JSON_ARRAY) {
        takeo_cell *cells = keep(arena, value->count, sizeof *cells);
        uint32_t count = 0;
        for (const json *each = value->first; each != NULL; each = each->next) {
            cells[count++] = cell_from(arena, each, type == TAKEO_TYPE_ARRAY ? element : type, 0);
        }
        cell.type = TAKEO_TYPE_ARRAY;
        cell.v.list.cells = cells;
        cell.v.list.count = count;
    } else if (type == TAKEO_TYPE_BYTES) {
        cell_from_hex(arena, value, &cell);
    } else if (type == TAKEO_TYPE_TEXT || type == TAKEO_TYPE_JSON || type == TAKEO_TYPE_ENUM) {
        cell.v.text.data = value->text;
        cell.v.text.len = value->len;
    } else if (takeo_cell_parse(type, value->text, value->len, &cell, NULL) != TAKEO_DONE) {
        fail_msg("the case's value %s is none of its type", value->text);
    }
    return cell;
}

static char *cell_text(tk_arena *arena, const takeo_cell *cell) {
    size_t size = takeo_cell_format(cell, NULL, 0) + 1;
    char *text = keep(arena, size, 1);
    (void)takeo_cell_format(cell, text, size);
    return text;
}

/* ---- definitions ----------------------------------------------------------------------------- */

static takeo_column_def define_column(tk_arena *arena, const json *said) {
    const char *generated = json_text(said, "generated", NULL);
    const char *element = json_text(said, "element", NULL);
    const json *otherwise = json_get(said, "default");
    const char *check = json_text(said, "check", NULL);
    takeo_column_def def = {
        .name = json_text(said, "name", NULL),
        .type = (takeo_type)word_number(type_words, json_text(said, "type", "")),
        .element = element != NULL ? (takeo_type)word_number(type_words, element) : 0,
        .generated = generated != NULL ? (uint16_t)word_number(generated_words, generated) : 0,
        .length = (uint32_t)json_int(said, "length", 0),
        .precision = (uint32_t)json_int(said, "precision", 0),
        .scale = (uint16_t)json_int(said, "scale", 0),
        .flags = word_flags(column_words, said),
        .labels = word_list(arena, json_get(said, "labels")),
        .label_count = json_count(json_get(said, "labels")),
        .default_sql = json_text(said, "default_sql", NULL),
        .column = json_text(said, "column", NULL),
        .collation = json_text(said, "collation", NULL)};
    if (otherwise != NULL) {
        takeo_cell *cell = keep(arena, 1, sizeof *cell);
        *cell = cell_from(arena, otherwise, def.type, def.element);
        def.default_value = cell;
    }
    if (check != NULL) {
        takeo_expression *expression = keep(arena, 1, sizeof *expression);
        expression->sql = check;
        def.check = expression;
    }
    return def;
}

static takeo_relation_def define_relation(tk_arena *arena, const json *said) {
    const json *keys = json_get(said, "keys");
    const json *references = json_get(said, "references");
    const char *on_delete = json_text(said, "on_delete", "no_action");
    return (takeo_relation_def){.name = json_text(said, "name", NULL),
                                .target = json_text(said, "target", NULL),
                                .inverse = json_text(said, "inverse", NULL),
                                .kind =
                                    (uint16_t)word_number(kind_words, json_text(said, "kind", "")),
                                .on_delete = (uint16_t)word_number(action_words, on_delete),
                                .flags = word_flags(relation_words, said),
                                .keys = word_list(arena, keys),
                                .key_count = json_count(keys),
                                .references = word_list(arena, references),
                                .order_by = json_text(said, "order_by", NULL)};
}

static const takeo_index_item *define_items(tk_arena *arena, const json *names) {
    takeo_index_item *items = keep(arena, json_count(names), sizeof *items);
    uint32_t count = 0;
    for (const json *each = json_first(names); each != NULL; each = each->next) {
        bool is_down = each->text[0] == '-';
        items[count++] = (takeo_index_item){.name = each->text + is_down,
                                            .flags = is_down ? TAKEO_INDEX_ITEM_DESC : 0};
    }
    return items;
}

static takeo_index_def define_index(tk_arena *arena, const json *said) {
    const json *columns = json_need(said, "columns");
    return (takeo_index_def){.name = json_text(said, "name", NULL),
                             .items = define_items(arena, columns),
                             .item_count = columns->count,
                             .flags = json_is_true(said, "unique") ? TAKEO_INDEX_UNIQUE : 0};
}

static takeo_constraint_def define_constraint(tk_arena *arena, const json *said) {
    const json *columns = json_get(said, "unique");
    takeo_constraint_def def = {.name = json_text(said, "name", NULL),
                                .kind = TAKEO_CONSTRAINT_UNIQUE};
    if (columns != NULL) {
        def.items = define_items(arena, columns);
        def.item_count = columns->count;
        return def;
    }
    takeo_expression *expression = keep(arena, 1, sizeof *expression);
    expression->sql = json_need(said, "check")->text;
    def.kind = TAKEO_CONSTRAINT_CHECK;
    def.expression = expression;
    return def;
}

static takeo_entity_def define_entity(tk_arena *arena, const json *said) {
    const json *columns = json_get(said, "columns");
    const json *relations = json_get(said, "relations");
    const json *indexes = json_get(said, "indexes");
    const json *constraints = json_get(said, "constraints");
    takeo_column_def *column = keep(arena, json_count(columns), sizeof *column);
    takeo_relation_def *relation = keep(arena, json_count(relations), sizeof *relation);
    takeo_index_def *index = keep(arena, json_count(indexes), sizeof *index);
    takeo_constraint_def *constraint = keep(arena, json_count(constraints), sizeof *constraint);
    takeo_entity_def def = {.struct_size = sizeof def,
                            .name = json_text(said, "name", NULL),
                            .table = json_text(said, "table", NULL),
                            .order_by = json_text(said, "order_by", NULL),
                            .column_size = sizeof *column,
                            .relation_size = sizeof *relation,
                            .index_size = sizeof *index,
                            .constraint_size = sizeof *constraint,
                            .columns = column,
                            .relations = relation,
                            .indexes = index,
                            .constraints = constraint};
    for (const json *each = json_first(columns); each != NULL; each = each->next) {
        column[def.column_count++] = define_column(arena, each);
    }
    for (const json *each = json_first(relations); each != NULL; each = each->next) {
        relation[def.relation_count++] = define_relation(arena, each);
    }
    for (const json *each = json_first(indexes); each != NULL; each = each->next) {
        index[def.index_count++] = define_index(arena, each);
    }
    for (const json *each = json_first(constraints); each != NULL; each = each->next) {
        constraint[def.constraint_count++] = define_constraint(arena, each);
    }
    return def;
}

/* ---- reading it back, and layouts ------------------------------------------------------------ */

static case_entity *find_entity(const case_model *model, const char *name) {
    for (uint32_t i = 0; i < model->entity_count; i++) {
        if (strcmp(model->entities[i].name, name) == 0) {
            return &model->entities[i];
        }
    }
    fail_msg("the model has no entity %s", name);
    return NULL;
}

/* Numbers of the columns that carry a relation, as the described model names them. */
static void find_keys(const json *described, case_entity *entity) {
    const json *relations = json_need(described, "relations");
    uint32_t place = 0;
    for (const json *each = relations->first; each != NULL; each = each->next, place++) {
        case_relation *relation = &entity->relations[place];
        const json *columns = json_need(each, "columns");
        assert_string_equal(json_text(each, "name", ""), relation->name);
        for (const json *name = columns->first; name != NULL; name = name->next) {
            uint32_t number = 0;
            for (const json *column = json_need(described, "columns")->first; column != NULL;
                 column = column->next) {
                bool is_it = strcmp(json_text(column, "name", ""), name->text) == 0;
                number = is_it ? (uint32_t)json_int(column, "number", 0) : number;
            }
            assert_int_not_equal(number, 0);
            assert_true(relation->key_count < TK_COUNT(relation->keys));
            relation->keys[relation->key_count++] = number;
        }
    }
}

static void lay_out(tk_arena *arena, case_entity *entity, uint32_t all_columns,
                    takeo_layout_def *out) {
    uint32_t count = 0;
    takeo_field_def *fields = keep(arena, all_columns + entity->relation_count + 1, sizeof *fields);
    entity->cell_count = all_columns;
    for (uint32_t i = 0; i < all_columns; i++) {
        fields[count++] = (takeo_field_def){.ref = i + 1,
                                            .kind = TAKEO_FIELD_CELL,
                                            .offset = i * (uint32_t)sizeof(takeo_cell),
                                            .size = sizeof(takeo_cell)};
    }
    entity->state_at = all_columns * (uint32_t)sizeof(takeo_cell);
    entity->state_size = (all_columns + 64) / 64 * 8;
    entity->links_at = entity->state_at + entity->state_size;
    fields[count++] = (takeo_field_def){
        .kind = TAKEO_FIELD_STATE, .offset = entity->state_at, .size = entity->state_size};
    for (uint32_t i = 0; i < entity->relation_count; i++) {
        bool is_to_one = entity->relations[i].is_to_one;
        fields[count++] =
            (takeo_field_def){.ref = i + 1,
                              .kind = is_to_one ? TAKEO_FIELD_TO_ONE : TAKEO_FIELD_TO_MANY,
                              .offset = entity->links_at + i * (uint32_t)sizeof(takeo_list)};
    }
    entity->size = entity->links_at + entity->relation_count * (uint32_t)sizeof(takeo_list);
    *out = (takeo_layout_def){.entity = entity->number,
                              .object_size = entity->size,
                              .field_count = count,
                              .field_size = sizeof *fields,
                              .fields = fields};
}

static void read_entities(case_model *model, const json *said) {
    const json *entities = json_need(said, "entities");
    tk_arena *arena = model->arena;
    model->entities = keep(arena, entities->count, sizeof *model->entities);
    for (const json *each = entities->first; each != NULL; each = each->next) {
        case_entity *entity = &model->entities[model->entity_count++];
        const json *columns = json_get(each, "columns");
        const json *relations = json_get(each, "relations");
        entity->name = json_text(each, "name", "");
        entity->number = model->entity_count;
        entity->columns = keep(arena, json_count(columns), sizeof *entity->columns);
        entity->relations = keep(arena, json_count(relations), sizeof *entity->relations);
        for (const json *column = json_first(columns); column != NULL; column = column->next) {
            takeo_column_def def = define_column(arena, column);
            entity->columns[entity->column_count++] =
                (case_column){def.name, def.type, def.element};
        }
    }
    uint32_t place = 0;
    for (const json *each = entities->first; each != NULL; each = each->next, place++) {
        case_entity *entity = &model->entities[place];
        const json *relations = json_get(each, "relations");
        for (const json *one = json_first(relations); one != NULL; one = one->next) {
            case_relation *relation = &entity->relations[entity->relation_count++];
            relation->name = json_text(one, "name", "");
            relation->target = find_entity(model, json_text(one, "target", ""));
            relation->is_to_one = strcmp(json_text(one, "kind", ""), "one_to_many") != 0;
        }
    }
}

/* Define and freeze; a failure is given back with its record. */
static takeo_status case_model_make(case_model *out, const json *said, tk_arena *arena,
                                    const takeo_allocator *allocator, takeo_error **error) {
    const json *entities = json_need(said, "entities");
    takeo_model_options options = {.struct_size = sizeof options, .allocator = allocator};
    takeo_entity_def *defs = keep(arena, entities->count, sizeof *defs);
    uint32_t count = 0;
    *out = (case_model){.arena = arena};
    for (const json *each = entities->first; each != NULL; each = each->next) {
        defs[count++] = define_entity(arena, each);
    }
    takeo_status status = takeo_model_new(&options, &out->model, error);
    status = status < 0 ? status : takeo_model_add(out->model, defs, count, error);
    status = status < 0 ? status : takeo_model_freeze(out->model, error);
    return status;
}

/* The targets of a frozen model. */
static takeo_status case_model_lay_out(case_model *model, const json *said, takeo_error **error) {
    takeo_text text;
    takeo_status status = takeo_model_describe(model->model, &text, error);
    if (status < 0) {
        return status;
    }
    json *described = json_read(text.data, text.len, "takeo_model_describe");
    takeo_layout_def *layouts;
    read_entities(model, said);
    layouts = keep(model->arena, model->entity_count, sizeof *layouts);
    uint32_t place = 0;
    for (const json *each = json_need(described, "entities")->first; each != NULL;
         each = each->next, place++) {
        case_entity *entity = &model->entities[place];
        assert_int_equal(takeo_model_find(model->model, 0, entity->name, takeo_zstr),
                         entity->number);
        find_keys(each, entity);
        lay_out(model->arena, entity, json_need(each, "columns")->count, &layouts[place]);
    }
    json_free(described);
    const takeo_target_def def = {.struct_size = sizeof def,
                                  .layouts = layouts,
                                  .layout_count = model->entity_count,
                                  .layout_size = sizeof *layouts};
    return takeo_target_new(model->model, &def, &model->target, error);
}

static void case_model_done(case_model *model) {
    takeo_target_free(model->target);
    takeo_model_free(model->model);
}

#endif
