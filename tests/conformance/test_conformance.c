/* test_conformance.c - runs the cases of the JSON files beside this one through the C ABI: on
 * SQLite, then on PostgreSQL where TAKEO_TEST_POSTGRESQL names a server.
 *
 * Every binding runs the same cases; README.md beside this file says how they are written.  Finds
 * are run twice, as structs and as cells.  A case ends with all memory given back.
 */
#include "case_run.h"

#include <glob.h>

enum { CASES_MAX = 512 };

static const char root_variable[] = "TAKEO_SOURCE_ROOT";

/* ---- finds ----------------------------------------------------------------------------------- */

static const case_word operator_words[] = {{"=", TAKEO_OPERATOR_EQ},
                                           {"!=", TAKEO_OPERATOR_NE},
                                           {"<", TAKEO_OPERATOR_LT},
                                           {"<=", TAKEO_OPERATOR_LE},
                                           {">", TAKEO_OPERATOR_GT},
                                           {">=", TAKEO_OPERATOR_GE},
                                           {"between", TAKEO_OPERATOR_BETWEEN},
                                           {"is_null", TAKEO_OPERATOR_IS_NULL},
                                           {"is_not_null", TAKEO_OPERATOR_IS_NOT_NULL},
                                           {"in", TAKEO_OPERATOR_IN},
                                           {"not_in", TAKEO_OPERATOR_NOT_IN},
                                           {"like", TAKEO_OPERATOR_LIKE},
                                           {"ilike", TAKEO_OPERATOR_LIKE},
                                           {"contains", TAKEO_OPERATOR_TEXT_CONTAINS},
                                           {"icontains", TAKEO_OPERATOR_TEXT_CONTAINS},
                                           {"starts_with", TAKEO_OPERATOR_STARTS_WITH},
                                           {"istarts_with", TAKEO_OPERATOR_STARTS_WITH},
                                           {"ends_with", TAKEO_OPERATOR_ENDS_WITH},
                                           {"iends_with", TAKEO_OPERATOR_ENDS_WITH},
                                           {NULL, 0}};

/* "name", or "country.name" behind a to-one. */
static const case_column *find_path(case_run *run, case_entity *entity, const char *path,
                                    uint32_t *out_relation, uint32_t *out_column) {
    const char *dot = strchr(path, '.');
    *out_relation = 0;
    if (dot != NULL) {
        char name[64];
        snprintf(name, sizeof name, "%.*s", (int)(dot - path), path);
        *out_relation = find_relation(entity, name);
        entity = *out_relation != 0 ? entity->relations[*out_relation - 1].target : NULL;
        path = dot + 1;
    }
    *out_column = entity != NULL ? find_column(entity, path) : 0;
    if (*out_column == 0) {
        complain(run, "there is no %s", path);
        return NULL;
    }
    return &entity->columns[*out_column - 1];
}

static void read_condition(case_run *run, case_entity *entity, const json *said,
                           takeo_condition *out) {
    const json *name = said->first;
    const json *word = name->next;
    const case_column *column = find_path(run, entity, name->text, &out->relation, &out->column);
    bool ignores_case = word->text[0] == 'i' && strncmp(word->text, "in", 2) != 0
                        && strncmp(word->text, "is_", 3) != 0;
    out->op = (takeo_operator)word_number(operator_words, word->text);
    out->flags = ignores_case ? TAKEO_NODE_FLAG_IGNORE_CASE : 0;
    if (word->next != NULL) {
        bool is_text = out->op >= TAKEO_OPERATOR_LIKE && out->op <= TAKEO_OPERATOR_ENDS_WITH;
        out->value =
            cell_from(&run->arena, word->next, is_text ? (takeo_type)TAKEO_TYPE_TEXT : column->type,
                      column->element);
        if (word->next->kind == JSON_ARRAY && column->type != TAKEO_TYPE_ARRAY) {
            out->value.type = TAKEO_TYPE_ARRAY;
        }
    }
}

