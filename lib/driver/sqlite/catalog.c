/* catalog.c - what a database file holds: tables, columns, indexes, foreign keys.
 *
 * Read through the table-valued forms of the pragmas, so that names are bound and never quoted.
 * Tables of SQLite's own are left out.  It must not know what the tables should be.
 */
#include "driver/sqlite/sqlite_int.h"
#include "takeo/model.h"

/* ---- reading lists --------------------------------------------------------------------------- */

typedef struct catalog_reader { /* one pass over the catalogue */
    tk_server *server;
    tk_arena *arena;
    tk_error *error;
} catalog_reader;

/* Take one row as an item; the item is zeroed. */
typedef takeo_status (*read_item)(catalog_reader *reader, sqlite3_stmt *stmt, void *item);

static takeo_status fail(catalog_reader *reader, int rc, const char *sql) {
    return tk_sqlite_raise(reader->server->db, rc, sql, reader->error);
}

static takeo_status step_items(catalog_reader *reader, sqlite3_stmt *stmt, tk_vec *items,
                               read_item read) {
    int rc;
    while ((rc = tk_lite.step(stmt)) == SQLITE_ROW) {
        void *item = tk_vec_push(items);
        if (item == NULL) {
            return tk_raise_memory(reader->error);
        }
        TK_TRY(read(reader, stmt, item));
    }
    return rc == SQLITE_DONE ? TAKEO_DONE : fail(reader, rc, tk_lite.sql(stmt));
}

/* Run `sql` with a name, read its rows, and move them into the arena.  Rows of inner lists are read
 * by the same function from within `read`. */
static takeo_status read_list(catalog_reader *reader, const char *sql, takeo_text name,
                              size_t item_size, read_item read, void **out, uint32_t *out_count) {
    sqlite3_stmt *stmt = NULL;
    int rc = tk_lite.prepare_v3(reader->server->db, sql, -1, 0, &stmt, NULL);
    if (rc == SQLITE_OK && name.data != NULL) {
        rc = tk_lite.bind_text64(stmt, 1, name.data, name.len, SQLITE_STATIC, SQLITE_UTF8);
    }
    if (rc != SQLITE_OK) {
        takeo_status status = fail(reader, rc, sql);
        tk_lite.finalize(stmt);
        return status;
    }
    tk_vec items;
    tk_vec_init(&items, reader->arena->alloc, item_size);
    takeo_status status = step_items(reader, stmt, &items, read);
    tk_lite.finalize(stmt);
    if (status == TAKEO_DONE) {
        void *copy = tk_arena_array(reader->arena, items.count, item_size);
        if (copy == NULL) {
            status = tk_raise_memory(reader->error);
        } else {
            if (items.count != 0) {
                memcpy(copy, items.items, items.count * item_size);
            }
            *out = copy;
            *out_count = (uint32_t)items.count;
        }
    }
    tk_vec_done(&items);
    return status;
}

/* NULL gives a text without data. */
static takeo_status read_text(catalog_reader *reader, sqlite3_stmt *stmt, int column,
                              takeo_text *out) {
    sqlite3_value *value = tk_lite.column_value(stmt, column);
    *out = tk_text(NULL, 0);
    if (tk_lite.value_type(value) == SQLITE_NULL) {
        return TAKEO_DONE;
    }
    const char *data = (const char *)tk_lite.value_text(value);
    size_t len = (size_t)tk_lite.value_bytes(value);
    char *copy = data != NULL ? tk_arena_copy(reader->arena, data, len) : NULL;
    *out = tk_text(copy, len);
    return copy != NULL ? TAKEO_DONE : tk_raise_memory(reader->error);
}

static int64_t read_int(sqlite3_stmt *stmt, int column) {
    return tk_lite.value_int64(tk_lite.column_value(stmt, column));
}

static bool has_text(sqlite3_stmt *stmt, int column, const char *expected) {
    const char *data = (const char *)tk_lite.value_text(tk_lite.column_value(stmt, column));
    return data != NULL && strcmp(data, expected) == 0;
}

