/* select.c - SELECT, and the parts of it that other statements use: tables with their joins,
 * conditions, cells.
 */
#include "sql/sql_int.h"

static void put_source(tk_render *render, const tk_source *source) {
    tk_put_table(&render->buf, source->entity);
    if (render->bound->is_qualified) {
        tk_put(render, " as ");
        tk_put_name(render, source->alias);
    }
}

/* The columns of a relation, joined: there = here. */
void tk_put_pairs(tk_render *render, const tk_source *source) {
    const tk_relation *relation = source->relation;
    for (uint32_t i = 0; i < relation->column_count; i++) {
        tk_put(render, i != 0 ? " and " : "");
        tk_put_column(render, source, relation->references[i]);
        tk_put(render, " = ");
        tk_put_column(render, source->parent, relation->columns[i]);
    }
}

static void put_join(tk_render *render, const tk_source *source) {
    uint32_t condition = source->join != 0 ? render->nodes[source->join].b : 0;
    if (condition == 0 && source->relation == NULL) {
        tk_put(render, " cross join ");
        put_source(render, source);
        return;
    }
    tk_put(render, source->is_left ? " left join " : " join ");
    put_source(render, source);
    tk_put(render, " on ");
    if (source->relation != NULL) {
        tk_put_pairs(render, source);
    } else {
        tk_put_expr(render, condition, TK_LEVEL_OR);
    }
}

void tk_put_from(tk_render *render, const tk_scope *scope) {
    if (scope->first == NULL) {
        return;
    }
    tk_put(render, " from ");
    put_source(render, scope->first);
    for (const tk_source *i = scope->first->next; i != NULL; i = i->next) {
        put_join(render, i);
    }
}

static uint32_t count_clauses(const tk_render *render, uint32_t statement, takeo_node_kind kind) {
    uint32_t count = 0;
    for (uint32_t i = render->nodes[statement].a; i != 0; i = render->nodes[i].next) {
        count += tk_node(render, i)->kind == kind;
    }
    return count;
}

bool tk_put_conditions(tk_render *render, uint32_t statement, takeo_node_kind kind,
                       const char *word) {
    uint32_t count = count_clauses(render, statement, kind);
    tk_level level = count > 1 ? TK_LEVEL_NOT : TK_LEVEL_OR;
    const char *before = word;
    for (uint32_t i = render->nodes[statement].a; i != 0; i = render->nodes[i].next) {
        const takeo_node *clause = tk_node(render, i);
        if (clause->kind == kind) {
            tk_put(render, before);
            tk_put_expr(render, clause->a, level);
            before = " and ";
        }
    }
    return count != 0;
}

/* ---- what is selected ------------------------------------------------------------------------ */

static void put_selected(tk_render *render, uint32_t number, bool is_distinct) {
    const takeo_node *node = tk_node(render, number);
    uint32_t value = node->kind == TAKEO_NODE_LABEL ? node->a : number;
    if (is_distinct) {
        tk_put_operand(render, value, tk_render_type(render, value), true, TK_LEVEL_OR);
    } else {
        tk_put_expr(render, value, TK_LEVEL_OR);
    }
    if (node->kind == TAKEO_NODE_LABEL) {
        tk_put(render, " as ");
        tk_put_name(render, tk_text(node->text, node->text_len));
    }
}

void tk_put_cells(tk_render *render) {
    const tk_statement *statement = render->statement;
    bool is_distinct = tk_clause(render->nodes, statement->node_count, TAKEO_NODE_DISTINCT) != 0;
    for (uint32_t i = 0; i < statement->cell_count; i++) {
        const tk_origin *origin = &render->bound->origins[i];
        tk_put(render, i != 0 ? ", " : "");
        if (origin->source != NULL) {
            tk_put_column(render, origin->source, origin->column);
        } else {
            put_selected(render, origin->label != 0 ? origin->label : origin->node, is_distinct);
        }
    }
}

static void put_columns(tk_render *render, uint32_t number) {
    if (number == render->statement->node_count) {
        tk_put_cells(render);
        return;
    }
    uint32_t columns = tk_clause(render->nodes, number, TAKEO_NODE_COLUMNS);
    bool is_distinct = tk_clause(render->nodes, number, TAKEO_NODE_DISTINCT) != 0;
    if (columns == 0) {
        tk_put(render, "1"); /* of EXISTS */
        return;
    }
    for (uint32_t i = render->nodes[columns].a; i != 0; i = render->nodes[i].next) {
        put_selected(render, i, is_distinct);
        tk_put(render, render->nodes[i].next != 0 ? ", " : "");
    }
}

