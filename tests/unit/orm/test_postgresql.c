/* test_postgresql.c - what the ORM does in another way where keys come back by RETURNING, types have
 * several spellings and constraints have names: on a real server, that of TAKEO_TEST_POSTGRESQL.
 * Without it the tests are skipped.
 */
#include "tests/golden/database.h"

static const tk_entity *entity_of(const database *on, const char *name) {
    const tk_entity *entity = tk_model_find_entity(on->model, name, strlen(name));
    assert_non_null(entity);
    return entity;
}

static uint32_t column_of(const tk_entity *entity, const char *name) {
    const tk_column *column = tk_entity_find_column(entity, name, strlen(name));
    assert_non_null(column);
    return column->number;
}

static void begin(database *on) {
    database_open(on, true);
    database_finish(on->op, takeo_source_synchronize(on->op, 0));
}

static uint32_t synchronize(database *on, uint32_t flags) {
    database_finish(on->op, takeo_source_synchronize(on->op, flags));
    const takeo_rows *rows = takeo_rows_peek(on->op);
    return rows != NULL ? rows->row_count : 0;
}

/* ---- the schema ------------------------------------------------------------------------------ */

/* SYNC-01: all types, defaults, arrays, tables that lead to each other, a schema. */
static void postgresql_synchronize_twice_does_nothing(void **state) {
    (void)state;
    DATABASE_NEEDED();
    database on;
    database_open(&on, true);
    assert_true(synchronize(&on, TAKEO_SYNCHRONIZE_PLAN) > TK_COUNT(world_entities));
    assert_true(synchronize(&on, 0) > TK_COUNT(world_entities));
    assert_int_equal(synchronize(&on, TAKEO_SYNCHRONIZE_PLAN), 0);
    assert_int_equal(synchronize(&on, 0), 0);
    database_close(&on);
}

/* The same by hand, in the server's own words and with the names that it gives. */
static const char *const by_hand[] = {
    "create table continent (code character varying ( 2 ) primary key, name text not null)",
    "create table country (id bigserial primary key, name varchar(120) unique not null, "
    "continent_code varchar(2) references continent)",
    "create index ix_country_continent on country (continent_code)",
    "create table city (id int8 generated always as identity primary key, "
    "name character varying(80) not null, population int8 not null default 0, "
    "area decimal(12,3), founded date, is_capital bool not null default false, photo bytea, "
    "country_id bigint not null references country on delete cascade, twin_id bigint references "
    "city on update restrict on delete set null deferrable initially deferred)",
};

static void postgresql_synchronize_knows_other_spellings(void **state) {
    (void)state;
    DATABASE_NEEDED();
    database on;
    database_open(&on, true);
    for (size_t i = 0; i < TK_COUNT(by_hand); i++) {
        database_sql(&on, by_hand[i]);
    }
    database_sql(&on, "create table \"User\" (x text not null)"); /* another than user */
    assert_true(synchronize(&on, 0) != 0);
    assert_int_equal(synchronize(&on, 0), 0);
    assert_string_equal(
        database_ask(&on, "(raw-sql \"select count(*) from takeo_objects where name = 'city'\")",
                     ""),
        "0");
    database_close(&on);
}

static void postgresql_synchronize_tells_all_differences(void **state) {
    (void)state;
    DATABASE_NEEDED();
    static const char *const wanted[] = {
        "column name: it is missing",       "column population: it has another type",
        "column area: it has another type", "column is_capital: it takes NULL",
        "column founded: it takes no NULL", "it has another key",
        "takes no NULL, has no default",    "no foreign key",
        "column photo: it has another type"};
    database on;
    database_open(&on, true);
    database_sql(&on, "create table city (id bigint unique, population integer not null, "
                      "area numeric(12,2), founded date not null, is_capital boolean, "
                      "photo bytea[], country_id bigint not null, twin_id bigint, "
                      "odd text not null)");
    takeo_status status = database_end(on.op, takeo_source_synchronize(on.op, 0));
    assert_int_equal(status, TAKEO_EMAPPING);
    for (size_t i = 0; i < TK_COUNT(wanted); i++) {
        bool is_there = false;
        for (const takeo_error *at = takeo_op_error(on.op); at != NULL; at = at->next) {
            is_there |= strstr(at->message.data, wanted[i]) != NULL;
        }
        if (!is_there) {
            fail_msg("no finding says: %s", wanted[i]);
        }
    }
    assert_string_equal(
        database_ask(&on,
                     "(raw-sql \"select count(*) from pg_class where relname = "
                     "'country' and relnamespace = current_schema()::regnamespace\")",
                     ""),
        "0");
    database_close(&on);
}

