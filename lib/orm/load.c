/* load.c - relations of objects: one statement for all of them, told apart by key.
 *
 *     keys of all parents, each once -> one list argument -> rows -> children, grouped by the
 *     columns that refer -> each parent is linked with its group -> loads of the children
 *
 * The parents are those that a statement just brought, or objects in hand; the code is the same.
 * It must not know how objects keep relations, nor the SQL.
 */
#include "orm/orm_int.h"

enum { SMALL = 128 };

typedef struct child { /* of a group, in the order of the rows */
    struct child *next;
    void *object;
} child;

typedef struct group { /* the children of one key */
    child *first;
    child *last;
    uint32_t count;
    size_t key_len;
    const char *key;
} group;

typedef struct load_job {
    tk_job job;
    tk_cleanup cleanup;
    tk_task *task;
    const tk_target *target;
    tk_load_def def;
    group **groups;              /* of each parent; NULL: its key is NULL */
    tk_map keys;                 /* key -> group */
    group *latest;               /* rows of one key often follow each other */
    takeo_cell argument;         /* the list of keys */
    const takeo_cell *arguments; /* the same, as the text takes it */
    bool is_bound;
    tk_plan plan;
    tk_graph graph;
    bool has_graph;
    uint32_t *reference_cells;
    tk_vec made; /* children, one reference of each is ours */
} load_job;

/* ---- keys ------------------------------------------------------------------------------------ */

static takeo_status raise_no_key(const tk_relation *relation, const tk_column *column,
                                 tk_error *error) {
    takeo_status status =
        tk_raise(error, TK_INPUT_UNSET, "%s of this %s is not known, so %s cannot be loaded",
                 column->name.data, relation->entity->name.data, relation->name.data);
    TK_SET(error, entity, "%s", relation->entity->name.data);
    TK_SET(error, field, "%s", column->name.data);
    TK_SET(error, hint, "save the object first, or read it with %s", column->name.data);
    return status;
}

/* The other object's own column, when the field that refers to it says nothing. */
static takeo_status read_from_other(const tk_layout *layout, const tk_relation *relation,
                                    uint32_t place, void *object, tk_holder *holder,
                                    takeo_cell *out, tk_error *error) {
    void *other = NULL;
    if (!relation->is_to_one || !relation->owns_key) {
        return TAKEO_DONE;
    }
    int state = holder->host->peek_one(layout, relation, object, &other);
    if (state == TK_LINK_NONE) {
        *out = tk_cell_null();
        return TAKEO_DONE;
    }
    const tk_layout *other_layout = state != TK_LINK_OBJECT ? NULL
                                    : holder->host->layout_of != NULL
                                        ? holder->host->layout_of(layout->target, other)
                                        : tk_target_layout(layout->target, relation->target);
    if (other_layout == NULL || other_layout->entity != relation->target) {
        return TAKEO_DONE;
    }
    const tk_step *step = &other_layout->steps[relation->references[place]->number - 1];
    return step->get != NULL ? step->get(step, other, out, holder, error) : TAKEO_DONE;
}

takeo_status tk_load_read(const tk_layout *layout, const tk_relation *relation,
                          const tk_column *const *columns, uint32_t count, void *object,
                          tk_holder *holder, takeo_cell *out, bool *out_is_null, tk_error *error) {
    *out_is_null = false;
    for (uint32_t i = 0; i < count; i++) {
        const tk_step *step = &layout->steps[columns[i]->number - 1];
        out[i] = (takeo_cell){.flags = TAKEO_CELL_UNSET};
        if (step->get != NULL) {
            TK_TRY(step->get(step, object, &out[i], holder, error));
        }
        if ((out[i].flags & TAKEO_CELL_UNSET) != 0 && relation != NULL) {
            TK_TRY(read_from_other(layout, relation, i, object, holder, &out[i], error));
        }
        if ((out[i].flags & TAKEO_CELL_UNSET) != 0 && relation != NULL) {
            return raise_no_key(relation, columns[i], error);
        }
        *out_is_null |= tk_cell_is_null(&out[i]);
    }
    return TAKEO_DONE;
}

