/* test_ddl.c - CREATE TABLE and CREATE INDEX of every entity of the world, for each dialect; and
 * the statements that the ORM makes for itself.  The answers stand in tests/golden/ddl.txt,
 * shapes.txt.
 */
#include "file.h"
#include "world.h"
#include "sql/sql.h"

static const char *const dialects[] = {"sqlite", "postgresql"};

static void check_file(const char *name, tk_buf *answer) {
    char path[600];
    file_path(name, path, sizeof path);
    char *text = file_read(path);
    bool is_same = file_is(path, text, answer);
    free(text);
    tk_buf_done(answer);
    assert_true(is_same);
}

static void show_entity(const tk_dialect *dialect, const tk_entity *entity, tk_buf *out) {
    tk_error error;
    tk_error_init(&error, tk_alloc_default);
    assert_int_equal(tk_ddl_table(dialect, entity, out, &error), 0);
    tk_buf_puts(out, ";\n");
    for (uint32_t i = 0; i < entity->index_count; i++) {
        if (!entity->indexes[i].is_constraint) {
            assert_int_equal(tk_ddl_index(dialect, entity, &entity->indexes[i], out, &error), 0);
            tk_buf_puts(out, ";\n");
        }
    }
    tk_error_done(&error);
}

static void show_schema(const tk_dialect *dialect, const tk_entity *entity, tk_buf *out) {
    tk_error error;
    tk_error_init(&error, tk_alloc_default);
    if (tk_dialect_facts_of(dialect)->has_schemas) {
        assert_int_equal(tk_ddl_schema(dialect, entity, out, &error), 0);
        tk_buf_puts(out, ";\n");
    }
    tk_error_done(&error);
}

/* Foreign keys that wait for a table which is made later. */
static void show_waiting(const tk_dialect *dialect, const tk_entity *entity, tk_buf *out) {
    tk_error error;
    tk_error_init(&error, tk_alloc_default);
    for (uint32_t i = 0; i < entity->relation_count; i++) {
        if (tk_ddl_waits(dialect, &entity->relations[i])) {
            assert_int_equal(tk_ddl_foreign_key(dialect, &entity->relations[i], out, &error), 0);
            tk_buf_puts(out, ";\n");
        }
    }
    tk_error_done(&error);
}

static void ddl_every_table_is_written(void **state) {
    (void)state;
    tk_model *model = world_new(NULL);
    assert_non_null(model);
    tk_buf out;
    tk_buf_init(&out, tk_alloc_default, 1 << 20);
    for (size_t d = 0; d < TK_COUNT(dialects); d++) {
        tk_buf_printf(&out, "-- %s\n", dialects[d]);
        show_schema(tk_dialect_find(dialects[d]), tk_model_find_entity(model, "Log", 3), &out);
        for (uint32_t i = 1; i <= model->entity_count; i++) {
            show_entity(tk_dialect_find(dialects[d]), tk_model_entity(model, i), &out);
        }
        for (uint32_t i = 1; i <= model->entity_count; i++) {
            show_waiting(tk_dialect_find(dialects[d]), tk_model_entity(model, i), &out);
        }
    }
    tk_model_drop(model);
    check_file("ddl.txt", &out);
}

/* ---- shapes ---------------------------------------------------------------------------------- */

static void show(const char *what, takeo_status status, tk_statement *statement, tk_error *error,
                 tk_buf *out) {
    tk_buf_printf(out, "%s\n", what);
    if (status < 0) {
        tk_buf_printf(out, "  %s\n", error->first->message.data);
        tk_error_clear(error);
        return;
    }
    for (size_t d = 0; d < TK_COUNT(dialects); d++) {
        const tk_sql *sql = NULL;
        if (tk_statement_render(statement, tk_dialect_find(dialects[d]), &sql, error) == 0) {
            tk_buf_printf(out, "  %s: %s\n", dialects[d], sql->text);
        } else {
            tk_buf_printf(out, "  %s\n", error->first->message.data);
            tk_error_clear(error);
        }
    }
    tk_buf_puts(out, " ");
    for (uint32_t i = 0; i < statement->param_count; i++) {
        tk_buf_printf(out, " %s%s", tk_type_name(statement->params[i].accept.type),
                      statement->params[i].is_list ? "*" : "");
    }
    tk_buf_printf(out, " loads %u\n", (unsigned)statement->load_count);
    tk_statement_drop(statement);
}

