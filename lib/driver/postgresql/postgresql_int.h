/* postgresql_int.h - inside of the driver of PostgreSQL: its library, its connection, its statements.
 *
 *     library.c    libpq, opened by name at first use; the driver's table
 *     settings.c   URL and settings -> what libpq is told
 *     resolve.c    the addresses of a name
 *     helper.c     threads for what cannot be done without waiting, which may be left behind
 *     connect.c    a connection is made on such a thread, checked, and closed
 *     cancel.c     stopping a statement, on such a thread
 *     wire*.c      the protocol itself, in libpq's place where nothing is encrypted
 *     error.c      SQLSTATE and words -> a record
 *     flight.c     what was sent and is not answered yet: sending, receiving, the order of answers
 *     statement.c  prepared statements: their names, parameters and columns
 *     execute.c    start, fetch, end
 *     row.c        one of the rows that came
 *     notice.c     what the server says beside its answers
 *     effect.c     what a statement leaves on its connection, and undoing it
 *     guess.c      types of parameters that the statement does not say
 *     arguments.c  the arguments of an execution as libpq takes them
 *     run.c        texts of the core's own; transactions
 *     copy.c       rows by COPY
 *     types.c, types_int.h   the server's types: number, logical type, encoder, decoders
 *     encode.c, encode_text.c   cells -> values on the wire
 *     decode_binary.c, decode_text.c   values on the wire -> cells
 *     convert.c    columns that the statement wants as another type than the server's
 *     array.c, numeric.c, temporal.c, shape.c, network.c   types whose forms are long
 *     catalog.c    what a database holds
 *
 * The only header that includes libpq's.  The driver knows the protocol through libpq, and cells; it
 * does not know entities, sessions, pools, or who waits.  It never waits itself: what has to gives
 * TAKEO_WAIT, with nothing half done.
 */
#ifndef TK_POSTGRESQL_INT_H
#define TK_POSTGRESQL_INT_H

#include <libpq-fe.h>
#include <stdatomic.h>

#include "driver/driver.h"

/* ---- library.c ------------------------------------------------------------------------------- */

/* What every libpq from version 14 on has.  X(name without "PQ") */
#define TK_PQ_OPENING_FUNCTIONS(X)                                                                 \
    X(libVersion)                                                                                  \
    X(conndefaults)                                                                                \
    X(conninfoFree)                                                                                \
    X(connectdbParams)                                                                             \
    X(finish)                                                                                      \
    X(parameterStatus)                                                                             \
    X(serverVersion)                                                                               \
    X(socket)                                                                                      \
    X(backendPID)                                                                                  \
    X(sslInUse)                                                                                    \
    X(gssEncInUse)                                                                                 \
    X(getCancel)                                                                                   \
    X(freeCancel)                                                                                  \
    X(cancel)                                                                                      \
    X(setnonblocking)                                                                              \
    X(setNoticeReceiver)

/* What is done with a connection once it is open, and with results.  wire.c has these too. */
#define TK_PQ_CLIENT_FUNCTIONS(X)                                                                  \
    X(status)                                                                                      \
    X(transactionStatus)                                                                           \
    X(errorMessage)                                                                                \
    X(sendQuery)                                                                                   \
    X(sendQueryParams)                                                                             \
    X(sendPrepare)                                                                                 \
    X(sendQueryPrepared)                                                                           \
    X(sendDescribePrepared)                                                                        \
    X(setSingleRowMode)                                                                            \
    X(enterPipelineMode)                                                                           \
    X(exitPipelineMode)                                                                            \
    X(pipelineSync)                                                                                \
    X(getResult)                                                                                   \
    X(isBusy)                                                                                      \
    X(consumeInput)                                                                                \
    X(flush)                                                                                       \
    X(notifies)                                                                                    \
    X(freemem)                                                                                     \
    X(putCopyData)                                                                                 \
    X(putCopyEnd)                                                                                  \
    X(getCopyData)                                                                                 \
    X(resultStatus)                                                                                \
    X(resultErrorMessage)                                                                          \
    X(resultErrorField)                                                                            \
    X(clear)                                                                                       \
    X(ntuples)                                                                                     \
    X(nfields)                                                                                     \
    X(fname)                                                                                       \
    X(ftype)                                                                                       \
    X(nparams)                                                                                     \
    X(paramtype)                                                                                   \
    X(cmdStatus)                                                                                   \
    X(cmdTuples)                                                                                   \
    X(getvalue)                                                                                    \
    X(getlength)                                                                                   \
    X(getisnull)

