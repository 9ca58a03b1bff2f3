/* cell_format.c - values as text: the form that cell_parse.c reads, and a short one for messages.
 *
 * Lists come out as PostgreSQL writes them, because one of the forms had to be the one.  It must
 * not know columns, so it cannot know which values are secret.
 */
#include <inttypes.h>
#include <stdio.h>

#include "value/value.h"

/* Each pair of quotes around quotes doubles what is in it, so that is bounded by itself. */
enum { DEPTH_MAX = 64, QUOTED_MAX = 12, SHOW_LEAST = 8 };

typedef struct writing {
    tk_buf *out;
    size_t stop; /* lists and bytes end early once the buffer is this long */
    unsigned depth;
    unsigned quoted; /* how many of the lists around are written inside quotes */
} writing;

static void put_cell(const writing *to, const takeo_cell *cell);

static bool is_enough(const writing *to) {
    return to->out->failed || to->out->len > to->stop;
}

/* ---- single values --------------------------------------------------------------------------- */

static void put_int(const writing *to, const takeo_cell *cell) {
    char text[40];
    size_t len = 0;
    if ((cell->flags & TAKEO_CELL_INFINITE) != 0) {
        tk_buf_puts(to->out, cell->v.i < 0 ? "-infinity" : "infinity");
        return;
    }
    switch (cell->type) {
    case TAKEO_TYPE_BOOL:
        tk_buf_puts(to->out, cell->v.i != 0 ? "true" : "false");
        return;
    case TAKEO_TYPE_DATE:
        len = tk_date_write(cell->v.i, text);
        break;
    case TAKEO_TYPE_TIME:
        len = tk_time_write(cell->v.i, text);
        break;
    case TAKEO_TYPE_TIMESTAMP:
    case TAKEO_TYPE_TIMESTAMPTZ:
        len = tk_timestamp_write(cell->v.i, text);
        break;
    default:
        tk_buf_put_int(to->out, cell->v.i);
        return;
    }
    tk_buf_put(to->out, text, len);
    if (cell->type == TAKEO_TYPE_TIMESTAMPTZ) {
        tk_buf_puts(to->out, "+00");
    }
}

static void put_uint(const writing *to, const takeo_cell *cell) {
    if (cell->type == TAKEO_TYPE_LSN) {
        tk_buf_printf(to->out, "%" PRIX32 "/%" PRIX32, (uint32_t)(cell->v.u >> 32),
                      (uint32_t)cell->v.u);
        return;
    }
    tk_buf_printf(to->out, "%" PRIu64, cell->v.u);
}

static void put_span(const writing *to, const takeo_cell *cell) {
    char text[TK_INTERVAL_SIZE];
    if (cell->type == TAKEO_TYPE_INTERVAL) {
        tk_buf_put(to->out, text, tk_interval_write(cell, text));
        return;
    }
    int64_t east = cell->v.span.days;
    int64_t offset = east < 0 ? -east : east;
    tk_buf_put(to->out, text, tk_time_write(cell->v.span.us, text));
    tk_buf_printf(to->out, "%c%02d:%02d", east < 0 ? '-' : '+', (int)(offset / 3600),
                  (int)(offset / 60 % 60));
    if (offset % 60 != 0) {
        tk_buf_printf(to->out, ":%02d", (int)(offset % 60));
    }
}

static void put_hex(const writing *to, const char *data, size_t len) {
    static const char hex[] = "0123456789abcdef";
    for (size_t i = 0; i < len && !is_enough(to); i++) {
        unsigned char byte = (unsigned char)data[i];
        char two[2] = {hex[byte >> 4], hex[byte & 15]};
        tk_buf_put(to->out, two, sizeof two);
    }
}

static void put_bits(const writing *to, const takeo_cell *cell) {
    for (size_t i = 0; i < cell->v.text.len && !is_enough(to); i++) {
        unsigned char byte = (unsigned char)cell->v.text.data[i / 8];
        tk_buf_putc(to->out, (byte >> (7 - i % 8) & 1) != 0 ? '1' : '0');
    }
}

