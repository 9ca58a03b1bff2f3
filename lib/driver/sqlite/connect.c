/* connect.c - opening and closing a database file.
 *
 *     open -> busy handler -> limits of the connection -> look at the file -> WAL -> init_sql
 *
 * The busy handler comes first, so that everything after it waits for a lock instead of failing.
 * SQLite opens lazily: that a file is no database shows only when it is read, so it is read here.
 * It must not know statements of others.
 */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "driver/sqlite/sqlite_int.h"

enum { TICK_STEPS = 4000, PAUSE_FIRST_MS = 1, PAUSE_MOST_MS = 25 };

/* ---- called by SQLite ------------------------------------------------------------------------ */

/* Somebody holds a lock.  Wait a little longer each time; 0 gives up. */
static int on_busy(void *ctx, int count) {
    tk_server *server = ctx;
    int64_t now = tk_clock_now_ns();
    if (count == 0) {
        server->busy_since_ns = now;
    }
    int64_t left = server->busy_since_ns + server->busy_ns - now;
    if (left <= 0) {
        return 0;
    }
    int64_t ms = count < 5 ? PAUSE_FIRST_MS << count : PAUSE_MOST_MS;
    ms = ms < PAUSE_MOST_MS ? ms : PAUSE_MOST_MS;
    int64_t ns = ms * 1000000 < left ? ms * 1000000 : left;
    if (server->pause == NULL) {
        tk_sleep_ns(ns);
        return 1;
    }
    return server->pause(server->ctx, ns) ? 1 : 0;
}

/* A long step; not 0 interrupts it. */
static int on_progress(void *ctx) {
    tk_server *server = ctx;
    return server->tick(server->ctx) ? 0 : 1;
}

/* ---- failures of opening in plain words ------------------------------------------------------ */

/* Why a file cannot be opened, as far as the file system tells. */
static void explain(const char *path, bool must_exist, tk_arena *arena, tk_error *error) {
    struct stat found;
    if (stat(path, &found) == 0) {
        if (S_ISDIR(found.st_mode)) {
            TK_SET(error, message, "%s is a directory, not a database file.", path);
        } else if (access(path, R_OK) != 0) {
            TK_SET(error, message, "The database file %s may not be read by this user.", path);
        } else {
            TK_SET(error, message, "The database file %s cannot be opened.", path);
        }
        return;
    }
    const char *slash = strrchr(path, '/');
    size_t len = slash == NULL ? 0 : slash == path ? 1 : (size_t)(slash - path);
    const char *folder = len == 0 ? "." : tk_arena_copy(arena, path, len);
    if (folder == NULL) {
        return;
    }
    if (stat(folder, &found) != 0) {
        TK_SET(error, message, "The directory %s does not exist.", folder);
        TK_SET(error, hint, "make the directory, or correct the path in the URL");
    } else if (!S_ISDIR(found.st_mode)) {
        TK_SET(error, message, "%s is no directory.", folder);
    } else if (must_exist) {
        TK_SET(error, message, "There is no database file %s.", path);
        TK_SET(error, hint, "leave mode= and must_exist= out to have it made");
    } else {
        TK_SET(error, message, "The database file %s cannot be made in %s.", path, folder);
    }
}

static takeo_status raise_open(sqlite3 *db, int rc, const tk_sqlite_settings *settings,
                               const tk_server_options *options, tk_arena *arena, tk_error *error) {
    int plain = rc & 0xFF;
    if (plain == SQLITE_BUSY && options->deadline_ns >= 0
        && tk_clock_now_ns() >= options->deadline_ns) {
        takeo_status status =
            tk_raise(error, TK_CONNECT_TIMEOUT,
                     "The database file %s stayed locked by somebody else.", settings->path);
        TK_SET(error, detail, "%s", tk_lite.errmsg(db));
        return status;
    }
    takeo_status status = tk_sqlite_raise(db, rc, NULL, error);
    if (error == NULL) {
        return status;
    }
    if (plain == SQLITE_CANTOPEN || plain == SQLITE_PERM) {
        explain(settings->path, settings->must_exist, arena, error);
    } else if (plain == SQLITE_NOTADB) {
        TK_SET(error, message, "%s is no SQLite database, or is encrypted.", settings->path);
    }
    return status;
}

/* ---- the connection as it shall be ----------------------------------------------------------- */

/* Double quotes are names only, a hostile schema calls nothing, and the file cannot be damaged by
 * SQL.  Each is older than the least version; a library built without one says so and goes on. */
