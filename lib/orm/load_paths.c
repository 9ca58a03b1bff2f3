/* load_paths.c - the verb load: paths of relations, from objects in hand.
 *
 * A path's first relation is loaded for the objects that lack it, with the rest of the path in the
 * same statement; where it is there already, the rest is loaded for its members.  It must not know
 * how a relation is loaded.
 */
#include "orm/orm_int.h"

typedef struct paths {
    const uint32_t *numbers; /* relations, each path ended by 0 */
    uint32_t count;
} paths;

typedef struct walk {
    tk_task *task;
    const tk_target *target;
    bool again;
    uint32_t depth;
} walk;

enum { DEPTH_MAX = 64 };

static takeo_status load_paths(walk *at, const tk_layout *layout, void *const *objects,
                               uint32_t count, paths given);

/* Paths that begin with a relation, without it.  A path that ends there gives none. */
static takeo_status rest_of(tk_op *op, paths given, uint32_t relation, paths *out) {
    uint32_t *rest = tk_arena_array(&op->arena, given.count, sizeof *rest);
    if (rest == NULL) {
        return tk_raise_memory(&op->error);
    }
    uint32_t count = 0;
    for (uint32_t i = 0; i < given.count; i++) {
        bool is_ours = given.numbers[i] == relation && i + 1 < given.count;
        i += is_ours;
        bool is_empty = given.numbers[i] == 0;
        for (; given.numbers[i] != 0; i++) {
            if (is_ours) {
                rest[count++] = given.numbers[i];
            }
        }
        if (is_ours && !is_empty) {
            rest[count++] = 0;
        }
    }
    *out = (paths){rest, count};
    return TAKEO_DONE;
}

typedef struct load_shape {
    const tk_relation *relation;
    paths rest;
} load_shape;

static takeo_status make_shape(const void *context, tk_alloc alloc, tk_statement **out,
                               tk_error *error) {
    const load_shape *shape = context;
    uint32_t paths_count = 0;
    for (uint32_t i = 0; i < shape->rest.count; i++) {
        paths_count += shape->rest.numbers[i] == 0;
    }
    return tk_shape_load(shape->relation, shape->rest.numbers, paths_count, alloc, out, error);
}

static takeo_status get_statement(tk_task *task, const load_shape *shape, tk_statement **out) {
    tk_op *op = task->op;
    size_t size = (3 + (size_t)shape->rest.count) * sizeof(uint32_t);
    uint32_t *key = tk_arena_take(&op->arena, size);
    if (key == NULL) {
        return tk_raise_memory(&op->error);
    }
    key[0] = 'L';
    key[1] = shape->relation->entity->number;
    key[2] = shape->relation->number;
    memcpy(key + 3, shape->rest.numbers, shape->rest.count * sizeof *key);
    TK_TRY(tk_shapes_get(op->source, tk_text((const char *)key, size), make_shape, shape, out,
                         &op->error));
    return tk_task_keep(task, *out);
}

/* Is the relation loaded?  Then its members are added. */
static takeo_status add_members(walk *at, const tk_layout *layout, const tk_relation *relation,
                                void *object, tk_vec *members, bool *out_is_loaded) {
    tk_op *op = at->task->op;
    const tk_host *host = at->task->holder->host;
    void *one = NULL;
    void **found = &one;
    int64_t count = -1;
    if (relation->is_to_one) {
        int state = host->peek_one(layout, relation, object, &one);
        count = state == TK_LINK_OBJECT ? 1 : state == TK_LINK_NONE ? 0 : -1;
    } else {
        count = host->peek_many(layout, relation, object, &found, at->task->holder, &op->error);
        if (count < -1) {
            return (takeo_status)count;
        }
    }
    *out_is_loaded = count >= 0;
    for (int64_t i = 0; i < count; i++) {
        void **member = tk_vec_push(members);
        if (member == NULL) {
            return tk_raise_memory(&op->error);
        }
        *member = found[i];
    }
    return TAKEO_DONE;
}

/* Tell the objects that lack the relation from the members of those that have it. */
static takeo_status sort_objects(walk *at, const tk_layout *layout, const tk_relation *relation,
                                 void *const *objects, uint32_t count, void **lacking,
                                 uint32_t *out_lacking, tk_vec *members) {
    uint32_t lacking_count = 0;
    for (uint32_t i = 0; i < count; i++) {
        bool is_loaded = false;
        if (!at->again) {
            TK_TRY(add_members(at, layout, relation, objects[i], members, &is_loaded));
        }
        if (!is_loaded) {
            lacking[lacking_count++] = objects[i];
        }
    }
    *out_lacking = lacking_count;
    return TAKEO_DONE;
}

