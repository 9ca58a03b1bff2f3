/* error.c - what PostgreSQL and libpq say about a failure, as a record of ours.
 *
 * The SQLSTATE decides, first as a whole and then by its class.  While a connection is made libpq
 * tells no SQLSTATE, only words; they decide there, and what they do not decide is CONNECT.FAILED.
 * The words themselves always stand in `detail`.  It must not know what a statement was for.
 */
#include "driver/postgresql/postgresql_int.h"

/* ---- SQLSTATE -------------------------------------------------------------------------------- */

enum { RETRYABLE = TAKEO_ERROR_RETRYABLE, GONE = TAKEO_ERROR_CONNECTION_GONE };

/* A message that ends with ": " goes on with the server's own words. */
static const struct state_row {
    const char *state; /* five characters, or the two of a class */
    tk_code code;
    uint32_t flags;
    const char *message;
} rows[] = {
    {"08P01", TK_SERVER_PROTOCOL, 0, "The server did not understand what it was sent."},
    {"08", TK_SERVER_LOST, GONE, "The connection to the database was lost."},
    {"0A", TK_CALL_UNSUPPORTED, 0, "PostgreSQL does not support this: "},
    {"21", TK_SERVER_STATEMENT, 0, "The statement gives more rows than may be: "},
    {"22001", TK_SERVER_DATA, 0, "A text is longer than its column."},
    {"22003", TK_SERVER_DATA, 0, "A number lies outside the range of its type."},
    {"22012", TK_SERVER_DATA, 0, "Something was divided by zero."},
    {"22P02", TK_SERVER_DATA, 0, "A text is not in the form that its type has: "},
    {"22", TK_SERVER_DATA, 0, "PostgreSQL refused a value: "},
    {"23001", TK_SERVER_FOREIGN_KEY, 0, "A row is still referred to."},
    {"23502", TK_SERVER_NOT_NULL, 0, "A column takes no NULL."},
    {"23503", TK_SERVER_FOREIGN_KEY, 0,
     "A row refers to one that is not there, or is still referred to."},
    {"23505", TK_SERVER_UNIQUE, 0, "A row with the same unique value is there."},
    {"23514", TK_SERVER_CHECK, 0, "A check constraint refused the row."},
    {"23P01", TK_SERVER_EXCLUSION, 0, "A row that excludes this one is there."},
    {"23", TK_SERVER_INTEGRITY, 0, "A constraint refused the row."},
    {"25006", TK_SERVER_READ_ONLY, 0, "The transaction, or the server, is read-only."},
    {"25P02", TK_SERVER_ABORTED, 0,
     "A statement failed before this one, so the transaction can only be rolled back."},
    {"25P03", TK_SERVER_LOST, GONE, "The server ended a transaction that was idle for too long."},
    {"25P04", TK_SERVER_LOST, GONE, "The server ended a transaction that took too long."},
    {"25", TK_TXN_STATE, 0, "This cannot be done in the transaction's present state: "},
    {"26", TK_SERVER_STATEMENT, 0, "The server does not know the prepared statement any more."},
    {"28", TK_CONNECT_AUTH, 0, "The server does not let this user in: "},
    {"2B", TK_SERVER_STATEMENT, 0, "Others depend on it: "},
    {"3B", TK_TXN_STATE, 0, "There is no such savepoint."},
    {"3D", TK_CONNECT_DATABASE, 0, "There is no such database."},
    {"3F", TK_SERVER_STATEMENT, 0, "There is no such schema: "},
    {"40001", TK_SERVER_SERIALIZATION, RETRYABLE,
     "The transaction does not go with what others did meanwhile; run it again as a whole."},
    {"40P01", TK_SERVER_DEADLOCK, RETRYABLE,
     "Transactions waited for each other and this one had to end; run it again as a whole."},
    {"40002", TK_SERVER_INTEGRITY, 0, "A constraint refused the transaction."},
    {"40", TK_SERVER_SERIALIZATION, RETRYABLE, "The transaction was rolled back: "},
    {"42501", TK_SERVER_PERMISSION, 0, "The database user may not do this: "},
    {"42601", TK_SERVER_SYNTAX, 0, "PostgreSQL does not understand the SQL: "},
    {"42703", TK_SERVER_UNDEFINED_COLUMN, 0, "There is no such column: "},
    {"42P01", TK_SERVER_UNDEFINED_TABLE, 0, "There is no such table: "},
    {"42", TK_SERVER_STATEMENT, 0, "PostgreSQL cannot run the statement: "},
    {"44", TK_SERVER_CHECK, 0, "The check of a view refused the row."},
    {"53100", TK_SERVER_DISK_FULL, 0, "The disk of the server is full."},
    {"53200", TK_SERVER_MEMORY, 0, "The server ran out of memory."},
    {"53300", TK_CONNECT_TOO_MANY, RETRYABLE, "The server has no connection left."},
    {"53", TK_SERVER_OPERATIONAL, 0, "A limit of the server was reached: "},
    {"54", TK_SERVER_TOO_LARGE, 0, "The statement is larger than PostgreSQL takes: "},
    {"55P03", TK_SERVER_LOCK_TIMEOUT, RETRYABLE, "A lock that somebody else holds was not had."},
    {"55", TK_SERVER_OPERATIONAL, 0, "The object is not in a state that allows this: "},
    {"57014", TK_SERVER_CANCELED, 0, "The statement was cancelled."},
    {"57P01", TK_SERVER_LOST, GONE, "The server ended the connection."},
    {"57P02", TK_SERVER_LOST, GONE, "The server crashed, or another of its processes did."},
    {"57P03", TK_CONNECT_NOT_READY, RETRYABLE, "The server is not ready for connections."},
    {"57P04", TK_SERVER_LOST, GONE, "The database was dropped."},
    {"57P05", TK_SERVER_LOST, GONE, "The server ended a connection that was idle for too long."},
    {"57", TK_SERVER_OPERATIONAL, 0, "The server was told not to go on: "},
    {"58", TK_SERVER_OPERATIONAL, 0, "The server's operating system failed: "},
    {"P0001", TK_SERVER_FAILED, 0, "A function of the database refused: "},
    {"", TK_SERVER_FAILED, 0, "PostgreSQL failed: "},
};

