/* sketch.h - statements as plain text, for tests: lists in brackets become nodes.
 *
 *     (select (from City) (where (gt City.population ?1)) (order-by (desc City.name)) (limit ?2))
 *
 *   City  City#2  City@c      a TABLE, a second one of the same entity, one with an alias
 *   City.country  City.country=k     a PATH, and one that is called k from here on
 *   City.name  City.country.name  k.name    a COLUMN
 *   ?1  ?1:int64  ?1*         a PARAM, one whose type is said, one that is a list
 *   null true false default star     a CONSTANT
 *   (eq a b) ... every operator by its name in small letters; /i /first /last are flags
 *   (call name a b /distinct (filter c)) (free name a) (cast a int64) (label a name) ...
 */
#ifndef TK_GOLDEN_SKETCH_H
#define TK_GOLDEN_SKETCH_H

#include <ctype.h>

#include "world.h"
#include "sql/sql_int.h"

enum { SKETCH_NAMES = 32 };

typedef struct sketch_name {
    char text[160];
    uint32_t node;
} sketch_name;

typedef struct sketch {
    tk_model *model;
    tk_builder *builder;
    const char *at;
    uint32_t flags; /* of the definition */
    sketch_name names[SKETCH_NAMES];
    uint32_t name_count;
    char problem[120]; /* of the text itself */
} sketch;

static uint32_t sketch_value(sketch *draft);
static uint32_t sketch_list(sketch *draft);

static uint32_t sketch_fail(sketch *draft, const char *problem) {
    if (draft->problem[0] == '\0') {
        snprintf(draft->problem, sizeof draft->problem, "%s at: %.50s", problem, draft->at);
    }
    return 0;
}

static void sketch_space(sketch *draft) {
    while (isspace((unsigned char)*draft->at)) {
        draft->at++;
    }
}

static bool sketch_take(sketch *draft, char c) {
    sketch_space(draft);
    if (*draft->at != c) {
        return false;
    }
    draft->at++;
    return true;
}

static bool sketch_ends(sketch *draft) {
    sketch_space(draft);
    return *draft->at == ')' || *draft->at == '\0' || draft->problem[0] != '\0';
}

/* A word up to a space or bracket. */
static void sketch_word(sketch *draft, char *out, size_t size) {
    sketch_space(draft);
    size_t len = 0;
    while (*draft->at != '\0' && !isspace((unsigned char)*draft->at) && *draft->at != '('
           && *draft->at != ')') {
        if (len + 1 < size) {
            out[len++] = *draft->at;
        }
        draft->at++;
    }
    out[len] = '\0';
}

static uint32_t sketch_find(const sketch *draft, const char *name) {
    for (uint32_t i = draft->name_count; i-- > 0;) {
        if (strcmp(draft->names[i].text, name) == 0) {
            return draft->names[i].node;
        }
    }
    return 0;
}

static void sketch_call_it(sketch *draft, const char *name, uint32_t node) {
    if (draft->name_count < SKETCH_NAMES) {
        snprintf(draft->names[draft->name_count].text, sizeof draft->names[0].text, "%s", name);
        draft->names[draft->name_count++].node = node;
    }
}

static const tk_entity *sketch_entities[4096]; /* by number of node */

static uint32_t sketch_table(sketch *draft, const char *name) {
    uint32_t node = sketch_find(draft, name);
    if (node != 0) {
        return node;
    }
    char entity[160];
    snprintf(entity, sizeof entity, "%s", name);
    char *alias = strchr(entity, '@');
    if (alias != NULL) {
        *alias++ = '\0';
    }
    entity[strcspn(entity, "#")] = '\0';
    const tk_entity *found = tk_model_find_entity(draft->model, entity, strlen(entity));
    if (found == NULL) {
        return sketch_fail(draft, "no such entity");
    }
    node = tk_builder_push(draft->builder, &(takeo_node){.kind = TAKEO_NODE_TABLE,
                                                         .ref = found->number,
                                                         .text = alias,
                                                         .text_len = alias ? strlen(alias) : 0});
    sketch_call_it(draft, name, node);
    sketch_entities[node] = found;
    return node;
}

