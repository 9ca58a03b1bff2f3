/* error.c - what SQLite says about a failure, as a record of ours.
 *
 * The code decides; where SQLite has one code for everything ("SQL logic error"), its English words
 * do, which have been the same for many years.  SQLite's own words always stand in `detail`.  It
 * must not know what the statement was for.
 */
#include "driver/sqlite/sqlite_int.h"

/* ---- codes ----------------------------------------------------------------------------------- */

static const struct code_row {
    int rc; /* an extended code before the plain one that it is a kind of */
    tk_code code;
    bool is_retryable;
    const char *message;
} rows[] = {
    {SQLITE_CONSTRAINT_UNIQUE, TK_SERVER_UNIQUE, false,
     "A row with the same unique value is there."},
    {SQLITE_CONSTRAINT_PRIMARYKEY, TK_SERVER_UNIQUE, false, "A row with the same key is there."},
    {SQLITE_CONSTRAINT_ROWID, TK_SERVER_UNIQUE, false, "A row with the same key is there."},
    {SQLITE_CONSTRAINT_FOREIGNKEY, TK_SERVER_FOREIGN_KEY, false,
     "A row refers to one that is not there, or is still referred to."},
    {SQLITE_CONSTRAINT_NOTNULL, TK_SERVER_NOT_NULL, false, "A column takes no NULL."},
    {SQLITE_CONSTRAINT_CHECK, TK_SERVER_CHECK, false, "A check constraint refused the row."},
    {SQLITE_CONSTRAINT, TK_SERVER_INTEGRITY, false, "A constraint refused the row."},
    {SQLITE_MISMATCH, TK_SERVER_INTEGRITY, false, "A value has not the type of its column."},
    {SQLITE_BUSY_SNAPSHOT, TK_SERVER_SERIALIZATION, true,
     "Somebody else wrote after this transaction had read; run it again as a whole."},
    {SQLITE_BUSY, TK_SERVER_BUSY, true, "The database is locked by somebody else."},
    {SQLITE_LOCKED, TK_SERVER_BUSY, true, "A table is locked by another statement."},
    {SQLITE_PROTOCOL, TK_SERVER_BUSY, true, "The locks of the database cannot be had."},
    {SQLITE_INTERRUPT, TK_SERVER_CANCELED, false, "The statement was interrupted."},
    {SQLITE_READONLY, TK_SERVER_READ_ONLY, false, "The database is read-only."},
    {SQLITE_FULL, TK_SERVER_DISK_FULL, false, "The disk, or the database, is full."},
    {SQLITE_IOERR_NOMEM, TK_SERVER_MEMORY, false, "SQLite ran out of memory."},
    {SQLITE_NOMEM, TK_SERVER_MEMORY, false, "SQLite ran out of memory."},
    {SQLITE_CORRUPT, TK_SQLITE_CORRUPT, false, "The database file is damaged."},
    {SQLITE_NOTADB, TK_SQLITE_NOT_A_DATABASE, false,
     "The file is no SQLite database, or is encrypted."},
    {SQLITE_IOERR, TK_SQLITE_IO, false, "The database file could not be read or written."},
    {SQLITE_NOLFS, TK_SQLITE_IO, false, "The operating system takes no larger file."},
    {SQLITE_CANTOPEN, TK_CONNECT_FAILED, false, "A file of the database cannot be opened."},
    {SQLITE_PERM, TK_CONNECT_FAILED, false, "The database file may not be used."},
    {SQLITE_TOOBIG, TK_SERVER_TOO_LARGE, false,
     "A value or the statement is larger than SQLite takes."},
    {SQLITE_SCHEMA, TK_SQLITE_SCHEMA, true, "The schema changed while the statement ran."},
    {SQLITE_MISUSE, TK_CALL_INTERNAL, false, "Takeo called SQLite in a wrong way."},
    {SQLITE_RANGE, TK_CALL_INTERNAL, false, "Takeo bound an argument that the statement has not."},
    {0, TK_SERVER_FAILED, false, "SQLite failed."},
};

static const struct code_row *find_code(int rc) {
    const struct code_row *row = rows;
    while (row->rc != 0 && row->rc != rc) {
        row++;
    }
    return row->rc == 0 && rc > 0xFF ? find_code(rc & 0xFF) : row;
}

/* ---- words: what stands after a phrase ------------------------------------------------------- */

static const char *after(const char *said, const char *phrase) {
    size_t len = strlen(phrase);
    return strncmp(said, phrase, len) == 0 ? said + len : NULL;
}

/* "cities.name, cities.x" -> table cities, columns "name, x". */
static void set_columns(tk_error *error, const char *list) {
    char columns[512];
    size_t used = 0;
    for (const char *at = list; *at != '\0';) {
        size_t len = strcspn(at, ",");
        const char *dot = memrchr(at, '.', len);
        if (dot == NULL) {
            return;
        }
        if (at == list) {
            TK_SET(error, table_name, "%.*s", (int)(dot - at), at);
        }
        size_t name_len = len - (size_t)(dot + 1 - at);
        if (used + name_len + 3 > sizeof columns) {
            break;
        }
        if (used != 0) {
            columns[used++] = ',';
            columns[used++] = ' ';
        }
        memcpy(columns + used, dot + 1, name_len);
        used += name_len;
        at += len;
        at += strspn(at, ", ");
    }
    TK_SET(error, column_name, "%.*s", (int)used, columns);
}

