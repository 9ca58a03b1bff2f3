/* test_sweep.c - every allocation fails in turn, over whole scenarios through the C ABI (F60), on
 * SQLite and on the server of PostgreSQL that TAKEO_TEST_POSTGRESQL names.
 *
 * A run either succeeds or fails for want of memory: nothing is left, nothing crashes, no other
 * failure is made of it, and with memory the data source works again.  Each run on PostgreSQL is a
 * connection of its own with temporary tables; as that takes its time, only some of the allocations
 * fail there, and all of them where TAKEO_TEST_LONG is set.
 */
#include "support.h"

#include "takeo/takeo.h"

enum { TEAM = 1, PLAYER };
enum { TEAM_ID = 1, TEAM_NAME, TEAM_PLAYERS = 1 };
enum { PLAYER_ID = 1, PLAYER_NAME, PLAYER_SCORE, PLAYER_TEAM_ID, PLAYER_TEAM = 1 };

typedef struct team {
    int64_t id;
    char name[16];
    uint64_t state;
    takeo_list players;
} team;

typedef struct player {
    int64_t id;
    char name[16];
    takeo_text score; /* a decimal */
    int64_t team_id;
    uint64_t state;
    team *team;
} player;

#define COUNT(of) (sizeof(of) / sizeof(of)[0])
#define MANY(what, of) .what##s = of, .what##_count = COUNT(of), .what##_size = sizeof *of
#define AT(type, at) .offset = offsetof(type, at), .size = sizeof((type *)0)->at

static const takeo_column_def team_columns[] = {
    {"id", TAKEO_TYPE_INT64, .generated = TAKEO_GENERATED_IDENTITY, .flags = TAKEO_COLUMN_PRIMARY},
    {"name", TAKEO_TYPE_TEXT, .length = 15, .flags = TAKEO_COLUMN_UNIQUE}};
static const takeo_relation_def team_links[] = {
    {"players", "Player", .inverse = "team", .kind = TAKEO_RELATION_ONE_TO_MANY}};
static const takeo_column_def player_columns[] = {
    {"id", TAKEO_TYPE_INT64, .generated = TAKEO_GENERATED_IDENTITY, .flags = TAKEO_COLUMN_PRIMARY},
    {"name", TAKEO_TYPE_TEXT, .length = 15},
    {"score", TAKEO_TYPE_DECIMAL, .precision = 8, .scale = 2},
    {.name = "team_id", .type = TAKEO_TYPE_INT64}};
static const char *const team_keys[] = {"team_id"};
static const takeo_relation_def player_links[] = {{"team", "Team", .inverse = "players",
                                                   .kind = TAKEO_RELATION_MANY_TO_ONE,
                                                   .keys = team_keys, .key_count = 1}};
static const takeo_entity_def entities[] = {
    {sizeof *entities, 0, "Team", MANY(column, team_columns), MANY(relation, team_links)},
    {sizeof *entities, 0, "Player", MANY(column, player_columns), MANY(relation, player_links)}};
static const takeo_field_def team_fields[] = {
    {TEAM_ID, TAKEO_FIELD_INT64, AT(team, id)},
    {TEAM_NAME, TAKEO_FIELD_CHARS, AT(team, name)},
    {TEAM_PLAYERS, TAKEO_FIELD_TO_MANY, AT(team, players)},
    {0, TAKEO_FIELD_STATE, AT(team, state)}};
static const takeo_field_def player_fields[] = {
    {PLAYER_ID, TAKEO_FIELD_INT64, AT(player, id)},
    {PLAYER_NAME, TAKEO_FIELD_CHARS, AT(player, name)},
    {PLAYER_SCORE, TAKEO_FIELD_TEXT, AT(player, score)},
    {PLAYER_TEAM_ID, TAKEO_FIELD_INT64, AT(player, team_id)},
    {PLAYER_TEAM, TAKEO_FIELD_TO_ONE, AT(player, team)},
    {0, TAKEO_FIELD_STATE, AT(player, state)}};
static const takeo_layout_def layouts[] = {{TEAM, sizeof(team), MANY(field, team_fields)},
                                           {PLAYER, sizeof(player), MANY(field, player_fields)}};
static const takeo_target_def target_def = {sizeof target_def, 0, MANY(layout, layouts)};

static const char memory_url[] = "sqlite://";

/* ---- one world ------------------------------------------------------------------------------- */

