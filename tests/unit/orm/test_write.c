/* test_write.c - insert, update, remove, upsert: one statement each, told apart, nothing guessed.
 */
#include "world.h"

static uint64_t bit(uint32_t column) {
    return UINT64_C(1) << column;
}

#define START(w, verb, entity, object) world_start(w, verb, entity, object, 1, sizeof *(object))

/* REPO-07: inserted as it is, the key filled in. */
static void write_insert_fills_key(void **state) {
    (void)state;
    world w;
    world_open(&w);
    struct city cities[] = {{.name = "a"}, {.id = 40, .name = "b"}, {.name = "c"}};
    world_done(w.op, world_start(&w, takeo_repo_insert, CITY, cities, 3, sizeof *cities));
    assert_int_equal(cities[0].id, 1);
    assert_int_equal(cities[1].id, 40);
    assert_string_equal(world_ask(&w, "select name from city where id = 40"), "b");
    assert_int_not_equal(cities[2].id, 0);
    world_close(&w);
}

/* An insert does not ask whether the object was loaded. */
static void write_insert_of_loaded_is_refused_by_unique(void **state) {
    (void)state;
    world w;
    world_open(&w);
    struct city city = {.name = "a"};
    world_done(w.op, SAVE(&w, CITY, &city));
    const takeo_error *error = world_fails(w.op, START(&w, takeo_repo_insert, CITY, &city),
                                           TAKEO_EUNIQUE, "TAKEO.SERVER.UNIQUE");
    assert_string_equal(error->entity.data, "City");
    assert_non_null(error->detail.data);
    world_close(&w);
}

static void write_update_is_by_key(void **state) {
    (void)state;
    world w;
    world_open(&w);
    world_sql(&w, "insert into country values ('FR', 'x')");
    struct country fr = {"FR", .name = "France"};
    world_done(w.op, START(&w, takeo_repo_update, COUNTRY, &fr));
    assert_string_equal(world_ask(&w, "select name from country"), "France");
    struct country pe = {"PE", .name = "Peru"};
    world_fails(w.op, START(&w, takeo_repo_update, COUNTRY, &pe), TAKEO_ENOT_FOUND,
                "TAKEO.WRITE.NOT_FOUND");
    struct city city = {.name = "a"};
    const takeo_error *error = world_fails(w.op, START(&w, takeo_repo_update, CITY, &city),
                                           TAKEO_EINPUT, "TAKEO.INPUT.UNSET");
    assert_string_equal(error->field.data, "id");
    world_close(&w);
}

/* An update that fails in the middle of a list leaves the rows before it as they were. */
static void write_update_list_is_one_transaction(void **state) {
    (void)state;
    world w;
    world_open(&w);
    world_sql(&w, "insert into country values ('FR', 'x')");
    struct country both[] = {{"FR", .name = "France"}, {"PE", .name = "Peru"}};
    const takeo_error *error =
        world_fails(w.op, world_start(&w, takeo_repo_update, COUNTRY, both, 2, sizeof *both),
                    TAKEO_ENOT_FOUND, "TAKEO.WRITE.NOT_FOUND");
    assert_int_equal(error->object, 2);
    assert_string_equal(world_ask(&w, "select name from country"), "x");
    world_close(&w);
}

/* DEL-01: the row goes, the object keeps its values and is new. */
static void write_remove_makes_object_new(void **state) {
    (void)state;
    world w;
    world_open(&w);
    struct city city = {.name = "a", .population = 3};
    world_done(w.op, SAVE(&w, CITY, &city));
    world_done(w.op, START(&w, takeo_repo_remove, CITY, &city));
    assert_int_equal(world_result(w.op).deleted, 1);
    assert_int_equal(world_result(w.op).written[0], TAKEO_WRITTEN_DELETED);
    assert_int_equal(city.state, 0);
    assert_int_equal(city.id, 1);
    assert_int_equal(city.population, 3);
    assert_string_equal(world_ask(&w, "select count(*) from city"), "0");
    world_fails(w.op, START(&w, takeo_repo_remove, CITY, &city), TAKEO_ESTALE, "TAKEO.WRITE.STALE");
    world_done(w.op, START(&w, takeo_repo_insert, CITY, &city));
    assert_int_equal(city.state, 1);
    world_close(&w);
}