/* A failure in the middle leaves nothing behind. */
static void postgresql_synchronize_failure_undoes_all(void **state) {
    (void)state;
    DATABASE_NEEDED();
    database on;
    database_open(&on, true);
    database_sql(&on, "create view line as select 1 as x");
    assert_true(database_end(on.op, takeo_source_synchronize(on.op, 0)) < 0);
    assert_string_equal(database_ask(&on,
                                     "(raw-sql \"select count(*) from pg_class where relkind = 'r' "
                                     "and relnamespace = current_schema()::regnamespace\")",
                                     ""),
                        "0");
    database_close(&on);
}

/* ---- keys that count ------------------------------------------------------------------------- */

/* A key of 64 bits without a sign, what refers to it, and what refers to that. */
static tk_model *counted_model(const char *schema) {
    (void)schema;
    static const takeo_column_def account_columns[] = {{.name = "id",
                                                        .type = TAKEO_TYPE_UINT64,
                                                        .flags = TAKEO_COLUMN_PRIMARY,
                                                        .generated = TAKEO_GENERATED_IDENTITY}};
    static const takeo_column_def page_columns[] = {
        {.name = "size", .type = TAKEO_TYPE_UINT64},
        {.name = "editor_id", .type = TAKEO_TYPE_UINT64, .flags = TAKEO_COLUMN_NULLABLE}};
    static const char *const editor_keys[] = {"editor_id"};
    static const takeo_relation_def page_relations[] = {{.name = "user",
                                                         .target = "Account",
                                                         .kind = TAKEO_RELATION_ONE_TO_ONE,
                                                         .flags = TAKEO_RELATION_FLAG_PRIMARY},
                                                        {.name = "editor",
                                                         .target = "Account",
                                                         .kind = TAKEO_RELATION_MANY_TO_ONE,
                                                         .flags = TAKEO_RELATION_FLAG_NULLABLE,
                                                         .keys = editor_keys,
                                                         .key_count = 1}};
    static const takeo_relation_def note_relations[] = {{.name = "page",
                                                         .target = "Page",
                                                         .kind = TAKEO_RELATION_ONE_TO_ONE,
                                                         .flags = TAKEO_RELATION_FLAG_PRIMARY}};
    const takeo_entity_def entities[] = {
        {WORLD_ENTITY("Account", account)},
        {WORLD_ENTITY("Page", page), WORLD_RELATIONS(page)},
        {.struct_size = sizeof(takeo_entity_def), .name = "Note", WORLD_RELATIONS(note)}};
    takeo_model *model = NULL;
    assert_int_equal(takeo_model_new(NULL, &model, NULL), TAKEO_DONE);
    assert_int_equal(takeo_model_add(model, entities, TK_COUNT(entities), NULL), TAKEO_DONE);
    assert_int_equal(takeo_model_freeze(model, NULL), TAKEO_DONE);
    return model;
}

static void postgresql_what_leads_to_a_counted_key_is_of_its_type(void **state) {
    (void)state;
    DATABASE_NEEDED();
    database on;
    database_open_with(&on, true, counted_model);
    assert_true(synchronize(&on, 0) != 0);
    assert_int_equal(synchronize(&on, 0), 0);
    assert_string_equal(
        database_ask(&on,
                     "(raw-sql \"select string_agg(attrelid::regclass || '.' || attname || ' ' || "
                     "format_type(atttypid, atttypmod), ', ' order by attrelid::regclass::text, "
                     "attnum) from pg_attribute where attrelid in ('page'::regclass, "
                     "'note'::regclass, 'account'::regclass) and attnum > 0\")",
                     ""),
        "account.id bigint, note.page_user_id bigint, page.size numeric(20,0), "
        "page.editor_id bigint, page.user_id bigint");
    database_close(&on);
}