static void read_order(case_run *run, case_entity *entity, const json *said, takeo_order *out) {
    const char *name = said->kind == JSON_ARRAY ? said->first->text : said->text;
    bool is_down = name[0] == '-';
    (void)find_path(run, entity, name + is_down, &out->relation, &out->column);
    out->op = is_down ? TAKEO_OPERATOR_DESC : TAKEO_OPERATOR_ASC;
    if (said->kind == JSON_ARRAY) {
        bool is_first = strcmp(said->first->next->text, "nulls_first") == 0;
        out->flags = is_first ? TAKEO_NODE_FLAG_NULLS_FIRST : TAKEO_NODE_FLAG_NULLS_LAST;
    }
}

/* "country.cities" as relation numbers, ended by 0. */
static uint32_t read_path(case_run *run, case_entity *entity, const char *path, uint32_t *out) {
    uint32_t count = 0;
    char name[64];
    while (*path != '\0') {
        size_t len = strcspn(path, ".");
        snprintf(name, sizeof name, "%.*s", (int)len, path);
        out[count] = find_relation(entity, name);
        if (out[count] == 0) {
            complain(run, "%s has no relation %s", entity->name, name);
        }
        entity = entity->relations[out[count++] - 1].target;
        path += len + (path[len] == '.');
    }
    out[count++] = 0;
    return count;
}

static uint32_t read_paths(case_run *run, case_entity *entity, const json *said, uint32_t *out) {
    uint32_t count = 0;
    for (const json *each = json_first(said); each != NULL; each = each->next) {
        count += read_path(run, entity, each->text, out + count);
    }
    return count;
}

static void read_find(case_run *run, case_entity *entity, takeo_find *out) {
    const json *where = json_get(run->step, "where");
    const json *order = json_get(run->step, "order");
    const json *only = json_get(run->step, "only");
    takeo_condition *conditions = keep(&run->arena, json_count(where), sizeof *conditions);
    takeo_order *orders = keep(&run->arena, json_count(order), sizeof *orders);
    uint32_t *load = keep(&run->arena, 64, sizeof *load);
    uint32_t *columns = keep(&run->arena, json_count(only), sizeof *columns);
    *out = (takeo_find){.struct_size = sizeof *out,
                        .flags = json_is_true(run->step, "all") ? TAKEO_FIND_ALL : 0,
                        .where = conditions,
                        .order = orders,
                        .load = load,
                        .only = columns,
                        .limit = json_int(run->step, "limit", 0),
                        .offset = json_int(run->step, "offset", 0)};
    for (const json *each = json_first(where); each != NULL; each = each->next) {
        read_condition(run, entity, each, &conditions[out->where_count++]);
    }
    for (const json *each = json_first(order); each != NULL; each = each->next) {
        read_order(run, entity, each, &orders[out->order_count++]);
    }
    for (const json *each = json_first(only); each != NULL; each = each->next) {
        columns[out->only_count++] = find_column(entity, each->text);
    }
    out->load_count = read_paths(run, entity, json_get(run->step, "load"), load);
}

static char *row_object(const takeo_list *list, uint32_t place) {
    return list->stride != 0 ? (char *)list->items + (size_t)place * list->stride
                             : ((char **)list->items)[place];
}

static void expect_rows(case_run *run, case_entity *entity, const json *expected) {
    const takeo_rows *rows = latest_rows(run);
    uint32_t count = rows != NULL ? rows->row_count : 0;
    const json *names = json_get(run->step, "as");
    if (expected != NULL && count != expected->count) {
        complain(run, "there are %u rows, not %u", count, expected->count);
    }
    uint32_t place = 0;
    for (const json *each = json_first(expected); each != NULL; each = each->next) {
        expect_fields(run, entity, row_object(&rows->objects, place++), each);
    }
    place = 0;
    for (const json *each = json_first(names); each != NULL && place < count; each = each->next) {
        add_object(run, each->text, entity, row_object(&rows->objects, place++));
    }
}

