/* encode.c - cells in the forms that SQLite stores.
 *
 *     bool, integers, oid, year    INTEGER
 *     float                        REAL
 *     decimal                      TEXT, canonical as it comes
 *     text, json, enum ...         TEXT
 *     bytes, packed shapes         BLOB
 *     uuid                         TEXT of 36
 *     date, time                   TEXT  YYYY-MM-DD, HH:MM:SS.ffffff
 *     timestamp, timestamptz       TEXT  YYYY-MM-DD HH:MM:SS.ffffff, of a timestamptz in UTC
 *     interval                     TEXT  P1Y2M3DT4H5M6.5S, ISO 8601
 *     list argument                a pointer, for takeo_list; execute.c writes arrays of columns
 *                                  as JSON texts
 *
 * The order of these texts is the order of the values, but for decimals and intervals
 * (functions.c).  What has no form here, and what SQLite would quietly turn into something else, is
 * refused.  It must not know statements.
 */
#include "driver/sqlite/sqlite_int.h"

typedef tk_sqlite_kind (*encoder)(const takeo_cell *cell, char *scratch, tk_sqlite_value *out);

static tk_sqlite_kind encode_int(const takeo_cell *cell, char *scratch, tk_sqlite_value *out) {
    (void)scratch;
    out->i = cell->v.i;
    return TK_SQLITE_INT;
}

static tk_sqlite_kind encode_uint(const takeo_cell *cell, char *scratch, tk_sqlite_value *out) {
    (void)scratch;
    out->i = (int64_t)cell->v.u;
    return cell->v.u <= INT64_MAX ? TK_SQLITE_INT : TK_SQLITE_REFUSED;
}

static tk_sqlite_kind encode_float(const takeo_cell *cell, char *scratch, tk_sqlite_value *out) {
    (void)scratch;
    out->f = cell->v.f;
    return out->f == out->f ? TK_SQLITE_FLOAT : TK_SQLITE_REFUSED; /* NaN would be stored as NULL */
}

/* The pointer of an empty text or blob is never NULL: SQLite takes NULL for the value NULL. */
static void borrow(const takeo_cell *cell, tk_sqlite_value *out) {
    out->data = cell->v.text.data != NULL ? cell->v.text.data : "";
    out->len = cell->v.text.len;
}

static tk_sqlite_kind encode_text(const takeo_cell *cell, char *scratch, tk_sqlite_value *out) {
    (void)scratch;
    borrow(cell, out);
    return TK_SQLITE_TEXT;
}

static tk_sqlite_kind encode_bytes(const takeo_cell *cell, char *scratch, tk_sqlite_value *out) {
    (void)scratch;
    borrow(cell, out);
    return TK_SQLITE_BLOB;
}

static tk_sqlite_kind encode_decimal(const takeo_cell *cell, char *scratch, tk_sqlite_value *out) {
    (void)scratch;
    borrow(cell, out);
    char last = out->len != 0 ? out->data[out->len - 1] : 0;
    return last >= '0' && last <= '9' ? TK_SQLITE_TEXT : TK_SQLITE_REFUSED; /* NaN, Infinity */
}

static tk_sqlite_kind encode_uuid(const takeo_cell *cell, char *scratch, tk_sqlite_value *out) {
    tk_uuid_write(cell->v.uuid, scratch);
    out->data = scratch;
    out->len = 36;
    return TK_SQLITE_TEXT;
}

/* A text that was written out; only its usual width keeps the order. */
static tk_sqlite_kind written(const takeo_cell *cell, char *scratch, size_t len, size_t width,
                              tk_sqlite_value *out) {
    out->data = scratch;
    out->len = len;
    bool is_finite = (cell->flags & TAKEO_CELL_INFINITE) == 0;
    bool has_year =
        cell->type == TAKEO_TYPE_TIME || memcmp(scratch, "0000", 4) != 0; /* from 1 on */
    return is_finite && has_year && len == width ? TK_SQLITE_TEXT : TK_SQLITE_REFUSED;
}

static tk_sqlite_kind encode_date(const takeo_cell *cell, char *scratch, tk_sqlite_value *out) {
    return written(cell, scratch, tk_date_write(cell->v.i, scratch), 10, out);
}

static tk_sqlite_kind encode_time(const takeo_cell *cell, char *scratch, tk_sqlite_value *out) {
    return written(cell, scratch, tk_time_write(cell->v.i, scratch), 15, out);
}

static tk_sqlite_kind encode_timestamp(const takeo_cell *cell, char *scratch,
                                       tk_sqlite_value *out) {
    return written(cell, scratch, tk_timestamp_write(cell->v.i, scratch), 26, out);
}

static tk_sqlite_kind encode_interval(const takeo_cell *cell, char *scratch, tk_sqlite_value *out) {
    out->len = tk_interval_write(cell, scratch);
    out->data = scratch;
    return TK_SQLITE_TEXT;
}

