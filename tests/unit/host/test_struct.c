/* test_struct.c - C structs: every kind of field at its limits, and definitions that cannot be. */
#include "support.h"

#include "host/host.h"

#define AT(type, at) .offset = offsetof(struct type, at), .size = sizeof((struct type *)0)->at
#define MANY(what, of) .what##s = of, .what##_count = TK_COUNT(of), .what##_size = sizeof *of

enum {
    ID = 1,
    FLAG,
    SMALL,
    MEDIUM,
    LARGE,
    WIDE,
    SINGLE,
    TWICE,
    UUID,
    SHORT,
    LONG,
    BLOB,
    ANY,
    DAY,
    DECIMAL,
    COLUMNS = DECIMAL
};

struct all {
    int64_t id;
    uint8_t flag;
    int16_t small;
    int32_t medium;
    int64_t large;
    uint64_t wide;
    float single;
    double twice;
    uint8_t uuid[16];
    char shorttext[8];
    const char *text;
    takeo_text blob;
    takeo_cell any;
    int16_t day;
    char decimal[16];
    uint8_t nulls[COLUMNS + 1];
    uint64_t state;
};

typedef struct fixture {
    tk_test_alloc memory;
    takeo_allocator allocator;
    tk_model *model;
    tk_target *target;
    const tk_layout *layout;
    tk_arena arena;
    tk_error error;
    tk_holder holder;
    struct all object;
} fixture;

static tk_model *make_model(const takeo_allocator *allocator) {
    static const takeo_column_def columns[] = {
        {"id", TAKEO_TYPE_INT64, .generated = TAKEO_GENERATED_IDENTITY,
         .flags = TAKEO_COLUMN_PRIMARY},
        {"flag", TAKEO_TYPE_BOOL, .flags = TAKEO_COLUMN_NULLABLE},
        {"small", TAKEO_TYPE_INT16, .flags = TAKEO_COLUMN_NULLABLE},
        {"medium", TAKEO_TYPE_INT32, .flags = TAKEO_COLUMN_NULLABLE},
        {"large", TAKEO_TYPE_INT64, .flags = TAKEO_COLUMN_NULLABLE},
        {"wide", TAKEO_TYPE_UINT64, .flags = TAKEO_COLUMN_NULLABLE},
        {"single", TAKEO_TYPE_FLOAT32, .flags = TAKEO_COLUMN_NULLABLE},
        {"twice", TAKEO_TYPE_FLOAT64, .flags = TAKEO_COLUMN_NULLABLE},
        {"uuid", TAKEO_TYPE_UUID, .flags = TAKEO_COLUMN_NULLABLE},
        {"short", TAKEO_TYPE_TEXT, .length = 7, .flags = TAKEO_COLUMN_NULLABLE},
        {"long", TAKEO_TYPE_TEXT, .flags = TAKEO_COLUMN_NULLABLE},
        {"blob", TAKEO_TYPE_BYTES, .flags = TAKEO_COLUMN_NULLABLE},
        {"any", TAKEO_TYPE_TEXT, .flags = TAKEO_COLUMN_NULLABLE},
        {"day", TAKEO_TYPE_DATE, .flags = TAKEO_COLUMN_NULLABLE},
        {"decimal", TAKEO_TYPE_DECIMAL, .precision = 6, .scale = 2,
         .flags = TAKEO_COLUMN_NULLABLE}};
    static const takeo_entity_def entity = {sizeof entity, 0, "All", MANY(column, columns)};
    const takeo_model_options options = {sizeof options, .allocator = allocator};
    tk_error error;
    tk_error_init(&error, tk_alloc_from(allocator));
    tk_model *model = NULL;
    takeo_status status = tk_model_new(&options, &model, &error);
    status = status < 0 ? status : tk_model_add(model, &entity, 1, &error);
    status = status < 0 ? status : tk_model_freeze(model, &error);
    if (status < 0) {
        assert_int_equal(status, TAKEO_ENOMEM);
        tk_model_drop(model);
        model = NULL;
    }
    tk_error_done(&error);
    return model;
}