static const struct state_row *find_state(const char *state) {
    const struct state_row *row = rows;
    while (strncmp(row->state, state, strlen(row->state)) != 0) {
        row++;
    }
    return row;
}

/* ---- words ----------------------------------------------------------------------------------- */

/* The name in the server's words that stands in quotes, the first or the second; empty: none. */
static takeo_text quoted(const char *said, int number) {
    const char *begin = strchr(said, '"');
    for (; begin != NULL && number > 0; number--) {
        const char *end = strchr(begin + 1, '"');
        begin = end != NULL ? strchr(end + 1, '"') : NULL;
    }
    const char *end = begin != NULL ? strchr(begin + 1, '"') : NULL;
    return end != NULL ? tk_text(begin + 1, (size_t)(end - begin) - 1) : tk_text("", 0);
}

/* 'column "x" of relation "t" does not exist', 'column c.x does not exist' */
static void set_missing_column(tk_error *error, const char *said) {
    takeo_text column = quoted(said, 0);
    takeo_text table = quoted(said, 1);
    static const char before[] = "column ";
    if (column.len == 0 && strncmp(said, before, strlen(before)) == 0) {
        const char *at = said + strlen(before);
        column = tk_text(at, strcspn(at, " "));
        const char *dot = memchr(column.data, '.', column.len);
        if (dot != NULL) {
            column = tk_text(dot + 1, column.len - (size_t)(dot + 1 - column.data));
        }
    }
    if (column.len == 0) {
        return;
    }
    TK_SET(error, column_name, "%.*s", (int)column.len, column.data);
    if (table.len == 0) {
        TK_SET(error, message, "There is no column %.*s.", (int)column.len, column.data);
        return;
    }
    TK_SET(error, message, "The table %.*s has no column %.*s.", (int)table.len, table.data,
           (int)column.len, column.data);
    TK_SET(error, table_name, "%.*s", (int)table.len, table.data);
}

/* 'relation "t" does not exist', 'relation "s.t" does not exist' */
static void set_missing_table(tk_error *error, const char *said) {
    takeo_text table = quoted(said, 0);
    if (table.len != 0) {
        const char *dot = memrchr(table.data, '.', table.len);
        const char *name = dot != NULL ? dot + 1 : table.data;
        TK_SET(error, message, "There is no table %.*s.", (int)table.len, table.data);
        TK_SET(error, table_name, "%.*s", (int)(table.data + table.len - name), name);
    }
}

