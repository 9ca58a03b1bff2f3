/* check.c - what is wrong with one entity by itself: its names, limits, keys and what is not built.
 *
 * It knows the definition structs, already of our own level.  It does not know other entities; what
 * lies between them is resolve.c's and verify.c's.  Columns and relations have files of their own.
 */
#include "model/check_int.h"

void tk_check_add(tk_checker *check, const char *field, const char *format, ...) {
    char message[512];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    tk_report_add(check->report, check->entity, field, "%s", message);
}

bool tk_check_name(tk_checker *check, const char *field, const char *what, const char *name) {
    if (name == NULL || name[0] == '\0') {
        tk_check_add(check, field, "%s has no name", what);
        return false;
    }
    size_t len = strlen(name);
    if (len > TK_NAME_MAX) {
        tk_check_add(check, field, "the name %.40s... of %s has %zu bytes; %d is the most", name,
                     what, len, TK_NAME_MAX);
        return false;
    }
    if (!tk_name_is_valid(name, len)) {
        tk_check_add(check, field, "%.80s is no name for %s", name, what);
        tk_report_hint(check->report, "names have letters A-Z a-z, digits and _, no digit first");
        return false;
    }
    return true;
}

/* What stands in the database may be any text that fits; it is quoted. */
static void check_identifier(tk_checker *check, const char *field, const char *what,
                             const char *name) {
    size_t len = strlen(name);
    if (len == 0) {
        tk_check_add(check, field, "%s is empty", what);
    } else if (len > TK_NAME_MAX) {
        tk_check_add(check, field, "%s %.40s... has %zu bytes; %d is the most", what, name, len,
                     TK_NAME_MAX);
    } else if (!tk_utf8_is_valid(name, len)) {
        tk_check_add(check, field, "%s is not valid UTF-8", what);
    }
}

void tk_check_texts(tk_checker *check, const char *field, const void *def,
                    const tk_text_rule *rules, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const char *text;
        memcpy(&text, (const char *)def + rules[i].offset, sizeof text);
        if (text == NULL) {
            continue;
        }
        switch (rules[i].kind) {
        case TK_TEXT_NAME:
            check_identifier(check, field, rules[i].what, text);
            break;
        case TK_TEXT_ANY:
            if (!tk_utf8_is_valid(text, strlen(text))) {
                tk_check_add(check, field, "%s is not valid UTF-8", rules[i].what);
            }
            break;
        case TK_TEXT_UNBUILT:
            tk_check_add(check, field, "%s is not built yet", rules[i].what);
            break;
        }
    }
}

void tk_check_expression(tk_checker *check, const char *field, const char *what,
                         const takeo_expression *expression) {
    if (expression->nodes != NULL || expression->node_count != 0) {
        tk_check_add(check, field, "%s made of nodes is not built yet", what);
        tk_report_hint(check->report, "give it as SQL text");
    } else if (expression->sql == NULL || expression->sql[0] == '\0') {
        tk_check_add(check, field, "%s is empty", what);
    } else if (!tk_utf8_is_valid(expression->sql, strlen(expression->sql))) {
        tk_check_add(check, field, "%s is not valid UTF-8", what);
    }
}

/* ---- indexes and constraints ----------------------------------------------------------------- */

static const tk_text_rule index_texts[] = {
    {offsetof(takeo_index_def, name), TK_TEXT_NAME, "the name of an index"},
    {offsetof(takeo_index_def, method), TK_TEXT_UNBUILT, "the method of an index"},
    {offsetof(takeo_index_def, parser), TK_TEXT_UNBUILT, "the parser of an index"},
};
static const tk_text_rule constraint_texts[] = {
    {offsetof(takeo_constraint_def, name), TK_TEXT_NAME, "the name of a constraint"},
};

static void check_items(tk_checker *check, const char *what, const takeo_index_item *items,
                        uint32_t count) {
    if (count == 0 || items == NULL || count > TK_INDEX_ITEM_MAX) {
        tk_check_add(check, NULL, "%s has %u columns; it takes 1 to %d", what,
                     items != NULL ? count : 0, TK_INDEX_ITEM_MAX);
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (items[i].expression != NULL || items[i].word != NULL
            || (items[i].flags & ~(uint32_t)TAKEO_INDEX_ITEM_DESC) != 0 || items[i].reserved != 0) {
            tk_check_add(check, NULL, "%s: only columns, up or down, are built yet", what);
        } else {
            tk_check_name(check, items[i].name, what, items[i].name);
        }
    }
}

