/* driver.h - door of the rooms `driver/...`: the table that every database driver fills, and what
 * passes through it.
 *
 * A driver knows the wire and the client library of one server, and the cells that go in and out.
 * It does not know entities, nodes, pools or hosts.  Nobody names a concrete driver but
 * driver_list.c.
 *
 * The life of one execution:  prepare once - start (bind) - fetch until TAKEO_DONE - end.
 *
 * A driver marked `blocks` does its work inside these calls; it asks `pause` to sleep and `tick`
 * whether to go on, so that time limits, Ctrl-C and the host's lock stay the business of the room
 * `conn`.  Any other driver never waits: a call that has to gives TAKEO_WAIT, `interest` says what
 * for, and the same call is made again once `advance` says so.  So no method is in the middle of
 * its work when it returns, and whoever waits may choose how.
 */
#ifndef TK_DRIVER_H
#define TK_DRIVER_H

#include "takeo/rows.h"
#include "takeo/source.h"
#include "value/value.h"

typedef struct tk_driver tk_driver;
typedef struct tk_server tk_server;     /* one open connection; each driver's own */
typedef struct tk_prepared tk_prepared; /* a statement prepared on one connection */

/* ---- url.c ----------------------------------------------------------------------------------- */

typedef struct tk_url { /* every text percent-decoded, in the arena it was read into */
    takeo_text scheme; /* "sqlite", "postgresql", "mysql"; a suffix such as "+asyncpg" is cut off */
    takeo_text user;
    takeo_text password;
    takeo_text host;
    takeo_text port;
    takeo_text path; /* of sqlite: the file as given ("rel.db", "/abs.db"), empty for memory */
    const takeo_setting *settings; /* of the query, in order */
    uint32_t setting_count;
} tk_url;

/* TAKEO_ECONFIG names what is wrong; the password is in no message. */
TK_CHECKED takeo_status tk_url_parse(const char *url, size_t len, tk_arena *arena, tk_url *out,
                                     tk_error *error);
/* For messages and repr: the URL with its password masked. */
TK_CHECKED char *tk_url_masked(const char *url, size_t len, tk_arena *arena);

/* ---- library.c: a client library, opened by name at first use -------------------------------- */

/* The first of `names` (NULL at the end) that is there; TAKEO_EUNSUPPORTED names the package. */
TK_CHECKED takeo_status tk_library_open(const char *const *names, const char *title,
                                        const char *hint, void **out_handle, tk_error *error);
/* A function of it; false: it has none of that name. */
bool tk_library_find(void *handle, const char *name, void *out_function);
void tk_library_close(void *handle);
/* Unless the table of functions has been written: `load` finds them and calls publish. */
TK_CHECKED takeo_status tk_library_load(const int32_t *state, takeo_status (*load)(tk_error *error),
                                        tk_error *error);
/* Make `found` the table, unless another thread was faster: then the handle is closed. */
void tk_library_publish(int32_t *state, void *table, const void *found, size_t size, void *handle);

/* ---- what passes through the table ----------------------------------------------------------- */

typedef enum tk_effect { /* what an execution did beside its rows */
                         TK_EFFECT_NONE,
                         TK_EFFECT_SESSION, /* something stays on the connection: SET, LISTEN ... */
                         TK_EFFECT_UNDONE,  /* RESET, DISCARD: ours may be gone too */
                         TK_EFFECT_LOCAL,   /* until the transaction ends: SET LOCAL */
                         TK_EFFECT_BEGIN,
                         TK_EFFECT_COMMIT,
                         TK_EFFECT_ROLLBACK /* maybe only to a savepoint */
} tk_effect;

typedef struct tk_execution { /* what one execution did */
    int64_t affected;
    int64_t last_key;  /* generated integer key of the row that was inserted */
    bool has_last_key; /* a row was inserted (an upsert that updated has none) */
    uint8_t effect;    /* tk_effect */
} tk_execution;

typedef struct tk_begin { /* how a transaction begins */
    uint16_t isolation;   /* takeo_isolation_values; 0: as the server has it */
    bool is_read_only;
    bool is_deferrable;
    bool is_write; /* it will write: what has to be taken for that is best taken at once */
} tk_begin;

