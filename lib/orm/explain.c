/* explain.c - a failure of the database in the nouns of the model: entity and field instead of
 * table and column, and what to do.
 *
 * What the database said stays in `detail`.  It must not know any database's codes; the driver has
 * read them.
 */
#include <stdio.h>
#include <strings.h>

#include "orm/orm_int.h"

typedef struct found { /* what the names of a failure mean */
    const tk_entity *entity;
    const tk_column *columns[TK_KEY_MAX];
    uint32_t column_count;
    bool is_computed; /* an expression over the columns, or one that the entity does not know */
} found;

static bool is_same_name(takeo_text a, takeo_text b) {
    return a.len == b.len && a.len != 0 && strncasecmp(a.data, b.data, a.len) == 0;
}

/* How well a table answers to the names; 0: not at all.  A schema counts where both sides say one. */
static unsigned match_table(const tk_entity *entity, takeo_text schema, takeo_text table) {
    if (!is_same_name(entity->table, table)) {
        return 0;
    }
    bool are_both = schema.len != 0 && entity->schema.len != 0;
    if (are_both && !is_same_name(entity->schema, schema)) {
        return 0;
    }
    return 1 + (are_both ? 2 : 0) + (tk_text_equal(entity->table, table) ? 1 : 0);
}

static const tk_entity *find_table(const tk_model *model, takeo_text schema, takeo_text table) {
    const tk_entity *found = NULL;
    unsigned best = 0;
    for (uint32_t i = 0; i < model->entity_count; i++) {
        unsigned match = match_table(model->entities[i], schema, table);
        if (match > best) {
            best = match;
            found = model->entities[i];
        }
    }
    return found;
}

static void add_column(found *what, const tk_column *column) {
    for (uint32_t i = 0; i < what->column_count; i++) {
        if (what->columns[i] == column) {
            return;
        }
    }
    if (what->column_count < TK_COUNT(what->columns)) {
        what->columns[what->column_count++] = column;
    }
}

static bool find_column(found *what, takeo_text item) {
    for (uint32_t i = 0; i < what->entity->column_count; i++) {
        if (tk_names_is(item, what->entity->columns[i].column)) {
            add_column(what, &what->entity->columns[i]);
            return true;
        }
    }
    return false;
}

/* "name, lower(code)" -> columns */
static void find_columns(found *what, takeo_text list) {
    takeo_text item;
    takeo_text word;
    while (tk_names_next(&list, &item)) {
        if (!find_column(what, item)) {
            what->is_computed = true;
            while (tk_names_word(&item, &word)) {
                (void)find_column(what, word);
            }
        }
    }
}

static void add_columns(found *what, const tk_column *const *columns, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        add_column(what, columns[i]);
    }
}

/* The name that a server gives by itself: table_column_column, and a suffix. */
static bool is_made_name(takeo_text name, const tk_entity *entity, const tk_column *const *columns,
                         uint32_t count, const char *suffix) {
    enum { MADE_MAX = 512 };
    char made[MADE_MAX];
    size_t len = 0;
    if (suffix == NULL) {
        return false;
    }
    int used = snprintf(made, sizeof made, "%s", entity->table.data);
    for (uint32_t i = 0; i < count && used > 0 && len + (size_t)used < sizeof made; i++) {
        len += (size_t)used;
        used = snprintf(made + len, sizeof made - len, "_%s", columns[i]->column.data);
    }
    len += used > 0 ? (size_t)used : 0;
    if (len >= sizeof made || snprintf(made + len, sizeof made - len, "%s", suffix) < 0) {
        return false;
    }
    return is_same_name(name, tk_zstr(made));
}

static bool find_unique(found *what, const tk_dialect_facts *facts, const tk_entity *entity,
                        takeo_text name) {
    for (uint32_t i = 0; i < entity->index_count; i++) {
        const tk_index *index = &entity->indexes[i];
        if (is_same_name(index->name, name)
            || is_made_name(name, entity, index->columns, index->column_count,
                            facts->unique_suffix)) {
            add_columns(what, index->columns, index->column_count);
            return true;
        }
    }
    bool is_key = is_same_name(entity->primary_key, name)
                  || is_made_name(name, entity, NULL, 0, facts->key_suffix);
    if (is_key) {
        add_columns(what, entity->key, entity->key_count);
    }
    return is_key;
}