#define TK_PQ_MEMBER(name) __typeof__(PQ##name) *name;

/* A piece of the rows.  Of libpq 17, whose header may not be the one that is compiled against. */
#define TK_PG_STATUS_CHUNK ((ExecStatusType)12)

/* Who speaks the protocol on an open connection: libpq, or wire.c. */
typedef struct tk_pg_client {
    TK_PQ_CLIENT_FUNCTIONS(TK_PQ_MEMBER)
    /* Of newer versions of libpq; NULL when it lacks them. */
    int (*setChunkedRowsMode)(PGconn *link, int chunk_size);  /* 17 */
    int (*sendClosePrepared)(PGconn *link, const char *name); /* 17 */
} tk_pg_client;

enum { TK_PQ_KEYWORDS_MAX = 96, TK_PQ_KEYWORD_SIZE = 40 };

struct tk_pq_library {
    TK_PQ_OPENING_FUNCTIONS(TK_PQ_MEMBER)
    tk_pg_client client;
    /* Of newer versions; NULL when the library lacks them. */
    struct pg_cancel_conn *(*cancelCreate)(PGconn *conn); /* 17, with the next four */
    int (*cancelBlocking)(struct pg_cancel_conn *cancel);
    char *(*cancelErrorMessage)(const struct pg_cancel_conn *cancel);
    void (*cancelReset)(struct pg_cancel_conn *cancel);
    void (*cancelFinish)(struct pg_cancel_conn *cancel);

    /* Every keyword of a connection that this libpq knows. */
    char keywords[TK_PQ_KEYWORDS_MAX][TK_PQ_KEYWORD_SIZE];
    uint32_t keyword_count;
};

/* Filled once by tk_pg_load and only read after it. */
extern struct tk_pq_library tk_pq;

takeo_status tk_pg_load(tk_error *error);
/* For tests: the library of one of these names, or why there is none. */
takeo_status tk_pg_library_open(const char *const *names, int least_version,
                                struct tk_pq_library *out, void **out_handle, tk_error *error);

/* ---- settings.c ------------------------------------------------------------------------------ */

enum { TK_PG_KEYWORDS_MAX = 112 };

typedef enum tk_pg_naming { /* prepared=: do statements keep a name on the server? */
                            TK_PG_NAMED_AUTO, /* unless a pooler stands between */
                            TK_PG_NAMED_ON,
                            TK_PG_NAMED_OFF
} tk_pg_naming;

typedef struct tk_pg_settings { /* zero-terminated texts in the arena they were read into */
    const char *keywords[TK_PG_KEYWORDS_MAX + 1]; /* for connectdbParams, NULL at the end */
    const char *values[TK_PG_KEYWORDS_MAX + 1];
    uint32_t count;
    const char *options; /* what the user, or the environment, says in `options`; or NULL */
    int64_t deadline_ns; /* whose time the addresses of the host share; -1: not ours to share */
    uint8_t naming;      /* tk_pg_naming */
    bool must_not_wire;  /* libpq shall speak, also where nothing is encrypted */
    bool has_options;    /* our own settings stand in `options`, behind the user's */
} tk_pg_settings;

/* What libpq does not know is TAKEO_ECONFIG with the nearest names; the password is in no message. */
takeo_status tk_pg_settings_read(const tk_server_options *options, tk_arena *arena,
                                 tk_pg_settings *out, tk_error *error);
/* connect_timeout, in seconds, of each of several addresses that share the time to the deadline. */
int64_t tk_pg_share_of_time(int64_t deadline_ns, int64_t count);

/* ---- the connection -------------------------------------------------------------------------- */

/* What was sent and is not answered yet, in order.  Every answer ends with libpq's NULL but that of
 * SYNC, which is one result. */
typedef enum tk_pg_kind {
    TK_PG_TEXT,     /* a text of the core's own; with those of run_later before it */
    TK_PG_LATER,    /* a text of run_later, in a pipeline */
    TK_PG_PARSE,    /* of `prepared` */
    TK_PG_DESCRIBE, /* of `prepared` */
    TK_PG_EXECUTE,  /* of `prepared` */
    TK_PG_COPY,     /* of `prepared` */
    TK_PG_CLOSE,    /* of a statement that was forgotten: its answer is thrown away */
    TK_PG_SYNC      /* end of a pipeline */
} tk_pg_kind;