/* City.country.name: every mention makes its own nodes. */
static uint32_t sketch_path(sketch *draft, char *word) {
    char *name = strchr(word, '=');
    if (name != NULL) {
        *name++ = '\0';
    }
    char *rest = strchr(word, '.');
    if (rest != NULL) {
        *rest++ = '\0';
    }
    uint32_t node = sketch_table(draft, word);
    while (rest != NULL && node != 0) {
        char *next = strchr(rest, '.');
        if (next != NULL) {
            *next++ = '\0';
        }
        size_t len = strlen(rest);
        bool is_optional = len != 0 && rest[len - 1] == '?';
        rest[len - is_optional] = '\0';
        const tk_entity *entity = sketch_entities[node];
        const tk_relation *relation = tk_entity_find_relation(entity, rest, strlen(rest));
        const tk_column *column = tk_entity_find_column(entity, rest, strlen(rest));
        if (relation != NULL) {
            node = tk_builder_push(
                draft->builder, &(takeo_node){.kind = TAKEO_NODE_PATH,
                                              .a = node,
                                              .ref = relation->number,
                                              .flags = is_optional ? TAKEO_NODE_FLAG_OPTIONAL : 0});
            sketch_entities[node] = relation->target;
        } else if (column != NULL) {
            node = tk_builder_ref(draft->builder, TAKEO_NODE_COLUMN, node, column->number);
        } else {
            return sketch_fail(draft, rest);
        }
        rest = next;
    }
    if (name != NULL) {
        sketch_call_it(draft, name, node);
    }
    return node;
}

static uint32_t sketch_param(sketch *draft, const char *word) {
    char *end = NULL;
    unsigned long number = strtoul(word + 1, &end, 10);
    takeo_node node = {.kind = TAKEO_NODE_PARAM, .ref = (uint32_t)number};
    if (*end == '*') {
        node.flags = TAKEO_NODE_FLAG_LIST;
        end++;
    }
    if (*end == ':') {
        node.op = tk_type_find(end + 1, strlen(end + 1));
        if (node.op == 0) {
            return sketch_fail(draft, "no such type");
        }
    }
    return tk_builder_push(draft->builder, &node);
}

static uint32_t sketch_atom(sketch *draft) {
    static const struct {
        const char *word;
        uint16_t op;
    } constants[] = {{"null", TAKEO_VARIANT_NULL},
                     {"true", TAKEO_VARIANT_TRUE},
                     {"false", TAKEO_VARIANT_FALSE},
                     {"default", TAKEO_VARIANT_DEFAULT},
                     {"star", TAKEO_VARIANT_STAR}};
    char word[160];
    sketch_word(draft, word, sizeof word);
    for (size_t i = 0; i < TK_COUNT(constants); i++) {
        if (strcmp(word, constants[i].word) == 0) {
            return tk_builder_node(draft->builder, TAKEO_NODE_CONSTANT, constants[i].op, 0, 0);
        }
    }
    if (word[0] == '?') {
        return sketch_param(draft, word);
    }
    if (word[0] == '\0') {
        return sketch_fail(draft, "a word is missing");
    }
    return sketch_path(draft, word);
}

/* "text" as a FRAGMENT; \" stands for a quote. */
static uint32_t sketch_fragment(sketch *draft) {
    char text[400];
    size_t len = 0;
    draft->at++;
    while (*draft->at != '"' && *draft->at != '\0' && len < sizeof text) {
        draft->at += *draft->at == '\\' && draft->at[1] == '"';
        text[len++] = *draft->at++;
    }
    draft->at += *draft->at == '"';
    return tk_builder_push(
        draft->builder, &(takeo_node){.kind = TAKEO_NODE_FRAGMENT, .text = text, .text_len = len});
}

static uint32_t sketch_value(sketch *draft) {
    sketch_space(draft);
    if (*draft->at == '"') {
        return sketch_fragment(draft);
    }
    return *draft->at == '(' ? sketch_list(draft) : sketch_atom(draft);
}

/* Values up to the bracket, as a chain; flags among them are collected. */
static uint32_t sketch_chain(sketch *draft, uint32_t *flags) {
    uint32_t nodes[200];
    uint32_t count = 0;
    while (!sketch_ends(draft) && count < TK_COUNT(nodes)) {
        if (*draft->at == '/') {
            char flag[20];
            sketch_word(draft, flag, sizeof flag);
            if (flags != NULL) {
                *flags |= strcmp(flag, "/i") == 0          ? TAKEO_NODE_FLAG_IGNORE_CASE
                          : strcmp(flag, "/first") == 0    ? TAKEO_NODE_FLAG_NULLS_FIRST
                          : strcmp(flag, "/last") == 0     ? TAKEO_NODE_FLAG_NULLS_LAST
                          : strcmp(flag, "/distinct") == 0 ? TAKEO_NODE_FLAG_DISTINCT
                                                           : 0;
            }
            continue;
        }
        nodes[count++] = sketch_value(draft);
    }
    return draft->problem[0] == '\0' ? tk_builder_chain(draft->builder, nodes, count) : 0;
}