#define NULLS(column) .null_at = offsetof(struct all, nulls) + (column)

static const takeo_field_def fields[] = {
    {ID, TAKEO_FIELD_INT64, AT(all, id)},
    {FLAG, TAKEO_FIELD_BOOL, AT(all, flag), NULLS(FLAG)},
    {SMALL, TAKEO_FIELD_INT16, AT(all, small), NULLS(SMALL)},
    {MEDIUM, TAKEO_FIELD_INT32, AT(all, medium), NULLS(MEDIUM)},
    {LARGE, TAKEO_FIELD_INT64, AT(all, large), NULLS(LARGE)},
    {WIDE, TAKEO_FIELD_UINT64, AT(all, wide), NULLS(WIDE)},
    {SINGLE, TAKEO_FIELD_FLOAT, AT(all, single), NULLS(SINGLE)},
    {TWICE, TAKEO_FIELD_DOUBLE, AT(all, twice), NULLS(TWICE)},
    {UUID, TAKEO_FIELD_UUID, AT(all, uuid), NULLS(UUID)},
    {SHORT, TAKEO_FIELD_CHARS, AT(all, shorttext)}, /* no mark: NULL is a failure */
    {LONG, TAKEO_FIELD_ZSTR, AT(all, text)},
    {BLOB, TAKEO_FIELD_TEXT, AT(all, blob)},
    {ANY, TAKEO_FIELD_CELL, AT(all, any)},
    {DAY, TAKEO_FIELD_INT16, AT(all, day), NULLS(DAY)},
    {DECIMAL, TAKEO_FIELD_CHARS, AT(all, decimal), NULLS(DECIMAL)},
    {0, TAKEO_FIELD_STATE, AT(all, state)},
};
static const takeo_layout_def layouts[] = {{1, sizeof(struct all), MANY(field, fields)}};
static const takeo_target_def target_def = {sizeof target_def, MANY(layout, layouts)};

static void set_up(fixture *f) {
    memset(f, 0, sizeof *f);
    f->allocator = tk_test_alloc_init(&f->memory);
    tk_alloc alloc = tk_alloc_from(&f->allocator);
    f->model = make_model(&f->allocator);
    tk_error_init(&f->error, alloc);
    tk_arena_init(&f->arena, alloc);
    assert_int_equal(tk_target_new(f->model, &target_def, &f->target, &f->error), TAKEO_DONE);
    f->layout = f->target->layouts[0];
    tk_holder_init(&f->holder, f->target->host, &f->arena);
}

static void tear_down(fixture *f) {
    tk_holder_done(&f->holder);
    tk_target_drop(f->target);
    tk_model_drop(f->model);
    tk_error_done(&f->error);
    tk_arena_done(&f->arena);
    tk_test_alloc_done(&f->memory);
}

static takeo_status put(fixture *f, uint32_t column, takeo_cell cell) {
    const tk_step *step = &f->layout->steps[column - 1];
    tk_error_clear(&f->error);
    return step->put(step, &f->object, &cell, &f->holder, &f->error);
}

static takeo_status get(fixture *f, uint32_t column, takeo_cell *out) {
    const tk_step *step = &f->layout->steps[column - 1];
    tk_error_clear(&f->error);
    return step->get(step, &f->object, out, &f->holder, &f->error);
}

static takeo_cell number(takeo_type type, int64_t i) {
    return tk_cell_int(type, i);
}

static takeo_cell text(takeo_type type, const char *data) {
    return tk_cell_text(type, data, strlen(data));
}

static takeo_cell real(takeo_type type, double value) {
    return (takeo_cell){.type = type, .v = {.f = value}};
}

