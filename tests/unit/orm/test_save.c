/* test_save.c - save: insert or update, nothing guessed, batches, failures that change nothing. */
#include "world.h"

#include "host/host.h"

static const uint64_t loaded = 1;

static uint64_t bit(uint32_t column) {
    return UINT64_C(1) << column;
}

/* SAVE-01: a new object with a generated key is inserted, and its key stands in it afterwards. */
static void save_new_inserts(void **state) {
    (void)state;
    world w;
    world_open(&w);
    struct city lyon = {.name = "Lyon", .population = 522000, .founded_is_null = 1};
    world_done(w.op, SAVE(&w, CITY, &lyon));
    assert_int_equal(lyon.id, 1);
    assert_int_equal(lyon.state, loaded);
    takeo_result result = world_result(w.op);
    assert_int_equal(result.inserted, 1);
    assert_int_equal(result.statement_count, 1);
    assert_int_equal(result.written[0], TAKEO_WRITTEN_INSERTED);
    assert_string_equal(world_ask(&w, "select name || population || coalesce(founded, '-') from "
                                      "city"),
                        "Lyon522000-");
    world_close(&w);
}

/* SAVE-02: only what changed is sent, and the bits are gone after it. */
static void save_loaded_updates_what_changed(void **state) {
    (void)state;
    world w;
    world_open(&w);
    struct city lyon = {.name = "Lyon", .population = 1};
    world_done(w.op, SAVE(&w, CITY, &lyon));
    world_sql(&w, "update city set name = 'elsewhere'");
    lyon.population = 2;
    lyon.state |= bit(CITY_POPULATION);
    world_done(w.op, SAVE(&w, CITY, &lyon));
    assert_int_equal(lyon.state, loaded);
    assert_int_equal(world_result(w.op).updated, 1);
    assert_string_equal(world_ask(&w, "select name || population from city"), "elsewhere2");
    world_close(&w);
}

/* SAVE-03 */
static void save_unchanged_sends_nothing(void **state) {
    (void)state;
    world w;
    world_open(&w);
    struct city cities[] = {{.name = "a"}, {.name = "b"}};
    world_done(w.op, SAVE_ALL(&w, CITY, cities));
    world_done(w.op, SAVE_ALL(&w, CITY, cities));
    takeo_result result = world_result(w.op);
    assert_int_equal(result.statement_count, 0);
    assert_int_equal(result.written_count, 2);
    assert_int_equal(result.written[1], TAKEO_WRITTEN_NOTHING);
    world_done(w.op, world_start(&w, takeo_repo_save, CITY, cities, 0, sizeof *cities));
    world_close(&w);
}

/* SAVE-04: a generated key set by hand means an update of what was given. */
static void save_key_by_hand_updates(void **state) {
    (void)state;
    world w;
    world_open(&w);
    world_sql(&w, "insert into city (id, name, population, fixed) values (5, 'old', 7, 3)");
    struct city city = {.id = 5, .name = "new", .state = bit(CITY_ID) | bit(CITY_NAME)};
    world_done(w.op, SAVE(&w, CITY, &city));
    assert_int_equal(city.state, loaded);
    assert_string_equal(world_ask(&w, "select name || population || fixed from city"), "new73");
    world_close(&w);
}

static void save_key_by_hand_without_row_is_not_found(void **state) {
    (void)state;
    world w;
    world_open(&w);
    struct city city = {.id = 5, .name = "new"};
    const takeo_error *error =
        world_fails(w.op, SAVE(&w, CITY, &city), TAKEO_ENOT_FOUND, "TAKEO.WRITE.NOT_FOUND");
    assert_non_null(strstr(error->hint.data, "upsert"));
    assert_non_null(strstr(error->message.data, "5"));
    assert_string_equal(error->entity.data, "City");
    assert_int_equal(city.state, 0);
    assert_string_equal(world_ask(&w, "select count(*) from city"), "0");
    world_close(&w);
}

/* SAVE-14: zero rows of a loaded object are told. */
static void save_loaded_without_row_is_stale(void **state) {
    (void)state;
    world w;
    world_open(&w);
    struct city city = {.name = "gone"};
    world_done(w.op, SAVE(&w, CITY, &city));
    world_sql(&w, "delete from city");
    city.state |= bit(CITY_POPULATION);
    world_fails(w.op, SAVE(&w, CITY, &city), TAKEO_ESTALE, "TAKEO.WRITE.STALE");
    assert_int_equal(city.state, loaded | bit(CITY_POPULATION));
    world_close(&w);
}

