/* graph.c - rows -> objects, joined to their parents: the hot loop.
 *
 * A row gives one object for each part of the plan.  Most plans are simple, one part whose objects
 * come once each: then a row is make and steps, and nothing else.
 *
 * Who owns what: of an object made for a part without a parent the caller of tk_graph_row owns one
 * reference.  An object that may come again is also held by its identity map until the end.  Every
 * other one is held by the parent it was joined to, and by nobody else.
 */
#include "host/host_int.h"

/* ---- one object ------------------------------------------------------------------------------ */

takeo_status tk_fill_failed(const tk_step *step, takeo_status status, tk_error *error) {
    const takeo_error *record = error != NULL && error->first != NULL ? tk_error_last(error) : NULL;
    if (status == TAKEO_EDECODE && record != NULL && record->field.data == NULL
        && step->column != NULL) {
        TK_SET(error, entity, "%s", step->column->entity->name.data);
        TK_SET(error, field, "%s", step->column->name.data);
    }
    return status;
}

takeo_status tk_fill_by_steps(const tk_plan_part *part, void *object, const takeo_cell *cells,
                              tk_holder *holder, tk_error *error) {
    return tk_fill(part, object, cells, holder, error, NULL);
}

static void drop(const tk_host *host, void *object) {
    if (host->drop != NULL) {
        host->drop(object);
    }
}

/* A new object with its fields; the caller owns the reference. */
static inline takeo_status build(tk_graph *graph, const tk_plan_part *part, const takeo_cell *cells,
                                 void **out) {
    tk_holder *holder = graph->holder;
    const tk_host *host = holder->host;
    TK_TRY(host->make(part->layout, holder, out, graph->error));
    takeo_status status = host->fill(part, *out, cells, holder, graph->error);
    if (TK_UNLIKELY(status < 0)) {
        drop(host, *out);
        *out = NULL;
    }
    return status;
}

/* A stored value that is none of its type: say in which row. */
static takeo_status tell_row(tk_graph *graph, takeo_status status) {
    takeo_error *record =
        graph->error != NULL && graph->error->first != NULL ? tk_error_last(graph->error) : NULL;
    if (status == TAKEO_EDECODE && record != NULL && record->object == 0) {
        record->object = graph->row <= UINT32_MAX ? (uint32_t)graph->row : UINT32_MAX;
    }
    return status;
}

/* ---- rows of several parts ------------------------------------------------------------------- */

static bool is_missing(const tk_plan_part *part, const takeo_cell *cells) {
    if (!part->shape.may_be_missing || part->shape.key_cells == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < part->shape.entity->key_count; i++) {
        if (!tk_cell_is_null(&cells[part->shape.key_cells[i]])) {
            return false;
        }
    }
    return true;
}

/* The object of a part that may come again.  Its map keeps one reference; the caller gets none. */
static takeo_status know(tk_graph *graph, uint32_t number, const takeo_cell *cells, void **out) {
    const tk_plan_part *part = &graph->plan->parts[number];
    tk_known *known = tk_identity_find(&graph->identity[part->twin], part, cells, graph->arena);
    if (known == NULL) {
        return tk_raise_memory(graph->error);
    }
    if (known->object == NULL) {
        TK_TRY(build(graph, part, cells, &known->object));
    }
    uint64_t bit = UINT64_C(1) << number % 64;
    graph->is_first[number] = (known->parts & bit) == 0;
    known->parts |= bit;
    *out = known->object;
    return TAKEO_DONE;
}

/* Join an object, or none, to its parent; then the parent is what holds it. */
static takeo_status join(tk_graph *graph, const tk_plan_part *part, void *object) {
    const tk_plan_part *parent = &graph->plan->parts[part->shape.parent - 1];
    return graph->holder->host->link_one(parent->layout, part->shape.relation,
                                         graph->objects[part->shape.parent - 1], object,
                                         graph->holder, graph->error);
}

/* A part whose parent was met in an earlier row hangs on it already. */
static void recall(tk_graph *graph, uint32_t number) {
    const tk_plan_part *part = &graph->plan->parts[number];
    const tk_plan_part *parent = &graph->plan->parts[part->shape.parent - 1];
    void *other = NULL;
    int state = graph->holder->host->peek_one(parent->layout, part->shape.relation,
                                              graph->objects[part->shape.parent - 1], &other);
    graph->objects[number] = state == TK_LINK_OBJECT ? other : NULL;
    graph->is_first[number] = false;
}

static takeo_status collect(tk_graph *graph, uint32_t number, void *object) {
    if (!graph->plan->parts[number].shape.is_collected || !graph->is_first[number]) {
        return TAKEO_DONE;
    }
    void **item = tk_vec_push(&graph->collected[number]);
    if (item == NULL) {
        return tk_raise_memory(graph->error);
    }
    *item = object;
    return TAKEO_DONE;
}

