/* resolve.c - the second part of freeze: relations find their other side and their key columns.
 *
 * First both sides of each relation are tied together, then keys are resolved until nothing more
 * can be: a key may come from a key that itself comes from a relation (PRIMARY), so targets go
 * first and a circle of those is a finding.  It knows entities and columns; names of constraints
 * are index.c's.
 */
#include <stdio.h>

#include "model/model_int.h"

typedef struct resolver {
    tk_model *model;
    tk_report *report;
    bool failed; /* no memory */
} resolver;

static void find_fault(resolver *at, const tk_relation *relation, const char *format, ...)
    TK_PRINTF(3, 4);

static void find_fault(resolver *at, const tk_relation *relation, const char *format, ...) {
    char message[512];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    tk_report_add(at->report, relation->entity->name.data, relation->name.data, "%s", message);
}

/* The nearest columns, or the nearest relations; columns come first in the names. */
static void add_nearest(resolver *at, const tk_entity *entity, bool is_column, const char *wrong) {
    uint32_t count = 0;
    takeo_text *names = tk_entity_names(entity, &at->model->arena, &count);
    if (names == NULL) {
        at->failed = true;
        return;
    }
    uint32_t columns = entity->declared_count;
    tk_report_nearest(at->report, wrong, names + (is_column ? 0 : columns),
                      is_column ? columns : count - columns);
}

/* ---- both sides ------------------------------------------------------------------------------ */

static bool are_opposite(uint16_t kind, uint16_t other) {
    if (kind == TAKEO_RELATION_ONE_TO_MANY) {
        return other == TAKEO_RELATION_MANY_TO_ONE || other == TAKEO_RELATION_ONE_TO_ONE;
    }
    return other == TAKEO_RELATION_ONE_TO_MANY
           || (kind == TAKEO_RELATION_ONE_TO_ONE && other == TAKEO_RELATION_ONE_TO_ONE);
}

/* The relation that `inverse` names, when it may be one; else NULL and a finding. */
static tk_relation *find_inverse(resolver *at, const tk_relation *relation, const char *inverse) {
    tk_relation *other = tk_map_get(&relation->target->links, inverse, strlen(inverse));
    const char *target = relation->target->name.data;
    if (other == NULL) {
        find_fault(at, relation, "the inverse %s is no relation of %s", inverse, target);
        add_nearest(at, relation->target, false, inverse);
        return NULL;
    }
    if (other == relation) {
        find_fault(at, relation, "%s is its own inverse", inverse);
        return NULL;
    }
    if (other->target != relation->entity) {
        find_fault(at, relation, "the inverse %s.%s does not lead back to %s", target, inverse,
                   relation->entity->name.data);
        return NULL;
    }
    if (!are_opposite(relation->kind, other->kind)) {
        find_fault(at, relation, "the inverse %s.%s is of a kind that does not fit", target,
                   inverse);
        tk_report_hint(at->report, "MANY_TO_ONE and ONE_TO_MANY fit, and two ONE_TO_ONE");
        return NULL;
    }
    return other;
}

static void tie(resolver *at, tk_relation *relation) {
    const char *inverse = tk_relation_def_of(relation)->inverse;
    if (inverse == NULL || relation->target == NULL) {
        return;
    }
    tk_relation *other = find_inverse(at, relation, inverse);
    if (other == NULL) {
        return;
    }
    const char *back = tk_relation_def_of(other)->inverse;
    bool is_taken = other->inverse != NULL && other->inverse != relation;
    if ((back != NULL && strcmp(back, relation->name.data) != 0) || is_taken) {
        find_fault(at, relation, "the inverse %s.%s has %s as its own inverse",
                   relation->target->name.data, inverse,
                   back != NULL ? back : other->inverse->name.data);
        return;
    }
    relation->inverse = other;
    other->inverse = relation;
}

/* Did the definition say what only the side with the key can say? */
static bool claims_key(const tk_relation *relation) {
    const takeo_relation_def *def = tk_relation_def_of(relation);
    const uint32_t flags = TAKEO_RELATION_FLAG_PRIMARY | TAKEO_RELATION_FLAG_NO_CONSTRAINT
                           | TAKEO_RELATION_FLAG_DEFERRABLE
                           | TAKEO_RELATION_FLAG_INITIALLY_DEFERRED;
    return def->key_count != 0 || def->constraint != NULL || def->on_delete != 0
           || def->on_update != 0 || (def->flags & flags) != 0;
}