/* ---- columns --------------------------------------------------------------------------------- */

static takeo_status read_column(catalog_reader *reader, sqlite3_stmt *stmt, void *item) {
    tk_catalog_column *column = item;
    TK_TRY(read_text(reader, stmt, 0, &column->name));
    TK_TRY(read_text(reader, stmt, 1, &column->type));
    TK_TRY(read_text(reader, stmt, 2, &column->default_sql));
    column->is_nullable = read_int(stmt, 3) == 0;
    column->key_place = (uint32_t)read_int(stmt, 4);
    return TAKEO_DONE;
}

/* The only column of a key, declared "integer", is the row's number: never NULL, whatever is said.
 */
static void mark_row_number(tk_catalog_column *columns, uint32_t count) {
    tk_catalog_column *key = NULL;
    for (uint32_t i = 0; i < count; i++) {
        if (columns[i].key_place > 1) {
            return;
        }
        if (columns[i].key_place == 1) {
            key = &columns[i];
        }
    }
    if (key != NULL && tk_text_equal(key->type, tk_zstr("integer"))) {
        key->is_nullable = false;
    }
}

/* ---- indexes --------------------------------------------------------------------------------- */

static takeo_status read_name(catalog_reader *reader, sqlite3_stmt *stmt, void *item) {
    return read_text(reader, stmt, 0, item); /* of an expression there is no name */
}

static takeo_status read_index(catalog_reader *reader, sqlite3_stmt *stmt, void *item) {
    tk_catalog_index *index = item;
    TK_TRY(read_text(reader, stmt, 0, &index->name));
    index->is_unique = read_int(stmt, 1) != 0;
    index->is_constraint = !has_text(stmt, 2, "c");
    index->is_partial = read_int(stmt, 3) != 0;
    void *columns = NULL;
    TK_TRY(read_list(reader, "select name from pragma_index_xinfo(?1) where key = 1 order by seqno",
                     index->name, sizeof(takeo_text), read_name, &columns, &index->column_count));
    index->columns = columns;
    return TAKEO_DONE;
}

/* ---- foreign keys ---------------------------------------------------------------------------- */

typedef struct key_part { /* a row of the pragma: one column of one key */
    int64_t id;
    takeo_text table;
    takeo_text column;
    takeo_text reference;
    uint16_t on_update;
    uint16_t on_delete;
} key_part;

static uint16_t read_action(sqlite3_stmt *stmt, int column) {
    static const char *const words[] = {[TAKEO_ACTION_DEFAULT] = "NO ACTION",
                                        [TAKEO_ACTION_RESTRICT] = "RESTRICT",
                                        [TAKEO_ACTION_CASCADE] = "CASCADE",
                                        [TAKEO_ACTION_SET_NULL] = "SET NULL",
                                        [TAKEO_ACTION_SET_DEFAULT] = "SET DEFAULT"};
    for (uint16_t i = 0; i < TK_COUNT(words); i++) {
        if (has_text(stmt, column, words[i])) {
            return i;
        }
    }
    return TAKEO_ACTION_DEFAULT;
}

static takeo_status read_key_part(catalog_reader *reader, sqlite3_stmt *stmt, void *item) {
    key_part *part = item;
    part->id = read_int(stmt, 0);
    TK_TRY(read_text(reader, stmt, 1, &part->table));
    TK_TRY(read_text(reader, stmt, 2, &part->column));
    TK_TRY(read_text(reader, stmt, 3, &part->reference));
    part->on_update = read_action(stmt, 4);
    part->on_delete = read_action(stmt, 5);
    return TAKEO_DONE;
}

