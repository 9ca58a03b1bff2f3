/* expr.c - values: columns, keys, parameters, CASE, subqueries, relations.  What binds less tightly
 * than its place asks is bracketed.
 */
#include "sql/sql_int.h"

takeo_type tk_render_type(const tk_render *render, uint32_t number) {
    number = tk_resolve(render->nodes, number);
    const takeo_node *node = &render->nodes[number];
    if (node->kind == TAKEO_NODE_PARAM) {
        return render->statement->params[node->ref - 1].accept.type;
    }
    return render->notes[number].type;
}

/* Decimals compare by value with all that is exact; with floating point both are. */
takeo_type tk_compare_type(const tk_render *render, uint32_t a, uint32_t b) {
    takeo_type left = tk_render_type(render, a);
    takeo_type right = tk_render_type(render, b);
    bool is_float = left == TAKEO_TYPE_FLOAT32 || left == TAKEO_TYPE_FLOAT64
                    || right == TAKEO_TYPE_FLOAT32 || right == TAKEO_TYPE_FLOAT64;
    if (!is_float && (left == TAKEO_TYPE_DECIMAL || right == TAKEO_TYPE_DECIMAL)) {
        return TAKEO_TYPE_DECIMAL;
    }
    return left != TAKEO_TYPE_DECIMAL ? left : right;
}

static takeo_text collation_of(const tk_render *render, const takeo_node *node) {
    takeo_text name = tk_text(node->text, node->text_len);
    return tk_text_equal(name, tk_zstr("binary")) ? tk_zstr(render->dialect->binary_collation)
                                                  : name;
}

static tk_level level_of(const tk_render *render, uint32_t number) {
    number = tk_resolve(render->nodes, number);
    const takeo_node *node = &render->nodes[number];
    if (node->kind == TAKEO_NODE_COLLATE) {
        return TK_LEVEL_OTHER;
    }
    if (node->kind == TAKEO_NODE_RELATION) {
        bool is_negated = node->op == TAKEO_VARIANT_NONE || node->op == TAKEO_VARIANT_EVERY;
        return is_negated ? TK_LEVEL_NOT : TK_LEVEL_PRIMARY;
    }
    if (node->kind != TAKEO_NODE_OPERATION) {
        return TK_LEVEL_PRIMARY;
    }
    if (tk_operator_of(node->op)->group == TK_GROUP_LOGIC) { /* one operand, or none, is no logic */
        uint32_t first = node->a;
        if (first == 0) {
            return TK_LEVEL_PRIMARY;
        }
        if (render->nodes[first].next == 0) {
            return level_of(render, first);
        }
    }
    return (tk_level)tk_operator_of(node->op)->level;
}

/* ---- columns and keys ------------------------------------------------------------------------ */

/* A column over a path that is not joined stands in the table that the path begins at. */
static void put_column_of(tk_render *render, uint32_t number, const tk_column *column) {
    number = tk_resolve(render->nodes, number);
    const tk_source *source = tk_scope_find(render->bound, render->nodes, render->scope, number);
    while (source == NULL && render->nodes[number].kind == TAKEO_NODE_PATH) {
        uint32_t below = tk_resolve(render->nodes, render->nodes[number].a);
        const tk_relation *relation =
            tk_entity_relation(render->notes[below].entity, render->nodes[number].ref);
        const tk_column *here = tk_relation_here(relation, column);
        if (here == NULL) {
            break;
        }
        column = here;
        number = below;
        source = tk_scope_find(render->bound, render->nodes, render->scope, number);
    }
    if (source == NULL) { /* scope.c joined whatever is used */
        render->status = tk_raise(render->error, TK_CALL_INTERNAL,
                                  "a column was written whose table was never found");
        render->buf.failed = true;
        return;
    }
    tk_put_column(render, source, column);
}

void tk_put_key(tk_render *render, uint32_t source, const char *between, const char *after) {
    const tk_entity *entity = render->notes[tk_resolve(render->nodes, source)].entity;
    for (uint32_t i = 0; i < entity->key_count; i++) {
        tk_put(render, i != 0 ? between : "");
        put_column_of(render, source, entity->key[i]);
        tk_put(render, after);
    }
}

static void put_key(tk_render *render, uint32_t number) {
    bool is_row = render->notes[number].width > 1;
    tk_put(render, is_row ? "(" : "");
    tk_put_key(render, render->nodes[number].a, ", ", "");
    tk_put(render, is_row ? ")" : "");
}

/* ---- relations: a subquery over the other side ----------------------------------------------- */

static void put_held_key(tk_render *render, uint32_t number, const tk_source *own) {
    const takeo_node *value = tk_node(render, render->nodes[number].b);
    uint32_t item = value->kind == TAKEO_NODE_ROW ? value->a : render->nodes[number].b;
    for (uint32_t i = 0; i < own->entity->key_count && item != 0; i++) {
        tk_put(render, " and ");
        tk_put_column(render, own, own->entity->key[i]);
        tk_put(render, " = ");
        tk_put_expr(render, item, TK_LEVEL_ADD);
        item = render->nodes[item].next;
    }
}

