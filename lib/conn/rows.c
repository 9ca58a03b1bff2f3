/* rows.c - a batch that is taken out of its operation, with all the memory of the run.
 *
 * Rows, texts and objects lie in the operation's arena, so the arena itself is what changes hands.
 * It must not know what the rows are.
 */
#include "conn/conn_int.h"

typedef struct taken_rows {
    takeo_rows rows;
    tk_arena arena; /* holds this struct too */
} taken_rows;

/* Names of columns may belong to a statement. */
static bool copy_columns(tk_arena *arena, takeo_rows *rows) {
    takeo_column_info *columns = tk_arena_array(arena, rows->column_count, sizeof *columns);
    if (columns == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < rows->column_count && rows->columns != NULL; i++) {
        columns[i] = rows->columns[i];
        takeo_text *texts[] = {&columns[i].name, &columns[i].type_name};
        for (size_t t = 0; t < TK_COUNT(texts); t++) {
            if (texts[t]->data != NULL) {
                texts[t]->data = tk_arena_copy(arena, texts[t]->data, texts[t]->len);
                if (texts[t]->data == NULL) {
                    return false;
                }
            }
        }
    }
    rows->columns = rows->columns != NULL ? columns : NULL;
    return true;
}

takeo_rows *tk_op_take_rows(tk_op *op) {
    if (op->rows == NULL) {
        return NULL;
    }
    taken_rows *taken = tk_arena_take(&op->arena, sizeof *taken);
    if (taken == NULL) {
        return NULL;
    }
    taken->rows = *op->rows;
    if (!copy_columns(&op->arena, &taken->rows)) {
        return NULL;
    }
    taken->arena = op->arena;
    tk_arena_init(&op->arena, op->alloc);
    op->rows = NULL;
    op->verb = NULL; /* lived in that memory */
    op->first = op->last = op->current = NULL;
    op->result.written = NULL;
    op->result.written_count = 0;
    return &taken->rows;
}

void tk_rows_free(takeo_rows *rows) {
    if (rows != NULL) {
        tk_arena arena = ((taken_rows *)rows)->arena;
        tk_arena_done(&arena);
    }
}