/* ---- the record of a result ------------------------------------------------------------------ */

static const char *field(const tk_pg_client *client, const PGresult *result, int code) {
    const char *value = client->resultErrorField(result, code);
    return value != NULL ? value : "";
}

/* The server's words as psql shows them, without the text of the statement. */
static void set_detail(tk_error *error, const tk_pg_client *client, const PGresult *result) {
    const char *detail = field(client, result, PG_DIAG_MESSAGE_DETAIL);
    const char *hint = field(client, result, PG_DIAG_MESSAGE_HINT);
    const char *context = field(client, result, PG_DIAG_CONTEXT);
    TK_SET(error, detail, "%s:  %s%s%s%s%s%s%s", field(client, result, PG_DIAG_SEVERITY),
           field(client, result, PG_DIAG_MESSAGE_PRIMARY), *detail != '\0' ? "\nDETAIL:  " : "",
           detail, *hint != '\0' ? "\nHINT:  " : "", hint, *context != '\0' ? "\nCONTEXT:  " : "",
           context);
}

static void set_names(tk_error *error, const tk_pg_client *client, const PGresult *result) {
    static const struct {
        int code;
        size_t field;
    } names[] = {
        {PG_DIAG_SCHEMA_NAME, offsetof(takeo_error, schema_name)},
        {PG_DIAG_TABLE_NAME, offsetof(takeo_error, table_name)},
        {PG_DIAG_COLUMN_NAME, offsetof(takeo_error, column_name)},
        {PG_DIAG_CONSTRAINT_NAME, offsetof(takeo_error, constraint_name)},
    };
    for (size_t i = 0; i < TK_COUNT(names); i++) {
        const char *name = field(client, result, names[i].code);
        if (*name != '\0') {
            tk_error_set(error, names[i].field, "%s", name);
        }
    }
}

/* Behind the bracket that is closed again; brackets in quotes do not count.  NULL: it never is. */
static const char *skip_brackets(const char *at) {
    int depth = 0;
    do {
        if (*at == '"' || *at == '\'') {
            at = strchr(at + 1, *at);
            if (at == NULL) {
                return NULL;
            }
        }
        depth += (*at == '(') - (*at == ')');
        at++;
    } while (depth > 0 && *at != '\0');
    return depth == 0 ? at : NULL;
}

/* What a unique index is over stands in the DETAIL, 'Key (a, lower(b))=(1, x) already exists.': in
 * every language in brackets, and with this sign behind them. */
static void set_key(tk_error *error, const char *detail) {
    const char *begin = strchr(detail, '(');
    const char *end = begin != NULL ? skip_brackets(begin) : NULL;
    if (end != NULL && *end == '=') {
        TK_SET(error, column_name, "%.*s", (int)(end - begin) - 2, begin + 1);
    }
}

/* The same of a foreign key, 'Key (a)=(1) is not present in table "t".', when the row refers to one that
 * is not there.  When it is referred to itself, the key is the other table's, and the sentence ends with
 * the constraint's own: `table`. */
static void set_foreign_key(tk_error *error, const char *detail, const char *table) {
    const char *values = strstr(detail, ")=(");
    const char *behind = values != NULL ? strrchr(values + 1, ')') : NULL; /* they hold anything */
    if (behind != NULL && *table != '\0' && strstr(behind, table) == NULL) {
        set_key(error, detail);
    }
}

static void set_place(tk_error *error, const tk_pg_client *client, const PGresult *result,
                      const char *sql) {
    if (sql == NULL) {
        return;
    }
    TK_SET(error, sql, "%s", sql);
    uint32_t position = 0;
    for (const char *at = field(client, result, PG_DIAG_STATEMENT_POSITION);
         *at >= '0' && *at <= '9'; at++) {
        position = position < UINT32_MAX / 10 ? position * 10 + (uint32_t)(*at - '0') : 0;
    }
    if (position <= tk_utf8_count(sql, strlen(sql)) + 1) { /* "at end" stands behind the last one */
        tk_error_last(error)->position = position;
    }
}

