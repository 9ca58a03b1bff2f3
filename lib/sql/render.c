/* render.c - a text for a dialect, made on first use and kept with the statement.  Two threads may
 * make it at once; the first to publish wins and the other's is freed.
 */
#include <stdio.h>

#include "sql/sql_int.h"

typedef struct rendered { /* one block: this, parameter types, column types, the text */
    size_t size;
    tk_sql sql;
} rendered;

void tk_text_free(const tk_alloc *alloc, tk_sql *sql) {
    if (sql != NULL) {
        rendered *block = TK_CONTAINER(sql, rendered, sql);
        tk_mem_free(alloc, block, block->size);
    }
}

tk_sql *tk_text_new(const tk_alloc *alloc, const tk_sql *sql) {
    rendered *block = tk_mem_new(alloc, sizeof *block);
    if (block == NULL) {
        return NULL;
    }
    block->size = sizeof *block;
    block->sql = *sql;
    return &block->sql;
}

/* ---- pieces of text -------------------------------------------------------------------------- */

void tk_render_refuse(tk_render *render, const char *hint, const char *format, ...) {
    if (render->status != 0) {
        return;
    }
    char message[240];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    render->status =
        tk_raise(render->error, TK_CALL_UNSUPPORTED, "%s %s", render->dialect->title, message);
    if (hint != NULL) {
        TK_SET(render->error, hint, "%s", hint);
    }
    render->buf.failed = true; /* nothing more is written */
}

void tk_put(tk_render *render, const char *text) {
    tk_buf_puts(&render->buf, text);
}

/* S03: names come from the model, and quotes inside them are doubled. */
void tk_put_quoted(tk_buf *out, takeo_text name) {
    tk_buf_putc(out, '"');
    size_t begin = 0;
    for (size_t i = 0; i < name.len; i++) {
        if (name.data[i] == '"') {
            tk_buf_put(out, name.data + begin, i + 1 - begin);
            begin = i;
        }
    }
    tk_buf_put(out, name.data + begin, name.len - begin);
    tk_buf_putc(out, '"');
}

/* S02: the one writer of text literals; only constants of the model come here. */
void tk_put_text_literal(tk_buf *out, const char *data, size_t len) {
    tk_buf_putc(out, '\'');
    for (size_t i = 0; i < len; i++) {
        if (data[i] == '\'') {
            tk_buf_putc(out, '\'');
        }
        tk_buf_putc(out, data[i]);
    }
    tk_buf_putc(out, '\'');
}

void tk_put_name(tk_render *render, takeo_text name) {
    tk_put_quoted(&render->buf, name);
}

void tk_dialect_quote(const tk_dialect *dialect, takeo_text name, tk_buf *out) {
    (void)dialect; /* so far all of them use the standard's quotes */
    tk_put_quoted(out, name);
}

void tk_put_table(tk_buf *out, const tk_entity *entity) {
    if (entity->schema.len != 0) {
        tk_put_quoted(out, entity->schema);
        tk_buf_putc(out, '.');
    }
    tk_put_quoted(out, entity->table);
}

void tk_put_column(tk_render *render, const tk_source *source, const tk_column *column) {
    bool is_target = source->scope == render->bound->root;
    if (source->is_inserted && !render->is_bare && source->alias.len == 0) {
        tk_put_name(render, source->entity->table);
        tk_put(render, ".");
    } else if ((render->bound->is_qualified || source->is_inserted)
               && !(render->is_bare && is_target)) {
        tk_put_name(render, source->alias);
        tk_put(render, ".");
    }
    tk_put_name(render, column->column);
}

/* ---- the whole ------------------------------------------------------------------------------- */

static void put_raw(tk_render *render, uint32_t number) {
    for (uint32_t i = render->nodes[number].a; i != 0; i = render->nodes[i].next) {
        const takeo_node *item = tk_node(render, i);
        const tk_note *note = &render->notes[tk_resolve(render->nodes, i)];
        switch (item->kind) {
        case TAKEO_NODE_TABLE:
            tk_put_table(&render->buf, note->entity);
            if (item->text_len != 0) {
                tk_put(render, " as ");
                tk_put_name(render, tk_text(item->text, item->text_len));
            }
            break;
        case TAKEO_NODE_COLUMN: {
            const takeo_node *table = tk_node(render, item->a);
            tk_put_name(render, table->text_len != 0 ? tk_text(table->text, table->text_len)
                                                     : note->column->entity->table);
            tk_put(render, ".");
            tk_put_name(render, note->column->column);
            break;
        }
        default:
            tk_put_raw_value(render, i);
            break;
        }
    }
}

