/* place.c - which parameters stand where nothing says their type: `?1 is null`, `?1 + ?2`, a column of
 * the result, a value that is wider than the column beside it.
 *
 * A database that infers the types of parameters from the text has to be told there; the dialect says
 * how.  Everywhere else a bare parameter is the best one can write: it takes the type of its column,
 * also one that only the database knows.  It must not know dialects.
 */
#include "sql/sql_int.h"

static bool is_param(const tk_compiler *compiler, uint32_t number) {
    return compiler->nodes[tk_resolve(compiler->nodes, number)].kind == TAKEO_NODE_PARAM;
}

static const tk_accept *accept_of(const tk_compiler *compiler, uint32_t number) {
    return &compiler->params[compiler->nodes[tk_resolve(compiler->nodes, number)].ref - 1].accept;
}

/* A node used in two places is loose when one of them leaves it so. */
static void set_loose(tk_compiler *compiler, uint32_t number) {
    if (is_param(compiler, number)) {
        compiler->notes[tk_resolve(compiler->nodes, number)].is_loose = true;
    }
}

/* Loose unless the type beside it is the one that its values have. */
static void stand_beside(tk_compiler *compiler, uint32_t number, takeo_type type) {
    if (is_param(compiler, number) && accept_of(compiler, number)->type != type) {
        set_loose(compiler, number);
    }
}

static void set_chain(tk_compiler *compiler, uint32_t first) {
    for (uint32_t i = first; i != 0; i = compiler->nodes[i].next) {
        set_loose(compiler, i);
    }
}

/* ---- operands that say each other's type ----------------------------------------------------- */

/* Does a value say its type by itself?  Lengths and places are narrower than their values may be. */
static bool says_type(const tk_compiler *compiler, uint32_t number) {
    const takeo_node *node = &compiler->nodes[tk_resolve(compiler->nodes, number)];
    bool is_narrow = node->kind == TAKEO_NODE_CALL
                     && (node->op == TAKEO_FUNCTION_LENGTH || node->op == TAKEO_FUNCTION_POSITION);
    return node->kind != TAKEO_NODE_PARAM && node->kind != TAKEO_NODE_CONSTANT && !is_narrow;
}

/* One that says the type of this parameter. */
static bool is_witness(const tk_compiler *compiler, uint32_t other, const tk_accept *accept) {
    return other != 0 && says_type(compiler, other)
           && (accept->type == TAKEO_TYPE_NONE || tk_type_of(compiler, other) == accept->type);
}

static uint32_t next_of(const tk_compiler *compiler, uint32_t number, bool is_chain) {
    return is_chain ? compiler->nodes[number].next : 0;
}

/* Values of one type: `one`, or 0, and `first` with those that are chained to it. */
typedef struct operands {
    uint32_t one;
    uint32_t first;
    bool is_chain;
} operands;

static void place_among(tk_compiler *compiler, uint32_t number, const operands *all) {
    if (!is_param(compiler, number)) {
        return;
    }
    const tk_accept *accept = accept_of(compiler, number);
    bool is_told = is_witness(compiler, all->one, accept);
    for (uint32_t i = all->first; i != 0 && !is_told; i = next_of(compiler, i, all->is_chain)) {
        is_told = is_witness(compiler, i, accept);
    }
    if (!is_told) {
        set_loose(compiler, number);
    }
}

static void place_equals(tk_compiler *compiler, const operands *all) {
    if (all->one != 0) {
        place_among(compiler, all->one, all);
    }
    for (uint32_t i = all->first; i != 0; i = next_of(compiler, i, all->is_chain)) {
        place_among(compiler, i, all);
    }
}

/* A ROW beside another row, a key or a subquery: value by value. */
static void place_row(tk_compiler *compiler, uint32_t row, uint32_t other) {
    const takeo_node *beside = &compiler->nodes[tk_resolve(compiler->nodes, other)];
    const tk_entity *entity = compiler->notes[tk_resolve(compiler->nodes, other)].entity;
    uint32_t value = beside->kind == TAKEO_NODE_ROW ? beside->a : 0;
    uint32_t place = 0;
    for (uint32_t i = compiler->nodes[tk_resolve(compiler->nodes, row)].a; i != 0;
         i = compiler->nodes[i].next, place++) {
        if (beside->kind == TAKEO_NODE_ROW) {
            place_among(compiler, i, &(operands){.one = value});
            value = value != 0 ? compiler->nodes[value].next : 0;
        } else if (beside->kind == TAKEO_NODE_KEY && entity != NULL && place < entity->key_count) {
            stand_beside(compiler, i, entity->key[place]->type);
        }
    }
}