/* Of rows that are changed together the key is looked up in its index. */
static void postgresql_lists_of_counted_keys_use_the_index(void **state) {
    (void)state;
    DATABASE_NEEDED();
    database on;
    database_open_with(&on, true, counted_model);
    (void)synchronize(&on, 0);
    const tk_entity *page = entity_of(&on, "Page");
    const tk_column *size[] = {tk_entity_column(page, column_of(page, "size"))};
    tk_error error;
    tk_error_init(&error, tk_alloc_default);
    tk_statement *statement = NULL;
    const tk_sql *sql = NULL;
    const tk_dialect *dialect = tk_dialect_find("postgresql");
    assert_int_equal(tk_batch_update(dialect, page, size, 1, tk_alloc_default, &statement, &error),
                     0);
    assert_int_equal(tk_statement_render(statement, dialect, &sql, &error), 0);
    assert_non_null(strstr(sql->text, "cast($2 as bigint[])"));
    database_sql(&on, "insert into account (id) select generate_series(1, 20000)");
    database_sql(&on, "insert into page (user_id, size) select id, 0 from account");
    database_sql(&on, "analyze page");
    database_sql(&on, tk_arena_printf(&on.arena, "prepare change as %s", sql->text));
    const char *plan =
        database_ask(&on, "(raw-sql \"explain execute change('{1,2}', '{1,2}')\")", "");
    if (strstr(plan, "Index Scan using pk_page") == NULL) {
        fail_msg("%s", plan);
    }
    tk_statement_drop(statement);
    tk_error_done(&error);
    database_close(&on);
}

/* ---- spellings of types ---------------------------------------------------------------------- */

static const struct {
    const char *a;
    const char *b;
    bool is_same;
} spellings[] = {
    {"varchar(80)", "character varying(80)", true},
    {"varchar(80)", "character varying(81)", false},
    {"varchar", "character varying", true},
    {"varchar(80)", "character varying", false},
    {"numeric(12, 3)", "numeric(12,3)", true},
    {"decimal(12)", "numeric(12,0)", true},
    {"numeric", "numeric(12,0)", false},
    {"timestamptz(3)", "timestamp(3) with time zone", true},
    {"timestamp", "timestamp without time zone", true},
    {"timestamptz", "timestamp(6) with time zone", true},
    {"timestamptz(6)", "timestamp(3) with time zone", false},
    {"timestamptz(0)", "timestamp with time zone", false},
    {"interval", "interval(6)", true},
    {"numeric(6)", "numeric", false},
    {"timestamp", "timestamp with time zone", false},
    {"TIME (2) WITH TIME ZONE", "time(2) with time zone", true},
    {"char", "character(1)", true},
    {"char(3)", "character(3)", true},
    {"bit varying(5)", "varbit(5)", true},
    {"int4[][]", "integer[]", true},
    {"integer[3]", "integer[]", true},
    {"integer", "integer[]", false},
    {"citext", "public.citext", true},
    {"other.citext", "public.citext", false},
    {"\"My Type\"", "\"My Type\"", true},
    {"\"My Type\"", "\"my type\"", false},
    {"bigserial", "bigint", true},
    {"double   precision", "float8", true},
    {"text", "", false},
};

static void postgresql_types_have_several_spellings(void **state) {
    (void)state;
    const tk_dialect *dialect = tk_dialect_find("postgresql");
    for (size_t i = 0; i < TK_COUNT(spellings); i++) {
        takeo_text a = tk_zstr(spellings[i].a);
        takeo_text b = tk_zstr(spellings[i].b);
        if (tk_ddl_same_type(dialect, a, b) != spellings[i].is_same
            || tk_ddl_same_type(dialect, b, a) != spellings[i].is_same) {
            fail_msg("%s, %s", spellings[i].a, spellings[i].b);
        }
    }
}

/* ---- writing --------------------------------------------------------------------------------- */

typedef struct table { /* rows of cells */
    takeo_cell cells[4][4];
    uint32_t columns[4];
    uint32_t column_count;
    uint32_t count;
    takeo_list list;
} table;

static void table_init(table *rows, const tk_entity *entity, const char *const *names,
                       uint32_t count) {
    *rows = (table){.column_count = count};
    for (uint32_t i = 0; i < count; i++) {
        rows->columns[i] = column_of(entity, names[i]);
    }
    rows->list = (takeo_list){
        .items = rows->cells, .stride = sizeof rows->cells[0], .entity = entity->number};
}

static takeo_cell *add_row(table *rows) {
    takeo_cell *row = rows->cells[rows->count++];
    for (uint32_t i = 0; i < rows->column_count; i++) {
        row[i] = (takeo_cell){.flags = TAKEO_CELL_UNSET};
    }
    rows->list.count = rows->count;
    return row;
}