static void save_key_change_is_refused(void **state) {
    (void)state;
    world w;
    world_open(&w);
    struct city city = {.name = "x"};
    world_done(w.op, SAVE(&w, CITY, &city));
    city.id = 9;
    city.state |= bit(CITY_ID);
    world_fails(w.op, SAVE(&w, CITY, &city), TAKEO_EINPUT, "TAKEO.INPUT.READ_ONLY");
    city.state = loaded | bit(CITY_FIXED);
    const takeo_error *error =
        world_fails(w.op, SAVE(&w, CITY, &city), TAKEO_EINPUT, "TAKEO.INPUT.READ_ONLY");
    assert_string_equal(error->field.data, "fixed");
    world_close(&w);
}

/* SAVE-08, SAVE-09: keys are matched by value, also when a trigger drops a row. */
static void save_batch_with_dropped_row_keeps_keys(void **state) {
    (void)state;
    world w;
    world_open(&w);
    world_sql(&w, "create trigger t before insert on city when new.name = 'b' begin "
                  "select raise(ignore); end");
    struct city cities[] = {{.name = "a"}, {.name = "b"}, {.name = "c"}};
    world_done(w.op, SAVE_ALL(&w, CITY, cities));
    takeo_result result = world_result(w.op);
    assert_int_equal(result.inserted, 2);
    assert_int_equal(result.skipped, 1);
    assert_int_equal(result.written[1], TAKEO_WRITTEN_SKIPPED);
    assert_int_equal(cities[0].id, 1);
    assert_int_equal(cities[1].id, 0);
    assert_int_equal(cities[1].state, 0);
    assert_int_equal(cities[2].id, 2);
    assert_string_equal(world_ask(&w, "select name from city where id = 2"), "c");
    world_close(&w);
}

/* SAVE-11, SAVE-13: mixed kinds in any order; parents go first and their keys to their children. */
static void save_mixed_orders_parents_first(void **state) {
    (void)state;
    world w;
    world_open(&w);
    struct country fr = {"FR", .name = "France"};
    struct city cities[] = {{.name = "Lyon", .country = &fr}, {.name = "Nice", .country = &fr}};
    struct country *countries[] = {&fr};
    const takeo_list lists[] = {world_list(CITY, cities, 2, sizeof *cities),
                                world_list(COUNTRY, countries, 1, 0)};
    world_done(w.op, takeo_repo_save(w.op, w.target, lists, 2, NULL));
    assert_int_equal(world_result(w.op).inserted, 3);
    assert_string_equal(world_ask(&w, "select group_concat(name || country_code) from city"),
                        "LyonFR,NiceFR");
    world_close(&w);
}

/* A key that the database makes reaches the child in the same batch, down a chain given backwards.
 */
static void save_chain_binds_fresh_keys(void **state) {
    (void)state;
    world w;
    world_open(&w);
    struct node nodes[] = {{.name = "leaf", .parent = &nodes[1]},
                           {.name = "middle", .parent = &nodes[2]},
                           {.name = "root", .parent_id_is_null = 1}};
    world_done(w.op, SAVE_ALL(&w, NODE, nodes));
    assert_int_equal(nodes[2].id, 1);
    assert_int_equal(nodes[1].id, 2);
    assert_int_equal(nodes[0].id, 3);
    assert_int_equal(nodes[0].parent_id, 2);
    assert_string_equal(world_ask(&w, "select group_concat(name || coalesce(parent_id, '-')) from "
                                      "(select * from node order by id)"),
                        "root-,middle1,leaf2");
    world_close(&w);
}

static void save_long_chain_does_not_recurse(void **state) {
    (void)state;
    enum { LENGTH = 20000 };
    world w;
    world_open(&w);
    struct node *nodes = calloc(LENGTH, sizeof *nodes);
    assert_non_null(nodes);
    for (int i = 0; i < LENGTH; i++) {
        snprintf(nodes[i].name, sizeof nodes[i].name, "%d", i);
        nodes[i].parent = i + 1 < LENGTH ? &nodes[i + 1] : NULL;
        nodes[i].parent_id_is_null = i + 1 == LENGTH;
    }
    world_done(w.op, world_start(&w, takeo_repo_save, NODE, nodes, LENGTH, sizeof *nodes));
    assert_int_equal(nodes[0].id, LENGTH);
    assert_string_equal(world_ask(&w, "select count(*) from node where parent_id = id - 1"),
                        "19999");
    free(nodes);
    world_close(&w);
}