/* ---- GROUP BY, ORDER BY ---------------------------------------------------------------------- */

static void put_group(tk_render *render, uint32_t clause) {
    tk_put(render, " group by ");
    for (uint32_t i = render->nodes[clause].a; i != 0; i = render->nodes[i].next) {
        const takeo_node *item = tk_node(render, i);
        bool is_source = item->kind == TAKEO_NODE_TABLE || item->kind == TAKEO_NODE_PATH;
        if (is_source || item->kind == TAKEO_NODE_KEY) {
            tk_put_key(render, is_source ? i : item->a, ", ", "");
        } else {
            tk_put_operand(render, i, tk_render_type(render, i), true, TK_LEVEL_OR);
        }
        tk_put(render, render->nodes[i].next != 0 ? ", " : "");
    }
}

/* What stands behind each value of an order. */
static const char *order_words(const takeo_node *node) {
    bool is_descending = node->op == TAKEO_OPERATOR_DESC;
    if ((node->flags & TAKEO_NODE_FLAG_NULLS_FIRST) != 0) {
        return is_descending ? " desc nulls first" : " nulls first";
    }
    if ((node->flags & TAKEO_NODE_FLAG_NULLS_LAST) != 0) {
        return is_descending ? " desc nulls last" : " nulls last";
    }
    return tk_operator_of(node->op)->text;
}

static void put_order_item(tk_render *render, uint32_t number) {
    const takeo_node *node = tk_node(render, number);
    bool is_order =
        node->kind == TAKEO_NODE_OPERATION && tk_operator_of(node->op)->group == TK_GROUP_ORDER;
    uint32_t value = is_order ? node->a : number;
    const char *after = is_order ? order_words(node) : "";
    if (tk_node(render, value)->kind == TAKEO_NODE_KEY) {
        tk_put_key(render, tk_node(render, value)->a, ", ", after);
    } else {
        tk_put_operand(render, value, tk_render_type(render, value), true, TK_LEVEL_OR);
        tk_put(render, after);
    }
}

static void put_default_order(tk_render *render) {
    const tk_bound *bound = render->bound;
    for (uint32_t i = 0; i < bound->order_count; i++) {
        tk_put(render, i != 0 ? ", " : " order by ");
        tk_put_column(render, bound->order_source, bound->order[i].column);
        if (render->dialect->methods.collation != NULL) {
            tk_put(render, render->dialect->methods.collation(bound->order[i].column->type));
        }
        tk_put(render, bound->order[i].is_descending ? " desc" : "");
    }
}

static void put_order(tk_render *render, uint32_t number) {
    uint32_t clause = tk_clause(render->nodes, number, TAKEO_NODE_ORDER_BY);
    if (clause == 0 && number == render->statement->node_count) {
        put_default_order(render);
    }
    for (uint32_t i = clause != 0 ? render->nodes[clause].a : 0; i != 0;
         i = render->nodes[i].next) {
        tk_put(render, i == render->nodes[clause].a ? " order by " : ", ");
        put_order_item(render, i);
    }
}

static void put_limit(tk_render *render, uint32_t number) {
    uint32_t limit = tk_clause(render->nodes, number, TAKEO_NODE_LIMIT);
    uint32_t offset = tk_clause(render->nodes, number, TAKEO_NODE_OFFSET);
    if (limit != 0 || offset != 0) {
        render->dialect->methods.limit(render, limit != 0 ? render->nodes[limit].a : 0,
                                       offset != 0 ? render->nodes[offset].a : 0);
    }
}

void tk_put_select(tk_render *render, uint32_t number) {
    const tk_scope *outer = render->scope;
    render->scope = render->bound->scopes[number];
    tk_put(render, "select ");
    uint32_t distinct = tk_clause(render->nodes, number, TAKEO_NODE_DISTINCT);
    if (distinct != 0 && render->nodes[distinct].a != 0) {
        render->dialect->methods.distinct_on(render, distinct);
    } else if (distinct != 0) {
        tk_put(render, "distinct ");
    }
    put_columns(render, number);
    tk_put_from(render, render->scope);
    tk_put_conditions(render, number, TAKEO_NODE_WHERE, " where ");
    uint32_t group = tk_clause(render->nodes, number, TAKEO_NODE_GROUP_BY);
    if (group != 0) {
        put_group(render, group);
    }
    tk_put_conditions(render, number, TAKEO_NODE_HAVING, " having ");
    put_order(render, number);
    put_limit(render, number);
    render->scope = outer;
}