/* Children before parents, of one entity and of several. */
static void write_remove_orders_children_first(void **state) {
    (void)state;
    world w;
    world_open(&w);
    struct node nodes[] = {{.name = "root", .parent_id_is_null = 1},
                           {.name = "middle", .parent = &nodes[0]},
                           {.name = "leaf", .parent = &nodes[1]}};
    world_done(w.op, SAVE_ALL(&w, NODE, nodes));
    nodes[1].parent = nodes[2].parent = NULL; /* the keys say it as well */
    world_done(w.op, world_start(&w, takeo_repo_remove, NODE, nodes, 3, sizeof *nodes));
    assert_string_equal(world_ask(&w, "select count(*) from node"), "0");
    struct country fr = {"FR", .name = "France"};
    struct city city = {.name = "a", .country = &fr};
    const takeo_list lists[] = {world_list(COUNTRY, &fr, 1, sizeof fr),
                                world_list(CITY, &city, 1, sizeof city)};
    world_done(w.op, takeo_repo_save(w.op, w.target, lists, 2, NULL));
    world_done(w.op, takeo_repo_remove(w.op, w.target, lists, 2, NULL));
    assert_string_equal(world_ask(&w, "select count(*) from country"), "0");
    world_close(&w);
}

static void write_remove_of_parent_is_refused(void **state) {
    (void)state;
    world w;
    world_open(&w);
    struct country fr = {"FR", .name = "France"};
    struct city city = {.name = "a", .country = &fr};
    const takeo_list lists[] = {world_list(COUNTRY, &fr, 1, sizeof fr),
                                world_list(CITY, &city, 1, sizeof city)};
    world_done(w.op, takeo_repo_save(w.op, w.target, lists, 2, NULL));
    const takeo_error *error = world_fails(w.op, START(&w, takeo_repo_remove, COUNTRY, &fr),
                                           TAKEO_EFOREIGN_KEY, "TAKEO.SERVER.FOREIGN_KEY");
    assert_string_equal(error->entity.data, "Country");
    assert_int_equal(city.state, 1);
    world_close(&w);
}

/* ---- upsert ---------------------------------------------------------------------------------- */

static takeo_status upsert(world *w, struct city *cities, uint32_t count, const uint32_t *on,
                           uint32_t flags) {
    takeo_list list = world_list(CITY, cities, count, sizeof *cities);
    const takeo_upsert_options options = {sizeof options, .flags = flags, .on = on,
                                          .on_count = on != NULL ? 1 : 0};
    return takeo_repo_upsert(w->op, w->target, &list, 1, &options);
}

/* REPO-09: inserted, updated and left alone are told apart, and keys belong to their objects. */
static void write_upsert_tells_rows_apart(void **state) {
    (void)state;
    world w;
    world_open(&w);
    const uint32_t on[] = {CITY_NAME};
    world_sql(&w, "insert into city (id, name, population, fixed) values (7, 'b', 1, 5)");
    struct city cities[] = {{.name = "a", .population = 10},
                            {.name = "b", .population = 20},
                            {.name = "c", .population = 30}};
    world_done(w.op, upsert(&w, cities, 3, on, 0));
    takeo_result result = world_result(w.op);
    const uint8_t wanted[] = {TAKEO_WRITTEN_INSERTED, TAKEO_WRITTEN_UPDATED,
                              TAKEO_WRITTEN_INSERTED};
    assert_memory_equal(result.written, wanted, sizeof wanted);
    assert_int_equal(cities[1].id, 7);
    assert_int_equal(cities[1].state, 1);
    assert_string_equal(world_ask(&w, "select population || '/' || fixed from city where id = 7"),
                        "20/5");
    char sql[80];
    snprintf(sql, sizeof sql, "select name from city where id = %d", (int)cities[2].id);
    assert_string_equal(world_ask(&w, sql), "c");
    world_close(&w);
}