/* The same find without a target. */
static void expect_cells(case_run *run, case_entity *entity, const takeo_find *find,
                         const json *expected) {
    takeo_op *op = new_op(run);
    if (!finish(run, op, takeo_repo_find(op, NULL, entity->number, find))) {
        return;
    }
    const takeo_rows *rows = latest_rows(run);
    assert_int_equal(rows != NULL ? rows->row_count : 0, expected->count);
    uint32_t place = 0;
    for (const json *each = expected->first; each != NULL; each = each->next, place++) {
        for (uint32_t i = 0; i < rows->column_count; i++) {
            uint32_t column = rows->columns[i].column;
            const char *name =
                column - 1 < entity->column_count ? entity->columns[column - 1].name : NULL;
            const json *wanted = name != NULL ? json_get(each, name) : NULL;
            if (wanted != NULL && rows->columns[i].entity == entity->number) {
                expect_cell(run, &entity->columns[column - 1], "a row of cells",
                            &rows->cells[(size_t)place * rows->column_count + i], wanted);
            }
        }
    }
}

static case_entity *step_entity(case_run *run) {
    return find_entity(&run->model, json_need(run->step, "entity")->text);
}

static void do_find(case_run *run) {
    case_entity *entity = step_entity(run);
    const json *expected = expectation(run, "rows");
    takeo_find find;
    read_find(run, entity, &find);
    takeo_op *op = new_op(run);
    if (op == NULL
        || !finish(run, op, takeo_repo_find(op, run->model.target, entity->number, &find))) {
        return;
    }
    expect_rows(run, entity, expected);
    if (expected != NULL && find.load_count == 0) {
        expect_cells(run, entity, &find, expected);
    }
}

static void do_get(case_run *run) {
    case_entity *entity = step_entity(run);
    const json *key = json_need(run->step, "key");
    takeo_cell *cells = keep(&run->arena, key->count, sizeof *cells);
    uint32_t count = 0;
    for (const json *each = key->first; each != NULL; each = each->next, count++) {
        cells[count] = cell_from(&run->arena, each, entity->columns[count].type, 0);
    }
    takeo_op *op = new_op(run);
    if (!finish(run, op,
                takeo_repo_get(op, run->model.target, entity->number, cells, key->count))) {
        return;
    }
    const json *expected = expectation(run, "row");
    const takeo_rows *rows = latest_rows(run);
    uint32_t rows_count = rows != NULL ? rows->row_count : 0;
    if (expected != NULL && (rows_count != 0) == (expected->kind == JSON_NULL)) {
        complain(run, "the row is %sthere", rows_count != 0 ? "" : "not ");
    }
    if (rows_count != 0) {
        expect_fields(run, entity, row_object(&rows->objects, 0), expected);
    }
    if (rows_count != 0 && json_get(run->step, "as") != NULL) {
        add_object(run, json_text(run->step, "as", ""), entity, row_object(&rows->objects, 0));
    }
}

static void expect_number(case_run *run, takeo_op *op, const char *name, bool is_statements) {
    const json *expected = expectation(run, name);
    takeo_result result = {.struct_size = sizeof result};
    assert_int_equal(takeo_op_result(op, &result), TAKEO_DONE);
    int64_t actual = is_statements ? result.statement_count : result.affected;
    if (expected != NULL && strtoll(expected->text, NULL, 10) != actual) {
        complain(run, "%s is %lld, not %s", name, (long long)actual, expected->text);
    }
}

static void do_count(case_run *run) {
    case_entity *entity = step_entity(run);
    takeo_find find;
    read_find(run, entity, &find);
    takeo_op *op = new_op(run);
    if (finish(run, op, takeo_repo_count(op, entity->number, &find))) {
        expect_number(run, op, "count", false);
    }
}