/* BETWEEN has a chain of two on its right, AND and OR one on their left, IN any of three. */
static uint32_t sketch_operation(sketch *draft, uint16_t op) {
    const tk_operator *known = tk_operator_of(op);
    takeo_node node = {.kind = TAKEO_NODE_OPERATION, .op = op};
    if (known->group == TK_GROUP_LOGIC) {
        node.a = sketch_chain(draft, &node.flags);
    } else {
        node.a = sketch_value(draft);
        node.b = sketch_chain(draft, &node.flags);
    }
    return tk_builder_push(draft->builder, &node);
}

static uint16_t sketch_function(const char *name) {
    for (uint16_t op = 256; op < 512; op++) {
        const tk_function *function = tk_function_of(op);
        if (function != NULL && strcmp(function->name, name) == 0) {
            return op;
        }
    }
    return 0;
}

static uint32_t sketch_call(sketch *draft, bool is_free) {
    char name[80];
    sketch_word(draft, name, sizeof name);
    takeo_node node = {.kind = TAKEO_NODE_CALL};
    node.op = is_free ? 0 : sketch_function(name);
    if (is_free) {
        node.text = name;
        node.text_len = strlen(name);
    } else if (node.op == 0) {
        return sketch_fail(draft, "no such function");
    }
    uint32_t arguments[20];
    uint32_t count = 0;
    while (!sketch_ends(draft)) {
        if (strncmp(draft->at, "/distinct", 9) == 0) {
            draft->at += 9;
            node.flags = TAKEO_NODE_FLAG_DISTINCT;
        } else if (strncmp(draft->at, "(filter ", 8) == 0) {
            node.b = sketch_value(draft);
        } else if (count < TK_COUNT(arguments)) {
            arguments[count++] = sketch_value(draft);
        }
    }
    node.a = tk_builder_chain(draft->builder, arguments, count);
    return tk_builder_push(draft->builder, &node);
}

static uint32_t sketch_case(sketch *draft) {
    uint32_t whens[20];
    uint32_t count = 0;
    uint32_t other = 0;
    while (!sketch_ends(draft) && count < TK_COUNT(whens)) {
        if (strncmp(draft->at, "(when ", 6) == 0) {
            draft->at += 6;
            uint32_t condition = sketch_value(draft);
            uint32_t value = sketch_value(draft);
            whens[count++] = tk_builder_node(draft->builder, TAKEO_NODE_WHEN, 0, condition, value);
            sketch_take(draft, ')');
        } else {
            other = sketch_value(draft);
        }
    }
    return tk_builder_node(draft->builder, TAKEO_NODE_CASE, 0,
                           tk_builder_chain(draft->builder, whens, count), other);
}

static uint32_t sketch_texted(sketch *draft, uint16_t kind, uint32_t a) {
    char text[160];
    sketch_word(draft, text, sizeof text);
    takeo_node node = {.kind = kind, .a = a, .text = text, .text_len = strlen(text)};
    if (kind == TAKEO_NODE_CAST) {
        node.op = tk_type_find(text, strlen(text));
        node.text_len = node.op != 0 ? 0 : node.text_len;
    }
    return tk_builder_push(draft->builder, &node);
}

static uint32_t sketch_excluded(sketch *draft) {
    char name[80];
    sketch_word(draft, name, sizeof name);
    char *dot = strchr(name, '.');
    if (dot == NULL) {
        return sketch_fail(draft, "excluded takes Entity.column");
    }
    *dot++ = '\0';
    const tk_entity *entity = tk_model_find_entity(draft->model, name, strlen(name));
    const tk_column *column =
        entity != NULL ? tk_entity_find_column(entity, dot, strlen(dot)) : NULL;
    return column != NULL ? tk_builder_ref(draft->builder, TAKEO_NODE_EXCLUDED, 0, column->number)
                          : sketch_fail(draft, "no such column");
}

static uint32_t sketch_join(sketch *draft) {
    char word[20];
    sketch_word(draft, word, sizeof word);
    uint16_t op = strcmp(word, "left") == 0    ? TAKEO_VARIANT_LEFT
                  : strcmp(word, "cross") == 0 ? TAKEO_VARIANT_CROSS
                  : strcmp(word, "full") == 0  ? TAKEO_VARIANT_FULL
                                               : TAKEO_VARIANT_INNER;
    uint32_t source = sketch_value(draft);
    uint32_t condition = sketch_ends(draft) ? 0 : sketch_value(draft);
    return tk_builder_node(draft->builder, TAKEO_NODE_JOIN, op, source, condition);
}

