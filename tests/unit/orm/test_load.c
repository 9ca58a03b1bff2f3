/* test_load.c - relations of objects in hand, and reading objects again. */
#include "world.h"

#include "host/host.h"

static takeo_status load(world *w, uint32_t entity, void *items, uint32_t count, size_t stride,
                         const uint32_t *paths, uint32_t path_count) {
    takeo_list list = world_list(entity, items, count, stride);
    return takeo_repo_load(w->op, w->target, &list, paths, path_count);
}

static void fill(world *w) {
    world_open(w);
    world_sql(w, "insert into country values ('FR', 'France'), ('PE', 'Peru'), ('IS', 'Iceland')");
    world_sql(w, "insert into city (id, name, population, fixed, country_code) values "
                 "(1, 'Lyon', 0, 0, 'FR'), (2, 'Cusco', 0, 0, 'PE'), (3, 'Brest', 0, 0, 'FR')");
    world_sql(w, "insert into node values (1, 'root', null), (2, 'a', 1), (3, 'b', 1), "
                 "(4, 'aa', 2)");
    world_sql(w, "insert into seat values (1, 1, 'x'), (1, 2, 'y')");
    world_sql(w, "insert into guest values (1, 'Ann', 1, 2), (2, 'Bob', 1, 2), (3, 'Cy', 1, 1)");
}

/* LOAD-08: one query for all; complete lists, empty ones too, in the relation's order. */
static void load_to_many_groups_by_key(void **state) {
    (void)state;
    world w;
    fill(&w);
    struct country countries[] = {{.code = "FR"}, {.code = "PE"}, {.code = "IS"}};
    const uint32_t paths[] = {COUNTRY_CITIES, 0};
    world_done(w.op, load(&w, COUNTRY, countries, 3, sizeof *countries, paths, 2));
    assert_int_equal(world_result(w.op).statement_count, 1);
    assert_int_equal(countries[0].cities.count, 2);
    assert_int_equal(countries[0].cities.flags, TAKEO_LIST_LOADED);
    assert_string_equal(((struct city **)countries[0].cities.items)[0]->name, "Brest");
    assert_string_equal(((struct city **)countries[1].cities.items)[0]->name, "Cusco");
    assert_int_equal(countries[2].cities.count, 0);
    assert_int_equal(countries[2].cities.flags, TAKEO_LIST_LOADED);
    world_close(&w);
}

static void load_to_one_links(void **state) {
    (void)state;
    world w;
    fill(&w);
    struct node nodes[] = {
        {.id = 2, .parent_id = 1}, {.id = 3, .parent_id = 1}, {.id = 1, .parent_id_is_null = 1}};
    const uint32_t paths[] = {NODE_PARENT, 0};
    world_done(w.op, load(&w, NODE, nodes, 3, sizeof *nodes, paths, 2));
    assert_string_equal(nodes[0].parent->name, "root");
    assert_ptr_equal(nodes[0].parent, nodes[1].parent);
    assert_null(nodes[2].parent);
    assert_int_equal(nodes[0].parent_is_none, 0);
    assert_int_equal(nodes[2].parent_is_none, 1); /* somebody looked: there is none */
    world_close(&w);
}

/* What a load brings says so too, and then nothing is asked again. */
static void load_to_one_marks_that_there_is_none(void **state) {
    (void)state;
    world w;
    fill(&w);
    static const uint32_t deep[] = {NODE_CHILDREN, NODE_PARENT, NODE_PARENT, 0};
    struct node root = {.id = 1};
    world_done(w.op, load(&w, NODE, &root, 1, sizeof root, deep, 4));
    const struct node *child = ((struct node **)root.children.items)[0];
    assert_int_equal(child->parent_is_none, 0);
    assert_string_equal(child->parent->name, "root");
    assert_null(child->parent->parent);
    assert_int_equal(child->parent->parent_is_none, 1);
    const uint32_t paths[] = {NODE_PARENT, 0};
    struct node node = {.id = 4, .parent_id = 2, .parent_is_none = 1};
    world_done(w.op, load(&w, NODE, &node, 1, sizeof node, paths, 2));
    assert_int_equal(world_result(w.op).statement_count, 0);
    assert_null(node.parent);
    node.parent_is_none = 0;
    world_done(w.op, load(&w, NODE, &node, 1, sizeof node, paths, 2));
    assert_string_equal(node.parent->name, "a");
    world_close(&w);
}

