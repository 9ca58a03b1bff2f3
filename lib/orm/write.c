/* write.c - writing objects: save, insert, update, upsert, remove.
 *
 *     lists -> subjects -> one pass that reads and checks all of them -> order -> jobs -> settle
 *
 * The pass tells all findings of all objects at once, before anything is sent.  A transaction is
 * wanted only when more than one statement will be.  It must not know servers nor how objects keep
 * their fields.
 */
#include "orm/write_int.h"

/* ---- subjects -------------------------------------------------------------------------------- */

static uint32_t slot_of(const tk_write *write, const void *object) {
    uint64_t hash = ((uint64_t)(uintptr_t)object >> 4) * UINT64_C(0x9E3779B97F4A7C15);
    return (uint32_t)(hash >> 32) & write->slot_mask;
}

tk_subject *tk_write_find(const tk_write *write, const void *object) {
    if (write->slots == NULL) {
        return write->count == 1 && write->subjects[0].item == object ? &write->subjects[0] : NULL;
    }
    uint32_t slot = slot_of(write, object);
    while (write->slots[slot] != 0) {
        tk_subject *subject = &write->subjects[write->slots[slot] - 1];
        if (subject->item == object) {
            return subject;
        }
        slot = (slot + 1) & write->slot_mask;
    }
    return NULL;
}

static void add_slot(tk_write *write, const void *object, uint32_t number) {
    uint32_t slot = slot_of(write, object);
    while (write->slots[slot] != 0) {
        slot = (slot + 1) & write->slot_mask;
    }
    write->slots[slot] = number;
}

static void fill_subject(tk_write *write, tk_subject *subject, uint32_t place) {
    const tk_objects *objects = write->objects;
    subject->item = objects->items[place];
    subject->number = place + 1;
    subject->layout = objects->layouts != NULL ? objects->layouts[place] : NULL;
    subject->entity = subject->layout != NULL ? subject->layout->entity : objects->entity;
}

/* Objects that are given twice are written once. */
static takeo_status make_subjects(tk_write *write) {
    tk_op *op = write->op;
    uint32_t count = write->objects->count;
    enum { EACH = sizeof *write->subjects + sizeof *write->order + sizeof *write->told };
    write->subjects = tk_arena_array(&op->arena, count, EACH);
    if (write->subjects == NULL) {
        return tk_raise_memory(&op->error);
    }
    write->order = (tk_subject **)(write->subjects + count);
    write->told = (uint8_t *)(write->order + count);
    if (count <= 1) {
        write->count = count;
        if (count == 1) {
            fill_subject(write, &write->subjects[0], 0);
        }
        return TAKEO_DONE;
    }
    uint32_t size = 4;
    while (size < count * 2 && size < UINT32_C(1) << 31) {
        size *= 2;
    }
    write->slots = tk_arena_array(&op->arena, size, sizeof *write->slots);
    write->slot_mask = size - 1;
    write->places = tk_arena_array(&op->arena, count, sizeof *write->places);
    if (write->slots == NULL || write->places == NULL) {
        return tk_raise_memory(&op->error);
    }
    for (uint32_t i = 0; i < count; i++) {
        const tk_subject *met = tk_write_find(write, write->objects->items[i]);
        if (met != NULL) {
            write->places[i] = (uint32_t)(met - write->subjects);
            continue;
        }
        fill_subject(write, &write->subjects[write->count], i);
        write->places[i] = write->count++;
        add_slot(write, write->objects->items[i], write->count);
    }
    return TAKEO_DONE;
}

/* ---- columns --------------------------------------------------------------------------------- */

/* The caller's list of columns, checked and kept; with a target it says which may be written. */
static takeo_status read_columns(tk_write *write) {
    tk_op *op = write->op;
    tk_objects *objects = &write->objects_copy;
    if (objects->column_count == 0 || write->count == 0) {
        return TAKEO_DONE;
    }
    const tk_entity *entity = write->subjects[0].entity;
    uint32_t *numbers = tk_arena_array(&op->arena, objects->column_count, sizeof *numbers);
    uint64_t *bits = tk_arena_array(&op->arena, TK_WORDS_MAX, sizeof *bits);
    if (numbers == NULL || bits == NULL) {
        return tk_raise_memory(&op->error);
    }
    for (uint32_t i = 0; i < objects->column_count; i++) {
        const tk_column *column = tk_entity_column(entity, objects->columns[i]);
        if (column == NULL) {
            return tk_raise(&op->error, TK_CALL_INVALID, "%s has no column %u", entity->name.data,
                            objects->columns[i]);
        }
        numbers[i] = column->number;
        tk_bit_set(bits, column);
    }
    objects->columns = numbers;
    write->only = write->task.target != NULL ? bits : NULL;
    return TAKEO_DONE;
}