/* (conflict (id name) nothing), (conflict (id) (set City.name x) ... (where c)) */
static uint32_t sketch_conflict(sketch *draft) {
    uint32_t target = 0;
    uint16_t op = 0;
    sketch_take(draft, '(');
    target = sketch_chain(draft, NULL);
    sketch_take(draft, ')');
    sketch_space(draft);
    if (strncmp(draft->at, "nothing", 7) == 0) {
        draft->at += 7;
        op = TAKEO_VARIANT_NOTHING;
    }
    uint32_t parts = sketch_chain(draft, NULL);
    return tk_builder_node(draft->builder, TAKEO_NODE_CONFLICT, op, target, parts);
}

static uint32_t sketch_raw(sketch *draft) {
    char type[20];
    sketch_word(draft, type, sizeof type);
    uint32_t chain = sketch_chain(draft, NULL);
    return tk_builder_node(draft->builder, TAKEO_NODE_RAW, tk_type_find(type, strlen(type)), chain,
                           0);
}

typedef struct sketch_kind {
    const char *word;
    uint16_t kind;
    uint16_t op;
    char form; /* c: a is a chain; v: a is a value; 2: a and b; 0: nothing; others below */
} sketch_kind;

static const sketch_kind sketch_kinds[] = {
    {"select", TAKEO_NODE_SELECT, 0, 'c'},
    {"insert", TAKEO_NODE_INSERT, 0, 'c'},
    {"update", TAKEO_NODE_UPDATE, 0, 'c'},
    {"delete", TAKEO_NODE_DELETE, 0, 'c'},
    {"raw-sql", TAKEO_NODE_RAW_SQL, 0, 'c'},
    {"columns", TAKEO_NODE_COLUMNS, 0, 'c'},
    {"from", TAKEO_NODE_FROM, 0, 'c'},
    {"where", TAKEO_NODE_WHERE, 0, 'v'},
    {"group-by", TAKEO_NODE_GROUP_BY, 0, 'c'},
    {"having", TAKEO_NODE_HAVING, 0, 'v'},
    {"order-by", TAKEO_NODE_ORDER_BY, 0, 'c'},
    {"limit", TAKEO_NODE_LIMIT, 0, 'v'},
    {"offset", TAKEO_NODE_OFFSET, 0, 'v'},
    {"distinct", TAKEO_NODE_DISTINCT, 0, 'c'},
    {"load", TAKEO_NODE_LOAD, 0, 'v'},
    {"load-by-query", TAKEO_NODE_LOAD, TAKEO_VARIANT_BY_QUERY, 'v'},
    {"load-by-join", TAKEO_NODE_LOAD, TAKEO_VARIANT_BY_JOIN, 'v'},
    {"only", TAKEO_NODE_ONLY, 0, 'c'},
    {"into", TAKEO_NODE_INTO, 0, 'v'},
    {"rows", TAKEO_NODE_ROWS, 0, 'c'},
    {"row", TAKEO_NODE_ROW, 0, 'c'},
    {"set", TAKEO_NODE_SET, 0, 'c'},
    {"assign", TAKEO_NODE_ASSIGN, 0, '2'},
    {"conflict-where", TAKEO_NODE_CONFLICT_WHERE, 0, 'v'},
    {"returning", TAKEO_NODE_RETURNING, 0, 'c'},
    {"all", TAKEO_NODE_ALL, 0, '0'},
    {"total", TAKEO_NODE_TOTAL, 0, '0'},
    {"key", TAKEO_NODE_KEY, 0, 'v'},
    {"entity", TAKEO_NODE_ENTITY, 0, 'v'},
    {"item", TAKEO_NODE_ITEM, 0, 'v'},
    {"sub", TAKEO_NODE_SUBQUERY, 0, 'v'},
    {"filter", TAKEO_NODE_FILTER, 0, 'v'},
    {"has", TAKEO_NODE_RELATION, TAKEO_VARIANT_HAS, '2'},
    {"any", TAKEO_NODE_RELATION, TAKEO_VARIANT_ANY, '2'},
    {"none", TAKEO_NODE_RELATION, TAKEO_VARIANT_NONE, '2'},
    {"every", TAKEO_NODE_RELATION, TAKEO_VARIANT_EVERY, '2'},
    {"count-of", TAKEO_NODE_RELATION, TAKEO_VARIANT_COUNT, '2'},
    {"holds", TAKEO_NODE_RELATION, TAKEO_VARIANT_HOLDS, '2'},
    {"label", TAKEO_NODE_LABEL, 0, 't'},
    {"cast", TAKEO_NODE_CAST, 0, 't'},
    {"collate", TAKEO_NODE_COLLATE, 0, 't'},
    {"comment", TAKEO_NODE_COMMENT, 0, 'T'},
};