/* ---- packed numbers -------------------------------------------------------------------------- */

typedef struct shape { /* how PostgreSQL writes a geometric type */
    takeo_type type;
    bool has_points; /* pairs of numbers in parentheses */
    const char *open;
    const char *close;
} shape;

static const shape shapes[] = {
    {TAKEO_TYPE_POINT, true, "", ""},     {TAKEO_TYPE_LINE, false, "{", "}"},
    {TAKEO_TYPE_SEGMENT, true, "[", "]"}, {TAKEO_TYPE_BOX, true, "", ""},
    {TAKEO_TYPE_PATH, true, "(", ")"},    {TAKEO_TYPE_POLYGON, true, "(", ")"},
    {TAKEO_TYPE_CIRCLE, true, "<", ">"},  {TAKEO_TYPE_VECTOR, false, "[", "]"},
};

static void put_packed(const writing *to, const shape *form, const takeo_cell *cell) {
    bool is_single = cell->type == TAKEO_TYPE_VECTOR;
    bool is_open = (cell->flags & TAKEO_CELL_OPEN) != 0;
    size_t size = is_single ? sizeof(float) : sizeof(double);
    size_t count = cell->v.text.len / size;
    tk_buf_puts(to->out, is_open ? "[" : form->open);
    for (size_t i = 0; i < count && !is_enough(to); i++) {
        float narrow = 0;
        double number = 0;
        memcpy(is_single ? (void *)&narrow : (void *)&number, cell->v.text.data + i * size, size);
        /* The radius of a circle stands alone behind its centre. */
        bool is_first = form->has_points && i % 2 == 0 && i + 1 < count;
        char text[TK_FLOAT_SIZE];
        size_t len = tk_float_write(is_single ? (double)narrow : number, is_single, text);
        tk_buf_puts(to->out, i != 0 ? "," : "");
        tk_buf_puts(to->out, is_first ? "(" : "");
        tk_buf_put(to->out, text, len);
        tk_buf_puts(to->out, form->has_points && i % 2 != 0 ? ")" : "");
    }
    tk_buf_puts(to->out, is_open ? "]" : form->close);
}

/* A text, or only so much of it that the buffer passes its stop. */
static void put_cut(const writing *to, const char *data, size_t len) {
    size_t room = is_enough(to) ? 0 : to->stop - to->out->len;
    tk_buf_put(to->out, data, len > room ? room + 1 : len);
}

static void put_text(const writing *to, const takeo_cell *cell) {
    const char *data = cell->v.text.data;
    size_t len = cell->v.text.len;
    for (size_t i = 0; i < TK_COUNT(shapes); i++) {
        if (shapes[i].type == cell->type) {
            put_packed(to, &shapes[i], cell);
            return;
        }
    }
    switch (cell->type) {
    case TAKEO_TYPE_BYTES:
        tk_buf_puts(to->out, "\\x");
        put_hex(to, data, len);
        return;
    case TAKEO_TYPE_GEOMETRY:
        put_hex(to, data, len);
        return;
    case TAKEO_TYPE_BITS:
        put_bits(to, cell);
        return;
    default:
        put_cut(to, data, len);
        return;
    }
}

/* ---- lists ----------------------------------------------------------------------------------- */

/* Would an element be misread without quotes? */
static bool needs_quotes(const char *data, size_t len) {
    static const char special[] = "{}()[],\"\\ \t\n\r\v\f";
    if (len == 0) {
        return true;
    }
    for (size_t i = 0; i < len; i++) {
        if (memchr(special, data[i], sizeof special) != NULL) { /* its zero byte as well */
            return true;
        }
    }
    return len == 4 && (data[0] | 0x20) == 'n' && (data[1] | 0x20) == 'u' && (data[2] | 0x20) == 'l'
           && (data[3] | 0x20) == 'l';
}