/* UNIQUE, NOT NULL, CHECK and STRICT name what they are about. */
static void set_constraint(tk_error *error, const char *said) {
    const char *rest = after(said, "UNIQUE constraint failed: index '");
    if (rest != NULL) {
        TK_SET(error, constraint_name, "%.*s", (int)strcspn(rest, "'"), rest);
        return;
    }
    rest = after(said, "CHECK constraint failed: ");
    if (rest != NULL) {
        TK_SET(error, constraint_name, "%s", rest);
        return;
    }
    rest = after(said, "UNIQUE constraint failed: ");
    rest = rest != NULL ? rest : after(said, "NOT NULL constraint failed: ");
    if (rest == NULL && strncmp(said, "cannot store ", 13) == 0) {
        const char *found = strstr(said, " column ");
        rest = found != NULL ? found + 8 : NULL;
    }
    if (rest != NULL) {
        set_columns(error, rest);
    }
}

/* "no such column: c.x", "table t has no column named x" */
static bool set_missing_column(tk_error *error, const char *said) {
    const char *rest = after(said, "no such column: ");
    if (rest != NULL) {
        const char *dot = strrchr(rest, '.');
        tk_raise(error, TK_SERVER_UNDEFINED_COLUMN, "There is no column %s.", rest);
        TK_SET(error, column_name, "%s", dot != NULL ? dot + 1 : rest);
        return true;
    }
    const char *table = after(said, "table ");
    rest = table != NULL ? strstr(table, " has no column named ") : NULL;
    if (rest == NULL) {
        return false;
    }
    const char *name = rest + strlen(" has no column named ");
    tk_raise(error, TK_SERVER_UNDEFINED_COLUMN, "The table %.*s has no column %s.",
             (int)(rest - table), table, name);
    TK_SET(error, table_name, "%.*s", (int)(rest - table), table);
    TK_SET(error, column_name, "%s", name);
    return true;
}

static bool begins_with_any(const char *said, const char *const *phrases) {
    for (; *phrases != NULL; phrases++) {
        if (after(said, *phrases) != NULL) {
            return true;
        }
    }
    return false;
}

static const char *const of_transactions[] = {
    "cannot start a transaction within", "cannot commit - no transaction",
    "cannot rollback - no transaction", "no such savepoint: ", NULL};
static const char *const of_texts[] = {
    "near \"",          "incomplete input", "unrecognized token", "wrong number of arguments",
    "ambiguous column", "misuse of",        "no such ",           NULL};

/* The code SQLITE_ERROR: a mistake in the text, or a failure while it ran. */
static void raise_by_words(const char *said, int offset, tk_error *error) {
    const char *table = after(said, "no such table: ");
    if (table != NULL) {
        const char *dot = strchr(table, '.');
        tk_raise(error, TK_SERVER_UNDEFINED_TABLE, "There is no table %s.", table);
        TK_SET(error, table_name, "%s", dot != NULL ? dot + 1 : table);
        return;
    }
    if (set_missing_column(error, said)) {
        return;
    }
    if (begins_with_any(said, of_transactions)) {
        tk_raise(error, TK_TXN_STATE, "A transaction cannot begin or end here.");
    } else if (offset >= 0 || begins_with_any(said, of_texts)) {
        tk_raise(error, TK_SERVER_SYNTAX, "SQLite does not understand the SQL: %s.", said);
    } else {
        tk_raise(error, TK_SERVER_FAILED, "SQLite failed: %s.", said);
    }
}

/* ---- the record ------------------------------------------------------------------------------ */

static void raise_by_code(int rc, const char *said, tk_error *error) {
    const struct code_row *row = find_code(rc);
    bool is_restrict =
        rc == SQLITE_CONSTRAINT_TRIGGER && strcmp(said, "FOREIGN KEY constraint failed") == 0;
    if (is_restrict) { /* ON DELETE RESTRICT is a trigger inside SQLite */
        row = find_code(SQLITE_CONSTRAINT_FOREIGNKEY);
    }
    tk_raise(error, row->code, "%s", row->message);
    if (row->is_retryable) {
        tk_error_last(error)->flags |= TAKEO_ERROR_RETRYABLE;
    }
    if ((rc & 0xFF) == SQLITE_CONSTRAINT) {
        set_constraint(error, said);
    }
}

takeo_status tk_sqlite_raise(sqlite3 *db, int rc, const char *sql, tk_error *error) {
    if (error == NULL) {
        return tk_code_status((rc & 0xFF) == SQLITE_ERROR ? TK_SERVER_FAILED : find_code(rc)->code);
    }
    /* The words are lost with the next call on the connection, so the place is asked for after. */
    const char *said = db != NULL ? tk_lite.errmsg(db) : tk_lite.errstr(rc);
    int offset = db != NULL && tk_lite.error_offset != NULL ? tk_lite.error_offset(db) : -1;
    if (rc == SQLITE_ERROR) {
        raise_by_words(said, offset, error);
    } else {
        raise_by_code(rc, said, error);
    }
    TK_SET(error, detail, "%s", said);
    if (sql != NULL) {
        TK_SET(error, sql, "%s", sql);
    }
    takeo_error *record = tk_error_last(error);
    record->native_code = rc;
    if (sql != NULL && offset >= 0 && (size_t)offset <= strlen(sql)) {
        record->position = (uint32_t)tk_utf8_count(sql, (size_t)offset) + 1;
    }
    return record->status;
}

takeo_status tk_sqlite_raise_in(sqlite3 *db, int rc, const char *sql, bool was_in_transaction,
                                tk_error *error) {
    takeo_status status = tk_sqlite_raise(db, rc, sql, error);
    if (error != NULL && was_in_transaction && tk_lite.get_autocommit(db) != 0) {
        tk_error_last(error)->outcome = TAKEO_OUTCOME_ROLLED_BACK;
    }
    return status;
}
