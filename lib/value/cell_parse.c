/* cell_parse.c - text read as a value of a type; what it refuses, it explains.
 *
 * The text has to be the one form of its type: nothing is trimmed, rounded or guessed.  It must not
 * know columns; whoever does adds their names to the failure.
 */
#include "value/value.h"

enum { SHOWN_MAX = 80 };

typedef struct reading {
    takeo_type type;
    takeo_text text;
    takeo_cell *out;
    tk_error *error;
} reading;

/* What came, cut for a message. */
static void set_got(const reading *in) {
    if (in->error == NULL) {
        return;
    }
    tk_buf shown;
    tk_buf_init(&shown, in->error->arena.alloc, 2 * SHOWN_MAX);
    takeo_cell cell = tk_cell_text(TAKEO_TYPE_TEXT, in->text.data, in->text.len);
    tk_cell_show(&cell, SHOWN_MAX, &shown);
    if (!shown.failed) {
        TK_SET(in->error, got, "%s", shown.data);
    }
    tk_buf_done(&shown);
}

static takeo_status refuse(const reading *in, tk_code code, const char *problem,
                           const char *expected) {
    takeo_status status =
        tk_raise(in->error, code, "the text %s %s", problem, tk_type_name(in->type));
    TK_SET(in->error, expected, "%s", expected);
    set_got(in);
    return status;
}

static takeo_status refuse_form(const reading *in, const char *expected) {
    return refuse(in, TK_INPUT_FORM, "is not in the form of type", expected);
}

static takeo_status give(const reading *in, takeo_cell cell) {
    *in->out = cell;
    return TAKEO_DONE;
}

/* ---- numbers --------------------------------------------------------------------------------- */

static takeo_status parse_bool(const reading *in) {
    if (tk_text_equal(in->text, tk_zstr("true"))) {
        return give(in, tk_cell_int(in->type, 1));
    }
    if (tk_text_equal(in->text, tk_zstr("false"))) {
        return give(in, tk_cell_int(in->type, 0));
    }
    return refuse_form(in, "true or false");
}

static takeo_status parse_int(const reading *in) {
    const tk_type_info *info = tk_type_info_of(in->type);
    int64_t number;
    bool is_number;
    bool fits = tk_int_parse(in->text.data, in->text.len, &number, &is_number);
    if (!is_number) {
        return refuse_form(in, "a whole number in decimal digits");
    }
    if (fits && number >= info->min && number <= info->max) {
        return give(in, tk_cell_int(in->type, number));
    }
    takeo_status status = refuse(in, TK_INPUT_RANGE, "is a number outside the range of type", "");
    TK_SET(in->error, expected, "%lld to %lld", (long long)info->min, (long long)info->max);
    return status;
}

static takeo_status parse_uint64(const reading *in) {
    takeo_cell cell = {.type = in->type};
    bool is_number;
    if (tk_uint_parse(in->text.data, in->text.len, &cell.v.u, &is_number)) {
        return give(in, cell);
    }
    if (!is_number) {
        return refuse_form(in, "a whole number in decimal digits");
    }
    return refuse(in, TK_INPUT_RANGE, "is a number outside the range of type",
                  "0 to 18446744073709551615");
}

static takeo_status parse_float(const reading *in) {
    takeo_cell cell = {.type = in->type};
    bool is_single = in->type == TAKEO_TYPE_FLOAT32;
    bool is_number;
    if (tk_float_parse(in->text.data, in->text.len, is_single, &cell.v.f, &is_number)) {
        return give(in, cell);
    }
    if (!is_number) {
        return refuse_form(in, "a number such as -1.5e3, NaN, Infinity or -Infinity");
    }
    return refuse(in, TK_INPUT_RANGE, "is a number too large or too small for type",
                  is_single ? "0, or a size between 1.4e-45 and 3.4028235e+38"
                            : "0, or a size between 5e-324 and 1.7976931348623157e+308");
}

static takeo_status parse_decimal(const reading *in) {
    tk_decimal number;
    if (!tk_decimal_read(in->text.data, in->text.len, &number)) {
        return refuse_form(in, "digits with at most one point, NaN, Infinity or -Infinity");
    }
    size_t plus = in->text.data[0] == '+' ? 1 : 0;
    return give(in, tk_cell_text(in->type, in->text.data + plus, in->text.len - plus));
}

