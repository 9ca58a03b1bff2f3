/* receive_cells.c - rows as cells in op->rows, for callers without a target.
 *
 * All that op->rows shows lives in the operation's arena, so that a caller can take it with the
 * arena.  It must not know what the cells mean.
 */
#include "orm/orm_int.h"

typedef struct cell_receiver {
    tk_receiver base;
    tk_task *task;
    const tk_statement *statement;
    tk_cell_rows rows;
    takeo_rows *shown;
} cell_receiver;

takeo_status tk_rows_new(tk_op *op, const takeo_column_info *columns, uint32_t count,
                         takeo_rows **out) {
    takeo_rows *rows = tk_task_take(op, sizeof *rows);
    takeo_column_info *copies = tk_arena_array(&op->arena, count, sizeof *copies);
    if (rows == NULL || copies == NULL) {
        return tk_raise_memory(&op->error);
    }
    for (uint32_t i = 0; i < count; i++) {
        copies[i] = columns[i];
        copies[i].name.data = tk_arena_copy(&op->arena, columns[i].name.data, columns[i].name.len);
        copies[i].type_name.data =
            tk_arena_copy(&op->arena, columns[i].type_name.data, columns[i].type_name.len);
        if (copies[i].name.data == NULL || copies[i].type_name.data == NULL) {
            return tk_raise_memory(&op->error);
        }
    }
    rows->struct_size = sizeof *rows;
    rows->flags = TAKEO_ROWS_LAST;
    rows->column_count = count;
    rows->columns = copies;
    *out = rows;
    return TAKEO_DONE;
}

takeo_status tk_rows_show(tk_op *op, takeo_rows *rows, const tk_cell_rows *from, tk_error *error) {
    const tk_vec *kept = &from->rows;
    takeo_cell *cells = tk_arena_array(&op->arena, kept->count, kept->item_size);
    if (cells == NULL) {
        return tk_raise_memory(error);
    }
    if (kept->count != 0) {
        memcpy(cells, kept->items, kept->count * kept->item_size);
    }
    rows->cells = cells;
    rows->row_count = (uint32_t)kept->count;
    return TAKEO_DONE;
}

static takeo_status begin(cell_receiver *receiver, const takeo_column_info *columns,
                          uint32_t count) {
    tk_op *op = receiver->task->op;
    tk_cell_rows_init(&receiver->rows, count, &op->arena);
    return tk_rows_new(op, columns, count, &receiver->shown);
}

static takeo_status described(tk_receiver *base, const takeo_column_info *columns, uint32_t count,
                              tk_error *error) {
    (void)error;
    cell_receiver *receiver = (cell_receiver *)base;
    return receiver->shown == NULL ? begin(receiver, columns, count) : TAKEO_DONE;
}

static takeo_status row(tk_receiver *base, const takeo_cell *cells, tk_error *error) {
    cell_receiver *receiver = (cell_receiver *)base;
    return tk_cell_rows_add(&receiver->rows, cells, error);
}

static takeo_status end(tk_receiver *base, tk_op *op, tk_error *error) {
    cell_receiver *receiver = (cell_receiver *)base;
    takeo_rows *rows = receiver->shown;
    if (rows == NULL) {
        return TAKEO_DONE; /* raw SQL that gives no rows */
    }
    TK_TRY(tk_rows_show(op, rows, &receiver->rows, error));
    op->rows = rows;
    return TAKEO_DONE;
}

static void **objects(tk_receiver *base, uint32_t part, uint32_t *out_count) {
    (void)base;
    (void)part;
    *out_count = 0;
    return NULL;
}

static void release(tk_receiver *base) {
    tk_vec_done(&((cell_receiver *)base)->rows.rows);
}

takeo_status tk_receive_cells(tk_task *task, const tk_statement *statement, tk_receiver **out) {
    cell_receiver *receiver = tk_task_take(task->op, sizeof *receiver);
    if (receiver == NULL) {
        return tk_raise_memory(&task->op->error);
    }
    receiver->base = (tk_receiver){
        .described = described, .row = row, .end = end, .objects = objects, .release = release};
    receiver->task = task;
    receiver->statement = statement;
    tk_cell_rows_init(&receiver->rows, 0, &task->op->arena);
    task->receiver = &receiver->base;
    if (!statement->shape_is_unknown) {
        TK_TRY(begin(receiver, statement->column_infos, statement->cell_count));
    }
    *out = &receiver->base;
    return TAKEO_DONE;
}