static void put_comment(tk_render *render, uint32_t first) {
    for (uint32_t i = first; i != 0; i = render->nodes[i].next) {
        const takeo_node *clause = tk_node(render, i);
        if (clause->kind == TAKEO_NODE_COMMENT) {
            tk_put(render, "/* ");
            tk_buf_put(&render->buf, clause->text, clause->text_len);
            tk_put(render, " */ ");
        }
    }
}

static void put_statement(tk_render *render) {
    uint32_t number = render->statement->node_count;
    const takeo_node *node = &render->nodes[number];
    uint32_t most = render->dialect->source_max;
    if (most != 0 && render->bound->source_count > most) {
        tk_render_refuse(render, "load some of the relations by query", "joins at most %u tables",
                         (unsigned)most);
    }
    put_comment(render, node->kind == TAKEO_NODE_RAW_SQL ? node->b : node->a);
    switch (node->kind) {
    case TAKEO_NODE_SELECT:
        tk_put_select(render, number);
        return;
    case TAKEO_NODE_INSERT:
        tk_put_insert(render, number);
        return;
    case TAKEO_NODE_UPDATE:
        tk_put_update(render, number);
        return;
    case TAKEO_NODE_DELETE:
        tk_put_delete(render, number);
        return;
    default:
        put_raw(render, number);
        return;
    }
}

/* Types are known for all parameters or for none: raw SQL binds by the type of each cell. */
static bool params_are_typed(const tk_statement *statement) {
    return statement->kind != TAKEO_NODE_RAW_SQL;
}

/* A list argument is always a list; an array goes as what the database keeps of it. */
static takeo_type sent_type(const tk_render *render, const tk_param *param) {
    if (param->is_list) {
        return TAKEO_TYPE_ARRAY;
    }
    bool is_array = param->accept.type == TAKEO_TYPE_ARRAY;
    return is_array ? render->dialect->array_type : param->accept.type;
}

/* How many of the text's parameters stand for one of the statement. */
static uint32_t width_of(const tk_render *render, const tk_param *param) {
    return render->dialect->key_list_by_column ? param->width : 1;
}

uint32_t tk_render_parameter(const tk_render *render, uint32_t ref) {
    if (!render->has_key_lists) {
        return ref;
    }
    uint32_t number = 1;
    for (uint32_t i = 0; i + 1 < ref; i++) {
        number += width_of(render, &render->statement->params[i]);
    }
    return number;
}

static uint32_t count_parameters(const tk_render *render) {
    return tk_render_parameter(render, render->statement->param_count + 1) - 1;
}

static void put_types(const tk_render *render, takeo_type *out) {
    const tk_statement *statement = render->statement;
    for (uint32_t i = 0; i < statement->param_count; i++) {
        const tk_param *param = &statement->params[i];
        for (uint32_t k = 0; k < width_of(render, param); k++) {
            *out++ = sent_type(render, param);
        }
    }
}

static takeo_status keep(const tk_render *render, tk_sql **out) {
    const tk_statement *statement = render->statement;
    uint32_t parameters = count_parameters(render);
    uint32_t params = params_are_typed(statement) ? parameters : 0;
    uint32_t columns = statement->cell_count + (tk_asks_outcome(render) ? 1 : 0);
    size_t types = ((size_t)params + 2 * (size_t)columns) * sizeof(takeo_type);
    size_t size = sizeof(rendered) + types + render->buf.len + 1;
    rendered *block = tk_mem_new(&statement->alloc, size);
    if (block == NULL) {
        return tk_raise_memory(render->error);
    }
    block->size = size;
    takeo_type *parameter_types = (takeo_type *)(block + 1);
    takeo_type *column_types = parameter_types + params;
    takeo_type *element_types = column_types + columns;
    char *text = (char *)(element_types + columns);
    if (params != 0) {
        put_types(render, parameter_types);
    }
    for (uint32_t i = 0; i < columns; i++) {
        bool is_outcome = i == statement->cell_count;
        column_types[i] = is_outcome ? (takeo_type)TAKEO_TYPE_BOOL : statement->cells[i].type;
        element_types[i] = is_outcome ? (takeo_type)TAKEO_TYPE_NONE : statement->cells[i].element;
    }
    if (render->buf.len != 0) {
        memcpy(text, render->buf.data, render->buf.len);
    }
    block->sql = (tk_sql){.id = tk_statement_next_id(),
                          .text = text,
                          .len = render->buf.len,
                          .parameters = params_are_typed(statement) ? parameter_types : NULL,
                          .parameter_count = parameters,
                          .columns = statement->shape_is_unknown ? NULL : column_types,
                          .elements = statement->shape_is_unknown ? NULL : element_types,
                          .column_count = columns,
                          .is_write = statement->is_write};
    *out = &block->sql;
    return TAKEO_DONE;
}