static void check_index(tk_checker *check, const takeo_index_def *index) {
    tk_check_texts(check, NULL, index, index_texts, TK_COUNT(index_texts));
    check_items(check, "an index", index->items, index->item_count);
    if ((index->flags & ~(uint32_t)TAKEO_INDEX_UNIQUE) != 0) {
        tk_check_add(check, NULL, "an index has flags that are not built yet (%#x)", index->flags);
    }
    if (index->where != NULL) {
        tk_check_expression(check, NULL, "the condition of an index", index->where);
    }
}

static void check_constraint(tk_checker *check, const takeo_constraint_def *constraint) {
    tk_check_texts(check, NULL, constraint, constraint_texts, TK_COUNT(constraint_texts));
    bool has_more = constraint->method != NULL || constraint->target != NULL
                    || constraint->references != NULL || constraint->on_delete != 0
                    || constraint->on_update != 0 || constraint->reserved != 0;
    switch (constraint->kind) {
    case TAKEO_CONSTRAINT_UNIQUE:
        check_items(check, "a unique constraint", constraint->items, constraint->item_count);
        has_more = has_more || constraint->expression != NULL;
        break;
    case TAKEO_CONSTRAINT_CHECK:
        has_more = has_more || constraint->items != NULL || constraint->item_count != 0;
        if (constraint->expression == NULL) {
            tk_check_add(check, NULL, "a check has no condition");
        } else {
            tk_check_expression(check, NULL, "a check", constraint->expression);
        }
        break;
    case TAKEO_CONSTRAINT_EXCLUDE:
        tk_check_add(check, NULL, "exclusion constraints are not built yet");
        return;
    case TAKEO_CONSTRAINT_FOREIGN_KEY:
        tk_check_add(check, NULL, "foreign keys without a relation are not built yet");
        tk_report_hint(check->report, "declare a MANY_TO_ONE relation");
        return;
    default:
        tk_check_add(check, NULL, "%u is no kind of constraint", constraint->kind);
        return;
    }
    if (has_more) {
        tk_check_add(check, NULL, "a constraint has parts that belong to another kind");
    }
    if (constraint->flags != 0) {
        tk_check_add(check, NULL, "a constraint has flags that are not built yet (%#x)",
                     constraint->flags);
    }
}

/* ---- the entity ------------------------------------------------------------------------------ */

static const tk_text_rule entity_texts[] = {
    {offsetof(takeo_entity_def, table), TK_TEXT_NAME, "the table"},
    {offsetof(takeo_entity_def, schema), TK_TEXT_NAME, "the schema"},
    {offsetof(takeo_entity_def, database), TK_TEXT_NAME, "the database"},
    {offsetof(takeo_entity_def, primary_key), TK_TEXT_NAME, "the name of the primary key"},
    {offsetof(takeo_entity_def, comment), TK_TEXT_ANY, "the comment"},
    {offsetof(takeo_entity_def, engine), TK_TEXT_NAME, "the engine"},
    {offsetof(takeo_entity_def, order_by), TK_TEXT_ANY, "order_by"},
    {offsetof(takeo_entity_def, view), TK_TEXT_UNBUILT, "a view"},
    {offsetof(takeo_entity_def, parent), TK_TEXT_UNBUILT, "inheritance"},
    {offsetof(takeo_entity_def, discriminator_value), TK_TEXT_UNBUILT, "a discriminator"},
    {offsetof(takeo_entity_def, tree_table), TK_TEXT_UNBUILT, "a tree"},
    {offsetof(takeo_entity_def, renamed_from), TK_TEXT_UNBUILT, "renamed_from"},
};

static void check_entity_kind(tk_checker *check, const takeo_entity_def *def) {
    const uint32_t built = TAKEO_ENTITY_UNMANAGED | TAKEO_ENTITY_READ_ONLY | TAKEO_ENTITY_STRICT
                           | TAKEO_ENTITY_WITHOUT_ROWID | TAKEO_ENTITY_HOOKS;
    if ((def->flags & (TAKEO_ENTITY_VIEW | TAKEO_ENTITY_MATERIALIZED)) != 0) {
        tk_check_add(check, NULL, "views are not built yet");
    }
    if ((def->flags & TAKEO_ENTITY_ABSTRACT) != 0 || def->inherit != TAKEO_INHERIT_NONE) {
        tk_check_add(check, NULL, "inheritance is not built yet");
        tk_report_hint(check->report, "give each entity all of its columns");
    }
    if (def->tree != TAKEO_TREE_NONE) {
        tk_check_add(check, NULL, "trees are not built yet");
        tk_report_hint(check->report, "declare a relation from the entity to itself");
    }
    uint32_t known = built | TAKEO_ENTITY_VIEW | TAKEO_ENTITY_MATERIALIZED | TAKEO_ENTITY_ABSTRACT;
    if ((def->flags & ~known) != 0) {
        tk_check_add(check, NULL, "flags of the entity are unknown (%#x)", def->flags & ~known);
    }
}

