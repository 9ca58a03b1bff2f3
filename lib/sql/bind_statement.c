/* bind_statement.c - which clauses a statement takes, and what they say together: columns and the
 * values of their rows, targets, conditions that must not be missing.
 */
#include "sql/sql_int.h"

typedef tk_binder binder;

static uint32_t resolve(const binder *bind, uint32_t number) {
    return tk_resolve(bind->nodes, number);
}

static const tk_note *note_of(const binder *bind, uint32_t number) {
    return &bind->notes[resolve(bind, number)];
}

static uint32_t chain_length(const binder *bind, uint32_t first) {
    return tk_chain_length(bind->nodes, first);
}

static const takeo_node_kind select_clauses[] = {TAKEO_NODE_COLUMNS,  TAKEO_NODE_FROM,
                                                 TAKEO_NODE_JOIN,     TAKEO_NODE_WHERE,
                                                 TAKEO_NODE_GROUP_BY, TAKEO_NODE_HAVING,
                                                 TAKEO_NODE_ORDER_BY, TAKEO_NODE_LIMIT,
                                                 TAKEO_NODE_OFFSET,   TAKEO_NODE_DISTINCT,
                                                 TAKEO_NODE_LOAD,     TAKEO_NODE_ONLY,
                                                 TAKEO_NODE_COMMENT,  0};
static const takeo_node_kind insert_clauses[] = {
    TAKEO_NODE_INTO,      TAKEO_NODE_COLUMNS,  TAKEO_NODE_ROWS,
    TAKEO_NODE_FROM,      TAKEO_NODE_CONFLICT, TAKEO_NODE_CONFLICT_WHERE,
    TAKEO_NODE_RETURNING, TAKEO_NODE_COMMENT,  0};
static const takeo_node_kind update_clauses[] = {TAKEO_NODE_INTO,
                                                 TAKEO_NODE_SET,
                                                 TAKEO_NODE_WHERE,
                                                 TAKEO_NODE_RETURNING,
                                                 TAKEO_NODE_ALL,
                                                 TAKEO_NODE_COMMENT,
                                                 0};
static const takeo_node_kind delete_clauses[] = {
    TAKEO_NODE_INTO, TAKEO_NODE_WHERE, TAKEO_NODE_RETURNING, TAKEO_NODE_ALL, TAKEO_NODE_COMMENT, 0};
static const takeo_node_kind raw_clauses[] = {TAKEO_NODE_COMMENT, 0};
static const takeo_node_kind repeated[] = {TAKEO_NODE_JOIN, TAKEO_NODE_WHERE, TAKEO_NODE_HAVING,
                                           TAKEO_NODE_LOAD, TAKEO_NODE_ONLY,  0};

static bool holds(const takeo_node_kind *kinds, takeo_node_kind kind) {
    for (; *kinds != 0; kinds++) {
        if (*kinds == kind) {
            return true;
        }
    }
    return false;
}

static void check_clauses(binder *bind, uint32_t number, uint32_t first,
                          const takeo_node_kind *allowed) {
    uint8_t seen[TAKEO_NODE_ALL + 1] = {0};
    const char *name = tk_kind_name(bind->nodes[number].kind);
    for (uint32_t i = first; i != 0; i = bind->nodes[i].next) {
        takeo_node_kind kind = bind->nodes[resolve(bind, i)].kind;
        if (!holds(allowed, kind)) {
            tk_finding(bind->compiler, i, TK_QUERY_SHAPE, "%s is no clause of %s",
                       tk_kind_name(kind), name);
        } else if (seen[kind] != 0 && !holds(repeated, kind)) {
            tk_finding(bind->compiler, i, TK_QUERY_SHAPE, "%s has two clauses %s", name,
                       tk_kind_name(kind));
        }
        seen[kind] = 1;
    }
}