static takeo_status insert(database *on, table *rows) {
    const takeo_save_options options = {.struct_size = sizeof options,
                                        .columns = rows->columns,
                                        .column_count = rows->column_count};
    return database_end(on->op, takeo_repo_insert(on->op, NULL, &rows->list, 1, &options));
}

static void expect_written(database *on, const char *wanted) {
    takeo_result result = {.struct_size = sizeof result};
    assert_int_equal(takeo_op_result(on->op, &result), TAKEO_DONE);
    char text[16] = "";
    for (uint32_t i = 0; i < result.written_count; i++) {
        text[i] = result.written[i] == TAKEO_WRITTEN_INSERTED  ? 'i'
                  : result.written[i] == TAKEO_WRITTEN_UPDATED ? 'u'
                                                               : 's';
    }
    assert_string_equal(text, wanted);
}

static takeo_cell text_cell(const char *text) {
    return tk_cell_text(TAKEO_TYPE_TEXT, text, strlen(text));
}

/* Keys come back with the rows, by themselves. */
static void postgresql_insert_brings_the_key(void **state) {
    (void)state;
    DATABASE_NEEDED();
    static const char *const names[] = {"id", "name"};
    database on;
    table rows;
    begin(&on);
    table_init(&rows, entity_of(&on, "Country"), names, 2);
    add_row(&rows)[1] = text_cell("a");
    add_row(&rows)[1] = text_cell("b");
    database_check(on.op, insert(&on, &rows));
    expect_written(&on, "ii");
    assert_int_equal(rows.cells[0][0].v.i, 1);
    assert_int_equal(rows.cells[1][0].v.i, 2);
    /* a key that is given is taken; the sequence does not know of it, and nobody hides that */
    table_init(&rows, entity_of(&on, "Country"), names, 2);
    takeo_cell *row = add_row(&rows);
    row[0] = tk_cell_int(TAKEO_TYPE_INT64, 3);
    row[1] = text_cell("c");
    database_check(on.op, insert(&on, &rows));
    table_init(&rows, entity_of(&on, "Country"), names, 2);
    add_row(&rows)[1] = text_cell("d");
    assert_int_equal(insert(&on, &rows), TAKEO_EUNIQUE);
    assert_string_equal(takeo_op_error(on.op)->field.data, "id");
    database_close(&on);
}

/* PK-04: a column that the server alone fills takes a value all the same when one is given. */
static void postgresql_insert_overrides_identity_always(void **state) {
    (void)state;
    DATABASE_NEEDED();
    static const char *const names[] = {"id", "tiny", "mid", "letters"};
    database on;
    table rows;
    begin(&on);
    table_init(&rows, entity_of(&on, "Sample"), names, 4);
    for (int i = 0; i < 2; i++) {
        takeo_cell *row = add_row(&rows);
        if (i == 0) {
            row[0] = tk_cell_int(TAKEO_TYPE_INT32, 7);
        }
        row[1] = row[2] = tk_cell_int(TAKEO_TYPE_INT16, 1);
        row[3] = text_cell("x");
    }
    database_check(on.op, insert(&on, &rows));
    assert_int_equal(rows.cells[0][0].v.i, 7);
    assert_int_equal(rows.cells[1][0].v.i, 1);
    assert_string_equal(database_ask(&on,
                                     "(select (columns Sample.id) (from Sample) (order-by "
                                     "Sample.id))",
                                     ""),
                        "1 / 7");
    database_close(&on);
}

static takeo_status upsert(database *on, table *rows, const char *by, uint32_t flags) {
    const tk_entity *entity = tk_model_entity(on->model, rows->list.entity);
    const uint32_t target = column_of(entity, by);
    const takeo_upsert_options options = {.struct_size = sizeof options,
                                          .flags = flags,
                                          .columns = rows->columns,
                                          .column_count = rows->column_count,
                                          .on = &target,
                                          .on_count = 1};
    return database_end(on->op, takeo_repo_upsert(on->op, NULL, &rows->list, 1, &options));
}

static void fill_countries(table *rows, const database *on, const char *continent) {
    static const char *const names[] = {"id", "name", "continent_code"};
    table_init(rows, entity_of(on, "Country"), names, 3);
    for (int i = 0; i < 2; i++) {
        takeo_cell *row = add_row(rows);
        row[1] = text_cell(i == 0 ? "old" : "new");
        row[2] = continent != NULL ? text_cell(continent) : (takeo_cell){.flags = TAKEO_CELL_NULL};
    }
}