void tk_put_relation(tk_render *render, uint32_t number) {
    const takeo_node *node = &render->nodes[number];
    const tk_scope *outer = render->scope;
    const tk_scope *scope = render->bound->scopes[number];
    bool is_count = node->op == TAKEO_VARIANT_COUNT;
    bool is_negated = node->op == TAKEO_VARIANT_NONE || node->op == TAKEO_VARIANT_EVERY;
    tk_put(render, is_negated ? "not exists " : is_count ? "" : "exists ");
    tk_put(render, is_count ? "(select count(*)" : "(select 1");
    tk_put_from(render, scope);
    tk_put(render, " where ");
    tk_put_pairs(render, scope->own);
    if (node->op == TAKEO_VARIANT_HOLDS) {
        put_held_key(render, number, scope->own);
    } else if (node->b != 0) {
        render->scope = scope;
        bool is_every = node->op == TAKEO_VARIANT_EVERY;
        tk_put(render, is_every ? " and (" : " and ");
        tk_put_expr(render, node->b, is_every ? TK_LEVEL_OR : TK_LEVEL_NOT);
        tk_put(render, is_every ? ") is not true" : "");
        render->scope = outer;
    }
    tk_put(render, ")");
}

/* ---- values ---------------------------------------------------------------------------------- */

void tk_put_list(tk_render *render, uint32_t first) {
    for (uint32_t i = first; i != 0; i = render->nodes[i].next) {
        tk_put_expr(render, i, TK_LEVEL_OR);
        tk_put(render, render->nodes[i].next != 0 ? ", " : "");
    }
}

static void put_constant(tk_render *render, uint16_t op) {
    switch (op) {
    case TAKEO_VARIANT_TRUE:
        tk_put(render, render->dialect->true_text);
        return;
    case TAKEO_VARIANT_FALSE:
        tk_put(render, render->dialect->false_text);
        return;
    case TAKEO_VARIANT_DEFAULT:
        render->dialect->methods.default_value(render);
        return;
    case TAKEO_VARIANT_STAR:
        tk_put(render, "*");
        return;
    default:
        tk_put(render, "null");
        return;
    }
}

static void put_case(tk_render *render, const takeo_node *node) {
    tk_put(render, "case");
    for (uint32_t i = node->a; i != 0; i = render->nodes[i].next) {
        const takeo_node *when = tk_node(render, i);
        tk_put(render, " when ");
        tk_put_expr(render, when->a, TK_LEVEL_OR);
        tk_put(render, " then ");
        tk_put_expr(render, when->b, TK_LEVEL_OR);
    }
    if (node->b != 0) {
        tk_put(render, " else ");
        tk_put_expr(render, node->b, TK_LEVEL_OR);
    }
    tk_put(render, " end");
}

static void put_raw(tk_render *render, const takeo_node *node) {
    tk_put(render, "(");
    for (uint32_t i = node->a; i != 0; i = render->nodes[i].next) {
        tk_put_raw_value(render, i);
    }
    tk_put(render, ")");
}

static void put_value(tk_render *render, uint32_t number) {
    const takeo_node *node = &render->nodes[number];
    switch (node->kind) {
    case TAKEO_NODE_COLUMN:
        put_column_of(render, node->a, render->notes[number].column);
        return;
    case TAKEO_NODE_KEY:
        put_key(render, number);
        return;
    case TAKEO_NODE_PARAM:
        render->dialect->methods.placeholder(render, number);
        return;
    case TAKEO_NODE_CONSTANT:
        put_constant(render, node->op);
        return;
    case TAKEO_NODE_OPERATION:
        tk_put_operation(render, number);
        return;
    case TAKEO_NODE_ROW:
        tk_put(render, "(");
        tk_put_list(render, node->a);
        tk_put(render, ")");
        return;
    case TAKEO_NODE_CASE:
        put_case(render, node);
        return;
    case TAKEO_NODE_CALL:
        render->dialect->methods.call(render, number);
        return;
    case TAKEO_NODE_CAST:
        render->dialect->methods.cast(render, number);
        return;
    case TAKEO_NODE_COLLATE:
        tk_put_expr(render, node->a, TK_LEVEL_PRIMARY);
        tk_put(render, " collate ");
        tk_put_name(render, collation_of(render, node));
        return;
    case TAKEO_NODE_SUBQUERY:
        tk_put(render, "(");
        tk_put_select(render, tk_resolve(render->nodes, node->a));
        tk_put(render, ")");
        return;
    case TAKEO_NODE_RELATION:
        tk_put_relation(render, number);
        return;
    case TAKEO_NODE_LABEL:
        tk_put_expr(render, node->a, TK_LEVEL_PRIMARY);
        return;
    case TAKEO_NODE_EXCLUDED:
        tk_put(render, "excluded.");
        tk_put_name(render, render->notes[number].column->column);
        return;
    case TAKEO_NODE_RAW:
        put_raw(render, node);
        return;
    case TAKEO_NODE_FRAGMENT:
        tk_buf_put(&render->buf, node->text, node->text_len);
        return;
    default: /* check.c lets nothing else stand where a value stands */
        return;
    }
}

void tk_put_expr(tk_render *render, uint32_t number, tk_level level) {
    if (render->buf.failed) {
        return;
    }
    number = tk_resolve(render->nodes, number);
    bool is_bracketed = level_of(render, number) < level;
    tk_put(render, is_bracketed ? "(" : "");
    put_value(render, number);
    tk_put(render, is_bracketed ? ")" : "");
}

void tk_put_operand(tk_render *render, uint32_t number, takeo_type type, bool leads,
                    tk_level level) {
    if (render->dialect->methods.operand != NULL) {
        render->dialect->methods.operand(render, number, type, leads, level);
    } else {
        tk_put_expr(render, number, level);
    }
}
