/* case_run.h - a case while it runs: its database, named objects, and what is said when it fails.
 *
 * Operations and rows live until the case is over, because objects refer to their memory.  It must
 * not know which steps there are.
 */
#ifndef TK_TEST_CASE_RUN_H
#define TK_TEST_CASE_RUN_H

#include "case_database.h"
#include "case_model.h"

enum { OBJECTS_MAX = 256, STEPS_MAX = 256 };

typedef struct case_object {
    const char *name;
    case_entity *entity;
    char *memory;
} case_object;

typedef struct case_run {
    const json *said; /* the case */
    const json *step;
    uint32_t number; /* of the step, from 1 */
    tk_arena arena;
    tk_test_alloc memory; /* of the library */
    takeo_allocator allocator;
    case_database *database;
    case_model model;
    takeo_source *source;
    takeo_session *session;
    takeo_op *ops[STEPS_MAX];
    takeo_rows *rows[STEPS_MAX]; /* that the step brought; NULL: none */
    uint32_t op_count;
    case_object objects[OBJECTS_MAX];
    uint32_t object_count;
} case_run;

TK_PRINTF(2, 3)
static void complain(const case_run *run, const char *format, ...) {
    char text[8192];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    fail_msg("%s on %s, step %u (%s): %s", json_text(run->said, "id", "?"), run->database->name,
             run->number, json_text(run->step, "do", "open"), text);
}

/* ---- failures -------------------------------------------------------------------------------- */

static void expect_text(const case_run *run, const json *expected, const char *name,
                        takeo_text actual, const char *whole) {
    const json *said = json_get(expected, name);
    bool is_none = said == NULL || said->kind == JSON_NULL;
    if (said == NULL || (is_none && actual.data == NULL)) {
        return;
    }
    if (is_none || actual.data == NULL || strcmp(said->text, actual.data) != 0) {
        complain(run, "the failure's %s is %s, not %s; it is\n%s", name,
                 actual.data != NULL ? actual.data : "nothing", is_none ? "nothing" : said->text,
                 whole);
    }
}

/* The failure has to be the expected one; without one there has to be success. */
static void expect_status(const case_run *run, const json *expected, takeo_status status,
                          const takeo_error *error) {
    char whole[4096] = "(no record)";
    const char *name = takeo_status_name(status);
    if (error != NULL) {
        takeo_error_format(error, whole, sizeof whole);
    }
    if (expected == NULL && status < 0) {
        complain(run, "it failed with %s\n%s", name, whole);
    }
    if (expected == NULL) {
        return;
    }
    const char *wanted = json_need(expected, "status")->text;
    if (strcmp(name, wanted) != 0) {
        complain(run, "it gave %s, not %s\n%s", name, wanted, status < 0 ? whole : "");
    }
    if (error == NULL) {
        complain(run, "%s has no record", name);
        return;
    }
    assert_int_equal(error->status, status);
    assert_non_null(error->message.data);
    assert_true(error->message.len != 0);
    expect_text(run, expected, "code", error->code, whole);
    expect_text(run, expected, "entity", error->entity, whole);
    expect_text(run, expected, "field", error->field, whole);
    expect_text(run, expected, "constraint", error->constraint_name, whole);
    expect_text(run, expected, "table", error->table_name, whole);
    expect_text(run, expected, "column", error->column_name, whole);
    if (json_int(expected, "object", error->object) != error->object) {
        complain(run, "object %u is blamed, not %d", error->object,
                 (int)json_int(expected, "object", 0));
    }
}

/* ---- operations ------------------------------------------------------------------------------ */

static const json *expectation(const case_run *run, const char *name) {
    return json_get(json_get(run->step, "expect"), name);
}

static takeo_op *new_op(case_run *run) {
    assert_true(run->op_count < STEPS_MAX);
    takeo_op *op = NULL;
    takeo_error *error = NULL;
    takeo_status status = takeo_op_new(run->session, &op, &error);
    if (status < 0) {
        expect_status(run, expectation(run, "error"), status, error);
        takeo_error_free(error);
        return NULL;
    }
    run->ops[run->op_count++] = op;
    return op;
}

/* To its end; true when it succeeded, as it was expected to.  Its rows are taken. */
static bool finish(case_run *run, takeo_op *op, takeo_status status) {
    while (status >= 0 && (status = takeo_op_wait(op, -1)) > 0) {
        if (status == TAKEO_ROWS) {
            assert_null(run->rows[run->op_count - 1]);
            run->rows[run->op_count - 1] = takeo_rows_take(op);
            assert_non_null(run->rows[run->op_count - 1]);
        }
    }
    expect_status(run, expectation(run, "error"), status, takeo_op_error(op));
    return status >= 0;
}