/* REFERENCES without columns means the key of the other table. */
static takeo_status fill_references(catalog_reader *reader, tk_catalog_foreign_key *key,
                                    takeo_text *references) {
    void *found = NULL;
    uint32_t count = 0;
    TK_TRY(read_list(reader, "select name from pragma_table_info(?1) where pk > 0 order by pk",
                     key->table, sizeof(takeo_text), read_name, &found, &count));
    const takeo_text *names = found;
    for (uint32_t i = 0; i < key->column_count && i < count; i++) {
        references[i] = names[i];
    }
    return TAKEO_DONE;
}

static takeo_status make_key(catalog_reader *reader, const key_part *parts, uint32_t count,
                             tk_catalog_foreign_key *out) {
    takeo_text *columns = tk_arena_array(reader->arena, count, sizeof *columns);
    takeo_text *references = tk_arena_array(reader->arena, count, sizeof *references);
    if (columns == NULL || references == NULL) {
        return tk_raise_memory(reader->error);
    }
    for (uint32_t i = 0; i < count; i++) {
        columns[i] = parts[i].column;
        references[i] = parts[i].reference;
    }
    *out = (tk_catalog_foreign_key){.columns = columns,
                                    .references = references,
                                    .column_count = count,
                                    .table = parts->table,
                                    .on_delete = parts->on_delete,
                                    .on_update = parts->on_update};
    return references[0].data != NULL ? TAKEO_DONE : fill_references(reader, out, references);
}

/* Rows of one id are one key. */
static takeo_status read_foreign_keys(catalog_reader *reader, tk_catalog_table *table) {
    void *found = NULL;
    uint32_t count = 0;
    TK_TRY(read_list(reader,
                     "select id, \"table\", \"from\", \"to\", on_update, on_delete "
                     "from pragma_foreign_key_list(?1) order by id desc, seq",
                     table->name, sizeof(key_part), read_key_part, &found, &count));
    const key_part *parts = found;
    tk_catalog_foreign_key *keys = tk_arena_array(reader->arena, count, sizeof *keys);
    if (keys == NULL) {
        return tk_raise_memory(reader->error);
    }
    table->foreign_keys = keys;
    for (uint32_t at = 0; at < count;) {
        uint32_t end = at + 1;
        while (end < count && parts[end].id == parts[at].id) {
            end++;
        }
        TK_TRY(make_key(reader, &parts[at], end - at, &keys[table->foreign_key_count]));
        table->foreign_key_count++;
        at = end;
    }
    return TAKEO_DONE;
}

/* ---- tables ---------------------------------------------------------------------------------- */

static takeo_status read_table(catalog_reader *reader, sqlite3_stmt *stmt, void *item) {
    tk_catalog_table *table = item;
    void *found = NULL;
    TK_TRY(read_text(reader, stmt, 0, &table->name));
    TK_TRY(read_text(reader, stmt, 1, &table->sql));
    TK_TRY(read_list(reader,
                     "select name, lower(type), dflt_value, \"notnull\", pk "
                     "from pragma_table_xinfo(?1) where hidden <> 1 order by cid",
                     table->name, sizeof(tk_catalog_column), read_column, &found,
                     &table->column_count));
    mark_row_number(found, table->column_count);
    table->columns = found;
    TK_TRY(read_list(reader,
                     "select name, \"unique\", origin, partial from pragma_index_list(?1) "
                     "order by name",
                     table->name, sizeof(tk_catalog_index), read_index, &found,
                     &table->index_count));
    table->indexes = found;
    return read_foreign_keys(reader, table);
}

takeo_status tk_sqlite_catalog(tk_server *server, tk_arena *arena, const tk_catalog_table **out,
                               uint32_t *out_count, tk_error *error) {
    catalog_reader reader = {server, arena, error};
    void *found = NULL;
    uint32_t count = 0;
    TK_TRY(read_list(&reader,
                     "select name, sql from sqlite_master where type = 'table' "
                     "and substr(name, 1, 7) <> 'sqlite_' order by name",
                     tk_text(NULL, 0), sizeof(tk_catalog_table), read_table, &found, &count));
    *out = found;
    *out_count = count;
    return TAKEO_DONE;
}
