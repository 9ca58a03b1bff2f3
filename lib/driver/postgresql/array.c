/* array.c - arrays: lists of lists, in both forms and both ways.
 *
 *     binary   dimensions, has NULLs, type of the elements, per dimension size and lower bound,
 *              per element length (-1: NULL) and value
 *     text     [0:1]={a,"b c",NULL,{...}}   ";" between boxes, which have commas of their own
 *
 * Lower bounds are passed over: cells have none.  An array is as wide in every row, and nothing is
 * in an array without elements; a list of lists that is otherwise has no form here.
 */
#include "driver/postgresql/types_int.h"

enum { WORD = 4 };

static void init_inner(tk_pg_column *inner, const tk_pg_column *column, uint32_t oid,
                       bool is_binary) {
    tk_pg_column_init(inner, column->is_typed ? column->element : TAKEO_TYPE_NONE, TAKEO_TYPE_NONE,
                      oid, column->values);
    tk_pg_column_set_format(inner, is_binary);
}

static takeo_cell list_cell(const takeo_cell *cells, size_t count) {
    return (takeo_cell){.type = TAKEO_TYPE_ARRAY, .v = {.list = {cells, count}}};
}

static takeo_cell *take_cells(tk_pg_column *inner, size_t count) {
    takeo_cell *cells = tk_arena_array(inner->values, count, sizeof *cells);
    inner->has_no_memory = cells == NULL;
    return cells;
}

/* ---- binary ---------------------------------------------------------------------------------- */

typedef struct binary_reader {
    tk_pg_column inner;
    const char *at;
    const char *end;
    uint32_t sizes[TK_PG_DIMENSIONS_MAX];
    uint32_t depth; /* how many sizes */
} binary_reader;

static bool read_element(binary_reader *in, takeo_cell *out) {
    if (in->end - in->at < WORD) {
        return false;
    }
    int32_t len = (int32_t)tk_pg_get32(in->at);
    in->at += WORD;
    if (len == -1) {
        *out = tk_cell_null();
        return true;
    }
    if (len < 0 || len > in->end - in->at) {
        return false;
    }
    const char *data = in->at;
    in->at += len;
    return in->inner.decode(&in->inner, data, (size_t)len, out);
}

static bool read_level(binary_reader *in, uint32_t level, takeo_cell *out) {
    uint32_t count = in->sizes[level];
    takeo_cell *cells = take_cells(&in->inner, count);
    if (cells == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (!(level + 1 == in->depth ? read_element(in, &cells[i])
                                     : read_level(in, level + 1, &cells[i]))) {
            return false;
        }
    }
    *out = list_cell(cells, count);
    return true;
}

/* Sizes that the bytes can hold: every element has its length, and every list one element. */
static bool read_sizes(binary_reader *in) {
    size_t elements = in->depth != 0;
    for (uint32_t i = 0; i < in->depth; i++) {
        in->sizes[i] = tk_pg_get32(in->at);
        in->at += 2 * WORD;
        if (!tk_size_multiply(elements, in->sizes[i], &elements) || elements > INT32_MAX) {
            return false;
        }
    }
    if (elements == 0) {
        in->depth = 0;
    }
    return elements == 0 || elements <= (size_t)(in->end - in->at) / WORD;
}

TK_PG_READER(tk_pg_binary_array) {
    binary_reader in = {.at = data, .end = data + len};
    if (len < 3 * WORD) {
        return false;
    }
    in.depth = tk_pg_get32(data);
    uint32_t oid = tk_pg_get32(data + 2 * WORD);
    in.at += 3 * WORD;
    if (in.depth > TK_PG_DIMENSIONS_MAX || len - 3 * WORD < (size_t)in.depth * 2 * WORD
        || (column->server != NULL && oid != column->server->element) || !read_sizes(&in)) {
        return false;
    }
    if (in.depth == 0) {
        *out = list_cell(NULL, 0);
        return in.at == in.end;
    }
    init_inner(&in.inner, column, oid, true);
    bool is_read = read_level(&in, 0, out);
    column->has_no_memory = in.inner.has_no_memory;
    return is_read && in.at == in.end;
}

/* ---- text ------------------------------------------------------------------------------------ */

typedef struct text_reader {
    tk_pg_column inner;
    const char *at;
    const char *end;
    uint32_t sizes[TK_PG_DIMENSIONS_MAX];
    uint32_t depth; /* of the elements, known at the first one; 0: not yet */
    char between;
} text_reader;

