/* ddl.c - CREATE TABLE and CREATE INDEX of an entity, as synchronize runs them.
 *
 * Nothing can be bound in DDL, so constants go through the one literal writer of the dialect, and
 * names through the one quoting routine.
 */
#include "sql/sql_int.h"

typedef struct table {
    const tk_dialect *dialect;
    const tk_entity *entity;
    tk_buf *out;
    bool key_is_said; /* with its column */
} table;

static void put(table *of, const char *text) {
    tk_buf_puts(of->out, text);
}

static void put_columns(tk_buf *out, const tk_column *const *columns, uint32_t count) {
    tk_buf_puts(out, " (");
    for (uint32_t i = 0; i < count; i++) {
        tk_buf_puts(out, i != 0 ? ", " : "");
        tk_put_quoted(out, columns[i]->column);
    }
    tk_buf_puts(out, ")");
}

static bool is_identity(const tk_column *column) {
    return column->generated == TAKEO_GENERATED_IDENTITY
           || column->generated == TAKEO_GENERATED_IDENTITY_ALWAYS
           || column->generated == TAKEO_GENERATED_INCREMENT;
}

static bool is_made_by_table(const table *of, const tk_column *column) {
    return is_identity(column) && column == of->entity->generated_key && of->entity->key_count == 1;
}

static void put_default(table *of, const tk_column *column) {
    if (column->default_sql.len != 0) {
        put(of, " default (");
        tk_buf_put(of->out, column->default_sql.data, column->default_sql.len);
        put(of, ")");
    } else if (column->default_value != NULL) {
        put(of, " default ");
        of->dialect->methods.literal(column, column->default_value, of->out);
    }
}

static void put_column(table *of, const tk_column *column) {
    tk_put_quoted(of->out, column->column);
    put(of, " ");
    of->dialect->methods.column_type(column, of->out);
    if (is_made_by_table(of, column)) {
        of->key_is_said = of->dialect->methods.identity(column, of->out);
        put(of, of->key_is_said ? "" : " not null");
        return;
    }
    put(of, column->is_nullable ? "" : " not null");
    put_default(of, column);
    if (column->collation.len != 0) {
        put(of, " collate ");
        tk_put_quoted(of->out, column->collation);
    }
}

static void put_constraint(table *of, takeo_text name) {
    put(of, ", ");
    if (name.len != 0) {
        put(of, "constraint ");
        tk_put_quoted(of->out, name);
        put(of, " ");
    }
}

/* An enum is a text with a closed list of labels. */
static void put_labels(table *of, const tk_column *column) {
    char made[3 * TK_NAME_MAX];
    takeo_text name = column->constraint;
    bool is_taken = column->check_sql.len != 0 || (column->flags & TAKEO_COLUMN_UNIQUE) != 0;
    if (name.len == 0 || is_taken) {
        tk_buf text;
        tk_buf_init(&text, of->out->alloc, sizeof made);
        tk_buf_printf(&text, "ck_%s_%s_labels", of->entity->table.data, column->column.data);
        bool fits = !text.failed && text.len <= TK_NAME_MAX;
        of->out->failed |= text.failed;
        if (fits) {
            memcpy(made, text.data, text.len);
        }
        name = tk_text(made, fits ? text.len : 0); /* too long: without a name */
        tk_buf_done(&text);
    }
    put_constraint(of, name);
    put(of, "check (");
    tk_put_quoted(of->out, column->column);
    put(of, " in (");
    for (uint32_t i = 0; i < column->label_count; i++) {
        put(of, i != 0 ? ", " : "");
        tk_put_text_literal(of->out, column->labels[i].data, column->labels[i].len);
    }
    put(of, "))");
}

static const char *action_of(uint16_t action) {
    switch (action) {
    case TAKEO_ACTION_RESTRICT:
        return "restrict";
    case TAKEO_ACTION_CASCADE:
        return "cascade";
    case TAKEO_ACTION_SET_NULL:
        return "set null";
    case TAKEO_ACTION_SET_DEFAULT:
        return "set default";
    default:
        return NULL;
    }
}

static void put_action(table *of, const char *when, uint16_t action) {
    if (action_of(action) != NULL) {
        put(of, when);
        put(of, action_of(action));
    }
}

