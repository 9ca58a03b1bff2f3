/* test_check.c - public functions called wrongly: NULL, wrong sizes, unknown flags, wrong order. */
#include "support.h"

#include "api/api_int.h"
#include "takeo/takeo.h"

#define ASSERT_REFUSED(call, wanted)                                                               \
    do {                                                                                           \
        takeo_error *error = NULL;                                                                 \
        assert_int_equal(call, wanted);                                                            \
        assert_non_null(error);                                                                    \
        assert_int_equal(error->status, wanted);                                                   \
        assert_true(error->message.len > 0);                                                       \
        takeo_error_free(error);                                                                   \
    } while (0)

/* ---- NULL ------------------------------------------------------------------------------------ */

static void check_null_is_refused_by_makers(void **state) {
    (void)state;
    takeo_cell cell;
    ASSERT_REFUSED(takeo_cell_parse(TAKEO_TYPE_INT32, NULL, 0, &cell, &error), TAKEO_EINVAL);
    ASSERT_REFUSED(takeo_cell_parse(TAKEO_TYPE_INT32, "1", 1, NULL, &error), TAKEO_EINVAL);
    ASSERT_REFUSED(takeo_cell_parse(999, "1", 1, &cell, &error), TAKEO_EINVAL);
    ASSERT_REFUSED(takeo_model_new(NULL, NULL, &error), TAKEO_EINVAL);
    ASSERT_REFUSED(takeo_model_add(NULL, NULL, 0, &error), TAKEO_EINVAL);
    ASSERT_REFUSED(takeo_model_freeze(NULL, &error), TAKEO_EINVAL);
    ASSERT_REFUSED(takeo_model_describe(NULL, NULL, &error), TAKEO_EINVAL);
    ASSERT_REFUSED(takeo_target_new(NULL, NULL, NULL, &error), TAKEO_EINVAL);
    ASSERT_REFUSED(takeo_cpython_install(NULL, &error), TAKEO_EINVAL);
    ASSERT_REFUSED(takeo_source_open(NULL, NULL, NULL, &error), TAKEO_EINVAL);
    ASSERT_REFUSED(takeo_session_new(NULL, NULL, NULL, &error), TAKEO_EINVAL);
    ASSERT_REFUSED(takeo_op_new(NULL, NULL, &error), TAKEO_EINVAL);
    ASSERT_REFUSED(takeo_statement_compile(NULL, NULL, NULL, &error), TAKEO_EINVAL);
    ASSERT_REFUSED(takeo_statement_sql(NULL, NULL, 0, NULL, &error), TAKEO_EINVAL);
    ASSERT_REFUSED(takeo_statement_render(NULL, NULL, NULL, &error), TAKEO_EINVAL);
    ASSERT_REFUSED(takeo_builder_new(NULL, NULL, &error), TAKEO_EINVAL);
    ASSERT_REFUSED(takeo_builder_compile(NULL, NULL, &error), TAKEO_EINVAL);
    assert_int_equal(takeo_model_freeze(NULL, NULL), TAKEO_EINVAL); /* nobody wants to know why */
}

static void check_null_is_refused_by_verbs(void **state) {
    (void)state;
    assert_int_equal(takeo_op_set(NULL, NULL), TAKEO_EINVAL);
    assert_int_equal(takeo_op_step(NULL, 0), TAKEO_EINVAL);
    assert_int_equal(takeo_op_interest(NULL, NULL), TAKEO_EINVAL);
    assert_int_equal(takeo_op_wait(NULL, -1), TAKEO_EINVAL);
    assert_int_equal(takeo_op_result(NULL, NULL), TAKEO_EINVAL);
    assert_int_equal(takeo_session_describe(NULL, NULL), TAKEO_EINVAL);
    assert_int_equal(takeo_statement_describe(NULL, NULL), TAKEO_EINVAL);
    assert_int_equal(takeo_statement_run(NULL, NULL, NULL, NULL, 0), TAKEO_EINVAL);
    assert_int_equal(takeo_source_connect(NULL), TAKEO_EINVAL);
    assert_int_equal(takeo_source_drain(NULL, -1), TAKEO_EINVAL);
    assert_int_equal(takeo_source_synchronize(NULL, 0), TAKEO_EINVAL);
    assert_int_equal(takeo_txn_begin(NULL, NULL), TAKEO_EINVAL);
    assert_int_equal(takeo_txn_commit(NULL, 0), TAKEO_EINVAL);
    assert_int_equal(takeo_txn_rollback(NULL, 0), TAKEO_EINVAL);
    assert_int_equal(takeo_repo_get(NULL, NULL, 0, NULL, 0), TAKEO_EINVAL);
    assert_int_equal(takeo_repo_find(NULL, NULL, 0, NULL), TAKEO_EINVAL);
    assert_int_equal(takeo_repo_count(NULL, 0, NULL), TAKEO_EINVAL);
    assert_int_equal(takeo_repo_delete(NULL, 0, NULL), TAKEO_EINVAL);
    assert_int_equal(takeo_repo_save(NULL, NULL, NULL, 0, NULL), TAKEO_EINVAL);
    assert_int_equal(takeo_repo_insert(NULL, NULL, NULL, 0, NULL), TAKEO_EINVAL);
    assert_int_equal(takeo_repo_update(NULL, NULL, NULL, 0, NULL), TAKEO_EINVAL);
    assert_int_equal(takeo_repo_upsert(NULL, NULL, NULL, 0, NULL), TAKEO_EINVAL);
    assert_int_equal(takeo_repo_remove(NULL, NULL, NULL, 0, NULL), TAKEO_EINVAL);
    assert_int_equal(takeo_repo_load(NULL, NULL, NULL, NULL, 0), TAKEO_EINVAL);
    assert_int_equal(takeo_repo_reload(NULL, NULL, NULL, NULL, 0), TAKEO_EINVAL);
}