static bool read_hex(const char *data, size_t len, uint32_t *out) {
    uint32_t number = 0;
    for (size_t i = 0; i < len; i++) {
        const char *digits = "0123456789abcdef";
        char c = data[i] >= 'A' && data[i] <= 'F' ? (char)(data[i] + ('a' - 'A')) : data[i];
        const char *found = c != '\0' ? strchr(digits, c) : NULL;
        if (found == NULL) {
            return false;
        }
        number = number << 4 | (uint32_t)(found - digits);
    }
    *out = number;
    return len >= 1 && len <= 8;
}

static takeo_status parse_lsn(const reading *in) {
    const char *slash = in->text.len != 0 ? memchr(in->text.data, '/', in->text.len) : NULL;
    size_t high_len = slash != NULL ? (size_t)(slash - in->text.data) : 0;
    uint32_t high;
    uint32_t low;
    if (slash == NULL || !read_hex(in->text.data, high_len, &high)
        || !read_hex(slash + 1, in->text.len - high_len - 1, &low)) {
        return refuse_form(in, "two hexadecimal numbers such as 16/B374D848");
    }
    takeo_cell cell = {.type = in->type, .v = {.u = (uint64_t)high << 32 | low}};
    return give(in, cell);
}

/* ---- dates and times ------------------------------------------------------------------------- */

static bool parse_infinite(const reading *in) {
    bool is_past = tk_text_equal(in->text, tk_zstr("-infinity"));
    if (!is_past && !tk_text_equal(in->text, tk_zstr("infinity"))) {
        return false;
    }
    *in->out = tk_cell_int(in->type, is_past ? -1 : 1);
    in->out->flags = TAKEO_CELL_INFINITE;
    return true;
}

static takeo_status parse_date(const reading *in) {
    int64_t days;
    if (parse_infinite(in)) {
        return TAKEO_DONE;
    }
    if (!tk_date_parse(in->text.data, in->text.len, &days)) {
        return refuse_form(in, "a day of the calendar as YYYY-MM-DD");
    }
    return give(in, tk_cell_int(in->type, days));
}

static takeo_status parse_time(const reading *in) {
    int64_t us;
    if (!tk_time_parse(in->text.data, in->text.len, &us)) {
        return refuse_form(in, "a time of the day as HH:MM:SS.ffffff");
    }
    return give(in, tk_cell_int(in->type, us));
}

static takeo_status parse_timetz(const reading *in) {
    takeo_cell cell = {.type = in->type};
    if (!tk_timetz_parse(in->text.data, in->text.len, &cell.v.span.us, &cell.v.span.days)) {
        return refuse_form(in, "a time with its offset as HH:MM:SS.ffffff+HH:MM");
    }
    return give(in, cell);
}

static takeo_status parse_timestamp(const reading *in) {
    bool needs_zone = in->type == TAKEO_TYPE_TIMESTAMPTZ;
    const char *form = needs_zone ? "YYYY-MM-DD HH:MM:SS.ffffff+HH:MM, or Z for UTC"
                                  : "YYYY-MM-DD HH:MM:SS.ffffff without a zone";
    int64_t us;
    bool has_zone;
    if (parse_infinite(in)) {
        return TAKEO_DONE;
    }
    if (!tk_timestamp_parse(in->text.data, in->text.len, &us, &has_zone)) {
        return refuse_form(in, form);
    }
    if (has_zone != needs_zone) {
        return refuse(in, TK_INPUT_TIMEZONE,
                      has_zone ? "has a zone, which is not kept by type"
                               : "has no zone, which is needed by type",
                      form);
    }
    return give(in, tk_cell_int(in->type, us));
}

static takeo_status parse_interval(const reading *in) {
    if (!tk_interval_parse(in->text.data, in->text.len, in->out)) {
        return refuse_form(in, "an ISO 8601 duration such as P1Y2M3DT4H5M6.5S");
    }
    return TAKEO_DONE;
}

/* ---- texts ----------------------------------------------------------------------------------- */