typedef struct world {
    takeo_model *model;
    takeo_target *target;
    takeo_source *source;
    takeo_session *session;
    takeo_op *op;
    takeo_error *error; /* of a maker */
    team teams[1];
    player players[2];
} world;

typedef bool (*scene)(world *w);
typedef struct work {
    scene todo;
    const char *url;
} work;

/* Whatever fails has to be told as want of memory: ours, or the database's. */
static bool is_memory(takeo_status status, const takeo_error *error) {
    bool is_it = status == TAKEO_ENOMEM || status == TAKEO_ESERVER_MEMORY;
    if (!is_it) {
        char text[2048] = "(no record)";
        if (error != NULL) {
            takeo_error_format(error, text, sizeof text);
        }
        fail_msg("%s instead of TAKEO_ENOMEM: %s", takeo_status_name(status), text);
    }
    assert_non_null(error);
    assert_int_equal(error->status, status);
    return is_it;
}

/* A maker that failed; true when it did not. */
static bool made(world *w, takeo_status status) {
    if (status < 0) {
        (void)is_memory(status, w->error);
    }
    return status >= 0;
}

/* To the end; `wanted` is the failure that belongs there, or TAKEO_DONE. */
static bool ended(world *w, takeo_status status, takeo_status wanted) {
    while (status >= 0 && (status = takeo_op_wait(w->op, -1)) > 0) {
    }
    if (status == wanted) {
        return true;
    }
    (void)is_memory(status, takeo_op_error(w->op));
    return false;
}

static bool done(world *w, takeo_status status) {
    return ended(w, status, TAKEO_DONE);
}

/* A find whose rows are taken; NULL when it failed. */
static takeo_rows *found(world *w, takeo_status status) {
    takeo_rows *rows = NULL;
    while (status >= 0 && (status = takeo_op_wait(w->op, -1)) > 0) {
        rows = status == TAKEO_ROWS ? takeo_rows_take(w->op) : rows;
        if (status == TAKEO_ROWS && rows == NULL) { /* no memory to take them */
            break;
        }
    }
    if (status < 0) {
        (void)is_memory(status, takeo_op_error(w->op));
        takeo_rows_free(rows);
        rows = NULL;
    }
    return rows;
}

static bool open_world(world *w, const char *url, const takeo_allocator *allocator) {
    static const char *const init[] = {"set search_path = pg_temp"};
    const takeo_pool_limits limits = {.struct_size = sizeof limits, .max_size = 1};
    const takeo_model_options model = {.struct_size = sizeof model, .allocator = allocator};
    const takeo_source_options source = {.struct_size = sizeof source,
                                         .url = url,
                                         .allocator = allocator,
                                         .pool = &limits,
                                         .init_sql = init,
                                         .init_sql_count = url == memory_url ? 0 : COUNT(init)};
    return made(w, takeo_model_new(&model, &w->model, &w->error))
           && made(w, takeo_model_add(w->model, entities, COUNT(entities), &w->error))
           && made(w, takeo_model_freeze(w->model, &w->error))
           && made(w, takeo_target_new(w->model, &target_def, &w->target, &w->error))
           && made(w, takeo_source_open(w->model, &source, &w->source, &w->error))
           && made(w, takeo_session_new(w->source, NULL, &w->session, &w->error))
           && made(w, takeo_op_new(w->session, &w->op, &w->error))
           && done(w, takeo_source_synchronize(w->op, 0));
}

static void close_world(world *w) {
    takeo_op_free(w->op);
    takeo_session_free(w->session);
    takeo_source_close(w->source);
    takeo_target_free(w->target);
    takeo_model_free(w->model);
    takeo_error_free(w->error);
}

/* With memory again: what is open is rolled back, and a statement runs. */
static void assert_usable(world *w, tk_test_alloc *memory) {
    takeo_statement *statement = NULL;
    memory->fail_at = 0;
    if (w->op == NULL) {
        return;
    }
    for (int level = 0; level < 2; level++) { /* or there is none */
        takeo_status status = takeo_txn_rollback(w->op, 0);
        while (status >= 0 && (status = takeo_op_wait(w->op, -1)) > 0) {
        }
    }
    assert_int_equal(takeo_statement_sql(w->model, "select 1", takeo_zstr, &statement, NULL), 0);
    takeo_rows *rows = found(w, takeo_statement_run(w->op, statement, NULL, NULL, 0));
    assert_non_null(rows);
    takeo_rows_free(rows);
    takeo_statement_free(statement);
}

