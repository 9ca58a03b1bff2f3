/* cell.c - cells compared, hashed and copied.
 *
 * By what they hold, not by what it means: 1.0 and 1.00 are two decimals here, NaN is equal to
 * itself, -0.0 is not 0.0.  All NULLs are equal, whatever type they come with.  It must not know
 * columns.
 */
#include "value/value.h"

/* Lists within lists; no server nests deeper, so a deeper cell is damaged. */
enum { DEPTH_MAX = 64 };

static tk_form form_of(takeo_type type) {
    const tk_type_info *info = tk_type_info_of(type);
    return info != NULL ? (tk_form)info->form : TK_FORM_NONE;
}

/* Bytes of a text; of bit strings the length counts bits. */
static size_t text_size(const takeo_cell *cell) {
    size_t len = cell->v.text.len;
    return cell->type == TAKEO_TYPE_BITS ? len / 8 + (len % 8 != 0) : len;
}

/* Of an infinite date only the sign of i has a meaning. */
static int64_t int_of(const takeo_cell *cell) {
    if ((cell->flags & TAKEO_CELL_INFINITE) != 0) {
        return cell->v.i < 0 ? -1 : 1;
    }
    return cell->v.i;
}

static bool equal_at(const takeo_cell *a, const takeo_cell *b, unsigned depth);

static bool lists_equal(const takeo_cell *a, const takeo_cell *b, unsigned depth) {
    if (a->v.list.count != b->v.list.count || depth == DEPTH_MAX) {
        return false;
    }
    for (size_t i = 0; i < a->v.list.count; i++) {
        if (!equal_at(&a->v.list.cells[i], &b->v.list.cells[i], depth + 1)) {
            return false;
        }
    }
    return true;
}

static bool values_equal(const takeo_cell *a, const takeo_cell *b, unsigned depth) {
    switch (form_of(a->type)) {
    case TK_FORM_NONE:
        return true;
    case TK_FORM_INT:
        return int_of(a) == int_of(b);
    case TK_FORM_UINT:
        return a->v.u == b->v.u;
    case TK_FORM_FLOAT:
        return memcmp(&a->v.f, &b->v.f, sizeof a->v.f) == 0;
    case TK_FORM_TEXT:
        return a->v.text.len == b->v.text.len
               && tk_text_equal(tk_text(a->v.text.data, text_size(a)),
                                tk_text(b->v.text.data, text_size(b)));
    case TK_FORM_UUID:
        return memcmp(a->v.uuid, b->v.uuid, sizeof a->v.uuid) == 0;
    case TK_FORM_SPAN:
        return a->v.span.us == b->v.span.us && a->v.span.days == b->v.span.days
               && a->v.span.months == b->v.span.months;
    case TK_FORM_LIST:
        return lists_equal(a, b, depth);
    }
    return false;
}

static bool equal_at(const takeo_cell *a, const takeo_cell *b, unsigned depth) {
    bool is_unset = (a->flags & TAKEO_CELL_UNSET) != 0;
    if (is_unset != ((b->flags & TAKEO_CELL_UNSET) != 0)) {
        return false;
    }
    bool is_null = tk_cell_is_null(a);
    if (is_unset || is_null != tk_cell_is_null(b)) {
        return is_unset;
    }
    return is_null || (a->type == b->type && a->flags == b->flags && values_equal(a, b, depth));
}

bool tk_cell_equal(const takeo_cell *a, const takeo_cell *b) {
    return equal_at(a, b, 0);
}

/* ---- hash ------------------------------------------------------------------------------------ */

static uint64_t hash_at(const takeo_cell *cell, uint64_t seed, unsigned depth) {
    if ((cell->flags & TAKEO_CELL_UNSET) != 0) {
        return tk_hash("unset", 5, seed);
    }
    if (tk_cell_is_null(cell)) {
        return tk_hash("null", 4, seed);
    }
    uint64_t hash = seed ^ ((uint64_t)cell->type << 16 | cell->flags);
    int64_t number;
    switch (form_of(cell->type)) {
    case TK_FORM_NONE:
        break;
    case TK_FORM_INT:
        number = int_of(cell);
        return tk_hash(&number, sizeof number, hash);
    case TK_FORM_UINT:
        return tk_hash(&cell->v.u, sizeof cell->v.u, hash);
    case TK_FORM_FLOAT:
        return tk_hash(&cell->v.f, sizeof cell->v.f, hash);
    case TK_FORM_TEXT:
        hash ^= (uint64_t)cell->v.text.len << 32; /* bit strings of one size differ in length */
        return tk_hash(cell->v.text.data, text_size(cell), hash);
    case TK_FORM_UUID:
        return tk_hash(cell->v.uuid, sizeof cell->v.uuid, hash);
    case TK_FORM_SPAN:
        return tk_hash(&cell->v.span, sizeof cell->v.span, hash);
    case TK_FORM_LIST:
        hash = tk_hash(&cell->v.list.count, sizeof cell->v.list.count, hash);
        for (size_t i = 0; i < cell->v.list.count && depth < DEPTH_MAX; i++) {
            hash = hash_at(&cell->v.list.cells[i], hash, depth + 1);
        }
        return hash;
    }
    return tk_hash("", 0, hash);
}

uint64_t tk_cell_hash(const takeo_cell *cell, uint64_t seed) {
    return hash_at(cell, seed, 0);
}

/* ---- copy ------------------------------------------------------------------------------------ */

static bool copy_at(tk_arena *arena, const takeo_cell *cell, takeo_cell *out, unsigned depth);

static bool copy_list(tk_arena *arena, takeo_cell *cell, unsigned depth) {
    if (depth == DEPTH_MAX) {
        return false;
    }
    takeo_cell *cells = tk_arena_array(arena, cell->v.list.count, sizeof *cells);
    if (cells == NULL) {
        return false;
    }
    for (size_t i = 0; i < cell->v.list.count; i++) {
        if (!copy_at(arena, &cell->v.list.cells[i], &cells[i], depth + 1)) {
            return false;
        }
    }
    cell->v.list.cells = cells;
    return true;
}

static bool copy_at(tk_arena *arena, const takeo_cell *cell, takeo_cell *out, unsigned depth) {
    takeo_cell copy = *cell;
    if (!tk_cell_is_null(cell) && (cell->flags & TAKEO_CELL_UNSET) == 0) {
        tk_form form = form_of(cell->type);
        if (form == TK_FORM_TEXT) {
            copy.v.text.data = tk_arena_copy(arena, cell->v.text.data, text_size(cell));
            if (copy.v.text.data == NULL) {
                return false;
            }
        }
        if (form == TK_FORM_LIST && !copy_list(arena, &copy, depth)) {
            return false;
        }
    }
    *out = copy;
    return true;
}

bool tk_cell_copy(tk_arena *arena, const takeo_cell *cell, takeo_cell *out) {
    return copy_at(arena, cell, out, 0);
}