static const tk_entity *bind_target(binder *bind, uint32_t number) {
    uint32_t table = tk_target(bind->nodes, number);
    const char *name = tk_kind_name(bind->nodes[number].kind);
    if (table == 0 || bind->nodes[table].kind != TAKEO_NODE_TABLE) {
        tk_finding(bind->compiler, number, TK_QUERY_SHAPE, "%s needs INTO with a TABLE", name);
        return NULL;
    }
    const tk_entity *entity = bind->notes[table].entity;
    if (entity != NULL
        && (entity->flags
            & (TAKEO_ENTITY_READ_ONLY | TAKEO_ENTITY_VIEW | TAKEO_ENTITY_MATERIALIZED))
               != 0) {
        tk_finding(bind->compiler, number, TK_INPUT_READ_ONLY, "%s is only read, never written",
                   entity->name.data);
    }
    return entity;
}

static void column_of_target(binder *bind, uint32_t number, const tk_entity *entity,
                             uint32_t table) {
    uint32_t column = resolve(bind, number);
    const takeo_node *node = &bind->nodes[column];
    if (node->kind != TAKEO_NODE_COLUMN || resolve(bind, node->a) != table) {
        tk_finding(bind->compiler, number, TK_QUERY_SHAPE, "only columns of %s can stand here",
                   entity->name.data);
    }
}

static void bind_rows(binder *bind, uint32_t columns, uint32_t rows) {
    uint32_t first = columns != 0 ? bind->nodes[columns].a : 0;
    uint32_t count = chain_length(bind, first);
    for (uint32_t i = rows; i != 0; i = bind->nodes[i].next) {
        uint32_t value = bind->nodes[resolve(bind, i)].a;
        uint32_t length = chain_length(bind, value);
        if (length != count) {
            tk_finding(bind->compiler, i, TK_QUERY_SHAPE, "a row has %u values for %u columns",
                       (unsigned)length, (unsigned)count);
            continue;
        }
        for (uint32_t column = first; column != 0; column = bind->nodes[column].next) {
            const tk_column *known = note_of(bind, column)->column;
            if (known != NULL) {
                tk_want(bind->compiler, value, tk_accept_column(known));
            }
            value = bind->nodes[value].next;
        }
    }
}

static void bind_conflict(binder *bind, uint32_t number, const tk_entity *entity) {
    const takeo_node *nodes = bind->nodes;
    uint32_t table = tk_target(nodes, number);
    uint32_t conflict = tk_clause(nodes, number, TAKEO_NODE_CONFLICT);
    if (conflict == 0) {
        if (tk_clause(nodes, number, TAKEO_NODE_CONFLICT_WHERE) != 0) {
            tk_finding(bind->compiler, number, TK_QUERY_SHAPE, "CONFLICT_WHERE needs CONFLICT");
        }
        return;
    }
    for (uint32_t i = nodes[conflict].a; i != 0; i = nodes[i].next) {
        column_of_target(bind, i, entity, table);
    }
    bool assigns = false;
    for (uint32_t i = nodes[conflict].b; i != 0; i = nodes[i].next) {
        const takeo_node *node = &nodes[resolve(bind, i)];
        if (node->kind == TAKEO_NODE_ASSIGN) {
            assigns = true;
            column_of_target(bind, node->a, entity, table);
        } else if (node->kind != TAKEO_NODE_WHERE) {
            tk_finding(bind->compiler, i, TK_QUERY_SHAPE, "%s is no part of CONFLICT",
                       tk_kind_name(node->kind));
        }
    }
    bool does_nothing = nodes[conflict].op == TAKEO_VARIANT_NOTHING;
    if (assigns == does_nothing) {
        tk_finding(bind->compiler, conflict, TK_QUERY_SHAPE,
                   "CONFLICT either assigns or does NOTHING");
    } else if (assigns && nodes[conflict].a == 0) {
        tk_finding(bind->compiler, conflict, TK_QUERY_SHAPE,
                   "CONFLICT that assigns names the columns of its unique key");
    }
}

