/* takeo/txn.h - transactions: begin, commit and roll back on a session; nested ones are savepoints.
 *
 * A session is a stack of levels.  Everything that runs on it runs inside the innermost one.
 */
#ifndef TAKEO_TXN_H
#define TAKEO_TXN_H

#include "takeo/op.h"

TAKEO_BEGIN

typedef uint32_t takeo_isolation;
enum takeo_isolation_values {
    TAKEO_ISOLATION_DEFAULT = 0, /* as the server says */
    TAKEO_ISOLATION_READ_UNCOMMITTED = 1,
    TAKEO_ISOLATION_READ_COMMITTED = 2,
    TAKEO_ISOLATION_REPEATABLE_READ = 3,
    TAKEO_ISOLATION_SERIALIZABLE = 4
};

enum takeo_txn_flags { TAKEO_TXN_READ_ONLY = 1 << 0, TAKEO_TXN_DEFERRABLE = 1 << 1 };

typedef struct takeo_txn_options {
    uint32_t struct_size;
    uint32_t flags;
    takeo_isolation isolation; /* only at level 1 */
    uint32_t reserved;         /* 0 */
    /* level 1 ends here */
} takeo_txn_options;

/**
 * Start: begin a transaction, or a savepoint inside one.
 *
 * @param options  may be NULL
 * @return TAKEO_ESTATE on the shared session of a source; TAKEO_EUNSUPPORTED for a level the server
 * lacks
 * @thread one-at-a-time
 * @since 1
 */
TAKEO_API TAKEO_CHECKED takeo_status takeo_txn_begin(takeo_op *op,
                                                     const takeo_txn_options *options);

/**
 * Start: commit the transaction, or release the savepoint.
 *
 * @param level  the one to end, which must be the innermost; 0 is the innermost
 * @return TAKEO_ETXN_CLOSED when there is none; a lost answer is a failure whose outcome says what
 * is known
 * @thread one-at-a-time
 * @since 1
 */
TAKEO_API TAKEO_CHECKED takeo_status takeo_txn_commit(takeo_op *op, uint32_t level);

/**
 * Start: roll back to before a level began, ending it and those inside it.
 *
 * @param level  0 is the innermost
 * @return TAKEO_ETXN_CLOSED when there is none
 * @thread one-at-a-time
 * @since 1
 */
TAKEO_API TAKEO_CHECKED takeo_status takeo_txn_rollback(takeo_op *op, uint32_t level);

/**
 * Say whether a failed transaction is worth repeating as a whole, and after what pause.
 *
 * @param attempt   how often it has failed, from 1
 * @param out_ns    pause with jitter
 * @return 1 or 0
 * @thread any
 * @since 1
 */
TAKEO_API int32_t takeo_txn_retry(const takeo_error *error, uint32_t attempt, int64_t *out_ns);

TAKEO_END
#endif
