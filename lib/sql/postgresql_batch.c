/* postgresql_batch.c - what PostgreSQL says in its own way about many rows at once: the types of
 * lists, and what has to be known of a table before rows go into it.
 */
#include "sql/sql_int.h"

static bool has_limits(const tk_column *column) {
    return memchr(column->type_name.data, '(', column->type_name.len) != NULL;
}

/* The type of a list of the column's values, without limits: a cast to varchar(2) would cut what
 * the column itself refuses. */
bool tk_postgresql_list_type(const tk_column *column, tk_buf *out) {
    bool is_free = column->type_name.len != 0;
    bool is_array = column->type == TAKEO_TYPE_ARRAY; /* unnest would take them apart: as texts */
    const char *word = is_array ? "text" : tk_postgresql_word_of(column);
    bool is_other_list = column->type == TAKEO_TYPE_RANGE || column->type == TAKEO_TYPE_MULTIRANGE
                         || column->type == TAKEO_TYPE_COMPOSITE
                         || column->type == TAKEO_TYPE_HSTORE || column->type == TAKEO_TYPE_BITS;
    if (is_other_list || (word == NULL && !is_free)) {
        return false;
    }
    if (out == NULL) {
        return true;
    }
    bool keeps_name = is_free && !is_array && column->type != TAKEO_TYPE_TEXT
                      && column->type != TAKEO_TYPE_DECIMAL && !has_limits(column);
    if (keeps_name) {
        tk_buf_put(out, column->type_name.data, column->type_name.len);
    } else {
        tk_buf_puts(out, word != NULL ? word : "text");
    }
    tk_buf_puts(out, "[]");
    return true;
}

/* Without limits, for the same reason. */
void tk_postgresql_array_type(const tk_column *column, tk_buf *out) {
    if (column->type_name.len != 0 && !has_limits(column)) {
        tk_buf_put(out, column->type_name.data, column->type_name.len);
        return;
    }
    const char *word = tk_postgresql_word(column->element);
    tk_buf_puts(out, word != NULL ? word : "text");
    tk_buf_puts(out, "[]");
}

void tk_postgresql_put_table(const tk_entity *entity, tk_buf *out) {
    tk_buf name;
    tk_buf_init(&name, out->alloc, TK_SQL_MAX);
    tk_put_table(&name, entity);
    if (name.failed || name.data == NULL) {
        out->failed = true;
    } else {
        tk_put_text_literal(out, name.data, name.len);
    }
    tk_buf_done(&name);
}

/* One row: a list of fresh keys, NULL where the column has no sequence; and whether rows may go in
 * by COPY with nothing asked back: no trigger changes or drops them, no rule and no policy stands in
 * between.  The lock is the one that the insert takes; it keeps new triggers away. */
void tk_postgresql_prepare_batch(const tk_entity *entity, tk_buf *out) {
    tk_buf_puts(out, "select array(select ");
    if (entity->generated_key != NULL) {
        /* Behind a select of its own the name is looked up once, not for every key. */
        tk_buf_puts(out, "nextval((select cast(pg_get_serial_sequence(");
        tk_postgresql_put_table(entity, out);
        tk_buf_puts(out, ", ");
        tk_put_text_literal(out, entity->generated_key->column.data,
                            entity->generated_key->column.len);
        tk_buf_puts(out, ") as regclass)))");
    } else {
        tk_buf_puts(out, "cast(0 as bigint)");
    }
    tk_buf_puts(out, " from generate_series(1, cast($1 as bigint))), "
                     "c.relkind = 'r' and not c.relhasrules and not c.relrowsecurity "
                     "and not exists (select from pg_catalog.pg_trigger t where t.tgrelid = c.oid "
                     "and not t.tgisinternal and t.tgenabled <> 'D' and (t.tgtype & 7) = 7) "
                     "from pg_catalog.pg_class c where c.oid = cast(");
    tk_postgresql_put_table(entity, out);
    tk_buf_puts(out, " as regclass)");
}