static void do_delete(case_run *run) {
    case_entity *entity = step_entity(run);
    takeo_find find;
    read_find(run, entity, &find);
    takeo_op *op = new_op(run);
    if (finish(run, op, takeo_repo_delete(op, entity->number, &find))) {
        expect_number(run, op, "count", false);
    }
}

/* ---- writing --------------------------------------------------------------------------------- */

static const case_word written_words[] = {
    {"nothing", TAKEO_WRITTEN_NOTHING}, {"inserted", TAKEO_WRITTEN_INSERTED},
    {"updated", TAKEO_WRITTEN_UPDATED}, {"deleted", TAKEO_WRITTEN_DELETED},
    {"skipped", TAKEO_WRITTEN_SKIPPED}, {NULL, 0}};

/* New objects of the step: each of "new" has a name of its own. */
static void do_new(case_run *run) {
    const json *objects = json_get(run->step, "new");
    for (const json *each = json_first(objects); each != NULL; each = each->next) {
        const json *entity_name = json_get(each, "entity");
        case_entity *entity =
            entity_name != NULL ? find_entity(&run->model, entity_name->text) : step_entity(run);
        char *memory = new_memory(run, entity);
        set_fields(run, entity, memory, json_get(each, "values"));
        add_object(run, json_need(each, "as")->text, entity, memory);
    }
}

static void do_set(case_run *run) {
    case_object *object = find_object(run, json_need(run->step, "object")->text);
    set_fields(run, object->entity, object->memory, json_need(run->step, "values"));
}

static void do_check(case_run *run) {
    case_object *object = find_object(run, json_need(run->step, "object")->text);
    expect_fields(run, object->entity, object->memory, json_need(run->step, "values"));
}

/* A list for each object: so they may be mixed, and their order is kept. */
static takeo_list *make_lists(case_run *run, uint32_t *out_count) {
    const json *names = json_get(run->step, "objects");
    bool is_new = names == NULL;
    names = is_new ? json_need(run->step, "new") : names;
    takeo_list *lists = keep(&run->arena, names->count, sizeof *lists);
    *out_count = 0;
    for (const json *each = names->first; each != NULL; each = each->next) {
        const char *name = is_new ? json_need(each, "as")->text : each->text;
        case_object *object = find_object(run, name);
        lists[(*out_count)++] = (takeo_list){.items = object->memory,
                                             .count = 1,
                                             .stride = object->entity->size,
                                             .entity = object->entity->number};
    }
    return lists;
}

static uint32_t *column_numbers(case_run *run, const case_entity *entity, const json *names) {
    uint32_t *numbers = keep(&run->arena, json_count(names), sizeof *numbers);
    uint32_t count = 0;
    for (const json *each = json_first(names); each != NULL; each = each->next) {
        numbers[count++] = find_column(entity, each->text);
    }
    return names != NULL ? numbers : NULL;
}

static takeo_status start_upsert(case_run *run, takeo_op *op, const takeo_list *lists,
                                 uint32_t list_count) {
    const json *on = json_get(run->step, "on");
    const json *update = json_get(run->step, "update");
    const case_entity *entity = &run->model.entities[lists[0].entity - 1];
    takeo_upsert_options options = {
        .struct_size = sizeof options,
        .flags = (json_is_true(run->step, "nothing") ? TAKEO_UPSERT_NOTHING : 0)
                 | (json_is_true(run->step, "only_if_changed") ? TAKEO_UPSERT_ONLY_IF_CHANGED : 0),
        .on = column_numbers(run, entity, on),
        .update = column_numbers(run, entity, update),
        .on_count = json_count(on),
        .update_count = json_count(update)};
    return takeo_repo_upsert(op, run->model.target, lists, list_count, &options);
}

