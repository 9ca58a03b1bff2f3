/* encode.c - cells as values on the wire in binary form, and why one cannot go.
 *
 * Binary goes where the types of cell and parameter are known and mean the same; else text does.  A
 * value that the server's type does not hold is refused here, before anything is sent.  It must not
 * know statements.
 */
#include <math.h>

#include "driver/postgresql/types_int.h"

enum { SHOWN_MAX = 100 };

/* ---- which pairs ----------------------------------------------------------------------------- */

static bool is_whole(takeo_type type) {
    return type == TAKEO_TYPE_INT16 || type == TAKEO_TYPE_INT32 || type == TAKEO_TYPE_INT64
           || type == TAKEO_TYPE_OID || type == TAKEO_TYPE_YEAR || type == TAKEO_TYPE_UINT64;
}

/* Types whose cells hold a text that goes as it is. */
static bool is_texty(takeo_type type) {
    return type == TAKEO_TYPE_DECIMAL || tk_pg_is_texty(type);
}

/* Does the writer of the server's type take cells of this type? */
static inline bool takes(const tk_pg_type *server, takeo_type type) {
    switch (server->type) {
    case TAKEO_TYPE_INT16:
    case TAKEO_TYPE_INT32:
    case TAKEO_TYPE_INT64:
    case TAKEO_TYPE_OID:
    case TAKEO_TYPE_UINT64:
        return is_whole(type);
    case TAKEO_TYPE_FLOAT32:
    case TAKEO_TYPE_FLOAT64:
        return type == TAKEO_TYPE_FLOAT64 || type == TAKEO_TYPE_FLOAT32 || is_whole(type);
    case TAKEO_TYPE_DECIMAL:
        return type == TAKEO_TYPE_DECIMAL || is_whole(type);
    case TAKEO_TYPE_TEXT:
        return is_texty(type);
    case TAKEO_TYPE_JSON:
        return type == TAKEO_TYPE_JSON || type == TAKEO_TYPE_TEXT || type == TAKEO_TYPE_UNKNOWN;
    default:
        return type == server->type;
    }
}

bool tk_pg_encodes(takeo_type type, takeo_type element, uint32_t oid) {
    const tk_pg_type *server = tk_pg_type_of(oid);
    if (server == NULL || server->encode == NULL || !takes(server, type)) {
        return false;
    }
    if (type != TAKEO_TYPE_ARRAY) {
        return true;
    }
    if (element == TAKEO_TYPE_NONE) { /* empty, or NULLs alone */
        const tk_pg_type *inner = tk_pg_type_of(server->element);
        return inner != NULL && inner->encode != NULL;
    }
    return element != TAKEO_TYPE_ARRAY && tk_pg_encodes(element, TAKEO_TYPE_NONE, server->element);
}

bool tk_pg_encode_binary(const takeo_cell *cell, uint32_t oid, tk_buf *out) {
    const tk_pg_type *server = tk_pg_type_of(oid);
    if (server == NULL || server->encode == NULL || !takes(server, cell->type)
        || (cell->flags & (TAKEO_CELL_UNSET | TAKEO_CELL_NULL)) != 0) {
        return false;
    }
    return server->encode(server, cell, out);
}

/* ---- numbers --------------------------------------------------------------------------------- */

TK_PG_WRITER(tk_pg_put_boolean) {
    (void)type;
    tk_buf_putc(out, cell->v.i != 0);
    return !out->failed;
}

/* An integer of the server's width; all whole cells but UINT64 hold i. */
static inline bool fits(const takeo_cell *cell, int64_t min, int64_t max) {
    if (cell->type == TAKEO_TYPE_UINT64 && cell->v.u > INT64_MAX) {
        return false;
    }
    return cell->v.i >= min && cell->v.i <= max;
}

TK_PG_WRITER(tk_pg_put_int2) {
    (void)type;
    if (!fits(cell, INT16_MIN, INT16_MAX)) {
        return false;
    }
    tk_pg_put16(out, (uint16_t)cell->v.i);
    return !out->failed;
}

TK_PG_WRITER(tk_pg_put_int4) {
    (void)type;
    if (!fits(cell, INT32_MIN, INT32_MAX)) {
        return false;
    }
    tk_pg_put32(out, (uint32_t)cell->v.i);
    return !out->failed;
}

TK_PG_WRITER(tk_pg_put_int8) {
    (void)type;
    if (!fits(cell, INT64_MIN, INT64_MAX)) {
        return false;
    }
    tk_pg_put64(out, (uint64_t)cell->v.i);
    return !out->failed;
}

TK_PG_WRITER(tk_pg_put_oid) {
    (void)type;
    if (!fits(cell, 0, UINT32_MAX)) {
        return false;
    }
    tk_pg_put32(out, (uint32_t)cell->v.i);
    return !out->failed;
}

