/* takeo/op.h - one operation: started by a verb of another header, stepped or waited for, reused.
 *
 *     idle --start--> running --step--> rows --step--> done, or failed
 *
 * A start is allowed in idle, done and failed, and after the batch of rows (there is one, marked
 * TAKEO_ROWS_LAST); it forgets the rows, result and failure before it.  One operation runs one
 * thing at a time.  Several may be open on a session; they take turns.
 */
#ifndef TAKEO_OP_H
#define TAKEO_OP_H

#include "takeo/error.h"

TAKEO_BEGIN

typedef struct takeo_op takeo_op;
typedef struct takeo_session takeo_session; /* where it runs: source.h */

/** Events on a file descriptor.  Flags. */
typedef uint32_t takeo_events;
enum takeo_events_values { TAKEO_EVENT_READ = 1 << 0, TAKEO_EVENT_WRITE = 1 << 1 };

enum takeo_interest_flags {
    TAKEO_INTEREST_BLOCKING = 1 << 0 /* the next step may block: give it a worker thread */
};

/** What an operation waits for.  Set struct_size; the rest is written by the core. */
typedef struct takeo_interest {
    uint32_t struct_size;
    uint32_t flags;
    int64_t fd; /* -1 when there is nothing to watch */
    takeo_events events;
    uint32_t spin_us;    /* worth a takeo_op_wait of this length before handing fd to a loop */
    int64_t deadline_ns; /* monotonic clock; -1 means no limit */
    /* level 1 ends here */
} takeo_interest;

enum takeo_op_flags {
    TAKEO_OP_NO_EAGER = 1 << 0,     /* eager relations are left out of takeo_repo_find */
    TAKEO_OP_COERCE_TEXT = 1 << 1,  /* text is parsed where the column is no text */
    TAKEO_OP_COERCE_LOSSY = 1 << 2, /* as COERCE_TEXT, and numbers are rounded half-even */
    TAKEO_OP_BY_LABEL = 1 << 3 /* rows are read by label: refuse two of one name, send nothing */
};

/** How an operation runs; kept until set again. */
typedef struct takeo_op_options {
    uint32_t struct_size;
    uint32_t flags;
    int64_t timeout_ns;   /* of one run; the server cancels too; 0: the source's; -1: none */
    uint64_t byte_budget; /* more is TAKEO_ERESULT_TOO_LARGE; 0: none */
    /* level 1 ends here */
} takeo_op_options;

/** What became of one object of a batch. */
enum takeo_written_values {
    TAKEO_WRITTEN_NOTHING = 0, /* unchanged: nothing was sent */
    TAKEO_WRITTEN_INSERTED = 1,
    TAKEO_WRITTEN_UPDATED = 2,
    TAKEO_WRITTEN_DELETED = 3,
    TAKEO_WRITTEN_SKIPPED = 4 /* ON CONFLICT or a trigger dropped it */
};

/** What an operation did.  Set struct_size; the rest is written by the core. */
typedef struct takeo_result {
    uint32_t struct_size;
    uint32_t flags;   /* none yet */
    int64_t affected; /* rows changed, or counted by takeo_repo_count */
    int64_t inserted;
    int64_t updated;
    int64_t deleted;
    int64_t skipped;
    const uint8_t *written; /* takeo_written_values of each object, in order; NULL for statements */
    uint32_t written_count;
    uint32_t statement_count; /* sent to the server */
    /* level 1 ends here */
} takeo_result;

/**
 * Make an idle operation of a session.
 *
 * @owns caller: takeo_op_free
 * @return TAKEO_DONE, TAKEO_ECLOSED, TAKEO_EFORKED or TAKEO_ENOMEM
 * @thread as the session
 * @since 1
 */
TAKEO_API TAKEO_CHECKED takeo_status takeo_op_new(takeo_session *session, takeo_op **out,
                                                  takeo_error **error);

/**
 * Set how the runs to come are made.
 *
 * @param options  copied; NULL sets every default again
 * @return TAKEO_ESTATE while the operation runs
 * @thread one-at-a-time
 * @since 1
 */
TAKEO_API TAKEO_CHECKED takeo_status takeo_op_set(takeo_op *op, const takeo_op_options *options);

/**
 * Advance the operation as far as it goes without waiting.
 *
 * @param ready  events seen since the last step, 0 on the first call
 * @return TAKEO_WAIT, TAKEO_ROWS, TAKEO_DONE, or a failure kept by the operation
 * @thread one-at-a-time
 * @since 1
 */
TAKEO_API TAKEO_CHECKED takeo_status takeo_op_step(takeo_op *op, takeo_events ready);

/**
 * Say what the operation waits for.  Ask again after every step: the fd may change.
 *
 * @return TAKEO_DONE, or TAKEO_ESTATE when it does not run
 * @thread one-at-a-time
 * @since 1
 */
TAKEO_API TAKEO_CHECKED takeo_status takeo_op_interest(const takeo_op *op, takeo_interest *out);

/**
 * Step and wait until something comes of it: the loop over step and interest for programs without
 * one.
 *
 * @param timeout_ns  for this call; -1 waits as long as the operation's own deadline allows.  At
 * its end the operation goes on and may be waited for again
 * @return as takeo_op_step; TAKEO_WAIT when the time is over; the last status again when nothing
 * runs
 * @thread one-at-a-time
 * @since 1
 */
TAKEO_API TAKEO_CHECKED takeo_status takeo_op_wait(takeo_op *op, int64_t timeout_ns);

/**
 * Read what the operation did.
 *
 * @owns borrowed-from-op-until-next-start: written
 * @return TAKEO_ESTATE before it is done
 * @thread one-at-a-time
 * @since 1
 */
TAKEO_API TAKEO_CHECKED takeo_status takeo_op_result(const takeo_op *op, takeo_result *out);

/**
 * Read the failure of the last start or step.
 *
 * @owns borrowed-from-op-until-next-start
 * @return NULL when it did not fail
 * @thread one-at-a-time
 * @since 1
 */
TAKEO_API const takeo_error *takeo_op_error(const takeo_op *op);

/**
 * Ask the operation to stop.  It still ends by stepping; nothing happens when it does not run.
 *
 * @thread any
 * @since 1
 */
TAKEO_API void takeo_op_cancel(takeo_op *op);

/**
 * Free an operation in any state, with its rows; NULL is allowed.  One that runs is cancelled and
 * its connection cleaned or closed.
 *
 * @thread one-at-a-time
 * @since 1
 */
TAKEO_API void takeo_op_free(takeo_op *op);

TAKEO_END
#endif
