/* decode.c - stored values as cells of a logical type; one function per type, chosen once per
 * column.
 *
 * SQLite lets every cell of a column have another storage class, so each function looks at the
 * class first and takes only what means exactly one value of its type.  All else is refused; it is
 * never cast.  Text is handed over as it is stored: whether it is valid UTF-8 is for the host to
 * see, which looks at every byte anyhow when it makes its own string.  It must not know statements.
 */
#include <inttypes.h>
#include <stdio.h>

#include "driver/sqlite/sqlite_int.h"

/* Borrow text; false also without memory, which tk_sqlite_fetch tells apart. */
static bool read_text(sqlite3_value *value, const char **out_data, size_t *out_len) {
    const char *data = (const char *)tk_lite.value_text(value);
    if (TK_UNLIKELY(data == NULL)) {
        return false;
    }
    *out_data = data;
    *out_len = (size_t)tk_lite.value_bytes(value); /* after value_text: bytes of that text */
    return true;
}

static bool set_text(sqlite3_value *value, takeo_type type, takeo_cell *out) {
    const char *data;
    size_t len;
    if (!read_text(value, &data, &len)) {
        return false;
    }
    *out = tk_cell_text(type, data, len);
    return true;
}

static bool set_bytes(sqlite3_value *value, takeo_type type, takeo_cell *out) {
    const char *data = tk_lite.value_blob(value);
    *out = tk_cell_text(type, data != NULL ? data : "", (size_t)tk_lite.value_bytes(value));
    return true;
}

/* ---- numbers --------------------------------------------------------------------------------- */

static bool decode_int64(tk_sqlite_column *column, sqlite3_value *value, int storage,
                         takeo_cell *out) {
    if (storage != SQLITE_INTEGER) {
        return false;
    }
    *out = tk_cell_int(column->type, tk_lite.value_int64(value));
    return true;
}

/* Smaller integers, booleans among them: the range stands in the table of types. */
static bool decode_int(tk_sqlite_column *column, sqlite3_value *value, int storage,
                       takeo_cell *out) {
    if (storage != SQLITE_INTEGER) {
        return false;
    }
    int64_t i = tk_lite.value_int64(value);
    if (i < column->min || i > column->max) {
        return false;
    }
    *out = tk_cell_int(column->type, i);
    return true;
}

static bool decode_uint(tk_sqlite_column *column, sqlite3_value *value, int storage,
                        takeo_cell *out) {
    if (storage != SQLITE_INTEGER || tk_lite.value_int64(value) < 0) {
        return false;
    }
    *out = (takeo_cell){.type = column->type, .v = {.u = (uint64_t)tk_lite.value_int64(value)}};
    return true;
}

/* An integer has a place in a REAL column of another tool when it is exact as a double. */
static bool decode_float(tk_sqlite_column *column, sqlite3_value *value, int storage,
                         takeo_cell *out) {
    if (storage == SQLITE_INTEGER) {
        int64_t i = tk_lite.value_int64(value);
        const int64_t exact = INT64_C(1) << 53;
        if (i < -exact || i > exact) {
            return false;
        }
    } else if (storage != SQLITE_FLOAT) {
        return false;
    }
    *out = (takeo_cell){.type = column->type, .v = {.f = tk_lite.value_double(value)}};
    return true;
}

/* A number that another tool stored where a decimal belongs: exact integers only. */
static bool decode_decimal_number(tk_sqlite_column *column, sqlite3_value *value, int storage,
                                  takeo_cell *out) {
    int64_t i = 0;
    if (storage == SQLITE_INTEGER) {
        i = tk_lite.value_int64(value);
    } else {
        double f = tk_lite.value_double(value);
        if (!(f >= -0x1p53 && f <= 0x1p53)) {
            return false;
        }
        i = (int64_t)f;
        if ((double)i != f) {
            return false;
        }
    }
    int len = snprintf(column->scratch, sizeof column->scratch, "%" PRId64, i);
    *out = tk_cell_text(column->type, column->scratch, (size_t)len);
    return true;
}

static bool decode_decimal(tk_sqlite_column *column, sqlite3_value *value, int storage,
                           takeo_cell *out) {
    if (storage == SQLITE_INTEGER || storage == SQLITE_FLOAT) {
        return decode_decimal_number(column, value, storage, out);
    }
    tk_decimal number;
    return storage == SQLITE_TEXT && set_text(value, column->type, out)
           && tk_decimal_read(out->v.text.data, out->v.text.len, &number);
}

