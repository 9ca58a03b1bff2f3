/* door_int.h - inside the room `door`: handles that Python holds, and the calls made through them.
 */
#ifndef TK_DOOR_INT_H
#define TK_DOOR_INT_H

#include "door/door.h"
#include "host/cpython.h"
#include "orm/orm.h"

/* ---- handles: C data behind the header of a Python object ------------------------------------
 *
 * The Python package subclasses each type with one slot `keep`, in which the Python objects stand
 * that a handle needs (classes, enums, the source of a session), so that CPython's collector sees
 * them.
 */
typedef struct call call;

typedef struct door_executor { /* of a Source or a Session handle */
    tk_source *source;         /* NULL: closed */
    tk_session *session;
    struct door_executor *owner; /* of a session: its source's */
    tk_py owner_handle;          /* the object around it; owned */
    tk_py bound;                 /* of a source: the ContextVar's get; borrowed, kept by `keep` */
    uint32_t bound_count;        /* sessions that are open: without one the context is not asked */
    uint32_t used_count; /* calls in use: a session is freed when the last of them was given back */
    bool is_session;
    call *idle; /* calls that may be used again */
} door_executor;

typedef struct statement_handle {
    tk_statement *statement; /* held */
    tk_target *target;       /* held; NULL: no entities */
    tk_arena arena;
    tk_plan plan;
    tk_py_field *params;
    tk_py_field *values; /* one per cell */
    tk_py *labels;       /* one per output; owned */
} statement_handle;

typedef struct target_handle {
    tk_target *target;
} target_handle;

typedef struct handle_type {
    tk_py base;     /* the type that is made here */
    tk_py subclass; /* the package's, owned; NULL: it has made no handle yet */
} handle_type;

extern handle_type tk_door_source_type;
extern handle_type tk_door_session_type;
extern handle_type tk_door_statement_type;
extern handle_type tk_door_target_type;

/* Most handles are of the package's own class, which is seen without a walk over its bases. */
static inline bool tk_door_is(tk_py object, const handle_type *type) {
    return TK_PY_TYPE(object) == type->subclass || tk_py_is_a(object, type->base);
}

#define TK_DOOR_DATA(object, type) (&TK_PY_AT(object, tk_py_state.header, type))

/* ---- calls: an operation and the memory of one use of it ------------------------------------- */

struct call {
    call *next;
    door_executor *executor;
    tk_py handle;   /* around the executor; owned while the call is in use */
    uint32_t level; /* of the session when the call began */
    tk_op *op;
    tk_arena arena;
    tk_error error; /* of what is found before the operation starts */
    tk_holder holder;
};

/* NULL with an exception.  The GIL is held. */
call *tk_door_call_take(tk_py where);
void tk_door_call_give(call *used);
void tk_door_calls_free(door_executor *executor);
/* Run what was started to its end; a failure is raised as an exception.  False then. */
bool tk_door_finish(call *used, takeo_status status);

/* ---- arguments (cpython_arguments.c) ------------------------------------------------------------
 *
 * What is read lives as long as the call.  A failure stands in call->error, or is a Python
 * exception (TAKEO_EHOST, false).
 */
typedef struct tk_door_batch { /* objects of a call, each with its layout */
    tk_target *target;
    tk_py tuple; /* owned by the holder */
    void **items;
    const tk_layout **layouts;
    uint32_t count;
    bool has_mutable;
} tk_door_batch;

/* timeout: seconds or None, or NULL; flags: takeo_op_flags, or NULL. */
bool tk_door_set_options(call *used, tk_py timeout, tk_py flags);
/* arguments: a tuple; cells: room for each parameter of the statement. */
takeo_status tk_door_read_arguments(const statement_handle *handle, tk_py arguments,
                                    takeo_cell *cells, call *used);
/* wanted: the class that every object has to be an instance of; NULL: any entity of the target. */
takeo_status tk_door_read_batch(call *used, tk_py target, tk_py objects, tk_py wanted,
                                tk_door_batch *out);
/* A tuple of ints as an array of numbers; None gives NULL. */
bool tk_door_read_numbers(call *used, tk_py value, const uint32_t **out, uint32_t *out_count);
/* None, or (on, update, nothing, only_if_changed, index_where, where, arguments). */
takeo_status tk_door_read_upsert(call *used, tk_py value, tk_upsert *out);

/* ---- results (cpython_receive.c) ------------------------------------------------------------- */

enum tk_door_mode { /* as _door.py */
                    TK_DOOR_LIST = 0,
                    TK_DOOR_TUPLES = 1,
                    TK_DOOR_DICTS = 2,
                    TK_DOOR_FIRST = 3,
                    TK_DOOR_COUNT = 4,
                    TK_DOOR_ONE = 5
};

typedef struct py_receiver {
    tk_receiver base;
    const statement_handle *statement;
    call *call;
    int mode;
    bool has_graph;
    bool collects_garbage; /* the collector was on and is paused */
    tk_graph graph;
    tk_py result; /* the list, or the first row; owned */
    uint64_t rows;
    tk_py_field *values; /* of a shape found out at run time */
    tk_py *labels;
    uint32_t column_count;
} py_receiver;

takeo_status tk_door_receiver_init(py_receiver *receiver, const statement_handle *statement,
                                   call *used, int mode);

/* ---- errors (cpython_error.c) ---------------------------------------------------------------- */

/* Set the Python exception that a failure stands for; always NULL.  An exception that is set
 * already (TAKEO_EHOST) stays. */
tk_py tk_door_raise(takeo_status status, const takeo_error *record);
tk_py tk_door_raise_and_give(call *used, takeo_status status, const takeo_error *record);
tk_py tk_door_wrong_call(const char *expected);

extern tk_py_method tk_door_handle_methods[];
extern tk_py_method tk_door_verb_methods[];
bool tk_door_make_types(tk_py doors);

#endif