TK_PG_WRITER(tk_pg_put_uint8) {
    (void)type;
    bool is_unsigned = cell->type == TAKEO_TYPE_UINT64 || cell->type == TAKEO_TYPE_LSN;
    if (!is_unsigned && cell->v.i < 0) {
        return false;
    }
    tk_pg_put64(out, cell->v.u);
    return !out->failed;
}

/* The nearest float of that width to a whole number: as the server makes it of its text, in which a
 * statement's first arguments go. */
static double float_of(const takeo_cell *cell, bool is_single) {
    if (cell->type == TAKEO_TYPE_UINT64) {
        return is_single ? (double)(float)cell->v.u : (double)cell->v.u;
    }
    if (is_whole(cell->type)) {
        return is_single ? (double)(float)cell->v.i : (double)cell->v.i;
    }
    return cell->v.f;
}

/* A float of more digits is rounded, as the server does with its text; it becomes neither infinite
 * nor zero. */
TK_PG_WRITER(tk_pg_put_float4) {
    (void)type;
    double number = float_of(cell, true);
    /* From the middle between the largest float and the next power of two on: infinite. */
    bool is_large = !isinf(number) && fabs(number) >= 0x1.ffffffp127;
    float narrow = is_large ? 0 : (float)number;
    if (is_large || (narrow == 0 && number != 0)) {
        return false;
    }
    uint32_t bits;
    memcpy(&bits, &narrow, sizeof bits);
    tk_pg_put32(out, bits);
    return !out->failed;
}

TK_PG_WRITER(tk_pg_put_float8) {
    (void)type;
    double number = float_of(cell, false);
    uint64_t bits;
    memcpy(&bits, &number, sizeof bits);
    tk_pg_put64(out, bits);
    return !out->failed;
}

/* ---- texts and bytes ------------------------------------------------------------------------- */

TK_PG_WRITER(tk_pg_put_as_is) {
    (void)type;
    tk_buf_put(out, cell->v.text.data, cell->v.text.len);
    return !out->failed;
}

TK_PG_WRITER(tk_pg_put_jsonb) {
    tk_buf_putc(out, 1);
    return tk_pg_put_as_is(type, cell, out);
}

TK_PG_WRITER(tk_pg_put_uuid) {
    (void)type;
    tk_buf_put(out, cell->v.uuid, sizeof cell->v.uuid);
    return !out->failed;
}

/* The bits behind the last one are zero, whatever the cell's last byte holds there. */
TK_PG_WRITER(tk_pg_put_bits) {
    (void)type;
    size_t bits = cell->v.text.len;
    if (bits > INT32_MAX) {
        return false;
    }
    tk_pg_put32(out, (uint32_t)bits);
    tk_buf_put(out, cell->v.text.data, bits / 8);
    if (bits % 8 != 0) {
        tk_buf_putc(out, (char)(cell->v.text.data[bits / 8] & (0xFF00 >> bits % 8)));
    }
    return !out->failed;
}

/* ---- dates and times ------------------------------------------------------------------------- */

TK_PG_WRITER(tk_pg_put_date) {
    (void)type;
    if (TK_UNLIKELY((cell->flags & TAKEO_CELL_INFINITE) != 0)) {
        tk_pg_put32(out, (uint32_t)(cell->v.i < 0 ? INT32_MIN : INT32_MAX));
    } else if (tk_pg_time_fits(cell)) {
        tk_pg_put32(out, (uint32_t)(cell->v.i - TK_PG_DAYS_TO_2000));
    } else {
        return false;
    }
    return !out->failed;
}

TK_PG_WRITER(tk_pg_put_timestamp) {
    (void)type;
    if (TK_UNLIKELY((cell->flags & TAKEO_CELL_INFINITE) != 0)) {
        tk_pg_put64(out, (uint64_t)(cell->v.i < 0 ? INT64_MIN : INT64_MAX));
    } else if (tk_pg_time_fits(cell)) {
        tk_pg_put64(out, (uint64_t)(cell->v.i - TK_PG_US_TO_2000));
    } else {
        return false;
    }
    return !out->failed;
}

TK_PG_WRITER(tk_pg_put_time) {
    (void)type;
    if (!tk_pg_time_fits(cell)) {
        return false;
    }
    tk_pg_put64(out, (uint64_t)cell->v.i);
    return !out->failed;
}

TK_PG_WRITER(tk_pg_put_timetz) {
    (void)type;
    if (!tk_pg_time_fits(cell)) {
        return false;
    }
    tk_pg_put64(out, (uint64_t)cell->v.span.us);
    tk_pg_put32(out, (uint32_t)-cell->v.span.days);
    return !out->failed;
}

TK_PG_WRITER(tk_pg_put_interval) {
    (void)type;
    if ((cell->flags & TAKEO_CELL_INFINITE) != 0 || !tk_pg_time_fits(cell)) {
        return false;
    }
    tk_pg_put64(out, (uint64_t)cell->v.span.us);
    tk_pg_put32(out, (uint32_t)cell->v.span.days);
    tk_pg_put32(out, (uint32_t)cell->v.span.months);
    return !out->failed;
}