static void show_shapes(const tk_entity *entity, tk_error *error, tk_buf *out) {
    tk_alloc alloc = tk_alloc_default;
    const tk_column *columns[] = {&entity->columns[0], &entity->columns[1]};
    const tk_column *last[] = {&entity->columns[1]};
    tk_statement *made = NULL;
    takeo_status status = tk_shape_get(entity, alloc, &made, error);
    tk_buf_printf(out, "== %s\n", entity->name.data);
    show("get", status, made, error, out);
    status = tk_shape_insert(entity, columns, 2, columns, 1, alloc, &made, error);
    show("insert", status, made, error, out);
    status = tk_shape_insert(entity, NULL, 0, NULL, 0, alloc, &made, error);
    show("insert nothing", status, made, error, out);
    status = tk_shape_update(entity, last, 1, alloc, &made, error);
    show("update", status, made, error, out);
    status = tk_shape_delete(entity, alloc, &made, error);
    show("delete", status, made, error, out);
    status = tk_shape_reload(entity, last, 1, alloc, &made, error);
    show("reload", status, made, error, out);
    status = tk_shape_reload(entity, NULL, 0, alloc, &made, error);
    show("reload the key", status, made, error, out);
    struct tk_shape_upsert upsert = {
        .columns = columns, .column_count = 2, .on = entity->key, .on_count = entity->key_count};
    status = tk_shape_upsert(entity, &upsert, alloc, &made, error);
    show("upsert, or nothing", status, made, error, out);
    upsert.update = last;
    upsert.update_count = 1;
    upsert.returning = entity->key;
    upsert.returning_count = entity->key_count;
    upsert.only_if_changed = true;
    upsert.index_where = "1 = 1";
    status = tk_shape_upsert(entity, &upsert, alloc, &made, error);
    show("upsert what changed", status, made, error, out);
    tk_statement *by_key = NULL;
    assert_int_equal(tk_shape_get(entity, alloc, &by_key, error), TAKEO_DONE);
    upsert.where = by_key;
    status = tk_shape_upsert(entity, &upsert, alloc, &made, error);
    show("upsert what changed, on a condition", status, made, error, out);
    tk_statement_drop(by_key);
}

/* Of many rows at once, in the one dialect that has them. */
static void show_batch(const char *what, takeo_status status, tk_statement *statement,
                       tk_error *error, tk_buf *out) {
    const tk_dialect *dialect = tk_dialect_find("postgresql");
    const tk_sql *sql = NULL;
    assert_int_equal(status, TAKEO_DONE);
    assert_int_equal(tk_statement_render(statement, dialect, &sql, error), TAKEO_DONE);
    tk_buf_printf(out, "%s\n  postgresql: %s\n", what, sql->text);
    if (sql->copy_text != NULL) {
        tk_buf_printf(out, "  copy: %s\n  postgresql: %s\n", sql->copy_text, sql->copy_types_text);
    }
    tk_statement_drop(statement);
}

