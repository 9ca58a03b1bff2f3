/* value.h - door of the room `value`: logical types, cells, and exact conversions of their texts.
 *
 * It knows the forms that values have as text and as numbers.  It does not know SQL, the type
 * numbers of any server, hosts or columns.
 *
 * Exact means: a conversion gives the one value that was meant, or fails; it never rounds, cuts or
 * guesses.  Functions that return bool leave their outputs alone when they fail.
 */
#ifndef TK_VALUE_H
#define TK_VALUE_H

#include "base/base.h"
#include "takeo/value.h"

/* ---- type.c ---------------------------------------------------------------------------------- */

/* Which member of a cell's union holds the value. */
typedef enum tk_form {
    TK_FORM_NONE,
    TK_FORM_INT,
    TK_FORM_UINT,
    TK_FORM_FLOAT,
    TK_FORM_TEXT,
    TK_FORM_UUID,
    TK_FORM_SPAN,
    TK_FORM_LIST
} tk_form;

typedef struct tk_type_info {
    takeo_type type;
    uint8_t form;
    const char *name; /* "int64", "timestamptz": for messages and descriptions */
    int64_t min;      /* of integers */
    int64_t max;
} tk_type_info;

const tk_type_info *tk_type_info_of(takeo_type type);  /* NULL: no such type */
const char *tk_type_name(takeo_type type);             /* "?" */
takeo_type tk_type_find(const char *name, size_t len); /* 0: none */

/* ---- cell.c ---------------------------------------------------------------------------------- */

/* Cells are made by macros: what a function gives is built apart and copied, and the copy waits for
 * the stores before it; a literal is written where it goes, at a fifth of the time. */
#define tk_cell_null() ((takeo_cell){.flags = TAKEO_CELL_NULL})
#define tk_cell_int(type_, i_) ((takeo_cell){.type = (type_), .v = {.i = (i_)}})
#define tk_cell_text(type_, data_, len_)                                                           \
    ((takeo_cell){.type = (type_), .v = {.text = {(data_), (len_)}}})
static inline bool tk_cell_is_null(const takeo_cell *cell) {
    return (cell->flags & TAKEO_CELL_NULL) != 0 || cell->type == TAKEO_TYPE_NONE;
}
/* Equal in type, flags and value; of lists, element by element. */
bool tk_cell_equal(const takeo_cell *a, const takeo_cell *b);
uint64_t tk_cell_hash(const takeo_cell *cell, uint64_t seed);
/* A deep copy: text and lists go into the arena. */
TK_CHECKED bool tk_cell_copy(tk_arena *arena, const takeo_cell *cell, takeo_cell *out);
/* For messages: at most `limit` bytes, cut at a character with "..." */
void tk_cell_show(const takeo_cell *cell, size_t limit, tk_buf *out);
/* The bodies of takeo_cell_parse and takeo_cell_format. */
takeo_status tk_cell_parse(takeo_type type, const char *text, size_t len, takeo_cell *out,
                           tk_error *error);
void tk_cell_format(const takeo_cell *cell, tk_buf *out);

/* ---- what goes to a server ----------------------------------------------------------------------
 *
 * A text and the types of the cells that go in and come out: made by the room `sql`, sent by a
 * driver, carried by `conn`.  It stands here because those rooms do not know each other; nobody
 * here looks into the text.
 */
typedef struct tk_sql {
    uint64_t id;      /* of the statement in its dialect; unique in the process, never 0 */
    const char *text; /* zero-terminated */
    size_t len;
    const takeo_type *parameters; /* NULL: bind by the type of each cell */
    uint32_t parameter_count;
    const takeo_type *columns; /* logical type of each result column; NULL: found out at run time */
    const takeo_type *elements; /* of those that are arrays; NULL: not known */
    uint32_t column_count;
    bool is_write; /* changes rows */
    /* Set when every argument is a list with the values of one column for many rows, and the rows
     * may as well go the server's way for bulk: its text, and a statement whose parameters have the
     * types of those columns. */
    const char *copy_text;
    const char *copy_types_text;
    /* Of each parameter: is it a list whose values are lists themselves?  To the server these are
     * texts, which the text casts.  NULL: none. */
    const bool *holds_lists;
} tk_sql;

/* ---- decimal.c: decimals as text, no floating point on the way ------------------------------- */

enum { TK_DECIMAL_MAX = 140000 }; /* bytes of a decimal's text that are looked at */

typedef struct tk_decimal { /* a number read from its text; digits borrow from it */
    bool negative;
    bool special;        /* NaN, Infinity: `text` says which */
    takeo_text whole;    /* digits before the point, no leading zeros; may be empty */
    takeo_text fraction; /* digits after it, trailing zeros kept */
    takeo_text text;
} tk_decimal;

/* Plain form only: sign, digits, one point; NaN, Infinity, -Infinity.  No exponent: a host that has
 * one expands it first (tk_decimal_expand). */
