/* array.c - arrays as the JSON text that databases without array types store, and back.
 *
 *     bool, integers, floats   true, 12, 0.1 (the shortest digits that read back)
 *     text and all else        "..." in the form that a column of the type stores
 *     NULL                     null
 *     an array in the array    [...]
 *
 * Exact both ways: what would not read back as the same cells is not written, what is no such text
 * is not read.  It must not know columns, nor who stores the text.
 */
#include "value/value.h"

enum { DEPTH_MAX = 64 };

typedef enum element_form { /* how an element of a type stands in JSON */
                            ELEMENT_NONE,
                            ELEMENT_BOOL,
                            ELEMENT_NUMBER,
                            ELEMENT_TEXT
} element_form;

static element_form form_of(takeo_type type) {
    const tk_type_info *info = tk_type_info_of(type);
    switch (type) {
    case TAKEO_TYPE_BOOL:
        return ELEMENT_BOOL;
    case TAKEO_TYPE_INT16:
    case TAKEO_TYPE_INT32:
    case TAKEO_TYPE_INT64:
    case TAKEO_TYPE_UINT64:
    case TAKEO_TYPE_OID:
    case TAKEO_TYPE_YEAR:
    case TAKEO_TYPE_FLOAT32:
    case TAKEO_TYPE_FLOAT64:
        return ELEMENT_NUMBER;
    case TAKEO_TYPE_BYTES: /* bytes that need not be text */
    case TAKEO_TYPE_BITS:
        return ELEMENT_NONE;
    default:
        break;
    }
    bool is_packed = type >= TAKEO_TYPE_POINT && type <= TAKEO_TYPE_VECTOR;
    bool is_single = info != NULL && info->form != TK_FORM_LIST && info->form != TK_FORM_NONE;
    return is_single && !is_packed ? ELEMENT_TEXT : ELEMENT_NONE;
}

/* ---- writing --------------------------------------------------------------------------------- */

static bool put_number(const takeo_cell *cell, tk_buf *out) {
    bool is_single = cell->type == TAKEO_TYPE_FLOAT32;
    if (is_single || cell->type == TAKEO_TYPE_FLOAT64) {
        char text[TK_FLOAT_SIZE];
        size_t len = tk_float_write(cell->v.f, is_single, text);
        tk_buf_put(out, text, len);
        return cell->v.f - cell->v.f == 0; /* JSON has no NaN and no infinity */
    }
    tk_cell_format(cell, out);
    return true;
}

/* Dates and times have one width, so that their texts have the order of the values. */
static bool put_time(const takeo_cell *cell, tk_buf *out) {
    char text[40];
    size_t len = 0, width = 26;
    if (cell->type == TAKEO_TYPE_DATE) {
        len = tk_date_write(cell->v.i, text);
        width = 10;
    } else if (cell->type == TAKEO_TYPE_TIME) {
        len = tk_time_write(cell->v.i, text);
        width = 15;
    } else {
        len = tk_timestamp_write(cell->v.i, text); /* of a timestamptz in UTC */
    }
    tk_buf_put_json(out, text, len);
    return len == width && (cell->flags & TAKEO_CELL_INFINITE) == 0;
}

static bool put_written(const takeo_cell *cell, tk_buf *out) {
    tk_buf text;
    tk_buf_init(&text, out->alloc, out->max);
    tk_cell_format(cell, &text);
    tk_buf_put_json(out, text.data != NULL ? text.data : "", text.len);
    out->failed |= text.failed;
    tk_buf_done(&text);
    return true;
}

static bool put_text(const takeo_cell *cell, tk_buf *out) {
    const tk_type_info *info = tk_type_info_of(cell->type);
    switch (cell->type) {
    case TAKEO_TYPE_DATE:
    case TAKEO_TYPE_TIME:
    case TAKEO_TYPE_TIMESTAMP:
    case TAKEO_TYPE_TIMESTAMPTZ:
        return put_time(cell, out);
    default:
        break;
    }
    if (info->form != TK_FORM_TEXT) {
        return put_written(cell, out);
    }
    takeo_text text = tk_text(cell->v.text.data, cell->v.text.len);
    tk_buf_put_json(out, text.data, text.len);
    return tk_utf8_is_valid(text.data, text.len)
           && (text.len == 0 || memchr(text.data, '\0', text.len) == NULL);
}

static bool put_list(const takeo_cell *list, tk_buf *out, unsigned depth);

