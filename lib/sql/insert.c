/* insert.c - INSERT with rows, defaults or a SELECT; ON CONFLICT; and RETURNING for all writes. */
#include "sql/sql_int.h"

bool tk_asks_outcome(const tk_render *render) {
    return render->statement->tells_outcome && render->dialect->methods.put_inserted != NULL;
}

/* A row that comes back where nothing is updated is new. */
static void put_outcome(tk_render *render, uint32_t number) {
    uint32_t conflict = tk_clause(render->nodes, number, TAKEO_NODE_CONFLICT);
    bool is_new = conflict == 0 || render->nodes[conflict].op == TAKEO_VARIANT_NOTHING;
    if (is_new) {
        tk_put(render, render->dialect->true_text);
    } else {
        render->dialect->methods.put_inserted(&render->told, &render->buf);
    }
}

void tk_put_returning(tk_render *render, uint32_t number) {
    bool has_cells = tk_clause(render->nodes, number, TAKEO_NODE_RETURNING) != 0;
    bool asks = tk_asks_outcome(render);
    if (!has_cells && !asks) {
        return;
    }
    tk_put(render, " returning ");
    if (has_cells) {
        render->is_bare = true;
        tk_put_cells(render);
        render->is_bare = false;
    }
    if (asks) {
        tk_put(render, has_cells ? ", " : "");
        put_outcome(render, number);
    }
}

void tk_put_assigns(tk_render *render, uint32_t first) {
    bool is_first = true;
    for (uint32_t i = first; i != 0; i = render->nodes[i].next) {
        const takeo_node *node = tk_node(render, i);
        if (node->kind != TAKEO_NODE_ASSIGN) {
            continue;
        }
        const tk_column *column = render->notes[tk_resolve(render->nodes, node->a)].column;
        tk_put(render, is_first ? "" : ", ");
        tk_put_name(render, column->column);
        tk_put(render, " = ");
        tk_put_expr(render, node->b, TK_LEVEL_OR);
        is_first = false;
    }
}

static void put_names(tk_render *render, uint32_t first) {
    tk_put(render, " (");
    for (uint32_t i = first; i != 0; i = render->nodes[i].next) {
        tk_put_name(render, render->notes[tk_resolve(render->nodes, i)].column->column);
        tk_put(render, render->nodes[i].next != 0 ? ", " : "");
    }
    tk_put(render, ")");
}

/* Who names a column that the server alone fills means the values that are given. */
static void put_overriding(tk_render *render, uint32_t first) {
    bool is_named = false;
    for (uint32_t i = first; i != 0; i = render->nodes[i].next) {
        is_named |= render->notes[tk_resolve(render->nodes, i)].column->generated
                    == TAKEO_GENERATED_IDENTITY_ALWAYS;
    }
    if (is_named && render->dialect->overriding_text != NULL) {
        tk_put(render, render->dialect->overriding_text);
    }
}

static void put_rows(tk_render *render, uint32_t first) {
    tk_put(render, " values ");
    for (uint32_t i = first; i != 0; i = render->nodes[i].next) {
        tk_put_expr(render, i, TK_LEVEL_PRIMARY);
        tk_put(render, render->nodes[i].next != 0 ? ", " : "");
    }
}

void tk_put_conflict(tk_render *render, uint32_t number) {
    uint32_t conflict = tk_clause(render->nodes, number, TAKEO_NODE_CONFLICT);
    if (conflict == 0) {
        return;
    }
    const takeo_node *node = &render->nodes[conflict];
    tk_put(render, " on conflict");
    if (node->a != 0) {
        put_names(render, node->a);
    }
    uint32_t where = tk_clause(render->nodes, number, TAKEO_NODE_CONFLICT_WHERE);
    if (where != 0) {
        tk_put(render, " where ");
        render->is_bare = true;
        tk_put_expr(render, render->nodes[where].a, TK_LEVEL_OR);
        render->is_bare = false;
    }
    if (node->op == TAKEO_VARIANT_NOTHING) {
        tk_put(render, " do nothing");
        return;
    }
    tk_put(render, " do update set ");
    tk_put_assigns(render, node->b);
    const char *before = " where ";
    for (uint32_t i = node->b; i != 0; i = render->nodes[i].next) {
        const takeo_node *part = tk_node(render, i);
        if (part->kind == TAKEO_NODE_WHERE) {
            tk_put(render, before);
            tk_put_expr(render, part->a, TK_LEVEL_NOT);
            before = " and ";
        }
    }
    if (tk_asks_outcome(render)) {
        tk_put(render, before);
        tk_put(render, "(");
        render->dialect->methods.note_update(&render->told, &render->buf);
        tk_put(render, ")");
    }
}

static void put_selected_rows(tk_render *render, uint32_t number, uint32_t from) {
    uint32_t select = tk_resolve(render->nodes, render->nodes[from].a);
    bool has_conflict = tk_clause(render->nodes, number, TAKEO_NODE_CONFLICT) != 0;
    bool has_where = tk_clause(render->nodes, select, TAKEO_NODE_WHERE) != 0;
    tk_put(render, " ");
    if (has_conflict && !has_where && render->dialect->conflict_needs_where) {
        tk_put(render, "select * from (");
        tk_put_select(render, select);
        tk_put(render, ") where true");
    } else {
        tk_put_select(render, select);
    }
}

void tk_put_insert(tk_render *render, uint32_t number) {
    const tk_source *target = render->scope->first;
    tk_put(render, "insert into ");
    tk_put_table(&render->buf, target->entity);
    if (target->alias.len != 0) {
        tk_put(render, " as ");
        tk_put_name(render, target->alias);
    }
    uint32_t columns = tk_clause(render->nodes, number, TAKEO_NODE_COLUMNS);
    uint32_t rows = tk_clause(render->nodes, number, TAKEO_NODE_ROWS);
    uint32_t from = tk_clause(render->nodes, number, TAKEO_NODE_FROM);
    if (columns == 0) {
        tk_put(render, " default values");
    } else {
        put_names(render, render->nodes[columns].a);
        put_overriding(render, render->nodes[columns].a);
        if (rows != 0) {
            put_rows(render, render->nodes[rows].a);
        } else {
            put_selected_rows(render, number, from);
        }
    }
    tk_put_conflict(render, number);
    tk_put_returning(render, number);
}