typedef struct tk_pg_flight {
    uint8_t kind;          /* tk_pg_kind */
    bool is_given_up;      /* nobody wants the answer any more */
    bool is_binary;        /* of EXECUTE: its rows */
    bool is_gradual;       /* of EXECUTE: libpq still has to be told so */
    uint32_t text;         /* of LATER: where it stands in server->later */
    tk_prepared *prepared; /* NULL: none, or forgotten since */
} tk_pg_flight;

typedef enum tk_pg_awaited { /* by the call that gave TAKEO_WAIT */
                             TK_PG_ANSWER,
                             TK_PG_ROOM,      /* libpq's buffer has to become empty */
                             TK_PG_CANCELLING /* a cancel request travels */
} tk_pg_awaited;

/* Values of one execution as libpq takes them; used again and again. */
typedef struct tk_pg_values {
    tk_buf bytes;
    const char **data; /* NULL: a null; one block with what follows */
    size_t *places;    /* in bytes; SIZE_MAX: data points to the caller's own */
    int *lengths;
    int *formats;
    uint32_t count;
    uint32_t capacity;
    size_t size; /* of all values */
} tk_pg_values;
#define TK_PG_VALUE_SIZE (sizeof(char *) + sizeof(size_t) + 2 * sizeof(int))

typedef enum tk_pg_stage {
    TK_PG_CONNECTING, /* the helper thread works */
    TK_PG_GREETING,   /* connected or reset: settings that the server did not take, init_sql */
    TK_PG_OPEN,
    TK_PG_LOST /* the connection cannot be used any more; `lost` in error.c tells why */
} tk_pg_stage;

struct tk_server {
    tk_alloc alloc;
    tk_arena arena;             /* copies of the options; lives as long as the server */
    PGconn *pg;                 /* libpq's; NULL while connecting */
    const tk_pg_client *client; /* who speaks on it from then on */
    PGconn *link;               /* with what `client` is called: `pg`, or the wire's */
    int fd;             /* of the connection, or of the helper thread's word that it is done */
    uint8_t stage;      /* tk_pg_stage */
    bool must_not_wire; /* libpq shall speak */
    bool is_unnamed;    /* statements are parsed anew each time, for poolers */
    uint8_t naming;     /* tk_pg_naming */
    bool is_gradual;    /* rows in chunks, or one by one where libpq is older */
    bool is_pipeline;   /* libpq's pipeline mode */
    bool must_flush;    /* something is left in libpq's buffer */
    struct tk_pg_thread *connecting; /* connect.c */
    struct tk_pg_wire *wire;         /* wire.c; NULL: libpq speaks */
    struct tk_pg_cancel *cancel;     /* cancel.c; its helper may still run */
    const char *const *init_sql;     /* in the arena */
    uint32_t init_sql_count;
    uint32_t greeted;       /* how many texts of the greeting were answered */
    const char *reset_text; /* before them: what undoes the work of others; NULL: nothing to undo */
    const char *set_text;   /* the first: settings that were not taken; NULL: none */
    int64_t process_id;

    /* flight.c: a ring of what is on its way; it grows */
    tk_pg_flight *flights;
    uint32_t flight_first;
    uint32_t flight_count;
    uint32_t flight_capacity;
    uint8_t awaits;          /* tk_pg_awaited */
    bool must_sync;          /* a pipeline has no end yet */
    size_t unsent;           /* about what the open pipeline has put into libpq's buffer */
    bool is_copying_out;     /* the answer in front is followed by what is copied */
    PGresult *failure;       /* of the call that goes on: told once all of its answer has come */
    const char *failed_text; /* which text that was about */
    /* Texts of run_later, each with a zero byte behind it; those from later_sent on wait. */
    tk_buf later;
    size_t later_sent;
    tk_buf gone; /* names of forgotten statements that the server still keeps, likewise */

    tk_prepared *held; /* started and not sent: what comes next decides how it goes */
    tk_pg_values values;
    /* A text of the core's own that runs: how many texts and characters of run_later go before. */
    uint32_t run_before;
    uint32_t run_before_len;
    uint32_t run_results;
    bool has_run_away; /* COMMIT has rolled back */

