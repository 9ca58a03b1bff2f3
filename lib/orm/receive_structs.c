/* receive_structs.c - rows as C structs in op->rows.
 *
 * Structs stand one after another, so their number must be known: the cells of all rows are kept
 * first, in memory of their own, and become structs at the end.  Objects that may come in several
 * rows are given as an array of pointers instead.  It must not know what a field is.
 */
#include "orm/orm_int.h"

typedef struct struct_receiver {
    tk_receiver base;
    tk_task *task;
    const tk_statement *statement;
    tk_arena scratch; /* of the cells */
    tk_cell_rows rows;
    tk_plan plan;
    bool has_plan;
    tk_graph graph;
    uint32_t root; /* part whose objects are given, from 0 */
    bool is_mixed; /* rows of several things: cells, and the objects of those that are entities */
    takeo_rows *shown;
} struct_receiver;

/* The rows of this statement are not whole entities: the layout for any statement takes them. */
static takeo_status plan_plain(struct_receiver *receiver, uint32_t count) {
    tk_op *op = receiver->task->op;
    if (receiver->task->target->plain == NULL) {
        return tk_raise(&op->error, TK_INPUT_ENTITY,
                        "the rows of this statement are not whole entities, and the target has no "
                        "layout for rows of any statement");
    }
    const tk_shape_part part = {.column_count = count};
    return tk_plan_make(receiver->task->target, &part, 1, &op->arena, &receiver->plan, &op->error);
}

static takeo_status begin(struct_receiver *receiver, const takeo_column_info *columns,
                          uint32_t count) {
    const tk_statement *statement = receiver->statement;
    tk_op *op = receiver->task->op;
    if (statement->part_count != 0) {
        receiver->is_mixed = statement->output_count != 1;
        receiver->root = receiver->is_mixed ? 0 : statement->outputs[0].part - 1;
        TK_TRY(tk_orm_plan(statement, receiver->task->target, &op->arena, &receiver->plan,
                           &op->error));
    } else {
        TK_TRY(plan_plain(receiver, count));
    }
    receiver->has_plan = true;
    tk_cell_rows_init(&receiver->rows, count, receiver->is_mixed ? &op->arena : &receiver->scratch);
    return tk_rows_new(op, columns, count, &receiver->shown);
}

static takeo_status described(tk_receiver *base, const takeo_column_info *columns, uint32_t count,
                              tk_error *error) {
    (void)error;
    struct_receiver *receiver = (struct_receiver *)base;
    return receiver->has_plan ? TAKEO_DONE : begin(receiver, columns, count);
}

static takeo_status row(tk_receiver *base, const takeo_cell *cells, tk_error *error) {
    return tk_cell_rows_add(&((struct_receiver *)base)->rows, cells, error);
}

/* Structs one after another where each row has its own, else room for pointers to them. */
static takeo_status make_room(struct_receiver *receiver, uint32_t count, void ***out_pointers) {
    tk_op *op = receiver->task->op;
    tk_plan_part *root = &receiver->plan.parts[receiver->root];
    takeo_list *list = &receiver->shown->objects;
    list->count = count;
    list->entity = root->shape.entity != NULL ? root->shape.entity->number : 0;
    *out_pointers = NULL;
    if (!root->shape.may_repeat) {
        list->stride = root->layout->object_size;
        return tk_struct_block(root->layout, count, &op->arena, &root->layout, &list->items,
                               &op->error);
    }
    list->items = tk_arena_array(&op->arena, count, sizeof(void *));
    *out_pointers = list->items;
    return list->items != NULL ? TAKEO_DONE : tk_raise_memory(&op->error);
}

static takeo_status build(struct_receiver *receiver, uint32_t count) {
    tk_op *op = receiver->task->op;
    void **pointers;
    TK_TRY(make_room(receiver, count, &pointers));
    TK_TRY(tk_graph_init(&receiver->graph, &receiver->plan, receiver->task->holder, &op->arena,
                         &op->error));
    const takeo_cell *cells = receiver->rows.rows.items;
    for (uint32_t i = 0; i < count; i++) {
        TK_TRY(tk_graph_row(&receiver->graph, cells));
        cells += receiver->rows.column_count;
        if (pointers != NULL) {
            pointers[i] = receiver->graph.objects[receiver->root];
        }
    }
    return TAKEO_DONE;
}

/* Rows of several things: their cells as they came, and a pointer for each output. */
static takeo_status build_mixed(struct_receiver *receiver, uint32_t count) {
    const tk_statement *statement = receiver->statement;
    tk_op *op = receiver->task->op;
    size_t width = statement->output_count;
    void **outputs = tk_arena_array(&op->arena, count * width, sizeof *outputs);
    if (outputs == NULL) {
        return tk_raise_memory(&op->error);
    }
    TK_TRY(tk_rows_show(op, receiver->shown, &receiver->rows, &op->error));
    TK_TRY(tk_graph_init(&receiver->graph, &receiver->plan, receiver->task->holder, &op->arena,
                         &op->error));
    for (uint32_t r = 0; r < count; r++) {
        const takeo_cell *cells = &receiver->shown->cells[(size_t)r * receiver->rows.column_count];
        TK_TRY(tk_graph_row(&receiver->graph, cells));
        for (uint32_t o = 0; o < width; o++) {
            uint32_t part = statement->outputs[o].part;
            outputs[r * width + o] = part != 0 ? receiver->graph.objects[part - 1] : NULL;
        }
    }
    receiver->shown->outputs = outputs;
    receiver->shown->output_count = statement->output_count;
    return TAKEO_DONE;
}

static takeo_status end(tk_receiver *base, tk_op *op, tk_error *error) {
    (void)error;
    struct_receiver *receiver = (struct_receiver *)base;
    if (!receiver->has_plan) {
        return TAKEO_DONE; /* raw SQL that gives no rows */
    }
    uint32_t count = (uint32_t)receiver->rows.rows.count;
    TK_TRY(receiver->is_mixed ? build_mixed(receiver, count) : build(receiver, count));
    receiver->shown->row_count = count;
    op->rows = receiver->shown;
    return TAKEO_DONE;
}

static void **objects(tk_receiver *base, uint32_t part, uint32_t *out_count) {
    return tk_graph_objects(&((struct_receiver *)base)->graph, part, out_count);
}

static void release(tk_receiver *base) {
    struct_receiver *receiver = (struct_receiver *)base;
    tk_graph_done(&receiver->graph);
    tk_vec_done(&receiver->rows.rows);
    tk_arena_done(&receiver->scratch);
}

takeo_status tk_receive_structs(tk_task *task, const tk_statement *statement, tk_receiver **out) {
    struct_receiver *receiver = tk_task_take(task->op, sizeof *receiver);
    if (receiver == NULL) {
        return tk_raise_memory(&task->op->error);
    }
    receiver->base = (tk_receiver){.described = described,
                                   .row = row,
                                   .end = end,
                                   .objects = objects,
                                   .release = release,
                                   .target = task->target,
                                   .holder = task->holder};
    receiver->task = task;
    receiver->statement = statement;
    tk_arena_init(&receiver->scratch, task->op->alloc);
    tk_cell_rows_init(&receiver->rows, 0, &receiver->scratch);
    task->receiver = &receiver->base;
    if (!statement->shape_is_unknown) {
        TK_TRY(begin(receiver, statement->column_infos, statement->cell_count));
    }
    *out = &receiver->base;
    return TAKEO_DONE;
}