/* Parameters that are selected into columns fit these. */
static void bind_selected(binder *bind, uint32_t columns, uint32_t selected) {
    const takeo_node *nodes = bind->nodes;
    uint32_t column = columns != 0 ? nodes[columns].a : 0;
    uint32_t value = selected != 0 ? nodes[selected].a : 0;
    for (; column != 0 && value != 0; column = nodes[column].next, value = nodes[value].next) {
        uint32_t below = resolve(bind, value);
        below = nodes[below].kind == TAKEO_NODE_LABEL ? nodes[below].a : below;
        if (note_of(bind, column)->column != NULL) {
            tk_want(bind->compiler, below, tk_accept_column(note_of(bind, column)->column));
        }
    }
}

static void bind_insert(binder *bind, uint32_t number) {
    const takeo_node *nodes = bind->nodes;
    check_clauses(bind, number, nodes[number].a, insert_clauses);
    const tk_entity *entity = bind_target(bind, number);
    if (entity == NULL) {
        return;
    }
    uint32_t table = tk_target(nodes, number);
    uint32_t columns = tk_clause(nodes, number, TAKEO_NODE_COLUMNS);
    uint32_t rows = tk_clause(nodes, number, TAKEO_NODE_ROWS);
    uint32_t from = tk_clause(nodes, number, TAKEO_NODE_FROM);
    for (uint32_t i = columns != 0 ? nodes[columns].a : 0; i != 0; i = nodes[i].next) {
        column_of_target(bind, i, entity, table);
        const tk_column *column = note_of(bind, i)->column;
        bool is_always =
            column != NULL && column->generated == TAKEO_GENERATED_IDENTITY_ALWAYS
            && (column->flags & TAKEO_COLUMN_NO_INSERT) == 0; /* a given key is meant */
        if (column != NULL && !is_always
            && (!column->is_insertable || column->generated == TAKEO_GENERATED_STORED
                || column->generated == TAKEO_GENERATED_VIRTUAL)) {
            tk_finding(bind->compiler, i, TK_INPUT_READ_ONLY, "%s.%s is never inserted",
                       entity->name.data, column->name.data);
        }
    }
    if (rows != 0 && from != 0) {
        tk_finding(bind->compiler, number, TK_QUERY_SHAPE, "INSERT takes ROWS or FROM, not both");
    } else if (rows != 0) {
        bind_rows(bind, columns, nodes[rows].a);
    } else if (from != 0) {
        uint32_t select = resolve(bind, nodes[from].a);
        if (nodes[select].kind != TAKEO_NODE_SELECT || nodes[nodes[from].a].next != 0) {
            tk_finding(bind->compiler, number, TK_QUERY_SHAPE, "FROM of INSERT is one SELECT");
        } else {
            uint32_t selected = tk_clause(nodes, select, TAKEO_NODE_COLUMNS);
            bind_selected(bind, columns, selected);
            uint32_t given = selected != 0 ? chain_length(bind, nodes[selected].a) : 0;
            uint32_t taken = columns != 0 ? chain_length(bind, nodes[columns].a) : 0;
            if (given != taken) {
                tk_finding(bind->compiler, number, TK_QUERY_SHAPE,
                           "%u values are selected for %u columns", (unsigned)given,
                           (unsigned)taken);
            }
        }
    } else if (columns != 0) {
        tk_finding(bind->compiler, number, TK_QUERY_SHAPE, "INSERT of columns needs their ROWS");
    }
    bind_conflict(bind, number, entity);
}

