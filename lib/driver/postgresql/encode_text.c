/* encode_text.c - cells as the text that the server reads for a value of whatever type.
 *
 * They go where the server has to find out the type itself, or where a cell and a parameter are of
 * types that have no binary form in common.  Floats are the shortest digits that read back, times
 * ISO 8601, bytes hexadecimal, arrays and other lists the server's literals.  What has no such text,
 * or would be read as another value, is refused.  It must not know statements.
 */
#include "driver/postgresql/types_int.h"

enum { LIST_DEPTH_MAX = 16 };

/* ---- single values --------------------------------------------------------------------------- */

static bool put_infinite(const takeo_cell *cell, tk_buf *out) {
    tk_buf_puts(out, cell->v.i < 0 ? "-infinity" : "infinity");
    return !out->failed;
}

static bool put_temporal_text(const takeo_cell *cell, tk_buf *out) {
    char text[TK_PG_TIME_SIZE];
    size_t len;
    bool has_infinity = cell->type == TAKEO_TYPE_DATE || cell->type == TAKEO_TYPE_TIMESTAMP
                        || cell->type == TAKEO_TYPE_TIMESTAMPTZ;
    if ((cell->flags & TAKEO_CELL_INFINITE) != 0) {
        return has_infinity && put_infinite(cell, out);
    }
    if (!tk_pg_time_fits(cell)) {
        return false;
    }
    switch (cell->type) {
    case TAKEO_TYPE_DATE:
        len = tk_pg_date_write(cell->v.i, text);
        break;
    case TAKEO_TYPE_TIME:
        len = tk_time_write(cell->v.i, text);
        break;
    case TAKEO_TYPE_TIMETZ:
        len = tk_pg_timetz_write(cell->v.span.us, cell->v.span.days, text);
        break;
    default:
        len = tk_pg_timestamp_write(cell->v.i, cell->type == TAKEO_TYPE_TIMESTAMPTZ, text);
        break;
    }
    tk_buf_put(out, text, len);
    return !out->failed;
}

/* A text ends at its first zero byte on the wire, so none may hold one. */
static bool put_plain_text(const takeo_cell *cell, tk_buf *out) {
    size_t len = cell->v.text.len;
    tk_buf_put(out, cell->v.text.data, len);
    return !out->failed && (len == 0 || memchr(cell->v.text.data, '\0', len) == NULL);
}

static bool put_shape_text(const takeo_cell *cell, tk_buf *out) {
    size_t count = cell->v.text.len / sizeof(double);
    uint32_t size = tk_pg_shape_size(cell->type);
    if (cell->v.text.len % sizeof(double) != 0 || (size != 0 ? count != size : count % 2 != 0)) {
        return false;
    }
    tk_cell_format(cell, out);
    return !out->failed;
}

static bool put_formatted(const takeo_cell *cell, tk_buf *out) {
    tk_cell_format(cell, out);
    return !out->failed;
}

/* ---- lists ----------------------------------------------------------------------------------- */

static bool put_text(const takeo_cell *cell, unsigned depth, tk_buf *out);

static bool is_special(char c) {
    return c == '\0' || strchr("{}()[],;\"\\ \t\n\r\v\f", c) != NULL;
}

static bool needs_quotes(const char *data, size_t len) {
    bool needed = len == 0;
    for (size_t i = 0; i < len && !needed; i++) {
        needed = is_special(data[i]);
    }
    return needed
           || (len == 4 && (data[0] | 0x20) == 'n' && (data[1] | 0x20) == 'u'
               && (data[2] | 0x20) == 'l' && (data[3] | 0x20) == 'l');
}

static void put_quoted(const char *data, size_t len, tk_buf *out) {
    size_t start = 0;
    tk_buf_putc(out, '"');
    for (size_t i = 0; i < len; i++) {
        if (data[i] == '"' || data[i] == '\\') {
            tk_buf_put(out, data + start, i - start);
            tk_buf_putc(out, '\\');
            start = i;
        }
    }
    if (start < len) {
        tk_buf_put(out, data + start, len - start);
    }
    tk_buf_putc(out, '"');
}

/* Numbers and the like, which nothing in them would have to be quoted for. */
static bool is_bare(takeo_type type) {
    switch (type) {
    case TAKEO_TYPE_BOOL:
    case TAKEO_TYPE_INT16:
    case TAKEO_TYPE_INT32:
    case TAKEO_TYPE_INT64:
    case TAKEO_TYPE_FLOAT32:
    case TAKEO_TYPE_FLOAT64:
    case TAKEO_TYPE_UUID:
        return true;
    default:
        return false;
    }
}

