/* sqlite_int.h - inside of the driver of SQLite: its library, its connection, its statements.
 *
 * The only header that includes sqlite3.h.  It knows one database file and cells; it does not know
 * entities, sessions or who waits.
 *
 * A connection is opened without SQLite's own mutex: the room above sees to it that one thread at a
 * time is in here.  That is also why values may be read through sqlite3_column_value and the
 * functions of sqlite3_value, which take no lock.
 */
#ifndef TK_SQLITE_INT_H
#define TK_SQLITE_INT_H

#include <sqlite3.h>

#include "driver/driver.h"

/* ---- library.c ------------------------------------------------------------------------------- */

/* What every library of the least version has.  X(name without "sqlite3_") */
#define TK_SQLITE_FUNCTIONS(X)                                                                     \
    X(libversion_number)                                                                           \
    X(libversion)                                                                                  \
    X(threadsafe)                                                                                  \
    X(open_v2)                                                                                     \
    X(close)                                                                                       \
    X(exec)                                                                                        \
    X(db_config)                                                                                   \
    X(extended_result_codes)                                                                       \
    X(extended_errcode)                                                                            \
    X(errmsg)                                                                                      \
    X(errstr)                                                                                      \
    X(system_errno)                                                                                \
    X(busy_handler)                                                                                \
    X(progress_handler)                                                                            \
    X(interrupt)                                                                                   \
    X(get_autocommit)                                                                              \
    X(db_readonly)                                                                                 \
    X(changes)                                                                                     \
    X(last_insert_rowid)                                                                           \
    X(set_last_insert_rowid)                                                                       \
    X(prepare_v3)                                                                                  \
    X(finalize)                                                                                    \
    X(next_stmt)                                                                                   \
    X(step)                                                                                        \
    X(reset)                                                                                       \
    X(clear_bindings)                                                                              \
    X(sql)                                                                                         \
    X(stmt_readonly)                                                                               \
    X(stmt_status)                                                                                 \
    X(bind_parameter_count)                                                                        \
    X(bind_null)                                                                                   \
    X(bind_int64)                                                                                  \
    X(bind_double)                                                                                 \
    X(bind_text64)                                                                                 \
    X(bind_blob64)                                                                                 \
    X(bind_pointer)                                                                                \
    X(column_count)                                                                                \
    X(column_name)                                                                                 \
    X(column_decltype)                                                                             \
    X(column_value)                                                                                \
    X(value_type)                                                                                  \
    X(value_int64)                                                                                 \
    X(value_double)                                                                                \
    X(value_text)                                                                                  \
    X(value_blob)                                                                                  \
    X(value_bytes)                                                                                 \
    X(value_pointer)                                                                               \
    X(result_null)                                                                                 \
    X(result_int64)                                                                                \
    X(result_double)                                                                               \
    X(result_text64)                                                                               \
    X(result_blob64)                                                                               \
    X(result_error)                                                                                \
    X(result_error_nomem)                                                                          \
    X(create_collation_v2)                                                                         \
    X(create_window_function)                                                                      \
    X(aggregate_context)                                                                           \
    X(create_module_v2)                                                                            \
    X(declare_vtab)                                                                                \
    X(vtab_config)                                                                                 \
    X(realloc64)                                                                                   \
    X(free)

struct tk_sqlite_library {
#define TK_SQLITE_MEMBER(name) __typeof__(sqlite3_##name) *name;
    TK_SQLITE_FUNCTIONS(TK_SQLITE_MEMBER)
#undef TK_SQLITE_MEMBER
    /* Of newer versions; NULL when the library lacks them. */
    sqlite3_int64 (*changes64)(sqlite3 *);
    int (*error_offset)(sqlite3 *);
};

/* Filled once by tk_sqlite_load and only read after it. */
extern struct tk_sqlite_library tk_lite;

takeo_status tk_sqlite_load(tk_error *error);
/* Open the first library of `names` (NULL at the end) that is there and look everything up; for
 * tests apart from tk_sqlite_load. */
