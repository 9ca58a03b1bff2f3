/* kinds.c - what may stand where: one line for each kind of node, operator and function.  Kinds
 * that are not built yet have a line as well, so that a message can name them.
 */
#include "sql/sql_int.h"

enum {
    VALUE = TK_CLASS_VALUE,
    SOURCE = TK_CLASS_SOURCE,
    SELECTED = TK_CLASS_VALUE | TK_CLASS_LABEL | TK_CLASS_ENTITY,
    NONE = TK_PLACE_NONE,
    ONE = TK_PLACE_ONE,
    MAYBE = TK_PLACE_MAYBE,
    CHAIN = TK_PLACE_CHAIN,
    CHAIN_MAYBE = TK_PLACE_CHAIN_MAYBE,
    PAIR = TK_PLACE_PAIR
};

#define LATER(kind, word) [TAKEO_NODE_##kind] = {.name = word}
#define BUILT(kind, word, is, ...)                                                                 \
    [TAKEO_NODE_##kind] = {.name = word, .is_built = true, .class = TK_CLASS_##is, __VA_ARGS__}
#define OPS(first, last) .first_op = TAKEO_VARIANT_##first, .last_op = TAKEO_VARIANT_##last

static const tk_kind kinds[] = {
    BUILT(SELECT, "SELECT", STATEMENT, .a = CHAIN_MAYBE, .a_takes = TK_CLASS_CLAUSE),
    BUILT(INSERT, "INSERT", STATEMENT, .a = CHAIN, .a_takes = TK_CLASS_CLAUSE),
    BUILT(UPDATE, "UPDATE", STATEMENT, .a = CHAIN, .a_takes = TK_CLASS_CLAUSE),
    BUILT(DELETE, "DELETE", STATEMENT, .a = CHAIN, .a_takes = TK_CLASS_CLAUSE),
    LATER(VALUES, "VALUES"),
    LATER(COMPOUND, "COMPOUND"),
    BUILT(RAW_SQL, "RAW_SQL", STATEMENT, .a = CHAIN_MAYBE,
          .a_takes = TK_CLASS_FRAGMENT | VALUE | SOURCE, .b = CHAIN_MAYBE,
          .b_takes = TK_CLASS_CLAUSE),
    LATER(TRUNCATE, "TRUNCATE"),

    BUILT(TABLE, "TABLE", SOURCE, .text = TK_TEXT_NAME_MAYBE, .has_ref = true),
    BUILT(PATH, "PATH", SOURCE, .a = ONE, .a_takes = SOURCE, .text = TK_TEXT_NAME_MAYBE,
          .has_ref = true, .flags = TAKEO_NODE_FLAG_OPTIONAL),
    LATER(DERIVED, "DERIVED"),
    LATER(CTE_NAME, "CTE_NAME"),
    LATER(CTE_USE, "CTE_USE"),
    LATER(CALL_ROWS, "CALL_ROWS"),
    LATER(JUNCTION, "JUNCTION"),
    LATER(TREAT, "TREAT"),
    LATER(TREE, "TREE"),
    LATER(SAMPLE, "SAMPLE"),

    BUILT(COLUMN, "COLUMN", VALUE, .a = ONE, .a_takes = SOURCE, .has_ref = true),
    LATER(OUTPUT, "OUTPUT"),
    BUILT(KEY, "KEY", VALUE, .a = ONE, .a_takes = SOURCE),
    BUILT(ENTITY, "ENTITY", ENTITY, .a = ONE, .a_takes = SOURCE),
    BUILT(PARAM, "PARAM", VALUE, .has_ref = true, .op_is_type = true,
          .flags = TAKEO_NODE_FLAG_LIST),
    BUILT(CONSTANT, "CONSTANT", VALUE, OPS(NULL, STAR)),
    BUILT(OPERATION, "OPERATION", VALUE, .a = TK_PLACE_BY_OP, .b = TK_PLACE_BY_OP,
          .a_takes = VALUE | TK_CLASS_ROW, .b_takes = VALUE | TK_CLASS_ROW,
          .flags = TAKEO_NODE_FLAG_IGNORE_CASE | TAKEO_NODE_FLAG_NULLS_FIRST
                   | TAKEO_NODE_FLAG_NULLS_LAST),
    BUILT(ROW, "ROW", ROW, .a = CHAIN_MAYBE, .a_takes = VALUE),
    LATER(ARRAY, "ARRAY"),
    BUILT(CASE, "CASE", VALUE, .a = CHAIN, .a_takes = TK_CLASS_WHEN, .b = MAYBE, .b_takes = VALUE),
    BUILT(WHEN, "WHEN", WHEN, .a = ONE, .a_takes = VALUE, .b = ONE, .b_takes = VALUE),
    BUILT(CALL, "CALL", VALUE, .a = CHAIN_MAYBE, .a_takes = VALUE, .b = CHAIN_MAYBE,
          .b_takes = TK_CLASS_MODIFIER, .text = TK_TEXT_NAME_MAYBE,
          .flags = TAKEO_NODE_FLAG_DISTINCT),
    BUILT(CAST, "CAST", VALUE, .a = ONE, .a_takes = VALUE, .op_is_type = true,
          .text = TK_TEXT_NAME_MAYBE),
    BUILT(COLLATE, "COLLATE", VALUE, .a = ONE, .a_takes = VALUE, .text = TK_TEXT_WORD),
    BUILT(SUBQUERY, "SUBQUERY", VALUE, .a = ONE, .a_takes = TK_CLASS_STATEMENT),
    BUILT(RELATION, "RELATION", VALUE, .a = ONE, .a_takes = SOURCE, .b = MAYBE,
          .b_takes = VALUE | TK_CLASS_ROW, OPS(HAS, HOLDS)),
    LATER(JSON, "JSON"),
    LATER(ELEMENT, "ELEMENT"),
    BUILT(LABEL, "LABEL", LABEL, .a = ONE, .a_takes = VALUE | TK_CLASS_ENTITY,
          .text = TK_TEXT_NAME),
    BUILT(EXCLUDED, "EXCLUDED", VALUE, .has_ref = true),
    BUILT(RAW, "RAW", VALUE, .a = CHAIN, .a_takes = TK_CLASS_FRAGMENT | VALUE, .op_is_type = true),
    BUILT(FRAGMENT, "FRAGMENT", FRAGMENT, .text = TK_TEXT_SQL),
    BUILT(ITEM, "ITEM", ITEM, .a = ONE, .a_takes = 0xffff),
    BUILT(ASSIGN, "ASSIGN", ASSIGN, .a = ONE, .a_takes = VALUE, .b = ONE, .b_takes = VALUE),

    BUILT(FILTER, "FILTER", MODIFIER, .a = ONE, .a_takes = VALUE),
    LATER(SORTED, "SORTED"),
    LATER(OVER, "OVER"),
    LATER(FRAME, "FRAME"),
    LATER(BOUND, "BOUND"),

    BUILT(COLUMNS, "COLUMNS", CLAUSE, .a = CHAIN, .a_takes = SELECTED),
    BUILT(FROM, "FROM", CLAUSE, .a = CHAIN, .a_takes = SOURCE | TK_CLASS_STATEMENT),
    BUILT(JOIN, "JOIN", CLAUSE, .a = ONE, .a_takes = SOURCE, .b = MAYBE, .b_takes = VALUE,
          OPS(INNER, CROSS)),
    BUILT(WHERE, "WHERE", CLAUSE, .a = ONE, .a_takes = VALUE),
    BUILT(GROUP_BY, "GROUP_BY", CLAUSE, .a = CHAIN, .a_takes = VALUE | SOURCE,
          .op_may_be_zero = true, OPS(ROLLUP, SETS)),
    BUILT(HAVING, "HAVING", CLAUSE, .a = ONE, .a_takes = VALUE),
    BUILT(ORDER_BY, "ORDER_BY", CLAUSE, .a = CHAIN_MAYBE, .a_takes = VALUE),
    BUILT(LIMIT, "LIMIT", CLAUSE, .a = ONE, .a_takes = VALUE),
    BUILT(OFFSET, "OFFSET", CLAUSE, .a = ONE, .a_takes = VALUE),
    BUILT(DISTINCT, "DISTINCT", CLAUSE, .a = CHAIN_MAYBE, .a_takes = VALUE),
    LATER(LOCK, "LOCK"),
    LATER(WITH, "WITH"),
    LATER(CTE, "CTE"),
    LATER(WINDOW, "WINDOW"),
    BUILT(LOAD, "LOAD", CLAUSE, .a = ONE, .a_takes = SOURCE | VALUE, .b = CHAIN_MAYBE,
          .b_takes = TK_CLASS_CLAUSE, .op_may_be_zero = true, OPS(BY_JOIN, BY_QUERY)),
    BUILT(ONLY, "ONLY", CLAUSE, .a = CHAIN, .a_takes = VALUE),
    LATER(PAGE, "PAGE"),
    LATER(TOTAL, "TOTAL"),
    LATER(SCOPE, "SCOPE"),
    LATER(VERSION, "VERSION"),
    BUILT(COMMENT, "COMMENT", CLAUSE, .text = TK_TEXT_COMMENT),
    LATER(HINT, "HINT"),
    BUILT(INTO, "INTO", CLAUSE, .a = ONE, .a_takes = SOURCE),
    BUILT(ROWS, "ROWS", CLAUSE, .a = CHAIN, .a_takes = TK_CLASS_ROW),
    BUILT(SET, "SET", CLAUSE, .a = CHAIN, .a_takes = TK_CLASS_ASSIGN),
    BUILT(CONFLICT, "CONFLICT", CLAUSE, .a = CHAIN_MAYBE, .a_takes = VALUE, .b = CHAIN_MAYBE,
          .b_takes = TK_CLASS_ASSIGN | TK_CLASS_CLAUSE, .op_may_be_zero = true,
          OPS(NOTHING, NOTHING)),
    BUILT(CONFLICT_WHERE, "CONFLICT_WHERE", CLAUSE, .a = ONE, .a_takes = VALUE),
    BUILT(RETURNING, "RETURNING", CLAUSE, .a = CHAIN_MAYBE, .a_takes = SELECTED),
    BUILT(ALL, "ALL", CLAUSE),
};

const tk_kind *tk_kind_of(takeo_node_kind kind) {
    return kind < TK_COUNT(kinds) && kinds[kind].name != NULL ? &kinds[kind] : NULL;
}

const char *tk_kind_name(takeo_node_kind kind) {
    const tk_kind *found = tk_kind_of(kind);
    return found != NULL ? found->name : "?";
}

#define OPERATOR(op, word, sql, kin, binds, left, right)                                           \
    [TAKEO_OPERATOR_##op] = {word, sql, TK_GROUP_##kin, TK_LEVEL_##binds, left, right}

static const tk_operator operators[] = {
    OPERATOR(AND, "AND", " and ", LOGIC, AND, CHAIN_MAYBE, NONE),
    OPERATOR(OR, "OR", " or ", LOGIC, OR, CHAIN_MAYBE, NONE),
    OPERATOR(NOT, "NOT", "not ", NOT, NOT, ONE, NONE),
    OPERATOR(EQ, "EQ", " = ", COMPARE, COMPARE, ONE, ONE),
    OPERATOR(NE, "NE", " <> ", COMPARE, COMPARE, ONE, ONE),
    OPERATOR(LT, "LT", " < ", COMPARE, COMPARE, ONE, ONE),
    OPERATOR(LE, "LE", " <= ", COMPARE, COMPARE, ONE, ONE),
    OPERATOR(GT, "GT", " > ", COMPARE, COMPARE, ONE, ONE),
    OPERATOR(GE, "GE", " >= ", COMPARE, COMPARE, ONE, ONE),
    OPERATOR(BETWEEN, "BETWEEN", NULL, BETWEEN, COMPARE, ONE, PAIR),
    OPERATOR(IS_NULL, "IS_NULL", " is null", NULL, COMPARE, ONE, NONE),
    OPERATOR(IS_NOT_NULL, "IS_NOT_NULL", " is not null", NULL, COMPARE, ONE, NONE),
    OPERATOR(DISTINCT_FROM, "DISTINCT_FROM", NULL, DISTINCT, COMPARE, ONE, ONE),
    OPERATOR(NOT_DISTINCT_FROM, "NOT_DISTINCT_FROM", NULL, DISTINCT, COMPARE, ONE, ONE),
    OPERATOR(IN, "IN", " in (", IN, COMPARE, ONE, CHAIN_MAYBE),
    OPERATOR(NOT_IN, "NOT_IN", " not in (", IN, COMPARE, ONE, CHAIN_MAYBE),
    OPERATOR(EXISTS, "EXISTS", NULL, EXISTS, PRIMARY, ONE, NONE),
    OPERATOR(LIKE, "LIKE", NULL, TEXT, COMPARE, ONE, ONE),
    OPERATOR(TEXT_CONTAINS, "TEXT_CONTAINS", NULL, TEXT, COMPARE, ONE, ONE),
    OPERATOR(STARTS_WITH, "STARTS_WITH", NULL, TEXT, COMPARE, ONE, ONE),
    OPERATOR(ENDS_WITH, "ENDS_WITH", NULL, TEXT, COMPARE, ONE, ONE),
    OPERATOR(MATCHES, "MATCHES", NULL, TEXT, COMPARE, ONE, ONE),
    OPERATOR(CONCAT, "CONCAT", " || ", CONCAT, OTHER, ONE, ONE),
    OPERATOR(ADD, "ADD", " + ", ARITHMETIC, ADD, ONE, ONE),
    OPERATOR(SUBTRACT, "SUBTRACT", " - ", ARITHMETIC, ADD, ONE, ONE),
    OPERATOR(MULTIPLY, "MULTIPLY", " * ", ARITHMETIC, MULTIPLY, ONE, ONE),
    OPERATOR(DIVIDE, "DIVIDE", " / ", ARITHMETIC, MULTIPLY, ONE, ONE),
    OPERATOR(MODULO, "MODULO", " % ", ARITHMETIC, MULTIPLY, ONE, ONE),
    OPERATOR(NEGATE, "NEGATE", "-", NEGATE, OTHER, ONE, NONE),
    OPERATOR(BIT_AND, "BIT_AND", " & ", BITS, OTHER, ONE, ONE),
    OPERATOR(BIT_OR, "BIT_OR", " | ", BITS, OTHER, ONE, ONE),
    OPERATOR(BIT_XOR, "BIT_XOR", NULL, BITS, OTHER, ONE, ONE),
    OPERATOR(BIT_NOT, "BIT_NOT", "~", BIT_NOT, OTHER, ONE, NONE),
    OPERATOR(SHIFT_LEFT, "SHIFT_LEFT", " << ", BITS, OTHER, ONE, ONE),
    OPERATOR(SHIFT_RIGHT, "SHIFT_RIGHT", " >> ", BITS, OTHER, ONE, ONE),
    OPERATOR(ASC, "ASC", "", ORDER, OR, ONE, NONE),
    OPERATOR(DESC, "DESC", " desc", ORDER, OR, ONE, NONE),
};

const tk_operator *tk_operator_of(uint16_t op) {
    return op < TK_COUNT(operators) && operators[op].name != NULL ? &operators[op] : NULL;
}

/* The right side of IN is a list in one parameter, a subquery, or a chain of values. */
static uint8_t place_of_in(const takeo_node *nodes, uint32_t number) {
    uint32_t b = nodes[number].b;
    if (b == 0 || b >= number) {
        return TK_PLACE_CHAIN_MAYBE;
    }
    const takeo_node *right = &nodes[tk_resolve(nodes, b)];
    bool is_list = right->kind == TAKEO_NODE_PARAM && (right->flags & TAKEO_NODE_FLAG_LIST) != 0;
    return is_list || right->kind == TAKEO_NODE_SUBQUERY ? TK_PLACE_ONE : TK_PLACE_CHAIN_MAYBE;
}

void tk_places(const takeo_node *nodes, uint32_t number, uint8_t *out_a, uint8_t *out_b) {
    const tk_kind *kind = tk_kind_of(nodes[number].kind);
    *out_a = kind->a;
    *out_b = kind->b;
    if (nodes[number].kind == TAKEO_NODE_OPERATION) {
        const tk_operator *op = tk_operator_of(nodes[number].op);
        *out_a = op->a;
        *out_b = op->group == TK_GROUP_IN ? place_of_in(nodes, number) : op->b;
    }
}

enum { PLAIN = 0, AGGREGATE = 1, NULL_SAFE = 2 };
#define FUNCTION(op, word, arguments, least, result, how)                                          \
    {                                                                                              \
        TAKEO_FUNCTION_##op, word, arguments, least, TK_RESULT_##result, ((how)&AGGREGATE) != 0,   \
            ((how)&NULL_SAFE) != 0                                                                 \
    }

static const tk_function functions[] = {
    FUNCTION(COUNT, "count", ".", 0, INT, AGGREGATE | NULL_SAFE),
    FUNCTION(SUM, "sum", "=", 1, SUM, AGGREGATE),
    FUNCTION(AVG, "avg", "=", 1, AVG, AGGREGATE),
    FUNCTION(MIN, "min", "=", 1, FIRST, AGGREGATE),
    FUNCTION(MAX, "max", "=", 1, FIRST, AGGREGATE),
    FUNCTION(STRING_AGG, "string_agg", "tt", 2, TEXT, AGGREGATE),
    FUNCTION(BOOL_AND, "bool_and", "=", 1, BOOL, AGGREGATE),
    FUNCTION(BOOL_OR, "bool_or", "=", 1, BOOL, AGGREGATE),
    FUNCTION(STDDEV, "stddev", "=", 1, NUMBER, AGGREGATE),
    FUNCTION(VARIANCE, "variance", "=", 1, NUMBER, AGGREGATE),
    FUNCTION(LOWER, "lower", "t", 1, TEXT, PLAIN),
    FUNCTION(UPPER, "upper", "t", 1, TEXT, PLAIN),
    FUNCTION(LENGTH, "length", "t", 1, INT, PLAIN),
    FUNCTION(TRIM, "trim", "t", 1, TEXT, PLAIN),
    FUNCTION(SUBSTRING, "substr", "tii", 2, TEXT, PLAIN),
    FUNCTION(REPLACE, "replace", "ttt", 3, TEXT, PLAIN),
    FUNCTION(POSITION, "position", "tt", 2, INT, PLAIN),
    FUNCTION(ABS, "abs", "=", 1, FIRST, PLAIN),
    FUNCTION(ROUND, "round", "=i", 1, NUMBER, PLAIN),
    FUNCTION(FLOOR, "floor", "=", 1, FIRST, PLAIN),
    FUNCTION(CEIL, "ceil", "=", 1, FIRST, PLAIN),
    FUNCTION(POWER, "power", "ff", 2, FLOAT, PLAIN),
    FUNCTION(RANDOM, "random", "", 0, FLOAT, NULL_SAFE),
    FUNCTION(NOW, "now", "", 0, TIME, NULL_SAFE),
    FUNCTION(COALESCE, "coalesce", "=+", 1, FIRST, PLAIN),
    FUNCTION(NULLIF, "nullif", "==", 2, FIRST, PLAIN),
    FUNCTION(GREATEST, "greatest", "=+", 1, FIRST, PLAIN),
    FUNCTION(LEAST, "least", "=+", 1, FIRST, PLAIN),
};

const tk_function *tk_function_of(takeo_function op) {
    for (size_t i = 0; i < TK_COUNT(functions); i++) {
        if (functions[i].op == op) {
            return &functions[i];
        }
    }
    return NULL;
}
