/* cells.c - rows as cells, for hosts without a target: deep copies, row after row.
 *
 * A row that a driver shows is valid for a moment only, so what stays is copied into the arena of
 * the operation.  It must not know what the cells mean.
 */
#include "host/host.h"

void tk_cell_rows_init(tk_cell_rows *rows, uint32_t column_count, tk_arena *arena) {
    rows->arena = arena;
    rows->column_count = column_count;
    rows->bytes = 0;
    tk_vec_init(&rows->cells, arena->alloc, sizeof(takeo_cell));
}

/* Bytes that a cell takes beside itself. */
static uint64_t bytes_of(const takeo_cell *cell) {
    if (tk_cell_is_null(cell)) {
        return 0;
    }
    const tk_type_info *info = tk_type_info_of(cell->type);
    if (info == NULL || (info->form != TK_FORM_TEXT && info->form != TK_FORM_LIST)) {
        return 0;
    }
    if (info->form == TK_FORM_TEXT) {
        return cell->type == TAKEO_TYPE_BITS ? (cell->v.text.len + 7) / 8 : cell->v.text.len;
    }
    uint64_t bytes = cell->v.list.count * sizeof(takeo_cell);
    for (size_t i = 0; i < cell->v.list.count; i++) {
        bytes += bytes_of(&cell->v.list.cells[i]);
    }
    return bytes;
}

takeo_status tk_cell_rows_add(tk_cell_rows *rows, const takeo_cell *cells, tk_error *error) {
    for (uint32_t i = 0; i < rows->column_count; i++) {
        takeo_cell *copy = tk_vec_push(&rows->cells);
        if (copy == NULL || !tk_cell_copy(rows->arena, &cells[i], copy)) {
            return tk_raise_memory(error);
        }
        rows->bytes += sizeof(takeo_cell) + bytes_of(copy);
    }
    return TAKEO_DONE;
}
