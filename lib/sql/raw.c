/* raw.c - SQL text with `{}`, `{name}`, `{{` and `}}`: cut into fragments and parameters, then
 * compiled as any statement.  It must not know what the text means: quotes and comments are not
 * looked at, so a brace inside them is doubled as well.  Only of the word before a list it knows
 * that it has to be IN, for there a list is many values; elsewhere it would be one of them.
 */
#include "sql/sql_int.h"

typedef struct reader {
    tk_builder *builder;
    const char *text;
    size_t len;
    size_t at;
    tk_vec names; /* takeo_text, of each parameter; empty: `{}` */
    tk_map known; /* name -> number */
    tk_error *error;
} reader;

static takeo_status add_fragment(reader *read, const char *data, size_t len) {
    if (len != 0) {
        uint32_t node = tk_builder_push(
            read->builder,
            &(takeo_node){.kind = TAKEO_NODE_FRAGMENT, .text = data, .text_len = len});
        tk_builder_add(read->builder, TAKEO_NODE_FRAGMENT, node);
    }
    return TAKEO_DONE;
}

static takeo_status add_param(reader *read, takeo_text name) {
    uintptr_t number = name.len != 0 ? (uintptr_t)tk_map_get(&read->known, name.data, name.len) : 0;
    if (number == 0) {
        takeo_text *kept = tk_vec_push(&read->names);
        number = read->names.count;
        if (kept == NULL
            || (name.len != 0 && !tk_map_put(&read->known, name.data, name.len, (void *)number))) {
            return tk_raise_memory(read->error);
        }
        *kept = name;
    }
    uint32_t node = tk_builder_ref(read->builder, TAKEO_NODE_PARAM, 0, (uint32_t)number);
    tk_builder_add(read->builder, TAKEO_NODE_FRAGMENT, node);
    return TAKEO_DONE;
}

static takeo_status raise_brace(const reader *read, size_t at, const char *what) {
    takeo_status status =
        tk_raise(read->error, TK_QUERY_SHAPE, "%s at byte %zu of the SQL", what, at);
    TK_SET(read->error, hint, "a brace that means itself is doubled: {{ or }}");
    return status;
}

/* From an opening brace on. */
static takeo_status read_brace(reader *read) {
    size_t open = read->at;
    const char *close = memchr(read->text + open, '}', read->len - open);
    if (close == NULL) {
        return raise_brace(read, open, "a brace is never closed");
    }
    takeo_text name = tk_text(read->text + open + 1, (size_t)(close - (read->text + open + 1)));
    if (name.len != 0 && !tk_name_is_valid(name.data, name.len)) {
        return raise_brace(read, open, "what stands in braces is no name");
    }
    read->at = (size_t)(close - read->text) + 1;
    return add_param(read, name);
}

static takeo_status read_text(reader *read) {
    size_t begin = 0;
    while (read->at < read->len) {
        char c = read->text[read->at];
        if (c != '{' && c != '}') {
            read->at++;
            continue;
        }
        bool is_doubled = read->at + 1 < read->len && read->text[read->at + 1] == c;
        size_t end = read->at + (is_doubled ? 1 : 0);
        TK_TRY(add_fragment(read, read->text + begin, end - begin));
        if (is_doubled) {
            read->at += 2;
        } else if (c == '{') {
            TK_TRY(read_brace(read));
        } else {
            return raise_brace(read, read->at, "a brace is closed that was never opened");
        }
        begin = read->at;
    }
    return add_fragment(read, read->text + begin, read->len - begin);
}

static takeo_status name_params(reader *read, tk_statement *statement) {
    tk_param *params =
        (tk_param *)(uintptr_t)statement->params; /* nobody else has the statement yet */
    takeo_column_info *infos = (takeo_column_info *)(uintptr_t)statement->parameter_infos;
    for (uint32_t i = 0; i < statement->param_count && i < read->names.count; i++) {
        const takeo_text *name = tk_vec_at(&read->names, i);
        if (name->len != 0) {
            char *copy = tk_arena_copy(&statement->arena, name->data, name->len);
            if (copy == NULL) {
                return tk_raise_memory(read->error);
            }
            params[i].name = infos[i].name = tk_text(copy, name->len);
        }
    }
    return TAKEO_DONE;
}