static takeo_status parse_uuid(const reading *in) {
    takeo_cell cell = {.type = in->type};
    if (!tk_uuid_parse(in->text.data, in->text.len, cell.v.uuid)) {
        return refuse_form(in, "8-4-4-4-12 hexadecimal digits");
    }
    return give(in, cell);
}

static takeo_status parse_json(const reading *in) {
    if (!tk_json_is_valid(in->text.data, in->text.len)) {
        return refuse_form(in, "JSON as RFC 8259 has it, at most 512 deep, without \\u0000");
    }
    return give(in, tk_cell_text(in->type, in->text.data, in->text.len));
}

static takeo_status parse_text(const reading *in) {
    if (memchr(in->text.data, '\0', in->text.len) != NULL) {
        return refuse(in, TK_INPUT_TEXT, "holds a zero byte, which cannot be stored in type",
                      "text without zero bytes");
    }
    if (!tk_utf8_is_valid(in->text.data, in->text.len)) {
        return refuse(in, TK_INPUT_TEXT, "is not valid UTF-8, as it has to be for type",
                      "valid UTF-8");
    }
    return give(in, tk_cell_text(in->type, in->text.data, in->text.len));
}

/* ---- by type --------------------------------------------------------------------------------- */

typedef takeo_status parser(const reading *in);

static parser *const parsers[] = {
    [TAKEO_TYPE_BOOL] = parse_bool,
    [TAKEO_TYPE_INT16] = parse_int,
    [TAKEO_TYPE_INT32] = parse_int,
    [TAKEO_TYPE_INT64] = parse_int,
    [TAKEO_TYPE_UINT64] = parse_uint64,
    [TAKEO_TYPE_FLOAT32] = parse_float,
    [TAKEO_TYPE_FLOAT64] = parse_float,
    [TAKEO_TYPE_DECIMAL] = parse_decimal,
    [TAKEO_TYPE_MONEY] = parse_text,
    [TAKEO_TYPE_OID] = parse_int,
    [TAKEO_TYPE_TEXT] = parse_text,
    [TAKEO_TYPE_UUID] = parse_uuid,
    [TAKEO_TYPE_JSON] = parse_json,
    [TAKEO_TYPE_ENUM] = parse_text,
    [TAKEO_TYPE_XML] = parse_text,
    [TAKEO_TYPE_UNKNOWN] = parse_text,
    [TAKEO_TYPE_DATE] = parse_date,
    [TAKEO_TYPE_TIME] = parse_time,
    [TAKEO_TYPE_TIMETZ] = parse_timetz,
    [TAKEO_TYPE_TIMESTAMP] = parse_timestamp,
    [TAKEO_TYPE_TIMESTAMPTZ] = parse_timestamp,
    [TAKEO_TYPE_INTERVAL] = parse_interval,
    [TAKEO_TYPE_YEAR] = parse_int,
    [TAKEO_TYPE_INET] = parse_text,
    [TAKEO_TYPE_MACADDR] = parse_text,
    [TAKEO_TYPE_LSN] = parse_lsn,
    [TAKEO_TYPE_TID] = parse_text,
    [TAKEO_TYPE_TSVECTOR] = parse_text,
    [TAKEO_TYPE_TSQUERY] = parse_text,
    [TAKEO_TYPE_LTREE] = parse_text,
    [TAKEO_TYPE_CITEXT] = parse_text,
};

takeo_status tk_cell_parse(takeo_type type, const char *text, size_t len, takeo_cell *out,
                           tk_error *error) {
    reading in = {type, tk_text(text != NULL ? text : "", text != NULL ? len : 0), out, error};
    if (type < TK_COUNT(parsers) && parsers[type] != NULL) {
        return parsers[type](&in);
    }
    if (tk_type_info_of(type) == NULL) {
        return tk_raise(error, TK_CALL_INVALID, "there is no type with the number %u",
                        (unsigned)type);
    }
    takeo_status status = tk_raise(error, TK_CALL_UNSUPPORTED, "type %s cannot be read from text",
                                   tk_type_name(type));
    TK_SET(error, hint, "give a cell of type %s", tk_type_name(type));
    return status;
}