/* ---- text and bytes -------------------------------------------------------------------------- */

static bool decode_text(tk_sqlite_column *column, sqlite3_value *value, int storage,
                        takeo_cell *out) {
    return storage == SQLITE_TEXT && set_text(value, column->type, out);
}

static bool decode_bytes(tk_sqlite_column *column, sqlite3_value *value, int storage,
                         takeo_cell *out) {
    return storage == SQLITE_BLOB && set_bytes(value, column->type, out);
}

/* A number is JSON too: a column without TEXT affinity stores '5' as the integer. */
static bool decode_json(tk_sqlite_column *column, sqlite3_value *value, int storage,
                        takeo_cell *out) {
    return storage != SQLITE_BLOB && set_text(value, column->type, out)
           && tk_json_is_valid(out->v.text.data, out->v.text.len);
}

/* Its cells stand in the arena of the row.  False also without memory, as read_text. */
static bool decode_array(tk_sqlite_column *column, sqlite3_value *value, int storage,
                         takeo_cell *out) {
    const char *data;
    size_t len;
    bool has_memory = true;
    bool is_read =
        storage == SQLITE_TEXT && read_text(value, &data, &len)
        && tk_array_read_json(data, len, column->element, column->values, out, &has_memory);
    column->has_no_memory = !has_memory;
    return is_read;
}

static bool decode_uuid(tk_sqlite_column *column, sqlite3_value *value, int storage,
                        takeo_cell *out) {
    const char *data;
    size_t len;
    *out = (takeo_cell){.type = column->type};
    if (storage == SQLITE_BLOB && tk_lite.value_bytes(value) == (int)sizeof out->v.uuid) {
        memcpy(out->v.uuid, tk_lite.value_blob(value), sizeof out->v.uuid);
        return true;
    }
    return storage == SQLITE_TEXT && read_text(value, &data, &len)
           && tk_uuid_parse(data, len, out->v.uuid);
}

/* ---- dates and times ------------------------------------------------------------------------- */

static bool decode_date(tk_sqlite_column *column, sqlite3_value *value, int storage,
                        takeo_cell *out) {
    const char *data;
    size_t len;
    int64_t days;
    if (storage != SQLITE_TEXT || !read_text(value, &data, &len)
        || !tk_date_parse(data, len, &days)) {
        return false;
    }
    *out = tk_cell_int(column->type, days);
    return true;
}

static bool decode_time(tk_sqlite_column *column, sqlite3_value *value, int storage,
                        takeo_cell *out) {
    const char *data;
    size_t len;
    int64_t us;
    if (storage != SQLITE_TEXT || !read_text(value, &data, &len)
        || !tk_time_parse(data, len, &us)) {
        return false;
    }
    *out = tk_cell_int(column->type, us);
    return true;
}

/* A timestamptz without a zone is UTC, as it is written here; a timestamp with one is not exactly
 * any time on the wall. */
static bool decode_timestamp(tk_sqlite_column *column, sqlite3_value *value, int storage,
                             takeo_cell *out) {
    const char *data;
    size_t len;
    int64_t us;
    bool has_zone = false;
    if (storage != SQLITE_TEXT || !read_text(value, &data, &len)) {
        return false;
    }
    if (!(len == 26 && tk_timestamp_read_fixed(data, &us))
        && !tk_timestamp_parse(data, len, &us, &has_zone)) {
        return false;
    }
    if (has_zone && column->type == TAKEO_TYPE_TIMESTAMP) {
        return false;
    }
    *out = tk_cell_int(column->type, us);
    return true;
}

static bool decode_interval(tk_sqlite_column *column, sqlite3_value *value, int storage,
                            takeo_cell *out) {
    const char *data;
    size_t len;
    (void)column;
    return storage == SQLITE_TEXT && read_text(value, &data, &len)
           && tk_interval_parse(data, len, out);
}

/* ---- the table ------------------------------------------------------------------------------- */