typedef struct tk_server_options {
    const tk_url *url;
    const takeo_setting *settings; /* win over those of the URL */
    uint32_t setting_count;
    const char *const *init_sql;
    uint32_t init_sql_count;
    const char *password; /* wins over all others, and lives as long as the call; NULL: none */
    int64_t deadline_ns;  /* of opening; -1: none */
    tk_alloc alloc;
    void *ctx; /* of those below; they may be called in every method but `interrupt` */
    /* Sleep for a while because somebody holds a lock.  False: give up (deadline, cancel). */
    bool (*pause)(void *ctx, int64_t ns);
    /* A long step goes on.  False: interrupt it. */
    bool (*tick)(void *ctx);
    /* The server says something beside its answers.  Its texts live as long as the call.  NULL:
     * nobody listens. */
    void (*notice)(void *ctx, const takeo_notice *notice);
} tk_server_options;

/* ---- the catalogue: what a database holds, for synchronize ----------------------------------- */

typedef struct tk_catalog_column {
    takeo_text name;
    takeo_text type; /* as declared, in lower case */
    takeo_text default_sql;
    bool is_nullable;
    uint32_t key_place; /* place in the primary key from 1; 0: no part of it */
} tk_catalog_column;
typedef struct tk_catalog_index {
    takeo_text name;
    const takeo_text *columns;
    uint32_t column_count;
    bool is_unique;
    bool is_constraint; /* made by UNIQUE or PRIMARY KEY in the table's own text */
    bool is_partial;
} tk_catalog_index;
typedef struct tk_catalog_foreign_key {
    const takeo_text *columns;
    const takeo_text *references;
    uint32_t column_count;
    takeo_text table;
    takeo_text schema;  /* of that table; empty where there are none */
    uint16_t on_delete; /* takeo_action_values */
    uint16_t on_update;
} tk_catalog_foreign_key;
typedef struct tk_catalog_table {
    takeo_text name;
    takeo_text schema; /* empty where there are none */
    bool is_hidden;    /* a table that its name alone, without the schema's, does not find */
    takeo_text sql;    /* its own text, where the server keeps one */
    const tk_catalog_column *columns;
    uint32_t column_count;
    const tk_catalog_index *indexes;
    uint32_t index_count;
    const tk_catalog_foreign_key *foreign_keys;
    uint32_t foreign_key_count;
} tk_catalog_table;

/* ---- the table ------------------------------------------------------------------------------- */

struct tk_driver {
    const char *name;           /* "sqlite" */
    const char *dialect;        /* name of the SQL dialect in the room `sql` */
    const char *const *schemes; /* of URLs, NULL at the end */
    bool blocks;
    bool takes_password;
    /* start may be called again before the execution before it has ended: fetch and end are then of
     * the oldest one.  Only inside a transaction, only of one prepared statement, and not any more
     * once one of them is fetched, until all have ended.  The server runs none behind one that
     * fails: fetch gives TAKEO_EPIPELINE for these. */
    bool pipelines;
    uint32_t max_connections; /* of one data source; 0: no limit */
    uint32_t max_parameters;  /* 0: ask the server */
    uint32_t isolations;      /* bit takeo_isolation_values: what it has beside its default */

    /* Open the client library; harmless when it is.  TAKEO_EUNSUPPORTED names the package. */
    takeo_status (*load)(tk_error *error);
    /* TAKEO_WAIT: *out is there, but not yet open: `establish` is called until it is. */
    takeo_status (*open)(const tk_server_options *options, tk_server **out, tk_error *error);
    /* Go on with opening.  A failure leaves the server to be closed.  NULL: open does it all.  One
     * with TAKEO_ERROR_CONNECTION_GONE says that nobody is there, or not any more: a server that was
     * there may come back. */
    takeo_status (*establish)(tk_server *server, tk_error *error);
    /* Forgets what is still prepared; nobody forgets anything after it. */
    void (*close)(tk_server *server);
    /* In a forked child: free what is ours, never touch what the parent shares.  As close it takes
     * what is still prepared with it. */
    void (*abandon)(tk_server *server);
    /* Stop the statement that runs; the only method allowed from another thread.  It does not wait:
     * what is stopped fails with TAKEO_ECANCELED, or ends well because it was over. */
    void (*interrupt)(tk_server *server);

    /* ---- waiting; NULL in a driver that blocks ---- */