static takeo_status start_write(case_run *run, takeo_op *op) {
    const char *verb = json_need(run->step, "do")->text;
    takeo_target *target = run->model.target;
    uint32_t count;
    takeo_list *lists = make_lists(run, &count);
    if (strcmp(verb, "save") == 0) {
        return takeo_repo_save(op, target, lists, count, NULL);
    }
    if (strcmp(verb, "insert") == 0) {
        return takeo_repo_insert(op, target, lists, count, NULL);
    }
    if (strcmp(verb, "update") == 0) {
        return takeo_repo_update(op, target, lists, count, NULL);
    }
    if (strcmp(verb, "remove") == 0) {
        return takeo_repo_remove(op, target, lists, count, NULL);
    }
    return start_upsert(run, op, lists, count);
}

static void do_write(case_run *run) {
    do_new(run);
    takeo_op *op = new_op(run);
    if (op == NULL || !finish(run, op, start_write(run, op))) {
        return;
    }
    const json *expected = expectation(run, "written");
    takeo_result result = {.struct_size = sizeof result};
    assert_int_equal(takeo_op_result(op, &result), TAKEO_DONE);
    assert_int_equal(result.inserted + result.updated + result.deleted, result.affected);
    if (expected != NULL && result.written_count != expected->count) {
        complain(run, "%u objects are told of, not %u", result.written_count, expected->count);
    }
    uint32_t place = 0;
    for (const json *each = json_first(expected); each != NULL; each = each->next, place++) {
        if (result.written[place] != word_number(written_words, each->text)) {
            complain(run, "object %u was written as %u, not %s", place + 1, result.written[place],
                     each->text);
        }
    }
    expect_number(run, op, "statements", true);
}

static void do_load(case_run *run) {
    const json *names = json_need(run->step, "objects");
    case_entity *entity = find_object(run, names->first->text)->entity;
    void **items = keep(&run->arena, names->count, sizeof *items);
    uint32_t *paths = keep(&run->arena, 64, sizeof *paths);
    takeo_list list = {.items = items, .entity = entity->number};
    for (const json *each = names->first; each != NULL; each = each->next) {
        items[list.count++] = find_object(run, each->text)->memory;
    }
    uint32_t path_count = read_paths(run, entity, json_get(run->step, "load"), paths);
    bool is_reload = strcmp(json_need(run->step, "do")->text, "reload") == 0;
    takeo_op *op = new_op(run);
    (void)finish(run, op,
                 is_reload ? takeo_repo_reload(op, run->model.target, &list, NULL, 0)
                           : takeo_repo_load(op, run->model.target, &list, paths, path_count));
}

/* ---- SQL, the schema, transactions ----------------------------------------------------------- */

static void expect_texts(case_run *run, const json *expected) {
    const takeo_rows *rows = latest_rows(run);
    uint32_t count = rows != NULL ? rows->row_count : 0;
    if (count != expected->count) {
        complain(run, "there are %u rows, not %u", count, expected->count);
    }
    uint32_t at = 0;
    for (const json *row = expected->first; row != NULL; row = row->next) {
        assert_int_equal(row->count, rows->column_count);
        for (const json *each = row->first; each != NULL; each = each->next, at++) {
            const char *actual = cell_text(&run->arena, &rows->cells[at]);
            const char *wanted = each->kind == JSON_NULL ? "NULL" : each->text;
            if (strcmp(actual, wanted) != 0) {
                complain(run, "a value is %s, not %s", actual, wanted);
            }
        }
    }
}

static void do_sql(case_run *run) {
    const json *arguments = json_get(run->step, "arguments");
    const json *text = json_need(run->step, "text");
    takeo_cell *cells = keep(&run->arena, json_count(arguments), sizeof *cells);
    takeo_statement *statement = NULL;
    takeo_error *error = NULL;
    uint32_t count = 0;
    for (const json *each = json_first(arguments); each != NULL; each = each->next) {
        cells[count++] = cell_from(&run->arena, each, 0, 0);
    }
    takeo_status status =
        takeo_statement_sql(run->model.model, text->text, text->len, &statement, &error);
    if (status < 0) {
        expect_status(run, expectation(run, "error"), status, error);
        takeo_error_free(error);
        return;
    }
    takeo_op *op = new_op(run);
    bool is_done = finish(run, op, takeo_statement_run(op, statement, NULL, cells, count));
    takeo_statement_free(statement);
    if (is_done && expectation(run, "rows") != NULL) {
        expect_texts(run, expectation(run, "rows"));
    }
    if (is_done && expectation(run, "count") != NULL) {
        expect_number(run, op, "count", false);
    }
}

