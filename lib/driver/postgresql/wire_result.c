/* wire_result.c - what came of a command, with the functions that libpq has for its results.
 *
 * Rows stay the messages that came.  Those of a statement stand in the wire's own buffer, and so
 * must be cleared before more is asked for; those of a text are kept with the result.  Every length
 * that the server says is checked against what there is.  It must not know who reads them.
 */
#include "driver/postgresql/wire_int.h"

enum {
    FIELD_TAIL = 18,       /* of a described field, behind its name */
    KEPT_BYTES = 64 * 1024 /* of a result that is used again */
};

static tk_wire_result *result_of(const PGresult *result) {
    return (tk_wire_result *)(uintptr_t)result;
}

/* ---- made and ended -------------------------------------------------------------------------- */

tk_wire_result *tk_wire_result_new(tk_pg_wire *wire, ExecStatusType status) {
    tk_wire_result *result = wire->spare;
    wire->spare = NULL;
    if (result == NULL) {
        result = tk_mem_new(&wire->alloc, sizeof *result);
        if (result == NULL) {
            return NULL;
        }
        result->wire = wire;
        tk_buf_init(&result->bytes, wire->alloc, SIZE_MAX);
        tk_buf_init(&result->words, wire->alloc, UINT32_MAX);
    }
    result->status = status;
    result->place = SIZE_MAX;
    return result;
}

void tk_wire_result_free(tk_wire_result *result) {
    if (result != NULL) {
        tk_buf_done(&result->bytes);
        tk_buf_done(&result->words);
        tk_mem_free(&result->wire->alloc, result, sizeof *result);
    }
}

void tk_wire_result_clear(PGresult *cleared) {
    tk_wire_result *result = result_of(cleared);
    if (result == NULL) {
        return;
    }
    tk_pg_wire *wire = result->wire;
    if (result->is_view) {
        wire->has_view = false;
    }
    if (wire->spare != NULL || result->bytes.capacity > KEPT_BYTES) {
        tk_wire_result_free(result);
        return;
    }
    tk_buf_clear(&result->bytes);
    tk_buf_clear(&result->words);
    result->is_view = false;
    result->row_count = 0;
    result->rows = result->parameters = result->fields = result->failure = (tk_wire_span){0, 0};
    result->tag[0] = '\0';
    wire->spare = result;
}

bool tk_wire_result_keep(tk_wire_result *result, const char *data, size_t len, tk_wire_span *out) {
    out->start = result->bytes.len;
    tk_buf_put(&result->bytes, data, len);
    out->end = result->bytes.len;
    bool is_kept = !result->bytes.failed;
    result->bytes.failed = false;
    return is_kept;
}

ExecStatusType tk_wire_result_status(const PGresult *result) {
    return result_of(result)->status;
}

/* ---- numbers in a body ----------------------------------------------------------------------- */

static const char *kept(const tk_wire_result *result, size_t at) {
    return result->bytes.data + at;
}

static uint32_t count_in(const tk_wire_result *result, tk_wire_span span) {
    return span.end - span.start >= 2 ? tk_pg_get16(kept(result, span.start)) : 0;
}

/* ---- rows ------------------------------------------------------------------------------------ */

static const char *row_bytes(const tk_wire_result *result) {
    return result->is_view ? result->wire->in : result->bytes.data;
}

/* The first row from a place on: others may have come between. */
static size_t find_row(const tk_wire_result *result, size_t at) {
    const char *bytes = row_bytes(result);
    while (bytes[at] != 'D') {
        at += 1 + tk_pg_get32(bytes + at + 1);
    }
    return at;
}

const char *tk_wire_next_row(PGresult *rows, const char **out_end) {
    tk_wire_result *result = result_of(rows);
    const char *bytes = row_bytes(result);
    size_t at = result->place;
    if (at == SIZE_MAX) {
        at = find_row(result, result->rows.start);
        result->place_row = 0;
    } else {
        at = find_row(result, at + 1 + tk_pg_get32(bytes + at + 1));
        result->place_row++;
    }
    result->place = at;
    *out_end = bytes + at + 1 + tk_pg_get32(bytes + at + 1);
    return bytes + at + TK_WIRE_HEAD;
}

/* A value of a row, by its numbers; NULL: a null, or none that was sent. */
static const char *find(const PGresult *rows, int row, int column, int *out_len) {
    tk_wire_result *result = result_of(rows);
    *out_len = 0;
    if (row < 0 || (uint32_t)row >= result->row_count || column < 0) {
        return NULL;
    }
    const char *bytes = row_bytes(result);
    if (result->place == SIZE_MAX || result->place_row > (uint32_t)row) {
        result->place = find_row(result, result->rows.start);
        result->place_row = 0;
    }
    while (result->place_row < (uint32_t)row) {
        size_t next = result->place + 1 + tk_pg_get32(bytes + result->place + 1);
        result->place = find_row(result, next);
        result->place_row++;
    }
    const char *end = bytes + result->place + 1 + tk_pg_get32(bytes + result->place + 1);
    const char *at = bytes + result->place + TK_WIRE_HEAD;
    int count = end - at >= 2 ? tk_pg_get16(at) : 0;
    at += 2;
    for (int i = 0; i < count && end - at >= 4; i++) {
        int32_t len = (int32_t)tk_pg_get32(at);
        at += 4;
        if (len > end - at) {
            return NULL;
        }
        if (i == column) {
            *out_len = len > 0 ? len : 0;
            return len >= 0 ? at : NULL;
        }
        at += len > 0 ? len : 0;
    }
    return NULL;
}