static void save_cycle_is_named(void **state) {
    (void)state;
    world w;
    world_open(&w);
    struct node nodes[] = {{.name = "a", .parent = &nodes[1]}, {.name = "b", .parent = &nodes[0]}};
    const takeo_error *error =
        world_fails(w.op, SAVE_ALL(&w, NODE, nodes), TAKEO_EINPUT, "TAKEO.INPUT.UNSAVED");
    assert_non_null(strstr(error->message.data, "(parent)"));
    struct node self = {.name = "s", .parent = &self};
    world_fails(w.op, SAVE(&w, NODE, &self), TAKEO_EINPUT, "TAKEO.INPUT.UNSAVED");
    assert_string_equal(world_ask(&w, "select count(*) from node"), "0");
    world_close(&w);
}

static void save_unsaved_parent_is_refused(void **state) {
    (void)state;
    world w;
    world_open(&w);
    struct node parent = {.name = "p", .parent_id_is_null = 1};
    struct node child = {.name = "c", .parent = &parent};
    const takeo_error *error =
        world_fails(w.op, SAVE(&w, NODE, &child), TAKEO_EINPUT, "TAKEO.INPUT.UNSAVED");
    assert_string_equal(error->field.data, "parent");
    world_done(w.op, SAVE(&w, NODE, &parent));
    world_done(w.op, SAVE(&w, NODE, &child));
    assert_int_equal(child.parent_id, parent.id);
    world_close(&w);
}

/* A changed relation is an update of its key; a parent of the same batch is waited for. */
static void save_relation_change_updates_key(void **state) {
    (void)state;
    world w;
    world_open(&w);
    struct node nodes[] = {{.name = "a", .parent_id_is_null = 1}, {.name = "b"}};
    world_done(w.op, SAVE(&w, NODE, &nodes[0]));
    nodes[1].parent_id_is_null = 1;
    nodes[0].parent = &nodes[1];
    nodes[0].parent_id_is_null = 0;
    nodes[0].state |= bit(NODE_PARENT_ID);
    world_done(w.op, SAVE_ALL(&w, NODE, nodes));
    assert_string_equal(world_ask(&w, "select parent_id from node where name = 'a'"), "2");
    assert_int_equal(nodes[0].parent_id, 2);
    world_close(&w);
}

static void save_conflicting_key_is_refused(void **state) {
    (void)state;
    world w;
    world_open(&w);
    struct node parent = {.name = "p", .parent_id_is_null = 1};
    world_done(w.op, SAVE(&w, NODE, &parent));
    struct node child = {.name = "c", .parent = &parent, .parent_id = 77};
    world_fails(w.op, SAVE(&w, NODE, &child), TAKEO_EINPUT, "TAKEO.INPUT.CONFLICT");
    child.parent = NULL; /* says nothing, unless the mark says that there is none */
    child.parent_is_none = 1;
    world_fails(w.op, SAVE(&w, NODE, &child), TAKEO_EINPUT, "TAKEO.INPUT.CONFLICT");
    child.parent_id_is_null = 1;
    world_done(w.op, SAVE(&w, NODE, &child));
    world_close(&w);
}