    /* The execution whose rows are fetched. */
    PGresult *result; /* rows that came and are not all fetched */
    int row;
    int row_count;

    tk_link prepared; /* all that were not forgotten */
    uint64_t next_name;
    void (*notice)(void *ctx, const takeo_notice *notice); /* NULL: nobody listens */
    void *notice_ctx;
};

/* ---- resolve.c ------------------------------------------------------------------------------- */

/* The addresses of a name, and the name as often, as lists with commas; blocks.  Gives how many
 * there are; 0: libpq shall look. */
uint32_t tk_pg_resolve(const char *name, tk_buf *names, tk_buf *addresses);

/* ---- helper.c: threads that may be left behind ----------------------------------------------- */

enum { TK_PG_HELPERS_LEFT_MAX = 16 }; /* of a kind, in one process */

typedef enum tk_pg_helper_kind {
    TK_PG_HELPER_CONNECT,
    TK_PG_HELPER_CANCEL,
    TK_PG_HELPER_KINDS
} tk_pg_helper_kind;

/* First member of what a thread works on.  It belongs to its owner and, while that runs, to the
 * thread; the last to leave frees it. */
typedef struct tk_pg_helper tk_pg_helper;
struct tk_pg_helper {
    void (*work)(tk_pg_helper *helper);
    void (*free)(tk_pg_helper *helper); /* with tk_alloc_default: the caller's may be gone */
    atomic_int holders;
    atomic_bool is_working;
    bool is_left; /* by its owner */
    uint8_t kind;
    int fd; /* a timer: readable when the work is done, or its limit is over */
};

/* False: no descriptor (errno); nothing has to be undone. */
TK_CHECKED bool tk_pg_helper_init(tk_pg_helper *helper, tk_pg_helper_kind kind,
                                  void (*work)(tk_pg_helper *helper),
                                  void (*free)(tk_pg_helper *helper));
/* Do the work on a thread; again, when it is done.  limit_ns: -1 none.  False: no thread. */
TK_CHECKED bool tk_pg_helper_start(tk_pg_helper *helper, int64_t limit_ns);
bool tk_pg_helper_is_working(const tk_pg_helper *helper);
void tk_pg_helper_leave(tk_pg_helper *helper); /* by the owner, who must not touch it again */
void tk_pg_helper_abandon(
    tk_pg_helper *helper); /* the same in a forked child: no thread is there */
uint32_t tk_pg_helpers_left(tk_pg_helper_kind kind); /* left behind and not yet ended */

/* connect.c */
takeo_status tk_pg_open(const tk_server_options *options, tk_server **out, tk_error *error);
takeo_status tk_pg_establish(tk_server *server, tk_error *error);
/* While TK_PG_CONNECTING: has the helper thread ended?  server->fd is readable from then on, and
 * `advance` gives TAKEO_DONE. */
bool tk_pg_connect_is_done(const tk_server *server);
/* Make it as it was when it was opened: `establish` goes on with that. */
void tk_pg_greet_again(tk_server *server, const char *reset_text);
void tk_pg_close(tk_server *server);
void tk_pg_abandon(tk_server *server);
bool tk_pg_is_alive(tk_server *server);

/* wire.c: on a connection that is open, at rest and not encrypted, speak the protocol without libpq
 * from now on.  Nothing happens where that is done already. */
takeo_status tk_wire_open(tk_server *server, tk_error *error);
void tk_wire_close(tk_server *server); /* also when it never was open */
/* Where a message was sent by half, libpq's word of farewell would be read as the rest of it: let it
 * not come through. */
void tk_wire_fall_silent(const tk_server *server);
/* The values of the next row of a result of the wire's, as the protocol has them: behind their
 * count, each behind its length. */
const char *tk_wire_next_row(PGresult *rows, const char **out_end);

/* cancel.c */
void tk_pg_interrupt(tk_server *server); /* any thread */
/* Does a cancel request still travel?  Then the connection must not be used again (it could hit the
 * next statement).  TAKEO_DONE, TAKEO_WAIT, or a failure when it takes too long. */
takeo_status tk_pg_cancel_settle(tk_server *server, tk_error *error);
/* Would tk_pg_cancel_settle give TAKEO_WAIT?  Then tk_pg_cancel_fd is readable once it would not,
 * also because it takes too long. */