static void write_upsert_nothing_skips(void **state) {
    (void)state;
    world w;
    world_open(&w);
    const uint32_t on[] = {CITY_NAME};
    struct city cities[] = {{.name = "a", .population = 10}};
    world_done(w.op, upsert(&w, cities, 1, on, 0));
    struct city again[] = {{.name = "a", .population = 11}};
    world_done(w.op, upsert(&w, again, 1, on, TAKEO_UPSERT_NOTHING));
    assert_int_equal(world_result(w.op).skipped, 1);
    assert_int_equal(again[0].id, 0);
    assert_int_equal(again[0].state, 0);
    assert_string_equal(world_ask(&w, "select population from city"), "10");
    world_done(w.op, upsert(&w, cities, 1, on, TAKEO_UPSERT_ONLY_IF_CHANGED));
    assert_int_equal(world_result(w.op).skipped, 1);
    world_close(&w);
}

static void write_upsert_target_must_be_unique(void **state) {
    (void)state;
    world w;
    world_open(&w);
    const uint32_t on[] = {CITY_POPULATION};
    struct city city = {.name = "a"};
    const takeo_error *error =
        world_fails(w.op, upsert(&w, &city, 1, on, 0), TAKEO_EINPUT, "TAKEO.QUERY.SHAPE");
    assert_string_equal(error->nearest.data, "id, name");
    world_close(&w);
}

/* By its key, which is natural. */
static void write_upsert_by_key_updates(void **state) {
    (void)state;
    world w;
    world_open(&w);
    struct country fr = {"FR", .name = "France"};
    takeo_list list = world_list(COUNTRY, &fr, 1, sizeof fr);
    const takeo_upsert_options options = {.struct_size = sizeof options};
    world_done(w.op, takeo_repo_upsert(w.op, w.target, &list, 1, &options));
    strcpy(fr.name, "Republic");
    world_done(w.op, takeo_repo_upsert(w.op, w.target, &list, 1, &options));
    assert_string_equal(world_ask(&w, "select group_concat(name) from country"), "Republic");
    world_close(&w);
}

/* select ... where first column = ?1; NULL: no memory. */
static takeo_statement *select_where(const world *w, uint32_t entity) {
    const takeo_node nodes[] = {
        {.kind = TAKEO_NODE_TABLE, .ref = entity},
        {.kind = TAKEO_NODE_COLUMN, .a = 1, .ref = 1},
        {.kind = TAKEO_NODE_PARAM, .ref = 1},
        {.kind = TAKEO_NODE_OPERATION, .op = TAKEO_OPERATOR_EQ, .a = 2, .b = 3},
        {.kind = TAKEO_NODE_FROM, .a = 1, .next = 6},
        {.kind = TAKEO_NODE_WHERE, .a = 4},
        {.kind = TAKEO_NODE_SELECT, .a = 5}};
    const takeo_statement_def def = {.struct_size = sizeof def,
                                     .nodes = nodes,
                                     .node_count = COUNT(nodes),
                                     .node_size = sizeof *nodes};
    takeo_statement *made = NULL;
    return takeo_statement_compile(w->model, &def, &made, NULL) >= 0 ? made : NULL;
}

static takeo_status upsert_where(world *w, struct city *cities, uint32_t count,
                                 takeo_statement *where, const takeo_cell *arguments,
                                 uint32_t argument_count) {
    static const uint32_t on[] = {CITY_NAME};
    takeo_list list = world_list(CITY, cities, count, sizeof *cities);
    const takeo_upsert_options options = {sizeof options,         .on = on,
                                          .on_count = 1,          .where = where,
                                          .arguments = arguments, .argument_count = argument_count};
    return takeo_repo_upsert(w->op, w->target, &list, 1, &options);
}

