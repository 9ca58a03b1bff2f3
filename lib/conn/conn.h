/* conn.h - door of the room `conn`: operations, the pool, sessions, transactions, waiting.
 *
 * It knows the driver table, states and waiting.  It does not know entities, nor what SQL means: a
 * statement is an opaque text with an id (tk_sql).  What is to be done is told by jobs, and what
 * comes of it is told to jobs.
 *
 *     start: a verb of `orm` appends jobs to an idle operation
 *     step:  acquire a connection -> [begin] -> job after job -> [commit | rollback] -> release
 *
 * A job may append further jobs while it runs, so a chain such as "read parents; then read their
 * children" is one operation to its caller.
 */
#ifndef TK_CONN_H
#define TK_CONN_H

#include "driver/driver.h"
#include "host/host.h"
#include "takeo/op.h"
#include "takeo/source.h"
#include "takeo/txn.h"

typedef struct takeo_source tk_source;
typedef struct takeo_session tk_session;
typedef struct takeo_op tk_op;
typedef struct tk_conn tk_conn;
typedef struct tk_job tk_job;

/* How long answers take when the thread sleeps at once, and when it first spins (pace.c). */
typedef struct tk_pace {
    float mean_us[2]; /* spinning, sleeping; 0: never */
    float base_us;    /* of the better way, when it was chosen */
    uint16_t calm;    /* answers since the other way was tried */
    uint16_t period;  /* answers after which it is tried again */
    uint8_t sleeps;   /* the better way, until now */
    uint8_t phase;    /* of pace.c */
    uint8_t left;     /* answers of it */
} tk_pace;

/* ---- jobs ------------------------------------------------------------------------------------ */

typedef struct tk_job_methods {
    const char *name;
    /* The arguments of the next execution.  TAKEO_ROWS: *out is set (NULL when there are none);
     * TAKEO_DONE: no further execution.  Called before the first one too. */
    takeo_status (*bind)(tk_job *job, tk_op *op, const takeo_cell **out);
    /* A row came.  Its cells are valid during the call.  NULL: rows are not looked at. */
    takeo_status (*row)(tk_job *job, tk_op *op, const takeo_cell *cells);
    /* What comes now belongs to the oldest execution that has not ended.  Only asked of a job that
     * pipelines, whose binds run ahead; NULL: not interesting. */
    void (*turn)(tk_job *job, tk_op *op);
    /* One execution has ended.  NULL: not interesting. */
    takeo_status (*ran)(tk_job *job, tk_op *op, const tk_execution *execution);
    /* All executions have ended.  May append jobs (tk_op_append).  Of a job that runs nothing it may
     * give TAKEO_WAIT, for what a driver said so: then it is called again. */
    takeo_status (*done)(tk_job *job, tk_op *op);
    /* The columns of a result whose types were unknown (tk_sql.columns NULL), before its first row.
     */
    takeo_status (*described)(tk_job *job, tk_op *op, const takeo_column_info *columns,
                              uint32_t count);
} tk_job_methods;

struct tk_job { /* the owner's own job begins with this; it lives in the operation's arena */
    tk_job *next;
    const tk_job_methods *methods;
    const tk_sql *sql;    /* prepared and cached by its id; NULL with `text` */
    const char *text;     /* a text of the core's own, run once without arguments (DDL) */
    bool needs_host;      /* row, bind or ran touch host objects: the interpreter's lock is kept */
    bool describes_first; /* `described` may refuse: nothing is to have run by then */
    bool pipelines; /* bind needs nothing of the executions before: several may be on their way */
};

/* A job without `sql` and `text` runs nothing: its `done` is called in its turn, with the
 * connection in op->conn.  `bind` NULL is one execution without arguments. */

/* ---- operations ------------------------------------------------------------------------------ */

typedef enum tk_op_state {
    TK_OP_IDLE,
    TK_OP_ACQUIRE,
    TK_OP_DRAIN, /* waits until nothing else runs on its source; has no connection */
    TK_OP_BEGIN,
    TK_OP_RUN,
    TK_OP_COMMIT,
    TK_OP_SETTLE, /* failed: what is still under way on the connection has to end */
    TK_OP_ROLLBACK,
    TK_OP_RELEASE,
    TK_OP_ROWS, /* released; a batch waits to be read */
    TK_OP_DONE,
    TK_OP_FAILED
} tk_op_state;