takeo_status tk_sqlite_library_open(const char *const *names, int least_version,
                                    struct tk_sqlite_library *out, void **out_handle,
                                    tk_error *error);

/* ---- the connection -------------------------------------------------------------------------- */

enum { TK_SQLITE_KEPT = 5 }; /* texts of `run` that stay prepared */

struct tk_server {
    tk_alloc alloc;
    sqlite3 *db;
    void *ctx; /* of pause and tick */
    bool (*pause)(void *ctx, int64_t ns);
    bool (*tick)(void *ctx);
    int64_t busy_ns;       /* patience with one lock */
    int64_t busy_since_ns; /* when the wait that goes on began */
    tk_link prepared;      /* all that were not forgotten */
    sqlite3_stmt *kept[TK_SQLITE_KEPT];
};

/* connect.c */
takeo_status tk_sqlite_open(const tk_server_options *options, tk_server **out, tk_error *error);
void tk_sqlite_close(tk_server *server);
void tk_sqlite_abandon(tk_server *server);

/* settings.c */
typedef struct tk_sqlite_settings {
    const char *path; /* as the library takes it; ":memory:" */
    bool is_memory;
    bool is_read_only;
    bool must_exist;
    bool wal_is_given;
    bool wal;
    int64_t busy_ns;
    const char *synchronous; /* NULL: the library's own */
} tk_sqlite_settings;
/* The path goes into the arena. */
takeo_status tk_sqlite_settings_read(const tk_server_options *options, tk_arena *arena,
                                     tk_sqlite_settings *out, tk_error *error);

/* ---- values: encode.c, decode.c -------------------------------------------------------------- */

/* bytes of the longest value that is written out for a binding */
enum { TK_SQLITE_SCRATCH = TK_INTERVAL_SIZE };

typedef enum tk_sqlite_kind {
    TK_SQLITE_NULL,
    TK_SQLITE_INT,
    TK_SQLITE_FLOAT,
    TK_SQLITE_TEXT,
    TK_SQLITE_BLOB,
    TK_SQLITE_POINTER, /* a list, for takeo_list */
    TK_SQLITE_REFUSED
} tk_sqlite_kind;

typedef struct tk_sqlite_value { /* a cell in the form that SQLite stores */
    union {
        int64_t i;
        double f;
        const char *data;
    };
    size_t len;
} tk_sqlite_value;

/* Text of types that are written out is put into `scratch`, all other is borrowed from the cell. */
tk_sqlite_kind tk_sqlite_encode(const takeo_cell *cell, char *scratch, tk_sqlite_value *out);
/* Does the type need scratch? */
static inline bool tk_sqlite_is_written(takeo_type type) {
    return type == TAKEO_TYPE_UUID || (type >= TAKEO_TYPE_DATE && type <= TAKEO_TYPE_INTERVAL);
}
/* Why a cell was TK_SQLITE_REFUSED. */
takeo_status tk_sqlite_refuse(const takeo_cell *cell, uint32_t number, tk_error *error);

typedef struct tk_sqlite_column tk_sqlite_column;
/* Read a value that is not NULL and whose storage class is known; false when it is none of the
 * column's type. */
typedef bool (*tk_sqlite_decoder)(tk_sqlite_column *column, sqlite3_value *value, int storage,
                                  takeo_cell *out);
struct tk_sqlite_column {
    tk_sqlite_decoder decode;
    takeo_type type;
    takeo_type element; /* of an array; NONE: not known */
    bool has_no_memory; /* why the last value was not read */
    tk_arena *values;   /* for what is neither in the value nor in the scratch: arrays */
    char scratch[22];   /* digits of a number that stands where a decimal belongs */
    int64_t min;        /* of the smaller integers */
    int64_t max;
};
void tk_sqlite_column_init(tk_sqlite_column *column, takeo_type type, takeo_type element);
const char *tk_sqlite_storage_name(int storage);

