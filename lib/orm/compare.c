/* compare.c - does a table that is there agree with its entity?
 *
 * Every difference is one finding; nothing is altered.  Columns that the entity does not know are
 * left in peace, unless they would refuse every row that it inserts.
 */
#include <strings.h>

#include "orm/schema_int.h"

enum { FINDING_MAX = 200, NAMES_MAX = 2048 };

bool tk_schema_is_same(const tk_schema *schema, takeo_text a, takeo_text b) {
    if (a.len != b.len || a.len == 0) {
        return a.len == b.len;
    }
    return schema->facts->names_have_case ? memcmp(a.data, b.data, a.len) == 0
                                          : strncasecmp(a.data, b.data, a.len) == 0;
}

/* Where there are no schemas every table is in the one that is asked for. */
static bool is_in(const tk_schema *schema, const tk_catalog_table *table, takeo_text in) {
    if (table->schema.len == 0) {
        return true;
    }
    return in.len != 0 ? tk_schema_is_same(schema, table->schema, in) : !table->is_hidden;
}

const tk_catalog_table *tk_schema_table(const tk_schema *schema, takeo_text in, takeo_text name) {
    for (uint32_t i = 0; i < schema->table_count; i++) {
        if (tk_schema_is_same(schema, schema->tables[i].name, name)
            && is_in(schema, &schema->tables[i], in)) {
            return &schema->tables[i];
        }
    }
    return NULL;
}

const tk_catalog_index *tk_schema_index(const tk_schema *schema, takeo_text in, takeo_text name) {
    for (uint32_t t = 0; t < schema->table_count; t++) {
        const tk_catalog_table *table = &schema->tables[t];
        for (uint32_t i = 0; i < table->index_count && is_in(schema, table, in); i++) {
            if (tk_schema_is_same(schema, table->indexes[i].name, name)) {
                return &table->indexes[i];
            }
        }
    }
    return NULL;
}

bool tk_schema_is_known(const tk_schema *schema, takeo_text name) {
    for (uint32_t i = 0; i < schema->table_count; i++) {
        if (tk_schema_is_same(schema, schema->tables[i].schema, name)) {
            return true;
        }
    }
    return false;
}

/* ---- findings -------------------------------------------------------------------------------- */

/* One difference; `expected` and `got` may be NULL. */
static void find(tk_schema *schema, const tk_entity *entity, const tk_column *column,
                 const char *what, const char *expected, const char *got) {
    if (++schema->findings > FINDING_MAX) {
        return;
    }
    tk_raise(schema->error, TK_MODEL_DIFFERS, "table %s%s%s: %s", entity->table.data,
             column != NULL ? ", column " : "", column != NULL ? column->column.data : "", what);
    TK_SET(schema->error, entity, "%s", entity->name.data);
    TK_SET(schema->error, table_name, "%s", entity->table.data);
    if (column != NULL) {
        TK_SET(schema->error, field, "%s", column->name.data);
        TK_SET(schema->error, column_name, "%s", column->column.data);
    }
    if (expected != NULL) {
        TK_SET(schema->error, expected, "%s", expected);
    }
    if (got != NULL) {
        TK_SET(schema->error, got, "%s", got);
    }
    TK_SET(schema->error, hint, "change the table by a migration, or the entity");
}

static void put_names(tk_buf *out, const tk_column *const *columns, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        tk_buf_printf(out, "%s%s", i != 0 ? ", " : "", columns[i]->column.data);
    }
}

/* A difference about several columns. */
static takeo_status find_list(tk_schema *schema, const tk_entity *entity, const char *what,
                              const tk_column *const *columns, uint32_t count) {
    tk_buf names;
    tk_buf_init(&names, schema->alloc, NAMES_MAX);
    put_names(&names, columns, count);
    bool failed = names.failed;
    if (!failed) {
        find(schema, entity, NULL, what, names.data, NULL);
    }
    tk_buf_done(&names);
    return failed ? tk_raise_memory(schema->error) : TAKEO_DONE;
}

/* ---- columns --------------------------------------------------------------------------------- */

static const tk_catalog_column *find_column(const tk_schema *schema, const tk_catalog_table *table,
                                            takeo_text name) {
    for (uint32_t i = 0; i < table->column_count; i++) {
        if (tk_schema_is_same(schema, table->columns[i].name, name)) {
            return &table->columns[i];
        }
    }
    return NULL;
}

static takeo_status compare_type(tk_schema *schema, const tk_column *column,
                                 const tk_catalog_column *there) {
    tk_buf type;
    tk_buf_init(&type, schema->alloc, NAMES_MAX);
    takeo_status status = tk_ddl_type(schema->dialect, column, &type, schema->error);
    if (status >= 0 && (type.failed || type.data == NULL)) {
        status = tk_raise_memory(schema->error);
    }
    if (status >= 0
        && !tk_ddl_same_type(schema->dialect, tk_text(type.data, type.len), there->type)) {
        find(schema, column->entity, column, "it has another type", type.data,
             there->type.data != NULL ? there->type.data : "");
    }
    tk_buf_done(&type);
    return status;
}

static takeo_status compare_column(tk_schema *schema, const tk_column *column,
                                   const tk_catalog_table *table) {
    const tk_catalog_column *there = find_column(schema, table, column->column);
    if (there == NULL) {
        find(schema, column->entity, column, "it is missing", NULL, NULL);
        return TAKEO_DONE;
    }
    TK_TRY(compare_type(schema, column, there));
    if (column->is_nullable != there->is_nullable) {
        find(schema, column->entity, column,
             column->is_nullable ? "it takes no NULL" : "it takes NULL",
             column->is_nullable ? "NULL" : "NOT NULL", there->is_nullable ? "NULL" : "NOT NULL");
    }
    return TAKEO_DONE;
}

