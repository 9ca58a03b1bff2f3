/* orm_int.h - what the files of the room `orm` share.
 *
 *     task.c        what a run of any verb keeps, and how it is let go of
 *     shapes.c      statements that the ORM makes for itself, kept with the source
 *     findings.c    several failures of one pass
 *     spread.c      lists of keys, column by column
 *     run.c         statements; receive_cells.c, receive_structs.c: what becomes of their rows
 *     find.c        get, find, count, delete; find_shape.c: their statements
 *     load.c        relations of objects; load_paths.c: of objects in hand; reload.c
 *     write.c       writing objects, with the files that write_int.h names
 *     explain.c     failures of a database in the nouns of the model; names.c: lists of names in them
 *     synchronize.c the schema; compare.c: a table that is there
 */
#ifndef TK_ORM_INT_H
#define TK_ORM_INT_H

#include "orm/orm.h"

/* ---- task.c: what op->verb points to --------------------------------------------------------- */

typedef struct tk_cleanup tk_cleanup;
struct tk_cleanup { /* its owner's struct contains it; it lives in the operation's arena */
    tk_cleanup *next;
    void (*run)(tk_cleanup *cleanup);
};

typedef struct tk_task {
    tk_op *op;
    tk_target *target;           /* held; NULL: none */
    tk_statement *statement;     /* held; NULL: none */
    tk_receiver *receiver;       /* to be released; NULL: none */
    const tk_statement *running; /* for messages: whose rows come now; NULL: not known */
    tk_holder *holder;           /* in use: the receiver's or own; NULL: no host */
    tk_holder own;
    bool has_own;
    tk_cleanup *cleanups; /* newest first */
    /* Before all is let go of: write results back into objects.  NULL: nothing to do. */
    takeo_status (*settle)(struct tk_task *task, takeo_status status);
    /* A statement failed: say in the record which object it was; gives its entity, or NULL. */
    const tk_entity *(*blame)(struct tk_task *task, takeo_error *record);
    /* The column that an argument of the failed statement is for, or NULL.  NULL: `running` says.
     */
    const tk_column *(*argument)(struct tk_task *task, uint32_t number);
} tk_task;

/* tk_op_start, and a task of `size` bytes, zeroed, that begins with a tk_task.  With a target the
 * task holds it and has a holder of its own, unless one is given. */
TK_CHECKED takeo_status tk_task_start(tk_op *op, tk_target *target, tk_holder *holder, size_t size,
                                      tk_task **out);
void tk_task_add_cleanup(tk_task *task, tk_cleanup *cleanup, void (*run)(tk_cleanup *cleanup));
/* A statement that is dropped when the task ends; takes the caller's reference, also when it fails.
 */
TK_CHECKED takeo_status tk_task_keep(tk_task *task, tk_statement *statement);
/* Go: or refuse, when the status is a failure. */
takeo_status tk_task_ready(tk_op *op, takeo_status status);
/* Has the run failed because the server had lost a prepared statement, or its tables have changed since?
 * Then it was not run, and the same run finds it prepared anew. */
bool tk_task_lost_statement(const tk_op *op);
TK_CHECKED void *tk_task_take(tk_op *op, size_t size); /* zeroed, of the operation's arena */

/* ---- shapes.c -------------------------------------------------------------------------------- */

typedef takeo_status (*tk_shape_maker)(const void *context, tk_alloc alloc, tk_statement **out,
                                       tk_error *error);
/* The statement of a key, made when there is none; the caller owns one reference. */
TK_CHECKED takeo_status tk_shapes_get(tk_source *source, takeo_text key, tk_shape_maker make,
                                      const void *context, tk_statement **out, tk_error *error);
/* The text of a statement for the source's dialect. */
TK_CHECKED takeo_status tk_shapes_render(tk_source *source, tk_statement *statement,
                                         const tk_sql **out, tk_error *error);
TK_CHECKED takeo_status tk_shapes_dialect(tk_source *source, const tk_dialect **out,
                                          tk_error *error);

/* ---- findings.c ------------------------------------------------------------------------------ */

enum { TK_FINDINGS_KEPT = 100 };

typedef struct tk_findings {
    tk_error *error;
    tk_error spare; /* takes what is too much; in use once is_full */
    bool is_full;
    uint32_t count;
    takeo_status status; /* of the first */
} tk_findings;