typedef enum tk_txn_verb { /* what an operation does to its session's stack of levels */
                           TK_TXN_NONE,
                           TK_TXN_BEGIN,
                           TK_TXN_COMMIT,
                           TK_TXN_ROLLBACK
} tk_txn_verb;

typedef enum tk_stop { /* why an operation has to stop before its end */
                       TK_STOP_NONE,
                       TK_STOP_CANCELED,
                       TK_STOP_DEADLINE,
                       TK_STOP_HOST
} tk_stop;

typedef enum tk_cancel { /* who asked an operation to stop */
                         TK_CANCEL_NONE,
                         TK_CANCEL_CALLER,
                         TK_CANCEL_DRAIN
} tk_cancel;

typedef enum tk_phase { /* where the current job stands; see run.c */
                        TK_PHASE_PREPARE,
                        TK_PHASE_BIND,
                        TK_PHASE_START,
                        TK_PHASE_DESCRIBE,
                        TK_PHASE_FETCH
} tk_phase;

/* What conn itself keeps of one run; nobody else looks at it. */
typedef struct tk_run {
    tk_txn_verb txn;
    uint32_t txn_level; /* which level begins or ends */
    uint32_t txn_flags; /* takeo_txn_flags of a begin */
    uint16_t txn_isolation;
    tk_stop stop;
    tk_phase phase;
    bool is_begun;    /* BEGIN or SAVEPOINT of this run was sent, and nothing has ended it */
    bool is_cleaning; /* rolling back: neither cancel nor deadline stop that */
    bool is_broken;   /* the connection cannot be trusted any more: close it */
    bool is_refused;  /* the driver failed in the current execution, which so has done nothing */
    tk_op_state failed_in;
    bool has_left; /* the interpreter's lock is given up; `left` takes it back */
    void *left;
    uint32_t text;      /* which text of BEGIN, COMMIT or ROLLBACK comes next */
    uint32_t beats;     /* rows and executions since somebody looked at the clock */
    bool has_run;       /* the one execution of a job without `bind` */
    uint32_t writes;    /* writing executions that have ended well */
    int64_t tick_ns;    /* when a long step lets others run again; 0: not yet long */
    int64_t timeout_ns; /* for the message; 0: none */
    tk_prepared *prepared;
    tk_pace *statement_pace; /* of `prepared` */
    tk_pace *pace;           /* of the next wait; NULL: nothing is known of how long it takes */
    int64_t sent_ns;         /* when what is waited for was sent */
    uint32_t under_way;      /* executions that were started and have not ended */
    bool is_draining;        /* a window was sent: all of it is fetched before more is */
    bool is_bound_out;       /* bind has said that there are no more arguments */
    int64_t interrupt_ns;    /* when the server is asked (again) to stop; 0: not yet decided */
    bool has_sent_commit;
    int64_t clean_ns; /* the time for all cleaning, and its end */
    int64_t clean_deadline_ns;
    const takeo_cell *arguments;
    takeo_cell *row;
    uint32_t column_count;
    uint64_t byte_budget; /* 0: none */
    uint64_t bytes;
    tk_link waiting; /* in the source's queue */
    bool is_queued;
    int64_t queued_ns; /* when it began to wait, and how often a connection had been taken then */
    uint64_t queued_take;
    int64_t waits_since_ns;      /* the first time */
    int64_t acquire_deadline_ns; /* -1: none; 0: it never waited; of a drain: when it cuts off */
    bool fills_pool;             /* opens connections up to the pool's least number */
} tk_run;

