/* library.c - SQLite's library, opened by name at first use; and the driver's table.
 *
 * It is looked up by its SONAME, so that a process that already has it uses the same copy: two
 * copies on one file would break each other's locks.  The table of functions is the only thing that
 * is process-wide; it is written once and then only read.  It must not know connections.
 */
#include "driver/sqlite/sqlite_int.h"
#include "takeo/txn.h"

enum { LEAST_VERSION = 3035000 }; /* RETURNING, and what the dialect writes */

struct tk_sqlite_library tk_lite;

static int32_t state; /* of the table: library.c of the room above */

#define PACKAGE_HINT                                                                               \
    "install SQLite 3.35 or newer: the package is libsqlite3-0 on Debian and Ubuntu, sqlite-libs " \
    "on Fedora and Alpine"

/* Look everything up; gives the name of the first function that is missing, or NULL. */
static const char *look_up(void *handle, struct tk_sqlite_library *out) {
#define LOOK_UP(name)                                                                              \
    if (!tk_library_find(handle, "sqlite3_" #name, &out->name)) {                                  \
        return "sqlite3_" #name;                                                                   \
    }
    TK_SQLITE_FUNCTIONS(LOOK_UP)
#undef LOOK_UP
    (void)tk_library_find(handle, "sqlite3_changes64", &out->changes64);
    (void)tk_library_find(handle, "sqlite3_error_offset", &out->error_offset);
    return NULL;
}

takeo_status tk_sqlite_library_open(const char *const *names, int least_version,
                                    struct tk_sqlite_library *out, void **out_handle,
                                    tk_error *error) {
    void *handle = NULL;
    TK_TRY(tk_library_open(names, "SQLite", PACKAGE_HINT, &handle, error));
    const char *missing = look_up(handle, out);
    takeo_status status = TAKEO_DONE;
    if (out->libversion_number != NULL && out->libversion_number() < least_version) {
        status = tk_raise(error, TK_CONFIG_LIBRARY, "The library of SQLite is too old.");
        TK_SET(error, got, "%s", out->libversion());
    } else if (missing != NULL) {
        status = tk_raise(error, TK_CONFIG_LIBRARY, "The library of SQLite lacks %s.", missing);
    } else if (out->threadsafe() == 0) {
        status =
            tk_raise(error, TK_CONFIG_LIBRARY, "The library of SQLite was built without threads.");
    }
    if (status != TAKEO_DONE) {
        TK_SET(error, expected, "SQLite %d.%d or newer, built for threads", least_version / 1000000,
               least_version / 1000 % 1000);
        TK_SET(error, hint, "%s", PACKAGE_HINT);
        tk_library_close(handle);
        return status;
    }
    *out_handle = handle;
    return TAKEO_DONE;
}

static takeo_status load(tk_error *error) {
    static const char *const names[] = {"libsqlite3.so.0", "libsqlite3.so", NULL};
    struct tk_sqlite_library found = {0};
    void *handle = NULL;
    TK_TRY(tk_sqlite_library_open(names, LEAST_VERSION, &found, &handle, error));
    tk_library_publish(&state, &tk_lite, &found, sizeof found, handle);
    return TAKEO_DONE;
}

takeo_status tk_sqlite_load(tk_error *error) {
    return tk_library_load(&state, load, error);
}

/* ---- the table ------------------------------------------------------------------------------- */

static void interrupt(tk_server *server) {
    tk_lite.interrupt(server->db);
}

static bool is_in_transaction(tk_server *server) {
    return tk_lite.get_autocommit(server->db) == 0;
}

/* Every transaction is serializable and a reader blocks nobody, so isolation and deferrable ask for
 * nothing more.  The lock for writing is taken at once where it will be needed: taken later, it may
 * be refused when the transaction has read already. */
static const char *begin_text(const tk_begin *how, uint32_t number) {
    if (number == 0) {
        return how->is_write ? "begin immediate" : "begin";
    }
    return number == 1 && how->is_read_only ? "pragma query_only = 1" : NULL;
}

static void *native(tk_server *server) {
    return server->db;
}

static const char *const schemes[] = {"sqlite", NULL};

extern const tk_driver tk_driver_sqlite; /* also said in driver_list.c, which alone names it */
const tk_driver tk_driver_sqlite = {
    .name = "sqlite",
    .dialect = "sqlite",
    .schemes = schemes,
    .blocks = true,
    .max_connections = 1,
    .isolations = 1U << TAKEO_ISOLATION_SERIALIZABLE,
    .max_parameters = 32766, /* SQLITE_MAX_VARIABLE_NUMBER as it is delivered */
    .load = tk_sqlite_load,
    .open = tk_sqlite_open,
    .close = tk_sqlite_close,
    .abandon = tk_sqlite_abandon,
    .interrupt = interrupt,
    .prepare = tk_sqlite_prepare,
    .forget = tk_sqlite_forget,
    .columns = tk_sqlite_columns,
    .start = tk_sqlite_start,
    .fetch = tk_sqlite_fetch,
    .end = tk_sqlite_end,
    .run = tk_sqlite_run,
    .is_in_transaction = is_in_transaction,
    .begin_text = begin_text,
    .after_read_only = "pragma query_only = 0",
    .catalog = tk_sqlite_catalog,
    .native = native,
};