/* ---- why not --------------------------------------------------------------------------------- */

static const char *range_of(const tk_pg_type *server) {
    switch (server != NULL ? server->oid : 0) {
    case TK_PG_OID_INT2:
        return "-32768 to 32767";
    case TK_PG_OID_INT4:
        return "-2147483648 to 2147483647";
    case TK_PG_OID_INT8:
        return "-9223372036854775808 to 9223372036854775807";
    case TK_PG_OID_OID:
    case TK_PG_OID_XID:
    case TK_PG_OID_CID:
        return "0 to 4294967295";
    case TK_PG_OID_XID8:
        return "0 to 18446744073709551615";
    case TK_PG_OID_FLOAT4:
        return "0, or a size between 1.4e-45 and 3.4028235e+38";
    case TK_PG_OID_NUMERIC:
        return "at most 131072 digits before the point and 16383 behind it";
    default:
        return NULL;
    }
}

static const char *range_of_cell(const takeo_cell *cell) {
    switch (cell->type) {
    case TAKEO_TYPE_DATE:
        return "4714-11-24 BC to 5874897-12-31, infinity, -infinity";
    case TAKEO_TYPE_TIMESTAMP:
    case TAKEO_TYPE_TIMESTAMPTZ:
        return "from 4714-11-24 BC on, infinity, -infinity";
    case TAKEO_TYPE_TIME:
        return "00:00:00 to 24:00:00";
    case TAKEO_TYPE_TIMETZ:
        return "00:00:00 to 24:00:00, with a zone of less than 16 hours";
    case TAKEO_TYPE_INTERVAL:
        return "a finite interval";
    default:
        return NULL;
    }
}

static bool has_zero_byte(const takeo_cell *cell) {
    const tk_type_info *info = tk_type_info_of(cell->type);
    bool is_text = info != NULL && info->form == TK_FORM_TEXT && is_texty(cell->type);
    return is_text && cell->v.text.len != 0
           && memchr(cell->v.text.data, '\0', cell->v.text.len) != NULL;
}

static void set_got(const takeo_cell *cell, tk_error *error) {
    tk_buf shown;
    tk_buf_init(&shown, error->arena.alloc, 2 * SHOWN_MAX);
    tk_cell_show(cell, SHOWN_MAX, &shown);
    if (!shown.failed && shown.data != NULL) {
        TK_SET(error, got, "%s", shown.data);
    }
    tk_buf_done(&shown);
}

static bool has_text_form(const takeo_cell *cell) {
    const tk_type_info *info = tk_type_info_of(cell->type);
    return info != NULL && info->form != TK_FORM_NONE && cell->type != TAKEO_TYPE_SET;
}

static takeo_status raise_refusal(const takeo_cell *cell, uint32_t number, const tk_pg_type *server,
                                  tk_error *error) {
    const char *name = tk_type_name(cell->type);
    uint32_t sizes[TK_PG_DIMENSIONS_MAX];
    uint32_t depth;
    if ((cell->flags & TAKEO_CELL_UNSET) != 0) {
        return tk_raise(error, TK_INPUT_UNSET, "Argument %u was never given a value.", number);
    }
    if (!has_text_form(cell)) {
        return tk_raise(error, TK_CALL_UNSUPPORTED,
                        "PostgreSQL has no values of type %s (argument %u).", name, number);
    }
    if (has_zero_byte(cell)) {
        return tk_raise(error, TK_INPUT_TEXT,
                        "PostgreSQL keeps no zero bytes in texts, and argument %u, a value of type "
                        "%s, holds one.",
                        number, name);
    }
    if (cell->type == TAKEO_TYPE_ARRAY && !tk_pg_array_sizes(cell, sizes, &depth)) {
        return tk_raise(error, TK_INPUT_FORM,
                        "Argument %u is no array of PostgreSQL: its inner lists have to be of one "
                        "length, none of them empty, nested at most %d deep.",
                        number, TK_PG_DIMENSIONS_MAX);
    }
    if (server != NULL) {
        return tk_raise(error, TK_INPUT_RANGE,
                        "Argument %u, a value of type %s, is none of the server's type %s.", number,
                        name, server->name);
    }
    return tk_raise(error, TK_INPUT_RANGE,
                    "PostgreSQL cannot take argument %u, a value of type %s.", number, name);
}

takeo_status tk_pg_refuse(const takeo_cell *cell, uint32_t number, uint32_t oid, tk_error *error) {
    const tk_pg_type *server = tk_pg_type_of(oid);
    takeo_status status = raise_refusal(cell, number, server, error);
    if (error == NULL || status == TAKEO_ENOMEM) {
        return status;
    }
    tk_error_last(error)->object = number; /* the rooms above know what it is for */
    const char *expected = range_of(server) != NULL ? range_of(server) : range_of_cell(cell);
    if (status == tk_code_status(TK_INPUT_RANGE) && expected != NULL) {
        TK_SET(error, expected, "%s", expected);
    }
    set_got(cell, error);
    return status;
}