/* What a list of columns, or an upsert, says holds for one entity. */
static takeo_status check_one_entity(const tk_write *write) {
    for (uint32_t i = 1; i < write->count; i++) {
        if (write->subjects[i].entity != write->subjects[0].entity) {
            return tk_raise(&write->op->error, TK_INPUT_ENTITY,
                            "objects of several entities cannot share a list of columns");
        }
    }
    return TAKEO_DONE;
}

/* ---- the pass -------------------------------------------------------------------------------- */

static takeo_status check_subject(const tk_write *write, const tk_subject *subject,
                                  tk_error *error) {
    if (subject->entity == NULL) {
        return tk_raise(error, TK_INPUT_ENTITY, "the object is of no entity of this data source");
    }
    if (subject->entity->model != write->op->source->model) {
        takeo_status status =
            tk_raise(error, TK_INPUT_ENTITY, "%s is no entity of this data source",
                     subject->entity->name.data);
        TK_SET(error, entity, "%s", subject->entity->name.data);
        return status;
    }
    return TAKEO_DONE;
}

/* All subjects are of an entity that the source knows, before anything is asked of them. */
static takeo_status check_all(tk_write *write) {
    tk_findings findings;
    tk_findings_init(&findings, &write->op->error);
    for (uint32_t i = 0; i < write->count; i++) {
        const tk_subject *subject = &write->subjects[i];
        takeo_status status = check_subject(write, subject, tk_findings_error(&findings));
        if (TK_UNLIKELY(status < 0) && !tk_findings_add(&findings, status, subject->number)) {
            break;
        }
    }
    return tk_findings_end(&findings);
}

static takeo_status read_all(tk_write *write) {
    tk_findings findings;
    tk_findings_init(&findings, &write->op->error);
    takeo_status status = TAKEO_DONE;
    for (uint32_t i = 0; i < write->count && status >= 0; i++) {
        status = tk_action_read(write, &write->subjects[i], &findings);
    }
    if (status >= 0 && findings.count == 0) {
        status = tk_order_make(write, &findings);
    }
    takeo_status end = tk_findings_end(&findings);
    return status < 0 ? status : end;
}

enum { LOST_MOST = 64 }; /* each statement of a run may be lost once */

/* All is as before the start. */
static void forget_results(tk_write *write) {
    write->current = NULL;
    for (uint32_t i = 0; i < write->order_count; i++) {
        tk_subject *subject = write->order[i];
        subject->written = TAKEO_WRITTEN_NOTHING;
        subject->is_fresh = false;
        subject->returned = NULL;
    }
}

/* It has failed and was rolled back: the same once more, object by object where a batch was to blame. */
static bool send_again(tk_op *op, takeo_status status) {
    tk_write *write = op->verb;
    bool was_lost = tk_task_lost_statement(op) && write->lost_count++ < LOST_MOST;
    if (!was_lost && !tk_batch_again(op, status)) {
        return false;
    }
    forget_results(write);
    tk_op_forget_jobs(op);
    return tk_send_append(write) >= 0;
}

static void clean(tk_cleanup *cleanup) {
    tk_write *write = TK_CONTAINER(cleanup, tk_write, cleanup);
    if (write->group_keys.entries != NULL) {
        tk_map_done(&write->group_keys);
    }
    if (write->scratch.arena.blocks != NULL) {
        tk_error_done(&write->scratch);
    }
}

static takeo_status begin(tk_write *write, const tk_objects *objects) {
    tk_op *op = write->op;
    write->objects_copy = *objects;
    write->objects = &write->objects_copy;
    TK_TRY(make_subjects(write));
    TK_TRY(check_all(write));
    TK_TRY(read_columns(write));
    if (write->count != 0 && (write->verb == TK_VERB_UPSERT || objects->column_count != 0)) {
        TK_TRY(check_one_entity(write));
    }
    if (write->count != 0 && write->verb == TK_VERB_UPSERT) {
        TK_TRY(tk_upsert_begin(write, write->subjects[0].entity));
    }
    TK_TRY(read_all(write));
    TK_TRY(tk_group_prepare(write));
    TK_TRY(tk_send_append(write));
    op->is_write = write->order_count != 0;
    op->in_transaction = write->order_count > 1;
    op->again = send_again;
    return TAKEO_DONE;
}

/* ---- the verbs ------------------------------------------------------------------------------- */

