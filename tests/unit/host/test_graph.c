/* test_graph.c - rows become objects: identity, missing parts, collected parts, references that add
 * up, with a tiny host that counts them.
 */
#include "support.h"

#include "host/host_int.h"

/* An object of the tiny host: a number for each of two columns, and what its relation leads to. */
typedef struct thing {
    int references;
    int64_t column[2];
    struct thing *other;
    bool is_linked;
} thing;

static int alive;
static int makes_left = -1; /* -1: as many as are asked for */

static takeo_status make(const tk_layout *layout, tk_holder *holder, void **out, tk_error *error) {
    (void)layout;
    (void)holder;
    if (makes_left == 0) {
        return tk_raise_memory(error);
    }
    makes_left -= makes_left > 0;
    thing *made = calloc(1, sizeof *made);
    assert_non_null(made);
    made->references = 1;
    alive++;
    *out = made;
    return TAKEO_DONE;
}

static void hold(void *object) {
    ((thing *)object)->references++;
}

static void drop(void *object) {
    thing *at = object;
    assert_true(at->references > 0);
    if (--at->references == 0) {
        if (at->other != NULL) {
            drop(at->other);
        }
        free(at);
        alive--;
    }
}

static takeo_status link_one(const tk_layout *layout, const tk_relation *relation, void *object,
                             void *other, tk_holder *holder, tk_error *error) {
    (void)layout;
    (void)relation;
    (void)holder;
    (void)error;
    thing *at = object;
    assert_false(at->is_linked); /* once is enough */
    at->is_linked = true;
    at->other = other;
    if (other != NULL) {
        hold(other);
    }
    return TAKEO_DONE;
}

static int peek_one(const tk_layout *layout, const tk_relation *relation, void *object,
                    void **out_other) {
    (void)layout;
    (void)relation;
    const thing *at = object;
    *out_other = at->other;
    return at->other != NULL ? TK_LINK_OBJECT : at->is_linked ? TK_LINK_NONE : TK_LINK_UNSET;
}

static takeo_status put(const tk_step *step, void *object, const takeo_cell *cell,
                        tk_holder *holder, tk_error *error) {
    (void)holder;
    if (cell->type == TAKEO_TYPE_BOOL) {
        return tk_raise(error, TK_RESULT_DECODE, "a truth value is no number");
    }
    ((thing *)object)->column[step->column->number - 1] = cell->v.i;
    return TAKEO_DONE;
}

static const tk_host tiny = {.name = "tiny",
                             .make = make,
                             .fill = tk_fill_by_steps,
                             .hold = hold,
                             .drop = drop,
                             .link_one = link_one,
                             .peek_one = peek_one};

/* ---- a model of one entity that refers to itself --------------------------------------------- */

typedef struct fixture {
    tk_column columns[2];
    const tk_column *list[2];
    const tk_column *key[1];
    tk_relation relation;
    tk_entity entity;
    tk_step steps[2];
    tk_link_place link;
    uint16_t bits[2];
    tk_layout layout;
    tk_layout *layouts[1];
    tk_target target;
    tk_shape_part parts[3];
    uint32_t key_cells[3];
    tk_arena arena;
    tk_error error;
    tk_holder holder;
    tk_plan plan;
    tk_graph graph;
} fixture;

static void set_up(fixture *f) {
    memset(f, 0, sizeof *f);
    alive = 0;
    makes_left = -1;
    f->entity = (tk_entity){.number = 1,
                            .name = tk_zstr("Thing"),
                            .columns = f->columns,
                            .column_count = 2,
                            .relations = &f->relation,
                            .relation_count = 1,
                            .key = f->key,
                            .key_count = 1};
    f->relation = (tk_relation){.number = 1,
                                .entity = &f->entity,
                                .target = &f->entity,
                                .name = tk_zstr("other"),
                                .is_to_one = true};
    f->key[0] = &f->columns[0];
    for (uint32_t i = 0; i < 2; i++) {
        f->columns[i] = (tk_column){
            .number = i + 1, .entity = &f->entity, .name = tk_zstr(i == 0 ? "id" : "value")};
        f->list[i] = &f->columns[i];
        f->steps[i] = (tk_step){.put = put, .column = &f->columns[i]};
    }
    f->link = (tk_link_place){.relation = &f->relation, .is_there = true};
    f->layout = (tk_layout){.target = &f->target,
                            .entity = &f->entity,
                            .steps = f->steps,
                            .step_count = 2,
                            .links = &f->link,
                            .bits = f->bits};
    f->layouts[0] = &f->layout;
    f->target = (tk_target){.host = &tiny, .layouts = f->layouts, .layout_count = 1};
    tk_arena_init(&f->arena, tk_alloc_default);
    tk_error_init(&f->error, tk_alloc_default);
    tk_holder_init(&f->holder, &tiny, &f->arena);
}