static bool scenario(const takeo_allocator *allocator, void *context) {
    const work *given = context;
    world w = {.teams = {{.name = "red"}},
               .players = {{.name = "a", .score = {"12.50", 5}}, {.name = "b", .score = {"3", 1}}}};
    w.players[0].team = &w.teams[0];
    w.players[1].team = &w.teams[0];
    bool succeeded = open_world(&w, given->url, allocator) && given->todo(&w);
    if (!succeeded) {
        assert_usable(&w, allocator->ctx);
    }
    close_world(&w);
    return succeeded;
}

/* ---- scenarios ------------------------------------------------------------------------------- */

static bool save_all(world *w) {
    const takeo_list lists[] = {{w->players, 2, sizeof(player), PLAYER, 0},
                                {w->teams, 1, sizeof(team), TEAM, 0}};
    if (!done(w, takeo_repo_save(w->op, w->target, lists, 2, NULL))) {
        for (int i = 0; i < 2; i++) { /* objects are as they were */
            assert_int_equal(w->players[i].id, 0);
            assert_int_equal(w->players[i].state & 1, 0);
        }
        assert_int_equal(w->teams[0].id, 0);
        return false;
    }
    assert_int_equal(w->teams[0].id, 1);
    assert_int_equal(w->players[0].team_id, 1);
    return true;
}

static bool find_with_load(world *w) {
    const uint32_t load[] = {TEAM_PLAYERS, PLAYER_TEAM, 0};
    const takeo_find find = {.struct_size = sizeof find, .load = load, .load_count = COUNT(load)};
    takeo_rows *rows = found(w, takeo_repo_find(w->op, w->target, TEAM, &find));
    if (rows == NULL) {
        return false;
    }
    const team *red = rows->objects.items;
    assert_int_equal(rows->row_count, 1);
    assert_int_equal(red->players.count, 2);
    takeo_rows_free(rows);
    return true;
}

/* A failure that is no want of memory has a record of its own. */
static bool fail_unique(world *w) {
    team twice = {.name = "red"};
    const takeo_list list = {&twice, 1, sizeof twice, TEAM, 0};
    return ended(w, takeo_repo_insert(w->op, w->target, &list, 1, NULL), TAKEO_EUNIQUE);
}

static bool do_everything(world *w) {
    return save_all(w) && find_with_load(w) && fail_unique(w);
}

static bool do_update(world *w) {
    const takeo_list list = {w->players, 2, sizeof(player), PLAYER, 0};
    if (!save_all(w)) {
        return false;
    }
    strcpy(w->players[0].name, "other");
    w->players[0].state |= UINT64_C(1) << PLAYER_NAME;
    w->players[1].score = (takeo_text){"7.25", 4};
    w->players[1].state |= UINT64_C(1) << PLAYER_SCORE;
    return done(w, takeo_repo_save(w->op, w->target, &list, 1, NULL));
}

static bool do_remove(world *w) {
    const takeo_list lists[] = {{w->teams, 1, sizeof(team), TEAM, 0},
                                {w->players, 2, sizeof(player), PLAYER, 0}};
    return save_all(w) && done(w, takeo_repo_remove(w->op, w->target, lists, 2, NULL));
}

static bool do_upsert(world *w) {
    const uint32_t on[] = {TEAM_NAME};
    const takeo_upsert_options options = {.struct_size = sizeof options, .on = on, .on_count = 1};
    team again = {.name = "red"};
    const takeo_list list = {&again, 1, sizeof again, TEAM, 0};
    return save_all(w) && done(w, takeo_repo_upsert(w->op, w->target, &list, 1, &options));
}

static bool do_conditions(world *w) {
    static const takeo_cell names[] = {{.type = TAKEO_TYPE_TEXT, .v = {.text = {"a", 1}}},
                                       {.type = TAKEO_TYPE_TEXT, .v = {.text = {"c", 1}}}};
    const takeo_condition where[] = {
        {0, PLAYER_NAME, TAKEO_OPERATOR_IN,
         .value = {.type = TAKEO_TYPE_ARRAY, .v = {.list = {names, 2}}}},
        {PLAYER_TEAM, TEAM_NAME, TAKEO_OPERATOR_EQ,
         .value = {.type = TAKEO_TYPE_TEXT, .v = {.text = {"red", 3}}}}};
    const takeo_order order[] = {{.column = PLAYER_SCORE, .op = TAKEO_OPERATOR_DESC}};
    const takeo_find find = {.struct_size = sizeof find,
                             .where = where,
                             .order = order,
                             .where_count = 2,
                             .order_count = 1,
                             .limit = 5};
    takeo_rows *rows = save_all(w) ? found(w, takeo_repo_find(w->op, NULL, PLAYER, &find)) : NULL;
    if (rows == NULL) {
        return false;
    }
    assert_int_equal(rows->row_count, 1);
    takeo_rows_free(rows);
    return done(w, takeo_repo_count(w->op, PLAYER, &find))
           && done(
               w, takeo_repo_delete(
                      w->op, PLAYER,
                      &(takeo_find){.struct_size = sizeof find, .where = where, .where_count = 1}));
}

