/* str.c - borrowed text: equality, the grammar of names, and how far two names are apart.
 *
 * It must not know what is named.
 */
#include "base/base.h"

enum { NAME_MAX_LEN = 63, DISTANCE_MAX_LEN = 255 };

bool tk_text_equal(takeo_text a, takeo_text b) {
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static bool is_letter(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

bool tk_name_is_valid(const char *data, size_t len) {
    if (data == NULL || len == 0 || len > NAME_MAX_LEN || !is_letter(data[0])) {
        return false;
    }
    for (size_t i = 1; i < len; i++) {
        if (!is_letter(data[i]) && (data[i] < '0' || data[i] > '9')) {
            return false;
        }
    }
    return true;
}

static size_t smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

/* One row of the table of distances; gives its smallest number.  `two_up` is read only where i and
 * j are both at least 2. */
static size_t distance_row(takeo_text a, takeo_text b, size_t i, const uint16_t *two_up,
                           const uint16_t *up, uint16_t *row) {
    size_t least = i;
    row[0] = (uint16_t)i;
    for (size_t j = 1; j <= b.len; j++) {
        size_t changed = (size_t)up[j - 1] + (a.data[i - 1] != b.data[j - 1] ? 1 : 0);
        size_t best = smaller(changed, smaller(up[j], row[j - 1]) + (size_t)1);
        if (i > 1 && j > 1 && a.data[i - 1] == b.data[j - 2] && a.data[i - 2] == b.data[j - 1]) {
            best = smaller(best, (size_t)two_up[j - 2] + 1);
        }
        row[j] = (uint16_t)best;
        least = smaller(least, best);
    }
    return least;
}

size_t tk_text_distance(takeo_text a, takeo_text b, size_t limit) {
    size_t apart = a.len > b.len ? a.len - b.len : b.len - a.len;
    if (apart > limit || a.len > DISTANCE_MAX_LEN || b.len > DISTANCE_MAX_LEN) {
        return tk_text_equal(a, b) ? 0 : limit + 1;
    }
    uint16_t rows[3][DISTANCE_MAX_LEN + 1] = {{0}};
    for (size_t j = 0; j <= b.len; j++) {
        rows[0][j] = (uint16_t)j;
    }
    size_t up_least = 0;
    for (size_t i = 1; i <= a.len; i++) {
        uint16_t *row = rows[i % 3];
        size_t least = distance_row(a, b, i, rows[(i + 1) % 3], rows[(i + 2) % 3], row);
        /* A swap reaches back two rows, so both have to be too far before we may stop. */
        if (least > limit && up_least > limit) {
            return limit + 1;
        }
        up_least = least;
    }
    return smaller(rows[a.len % 3][b.len], limit + 1);
}