bool tk_decimal_read(const char *text, size_t len, tk_decimal *out);
/* Text with an exponent, such as "1E+3" or "-1.5e-7", as plain text; fails above max digits. */
bool tk_decimal_expand(const char *text, size_t len, tk_buf *out);
/* The one spelling that stands for its value and scale: no leading zeros, no "-0", scale kept. */
bool tk_decimal_canonical(const char *text, size_t len, tk_buf *out);
/* Digits needed: precision counts all of them, scale those behind the point that are not zero. */
void tk_decimal_size(const tk_decimal *number, uint32_t *out_precision, uint32_t *out_scale);
int tk_decimal_compare(const tk_decimal *a, const tk_decimal *b); /* by value; NaN is greatest */
/* Without signs; no specials. */
int tk_decimal_compare_size(const tk_decimal *a, const tk_decimal *b);
bool tk_decimal_is_zero(const tk_decimal *number);
/* Exact sum as plain text, with the larger scale. */
bool tk_decimal_add(const tk_decimal *a, const tk_decimal *b, tk_buf *out);
/* Exact quotient rounded half-even to `scale` digits behind the point (for avg). */
bool tk_decimal_divide(const tk_decimal *a, int64_t divisor, uint32_t scale, tk_buf *out);

/* ---- number.c: integers and floating point as text, the same in every locale ----------------- */

enum { TK_FLOAT_SIZE = 32 };

/* Sign and digits.  False: another form, or outside int64; *out_is_number (may be NULL) says that
 * it was a number all the same. */
bool tk_int_parse(const char *text, size_t len, int64_t *out, bool *out_is_number);
bool tk_uint_parse(const char *text, size_t len, uint64_t *out, bool *out_is_number);
/* Digits with point and exponent, NaN, Infinity, -Infinity; `is_single` rounds once to a float.  A
 * number that would become infinite, or zero without being zero, is outside the range. */
bool tk_float_parse(const char *text, size_t len, bool is_single, double *out, bool *out_is_number);
/* The shortest text that reads back as the same number; gives its length. */
size_t tk_float_write(double number, bool is_single, char out[TK_FLOAT_SIZE]);

/* ---- temporal.c: proleptic Gregorian calendar, microseconds ---------------------------------- */

#define TK_DAY_US INT64_C(86400000000)

/* Rounded down, by a number above 0; *out_rest is what is left, 0 or more: of microseconds the whole
 * days and the time of the day. */
static inline int64_t tk_floor_divide(int64_t number, int64_t by, int64_t *out_rest) {
    int64_t rest = number % by;
    bool is_below = rest < 0;
    *out_rest = is_below ? rest + by : rest;
    return number / by - is_below;
}

void tk_civil_from_days(int64_t days, int *out_year, int *out_month, int *out_day); /* from 1970 */
int64_t tk_days_from_civil(int year, int month, int day);
bool tk_date_parse(const char *text, size_t len, int64_t *out_days); /* YYYY-MM-DD */
bool tk_time_parse(const char *text, size_t len, int64_t *out_us);   /* HH:MM[:SS[.ffffff]] */
/* Time and offset; *out_east is seconds east of UTC. */
bool tk_timetz_parse(const char *text, size_t len, int64_t *out_us, int32_t *out_east);
/* Date, ' ' or 'T', time; *out_has_zone says whether Z or an offset followed (then us is UTC). */
bool tk_timestamp_parse(const char *text, size_t len, int64_t *out_us, bool *out_has_zone);
/* Writers give the length and end with a zero byte; years 0001-9999 have fixed widths 10/15/26. */
size_t tk_date_write(int64_t days, char out[16]);
size_t tk_time_write(int64_t us, char out[24]);      /* HH:MM:SS.ffffff */
size_t tk_timestamp_write(int64_t us, char out[40]); /* YYYY-MM-DD HH:MM:SS.ffffff */
/* The fixed 26 byte form at full speed, as tk_timestamp_write makes it; false: another form. */
bool tk_timestamp_read_fixed(const char *text, int64_t *out_us);

/* ---- interval.c: ISO 8601 durations, months and days kept apart ------------------------------ */

enum { TK_INTERVAL_SIZE = 96 };

bool tk_interval_parse(const char *text, size_t len, takeo_cell *out); /* P1Y2M3DT4H5M6.5S */
size_t tk_interval_write(const takeo_cell *cell, char out[TK_INTERVAL_SIZE]);
/* The one form of a duration, which has no months: its time is less than a day and has the sign of its
 * days.  A number of days beyond an interval's leaves it as it is. */
void tk_interval_settle(takeo_cell *duration);
/* Below, at or above 0, as PostgreSQL compares them: a month counts 30 days, a day 24 hours. */
int tk_interval_compare(const takeo_cell *a, const takeo_cell *b);

/* ---- uuid.c, json.c -------------------------------------------------------------------------- */

bool tk_uuid_parse(const char *text, size_t len, uint8_t out[16]); /* 36 characters, any case */
void tk_uuid_write(const uint8_t uuid[16], char out[37]);
TK_CHECKED bool tk_uuid_new_v4(uint8_t out[16]);
TK_CHECKED bool tk_uuid_new_v7(uint8_t out[16]); /* sorted by time, also within a millisecond */

/* Valid JSON as RFC 8259 has it, nested at most 512 deep, without \u0000; never recursive. */
bool tk_json_is_valid(const char *text, size_t len);

/* ---- array.c: arrays as JSON text, exact both ways, lists nested at most 64 deep ------------- */

/* Without blanks.  False: an element has no form there (NaN, bytes), or out->failed; what was put
 * out by then is to be thrown away. */
TK_CHECKED bool tk_array_write_json(const takeo_cell *list, tk_buf *out);
/* Texts and cells go into the arena.  `element` NONE: each element has the type that JSON gives it.
 * False: no array of such elements, or *out_has_memory says that there was no memory. */
TK_CHECKED bool tk_array_read_json(const char *text, size_t len, takeo_type element,
                                   tk_arena *arena, takeo_cell *out, bool *out_has_memory);

#endif
