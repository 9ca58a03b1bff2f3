/* batch.c - statements that write many rows at once: every parameter is a list with the values of
 * one column, so that the text does not depend on how many rows there are.
 *
 * Only a dialect that says `list_type` has them.  They are statements like all others to whoever
 * keeps and runs them, but have no nodes: their text is written at once.  Which rows go this way is
 * not decided here.
 */
#include "sql/sql_int.h"

typedef struct draft {
    const tk_dialect *dialect;
    const tk_entity *entity;
    tk_buf text;
    tk_buf copy;       /* the same by the server's way for bulk; empty: none */
    tk_buf copy_types; /* a statement whose parameters have the columns' types */
    takeo_type parameters[TK_COLUMN_MAX];
    uint32_t parameter_count;
    takeo_type columns[TK_COLUMN_MAX];
    takeo_type elements[TK_COLUMN_MAX];
    uint32_t column_count;
} draft;

static void begin(draft *made, const tk_dialect *dialect, const tk_entity *entity, tk_alloc alloc) {
    memset(made, 0, sizeof *made);
    made->dialect = dialect;
    made->entity = entity;
    tk_buf_init(&made->text, alloc, TK_SQL_MAX);
    tk_buf_init(&made->copy, alloc, TK_SQL_MAX);
    tk_buf_init(&made->copy_types, alloc, TK_SQL_MAX);
}

static void put_names(tk_buf *out, const tk_column *const *columns, uint32_t count,
                      const char *between) {
    for (uint32_t i = 0; i < count; i++) {
        tk_buf_puts(out, i != 0 ? between : "");
        tk_put_quoted(out, columns[i]->column);
    }
}

/* "cast($1 as bigint[]), cast($2 as text[])" */
static void put_lists(draft *made, const tk_column *const *columns, uint32_t count) {
    tk_buf *out = &made->text;
    for (uint32_t i = 0; i < count; i++) {
        tk_buf_puts(out, made->parameter_count != 0 ? ", " : "");
        tk_buf_printf(out, "cast($%u as ", ++made->parameter_count);
        (void)made->dialect->methods.list_type(columns[i], out);
        tk_buf_puts(out, ")");
        made->parameters[made->parameter_count - 1] = TAKEO_TYPE_ARRAY;
    }
}

static void put_returning(draft *made, const tk_column *const *columns, uint32_t count) {
    tk_buf_puts(&made->text, count != 0 ? " returning " : "");
    put_names(&made->text, columns, count, ", ");
    for (uint32_t i = 0; i < count; i++) {
        made->columns[i] = columns[i]->type;
        made->elements[i] = columns[i]->element;
    }
    made->column_count = count;
}

/* ---- the statement --------------------------------------------------------------------------- */

static const char *keep_text(tk_statement *statement, const tk_buf *buf, bool *failed) {
    if (buf->len == 0) {
        return NULL;
    }
    const char *kept = tk_arena_copy(&statement->arena, buf->data, buf->len);
    *failed |= kept == NULL;
    return kept;
}

static takeo_status keep(const draft *made, tk_statement *statement, tk_error *error) {
    size_t columns = made->column_count;
    takeo_type *types =
        tk_arena_array(&statement->arena, made->parameter_count + 2 * columns + 1, sizeof *types);
    bool failed = types == NULL;
    tk_sql sql = {.id = tk_statement_next_id(),
                  .text = keep_text(statement, &made->text, &failed),
                  .len = made->text.len,
                  .parameters = types,
                  .parameter_count = made->parameter_count,
                  .column_count = made->column_count,
                  .is_write = statement->is_write,
                  .copy_text = keep_text(statement, &made->copy, &failed),
                  .copy_types_text = keep_text(statement, &made->copy_types, &failed)};
    if (failed) {
        return tk_raise_memory(error);
    }
    memcpy(types, made->parameters, made->parameter_count * sizeof *types);
    sql.columns = memcpy(types + made->parameter_count, made->columns, columns * sizeof *types);
    sql.elements =
        memcpy(types + made->parameter_count + columns, made->elements, columns * sizeof *types);
    tk_sql *kept = tk_text_new(&statement->alloc, &sql);
    if (kept == NULL) {
        return tk_raise_memory(error);
    }
    statement->texts[made->dialect->number] = kept;
    return TAKEO_DONE;
}

static takeo_status finish(draft *made, bool is_write, tk_statement **out, tk_error *error) {
    bool failed = made->text.failed || made->copy.failed || made->copy_types.failed;
    tk_statement *statement = failed ? NULL : tk_mem_new(&made->text.alloc, sizeof *statement);
    takeo_status status = TAKEO_DONE;
    if (statement == NULL) {
        status = tk_raise_memory(error);
    } else {
        statement->alloc = made->text.alloc;
        tk_arena_init(&statement->arena, statement->alloc);
        statement->references = 1;
        statement->id = tk_statement_next_id();
        statement->model = tk_model_hold(made->entity->model);
        statement->kind = TAKEO_NODE_RAW_SQL;
        statement->is_write = is_write;
        statement->entity = made->entity;
        status = keep(made, statement, error);
    }
    tk_buf_done(&made->text);
    tk_buf_done(&made->copy);
    tk_buf_done(&made->copy_types);
    if (status < 0 && statement != NULL) {
        tk_statement_drop(statement);
        return status;
    }
    *out = statement;
    return status;
}

/* ---- which columns --------------------------------------------------------------------------- */