static void put_quoted(const writing *to, const char *data, size_t len) {
    tk_buf_putc(to->out, '"');
    for (size_t i = 0; i < len && !is_enough(to); i++) {
        if (data[i] == '"' || data[i] == '\\') {
            tk_buf_putc(to->out, '\\');
        }
        tk_buf_putc(to->out, data[i]);
    }
    tk_buf_putc(to->out, '"');
}

/* An element: lists of arrays nest as they are, everything else is quoted where it must be. */
static void put_element(const writing *to, const takeo_cell *list, const takeo_cell *cell) {
    bool has_null_word = list->type != TAKEO_TYPE_COMPOSITE && list->type != TAKEO_TYPE_RANGE;
    writing inner = {to->out, to->stop, to->depth + 1, to->quoted};
    if (tk_cell_is_null(cell)) {
        tk_buf_puts(to->out, has_null_word ? "NULL" : "");
        return;
    }
    if ((list->type == TAKEO_TYPE_ARRAY && cell->type == TAKEO_TYPE_ARRAY)
        || list->type == TAKEO_TYPE_MULTIRANGE) {
        put_cell(&inner, cell);
        return;
    }
    tk_buf text;
    tk_buf_init(&text, to->out->alloc, to->out->max);
    inner.out = &text;
    inner.quoted++;
    put_cell(&inner, cell);
    if (text.failed) {
        to->out->failed = true;
    } else if (list->type == TAKEO_TYPE_HSTORE || needs_quotes(text.data, text.len)) {
        put_quoted(to, text.data, text.len);
    } else {
        tk_buf_put(to->out, text.data, text.len);
    }
    tk_buf_done(&text);
}

static const char *open_of(const takeo_cell *list) {
    switch (list->type) {
    case TAKEO_TYPE_RANGE:
        return (list->flags & TAKEO_CELL_LOWER_OPEN) != 0 ? "(" : "[";
    case TAKEO_TYPE_COMPOSITE:
        return "(";
    case TAKEO_TYPE_HSTORE:
    case TAKEO_TYPE_SET:
        return "";
    default:
        return "{";
    }
}

static const char *close_of(const takeo_cell *list) {
    switch (list->type) {
    case TAKEO_TYPE_RANGE:
        return (list->flags & TAKEO_CELL_UPPER_OPEN) != 0 ? ")" : "]";
    case TAKEO_TYPE_COMPOSITE:
        return ")";
    case TAKEO_TYPE_HSTORE:
    case TAKEO_TYPE_SET:
        return "";
    default:
        return "}";
    }
}

static void put_list(const writing *to, const takeo_cell *cell) {
    if ((cell->flags & TAKEO_CELL_EMPTY) != 0) {
        tk_buf_puts(to->out, "empty");
        return;
    }
    if (to->depth == DEPTH_MAX || to->quoted == QUOTED_MAX) {
        tk_buf_puts(to->out, "...");
        return;
    }
    tk_buf_puts(to->out, open_of(cell));
    for (size_t i = 0; i < cell->v.list.count && !is_enough(to); i++) {
        bool is_value = cell->type == TAKEO_TYPE_HSTORE && i % 2 != 0;
        tk_buf_puts(to->out, is_value ? "=>" : i != 0 ? "," : "");
        put_element(to, cell, &cell->v.list.cells[i]);
    }
    tk_buf_puts(to->out, close_of(cell));
}

/* ---- any cell -------------------------------------------------------------------------------- */

