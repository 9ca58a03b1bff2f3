/* test_files.c - a database file that is locked, read-only, missing, damaged or none at all: each
 * says what it is, in a failure of its own (F82). */
#include "fault_file.h"

#include <fcntl.h>
#include <signal.h>

enum { ROWS = 400 };

static const char *path_in(const char *folder, const char *name) {
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static const char *url_in(const char *folder, const char *name) {
    static char url[160];
    snprintf(url, sizeof url, "sqlite:///%s/%s", folder, name);
    return url;
}

/* A file with some pages of rows, without a log beside it. */
static void make_file(const char *folder, const char *name) {
    char whole[64];
    database db = {0};
    snprintf(whole, sizeof whole, "%s?wal=false", name);
    database_open(&db, url_in(folder, whole));
    succeed(&db, takeo_source_synchronize(db.op, 0));
    assert_int_equal(save_batch(&db, 1, ROWS, "some text to fill the pages of the file with"),
                     TAKEO_DONE);
    database_close(&db);
}

static void overwrite(const char *path, off_t from, size_t count, int byte) {
    char bytes[4096];
    int file = open(path, O_WRONLY);
    assert_true(file >= 0);
    memset(bytes, byte, sizeof bytes);
    for (size_t at = 0; at < count; at += sizeof bytes) {
        assert_int_equal(pwrite(file, bytes, sizeof bytes, from + (off_t)at), sizeof bytes);
    }
    close(file);
}

static void expect_failure(const takeo_error *error, takeo_status status, const char *code,
                           const char *part) {
    assert_non_null(error);
    if (error->status != status || strcmp(error->code.data, code) != 0
        || strstr(error->message.data, part) == NULL) {
        char text[2048];
        takeo_error_format(error, text, sizeof text);
        fail_msg("not %s with \"%s\", but %s: %s", code, part, takeo_status_name(error->status),
                 text);
    }
}

/* ---- files that cannot be opened ------------------------------------------------------------- */

static void prepare_nothing(const char *folder) {
    (void)folder;
}

static void prepare_directory(const char *folder) {
    assert_int_equal(mkdir(path_in(folder, "directory.db"), 0700), 0);
}

static void prepare_text(const char *folder) {
    FILE *file = fopen(path_in(folder, "text.db"), "w");
    assert_non_null(file);
    for (int i = 0; i < 1000; i++) {
        fputs("Nothing here looks like a database.\n", file);
    }
    assert_int_equal(fclose(file), 0);
}

static void prepare_file(const char *folder) {
    make_file(folder, "file.db");
    FILE *file = fopen(path_in(folder, "plain"), "w");
    assert_non_null(file);
    assert_int_equal(fclose(file), 0);
}

static void prepare_bad_header(const char *folder) {
    make_file(folder, "header.db");
    overwrite(path_in(folder, "header.db"), 0, 4096, 0x5A);
}

static void files_that_cannot_be_opened_say_why(void **state) { /* F82 DS-06 ERR-03 */
    static const struct row {
        void (*prepare)(const char *folder);
        const char *name;
        takeo_status status;
        const char *code;
        const char *message; /* a part of it */
    } rows[] = {
        {prepare_directory, "directory.db", TAKEO_ECONNECT, "TAKEO.CONNECT.FAILED",
         "is a directory, not a database file"},
        {prepare_text, "text.db", TAKEO_ECONNECT, "TAKEO.SQLITE.NOT_A_DATABASE",
         "is no SQLite database, or is encrypted"},
        {prepare_bad_header, "header.db", TAKEO_ECONNECT, "TAKEO.SQLITE.NOT_A_DATABASE",
         "is no SQLite database"},
        {prepare_nothing, "absent/x.db", TAKEO_ECONNECT, "TAKEO.CONNECT.FAILED", "The directory"},
        {prepare_nothing, "absent.db?mode=rw", TAKEO_ECONNECT, "TAKEO.CONNECT.FAILED",
         "There is no database file"},
        {prepare_nothing, "absent.db?mode=ro", TAKEO_ECONNECT, "TAKEO.CONNECT.FAILED",
         "There is no database file"},
        {prepare_file, "plain/x.db", TAKEO_ECONNECT, "TAKEO.CONNECT.FAILED", "is no directory"},
    };
    const char *folder = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        database db = {0};
        rows[i].prepare(folder);
        database_open(&db, url_in(folder, rows[i].name));
        takeo_status status = finish(&db, takeo_source_connect(db.op));
        assert_int_equal(status, rows[i].status);
        expect_failure(takeo_op_error(db.op), rows[i].status, rows[i].code, rows[i].message);
        /* The same again, not something else the second time. */
        assert_int_equal(save_batch(&db, 1, 1, "x"), rows[i].status);
        expect_failure(takeo_op_error(db.op), rows[i].status, rows[i].code, rows[i].message);
        database_close(&db);
    }
    assert_int_not_equal(access(path_in(folder, "absent.db"), F_OK), 0); /* nothing was made */
}

/* ---- files that can be opened, but ----------------------------------------------------------- */

static void read_only_files_are_read_and_not_written(void **state) { /* F82 */
    const char *folder = *state;
    database db = {0};
    make_file(folder, "read.db");
    database_open(&db, url_in(folder, "read.db?mode=ro"));
    succeed(&db, takeo_repo_count(db.op, ITEM, NULL));
    assert_int_equal(save_batch(&db, 2, 1, "x"), TAKEO_EREAD_ONLY);
    expect_failure(takeo_op_error(db.op), TAKEO_EREAD_ONLY, "TAKEO.SERVER.READ_ONLY", "read-only");
    takeo_result result = {.struct_size = sizeof result};
    succeed(&db, takeo_repo_count(db.op, ITEM, NULL));
    assert_int_equal(takeo_op_result(db.op, &result), TAKEO_DONE);
    assert_int_equal(result.affected, ROWS);
    database_close(&db);
}