/* One sentence: the row's own, with the server's words where it ends with a colon. */
static void raise_row(const struct state_row *row, const char *said, tk_error *error) {
    size_t len = strlen(row->message);
    bool goes_on = len > 2 && row->message[len - 1] == ' ';
    size_t said_len = strlen(said);
    bool has_end = said_len != 0 && strchr(".!?", said[said_len - 1]) != NULL;
    tk_raise(error, row->code, "%s%s%s", row->message, goes_on ? said : "",
             goes_on && !has_end ? "." : "");
    tk_error_last(error)->flags |= row->flags;
    if (row->code == TK_SERVER_UNDEFINED_COLUMN) {
        set_missing_column(error, said);
    } else if (row->code == TK_SERVER_UNDEFINED_TABLE) {
        set_missing_table(error, said);
    }
}

/* A timeout of the server's own and a cancel have one SQLSTATE. */
static bool is_statement_timeout(const char *state, const char *said) {
    return strcmp(state, "57014") == 0 && strstr(said, "statement timeout") != NULL;
}

static takeo_status raise_state(const char *state, const tk_pg_client *client,
                                const PGresult *result, const char *sql, tk_error *error) {
    static const struct state_row timeout = {"57014", TK_SERVER_TIMEOUT, 0,
                                             "The statement took longer than the server allows."};
    const char *said = field(client, result, PG_DIAG_MESSAGE_PRIMARY);
    const struct state_row *row = is_statement_timeout(state, said) ? &timeout : find_state(state);
    if (error == NULL) {
        return tk_code_status(row->code);
    }
    raise_row(row, said, error);
    TK_SET(error, sqlstate, "%s", state);
    if (strcmp(state, "25P03") == 0) { /* it was idle, so nothing sent after it was begun */
        tk_error_last(error)->outcome = TAKEO_OUTCOME_ROLLED_BACK;
    }
    set_names(error, client, result);
    if (row->code == TK_SERVER_UNIQUE || row->code == TK_SERVER_EXCLUSION) {
        set_key(error, field(client, result, PG_DIAG_MESSAGE_DETAIL));
    } else if (row->code == TK_SERVER_FOREIGN_KEY) {
        set_foreign_key(error, field(client, result, PG_DIAG_MESSAGE_DETAIL),
                        field(client, result, PG_DIAG_TABLE_NAME));
    }
    set_detail(error, client, result);
    set_place(error, client, result, sql);
    return tk_error_last(error)->status;
}

/* What ends the connection says so in a form that no language changes. */
static bool is_fatal(const tk_pg_client *client, const PGresult *result) {
    const char *severity = field(client, result, PG_DIAG_SEVERITY_NONLOCALIZED);
    return strcmp(severity, "FATAL") == 0 || strcmp(severity, "PANIC") == 0;
}

static takeo_status raise_pipeline(const char *sql, tk_error *error) {
    takeo_status status =
        tk_raise(error, TK_SERVER_PIPELINE,
                 "The statement was not run, because one that was sent before it failed.");
    if (sql != NULL) {
        TK_SET(error, sql, "%s", sql);
    }
    return status;
}

takeo_status tk_pg_raise(tk_server *server, const PGresult *result, const char *sql,
                         tk_error *error) {
    if (result == NULL) {
        return tk_pg_raise_lost(server, error);
    }
    const tk_pg_client *client = server->client;
    if (client->resultStatus(result) == PGRES_PIPELINE_ABORTED) {
        return raise_pipeline(sql, error);
    }
    const char *state = client->resultErrorField(result, PG_DIAG_SQLSTATE);
    if (state != NULL) {
        takeo_status status = raise_state(state, client, result, sql, error);
        if (is_fatal(client, result)) {
            server->stage = TK_PG_LOST;
            if (error != NULL) {
                tk_error_last(error)->flags |= TAKEO_ERROR_CONNECTION_GONE;
            }
        }
        return status;
    }
    if (server->client->status(server->link)
        == CONNECTION_BAD) { /* libpq's own words, as all below */
        return tk_pg_raise_lost(server, error);
    }
    return tk_pg_raise_send(server, error);
}

/* ---- libpq's own failures -------------------------------------------------------------------- */

static const char *words_of(const tk_server *server) {
    const char *said = server->link != NULL ? server->client->errorMessage(server->link) : NULL;
    return said != NULL ? said : "";
}

