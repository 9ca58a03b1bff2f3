/* bind_param.c - types of operations and calls, and what each parameter must fit: the column on the
 * other side says it, or the operator does.
 */
#include "sql/sql_int.h"

static const takeo_node *node_of(const tk_compiler *compiler, uint32_t number) {
    return &compiler->nodes[tk_resolve(compiler->nodes, number)];
}

static const tk_note *note_of(const tk_compiler *compiler, uint32_t number) {
    return &compiler->notes[tk_resolve(compiler->nodes, number)];
}

takeo_type tk_type_of(const tk_compiler *compiler, uint32_t number) {
    const takeo_node *node = node_of(compiler, number);
    if (node->kind == TAKEO_NODE_PARAM) {
        return compiler->params[node->ref - 1].accept.type;
    }
    return note_of(compiler, number)->type;
}

static bool is_whole(takeo_type type) {
    return type >= TAKEO_TYPE_INT16 && type <= TAKEO_TYPE_INT64;
}

/* One parameter in two places: what fits both.  False: nothing does. */
static bool join_accepts(tk_accept *accept, const tk_accept *other) {
    bool is_nullable = accept->is_nullable && other->is_nullable;
    bool is_secret = accept->is_secret || other->is_secret;
    if (accept->type == TAKEO_TYPE_NONE) {
        *accept = *other;
    } else if (other->type == TAKEO_TYPE_NONE || accept->column == other->column) {
        ; /* nothing new */
    } else if (is_whole(accept->type) && is_whole(other->type)) {
        if (other->type > accept->type) {
            *accept = *other;
        }
    } else if (accept->type != other->type || accept->element != other->element) {
        return false;
    } else if (accept->length != other->length || accept->precision != other->precision
               || accept->labels != other->labels) {
        *accept = tk_accept_type(accept->type); /* each place has its own limits: the server's */
        accept->element = other->element;
    }
    accept->is_nullable = is_nullable;
    accept->is_secret = is_secret;
    return true;
}

void tk_want(tk_compiler *compiler, uint32_t number, tk_accept accept) {
    const takeo_node *node = node_of(compiler, number);
    if (node->kind != TAKEO_NODE_PARAM) {
        return;
    }
    tk_param *param = &compiler->params[node->ref - 1];
    takeo_type had = param->accept.type;
    if (!join_accepts(&param->accept, &accept)) {
        tk_finding(compiler, number, TK_QUERY_SHAPE,
                   "parameter %u stands for %s in one place and for %s in another",
                   (unsigned)node->ref, tk_type_name(had), tk_type_name(accept.type));
    }
}

static tk_accept accept_of(const tk_compiler *compiler, uint32_t number, bool is_nullable) {
    const tk_note *note = note_of(compiler, number);
    tk_accept accept;
    if (note->column != NULL) {
        accept = tk_accept_column(note->column);
    } else {
        accept = tk_accept_type(tk_type_of(compiler, number));
        accept.element = note->element;
    }
    accept.is_nullable = is_nullable;
    return accept;
}

void tk_want_like(tk_compiler *compiler, uint32_t number, uint32_t other, bool is_nullable) {
    const takeo_node *node = node_of(compiler, number);
    const takeo_node *like = node_of(compiler, other);
    if (node->kind == TAKEO_NODE_ROW && (like->kind == TAKEO_NODE_ROW)) {
        uint32_t a = node->a;
        uint32_t b = like->a;
        for (; a != 0 && b != 0; a = compiler->nodes[a].next, b = compiler->nodes[b].next) {
            tk_want(compiler, a, accept_of(compiler, b, is_nullable));
        }
        return;
    }
    const tk_entity *entity = note_of(compiler, other)->entity;
    if (node->kind == TAKEO_NODE_ROW && like->kind == TAKEO_NODE_KEY && entity != NULL) {
        uint32_t a = node->a;
        for (uint32_t i = 0; a != 0 && i < entity->key_count; i++) {
            tk_accept accept = tk_accept_column(entity->key[i]);
            accept.is_nullable = is_nullable;
            tk_want(compiler, a, accept);
            a = compiler->nodes[a].next;
        }
        return;
    }
    tk_want(compiler, number, accept_of(compiler, other, is_nullable));
}