static bool put_maybe_quoted(const char *data, size_t len, bool is_quoted, tk_buf *out) {
    if (is_quoted || needs_quotes(data, len)) {
        put_quoted(data, len, out);
    } else {
        tk_buf_put(out, data, len);
    }
    return !out->failed;
}

/* An element: what is no text is written on its own first, and quoted where it would be misread. */
static bool put_element(const takeo_cell *cell, bool is_quoted, unsigned depth, tk_buf *out) {
    if (!is_quoted && is_bare(cell->type)) {
        return put_text(cell, depth + 1, out);
    }
    size_t len = cell->v.text.len;
    bool is_set = (cell->flags & TAKEO_CELL_UNSET) == 0;
    if (is_set && (cell->type == TAKEO_TYPE_TEXT || cell->type == TAKEO_TYPE_ENUM)) {
        return (len == 0 || memchr(cell->v.text.data, '\0', len) == NULL)
               && put_maybe_quoted(cell->v.text.data, len, is_quoted, out);
    }
    tk_buf text;
    tk_buf_init(&text, out->alloc, out->max);
    bool is_written = put_text(cell, depth + 1, &text);
    out->failed |= text.failed;
    is_written = is_written && put_maybe_quoted(text.data, text.len, is_quoted, out);
    tk_buf_done(&text);
    return is_written;
}

/* The type of the first element that is not NULL. */
static takeo_type element_of(const takeo_cell *list) {
    takeo_type type = TAKEO_TYPE_NONE;
    for (size_t i = 0; i < list->v.list.count && type == TAKEO_TYPE_NONE; i++) {
        const takeo_cell *cell = &list->v.list.cells[i];
        if (!tk_cell_is_null(cell)) {
            type = cell->type == TAKEO_TYPE_ARRAY ? element_of(cell) : cell->type;
        }
    }
    return type;
}

/* Arrays nest as they are; the other lists stand quoted in whatever they are in. */
static bool put_array(const takeo_cell *list, unsigned depth, char between, tk_buf *out) {
    tk_buf_putc(out, '{');
    for (size_t i = 0; i < list->v.list.count; i++) {
        const takeo_cell *cell = &list->v.list.cells[i];
        bool is_written = true;
        if (i != 0) {
            tk_buf_putc(out, between);
        }
        if (tk_cell_is_null(cell)) {
            tk_buf_puts(out, "NULL");
        } else if (cell->type == TAKEO_TYPE_ARRAY) {
            is_written = put_array(cell, depth + 1, between, out);
        } else {
            is_written = put_element(cell, false, depth, out);
        }
        if (!is_written) {
            return false;
        }
    }
    tk_buf_putc(out, '}');
    return !out->failed;
}

static bool put_array_text(const takeo_cell *list, unsigned depth, tk_buf *out) {
    uint32_t sizes[TK_PG_DIMENSIONS_MAX];
    uint32_t count;
    if (!tk_pg_array_sizes(list, sizes, &count)) {
        return false;
    }
    return put_array(list, depth, element_of(list) == TAKEO_TYPE_BOX ? ';' : ',', out);
}

/* Of fields NULL is nothing at all; of hstore a word. */
static bool put_fields(const takeo_cell *list, const char *open, const char *close, unsigned depth,
                       tk_buf *out) {
    bool is_hstore = list->type == TAKEO_TYPE_HSTORE;
    tk_buf_puts(out, open);
    for (size_t i = 0; i < list->v.list.count; i++) {
        const takeo_cell *cell = &list->v.list.cells[i];
        tk_buf_puts(out, is_hstore && i % 2 != 0 ? "=>" : i != 0 ? "," : "");
        if (tk_cell_is_null(cell)) {
            tk_buf_puts(out, is_hstore ? "NULL" : "");
        } else if (!put_element(cell, is_hstore, depth, out)) {
            return false;
        }
    }
    tk_buf_puts(out, close);
    return !out->failed;
}

static bool put_multirange(const takeo_cell *list, unsigned depth, tk_buf *out) {
    tk_buf_putc(out, '{');
    for (size_t i = 0; i < list->v.list.count; i++) {
        const takeo_cell *cell = &list->v.list.cells[i];
        tk_buf_puts(out, i != 0 ? "," : "");
        if (cell->type != TAKEO_TYPE_RANGE || tk_cell_is_null(cell)
            || !put_text(cell, depth + 1, out)) {
            return false;
        }
    }
    tk_buf_putc(out, '}');
    return !out->failed;
}