static size_t write_key(const takeo_cell *cells, const uint32_t *places, uint32_t count,
                        char *out) {
    size_t size = 0;
    for (uint32_t i = 0; i < count; i++) {
        const takeo_cell *cell = &cells[places != NULL ? places[i] : i];
        size += tk_key_write(cell, out != NULL ? out + size : NULL);
    }
    return size;
}

/* The key as bytes: in `small` when it fits, else in the arena; NULL without memory. */
static const char *make_key(tk_op *op, const takeo_cell *cells, const uint32_t *places,
                            uint32_t count, char small[SMALL], size_t *out_len) {
    *out_len = write_key(cells, places, count, NULL);
    char *key = *out_len <= SMALL ? small : tk_arena_take(&op->arena, *out_len);
    if (key != NULL) {
        write_key(cells, places, count, key);
    }
    return key;
}

/* The group of a parent's key; its cells go into the list when it is a new one. */
static takeo_status find_group(load_job *load, const takeo_cell *cells, takeo_cell *list,
                               size_t *list_count, group **out) {
    tk_op *op = load->task->op;
    uint32_t count = load->def.relation->column_count;
    char small[SMALL];
    size_t len;
    const char *key = make_key(op, cells, NULL, count, small, &len);
    group *found = key != NULL ? tk_map_get(&load->keys, key, len) : NULL;
    if (found == NULL) {
        found = tk_task_take(op, sizeof *found);
        const char *kept = key != NULL ? tk_arena_copy(&op->arena, key, len) : NULL;
        if (found == NULL || kept == NULL || !tk_map_put(&load->keys, kept, len, found)) {
            return tk_raise_memory(&op->error);
        }
        found->key = kept;
        found->key_len = len;
        takeo_cell *item = &list[(*list_count)++];
        *item = cells[0];
        if (count > 1) {
            takeo_cell *row = tk_arena_array(&op->arena, count, sizeof *row);
            if (row == NULL) {
                return tk_raise_memory(&op->error);
            }
            memcpy(row, cells, count * sizeof *row);
            *item = (takeo_cell){.type = TAKEO_TYPE_ARRAY, .v = {.list = {row, count}}};
        }
    }
    *out = found;
    return TAKEO_DONE;
}

/* Read the keys of all parents.  All that have none are told at once. */
static takeo_status read_keys(load_job *load) {
    tk_op *op = load->task->op;
    const tk_relation *relation = load->def.relation;
    takeo_cell *list = tk_arena_array(&op->arena, load->def.count, sizeof *list);
    load->groups = tk_arena_array(&op->arena, load->def.count, sizeof *load->groups);
    if (list == NULL || load->groups == NULL) {
        return tk_raise_memory(&op->error);
    }
    size_t list_count = 0;
    tk_findings findings;
    tk_findings_init(&findings, &op->error);
    for (uint32_t i = 0; i < load->def.count; i++) {
        takeo_cell cells[TK_KEY_MAX];
        bool is_null;
        takeo_status status =
            tk_load_read(load->def.layout, relation, relation->columns, relation->column_count,
                         load->def.objects[i], load->task->holder, cells, &is_null,
                         tk_findings_error(&findings));
        if (status >= 0 && !is_null) {
            status = find_group(load, cells, list, &list_count, &load->groups[i]);
        }
        if (!tk_findings_add(&findings, status, i + 1)) {
            break;
        }
    }
    load->argument = (takeo_cell){.type = TAKEO_TYPE_ARRAY, .v = {.list = {list, list_count}}};
    return tk_findings_end(&findings);
}

/* ---- the job --------------------------------------------------------------------------------- */

static takeo_status bind(tk_job *job, tk_op *op, const takeo_cell **out) {
    (void)op;
    load_job *load = (load_job *)job;
    if (load->is_bound) {
        return TAKEO_DONE;
    }
    load->is_bound = true;
    load->task->running = load->def.statement;
    *out = load->arguments;
    return TAKEO_ROWS;
}