/* Inserted, updated and left alone are three things. */
static void postgresql_upsert_tells_outcomes_apart(void **state) {
    (void)state;
    DATABASE_NEEDED();
    database on;
    table rows;
    begin(&on);
    (void)database_ask(&on,
                       "(insert (into Continent) (columns Continent.code Continent.name) "
                       "(rows (row ?1 ?2)))",
                       "EU|Europe");
    (void)database_ask(&on, "(insert (into Country) (columns Country.name) (rows (row ?1)))",
                       "old");
    fill_countries(&rows, &on, "EU");
    database_check(on.op, upsert(&on, &rows, "name", 0));
    expect_written(&on, "ui");
    assert_int_equal(rows.cells[0][0].v.i, 1); /* the key of the row that was there */
    int64_t fresh = rows.cells[1][0].v.i;
    assert_true(fresh > 1);
    fill_countries(&rows, &on, "EU");
    database_check(on.op, upsert(&on, &rows, "name", TAKEO_UPSERT_ONLY_IF_CHANGED));
    expect_written(&on, "ss");
    assert_true((rows.cells[0][0].flags & TAKEO_CELL_UNSET) != 0); /* no row came, so no key */
    fill_countries(&rows, &on, NULL);
    database_check(on.op, upsert(&on, &rows, "name", TAKEO_UPSERT_ONLY_IF_CHANGED));
    expect_written(&on, "uu");
    assert_int_equal(rows.cells[1][0].v.i, fresh);
    (void)database_ask(&on, "(delete (into Country) (where (eq Country.name ?1)))", "new");
    fill_countries(&rows, &on, "EU");
    database_check(on.op, upsert(&on, &rows, "name", TAKEO_UPSERT_NOTHING));
    expect_written(&on, "si");
    assert_true((rows.cells[0][0].flags & TAKEO_CELL_UNSET) != 0);
    assert_true(rows.cells[1][0].v.i > fresh);
    database_close(&on);
}

/* A natural key brings nothing back but what became of the row. */
static void postgresql_upsert_of_natural_keys(void **state) {
    (void)state;
    DATABASE_NEEDED();
    static const char *const names[] = {"code", "name"};
    database on;
    table rows;
    begin(&on);
    for (int run = 0; run < 3; run++) {
        table_init(&rows, entity_of(&on, "Continent"), names, 2);
        takeo_cell *row = add_row(&rows);
        row[0] = text_cell("EU");
        row[1] = text_cell(run < 2 ? "Europe" : "Europa");
        database_check(on.op, upsert(&on, &rows, "code", TAKEO_UPSERT_ONLY_IF_CHANGED));
        expect_written(&on, run == 0 ? "i" : run == 1 ? "s" : "u");
    }
    database_close(&on);
}

/* A partial index is a target when its condition is said. */
static void postgresql_upsert_by_a_partial_index(void **state) {
    (void)state;
    DATABASE_NEEDED();
    static const char *const names[] = {"name", "country_id"};
    database on;
    table rows;
    begin(&on);
    (void)database_ask(&on, "(insert (into Country) (columns Country.name) (rows (row ?1)))", "x");
    database_sql(&on, "create unique index on city (name) where population = 0");
    const tk_entity *city = entity_of(&on, "City");
    uint32_t name = column_of(city, "name");
    table_init(&rows, city, names, 1);
    rows.columns[1] = tk_entity_find_relation(city, "country", 7)->columns[0]->number;
    rows.column_count = 2;
    for (int run = 0; run < 2; run++) {
        rows.count = 0;
        takeo_cell *row = add_row(&rows);
        row[0] = text_cell("a");
        row[1] = tk_cell_int(TAKEO_TYPE_INT64, 1);
        tk_statement *statement = NULL;
        const tk_column *columns[] = {tk_entity_column(city, name),
                                      tk_entity_column(city, rows.columns[1])};
        const tk_shape_upsert_def def = {.columns = columns,
                                         .column_count = 2,
                                         .on = columns,
                                         .on_count = 1,
                                         .update = columns + 1,
                                         .update_count = 1,
                                         .index_where = "population = 0"};
        assert_int_equal(tk_shape_upsert(city, &def, tk_alloc_default, &statement, NULL), 0);
        database_check(on.op,
                       database_end(on.op, takeo_statement_run(on.op, statement, NULL, row, 2)));
        tk_statement_drop(statement);
    }
    assert_string_equal(database_ask(&on, "(select (columns (call count)) (from City))", ""), "1");
    database_close(&on);
}

