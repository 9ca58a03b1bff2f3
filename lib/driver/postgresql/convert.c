/* convert.c - columns whose statement wants another type than the server has.
 *
 * Read in the server's type first, then converted exactly: an integer has to fit, a decimal to be
 * whole, a float to keep its value.  The one exception is a float that was declared over a numeric
 * column: it is the nearest one, as its declaration asks for.  Texts are read by the exact parsers
 * of the room `value`.  All else is refused: there is one right way to make a timestamp of a date,
 * but it is not ours to choose it.
 */
#include <math.h>

#include "driver/postgresql/types_int.h"

TK_PG_READER(tk_pg_read_nothing) {
    (void)column;
    (void)data;
    (void)len;
    (void)out;
    return false;
}

TK_PG_READER(tk_pg_parse) {
    return tk_cell_parse(column->type, data, len, out, NULL) == TAKEO_DONE;
}

static bool is_whole(takeo_type type) {
    return type == TAKEO_TYPE_INT16 || type == TAKEO_TYPE_INT32 || type == TAKEO_TYPE_INT64
           || type == TAKEO_TYPE_OID;
}

/* ---- to integers ----------------------------------------------------------------------------- */

/* The size of a decimal without digits behind the point. */
static bool read_whole(const takeo_cell *cell, uint64_t *out, bool *out_is_negative) {
    tk_decimal number;
    uint32_t precision;
    uint32_t scale;
    if (!tk_decimal_read(cell->v.text.data, cell->v.text.len, &number) || number.special) {
        return false;
    }
    tk_decimal_size(&number, &precision, &scale);
    *out = 0;
    *out_is_negative = number.negative;
    return scale == 0
           && (number.whole.len == 0
               || tk_uint_parse(number.whole.data, number.whole.len, out, NULL));
}

static bool read_integer(const takeo_cell *cell, uint64_t *out, bool *out_is_negative) {
    if (is_whole(cell->type)) {
        *out_is_negative = cell->v.i < 0;
        *out = *out_is_negative ? 0 - (uint64_t)cell->v.i : (uint64_t)cell->v.i;
        return true;
    }
    if (cell->type == TAKEO_TYPE_UINT64) {
        *out_is_negative = false;
        *out = cell->v.u;
        return true;
    }
    return cell->type == TAKEO_TYPE_DECIMAL && read_whole(cell, out, out_is_negative);
}

static bool to_int(const tk_pg_column *column, const takeo_cell *cell, takeo_cell *out) {
    const tk_type_info *info = tk_type_info_of(column->type);
    uint64_t size;
    bool is_negative;
    if (!read_integer(cell, &size, &is_negative)
        || size > (uint64_t)INT64_MAX + (is_negative ? 1 : 0)) {
        return false;
    }
    int64_t i = is_negative && size != 0 ? -(int64_t)(size - 1) - 1 : (int64_t)size;
    if (i < info->min || i > info->max) {
        return false;
    }
    *out = tk_cell_int(column->type, i);
    return true;
}

static bool to_uint(const tk_pg_column *column, const takeo_cell *cell, takeo_cell *out) {
    takeo_cell made = {.type = column->type};
    bool is_negative;
    if (!read_integer(cell, &made.v.u, &is_negative) || (is_negative && made.v.u != 0)) {
        return false;
    }
    *out = made;
    return true;
}

/* ---- to others ------------------------------------------------------------------------------- */

static bool to_float(const tk_pg_column *column, const takeo_cell *cell, takeo_cell *out) {
    bool is_single = column->type == TAKEO_TYPE_FLOAT32;
    takeo_cell made = {.type = column->type};
    double number;
    if (cell->type == TAKEO_TYPE_DECIMAL) {
        if (!tk_float_parse(cell->v.text.data, cell->v.text.len, is_single, &number, NULL)) {
            return false;
        }
    } else if (is_whole(cell->type)) {
        number = is_single ? (double)(float)cell->v.i : (double)cell->v.i;
        /* Up to 2^63, which is no int64. */
        if (number >= 0x1p63 || (int64_t)number != cell->v.i) {
            return false;
        }
    } else if (cell->type == TAKEO_TYPE_FLOAT64) {
        number = cell->v.f;
        if (!isnan(number) && !isinf(number)
            && (fabs(number) > 0x1.fffffep127 || (double)(float)number != number)) {
            return false;
        }
    } else {
        return false;
    }
    made.v.f = number;
    *out = made;
    return true;
}

static bool give_text(tk_pg_column *column, const char *text, takeo_cell *out) {
    size_t len = strlen(text);
    char *copy = tk_arena_copy(column->values, text, len);
    column->has_no_memory = copy == NULL;
    *out = tk_cell_text(column->type, copy, len);
    return copy != NULL;
}

static bool to_decimal(tk_pg_column *column, const takeo_cell *cell, takeo_cell *out) {
    uint64_t size;
    bool is_negative;
    char digits[24];
    char *at = digits + sizeof digits - 1;
    if (!read_integer(cell, &size, &is_negative)) {
        return false;
    }
    *at = '\0';
    do {
        *--at = (char)('0' + size % 10);
        size /= 10;
    } while (size != 0);
    if (is_negative) {
        *--at = '-';
    }
    return give_text(column, at, out);
}

static bool to_text(tk_pg_column *column, const takeo_cell *cell, takeo_cell *out) {
    char text[40];
    if (cell->type != TAKEO_TYPE_UUID) {
        return false;
    }
    tk_uuid_write(cell->v.uuid, text);
    return give_text(column, text, out);
}

/* ---- by type --------------------------------------------------------------------------------- */

TK_PG_READER(tk_pg_convert) {
    takeo_cell cell;
    if (!column->read(column, data, len, &cell)) {
        return false;
    }
    cell.type = column->server->type; /* readers say what the column is */
    switch (column->type) {
    case TAKEO_TYPE_INT16:
    case TAKEO_TYPE_INT32:
    case TAKEO_TYPE_INT64:
    case TAKEO_TYPE_OID:
    case TAKEO_TYPE_YEAR:
        return to_int(column, &cell, out);
    case TAKEO_TYPE_UINT64:
        return to_uint(column, &cell, out);
    case TAKEO_TYPE_FLOAT32:
    case TAKEO_TYPE_FLOAT64:
        return to_float(column, &cell, out);
    case TAKEO_TYPE_DECIMAL:
        return to_decimal(column, &cell, out);
    case TAKEO_TYPE_TEXT:
    case TAKEO_TYPE_UNKNOWN:
        return to_text(column, &cell, out);
    default:
        return false;
    }
}