static void do_synchronize(case_run *run) {
    bool is_plan = json_is_true(run->step, "plan");
    takeo_op *op = new_op(run);
    if (!finish(run, op, takeo_source_synchronize(op, is_plan ? TAKEO_SYNCHRONIZE_PLAN : 0))) {
        return;
    }
    const takeo_rows *rows = latest_rows(run);
    const json *expected = expectation(run, "statements");
    uint32_t count = rows != NULL ? rows->row_count : 0;
    bool is_some = expected != NULL && expected->kind == JSON_BOOL;
    if (is_some ? count == 0
                : expected != NULL && strtoll(expected->text, NULL, 10) != (int64_t)count) {
        complain(run, "%u statements were needed, not %s", count, expected->text);
    }
}

static void do_transaction(case_run *run) {
    const char *verb = json_need(run->step, "do")->text;
    takeo_op *op = new_op(run);
    if (strcmp(verb, "begin") == 0) {
        (void)finish(run, op, takeo_txn_begin(op, NULL));
    } else if (strcmp(verb, "commit") == 0) {
        (void)finish(run, op, takeo_txn_commit(op, 0));
    } else {
        (void)finish(run, op, takeo_txn_rollback(op, 0));
    }
}

static void do_close(case_run *run) {
    takeo_source_close(run->source);
    run->source = NULL;
}

/* ---- a case ---------------------------------------------------------------------------------- */

static const struct verb {
    const char *name;
    void (*run)(case_run *run);
} verbs[] = {{"synchronize", do_synchronize},
             {"new", do_new},
             {"set", do_set},
             {"check", do_check},
             {"save", do_write},
             {"insert", do_write},
             {"update", do_write},
             {"upsert", do_write},
             {"remove", do_write},
             {"find", do_find},
             {"get", do_get},
             {"count", do_count},
             {"delete", do_delete},
             {"load", do_load},
             {"reload", do_load},
             {"sql", do_sql},
             {"begin", do_transaction},
             {"commit", do_transaction},
             {"rollback", do_transaction},
             {"close", do_close}};

/* A step that "in" names for other hosts, or "database" for another one, is left out. */
static bool is_meant(const case_run *run, const json *step) {
    const char *here = run->database->name;
    return strcmp(json_text(step, "in", "c"), "c") == 0
           && strcmp(json_text(step, "database", here), here) == 0;
}

static void run_step(case_run *run, const json *step) {
    const char *name = json_need(step, "do")->text;
    run->step = step;
    run->number++;
    for (size_t i = 0; is_meant(run, step) && i < TK_COUNT(verbs); i++) {
        if (strcmp(verbs[i].name, name) == 0) {
            verbs[i].run(run);
            return;
        }
    }
    if (is_meant(run, step)) {
        complain(run, "there is no such step");
    }
}

static void open_database(case_run *run, takeo_error **error) {
    char url[1024];
    case_database_open(run->database, json_is_true(run->said, "file"), url, sizeof url);
    takeo_source_options options = {
        .struct_size = sizeof options, .url = url, .allocator = &run->allocator};
    takeo_status status = takeo_source_open(run->model.model, &options, &run->source, error);
    expect_status(run, NULL, status, *error);
    status = takeo_session_new(run->source, NULL, &run->session, error);
    expect_status(run, NULL, status, *error);
}