static tk_sqlite_kind encode_list(const takeo_cell *cell, char *scratch, tk_sqlite_value *out) {
    (void)scratch;
    out->data = (const char *)cell;
    return TK_SQLITE_POINTER;
}

static const encoder encoders[] = {
    [TAKEO_TYPE_BOOL] = encode_int,
    [TAKEO_TYPE_INT16] = encode_int,
    [TAKEO_TYPE_INT32] = encode_int,
    [TAKEO_TYPE_INT64] = encode_int,
    [TAKEO_TYPE_UINT64] = encode_uint,
    [TAKEO_TYPE_FLOAT32] = encode_float,
    [TAKEO_TYPE_FLOAT64] = encode_float,
    [TAKEO_TYPE_DECIMAL] = encode_decimal,
    [TAKEO_TYPE_MONEY] = encode_text,
    [TAKEO_TYPE_OID] = encode_int,
    [TAKEO_TYPE_TEXT] = encode_text,
    [TAKEO_TYPE_BYTES] = encode_bytes,
    [TAKEO_TYPE_UUID] = encode_uuid,
    [TAKEO_TYPE_JSON] = encode_text,
    [TAKEO_TYPE_ENUM] = encode_text,
    [TAKEO_TYPE_XML] = encode_text,
    [TAKEO_TYPE_UNKNOWN] = encode_text,
    [TAKEO_TYPE_DATE] = encode_date,
    [TAKEO_TYPE_TIME] = encode_time,
    [TAKEO_TYPE_TIMESTAMP] = encode_timestamp,
    [TAKEO_TYPE_TIMESTAMPTZ] = encode_timestamp,
    [TAKEO_TYPE_INTERVAL] = encode_interval,
    [TAKEO_TYPE_YEAR] = encode_int,
    [TAKEO_TYPE_INET] = encode_text,
    [TAKEO_TYPE_MACADDR] = encode_text,
    [TAKEO_TYPE_POINT] = encode_bytes,
    [TAKEO_TYPE_LINE] = encode_bytes,
    [TAKEO_TYPE_SEGMENT] = encode_bytes,
    [TAKEO_TYPE_BOX] = encode_bytes,
    [TAKEO_TYPE_POLYGON] = encode_bytes,
    [TAKEO_TYPE_CIRCLE] = encode_bytes,
    [TAKEO_TYPE_GEOMETRY] = encode_bytes,
    [TAKEO_TYPE_VECTOR] = encode_bytes,
    [TAKEO_TYPE_LTREE] = encode_text,
    [TAKEO_TYPE_CITEXT] = encode_text,
    [TAKEO_TYPE_ARRAY] = encode_list,
};

static encoder encoder_of(takeo_type type) {
    return type < TK_COUNT(encoders) ? encoders[type] : NULL;
}

tk_sqlite_kind tk_sqlite_encode(const takeo_cell *cell, char *scratch, tk_sqlite_value *out) {
    if (tk_cell_is_null(cell)) {
        return TK_SQLITE_NULL;
    }
    encoder encode = encoder_of(cell->type);
    return encode != NULL ? encode(cell, scratch, out) : TK_SQLITE_REFUSED;
}

/* Which argument it was: the rooms above know what it is for. */
static void set_number(uint32_t number, tk_error *error) {
    takeo_error *record = error != NULL ? tk_error_last(error) : NULL;
    if (record != NULL) {
        record->object = number;
    }
}

takeo_status tk_sqlite_refuse(const takeo_cell *cell, uint32_t number, tk_error *error) {
    if (encoder_of(cell->type) == NULL) {
        takeo_status status =
            tk_raise(error, TK_CALL_UNSUPPORTED, "SQLite keeps no values of type %s (argument %u).",
                     tk_type_name(cell->type), number);
        set_number(number, error);
        return status;
    }
    takeo_status status =
        tk_raise(error, TK_INPUT_RANGE, "SQLite cannot keep argument %u, a value of type %s.",
                 number, tk_type_name(cell->type));
    set_number(number, error);
    tk_buf shown;
    tk_buf_init(&shown, tk_alloc_default, 200);
    tk_cell_show(cell, 100, &shown);
    TK_SET(error, got, "%s", !shown.failed && shown.data != NULL ? shown.data : "?");
    tk_buf_done(&shown);
    TK_SET(error, why, "%s",
           cell->type == TAKEO_TYPE_UINT64 ? "Integers of SQLite end at 9223372036854775807."
           : cell->type == TAKEO_TYPE_ARRAY
               ? "An array is stored as JSON, which has no NaN, no infinity and no bytes."
               : "It has no NaN, decimals and times no infinity, and years run from 1 to 9999.");
    return status;
}
