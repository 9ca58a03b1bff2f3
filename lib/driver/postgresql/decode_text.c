/* decode_text.c - values in the server's text form as cells.
 *
 * The texts are those of DateStyle ISO, whatever the time zone, and of both forms of bytea.  They
 * are read as exactly as any other text: what is not of the form is refused.
 */
#include "driver/postgresql/types_int.h"

/* ---- numbers --------------------------------------------------------------------------------- */

TK_PG_READER(tk_pg_text_boolean) {
    if (len != 1 || (*data != 't' && *data != 'f')) {
        return false;
    }
    *out = tk_cell_int(column->type, *data == 't');
    return true;
}

/* All integers of 64 bits and less; the range is that of the server's type. */
TK_PG_READER(tk_pg_text_int) {
    const tk_type_info *info = tk_type_info_of(column->server->type);
    int64_t i;
    if (!tk_int_parse(data, len, &i, NULL) || i < info->min || i > info->max) {
        return false;
    }
    *out = tk_cell_int(column->type, i);
    return true;
}

TK_PG_READER(tk_pg_text_uint) {
    takeo_cell cell = {.type = column->type};
    if (!tk_uint_parse(data, len, &cell.v.u, NULL)) {
        return false;
    }
    *out = cell;
    return true;
}

static bool read_float(const tk_pg_column *column, const char *data, size_t len, bool is_single,
                       takeo_cell *out) {
    takeo_cell cell = {.type = column->type};
    if (!tk_float_parse(data, len, is_single, &cell.v.f, NULL)) {
        return false;
    }
    *out = cell;
    return true;
}

TK_PG_READER(tk_pg_text_float4) {
    return read_float(column, data, len, true, out);
}

TK_PG_READER(tk_pg_text_float8) {
    return read_float(column, data, len, false, out);
}

/* The server's text is the cell's; it may be longer than tk_decimal_read looks at. */
TK_PG_READER(tk_pg_text_numeric) {
    takeo_text text = tk_text(data, len);
    size_t at = len != 0 && *data == '-';
    size_t digits = 0;
    for (bool has_point = false; at < len; at++) {
        if (data[at] == '.' && !has_point) {
            has_point = true;
        } else if (data[at] >= '0' && data[at] <= '9') {
            digits++;
        } else {
            break;
        }
    }
    if ((at != len || digits == 0) && !tk_text_equal(text, tk_zstr("NaN"))
        && !tk_text_equal(text, tk_zstr("Infinity"))
        && !tk_text_equal(text, tk_zstr("-Infinity"))) {
        return false;
    }
    *out = tk_cell_text(column->type, data, len);
    return true;
}

TK_PG_READER(tk_pg_text_lsn) {
    takeo_cell cell;
    if (tk_cell_parse(TAKEO_TYPE_LSN, data, len, &cell, NULL) != TAKEO_DONE) {
        return false;
    }
    cell.type = column->type;
    *out = cell;
    return true;
}

/* ---- texts and bytes ------------------------------------------------------------------------- */

static int hex_value(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

TK_PG_READER(tk_pg_text_hex) {
    if (len % 2 != 0) {
        return false;
    }
    char *bytes = tk_arena_take(column->values, len / 2);
    column->has_no_memory = bytes == NULL;
    if (bytes == NULL) {
        return false;
    }
    for (size_t i = 0; i < len / 2; i++) {
        int high = hex_value(data[2 * i]);
        int low = hex_value(data[2 * i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        bytes[i] = (char)(high << 4 | low);
    }
    *out = tk_cell_text(column->type, bytes, len / 2);
    return true;
}

/* bytea_output = escape: bytes as they are, \\ and \ooo. */
static bool read_escaped(tk_pg_column *column, const char *data, size_t len, takeo_cell *out) {
    char *bytes = tk_arena_take(column->values, len);
    size_t count = 0;
    column->has_no_memory = bytes == NULL;
    for (size_t at = 0; bytes != NULL && at < len;) {
        if (data[at] != '\\') {
            bytes[count++] = data[at++];
        } else if (len - at >= 2 && data[at + 1] == '\\') {
            bytes[count++] = '\\';
            at += 2;
        } else {
            unsigned byte = 0;
            bool is_octal = len - at >= 4 && data[at + 1] <= '3';
            for (size_t i = 1; is_octal && i <= 3; i++) {
                is_octal = data[at + i] >= '0' && data[at + i] <= '7';
                byte = byte << 3 | ((unsigned)data[at + i] & 7);
            }
            if (!is_octal) {
                return false;
            }
            bytes[count++] = (char)byte;
            at += 4;
        }
    }
    *out = tk_cell_text(column->type, bytes, count);
    return bytes != NULL;
}

TK_PG_READER(tk_pg_text_bytea) {
    if (len >= 2 && data[0] == '\\' && data[1] == 'x') {
        return tk_pg_text_hex(column, data + 2, len - 2, out);
    }
    return read_escaped(column, data, len, out);
}

TK_PG_READER(tk_pg_text_uuid) {
    takeo_cell cell = {.type = column->type};
    if (!tk_uuid_parse(data, len, cell.v.uuid)) {
        return false;
    }
    *out = cell;
    return true;
}

TK_PG_READER(tk_pg_text_bits) {
    uint8_t *bytes = tk_arena_array(column->values, len / 8 + 1, 1);
    column->has_no_memory = bytes == NULL;
    if (bytes == NULL) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if (data[i] != '0' && data[i] != '1') {
            return false;
        }
        bytes[i / 8] |= (uint8_t)((data[i] - '0') << (7 - i % 8));
    }
    *out = tk_cell_text(column->type, (const char *)bytes, len);
    return true;
}

/* ---- dates and times ------------------------------------------------------------------------- */

static bool read_infinite(const tk_pg_column *column, const char *data, size_t len,
                          takeo_cell *out) {
    bool is_past = len != 0 && *data == '-';
    if (!tk_text_equal(tk_text(data + is_past, len - is_past), tk_zstr("infinity"))) {
        return false;
    }
    *out = tk_cell_int(column->type, is_past ? -1 : 1);
    out->flags = TAKEO_CELL_INFINITE;
    return true;
}

TK_PG_READER(tk_pg_text_date) {
    int64_t days;
    if (!tk_pg_date_parse(data, len, &days)) {
        return read_infinite(column, data, len, out);
    }
    *out = tk_cell_int(column->type, days);
    return true;
}

/* Both types: which of them says its zone. */
TK_PG_READER(tk_pg_text_timestamp) {
    int64_t us;
    bool has_zone;
    if (!tk_pg_timestamp_parse(data, len, &us, &has_zone)) {
        return read_infinite(column, data, len, out);
    }
    if (has_zone != (column->server->type == TAKEO_TYPE_TIMESTAMPTZ)) {
        return false;
    }
    *out = tk_cell_int(column->type, us);
    return true;
}

TK_PG_READER(tk_pg_text_time) {
    int64_t us;
    if (!tk_time_parse(data, len, &us)) {
        return false;
    }
    *out = tk_cell_int(column->type, us);
    return true;
}

TK_PG_READER(tk_pg_text_timetz) {
    takeo_cell cell = {.type = column->type};
    if (!tk_timetz_parse(data, len, &cell.v.span.us, &cell.v.span.days)) {
        return false;
    }
    *out = cell;
    return true;
}

TK_PG_READER(tk_pg_text_interval) {
    takeo_cell cell;
    if (!tk_pg_interval_parse(data, len, &cell) || !tk_pg_time_fits(&cell)) {
        return false;
    }
    cell.type = column->type;
    *out = cell;
    return true;
}
