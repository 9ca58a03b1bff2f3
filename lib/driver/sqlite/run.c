/* run.c - texts of the core's own, without arguments and rows: BEGIN, COMMIT, SAVEPOINT, DDL.
 *
 * Words that begin and end transactions come with every save, so the first few such texts stay
 * prepared.  A COMMIT that fails because somebody reads leaves the transaction open: it may be run
 * again.
 */
#include "driver/sqlite/sqlite_int.h"

static bool is_transaction_word(const char *sql) {
    static const char *const words[] = {"begin", "commit", "rollback", "savepoint", "release"};
    for (size_t i = 0; i < TK_COUNT(words); i++) {
        if (tk_sqlite_is_word(sql, words[i])) {
            return true;
        }
    }
    return false;
}

/* The statement of a text that was kept; with none *out_free is a place for it, or NULL. */
static sqlite3_stmt *find_kept(tk_server *server, const char *sql, sqlite3_stmt ***out_free) {
    *out_free = NULL;
    for (size_t i = 0; i < TK_SQLITE_KEPT; i++) {
        if (server->kept[i] == NULL) {
            *out_free = &server->kept[i];
            return NULL;
        }
        if (strcmp(tk_lite.sql(server->kept[i]), sql) == 0) {
            return server->kept[i];
        }
    }
    return NULL;
}

static takeo_status step_all(tk_server *server, sqlite3_stmt *stmt, tk_error *error) {
    bool was_in_transaction = tk_lite.get_autocommit(server->db) == 0;
    int rc = SQLITE_ROW;
    while (rc == SQLITE_ROW) {
        rc = tk_lite.step(stmt);
    }
    takeo_status status = TAKEO_DONE;
    if (rc != SQLITE_DONE) {
        status = tk_sqlite_raise_in(server->db, rc, tk_lite.sql(stmt), was_in_transaction, error);
    }
    tk_lite.reset(stmt);
    return status;
}

/* Prepare, run and drop one statement after the other. */
static takeo_status run_each(tk_server *server, const char *sql, tk_error *error) {
    const char *at = tk_sqlite_skip(sql);
    while (*at != '\0') {
        sqlite3_stmt *stmt = NULL;
        const char *rest = NULL;
        int rc = tk_lite.prepare_v3(server->db, at, -1, 0, &stmt, &rest);
        if (rc != SQLITE_OK) {
            return tk_sqlite_raise(server->db, rc, at, error);
        }
        takeo_status status = step_all(server, stmt, error);
        tk_lite.finalize(stmt);
        TK_TRY(status);
        at = tk_sqlite_skip(rest);
    }
    return TAKEO_DONE;
}

takeo_status tk_sqlite_run(tk_server *server, const char *sql, tk_error *error) {
    if (!is_transaction_word(sql)) {
        return run_each(server, sql, error);
    }
    sqlite3_stmt **place;
    sqlite3_stmt *stmt = find_kept(server, sql, &place);
    if (stmt != NULL) {
        return step_all(server, stmt, error);
    }
    const char *rest = NULL;
    if (place == NULL) {
        return run_each(server, sql, error);
    }
    int rc = tk_lite.prepare_v3(server->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt, &rest);
    if (rc != SQLITE_OK) {
        return tk_sqlite_raise(server->db, rc, sql, error);
    }
    if (*tk_sqlite_skip(rest) != '\0') {
        tk_lite.finalize(stmt);
        return run_each(server, sql, error);
    }
    *place = stmt;
    return step_all(server, stmt, error);
}