/* Hosts whose relations have a bit of their own: what was assigned last has the say. */
static void save_relation_and_key_have_own_bits(void **state) {
    (void)state;
    enum { PARENT_BIT = 40 };
    world w;
    world_open(&w);
    ((tk_target *)w.target)->layouts[NODE - 1]->links[NODE_PARENT - 1].bit = PARENT_BIT;
    struct node nodes[] = {{.name = "a", .parent_id_is_null = 1},
                           {.name = "b", .parent_id_is_null = 1},
                           {.name = "c", .parent_id_is_null = 1}};
    world_done(w.op, SAVE_ALL(&w, NODE, nodes));
    nodes[2].parent = &nodes[0]; /* the stale key says nothing */
    nodes[2].state |= bit(PARENT_BIT);
    world_done(w.op, SAVE(&w, NODE, &nodes[2]));
    assert_int_equal(nodes[2].parent_id, 1);
    assert_int_equal(nodes[2].parent_id_is_null, 0);
    assert_int_equal(nodes[2].state, loaded);
    nodes[2].parent_id = 2; /* the stale relation says nothing */
    nodes[2].state |= bit(NODE_PARENT_ID);
    world_done(w.op, SAVE(&w, NODE, &nodes[2]));
    assert_string_equal(world_ask(&w, "select parent_id from node where name = 'c'"), "2");
    nodes[2].state |= bit(NODE_PARENT_ID) | bit(PARENT_BIT); /* both say something */
    world_fails(w.op, SAVE(&w, NODE, &nodes[2]), TAKEO_EINPUT, "TAKEO.INPUT.CONFLICT");
    world_close(&w);
}

/* A list that was assigned is not written by save. */
static void save_assigned_list_is_refused(void **state) {
    (void)state;
    enum { CHILDREN_BIT = 41 };
    world w;
    world_open(&w);
    ((tk_target *)w.target)->layouts[NODE - 1]->links[NODE_CHILDREN - 1].bit = CHILDREN_BIT;
    struct node child = {.name = "b", .parent_id_is_null = 1};
    struct node *children[] = {&child};
    struct node node = {.name = "a",
                        .parent_id_is_null = 1,
                        .children = {children, 0, 0, NODE, TAKEO_LIST_LOADED},
                        .state = bit(NODE_NAME) | bit(CHILDREN_BIT)};
    world_done(w.op, SAVE(&w, NODE, &node));
    node = (struct node){.name = "c",
                         .children = {children, 1, 0, NODE, TAKEO_LIST_LOADED},
                         .state = bit(NODE_NAME) | bit(CHILDREN_BIT)};
    const takeo_error *error =
        world_fails(w.op, SAVE(&w, NODE, &node), TAKEO_EINPUT, "TAKEO.INPUT.UNSAVED");
    assert_string_equal(error->field.data, "children");
    world_close(&w);
}

/* SAVE-06: a failure leaves the objects and the table as they were. */
static void save_failed_batch_changes_nothing(void **state) {
    (void)state;
    world w;
    world_open(&w);
    struct city cities[] = {{.name = "a"}, {.name = "b"}, {.name = "a"}};
    const takeo_error *error =
        world_fails(w.op, SAVE_ALL(&w, CITY, cities), TAKEO_EUNIQUE, "TAKEO.SERVER.UNIQUE");
    assert_int_equal(error->object, 3);
    assert_string_equal(error->entity.data, "City");
    assert_string_equal(error->field.data, "name");
    for (size_t i = 0; i < COUNT(cities); i++) {
        assert_int_equal(cities[i].id, 0);
        assert_int_equal(cities[i].state, 0);
    }
    assert_string_equal(world_ask(&w, "select count(*) from city"), "0");
    world_close(&w);
}

/* All findings of all objects in one error, before anything is sent. */
static void save_findings_are_told_together(void **state) {
    (void)state;
    world w;
    world_open(&w);
    struct city cities[] = {{.name = NULL}, {.name = "fine"}, {.name = "far too long for a name!"}};
    const takeo_error *error =
        world_fails(w.op, SAVE_ALL(&w, CITY, cities), TAKEO_EINPUT, "TAKEO.INPUT.NULL");
    assert_int_equal(error->object, 1);
    assert_non_null(error->next);
    assert_int_equal(error->next->object, 3);
    assert_string_equal(error->next->code.data, "TAKEO.INPUT.LENGTH");
    assert_null(error->next->next);
    assert_int_equal(error->outcome, TAKEO_OUTCOME_NONE);
    world_close(&w);
}

static void save_many_findings_are_counted(void **state) {
    (void)state;
    world w;
    world_open(&w);
    struct city cities[250] = {{.name = NULL}};
    const takeo_error *error =
        world_fails(w.op, SAVE_ALL(&w, CITY, cities), TAKEO_EINPUT, "TAKEO.INPUT.NULL");
    uint32_t count = 0;
    for (; error->next != NULL; error = error->next) {
        count++;
    }
    assert_int_equal(count, 100);
    assert_string_equal(error->message.data, "and 150 more");
    world_close(&w);
}

