/* catalog_support.h - what the tests of both catalogues look at in the same way: columns and indexes. */
#ifndef TK_TEST_CATALOG_SUPPORT_H
#define TK_TEST_CATALOG_SUPPORT_H

#include "driver_support.h"

typedef struct column_row { /* what a column shall be */
    const char *name;
    const char *type;
    const char *default_sql; /* NULL: none */
    bool is_nullable;
    uint32_t key_place;
} column_row;

/* The columns of a table are these, in this order. */
static inline void assert_columns(const tk_catalog_table *table, const column_row *rows,
                                  size_t count) {
    assert_int_equal(table->column_count, count);
    for (size_t i = 0; i < count; i++) {
        const tk_catalog_column *column = &table->columns[i];
        assert_text(column->name, rows[i].name);
        assert_text(column->type, rows[i].type);
        assert_int_equal(column->is_nullable, rows[i].is_nullable);
        assert_int_equal(column->key_place, rows[i].key_place);
        if (rows[i].default_sql != NULL) {
            assert_text(column->default_sql, rows[i].default_sql);
        } else {
            assert_null(column->default_sql.data);
        }
    }
}

/* The first index whose name begins so. */
static inline const tk_catalog_index *index_of(const tk_catalog_table *table, const char *prefix) {
    for (uint32_t i = 0; i < table->index_count; i++) {
        if (strncmp(table->indexes[i].name.data, prefix, strlen(prefix)) == 0) {
            return &table->indexes[i];
        }
    }
    fail_msg("no index %s", prefix);
    return NULL;
}

#endif
