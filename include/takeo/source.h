/* takeo/source.h - the data source: one database, its pool of connections, and the sessions on it.
 *
 * A session is one caller's conversation: it takes a connection from the pool for each operation,
 * keeps it from the begin of a transaction to its end, and gives it back.  Who finds none waits in
 * turn.
 * Every source has one shared session for work outside transactions; a transaction needs a session
 * of its own.
 */
#ifndef TAKEO_SOURCE_H
#define TAKEO_SOURCE_H

#include "takeo/host.h"
#include "takeo/op.h"

TAKEO_BEGIN

typedef struct takeo_source takeo_source;

/** A word and its value: a key of the URL, a setting of the driver. */
typedef struct takeo_setting {
    const char *key;
    const char *value;
} takeo_setting;

/** The pool.  0 means the default that is named; -1 in a time means "no limit". */
typedef struct takeo_pool_limits {
    uint32_t struct_size;
    uint32_t flags;       /* none yet */
    uint32_t max_size;    /* 10; SQLite always has 1 */
    uint32_t min_size;    /* 0: so many are opened by takeo_source_connect, and not closed for being
                             idle */
    uint32_t max_waiting; /* operations in the queue; 0: no limit */
    uint32_t reserved;    /* 0 */
    int64_t acquire_ns;   /* wait for a connection: 30 s */
    int64_t connect_ns;   /* 10 s */
    int64_t idle_ns;      /* 300 s */
    int64_t lifetime_ns;  /* no limit */
    /* level 1 ends here */
} takeo_pool_limits;

/** The pool at one moment, and since the source was opened.  Set struct_size. */
typedef struct takeo_pool_stats {
    uint32_t struct_size;
    uint32_t flags; /* none yet */
    uint32_t max_size;
    uint32_t size; /* connections that are open or being opened */
    uint32_t idle;
    uint32_t busy;
    uint32_t connecting;
    uint32_t waiting;
    uint64_t acquired;
    uint64_t timed_out;
    uint64_t connected;
    uint64_t connect_failed;
    uint64_t closed_lifetime;
    uint64_t closed_idle;
    uint64_t closed_broken;
    uint64_t wait_ns;         /* all waiting in the queue together */
    int64_t oldest_holder_ns; /* how long the longest transaction has had its connection */
    /* level 1 ends here */
} takeo_pool_stats;

enum takeo_notice_level_values {
    TAKEO_NOTICE_DEBUG = 1,
    TAKEO_NOTICE_LOG = 2,
    TAKEO_NOTICE_INFO = 3,
    TAKEO_NOTICE_NOTICE = 4,
    TAKEO_NOTICE_WARNING = 5
};

/** What a server says beside its answers, as by RAISE NOTICE.  Fields that say nothing have data
 * NULL; a text of more than 8 KiB is cut. */
typedef struct takeo_notice {
    uint32_t level;      /* takeo_notice_level_values */
    uint32_t reserved;   /* 0 */
    takeo_text severity; /* in the server's language */
    takeo_text sqlstate;
    takeo_text message;
    takeo_text detail;
    takeo_text hint;
    takeo_text context; /* where: functions and lines */
    takeo_text schema_name;
    takeo_text table_name;
    takeo_text column_name;
    takeo_text constraint_name;
} takeo_notice;

/** Notices of one connection, in the order in which they came; only during the call that shows
 * them. */
typedef struct takeo_notices {
    uint32_t struct_size;
    uint32_t notice_count;
    const takeo_notice *notices;
    size_t notice_size;
    uint64_t dropped;    /* came after these, and were too many to be kept */
    uint64_t connection; /* number within the source */
    /* level 1 ends here */
} takeo_notices;

enum takeo_source_flags {
    TAKEO_SOURCE_POLL = 1 << 0 /* never spin while waiting for a server */
};

