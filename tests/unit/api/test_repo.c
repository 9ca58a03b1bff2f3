/* test_repo.c - a whole program through the C ABI on SQLite in memory, and verbs called wrongly. */
#include <stdlib.h>
#include "support.h"

#include <sys/wait.h>
#include <unistd.h>

#include "base/base.h"
#include "takeo/takeo.h"

struct city {
    int64_t id;
    char name[41];
    int32_t people;
    uint64_t state;
};

enum { CITY = 1, CITY_ID = 1, CITY_NAME, CITY_PEOPLE };

static const takeo_column_def columns[] = {
    {.name = "id",
     .type = TAKEO_TYPE_INT64,
     .generated = TAKEO_GENERATED_IDENTITY,
     .flags = TAKEO_COLUMN_PRIMARY},
    {.name = "name", .type = TAKEO_TYPE_TEXT, .length = 40, .flags = TAKEO_COLUMN_UNIQUE},
    {.name = "people", .type = TAKEO_TYPE_INT32},
};
static const takeo_entity_def entities[] = {
    {.struct_size = sizeof *entities,
     .name = "City",
     .columns = columns,
     .column_count = TK_COUNT(columns),
     .column_size = sizeof *columns},
};
#define AT(at) .offset = offsetof(struct city, at), .size = sizeof(((struct city *)0)->at)
static const takeo_field_def fields[] = {
    {.ref = CITY_ID, .kind = TAKEO_FIELD_INT64, AT(id)},
    {.ref = CITY_NAME, .kind = TAKEO_FIELD_CHARS, AT(name)},
    {.ref = CITY_PEOPLE, .kind = TAKEO_FIELD_INT32, AT(people)},
    {.kind = TAKEO_FIELD_STATE, AT(state)},
};
static const takeo_layout_def layout = {.entity = CITY,
                                        .object_size = sizeof(struct city),
                                        .field_count = TK_COUNT(fields),
                                        .field_size = sizeof *fields,
                                        .fields = fields};

typedef struct fixture {
    takeo_model *model;
    takeo_target *target;
    takeo_source *source;
    takeo_session *session;
    takeo_op *op;
} fixture;

static takeo_status open_all(fixture *f, const takeo_allocator *allocator) {
    takeo_model_options model_options = {.struct_size = sizeof model_options,
                                         .allocator = allocator};
    takeo_source_options options = {
        .struct_size = sizeof options, .url = "sqlite://", .allocator = allocator};
    takeo_target_def def = {.struct_size = sizeof def,
                            .layouts = &layout,
                            .layout_count = 1,
                            .layout_size = sizeof layout};
    *f = (fixture){0};
    TK_TRY(takeo_model_new(&model_options, &f->model, NULL));
    TK_TRY(takeo_model_add(f->model, entities, TK_COUNT(entities), NULL));
    TK_TRY(takeo_model_freeze(f->model, NULL));
    TK_TRY(takeo_target_new(f->model, &def, &f->target, NULL));
    TK_TRY(takeo_source_open(f->model, &options, &f->source, NULL));
    TK_TRY(takeo_session_new(f->source, NULL, &f->session, NULL));
    return takeo_op_new(f->session, &f->op, NULL);
}

static void close_all(fixture *f) {
    takeo_model_free(f->model);
    takeo_source_close(f->source);
    takeo_session_free(f->session);
    takeo_op_free(f->op);
    takeo_target_free(f->target);
}

/* To the end of what was started; a batch of rows is passed by. */
static takeo_status end(takeo_op *op, takeo_status status) {
    while (status >= 0 && (status = takeo_op_wait(op, -1)) > 0) {
    }
    return status;
}

static void assert_good(takeo_op *op, takeo_status status) {
    if (status < 0) {
        char text[2048];
        takeo_error_format(takeo_op_error(op), text, sizeof text);
        fail_msg("%s", text);
    }
}

static void set_up(fixture *f) {
    assert_int_equal(open_all(f, NULL), TAKEO_DONE);
    assert_good(f->op, end(f->op, takeo_source_synchronize(f->op, 0)));
}