static void show_batches(const tk_entity *entity, const tk_column *const *columns, tk_error *error,
                         tk_buf *out) {
    const tk_dialect *dialect = tk_dialect_find("postgresql");
    tk_alloc alloc = tk_alloc_default;
    tk_statement *made = NULL;
    struct tk_shape_upsert upsert = {.columns = columns,
                                     .column_count = 2,
                                     .on = entity->key,
                                     .on_count = entity->key_count,
                                     .returning = entity->key,
                                     .returning_count = entity->key_count};
    tk_buf_printf(out, "== lists of %s\n", entity->name.data);
    assert_true(tk_batch_takes(dialect, columns, 2));
    assert_false(tk_batch_takes(tk_dialect_find("sqlite"), columns, 2));
    takeo_status status =
        tk_batch_insert(dialect, entity, columns, 2, NULL, 0, alloc, &made, error);
    show_batch("insert", status, made, error, out);
    status = tk_batch_insert(dialect, entity, columns, 2, columns, 2, alloc, &made, error);
    show_batch("insert, and tell", status, made, error, out);
    status = tk_batch_upsert(dialect, entity, &upsert, alloc, &made, error);
    show_batch("upsert, or nothing", status, made, error, out);
    upsert.update = columns + 1;
    upsert.update_count = 1;
    status = tk_batch_upsert(dialect, entity, &upsert, alloc, &made, error);
    show_batch("upsert", status, made, error, out);
    upsert.only_if_changed = true;
    upsert.index_where = "1 = 1";
    status = tk_batch_upsert(dialect, entity, &upsert, alloc, &made, error);
    show_batch("upsert what changed", status, made, error, out);
    tk_statement *by_key = NULL;
    assert_int_equal(tk_shape_get(entity, alloc, &by_key, error), TAKEO_DONE);
    upsert.where = by_key;
    status = tk_batch_upsert(dialect, entity, &upsert, alloc, &made, error);
    show_batch("upsert what changed, on a condition", status, made, error, out);
    tk_statement_drop(by_key);
    status = tk_batch_update(dialect, entity, columns + 1, 1, alloc, &made, error);
    show_batch("update", status, made, error, out);
    status = tk_batch_delete(dialect, entity, alloc, &made, error);
    show_batch("delete", status, made, error, out);
    status = tk_batch_prepare(dialect, entity, alloc, &made, error);
    show_batch("before an insert", status, made, error, out);
}

static const tk_column *column_of(const tk_entity *entity, const char *name) {
    const tk_column *column = tk_entity_find_column(entity, name, strlen(name));
    assert_non_null(column);
    return column;
}

static void shapes_every_statement_is_written(void **state) {
    (void)state;
    tk_model *model = world_new(NULL);
    tk_error error;
    tk_error_init(&error, tk_alloc_default);
    tk_buf out;
    tk_buf_init(&out, tk_alloc_default, 1 << 20);
    show_shapes(tk_model_find_entity(model, "City", 4), &error, &out);
    show_shapes(tk_model_find_entity(model, "Stock", 5), &error, &out);
    show_shapes(tk_model_find_entity(model, "Line", 4), &error, &out);
    tk_statement *made = NULL;
    const tk_entity *country = tk_model_find_entity(model, "Country", 7);
    const tk_relation *cities = tk_entity_find_relation(country, "cities", 6);
    const tk_entity *city = cities->target;
    uint32_t users = tk_entity_find_relation(city, "users", 5)->number;
    uint32_t twin = tk_entity_find_relation(city, "twin", 4)->number;
    uint32_t paths[] = {users, 0, twin, twin, 0};
    takeo_status status = tk_shape_load(cities, paths, 2, tk_alloc_default, &made, &error);
    tk_buf_puts(&out, "== loads\n");
    show("cities, their users, the twins of their twins", status, made, &error, &out);
    uint32_t unknown[] = {77, 0};
    status = tk_shape_load(cities, unknown, 1, tk_alloc_default, &made, &error);
    show("of a relation that is none", status, made, &error, &out);
    const tk_column *named[] = {city->key[0], column_of(city, "name")};
    show_batches(city, named, &error, &out);
    const tk_entity *sample = tk_model_find_entity(model, "Sample", 6);
    const tk_column *nested[] = {sample->key[0], column_of(sample, "grid")};
    show_batches(sample, nested, &error, &out);
    tk_error_done(&error);
    tk_model_drop(model);
    check_file("shapes.txt", &out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ddl_every_table_is_written),
        cmocka_unit_test(shapes_every_statement_is_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
