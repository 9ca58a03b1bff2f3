/* check.c - the array by itself: references that go backwards, chains that do not meet, kinds that
 * stand where they may, texts that are text.  It must not know the model.
 *
 * After it every later pass may follow a, b and next without looking.
 */
#include "sql/sql_int.h"

typedef struct checker {
    tk_compiler *compiler;
    const takeo_node *node;
    const tk_kind *kind;
    tk_note *note;
    uint32_t number;
    uint64_t weight;
    uint32_t depth;
} checker;

uint32_t tk_resolve(const takeo_node *nodes, uint32_t number) {
    while (nodes[number].kind == TAKEO_NODE_ITEM) {
        number = nodes[number].a;
    }
    return number;
}

static void child(checker *check, uint32_t number, uint16_t takes, bool in_chain) {
    tk_compiler *compiler = check->compiler;
    tk_note *note = &compiler->notes[number];
    if ((note->class & takes) == 0) {
        tk_finding(compiler, check->number, TK_QUERY_SHAPE, "a %s cannot stand in a %s",
                   tk_kind_name(compiler->nodes[tk_resolve(compiler->nodes, number)].kind),
                   check->kind->name);
    }
    if (in_chain && note->is_chained) {
        tk_finding(compiler, check->number, TK_QUERY_SHAPE,
                   "node %u stands in two chains; wrap it in an ITEM", (unsigned)number);
    }
    note->is_chained |= in_chain;
    check->weight += note->weight;
    if (note->depth >= check->depth) {
        check->depth = note->depth + 1u;
    }
}

/* The chain that begins with `number`; what stands in one is told by its place. */
static uint32_t chain(checker *check, uint32_t number, uint16_t takes) {
    uint32_t length = 0;
    while (number != 0) {
        if (number >= check->number) {
            tk_finding(check->compiler, check->number, TK_QUERY_SHAPE,
                       "node %u of a chain does not stand before the %s that holds it",
                       (unsigned)number, check->kind->name);
            break;
        }
        child(check, number, takes, true);
        length++;
        number = check->compiler->nodes[number].next;
        if (check->compiler->findings >= TK_FINDING_MAX) {
            break;
        }
    }
    return length;
}

static void place(checker *check, const char *member, uint32_t number, uint8_t place,
                  uint16_t takes) {
    tk_compiler *compiler = check->compiler;
    const char *name = check->kind->name;
    if (number >= check->number) {
        tk_finding(compiler, check->number, TK_QUERY_SHAPE,
                   "%s of a %s must be a node before it, not %u", member, name, (unsigned)number);
        return;
    }
    if (number == 0) {
        if (place == TK_PLACE_ONE || place == TK_PLACE_CHAIN || place == TK_PLACE_PAIR) {
            tk_finding(compiler, check->number, TK_QUERY_SHAPE, "a %s needs its %s", name, member);
        }
        return;
    }
    switch ((tk_place)place) {
    case TK_PLACE_BY_OP:
    case TK_PLACE_NONE:
        tk_finding(compiler, check->number, TK_QUERY_SHAPE, "a %s has no %s", name, member);
        return;
    case TK_PLACE_ONE:
    case TK_PLACE_MAYBE:
        child(check, number, takes, false);
        return;
    case TK_PLACE_CHAIN:
    case TK_PLACE_CHAIN_MAYBE:
        chain(check, number, takes);
        return;
    case TK_PLACE_PAIR:
        if (chain(check, number, takes) != 2) {
            tk_finding(compiler, check->number, TK_QUERY_SHAPE, "%s of a %s is a chain of two",
                       member, name);
        }
        return;
    }
}

static void check_operation(checker *check) {
    const takeo_node *node = check->node;
    const tk_operator *op = tk_operator_of(node->op);
    if (op == NULL) {
        tk_finding(check->compiler, check->number, TK_CALL_UNSUPPORTED,
                   "the operator %u is not built yet", (unsigned)node->op);
        return;
    }
    uint8_t a;
    uint8_t b;
    tk_places(check->compiler->nodes, check->number, &a, &b);
    place(check, "a", node->a, a, check->kind->a_takes);
    place(check, "b", node->b, b, check->kind->b_takes);
    uint32_t allowed = op->group == TK_GROUP_TEXT ? TAKEO_NODE_FLAG_IGNORE_CASE
                       : op->group == TK_GROUP_ORDER
                           ? TAKEO_NODE_FLAG_NULLS_FIRST | TAKEO_NODE_FLAG_NULLS_LAST
                           : 0;
    if ((node->flags & ~allowed) != 0) {
        tk_finding(check->compiler, check->number, TK_QUERY_SHAPE, "%s takes no flags 0x%x",
                   op->name, (unsigned)(node->flags & ~allowed));
    }
    /* These write an operand more than once. */
    if (op->group == TK_GROUP_TEXT || op->group == TK_GROUP_NULL
        || node->op == TAKEO_OPERATOR_BIT_XOR) {
        check->weight *= 3;
    }
}

static bool op_fits(const checker *check) {
    const tk_kind *kind = check->kind;
    uint16_t op = check->node->op;
    if (kind->op_is_type) {
        return op == 0 || tk_type_info_of(op) != NULL;
    }
    if (kind->first_op != 0) {
        return (op >= kind->first_op && op <= kind->last_op) || (op == 0 && kind->op_may_be_zero);
    }
    return op == 0 || check->node->kind == TAKEO_NODE_CALL
           || check->node->kind == TAKEO_NODE_DELETE;
}