static void load_composite_key(void **state) {
    (void)state;
    world w;
    fill(&w);
    struct seat seats[] = {{.row = 1, .place = 2}, {.row = 1, .place = 1}, {.row = 2, .place = 1}};
    const uint32_t paths[] = {SEAT_GUESTS, 0};
    world_done(w.op, load(&w, SEAT, seats, 3, sizeof *seats, paths, 2));
    assert_int_equal(seats[0].guests.count, 2);
    assert_int_equal(seats[1].guests.count, 1);
    assert_int_equal(seats[2].guests.count, 0);
    const uint32_t back[] = {GUEST_SEAT, 0};
    struct guest guest = {.id = 1, .row = 1, .place = 2};
    world_done(w.op, load(&w, GUEST, &guest, 1, sizeof guest, back, 2));
    assert_string_equal(guest.seat->note, "y");
    world_close(&w);
}

/* A path goes on from what the step before it brought, or from what is there already. */
static void load_path_goes_on(void **state) {
    (void)state;
    world w;
    fill(&w);
    struct node root = {.id = 1};
    const uint32_t deep[] = {NODE_CHILDREN, NODE_CHILDREN, 0};
    world_done(w.op, load(&w, NODE, &root, 1, sizeof root, deep, 3));
    assert_int_equal(world_result(w.op).statement_count, 2);
    struct node **children = root.children.items;
    assert_int_equal(root.children.count, 2);
    assert_int_equal(children[0]->children.count, 1);
    assert_int_equal(children[1]->children.count, 0);
    takeo_rows_free(takeo_rows_take(w.op));
    root = (struct node){.id = 1};
    const uint32_t flat[] = {NODE_CHILDREN, 0};
    assert_int_equal(load(&w, NODE, &root, 1, sizeof root, flat, 2), TAKEO_DONE);
    assert_int_equal(takeo_op_wait(w.op, -1), TAKEO_ROWS);
    takeo_rows *first = takeo_rows_take(w.op);
    world_done(w.op, load(&w, NODE, &root, 1, sizeof root, deep, 3));
    assert_int_equal(world_result(w.op).statement_count, 1); /* what is loaded is left */
    children = root.children.items;
    assert_string_equal(((struct node **)children[0]->children.items)[0]->name, "aa");
    takeo_rows_free(first);
    world_close(&w);
}

static void load_without_key_is_refused(void **state) {
    (void)state;
    world w;
    fill(&w);
    struct node nodes[] = {{.id = 1}, {.name = "new"}, {.name = "new too"}};
    const uint32_t paths[] = {NODE_CHILDREN, 0};
    const takeo_error *error = world_fails(w.op, load(&w, NODE, nodes, 3, sizeof *nodes, paths, 2),
                                           TAKEO_EINPUT, "TAKEO.INPUT.UNSET");
    assert_int_equal(error->object, 2);
    assert_int_equal(error->next->object, 3);
    const uint32_t open_end[] = {NODE_CHILDREN};
    assert_true(load(&w, NODE, nodes, 1, sizeof *nodes, open_end, 1) < 0);
    world_close(&w);
}

/* In one statement, and two queries for the to-many of what it brought. */
static void load_with_find_loads_nested(void **state) {
    (void)state;
    world w;
    fill(&w);
    const uint32_t paths[] = {CITY_COUNTRY, COUNTRY_CITIES, 0};
    const takeo_find find = {sizeof find, .load = paths, .load_count = 3};
    takeo_status status = takeo_repo_find(w.op, w.target, CITY, &find);
    assert_int_equal(status < 0 ? status : takeo_op_wait(w.op, -1), TAKEO_ROWS);
    assert_int_equal(world_result(w.op).statement_count, 2);
    const struct city *cities = takeo_rows_peek(w.op)->objects.items;
    assert_int_equal(cities[0].country->cities.count, 2);
    assert_int_equal(cities[1].country->cities.count, 1);
    world_close(&w);
}

/* ---- reload ---------------------------------------------------------------------------------- */

/* REPO-21 */
static void reload_reads_into_objects(void **state) {
    (void)state;
    world w;
    fill(&w);
    struct city cities[] = {{.id = 1, .name = "?", .population = 5, .state = 1 | 1 << CITY_NAME},
                            {.id = 2, .state = 1}};
    takeo_list list = world_list(CITY, cities, 2, sizeof *cities);
    world_done(w.op, takeo_repo_reload(w.op, w.target, &list, NULL, 0));
    assert_string_equal(cities[0].name, "Lyon");
    assert_int_equal(cities[0].population, 0);
    assert_int_equal(cities[0].state, 1);
    assert_string_equal(cities[1].name, "Cusco");
    const uint32_t columns[] = {CITY_NAME};
    cities[0].population = 9;
    cities[0].name = "??";
    world_done(w.op, takeo_repo_reload(w.op, w.target, &list, columns, 1));
    assert_string_equal(cities[0].name, "Lyon");
    assert_int_equal(cities[0].population, 9);
    world_close(&w);
}