static void save_same_object_twice_is_written_once(void **state) {
    (void)state;
    world w;
    world_open(&w);
    struct city city = {.name = "x"};
    struct city *twice[] = {&city, &city};
    world_done(w.op, world_start(&w, takeo_repo_save, CITY, twice, 2, 0));
    takeo_result result = world_result(w.op);
    assert_int_equal(result.inserted, 1);
    assert_int_equal(result.written_count, 2);
    assert_int_equal(result.written[1], TAKEO_WRITTEN_INSERTED);
    world_close(&w);
}

/* Inserts, updates and what is unchanged in one list, each told apart. */
static void save_batch_tells_objects_apart(void **state) {
    (void)state;
    world w;
    world_open(&w);
    struct city cities[] = {{.name = "a"}, {.name = "b"}, {.name = "c"}};
    world_done(w.op, world_start(&w, takeo_repo_save, CITY, cities, 2, sizeof *cities));
    cities[1].name = "B";
    cities[1].state |= bit(CITY_NAME);
    world_done(w.op, SAVE_ALL(&w, CITY, cities));
    takeo_result result = world_result(w.op);
    const uint8_t wanted[] = {TAKEO_WRITTEN_NOTHING, TAKEO_WRITTEN_UPDATED, TAKEO_WRITTEN_INSERTED};
    assert_memory_equal(result.written, wanted, sizeof wanted);
    assert_int_equal(result.affected, 2);
    world_close(&w);
}

static void save_uuid_key_is_made_by_the_core(void **state) {
    (void)state;
    world w;
    world_open(&w);
    struct token tokens[] = {{.note = "a"}, {.note = "b"}};
    world_done(w.op, SAVE_ALL(&w, TOKEN, tokens));
    assert_int_equal(tokens[0].id[6] >> 4, 7);
    assert_true(memcmp(tokens[0].id, tokens[1].id, 16) < 0);
    assert_string_equal(world_ask(&w, "select count(distinct id) from token"), "2");
    strcpy(tokens[0].note, "c");
    tokens[0].state |= bit(TOKEN_NOTE);
    world_done(w.op, SAVE(&w, TOKEN, &tokens[0]));
    assert_string_equal(world_ask(&w, "select count(*) from token where note = 'c'"), "1");
    world_close(&w);
}

/* Values that the database makes come back with the insert. */
static void save_server_default_comes_back(void **state) {
    (void)state;
    world w;
    world_open(&w);
    struct event events[] = {{.name = "a", .state = bit(EVENT_NAME)},
                             {.name = "b", .kind = "own"},
                             {.name = "c", .state = bit(EVENT_NAME)}};
    world_done(w.op, SAVE_ALL(&w, EVENT, events));
    assert_string_equal(events[0].kind, "plain");
    assert_string_equal(events[1].kind, "own");
    assert_string_equal(events[2].kind, "plain");
    assert_int_equal(events[0].state, loaded);
    assert_int_not_equal(events[2].id, events[0].id);
    world_close(&w);
}

static void save_default_value_is_put_back(void **state) {
    (void)state;
    world w;
    world_open(&w);
    struct city city = {.name = "x", .population = 99, .state = bit(CITY_NAME)};
    world_done(w.op, SAVE(&w, CITY, &city));
    assert_int_equal(city.population, 0);
    assert_string_equal(world_ask(&w, "select population from city"), "0");
    world_close(&w);
}

/* Only the columns that the caller names. */
static void save_with_columns_writes_those(void **state) {
    (void)state;
    world w;
    world_open(&w);
    struct city city = {.name = "x", .population = 1};
    world_done(w.op, SAVE(&w, CITY, &city));
    city.name = "y";
    city.population = 2;
    city.state |= bit(CITY_NAME) | bit(CITY_POPULATION);
    const uint32_t columns[] = {CITY_POPULATION};
    const takeo_save_options options = {sizeof options, .columns = columns, .column_count = 1};
    takeo_list list = world_list(CITY, &city, 1, sizeof city);
    world_done(w.op, takeo_repo_save(w.op, w.target, &list, 1, &options));
    assert_string_equal(world_ask(&w, "select name || population from city"), "x2");
    assert_int_equal(city.state, loaded | bit(CITY_NAME));
    world_close(&w);
}