static takeo_status start(tk_op *op, tk_verb verb, tk_target *target, tk_holder *holder,
                          const tk_upsert *upsert, tk_write **out) {
    tk_task *task;
    TK_TRY(tk_task_start(op, target, holder, sizeof(tk_write), &task));
    tk_write *write = (tk_write *)task;
    write->op = op;
    write->verb = verb;
    write->upsert = upsert;
    tk_map_init(&write->group_keys, op->alloc);
    tk_error_init(&write->scratch, op->alloc);
    tk_task_add_cleanup(task, &write->cleanup, clean);
    write->objects = &write->objects_copy;
    task->settle = tk_settle;
    task->blame = tk_send_blame;
    task->argument = tk_send_argument;
    if (op->source->model == NULL) {
        return tk_raise(&op->error, TK_INPUT_ENTITY, "this data source has no model");
    }
    const tk_dialect *dialect;
    TK_TRY(tk_shapes_dialect(op->source, &dialect, &op->error));
    write->facts = tk_dialect_facts_of(dialect);
    *out = write;
    return TAKEO_DONE;
}

takeo_status tk_orm_write(tk_op *op, tk_verb verb, tk_target *target, const tk_objects *objects,
                          const tk_upsert *upsert) {
    tk_write *write = NULL;
    takeo_status status = start(op, verb, target, objects->holder, upsert, &write);
    if (status >= 0 && write != NULL) {
        status = begin(write, objects);
    }
    return tk_task_ready(op, status);
}

/* One list's objects, from `at` on. */
static takeo_status add_list(const tk_write *write, const takeo_list *list, void **items,
                             const tk_layout **layouts) {
    tk_op *op = write->op;
    const tk_entity *entity = tk_model_entity(op->source->model, list->entity);
    if (entity == NULL) {
        return tk_raise(&op->error, TK_INPUT_ENTITY, "the model has no entity %u", list->entity);
    }
    const tk_layout *layout =
        write->task.target != NULL ? tk_target_layout(write->task.target, entity) : NULL;
    if (write->task.target != NULL && layout == NULL) {
        return tk_raise(&op->error, TK_INPUT_ENTITY, "the target has no layout of %s",
                        entity->name.data);
    }
    for (uint32_t i = 0; i < list->count; i++) {
        items[i] = list->stride == 0 ? ((void **)list->items)[i]
                                     : (char *)list->items + (size_t)i * list->stride;
        if (layouts != NULL) {
            layouts[i] = layout;
        }
        if (items[i] == NULL) {
            return tk_raise(&op->error, TK_CALL_INVALID, "object %u of a list is NULL", i + 1);
        }
    }
    return TAKEO_DONE;
}

static takeo_status join_lists(const tk_write *write, const takeo_list *lists, uint32_t list_count,
                               tk_objects *out) {
    tk_op *op = write->op;
    uint64_t total = 0;
    for (uint32_t i = 0; i < list_count; i++) {
        total += lists[i].count;
        if (write->task.target == NULL && lists[i].entity != lists[0].entity) {
            return tk_raise(&op->error, TK_INPUT_ENTITY,
                            "rows of cells are of one entity; a target knows several");
        }
    }
    if (total > INT32_MAX) {
        return tk_raise(&op->error, TK_CALL_INVALID, "too many objects at once");
    }
    void **items = tk_arena_array(&op->arena, total, sizeof *items);
    const tk_layout **layouts = NULL;
    if (write->task.target != NULL) {
        layouts = tk_arena_array(&op->arena, total, sizeof *layouts);
    }
    if (items == NULL || (write->task.target != NULL && layouts == NULL)) {
        return tk_raise_memory(&op->error);
    }
    uint32_t at = 0;
    for (uint32_t i = 0; i < list_count; i++) {
        TK_TRY(add_list(write, &lists[i], items + at, layouts != NULL ? layouts + at : NULL));
        at += lists[i].count;
    }
    out->items = items;
    out->layouts = layouts;
    out->count = at;
    out->entity = list_count != 0 ? tk_model_entity(op->source->model, lists[0].entity) : NULL;
    return TAKEO_DONE;
}

takeo_status tk_orm_write_lists(tk_op *op, tk_verb verb, tk_target *target, const takeo_list *lists,
                                uint32_t list_count, const uint32_t *columns, uint32_t column_count,
                                const tk_upsert *upsert) {
    tk_write *write = NULL;
    takeo_status status = start(op, verb, target, NULL, upsert, &write);
    tk_objects objects = {.columns = columns, .column_count = columns != NULL ? column_count : 0};
    if (status >= 0 && write != NULL) {
        status = join_lists(write, lists, list_count, &objects);
    }
    if (status >= 0 && write != NULL) {
        status = begin(write, &objects);
    }
    return tk_task_ready(op, status);
}