/* Parts of two columns each, one behind the other. */
static tk_shape_part *add_part(fixture *f, uint32_t number, uint32_t parent) {
    f->key_cells[number - 1] = (number - 1) * 2;
    f->parts[number - 1] = (tk_shape_part){.entity = &f->entity,
                                           .columns = f->list,
                                           .column_count = 2,
                                           .first_cell = (number - 1) * 2,
                                           .key_cells = &f->key_cells[number - 1],
                                           .parent = parent,
                                           .relation = parent != 0 ? &f->relation : NULL};
    return &f->parts[number - 1];
}

static void begin(fixture *f, uint32_t count) {
    assert_int_equal(tk_plan_make(&f->target, f->parts, count, &f->arena, &f->plan, &f->error),
                     TAKEO_DONE);
    assert_int_equal(tk_graph_init(&f->graph, &f->plan, &f->holder, &f->arena, &f->error),
                     TAKEO_DONE);
}

static thing *row(fixture *f, const int64_t *numbers, uint32_t count) {
    takeo_cell cells[6];
    for (uint32_t i = 0; i < count; i++) {
        cells[i] = numbers[i] != 0 ? tk_cell_int(TAKEO_TYPE_INT64, numbers[i]) : tk_cell_null();
    }
    assert_int_equal(tk_graph_row(&f->graph, cells), TAKEO_DONE);
    return f->graph.objects[0];
}

static void tear_down(fixture *f) {
    tk_graph_done(&f->graph);
    tk_holder_done(&f->holder);
    tk_arena_done(&f->arena);
    tk_error_done(&f->error);
    assert_int_equal(alive, 0);
}

static void graph_simple_is_one_object_a_row(void **state) {
    (void)state;
    fixture f;
    set_up(&f);
    add_part(&f, 1, 0);
    begin(&f, 1);
    assert_true(f.plan.is_simple);
    thing *first = row(&f, (int64_t[]){1, 10}, 2);
    thing *second = row(&f, (int64_t[]){1, 11}, 2);
    assert_ptr_not_equal(first, second);
    assert_int_equal(first->column[1], 10);
    assert_int_equal(first->references, 1);
    drop(first);
    drop(second);
    tear_down(&f);
}

/* The same row of a part that repeats is one object, joined to each of its parents. */
static void graph_repeated_part_is_one_object(void **state) {
    (void)state;
    fixture f;
    set_up(&f);
    add_part(&f, 1, 0);
    add_part(&f, 2, 1)->may_repeat = true;
    f.parts[1].may_be_missing = true;
    begin(&f, 2);
    thing *a = row(&f, (int64_t[]){1, 10, 7, 70}, 4);
    thing *b = row(&f, (int64_t[]){2, 20, 7, 70}, 4);
    thing *c = row(&f, (int64_t[]){3, 30, 0, 0}, 4);
    assert_ptr_equal(a->other, b->other);
    assert_int_equal(a->other->column[1], 70);
    assert_true(c->is_linked);
    assert_null(c->other);
    assert_null(f.graph.objects[1]);
    assert_int_equal(a->other->references, 3); /* two parents and the map */
    drop(a);
    drop(b);
    drop(c);
    tear_down(&f);
}

/* A chain whose parent came before is not joined again, and still told to the caller. */
static void graph_chain_below_repeated_part(void **state) {
    (void)state;
    fixture f;
    set_up(&f);
    add_part(&f, 1, 0);
    add_part(&f, 2, 1)->may_repeat = true;
    add_part(&f, 3, 2)->may_repeat = true;
    f.parts[2].column_count = 1; /* not the same columns: a part of its own */
    begin(&f, 3);
    thing *a = row(&f, (int64_t[]){1, 10, 7, 70, 9, 90}, 6);
    thing *b = row(&f, (int64_t[]){2, 20, 7, 70, 9, 90}, 6);
    assert_ptr_equal(a->other->other, f.graph.objects[2]);
    assert_int_equal(f.graph.objects[2] == NULL, 0);
    drop(a);
    drop(b);
    tear_down(&f);
}

/* Root and relation read the same columns: the same row is the same object in both. */
static void graph_twins_share_objects(void **state) {
    (void)state;
    fixture f;
    set_up(&f);
    add_part(&f, 1, 0)->may_repeat = true;
    add_part(&f, 2, 1)->may_repeat = true;
    f.parts[0].is_collected = true;
    f.parts[1].may_be_missing = true;
    begin(&f, 2);
    thing *a = row(&f, (int64_t[]){1, 10, 2, 20}, 4);
    thing *b = row(&f, (int64_t[]){2, 20, 0, 0}, 4);
    assert_ptr_equal(a->other, b);
    assert_true(b->is_linked);
    assert_null(b->other);
    uint32_t count;
    void **objects = tk_graph_objects(&f.graph, 1, &count);
    assert_int_equal(count, 2);
    assert_ptr_equal(objects[1], b);
    drop(a);
    drop(b);
    tear_down(&f);
}