bool tk_pg_cancel_is_under_way(const tk_server *server);
int tk_pg_cancel_fd(const tk_server *server);
/* Make what interrupt needs, with the connection that is there now. */
takeo_status tk_pg_cancel_prepare(tk_server *server, tk_error *error);
void tk_pg_cancel_free(tk_server *server);
void tk_pg_cancel_abandon(tk_server *server); /* the same in a forked child */

/* notice.c: tell who listens what a notice of `client` says.  The caller asks whether somebody does. */
void tk_pg_tell_notice(tk_server *server, const tk_pg_client *client, const PGresult *notice);

/* effect.c */
/* Is one of these (NULL at the end) the word that begins at `number`, from 0? */
bool tk_pg_has_word_at(const char *text, int number, const char *const *words);
tk_effect tk_pg_effect_of(const char *tag, const char *text); /* of the server's tag */
takeo_status tk_pg_reset(tk_server *server, tk_error *error);

/* ---- flight.c -------------------------------------------------------------------------------- */

/* Put down what is about to be sent; NULL: no memory.  It is taken back when that fails. */
TK_CHECKED tk_pg_flight *tk_pg_flight_add(tk_server *server, tk_pg_kind kind,
                                          tk_prepared *prepared);
void tk_pg_flight_take_back(tk_server *server);
static inline tk_pg_flight *tk_pg_flight_at(const tk_server *server, uint32_t number) {
    return &server->flights[(server->flight_first + number) & (server->flight_capacity - 1)];
}
static inline tk_pg_flight *tk_pg_front(const tk_server *server) { /* NULL: nothing is on its way */
    return server->flight_count > 0 ? tk_pg_flight_at(server, 0) : NULL;
}
/* Nobody wants the answers of the oldest `count` flights any more. */
void tk_pg_give_up(tk_server *server, uint32_t count);
/* Take what comes in front and is not wanted.  TAKEO_DONE: what is in front is wanted, or nothing. */
takeo_status tk_pg_drain(tk_server *server, tk_error *error);
/* Nothing may be on its way: what was given up is drained, and pipeline mode left. */
takeo_status tk_pg_rest(tk_server *server, tk_error *error);
/* End the pipeline, if one is open, and send what there is. */
takeo_status tk_pg_sync(tk_server *server, tk_error *error);
void tk_pg_flush(tk_server *server);
void tk_pg_forget_notifications(tk_server *server);
/* Tell the failure that was kept in server->failure, with the text that it is about. */
takeo_status tk_pg_tell(tk_server *server, tk_error *error);
/* Keep a result as the failure of the call that goes on, if it is the first. */
void tk_pg_keep_failure(tk_server *server, PGresult *result, const char *text);
void tk_pg_forget_answers(tk_server *server); /* result and failure */
/* Free what flight.c, execute.c and copy.c keep with a server: for close and abandon. */
void tk_pg_flight_done(tk_server *server);
/* Enter libpq's pipeline mode, or leave it when nothing is on its way. */
takeo_status tk_pg_pipeline_enter(tk_server *server, tk_error *error);
void tk_pg_pipeline_leave(tk_server *server);
/* The next result of the oldest flight, in *out: NULL when it has ended (the flight is taken out).
 * What libpq wants to copy without being asked is ended.
 * TAKEO_DONE, TAKEO_WAIT, or the failure of a lost connection.  The caller clears the result. */
takeo_status tk_pg_receive(tk_server *server, PGresult **out, tk_error *error);
takeo_status tk_pg_advance(tk_server *server);
void tk_pg_interest(tk_server *server, int *out_fd, takeo_events *out_events);
takeo_status tk_pg_settle(tk_server *server, tk_error *error);

/* ---- error.c --------------------------------------------------------------------------------- */

/* What a result says about a failure; sql may be NULL.  Marks the server when it is lost by it. */
takeo_status tk_pg_raise(tk_server *server, const PGresult *result, const char *sql,
                         tk_error *error);
/* The connection is lost: marks the server, and tells it with what libpq says. */
takeo_status tk_pg_raise_lost(tk_server *server, tk_error *error);
/* Opening failed, with libpq's words about every host; never the password. */
takeo_status tk_pg_raise_connect(const char *said, const char *sqlstate, tk_error *error);
/* libpq refused to send something (no memory, a state that should not be). */
takeo_status tk_pg_raise_send(tk_server *server, tk_error *error);
takeo_status tk_pg_raise_descriptor(tk_error *error); /* none was to be had for a connection */

