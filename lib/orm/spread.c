/* spread.c - lists of keys of several columns, column by column, for dialects that take them so.
 *
 *     [[1, "a"], [2, "b"]]  ->  [1, 2], ["a", "b"]
 *
 * It must not know what the keys are for.
 */
#include "orm/orm_int.h"

static takeo_status raise_row(uint32_t width, size_t place, tk_error *error) {
    return tk_raise(error, TK_INPUT_COUNT, "key %zu of the list is no list of %u values", place + 1,
                    (unsigned)width);
}

static takeo_status spread_one(const tk_param *param, const takeo_cell *in, takeo_cell *out,
                               tk_arena *arena, tk_error *error) {
    size_t count = in->v.list.count;
    takeo_cell *cells = tk_arena_array(arena, count * param->width, sizeof *cells);
    if (cells == NULL) {
        return tk_raise_memory(error);
    }
    for (uint32_t k = 0; k < param->width; k++) {
        out[k] = (takeo_cell){.type = TAKEO_TYPE_ARRAY, .v = {.list = {cells + k * count, count}}};
    }
    for (size_t i = 0; i < count; i++) {
        const takeo_cell *row = &in->v.list.cells[i];
        bool is_list = row->type == TAKEO_TYPE_ARRAY || row->type == TAKEO_TYPE_COMPOSITE;
        if (!is_list || tk_cell_is_null(row) || row->v.list.count != param->width) {
            return raise_row(param->width, i, error);
        }
        for (uint32_t k = 0; k < param->width; k++) {
            cells[k * count + i] = row->v.list.cells[k];
        }
    }
    return TAKEO_DONE;
}

takeo_status tk_spread(const tk_statement *statement, const tk_sql *sql, const takeo_cell **cells,
                       uint32_t executions, tk_arena *arena, tk_error *error) {
    if (TK_LIKELY(sql->parameter_count == statement->param_count)) {
        return TAKEO_DONE;
    }
    takeo_cell *out = tk_arena_array(arena, (size_t)executions * sql->parameter_count, sizeof *out);
    if (out == NULL) {
        return tk_raise_memory(error);
    }
    const takeo_cell *in = *cells;
    *cells = out;
    for (uint32_t e = 0; e < executions; e++) {
        for (uint32_t i = 0; i < statement->param_count; i++, in++) {
            const tk_param *param = &statement->params[i];
            if (param->width > 1) {
                TK_TRY(spread_one(param, in, out, arena, error));
            } else {
                *out = *in;
            }
            out += param->width;
        }
    }
    return TAKEO_DONE;
}

uint32_t tk_spread_parameter(const tk_statement *statement, const tk_sql *sql, uint32_t number) {
    if (sql == NULL || sql->parameter_count == statement->param_count) {
        return number;
    }
    uint32_t last = 0;
    for (uint32_t i = 0; i < statement->param_count; i++) {
        last += statement->params[i].width;
        if (number <= last) {
            return i + 1;
        }
    }
    return number;
}