/* Without the line's end that libpq's words have. */
static void set_words(tk_error *error, const char *said) {
    size_t len = strlen(said);
    while (len != 0 && (said[len - 1] == '\n' || said[len - 1] == ' ')) {
        len--;
    }
    if (len != 0) {
        TK_SET(error, detail, "%.*s", (int)(len < 65536 ? len : 65536), said);
    }
}

/* An answer for which there was no room is lost, and with it the order of those behind. */
static takeo_status raise_no_memory(tk_error *error) {
    takeo_status status = tk_raise_memory(error);
    if (error != NULL && error->first != NULL) {
        tk_error_last(error)->flags |= TAKEO_ERROR_CONNECTION_GONE;
    }
    return status;
}

takeo_status tk_pg_raise_lost(tk_server *server, tk_error *error) {
    static const char *const protocol[] = {"lost synchronization", "unexpected response",
                                           "insufficient data", "unexpected field count"};
    const char *said = words_of(server);
    server->stage = TK_PG_LOST;
    if (strstr(said, "out of memory") != NULL) {
        return raise_no_memory(error);
    }
    tk_code code = TK_SERVER_LOST;
    for (size_t i = 0; i < TK_COUNT(protocol); i++) {
        code = strstr(said, protocol[i]) != NULL ? TK_SERVER_PROTOCOL : code;
    }
    takeo_status status =
        tk_raise(error, code, "%s",
                 code == TK_SERVER_LOST ? "The connection to the database was lost."
                                        : "The server sent what is no answer of PostgreSQL.");
    if (error != NULL) {
        tk_error_last(error)->flags |= TAKEO_ERROR_CONNECTION_GONE;
        set_words(error, said);
    }
    return status;
}

takeo_status tk_pg_raise_send(tk_server *server, tk_error *error) {
    const char *said = words_of(server);
    if (server->link == NULL || server->client->status(server->link) == CONNECTION_BAD) {
        return tk_pg_raise_lost(server, error);
    }
    if (strstr(said, "memory") != NULL) {
        return tk_raise_memory(error);
    }
    takeo_status status =
        tk_raise(error, TK_CALL_INTERNAL, "libpq did not take what Takeo gave it.");
    set_words(error, said);
    return status;
}

/* ---- opening --------------------------------------------------------------------------------- */

/* The first that fits decides, so what tells more stands before what tells less: of several hosts
 * one may refuse the password and another not be there. */