static uint32_t sketch_kinded(sketch *draft, const sketch_kind *kind) {
    uint32_t a = 0;
    uint32_t b = 0;
    switch (kind->form) {
    case 'c':
        a = sketch_chain(draft, NULL);
        break;
    case 't':
        return sketch_texted(draft, kind->kind, sketch_value(draft));
    case 'T':
        return sketch_texted(draft, kind->kind, 0);
    case '0':
        break;
    default:
        a = sketch_value(draft);
        b = kind->form == '2' && !sketch_ends(draft) ? sketch_value(draft) : 0;
        break;
    }
    return tk_builder_node(draft->builder, kind->kind, kind->op, a, b);
}

static uint16_t sketch_operator(const char *word) {
    for (uint16_t op = 1; op < 128; op++) {
        const tk_operator *known = tk_operator_of(op);
        if (known == NULL) {
            continue;
        }
        size_t i = 0;
        for (; known->name[i] != '\0' && word[i] != '\0'; i++) {
            char c = known->name[i] == '_' ? '-' : (char)tolower((unsigned char)known->name[i]);
            if (c != word[i]) {
                break;
            }
        }
        if (known->name[i] == '\0' && word[i] == '\0') {
            return op;
        }
    }
    return 0;
}

static uint32_t sketch_inside(sketch *draft, const char *word) {
    for (size_t i = 0; i < TK_COUNT(sketch_kinds); i++) {
        if (strcmp(word, sketch_kinds[i].word) == 0) {
            return sketch_kinded(draft, &sketch_kinds[i]);
        }
    }
    if (sketch_operator(word) != 0) {
        return sketch_operation(draft, sketch_operator(word));
    }
    if (strcmp(word, "call") == 0 || strcmp(word, "free") == 0) {
        return sketch_call(draft, word[0] == 'f');
    }
    if (strcmp(word, "case") == 0) {
        return sketch_case(draft);
    }
    if (strcmp(word, "excluded") == 0) {
        return sketch_excluded(draft);
    }
    if (strcmp(word, "join") == 0) {
        return sketch_join(draft);
    }
    if (strcmp(word, "conflict") == 0) {
        return sketch_conflict(draft);
    }
    if (strcmp(word, "raw") == 0) {
        return sketch_raw(draft);
    }
    return sketch_fail(draft, word);
}

static uint32_t sketch_list(sketch *draft) {
    char word[80];
    sketch_take(draft, '(');
    sketch_word(draft, word, sizeof word);
    uint32_t node = sketch_inside(draft, word);
    if (!sketch_take(draft, ')')) {
        return sketch_fail(draft, "a bracket is missing");
    }
    return node;
}

/* Compile a text.  A text that is none fails with QUERY_SHAPE and says so. */
static inline takeo_status sketch_compile(tk_model *model, const char *text, tk_alloc alloc,
                                          tk_statement **out, tk_error *error) {
    sketch draft = {.model = model, .at = text};
    takeo_status status = tk_builder_make(model, alloc, &draft.builder, error);
    if (status < 0) {
        return status;
    }
    if (strncmp(text, "no-eager ", 9) == 0) {
        draft.at += 9;
        draft.flags = TAKEO_STATEMENT_NO_EAGER;
    }
    sketch_list(&draft);
    bool has_failed =
        draft.problem[0] != '\0'
        && tk_builder_node(draft.builder, TAKEO_NODE_CONSTANT, TAKEO_VARIANT_NULL, 0, 0) == 0;
    if (has_failed) {
        return tk_builder_finish(draft.builder, draft.flags, out, error);
    }
    if (draft.problem[0] != '\0') {
        tk_builder_free(draft.builder);
        return tk_raise(error, TK_QUERY_SHAPE, "the test's own text: %s", draft.problem);
    }
    return tk_builder_finish(draft.builder, draft.flags, out, error);
}

#endif