static takeo_status add_child(load_job *load, group *of, void *object) {
    tk_op *op = load->task->op;
    child *added = tk_arena_take(&op->arena, sizeof *added);
    if (added == NULL) {
        return tk_raise_memory(&op->error);
    }
    *added = (child){NULL, object};
    if (of->last != NULL) {
        of->last->next = added;
    } else {
        of->first = added;
    }
    of->last = added;
    of->count++;
    return TAKEO_DONE;
}

static takeo_status row(tk_job *job, tk_op *op, const takeo_cell *cells) {
    load_job *load = (load_job *)job;
    TK_TRY(tk_graph_row(&load->graph, cells));
    void *object = load->graph.objects[0];
    void **made = tk_vec_push(&load->made);
    if (made == NULL) {
        if (load->task->holder->host->drop != NULL) {
            load->task->holder->host->drop(object);
        }
        return tk_raise_memory(&op->error);
    }
    *made = object;
    char small[SMALL];
    size_t len;
    const char *key =
        make_key(op, cells, load->reference_cells, load->def.relation->column_count, small, &len);
    if (key == NULL) {
        return tk_raise_memory(&op->error);
    }
    group *of = load->latest;
    if (of == NULL || of->key_len != len || memcmp(of->key, key, len) != 0) {
        of = load->latest = tk_map_get(&load->keys, key, len);
    }
    return of != NULL ? add_child(load, of, object) : TAKEO_DONE;
}

static takeo_status link_many(load_job *load, void *parent, const group *of, void **members) {
    uint32_t count = 0;
    for (const child *at = of != NULL ? of->first : NULL; at != NULL; at = at->next) {
        members[count++] = at->object;
    }
    return load->task->holder->host->link_many(load->def.layout, load->def.relation, parent,
                                               members, count, load->task->holder,
                                               &load->task->op->error);
}

/* Give every parent what is its own. */
static takeo_status link_all(load_job *load) {
    tk_op *op = load->task->op;
    const tk_host *host = load->task->holder->host;
    void **members = tk_arena_array(&op->arena, load->made.count, sizeof *members);
    if (members == NULL) {
        return tk_raise_memory(&op->error);
    }
    for (uint32_t i = 0; i < load->def.count; i++) {
        const group *of = load->groups[i];
        void *parent = load->def.objects[i];
        if (!load->def.relation->is_to_one) {
            TK_TRY(link_many(load, parent, of, members));
        } else {
            void *other = of != NULL && of->first != NULL ? of->first->object : NULL;
            TK_TRY(host->link_one(load->def.layout, load->def.relation, parent, other,
                                  load->task->holder, &op->error));
        }
    }
    return TAKEO_DONE;
}

static void drop_made(load_job *load) {
    const tk_host *host = load->task->holder->host;
    for (size_t i = 0; host->drop != NULL && i < load->made.count; i++) {
        host->drop(*(void **)tk_vec_at(&load->made, i));
    }
    tk_vec_done(&load->made);
}

static takeo_status done(tk_job *job, tk_op *op) {
    load_job *load = (load_job *)job;
    (void)op;
    TK_TRY(link_all(load));
    drop_made(load); /* the parents hold them now */
    const tk_statement *statement = load->def.statement;
    for (uint32_t i = 0; i < statement->load_count; i++) {
        const tk_load *next = &statement->loads[i];
        uint32_t count;
        void **objects = tk_graph_objects(&load->graph, next->part, &count);
        const tk_load_def def = {next->statement, next->relation,
                                 load->plan.parts[next->part - 1].layout, objects, count};
        TK_TRY(tk_load_append(load->task, load->target, &def));
    }
    return TAKEO_DONE;
}

static const tk_job_methods load_methods = {.name = "load", .bind = bind, .row = row, .done = done};

static void clean(tk_cleanup *cleanup) {
    load_job *load = TK_CONTAINER(cleanup, load_job, cleanup);
    drop_made(load);
    tk_map_done(&load->keys);
    if (load->has_graph) {
        tk_graph_done(&load->graph);
    }
}