static const takeo_rows *latest_rows(const case_run *run) {
    return run->rows[run->op_count - 1];
}

/* ---- objects --------------------------------------------------------------------------------- */

static case_object *find_object(case_run *run, const char *name) {
    for (uint32_t i = 0; i < run->object_count; i++) {
        if (strcmp(run->objects[i].name, name) == 0) {
            return &run->objects[i];
        }
    }
    complain(run, "there is no object %s", name);
    return NULL;
}

static case_object *add_object(case_run *run, const char *name, case_entity *entity, char *memory) {
    assert_true(run->object_count < OBJECTS_MAX);
    for (uint32_t i = 0; i < run->object_count; i++) {
        if (strcmp(run->objects[i].name, name) == 0) { /* a name may be given again */
            run->objects[i] = (case_object){name, entity, memory};
            return &run->objects[i];
        }
    }
    run->objects[run->object_count] = (case_object){name, entity, memory};
    return &run->objects[run->object_count++];
}

static takeo_cell *cells_of(char *memory) {
    return (takeo_cell *)(void *)memory;
}

static uint64_t *state_of(const case_entity *entity, char *memory) {
    return (uint64_t *)(void *)(memory + entity->state_at);
}

static takeo_list *link_of(const case_entity *entity, char *memory, uint32_t place) {
    return (takeo_list *)(void *)(memory + entity->links_at + place * sizeof(takeo_list));
}

static char *new_memory(case_run *run, const case_entity *entity) {
    char *memory = keep(&run->arena, 1, entity->size);
    for (uint32_t i = 0; i < entity->cell_count; i++) {
        cells_of(memory)[i].flags = TAKEO_CELL_UNSET;
    }
    return memory;
}

static void mark(const case_entity *entity, char *memory, uint32_t column) {
    state_of(entity, memory)[column / 64] |= UINT64_C(1) << column % 64;
}

/* ---- fields ---------------------------------------------------------------------------------- */

static uint32_t find_column(const case_entity *entity, const char *name) {
    for (uint32_t i = 0; i < entity->column_count; i++) {
        if (strcmp(entity->columns[i].name, name) == 0) {
            return i + 1;
        }
    }
    return 0;
}

static uint32_t find_relation(const case_entity *entity, const char *name) {
    for (uint32_t i = 0; i < entity->relation_count; i++) {
        if (strcmp(entity->relations[i].name, name) == 0) {
            return i + 1;
        }
    }
    return 0;
}

static void set_column(case_run *run, case_entity *entity, char *memory, uint32_t number,
                       const json *value) {
    const case_column *column = &entity->columns[number - 1];
    cells_of(memory)[number - 1] = cell_from(&run->arena, value, column->type, column->element);
    mark(entity, memory, number);
    /* The key says now where a relation leads. */
    for (uint32_t i = 0; i < entity->relation_count; i++) {
        const case_relation *relation = &entity->relations[i];
        for (uint32_t k = 0; relation->is_to_one && k < relation->key_count; k++) {
            if (relation->keys[k] == number) {
                *link_of(entity, memory, i) = (takeo_list){0};
            }
        }
    }
}

/* An object that has nothing but its key. */
static char *new_reference(case_run *run, case_entity *entity, const json *keys) {
    char *memory = new_memory(run, entity);
    uint32_t number = 1; /* the key's columns stand first in the models of the cases */
    for (const json *each = keys->first; each != NULL; each = each->next) {
        set_column(run, entity, memory, number++, each);
    }
    memset(state_of(entity, memory), 0, entity->state_size);
    state_of(entity, memory)[0] = 1;
    return memory;
}

/* Where a to-one leads: the name of an object, {"ref": [key]}, or null. */
static void set_link(case_run *run, case_entity *entity, char *memory, uint32_t number,
                     const json *value) {
    const case_relation *relation = &entity->relations[number - 1];
    char *other = NULL;
    if (value->kind == JSON_OBJECT) {
        other = new_reference(run, relation->target, json_need(value, "ref"));
    } else if (value->kind != JSON_NULL) {
        other = find_object(run, value->text)->memory;
    }
    *(void **)(void *)link_of(entity, memory, number - 1) = other;
    for (uint32_t i = 0; i < relation->key_count; i++) {
        uint32_t key = relation->keys[i];
        mark(entity, memory, key);
        cells_of(memory)[key - 1] =
            (takeo_cell){.flags = other != NULL ? TAKEO_CELL_UNSET : TAKEO_CELL_NULL};
    }
}