/* Of two ONE_TO_ONE the one that claims the key has it; else the one that names no inverse. */
static bool owns_one_to_one(resolver *at, const tk_relation *relation) {
    const tk_relation *other = relation->inverse;
    if (other == NULL || other->kind != TAKEO_RELATION_ONE_TO_ONE) {
        return true;
    }
    bool is_first = relation->entity->number < other->entity->number
                    || (relation->entity == other->entity && relation->number < other->number);
    bool mine = claims_key(relation);
    bool theirs = claims_key(other);
    if (mine != theirs) {
        return mine;
    }
    bool names_inverse = tk_relation_def_of(relation)->inverse != NULL;
    bool other_names = tk_relation_def_of(other)->inverse != NULL;
    if (!mine && names_inverse != other_names) {
        return !names_inverse;
    }
    if (is_first) {
        find_fault(at, relation,
                   mine ? "both sides of the one-to-one have the key"
                        : "neither side of the one-to-one is the one with the key");
        tk_report_hint(at->report, "name the keys on one side, or the inverse on the other alone");
    }
    return is_first;
}

/* ---- keys ------------------------------------------------------------------------------------ */

/* The key of one relation while it is put together. */
typedef struct key {
    tk_column *columns[TK_KEY_MAX];
    const tk_column *references[TK_KEY_MAX];
    uint32_t count;
} key;

static uint8_t *state_of(const tk_relation *relation) {
    return &tk_draft_of(relation->entity)->key_states[relation->number - 1];
}

/* Is the primary key of the target known?  FAILED when it never will be. */
static tk_key_state target_state(const tk_relation *relation) {
    const tk_entity *target = relation->target;
    tk_key_state state = TK_KEY_DONE;
    for (uint32_t i = 0; target != NULL && i < target->relation_count; i++) {
        const tk_relation *other = &target->relations[i];
        if (!other->owns_key || (other->flags & TAKEO_RELATION_FLAG_PRIMARY) == 0) {
            continue;
        }
        if (*state_of(other) == TK_KEY_FAILED) {
            return TK_KEY_FAILED;
        }
        if (*state_of(other) == TK_KEY_WAITING) {
            state = TK_KEY_WAITING;
        }
    }
    return target != NULL ? state : TK_KEY_FAILED;
}

static bool find_references(resolver *at, const tk_relation *relation, key *made) {
    const takeo_relation_def *def = tk_relation_def_of(relation);
    const tk_entity *target = relation->target;
    if (def->references == NULL) {
        for (uint32_t i = 0; i < target->column_count; i++) {
            if (target->columns[i].is_key && made->count < TK_KEY_MAX) {
                made->references[made->count++] = &target->columns[i];
            }
        }
        return true;
    }
    for (uint32_t i = 0; i < def->key_count; i++) {
        made->references[i] = tk_column_find_any(target, def->references[i]);
        if (made->references[i] == NULL) {
            find_fault(at, relation, "the reference %s is no column of %s", def->references[i],
                       target->name.data);
            add_nearest(at, target, true, def->references[i]);
            return false;
        }
    }
    made->count = def->key_count;
    return true;
}

static bool are_alike(const tk_column *column, const tk_column *reference) {
    return column->type == reference->type && column->element == reference->element
           && column->dimensions == reference->dimensions
           && ((column->flags ^ reference->flags) & TAKEO_COLUMN_UNSIGNED) == 0;
}

static bool check_declared(resolver *at, const tk_relation *relation, const tk_column *column,
                           const tk_column *reference) {
    if (!are_alike(column, reference)) {
        find_fault(at, relation, "the key %s is %s, but %s.%s is %s", column->name.data,
                   tk_type_name(column->type), relation->target->name.data, reference->name.data,
                   tk_type_name(reference->type));
        return false;
    }
    if (column->generated != TAKEO_GENERATED_NONE) {
        find_fault(at, relation, "the key %s is generated", column->name.data);
        return false;
    }
    if (column->is_nullable && !relation->is_nullable) {
        find_fault(at, relation, "%s is not nullable, but its key %s is", relation->name.data,
                   column->name.data);
        tk_report_hint(at->report, "make both nullable, or none");
        return false;
    }
    return true;
}

