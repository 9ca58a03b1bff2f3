/* orm.h - door of the room `orm`: what an ORM does.  Verbs that start an operation: run a
 * statement, get, find, count, delete, save, insert, update, upsert, remove, load, reload,
 * synchronize.
 *
 * It knows the model, statements, plans, sessions.  It does not know placeholders, quoting,
 * sockets, versions of servers, or the language of the host.
 *
 * Every verb checks and binds everything before the first step: what does not fit is refused with
 * nothing sent.  A failure stands on the operation.
 */
#ifndef TK_ORM_H
#define TK_ORM_H

#include "conn/conn.h"
#include "sql/sql.h"
#include "takeo/repo.h"

/* ---- what becomes of rows --------------------------------------------------------------------
 *
 * A receiver is told the rows of a run.  receive_cells.c and receive_structs.c serve the C ABI; the
 * CPython door brings its own, which makes lists of entities, tuples or dictionaries.
 */
typedef struct tk_receiver tk_receiver;
struct tk_receiver {
    /* Columns of raw SQL, before the first row. */
    takeo_status (*described)(tk_receiver *receiver, const takeo_column_info *columns,
                              uint32_t count, tk_error *error);
    takeo_status (*row)(tk_receiver *receiver, const takeo_cell *cells, tk_error *error);
    /* All rows of the statement have come (its loads have not). */
    takeo_status (*end)(tk_receiver *receiver, tk_op *op, tk_error *error);
    /* Objects of a part (from 1) that a load is for; borrowed. */
    void **(*objects)(tk_receiver *receiver, uint32_t part, uint32_t *out_count);
    /* The run is over, well or not: let go of what is not handed out. */
    void (*release)(tk_receiver *receiver);
    const tk_target *target; /* NULL: cells, no loads */
    tk_holder *holder;
    bool needs_host;
};

/* The shape of a statement's rows in the terms of the room `host`. */
TK_CHECKED takeo_status tk_orm_plan(const tk_statement *statement, const tk_target *target,
                                    tk_arena *arena, tk_plan *out, tk_error *error);

/* ---- statements ------------------------------------------------------------------------------ */

/* Run a statement.  `arguments` fit already (accepted) when `are_accepted`.  receiver NULL: cells
 * for the C ABI (op->rows), or nothing when the statement gives no rows.  count is a multiple of
 * the parameters: one execution for each, in one transaction. */
TK_CHECKED takeo_status tk_orm_run(tk_op *op, tk_statement *statement, tk_receiver *receiver,
                                   const takeo_cell *arguments, uint32_t count, bool are_accepted);
/* The statement that reads an entity by its key; made once per source, borrowed from it. */
TK_CHECKED takeo_status tk_orm_get_statement(tk_source *source, const tk_entity *entity,
                                             tk_statement **out, tk_error *error);

/* ---- the C ABI's finds ----------------------------------------------------------------------- */

TK_CHECKED takeo_status tk_orm_get(tk_op *op, tk_target *target, uint32_t entity,
                                   const takeo_cell *keys, uint32_t count);
TK_CHECKED takeo_status tk_orm_find(tk_op *op, tk_target *target, uint32_t entity,
                                    const takeo_find *find);
TK_CHECKED takeo_status tk_orm_count(tk_op *op, uint32_t entity, const takeo_find *find);
TK_CHECKED takeo_status tk_orm_delete(tk_op *op, uint32_t entity, const takeo_find *find);
/* takeo_statement_run */
TK_CHECKED takeo_status tk_orm_statement(tk_op *op, tk_statement *statement, tk_target *target,
                                         const takeo_cell *arguments, uint32_t count);

/* ---- writing objects ------------------------------------------------------------------------- */

typedef enum tk_verb {
    TK_VERB_SAVE,
    TK_VERB_INSERT,
    TK_VERB_UPDATE,
    TK_VERB_UPSERT,
    TK_VERB_REMOVE
} tk_verb;

typedef struct tk_objects { /* what is written, in the caller's order */
    void *const *items;     /* objects; or rows of cells (const takeo_cell *) without a target */
    const tk_layout *const *layouts; /* of each; NULL without a target */
    uint32_t count;
    const tk_entity *entity; /* without a target: of all */
    const uint32_t *columns; /* without a target: what the cells are; else those that are written */
    uint32_t column_count;   /* 0: all */
    tk_holder *holder;       /* of the target's host; NULL: one of its own */
} tk_objects;

typedef struct tk_upsert {
    const uint32_t *on;     /* NULL: the key */
    const uint32_t *update; /* NULL: all but `on` and what is never updated */
    uint32_t on_count;
    uint32_t update_count;
    bool nothing;
    bool only_if_changed;
    const char *index_where;
    tk_statement *where; /* a SELECT: its rows alone are updated; NULL: all */
    const takeo_cell *arguments;
    uint32_t argument_count;
    bool are_accepted; /* the arguments fit already */
} tk_upsert;

/* The objects are borrowed until the operation has ended.  op->result tells them apart. */
TK_CHECKED takeo_status tk_orm_write(tk_op *op, tk_verb verb, tk_target *target,
                                     const tk_objects *objects, const tk_upsert *upsert);
/* The C ABI's lists as one. */
TK_CHECKED takeo_status tk_orm_write_lists(tk_op *op, tk_verb verb, tk_target *target,
                                           const takeo_list *lists, uint32_t list_count,
                                           const uint32_t *columns, uint32_t column_count,
                                           const tk_upsert *upsert);

/* ---- loading relations of objects in hand ---------------------------------------------------- */

/* All objects have the same layout.  Paths are relations, each path ended by 0; what is loaded
 * already is left unless `again`. */
TK_CHECKED takeo_status tk_orm_load(tk_op *op, tk_target *target, const tk_layout *layout,
                                    void *const *objects, uint32_t count, const uint32_t *paths,
                                    uint32_t path_count, bool again);
TK_CHECKED takeo_status tk_orm_reload(tk_op *op, tk_target *target, const tk_layout *layout,
                                      void *const *objects, uint32_t count, const uint32_t *columns,
                                      uint32_t column_count);

/* ---- the schema ------------------------------------------------------------------------------ */

TK_CHECKED takeo_status tk_orm_synchronize(tk_op *op, uint32_t flags);
TK_CHECKED takeo_status tk_orm_connect(tk_op *op);

#endif