static bool do_get_and_load(world *w) {
    const takeo_cell key = {.type = TAKEO_TYPE_INT64, .v = {.i = 1}};
    const uint32_t load[] = {PLAYER_TEAM, TEAM_PLAYERS, 0};
    takeo_rows *rows =
        save_all(w) ? found(w, takeo_repo_get(w->op, w->target, PLAYER, &key, 1)) : NULL;
    if (rows == NULL) {
        return false;
    }
    const takeo_list list = rows->objects;
    bool succeeded = done(w, takeo_repo_load(w->op, w->target, &list, load, COUNT(load)))
                     && done(w, takeo_repo_reload(w->op, w->target, &list, NULL, 0));
    takeo_rows_free(rows);
    return succeeded;
}

static bool do_transactions(world *w) {
    return done(w, takeo_txn_begin(w->op, NULL)) && done(w, takeo_txn_begin(w->op, NULL))
           && save_all(w) && done(w, takeo_txn_rollback(w->op, 0))
           && done(w, takeo_txn_commit(w->op, 0));
}

static bool do_sql(world *w) {
    takeo_statement *statement = NULL;
    const takeo_cell arguments[] = {{.type = TAKEO_TYPE_INT64, .v = {.i = 7}},
                                    {.type = TAKEO_TYPE_TEXT, .v = {.text = {"x", 1}}}};
    static const char text[] = "select {} as a, {} as b, '1.5' as c";
    if (!made(w, takeo_statement_sql(w->model, text, takeo_zstr, &statement, &w->error))) {
        return false;
    }
    takeo_rows *rows = found(w, takeo_statement_run(w->op, statement, NULL, arguments, 2));
    takeo_statement_free(statement);
    takeo_rows_free(rows);
    return rows != NULL;
}

static bool do_builder(world *w) {
    takeo_builder *b = NULL;
    takeo_statement *statement = NULL;
    const takeo_cell least = {.type = TAKEO_TYPE_DECIMAL, .v = {.text = {"1", 1}}};
    if (!save_all(w) || !made(w, takeo_builder_new(w->model, &b, &w->error))) {
        return false;
    }
    takeo_builder_begin(b);
    uint32_t players = takeo_builder_table(b, PLAYER);
    uint32_t teams = takeo_builder_path(b, players, PLAYER_TEAM);
    uint32_t score = takeo_builder_column(b, players, PLAYER_SCORE);
    takeo_builder_add(b, TAKEO_NODE_FROM, players);
    takeo_builder_add(b, TAKEO_NODE_COLUMNS, takeo_builder_column(b, teams, TEAM_NAME));
    takeo_builder_add(b, TAKEO_NODE_COLUMNS, takeo_builder_call(b, TAKEO_FUNCTION_SUM, &score, 1));
    takeo_builder_add(b, TAKEO_NODE_WHERE,
                      takeo_builder_op(b, TAKEO_OPERATOR_GT,
                                       takeo_builder_column(b, players, PLAYER_SCORE),
                                       takeo_builder_param(b, 1)));
    takeo_builder_add(b, TAKEO_NODE_GROUP_BY, takeo_builder_column(b, teams, TEAM_NAME));
    (void)takeo_builder_end(b, TAKEO_NODE_SELECT);
    bool succeeded = made(w, takeo_builder_compile(b, &statement, &w->error));
    takeo_builder_free(b);
    takeo_rows *rows =
        succeeded ? found(w, takeo_statement_run(w->op, statement, NULL, &least, 1)) : NULL;
    takeo_statement_free(statement);
    takeo_rows_free(rows);
    return rows != NULL;
}

/* So many that PostgreSQL takes them by COPY, and changes and removes them by one statement each. */
enum { MANY_TEAMS = 40 };