static takeo_status make(reader *read, tk_model *model, tk_alloc alloc, tk_statement **out) {
    TK_TRY(tk_builder_make(model, alloc, &read->builder, read->error));
    tk_builder_begin(read->builder);
    takeo_status status = read_text(read);
    if (status < 0) {
        tk_builder_free(read->builder);
        return status;
    }
    tk_builder_end(read->builder, TAKEO_NODE_RAW_SQL);
    tk_statement *statement = NULL;
    TK_TRY(tk_builder_finish(read->builder, 0, &statement, read->error));
    status = name_params(read, statement);
    if (status < 0) {
        tk_statement_drop(statement);
        return status;
    }
    *out = statement;
    return TAKEO_DONE;
}

takeo_status tk_statement_sql(tk_model *model, const char *text, size_t len, tk_alloc alloc,
                              tk_statement **out, tk_error *error) {
    len = tk_len(text, len);
    if (len > TK_SQL_MAX) {
        return tk_raise(error, TK_QUERY_TOO_LARGE, "the SQL has more than %d bytes", TK_SQL_MAX);
    }
    if (len == 0) {
        return tk_raise(error, TK_QUERY_SHAPE, "the SQL is empty");
    }
    reader read = {.text = text, .len = len, .error = error};
    tk_vec_init(&read.names, alloc, sizeof(takeo_text));
    tk_map_init(&read.known, alloc);
    takeo_status status = make(&read, model, alloc, out);
    tk_vec_done(&read.names);
    tk_map_done(&read.known);
    return status;
}

/* ---- lists ----------------------------------------------------------------------------------- */

/* What the text before a list ends with. */
typedef enum tail { TAIL_OTHER, TAIL_WORD, TAIL_I, TAIL_IN, TAIL_IN_BLANK, TAIL_IN_OPEN } tail;

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static bool is_of_word(char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')
           || strchr("_.$", c) != NULL || (unsigned char)c >= 0x80;
}

static tail read_on(tail at, char c) {
    bool is_in = at == TAIL_IN || at == TAIL_IN_BLANK;
    if (is_blank(c)) {
        return is_in ? TAIL_IN_BLANK : at == TAIL_IN_OPEN ? TAIL_IN_OPEN : TAIL_OTHER;
    }
    if (!is_of_word(c)) {
        return c == '(' && is_in ? TAIL_IN_OPEN : TAIL_OTHER;
    }
    if (at == TAIL_I) {
        return (c | 0x20) == 'n' ? TAIL_IN : TAIL_WORD;
    }
    bool goes_on = at == TAIL_WORD || at == TAIL_IN;
    return !goes_on && (c | 0x20) == 'i' ? TAIL_I : TAIL_WORD;
}

static bool is_closed_by(const takeo_node *node) {
    size_t i = 0;
    while (node->kind == TAKEO_NODE_FRAGMENT && i < node->text_len && is_blank(node->text[i])) {
        i++;
    }
    return node->kind == TAKEO_NODE_FRAGMENT && i < node->text_len && node->text[i] == ')';
}

void tk_bind_raw_lists(tk_compiler *compiler, uint32_t first) {
    const takeo_node *nodes = compiler->nodes;
    tail at = TAIL_OTHER;
    for (uint32_t i = first; i != 0; i = nodes[i].next) {
        const takeo_node *node = &nodes[tk_resolve(nodes, i)];
        if (node->kind == TAKEO_NODE_FRAGMENT) {
            for (size_t c = 0; c < node->text_len; c++) {
                at = read_on(at, node->text[c]);
            }
            continue;
        }
        if (node->kind == TAKEO_NODE_PARAM && (node->flags & TAKEO_NODE_FLAG_LIST) != 0) {
            const takeo_node *after = &nodes[tk_resolve(nodes, nodes[i].next)];
            compiler->notes[i].is_bracketed = at == TAIL_IN_OPEN;
            if (at < TAIL_IN || (at == TAIL_IN_OPEN && !is_closed_by(after))) {
                tk_finding(compiler, i, TK_QUERY_SHAPE,
                           "parameter %u is a list; its place is the right side of IN",
                           (unsigned)node->ref);
            }
        }
        at = TAIL_OTHER;
    }
}

/* ---- a list where the database takes an array: `in {ids}` is said as `= any($1)` -------------- */

static size_t skip_blanks_back(const takeo_node *node, size_t end) {
    while (end > 0 && is_blank(node->text[end - 1])) {
        end--;
    }
    return end;
}