static int64_t count(takeo_op *op) {
    takeo_result result = {.struct_size = sizeof result};
    assert_good(op, end(op, takeo_repo_count(op, CITY, NULL)));
    assert_int_equal(takeo_op_result(op, &result), TAKEO_DONE);
    return result.affected;
}

/* ---- the good way ---------------------------------------------------------------------------- */

static takeo_status insert_two(fixture *f, struct city *cities) {
    takeo_list list = {.items = cities, .count = 2, .stride = sizeof *cities, .entity = CITY};
    strcpy(cities[0].name, "Lyon");
    strcpy(cities[1].name, "Cusco");
    cities[0].people = 520;
    cities[1].people = 428;
    return end(f->op, takeo_repo_insert(f->op, f->target, &list, 1, NULL));
}

static void repo_objects_go_out_and_come_back(void **state) {
    (void)state;
    fixture f;
    set_up(&f);
    struct city cities[2] = {0};
    assert_good(f.op, insert_two(&f, cities));
    takeo_result result = {.struct_size = sizeof result};
    assert_int_equal(takeo_op_result(f.op, &result), TAKEO_DONE);
    assert_int_equal(result.inserted, 2);
    assert_true(cities[0].id != 0 && cities[1].id != cities[0].id);
    takeo_cell key = {.type = TAKEO_TYPE_INT64, .v = {.i = cities[1].id}};
    assert_good(f.op, takeo_repo_get(f.op, f.target, CITY, &key, 1));
    assert_int_equal(takeo_op_wait(f.op, -1), TAKEO_ROWS);
    const takeo_rows *rows = takeo_rows_peek(f.op);
    assert_int_equal(rows->row_count, 1);
    const struct city *found = rows->objects.items;
    assert_string_equal(found->name, "Cusco");
    takeo_rows *taken = takeo_rows_take(f.op);
    assert_null(takeo_rows_peek(f.op));
    assert_int_equal(takeo_op_wait(f.op, -1), TAKEO_DONE);
    assert_int_equal(count(f.op), 2);
    struct city *mine = taken->objects.items;
    mine->people = 1;
    mine->state |= 1U << CITY_PEOPLE;
    assert_good(f.op, end(f.op, takeo_repo_save(f.op, f.target, &taken->objects, 1, NULL)));
    takeo_list both = {.items = cities, .count = 2, .stride = sizeof *cities, .entity = CITY};
    assert_good(f.op, end(f.op, takeo_repo_reload(f.op, f.target, &both, NULL, 0)));
    assert_int_equal(cities[1].people, 1);
    assert_good(f.op, end(f.op, takeo_repo_remove(f.op, f.target, &both, 1, NULL)));
    assert_int_equal(count(f.op), 0);
    takeo_rows_free(taken);
    close_all(&f);
}

static void repo_finds_and_deletes_by_condition(void **state) {
    (void)state;
    fixture f;
    set_up(&f);
    struct city cities[2] = {0};
    assert_good(f.op, insert_two(&f, cities));
    takeo_condition where = {.column = CITY_PEOPLE,
                             .op = TAKEO_OPERATOR_GT,
                             .value = {.type = TAKEO_TYPE_INT32, .v = {.i = 500}}};
    takeo_find find = {.struct_size = sizeof find, .where = &where, .where_count = 1, .limit = 10};
    assert_good(f.op, takeo_repo_find(f.op, NULL, CITY, &find));
    assert_int_equal(takeo_op_wait(f.op, -1), TAKEO_ROWS);
    const takeo_rows *rows = takeo_rows_peek(f.op);
    assert_int_equal(rows->row_count, 1);
    assert_int_equal(rows->column_count, 3);
    assert_memory_equal(rows->cells[1].v.text.data, "Lyon", 4);
    find.limit = 0;
    assert_good(f.op, end(f.op, takeo_repo_delete(f.op, CITY, &find)));
    assert_int_equal(count(f.op), 1);
    assert_int_equal(takeo_repo_delete(f.op, CITY, NULL), TAKEO_EUNSAFE);
    find = (takeo_find){.struct_size = sizeof find, .flags = TAKEO_FIND_ALL};
    assert_good(f.op, end(f.op, takeo_repo_delete(f.op, CITY, &find)));
    assert_int_equal(count(f.op), 0);
    close_all(&f);
}