static void run_steps(case_run *run, const json *model) {
    takeo_error *error = NULL;
    expect_status(run, NULL, case_model_lay_out(&run->model, model, &error), error);
    open_database(run, &error);
    static const char synchronize[] = "{\"do\":\"synchronize\"}";
    json *first = json_read(synchronize, sizeof synchronize - 1, "synchronize");
    const json *said = json_get(run->said, "synchronize");
    if (said == NULL || said->text[0] == 't') {
        run_step(run, first);
    }
    run->number = 0;
    for (const json *step = json_need(run->said, "steps")->first; step != NULL; step = step->next) {
        run_step(run, step);
    }
    json_free(first);
}

static void free_all(case_run *run) {
    for (uint32_t i = 0; i < run->op_count; i++) {
        takeo_rows_free(run->rows[i]);
        takeo_op_free(run->ops[i]);
    }
    takeo_session_free(run->session);
    takeo_source_close(run->source);
    case_model_done(&run->model);
    tk_test_alloc_done(&run->memory);
    tk_arena_done(&run->arena);
}

typedef struct case_data {
    const json *file;
    const json *said;
} case_data;

static case_database sqlite = {.name = "sqlite"};
static case_database postgresql = {.name = "postgresql"};
static case_database *database = &sqlite; /* that the cases run on */

/* The model stands in the case, or has a name in the file. */
static const json *model_of(const case_data *data) {
    const json *model = json_need(data->said, "model");
    return model->kind == JSON_STRING ? json_need(json_need(data->file, "models"), model->text)
                                      : model;
}

static void run_case(void **state) {
    const case_data *data = *state;
    case_run *run = calloc(1, sizeof *run);
    takeo_error *error = NULL;
    assert_non_null(run);
    run->said = data->said;
    run->database = database;
    if (strcmp(json_text(data->said, "only", "c"), "c") != 0 || !is_meant(run, data->said)) {
        free(run);
        skip();
    }
    run->allocator = tk_test_alloc_init(&run->memory);
    tk_arena_init(&run->arena, tk_alloc_default);
    takeo_status status =
        case_model_make(&run->model, model_of(data), &run->arena, &run->allocator, &error);
    expect_status(run, json_get(data->said, "model_error"), status, error);
    if (status >= 0) {
        run_steps(run, model_of(data));
    }
    takeo_error_free(error);
    free_all(run);
    free(run);
}

static int leave_database(void **state) {
    (void)state;
    case_database_close(database);
    return 0;
}

/* ---- all files ------------------------------------------------------------------------------- */

int main(void) {
    const char *root = getenv(root_variable);
    char pattern[4096];
    glob_t found;
    snprintf(pattern, sizeof pattern, "%s/tests/conformance/*.json", root != NULL ? root : ".");
    if (glob(pattern, 0, NULL, &found) != 0) {
        fprintf(stderr, "there are no cases at %s\n", pattern);
        return 1;
    }
    static struct CMUnitTest tests[CASES_MAX];
    static case_data data[CASES_MAX];
    json *files[64];
    size_t count = 0;
    for (size_t i = 0; i < found.gl_pathc && i < TK_COUNT(files); i++) {
        files[i] = json_read_file(found.gl_pathv[i]);
        const json *cases = json_need(files[i], "cases");
        for (const json *each = cases->first; each != NULL && count < CASES_MAX;
             each = each->next) {
            data[count] = (case_data){files[i], each};
            tests[count] = (struct CMUnitTest){json_need(each, "id")->text, run_case, NULL,
                                               leave_database, &data[count]};
            count++;
        }
    }
    int failed = _cmocka_run_group_tests("sqlite", tests, count, NULL, NULL);
    if (case_database_start(&postgresql, "TAKEO_TEST_POSTGRESQL")) {
        database = &postgresql;
        failed += _cmocka_run_group_tests("postgresql", tests, count, NULL, NULL);
        case_database_stop(&postgresql);
    }
    for (size_t i = 0; i < found.gl_pathc && i < TK_COUNT(files); i++) {
        json_free(files[i]);
    }
    globfree(&found);
    return failed;
}