static void set_fields(case_run *run, case_entity *entity, char *memory, const json *values) {
    for (const json *each = json_first(values); each != NULL; each = each->next) {
        uint32_t column = find_column(entity, each->key);
        uint32_t relation = find_relation(entity, each->key);
        if (column != 0) {
            set_column(run, entity, memory, column, each);
        } else if (relation != 0) {
            set_link(run, entity, memory, relation, each);
        } else {
            complain(run, "%s has no field %s", entity->name, each->key);
        }
    }
}

/* ---- what is expected of them ---------------------------------------------------------------- */

static bool is_unset_word(const json *value) {
    return value->kind == JSON_OBJECT && json_is_true(value, "unset");
}

/* Spaces between the parts of a JSON text mean nothing, and databases differ in them. */
static void pack_json(char *text) {
    char *out = text;
    bool is_quoted = false;
    for (const char *in = text; *in != '\0'; in++) {
        is_quoted ^= *in == '"';
        if (is_quoted || *in != ' ') {
            *out++ = *in;
        }
        if (is_quoted && *in == '\\') {
            *out++ = *++in;
        }
    }
    *out = '\0';
}

static void expect_cell(case_run *run, const case_column *column, const char *owner,
                        const takeo_cell *actual, const json *expected) {
    bool is_unset = (actual->flags & TAKEO_CELL_UNSET) != 0;
    if (expected->kind == JSON_OBJECT && json_is_true(expected, "any")) {
        if (is_unset || (actual->flags & TAKEO_CELL_NULL) != 0) {
            complain(run, "%s.%s has no value", owner, column->name);
        }
        return;
    }
    if (is_unset || is_unset_word(expected)) {
        if (!is_unset || !is_unset_word(expected)) {
            complain(run, "%s.%s is %s", owner, column->name, is_unset ? "unset" : "not unset");
        }
        return;
    }
    takeo_cell wanted = cell_from(&run->arena, expected, column->type, column->element);
    char *is = cell_text(&run->arena, actual);
    char *should = cell_text(&run->arena, &wanted);
    if (wanted.type == TAKEO_TYPE_JSON) {
        pack_json(is);
        pack_json(should);
    }
    bool is_null = actual->type == TAKEO_TYPE_NONE || (actual->flags & TAKEO_CELL_NULL) != 0;
    if (strcmp(is, should) != 0 || (!is_null && actual->type != wanted.type)) {
        complain(run, "%s.%s is %s (type %u), not %s (type %u)", owner, column->name, is,
                 actual->type, should, wanted.type);
    }
}

static void expect_fields(case_run *run, case_entity *entity, char *memory, const json *expected);

static void expect_link(case_run *run, case_entity *entity, char *memory, uint32_t number,
                        const json *expected) {
    const case_relation *relation = &entity->relations[number - 1];
    takeo_list *link = link_of(entity, memory, number - 1);
    if (relation->is_to_one) {
        void *other = *(void **)(void *)link;
        bool is_nothing = expected->kind == JSON_NULL || is_unset_word(expected);
        if ((other == NULL) != is_nothing) {
            complain(run, "%s.%s is %s", entity->name, relation->name,
                     other == NULL ? "nothing" : "there");
        }
        if (other != NULL) {
            expect_fields(run, relation->target, other, expected);
        }
        return;
    }
    bool is_loaded = (link->flags & TAKEO_LIST_LOADED) != 0;
    if (is_loaded == is_unset_word(expected)) {
        complain(run, "%s.%s is %sloaded", entity->name, relation->name, is_loaded ? "" : "not ");
    }
    if (is_loaded && link->count != expected->count) {
        complain(run, "%s.%s has %u members, not %u", entity->name, relation->name, link->count,
                 expected->count);
    }
    uint32_t place = 0;
    for (const json *each = is_loaded ? expected->first : NULL; each != NULL; each = each->next) {
        char *member = link->stride != 0 ? (char *)link->items + (size_t)place * link->stride
                                         : ((char **)link->items)[place];
        expect_fields(run, relation->target, member, each);
        place++;
    }
}

/* Those that are named; others may be what they like. */
static void expect_fields(case_run *run, case_entity *entity, char *memory, const json *expected) {
    for (const json *each = json_first(expected); each != NULL; each = each->next) {
        uint32_t column = find_column(entity, each->key);
        uint32_t relation = find_relation(entity, each->key);
        if (column != 0) {
            expect_cell(run, &entity->columns[column - 1], entity->name,
                        &cells_of(memory)[column - 1], each);
        } else if (relation != 0) {
            expect_link(run, entity, memory, relation, each);
        } else {
            complain(run, "%s has no field %s", entity->name, each->key);
        }
    }
}

#endif