/* ---- lists of keys --------------------------------------------------------------------------- */

static takeo_cell pair(database *on, int64_t warehouse, const char *sku) {
    takeo_cell *cells = tk_arena_array(&on->arena, 2, sizeof *cells);
    cells[0] = tk_cell_int(TAKEO_TYPE_INT32, warehouse);
    cells[1] = text_cell(sku);
    return (takeo_cell){.type = TAKEO_TYPE_ARRAY, .v = {.list = {cells, 2}}};
}

static void postgresql_lists_of_keys_go_by_column(void **state) {
    (void)state;
    DATABASE_NEEDED();
    static const char ask[] =
        "(select (columns Stock.amount) (from Stock) (where (gt Stock.amount ?1)) "
        "(where (in (key Stock) ?2*)) (where (lt Stock.amount ?3)) (order-by Stock.amount))";
    database on;
    begin(&on);
    for (int i = 0; i < 4; i++) {
        char row[40];
        snprintf(row, sizeof row, "%d|%c|%d", i, 'a' + i, 10 * i);
        (void)database_ask(&on,
                           "(insert (into Stock) (columns Stock.warehouse Stock.sku "
                           "Stock.amount) (rows (row ?1 ?2 ?3)))",
                           row);
    }
    takeo_cell keys[] = {pair(&on, 1, "a"), pair(&on, 2, "c"), pair(&on, 3, "d"),
                         pair(&on, 1, "b")};
    takeo_cell arguments[] = {tk_cell_int(TAKEO_TYPE_INT32, 5),
                              {.type = TAKEO_TYPE_ARRAY, .v = {.list = {keys, 4}}},
                              tk_cell_int(TAKEO_TYPE_INT32, 30)};
    for (int i = 0; i < 3; i++) {
        database_check(on.op, database_run(&on, ask, "", arguments));
        assert_string_equal(database_rows(&on), "10 / 20");
    }
    arguments[1].v.list.count = 0;
    database_check(on.op, database_run(&on, ask, "", arguments));
    assert_string_equal(database_rows(&on), "");
    keys[0].v.list.count = 1;
    arguments[1].v.list.count = 4;
    assert_int_equal(database_run(&on, ask, "", arguments), TAKEO_EINPUT);
    assert_string_equal(takeo_op_error(on.op)->code.data, "TAKEO.INPUT.COUNT");
    database_close(&on);
}

/* ---- failures in the nouns of the model ------------------------------------------------------ */

typedef struct failure {
    const char *sql;
    takeo_status status;
    const char *entity;
    const char *field;
    const char *constraint; /* NULL: none */
} failure;

static void expect_failure(database *on, const failure *wanted) {
    takeo_status status = database_try(on->op, wanted->sql);
    const takeo_error *error = takeo_op_error(on->op);
    const char *field = error != NULL && error->field.data != NULL ? error->field.data : "";
    const char *entity = error != NULL && error->entity.data != NULL ? error->entity.data : "";
    const char *constraint =
        error != NULL && error->constraint_name.data != NULL ? error->constraint_name.data : "";
    if (status != wanted->status || strcmp(field, wanted->field) != 0
        || strcmp(entity, wanted->entity) != 0 || strcmp(constraint, wanted->constraint) != 0) {
        fail_msg("%s: %d %s.%s %s", wanted->sql, (int)status, entity, field, constraint);
    }
}

static const failure of_model[] = {
    {"insert into continent values ('EU', 'again')", TAKEO_EUNIQUE, "Continent", "code",
     "pk_continent"},
    {"insert into country (name) values ('x')", TAKEO_EUNIQUE, "Country", "name",
     "uq_country_name"},
    {"insert into country (id, name) values (1, 'y')", TAKEO_EUNIQUE, "Country", "id",
     "pk_country"},
    {"insert into country (name, continent_code) values ('y', 'XX')", TAKEO_EFOREIGN_KEY, "Country",
     "continent", "fk_country_continent"},
    {"insert into country (name) values (null)", TAKEO_ENOT_NULL, "Country", "name", ""},
    {"insert into \"user\" (id, mail, password, status) values (gen_random_uuid(), '', '', 'odd')",
     TAKEO_ECHECK, "User", "status", "ck_user_status_labels"},
    {"select nothing from country", TAKEO_EUNDEFINED_COLUMN, "", "", ""},
    {"insert into country (nothing) values (1)", TAKEO_EUNDEFINED_COLUMN, "Country", "", ""},
};
static const failure of_server[] = {
    {"insert into continent values ('EU', 'again')", TAKEO_EUNIQUE, "Continent", "code",
     "continent_pkey"},
    {"insert into country (name) values ('x')", TAKEO_EUNIQUE, "Country", "name",
     "country_name_key"},
    {"insert into country (id, name) values (1, 'y')", TAKEO_EUNIQUE, "Country", "id",
     "country_pkey"},
    {"insert into country (name, continent_code) values ('y', 'XX')", TAKEO_EFOREIGN_KEY, "Country",
     "continent", "country_continent_code_fkey"},
};

