/* case_database.h - where a case runs: SQLite in memory or in a file, or a schema of its own on the
 * server that TAKEO_TEST_POSTGRESQL names.
 *
 * It must not know cases.
 */
#ifndef TK_TEST_CASE_DATABASE_H
#define TK_TEST_CASE_DATABASE_H

#include "support.h"

#include <unistd.h>

#include "takeo/takeo.h"

typedef struct case_database {
    const char *name;      /* as cases say it */
    const char *server;    /* a URL; NULL: none is needed */
    takeo_source *session; /* for making schemas */
    char place[64];        /* a folder or a schema of the case that runs; empty: none */
} case_database;

/* One statement that has to succeed. */
static void tell_server(case_database *database, const char *sql) {
    takeo_statement *statement = NULL;
    takeo_op *op = NULL;
    assert_int_equal(takeo_statement_sql(NULL, sql, strlen(sql), &statement, NULL), TAKEO_DONE);
    assert_int_equal(takeo_op_new(takeo_source_session(database->session), &op, NULL), TAKEO_DONE);
    takeo_status status = takeo_statement_run(op, statement, NULL, NULL, 0);
    while (status >= 0 && (status = takeo_op_wait(op, -1)) > 0) {
    }
    if (status < 0) {
        char text[2048];
        takeo_error_format(takeo_op_error(op), text, sizeof text);
        fail_msg("%s: %s", sql, text);
    }
    takeo_op_free(op);
    takeo_statement_free(statement);
}

/* False: there is no such server. */
static bool case_database_start(case_database *database, const char *variable) {
    takeo_error *error = NULL;
    database->server = getenv(variable);
    if (database->server == NULL || database->server[0] == '\0') {
        return false;
    }
    const takeo_source_options options = {.struct_size = sizeof options, .url = database->server};
    if (takeo_source_open(NULL, &options, &database->session, &error) < 0) {
        fprintf(stderr, "%s: %s\n", variable, error->message.data);
        exit(1);
    }
    return true;
}

static void case_database_stop(case_database *database) {
    takeo_source_close(database->session);
    database->session = NULL;
}

/* An empty database, for one case. */
static void case_database_open(case_database *database, bool is_file, char *url, size_t size) {
    char sql[128];
    if (database->server != NULL) {
        snprintf(database->place, sizeof database->place, "takeo_case_%ld", (long)getpid());
        snprintf(sql, sizeof sql, "create schema %s", database->place);
        tell_server(database, sql);
        snprintf(url, size, "%s%coptions=-csearch_path%%3D%s&application_name=%s", database->server,
                 strchr(database->server, '?') != NULL ? '&' : '?', database->place,
                 database->place);
    } else if (is_file) {
        strcpy(database->place, "/tmp/takeo-case-XXXXXX");
        assert_non_null(mkdtemp(database->place));
        snprintf(url, size, "sqlite:///%s/case.db", database->place);
    } else {
        snprintf(url, size, "sqlite://");
    }
}

/* Also behind a case that failed and left what it had open. */
static void case_database_close(case_database *database) {
    char command[256];
    if (database->place[0] == '\0') {
        return;
    }
    if (database->server != NULL) {
        snprintf(
            command, sizeof command,
            "select pg_terminate_backend(pid) from pg_stat_activity where application_name = '%s'",
            database->place);
        tell_server(database, command);
        snprintf(command, sizeof command, "drop schema %s cascade", database->place);
        tell_server(database, command);
    } else {
        snprintf(command, sizeof command, "rm -rf '%s'", database->place);
        assert_int_equal(system(command), 0);
    }
    database->place[0] = '\0';
}

#endif
