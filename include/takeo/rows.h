/* takeo/rows.h - one batch of a result: cells or objects of the target, and its columns. */
#ifndef TAKEO_ROWS_H
#define TAKEO_ROWS_H

#include "takeo/host.h"
#include "takeo/op.h"

TAKEO_BEGIN

/** One column of a result, or one parameter of a statement.  Its layout is the same for ever. */
typedef struct takeo_column_info {
    takeo_text name;      /* label or column; of a parameter its name, if it has one */
    takeo_text type_name; /* as the server says it; empty before the first run */
    takeo_type type;
    takeo_type element;
    uint32_t flags;  /* takeo_column_flags; nullable means "may be" */
    uint32_t entity; /* where it comes from, 0 when computed */
    uint32_t column;
} takeo_column_info;

enum takeo_rows_flags {
    TAKEO_ROWS_LAST = 1 << 0 /* no further batch will come */
};

/**
 * One batch.  Without a target: cells, row after row; column c of row r is
 * cells[r * column_count + c].  With one: objects, structs one after another, related ones by
 * pointer.  Where a row gives several things, some of them entities: output o of row r is
 * outputs[r * output_count + o], NULL for what is not there and for a value, which is in cells.
 * Rows of a to-many with its own query are not here but in the lists of their parents.
 */
struct takeo_rows {
    uint32_t struct_size;
    uint32_t flags;
    uint32_t row_count;
    uint32_t column_count;
    const takeo_column_info *columns;
    const takeo_cell *cells; /* NULL with a target, but for rows of several things */
    takeo_list objects;      /* count 0 without one */
    void *const *outputs;    /* of rows of several things, with a target; else NULL */
    uint32_t output_count;
    uint32_t reserved; /* 0 */
    /* level 1 ends here */
};

/**
 * Look at the batch that the last step brought.
 *
 * @return NULL when there is none
 * @owns borrowed-from-op-until-next-step
 * @thread one-at-a-time
 * @since 1
 */
TAKEO_API const takeo_rows *takeo_rows_peek(const takeo_op *op);

/**
 * Take the batch and all its memory out of the operation, so that it outlives it.
 *
 * @return NULL when there is none
 * @owns caller: takeo_rows_free
 * @thread one-at-a-time
 * @since 1
 */
TAKEO_API takeo_rows *takeo_rows_take(takeo_op *op);

/**
 * Free a batch that was taken, with every object and text in it; NULL is allowed.
 *
 * @thread any
 * @since 1
 */
TAKEO_API void takeo_rows_free(takeo_rows *rows);

TAKEO_END
#endif