static void fill_one(database *on) {
    database_sql(on, "insert into continent values ('EU', 'Europe')");
    database_sql(on, "insert into country (name) values ('x')");
}

static void postgresql_failures_speak_of_the_model(void **state) {
    (void)state;
    DATABASE_NEEDED();
    database on;
    begin(&on);
    fill_one(&on);
    for (size_t i = 0; i < TK_COUNT(of_model); i++) {
        expect_failure(&on, &of_model[i]);
    }
    database_close(&on);
}

static void postgresql_failures_know_names_of_the_server(void **state) {
    (void)state;
    DATABASE_NEEDED();
    database on;
    database_open(&on, true);
    for (size_t i = 0; i < TK_COUNT(by_hand); i++) {
        database_sql(&on, by_hand[i]);
    }
    fill_one(&on);
    for (size_t i = 0; i < TK_COUNT(of_server); i++) {
        expect_failure(&on, &of_server[i]);
    }
    database_close(&on);
}

/* ---- statements that the server has lost ------------------------------------------------------ */

/* F31: several executions are a transaction of their own, which is begun anew. */
static void postgresql_executions_are_sent_again(void **state) {
    (void)state;
    DATABASE_NEEDED();
    database on;
    begin(&on);
    static const char sql[] = "insert into continent values ({}, {})";
    takeo_statement *statement = NULL;
    assert_int_equal(takeo_statement_sql(NULL, sql, sizeof sql - 1, &statement, NULL), TAKEO_DONE);
    for (int turn = 0; turn < 3; turn++) {
        char codes[6][3];
        takeo_cell cells[6];
        for (int i = 0; i < 3; i++) {
            (void)snprintf(codes[i], sizeof codes[i], "%d%d", turn, i);
            cells[2 * i] = cells[2 * i + 1] = text_cell(codes[i]);
        }
        database_finish(on.op, takeo_statement_run(on.op, statement, NULL, cells, 6));
        takeo_result result = {.struct_size = sizeof result};
        assert_int_equal(takeo_op_result(on.op, &result), TAKEO_DONE);
        assert_int_equal(result.affected, 3);
        char forget[40]; /* other words each time: they are prepared, too */
        (void)snprintf(forget, sizeof forget, "deallocate all -- %d", turn);
        database_sql(&on, forget);
    }
    assert_string_equal(database_ask(&on, "(raw-sql \"select count(*) from continent\")", ""), "9");
    takeo_statement_free(statement);
    database_close(&on);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(postgresql_synchronize_twice_does_nothing),
        cmocka_unit_test(postgresql_synchronize_knows_other_spellings),
        cmocka_unit_test(postgresql_synchronize_tells_all_differences),
        cmocka_unit_test(postgresql_synchronize_failure_undoes_all),
        cmocka_unit_test(postgresql_what_leads_to_a_counted_key_is_of_its_type),
        cmocka_unit_test(postgresql_lists_of_counted_keys_use_the_index),
        cmocka_unit_test(postgresql_types_have_several_spellings),
        cmocka_unit_test(postgresql_insert_brings_the_key),
        cmocka_unit_test(postgresql_insert_overrides_identity_always),
        cmocka_unit_test(postgresql_upsert_tells_outcomes_apart),
        cmocka_unit_test(postgresql_upsert_of_natural_keys),
        cmocka_unit_test(postgresql_upsert_by_a_partial_index),
        cmocka_unit_test(postgresql_lists_of_keys_go_by_column),
        cmocka_unit_test(postgresql_failures_speak_of_the_model),
        cmocka_unit_test(postgresql_failures_know_names_of_the_server),
        cmocka_unit_test(postgresql_executions_are_sent_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
