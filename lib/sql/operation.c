/* operation.c - operators, each group in the way that SQL writes it. */
#include "sql/sql_int.h"

static void put_logic(tk_render *render, const takeo_node *node, const tk_operator *op) {
    bool is_and = node->op == TAKEO_OPERATOR_AND;
    if (node->a == 0) { /* nothing asked is true, nothing offered is false */
        tk_put(render, is_and ? render->dialect->true_text : render->dialect->false_text);
        return;
    }
    bool is_one = render->nodes[node->a].next == 0;
    tk_level level = is_one ? TK_LEVEL_OR : TK_LEVEL_NOT; /* AND and OR never mix unbracketed */
    for (uint32_t i = node->a; i != 0; i = render->nodes[i].next) {
        tk_put_expr(render, i, level);
        tk_put(render, render->nodes[i].next != 0 ? op->text : "");
    }
}

static void put_compare(tk_render *render, const takeo_node *node, const tk_operator *op) {
    takeo_type type = tk_compare_type(render, node->a, node->b);
    tk_put_operand(render, node->a, type, true, TK_LEVEL_ADD);
    tk_put(render, op->text);
    tk_put_operand(render, node->b, type, false, TK_LEVEL_ADD);
}

static void put_between(tk_render *render, const takeo_node *node) {
    uint32_t low = node->b;
    uint32_t high = render->nodes[low].next;
    takeo_type type = tk_compare_type(render, node->a, low);
    tk_put_operand(render, node->a, type, true, TK_LEVEL_ADD);
    tk_put(render, " between ");
    tk_put_operand(render, low, type, false, TK_LEVEL_ADD);
    tk_put(render, " and ");
    tk_put_operand(render, high, type, false, TK_LEVEL_ADD);
}

/* A key of several columns is NULL as soon as one of them is: then it refers to nothing. */
static void put_null(tk_render *render, const takeo_node *node, const tk_operator *op) {
    const takeo_node *value = tk_node(render, node->a);
    if (value->kind == TAKEO_NODE_KEY
        && render->notes[tk_resolve(render->nodes, node->a)].width > 1) {
        bool is_null = node->op == TAKEO_OPERATOR_IS_NULL;
        tk_put(render, "(");
        tk_put_key(render, value->a, is_null ? " or " : " and ", op->text);
        tk_put(render, ")");
        return;
    }
    tk_put_expr(render, node->a, TK_LEVEL_ADD);
    tk_put(render, op->text);
}

static void put_in(tk_render *render, uint32_t number, const takeo_node *node,
                   const tk_operator *op) {
    if (node->b == 0) { /* of an empty list nothing is a member */
        tk_put(render, node->op == TAKEO_OPERATOR_IN ? render->dialect->false_text
                                                     : render->dialect->true_text);
        return;
    }
    const takeo_node *right = tk_node(render, node->b);
    if (right->kind == TAKEO_NODE_PARAM && (right->flags & TAKEO_NODE_FLAG_LIST) != 0) {
        render->dialect->methods.in_list(render, number);
        return;
    }
    takeo_type type = tk_compare_type(render, node->a, node->b);
    tk_put_operand(render, node->a, type, true, TK_LEVEL_ADD);
    tk_put(render, op->text);
    if (right->kind == TAKEO_NODE_SUBQUERY) {
        tk_put_select(render, tk_resolve(render->nodes, right->a));
    } else {
        for (uint32_t i = node->b; i != 0; i = render->nodes[i].next) {
            tk_put_operand(render, i, type, false, TK_LEVEL_OR);
            tk_put(render, render->nodes[i].next != 0 ? ", " : "");
        }
    }
    tk_put(render, ")");
}

static void put_exists(tk_render *render, const takeo_node *node) {
    tk_put(render, "exists ");
    tk_put_expr(render, node->a, TK_LEVEL_PRIMARY);
}

/* May an operand stand without brackets?  Only where every database reads it in the same way: the
 * rank of the operators that are no arithmetic differs between them. */
static tk_level operand_level(const tk_render *render, const takeo_node *node, uint32_t operand,
                              bool is_left) {
    tk_level level = (tk_level)tk_operator_of(node->op)->level;
    const takeo_node *below = tk_node(render, operand);
    if (below->kind != TAKEO_NODE_OPERATION) {
        return TK_LEVEL_PRIMARY;
    }
    if (is_left && below->op == node->op) { /* all of them group from the left */
        return level;
    }
    tk_level inner = (tk_level)tk_operator_of(below->op)->level;
    bool is_arithmetic = inner == TK_LEVEL_ADD || inner == TK_LEVEL_MULTIPLY;
    return is_arithmetic && level == TK_LEVEL_ADD && (is_left || inner > level) ? level
                                                                                : TK_LEVEL_PRIMARY;
}

static void put_infix(tk_render *render, const takeo_node *node, const tk_operator *op) {
    tk_put_expr(render, node->a, operand_level(render, node, node->a, true));
    tk_put(render, op->text);
    tk_put_expr(render, node->b, operand_level(render, node, node->b, false));
}

void tk_put_operation(tk_render *render, uint32_t number) {
    const takeo_node *node = &render->nodes[number];
    const tk_operator *op = tk_operator_of(node->op);
    const tk_dialect_methods *methods = &render->dialect->methods;
    switch ((tk_group)op->group) {
    case TK_GROUP_LOGIC:
        put_logic(render, node, op);
        return;
    case TK_GROUP_NOT:
        tk_put(render, op->text);
        tk_put_expr(render, node->a, TK_LEVEL_PRIMARY);
        return;
    case TK_GROUP_COMPARE:
        put_compare(render, node, op);
        return;
    case TK_GROUP_BETWEEN:
        put_between(render, node);
        return;
    case TK_GROUP_NULL:
        put_null(render, node, op);
        return;
    case TK_GROUP_DISTINCT:
        methods->distinct(render, number);
        return;
    case TK_GROUP_IN:
        put_in(render, number, node, op);
        return;
    case TK_GROUP_EXISTS:
        put_exists(render, node);
        return;
    case TK_GROUP_TEXT:
        methods->text_operator(render, number);
        return;
    case TK_GROUP_CONCAT:
        if (methods->concat == NULL || !methods->concat(render, number)) {
            put_infix(render, node, op);
        }
        return;
    case TK_GROUP_ARITHMETIC:
    case TK_GROUP_BITS:
        if (!methods->arithmetic(render, number)) {
            put_infix(render, node, op);
        }
        return;
    case TK_GROUP_NEGATE:
    case TK_GROUP_BIT_NOT:
        if (!methods->arithmetic(render, number)) {
            tk_put(render, op->text);
            tk_put_expr(render, node->a, TK_LEVEL_PRIMARY); /* S02: "--" never comes about */
        }
        return;
    case TK_GROUP_ORDER: /* only its value: the clause writes the direction */
        tk_put_expr(render, node->a, TK_LEVEL_OR);
        return;
    }
}
