/* test_stmtcache.c - prepared statements are found again, and the oldest goes when there are too
 * many. */
#include "support.h"

#include "conn/conn_int.h"
#include "scripted_driver.h"

/* Any address will do: the cache does not look into statements. */
static char statements[4096];
static tk_prepared *statement(uint64_t id) {
    return (tk_prepared *)(void *)&statements[id];
}

static void stmtcache_find_gives_what_was_put(void **state) {
    tk_pace *pace = NULL;
    (void)state;
    tk_stmtcache *cache = tk_stmtcache_new(&tk_alloc_default);
    assert_non_null(cache);
    assert_null(tk_stmtcache_find(cache, 1, &pace));
    for (uint64_t id = 1; id <= 256; id++) {
        assert_null(
            tk_stmtcache_put(cache, id * 1024 + 7, statement(id), &pace)); /* all in one place */
    }
    for (uint64_t id = 1; id <= 256; id++) {
        assert_ptr_equal(tk_stmtcache_find(cache, id * 1024 + 7, &pace), statement(id));
    }
    uint32_t count = 0;
    while (tk_stmtcache_take(cache) != NULL) {
        count++;
    }
    assert_int_equal(count, 256);
    assert_null(tk_stmtcache_find(cache, 1024 + 7, &pace));
    tk_stmtcache_free(&tk_alloc_default, cache);
}

static void stmtcache_the_one_unused_longest_goes(void **state) {
    tk_pace *pace = NULL;
    (void)state;
    tk_stmtcache *cache = tk_stmtcache_new(&tk_alloc_default);
    assert_non_null(cache);
    for (uint64_t id = 1; id <= 256; id++) {
        assert_null(tk_stmtcache_put(cache, id, statement(id), &pace));
    }
    assert_non_null(tk_stmtcache_find(cache, 1, &pace));
    assert_ptr_equal(tk_stmtcache_put(cache, 1000, statement(1000), &pace), statement(2));
    assert_ptr_equal(tk_stmtcache_put(cache, 1001, statement(1001), &pace), statement(3));
    assert_null(tk_stmtcache_find(cache, 2, &pace));
    assert_ptr_equal(tk_stmtcache_find(cache, 1, &pace), statement(1));
    assert_ptr_equal(tk_stmtcache_find(cache, 1000, &pace), statement(1000));
    tk_stmtcache_free(&tk_alloc_default, cache);
}

static void stmtcache_of_a_connection_is_bounded(void **state) {
    (void)state;
    scripted script = {0};
    tk_source *source = scripted_source(&script, NULL);
    tk_op *op = scripted_op(&source->shared);
    scripted_job job;
    for (uint64_t id = 1; id <= 300; id++) {
        scripted_job_init(&job, id, 1);
        assert_int_equal(scripted_run(op, &job), TAKEO_DONE);
        scripted_clear(&script);
    }
    assert_int_equal(script.prepared, 256);
    scripted_job_init(&job, 1, 1);
    assert_int_equal(scripted_run(op, &job), TAKEO_DONE);
    assert_string_equal(script.log, "prepare 1; forget 45; start 1; end 1; ");
    tk_op_free(op);
    tk_source_close(source);
    scripted_done(&script);
}

static void stmtcache_failed_preparation_is_not_kept(void **state) {
    (void)state;
    scripted script = {0};
    tk_source *source = scripted_source(&script, NULL);
    tk_op *op = scripted_op(&source->shared);
    scripted_job job;
    scripted_job_init(&job, 1, 1);
    scripted_fail(&script, "prepare 1", TK_SERVER_SYNTAX);
    assert_int_equal(scripted_run(op, &job), TAKEO_ESYNTAX);
    assert_string_equal(op->error.first->sql.data, job.sql.text);
    assert_int_equal(scripted_run(op, &job), TAKEO_DONE);
    assert_string_equal(script.log, "open; prepare 1; prepare 1; start 1; end 1; ");
    tk_op_free(op);
    tk_source_close(source);
    scripted_done(&script);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stmtcache_find_gives_what_was_put),
        cmocka_unit_test(stmtcache_the_one_unused_longest_goes),
        cmocka_unit_test(stmtcache_of_a_connection_is_bounded),
        cmocka_unit_test(stmtcache_failed_preparation_is_not_kept),
    };
    return cmocka_run_group_tests_name("stmtcache", tests, NULL, NULL);
}