static bool put_range(const takeo_cell *cell, unsigned depth, tk_buf *out) {
    if ((cell->flags & TAKEO_CELL_EMPTY) != 0) {
        tk_buf_puts(out, "empty");
        return !out->failed;
    }
    return cell->v.list.count == 2
           && put_fields(cell, (cell->flags & TAKEO_CELL_LOWER_OPEN) != 0 ? "(" : "[",
                         (cell->flags & TAKEO_CELL_UPPER_OPEN) != 0 ? ")" : "]", depth, out);
}

/* ---- any cell -------------------------------------------------------------------------------- */

static bool put_text_form(const takeo_cell *cell, tk_buf *out) {
    switch (cell->type) {
    case TAKEO_TYPE_POINT:
    case TAKEO_TYPE_LINE:
    case TAKEO_TYPE_SEGMENT:
    case TAKEO_TYPE_BOX:
    case TAKEO_TYPE_PATH:
    case TAKEO_TYPE_POLYGON:
    case TAKEO_TYPE_CIRCLE:
        return put_shape_text(cell, out);
    case TAKEO_TYPE_BYTES:
    case TAKEO_TYPE_BITS:
    case TAKEO_TYPE_GEOMETRY:
    case TAKEO_TYPE_VECTOR:
        return put_formatted(cell, out);
    default:
        return put_plain_text(cell, out);
    }
}

static bool put_list_form(const takeo_cell *cell, unsigned depth, tk_buf *out) {
    switch (cell->type) {
    case TAKEO_TYPE_ARRAY:
        return put_array_text(cell, depth, out);
    case TAKEO_TYPE_RANGE:
        return put_range(cell, depth, out);
    case TAKEO_TYPE_MULTIRANGE:
        return put_multirange(cell, depth, out);
    case TAKEO_TYPE_COMPOSITE:
        return put_fields(cell, "(", ")", depth, out);
    case TAKEO_TYPE_HSTORE:
        return cell->v.list.count % 2 == 0 && put_fields(cell, "", "", depth, out);
    default:
        return false;
    }
}

static bool put_text(const takeo_cell *cell, unsigned depth, tk_buf *out) {
    const tk_type_info *info = tk_type_info_of(cell->type);
    if (info == NULL || depth == LIST_DEPTH_MAX || tk_cell_is_null(cell)
        || (cell->flags & TAKEO_CELL_UNSET) != 0) {
        return false;
    }
    switch ((tk_form)info->form) {
    case TK_FORM_TEXT:
        return put_text_form(cell, out);
    case TK_FORM_LIST:
        return put_list_form(cell, depth, out);
    case TK_FORM_NONE:
        return false;
    default:
        break;
    }
    bool is_temporal = cell->type >= TAKEO_TYPE_DATE && cell->type <= TAKEO_TYPE_TIMESTAMPTZ;
    if (cell->type == TAKEO_TYPE_INTERVAL
        && ((cell->flags & TAKEO_CELL_INFINITE) != 0 || !tk_pg_time_fits(cell))) {
        return false;
    }
    return is_temporal ? put_temporal_text(cell, out) : put_formatted(cell, out);
}

bool tk_pg_encode_text(const takeo_cell *cell, tk_buf *out) {
    return put_text(cell, 0, out);
}

bool tk_pg_encode_lists(const takeo_cell *lists, tk_buf *out) {
    bool is_written = lists->type == TAKEO_TYPE_ARRAY;
    tk_buf text;
    tk_buf_init(&text, out->alloc, out->max);
    tk_buf_putc(out, '{');
    for (size_t i = 0; is_written && i < lists->v.list.count; i++) {
        const takeo_cell *list = &lists->v.list.cells[i];
        tk_buf_puts(out, i != 0 ? "," : "");
        tk_buf_clear(&text);
        if (tk_cell_is_null(list)) {
            tk_buf_puts(out, "NULL");
        } else if ((is_written = put_text(list, 1, &text))) {
            put_quoted(text.data, text.len, out);
        }
    }
    tk_buf_putc(out, '}');
    out->failed |= text.failed;
    tk_buf_done(&text);
    return is_written && !out->failed;
}