static bool take(text_reader *in, char c) {
    if (in->at == in->end || *in->at != c) {
        return false;
    }
    in->at++;
    return true;
}

/* Elements of the list that begins here, behind its brace; false: it does not end. */
static bool count_elements(const text_reader *in, size_t *out) {
    size_t count = 1;
    int depth = 0;
    bool is_quoted = false;
    for (const char *at = in->at; at < in->end; at++) {
        if (*at == '\\' && at + 1 < in->end) {
            at++;
        } else if (*at == '"') {
            is_quoted = !is_quoted;
        } else if (is_quoted) {
            continue;
        } else if (*at == '{') {
            depth++;
        } else if (*at == '}' && depth-- == 0) {
            *out = count;
            return true;
        } else if (*at == in->between && depth == 0) {
            count++;
        }
    }
    return false;
}

/* The end of an element without quotes, or of one in quotes (the closing one). */
static const char *find_end(const text_reader *in, bool is_quoted, bool *out_has_escapes) {
    const char *at = in->at;
    *out_has_escapes = false;
    for (; at < in->end; at++) {
        if (*at == '\\' && at + 1 < in->end) {
            *out_has_escapes = true;
            at++;
        } else if (is_quoted ? *at == '"' : *at == in->between || *at == '}') {
            return at;
        }
    }
    return NULL;
}

static const char *without_escapes(tk_pg_column *inner, const char *data, size_t *len) {
    char *copy = tk_arena_take(inner->values, *len);
    size_t count = 0;
    inner->has_no_memory = copy == NULL;
    for (size_t i = 0; copy != NULL && i < *len; i++) {
        i += data[i] == '\\' && i + 1 < *len;
        copy[count++] = data[i];
    }
    *len = count;
    return copy;
}

static bool parse_element(text_reader *in, takeo_cell *out) {
    bool is_quoted = take(in, '"');
    bool has_escapes;
    const char *data = in->at;
    const char *end = find_end(in, is_quoted, &has_escapes);
    if (end == NULL) {
        return false;
    }
    size_t len = (size_t)(end - data);
    in->at = end + is_quoted;
    if (!is_quoted && len == 4 && memcmp(data, "NULL", 4) == 0) {
        *out = tk_cell_null();
        return true;
    }
    if (len == 0 && !is_quoted) {
        return false;
    }
    if (has_escapes) {
        data = without_escapes(&in->inner, data, &len);
    }
    return data != NULL && in->inner.decode(&in->inner, data, len, out);
}

static bool parse_list(text_reader *in, uint32_t level, takeo_cell *out) {
    size_t count;
    if (level == TK_PG_DIMENSIONS_MAX || !take(in, '{') || !count_elements(in, &count)
        || (in->sizes[level] != 0 && in->sizes[level] != count)) {
        return false;
    }
    takeo_cell *cells = take_cells(&in->inner, count);
    if (cells == NULL) {
        return false;
    }
    in->sizes[level] = (uint32_t)count;
    for (size_t i = 0; i < count; i++) {
        if ((i != 0 && !take(in, in->between)) || in->at == in->end) {
            return false;
        }
        bool is_inner = *in->at == '{';
        if (!is_inner && in->depth == 0) {
            in->depth = level + 1;
        }
        if (is_inner == (in->depth == level + 1)
            || !(is_inner ? parse_list(in, level + 1, &cells[i]) : parse_element(in, &cells[i]))) {
            return false;
        }
    }
    *out = list_cell(cells, count);
    return take(in, '}');
}

/* [1:2][0:3]= */
static bool skip_bounds(text_reader *in) {
    if (in->at == in->end || *in->at != '[') {
        return true;
    }
    const char *end = memchr(in->at, '=', (size_t)(in->end - in->at));
    in->at = end != NULL ? end + 1 : in->at;
    return end != NULL;
}

TK_PG_READER(tk_pg_text_array) {
    text_reader in = {.at = data, .end = data + len, .between = ','};
    uint32_t oid = column->server != NULL ? column->server->element : 0;
    if (!skip_bounds(&in)) {
        return false;
    }
    if (in.end - in.at == 2 && memcmp(in.at, "{}", 2) == 0) {
        *out = list_cell(NULL, 0);
        return true;
    }
    if (oid == TK_PG_OID_BOX) {
        in.between = ';';
    }
    init_inner(&in.inner, column, oid, false);
    bool is_read = parse_list(&in, 0, out);
    column->has_no_memory = in.inner.has_no_memory;
    return is_read && in.at == in.end;
}