/* What fits goes in and comes out again as it was. */
static void struct_values_come_back(void **state) {
    (void)state;
    fixture f;
    set_up(&f);
    const struct {
        uint32_t column;
        takeo_cell cell;
    } cases[] = {
        {FLAG, number(TAKEO_TYPE_BOOL, 1)},
        {SMALL, number(TAKEO_TYPE_INT16, INT16_MIN)},
        {SMALL, number(TAKEO_TYPE_INT16, INT16_MAX)},
        {MEDIUM, number(TAKEO_TYPE_INT32, INT32_MIN)},
        {MEDIUM, number(TAKEO_TYPE_INT32, INT32_MAX)},
        {LARGE, number(TAKEO_TYPE_INT64, INT64_MIN)},
        {LARGE, number(TAKEO_TYPE_INT64, INT64_MAX)},
        {WIDE, {.type = TAKEO_TYPE_UINT64, .v = {.u = UINT64_MAX}}},
        {SINGLE, real(TAKEO_TYPE_FLOAT32, 0.5)},
        {TWICE, real(TAKEO_TYPE_FLOAT64, 0.1)},
        {UUID, {.type = TAKEO_TYPE_UUID, .v = {.uuid = {1, 2, 3}}}},
        {SHORT, text(TAKEO_TYPE_TEXT, "1234567")},
        {SHORT, text(TAKEO_TYPE_TEXT, "")},
        {LONG, text(TAKEO_TYPE_TEXT, "any length")},
        {BLOB, tk_cell_text(TAKEO_TYPE_BYTES, "a\0b", 3)},
        {ANY, text(TAKEO_TYPE_TEXT, "cell")},
        {DAY, number(TAKEO_TYPE_DATE, INT16_MAX)},
        {DECIMAL, text(TAKEO_TYPE_DECIMAL, "-1234.50")},
    };
    for (size_t i = 0; i < TK_COUNT(cases); i++) {
        takeo_cell out;
        assert_int_equal(put(&f, cases[i].column, cases[i].cell), TAKEO_DONE);
        assert_int_equal(get(&f, cases[i].column, &out), TAKEO_DONE);
        if (!tk_cell_equal(&out, &cases[i].cell)) {
            fail_msg("case %zu", i);
        }
    }
    tear_down(&f);
}

/* Rows whose values do not fit a field: nothing is cut. */
static void struct_put_refuses_what_does_not_fit(void **state) {
    (void)state;
    fixture f;
    set_up(&f);
    const struct {
        uint32_t column;
        takeo_cell cell;
    } cases[] = {
        {FLAG, number(TAKEO_TYPE_BOOL, 2)},
        {SMALL, number(TAKEO_TYPE_INT64, INT16_MAX + 1)},
        {SMALL, number(TAKEO_TYPE_INT64, INT16_MIN - 1)},
        {MEDIUM, number(TAKEO_TYPE_INT64, INT64_C(1) << 31)},
        {LARGE, {.type = TAKEO_TYPE_UINT64, .v = {.u = UINT64_MAX}}},
        {WIDE, number(TAKEO_TYPE_INT64, -1)},
        {SINGLE, real(TAKEO_TYPE_FLOAT64, 0.1)},
        {SINGLE, text(TAKEO_TYPE_TEXT, "0.5")},
        {UUID, text(TAKEO_TYPE_TEXT, "no uuid")},
        {SHORT, text(TAKEO_TYPE_TEXT, "12345678")},
        {SHORT, tk_cell_text(TAKEO_TYPE_TEXT, "a\0b", 3)},
        {SHORT, {.flags = TAKEO_CELL_NULL}},
        {LONG, tk_cell_text(TAKEO_TYPE_TEXT, "a\0b", 3)},
        {LONG, number(TAKEO_TYPE_INT64, 1)},
        {DAY, number(TAKEO_TYPE_DATE, INT16_MAX + 1)},
        {DAY, {.type = TAKEO_TYPE_DATE, .flags = TAKEO_CELL_INFINITE, .v = {.i = 1}}},
        {ID, {.flags = TAKEO_CELL_NULL}},
    };
    for (size_t i = 0; i < TK_COUNT(cases); i++) {
        struct all before = f.object;
        if (put(&f, cases[i].column, cases[i].cell) != TAKEO_EDECODE) {
            fail_msg("case %zu is taken", i);
        }
        const takeo_error *error = tk_error_last(&f.error);
        assert_string_equal(error->entity.data, "All");
        assert_non_null(error->field.data);
        assert_non_null(error->expected.data);
        assert_memory_equal(&before, &f.object, sizeof before);
    }
    tear_down(&f);
}