bool tk_batch_takes(const tk_dialect *dialect, const tk_column *const *columns, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        if (dialect->methods.list_type == NULL || !dialect->methods.list_type(columns[i], NULL)) {
            return false;
        }
    }
    return dialect->methods.list_type != NULL && count != 0 && count <= TK_COLUMN_MAX;
}

/* ---- insert ---------------------------------------------------------------------------------- */

static void put_copy(draft *made, const tk_column *const *columns, uint32_t count,
                     const char *overriding) {
    tk_buf_puts(&made->copy, "copy ");
    tk_put_table(&made->copy, made->entity);
    tk_buf_puts(&made->copy, " (");
    put_names(&made->copy, columns, count, ", ");
    tk_buf_puts(&made->copy, ") from stdin (format binary)");
    tk_buf_puts(&made->copy_types, "insert into ");
    tk_put_table(&made->copy_types, made->entity);
    tk_buf_puts(&made->copy_types, " (");
    put_names(&made->copy_types, columns, count, ", ");
    tk_buf_printf(&made->copy_types, ")%s values (", overriding);
    for (uint32_t i = 0; i < count; i++) {
        tk_buf_printf(&made->copy_types, "%s$%u", i != 0 ? ", " : "", i + 1);
    }
    tk_buf_puts(&made->copy_types, ")");
}

takeo_status tk_batch_insert(const tk_dialect *dialect, const tk_entity *entity,
                             const tk_column *const *columns, uint32_t count,
                             const tk_column *const *returned, uint32_t returned_count,
                             tk_alloc alloc, tk_statement **out, tk_error *error) {
    draft made;
    begin(&made, dialect, entity, alloc);
    bool has_made_key = false;
    for (uint32_t i = 0; i < count; i++) {
        has_made_key |= columns[i] == entity->generated_key;
    }
    bool overrides = has_made_key && dialect->overriding_text != NULL;
    const char *overriding = overrides ? dialect->overriding_text : "";
    tk_buf_puts(&made.text, "insert into ");
    tk_put_table(&made.text, entity);
    tk_buf_puts(&made.text, " (");
    put_names(&made.text, columns, count, ", ");
    tk_buf_printf(&made.text, ")%s select * from unnest(", overriding);
    put_lists(&made, columns, count);
    tk_buf_puts(&made.text, ")");
    put_returning(&made, returned, returned_count);
    if (returned_count == 0) {
        put_copy(&made, columns, count, overriding);
    }
    return finish(&made, true, out, error);
}

/* ---- update, delete -------------------------------------------------------------------------- */

/* "v1, v2": the lists' names, which no column has behind its qualifier. */
static void put_places(tk_buf *out, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        tk_buf_printf(out, "%sv%u", i != 0 ? ", " : "", i + 1);
    }
}

/* " unnest(...) as given (v1, v2) where target.key = given.v2" */
static void put_given(draft *made, const tk_column *const *columns, uint32_t count) {
    const tk_entity *entity = made->entity;
    tk_buf_puts(&made->text, "unnest(");
    put_lists(made, columns, count);
    put_lists(made, entity->key, entity->key_count);
    tk_buf_puts(&made->text, ") as given (");
    put_places(&made->text, made->parameter_count);
    tk_buf_puts(&made->text, ") where ");
    for (uint32_t i = 0; i < entity->key_count; i++) {
        tk_buf_puts(&made->text, i != 0 ? " and target." : "target.");
        tk_put_quoted(&made->text, entity->key[i]->column);
        tk_buf_printf(&made->text, " = given.v%u", count + i + 1);
    }
}

takeo_status tk_batch_update(const tk_dialect *dialect, const tk_entity *entity,
                             const tk_column *const *columns, uint32_t count, tk_alloc alloc,
                             tk_statement **out, tk_error *error) {
    draft made;
    begin(&made, dialect, entity, alloc);
    tk_buf_puts(&made.text, "update ");
    tk_put_table(&made.text, entity);
    tk_buf_puts(&made.text, " as target set ");
    for (uint32_t i = 0; i < count; i++) {
        tk_buf_puts(&made.text, i != 0 ? ", " : "");
        tk_put_quoted(&made.text, columns[i]->column);
        tk_buf_printf(&made.text, " = given.v%u", i + 1);
    }
    tk_buf_puts(&made.text, " from ");
    put_given(&made, columns, count);
    return finish(&made, true, out, error);
}

takeo_status tk_batch_delete(const tk_dialect *dialect, const tk_entity *entity, tk_alloc alloc,
                             tk_statement **out, tk_error *error) {
    draft made;
    begin(&made, dialect, entity, alloc);
    tk_buf_puts(&made.text, "delete from ");
    tk_put_table(&made.text, entity);
    tk_buf_puts(&made.text, " as target using ");
    put_given(&made, NULL, 0);
    return finish(&made, true, out, error);
}

/* ---- before an insert ------------------------------------------------------------------------ */

takeo_status tk_batch_prepare(const tk_dialect *dialect, const tk_entity *entity, tk_alloc alloc,
                              tk_statement **out, tk_error *error) {
    draft made;
    begin(&made, dialect, entity, alloc);
    dialect->methods.prepare_batch(entity, &made.text);
    made.parameters[0] = TAKEO_TYPE_INT64;
    made.parameter_count = 1;
    made.columns[0] = TAKEO_TYPE_ARRAY;
    made.elements[0] = TAKEO_TYPE_INT64;
    made.columns[1] = TAKEO_TYPE_BOOL;
    made.column_count = 2;
    return finish(&made, false, out, error);
}