static void repo_transaction_rolls_back(void **state) { /* TX-01 */
    (void)state;
    fixture f;
    set_up(&f);
    struct city cities[2] = {0};
    takeo_session_info info = {.struct_size = sizeof info};
    assert_good(f.op, end(f.op, takeo_txn_begin(f.op, NULL)));
    assert_good(f.op, insert_two(&f, cities));
    assert_int_equal(takeo_session_describe(f.session, &info), TAKEO_DONE);
    assert_int_equal(info.level, 1);
    assert_int_equal(info.flags, TAKEO_SESSION_INFO_CONNECTED | TAKEO_SESSION_INFO_WROTE);
    assert_int_equal(count(f.op), 2);
    assert_int_equal(insert_two(&f, cities), TAKEO_EUNIQUE);
    assert_int_equal(takeo_op_error(f.op)->outcome, TAKEO_OUTCOME_ROLLED_BACK);
    assert_int_equal(count(f.op), 2); /* the batch alone was undone */
    assert_good(f.op, end(f.op, takeo_txn_rollback(f.op, 1)));
    assert_int_equal(count(f.op), 0);
    assert_good(f.op, end(f.op, takeo_txn_begin(f.op, NULL)));
    assert_good(f.op, end(f.op, takeo_txn_commit(f.op, 0)));
    close_all(&f);
}

static void repo_statements_run_and_describe(void **state) {
    (void)state;
    fixture f;
    set_up(&f);
    struct city cities[2] = {0};
    assert_good(f.op, insert_two(&f, cities));
    takeo_builder *q = NULL;
    takeo_statement *statement = NULL;
    assert_int_equal(takeo_builder_new(f.model, &q, NULL), TAKEO_DONE);
    uint32_t city = takeo_builder_table(q, CITY), name = takeo_builder_column(q, city, CITY_NAME);
    takeo_builder_begin(q);
    takeo_builder_add(q, TAKEO_NODE_COLUMNS, name);
    takeo_builder_add(q, TAKEO_NODE_FROM, city);
    takeo_builder_add(q, TAKEO_NODE_WHERE,
                      takeo_builder_op(q, TAKEO_OPERATOR_EQ, name, takeo_builder_param(q, 1)));
    takeo_builder_end(q, TAKEO_NODE_SELECT);
    assert_int_equal(takeo_builder_compile(q, &statement, NULL), TAKEO_DONE);
    takeo_builder_free(q);
    takeo_statement_info info = {.struct_size = sizeof info};
    assert_int_equal(takeo_statement_describe(statement, &info), TAKEO_DONE);
    assert_int_equal(info.kind, TAKEO_NODE_SELECT);
    assert_int_equal(info.parameter_count, 1);
    assert_int_equal(info.column_count, 1);
    takeo_text text;
    takeo_error *error = NULL;
    assert_int_equal(takeo_statement_render(statement, "sqlite", &text, NULL), TAKEO_DONE);
    assert_non_null(strstr(text.data, "select"));
    assert_int_equal(takeo_statement_render(statement, "cobol", &text, &error), TAKEO_EUNSUPPORTED);
    takeo_error_free(error);
    takeo_cell argument = {.type = TAKEO_TYPE_TEXT, .v = {.text = {"Lyon", 4}}};
    assert_good(f.op, takeo_statement_run(f.op, statement, NULL, &argument, 1));
    takeo_statement_free(statement); /* the operation keeps it */
    assert_int_equal(takeo_op_wait(f.op, -1), TAKEO_ROWS);
    assert_int_equal(takeo_rows_peek(f.op)->row_count, 1);
    close_all(&f);
}