/* A column that nobody declared, as the referenced one is. */
static tk_column *add_hidden(resolver *at, tk_relation *relation, const tk_column *reference,
                             const char *column_name) {
    tk_draft *draft = tk_draft_of(relation->entity);
    tk_entity *entity = &draft->entity;
    const char *joined =
        tk_arena_printf(&at->model->arena, "%s_%s", relation->name.data, reference->name.data);
    takeo_text name =
        joined != NULL ? tk_naming_fit(at->model, joined, strlen(joined)) : tk_text(NULL, 0);
    if (name.data == NULL) {
        at->failed = true;
        return NULL;
    }
    if (tk_map_get(&entity->properties, name.data, name.len) != NULL
        || tk_map_get(&entity->links, name.data, name.len) != NULL) {
        find_fault(at, relation, "the key of %s would be called %s, as another property is",
                   relation->name.data, name.data);
        tk_report_hint(at->report, "name that property in keys, if it is the key");
        return NULL;
    }
    if (entity->column_count >= draft->column_capacity) {
        return NULL; /* more columns than the target's key can have: reported there */
    }
    tk_column *column = &entity->columns[entity->column_count];
    *column = *reference;
    column->number = entity->column_count + 1;
    column->entity = entity;
    column->name = name;
    column->column = column_name != NULL ? tk_zstr(column_name) : tk_naming_word(at->model, name);
    column->generated = TAKEO_GENERATED_NONE;
    column->role = TAKEO_ROLE_NONE;
    column->flags = reference->flags & (TAKEO_COLUMN_UNSIGNED | TAKEO_COLUMN_SECRET);
    column->default_value = NULL;
    column->default_sql = column->check_sql = column->constraint = tk_text(NULL, 0);
    column->comment = tk_text(NULL, 0);
    column->relation = NULL;
    column->is_key = false;
    column->is_hidden = true;
    column->is_nullable = relation->is_nullable;
    column->is_deferred = false;
    column->is_insertable = column->is_updatable = (entity->flags & TAKEO_ENTITY_READ_ONLY) == 0;
    column->is_server_made = false;
    if (column->column.data == NULL
        || !tk_map_put(&entity->properties, name.data, name.len, column)) {
        at->failed = true;
        return NULL;
    }
    entity->column_count++;
    return column;
}

static bool find_columns(resolver *at, tk_relation *relation, key *made) {
    const takeo_relation_def *def = tk_relation_def_of(relation);
    for (uint32_t i = 0; i < made->count; i++) {
        const char *name = def->keys != NULL ? def->keys[i] : NULL;
        tk_column *column = name != NULL ? tk_column_find_any(relation->entity, name) : NULL;
        if (column == NULL) {
            column = add_hidden(at, relation, made->references[i], name);
        } else if (!check_declared(at, relation, column, made->references[i])) {
            column = NULL;
        }
        if (column == NULL) {
            return false;
        }
        made->columns[i] = column;
    }
    return true;
}

/* A nullable relation is NULL when one of its columns is; SET NULL writes all of them. */
static bool check_nullable(resolver *at, const tk_relation *relation, const key *made) {
    uint32_t nullable = 0;
    for (uint32_t i = 0; i < made->count; i++) {
        nullable += made->columns[i]->is_nullable;
    }
    bool sets_null = relation->on_delete == TAKEO_ACTION_SET_NULL
                     || relation->on_update == TAKEO_ACTION_SET_NULL;
    if (relation->is_nullable && nullable == 0) {
        find_fault(at, relation, "%s is nullable, but its key is not", relation->name.data);
        tk_report_hint(at->report, "make both nullable, or none");
        return false;
    }
    if (sets_null && nullable < made->count) {
        find_fault(at, relation, "SET NULL on a key of which some columns are not nullable");
        return false;
    }
    return true;
}

static bool keep_key(resolver *at, tk_relation *relation, const key *made) {
    size_t size = made->count * sizeof(tk_column *);
    const tk_column **columns = tk_arena_array(&at->model->arena, 2, size);
    if (columns == NULL) {
        at->failed = true;
        return false;
    }
    memcpy(columns, made->columns, size);
    memcpy(columns + made->count, made->references, size);
    relation->columns = columns;
    relation->references = columns + made->count;
    relation->column_count = made->count;
    for (uint32_t i = 0; i < made->count; i++) {
        tk_column *column = made->columns[i];
        column->relation = column->relation != NULL ? column->relation : relation;
        column->is_key = column->is_key || (relation->flags & TAKEO_RELATION_FLAG_PRIMARY) != 0;
    }
    return true;
}