static void want_type(tk_compiler *compiler, uint32_t number, takeo_type type) {
    tk_accept accept = tk_accept_type(type);
    accept.is_nullable = false;
    tk_want(compiler, number, accept);
}

static void same_width(tk_compiler *compiler, uint32_t number, uint32_t a, uint32_t b) {
    uint32_t left = note_of(compiler, a)->width;
    uint32_t right = note_of(compiler, b)->width;
    if (left != right) {
        tk_finding(compiler, number, TK_QUERY_SHAPE,
                   "%u columns are compared with %u; a key of several columns takes a ROW",
                   (unsigned)left, (unsigned)right);
    }
}

static void bind_in(tk_compiler *compiler, uint32_t number) {
    const takeo_node *node = &compiler->nodes[number];
    const takeo_node *right = node->b != 0 ? node_of(compiler, node->b) : NULL;
    uint32_t width = note_of(compiler, node->a)->width;
    if (right != NULL && right->kind == TAKEO_NODE_PARAM
        && (right->flags & TAKEO_NODE_FLAG_LIST) != 0) {
        tk_param *param = &compiler->params[right->ref - 1];
        param->is_list = true;
        if (width == 1) {
            tk_want_like(compiler, node->b, node->a, false);
            if (param->accept.type == TAKEO_TYPE_ARRAY) { /* its lists would be taken for rows */
                tk_finding(compiler, number, TK_QUERY_SHAPE,
                           "IN over a column of arrays is not built yet");
            }
        } else {
            want_type(compiler, node->b, TAKEO_TYPE_COMPOSITE);
            if (param->width != 1 && param->width != width) {
                tk_finding(compiler, number, TK_QUERY_SHAPE,
                           "parameter %u is a list of keys of %u columns and of %u",
                           (unsigned)right->ref, (unsigned)param->width, (unsigned)width);
            }
            param->width = (uint16_t)width;
        }
        return;
    }
    if (right != NULL && right->kind == TAKEO_NODE_SUBQUERY) {
        same_width(compiler, number, node->a, node->b);
        tk_want_like(compiler, node->a, node->b, false);
        return;
    }
    for (uint32_t b = node->b; b != 0; b = compiler->nodes[b].next) {
        same_width(compiler, number, node->a, b);
        tk_want_like(compiler, b, node->a, false);
        tk_want_like(compiler, node->a, b, false);
    }
}

static takeo_type common_number(takeo_type a, takeo_type b) {
    if (a == TAKEO_TYPE_NONE || b == TAKEO_TYPE_NONE) {
        return a != TAKEO_TYPE_NONE ? a : b;
    }
    if (is_whole(a) && is_whole(b)) {
        return a > b ? a : b;
    }
    bool is_float = a == TAKEO_TYPE_FLOAT32 || a == TAKEO_TYPE_FLOAT64 || b == TAKEO_TYPE_FLOAT32
                    || b == TAKEO_TYPE_FLOAT64;
    bool is_decimal = a == TAKEO_TYPE_DECIMAL || b == TAKEO_TYPE_DECIMAL;
    return is_float ? TAKEO_TYPE_FLOAT64 : is_decimal ? TAKEO_TYPE_DECIMAL : TAKEO_TYPE_NONE;
}

/* Numbers that are calculated with have no limits of a column: the result has a wider type. */
static void bind_numbers(tk_compiler *compiler, uint32_t number) {
    const takeo_node *node = &compiler->nodes[number];
    takeo_type a = tk_type_of(compiler, node->a);
    takeo_type b = node->b != 0 ? tk_type_of(compiler, node->b) : TAKEO_TYPE_NONE;
    takeo_type result = is_whole(common_number(a, b)) ? TAKEO_TYPE_INT64 : common_number(a, b);
    if (node_of(compiler, node->a)->kind == TAKEO_NODE_PARAM) {
        want_type(compiler, node->a, a != TAKEO_TYPE_NONE ? a : result);
    }
    if (node->b != 0 && node_of(compiler, node->b)->kind == TAKEO_NODE_PARAM) {
        want_type(compiler, node->b, b != TAKEO_TYPE_NONE ? b : result);
    }
    compiler->notes[number].type = result;
}