int tk_wire_result_rows(const PGresult *result) {
    return (int)result_of(result)->row_count;
}

/* As the description says, or else the first row. */
int tk_wire_result_fields(const PGresult *result) {
    const tk_wire_result *from = result_of(result);
    if (from->fields.end > from->fields.start) {
        return (int)count_in(from, from->fields);
    }
    if (from->row_count == 0) {
        return 0;
    }
    const char *bytes = row_bytes(from);
    size_t at = find_row(from, from->rows.start);
    return tk_pg_get32(bytes + at + 1) >= 6 ? tk_pg_get16(bytes + at + TK_WIRE_HEAD) : 0;
}

/* Unlike libpq's it has no zero byte behind it. */
char *tk_wire_result_value(const PGresult *result, int row, int column) {
    static char none[1] = "";
    int len;
    const char *value = find(result, row, column, &len);
    return value != NULL ? (char *)(uintptr_t)value : none;
}

int tk_wire_result_length(const PGresult *result, int row, int column) {
    int len;
    (void)find(result, row, column, &len);
    return len;
}

int tk_wire_result_is_null(const PGresult *result, int row, int column) {
    int len;
    return find(result, row, column, &len) == NULL;
}

/* ---- descriptions ---------------------------------------------------------------------------- */

bool tk_wire_is_description(const char *body, size_t len) {
    const char *at = body + 2;
    const char *end = body + len;
    int count = len >= 2 ? tk_pg_get16(body) : -1;
    for (int i = 0; i < count; i++) {
        const char *zero = memchr(at, '\0', (size_t)(end - at));
        if (zero == NULL || end - (zero + 1) < FIELD_TAIL) {
            return false;
        }
        at = zero + 1 + FIELD_TAIL;
    }
    return count >= 0 && at == end;
}

bool tk_wire_is_parameters(const char *body, size_t len) {
    return len >= 2 && len == 2 + 4 * (size_t)tk_pg_get16(body);
}

/* A field's name, and what stands behind it; NULL: there is none. */
static const char *find_field(const tk_wire_result *result, int number, const char **out_tail) {
    if (number < 0 || (uint32_t)number >= count_in(result, result->fields)) {
        return NULL;
    }
    const char *at = kept(result, result->fields.start) + 2;
    for (int i = 0; i < number; i++) {
        at += strlen(at) + 1 + FIELD_TAIL;
    }
    *out_tail = at + strlen(at) + 1;
    return at;
}

char *tk_wire_result_field_name(const PGresult *result, int number) {
    const char *tail;
    return (char *)(uintptr_t)find_field(result_of(result), number, &tail);
}

Oid tk_wire_result_field_type(const PGresult *result, int number) {
    enum { TYPE = 6 }; /* behind the table and the number of its column */
    const char *tail;
    return find_field(result_of(result), number, &tail) != NULL ? tk_pg_get32(tail + TYPE) : 0;
}

int tk_wire_result_parameters(const PGresult *result) {
    const tk_wire_result *from = result_of(result);
    return (int)count_in(from, from->parameters);
}

Oid tk_wire_result_parameter_type(const PGresult *result, int number) {
    const tk_wire_result *from = result_of(result);
    return number >= 0 && number < tk_wire_result_parameters(result)
               ? tk_pg_get32(kept(from, from->parameters.start) + 2 + 4 * number)
               : 0;
}

/* ---- the end of a command -------------------------------------------------------------------- */

char *tk_wire_result_tag(PGresult *result) {
    return result_of(result)->tag;
}

/* The last number of the tag. */
char *tk_wire_result_count(PGresult *result) {
    char *tag = result_of(result)->tag;
    char *space = strrchr(tag, ' ');
    return space != NULL ? space + 1 : tag + strlen(tag);
}

/* ---- failures -------------------------------------------------------------------------------- */

char *tk_wire_result_error_field(const PGresult *result, int code) {
    const tk_wire_result *from = result_of(result);
    size_t at = from->failure.start;
    while (at < from->failure.end && *kept(from, at) != '\0') {
        const char *value = kept(from, at + 1);
        if (*kept(from, at) == (char)code) {
            return (char *)(uintptr_t)value;
        }
        at += strnlen(value, from->failure.end - at - 1) + 2;
    }
    return NULL;
}

/* As libpq writes it by default, but for the text of the statement. */
char *tk_wire_result_error_message(const PGresult *result) {
    static const struct {
        int code;
        const char *before;
    } parts[] = {{PG_DIAG_SEVERITY, ""},
                 {PG_DIAG_MESSAGE_PRIMARY, ":  "},
                 {PG_DIAG_MESSAGE_DETAIL, "\nDETAIL:  "},
                 {PG_DIAG_MESSAGE_HINT, "\nHINT:  "},
                 {PG_DIAG_CONTEXT, "\nCONTEXT:  "}};
    static char none[1] = "";
    tk_buf *words = &result_of(result)->words;
    tk_buf_clear(words);
    for (size_t i = 0; i < TK_COUNT(parts); i++) {
        const char *value = tk_wire_result_error_field(result, parts[i].code);
        if (value != NULL) {
            tk_buf_printf(words, "%s%s", parts[i].before, value);
        }
    }
    tk_buf_putc(words, '\n');
    bool is_made = !words->failed;
    words->failed = false;
    return is_made ? words->data : none;
}