static void put_cell(const writing *to, const takeo_cell *cell) {
    if ((cell->flags & TAKEO_CELL_UNSET) != 0) {
        tk_buf_puts(to->out, "UNSET");
        return;
    }
    const tk_type_info *info = tk_type_info_of(cell->type);
    if (tk_cell_is_null(cell) || info == NULL) {
        tk_buf_puts(to->out, info == NULL && !tk_cell_is_null(cell) ? "?" : "NULL");
        return;
    }
    char text[40];
    switch ((tk_form)info->form) {
    case TK_FORM_NONE:
        tk_buf_puts(to->out, "?");
        return;
    case TK_FORM_INT:
        put_int(to, cell);
        return;
    case TK_FORM_UINT:
        put_uint(to, cell);
        return;
    case TK_FORM_FLOAT:
        tk_float_write(cell->v.f, cell->type == TAKEO_TYPE_FLOAT32, text);
        tk_buf_puts(to->out, text);
        return;
    case TK_FORM_TEXT:
        put_text(to, cell);
        return;
    case TK_FORM_UUID:
        tk_uuid_write(cell->v.uuid, text);
        tk_buf_puts(to->out, text);
        return;
    case TK_FORM_SPAN:
        put_span(to, cell);
        return;
    case TK_FORM_LIST:
        put_list(to, cell);
        return;
    }
}

void tk_cell_format(const takeo_cell *cell, tk_buf *out) {
    writing to = {out, SIZE_MAX, 0, 0};
    put_cell(&to, cell);
}

/* ---- for messages ---------------------------------------------------------------------------- */

/* The largest length up to `limit` that does not split a character. */
static size_t whole_characters(const char *data, size_t len, size_t limit) {
    if (len <= limit) {
        return len;
    }
    size_t cut = limit;
    while (cut > 0 && limit - cut < 4 && ((unsigned char)data[cut] & 0xC0) == 0x80) {
        cut--;
    }
    return cut;
}

/* Is it text as people write it, so that quotes show where it begins and ends? */
static bool is_quoted(const takeo_cell *cell) {
    switch (cell->type) {
    case TAKEO_TYPE_TEXT:
    case TAKEO_TYPE_CITEXT:
    case TAKEO_TYPE_ENUM:
    case TAKEO_TYPE_XML:
    case TAKEO_TYPE_UNKNOWN:
        return !tk_cell_is_null(cell) && (cell->flags & TAKEO_CELL_UNSET) == 0;
    default:
        return false;
    }
}

/* Zero bytes are written out: a message ends at the first. */
static void put_visible(tk_buf *out, const char *data, size_t len) {
    const char *end = data + len;
    for (const char *zero; len != 0 && (zero = memchr(data, '\0', len)) != NULL;) {
        tk_buf_put(out, data, (size_t)(zero - data));
        tk_buf_puts(out, "\\x00");
        data = zero + 1;
        len = (size_t)(end - data);
    }
    tk_buf_put(out, data, len);
}

/* A float that is whole is shown as one: 1.0 is refused where 1 would be taken. */
static bool looks_whole(const takeo_cell *cell, const tk_buf *text) {
    bool is_float = cell->type == TAKEO_TYPE_FLOAT64 || cell->type == TAKEO_TYPE_FLOAT32;
    return is_float && !tk_cell_is_null(cell) && text->len != 0
           && strspn(text->data, "-0123456789") == text->len;
}

void tk_cell_show(const takeo_cell *cell, size_t limit, tk_buf *out) {
    limit = limit > SHOW_LEAST ? limit : SHOW_LEAST;
    if (is_quoted(cell)) {
        const char *data = cell->v.text.data;
        size_t len = cell->v.text.len;
        bool is_cut = len > limit - 2;
        tk_buf_putc(out, '"');
        put_visible(out, data, is_cut ? whole_characters(data, len, limit - 5) : len);
        tk_buf_puts(out, is_cut ? "\"..." : "\"");
        return;
    }
    tk_buf text; /* ends soon behind the limit */
    tk_buf_init(&text, out->alloc, SIZE_MAX);
    writing to = {&text, limit, 0, 0};
    put_cell(&to, cell);
    if (text.failed) {
        out->failed = true;
    } else if (text.len > limit) {
        put_visible(out, text.data, whole_characters(text.data, text.len, limit - 3));
        tk_buf_puts(out, "...");
    } else {
        put_visible(out, text.data, text.len);
        tk_buf_puts(out, looks_whole(cell, &text) ? ".0" : "");
    }
    tk_buf_done(&text);
}