static takeo_status load_rest(walk *at, const tk_relation *relation, const tk_vec *members,
                              paths rest) {
    tk_op *op = at->task->op;
    void **objects = tk_arena_array(&op->arena, members->count, sizeof *objects);
    const tk_layout *layout = tk_target_layout(at->target, relation->target);
    if (objects == NULL) {
        return tk_raise_memory(&op->error);
    }
    if (layout == NULL || at->depth == DEPTH_MAX) {
        return tk_raise(&op->error, TK_INPUT_ENTITY,
                        layout == NULL ? "the target has no layout of %s"
                                       : "a path through %s is too long",
                        relation->target->name.data);
    }
    memcpy(objects, members->items, members->count * sizeof *objects);
    at->depth++;
    takeo_status status = load_paths(at, layout, objects, (uint32_t)members->count, rest);
    at->depth--;
    return status;
}

static takeo_status load_first(walk *at, const tk_layout *layout, const tk_relation *relation,
                               void *const *objects, uint32_t count, paths rest) {
    tk_op *op = at->task->op;
    void **lacking = tk_arena_array(&op->arena, count, sizeof *lacking);
    if (lacking == NULL) {
        return tk_raise_memory(&op->error);
    }
    tk_vec members;
    tk_vec_init(&members, op->alloc, sizeof(void *));
    load_shape shape = {relation, rest};
    tk_load_def def = {.relation = relation, .layout = layout, .objects = lacking};
    takeo_status status =
        sort_objects(at, layout, relation, objects, count, lacking, &def.count, &members);
    if (status >= 0 && def.count != 0) {
        status = get_statement(at->task, &shape, &def.statement);
        if (status >= 0) {
            status = tk_load_append(at->task, at->target, &def);
        }
    }
    if (status >= 0 && members.count != 0 && rest.count != 0) {
        status = load_rest(at, relation, &members, rest);
    }
    tk_vec_done(&members);
    return status;
}

/* Was this relation the first of an earlier path?  Then it was done with that one. */
static bool was_done(paths given, uint32_t end) {
    for (uint32_t i = 0; i < end; i++) {
        if (given.numbers[i] == given.numbers[end] && (i == 0 || given.numbers[i - 1] == 0)) {
            return true;
        }
    }
    return false;
}

static takeo_status load_paths(walk *at, const tk_layout *layout, void *const *objects,
                               uint32_t count, paths given) {
    tk_op *op = at->task->op;
    for (uint32_t i = 0; i < given.count; i++) {
        bool is_first = (i == 0 || given.numbers[i - 1] == 0) && given.numbers[i] != 0;
        if (!is_first || was_done(given, i)) {
            continue;
        }
        const tk_relation *relation = tk_entity_relation(layout->entity, given.numbers[i]);
        if (relation == NULL) {
            return tk_raise(&op->error, TK_CALL_INVALID, "%s has no relation %u",
                            layout->entity->name.data, given.numbers[i]);
        }
        paths rest = {NULL, 0};
        TK_TRY(rest_of(op, given, given.numbers[i], &rest));
        TK_TRY(load_first(at, layout, relation, objects, count, rest));
    }
    return TAKEO_DONE;
}

static takeo_status begin(tk_task *task, const tk_layout *layout, void *const *objects,
                          uint32_t count, const uint32_t *numbers, uint32_t number_count,
                          bool again) {
    tk_op *op = task->op;
    takeo_rows *rows;
    if (number_count != 0 && numbers[number_count - 1] != 0) {
        return tk_raise(&op->error, TK_CALL_INVALID, "the last path is not ended by 0");
    }
    TK_TRY(tk_rows_new(op, NULL, 0, &rows));
    walk at = {.task = task, .target = task->target, .again = again};
    TK_TRY(load_paths(&at, layout, objects, count, (paths){numbers, number_count}));
    op->rows = rows; /* owns what is loaded, for hosts whose objects live in it */
    return TAKEO_DONE;
}

takeo_status tk_orm_load(tk_op *op, tk_target *target, const tk_layout *layout,
                         void *const *objects, uint32_t count, const uint32_t *numbers,
                         uint32_t number_count, bool again) {
    tk_task *task;
    takeo_status status = tk_task_start(op, target, NULL, sizeof *task, &task);
    if (status >= 0) {
        status = begin(task, layout, objects, count, numbers, number_count, again);
    }
    return tk_task_ready(op, status);
}
