/* scripted_driver.h - a database driver without a database: it plays replies and writes down what
 * was asked of it, so that rooms above are tested at every point where a server could fail.
 *
 *     scripted script = {.rows = 2};
 *     scripted_fail(&script, "run commit", TK_SERVER_BUSY);
 *     tk_source *source = scripted_source(&script, NULL);
 *     ...
 *     assert_string_equal(script.log, "open; prepare 1; start 1; end 1; ");
 *
 * Lines of the log: open, close, abandon, prepare <id>, forget <id>, start <id>, end <id>, run
 * <text>. Fetches are not written down, but rules may name them ("fetch <id>").
 *
 * With `waits` set the driver is one that does not block: rules may make any call give TAKEO_WAIT,
 * and there are the lines establish, describe <id>, settle, reset, later <text>, and (not written down)
 * advance and alive, which answers no when its rule fails.
 */
#ifndef TK_SCRIPTED_DRIVER_H
#define TK_SCRIPTED_DRIVER_H

#include "conn/conn.h"

typedef struct scripted scripted;

typedef struct scripted_rule {
    const char *call;              /* the beginning of a line of the log */
    uint32_t skip;                 /* so many of these calls pass first */
    uint32_t times;                /* then the rule holds so often; 0: once */
    takeo_status status;           /* TAKEO_DONE: as ever, after `act`; TAKEO_WAIT; or a failure */
    tk_code code;                  /* of the failure */
    uint32_t flags;                /* takeo_error_flags of it */
    bool ends_transaction;         /* the server has rolled back by itself */
    void (*act)(scripted *script); /* NULL: nothing */
    uint32_t seen;
} scripted_rule;

struct scripted {
    bool waits;
    uint32_t rows;    /* that each execution gives: the numbers from 1, in every column */
    uint32_t columns; /* of statements that do not say; 0: none */
    scripted_rule rules[8];
    uint32_t rule_count;
    void *context; /* of the test */
    int fd;        /* that a driver that waits names; 0: none */

    char log[8192];
    size_t log_len;
    bool is_in_transaction;
    int32_t interrupts; /* atomic */
    int32_t inside;     /* atomic: threads in the driver now */
    int32_t overlaps;   /* atomic: how often there were two */
    int32_t servers;    /* open now */
    int32_t prepared;   /* not yet forgotten */
    int32_t executions; /* started and not ended */
    takeo_cell last_argument;
    char password[64]; /* that the last open was given; empty: none */
    void *ctx;
    bool (*pause)(void *ctx, int64_t ns);
    bool (*tick)(void *ctx);
    void (*notice)(void *ctx, const takeo_notice *notice);
    tk_execution execution; /* what every end tells */
    bool execution_ends_transaction;
};

extern const tk_driver scripted_driver;
extern const tk_driver scripted_waiting_driver;

scripted_rule *scripted_add(scripted *script, const char *call);
/* One failure of a call. */
void scripted_fail(scripted *script, const char *call, tk_code code);
/* A source on the script; fails the test when it does not open. */
tk_source *scripted_source(scripted *script, const takeo_source_options *options);
/* The same when it may fail. */
takeo_status scripted_open(scripted *script, const takeo_source_options *options, tk_source **out,
                           tk_error *error);
/* ---- jobs ------------------------------------------------------------------------------------ */

typedef struct scripted_job { /* what a verb would have, and what it was told */
    tk_job job;
    tk_sql sql;
    takeo_type types[4];
    takeo_cell argument; /* counted up with each execution */
    uint32_t left;       /* executions */
    uint32_t rows;
    uint32_t turns;
    uint32_t ran;
    uint32_t done;
    uint32_t described; /* columns, from 1 */
    uint32_t finished;
    takeo_status finish_status;
    takeo_status bind_status, row_status, ran_status, done_status; /* failures that it gives */
    void (*on_finish)(tk_op *op);                                  /* NULL: nothing */
    void (*on_row)(struct scripted_job *job, tk_op *op);
} scripted_job;

/* A statement of this id, with one argument and one column, to be run so often. */
void scripted_job_init(scripted_job *job, uint64_t id, uint32_t executions);
/* Start an operation with one job.  `job` may be NULL. */
takeo_status scripted_start(tk_op *op, scripted_job *job, const tk_interpreter *interpreter);
/* Start and wait. */
takeo_status scripted_run(tk_op *op, scripted_job *job);
/* An operation, or a session with one; fails the test when there is none. */
tk_op *scripted_op(tk_session *session);
tk_session *scripted_session(tk_source *source);

/* Forget the log. */
void scripted_clear(scripted *script);
/* Nothing is left open; fails the test. */
void scripted_done(const scripted *script);

#endif