/* REPO-09: rows that the condition refuses are skipped, and their objects stay as they are. */
static void write_upsert_on_a_condition(void **state) {
    (void)state;
    world w;
    world_open(&w);
    world_sql(&w, "insert into city (id, name, population, fixed) values (7, 'b', 1, 5), "
                  "(8, 'c', 1, 5)");
    struct city cities[] = {{.name = "a", .population = 10},
                            {.name = "b", .population = 20},
                            {.name = "c", .population = 30}};
    const takeo_cell seven[] = {world_int(7)};
    takeo_statement *where = select_where(&w, CITY);
    world_done(w.op, upsert_where(&w, cities, 3, where, seven, 1));
    takeo_result result = world_result(w.op);
    const uint8_t wanted[] = {TAKEO_WRITTEN_INSERTED, TAKEO_WRITTEN_UPDATED, TAKEO_WRITTEN_SKIPPED};
    assert_memory_equal(result.written, wanted, sizeof wanted);
    assert_int_equal(result.affected, 2);
    assert_int_equal(cities[1].id, 7);
    assert_int_equal(cities[2].id, 0);
    assert_int_equal(cities[2].state, 0);
    assert_string_equal(world_ask(&w, "select group_concat(population) from "
                                      "(select population from city where id > 6 order by id)"),
                        "20,1,10");
    takeo_statement_free(where);
    world_close(&w);
}

static void write_upsert_condition_must_be_of_the_entity(void **state) {
    (void)state;
    world w;
    world_open(&w);
    struct city city = {.name = "a"};
    const takeo_cell cells[] = {world_int(1), world_int(2)};
    takeo_statement *of_city = select_where(&w, CITY);
    takeo_statement *of_node = select_where(&w, NODE);
    const takeo_cell text[] = {{.type = TAKEO_TYPE_TEXT, .v = {.text = {"x", 1}}}};
    world_fails(w.op, upsert_where(&w, &city, 1, of_node, cells, 1), TAKEO_EINPUT,
                "TAKEO.QUERY.SHAPE");
    world_fails(w.op, upsert_where(&w, &city, 1, of_city, cells, 2), TAKEO_EINPUT,
                "TAKEO.INPUT.COUNT");
    world_fails(w.op, upsert_where(&w, &city, 1, of_city, text, 1), TAKEO_EINPUT,
                "TAKEO.INPUT.TYPE");
    assert_int_equal(upsert_where(&w, &city, 1, NULL, cells, 1), TAKEO_EINVAL);
    const uint32_t key[] = {CITY_ID};
    takeo_list list = world_list(CITY, &city, 1, sizeof city);
    const uint32_t on[] = {CITY_NAME};
    const takeo_upsert_options options = {sizeof options, .on = on, .on_count = 1, .update = key,
                                          .update_count = 1};
    const takeo_error *error =
        world_fails(w.op, takeo_repo_upsert(w.op, w.target, &list, 1, &options), TAKEO_EINPUT,
                    "TAKEO.INPUT.READ_ONLY");
    assert_string_equal(error->field.data, "id");
    assert_string_equal(world_ask(&w, "select count(*) from city"), "0");
    takeo_statement_free(of_city);
    takeo_statement_free(of_node);
    world_close(&w);
}

/* ---- misuse ---------------------------------------------------------------------------------- */

static void write_misuse_is_refused(void **state) {
    (void)state;
    world w;
    world_open(&w);
    struct city city = {.name = "a"};
    takeo_list list = world_list(CITY, &city, 1, sizeof city);
    const uint32_t columns[] = {99};
    const takeo_save_options options = {sizeof options, .columns = columns, .column_count = 1};
    assert_int_equal(takeo_repo_save(w.op, w.target, &list, 1, &options), TAKEO_EINVAL);
    struct city *holes[] = {&city, NULL};
    list = world_list(CITY, holes, 2, 0);
    assert_int_equal(takeo_repo_save(w.op, w.target, &list, 1, NULL), TAKEO_EINVAL);
    takeo_cell cell = world_int(0);
    const takeo_list mixed[] = {world_list(CITY, &cell, 1, 24), world_list(NODE, &cell, 1, 24)};
    assert_int_equal(takeo_repo_save(w.op, NULL, mixed, 2, NULL), TAKEO_EINPUT);
    assert_string_equal(world_ask(&w, "select count(*) from city"), "0");
    world_close(&w);
}