/* ---- types.c: the server's types ------------------------------------------------------------- */

typedef struct tk_pg_type tk_pg_type;
typedef struct tk_pg_column tk_pg_column;
typedef struct tk_pg_out tk_pg_out;

/* Read a value of the wire that is not NULL.  `out` has the natural type of the decoder's server
 * type, or that of the column where they are of one form.  False: it is no such value, or
 * column->has_no_memory. */
typedef bool (*tk_pg_decoder)(tk_pg_column *column, const char *data, size_t len, takeo_cell *out);
/* Write a cell (not NULL) behind out->buf in binary form; false: the cell has no such form. */
typedef bool (*tk_pg_encoder)(const tk_pg_type *type, const takeo_cell *cell, tk_buf *out);

struct tk_pg_type { /* a built-in type of the server, or what is known of another */
    uint32_t oid;
    uint32_t element;     /* of arrays: oid; else 0 */
    uint32_t array;       /* its array type; 0: not known */
    takeo_type type;      /* logical */
    const char *name;     /* as format_type says it */
    tk_pg_decoder binary; /* NULL: only text */
    tk_pg_decoder text;
    tk_pg_encoder encode; /* NULL: only text */
};
const tk_pg_type *tk_pg_type_of(uint32_t oid); /* NULL: not built in */

struct tk_pg_column { /* a column of a result */
    tk_pg_decoder
        decode;         /* of the format that was asked for last; set by tk_pg_column_set_format */
    tk_pg_decoder read; /* NULL: decode gives the cell's type; else decode is what converts and
                             read is the natural decoder beneath it */
    const tk_pg_type *server; /* NULL: none that is built in */
    uint32_t oid;
    takeo_type type;    /* what the cells are */
    takeo_type element; /* of an array; NONE: as the server's */
    bool is_typed;      /* the statement says the type; else it is the server's */
    bool has_no_memory; /* why the last value was not read */
    tk_arena *values;   /* for what is neither in the value nor in the cell; cleared for each row */
};
/* The column of a result: what the statement wants (NONE: whatever comes) and what the server has. */
void tk_pg_column_init(tk_pg_column *column, takeo_type type, takeo_type element, uint32_t oid,
                       tk_arena *values);
/* May the column come in binary? */
bool tk_pg_column_has_binary(const tk_pg_column *column);
void tk_pg_column_set_format(tk_pg_column *column, bool is_binary);

/* ---- encode.c, encode_text.c ------------------------------------------------------------------ */

/* The text of a cell as PostgreSQL reads it for a parameter of whatever type; arrays as literals.
 * False: it has none (refused with tk_pg_refuse), or out->failed. */
bool tk_pg_encode_text(const takeo_cell *cell, tk_buf *out);
/* A list of lists as an array of texts, each of them the text of one list. */
bool tk_pg_encode_lists(const takeo_cell *lists, tk_buf *out);
/* Can cells of this type go in binary as a parameter of that server type? */
bool tk_pg_encodes(takeo_type type, takeo_type element, uint32_t oid);
/* The same, done: behind out's end, without a length word.  False: its value does not fit the
 * server's type, or out->failed. */
bool tk_pg_encode_binary(const takeo_cell *cell, uint32_t oid, tk_buf *out);
/* Why an argument could not be encoded. */
takeo_status tk_pg_refuse(const takeo_cell *cell, uint32_t number, uint32_t oid, tk_error *error);

static inline void tk_pg_put16(tk_buf *out, uint16_t v) {
    v = __builtin_bswap16(v);
    tk_buf_put(out, (const char *)&v, sizeof v);
}
static inline void tk_pg_put32(tk_buf *out, uint32_t v) {
    v = __builtin_bswap32(v);
    tk_buf_put(out, (const char *)&v, sizeof v);
}
static inline void tk_pg_put64(tk_buf *out, uint64_t v) {
    v = __builtin_bswap64(v);
    tk_buf_put(out, (const char *)&v, sizeof v);
}
static inline uint16_t tk_pg_get16(const char *at) {
    uint16_t v;
    memcpy(&v, at, sizeof v);
    return __builtin_bswap16(v);
}
static inline uint32_t tk_pg_get32(const char *at) {
    uint32_t v;
    memcpy(&v, at, sizeof v);
    return __builtin_bswap32(v);
}
static inline uint64_t tk_pg_get64(const char *at) {
    uint64_t v;
    memcpy(&v, at, sizeof v);
    return __builtin_bswap64(v);
}