static void repo_upsert_updates_what_is_there(void **state) {
    (void)state;
    fixture f;
    set_up(&f);
    struct city cities[2] = {0};
    assert_good(f.op, insert_two(&f, cities));
    struct city again = {.name = "Lyon", .people = 600};
    takeo_list list = {.items = &again, .count = 1, .stride = sizeof again, .entity = CITY};
    uint32_t on = CITY_NAME;
    takeo_upsert_options options = {.struct_size = sizeof options, .on = &on, .on_count = 1};
    assert_good(f.op, end(f.op, takeo_repo_upsert(f.op, f.target, &list, 1, &options)));
    assert_int_equal(count(f.op), 2);
    takeo_list first = {.items = cities, .count = 1, .stride = sizeof *cities, .entity = CITY};
    assert_good(f.op, end(f.op, takeo_repo_reload(f.op, f.target, &first, NULL, 0)));
    assert_int_equal(cities[0].people, 600);
    uint32_t people = CITY_PEOPLE;
    takeo_save_options save = {.struct_size = sizeof save, .columns = &people, .column_count = 1};
    cities[0].people = 601;
    assert_good(f.op, end(f.op, takeo_repo_update(f.op, f.target, &first, 1, &save)));
    close_all(&f);
}

static void repo_model_is_found_and_described(void **state) {
    (void)state;
    fixture f;
    takeo_text json;
    set_up(&f);
    assert_int_equal(takeo_model_find(f.model, 0, "City", takeo_zstr), CITY);
    assert_int_equal(takeo_model_find(f.model, 0, "Town", takeo_zstr), 0);
    assert_int_equal(takeo_model_find(f.model, CITY, "people", 6), CITY_PEOPLE);
    assert_int_equal(takeo_model_find(f.model, CITY, "mayor", 5), 0);
    assert_int_equal(takeo_model_find(f.model, 7, "people", 6), 0);
    assert_int_equal(takeo_model_describe(f.model, &json, NULL), TAKEO_DONE);
    assert_non_null(strstr(json.data, "City"));
    close_all(&f);
}

static void repo_source_without_model_runs_sql_alone(void **state) {
    (void)state;
    takeo_source_options options = {.struct_size = sizeof options, .url = "sqlite://"};
    takeo_source *source = NULL;
    takeo_statement *statement = NULL;
    takeo_op *op = NULL;
    fixture f;
    set_up(&f);
    assert_int_equal(takeo_source_open(NULL, &options, &source, NULL), TAKEO_DONE);
    assert_int_equal(takeo_op_new(takeo_source_session(source), &op, NULL), TAKEO_DONE);
    assert_int_equal(takeo_repo_find(op, NULL, CITY, NULL), TAKEO_EINVAL);
    takeo_error *copy = takeo_error_copy(takeo_op_error(op));
    assert_int_equal(copy->status, TAKEO_EINVAL);
    takeo_error_free(copy);
    assert_int_equal(takeo_statement_sql(f.model, "select 1", takeo_zstr, &statement, NULL),
                     TAKEO_DONE);
    assert_int_equal(takeo_statement_run(op, statement, NULL, NULL, 0), TAKEO_EINVAL);
    takeo_statement_free(statement);
    assert_int_equal(takeo_statement_sql(NULL, "select {} + 1", takeo_zstr, &statement, NULL),
                     TAKEO_DONE);
    takeo_cell argument = {.type = TAKEO_TYPE_INT64, .v = {.i = 41}};
    assert_good(op, takeo_statement_run(op, statement, NULL, &argument, 1));
    assert_int_equal(takeo_op_wait(op, -1), TAKEO_ROWS);
    assert_int_equal(takeo_rows_peek(op)->cells[0].v.i, 42);
    takeo_statement_free(statement);
    takeo_op_free(op);
    takeo_source_close(source);
    close_all(&f);
}

/* ---- called wrongly -------------------------------------------------------------------------- */

static void assert_refused(takeo_op *op, takeo_status status, takeo_status wanted) {
    assert_int_equal(status, wanted);
    assert_non_null(takeo_op_error(op));
    assert_int_equal(takeo_op_error(op)->status, wanted);
    assert_true(takeo_op_error(op)->message.len > 0);
    assert_int_equal(takeo_op_wait(op, -1), wanted);
}