    /* What a call that gave TAKEO_WAIT waits for: a descriptor and takeo_events of it. */
    void (*interest)(tk_server *server, int *out_fd, takeo_events *out_events);
    /* Send what is left and take what has come, without waiting.  TAKEO_DONE: make the call that
     * gave TAKEO_WAIT again (also when the connection is lost: that call says so); TAKEO_WAIT: not
     * yet.  Cheap enough to be called in a loop. */
    takeo_status (*advance)(tk_server *server);
    /* After `end` of an execution that was given up: take what still comes of it and throw it away.
     * TAKEO_DONE: nothing is under way any more; TAKEO_WAIT; a failure: close the connection. */
    takeo_status (*settle)(tk_server *server, tk_error *error);
    /* Undo whatever TK_EFFECT_SESSION or UNDONE told of: the connection is as it was when it was opened.
     * TAKEO_DONE, TAKEO_WAIT, or a failure: close it.  NULL: the driver tells of no such effect. */
    takeo_status (*reset)(tk_server *server, tk_error *error);
    /* Has an idle connection died?  Looks without waiting and sends nothing.  NULL: it cannot. */
    bool (*is_alive)(tk_server *server);

    takeo_status (*prepare)(tk_server *server, const tk_sql *sql, tk_prepared **out,
                            tk_error *error);
    void (*forget)(tk_server *server, tk_prepared *prepared);
    /* Make `columns` known when only the server knows them: called between start and the first
     * fetch of a statement that says none; before_it_runs: and nothing of it has run by then, at
     * the price of a round trip.  NULL: they are known once it is prepared. */
    takeo_status (*describe)(tk_server *server, tk_prepared *prepared, bool before_it_runs,
                             tk_error *error);
    /* Columns of a result whose types were not known; borrowed until forget.  0: returns no rows.
     * Of TAKEO_TYPE_NONE each cell says its own type.  After a change of the schema fetch fails
     * once with TAKEO.SQLITE.SCHEMA, TAKEO.SERVER.SCHEMA, when there are more or fewer columns than before. */
    uint32_t (*columns)(tk_server *server, tk_prepared *prepared, const takeo_column_info **out);
    /* Rows of the next executions are given as they come, so that a large result needs little
     * memory; else it may be collected first.  NULL: always so. */
    void (*set_gradual)(tk_server *server, bool is_gradual);
    /* Bind arguments (as many as parameters) and begin.  Texts stay valid until `end`, and the
     * cells themselves, lists included, until then or the next start. */
    takeo_status (*start)(tk_server *server, tk_prepared *prepared, const takeo_cell *arguments,
                          uint32_t count, tk_error *error);
    /* TAKEO_ROWS: the next row stands in `row`, its texts valid until the next fetch or end;
     * TAKEO_DONE: no more.  A value that is none of its column's type is TAKEO_EDECODE. */
    takeo_status (*fetch)(tk_server *server, tk_prepared *prepared, takeo_cell *row,
                          tk_error *error);
    /* Always called after start, also after a failure; prepared may then be started again. */
    void (*end)(tk_server *server, tk_prepared *prepared, tk_execution *out);
    /* Run a text of the core's own (BEGIN, COMMIT, SAVEPOINT ..., DDL), without arguments. */
    takeo_status (*run)(tk_server *server, const char *sql, tk_error *error);
    /* Run it together with what is sent next, so that it costs no round trip; its failure is that of
     * the next call.  For texts that begin something.  NULL: as run. */
    takeo_status (*run_later)(tk_server *server, const char *sql, tk_error *error);
    bool (*is_in_transaction)(tk_server *server);
    /* A statement has failed in the transaction, and it can only be rolled back, as a whole or to a
     * savepoint.  NULL: no such state. */
    bool (*is_aborted)(tk_server *server);
    /* The texts that begin a transaction, from 0; NULL behind the last.  Each is a constant. */
    const char *(*begin_text)(const tk_begin *how, uint32_t number);
    const char *after_read_only; /* run behind the end of a read-only transaction; NULL: nothing */

    takeo_status (*catalog)(tk_server *server, tk_arena *arena, const tk_catalog_table **out,
                            uint32_t *out_count, tk_error *error);
    void *(*native)(tk_server *server);       /* sqlite3 * and so on */
    int64_t (*process_id)(tk_server *server); /* of the server's process or thread; NULL: none */
};

/* driver_list.c */
const tk_driver *tk_driver_find(takeo_text scheme); /* NULL: none */
void tk_driver_schemes(tk_buf *out);                /* for messages: "sqlite, ..." */

#endif
