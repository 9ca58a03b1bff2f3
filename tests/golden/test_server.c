/* test_server.c - does PostgreSQL itself understand what stands in the golden files?  Every text of
 * folder `sql` and of shapes.txt is prepared and planned on a real server, on the tables of ddl.txt, in a
 * transaction that is rolled back.
 *
 * The server is that of TAKEO_TEST_POSTGRESQL; without it the test is skipped.
 */
#include <dirent.h>

#include "file.h"
#include "takeo/takeo.h"

typedef struct server {
    takeo_source *source;
    takeo_session *session;
    takeo_op *op; /* of transactions */
    uint32_t texts;
    uint32_t refused;
} server;

/* What some of the texts take for granted: names that users give. */
static const char *const granted[] = {
    "create schema takeo_golden",
    "set local search_path = takeo_golden",
    "create domain mytype as bigint",
    "create collation \"NOCASE\" from \"C\"",
    "create function date(date, text) returns date language sql as 'select $1'",
    "create function group_concat_step(text, text) returns text language sql as 'select $1'",
    "create aggregate group_concat(text) (sfunc = group_concat_step, stype = text)",
};
static const char index_of_texts[] = "create unique index on city (name) where founded is null";

/* ---- one statement --------------------------------------------------------------------------- */

static char *double_braces(const char *sql) {
    char *text = malloc(2 * strlen(sql) + 1);
    char *out = text;
    for (; *sql != '\0'; sql++) {
        if (*sql == '{' || *sql == '}') {
            *out++ = *sql;
        }
        *out++ = *sql;
    }
    *out = '\0';
    return text;
}

/* False: it failed; `why` says so. */
static bool run(server *on, const char *sql, char *why, size_t size) {
    char *text = double_braces(sql);
    takeo_statement *statement = NULL;
    takeo_op *op = NULL;
    assert_int_equal(takeo_statement_sql(NULL, text, strlen(text), &statement, NULL), TAKEO_DONE);
    assert_int_equal(takeo_op_new(on->session, &op, NULL), TAKEO_DONE);
    takeo_status status = takeo_statement_run(op, statement, NULL, NULL, 0);
    while (status >= 0 && (status = takeo_op_wait(op, -1)) > 0) {
    }
    if (status < 0) {
        takeo_error_format(takeo_op_error(op), why, size);
    }
    takeo_op_free(op);
    takeo_statement_free(statement);
    free(text);
    return status >= 0;
}

static void must_run(server *on, const char *sql) {
    char why[4096];
    if (!run(on, sql, why, sizeof why)) {
        fail_msg("%s\n%s", sql, why);
    }
}

/* The largest $n. */
static unsigned count_parameters(const char *sql) {
    unsigned most = 0;
    for (const char *at = strchr(sql, '$'); at != NULL; at = strchr(at + 1, '$')) {
        unsigned number = (unsigned)strtoul(at + 1, NULL, 10);
        most = number > most ? number : most;
    }
    return most;
}

static void finish(takeo_op *op, takeo_status status) {
    while (status >= 0 && (status = takeo_op_wait(op, -1)) > 0) {
    }
    assert_int_equal(status, TAKEO_DONE);
}

static const takeo_txn_options txn = {.struct_size = sizeof txn};

static void check_text(server *on, const char *sql) {
    char why[4096];
    char execute[4096] = "explain execute takeo_text";
    size_t size = strlen(sql) + 64;
    char *prepare = malloc(size);
    unsigned count = count_parameters(sql);
    snprintf(prepare, size, "prepare takeo_text as %s", sql);
    for (unsigned i = 0; i < count; i++) {
        strcat(execute, i == 0 ? " (null" : ", null");
    }
    strcat(execute, count != 0 ? ")" : "");
    on->texts++;
    finish(on->op, takeo_txn_begin(on->op, &txn));
    if (!run(on, prepare, why, sizeof why) || !run(on, execute, why, sizeof why)) {
        print_error("%s\n%s\n", sql, why);
        on->refused++;
    }
    finish(on->op, takeo_txn_rollback(on->op, 2));
    (void)run(on, "deallocate all", why, sizeof why); /* they outlive the savepoint */
    free(prepare);
}

/* ---- files ----------------------------------------------------------------------------------- */

static void check_file(server *on, const char *name) {
    static const char mark[] = "postgresql: ";
    char path[900];
    file_path(name, path, sizeof path);
    char *text = file_read(path);
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        line += strspn(line, " ");
        if (strncmp(line, mark, sizeof mark - 1) == 0) {
            check_text(on, line + sizeof mark - 1);
        }
    }
    free(text);
}

static void make_tables(server *on) {
    char path[900];
    file_path("ddl.txt", path, sizeof path);
    char *text = file_read(path);
    char *begin = strstr(text, "-- postgresql\n");
    assert_non_null(begin);
    strtok(begin, "\n");
    for (char *line = strtok(NULL, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        must_run(on, line);
    }
    free(text);
}

static void server_understands_every_golden_text(void **state) {
    (void)state;
    const char *url = getenv("TAKEO_TEST_POSTGRESQL");
    if (url == NULL || *url == '\0') {
        print_message("TAKEO_TEST_POSTGRESQL is not set: skipped\n");
        skip();
    }
    server on = {0};
    const takeo_source_options options = {.struct_size = sizeof options, .url = url};
    assert_int_equal(takeo_source_open(NULL, &options, &on.source, NULL), TAKEO_DONE);
    assert_int_equal(takeo_session_new(on.source, NULL, &on.session, NULL), TAKEO_DONE);
    assert_int_equal(takeo_op_new(on.session, &on.op, NULL), TAKEO_DONE);
    finish(on.op, takeo_txn_begin(on.op, &txn));
    for (size_t i = 0; i < TK_COUNT(granted); i++) {
        must_run(&on, granted[i]);
    }
    make_tables(&on);
    must_run(&on, index_of_texts);
    char folder[600];
    file_path("sql", folder, sizeof folder);
    struct dirent **files = NULL;
    int count = scandir(folder, &files, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        char name[300];
        snprintf(name, sizeof name, "sql/%s", files[i]->d_name);
        if (strstr(name, ".txt") != NULL) {
            check_file(&on, name);
        }
        free(files[i]);
    }
    free(files);
    check_file(&on, "shapes.txt");
    finish(on.op, takeo_txn_rollback(on.op, 1));
    takeo_op_free(on.op);
    takeo_session_free(on.session);
    takeo_source_close(on.source);
    print_message("%u texts\n", (unsigned)on.texts);
    assert_true(on.texts > 100);
    assert_int_equal(on.refused, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(server_understands_every_golden_text)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