static void struct_null_is_marked(void **state) {
    (void)state;
    fixture f;
    set_up(&f);
    for (uint32_t column = FLAG; column <= COLUMNS; column++) {
        takeo_cell out;
        if (column == SHORT) {
            continue;
        }
        f.object.nulls[column] = 0;
        assert_int_equal(put(&f, column, tk_cell_null()), TAKEO_DONE);
        assert_int_equal(get(&f, column, &out), TAKEO_DONE);
        assert_true(tk_cell_is_null(&out));
        assert_int_equal(out.flags & TAKEO_CELL_UNSET, 0);
        if (f.layout->steps[column - 1].null_at != 0) {
            assert_int_equal(f.object.nulls[column], 1);
        }
    }
    assert_int_equal(put(&f, MEDIUM, number(TAKEO_TYPE_INT32, 4)), TAKEO_DONE);
    assert_int_equal(f.object.nulls[MEDIUM], 0);
    tear_down(&f);
}

/* Fields whose values the column refuses are told before anything is sent. */
static void struct_get_refuses_what_does_not_fit(void **state) {
    (void)state;
    fixture f;
    set_up(&f);
    takeo_cell out;
    f.object.flag = 7;
    assert_int_equal(get(&f, FLAG, &out), TAKEO_EINPUT);
    memset(f.object.shorttext, 'x', sizeof f.object.shorttext);
    assert_int_equal(get(&f, SHORT, &out), TAKEO_EINPUT);
    assert_string_equal(tk_error_last(&f.error)->code.data, "TAKEO.INPUT.LENGTH");
    f.object.text = "\xff";
    assert_int_equal(get(&f, LONG, &out), TAKEO_EINPUT);
    assert_string_equal(tk_error_last(&f.error)->code.data, "TAKEO.INPUT.TEXT");
    strcpy(f.object.decimal, "12345.6");
    assert_int_equal(get(&f, DECIMAL, &out), TAKEO_EINPUT);
    f.object.any = number(TAKEO_TYPE_INT64, 3);
    assert_int_equal(get(&f, ANY, &out), TAKEO_EINPUT);
    tear_down(&f);
}

static void struct_unset_is_told(void **state) {
    (void)state;
    fixture f;
    set_up(&f);
    takeo_cell out;
    assert_int_equal(get(&f, ID, &out), TAKEO_DONE); /* a key that is still to be made */
    assert_int_equal(out.flags, TAKEO_CELL_UNSET);
    assert_int_equal(get(&f, MEDIUM, &out), TAKEO_DONE); /* no bits: all is given */
    assert_int_equal(out.flags, 0);
    f.object.state = UINT64_C(1) << LARGE;
    assert_int_equal(get(&f, MEDIUM, &out), TAKEO_DONE);
    assert_int_equal(out.flags, TAKEO_CELL_UNSET);
    assert_int_equal(get(&f, LARGE, &out), TAKEO_DONE);
    assert_int_equal(out.flags, 0);
    f.object.state |= 1; /* loaded: everything is there */
    assert_int_equal(get(&f, MEDIUM, &out), TAKEO_DONE);
    assert_int_equal(out.flags, 0);
    f.object.any.flags = TAKEO_CELL_UNSET;
    assert_int_equal(get(&f, ANY, &out), TAKEO_DONE);
    assert_int_equal(out.flags, TAKEO_CELL_UNSET);
    tear_down(&f);
}