typedef struct takeo_source_options {
    uint32_t struct_size;
    uint32_t flags;                /* takeo_source_flags */
    const char *url;               /* NULL: TAKEO_DATABASE_URL, then DATABASE_URL */
    const takeo_setting *settings; /* win over the URL; unknown ones are TAKEO_ECONFIG */
    uint32_t setting_count;
    uint32_t init_sql_count;
    const char *const *init_sql;      /* run on every connection that is new, or reset */
    const takeo_pool_limits *pool;    /* copied; NULL: defaults */
    int64_t statement_ns;             /* timeout of operations that say nothing; 0: none */
    uint64_t byte_budget;             /* of operations that say nothing; 0: none */
    const takeo_allocator *allocator; /* copied; NULL: malloc and free */
    void *ctx;                        /* first argument of the functions below */
    /** Called between slices of a wait and inside long statements, as for Ctrl-C.  It calls nothing
     * of the source.  A failure cancels the operation.  NULL: never. */
    takeo_status (*check)(void *ctx);
    /** Called before each new connection: write the password, at most capacity bytes of UTF-8
     * without a zero byte, and its length.  It wins over that of URL and settings; the length 0
     * means that there is none, and libpq then looks into PGPASSWORD and its password file.  The
     * memory is wiped once the driver has it.  The thread that calls is the one that steps or waits
     * for the operation, several of them at a time; no lock of the library is held.  It calls
     * nothing of the source.  A failure is TAKEO_ECONNECT (TAKEO.CONNECT.PASSWORD).  NULL: from URL
     * and settings.  SQLite: TAKEO_ECONFIG. */
    takeo_status (*password)(void *ctx, char *buffer, size_t capacity, size_t *out_len);
    /** Shows what a server said beside its answers: while an operation waits, and before it ends.
     * At most 1000 notices are kept from one call to the next.  Called by the thread that steps or
     * waits for the operation, several of them at a time, under no lock of the library.  It calls
     * nothing of the source.  NULL: nobody listens, and notices are passed over. */
    void (*show_notices)(void *ctx, const takeo_notices *notices);
    /* level 1 ends here */
} takeo_source_options;

typedef struct takeo_session_options {
    uint32_t struct_size;
    uint32_t flags; /* none yet */
    /* level 1 ends here */
} takeo_session_options;

enum takeo_session_info_flags {
    TAKEO_SESSION_INFO_FAILED = 1 << 0,    /* the transaction can only be rolled back */
    TAKEO_SESSION_INFO_CONNECTED = 1 << 1, /* it holds a connection now */
    TAKEO_SESSION_INFO_WROTE = 1 << 2
};

/** A session at one moment.  Set struct_size. */
typedef struct takeo_session_info {
    uint32_t struct_size;
    uint32_t flags;
    uint32_t level;      /* 0 outside transactions, 1 inside, 2 in a savepoint, ... */
    uint32_t running;    /* operations that run */
    uint64_t connection; /* number within the source; 0 when it holds none */
    int64_t server_pid;  /* backend or thread of the server, 0 when unknown */
    void *native;        /* PGconn * (only with wire=off), sqlite3 *, MYSQL *: for experts, while no
                          * operation runs; NULL: none */
    /* level 1 ends here */
} takeo_session_info;

/**
 * Write a URL without its passwords, for messages: that of the user, and the values of keys that
 * name a secret.  Also of a text that is no URL; it would rather hide too much.
 *
 * @return bytes needed without the zero byte, as snprintf does; 0 also when there is no memory
 * @thread any
 * @since 1
 */
TAKEO_API size_t takeo_url_mask(const char *url, char *buffer, size_t capacity);

/**
 * Open a data source; nothing is connected before the first operation.
 *
 * @param model    frozen here when it is not yet; NULL for a source that only runs SQL
 * @return TAKEO_ECONFIG, TAKEO_EMAPPING, TAKEO_EUNSUPPORTED when the client library is missing
 * @owns caller: takeo_source_close
 * @thread any
 * @since 1
 */
TAKEO_API TAKEO_CHECKED takeo_status takeo_source_open(takeo_model *model,
                                                       const takeo_source_options *options,
                                                       takeo_source **out, takeo_error **error);