/* Every property has one meaning.  The map borrows the names. */
static void check_properties(tk_checker *check, const takeo_entity_def *def, tk_map *seen) {
    for (uint32_t i = 0; i < def->column_count + def->relation_count; i++) {
        bool is_column = i < def->column_count;
        const char *name =
            is_column ? def->columns[i].name : def->relations[i - def->column_count].name;
        if (name == NULL) {
            continue;
        }
        if (tk_map_get(seen, name, strlen(name)) != NULL) {
            tk_check_add(check, name, "%.80s is declared twice", name);
        } else if (!tk_map_put(seen, name, strlen(name), check)) {
            tk_report_memory(check->report);
        }
    }
}

static bool counts(uint16_t generated) {
    return generated == TAKEO_GENERATED_IDENTITY || generated == TAKEO_GENERATED_IDENTITY_ALWAYS
           || generated == TAKEO_GENERATED_INCREMENT;
}

static void check_keys(tk_checker *check, const takeo_entity_def *def) {
    uint32_t keys = 0;
    uint32_t generated = 0;
    for (uint32_t i = 0; i < def->column_count; i++) {
        bool is_key = (def->columns[i].flags & TAKEO_COLUMN_PRIMARY) != 0;
        keys += is_key;
        generated += is_key && counts(def->columns[i].generated);
    }
    for (uint32_t i = 0; i < def->relation_count; i++) {
        keys += (def->relations[i].flags & TAKEO_RELATION_FLAG_PRIMARY) != 0;
    }
    bool is_view = (def->flags & (TAKEO_ENTITY_VIEW | TAKEO_ENTITY_ABSTRACT)) != 0;
    if (keys == 0 && !is_view) {
        tk_check_add(check, NULL, "%.80s has no primary key", check->entity);
        tk_report_hint(check->report, "mark one column, or several, as the primary key");
    }
    if (keys > TK_KEY_MAX) {
        tk_check_add(check, NULL, "the primary key has %u parts; %d is the most", keys, TK_KEY_MAX);
    }
    if (generated > 1) {
        tk_check_add(check, NULL, "%u columns of the primary key are generated; one can be",
                     generated);
    }
}

static void check_roles(tk_checker *check, const takeo_entity_def *def) {
    const char *holders[TAKEO_ROLE_DISCRIMINATOR + 1] = {NULL};
    for (uint32_t i = 0; i < def->column_count; i++) {
        uint16_t role = def->columns[i].role;
        if (role == TAKEO_ROLE_NONE || role > TAKEO_ROLE_DISCRIMINATOR) {
            continue;
        }
        if (holders[role] != NULL) {
            tk_check_add(check, def->columns[i].name, "%.80s has the role that %.80s has already",
                         tk_said(def->columns[i].name), holders[role]);
        } else {
            holders[role] = tk_said(def->columns[i].name);
        }
    }
}

void tk_check_entity(tk_report *report, const takeo_entity_def *def, uint32_t place,
                     tk_arena *scratch) {
    char stand_in[32];
    snprintf(stand_in, sizeof stand_in, "entity %u", place);
    tk_checker check = {report, stand_in, scratch};
    if (tk_check_name(&check, NULL, "an entity", def->name)) {
        check.entity = def->name;
    }
    tk_check_texts(&check, NULL, def, entity_texts, TK_COUNT(entity_texts));
    check_entity_kind(&check, def);
    tk_map seen;
    tk_map_init(&seen, scratch->alloc);
    check_properties(&check, def, &seen);
    tk_map_done(&seen);
    check_keys(&check, def);
    check_roles(&check, def);
    for (uint32_t i = 0; i < def->column_count; i++) {
        tk_check_column(&check, &def->columns[i]);
    }
    for (uint32_t i = 0; i < def->relation_count; i++) {
        tk_check_relation(&check, &def->relations[i]);
    }
    for (uint32_t i = 0; i < def->index_count; i++) {
        check_index(&check, &def->indexes[i]);
    }
    for (uint32_t i = 0; i < def->constraint_count; i++) {
        check_constraint(&check, &def->constraints[i]);
    }
}