/* ---- statement.c ----------------------------------------------------------------------------- */

enum { TK_PG_NAME_SIZE = 24 };

typedef struct tk_pg_binding { /* of a parameter, once its type is known */
    const tk_pg_type *server;  /* whose encoder is called; NULL: tk_pg_encode_binary */
    uint32_t oid;
    takeo_type type; /* of the cells for which the rest was found out */
    takeo_type element;
    bool is_binary; /* they go in binary */
    bool holds_lists;
    bool is_direct; /* the cell's own bytes are the value */
} tk_pg_binding;

typedef enum tk_pg_copying { /* where an execution by COPY stands */
                             TK_PG_COPY_NOT,
                             TK_PG_COPY_ASKING,  /* in start: for the types of the columns */
                             TK_PG_COPY_READY,   /* started */
                             TK_PG_COPY_OPENING, /* its text was sent */
                             TK_PG_COPY_SENDING,
                             TK_PG_COPY_ENDING
} tk_pg_copying;

struct tk_prepared {
    tk_link link;
    tk_arena arena;  /* this struct's texts and arrays */
    tk_arena values; /* arrays and written-out values of the row that was fetched last */
    const char *text;
    const char *copy_text; /* as in tk_sql, copied; NULL: no bulk */
    const char *copy_types_text;
    char name[TK_PG_NAME_SIZE];
    const bool *holds_lists; /* as in tk_sql, copied; NULL: no parameter does */
    uint32_t free_count;     /* parameters of whose types the statement says nothing: guess.c */
    uint32_t *guessed;       /* what it is parsed with then; NULL: nothing yet */
    uint32_t guessed_count;
    const takeo_type *wanted; /* types of the columns as the statement says them; or NULL */
    const takeo_type *wanted_elements; /* of arrays, or NULL */
    uint32_t wanted_count;
    bool is_parsed;       /* the server has it under its name */
    bool borrows_columns; /* of a cursor: parsed and described for each run */
    bool is_described;    /* what follows is known */
    bool is_binary;       /* every column has a binary decoder: results are asked for so */
    bool is_write;
    bool is_parsing; /* Parse is under way */
    bool is_describing;
    bool has_columns;     /* whoever runs it was told the columns: they must stay the same */
    bool reads_binary;    /* the format that the columns' decoders are set to */
    uint32_t *parameters; /* types of the server */
    tk_pg_binding *bindings;
    uint32_t parameter_count;
    tk_pg_column *columns;
    takeo_column_info *infos;
    uint32_t column_count;
    tk_pg_binding *copy_columns; /* those that COPY fills; NULL: not known yet */
    uint32_t copy_count;
    bool copy_is_refused; /* it has no COPY, or not one that can be filled */

    /* The execution that goes on (of several in a pipeline: the oldest). */
    uint64_t row; /* rows of it so far */
    int64_t affected;
    uint8_t effect;              /* tk_effect */
    uint32_t started;            /* executions that have not ended */
    bool is_alone;               /* no other was started behind it: it may be sent again */
    const takeo_cell *arguments; /* of an execution that is alone */
    uint32_t argument_count;
    bool is_answered; /* all of its own answer came */
    bool is_over;     /* and that of the pipeline behind it, or a failure */
    bool has_failed;
    bool has_shape;       /* its first rows were looked at */
    bool was_skipped;     /* the server has passed it over: something before it failed */
    bool is_refused;      /* it copied from or to the client */
    bool is_empty;        /* the text holds no statement */
    bool is_parsed_again; /* the statement is parsed anew, and then sent again */
    bool was_parsed_again;
    uint8_t copying; /* tk_pg_copying */
    size_t copy_row;
    size_t copy_rows;
};

takeo_status tk_pg_prepare(tk_server *server, const tk_sql *sql, tk_prepared **out,
                           tk_error *error);
void tk_pg_forget(tk_server *server, tk_prepared *prepared);
void tk_pg_forget_memory(tk_server *server, tk_prepared *prepared); /* the server is told nothing */
uint32_t tk_pg_columns(tk_server *server, tk_prepared *prepared, const takeo_column_info **out);
/* guess.c: the types with which a statement that says none is parsed; called with the arguments of
 * an execution before they are encoded. */