struct takeo_op {
    tk_alloc alloc;
    tk_source *source; /* held */
    tk_session *session;
    tk_link link; /* in the session's operations */
    int64_t process_id;
    tk_op_state state;
    takeo_status status; /* of the last step, said again when nothing runs */
    tk_arena arena;      /* of one run: cleared by the next start */
    tk_error error;
    takeo_op_options options;
    int64_t deadline_ns; /* -1: none */
    int32_t cancel;      /* atomic: tk_cancel */
    bool in_transaction; /* this run wants a transaction of its own (a savepoint inside one) */
    uint16_t isolation;  /* of that: takeo_isolation_values, which the driver has; 0: any */
    bool is_write;
    bool is_asleep; /* a thread waits for its turn; under the source's mutex */
    tk_conn *conn;  /* while it has one; written under the source's mutex, for who cancels */
    tk_job *first;
    tk_job *last;
    tk_job *current;
    /* Set by the verb that starts it. */
    const tk_interpreter *interpreter; /* NULL: none */
    const tk_interpreter *home; /* of the host that made it: for verbs that name none; NULL: none */
    void (*finish)(tk_op *op, takeo_status status); /* with the interpreter's lock, before release
                                                       of memory: write results back into objects or
                                                       let go of them.  May turn success into
                                                       failure by op->error. */
    void (*explain)(tk_op *op,
                    takeo_error *record); /* a failure of the driver in nouns of the model */
    /* A run with a transaction of its own has failed and was rolled back, and the connection is at
     * rest.  True: other jobs were appended (tk_op_forget_jobs first), to be run from the beginning
     * instead.  NULL: never. */
    bool (*again)(tk_op *op, takeo_status status);
    void *verb;       /* the verb's own */
    takeo_rows *rows; /* what takeo_rows_peek shows; NULL: none */
    takeo_result result;
    void *kept; /* tk_op_keep */
    size_t kept_size;
    tk_cond *turn; /* on which its thread sleeps in the queue; made at first need */
    tk_run run;
};

TK_CHECKED takeo_status tk_op_new(tk_session *session, tk_op **out, tk_error *error);
void tk_op_free(tk_op *op);
/* Begin a start: checks state, process and that the source is open; clears the run before.  Every
 * verb calls this first; a failure of it or of the verb's own checks goes through tk_op_refuse. */
TK_CHECKED takeo_status tk_op_start(tk_op *op, const tk_interpreter *interpreter);
/* The start failed: keep the failure and call finish.  Gives the status.  An operation that runs
 * (TAKEO_ESTATE) goes on untouched; set finish and the like only after tk_op_start. */
takeo_status tk_op_refuse(tk_op *op, takeo_status status);
void tk_op_append(tk_op *op, tk_job *job);      /* at the end */
void tk_op_append_next(tk_op *op, tk_job *job); /* behind the current one */
void tk_op_forget_jobs(tk_op *op);
/* Memory of op->alloc that a started run borrows from its caller: freed by the next start. */
void tk_op_keep(tk_op *op, void *block, size_t size);
/* All is set up: the operation may be stepped. */
void tk_op_ready(tk_op *op);
static inline bool tk_op_is_running(const tk_op *op) {
    return op->state > TK_OP_IDLE && op->state < TK_OP_ROWS;
}
takeo_status tk_op_step(tk_op *op, takeo_events ready);
takeo_status tk_op_interest(const tk_op *op, takeo_interest *out);
takeo_status tk_op_wait(tk_op *op, int64_t timeout_ns); /* wait.c */
void tk_op_cancel(tk_op *op);
/* Sleep, or go on, while waiting: with the interpreter's lock given up, then its check asked.
 * False: the operation was cancelled, its deadline is over, or the host has an exception. */
bool tk_op_pause(tk_op *op, int64_t ns); /* wait.c */
/* A long step goes on: every few milliseconds other threads may run and the check is asked. */
bool tk_op_tick(tk_op *op);
/* The bodies of takeo_rows_take and takeo_rows_free. */
takeo_rows *tk_op_take_rows(tk_op *op);
void tk_rows_free(takeo_rows *rows);

/* ---- source, session, connection ------------------------------------------------------------- */

typedef struct tk_notices { /* that are not yet shown */
    tk_arena arena;
    tk_vec items; /* of takeo_notice */
    uint64_t dropped;
} tk_notices;

struct tk_conn { /* one connection with its prepared statements; between two opens an empty shell */
    tk_source *source;
    const tk_driver *driver;
    tk_server *server;   /* NULL: not connected */
    bool is_open;        /* else the server is still being opened; both written under the mutex */
    uint64_t number;     /* among all that the source ever began to open */
    bool is_changed;     /* a statement left something on it: reset before anybody else uses it */
    tk_notices *notices; /* NULL: none */
    tk_op *op;           /* that uses it now; written under the source's mutex */
    void *statements;    /* stmtcache.c */
    tk_pace text_pace;   /* of the core's own texts, such as COMMIT */
    tk_conn *next;       /* of all shells of the source */
    tk_link idle;        /* among those that nobody has */
    bool is_taken;
    tk_session *holder;     /* whose transaction keeps it; NULL: none */
    uint64_t holder_thread; /* atomic: whose operation uses it, or did last in its transaction */
    int64_t held_ns;        /* when that transaction began */
    int64_t connect_deadline_ns; /* of the opening that goes on; -1: none */
    int64_t opened_ns;           /* this and the next by the clock that is only about right */
    int64_t idle_ns;             /* since when nobody has it */
};