static bool find_check(found *what, const tk_dialect_facts *facts, const tk_entity *entity,
                       takeo_text name) {
    for (uint32_t i = 0; i < entity->check_count; i++) {
        if (is_same_name(entity->checks[i].name, name)) {
            return true;
        }
    }
    for (uint32_t i = 0; i < entity->column_count; i++) {
        const tk_column *column = &entity->columns[i];
        char made[TK_NAME_MAX + 1];
        if (is_same_name(tk_ddl_labels_name(column, made), name)
            || is_made_name(name, entity, &column, 1, facts->check_suffix)) {
            add_column(what, column);
            return true;
        }
    }
    return false;
}

static bool find_foreign_key(found *what, const tk_dialect_facts *facts, const tk_entity *entity,
                             takeo_text name) {
    for (uint32_t i = 0; i < entity->relation_count; i++) {
        const tk_relation *relation = &entity->relations[i];
        if (relation->owns_key
            && (is_same_name(relation->constraint, name)
                || is_made_name(name, entity, relation->columns, relation->column_count,
                                facts->foreign_key_suffix))) {
            add_columns(what, relation->columns, relation->column_count);
            return true;
        }
    }
    return false;
}

/* A constraint has its name from the model, or from the server; so its columns are known. */
static bool find_constraint(found *what, const tk_dialect_facts *facts, const tk_entity *entity,
                            takeo_text name) {
    bool is_found = find_unique(what, facts, entity, name) || find_check(what, facts, entity, name)
                    || find_foreign_key(what, facts, entity, name);
    what->entity = is_found ? entity : what->entity;
    return is_found;
}

/* A value that is none of its column's type: only the name of the result's column is known.  When
 * several have it, nothing is said rather than something wrong. */
static void find_cell(found *what, const tk_statement *statement, takeo_text name) {
    const tk_column *column = NULL;
    uint32_t count = 0;
    for (uint32_t i = 0; statement != NULL && i < statement->cell_count; i++) {
        const tk_column *at = statement->cells[i].column;
        if (at != NULL && is_same_name(at->column, name)) {
            count += at != column;
            column = at;
        }
    }
    if (count == 1) {
        what->entity = column->entity;
        add_column(what, column);
    }
}

/* A value that the driver refuses: the record has the number of the argument. */
static bool is_argument(const takeo_error *record) {
    return record->object != 0
           && (record->status == TAKEO_EINPUT || record->status == TAKEO_EUNSUPPORTED);
}

static void find_argument(found *what, tk_task *task, uint32_t number) {
    const tk_column *column = NULL;
    const tk_statement *statement = task != NULL ? task->running : NULL;
    const tk_job *job = task != NULL ? task->op->current : NULL;
    if (statement != NULL && job != NULL && job->sql != NULL && task->argument == NULL) {
        number = tk_spread_parameter(statement, job->sql, number);
    }
    if (task != NULL && task->argument != NULL) {
        column = task->argument(task, number);
    } else if (statement != NULL && number <= statement->param_count) {
        column = statement->params[number - 1].accept.column;
    }
    if (column != NULL) {
        what->entity = column->entity;
        add_column(what, column);
    }
}

static bool is_same_set(const found *what, const tk_column *const *columns, uint32_t count) {
    uint32_t same = 0;
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t c = 0; c < what->column_count; c++) {
            same += what->columns[c] == columns[i];
        }
    }
    return count == what->column_count && same == count;
}

/* Has the entity said that it is unique by just these columns? */
static bool is_unique_by(const found *what) {
    const tk_entity *entity = what->entity;
    bool is_unique = is_same_set(what, entity->key, entity->key_count);
    for (uint32_t i = 0; i < entity->index_count && !is_unique; i++) {
        const tk_index *index = &entity->indexes[i];
        is_unique = index->is_unique && is_same_set(what, index->columns, index->column_count);
    }
    return is_unique && what->column_count != 0 && !what->is_computed;
}

