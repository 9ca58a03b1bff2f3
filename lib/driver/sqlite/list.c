/* list.c - the table-valued function takeo_list(?1): the elements of a bound ARRAY cell as rows.
 *
 *     select ... from cities where id in (select value from takeo_list(?1))
 *     ... where (a, b) in (select c1, c2 from takeo_list(?1))
 *
 * One text and one prepared statement thus do for lists of any length.  Columns: value, c1 ... c16
 * of an element that is itself a list (of one that is none c1 is the element), and the hidden
 * argument.  The plan takes the list for short, so that the index of the other table is used.  It
 * must not know statements.
 */
#include "driver/sqlite/sqlite_int.h"

enum { FIRST_PART = 1, LAST_PART = 16, ARGUMENT = 17 };

typedef struct list_cursor {
    sqlite3_vtab_cursor base;
    const takeo_cell *cells;
    size_t count;
    size_t at;
} list_cursor;

/* ---- the table ------------------------------------------------------------------------------- */

static int list_connect(sqlite3 *db, void *aux, int count, const char *const *arguments,
                        sqlite3_vtab **out, char **out_message) {
    (void)aux;
    (void)count;
    (void)arguments;
    (void)out_message;
    int rc = tk_lite.declare_vtab(db, "create table x(value, c1, c2, c3, c4, c5, c6, c7, c8, c9, "
                                      "c10, c11, c12, c13, c14, c15, c16, list hidden)");
    if (rc != SQLITE_OK) {
        return rc;
    }
    tk_lite.vtab_config(db, SQLITE_VTAB_DIRECTONLY); /* never in a schema */
    sqlite3_vtab *table = tk_lite.realloc64(NULL, sizeof *table);
    if (table == NULL) {
        return SQLITE_NOMEM;
    }
    *table = (sqlite3_vtab){0};
    *out = table;
    return SQLITE_OK;
}

static int list_disconnect(sqlite3_vtab *table) {
    tk_lite.free(table);
    return SQLITE_OK;
}

/* There is one plan: the argument is given.  Without it there is none. */
static int list_best_index(sqlite3_vtab *table, sqlite3_index_info *info) {
    (void)table;
    for (int i = 0; i < info->nConstraint; i++) {
        bool is_argument = info->aConstraint[i].iColumn == ARGUMENT
                           && info->aConstraint[i].op == SQLITE_INDEX_CONSTRAINT_EQ;
        if (is_argument && info->aConstraint[i].usable) {
            info->aConstraintUsage[i].argvIndex = 1;
            info->aConstraintUsage[i].omit = 1;
            info->estimatedCost = 10;
            info->estimatedRows = 10;
            info->idxNum = 1;
            return SQLITE_OK;
        }
    }
    return SQLITE_CONSTRAINT;
}

/* ---- the cursor ------------------------------------------------------------------------------ */

static int list_open(sqlite3_vtab *table, sqlite3_vtab_cursor **out) {
    (void)table;
    list_cursor *cursor = tk_lite.realloc64(NULL, sizeof *cursor);
    if (cursor == NULL) {
        return SQLITE_NOMEM;
    }
    *cursor = (list_cursor){0};
    *out = &cursor->base;
    return SQLITE_OK;
}

static int list_close(sqlite3_vtab_cursor *base) {
    tk_lite.free(base);
    return SQLITE_OK;
}

/* An argument that is no list of ours, NULL among them, has no rows. */
static int list_filter(sqlite3_vtab_cursor *base, int plan, const char *text, int count,
                       sqlite3_value **values) {
    (void)plan;
    (void)text;
    list_cursor *cursor = (list_cursor *)base;
    const takeo_cell *list = count > 0 ? tk_lite.value_pointer(values[0], TK_SQLITE_LIST) : NULL;
    cursor->cells = list != NULL ? list->v.list.cells : NULL;
    cursor->count = list != NULL ? list->v.list.count : 0;
    cursor->at = 0;
    return SQLITE_OK;
}

static int list_next(sqlite3_vtab_cursor *base) {
    ((list_cursor *)base)->at++;
    return SQLITE_OK;
}

static int list_eof(sqlite3_vtab_cursor *base) {
    const list_cursor *cursor = (const list_cursor *)base;
    return cursor->at >= cursor->count;
}

static int list_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *out) {
    *out = (sqlite3_int64)((list_cursor *)base)->at + 1;
    return SQLITE_OK;
}

/* The cell that stands in a column of an element; NULL: none does. */
static const takeo_cell *part_of(const takeo_cell *element, int column) {
    size_t part = column >= FIRST_PART ? (size_t)(column - FIRST_PART) : 0;
    bool is_list = !tk_cell_is_null(element)
                   && (element->type == TAKEO_TYPE_ARRAY || element->type == TAKEO_TYPE_COMPOSITE);
    if (!is_list) {
        return part == 0 ? element : NULL;
    }
    return part < element->v.list.count ? &element->v.list.cells[part] : NULL;
}

static int list_column(sqlite3_vtab_cursor *base, sqlite3_context *context, int column) {
    const list_cursor *cursor = (const list_cursor *)base;
    const takeo_cell *cell =
        column <= LAST_PART ? part_of(&cursor->cells[cursor->at], column) : NULL;
    if (cell == NULL) {
        tk_lite.result_null(context);
        return SQLITE_OK;
    }
    char scratch[TK_SQLITE_SCRATCH];
    tk_sqlite_value value;
    tk_sqlite_kind kind = tk_sqlite_encode(cell, scratch, &value);
    /* The cells of the list live longer than the statement runs; what is written out does not. */
    sqlite3_destructor_type life =
        tk_sqlite_is_written(cell->type) ? SQLITE_TRANSIENT : SQLITE_STATIC;
    switch (kind) {
    case TK_SQLITE_NULL:
        tk_lite.result_null(context);
        break;
    case TK_SQLITE_INT:
        tk_lite.result_int64(context, value.i);
        break;
    case TK_SQLITE_FLOAT:
        tk_lite.result_double(context, value.f);
        break;
    case TK_SQLITE_TEXT:
        tk_lite.result_text64(context, value.data, value.len, life, SQLITE_UTF8);
        break;
    case TK_SQLITE_BLOB:
        tk_lite.result_blob64(context, value.data, value.len, life);
        break;
    case TK_SQLITE_POINTER:
    case TK_SQLITE_REFUSED:
        tk_lite.result_error(context, "a value in the list has no form in SQLite", -1);
        break;
    }
    return SQLITE_OK;
}

static const sqlite3_module list_module = {
    .xConnect =
        list_connect, /* no xCreate: it is there without CREATE VIRTUAL TABLE, and only so */
    .xBestIndex = list_best_index,
    .xDisconnect = list_disconnect,
    .xOpen = list_open,
    .xClose = list_close,
    .xFilter = list_filter,
    .xNext = list_next,
    .xEof = list_eof,
    .xColumn = list_column,
    .xRowid = list_rowid,
};

int tk_sqlite_list_add(sqlite3 *db) {
    return tk_lite.create_module_v2(db, TK_SQLITE_LIST, &list_module, NULL, NULL);
}