static void check_null_gives_nothing_elsewhere(void **state) {
    (void)state;
    char text[8];
    assert_int_equal(takeo_error_format(NULL, NULL, 0), 0);
    assert_int_equal(takeo_cell_format(NULL, text, sizeof text), 0);
    assert_int_equal(takeo_model_find(NULL, 0, NULL, 0), 0);
    assert_null(takeo_source_session(NULL));
    assert_null(takeo_rows_peek(NULL));
    assert_null(takeo_rows_take(NULL));
    assert_null(takeo_op_error(NULL));
    assert_int_equal(takeo_txn_retry(NULL, 0, NULL), 0);
    assert_int_equal(takeo_builder_push(NULL, NULL, 0), 0);
    assert_int_equal(takeo_builder_chain(NULL, NULL, 1), 0);
    assert_int_equal(takeo_builder_table(NULL, 1), 0);
    assert_int_equal(takeo_builder_path(NULL, 1, 1), 0);
    assert_int_equal(takeo_builder_column(NULL, 1, 1), 0);
    assert_int_equal(takeo_builder_param(NULL, 1), 0);
    assert_int_equal(takeo_builder_op(NULL, TAKEO_OPERATOR_AND, 1, 2), 0);
    assert_int_equal(takeo_builder_call(NULL, 0, NULL, 1), 0);
    assert_int_equal(takeo_builder_text(NULL, 0, 0, NULL, 1), 0);
    assert_int_equal(takeo_builder_end(NULL, 0), 0);
    takeo_builder_begin(NULL);
    takeo_builder_add(NULL, 0, 0);
    takeo_op_cancel(NULL);
    takeo_error *copy = takeo_error_copy(NULL);
    assert_non_null(copy);
    takeo_error_free(copy);
    takeo_error_free(NULL);
    takeo_model_free(NULL);
    takeo_target_free(NULL);
    takeo_source_close(NULL);
    takeo_session_free(NULL);
    takeo_op_free(NULL);
    takeo_rows_free(NULL);
    takeo_statement_free(NULL);
    takeo_builder_free(NULL);
}

/* ---- sizes and flags ------------------------------------------------------------------------- */

/* A caller of a later level: its struct is longer than ours. */
typedef struct longer {
    takeo_source_options known;
    char news[16];
} longer;

static takeo_status check_size(const void *given, size_t known) {
    return tk_api_check_struct(given, known, "options", NULL);
}

static void check_struct_size_decides(void **state) {
    (void)state;
    longer later = {.known = {.struct_size = sizeof later}};
    size_t known = sizeof later.known;
    assert_int_equal(check_size(NULL, known), TAKEO_DONE);
    assert_int_equal(check_size(&later, known), TAKEO_DONE); /* says nothing that we do not know */
    later.news[15] = 1;
    assert_int_equal(check_size(&later, known), TAKEO_EUNSUPPORTED);
    later.known.struct_size = (uint32_t)known;
    assert_int_equal(check_size(&later, known), TAKEO_DONE);
    static const uint32_t wrong[] = {0, 1, sizeof(takeo_source_options) - 1, UINT32_MAX};
    for (size_t i = 0; i < TK_COUNT(wrong); i++) {
        later.known.struct_size = wrong[i];
        assert_int_equal(check_size(&later, known), TAKEO_EINVAL);
    }
}

static void check_fill_keeps_the_callers_size(void **state) {
    (void)state;
    struct {
        takeo_interest known;
        char news[8];
    } out;
    memset(&out, 0xFF, sizeof out);
    out.known.struct_size = sizeof out;
    assert_true(tk_api_is_room(&out, sizeof out.known));
    takeo_interest interest = {.struct_size = sizeof interest, .fd = 7};
    tk_api_fill(&out, &interest, sizeof interest);
    assert_int_equal(out.known.struct_size, sizeof out);
    assert_int_equal(out.known.fd, 7);
    assert_int_equal(out.news[7], 0);
    out.known.struct_size = sizeof out.known - 1;
    assert_false(tk_api_is_room(&out, sizeof out.known));
}