static bool is_stored(const tk_column *column) {
    return column->generated < TAKEO_GENERATED_FORMULA;
}

static void compare_others(tk_schema *schema, const tk_entity *entity,
                           const tk_catalog_table *table) {
    for (uint32_t i = 0; i < table->column_count; i++) {
        const tk_catalog_column *there = &table->columns[i];
        bool is_known = false;
        for (uint32_t c = 0; c < entity->column_count; c++) {
            is_known |= tk_schema_is_same(schema, entity->columns[c].column, there->name);
        }
        if (!is_known && !there->is_nullable && there->default_sql.data == NULL
            && there->key_place == 0) {
            find(schema, entity, NULL,
                 "it has a column that takes no NULL, has no default and "
                 "stands in no entity",
                 NULL, there->name.data);
        }
    }
}

static takeo_status compare_key(tk_schema *schema, const tk_entity *entity,
                                const tk_catalog_table *table) {
    uint32_t there = 0;
    bool is_same = true;
    for (uint32_t i = 0; i < table->column_count; i++) {
        uint32_t place = table->columns[i].key_place;
        there += place != 0;
        is_same &= place == 0
                   || (place <= entity->key_count
                       && tk_schema_is_same(schema, entity->key[place - 1]->column,
                                            table->columns[i].name));
    }
    return is_same && there == entity->key_count
               ? TAKEO_DONE
               : find_list(schema, entity, "it has another key", entity->key, entity->key_count);
}

/* ---- constraints ----------------------------------------------------------------------------- */

static bool has_columns(const tk_schema *schema, const takeo_text *names, uint32_t name_count,
                        const tk_column *const *columns, uint32_t count) {
    if (name_count != count) {
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (!tk_schema_is_same(schema, names[i], columns[i]->column)) {
            return false;
        }
    }
    return true;
}

static takeo_status compare_index(tk_schema *schema, const tk_entity *entity, const tk_index *index,
                                  const tk_catalog_table *table) {
    for (uint32_t i = 0; i < table->index_count; i++) {
        const tk_catalog_index *there = &table->indexes[i];
        if (index->is_constraint ? there->is_unique && !there->is_partial
                                       && has_columns(schema, there->columns, there->column_count,
                                                      index->columns, index->column_count)
                                 : tk_schema_is_same(schema, there->name, index->name)) {
            bool is_same = there->is_unique == index->is_unique
                           && has_columns(schema, there->columns, there->column_count,
                                          index->columns, index->column_count);
            return is_same ? TAKEO_DONE
                           : find_list(schema, entity,
                                       "an index has other columns, or is unique "
                                       "on one side only",
                                       index->columns, index->column_count);
        }
    }
    return index->is_constraint ? find_list(schema, entity, "it is not unique by these columns",
                                            index->columns, index->column_count)
                                : TAKEO_DONE; /* an index that is missing is made */
}

/* RESTRICT acts at once and NO ACTION at the end of the statement; else they are the same word. */
static bool is_same_action(uint16_t wanted, uint16_t there) {
    return wanted == there;
}

static bool is_same_target(const tk_schema *schema, const tk_entity *target,
                           const tk_catalog_foreign_key *there) {
    bool is_told = there->schema.len != 0 && target->schema.len != 0;
    return tk_schema_is_same(schema, there->table, target->table)
           && (!is_told || tk_schema_is_same(schema, there->schema, target->schema));
}

static bool is_same_foreign_key(const tk_schema *schema, const tk_relation *relation,
                                const tk_catalog_foreign_key *there) {
    return has_columns(schema, there->columns, there->column_count, relation->columns,
                       relation->column_count)
           && (there->references == NULL || there->references[0].len == 0
               || has_columns(schema, there->references, there->column_count, relation->references,
                              relation->column_count))
           && is_same_target(schema, relation->target, there)
           && is_same_action(relation->on_delete, there->on_delete)
           && is_same_action(relation->on_update, there->on_update);
}

static takeo_status compare_relation(tk_schema *schema, const tk_relation *relation,
                                     const tk_catalog_table *table) {
    if (!relation->owns_key || (relation->flags & TAKEO_RELATION_FLAG_NO_CONSTRAINT) != 0) {
        return TAKEO_DONE;
    }
    for (uint32_t i = 0; i < table->foreign_key_count; i++) {
        if (is_same_foreign_key(schema, relation, &table->foreign_keys[i])) {
            return TAKEO_DONE;
        }
    }
    return find_list(schema, relation->entity,
                     "it has no foreign key, or one with other actions, on these columns",
                     relation->columns, relation->column_count);
}

takeo_status tk_schema_compare(tk_schema *schema, const tk_entity *entity,
                               const tk_catalog_table *table) {
    for (uint32_t i = 0; i < entity->column_count; i++) {
        if (is_stored(&entity->columns[i])) {
            TK_TRY(compare_column(schema, &entity->columns[i], table));
        }
    }
    compare_others(schema, entity, table);
    TK_TRY(compare_key(schema, entity, table));
    for (uint32_t i = 0; i < entity->index_count; i++) {
        TK_TRY(compare_index(schema, entity, &entity->indexes[i], table));
    }
    for (uint32_t i = 0; i < entity->relation_count; i++) {
        TK_TRY(compare_relation(schema, &entity->relations[i], table));
    }
    return TAKEO_DONE;
}
