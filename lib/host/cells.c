/* cells.c - rows as cells, for hosts without a target: deep copies, row after row.
 *
 * A row that a driver shows is valid for a moment only, so what stays is copied into the arena of
 * the operation.  It must not know what the cells mean.
 */
#include "host/host.h"

void tk_cell_rows_init(tk_cell_rows *rows, uint32_t column_count, tk_arena *arena) {
    rows->arena = arena;
    rows->column_count = column_count;
    tk_vec_init(&rows->rows, arena->alloc, column_count * sizeof(takeo_cell));
}

takeo_status tk_cell_rows_add(tk_cell_rows *rows, const takeo_cell *cells, tk_error *error) {
    takeo_cell *copies = tk_vec_push(&rows->rows);
    if (copies == NULL) {
        return tk_raise_memory(error);
    }
    for (uint32_t i = 0; i < rows->column_count; i++) {
        if (!tk_cell_copy(rows->arena, &cells[i], &copies[i])) {
            return tk_raise_memory(error);
        }
    }
    return TAKEO_DONE;
}
