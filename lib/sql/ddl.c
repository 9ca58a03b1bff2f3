/* ddl.c - CREATE TABLE and CREATE INDEX of an entity, as synchronize runs them.
 *
 * Nothing can be bound in DDL, so constants go through the one literal writer of the dialect, and
 * names through the one quoting routine.
 */
#include <stdio.h>

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

static void put_name(table *of, takeo_text name) {
    if (name.len != 0) {
        put(of, "constraint ");
        tk_put_quoted(of->out, name);
        put(of, " ");
    }
}

static void put_constraint(table *of, takeo_text name) {
    put(of, ", ");
    put_name(of, name);
}

takeo_text tk_ddl_labels_name(const tk_column *column, char made[TK_NAME_MAX + 1]) {
    bool is_taken = column->check_sql.len != 0 || (column->flags & TAKEO_COLUMN_UNIQUE) != 0;
    if (column->type != TAKEO_TYPE_ENUM || column->label_count == 0) {
        return tk_text(NULL, 0);
    }
    if (column->constraint.len != 0 && !is_taken) {
        return column->constraint;
    }
    int len = snprintf(made, TK_NAME_MAX + 1, "ck_%s_%s_labels", column->entity->table.data,
                       column->column.data);
    return tk_text(made, len > 0 && len <= TK_NAME_MAX ? (size_t)len : 0); /* else without a name */
}

/* An enum is a text with a closed list of labels. */
static void put_labels(table *of, const tk_column *column) {
    char made[TK_NAME_MAX + 1];
    put_constraint(of, tk_ddl_labels_name(column, made));
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
    put_name(of, relation->constraint);
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

static bool has_foreign_key(const tk_relation *relation) {
    return relation->owns_key && relation->column_count != 0
           && (relation->flags & TAKEO_RELATION_FLAG_NO_CONSTRAINT) == 0;
}

int tk_ddl_compare(const tk_entity *a, const tk_entity *b) {
    if (a->rank != b->rank) {
        return a->rank < b->rank ? -1 : 1;
    }
    return a->number < b->number ? -1 : a->number > b->number;
}

bool tk_ddl_waits(const tk_dialect *dialect, const tk_relation *relation) {
    return dialect->key_needs_table && has_foreign_key(relation)
           && tk_ddl_compare(relation->target, relation->entity) > 0;
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
        if (has_foreign_key(relation) && !tk_ddl_waits(of->dialect, relation)) {
            put(of, ", ");
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

takeo_status tk_ddl_foreign_key(const tk_dialect *dialect, const tk_relation *relation, tk_buf *out,
                                tk_error *error) {
    table of = {.dialect = dialect, .entity = relation->entity, .out = out};
    put(&of, "alter table ");
    tk_put_table(out, relation->entity);
    put(&of, " add ");
    put_foreign_key(&of, relation);
    return finish(out, error);
}

takeo_status tk_ddl_schema(const tk_dialect *dialect, const tk_entity *entity, tk_buf *out,
                           tk_error *error) {
    dialect->methods.make_schema(entity, out);
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

bool tk_ddl_has_comment(const tk_entity *entity, const tk_column *column) {
    return column == NULL ? entity->comment.len != 0
                          : column->comment.len != 0 && tk_column_is_stored(column);
}

takeo_status tk_ddl_comment(const tk_entity *entity, const tk_column *column, tk_buf *out,
                            tk_error *error) {
    takeo_text said = column != NULL ? column->comment : entity->comment;
    tk_buf_puts(out, column != NULL ? "comment on column " : "comment on table ");
    tk_put_table(out, entity);
    if (column != NULL) {
        tk_buf_puts(out, ".");
        tk_put_quoted(out, column->column);
    }
    tk_buf_puts(out, " is ");
    tk_put_text_literal(out, said.data, said.len);
    return finish(out, error);
}

takeo_status tk_ddl_type(const tk_dialect *dialect, const tk_column *column, tk_buf *out,
                         tk_error *error) {
    dialect->methods.column_type(column, out);
    return finish(out, error);
}

bool tk_ddl_same_type(const tk_dialect *dialect, takeo_text a, takeo_text b) {
    return dialect->methods.same_type != NULL ? dialect->methods.same_type(a, b)
                                              : tk_same_name(a, b);
}