static bool is_row(const tk_compiler *compiler, uint32_t number) {
    return compiler->nodes[tk_resolve(compiler->nodes, number)].kind == TAKEO_NODE_ROW;
}

/* COMPARE, DISTINCT, BETWEEN, IN */
static void place_compared(tk_compiler *compiler, const takeo_node *node, const operands *all) {
    if (all->first == 0) {
        set_loose(compiler, node->a);
        return;
    }
    bool has_rows = is_row(compiler, node->a);
    if (has_rows) {
        place_row(compiler, node->a, node->b);
    }
    for (uint32_t i = all->first; i != 0; i = next_of(compiler, i, all->is_chain)) {
        if (is_row(compiler, i)) {
            place_row(compiler, i, node->a);
            has_rows = true;
        }
    }
    if (!has_rows) {
        place_equals(compiler, all);
    }
}

static void place_operation(tk_compiler *compiler, uint32_t number) {
    const takeo_node *node = &compiler->nodes[number];
    bool is_shift = node->op == TAKEO_OPERATOR_SHIFT_LEFT || node->op == TAKEO_OPERATOR_SHIFT_RIGHT;
    uint8_t a;
    uint8_t b;
    tk_places(compiler->nodes, number, &a, &b);
    const operands all = {node->a, node->b, b >= TK_PLACE_CHAIN};
    switch ((tk_group)tk_operator_of(node->op)->group) {
    case TK_GROUP_COMPARE:
    case TK_GROUP_DISTINCT:
    case TK_GROUP_BETWEEN:
    case TK_GROUP_IN:
        place_compared(compiler, node, &all);
        return;
    case TK_GROUP_CONCAT:
    case TK_GROUP_ARITHMETIC:
    case TK_GROUP_BITS:
        if (is_shift) { /* by how much says the operator */
            set_loose(compiler, node->a);
        } else {
            place_equals(compiler, &all);
        }
        return;
    case TK_GROUP_NULL:
    case TK_GROUP_NEGATE:
    case TK_GROUP_BIT_NOT:
    case TK_GROUP_ORDER:
        set_loose(compiler, node->a);
        return;
    case TK_GROUP_LOGIC: /* conditions; texts */
    case TK_GROUP_NOT:
    case TK_GROUP_TEXT:
    case TK_GROUP_EXISTS:
        return;
    }
}

/* ---- other values ---------------------------------------------------------------------------- */

/* The results of a CASE: does one of them say the type of a parameter among them? */
static void place_result(tk_compiler *compiler, const takeo_node *node, uint32_t number) {
    if (!is_param(compiler, number)) {
        return;
    }
    const tk_accept *accept = accept_of(compiler, number);
    bool is_told = is_witness(compiler, node->b, accept);
    for (uint32_t i = node->a; i != 0 && !is_told; i = compiler->nodes[i].next) {
        is_told = is_witness(compiler, compiler->nodes[tk_resolve(compiler->nodes, i)].b, accept);
    }
    if (!is_told) {
        set_loose(compiler, number);
    }
}

static void place_case(tk_compiler *compiler, const takeo_node *node) {
    for (uint32_t i = node->a; i != 0; i = compiler->nodes[i].next) {
        place_result(compiler, node, compiler->nodes[tk_resolve(compiler->nodes, i)].b);
    }
    if (node->b != 0) {
        place_result(compiler, node, node->b);
    }
}

/* Of a function by its name only its own types are known, to whoever wrote it. */
static void place_free(tk_compiler *compiler, uint32_t first) {
    for (uint32_t i = first; i != 0; i = compiler->nodes[i].next) {
        if (is_param(compiler, i) && accept_of(compiler, i)->type != TAKEO_TYPE_NONE) {
            set_loose(compiler, i);
        }
    }
}