takeo_status tk_pg_guess(tk_server *server, tk_prepared *prepared, const takeo_cell *arguments,
                         uint32_t count, tk_error *error);
/* Read parameters and columns from the answer to a Describe. */
takeo_status tk_pg_described(tk_server *server, tk_prepared *prepared, const PGresult *result,
                             tk_error *error);
/* Send Parse and Describe, as far as they are needed, into the open pipeline. */
takeo_status tk_pg_send_parse(tk_server *server, tk_prepared *prepared, tk_error *error);
/* Send the server away what was forgotten; outside of transactions only. */
takeo_status tk_pg_send_gone(tk_server *server, tk_error *error);
/* The server does not know the statement, or has it as it was (is_there): the next use parses it
 * again. */
void tk_pg_unparse(tk_server *server, tk_prepared *prepared, bool is_there);
/* The columns are other ones than those that somebody was told. */
takeo_status tk_pg_raise_schema(const tk_prepared *prepared, uint32_t was, uint32_t is,
                                tk_error *error);

/* ---- arguments.c ----------------------------------------------------------------------------- */

/* How cells of this type go to a parameter or a column. */
void tk_pg_bind(tk_pg_binding *binding, const takeo_cell *cell);
static inline bool tk_pg_is_bound(const tk_pg_binding *binding, const takeo_cell *cell) {
    return binding->type == cell->type && cell->type != TAKEO_TYPE_ARRAY;
}
/* Into server->values. */
takeo_status tk_pg_put_arguments(tk_server *server, tk_prepared *prepared,
                                 const takeo_cell *arguments, uint32_t count, tk_error *error);

/* ---- row.c ----------------------------------------------------------------------------------- */

/* The next row of server->result, which has one; its cells are valid until the next. */
takeo_status tk_pg_read_row(tk_server *server, tk_prepared *prepared, takeo_cell *row,
                            tk_error *error);

/* ---- execute.c, run.c, copy.c ---------------------------------------------------------------- */

takeo_status tk_pg_start(tk_server *server, tk_prepared *prepared, const takeo_cell *arguments,
                         uint32_t count, tk_error *error);
takeo_status tk_pg_describe(tk_server *server, tk_prepared *prepared, bool before_it_runs,
                            tk_error *error);
takeo_status tk_pg_fetch(tk_server *server, tk_prepared *prepared, takeo_cell *row,
                         tk_error *error);
void tk_pg_end(tk_server *server, tk_prepared *prepared, tk_execution *out);
takeo_status tk_pg_run(tk_server *server, const char *sql, tk_error *error);
takeo_status tk_pg_run_later(tk_server *server, const char *sql, tk_error *error);
bool tk_pg_is_in_transaction(tk_server *server);
bool tk_pg_is_aborted(tk_server *server);
/* Send the texts of run_later that wait, into the open pipeline. */
takeo_status tk_pg_send_later(tk_server *server, tk_error *error);
/* Send a text behind those that wait, all in one; `kind` is that of its flight. */
takeo_status tk_pg_send_text(tk_server *server, const char *sql, tk_pg_kind kind,
                             tk_prepared *prepared, tk_error *error);
/* A result of such a text: a failure is kept, everything is cleared. */
void tk_pg_take_text(tk_server *server, PGresult *result, const char *sql);
/* Once all have come: the failure, if there was one. */
takeo_status tk_pg_tell_text(tk_server *server, const char *sql, tk_error *error);
/* Rows that an INSERT, UPDATE, DELETE, MERGE or COPY has written. */
/* False: it was none of these. */
bool tk_pg_affected(const tk_server *server, PGresult *result, int64_t *out);
/* Does this execution go by COPY?  TAKEO_ROWS: yes, and it is started; TAKEO_DONE: no. */
takeo_status tk_pg_copy_start(tk_server *server, tk_prepared *prepared, const takeo_cell *arguments,
                              uint32_t count, tk_error *error);
/* The work of its fetch. */
takeo_status tk_pg_copy_step(tk_server *server, tk_prepared *prepared, tk_error *error);
/* End it before its end. */
void tk_pg_copy_stop(tk_server *server, tk_prepared *prepared);

/* ---- catalog.c ------------------------------------------------------------------------------- */

takeo_status tk_pg_catalog(tk_server *server, tk_arena *arena, const tk_catalog_table **out,
                           uint32_t *out_count, tk_error *error);

#endif
