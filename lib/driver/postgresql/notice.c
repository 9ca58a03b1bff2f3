/* notice.c - what the server says beside its answers, such as by RAISE NOTICE, in the terms of the room
 * above.
 *
 * It must not know who listens, nor keep anything.
 */
#include "driver/postgresql/postgresql_int.h"

/* A word that newer servers may have means what NOTICE does. */
static uint32_t level_of(const char *severity) {
    static const struct {
        const char *word;
        uint32_t level;
    } rows[] = {{"WARNING", TAKEO_NOTICE_WARNING},
                {"INFO", TAKEO_NOTICE_INFO},
                {"LOG", TAKEO_NOTICE_LOG},
                {"DEBUG", TAKEO_NOTICE_DEBUG}};
    for (size_t i = 0; severity != NULL && i < TK_COUNT(rows); i++) {
        if (strcmp(severity, rows[i].word) == 0) {
            return rows[i].level;
        }
    }
    return TAKEO_NOTICE_NOTICE;
}

void tk_pg_tell_notice(tk_server *server, const tk_pg_client *client, const PGresult *notice) {
    static const struct {
        int code;
        size_t field;
    } rows[] = {
        {PG_DIAG_SEVERITY, offsetof(takeo_notice, severity)},
        {PG_DIAG_SQLSTATE, offsetof(takeo_notice, sqlstate)},
        {PG_DIAG_MESSAGE_PRIMARY, offsetof(takeo_notice, message)},
        {PG_DIAG_MESSAGE_DETAIL, offsetof(takeo_notice, detail)},
        {PG_DIAG_MESSAGE_HINT, offsetof(takeo_notice, hint)},
        {PG_DIAG_CONTEXT, offsetof(takeo_notice, context)},
        {PG_DIAG_SCHEMA_NAME, offsetof(takeo_notice, schema_name)},
        {PG_DIAG_TABLE_NAME, offsetof(takeo_notice, table_name)},
        {PG_DIAG_COLUMN_NAME, offsetof(takeo_notice, column_name)},
        {PG_DIAG_CONSTRAINT_NAME, offsetof(takeo_notice, constraint_name)},
    };
    takeo_notice told = {
        .level = level_of(client->resultErrorField(notice, PG_DIAG_SEVERITY_NONLOCALIZED))};
    for (size_t i = 0; i < TK_COUNT(rows); i++) {
        const char *text = client->resultErrorField(notice, rows[i].code);
        if (text != NULL) {
            *(takeo_text *)((char *)&told + rows[i].field) = tk_zstr(text);
        }
    }
    server->notice(server->notice_ctx, &told);
}