/* Everything that is wrong with a definition comes in one report. */
static void struct_findings_are_told_together(void **state) {
    (void)state;
    fixture f;
    set_up(&f);
    static const takeo_field_def wrong[] = {
        {ID, TAKEO_FIELD_INT64, .offset = 4},
        {ID + 98, TAKEO_FIELD_INT64, .offset = 8},
        {FLAG, TAKEO_FIELD_INT64, .offset = 8},
        {SMALL, TAKEO_FIELD_INT16, .offset = 8, .size = 4},
        {MEDIUM, TAKEO_FIELD_INT32, .offset = 1000},
        {SHORT, TAKEO_FIELD_CHARS, .offset = 8, .size = 7},
        {LONG, TAKEO_FIELD_CHARS, .offset = 8},
        {LARGE, TAKEO_FIELD_INT64, .offset = 8, .null_at = 64},
        {BLOB, TAKEO_FIELD_ZSTR, .offset = 8},
        {1, TAKEO_FIELD_TO_ONE, .offset = 8},
        {0, TAKEO_FIELD_STATE, .offset = 8, .size = 4},
        {UUID, 99, .offset = 8},
        {TWICE, TAKEO_FIELD_DOUBLE, .offset = 8},
        {TWICE, TAKEO_FIELD_DOUBLE, .offset = 16},
    };
    static const takeo_layout_def layout[] = {
        {1, 64, MANY(field, wrong)}, {1, 64, MANY(field, wrong)}, {7, 64, MANY(field, wrong)}};
    const takeo_target_def def = {sizeof def, MANY(layout, layout)};
    tk_target *target = NULL;
    assert_int_equal(tk_target_new(f.model, &def, &target, &f.error), TAKEO_EMAPPING);
    assert_null(target);
    assert_int_equal(f.error.count, TK_COUNT(wrong) - 1 + 2);
    tear_down(&f);
}

static bool target_scenario(const takeo_allocator *allocator, void *context) {
    (void)context;
    tk_model *model = make_model(allocator);
    if (model == NULL) {
        return false;
    }
    tk_error error;
    tk_error_init(&error, tk_alloc_from(allocator));
    tk_target *target = NULL;
    takeo_status status = tk_target_new(model, &target_def, &target, &error);
    assert_true(status == TAKEO_DONE || status == TAKEO_ENOMEM);
    tk_target_drop(target);
    tk_model_drop(model);
    tk_error_done(&error);
    return status == TAKEO_DONE;
}

static void struct_without_memory_fails_cleanly(void **state) {
    (void)state;
    tk_sweep(target_scenario, NULL);
}

/* An object that is made for a row: a CELL that no column was read into says so. */
static void struct_cells_are_unset_until_they_are_read(void **state) {
    (void)state;
    fixture f;
    set_up(&f);
    void *object = NULL;
    assert_int_equal(f.target->host->make(f.layout, &f.holder, &object, &f.error), TAKEO_DONE);
    const tk_step *step = &f.layout->steps[ANY - 1];
    takeo_cell out;
    assert_int_equal(step->get(step, object, &out, &f.holder, &f.error), TAKEO_DONE);
    assert_true((out.flags & TAKEO_CELL_UNSET) != 0);
    tear_down(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(struct_values_come_back),
        cmocka_unit_test(struct_put_refuses_what_does_not_fit),
        cmocka_unit_test(struct_null_is_marked),
        cmocka_unit_test(struct_get_refuses_what_does_not_fit),
        cmocka_unit_test(struct_unset_is_told),
        cmocka_unit_test(struct_cells_are_unset_until_they_are_read),
        cmocka_unit_test(struct_findings_are_told_together),
        cmocka_unit_test(struct_without_memory_fails_cleanly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