static const struct word_row {
    const char *words;
    const char *state;
    tk_code code;
    const char *message;
    const char *hint;
} words[] = {
    {"password authentication failed", "28P01", TK_CONNECT_AUTH,
     "The server refuses the user or the password.", NULL},
    {"no password supplied", "28P01", TK_CONNECT_AUTH,
     "The server asks for a password, and none was given.",
     "give it in the URL, in PGPASSWORD, or in a password file"},
    {"no pg_hba.conf entry", "28000", TK_CONNECT_AUTH,
     "The server has no rule that lets this user in from here.",
     "add a line to the server's pg_hba.conf, or ask for another sslmode"},
    {"pg_hba.conf rejects", "28000", TK_CONNECT_AUTH,
     "A rule of the server keeps this user out from here.", NULL},
    {"authentication failed", "28000", TK_CONNECT_AUTH, "The server refuses the user.", NULL},
    {"is not permitted to log in", "28000", TK_CONNECT_AUTH, "The role may not log in.", NULL},
    {"no PostgreSQL user name specified", "28000", TK_CONNECT_AUTH, "No user was given.", NULL},
    {"FATAL:  role \"", "28000", TK_CONNECT_AUTH, "The server has no such role.", NULL},
    {"permission denied for database", "42501", TK_CONNECT_AUTH,
     "The user may not connect to the database.", NULL},
    {"channel binding", NULL, TK_CONNECT_AUTH,
     "The server does not prove itself by channel binding.", NULL},
    {"authentication method", NULL, TK_CONNECT_AUTH,
     "The server asks for a way of logging in that is not to be had.", NULL},
    {"too many clients", "53300", TK_CONNECT_TOO_MANY, "The server has no connection left.", NULL},
    {"remaining connection slots", "53300", TK_CONNECT_TOO_MANY,
     "The server has no connection left for ordinary users.", NULL},
    {"too many connections for", "53300", TK_CONNECT_TOO_MANY,
     "The server has no connection left for this role or database.", NULL},
    {"no more connections allowed", "53300", TK_CONNECT_TOO_MANY,
     "The pooler has no connection left.", NULL},
    {"the database system is", "57P03", TK_CONNECT_NOT_READY,
     "The server is not ready for connections.", NULL},
    {"is not currently accepting connections", "55000", TK_CONNECT_DATABASE,
     "The database lets nobody in.", NULL},
    {"FATAL:  database \"", "3D000", TK_CONNECT_DATABASE, "The server has no such database.",
     "make it, or correct the path of the URL"},
    {"no such database", "3D000", TK_CONNECT_DATABASE, "The pooler knows no such database.", NULL},
    {"does not match host name", NULL, TK_CONNECT_TLS,
     "The server's certificate is not for this host.", NULL},
    {"root certificate file", NULL, TK_CONNECT_TLS,
     "The file with the certificates to trust is not there.",
     "name it by sslrootcert, or give sslrootcert=system where libpq knows that"},
    {"certificate verify failed", NULL, TK_CONNECT_TLS, "The server's certificate is not trusted.",
     "it has expired, was revoked, or nobody in the file sslrootcert has signed it"},
    {"certificate", NULL, TK_CONNECT_TLS, "A certificate is not trusted, or not accepted.", NULL},
    {"server does not support SSL", NULL, TK_CONNECT_TLS, "The server has no encryption.",
     "sslmode=prefer does without, sslmode=require does not"},
    {"SSL error", NULL, TK_CONNECT_TLS, "Encryption could not be agreed on.", NULL},
    {"SSL negotiation", NULL, TK_CONNECT_TLS, "Encryption could not be agreed on.", NULL},
    {"SSL exchange", NULL, TK_CONNECT_TLS, "Encryption could not be agreed on.", NULL},
    {"unencrypted data after SSL", NULL, TK_CONNECT_TLS,
     "Something spoke before encryption began, so somebody may stand between.", NULL},
    {"session is read-only", NULL, TK_CONNECT_FAILED,
     "No host is what target_session_attrs asks for.", NULL},
    {"session is not read-only", NULL, TK_CONNECT_FAILED,
     "No host is what target_session_attrs asks for.", NULL},
    {"server is not in hot standby mode", NULL, TK_CONNECT_FAILED,
     "No host is what target_session_attrs asks for.", NULL},
    {"server is in hot standby mode", NULL, TK_CONNECT_FAILED,
     "No host is what target_session_attrs asks for.", NULL},
    {"expected authentication request", NULL, TK_CONNECT_FAILED,
     "What listens there is no server of PostgreSQL.", NULL},
    {"could not translate host name", NULL, TK_CONNECT_FAILED,
     "The name of the host cannot be resolved.", NULL},
    {"timeout expired", NULL, TK_CONNECT_TIMEOUT, "The server did not answer in time.", NULL},
    {"Connection timed out", NULL, TK_CONNECT_TIMEOUT, "The server did not answer in time.", NULL},
    {"Too many open files", NULL, TK_CONNECT_FAILED,
     "This process has no descriptor left for a connection.", "raise the limit of open files"},
    {"Connection refused", NULL, TK_CONNECT_FAILED, "No server listens there.",
     "is the server running, and are host and port right?"},
    {"No such file or directory", NULL, TK_CONNECT_FAILED, "No server listens on this socket.",
     "is the server running, and is host the folder of its socket?"},
    {"SSL SYSCALL error", NULL, TK_CONNECT_FAILED,
     "The server ended the connection while it was made.", NULL},
    {"server closed the connection unexpectedly", NULL, TK_CONNECT_FAILED,
     "The server ended the connection while it was made.", NULL},
    {"Connection reset by peer", NULL, TK_CONNECT_FAILED,
     "The server ended the connection while it was made.", NULL},
};