/* The relation whose key are just these columns; NULL: none. */
static const tk_relation *relation_by(const found *what) {
    for (uint32_t i = 0; what->entity != NULL && i < what->entity->relation_count; i++) {
        const tk_relation *relation = &what->entity->relations[i];
        if (relation->owns_key && relation->column_count != 0 && !what->is_computed
            && is_same_set(what, relation->columns, relation->column_count)) {
            return relation;
        }
    }
    return NULL;
}

/* A failure of a partition names that, which is no table of the model.  It is the written entity's
 * when that is unique, or refers to others, by the same columns. */
static void find_partition(found *what, const tk_entity *written, const takeo_error *record) {
    found parted = {.entity = written};
    if (written == NULL) {
        return;
    }
    find_columns(&parted, record->column_name);
    if (record->status == TAKEO_EUNIQUE
            ? is_unique_by(&parted)
            : record->status == TAKEO_EFOREIGN_KEY && relation_by(&parted) != NULL) {
        *what = parted;
    }
}

static void find_names(found *what, tk_op *op, const tk_entity *written,
                       const takeo_error *record) {
    const tk_model *model = op->source->model;
    const tk_dialect *dialect;
    what->entity = find_table(model, record->schema_name, record->table_name);
    if (record->column_name.len != 0) {
        if (what->entity != NULL) {
            find_columns(what, record->column_name);
        } else {
            find_partition(what, written, record);
        }
        if (record->status != TAKEO_EFOREIGN_KEY || relation_by(what) != NULL) {
            return;
        }
        *what = (found){.entity = what->entity};
    }
    if (record->constraint_name.len == 0
        || tk_shapes_dialect(op->source, &dialect, &op->error) < 0) {
        return;
    }
    const tk_dialect_facts *facts = tk_dialect_facts_of(dialect);
    for (uint32_t i = 0; i < model->entity_count; i++) {
        const tk_entity *entity = model->entities[i];
        if ((what->entity == NULL || what->entity == entity)
            && find_constraint(what, facts, entity, record->constraint_name)) {
            return;
        }
    }
}

/* A hidden key column is called by its relation: nobody else knows it. */
static const char *name_of(const tk_column *column) {
    return column->is_hidden && column->relation != NULL ? column->relation->name.data
                                                         : column->name.data;
}

static void tell_unique(const found *what, const takeo_error *record, tk_error *error) {
    char fields[256];
    if (what->is_computed) {
        TK_SET(error, message, "another %s has the same %s", what->entity->name.data,
               record->column_name.data);
        TK_SET(error, hint, "give another value");
        return;
    }
    size_t used = 0;
    for (uint32_t i = 0; i < what->column_count && used < sizeof fields - TK_NAME_MAX - 8; i++) {
        const char *name = name_of(what->columns[i]);
        const char *joint = i == 0 ? "" : i + 1 == what->column_count ? " and " : ", ";
        size_t joint_len = strlen(joint);
        size_t len = strlen(name);
        memcpy(fields + used, joint, joint_len);
        memcpy(fields + used + joint_len, name, len);
        used += joint_len + len;
    }
    fields[used] = '\0';
    TK_SET(error, message, "another %s has the same %s", what->entity->name.data,
           used != 0 ? fields : "values");
    TK_SET(error, hint, "give another value, or upsert to change the one that is there");
}

/* The columns are told of the row that refers, and of no other. */
static void tell_foreign_key(const found *what, const takeo_error *record, tk_error *error) {
    const tk_relation *relation = record->column_name.len != 0 ? relation_by(what) : NULL;
    const char *name = what->entity->name.data;
    if (relation != NULL) {
        TK_SET(error, message, "%s.%s refers to a %s that is not there", name, relation->name.data,
               relation->target->name.data);
        TK_SET(error, hint, "save the %s first", relation->target->name.data);
        return;
    }
    TK_SET(error, message,
           "%s: the row refers to one that is not there, or is still referred to itself", name);
    TK_SET(error, hint,
           "save what it refers to first; remove what refers to it first, or declare on_delete");
}