static bool comment_is_fine(const char *text, size_t len) { /* S12 */
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        bool is_fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
                       || (c != '\0' && strchr(".:=_-", c) != NULL);
        if (!is_fine) {
            return false;
        }
    }
    return len > 0 && len <= 200;
}

static void check_text(checker *check) {
    tk_compiler *compiler = check->compiler;
    const takeo_node *node = check->node;
    uint8_t rule = check->kind->text;
    bool is_there = node->text_len != 0;
    if (is_there
        && (memchr(node->text, 0, node->text_len) != NULL
            || !tk_utf8_is_valid(node->text, node->text_len))) {
        tk_finding(compiler, check->number, TK_INPUT_TEXT,
                   "the text of a %s holds a zero byte or is not valid UTF-8", check->kind->name);
        return;
    }
    bool is_fine = true;
    switch ((tk_text_rule)rule) {
    case TK_TEXT_NONE:
        if (is_there) {
            tk_finding(compiler, check->number, TK_QUERY_SHAPE, "a %s has no text",
                       check->kind->name);
        }
        return;
    case TK_TEXT_SQL:
        return;
    case TK_TEXT_NAME:
        is_fine = tk_name_is_valid(node->text, node->text_len);
        break;
    case TK_TEXT_NAME_MAYBE:
        is_fine = !is_there || tk_name_is_valid(node->text, node->text_len);
        break;
    case TK_TEXT_WORD:
        is_fine = is_there && node->text_len <= TK_NAME_MAX;
        break;
    case TK_TEXT_COMMENT:
        is_fine = comment_is_fine(node->text, node->text_len);
        break;
    }
    if (!is_fine) {
        tk_finding(compiler, check->number, TK_QUERY_NAME,
                   rule == TK_TEXT_COMMENT
                       ? "the text of a %s may hold letters, digits and .:=_- only, 200 at most"
                       : "the name in a %s must be letters, digits and _, not beginning with a "
                         "digit, 63 at most",
                   check->kind->name);
    }
}

static void check_next(checker *check) {
    tk_compiler *compiler = check->compiler;
    uint32_t next = check->node->next;
    if (next == 0) {
        return;
    }
    if (next <= check->number || next > compiler->count) {
        tk_finding(compiler, check->number, TK_QUERY_SHAPE, "next must be a later node, not %u",
                   (unsigned)next);
        compiler->nodes[check->number].next = 0;
        return;
    }
    if (compiler->notes[next].is_followed) {
        tk_finding(compiler, check->number, TK_QUERY_SHAPE,
                   "node %u stands in two chains; wrap it in an ITEM", (unsigned)next);
        compiler->nodes[check->number].next = 0;
        return;
    }
    compiler->notes[next].is_followed = true;
}

static void check_node(tk_compiler *compiler, uint32_t number) {
    const takeo_node *node = &compiler->nodes[number];
    checker check = {.compiler = compiler,
                     .node = node,
                     .kind = tk_kind_of(node->kind),
                     .note = &compiler->notes[number],
                     .number = number,
                     .weight = 1,
                     .depth = 1};
    if (check.kind == NULL || !check.kind->is_built) {
        if (check.kind == NULL) {
            tk_finding(compiler, number, TK_QUERY_SHAPE, "there is no kind of node %u",
                       (unsigned)node->kind);
        } else {
            tk_finding(compiler, number, TK_CALL_UNSUPPORTED, "%s is not built yet",
                       check.kind->name);
        }
        check.note->class = 0xffff; /* what holds it has no fault of its own */
        return;
    }
    check_text(&check);
    check_next(&check);
    if (node->kind == TAKEO_NODE_OPERATION) {
        check_operation(&check);
    } else {
        place(&check, "a", node->a, check.kind->a, check.kind->a_takes);
        place(&check, "b", node->b, check.kind->b, check.kind->b_takes);
        if ((node->flags & ~check.kind->flags) != 0 || !op_fits(&check)) {
            tk_finding(compiler, number, TK_QUERY_SHAPE, "a %s takes no op %u and flags 0x%x",
                       check.kind->name, (unsigned)node->op, (unsigned)node->flags);
        }
    }
    if (check.kind->has_ref != (node->ref != 0)) {
        tk_finding(compiler, number, TK_QUERY_SHAPE,
                   check.kind->has_ref ? "a %s needs its ref" : "a %s has no ref",
                   check.kind->name);
    }
    check.note->class = check.kind->class;
    if (node->kind == TAKEO_NODE_ITEM && node->a < number) {
        check.note->class = compiler->notes[node->a].class;
    }
    if (check.depth > TK_DEPTH_MAX || check.weight > TK_WEIGHT_MAX) {
        tk_finding(compiler, number, TK_QUERY_TOO_LARGE,
                   "nodes stand more than %d deep, or more "
                   "than %d are written",
                   TK_DEPTH_MAX, TK_WEIGHT_MAX);
        check.depth = 1;
        check.weight = 1;
    }
    check.note->depth = (uint16_t)check.depth;
    check.note->weight = (uint32_t)check.weight;
}

takeo_status tk_compile_check(tk_compiler *compiler) {
    for (uint32_t i = 1; i <= compiler->count && compiler->findings < TK_FINDING_MAX; i++) {
        check_node(compiler, i);
    }
    const tk_kind *last = tk_kind_of(compiler->nodes[compiler->count].kind);
    if (compiler->status == 0 && (last == NULL || last->class != TK_CLASS_STATEMENT)) {
        tk_finding(compiler, compiler->count, TK_QUERY_SHAPE,
                   "the last node must be the statement");
    }
    return compiler->status;
}