static void bind_update(binder *bind, uint32_t number) {
    const takeo_node *nodes = bind->nodes;
    bool is_update = nodes[number].kind == TAKEO_NODE_UPDATE;
    check_clauses(bind, number, nodes[number].a, is_update ? update_clauses : delete_clauses);
    const tk_entity *entity = bind_target(bind, number);
    if (nodes[number].op != 0) {
        tk_finding(bind->compiler, number, TK_CALL_UNSUPPORTED, "%s is not built yet",
                   nodes[number].op == TAKEO_VARIANT_SOFT ? "SOFT" : "this form of DELETE");
    }
    uint32_t set = tk_clause(nodes, number, TAKEO_NODE_SET);
    if (is_update && set == 0) {
        tk_finding(bind->compiler, number, TK_QUERY_SHAPE, "UPDATE needs SET");
    }
    for (uint32_t i = set != 0 ? nodes[set].a : 0; i != 0 && entity != NULL; i = nodes[i].next) {
        column_of_target(bind, nodes[resolve(bind, i)].a, entity, tk_target(nodes, number));
    }
    if (tk_clause(nodes, number, TAKEO_NODE_WHERE) == 0
        && tk_clause(nodes, number, TAKEO_NODE_ALL) == 0) {
        tk_finding(bind->compiler, number, TK_QUERY_NO_CONDITION,
                   "%s of every %s must be asked for", is_update ? "UPDATE" : "DELETE",
                   entity != NULL ? entity->name.data : "row");
        TK_SET(bind->compiler->error, hint, "give a condition, or say all()");
    }
}

static void bind_select(binder *bind, uint32_t number) {
    const takeo_node *nodes = bind->nodes;
    check_clauses(bind, number, nodes[number].a, select_clauses);
    bool is_root = number == bind->compiler->count;
    uint32_t from = tk_clause(nodes, number, TAKEO_NODE_FROM);
    for (uint32_t i = from != 0 ? nodes[from].a : 0; i != 0; i = nodes[i].next) {
        if (nodes[resolve(bind, i)].kind != TAKEO_NODE_TABLE) {
            tk_finding(bind->compiler, i, TK_QUERY_SHAPE, "FROM of SELECT takes a TABLE");
        }
    }
    if (from == 0 && tk_clause(nodes, number, TAKEO_NODE_COLUMNS) == 0) {
        tk_finding(bind->compiler, number, TK_QUERY_SHAPE, "SELECT needs FROM or COLUMNS");
    }
    for (uint32_t i = nodes[number].a; i != 0 && !is_root; i = nodes[i].next) {
        takeo_node_kind kind = nodes[resolve(bind, i)].kind;
        if (kind == TAKEO_NODE_LOAD || kind == TAKEO_NODE_ONLY || kind == TAKEO_NODE_COMMENT) {
            tk_finding(bind->compiler, i, TK_QUERY_SHAPE, "%s cannot stand in a subquery",
                       tk_kind_name(kind));
        }
    }
}

static void bind_raw_sql(binder *bind, uint32_t number) {
    const takeo_node *nodes = bind->nodes;
    check_clauses(bind, number, nodes[number].b, raw_clauses);
    tk_bind_raw_lists(bind->compiler, nodes[number].a);
    for (uint32_t i = nodes[number].a; i != 0; i = nodes[i].next) {
        const takeo_node *node = &nodes[resolve(bind, i)];
        bool is_table = node->kind == TAKEO_NODE_TABLE
                        || (node->kind == TAKEO_NODE_COLUMN
                            && nodes[resolve(bind, node->a)].kind == TAKEO_NODE_TABLE);
        if (!is_table && node->kind != TAKEO_NODE_FRAGMENT && node->kind != TAKEO_NODE_PARAM) {
            tk_finding(bind->compiler, i, TK_QUERY_SHAPE,
                       "RAW_SQL is made of FRAGMENT, PARAM, TABLE and COLUMN of a TABLE");
        }
    }
}

void tk_bind_statement(binder *bind, uint32_t number) {
    takeo_node_kind kind = bind->nodes[number].kind;
    if (kind != TAKEO_NODE_SELECT && number != bind->compiler->count) {
        tk_finding(bind->compiler, number, TK_CALL_UNSUPPORTED, "%s inside a statement",
                   tk_kind_name(kind));
    } else if (kind == TAKEO_NODE_SELECT) {
        bind_select(bind, number);
    } else if (kind == TAKEO_NODE_INSERT) {
        bind_insert(bind, number);
    } else if (kind == TAKEO_NODE_RAW_SQL) {
        bind_raw_sql(bind, number);
    } else {
        bind_update(bind, number);
    }
}