static void tell(const found *what, const takeo_error *record, tk_error *error) {
    const char *name = what->entity->name.data;
    const char *field = what->column_count != 0 ? name_of(what->columns[0]) : NULL;
    TK_SET(error, entity, "%s", name);
    if (field != NULL) {
        TK_SET(error, field, "%s", field);
    }
    switch (record->status) {
    case TAKEO_EUNIQUE:
        tell_unique(what, record, error);
        break;
    case TAKEO_ENOT_NULL:
        TK_SET(error, message, "%s.%s takes no NULL", name, field != NULL ? field : "?");
        TK_SET(error, hint, "give a value, or make the column nullable");
        break;
    case TAKEO_ECHECK:
        TK_SET(error, message, "%s: the row breaks the check %s", name,
               record->constraint_name.len != 0 ? record->constraint_name.data : "of its table");
        break;
    case TAKEO_EFOREIGN_KEY:
        tell_foreign_key(what, record, error);
        break;
    case TAKEO_EUNDEFINED_TABLE:
        TK_SET(error, message, "the database has no table %s for %s", what->entity->table.data,
               name);
        TK_SET(error, hint, "synchronize, or run the migration that makes it");
        break;
    case TAKEO_EUNDEFINED_COLUMN:
        TK_SET(error, message, "the table %s has no column for %s.%s", what->entity->table.data,
               name, field != NULL ? field : "?");
        TK_SET(error, hint, "run the migration that adds it");
        break;
    case TAKEO_EINPUT:
    case TAKEO_EUNSUPPORTED:
        if (field != NULL) {
            TK_SET(error, message, "%s.%s: the database cannot keep this value", name, field);
        }
        if (what->column_count != 0 && (what->columns[0]->flags & TAKEO_COLUMN_SECRET) != 0) {
            TK_SET(error, got, "***");
        }
        break;
    case TAKEO_EDECODE:
        if (what->column_count != 0 && (what->columns[0]->flags & TAKEO_COLUMN_SECRET) != 0) {
            TK_SET(error, got, "***");
        }
        break;
    default:
        break;
    }
}

/* The constraint's name, which SQLite does not say of a unique one. */
static void name_constraint(const found *what, const takeo_error *record, tk_error *error) {
    const tk_entity *entity = what->entity;
    if (record->status != TAKEO_EUNIQUE || record->constraint_name.len != 0) {
        return;
    }
    for (uint32_t i = 0; i < entity->index_count; i++) {
        const tk_index *index = &entity->indexes[i];
        if (index->is_unique && is_same_set(what, index->columns, index->column_count)) {
            TK_SET(error, constraint_name, "%s", index->name.data);
            return;
        }
    }
    if (entity->primary_key.len != 0 && is_same_set(what, entity->key, entity->key_count)) {
        TK_SET(error, constraint_name, "%s", entity->primary_key.data);
    }
}

void tk_orm_explain(tk_op *op, takeo_error *record) {
    const tk_model *model = op->source->model;
    tk_task *task = op->verb;
    found what = {.column_count = 0};
    uint32_t argument = is_argument(record) ? record->object : 0;
    if (argument != 0) {
        record->object = 0; /* from here on the number of an object */
    }
    if (task != NULL && task->blame != NULL) {
        what.entity = task->blame(task, record);
    }
    if (model == NULL) {
        return;
    }
    found by_name = {.column_count = 0};
    if (argument != 0) {
        find_argument(&by_name, task, argument);
    } else if (record->status == TAKEO_EDECODE) {
        find_cell(&by_name, task != NULL ? task->running : NULL, record->column_name);
    } else if (record->status == TAKEO_EUNDEFINED_COLUMN && record->table_name.len == 0) {
        find_cell(&by_name, task != NULL ? task->running : NULL, record->column_name);
    } else {
        find_names(&by_name, op, what.entity, record);
    }
    if (by_name.entity != NULL) {
        what = by_name;
    }
    if (what.entity != NULL) {
        name_constraint(&what, record, &op->error);
        tell(&what, record, &op->error);
    }
}