static void repo_wrong_arguments_stand_on_the_operation(void **state) {
    (void)state;
    fixture f;
    set_up(&f);
    takeo_find find = {.struct_size = 3};
    takeo_list list = {.count = 1, .entity = CITY};
    takeo_save_options save = {.struct_size = sizeof save, .reserved = 1};
    takeo_upsert_options upsert = {.struct_size = sizeof upsert, .flags = 1U << 20};
    takeo_txn_options txn = {.struct_size = sizeof txn, .reserved = 1};
    takeo_op *op = f.op;
    assert_refused(op, takeo_repo_get(op, NULL, 99, NULL, 0), TAKEO_EINVAL);
    assert_refused(op, takeo_repo_get(op, NULL, CITY, NULL, 1), TAKEO_EINVAL);
    assert_refused(op, takeo_repo_find(op, NULL, CITY, &find), TAKEO_EINVAL);
    find = (takeo_find){.struct_size = sizeof find, .flags = 1U << 9};
    assert_refused(op, takeo_repo_find(op, NULL, CITY, &find), TAKEO_EUNSUPPORTED);
    find = (takeo_find){.struct_size = sizeof find, .where_count = 1};
    assert_refused(op, takeo_repo_count(op, CITY, &find), TAKEO_EINVAL);
    find = (takeo_find){.struct_size = sizeof find, .limit = -1};
    assert_refused(op, takeo_repo_delete(op, CITY, &find), TAKEO_EINVAL);
    assert_refused(op, takeo_repo_save(op, f.target, NULL, 1, NULL), TAKEO_EINVAL);
    assert_refused(op, takeo_repo_save(op, f.target, &list, 1, NULL), TAKEO_EINVAL);
    list.count = 0;
    assert_refused(op, takeo_repo_insert(op, f.target, &list, 1, &save), TAKEO_EINVAL);
    assert_refused(op, takeo_repo_upsert(op, f.target, &list, 1, NULL), TAKEO_EINVAL);
    assert_refused(op, takeo_repo_upsert(op, f.target, &list, 1, &upsert), TAKEO_EUNSUPPORTED);
    assert_refused(op, takeo_repo_load(op, NULL, &list, NULL, 0), TAKEO_EINVAL);
    assert_refused(op, takeo_repo_load(op, f.target, NULL, NULL, 0), TAKEO_EINVAL);
    assert_refused(op, takeo_repo_reload(op, f.target, &list, NULL, 1), TAKEO_EINVAL);
    assert_refused(op, takeo_statement_run(op, NULL, NULL, NULL, 0), TAKEO_EINVAL);
    assert_refused(op, takeo_source_synchronize(op, 1U << 9), TAKEO_EUNSUPPORTED);
    assert_refused(op, takeo_txn_begin(op, &txn), TAKEO_EINVAL);
    assert_refused(op, takeo_source_drain(op, -2), TAKEO_EINVAL);
    assert_good(op, end(op, takeo_source_connect(op)));
    assert_good(op, end(op, takeo_source_drain(op, 0)));
    assert_refused(op, takeo_source_connect(op), TAKEO_ECLOSED);
    close_all(&f);
}

static void repo_operation_says_in_which_state_it_is(void **state) {
    (void)state;
    fixture f;
    set_up(&f);
    takeo_result result = {.struct_size = sizeof result};
    takeo_interest interest = {.struct_size = sizeof interest};
    takeo_op_options options = {.struct_size = sizeof options, .timeout_ns = -2};
    assert_int_equal(takeo_op_set(f.op, &options), TAKEO_EINVAL);
    options.timeout_ns = INT64_C(60000000000);
    assert_int_equal(takeo_op_set(f.op, &options), TAKEO_DONE);
    assert_int_equal(takeo_op_interest(f.op, &interest), TAKEO_ESTATE);
    assert_good(f.op, takeo_repo_count(f.op, CITY, NULL));
    assert_int_equal(takeo_op_set(f.op, NULL), TAKEO_ESTATE);
    assert_int_equal(takeo_op_result(f.op, &result), TAKEO_ESTATE);
    assert_int_equal(takeo_op_interest(f.op, &interest), TAKEO_DONE);
    assert_true(interest.deadline_ns > 0);
    assert_int_equal(takeo_repo_count(f.op, CITY, NULL), TAKEO_ESTATE);
    assert_int_equal(takeo_repo_find(f.op, NULL, CITY, &(takeo_find){.struct_size = 1}),
                     TAKEO_ESTATE);
    assert_null(takeo_op_error(f.op));
    takeo_op_cancel(f.op);
    assert_int_equal(takeo_op_step(f.op, 0), TAKEO_ECANCELED);
    assert_int_equal(takeo_op_set(f.op, NULL), TAKEO_DONE);
    result.struct_size = 1;
    assert_int_equal(takeo_op_result(f.op, &result), TAKEO_EINVAL);
    close_all(&f);
}