/* A part that hangs on another. */
static takeo_status build_child(tk_graph *graph, uint32_t number, const takeo_cell *cells) {
    const tk_plan_part *part = &graph->plan->parts[number];
    void *object = NULL;
    if (graph->objects[part->shape.parent - 1] == NULL) {
        return TAKEO_DONE;
    }
    if (!graph->is_first[part->shape.parent - 1]) {
        recall(graph, number);
        return TAKEO_DONE;
    }
    if (is_missing(part, cells)) {
        return join(graph, part, NULL);
    }
    if (part->shape.may_repeat) {
        TK_TRY(know(graph, number, cells, &object));
        TK_TRY(join(graph, part, object));
    } else {
        TK_TRY(build(graph, part, cells, &object));
        graph->is_first[number] = true;
        takeo_status status = join(graph, part, object);
        drop(graph->holder->host, object);
        TK_TRY(status);
    }
    graph->objects[number] = object;
    return collect(graph, number, object);
}

/* A part of its own: the caller of tk_graph_row gets a reference. */
static takeo_status build_root(tk_graph *graph, uint32_t number, const takeo_cell *cells) {
    const tk_plan_part *part = &graph->plan->parts[number];
    const tk_host *host = graph->holder->host;
    if (is_missing(part, cells)) {
        return TAKEO_DONE;
    }
    if (part->shape.may_repeat) {
        void *object;
        if (host->hold == NULL && host->drop != NULL) {
            return tk_raise(graph->error, TK_CALL_INTERNAL, "the host %s cannot hold objects",
                            host->name);
        }
        TK_TRY(know(graph, number, cells, &object));
        if (host->hold != NULL) {
            host->hold(object);
        }
        graph->objects[number] = object;
    } else {
        TK_TRY(build(graph, part, cells, &graph->objects[number]));
        graph->is_first[number] = true;
    }
    return collect(graph, number, graph->objects[number]);
}

static takeo_status build_parts(tk_graph *graph, const takeo_cell *cells) {
    uint32_t count = graph->plan->part_count;
    memset(graph->objects, 0, count * sizeof *graph->objects);
    memset(graph->is_first, 0, count * sizeof *graph->is_first);
    for (uint32_t i = 0; i < count; i++) {
        bool is_root = graph->plan->parts[i].shape.parent == 0;
        takeo_status status = is_root ? build_root(graph, i, cells) : build_child(graph, i, cells);
        if (TK_UNLIKELY(status < 0)) {
            return status;
        }
    }
    return TAKEO_DONE;
}

/* After a failure nobody will ask for the objects of the row. */
static void drop_roots(tk_graph *graph) {
    for (uint32_t i = 0; i < graph->plan->part_count; i++) {
        if (graph->plan->parts[i].shape.parent == 0 && graph->objects[i] != NULL) {
            drop(graph->holder->host, graph->objects[i]);
        }
        graph->objects[i] = NULL;
    }
}

/* ---- the door -------------------------------------------------------------------------------- */

static bool init_parts(tk_graph *graph) {
    uint32_t count = graph->plan->part_count;
    graph->objects = tk_arena_array(graph->arena, count, sizeof *graph->objects);
    if (graph->objects == NULL || graph->plan->is_simple) {
        return graph->objects != NULL;
    }
    graph->is_first = tk_arena_array(graph->arena, count, sizeof *graph->is_first);
    graph->collected = tk_arena_array(graph->arena, count, sizeof *graph->collected);
    tk_map *identity = tk_arena_array(graph->arena, count, sizeof *identity);
    if (graph->is_first == NULL || graph->collected == NULL || identity == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        tk_map_init(&identity[i], graph->arena->alloc);
        tk_vec_init(&graph->collected[i], graph->arena->alloc, sizeof(void *));
    }
    graph->identity = identity;
    return true;
}

takeo_status tk_graph_init(tk_graph *graph, const tk_plan *plan, tk_holder *holder, tk_arena *arena,
                           tk_error *error) {
    *graph = (tk_graph){.plan = plan, .holder = holder, .arena = arena, .error = error};
    return init_parts(graph) ? TAKEO_DONE : tk_raise_memory(error);
}

takeo_status tk_graph_row(tk_graph *graph, const takeo_cell *cells) {
    graph->row++;
    if (TK_LIKELY(graph->plan->is_simple)) {
        takeo_status status = build(graph, &graph->plan->parts[0], cells, &graph->objects[0]);
        return TK_LIKELY(status >= 0) ? status : tell_row(graph, status);
    }
    takeo_status status = build_parts(graph, cells);
    if (TK_UNLIKELY(status < 0)) {
        drop_roots(graph);
        return tell_row(graph, status);
    }
    return status;
}

void **tk_graph_objects(const tk_graph *graph, uint32_t part, uint32_t *out_count) {
    *out_count = 0;
    if (graph->collected == NULL || part == 0 || part > graph->plan->part_count) {
        return NULL;
    }
    *out_count = (uint32_t)graph->collected[part - 1].count;
    return graph->collected[part - 1].items;
}

void tk_graph_done(tk_graph *graph) {
    if (graph->identity == NULL) {
        return;
    }
    for (uint32_t i = 0; i < graph->plan->part_count; i++) {
        const tk_map *map = &graph->identity[i];
        for (size_t e = 0; e < map->entry_count; e++) {
            tk_known *known = map->entries[e].value;
            if (known != NULL && known->object != NULL) {
                drop(graph->holder->host, known->object);
            }
        }
        tk_map_done(&graph->identity[i]);
        tk_vec_done(&graph->collected[i]);
    }
    graph->identity = NULL;
    graph->collected = NULL;
}