static bool put_element(const takeo_cell *cell, tk_buf *out, unsigned depth) {
    if ((cell->flags & TAKEO_CELL_UNSET) != 0) {
        return false;
    }
    if (tk_cell_is_null(cell)) {
        tk_buf_puts(out, "null");
        return true;
    }
    if (cell->type == TAKEO_TYPE_ARRAY) {
        return put_list(cell, out, depth + 1);
    }
    switch (form_of(cell->type)) {
    case ELEMENT_BOOL:
        tk_buf_puts(out, cell->v.i != 0 ? "true" : "false");
        return true;
    case ELEMENT_NUMBER:
        return put_number(cell, out);
    case ELEMENT_TEXT:
        return put_text(cell, out);
    case ELEMENT_NONE:
        break;
    }
    return false;
}

static bool put_list(const takeo_cell *list, tk_buf *out, unsigned depth) {
    if (depth > DEPTH_MAX) {
        return false;
    }
    tk_buf_putc(out, '[');
    for (size_t i = 0; i < list->v.list.count; i++) {
        if (i != 0) {
            tk_buf_putc(out, ',');
        }
        if (!put_element(&list->v.list.cells[i], out, depth) || out->failed) {
            return false;
        }
    }
    tk_buf_putc(out, ']');
    return !out->failed;
}

bool tk_array_write_json(const takeo_cell *list, tk_buf *out) {
    return list->type == TAKEO_TYPE_ARRAY && !tk_cell_is_null(list) && put_list(list, out, 1);
}

/* ---- reading --------------------------------------------------------------------------------- */

typedef struct reader { /* the text is JSON: that has been seen before anything is read */
    const char *at;
    takeo_type element;
    tk_arena *arena;
    tk_vec cells; /* of all lists that are open, one after the other */
    size_t starts[DEPTH_MAX];
    unsigned depth;
    bool has_memory;
} reader;

static bool push(reader *in, takeo_cell cell) {
    takeo_cell *place = tk_vec_push(&in->cells);
    if (place == NULL) {
        in->has_memory = false;
        return false;
    }
    *place = cell;
    return true;
}