/* ---- set up ---------------------------------------------------------------------------------- */

/* Where the columns stand in a row by which a child says whose it is. */
static takeo_status find_references(load_job *load) {
    tk_op *op = load->task->op;
    const tk_relation *relation = load->def.relation;
    const tk_part *part = &load->def.statement->parts[0];
    load->reference_cells =
        tk_arena_array(&op->arena, relation->column_count, sizeof *load->reference_cells);
    if (load->reference_cells == NULL) {
        return tk_raise_memory(&op->error);
    }
    for (uint32_t i = 0; i < relation->column_count; i++) {
        uint32_t c = 0;
        while (c < part->column_count && part->columns[c] != relation->references[i]) {
            c++;
        }
        if (c == part->column_count) {
            return tk_raise(&op->error, TK_CALL_INTERNAL, "the load of %s.%s does not read %s",
                            relation->entity->name.data, relation->name.data,
                            relation->references[i]->name.data);
        }
        load->reference_cells[i] = part->first_cell + c;
    }
    return TAKEO_DONE;
}

static takeo_status check_place(const tk_load_def *def, tk_error *error) {
    if (def->layout->links[def->relation->number - 1].is_there) {
        return TAKEO_DONE;
    }
    takeo_status status =
        tk_raise(error, TK_INPUT_ENTITY, "the layout of %s has no field for the relation %s",
                 def->relation->entity->name.data, def->relation->name.data);
    TK_SET(error, entity, "%s", def->relation->entity->name.data);
    TK_SET(error, field, "%s", def->relation->name.data);
    return status;
}

static takeo_status set_up(load_job *load) {
    tk_op *op = load->task->op;
    TK_TRY(read_keys(load));
    if (load->argument.v.list.count == 0) {
        return link_all(load); /* nobody refers to anything: nothing is sent */
    }
    TK_TRY(find_references(load));
    TK_TRY(tk_orm_plan(load->def.statement, load->target, &op->arena, &load->plan, &op->error));
    TK_TRY(tk_graph_init(&load->graph, &load->plan, load->task->holder, &op->arena, &op->error));
    load->has_graph = true;
    TK_TRY(tk_shapes_render(op->source, load->def.statement, &load->job.sql, &op->error));
    load->arguments = &load->argument;
    TK_TRY(
        tk_spread(load->def.statement, load->job.sql, &load->arguments, 1, &op->arena, &op->error));
    load->job.methods = &load_methods;
    load->job.needs_host = true;
    tk_op_append(op, &load->job);
    return TAKEO_DONE;
}

takeo_status tk_load_append(tk_task *task, const tk_target *target, const tk_load_def *def) {
    if (def->count == 0) {
        return TAKEO_DONE;
    }
    TK_TRY(check_place(def, &task->op->error));
    load_job *load = tk_task_take(task->op, sizeof *load);
    if (load == NULL) {
        return tk_raise_memory(&task->op->error);
    }
    load->task = task;
    load->target = target;
    load->def = *def;
    tk_map_init(&load->keys, task->op->alloc);
    tk_vec_init(&load->made, task->op->alloc, sizeof(void *));
    tk_task_add_cleanup(task, &load->cleanup, clean);
    return set_up(load);
}

takeo_status tk_load_append_all(tk_task *task, const tk_target *target,
                                const tk_statement *statement, tk_receiver *receiver) {
    for (uint32_t i = 0; i < statement->load_count; i++) {
        const tk_load *load = &statement->loads[i];
        uint32_t count;
        void **objects = receiver->objects(receiver, load->part, &count);
        const tk_layout *layout = tk_target_layout(target, statement->parts[load->part - 1].entity);
        if (layout == NULL) {
            return tk_raise(&task->op->error, TK_INPUT_ENTITY, "the target has no layout of %s",
                            statement->parts[load->part - 1].entity->name.data);
        }
        const tk_load_def def = {load->statement, load->relation, layout, objects, count};
        TK_TRY(tk_load_append(task, target, &def));
    }
    return TAKEO_DONE;
}