struct takeo_session {
    tk_source *source;
    bool is_shared;
    int64_t process_id;
    tk_link operations; /* of a session of its own; empty in the shared one */
    tk_conn *conn;      /* kept during a transaction; a drain takes it away under the mutex */
    uint32_t level;     /* 0 outside transactions */
    bool is_read_only;  /* the transaction */
    bool has_failed;    /* the server has rolled the transaction back by itself */
    bool has_written;
};

typedef enum tk_source_phase {
    TK_SOURCE_OPEN,
    TK_SOURCE_DRAINING, /* only what has begun goes on */
    TK_SOURCE_CLOSED
} tk_source_phase;

struct takeo_source {
    tk_alloc alloc;
    tk_arena arena;     /* copies of the options */
    int32_t references; /* atomic */
    int32_t waiting;    /* atomic: threads that wait for a server */
    int64_t process_id;
    uint32_t phase;  /* atomic: tk_source_phase; written under the mutex */
    tk_model *model; /* held; NULL: SQL only */
    const tk_driver *driver;
    tk_url url;
    char *masked_url;
    takeo_source_options options;
    tk_mutex *mutex; /* guards what follows; never held while calling out */
    tk_conn *conns;  /* all shells */
    uint32_t conn_count;
    uint32_t conn_max; /* shells above it go when they come back */
    takeo_pool_limits limits;
    int64_t look_again_ns; /* for connections that were idle for too long */
    tk_link idle;          /* connected ones first, the one that came back last before all */
    tk_link queue;         /* fair: operations are served in the order in which they came */
    uint64_t next_number;
    uint32_t connect_failures;    /* since the last success */
    int64_t connect_again_ns;     /* nothing is connected before; 0: at once */
    takeo_error *connect_failure; /* the last one since the last success; NULL: none */
    takeo_pool_stats stats;       /* what is counted; the rest is looked at when it is asked for */
    tk_session shared;
    /* What a room above keeps with the source, such as statements per shape. */
    void *attached;
    void (*detach)(void *attached);
};

TK_CHECKED takeo_status tk_source_open(tk_model *model, const takeo_source_options *options,
                                       tk_source **out, tk_error *error);
/* The same with a driver that is not looked up by the scheme of the URL. */
TK_CHECKED takeo_status tk_source_open_with(tk_model *model, const takeo_source_options *options,
                                            const tk_driver *driver, tk_source **out,
                                            tk_error *error);
void tk_source_close(tk_source *source); /* NULL is allowed */
/* TAKEO_ECLOSED or TAKEO_EFORKED; session NULL: it is about none. */
TK_CHECKED takeo_status tk_source_check(tk_source *source, const tk_session *session,
                                        tk_error *error);
/* The body of takeo_source_drain. */
TK_CHECKED takeo_status tk_source_drain(tk_op *op, int64_t patience_ns,
                                        const tk_interpreter *interpreter);
/* The operation is to open connections up to the pool's least number; before tk_op_ready. */
static inline void tk_op_fill_pool(tk_op *op) {
    op->run.fills_pool = true;
}
/* The bodies of takeo_source_limit and takeo_source_stats. */
TK_CHECKED takeo_status tk_source_limit(tk_source *source, const takeo_pool_limits *limits,
                                        tk_error *error);
void tk_source_stats(tk_source *source, takeo_pool_stats *out);
tk_source *tk_source_hold(tk_source *source);
void tk_source_drop(tk_source *source);
TK_CHECKED takeo_status tk_session_new(tk_source *source, tk_session **out, tk_error *error);
void tk_session_describe(tk_session *session, takeo_session_info *out);
void tk_session_free(tk_session *session); /* NULL is allowed */

/* ---- txn.c: verbs that start an operation ---------------------------------------------------- */

TK_CHECKED takeo_status tk_txn_begin(tk_op *op, const takeo_txn_options *options,
                                     const tk_interpreter *interpreter);
TK_CHECKED takeo_status tk_txn_commit(tk_op *op, uint32_t level, const tk_interpreter *interpreter);
TK_CHECKED takeo_status tk_txn_rollback(tk_op *op, uint32_t level,
                                        const tk_interpreter *interpreter);
int32_t tk_txn_retry(const takeo_error *error, uint32_t attempt, int64_t *out_ns);

#endif
