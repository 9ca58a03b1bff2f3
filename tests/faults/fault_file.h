/* fault_file.h - what the tests of broken files and killed processes share: a folder of its own,
 * and one entity in a database file, opened and written through the C ABI.
 */
#ifndef TK_TEST_FAULT_FILE_H
#define TK_TEST_FAULT_FILE_H

#include "support.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "takeo/takeo.h"

enum { ITEM = 1, ITEM_ID = 1, ITEM_BATCH, ITEM_TEXT };

typedef struct item {
    int64_t id;
    int64_t batch;
    const char *text;
} item;

typedef struct database {
    takeo_model *model;
    takeo_target *target;
    takeo_source *source;
    takeo_session *session;
    takeo_op *op;
} database;

/* A folder that the test throws away. */
static int make_folder(void **state) {
    char *folder = strdup("/tmp/takeo-fault-XXXXXX");
    assert_non_null(mkdtemp(folder));
    *state = folder;
    return 0;
}

static int remove_folder(void **state) {
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", (char *)*state);
    assert_int_equal(system(command), 0);
    free(*state);
    return 0;
}

static void make_model(database *db) {
    static const takeo_column_def columns[] = {{.name = "id",
                                                .type = TAKEO_TYPE_INT64,
                                                .generated = TAKEO_GENERATED_IDENTITY,
                                                .flags = TAKEO_COLUMN_PRIMARY},
                                               {.name = "batch", .type = TAKEO_TYPE_INT64},
                                               {.name = "text", .type = TAKEO_TYPE_TEXT}};
    static const takeo_field_def fields[] = {
        {ITEM_ID, TAKEO_FIELD_INT64, .offset = offsetof(item, id)},
        {ITEM_BATCH, TAKEO_FIELD_INT64, .offset = offsetof(item, batch)},
        {ITEM_TEXT, TAKEO_FIELD_ZSTR, .offset = offsetof(item, text)}};
    static const takeo_layout_def layouts[] = {{ITEM, sizeof(item), 3, sizeof *fields, fields}};
    const takeo_entity_def entity = {.struct_size = sizeof entity,
                                     .name = "Item",
                                     .table = "items",
                                     .column_size = sizeof *columns,
                                     .column_count = 3,
                                     .columns = columns};
    const takeo_target_def target = {sizeof target, 0, layouts, 1, sizeof *layouts};
    assert_int_equal(takeo_model_new(NULL, &db->model, NULL), TAKEO_DONE);
    assert_int_equal(takeo_model_add(db->model, &entity, 1, NULL), TAKEO_DONE);
    assert_int_equal(takeo_model_freeze(db->model, NULL), TAKEO_DONE);
    assert_int_equal(takeo_target_new(db->model, &target, &db->target, NULL), TAKEO_DONE);
}

/* Nothing is connected yet. */
static void database_open(database *db, const char *url) {
    const takeo_source_options options = {.struct_size = sizeof options, .url = url};
    make_model(db);
    assert_int_equal(takeo_source_open(db->model, &options, &db->source, NULL), TAKEO_DONE);
    assert_int_equal(takeo_session_new(db->source, NULL, &db->session, NULL), TAKEO_DONE);
    assert_int_equal(takeo_op_new(db->session, &db->op, NULL), TAKEO_DONE);
}

static void database_close(database *db) {
    takeo_op_free(db->op);
    takeo_session_free(db->session);
    takeo_source_close(db->source);
    takeo_target_free(db->target);
    takeo_model_free(db->model);
    *db = (database){0};
}

/* To the end; rows stay with the operation. */
static takeo_status finish(database *db, takeo_status status) {
    while (status >= 0 && status != TAKEO_ROWS) {
        status = takeo_op_wait(db->op, -1);
        if (status == TAKEO_DONE) {
            break;
        }
    }
    return status;
}

static void succeed(database *db, takeo_status status) {
    char text[2048];
    status = finish(db, status);
    if (status < 0) {
        takeo_error_format(takeo_op_error(db->op), text, sizeof text);
        fail_msg("%s", text);
    }
}

/* A batch in one call. */
static takeo_status save_batch(database *db, int64_t batch, uint32_t count, const char *text) {
    item *items = calloc(count, sizeof *items);
    assert_non_null(items);
    for (uint32_t i = 0; i < count; i++) {
        items[i] = (item){.batch = batch, .text = text};
    }
    const takeo_list list = {items, count, sizeof *items, ITEM, 0};
    takeo_status status = finish(db, takeo_repo_save(db->op, db->target, &list, 1, NULL));
    free(items);
    return status;
}

/* Rows of raw SQL; borrowed from the operation.  NULL: it failed, see *out_status. */
static const takeo_rows *query(database *db, const char *sql, takeo_status *out_status) {
    takeo_statement *statement = NULL;
    assert_int_equal(takeo_statement_sql(db->model, sql, takeo_zstr, &statement, NULL), TAKEO_DONE);
    *out_status = finish(db, takeo_statement_run(db->op, statement, NULL, NULL, 0));
    takeo_statement_free(statement);
    return *out_status == TAKEO_ROWS ? takeo_rows_peek(db->op) : NULL;
}

#endif
