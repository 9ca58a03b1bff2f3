/* test_stopping.c - F47: an operation that is cancelled in every phase, on a real server, that of
 * TAKEO_TEST_POSTGRESQL.  Without it the tests are skipped.
 *
 * Between any two steps of a run somebody cancels it.  It ends soon and tells the truth: what it says of
 * its outcome is what stands in the table, and the next operation works.
 */
#include <poll.h>

#include "tests/golden/database.h"

enum { LIST = 200, PHASES_MOST = 400 };

typedef struct countries { /* new ones, each with a name that nobody has */
    takeo_cell cells[LIST];
    char names[LIST][24];
    uint32_t column;
    takeo_list list;
} countries;

static void fill(countries *of, const database *on, uint32_t count) {
    static uint32_t made;
    const tk_entity *entity = tk_model_find_entity(on->model, "Country", 7);
    of->column = tk_entity_find_column(entity, "name", 4)->number;
    of->list = (takeo_list){.items = of->cells,
                            .count = count,
                            .stride = sizeof of->cells[0],
                            .entity = entity->number};
    for (uint32_t i = 0; i < count; i++) {
        int len = snprintf(of->names[i], sizeof of->names[i], "country %u", ++made);
        of->cells[i] = tk_cell_text(TAKEO_TYPE_TEXT, of->names[i], (size_t)len);
    }
}

static takeo_status start_insert(takeo_op *op, countries *of) {
    const takeo_save_options options = {
        .struct_size = sizeof options, .columns = &of->column, .column_count = 1};
    return takeo_repo_insert(op, NULL, &of->list, 1, &options);
}

/* The events that came. */
static takeo_events wait_a_little(const takeo_op *op) {
    takeo_interest interest = {.struct_size = sizeof interest};
    assert_int_equal(takeo_op_interest(op, &interest), TAKEO_DONE);
    struct pollfd watched = {.fd = (int)interest.fd,
                             .events =
                                 (short)((interest.events & TAKEO_EVENT_READ ? POLLIN : 0)
                                         | (interest.events & TAKEO_EVENT_WRITE ? POLLOUT : 0))};
    int ready = poll(&watched, 1, interest.fd < 0 ? 1 : 20);
    return ready > 0 ? interest.events : 0;
}

/* Cancel before the step of that number, from 1; false: the run was over before. */
static bool run_and_cancel(takeo_op *op, takeo_status started, uint32_t at, takeo_status *out) {
    takeo_status status = started;
    takeo_events ready = 0;
    uint32_t steps = 0;
    int64_t canceled_ns = 0;
    assert_true(started >= 0);
    do {
        if (++steps == at) {
            takeo_op_cancel(op);
            canceled_ns = tk_clock_now_ns();
        }
        status = takeo_op_step(op, ready);
        ready = status == TAKEO_WAIT ? wait_a_little(op) : 0;
    } while (status > 0 && steps < 10000);
    *out = status;
    if (canceled_ns != 0) {
        assert_true(tk_clock_now_ns() - canceled_ns < INT64_C(1000000000));
    }
    return steps >= at;
}

static int64_t count_rows(database *on) {
    database_sql(on, "select count(*) from country");
    int64_t count = takeo_rows_peek(on->op)->cells[0].v.i;
    assert_int_equal(takeo_op_wait(on->op, -1), TAKEO_DONE);
    return count;
}

/* What the failure says of the rows is so. */
static void expect_truth(database *on, takeo_status status, int64_t before, uint32_t count) {
    const takeo_error *record = takeo_op_error(on->op);
    uint32_t outcome = record != NULL ? record->outcome : 0;
    if (status != TAKEO_ECANCELED) {
        database_check(on->op, status);
    }
    int64_t added = count_rows(on) - before;
    if (status == TAKEO_DONE || outcome == TAKEO_OUTCOME_COMMITTED) {
        assert_int_equal(added, count);
    } else if (outcome == TAKEO_OUTCOME_UNKNOWN) {
        assert_true(added == 0 || added == count);
    } else {
        assert_int_equal(added, 0);
    }
}

static void begin(database *on) {
    database_open(on, true);
    database_finish(on->op, takeo_source_synchronize(on->op, 0));
}

/* Statements that the server knows, and such as it does not know yet. */
static void cancel_inserts(uint32_t count, bool is_known) {
    DATABASE_NEEDED();
    static countries of;
    database on;
    begin(&on);
    uint32_t at = 1;
    uint32_t canceled = 0;
    for (bool goes_on = true; goes_on && at < PHASES_MOST; at++) {
        if (!is_known) { /* of each connection: it is parsed and described anew */
            database_sql(&on, "deallocate all");
        }
        int64_t before = count_rows(&on);
        takeo_status status;
        fill(&of, &on, count);
        goes_on = run_and_cancel(on.op, start_insert(on.op, &of), at, &status);
        canceled += status == TAKEO_ECANCELED;
        expect_truth(&on, status, before, count);
    }
    assert_true(at < PHASES_MOST);
    assert_true(canceled >= 2);
    database_close(&on);
}

static void stopping_one_insert_in_every_phase(void **state) {
    (void)state;
    cancel_inserts(1, true);
}

static void stopping_a_new_insert_in_every_phase(void **state) {
    (void)state;
    cancel_inserts(1, false);
}

/* Keys drawn first, COPY, and a transaction around both. */
static void stopping_a_list_in_every_phase(void **state) {
    (void)state;
    cancel_inserts(LIST, true);
}

static void stopping_a_new_list_in_every_phase(void **state) {
    (void)state;
    cancel_inserts(LIST, false);
}

/* From the address to the end of the login, and the first statement. */
static void stopping_a_login_in_every_phase(void **state) {
    (void)state;
    DATABASE_NEEDED();
    const takeo_source_options options = {.struct_size = sizeof options, .url = database_url()};
    uint32_t at = 1;
    for (bool goes_on = true; goes_on && at < PHASES_MOST; at++) {
        takeo_source *source = NULL;
        takeo_op *op = NULL;
        takeo_statement *statement = NULL;
        takeo_status status;
        assert_int_equal(takeo_source_open(NULL, &options, &source, NULL), TAKEO_DONE);
        assert_int_equal(takeo_op_new(takeo_source_session(source), &op, NULL), TAKEO_DONE);
        assert_int_equal(takeo_statement_sql(NULL, "select 1", 8, &statement, NULL), TAKEO_DONE);
        goes_on =
            run_and_cancel(op, takeo_statement_run(op, statement, NULL, NULL, 0), at, &status);
        if (status != TAKEO_ECANCELED) {
            database_check(op, status);
        }
        database_check(op, database_try(op, "select 1"));
        takeo_statement_free(statement);
        takeo_op_free(op);
        takeo_source_close(source);
    }
    assert_in_range(at, 4, PHASES_MOST - 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stopping_one_insert_in_every_phase),
        cmocka_unit_test(stopping_a_new_insert_in_every_phase),
        cmocka_unit_test(stopping_a_list_in_every_phase),
        cmocka_unit_test(stopping_a_new_list_in_every_phase),
        cmocka_unit_test(stopping_a_login_in_every_phase),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