/* Exit codes of the child: 0 good. */
static int child(fixture *f) {
    takeo_result result = {.struct_size = sizeof result};
    takeo_interest interest = {.struct_size = sizeof interest};
    takeo_session_info info = {.struct_size = sizeof info};
    takeo_session *session = NULL;
    takeo_source *source = NULL;
    takeo_text json;
    takeo_source_options options = {.struct_size = sizeof options, .url = "sqlite://"};
    bool is_good = takeo_op_step(f->op, 0) == TAKEO_EFORKED
                   && takeo_op_wait(f->op, -1) == TAKEO_EFORKED
                   && takeo_op_set(f->op, NULL) == TAKEO_EFORKED
                   && takeo_op_result(f->op, &result) == TAKEO_EFORKED
                   && takeo_op_interest(f->op, &interest) == TAKEO_EFORKED
                   && takeo_repo_count(f->op, CITY, NULL) == TAKEO_EFORKED
                   && takeo_txn_commit(f->op, 0) == TAKEO_EFORKED
                   && takeo_session_describe(f->session, &info) == TAKEO_EFORKED
                   && takeo_session_new(f->source, NULL, &session, NULL) == TAKEO_EFORKED
                   && takeo_source_open(f->model, &options, &source, NULL) == TAKEO_EFORKED
                   && takeo_model_describe(f->model, &json, NULL) == TAKEO_EFORKED;
    takeo_op_cancel(f->op);
    close_all(f);
    return is_good ? 0 : 1;
}

static void repo_child_process_is_refused(void **state) { /* F54 */
    (void)state;
    NEED_FORK();
    fixture f;
    set_up(&f);
    assert_good(f.op, end(f.op, takeo_txn_begin(f.op, NULL)));
    pid_t pid = fork();
    if (pid == 0) {
        _exit(child(&f));
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_good(f.op, end(f.op, takeo_txn_commit(f.op, 0)));
    close_all(&f);
}

/* ---- memory ---------------------------------------------------------------------------------- */

static bool whole_program(const takeo_allocator *allocator, void *context) {
    fixture f;
    struct city cities[2] = {0};
    (void)context;
    takeo_status status = open_all(&f, allocator);
    if (status >= 0) {
        status = end(f.op, takeo_source_synchronize(f.op, 0));
        status = status < 0 ? status : insert_two(&f, cities);
        status = status < 0 ? status : end(f.op, takeo_repo_find(f.op, f.target, CITY, NULL));
        status = status < 0 ? status : end(f.op, takeo_repo_count(f.op, CITY, NULL));
    }
    if (status < 0 && status != TAKEO_ENOMEM) {
        fail_msg("%s", takeo_status_name(status));
    }
    close_all(&f);
    return status >= 0;
}

static void repo_every_allocation_may_fail(void **state) {
    (void)state;
    assert_true(tk_sweep(whole_program, NULL) > 50);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(repo_objects_go_out_and_come_back),
        cmocka_unit_test(repo_finds_and_deletes_by_condition),
        cmocka_unit_test(repo_transaction_rolls_back),
        cmocka_unit_test(repo_statements_run_and_describe),
        cmocka_unit_test(repo_upsert_updates_what_is_there),
        cmocka_unit_test(repo_model_is_found_and_described),
        cmocka_unit_test(repo_source_without_model_runs_sql_alone),
        cmocka_unit_test(repo_wrong_arguments_stand_on_the_operation),
        cmocka_unit_test(repo_operation_says_in_which_state_it_is),
        cmocka_unit_test(repo_child_process_is_refused),
        cmocka_unit_test(repo_every_allocation_may_fail),
    };
    return cmocka_run_group_tests_name("repo", tests, NULL, NULL);
}