static void check_makers_look_at_sizes_and_flags(void **state) {
    (void)state;
    takeo_model *model = NULL;
    takeo_model_options model_options = {.struct_size = 4};
    ASSERT_REFUSED(takeo_model_new(&model_options, &model, &error), TAKEO_EINVAL);
    model_options = (takeo_model_options){.struct_size = sizeof model_options, .flags = 1};
    ASSERT_REFUSED(takeo_model_new(&model_options, &model, &error), TAKEO_EUNSUPPORTED);
    takeo_allocator allocator = {.struct_size = 1};
    model_options =
        (takeo_model_options){.struct_size = sizeof model_options, .allocator = &allocator};
    ASSERT_REFUSED(takeo_model_new(&model_options, &model, &error), TAKEO_EINVAL);
    takeo_source *source = NULL;
    const takeo_pool_limits limits = {.struct_size = sizeof limits, .acquire_ns = -2};
    takeo_source_options wrong[] = {
        {.struct_size = 8},
        {.struct_size = sizeof *wrong, .flags = 1U << 31},
        {.struct_size = sizeof *wrong, .setting_count = 1},
        {.struct_size = sizeof *wrong, .init_sql_count = 1},
        {.struct_size = sizeof *wrong, .pool = &limits},
        {.struct_size = sizeof *wrong, .statement_ns = -2},
        {.struct_size = sizeof *wrong, .allocator = &allocator},
    };
    for (size_t i = 0; i < TK_COUNT(wrong); i++) {
        wrong[i].url = "sqlite://";
        takeo_error *error = NULL;
        takeo_status status = takeo_source_open(NULL, &wrong[i], &source, &error);
        assert_int_equal(status, i == 1 ? TAKEO_EUNSUPPORTED : TAKEO_EINVAL);
        assert_non_null(error);
        takeo_error_free(error);
        assert_null(source);
    }
}

/* ---- small things ---------------------------------------------------------------------------- */

static void check_names_and_version(void **state) {
    (void)state;
    assert_string_equal(takeo_version(), "0.1.0");
    assert_int_equal(takeo_abi_level(), 1);
    assert_string_equal(takeo_status_name(TAKEO_DONE), "TAKEO_DONE");
    assert_string_equal(takeo_status_name(TAKEO_ROWS), "TAKEO_ROWS");
    assert_string_equal(takeo_status_name(TAKEO_EUNIQUE), "TAKEO_EUNIQUE");
    assert_string_equal(takeo_status_name(-12345), "TAKEO_?");
    assert_true(takeo_zstr == SIZE_MAX);
    assert_non_null(takeo_cpython_symbols());
}

static void check_cells_go_to_text_and_back(void **state) {
    (void)state;
    takeo_cell cell;
    char text[8];
    assert_int_equal(takeo_cell_parse(TAKEO_TYPE_INT64, "1234567890", takeo_zstr, &cell, NULL),
                     TAKEO_DONE);
    assert_int_equal(cell.v.i, 1234567890);
    assert_int_equal(takeo_cell_format(&cell, text, sizeof text), 10);
    assert_string_equal(text, "1234567");
    assert_int_equal(takeo_cell_format(&cell, NULL, 0), 10);
    ASSERT_REFUSED(takeo_cell_parse(TAKEO_TYPE_INT64, "x", 1, &cell, &error), TAKEO_EINPUT);
}

static void check_model_before_freeze_is_refused(void **state) {
    (void)state;
    takeo_model *model = NULL;
    takeo_text json;
    takeo_target *target = NULL;
    takeo_builder *builder = NULL;
    takeo_statement *statement = NULL;
    takeo_target_def target_def = {.struct_size = sizeof target_def};
    assert_int_equal(takeo_model_new(NULL, &model, NULL), TAKEO_DONE);
    assert_int_equal(takeo_model_add(model, NULL, 0, NULL), TAKEO_DONE);
    ASSERT_REFUSED(takeo_model_add(model, NULL, 1, &error), TAKEO_EINVAL);
    ASSERT_REFUSED(takeo_model_describe(model, &json, &error), TAKEO_ESTATE);
    ASSERT_REFUSED(takeo_target_new(model, &target_def, &target, &error), TAKEO_ESTATE);
    ASSERT_REFUSED(takeo_builder_new(model, &builder, &error), TAKEO_ESTATE);
    ASSERT_REFUSED(takeo_statement_sql(model, "select 1", takeo_zstr, &statement, &error),
                   TAKEO_ESTATE);
    assert_int_equal(takeo_model_find(model, 0, "City", takeo_zstr), 0);
    takeo_model_free(model);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(check_null_is_refused_by_makers),
        cmocka_unit_test(check_null_is_refused_by_verbs),
        cmocka_unit_test(check_null_gives_nothing_elsewhere),
        cmocka_unit_test(check_struct_size_decides),
        cmocka_unit_test(check_fill_keeps_the_callers_size),
        cmocka_unit_test(check_makers_look_at_sizes_and_flags),
        cmocka_unit_test(check_names_and_version),
        cmocka_unit_test(check_cells_go_to_text_and_back),
        cmocka_unit_test(check_model_before_freeze_is_refused),
    };
    return cmocka_run_group_tests_name("check", tests, NULL, NULL);
}
