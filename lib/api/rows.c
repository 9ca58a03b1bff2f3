/* rows.c - takeo/rows.h: the batch that an operation brought. */
#include "api/api_int.h"

TAKEO_API const takeo_rows *takeo_rows_peek(const takeo_op *op) {
    return op != NULL && op->state == TK_OP_ROWS && !tk_api_is_forked(op->process_id) ? op->rows
                                                                                      : NULL;
}

TAKEO_API takeo_rows *takeo_rows_take(takeo_op *op) {
    return takeo_rows_peek(op) != NULL ? tk_op_take_rows(op) : NULL;
}

TAKEO_API void takeo_rows_free(takeo_rows *rows) {
    tk_rows_free(rows);
}