static void bind_order(tk_compiler *compiler, uint32_t number) {
    tk_note *note = &compiler->notes[number];
    const tk_note *below = note_of(compiler, compiler->nodes[number].a);
    note->type = below->type;
    note->column = below->column;
    note->entity = below->entity;
    note->width = below->width;
}

void tk_bind_operation(tk_compiler *compiler, uint32_t number) {
    const takeo_node *node = &compiler->nodes[number];
    tk_note *note = &compiler->notes[number];
    note->type = TAKEO_TYPE_BOOL;
    switch ((tk_group)tk_operator_of(node->op)->group) {
    case TK_GROUP_LOGIC:
    case TK_GROUP_NOT:
        for (uint32_t a = node->a; a != 0;
             a = node->op == TAKEO_OPERATOR_NOT ? 0 : compiler->nodes[a].next) {
            want_type(compiler, a, TAKEO_TYPE_BOOL);
        }
        return;
    case TK_GROUP_COMPARE:
    case TK_GROUP_DISTINCT: {
        bool is_nullable = node->op >= TAKEO_OPERATOR_DISTINCT_FROM;
        same_width(compiler, number, node->a, node->b);
        tk_want_like(compiler, node->b, node->a, is_nullable);
        tk_want_like(compiler, node->a, node->b, is_nullable);
        return;
    }
    case TK_GROUP_BETWEEN:
        for (uint32_t b = node->b; b != 0; b = compiler->nodes[b].next) {
            tk_want_like(compiler, b, node->a, false);
            tk_want_like(compiler, node->a, b, false);
        }
        return;
    case TK_GROUP_NULL: {
        tk_accept accept = accept_of(compiler, node->a, true);
        tk_want(compiler, node->a, accept);
        return;
    }
    case TK_GROUP_IN:
        bind_in(compiler, number);
        return;
    case TK_GROUP_EXISTS:
        if (node_of(compiler, node->a)->kind != TAKEO_NODE_SUBQUERY) {
            tk_finding(compiler, number, TK_QUERY_SHAPE, "EXISTS takes a SUBQUERY");
        }
        return;
    case TK_GROUP_TEXT:
        want_type(compiler, node->a, TAKEO_TYPE_TEXT);
        want_type(compiler, node->b, TAKEO_TYPE_TEXT);
        return;
    case TK_GROUP_CONCAT:
        want_type(compiler, node->a, TAKEO_TYPE_TEXT);
        want_type(compiler, node->b, TAKEO_TYPE_TEXT);
        note->type = TAKEO_TYPE_TEXT;
        return;
    case TK_GROUP_ARITHMETIC:
    case TK_GROUP_NEGATE:
        bind_numbers(compiler, number);
        return;
    case TK_GROUP_BITS:
    case TK_GROUP_BIT_NOT:
        want_type(compiler, node->a, TAKEO_TYPE_INT64);
        if (node->b != 0) {
            want_type(compiler, node->b, TAKEO_TYPE_INT64);
        }
        note->type = TAKEO_TYPE_INT64;
        return;
    case TK_GROUP_ORDER:
        bind_order(compiler, number);
        return;
    }
}

/* The first argument that has a type of its own: it speaks for those that are parameters. */
static uint32_t typed_argument(const tk_compiler *compiler, uint32_t first) {
    for (uint32_t a = first; a != 0; a = compiler->nodes[a].next) {
        if (tk_type_of(compiler, a) != TAKEO_TYPE_NONE) {
            return a;
        }
    }
    return 0;
}

