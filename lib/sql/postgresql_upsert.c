/* postgresql_upsert.c - how PostgreSQL tells of an upsert whether its row was inserted or updated.
 *
 * A row that was there before bears the mark of its update, `xmax`; a new one has none.  Rows of a
 * partitioned table say nothing of that kind when they come back.  There the update itself leaves a
 * note in a setting, which lasts no longer than the transaction, and RETURNING takes it away again.
 * The note is the time of the statement, so that one which was left behind (by a trigger that
 * dropped the update) says nothing to the next statement; of many rows it names the row as well, by
 * the columns of the target, so that it says nothing to the next row either.  Which table it is the
 * server finds out by comparing two numbers: rows of partitions have another `tableoid` than the
 * table of the statement.
 */
#include "sql/sql_int.h"

static void put_table_number(const tk_entity *entity, tk_buf *out) {
    tk_buf_puts(out, "cast(");
    tk_postgresql_put_table(entity, out);
    tk_buf_puts(out, " as regclass)");
}

/* The time of the statement, and the row that `from` has. */
static void put_note(const tk_told *told, const char *from, tk_buf *out) {
    tk_buf_puts(out, "cast(statement_timestamp() as text)");
    for (uint32_t i = 0; i < told->by_count; i++) {
        tk_buf_printf(out, "%s%s", i != 0 ? ", " : " || cast(row(", from);
        tk_put_quoted(out, told->by[i]->column);
    }
    tk_buf_puts(out, told->by_count != 0 ? ") as text)" : "");
}

void tk_postgresql_note_update(const tk_told *told, tk_buf *out) {
    tk_put_quoted(out, told->name);
    tk_buf_puts(out, ".tableoid = ");
    put_table_number(told->entity, out);
    tk_buf_puts(out, " or set_config('takeo.updated', ");
    put_note(told, "excluded.", out);
    tk_buf_puts(out, ", true) <> ''");
}

void tk_postgresql_put_inserted(const tk_told *told, tk_buf *out) {
    tk_buf_puts(out, "case when tableoid = ");
    put_table_number(told->entity, out);
    tk_buf_puts(out, " then xmax = 0 when current_setting('takeo.updated', true) = ");
    put_note(told, "", out);
    tk_buf_puts(out, " then set_config('takeo.updated', '', true) <> '' else true end");
}