static void harden(sqlite3 *db) {
    tk_lite.db_config(db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
    tk_lite.db_config(db, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
    tk_lite.db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    tk_lite.db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    tk_lite.db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
    tk_lite.db_config(db, SQLITE_DBCONFIG_ENABLE_FKEY, 1, NULL);
}

static int set_up(tk_server *server) {
    sqlite3 *db = server->db;
    tk_lite.extended_result_codes(db, 1);
    tk_lite.busy_handler(db, on_busy, server);
    if (server->tick != NULL) {
        tk_lite.progress_handler(db, TICK_STEPS, on_progress, server);
    }
    harden(db);
    int rc = tk_lite.exec(db, "pragma case_sensitive_like = on", NULL, NULL, NULL);
    rc = rc == SQLITE_OK ? tk_sqlite_functions_add(db) : rc;
    rc = rc == SQLITE_OK ? tk_sqlite_list_add(db) : rc;
    /* The first look at the file: a damaged or foreign one is found here. */
    return rc == SQLITE_OK
               ? tk_lite.exec(db, "select 1 from sqlite_master limit 1", NULL, NULL, NULL)
               : rc;
}

/* Whether the pragma answered "wal". */
static int on_journal_mode(void *ctx, int count, char **values, char **names) {
    (void)names;
    *(bool *)ctx = count > 0 && values[0] != NULL && strcmp(values[0], "wal") == 0;
    return 0;
}

/* A file that is new gets a write-ahead log where it can; one that is asked for must come. */
static takeo_status turn_on_wal(tk_server *server, const tk_sqlite_settings *settings,
                                tk_error *error) {
    bool is_on = false;
    int rc = tk_lite.exec(server->db, "pragma journal_mode = wal", on_journal_mode, &is_on, NULL);
    if (!settings->wal || is_on) {
        return TAKEO_DONE;
    }
    if (rc != SQLITE_OK) {
        return tk_sqlite_raise(server->db, rc, "pragma journal_mode = wal", error);
    }
    return tk_raise(error, TK_CONFIG_INVALID, "The database file %s cannot have a write-ahead log.",
                    settings->path);
}

static takeo_status tune(tk_server *server, const tk_sqlite_settings *settings, bool is_new,
                         const tk_server_options *options, tk_error *error) {
    bool wants_wal = settings->wal_is_given ? settings->wal : is_new;
    if (wants_wal) {
        TK_TRY(turn_on_wal(server, settings, error));
    }
    if (settings->synchronous != NULL) {
        char text[64] = "pragma synchronous = ";
        memcpy(text + strlen(text), settings->synchronous, strlen(settings->synchronous) + 1);
        TK_TRY(tk_sqlite_run(server, text, error));
    }
    for (uint32_t i = 0; i < options->init_sql_count; i++) {
        TK_TRY(tk_sqlite_run(server, options->init_sql[i], error));
    }
    return TAKEO_DONE;
}

/* ---- open and close -------------------------------------------------------------------------- */

/* Is there nothing in the file yet?  Then it is ours to decide about. */
static bool is_new_file(const tk_sqlite_settings *settings) {
    struct stat found;
    if (settings->is_memory || settings->is_read_only) {
        return false;
    }
    return stat(settings->path, &found) != 0 ? errno == ENOENT : found.st_size == 0;
}

static takeo_status open_file(tk_server *server, const tk_server_options *options, tk_arena *arena,
                              tk_error *error) {
    tk_sqlite_settings settings;
    TK_TRY(tk_sqlite_settings_read(options, arena, &settings, error));
    server->busy_ns = settings.busy_ns;
    bool is_new = is_new_file(&settings);
    int flags = SQLITE_OPEN_NOMUTEX;
    flags |= settings.is_read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
    flags |= settings.must_exist || settings.is_read_only ? 0 : SQLITE_OPEN_CREATE;
    int rc = tk_lite.open_v2(settings.path, &server->db, flags, NULL);
    if (rc == SQLITE_OK) {
        rc = set_up(server);
    }
    if (rc != SQLITE_OK) {
        int extended = server->db != NULL ? tk_lite.extended_errcode(server->db) : rc;
        return raise_open(server->db, extended, &settings, options, arena, error);
    }
    return tune(server, &settings, is_new, options, error);
}

takeo_status tk_sqlite_open(const tk_server_options *options, tk_server **out, tk_error *error) {
    TK_TRY(tk_sqlite_load(error));
    tk_server *server = tk_mem_new(&options->alloc, sizeof *server);
    if (server == NULL) {
        return tk_raise_memory(error);
    }
    server->alloc = options->alloc;
    server->ctx = options->ctx;
    server->pause = options->pause;
    server->tick = options->tick;
    tk_link_init(&server->prepared);
    tk_arena arena;
    tk_arena_init(&arena, options->alloc);
    takeo_status status = open_file(server, options, &arena, error);
    tk_arena_done(&arena);
    if (status != TAKEO_DONE) {
        tk_sqlite_close(server);
        return status;
    }
    *out = server;
    return TAKEO_DONE;
}

void tk_sqlite_close(tk_server *server) {
    while (!tk_link_is_alone(&server->prepared)) {
        tk_sqlite_forget(server, TK_CONTAINER(server->prepared.next, tk_prepared, link));
    }
    for (size_t i = 0; i < TK_SQLITE_KEPT; i++) {
        tk_lite.finalize(server->kept[i]);
    }
    /* An expert's own statements would keep the file open: sqlite3_close refuses while one lives.
     */
    sqlite3_stmt *stmt = NULL;
    while (server->db != NULL && (stmt = tk_lite.next_stmt(server->db, NULL)) != NULL) {
        tk_lite.finalize(stmt);
    }
    tk_lite.close(server->db);
    tk_mem_free(&server->alloc, server, sizeof *server);
}

/* The handle is leaked on purpose: closing it in a forked child would drop the file locks of the
 * parent, may delete its journal, and may wait for a lock that no thread of the child holds. */
void tk_sqlite_abandon(tk_server *server) {
    while (!tk_link_is_alone(&server->prepared)) {
        tk_sqlite_forget_memory(server, TK_CONTAINER(server->prepared.next, tk_prepared, link));
    }
    tk_mem_free(&server->alloc, server, sizeof *server);
}