static void result_of(tk_compiler *compiler, tk_note *note, uint8_t result, uint32_t typed) {
    takeo_type type = typed != 0 ? tk_type_of(compiler, typed) : TAKEO_TYPE_NONE;
    bool is_calculated = result == TK_RESULT_SUM || result == TK_RESULT_AVG;
    if (is_calculated && type == TAKEO_TYPE_INTERVAL) { /* stays one, with months or without */
        result = TK_RESULT_FIRST;
    }
    switch ((tk_result)result) {
    case TK_RESULT_FIRST:
        note->type = type;
        if (typed != 0) {
            note->element = note_of(compiler, typed)->element;
            note->column = note_of(compiler, typed)->column;
        }
        return;
    case TK_RESULT_SUM:
        note->type = is_whole(type) ? TAKEO_TYPE_INT64 : type;
        return;
    case TK_RESULT_AVG:
    case TK_RESULT_NUMBER:
        note->type = type == TAKEO_TYPE_DECIMAL ? TAKEO_TYPE_DECIMAL : TAKEO_TYPE_FLOAT64;
        return;
    case TK_RESULT_INT:
        note->type = TAKEO_TYPE_INT64;
        return;
    case TK_RESULT_FLOAT:
        note->type = TAKEO_TYPE_FLOAT64;
        return;
    case TK_RESULT_TEXT:
        note->type = TAKEO_TYPE_TEXT;
        return;
    case TK_RESULT_BOOL:
        note->type = TAKEO_TYPE_BOOL;
        return;
    case TK_RESULT_TIME:
        note->type = TAKEO_TYPE_TIMESTAMPTZ;
        return;
    case TK_RESULT_FREE:
        return;
    }
}

static void want_argument(tk_compiler *compiler, uint32_t number, char letter, uint32_t typed) {
    switch (letter) {
    case '=':
        if (typed != 0) {
            tk_want_like(compiler, number, typed, false);
        }
        return;
    case 't':
        want_type(compiler, number, TAKEO_TYPE_TEXT);
        return;
    case 'i':
        want_type(compiler, number, TAKEO_TYPE_INT64);
        return;
    case 'f':
        want_type(compiler, number, TAKEO_TYPE_FLOAT64);
        return;
    default:
        return;
    }
}

/* The letter of an argument; '!' when there is no such argument. */
static char letter_of(const tk_function *function, uint32_t index) {
    size_t count = strlen(function->arguments);
    if (count != 0 && function->arguments[count - 1] == '+' && index >= count - 1) {
        return function->arguments[count - 2];
    }
    return index < count ? function->arguments[index] : '!';
}

void tk_bind_call(tk_compiler *compiler, uint32_t number) {
    const takeo_node *node = &compiler->nodes[number];
    tk_note *note = &compiler->notes[number];
    if (node->op == 0) {
        if (node->text_len == 0) {
            tk_finding(compiler, number, TK_QUERY_SHAPE, "a CALL needs its op or its name");
        }
        note->is_aggregate |= node->b != 0 || (node->flags & TAKEO_NODE_FLAG_DISTINCT) != 0;
        note->may_be_null = true;
        return;
    }
    const tk_function *function = tk_function_of(node->op);
    if (function == NULL || node->text_len != 0) {
        tk_finding(compiler, number, function == NULL ? TK_CALL_UNSUPPORTED : TK_QUERY_SHAPE,
                   function == NULL ? "the function %u is not built yet"
                                    : "the function %u has a name of its own",
                   (unsigned)node->op);
        return;
    }
    uint32_t typed = typed_argument(compiler, node->a);
    uint32_t count = 0;
    for (uint32_t a = node->a; a != 0; a = compiler->nodes[a].next) {
        want_argument(compiler, a, letter_of(function, count), typed);
        count++;
    }
    if (count < function->least || (count > 0 && letter_of(function, count - 1) == '!')) {
        tk_finding(compiler, number, TK_QUERY_SHAPE, "%s does not take %u arguments",
                   function->name, (unsigned)count);
    }
    result_of(compiler, note, function->result, typed);
    note->is_aggregate |= function->is_aggregate;
    note->may_be_null = !function->is_null_safe;
}