static bool do_list(world *w) {
    team teams[MANY_TEAMS] = {0};
    const takeo_list list = {teams, MANY_TEAMS, sizeof(team), TEAM, 0};
    for (int i = 0; i < MANY_TEAMS; i++) {
        snprintf(teams[i].name, sizeof teams[i].name, "team %d", i);
    }
    if (!done(w, takeo_repo_save(w->op, w->target, &list, 1, NULL))) {
        assert_int_equal(teams[0].id, 0);
        return false;
    }
    for (int i = 0; i < MANY_TEAMS; i++) {
        assert_int_not_equal(teams[i].id, 0);
        snprintf(teams[i].name, sizeof teams[i].name, "other %d", i);
        teams[i].state |= UINT64_C(1) << TEAM_NAME;
    }
    return done(w, takeo_repo_save(w->op, w->target, &list, 1, NULL))
           && done(w, takeo_repo_remove(w->op, w->target, &list, 1, NULL));
}

/* The rows that go by COPY are refused, and go once more one by one. */
static bool do_list_that_fails(world *w) {
    team teams[MANY_TEAMS] = {0};
    const takeo_list list = {teams, MANY_TEAMS, sizeof(team), TEAM, 0};
    for (int i = 0; i < MANY_TEAMS; i++) {
        snprintf(teams[i].name, sizeof teams[i].name, "team %d", i % (MANY_TEAMS - 1));
    }
    return ended(w, takeo_repo_insert(w->op, w->target, &list, 1, NULL), TAKEO_EUNIQUE)
           && do_sql(w);
}

/* A model that is wrong in two ways: all findings, or no memory. */
static bool do_mapping(world *w) {
    static const takeo_column_def wrong[] = {{.name = "id", .type = TAKEO_TYPE_INT64},
                                             {.name = "", .type = TAKEO_TYPE_TEXT}};
    const takeo_entity_def def = {.struct_size = sizeof def, .name = "Wrong", MANY(column, wrong)};
    takeo_model *model = NULL;
    if (!made(w, takeo_model_new(NULL, &model, &w->error))) {
        return false;
    }
    takeo_status status = takeo_model_add(model, &def, 1, &w->error);
    takeo_model_free(model);
    assert_int_equal(status, TAKEO_EMAPPING);
    takeo_error *copy = takeo_error_copy(w->error);
    takeo_error_free(copy);
    takeo_error_free(w->error);
    w->error = NULL;
    return true;
}

/* ---- tests ----------------------------------------------------------------------------------- */

static const struct row {
    const char *name;
    scene todo;
} rows[] = {
    {"everything", do_everything},
    {"update", do_update},
    {"remove", do_remove},
    {"upsert", do_upsert},
    {"conditions", do_conditions},
    {"get_and_load", do_get_and_load},
    {"transactions", do_transactions},
    {"sql", do_sql},
    {"builder", do_builder},
    {"list", do_list},
    {"list_that_fails", do_list_that_fails},
    {"mapping", do_mapping},
};

static void on_sqlite(void **state) { /* F60 */
    const struct row *row = *state;
    work given = {row->todo, memory_url};
    assert_true(tk_sweep(scenario, &given) > 20);
}

static void on_postgresql(void **state) { /* F60 */
    const struct row *row = *state;
    work given = {row->todo, getenv("TAKEO_TEST_POSTGRESQL")};
    if (given.url == NULL || *given.url == '\0') {
        print_message("TAKEO_TEST_POSTGRESQL is not set: skipped\n");
        skip();
    }
    bool is_long = getenv("TAKEO_TEST_LONG") != NULL;
    assert_true(tk_sweep_some(scenario, &given, is_long ? 1 : 7, is_long ? 1 : 29) > 20);
}

int main(void) {
    struct CMUnitTest tests[2 * COUNT(rows)];
    char names[2 * COUNT(rows)][80];
    for (size_t i = 0; i < COUNT(tests); i++) {
        const struct row *row = &rows[i / 2];
        bool is_sqlite = i % 2 == 0;
        snprintf(names[i], sizeof names[i], "sweep_%s_on_%s_fails_for_memory_only", row->name,
                 is_sqlite ? "sqlite" : "postgresql");
        tests[i] = (struct CMUnitTest){names[i], is_sqlite ? on_sqlite : on_postgresql, NULL, NULL,
                                       (void *)(uintptr_t)row};
    }
    return cmocka_run_group_tests_name("sweep", tests, NULL, NULL);
}
