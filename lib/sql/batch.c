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
    bool holds_lists[TK_COLUMN_MAX];
    uint32_t parameter_count;
    takeo_type columns[TK_COLUMN_MAX + 1]; /* and one that tells of an upsert */
    takeo_type elements[TK_COLUMN_MAX + 1];
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
        made->parameters[made->parameter_count] = TAKEO_TYPE_ARRAY;
        made->holds_lists[made->parameter_count] = columns[i]->type == TAKEO_TYPE_ARRAY;
        tk_buf_printf(out, "cast($%u as ", ++made->parameter_count);
        (void)made->dialect->methods.list_type(columns[i], out);
        tk_buf_puts(out, ")");
    }
}

/* "v1, v2": the lists' names, which no column has behind its qualifier. */
static void put_places(tk_buf *out, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        tk_buf_printf(out, "%sv%u", i != 0 ? ", " : "", i + 1);
    }
}

/* The value of list `number` in a row: "given.v1", or what its text stands for. */
static void put_value(draft *made, const tk_column *column, uint32_t number) {
    bool is_list = column->type == TAKEO_TYPE_ARRAY;
    tk_buf_printf(&made->text, is_list ? "cast(given.v%u as " : "given.v%u", number);
    if (is_list) {
        made->dialect->methods.array_type_name(column, &made->text);
        tk_buf_puts(&made->text, ")");
    }
}

/* " select given.v1, given.v2 from unnest(...) as given (v1, v2)" */
static void put_rows(draft *made, const tk_column *const *columns, uint32_t count) {
    tk_buf_puts(&made->text, " select ");
    for (uint32_t i = 0; i < count; i++) {
        tk_buf_puts(&made->text, i != 0 ? ", " : "");
        put_value(made, columns[i], i + 1);
    }
    tk_buf_puts(&made->text, " from unnest(");
    put_lists(made, columns, count);
    tk_buf_puts(&made->text, ") as given (");
    put_places(&made->text, count);
    tk_buf_puts(&made->text, ")");
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

/* Which parameters hold lists; NULL: none of them. */
static const bool *keep_lists(tk_statement *statement, const draft *made, bool *failed) {
    size_t size = made->parameter_count * sizeof *made->holds_lists;
    if (memchr(made->holds_lists, true, size) == NULL) {
        return NULL;
    }
    bool *kept = tk_arena_take(&statement->arena, size);
    *failed |= kept == NULL;
    return kept != NULL ? memcpy(kept, made->holds_lists, size) : NULL;
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
                  .copy_types_text = keep_text(statement, &made->copy_types, &failed),
                  .holds_lists = keep_lists(statement, made, &failed)};
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

static void drop(draft *made) {
    tk_buf_done(&made->text);
    tk_buf_done(&made->copy);
    tk_buf_done(&made->copy_types);
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
    drop(made);
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

/* ---- insert, upsert -------------------------------------------------------------------------- */

/* Who names a key that the server makes means the values that are given. */
static const char *overriding_text(const draft *made, const tk_column *const *columns,
                                   uint32_t count) {
    bool has_made_key = false;
    for (uint32_t i = 0; i < count; i++) {
        has_made_key |= columns[i] == made->entity->generated_key;
    }
    return has_made_key && made->dialect->overriding_text != NULL ? made->dialect->overriding_text
                                                                  : "";
}

static void put_insert(draft *made, takeo_text alias, const tk_column *const *columns,
                       uint32_t count) {
    tk_buf_puts(&made->text, "insert into ");
    tk_put_table(&made->text, made->entity);
    if (alias.len != 0) {
        tk_buf_puts(&made->text, " as ");
        tk_put_quoted(&made->text, alias);
    }
    tk_buf_puts(&made->text, " (");
    put_names(&made->text, columns, count, ", ");
    tk_buf_printf(&made->text, ")%s", overriding_text(made, columns, count));
    put_rows(made, columns, count);
}

static void put_copy(draft *made, const tk_column *const *columns, uint32_t count) {
    tk_buf_puts(&made->copy, "copy ");
    tk_put_table(&made->copy, made->entity);
    tk_buf_puts(&made->copy, " (");
    put_names(&made->copy, columns, count, ", ");
    tk_buf_puts(&made->copy, ") from stdin (format binary)");
    tk_buf_puts(&made->copy_types, "insert into ");
    tk_put_table(&made->copy_types, made->entity);
    tk_buf_puts(&made->copy_types, " (");
    put_names(&made->copy_types, columns, count, ", ");
    tk_buf_printf(&made->copy_types, ")%s values (", overriding_text(made, columns, count));
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
    put_insert(&made, (takeo_text){0}, columns, count);
    put_returning(&made, returned, returned_count);
    if (returned_count == 0) {
        put_copy(&made, columns, count);
    }
    return finish(&made, true, out, error);
}

/* What stands behind the rows is said as for one row. */
static takeo_status put_upsert(draft *made, tk_statement *single, const tk_shape_upsert_def *def,
                               tk_error *error) {
    takeo_type types[TK_COLUMN_MAX];
    const tk_bound *bound = single->bound;
    uint32_t count = 0;
    put_insert(made, bound->root->first->alias, def->columns, def->column_count);
    TK_TRY(tk_render_upsert(single, made->dialect, def, &made->text, types, TK_COLUMN_MAX, &count,
                            error));
    for (; made->parameter_count < count; made->parameter_count++) {
        made->parameters[made->parameter_count] = types[made->parameter_count];
    }
    for (uint32_t i = 0; i < single->cell_count; i++) {
        made->columns[i] = single->cells[i].type;
        made->elements[i] = single->cells[i].element;
    }
    made->columns[single->cell_count] = TAKEO_TYPE_BOOL;
    made->column_count = single->cell_count + 1;
    return TAKEO_DONE;
}

takeo_status tk_batch_upsert(const tk_dialect *dialect, const tk_entity *entity,
                             const tk_shape_upsert_def *def, tk_alloc alloc, tk_statement **out,
                             tk_error *error) {
    tk_statement *single;
    TK_TRY(tk_shape_upsert(entity, def, alloc, &single, error));
    draft made;
    begin(&made, dialect, entity, alloc);
    takeo_status status = put_upsert(&made, single, def, error);
    tk_statement_drop(single);
    if (status < 0) {
        drop(&made);
        return status;
    }
    return finish(&made, true, out, error);
}

/* ---- update, delete -------------------------------------------------------------------------- */

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
        tk_buf_puts(&made->text, " = ");
        put_value(made, entity->key[i], count + i + 1);
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
        tk_buf_puts(&made.text, " = ");
        put_value(&made, columns[i], i + 1);
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