static void reload_of_missing_row_changes_nothing(void **state) {
    (void)state;
    world w;
    fill(&w);
    struct city cities[] = {{.id = 1, .name = "?", .state = 1},
                            {.id = 99, .name = "?", .state = 1}};
    takeo_list list = world_list(CITY, cities, 2, sizeof *cities);
    const takeo_error *error = world_fails(w.op, takeo_repo_reload(w.op, w.target, &list, NULL, 0),
                                           TAKEO_ENOT_FOUND, "TAKEO.RESULT.NOT_FOUND");
    assert_int_equal(error->object, 2);
    assert_string_equal(cities[0].name, "?");
    world_close(&w);
}

/* A host whose objects cannot be read: what its get gives is chosen by a test. */
static takeo_status fake_status;

static takeo_status fake_get(const tk_step *step, void *object, takeo_cell *out, tk_holder *holder,
                             tk_error *error) {
    (void)step;
    (void)object;
    (void)holder;
    *out = (takeo_cell){.flags = TAKEO_CELL_UNSET};
    if (fake_status == TAKEO_EINPUT) {
        return tk_raise(error, TK_INPUT_TYPE, "the column would not take it");
    }
    return fake_status; /* of a host's own failure the host keeps the record */
}

static void reload_tells_failure_of_host(void **state) {
    (void)state;
    static const struct {
        takeo_status get;
        takeo_status end;
        int32_t population; /* 7: was not read again */
    } cases[] = {
        {TAKEO_EHOST, TAKEO_EHOST, 7},
        {TAKEO_ENOMEM, TAKEO_ENOMEM, 7},
        {TAKEO_EINPUT, TAKEO_DONE, 0}, /* something stands there, and is read again */
        {TAKEO_DONE, TAKEO_DONE, 7},   /* unset: was not asked for */
    };
    world w;
    fill(&w);
    w.target->layouts[CITY - 1]->steps[CITY_POPULATION - 1].get = fake_get;
    for (size_t i = 0; i < COUNT(cases); i++) {
        fake_status = cases[i].get;
        struct city city = {.id = 1, .name = "?", .population = 7, .state = 1};
        takeo_list list = world_list(CITY, &city, 1, sizeof city);
        takeo_status status = world_end(w.op, takeo_repo_reload(w.op, w.target, &list, NULL, 0));
        assert_int_equal(status, cases[i].end);
        if (status == TAKEO_EHOST) {
            assert_string_equal(takeo_op_error(w.op)->code.data, "TAKEO.CALL.HOST");
        }
        assert_int_equal(city.population, cases[i].population);
        assert_string_equal(city.name, status < 0 ? "?" : "Lyon");
    }
    world_close(&w);
}

static bool load_scenario(const takeo_allocator *allocator, void *context) {
    (void)context;
    world w = {0};
    bool is_good = world_open_with(&w, *allocator);
    is_good = is_good && world_end(w.op, takeo_source_synchronize(w.op, 0)) >= 0;
    struct node nodes[] = {{.name = "root", .parent_id_is_null = 1},
                           {.name = "leaf", .parent = &nodes[0]}};
    is_good = is_good && world_end(w.op, SAVE_ALL(&w, NODE, nodes)) >= 0;
    const uint32_t deep[] = {NODE_CHILDREN, NODE_CHILDREN, 0, NODE_PARENT, 0};
    struct node root = {.id = 1, .state = 1, .parent_id_is_null = 1};
    is_good = is_good && world_end(w.op, load(&w, NODE, &root, 1, sizeof root, deep, 5)) >= 0;
    takeo_list list = world_list(NODE, nodes, 2, sizeof *nodes);
    is_good = is_good && world_end(w.op, takeo_repo_reload(w.op, w.target, &list, NULL, 0)) >= 0;
    world_free(&w);
    return is_good;
}

static void load_without_memory_fails_cleanly(void **state) {
    (void)state;
    tk_sweep(load_scenario, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(load_to_many_groups_by_key),
        cmocka_unit_test(load_to_one_links),
        cmocka_unit_test(load_to_one_marks_that_there_is_none),
        cmocka_unit_test(load_composite_key),
        cmocka_unit_test(load_path_goes_on),
        cmocka_unit_test(load_without_key_is_refused),
        cmocka_unit_test(load_with_find_loads_nested),
        cmocka_unit_test(reload_reads_into_objects),
        cmocka_unit_test(reload_of_missing_row_changes_nothing),
        cmocka_unit_test(reload_tells_failure_of_host),
        cmocka_unit_test(load_without_memory_fails_cleanly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