/* ---- writing --------------------------------------------------------------------------------- */

static bool is_list(const takeo_cell *cell) {
    return cell->type == TAKEO_TYPE_ARRAY && !tk_cell_is_null(cell);
}

static bool has_sizes(const takeo_cell *list, const uint32_t *sizes, uint32_t count) {
    if (!is_list(list) || list->v.list.count != sizes[0]) {
        return false;
    }
    for (size_t i = 0; i < list->v.list.count; i++) {
        const takeo_cell *cell = &list->v.list.cells[i];
        if (count == 1 ? is_list(cell) : !has_sizes(cell, sizes + 1, count - 1)) {
            return false;
        }
    }
    return true;
}

bool tk_pg_array_sizes(const takeo_cell *list, uint32_t sizes[TK_PG_DIMENSIONS_MAX],
                       uint32_t *out_count) {
    uint32_t depth = 0;
    *out_count = 0;
    if (list->v.list.count == 0) {
        return true;
    }
    for (const takeo_cell *at = list; is_list(at); at = at->v.list.cells) {
        if (depth == TK_PG_DIMENSIONS_MAX || at->v.list.count == 0
            || at->v.list.count > INT32_MAX) {
            return false;
        }
        sizes[depth++] = (uint32_t)at->v.list.count;
    }
    *out_count = depth;
    return has_sizes(list, sizes, depth);
}

static void put_null(tk_buf *out) {
    tk_pg_put32(out, UINT32_MAX);
}

static bool put_element(const tk_pg_type *element, const takeo_cell *cell, tk_buf *out) {
    size_t place = out->len;
    tk_pg_put32(out, 0);
    if (!element->encode(element, cell, out) || out->failed
        || out->len - place - WORD > INT32_MAX) {
        return false;
    }
    uint32_t len = __builtin_bswap32((uint32_t)(out->len - place - WORD));
    memcpy(out->data + place, &len, WORD);
    return true;
}

/* Lists of many elements are how many rows are written at once. */
static bool put_row(const tk_pg_type *element, const takeo_cell *list, tk_buf *out) {
    takeo_type known = TAKEO_TYPE_NONE; /* goes into the element */
    for (size_t i = 0; i < list->v.list.count; i++) {
        const takeo_cell *cell = &list->v.list.cells[i];
        if (tk_cell_is_null(cell)) {
            put_null(out);
            continue;
        }
        if ((cell->flags & TAKEO_CELL_UNSET) != 0
            || (cell->type != known && !tk_pg_encodes(cell->type, TAKEO_TYPE_NONE, element->oid))) {
            return false;
        }
        known = cell->type;
        if (element->oid == TK_PG_OID_INT8 && known == TAKEO_TYPE_INT64) {
            uint64_t word[2] = {__builtin_bswap64(sizeof word[1]), __builtin_bswap64(cell->v.u)};
            tk_buf_put(out, (const char *)word + WORD, sizeof word - WORD);
        } else if (!put_element(element, cell, out)) {
            return false;
        }
    }
    return !out->failed;
}

static bool put_elements(const tk_pg_type *element, const takeo_cell *list, uint32_t depth,
                         tk_buf *out) {
    if (depth == 1) {
        return put_row(element, list, out);
    }
    for (size_t i = 0; i < list->v.list.count; i++) {
        if (!put_elements(element, &list->v.list.cells[i], depth - 1, out)) {
            return false;
        }
    }
    return true;
}

static bool has_null(const takeo_cell *list, uint32_t depth) {
    bool found = false;
    for (size_t i = 0; i < list->v.list.count && !found; i++) {
        const takeo_cell *cell = &list->v.list.cells[i];
        found = depth == 1 ? tk_cell_is_null(cell) : has_null(cell, depth - 1);
    }
    return found;
}

TK_PG_WRITER(tk_pg_put_array) {
    const tk_pg_type *element = tk_pg_type_of(type->element);
    uint32_t sizes[TK_PG_DIMENSIONS_MAX];
    uint32_t depth;
    if (element == NULL || element->encode == NULL || !tk_pg_array_sizes(cell, sizes, &depth)) {
        return false;
    }
    tk_pg_put32(out, depth);
    tk_pg_put32(out, depth != 0 && has_null(cell, depth));
    tk_pg_put32(out, element->oid);
    for (uint32_t i = 0; i < depth; i++) {
        tk_pg_put32(out, sizes[i]);
        tk_pg_put32(out, 1);
    }
    return (depth == 0 || put_elements(element, cell, depth, out)) && !out->failed;
}
