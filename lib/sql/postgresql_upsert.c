/* postgresql_upsert.c - how PostgreSQL tells of an upsert whether its row was inserted or updated.
 *
 * A row that was there before bears the mark of its update, `xmax`; a new one has none.  Rows of a
 * partitioned table say nothing of that kind when they come back.  There the update itself leaves a
 * note in a setting, which lasts no longer than the transaction, and RETURNING takes it away again.
 * The note is the time of the statement, so that one which was left behind (by a trigger that
 * dropped the update) says nothing to the next statement.  Which table it is the server finds out by
 * comparing two numbers: rows of partitions have another `tableoid` than the table of the statement.
 */
#include "sql/sql_int.h"

static const char statement_time[] = "cast(statement_timestamp() as text)";

static void put_table_number(const tk_entity *entity, tk_buf *out) {
    tk_buf_puts(out, "cast(");
    tk_postgresql_put_table(entity, out);
    tk_buf_puts(out, " as regclass)");
}

void tk_postgresql_note_update(const tk_entity *entity, tk_buf *out) {
    tk_put_quoted(out, entity->table);
    tk_buf_puts(out, ".tableoid = ");
    put_table_number(entity, out);
    tk_buf_printf(out, " or set_config('takeo.updated', %s, true) <> ''", statement_time);
}

void tk_postgresql_put_inserted(const tk_entity *entity, tk_buf *out) {
    tk_buf_puts(out, "case when tableoid = ");
    put_table_number(entity, out);
    tk_buf_printf(out,
                  " then xmax = 0 when current_setting('takeo.updated', true) = %s "
                  "then set_config('takeo.updated', '', true) <> '' else true end",
                  statement_time);
}