/* Bits that are set while the operation runs stay; here: after it was started. */
static void write_bits_set_meanwhile_stay(void **state) {
    (void)state;
    world w;
    world_open(&w);
    struct city city = {.name = "a"};
    world_done(w.op, SAVE(&w, CITY, &city));
    city.state |= bit(CITY_POPULATION);
    takeo_status status = SAVE(&w, CITY, &city);
    city.state |= bit(CITY_NAME);
    world_done(w.op, status);
    assert_int_equal(city.state, 1 | bit(CITY_NAME));
    world_close(&w);
}

/* In a transaction of the session the batch is a savepoint: its failure undoes only itself. */
static void write_failure_in_transaction_undoes_itself(void **state) {
    (void)state;
    world w;
    world_open(&w);
    struct city first = {.name = "a"};
    struct city twins[] = {{.name = "b"}, {.name = "b"}};
    world_done(w.op, takeo_txn_begin(w.op, NULL));
    world_done(w.op, SAVE(&w, CITY, &first));
    world_fails(w.op, SAVE_ALL(&w, CITY, twins), TAKEO_EUNIQUE, "TAKEO.SERVER.UNIQUE");
    world_done(w.op, takeo_txn_commit(w.op, 0));
    assert_string_equal(world_ask(&w, "select group_concat(name) from city"), "a");
    world_close(&w);
}

static bool write_scenario(const takeo_allocator *allocator, void *context) {
    (void)context;
    world w = {0};
    bool is_good = world_open_with(&w, *allocator);
    is_good = is_good && world_end(w.op, takeo_source_synchronize(w.op, 0)) >= 0;
    struct node nodes[] = {{.name = "root", .parent_id_is_null = 1},
                           {.name = "leaf", .parent = &nodes[0]}};
    struct city cities[] = {{.name = "a"}, {.name = "b"}};
    const uint32_t on[] = {CITY_NAME};
    is_good = is_good && world_end(w.op, SAVE_ALL(&w, NODE, nodes)) >= 0;
    is_good = is_good && world_end(w.op, upsert(&w, cities, 2, on, 0)) >= 0;
    takeo_statement *where = is_good ? select_where(&w, CITY) : NULL;
    const takeo_cell two[] = {world_int(2)};
    is_good = where != NULL && world_end(w.op, upsert_where(&w, cities, 2, where, two, 1)) >= 0;
    takeo_statement_free(where);
    if (is_good) {
        is_good =
            world_end(w.op, world_start(&w, takeo_repo_remove, NODE, nodes, 2, sizeof *nodes)) >= 0;
        assert_int_equal(nodes[0].state, is_good ? 0 : 1);
        assert_int_equal(nodes[1].state, is_good ? 0 : 1);
    }
    world_free(&w);
    return is_good;
}

static void write_without_memory_changes_nothing(void **state) {
    (void)state;
    tk_sweep(write_scenario, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(write_insert_fills_key),
        cmocka_unit_test(write_insert_of_loaded_is_refused_by_unique),
        cmocka_unit_test(write_update_is_by_key),
        cmocka_unit_test(write_update_list_is_one_transaction),
        cmocka_unit_test(write_remove_makes_object_new),
        cmocka_unit_test(write_remove_orders_children_first),
        cmocka_unit_test(write_remove_of_parent_is_refused),
        cmocka_unit_test(write_upsert_tells_rows_apart),
        cmocka_unit_test(write_upsert_nothing_skips),
        cmocka_unit_test(write_upsert_target_must_be_unique),
        cmocka_unit_test(write_upsert_by_key_updates),
        cmocka_unit_test(write_upsert_on_a_condition),
        cmocka_unit_test(write_upsert_condition_must_be_of_the_entity),
        cmocka_unit_test(write_misuse_is_refused),
        cmocka_unit_test(write_bits_set_meanwhile_stay),
        cmocka_unit_test(write_failure_in_transaction_undoes_itself),
        cmocka_unit_test(write_without_memory_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