static inline void tk_findings_init(tk_findings *findings, tk_error *error) {
    findings->error = error;
    findings->is_full = false;
    findings->count = 0;
    findings->status = TAKEO_DONE;
}
tk_error *tk_findings_error_late(tk_findings *findings); /* once there are many */
/* Where the next failure is to be written. */
static inline tk_error *tk_findings_error(tk_findings *findings) {
    return TK_LIKELY(findings->count < TK_FINDINGS_KEPT) ? findings->error
                                                         : tk_findings_error_late(findings);
}
/* A status came back.  True: the pass goes on; false: it is a failure that ends it. */
bool tk_findings_add(tk_findings *findings, takeo_status status, uint32_t object);
takeo_status tk_findings_end_full(tk_findings *findings);
/* The end of the pass: what it gives. */
static inline takeo_status tk_findings_end(tk_findings *findings) {
    return TK_LIKELY(!findings->is_full) ? findings->status : tk_findings_end_full(findings);
}

/* ---- spread.c -------------------------------------------------------------------------------- */

/* The arguments of so many executions as the text takes them: *cells is given anew where a list of
 * keys has to go column by column. */
TK_CHECKED takeo_status tk_spread(const tk_statement *statement, const tk_sql *sql,
                                  const takeo_cell **cells, uint32_t executions, tk_arena *arena,
                                  tk_error *error);
/* Which parameter of the statement a parameter of the text stands for; both from 1. */
uint32_t tk_spread_parameter(const tk_statement *statement, const tk_sql *sql, uint32_t number);

/* ---- run.c ----------------------------------------------------------------------------------- */

/* The same as tk_orm_run for a task that is started. */
TK_CHECKED takeo_status tk_run_statement(tk_task *task, tk_statement *statement,
                                         tk_receiver *receiver, const takeo_cell *arguments,
                                         uint32_t count, bool are_accepted);
/* The arguments of so many executions, checked and as the text takes them; *cells is given anew. */
TK_CHECKED takeo_status tk_run_arguments(tk_op *op, const tk_statement *statement,
                                         const tk_sql *sql, const takeo_cell **cells,
                                         uint32_t count, bool are_accepted);
/* Rows for the C ABI: cells, or structs of the task's target. */
TK_CHECKED takeo_status tk_receive_cells(tk_task *task, const tk_statement *statement,
                                         tk_receiver **out);
TK_CHECKED takeo_status tk_receive_structs(tk_task *task, const tk_statement *statement,
                                           tk_receiver **out);
/* op->rows with these columns, copied, and no rows yet. */
TK_CHECKED takeo_status tk_rows_new(tk_op *op, const takeo_column_info *columns, uint32_t count,
                                    takeo_rows **out);

/* Put the cells into what is shown. */
TK_CHECKED takeo_status tk_rows_show(tk_op *op, takeo_rows *rows, const tk_cell_rows *from,
                                     tk_error *error);

/* ---- load.c ---------------------------------------------------------------------------------- */

typedef struct tk_load_def {
    tk_statement *statement; /* of tk_shape_load; borrowed, held by the task */
    const tk_relation *relation;
    const tk_layout *layout; /* of the parents */
    void *const *objects;    /* borrowed until the load is done */
    uint32_t count;
} tk_load_def;
/* Append the job that loads a relation for objects. */
TK_CHECKED takeo_status tk_load_append(tk_task *task, const tk_target *target,
                                       const tk_load_def *def);
/* Append the loads of a statement whose rows have come. */
TK_CHECKED takeo_status tk_load_append_all(tk_task *task, const tk_target *target,
                                           const tk_statement *statement, tk_receiver *receiver);
/* The key of an object, or what refers to another: `columns` as cells.  *out_is_null when one of
 * them is NULL; a column that says nothing is TAKEO_EINPUT. */
TK_CHECKED takeo_status tk_load_read(const tk_layout *layout, const tk_relation *relation,
                                     const tk_column *const *columns, uint32_t count, void *object,
                                     tk_holder *holder, takeo_cell *out, bool *out_is_null,
                                     tk_error *error);

/* ---- names.c --------------------------------------------------------------------------------- */

/* Take the first item off a list; false: there is none. */
bool tk_names_next(takeo_text *list, takeo_text *out);
/* Does the item, in quotes or not, say this name? */
bool tk_names_is(takeo_text item, takeo_text name);
/* The next word of an expression that may be the name of a column; false: there is none. */
bool tk_names_word(takeo_text *expression, takeo_text *out);

/* ---- explain.c ------------------------------------------------------------------------------- */

void tk_orm_explain(tk_op *op, takeo_error *record);

#endif