static void put_foreign_key(table *of, const tk_relation *relation) {
    put_constraint(of, relation->constraint);
    put(of, "foreign key");
    put_columns(of->out, relation->columns, relation->column_count);
    put(of, " references ");
    if (of->dialect->index_has_schema) {
        tk_put_quoted(of->out, relation->target->table);
    } else {
        tk_put_table(of->out, relation->target);
    }
    put_columns(of->out, relation->references, relation->column_count);
    put_action(of, " on delete ", relation->on_delete);
    put_action(of, " on update ", relation->on_update);
    bool is_deferred = (relation->flags & TAKEO_RELATION_FLAG_INITIALLY_DEFERRED) != 0;
    if (is_deferred || (relation->flags & TAKEO_RELATION_FLAG_DEFERRABLE) != 0) {
        put(of, is_deferred ? " deferrable initially deferred" : " deferrable");
    }
}

static void put_constraints(table *of) {
    const tk_entity *entity = of->entity;
    if (!of->key_is_said && entity->key_count != 0) {
        put_constraint(of, entity->primary_key);
        put(of, "primary key");
        put_columns(of->out, entity->key, entity->key_count);
    }
    for (uint32_t i = 0; i < entity->index_count; i++) {
        const tk_index *index = &entity->indexes[i];
        if (index->is_constraint) {
            put_constraint(of, index->name);
            put(of, "unique");
            put_columns(of->out, index->columns, index->column_count);
        }
    }
    for (uint32_t i = 0; i < entity->check_count; i++) {
        put_constraint(of, entity->checks[i].name);
        put(of, "check (");
        tk_buf_put(of->out, entity->checks[i].sql.data, entity->checks[i].sql.len);
        put(of, ")");
    }
    for (uint32_t i = 0; i < entity->column_count; i++) {
        const tk_column *column = &entity->columns[i];
        if (column->type == TAKEO_TYPE_ENUM && column->label_count != 0) {
            put_labels(of, column);
        }
    }
    for (uint32_t i = 0; i < entity->relation_count; i++) {
        const tk_relation *relation = &entity->relations[i];
        if (relation->owns_key && relation->column_count != 0
            && (relation->flags & TAKEO_RELATION_FLAG_NO_CONSTRAINT) == 0) {
            put_foreign_key(of, relation);
        }
    }
}

static takeo_status finish(const tk_buf *out, tk_error *error) {
    return out->failed ? tk_raise_memory(error) : TAKEO_DONE;
}

takeo_status tk_ddl_table(const tk_dialect *dialect, const tk_entity *entity, tk_buf *out,
                          tk_error *error) {
    table of = {.dialect = dialect, .entity = entity, .out = out};
    put(&of, "create table ");
    tk_put_table(out, entity);
    put(&of, " (");
    const char *before = "";
    for (uint32_t i = 0; i < entity->column_count; i++) {
        if (tk_column_is_stored(&entity->columns[i])) {
            put(&of, before);
            put_column(&of, &entity->columns[i]);
            before = ", ";
        }
    }
    put_constraints(&of);
    put(&of, ")");
    dialect->methods.table_options(entity, out);
    return finish(out, error);
}

takeo_status tk_ddl_index(const tk_dialect *dialect, const tk_entity *entity, const tk_index *index,
                          tk_buf *out, tk_error *error) {
    bool has_schema = dialect->index_has_schema && entity->schema.len != 0;
    tk_buf_puts(out, index->is_unique ? "create unique index " : "create index ");
    if (has_schema) {
        tk_put_quoted(out, entity->schema);
        tk_buf_puts(out, ".");
    }
    tk_put_quoted(out, index->name);
    tk_buf_puts(out, " on ");
    if (has_schema) {
        tk_put_quoted(out, entity->table);
    } else {
        tk_put_table(out, entity);
    }
    tk_buf_puts(out, " (");
    for (uint32_t i = 0; i < index->column_count; i++) {
        tk_buf_puts(out, i != 0 ? ", " : "");
        tk_put_quoted(out, index->columns[i]->column);
        tk_buf_puts(out, index->is_descending[i] != 0 ? " desc" : "");
    }
    tk_buf_puts(out, ")");
    if (index->where_sql.len != 0) {
        tk_buf_puts(out, " where ");
        tk_buf_put(out, index->where_sql.data, index->where_sql.len);
    }
    return finish(out, error);
}

takeo_status tk_ddl_type(const tk_dialect *dialect, const tk_column *column, tk_buf *out,
                         tk_error *error) {
    dialect->methods.column_type(column, out);
    return finish(out, error);
}