static bool resolve_key(resolver *at, tk_relation *relation) {
    const takeo_relation_def *def = tk_relation_def_of(relation);
    key made = {.count = 0};
    if (!find_references(at, relation, &made)) {
        return false;
    }
    if (def->key_count != 0 && def->key_count != made.count) {
        find_fault(at, relation, "a key of %u columns for the key of %s, which has %u",
                   def->key_count, relation->target->name.data, made.count);
        return false;
    }
    return made.count != 0 && find_columns(at, relation, &made)
           && check_nullable(at, relation, &made) && keep_key(at, relation, &made);
}

/* One pass over all relations; true when one of them was resolved or failed. */
static bool resolve_some(resolver *at) {
    bool has_moved = false;
    for (uint32_t i = 0; i < at->model->entity_count; i++) {
        tk_entity *entity = at->model->entities[i];
        for (uint32_t j = 0; j < entity->relation_count && !at->failed; j++) {
            tk_relation *relation = &entity->relations[j];
            tk_key_state target = target_state(relation);
            if (!relation->owns_key || *state_of(relation) != TK_KEY_WAITING
                || target == TK_KEY_WAITING) {
                continue;
            }
            bool is_done = target == TK_KEY_DONE && resolve_key(at, relation);
            *state_of(relation) = is_done ? TK_KEY_DONE : TK_KEY_FAILED;
            has_moved = true;
        }
    }
    return has_moved && !at->failed;
}

static void report_circles(resolver *at, const tk_entity *entity) {
    for (uint32_t i = 0; i < entity->relation_count; i++) {
        const tk_relation *relation = &entity->relations[i];
        if (relation->owns_key && *state_of(relation) == TK_KEY_WAITING
            && (relation->flags & TAKEO_RELATION_FLAG_PRIMARY) != 0) {
            find_fault(at, relation, "the primary key of %s comes from itself, by way of %s",
                       entity->name.data, relation->name.data);
        }
    }
}

/* ---- the whole ------------------------------------------------------------------------------- */

static void finish_key(resolver *at, tk_entity *entity) {
    const tk_column **columns =
        tk_arena_array(&at->model->arena, entity->column_count, sizeof(tk_column *));
    if (columns == NULL) {
        at->failed = true;
        return;
    }
    for (uint32_t i = 0; i < entity->column_count; i++) {
        const tk_column *column = &entity->columns[i];
        if (!column->is_key) {
            continue;
        }
        columns[entity->key_count++] = column;
        if (column->generated != TAKEO_GENERATED_NONE && column->is_server_made) {
            entity->generated_key = column;
        }
    }
    entity->key = columns;
    if (entity->key_count > TK_KEY_MAX) {
        tk_report_add(at->report, entity->name.data, NULL,
                      "the primary key has %u columns; %d is the most", entity->key_count,
                      TK_KEY_MAX);
    }
    if (entity->column_count > TK_COLUMN_MAX) {
        tk_report_add(at->report, entity->name.data, NULL,
                      "%u columns with the keys of relations; %d is the most", entity->column_count,
                      TK_COLUMN_MAX);
    }
}

/* The side without the key has that of the other, turned round. */
static void turn_round(tk_entity *entity) {
    for (uint32_t i = 0; i < entity->relation_count; i++) {
        tk_relation *relation = &entity->relations[i];
        if (!relation->owns_key && relation->inverse != NULL) {
            relation->columns = relation->inverse->references;
            relation->references = relation->inverse->columns;
            relation->column_count = relation->inverse->column_count;
        }
    }
}

static void find_owners(resolver *at, tk_entity *entity) {
    for (uint32_t i = 0; i < entity->relation_count; i++) {
        tk_relation *relation = &entity->relations[i];
        relation->owns_key =
            relation->kind == TAKEO_RELATION_MANY_TO_ONE
            || (relation->kind == TAKEO_RELATION_ONE_TO_ONE && owns_one_to_one(at, relation));
    }
}

bool tk_resolve_model(tk_model *model, tk_report *report) {
    resolver at = {model, report, false};
    for (uint32_t i = 0; i < model->entity_count; i++) {
        for (uint32_t j = 0; j < model->entities[i]->relation_count; j++) {
            tie(&at, &model->entities[i]->relations[j]);
        }
    }
    for (uint32_t i = 0; i < model->entity_count; i++) {
        find_owners(&at, model->entities[i]);
    }
    while (resolve_some(&at)) {
    }
    for (uint32_t i = 0; i < model->entity_count; i++) {
        report_circles(&at, model->entities[i]);
        finish_key(&at, model->entities[i]);
        turn_round(model->entities[i]);
    }
    return !at.failed;
}