static void graph_collected_part_has_each_once(void **state) {
    (void)state;
    fixture f;
    set_up(&f);
    add_part(&f, 1, 0);
    add_part(&f, 2, 1)->may_repeat = true;
    f.parts[1].is_collected = true;
    begin(&f, 2);
    thing *things[4];
    for (int64_t i = 0; i < 4; i++) {
        things[i] = row(&f, (int64_t[]){i + 1, 1, i % 2 + 1, 1}, 4);
    }
    uint32_t count;
    assert_non_null(tk_graph_objects(&f.graph, 2, &count));
    assert_int_equal(count, 2);
    tk_graph_objects(&f.graph, 1, &count);
    assert_int_equal(count, 0);
    for (size_t i = 0; i < 4; i++) {
        drop(things[i]);
    }
    tear_down(&f);
}

/* A value that does not fit names its row; nothing that was built is left. */
static void graph_failure_drops_the_row(void **state) {
    (void)state;
    fixture f;
    set_up(&f);
    add_part(&f, 1, 0);
    add_part(&f, 2, 1)->may_repeat = true;
    begin(&f, 2);
    drop(row(&f, (int64_t[]){1, 10, 2, 20}, 4));
    const takeo_cell cells[] = {tk_cell_int(TAKEO_TYPE_INT64, 2), tk_cell_int(TAKEO_TYPE_INT64, 2),
                                tk_cell_int(TAKEO_TYPE_INT64, 9), tk_cell_int(TAKEO_TYPE_BOOL, 1)};
    assert_int_equal(tk_graph_row(&f.graph, cells), TAKEO_EDECODE);
    assert_int_equal(tk_error_last(&f.error)->object, 2);
    makes_left = 1;
    tk_error_clear(&f.error);
    const takeo_cell good[] = {tk_cell_int(TAKEO_TYPE_INT64, 3), tk_cell_int(TAKEO_TYPE_INT64, 3),
                               tk_cell_int(TAKEO_TYPE_INT64, 8), tk_cell_int(TAKEO_TYPE_INT64, 8)};
    assert_int_equal(tk_graph_row(&f.graph, good), TAKEO_ENOMEM);
    tear_down(&f);
}

/* Keys of several kinds of cells are told apart by value. */
static void graph_keys_are_written_by_value(void **state) {
    (void)state;
    char a[64];
    char b[64];
    const takeo_cell texts[] = {tk_cell_text(TAKEO_TYPE_TEXT, "ab", 2),
                                tk_cell_text(TAKEO_TYPE_TEXT, "a", 1)};
    assert_int_not_equal(tk_key_write(&texts[0], a), tk_key_write(&texts[1], b));
    const takeo_cell numbers[] = {tk_cell_int(TAKEO_TYPE_INT32, 5),
                                  tk_cell_int(TAKEO_TYPE_INT64, 5)};
    assert_int_equal(tk_key_write(&numbers[0], a), 8);
    assert_int_equal(tk_key_write(&numbers[1], b), 8);
    assert_memory_equal(a, b, 8);
    const takeo_cell uuid = {.type = TAKEO_TYPE_UUID};
    assert_int_equal(tk_key_write(&uuid, NULL), 16);
    const takeo_cell null = tk_cell_null();
    assert_int_equal(tk_key_write(&null, a), 0);
}

static void plan_without_layout_is_refused(void **state) {
    (void)state;
    fixture f;
    set_up(&f);
    add_part(&f, 1, 0);
    add_part(&f, 2, 1);
    f.link.is_there = false;
    assert_int_equal(tk_plan_make(&f.target, f.parts, 2, &f.arena, &f.plan, &f.error),
                     TAKEO_EINPUT);
    assert_string_equal(tk_error_last(&f.error)->field.data, "other");
    f.layouts[0] = NULL;
    assert_int_equal(tk_plan_make(&f.target, f.parts, 1, &f.arena, &f.plan, &f.error),
                     TAKEO_EINPUT);
    assert_string_equal(tk_error_last(&f.error)->code.data, "TAKEO.INPUT.ENTITY");
    tear_down(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(graph_simple_is_one_object_a_row),
        cmocka_unit_test(graph_repeated_part_is_one_object),
        cmocka_unit_test(graph_chain_below_repeated_part),
        cmocka_unit_test(graph_twins_share_objects),
        cmocka_unit_test(graph_collected_part_has_each_once),
        cmocka_unit_test(graph_failure_drops_the_row),
        cmocka_unit_test(graph_keys_are_written_by_value),
        cmocka_unit_test(plan_without_layout_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
