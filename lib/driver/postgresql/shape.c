/* shape.c - geometric types: cells hold their numbers, packed; the flag OPEN says it of a path.
 *
 *     point x y    line a b c    lseg, box: two points    circle: centre, radius
 *     path, polygon: any number of points
 *
 * In binary the numbers stand behind each other, big endian, those of a path behind a byte and a
 * count, those of a polygon behind a count.  In text there are brackets of all kinds between them.
 */
#include "driver/postgresql/types_int.h"

enum { NUMBER = 8, POINT = 2 * NUMBER };

uint32_t tk_pg_shape_size(takeo_type type) {
    switch (type) {
    case TAKEO_TYPE_POINT:
        return 2;
    case TAKEO_TYPE_LINE:
    case TAKEO_TYPE_CIRCLE:
        return 3;
    case TAKEO_TYPE_SEGMENT:
    case TAKEO_TYPE_BOX:
        return 4;
    default:
        return 0;
    }
}

/* ---- binary ---------------------------------------------------------------------------------- */

static bool read_numbers(tk_pg_column *column, const char *data, size_t len, takeo_cell *out) {
    char *numbers = tk_arena_take(column->values, len);
    column->has_no_memory = numbers == NULL;
    if (numbers == NULL) {
        return false;
    }
    for (size_t i = 0; i < len; i += NUMBER) {
        uint64_t bits = tk_pg_get64(data + i);
        memcpy(numbers + i, &bits, sizeof bits);
    }
    *out = tk_cell_text(column->type, numbers, len);
    return true;
}

TK_PG_READER(tk_pg_binary_shape) {
    return len == (size_t)tk_pg_shape_size(column->server->type) * NUMBER
           && read_numbers(column, data, len, out);
}

TK_PG_READER(tk_pg_binary_polygon) {
    return len >= 4 && (len - 4) % POINT == 0 && tk_pg_get32(data) == (len - 4) / POINT
           && read_numbers(column, data + 4, len - 4, out);
}

TK_PG_READER(tk_pg_binary_path) {
    if (len < 1 || !tk_pg_binary_polygon(column, data + 1, len - 1, out)) {
        return false;
    }
    out->flags = *data == 0 ? TAKEO_CELL_OPEN : 0;
    return true;
}

/* ---- text ------------------------------------------------------------------------------------ */

static bool is_between(char c) {
    return c != '\0' && strchr("()<>[]{}, ", c) != NULL;
}

/* How many numbers stand between brackets and commas. */
static size_t count_numbers(const char *data, size_t len) {
    size_t count = 0;
    for (size_t i = 0; i < len; i++) {
        count += !is_between(data[i]) && (i == 0 || is_between(data[i - 1]));
    }
    return count;
}

static bool parse_numbers(const char *data, size_t len, bool is_single, char *out) {
    for (size_t at = 0; at < len;) {
        size_t end = at;
        while (end < len && !is_between(data[end])) {
            end++;
        }
        if (end == at) {
            at++;
            continue;
        }
        double number;
        if (!tk_float_parse(data + at, end - at, is_single, &number, NULL)) {
            return false;
        }
        float narrow = (float)number;
        size_t size = is_single ? sizeof narrow : sizeof number;
        memcpy(out, is_single ? (void *)&narrow : (void *)&number, size);
        out += size;
        at = end;
    }
    return true;
}

static bool read_text(tk_pg_column *column, const char *data, size_t len, size_t count,
                      bool is_single, takeo_cell *out) {
    size_t size = count * (is_single ? sizeof(float) : sizeof(double)); /* less than 8 * len */
    char *numbers = tk_arena_take(column->values, size);
    column->has_no_memory = numbers == NULL;
    if (numbers == NULL || !parse_numbers(data, len, is_single, numbers)) {
        return false;
    }
    *out = tk_cell_text(column->type, numbers, size);
    return true;
}

TK_PG_READER(tk_pg_text_shape) {
    uint32_t size = tk_pg_shape_size(column->server->type);
    size_t count = count_numbers(data, len);
    if ((size != 0 ? count != size : count % 2 != 0)
        || !read_text(column, data, len, count, false, out)) {
        return false;
    }
    bool is_path = column->server->type == TAKEO_TYPE_PATH;
    out->flags = is_path && len != 0 && *data == '[' ? TAKEO_CELL_OPEN : 0;
    return true;
}

TK_PG_READER(tk_pg_text_vector) {
    return read_text(column, data, len, count_numbers(data, len), true, out);
}

/* ---- writing --------------------------------------------------------------------------------- */

static bool put_numbers(const takeo_cell *cell, tk_buf *out) {
    for (size_t i = 0; i + NUMBER <= cell->v.text.len; i += NUMBER) {
        uint64_t bits;
        memcpy(&bits, cell->v.text.data + i, sizeof bits);
        tk_pg_put64(out, bits);
    }
    return !out->failed;
}

TK_PG_WRITER(tk_pg_put_shape) {
    return cell->v.text.len == (size_t)tk_pg_shape_size(type->type) * NUMBER
           && put_numbers(cell, out);
}

TK_PG_WRITER(tk_pg_put_polygon) {
    (void)type;
    size_t count = cell->v.text.len / POINT;
    if (count == 0 || count > INT32_MAX || cell->v.text.len % POINT != 0) {
        return false;
    }
    tk_pg_put32(out, (uint32_t)count);
    return put_numbers(cell, out);
}

TK_PG_WRITER(tk_pg_put_path) {
    tk_buf_putc(out, (cell->flags & TAKEO_CELL_OPEN) != 0 ? 0 : 1);
    return tk_pg_put_polygon(type, cell, out);
}
