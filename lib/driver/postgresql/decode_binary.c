/* decode_binary.c - values in the server's binary form as cells.
 *
 * The hot path of reading rows: one length to check, one swap of bytes, one cell.  Numbers are big
 * endian; days and microseconds count from 2000.  It must not know columns beyond their type.
 */
#include <stdio.h>

#include "driver/postgresql/types_int.h"

/* Written in place: a cell that is made elsewhere and then copied costs three times as much here. */
static inline bool give_int(const tk_pg_column *column, int64_t i, takeo_cell *out) {
    *out = (takeo_cell){.type = column->type, .v = {.i = i}};
    return true;
}

static inline bool give_text(const tk_pg_column *column, const char *data, size_t len,
                             takeo_cell *out) {
    *out = (takeo_cell){.type = column->type, .v = {.text = {data, len}}};
    return true;
}

/* ---- texts and bytes ------------------------------------------------------------------------- */

TK_PG_READER(tk_pg_binary_as_is) {
    return give_text(column, data, len, out);
}

/* One byte of no encoding; the server's text form of 0 is empty and, from 16 on, of what is no
 * ASCII an octal escape. */
TK_PG_READER(tk_pg_binary_char) {
    if (len != 1) {
        return false;
    }
    unsigned char byte = (unsigned char)*data;
    if (byte < 0x80) {
        return give_text(column, data, byte != 0, out);
    }
    char *text = tk_arena_printf(column->values, "\\%03o", (unsigned)byte);
    column->has_no_memory = text == NULL;
    *out = tk_cell_text(column->type, text, 4);
    return text != NULL;
}

TK_PG_READER(tk_pg_binary_jsonb) {
    if (len == 0 || *data != 1) { /* the version of its form */
        return false;
    }
    return give_text(column, data + 1, len - 1, out);
}

TK_PG_READER(tk_pg_binary_uuid) {
    if (TK_UNLIKELY(len != 16)) {
        return false;
    }
    *out = (takeo_cell){.type = column->type};
    memcpy(out->v.uuid, data, 16);
    return true;
}

/* The length in a cell counts bits. */
TK_PG_READER(tk_pg_binary_bits) {
    if (len < 4) {
        return false;
    }
    size_t bits = tk_pg_get32(data);
    if (bits > INT32_MAX || len - 4 != (bits + 7) / 8) {
        return false;
    }
    return give_text(column, data + 4, bits, out);
}

/* ---- numbers --------------------------------------------------------------------------------- */

TK_PG_READER(tk_pg_binary_boolean) {
    if (TK_UNLIKELY(len != 1)) {
        return false;
    }
    return give_int(column, *data != 0, out);
}

TK_PG_READER(tk_pg_binary_int2) {
    if (TK_UNLIKELY(len != 2)) {
        return false;
    }
    return give_int(column, (int16_t)tk_pg_get16(data), out);
}

TK_PG_READER(tk_pg_binary_int4) {
    if (TK_UNLIKELY(len != 4)) {
        return false;
    }
    return give_int(column, (int32_t)tk_pg_get32(data), out);
}

TK_PG_READER(tk_pg_binary_int8) {
    if (TK_UNLIKELY(len != 8)) {
        return false;
    }
    return give_int(column, (int64_t)tk_pg_get64(data), out);
}

TK_PG_READER(tk_pg_binary_uint8) {
    if (len != 8) {
        return false;
    }
    *out = (takeo_cell){.type = column->type, .v = {.u = tk_pg_get64(data)}};
    return true;
}

TK_PG_READER(tk_pg_binary_oid) {
    if (len != 4) {
        return false;
    }
    return give_int(column, tk_pg_get32(data), out);
}

TK_PG_READER(tk_pg_binary_tid) {
    if (len != 6) {
        return false;
    }
    char *text = tk_arena_printf(column->values, "(%u,%u)", (unsigned)tk_pg_get32(data),
                                 (unsigned)tk_pg_get16(data + 4));
    column->has_no_memory = text == NULL;
    *out = tk_cell_text(column->type, text, text != NULL ? strlen(text) : 0);
    return text != NULL;
}

TK_PG_READER(tk_pg_binary_float4) {
    if (TK_UNLIKELY(len != 4)) {
        return false;
    }
    uint32_t bits = tk_pg_get32(data);
    float number;
    memcpy(&number, &bits, sizeof number);
    *out = (takeo_cell){.type = column->type, .v = {.f = (double)number}};
    return true;
}

TK_PG_READER(tk_pg_binary_float8) {
    if (TK_UNLIKELY(len != 8)) {
        return false;
    }
    uint64_t bits = tk_pg_get64(data);
    *out = (takeo_cell){.type = column->type};
    memcpy(&out->v.f, &bits, sizeof bits);
    return true;
}

/* ---- dates and times ------------------------------------------------------------------------- */

static bool give_infinite(const tk_pg_column *column, bool is_past, takeo_cell *out) {
    *out = tk_cell_int(column->type, is_past ? -1 : 1);
    out->flags = TAKEO_CELL_INFINITE;
    return true;
}

TK_PG_READER(tk_pg_binary_date) {
    if (TK_UNLIKELY(len != 4)) {
        return false;
    }
    int32_t days = (int32_t)tk_pg_get32(data);
    if (TK_UNLIKELY(days == INT32_MIN || days == INT32_MAX)) {
        return give_infinite(column, days < 0, out);
    }
    return give_int(column, (int64_t)days + TK_PG_DAYS_TO_2000, out);
}

/* The last 29 years that the server has end behind the range of a cell. */
TK_PG_READER(tk_pg_binary_timestamp) {
    if (TK_UNLIKELY(len != 8)) {
        return false;
    }
    int64_t us = (int64_t)tk_pg_get64(data);
    if (TK_UNLIKELY(us == INT64_MIN || us == INT64_MAX)) {
        return give_infinite(column, us < 0, out);
    }
    if (TK_UNLIKELY(__builtin_add_overflow(us, TK_PG_US_TO_2000, &us))) {
        return false;
    }
    return give_int(column, us, out);
}

TK_PG_READER(tk_pg_binary_time) {
    if (len != 8) {
        return false;
    }
    int64_t us = (int64_t)tk_pg_get64(data);
    return us >= 0 && us <= TK_DAY_US && give_int(column, us, out);
}

/* The server counts its zones to the west. */
TK_PG_READER(tk_pg_binary_timetz) {
    if (len != 12) {
        return false;
    }
    takeo_cell cell = {.type = column->type};
    int32_t west = (int32_t)tk_pg_get32(data + 8);
    cell.v.span.us = (int64_t)tk_pg_get64(data);
    if (cell.v.span.us < 0 || cell.v.span.us > TK_DAY_US || west < -TK_PG_ZONE_MAX
        || west > TK_PG_ZONE_MAX) {
        return false;
    }
    cell.v.span.days = -west;
    *out = cell;
    return true;
}

/* Of the infinite ones, which PostgreSQL 17 has, a cell cannot tell. */
TK_PG_READER(tk_pg_binary_interval) {
    if (len != 16) {
        return false;
    }
    takeo_cell cell = {.type = column->type};
    cell.v.span.us = (int64_t)tk_pg_get64(data);
    cell.v.span.days = (int32_t)tk_pg_get32(data + 8);
    cell.v.span.months = (int32_t)tk_pg_get32(data + 12);
    if (!tk_pg_time_fits(&cell)) {
        return false;
    }
    *out = cell;
    return true;
}
