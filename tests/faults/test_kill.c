/* test_kill.c - kill -9 in the middle of batches: each is there as a whole, or not at all (F82).
 *
 * A child saves batches, one call each, until it is killed at a moment that a fixed seed says; then
 * the file is opened again.
 */
#include "fault_file.h"

#include <signal.h>
#include <time.h>

enum { ROUNDS = 50, BATCH = 150, WAIT_MOST_US = 30000 };

static uint64_t next_random(uint64_t *seed) {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

/* In the child: batches without an end, each with a number of its own. */
static void write_for_ever(const char *url, int64_t first, int ready) {
    database db = {0};
    database_open(&db, url);
    for (int64_t batch = first;; batch++) {
        if (save_batch(&db, batch, BATCH, "a text that makes the pages fill sooner or later") < 0) {
            _exit(1);
        }
        if (batch == first && write(ready, "x", 1) != 1) {
            _exit(1);
        }
    }
}

/* The child is killed a random moment after its first batch, so that each round writes something.
 */
static void kill_writer(const char *url, int64_t first, uint64_t wait_us) {
    int ready[2];
    char byte;
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        close(ready[0]);
        write_for_ever(url, first, ready[1]);
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1); /* 0: it has ended by itself */
    close(ready[0]);
    const struct timespec pause = {0, (long)wait_us * 1000};
    nanosleep(&pause, NULL);
    assert_int_equal(kill(child, SIGKILL), 0);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
}

/* Gives the number that the next batch should have. */
static int64_t check_file(const char *url, int64_t first) {
    database db = {0};
    takeo_status status;
    database_open(&db, url);
    const takeo_rows *rows = query(&db, "pragma integrity_check", &status);
    assert_non_null(rows);
    assert_int_equal(rows->row_count, 1);
    assert_string_equal(rows->cells[0].v.text.data, "ok");
    rows = query(&db, "select batch, count(*) from items group by batch order by batch", &status);
    assert_non_null(rows);
    assert_true(rows->row_count >= first); /* the first of this round was acknowledged */
    for (uint32_t i = 0; i < rows->row_count; i++) {
        assert_int_equal(rows->cells[2 * i].v.i, i + 1); /* no acknowledged batch is missing */
        assert_int_equal(rows->cells[2 * i + 1].v.i, BATCH);
    }
    int64_t next = (int64_t)rows->row_count + 1;
    assert_int_equal(save_batch(&db, next, BATCH, "written after the crash"), TAKEO_DONE);
    database_close(&db);
    return next + 1;
}

static void kill_in_the_middle_of_batches_leaves_whole_ones(void **state) { /* F82 SAVE-06 */
    char url[128];
    uint64_t seed = 0x9E3779B97F4A7C15;
    int64_t first = 1;
    snprintf(url, sizeof url, "sqlite:///%s/kill.db", (char *)*state);
    database db = {0};
    database_open(&db, url);
    succeed(&db, takeo_source_synchronize(db.op, 0));
    database_close(&db);
    for (int round = 0; round < ROUNDS; round++) {
        kill_writer(url, first, next_random(&seed) % WAIT_MOST_US);
        first = check_file(url, first);
    }
    print_message("%lld batches in %d rounds\n", (long long)first - 1, ROUNDS);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(kill_in_the_middle_of_batches_leaves_whole_ones,
                                        make_folder, remove_folder),
    };
    return cmocka_run_group_tests_name("kill", tests, NULL, NULL);
}