/* Without a target: rows of cells, whose key comes back into its cell. */
static void save_cells_inserts_and_updates(void **state) {
    (void)state;
    world w;
    world_open(&w);
    const uint32_t columns[] = {CITY_NAME, CITY_ID};
    const takeo_save_options options = {sizeof options, .columns = columns, .column_count = 2};
    takeo_cell cells[] = {world_text("a"), world_int(0), world_text("b"), world_int(0)};
    takeo_list list = world_list(CITY, cells, 2, 2 * sizeof *cells);
    world_done(w.op, takeo_repo_save(w.op, NULL, &list, 1, &options));
    assert_int_equal(cells[1].v.i, 1);
    assert_int_equal(cells[3].v.i, 2);
    cells[2] = world_text("c");
    world_done(w.op, takeo_repo_save(w.op, NULL, &list, 1, &options));
    assert_int_equal(world_result(w.op).updated, 2);
    assert_string_equal(world_ask(&w, "select group_concat(name) from city"), "a,c");
    world_close(&w);
}

static bool save_scenario(const takeo_allocator *allocator, void *context) {
    (void)context;
    world w = {0};
    bool is_good = world_open_with(&w, *allocator);
    is_good = is_good && world_end(w.op, takeo_source_synchronize(w.op, 0)) >= 0;
    struct country fr = {"FR", .name = "France"};
    struct city cities[] = {{.name = "Lyon", .country = &fr}, {.name = "Nice", .country = &fr}};
    struct event event = {.name = "a", .state = bit(EVENT_NAME)};
    const takeo_list lists[] = {world_list(CITY, cities, 2, sizeof *cities),
                                world_list(EVENT, &event, 1, sizeof event),
                                world_list(COUNTRY, &fr, 1, sizeof fr)};
    is_good = is_good && world_end(w.op, takeo_repo_save(w.op, w.target, lists, 3, NULL)) >= 0;
    assert_int_equal(is_good, cities[1].id != 0);
    assert_int_equal(is_good, event.id != 0);
    if (is_good) {
        cities[0].state |= bit(CITY_POPULATION);
        is_good = world_end(w.op, takeo_repo_save(w.op, w.target, lists, 1, NULL)) >= 0;
        assert_int_equal(cities[0].state, is_good ? loaded : loaded | bit(CITY_POPULATION));
    }
    world_free(&w);
    return is_good;
}

static void save_without_memory_changes_nothing(void **state) {
    (void)state;
    tk_sweep(save_scenario, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(save_new_inserts),
        cmocka_unit_test(save_loaded_updates_what_changed),
        cmocka_unit_test(save_unchanged_sends_nothing),
        cmocka_unit_test(save_key_by_hand_updates),
        cmocka_unit_test(save_key_by_hand_without_row_is_not_found),
        cmocka_unit_test(save_loaded_without_row_is_stale),
        cmocka_unit_test(save_key_change_is_refused),
        cmocka_unit_test(save_batch_with_dropped_row_keeps_keys),
        cmocka_unit_test(save_mixed_orders_parents_first),
        cmocka_unit_test(save_chain_binds_fresh_keys),
        cmocka_unit_test(save_long_chain_does_not_recurse),
        cmocka_unit_test(save_cycle_is_named),
        cmocka_unit_test(save_unsaved_parent_is_refused),
        cmocka_unit_test(save_relation_change_updates_key),
        cmocka_unit_test(save_conflicting_key_is_refused),
        cmocka_unit_test(save_relation_and_key_have_own_bits),
        cmocka_unit_test(save_assigned_list_is_refused),
        cmocka_unit_test(save_failed_batch_changes_nothing),
        cmocka_unit_test(save_findings_are_told_together),
        cmocka_unit_test(save_many_findings_are_counted),
        cmocka_unit_test(save_same_object_twice_is_written_once),
        cmocka_unit_test(save_batch_tells_objects_apart),
        cmocka_unit_test(save_uuid_key_is_made_by_the_core),
        cmocka_unit_test(save_server_default_comes_back),
        cmocka_unit_test(save_default_value_is_put_back),
        cmocka_unit_test(save_with_columns_writes_those),
        cmocka_unit_test(save_cells_inserts_and_updates),
        cmocka_unit_test(save_without_memory_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