static void damaged_files_are_told_apart_and_the_handle_lives(void **state) { /* F82 */
    const char *folder = *state;
    database db = {0};
    struct stat found;
    make_file(folder, "damaged.db");
    assert_int_equal(stat(path_in(folder, "damaged.db"), &found), 0);
    assert_true(found.st_size > 4 * 4096);
    overwrite(path_in(folder, "damaged.db"), 4096, (size_t)found.st_size - 4096, 0xFF);
    database_open(&db, url_in(folder, "damaged.db"));
    succeed(&db, takeo_source_connect(db.op));
    for (int i = 0; i < 2; i++) {
        takeo_status status = finish(&db, takeo_repo_find(db.op, db.target, ITEM, NULL));
        assert_int_equal(status, TAKEO_EOPERATIONAL);
        expect_failure(takeo_op_error(db.op), TAKEO_EOPERATIONAL, "TAKEO.SQLITE.CORRUPT",
                       "damaged");
    }
    takeo_status status;
    const takeo_rows *rows = query(&db, "select 7", &status); /* what needs no page works */
    assert_non_null(rows);
    assert_int_equal(rows->cells[0].v.i, 7);
    database_close(&db);
}

/* A file that ends in the middle of its pages. */
static void truncated_files_are_damaged(void **state) { /* F82 */
    const char *folder = *state;
    database db = {0};
    make_file(folder, "short.db");
    assert_int_equal(truncate(path_in(folder, "short.db"), 3 * 4096 + 100), 0);
    database_open(&db, url_in(folder, "short.db"));
    takeo_status status = finish(&db, takeo_repo_find(db.op, db.target, ITEM, NULL));
    assert_int_equal(status, TAKEO_EOPERATIONAL);
    expect_failure(takeo_op_error(db.op), TAKEO_EOPERATIONAL, "TAKEO.SQLITE.CORRUPT", "damaged");
    database_close(&db);
}

/* ---- locks ----------------------------------------------------------------------------------- */

typedef struct holder {
    pid_t child;
    int release; /* closed: the child lets go */
} holder;

/* In another process: a transaction that has written, until told to end.  With `sql`, a setting,
 * the lock of a write before it is kept too. */
static holder hold_lock(const char *url, const char *sql) {
    int ready[2];
    int release[2];
    char byte;
    assert_int_equal(pipe(ready), 0);
    assert_int_equal(pipe(release), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        database db = {0};
        takeo_status status;
        close(release[1]);
        database_open(&db, url);
        if (sql != NULL) {
            (void)query(&db, sql, &status);
            (void)save_batch(&db, 98, 1, "before");
        }
        bool held = finish(&db, takeo_txn_begin(db.op, NULL)) == TAKEO_DONE
                    && save_batch(&db, 99, 1, "held") == TAKEO_DONE;
        bool told = write(ready[1], held ? "y" : "n", 1) == 1;
        while (told && read(release[0], &byte, 1) > 0) {
        }
        database_close(&db);
        _exit(0);
    }
    close(ready[1]);
    close(release[0]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(byte, 'y');
    close(ready[0]);
    return (holder){child, release[1]};
}

static void let_go(holder *by) {
    int status;
    close(by->release);
    assert_int_equal(waitpid(by->child, &status, 0), by->child);
    assert_int_equal(status, 0);
}

static void locked_files_are_busy_and_can_be_tried_again(void **state) { /* F82 ERR-03 */
    const char *folder = *state;
    database db = {0};
    make_file(folder, "locked.db");
    holder by = hold_lock(url_in(folder, "locked.db"), NULL);
    database_open(&db, url_in(folder, "locked.db?timeout=0.1"));
    succeed(&db, takeo_repo_count(db.op, ITEM, NULL)); /* readers are let in */
    assert_int_equal(save_batch(&db, 2, 1, "x"), TAKEO_EBUSY);
    const takeo_error *error = takeo_op_error(db.op);
    expect_failure(error, TAKEO_EBUSY, "TAKEO.SERVER.BUSY", "locked");
    assert_int_equal(error->flags & TAKEO_ERROR_RETRYABLE, TAKEO_ERROR_RETRYABLE);
    let_go(&by);
    assert_int_equal(save_batch(&db, 2, 1, "x"), TAKEO_DONE);
    database_close(&db);
}

static void locked_files_that_nobody_may_read_do_not_open(void **state) { /* F82 */
    const char *folder = *state;
    database db = {0};
    make_file(folder, "exclusive.db");
    holder by = hold_lock(url_in(folder, "exclusive.db"), "pragma locking_mode = exclusive");
    database_open(&db, url_in(folder, "exclusive.db?timeout=0.1"));
    takeo_status status = finish(&db, takeo_source_connect(db.op));
    assert_int_equal(status, TAKEO_EBUSY);
    expect_failure(takeo_op_error(db.op), TAKEO_EBUSY, "TAKEO.SERVER.BUSY", "locked");
    let_go(&by);
    succeed(&db, takeo_repo_count(db.op, ITEM, NULL));
    database_close(&db);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_FOLDER(files_that_cannot_be_opened_say_why),
        IN_FOLDER(read_only_files_are_read_and_not_written),
        IN_FOLDER(damaged_files_are_told_apart_and_the_handle_lives),
        IN_FOLDER(truncated_files_are_damaged),
        IN_FOLDER(locked_files_are_busy_and_can_be_tried_again),
        IN_FOLDER(locked_files_that_nobody_may_read_do_not_open),
    };
    return cmocka_run_group_tests_name("files", tests, NULL, NULL);
}