static uint32_t read_hex(const char *at) {
    uint32_t number = 0;
    for (int i = 0; i < 4; i++) {
        char c = at[i];
        number = number << 4 | (uint32_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    return number;
}

static size_t put_utf8(uint32_t point, char *out) {
    size_t len = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    static const unsigned char lead[] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = len; i > 1; i--) {
        out[i - 1] = (char)(0x80 | (point & 0x3F));
        point >>= 6;
    }
    out[0] = (char)(lead[len] | point);
    return len;
}

/* Behind a backslash: the character, which is never longer than its escape. */
static const char *read_escape(const char *at, char *out, size_t *len) {
    static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
    char c = *at++;
    if (c != 'u') {
        const char *found = strchr(from, c);
        out[(*len)++] = found != NULL ? to[found - from] : c;
        return at;
    }
    uint32_t point = read_hex(at);
    at += 4;
    if (point >= 0xD800 && point <= 0xDBFF) {
        point = 0x10000 + ((point - 0xD800) << 10) + (read_hex(at + 2) - 0xDC00);
        at += 6;
    }
    *len += put_utf8(point, out + *len);
    return at;
}

/* A string into the arena. */
static bool take_string(reader *in, takeo_text *out) {
    const char *end = ++in->at;
    while (*end != '"') {
        end += *end == '\\' ? 2 : 1;
    }
    char *data = tk_arena_take(in->arena, (size_t)(end - in->at) + 1);
    if (data == NULL) {
        in->has_memory = false;
        return false;
    }
    size_t len = 0;
    while (*in->at != '"') {
        if (*in->at == '\\') {
            in->at = read_escape(in->at + 1, data, &len);
        } else {
            data[len++] = *in->at++;
        }
    }
    in->at++;
    data[len] = '\0';
    *out = tk_text(data, len);
    return true;
}

static bool read_text(const reader *in, takeo_text text, takeo_cell *out) {
    takeo_type type = in->element != TAKEO_TYPE_NONE ? in->element : TAKEO_TYPE_TEXT;
    if (form_of(type) != ELEMENT_TEXT) {
        return false;
    }
    if (type == TAKEO_TYPE_TIMESTAMPTZ) { /* without a zone it is UTC, as it is written here */
        int64_t us;
        bool has_zone;
        if (!tk_timestamp_parse(text.data, text.len, &us, &has_zone)) {
            return false;
        }
        *out = tk_cell_int(type, us);
        return true;
    }
    return tk_cell_parse(type, text.data, text.len, out, NULL) == TAKEO_DONE;
}

/* Whole digits have to be exact, as they have where a float stands alone, or what is written here.
 */
static bool is_exact(takeo_text text, const takeo_cell *cell) {
    int64_t whole;
    double number = cell->v.f;
    if (!tk_int_parse(text.data, text.len, &whole, NULL)
        || (number >= -0x1p63 && number < 0x1p63 && (int64_t)number == whole)) {
        return true;
    }
    char again[TK_FLOAT_SIZE];
    size_t len = tk_float_write(number, cell->type == TAKEO_TYPE_FLOAT32, again);
    return tk_text_equal(text, tk_text(again, len));
}

static bool read_number(const reader *in, takeo_text text, takeo_cell *out) {
    takeo_type type = in->element;
    if (type == TAKEO_TYPE_NONE) {
        int64_t whole;
        type =
            tk_int_parse(text.data, text.len, &whole, NULL) ? TAKEO_TYPE_INT64 : TAKEO_TYPE_FLOAT64;
    }
    if (form_of(type) != ELEMENT_NUMBER
        || tk_cell_parse(type, text.data, text.len, out, NULL) != TAKEO_DONE) {
        return false;
    }
    bool is_float = type == TAKEO_TYPE_FLOAT32 || type == TAKEO_TYPE_FLOAT64;
    return !is_float || is_exact(text, out);
}

/* A number, true, false or null: it ends where its list goes on. */
static bool read_word(reader *in, takeo_cell *out) {
    const char *start = in->at;
    while (strchr(" \t\r\n,]", *in->at) == NULL) {
        in->at++;
    }
    takeo_text text = tk_text(start, (size_t)(in->at - start));
    if (text.data[0] == 'n') {
        *out = tk_cell_null();
        out->type = in->element;
        return true;
    }
    if (text.data[0] == 't' || text.data[0] == 'f') {
        *out = tk_cell_int(TAKEO_TYPE_BOOL, text.data[0] == 't');
        return in->element == TAKEO_TYPE_BOOL || in->element == TAKEO_TYPE_NONE;
    }
    return read_number(in, text, out);
}

/* The innermost list is complete: its cells become one. */
static bool close_list(reader *in, takeo_cell *out) {
    size_t start = in->starts[--in->depth];
    size_t count = in->cells.count - start;
    takeo_cell *cells = tk_arena_array(in->arena, count, sizeof *cells);
    if (cells == NULL) {
        in->has_memory = false;
        return false;
    }
    if (count != 0) {
        memcpy(cells, tk_vec_at(&in->cells, start), count * sizeof *cells);
    }
    in->cells.count = start;
    *out = (takeo_cell){.type = TAKEO_TYPE_ARRAY, .v = {.list = {cells, count}}};
    return true;
}

/* Commas and blanks are told apart no more: the text is JSON. */
static bool read_list(reader *in, takeo_cell *out) {
    do {
        takeo_cell cell;
        takeo_text text;
        in->at += strspn(in->at, " \t\r\n,");
        switch (*in->at) {
        case '[':
            in->at++;
            if (in->depth == DEPTH_MAX) {
                return false;
            }
            in->starts[in->depth++] = in->cells.count;
            continue;
        case ']':
            in->at++;
            if (!close_list(in, &cell)) {
                return false;
            }
            break;
        case '{':
            return false;
        case '"':
            if (!take_string(in, &text) || !read_text(in, text, &cell)) {
                return false;
            }
            break;
        default:
            if (!read_word(in, &cell)) {
                return false;
            }
            break;
        }
        if (in->depth == 0) {
            *out = cell;
        } else if (!push(in, cell)) {
            return false;
        }
    } while (in->depth != 0);
    return true;
}

bool tk_array_read_json(const char *text, size_t len, takeo_type element, tk_arena *arena,
                        takeo_cell *out, bool *out_has_memory) {
    *out_has_memory = true;
    if (!tk_json_is_valid(text, len)) {
        return false;
    }
    reader in = {.at = text, .element = element, .arena = arena, .has_memory = true};
    in.at += strspn(in.at, " \t\r\n");
    if (*in.at != '[') {
        return false;
    }
    tk_vec_init(&in.cells, arena->alloc, sizeof(takeo_cell));
    bool is_read = read_list(&in, out);
    tk_vec_done(&in.cells);
    *out_has_memory = in.has_memory;
    return is_read;
}