/* Where a word begins that ends there; SIZE_MAX: another one does. */
static size_t find_word_back(const takeo_node *node, size_t end, const char *lower) {
    size_t len = strlen(lower);
    if (end < len || (end > len && is_of_word(node->text[end - len - 1]))) {
        return SIZE_MAX;
    }
    bool is_same = tk_same_name(tk_text(node->text + end - len, len), tk_zstr(lower));
    return is_same ? end - len : SIZE_MAX;
}

static void put_any(tk_render *render, const takeo_node *node, bool is_bracketed) {
    size_t end = skip_blanks_back(node, node->text_len);
    if (is_bracketed && end > 0 && node->text[end - 1] == '(') {
        end = skip_blanks_back(node, end - 1);
    }
    size_t in = find_word_back(node, end, "in");
    if (in == SIZE_MAX) {
        tk_render_refuse(render, "write = any({}) instead", "finds no IN before a list");
        return;
    }
    size_t not = find_word_back(node, skip_blanks_back(node, in), "not");
    tk_buf_put(&render->buf, node->text, not != SIZE_MAX ? not : in);
    tk_put(render, not != SIZE_MAX ? "<> all" : "= any");
    tk_put(render, is_bracketed ? "(" : "");
}

static void put_fragment(tk_render *render, uint32_t number) {
    const takeo_node *node = tk_node(render, number);
    uint32_t next = render->nodes[number].next;
    const takeo_node *after = tk_node(render, next);
    bool is_list =
        next != 0 && after->kind == TAKEO_NODE_PARAM && (after->flags & TAKEO_NODE_FLAG_LIST) != 0;
    if (is_list && render->dialect->rows_of_list == NULL) {
        put_any(render, node, render->notes[next].is_bracketed);
    } else {
        tk_buf_put(&render->buf, node->text, node->text_len);
    }
}

void tk_put_raw_value(tk_render *render, uint32_t number) {
    const takeo_node *node = tk_node(render, number);
    if (node->kind == TAKEO_NODE_FRAGMENT) {
        put_fragment(render, number);
        return;
    }
    if (node->kind != TAKEO_NODE_PARAM || (node->flags & TAKEO_NODE_FLAG_LIST) == 0) {
        tk_put_expr(render, number, TK_LEVEL_PRIMARY);
        return;
    }
    bool is_bracketed = render->notes[number].is_bracketed;
    tk_put(render, is_bracketed ? "" : "(");
    bool is_query = render->dialect->rows_of_list != NULL;
    tk_put(render, is_query ? render->dialect->rows_of_list : "");
    tk_put_expr(render, number, TK_LEVEL_OR);
    tk_put(render, is_query ? ")" : "");
    tk_put(render, is_bracketed ? "" : ")");
}

/* ---- what is known of it --------------------------------------------------------------------- */

/* Raw SQL reads only when it begins like it; of all else nobody knows. */
static bool begins_as_read(const tk_compiler *compiler) {
    static const char *const words[] = {"select", "values", "explain"};
    uint32_t first = compiler->nodes[compiler->count].a;
    const takeo_node *node = &compiler->nodes[tk_resolve(compiler->nodes, first)];
    if (node->kind != TAKEO_NODE_FRAGMENT || node->text_len == 0) {
        return false;
    }
    size_t begin = strspn(node->text, " \t\r\n");
    for (size_t i = 0; i < TK_COUNT(words); i++) {
        size_t len = strlen(words[i]);
        bool is_whole = node->text_len >= begin + len
                        && (node->text_len == begin + len
                            || strchr(" \t\r\n(", node->text[begin + len]) != NULL);
        if (is_whole && tk_same_name(tk_text(node->text + begin, len), tk_zstr(words[i]))) {
            return true;
        }
    }
    return false;
}

void tk_shape_raw(tk_compiler *compiler) {
    tk_statement *statement = compiler->statement;
    statement->kind = TAKEO_NODE_RAW_SQL;
    statement->gives_rows = true;
    statement->shape_is_unknown = true;
    statement->is_write = !begins_as_read(compiler);
    if (compiler->entity != 0) {
        statement->entity =
            compiler->model != NULL ? tk_model_entity(compiler->model, compiler->entity) : NULL;
        if (statement->entity == NULL) {
            tk_finding(compiler, compiler->count, TK_QUERY_UNKNOWN_FIELD,
                       "the model has no entity number %u", (unsigned)compiler->entity);
        }
    }
}