static tk_render begin(const tk_statement *statement, const tk_dialect *dialect, tk_error *error) {
    const tk_bound *bound = statement->bound;
    tk_render render = {.dialect = dialect,
                        .statement = statement,
                        .bound = bound,
                        .nodes = statement->nodes,
                        .notes = bound->notes,
                        .scope = bound->root,
                        .error = error};
    for (uint32_t i = 0; dialect->key_list_by_column && i < statement->param_count; i++) {
        render.has_key_lists |= statement->params[i].width > 1;
    }
    const tk_source *first = bound->root->first;
    if (statement->tells_outcome) {
        render.told =
            (tk_told){.entity = first->entity,
                      .name = first->alias.len != 0 ? first->alias : first->entity->table};
    }
    return render;
}

static takeo_status end(const tk_render *render) {
    if (render->status != 0 || !render->buf.failed) {
        return render->status;
    }
    return render->buf.len >= TK_SQL_MAX / 2 ? tk_raise(
               render->error, TK_QUERY_TOO_LARGE, "the SQL has more than %d bytes", TK_SQL_MAX)
                                             : tk_raise_memory(render->error);
}

takeo_status tk_render_upsert(tk_statement *statement, const tk_dialect *dialect,
                              const tk_shape_upsert_def *def, tk_buf *out, takeo_type *types,
                              uint32_t room, uint32_t *out_parameters, tk_error *error) {
    tk_render render = begin(statement, dialect, error);
    uint32_t parameters = count_parameters(&render);
    if (parameters > room) {
        return tk_raise(error, TK_QUERY_TOO_LARGE, "%u values in one upsert of many rows",
                        (unsigned)parameters);
    }
    render.told.by = def->on;
    render.told.by_count = def->on_count;
    render.buf = *out;
    tk_put_conflict(&render, statement->node_count);
    tk_put_returning(&render, statement->node_count);
    *out = render.buf;
    put_types(&render, types);
    *out_parameters = parameters;
    return end(&render);
}

static takeo_status render_now(tk_statement *statement, const tk_dialect *dialect, tk_sql **out,
                               tk_error *error) {
    tk_render render = begin(statement, dialect, error);
    tk_buf_init(&render.buf, statement->alloc, TK_SQL_MAX);
    put_statement(&render);
    takeo_status status = end(&render);
    if (status == 0) {
        status = keep(&render, out);
    }
    tk_buf_done(&render.buf);
    return status;
}

static TK_APART takeo_status render_first(tk_statement *statement, const tk_dialect *dialect,
                                          const tk_sql **out, tk_error *error) {
    void **slot = &statement->texts[dialect->number];
    tk_sql *made = NULL;
    TK_TRY(render_now(statement, dialect, &made, error));
    void *known = NULL;
    if (__atomic_compare_exchange_n(slot, &known, made, false, __ATOMIC_ACQ_REL,
                                    __ATOMIC_ACQUIRE)) {
        known = made;
    } else {
        tk_text_free(&statement->alloc, made);
    }
    *out = known;
    return TAKEO_DONE;
}

takeo_status tk_statement_render(tk_statement *statement, const tk_dialect *dialect,
                                 const tk_sql **out, tk_error *error) {
    *out = __atomic_load_n(&statement->texts[dialect->number], __ATOMIC_ACQUIRE);
    return TK_LIKELY(*out != NULL) ? TAKEO_DONE : render_first(statement, dialect, out, error);
}