/* Of these rows: nobody is there, or not any more; a server that restarts looks like this. */
static bool is_gone(const struct word_row *row) {
    static const char *const gone[] = {"Connection refused", "No such file or directory",
                                       "server closed the connection unexpectedly",
                                       "Connection reset by peer"};
    for (size_t i = 0; i < TK_COUNT(gone); i++) {
        if (strcmp(row->words, gone[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* libpq refuses what it was told before it connects anywhere. */
static const char *const refusals[] = {
    "invalid port number",
    "invalid sslmode value",
    "invalid integer value",
    "could not match",
    "invalid channel_binding",
    "invalid target_session_attrs",
    "invalid gssencmode",
    "invalid ssl_",
    "invalid sslnegotiation",
    "invalid load_balance_hosts",
    "invalid require_auth",
    "invalid sslcertmode",
    "invalid URI",
    "definition of service",
    "service file",
    "is too long",
    "weak sslmode",
    "client_encoding",
};

static bool is_refusal(const char *said) {
    if (strstr(said, "connection to server") != NULL) {
        return false;
    }
    for (size_t i = 0; i < TK_COUNT(refusals); i++) {
        if (strstr(said, refusals[i]) != NULL) {
            return true;
        }
    }
    return false;
}

static const struct word_row *find_words(const char *said, const char *sqlstate) {
    for (size_t i = 0; i < TK_COUNT(words); i++) {
        bool is_state =
            sqlstate != NULL && words[i].state != NULL && strcmp(words[i].state, sqlstate) == 0;
        if (is_state || (sqlstate == NULL && strstr(said, words[i].words) != NULL)) {
            return &words[i];
        }
    }
    return NULL;
}

/* Where libpq tried: 'at "h", port 5432', 'on socket "/x"', each once, in front of the sentence. */
static void put_places(tk_buf *out, const char *said) {
    static const char before[] = "connection to server ";
    static const char behind[] = " failed: ";
    const char *last = "";
    size_t last_len = 0;
    for (const char *at = said; (at = strstr(at, before)) != NULL;) {
        at += strlen(before);
        const char *end = strstr(at, behind);
        size_t len = end != NULL ? (size_t)(end - at) : 0;
        bool is_same = len == last_len && memcmp(at, last, len) == 0; /* with TLS, then without */
        if (len != 0 && memchr(at, '\n', len) == NULL && !is_same) {
            tk_buf_puts(out, out->len != 0 ? ", " : "PostgreSQL ");
            tk_buf_put(out, at, len);
            last = at;
            last_len = len;
        }
    }
    takeo_text host = quoted(said, 0);
    if (out->len == 0 && host.len != 0 && strstr(said, "could not translate host name") == said) {
        tk_buf_puts(out, "PostgreSQL at ");
        tk_buf_put(out, host.data, host.len);
    }
    if (out->len != 0) {
        tk_buf_puts(out, ": ");
    }
}

takeo_status tk_pg_raise_connect(const char *said, const char *sqlstate, tk_error *error) {
    const struct word_row *row = find_words(said, sqlstate);
    tk_code code = row != NULL ? row->code : TK_CONNECT_FAILED;
    code = row == NULL && is_refusal(said) ? TK_CONFIG_INVALID : code;
    if (error == NULL) {
        return tk_code_status(code);
    }
    tk_buf places;
    tk_buf_init(&places, error->arena.alloc, 4096);
    put_places(&places, said);
    const char *message = code == TK_CONFIG_INVALID ? "A setting of PostgreSQL is wrong."
                          : row != NULL             ? row->message
                                                    : "The database could not be opened.";
    takeo_status status = tk_raise(error, code, "%s%s",
                                   places.len != 0 && !places.failed ? places.data : "", message);
    tk_buf_done(&places);
    set_words(error, said);
    const char *state = sqlstate != NULL ? sqlstate : row != NULL ? row->state : NULL;
    if (state != NULL) {
        TK_SET(error, sqlstate, "%s", state);
    }
    if (row != NULL && row->hint != NULL) {
        TK_SET(error, hint, "%s", row->hint);
    }
    if (code == TK_CONNECT_TOO_MANY || code == TK_CONNECT_NOT_READY) {
        tk_error_last(error)->flags |= TAKEO_ERROR_RETRYABLE;
    } else if (row != NULL && is_gone(row)) {
        tk_error_last(error)->flags |= TAKEO_ERROR_CONNECTION_GONE;
    }
    return status;
}

takeo_status tk_pg_raise_descriptor(tk_error *error) {
    takeo_status status =
        tk_raise(error, TK_CONNECT_FAILED, "This process has no descriptor left for a connection.");
    TK_SET(error, hint, "raise the limit of open files, or close what is not needed");
    return status;
}