/* A column whose type nobody said: each cell has the type of its storage class. */
static bool decode_any(tk_sqlite_column *column, sqlite3_value *value, int storage,
                       takeo_cell *out) {
    (void)column;
    switch (storage) {
    case SQLITE_INTEGER:
        *out = tk_cell_int(TAKEO_TYPE_INT64, tk_lite.value_int64(value));
        return true;
    case SQLITE_FLOAT:
        *out = (takeo_cell){.type = TAKEO_TYPE_FLOAT64, .v = {.f = tk_lite.value_double(value)}};
        return true;
    case SQLITE_TEXT:
        return set_text(value, TAKEO_TYPE_TEXT, out);
    default:
        return set_bytes(value, TAKEO_TYPE_BYTES, out);
    }
}

static bool decode_nothing(tk_sqlite_column *column, sqlite3_value *value, int storage,
                           takeo_cell *out) {
    (void)column;
    (void)value;
    (void)storage;
    (void)out;
    return false;
}

static const tk_sqlite_decoder decoders[] = {
    [TAKEO_TYPE_NONE] = decode_any,
    [TAKEO_TYPE_BOOL] = decode_int,
    [TAKEO_TYPE_INT16] = decode_int,
    [TAKEO_TYPE_INT32] = decode_int,
    [TAKEO_TYPE_INT64] = decode_int64,
    [TAKEO_TYPE_UINT64] = decode_uint,
    [TAKEO_TYPE_FLOAT32] = decode_float,
    [TAKEO_TYPE_FLOAT64] = decode_float,
    [TAKEO_TYPE_DECIMAL] = decode_decimal,
    [TAKEO_TYPE_MONEY] = decode_text,
    [TAKEO_TYPE_OID] = decode_int64,
    [TAKEO_TYPE_TEXT] = decode_text,
    [TAKEO_TYPE_BYTES] = decode_bytes,
    [TAKEO_TYPE_UUID] = decode_uuid,
    [TAKEO_TYPE_JSON] = decode_json,
    [TAKEO_TYPE_ENUM] = decode_text,
    [TAKEO_TYPE_XML] = decode_text,
    [TAKEO_TYPE_UNKNOWN] = decode_text,
    [TAKEO_TYPE_DATE] = decode_date,
    [TAKEO_TYPE_TIME] = decode_time,
    [TAKEO_TYPE_TIMESTAMP] = decode_timestamp,
    [TAKEO_TYPE_TIMESTAMPTZ] = decode_timestamp,
    [TAKEO_TYPE_INTERVAL] = decode_interval,
    [TAKEO_TYPE_YEAR] = decode_int64,
    [TAKEO_TYPE_INET] = decode_text,
    [TAKEO_TYPE_MACADDR] = decode_text,
    [TAKEO_TYPE_POINT] = decode_bytes,
    [TAKEO_TYPE_LINE] = decode_bytes,
    [TAKEO_TYPE_SEGMENT] = decode_bytes,
    [TAKEO_TYPE_BOX] = decode_bytes,
    [TAKEO_TYPE_POLYGON] = decode_bytes,
    [TAKEO_TYPE_CIRCLE] = decode_bytes,
    [TAKEO_TYPE_GEOMETRY] = decode_bytes,
    [TAKEO_TYPE_VECTOR] = decode_bytes,
    [TAKEO_TYPE_LTREE] = decode_text,
    [TAKEO_TYPE_CITEXT] = decode_text,
    [TAKEO_TYPE_ARRAY] = decode_array,
};

void tk_sqlite_column_init(tk_sqlite_column *column, takeo_type type, takeo_type element) {
    tk_sqlite_decoder decode = type < TK_COUNT(decoders) ? decoders[type] : NULL;
    const tk_type_info *info = tk_type_info_of(type);
    column->decode = decode != NULL ? decode : decode_nothing;
    column->type = type;
    column->element = element;
    column->min = type == TAKEO_TYPE_BOOL ? 0 : info != NULL ? info->min : 0;
    column->max = type == TAKEO_TYPE_BOOL ? 1 : info != NULL ? info->max : 0;
}

const char *tk_sqlite_storage_name(int storage) {
    static const char *const names[] = {
        [SQLITE_INTEGER] = "an integer", [SQLITE_FLOAT] = "a real number", [SQLITE_TEXT] = "a text",
        [SQLITE_BLOB] = "a blob",        [SQLITE_NULL] = "NULL",
    };
    return storage > 0 && (size_t)storage < TK_COUNT(names) ? names[storage] : "?";
}