/**
 * Give the shared session, for work outside transactions.
 *
 * @return never NULL
 * @owns borrowed-from-source-until-close
 * @thread any; operations of any threads may run on it side by side
 * @since 1
 */
TAKEO_API takeo_session *takeo_source_session(takeo_source *source);

/**
 * Start: connect, so that at least min_size connections are open, and at least one.
 *
 * @return TAKEO_DONE when started
 * @thread one-at-a-time
 * @since 1
 */
TAKEO_API TAKEO_CHECKED takeo_status takeo_source_connect(takeo_op *op);

enum takeo_synchronize_flags {
    TAKEO_SYNCHRONIZE_PLAN = 1 << 0 /* run nothing: the rows are the statements */
};

/**
 * Start: create the tables and indexes that the model has and the database lacks.
 *
 * A table that is there but differs from the model is refused with the list of differences; nothing
 * is altered and nothing is dropped.
 *
 * @param flags  takeo_synchronize_flags
 * @return TAKEO_DONE when started; the operation's rows are the statements in order
 * @thread one-at-a-time
 * @since 1
 */
TAKEO_API TAKEO_CHECKED takeo_status takeo_source_synchronize(takeo_op *op, uint32_t flags);

/**
 * Start: take no new work, wait until what has begun has ended, and close all connections.
 *
 * What has begun are operations, those that wait for a connection too, and open transactions with
 * all that still comes in them; anything else answers TAKEO_ECLOSED from now on.  What has not
 * ended after patience_ns is cut off: operations are cancelled, transactions rolled back; the
 * result's `affected` counts them.  When this operation is cancelled, or its own deadline ends it,
 * the source still takes no new work, and may be drained again.
 *
 * @param patience_ns  -1: for ever; 0: cut off at once
 * @return TAKEO_DONE when started; TAKEO_ESTATE inside a transaction, which it would wait for
 * @thread one-at-a-time
 * @since 1
 */
TAKEO_API TAKEO_CHECKED takeo_status takeo_source_drain(takeo_op *op, int64_t patience_ns);

/**
 * Change the limits of the pool while it works.
 *
 * @return TAKEO_DONE or TAKEO_EINVAL
 * @thread any
 * @since 1
 */
TAKEO_API TAKEO_CHECKED takeo_status takeo_source_limit(takeo_source *source,
                                                        const takeo_pool_limits *limits,
                                                        takeo_error **error);

/**
 * Read the pool's statistics.
 *
 * @return TAKEO_DONE or TAKEO_EINVAL
 * @thread any
 * @since 1
 */
TAKEO_API TAKEO_CHECKED takeo_status takeo_source_stats(takeo_source *source,
                                                        takeo_pool_stats *out);

/**
 * Close a source: idle connections at once, borrowed ones when they come back; handles on it answer
 * TAKEO_ECLOSED from now on and may be freed in any order.  NULL is allowed.
 *
 * @thread any
 * @since 1
 */
TAKEO_API void takeo_source_close(takeo_source *source);

/**
 * Make a session of its own: for a transaction, or to hold one connection.
 *
 * @param options  may be NULL
 * @return TAKEO_DONE or a failure; nothing is connected yet
 * @owns caller: takeo_session_free
 * @thread any
 * @since 1
 */
TAKEO_API TAKEO_CHECKED takeo_status takeo_session_new(takeo_source *source,
                                                       const takeo_session_options *options,
                                                       takeo_session **out, takeo_error **error);

/**
 * Read the state of a session.
 *
 * @return TAKEO_DONE or TAKEO_EINVAL
 * @thread one-at-a-time
 * @since 1
 */
TAKEO_API TAKEO_CHECKED takeo_status takeo_session_describe(takeo_session *session,
                                                            takeo_session_info *out);

/**
 * Free a session; NULL is allowed.  An open transaction is rolled back.
 *
 * @thread one-at-a-time
 * @since 1
 */
TAKEO_API void takeo_session_free(takeo_session *session);

TAKEO_END
#endif