static void place_call(tk_compiler *compiler, const takeo_node *node) {
    const tk_function *function = node->op != 0 ? tk_function_of(node->op) : NULL;
    if (function == NULL) {
        place_free(compiler, node->a);
        return;
    }
    if (function->arguments[0] == '=') {
        bool is_one = function->arguments[1] == 'i'; /* digits are no value */
        const operands all = {.first = node->a, .is_chain = !is_one};
        place_equals(compiler, &all);
        return;
    }
    /* texts follow from the first argument; counts of characters and the like from the function */
    bool follows = function->arguments[0] == 't' && node->a != 0 && says_type(compiler, node->a);
    uint32_t place = 0;
    for (uint32_t i = node->a; i != 0 && !follows; i = compiler->nodes[i].next, place++) {
        if (place >= strlen(function->arguments) || function->arguments[place] != 'i') {
            set_loose(compiler, i);
        }
    }
}

static void place_cast(tk_compiler *compiler, const takeo_node *node) {
    bool is_told = node->op == 0 || !is_param(compiler, node->a)
                   || accept_of(compiler, node->a)->type == TAKEO_TYPE_NONE;
    if (!is_told) {
        stand_beside(compiler, node->a, node->op);
    }
}

/* ---- writes ---------------------------------------------------------------------------------- */

/* A value that a column takes. */
static void place_value(tk_compiler *compiler, uint32_t column, uint32_t value) {
    const tk_column *known = compiler->notes[tk_resolve(compiler->nodes, column)].column;
    if (known != NULL) {
        stand_beside(compiler, value, known->type);
    }
}

static void place_rows(tk_compiler *compiler, uint32_t number) {
    uint32_t columns = tk_clause(compiler->nodes, number, TAKEO_NODE_COLUMNS);
    uint32_t rows = tk_clause(compiler->nodes, number, TAKEO_NODE_ROWS);
    for (uint32_t i = rows != 0 ? compiler->nodes[rows].a : 0; i != 0;
         i = compiler->nodes[i].next) {
        uint32_t value = compiler->nodes[tk_resolve(compiler->nodes, i)].a;
        for (uint32_t column = columns != 0 ? compiler->nodes[columns].a : 0;
             column != 0 && value != 0;
             column = compiler->nodes[column].next, value = compiler->nodes[value].next) {
            place_value(compiler, column, value);
        }
    }
}

static void place_held(tk_compiler *compiler, const takeo_node *node) {
    const tk_entity *entity = compiler->notes[tk_resolve(compiler->nodes, node->a)].entity;
    if (node->op != TAKEO_VARIANT_HOLDS || entity == NULL) {
        return;
    }
    uint32_t value = is_row(compiler, node->b)
                         ? compiler->nodes[tk_resolve(compiler->nodes, node->b)].a
                         : node->b;
    for (uint32_t i = 0; i < entity->key_count && value != 0; i++) {
        stand_beside(compiler, value, entity->key[i]->type);
        value = compiler->nodes[value].next;
    }
}

/* ---- one node -------------------------------------------------------------------------------- */

static void place(tk_compiler *compiler, uint32_t number) {
    const takeo_node *node = &compiler->nodes[number];
    switch (node->kind) {
    case TAKEO_NODE_OPERATION:
        place_operation(compiler, number);
        return;
    case TAKEO_NODE_CASE:
        place_case(compiler, node);
        return;
    case TAKEO_NODE_CALL:
        place_call(compiler, node);
        return;
    case TAKEO_NODE_CAST:
        place_cast(compiler, node);
        return;
    case TAKEO_NODE_RELATION:
        place_held(compiler, node);
        return;
    case TAKEO_NODE_COLLATE:
    case TAKEO_NODE_LABEL:
        set_loose(compiler, node->a);
        return;
    case TAKEO_NODE_RAW:
    case TAKEO_NODE_RAW_SQL:
        place_free(compiler, node->a);
        return;
    case TAKEO_NODE_ASSIGN:
        place_value(compiler, node->a, node->b);
        return;
    case TAKEO_NODE_INSERT:
        place_rows(compiler, number);
        return;
    case TAKEO_NODE_COLUMNS: /* also of the SELECT of an INSERT */
    case TAKEO_NODE_RETURNING:
    case TAKEO_NODE_GROUP_BY:
    case TAKEO_NODE_ORDER_BY:
    case TAKEO_NODE_DISTINCT:
        set_chain(compiler, node->a);
        return;
    default: /* conditions, LIMIT, OFFSET */
        return;
    }
}

void tk_compile_places(tk_compiler *compiler) {
    for (uint32_t i = 1; i <= compiler->count && compiler->param_count != 0; i++) {
        place(compiler, i);
    }
}