/* ---- statement.c ----------------------------------------------------------------------------- */

struct tk_prepared {
    tk_link link;
    sqlite3_stmt *stmt;
    tk_arena arena;           /* holds this struct's arrays, not itself */
    tk_arena arguments;       /* texts of arrays that are bound; until the end of the execution */
    tk_arena values;          /* arrays of the row that was fetched last */
    bool *array_goes_as_json; /* of each parameter; NULL: of none */
    tk_sqlite_column *columns;
    takeo_column_info *infos;
    char *scratch;    /* parameter_count * TK_SQLITE_SCRATCH; NULL until needed */
    uint64_t row;     /* rows of this execution so far */
    int64_t last_key; /* of the connection, before this execution */
    uint32_t column_count;
    uint32_t parameter_count;
    int reprepared;          /* how often SQLite had prepared it again when it was described */
    bool shape_is_known;     /* the types of the columns were given */
    uint8_t effect;          /* tk_effect of a run that goes well */
    bool counts_changes;     /* INSERT, UPDATE, DELETE, REPLACE, or WITH before one of these */
    bool makes_keys;         /* INSERT, REPLACE, or WITH before one of these */
    bool reads_last_key;     /* its text says last_insert_rowid */
    bool has_pointers;       /* lists are bound */
    bool was_in_transaction; /* when the execution began */
    bool is_run;             /* stepped at least once since start */
    bool is_over;            /* the last row came, or a failure */
    bool has_failed;
};

takeo_status tk_sqlite_prepare(tk_server *server, const tk_sql *sql, tk_prepared **out,
                               tk_error *error);
void tk_sqlite_forget(tk_server *server, tk_prepared *prepared);
void tk_sqlite_forget_memory(tk_server *server, tk_prepared *prepared); /* leaks the statement */
uint32_t tk_sqlite_columns(tk_server *server, tk_prepared *prepared, const takeo_column_info **out);
/* Read the columns of the statement again. */
takeo_status tk_sqlite_describe(tk_server *server, tk_prepared *prepared, const tk_sql *sql,
                                tk_error *error); /* sql NULL: no types are known */

const char *tk_sqlite_skip(const char *at);               /* over blanks, semicolons and comments */
bool tk_sqlite_is_word(const char *at, const char *word); /* in any case, and it ends there */

/* execute.c */
takeo_status tk_sqlite_start(tk_server *server, tk_prepared *prepared, const takeo_cell *arguments,
                             uint32_t count, tk_error *error);
takeo_status tk_sqlite_fetch(tk_server *server, tk_prepared *prepared, takeo_cell *row,
                             tk_error *error);
void tk_sqlite_end(tk_server *server, tk_prepared *prepared, tk_execution *out);

/* run.c */
takeo_status tk_sqlite_run(tk_server *server, const char *sql, tk_error *error);

/* ---- functions.c, list.c, catalog.c, error.c ------------------------------------------------- */

/* The collations takeo_decimal and takeo_interval, the aggregates takeo_sum and takeo_avg.  Give a
 * code of SQLite. */
int tk_sqlite_functions_add(sqlite3 *db);
/* The table-valued function takeo_list. */
int tk_sqlite_list_add(sqlite3 *db);
#define TK_SQLITE_LIST "takeo_list" /* also the type of its pointers */

takeo_status tk_sqlite_catalog(tk_server *server, tk_arena *arena, const tk_catalog_table **out,
                               uint32_t *out_count, tk_error *error);

/* Write what the connection says about the failure `rc` of a text; sql may be NULL. */
takeo_status tk_sqlite_raise(sqlite3 *db, int rc, const char *sql, tk_error *error);
/* The same in a statement that ran when a transaction may have been open. */
takeo_status tk_sqlite_raise_in(sqlite3 *db, int rc, const char *sql, bool was_in_transaction,
                                tk_error *error);

#endif
