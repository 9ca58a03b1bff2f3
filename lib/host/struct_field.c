/* struct_field.c - fields of C structs: one pair of functions for each kind, put and get.
 *
 * Width, range and NULL are looked at in every one: what does not fit is refused, never cut.  Text
 * that is written goes into the holder's arena.  It must not know relations or states beyond
 * whether a field was given.
 */
#include "host/struct_int.h"

enum { SHOWN = 80 };

static void *at_field(const tk_step *step, void *object) {
    return (char *)object + step->offset;
}

/* ---- failures -------------------------------------------------------------------------------- */

static void set_place(const tk_step *step, tk_error *error) {
    if (step->column != NULL) {
        TK_SET(error, entity, "%s", step->column->entity->name.data);
        TK_SET(error, field, "%s", step->column->name.data);
    }
}

static void set_got(const tk_step *step, const takeo_cell *cell, tk_error *error) {
    if (error == NULL || (step->column != NULL && (step->column->flags & TAKEO_COLUMN_SECRET))) {
        return;
    }
    tk_buf buf;
    tk_buf_init(&buf, error->arena.alloc, 4 * SHOWN);
    tk_cell_show(cell, SHOWN, &buf);
    if (!buf.failed && buf.data != NULL) {
        TK_SET(error, got, "%s", buf.data);
    }
    tk_buf_done(&buf);
}

static takeo_status raise_decode(const tk_step *step, const takeo_cell *cell, tk_error *error,
                                 const char *what) {
    const tk_struct_kind *kind = tk_struct_kind_of(step->kind);
    takeo_status status =
        step->column != NULL
            ? tk_raise(error, TK_RESULT_DECODE, "%s.%s does not fit its field: %s",
                       step->column->entity->name.data, step->column->name.data, what)
            : tk_raise(error, TK_RESULT_DECODE, "result column %u does not fit its field: %s",
                       step->cell + 1, what);
    set_place(step, error);
    TK_SET(error, expected, "%s", kind->name);
    set_got(step, cell, error);
    return status;
}

static takeo_status raise_input(const tk_step *step, tk_code code, tk_error *error,
                                const char *what) {
    takeo_status status = tk_raise(error, code, "%s.%s: %s", step->column->entity->name.data,
                                   step->column->name.data, what);
    set_place(step, error);
    TK_SET(error, expected, "%s", tk_struct_kind_of(step->kind)->name);
    return status;
}

/* ---- NULL and unset -------------------------------------------------------------------------- */

static bool can_say_null(const tk_step *step) {
    return step->null_at != 0 || step->kind == TAKEO_FIELD_ZSTR || step->kind == TAKEO_FIELD_TEXT
           || step->kind == TAKEO_FIELD_CELL;
}

static takeo_status put_null(const tk_step *step, void *object, const takeo_cell *cell,
                             tk_error *error) {
    if (!can_say_null(step)) {
        return raise_decode(step, cell, error, "it is NULL, and the field has no mark for that");
    }
    memset(at_field(step, object), 0, step->size);
    if (step->kind == TAKEO_FIELD_CELL) {
        ((takeo_cell *)at_field(step, object))->flags = TAKEO_CELL_NULL;
    }
    if (step->null_at != 0) {
        ((uint8_t *)object)[step->null_at] = 1;
    }
    return TAKEO_DONE;
}

static void mark_value(const tk_step *step, void *object) {
    if (step->null_at != 0) {
        ((uint8_t *)object)[step->null_at] = 0;
    }
}

static bool is_marked_null(const tk_step *step, const void *object) {
    return step->null_at != 0 && ((const uint8_t *)object)[step->null_at] != 0;
}

/* In a new object the bits name the columns that were given; none means all. */
static bool is_left_out(const tk_layout *layout, const tk_step *step, void *object) {
    const uint64_t *state = tk_layout_state(layout, object);
    if (state == NULL || (state[0] & 1) != 0) {
        return false;
    }
    uint64_t any = 0;
    for (uint32_t i = 0; i < layout->state_words; i++) {
        any |= state[i];
    }
    uint32_t bit = layout->bits[step->column->number - 1];
    return any != 0 && (state[bit / 64] >> bit % 64 & 1) == 0;
}

/* A zero says nothing in a key that is still to be made, nor beside a pointer that says all. */
static bool is_zero_unset(const tk_struct_info *info, void *object) {
    if (info->zero_is_unset) {
        return true;
    }
    for (uint32_t i = 0; i < info->link_count; i++) {
        if (*(void **)((char *)object + info->link_places[i]) != NULL) {
            return true;
        }
    }
    return false;
}

static bool is_field_zero(const tk_step *step, const void *object) {
    const char *bytes = (const char *)object + step->offset;
    uint32_t size = step->kind == TAKEO_FIELD_CHARS ? 1 : step->size;
    for (uint32_t i = 0; i < size; i++) {
        if (bytes[i] != 0) {
            return false;
        }
    }
    return true;
}

/* True when all is said: the field is NULL or says nothing, and *out holds that. */
static bool get_nothing(const tk_step *step, void *object, takeo_cell *out) {
    const tk_struct_info *info = step->aux;
    if (is_left_out(info->layout, step, object)) {
        *out = (takeo_cell){.flags = TAKEO_CELL_UNSET};
        return true;
    }
    bool is_null = is_marked_null(step, object);
    if ((is_null || is_field_zero(step, object)) && is_zero_unset(info, object)) {
        *out = (takeo_cell){.flags = TAKEO_CELL_UNSET};
        return true;
    }
    return false;
}

/* The last part of every get: NULL, or the value that was read, as the column takes it. */
static takeo_status accept(const tk_step *step, void *object, const takeo_cell *value,
                           takeo_cell *out, tk_holder *holder, tk_error *error) {
    takeo_cell null = tk_cell_null();
    const takeo_cell *in = is_marked_null(step, object) ? &null : value;
    if (holder->flags == 0) {
        return tk_accept_cell(&step->accept, in, out, holder->arena, error);
    }
    tk_accept relaxed = step->accept;
    relaxed.text_is_parsed |= (holder->flags & TAKEO_OP_COERCE_TEXT) != 0;
    relaxed.loss_is_allowed |= (holder->flags & TAKEO_OP_COERCE_LOSSY) != 0;
    return tk_accept_cell(&relaxed, in, out, holder->arena, error);
}

/* ---- integers -------------------------------------------------------------------------------- */

static uint8_t form_of(takeo_type type) {
    const tk_type_info *info = tk_type_info_of(type);
    return info != NULL ? info->form : (uint8_t)TK_FORM_NONE;
}

static takeo_status take_int(const tk_step *step, const takeo_cell *cell, int64_t min, int64_t max,
                             int64_t *out, tk_error *error) {
    uint8_t form = form_of(cell->type);
    if (form == TK_FORM_UINT && cell->v.u <= (uint64_t)max) {
        *out = (int64_t)cell->v.u;
        return TAKEO_DONE;
    }
    if (form != TK_FORM_INT && form != TK_FORM_UINT) {
        return raise_decode(step, cell, error, "it is no integer");
    }
    if ((cell->flags & TAKEO_CELL_INFINITE) != 0) {
        return raise_decode(step, cell, error, "an integer cannot say infinity; a CELL can");
    }
    if (form == TK_FORM_UINT || cell->v.i < min || cell->v.i > max) {
        return raise_decode(step, cell, error, "it lies outside the field's range");
    }
    *out = cell->v.i;
    return TAKEO_DONE;
}

static const int64_t int_limits[][2] = {
    [TAKEO_FIELD_BOOL] = {0, 1},
    [TAKEO_FIELD_INT16] = {INT16_MIN, INT16_MAX},
    [TAKEO_FIELD_INT32] = {INT32_MIN, INT32_MAX},
    [TAKEO_FIELD_INT64] = {INT64_MIN, INT64_MAX},
};

static takeo_status put_int(const tk_step *step, void *object, const takeo_cell *cell,
                            tk_holder *holder, tk_error *error) {
    (void)holder;
    if (tk_cell_is_null(cell)) {
        return put_null(step, object, cell, error);
    }
    int64_t value = 0;
    const int64_t *limits = int_limits[step->kind];
    TK_TRY(take_int(step, cell, limits[0], limits[1], &value, error));
    void *field = at_field(step, object);
    if (step->kind == TAKEO_FIELD_INT64) {
        *(int64_t *)field = value;
    } else if (step->kind == TAKEO_FIELD_INT32) {
        *(int32_t *)field = (int32_t)value;
    } else if (step->kind == TAKEO_FIELD_INT16) {
        *(int16_t *)field = (int16_t)value;
    } else {
        *(uint8_t *)field = (uint8_t)value;
    }
    mark_value(step, object);
    return TAKEO_DONE;
}

static takeo_status put_uint(const tk_step *step, void *object, const takeo_cell *cell,
                             tk_holder *holder, tk_error *error) {
    (void)holder;
    if (tk_cell_is_null(cell)) {
        return put_null(step, object, cell, error);
    }
    uint8_t form = form_of(cell->type);
    if (form != TK_FORM_UINT && form != TK_FORM_INT) {
        return raise_decode(step, cell, error, "it is no integer");
    }
    if (form == TK_FORM_INT && cell->v.i < 0) {
        return raise_decode(step, cell, error, "it lies outside the field's range");
    }
    *(uint64_t *)at_field(step, object) = form == TK_FORM_UINT ? cell->v.u : (uint64_t)cell->v.i;
    mark_value(step, object);
    return TAKEO_DONE;
}

/* Integers are handed on as the widest, so that the column's own range is what counts. */
static takeo_type int_type(takeo_type column) {
    return column == TAKEO_TYPE_INT16 || column == TAKEO_TYPE_INT32 || column == TAKEO_TYPE_UINT64
               ? TAKEO_TYPE_INT64
               : column;
}

static takeo_status get_int(const tk_step *step, void *object, takeo_cell *out, tk_holder *holder,
                            tk_error *error) {
    if (get_nothing(step, object, out)) {
        return TAKEO_DONE;
    }
    const void *field = at_field(step, object);
    int64_t value = 0;
    if (step->kind == TAKEO_FIELD_INT64) {
        value = *(const int64_t *)field;
    } else if (step->kind == TAKEO_FIELD_INT32) {
        value = *(const int32_t *)field;
    } else if (step->kind == TAKEO_FIELD_INT16) {
        value = *(const int16_t *)field;
    } else {
        value = *(const uint8_t *)field;
        if (value > 1 && !is_marked_null(step, object)) {
            return raise_input(step, TK_INPUT_RANGE, error, "a truth value is 0 or 1");
        }
    }
    takeo_cell cell = tk_cell_int(int_type(step->column->type), value);
    if (step->column->type == TAKEO_TYPE_LSN) {
        if (value < 0) {
            return raise_input(step, TK_INPUT_RANGE, error, "it is below zero");
        }
        cell.v.u = (uint64_t)value;
    }
    return accept(step, object, &cell, out, holder, error);
}

static takeo_status get_uint(const tk_step *step, void *object, takeo_cell *out, tk_holder *holder,
                             tk_error *error) {
    if (get_nothing(step, object, out)) {
        return TAKEO_DONE;
    }
    takeo_type type = step->column->type == TAKEO_TYPE_LSN ? TAKEO_TYPE_LSN : TAKEO_TYPE_UINT64;
    takeo_cell cell = {.type = type, .v = {.u = *(const uint64_t *)at_field(step, object)}};
    return accept(step, object, &cell, out, holder, error);
}

/* ---- floating point -------------------------------------------------------------------------- */

static takeo_status put_float(const tk_step *step, void *object, const takeo_cell *cell,
                              tk_holder *holder, tk_error *error) {
    (void)holder;
    if (tk_cell_is_null(cell)) {
        return put_null(step, object, cell, error);
    }
    if (form_of(cell->type) != TK_FORM_FLOAT) {
        return raise_decode(step, cell, error, "it is no floating point number");
    }
    double value = cell->v.f;
    if (step->kind == TAKEO_FIELD_DOUBLE) {
        *(double *)at_field(step, object) = value;
    } else {
        float narrow = (float)value;
        if ((double)narrow != value && value == value) {
            return raise_decode(step, cell, error, "a float would round it; a double does not");
        }
        *(float *)at_field(step, object) = narrow;
    }
    mark_value(step, object);
    return TAKEO_DONE;
}

static takeo_status get_float(const tk_step *step, void *object, takeo_cell *out, tk_holder *holder,
                              tk_error *error) {
    if (get_nothing(step, object, out)) {
        return TAKEO_DONE;
    }
    const void *field = at_field(step, object);
    double value =
        step->kind == TAKEO_FIELD_DOUBLE ? *(const double *)field : (double)*(const float *)field;
    takeo_type type = step->kind == TAKEO_FIELD_DOUBLE ? TAKEO_TYPE_FLOAT64 : step->column->type;
    takeo_cell cell = {.type = type, .v = {.f = value}};
    return accept(step, object, &cell, out, holder, error);
}

/* ---- UUIDs ----------------------------------------------------------------------------------- */

static takeo_status put_uuid(const tk_step *step, void *object, const takeo_cell *cell,
                             tk_holder *holder, tk_error *error) {
    (void)holder;
    if (tk_cell_is_null(cell)) {
        return put_null(step, object, cell, error);
    }
    if (cell->type != TAKEO_TYPE_UUID) {
        return raise_decode(step, cell, error, "it is no UUID");
    }
    memcpy(at_field(step, object), cell->v.uuid, sizeof cell->v.uuid);
    mark_value(step, object);
    return TAKEO_DONE;
}

static takeo_status get_uuid(const tk_step *step, void *object, takeo_cell *out, tk_holder *holder,
                             tk_error *error) {
    if (get_nothing(step, object, out)) {
        return TAKEO_DONE;
    }
    takeo_cell cell = {.type = TAKEO_TYPE_UUID};
    memcpy(cell.v.uuid, at_field(step, object), sizeof cell.v.uuid);
    return accept(step, object, &cell, out, holder, error);
}

/* ---- text ------------------------------------------------------------------------------------ */

/* Text for a field that ends with a zero byte. */
static takeo_status check_zero_byte(const tk_step *step, const takeo_cell *cell, tk_error *error) {
    if (form_of(cell->type) != TK_FORM_TEXT || cell->type == TAKEO_TYPE_BITS) {
        return raise_decode(step, cell, error, "it is no text");
    }
    if (cell->v.text.len != 0 && memchr(cell->v.text.data, 0, cell->v.text.len) != NULL) {
        return raise_decode(step, cell, error,
                            "the text has a zero byte in it; a TEXT can hold it");
    }
    return TAKEO_DONE;
}

static takeo_status put_chars(const tk_step *step, void *object, const takeo_cell *cell,
                              tk_holder *holder, tk_error *error) {
    (void)holder;
    if (tk_cell_is_null(cell)) {
        return put_null(step, object, cell, error);
    }
    TK_TRY(check_zero_byte(step, cell, error));
    size_t len = cell->v.text.len;
    if (len >= step->size) {
        return raise_decode(step, cell, error, "the text is longer than the field");
    }
    char *field = at_field(step, object);
    if (len != 0) {
        memcpy(field, cell->v.text.data, len);
    }
    memset(field + len, 0, step->size - len); /* the same value has the same bytes */
    mark_value(step, object);
    return TAKEO_DONE;
}

static takeo_status get_text_cell(const tk_step *step, void *object, const char *data, size_t len,
                                  takeo_cell *out, tk_holder *holder, tk_error *error) {
    takeo_cell cell = data != NULL ? tk_cell_text(step->column->type, data, len) : tk_cell_null();
    return accept(step, object, &cell, out, holder, error);
}

static takeo_status get_chars(const tk_step *step, void *object, takeo_cell *out, tk_holder *holder,
                              tk_error *error) {
    if (get_nothing(step, object, out)) {
        return TAKEO_DONE;
    }
    const char *field = at_field(step, object);
    const char *end = memchr(field, 0, step->size);
    if (end == NULL && !is_marked_null(step, object)) {
        return raise_input(step, TK_INPUT_LENGTH, error, "no zero byte ends the text");
    }
    size_t len = end != NULL ? (size_t)(end - field) : 0;
    return get_text_cell(step, object, field, len, out, holder, error);
}

static takeo_status put_zstr(const tk_step *step, void *object, const takeo_cell *cell,
                             tk_holder *holder, tk_error *error) {
    if (tk_cell_is_null(cell)) {
        return put_null(step, object, cell, error);
    }
    TK_TRY(check_zero_byte(step, cell, error));
    char *copy = tk_arena_copy(holder->arena, cell->v.text.data, cell->v.text.len);
    if (copy == NULL) {
        return tk_raise_memory(error);
    }
    *(const char **)at_field(step, object) = copy;
    mark_value(step, object);
    return TAKEO_DONE;
}

static takeo_status get_zstr(const tk_step *step, void *object, takeo_cell *out, tk_holder *holder,
                             tk_error *error) {
    if (get_nothing(step, object, out)) {
        return TAKEO_DONE;
    }
    const char *data = *(const char *const *)at_field(step, object);
    size_t len = data != NULL && !is_marked_null(step, object) ? strlen(data) : 0;
    return get_text_cell(step, object, data, len, out, holder, error);
}

static takeo_status put_text(const tk_step *step, void *object, const takeo_cell *cell,
                             tk_holder *holder, tk_error *error) {
    if (tk_cell_is_null(cell)) {
        return put_null(step, object, cell, error);
    }
    if (form_of(cell->type) != TK_FORM_TEXT) {
        return raise_decode(step, cell, error, "it is no text");
    }
    takeo_cell copy;
    if (!tk_cell_copy(holder->arena, cell, &copy)) {
        return tk_raise_memory(error);
    }
    takeo_text *field = at_field(step, object);
    field->data = copy.v.text.data;
    field->len = copy.v.text.len;
    mark_value(step, object);
    return TAKEO_DONE;
}

static takeo_status get_text(const tk_step *step, void *object, takeo_cell *out, tk_holder *holder,
                             tk_error *error) {
    if (get_nothing(step, object, out)) {
        return TAKEO_DONE;
    }
    const takeo_text *field = at_field(step, object);
    return get_text_cell(step, object, field->data, field->len, out, holder, error);
}

/* ---- cells ----------------------------------------------------------------------------------- */

static takeo_status put_cell(const tk_step *step, void *object, const takeo_cell *cell,
                             tk_holder *holder, tk_error *error) {
    if (tk_cell_is_null(cell)) {
        return put_null(step, object, cell, error);
    }
    if (!tk_cell_copy(holder->arena, cell, at_field(step, object))) {
        return tk_raise_memory(error);
    }
    mark_value(step, object);
    return TAKEO_DONE;
}

static takeo_status get_cell(const tk_step *step, void *object, takeo_cell *out, tk_holder *holder,
                             tk_error *error) {
    const takeo_cell *field = at_field(step, object);
    const tk_struct_info *info = step->aux;
    bool is_null = tk_cell_is_null(field) || is_marked_null(step, object);
    bool is_zero = is_null || (form_of(field->type) == TK_FORM_INT && field->v.i == 0);
    if ((field->flags & TAKEO_CELL_UNSET) != 0 || is_left_out(info->layout, step, object)
        || (is_zero && is_zero_unset(info, object))) {
        *out = (takeo_cell){.flags = TAKEO_CELL_UNSET};
        return TAKEO_DONE;
    }
    return accept(step, object, field, out, holder, error);
}

/* ---- the table ------------------------------------------------------------------------------- */

static bool holds_bool(const tk_column *column) {
    return column->type == TAKEO_TYPE_BOOL;
}

static bool holds_int(const tk_column *column) {
    uint8_t form = form_of(column->type);
    return (form == TK_FORM_INT && column->type != TAKEO_TYPE_BOOL) || form == TK_FORM_UINT;
}

static bool holds_uint(const tk_column *column) {
    return form_of(column->type) == TK_FORM_UINT || column->type == TAKEO_TYPE_INT16
           || column->type == TAKEO_TYPE_INT32 || column->type == TAKEO_TYPE_INT64;
}

static bool holds_float(const tk_column *column) {
    return column->type == TAKEO_TYPE_FLOAT32;
}

static bool holds_double(const tk_column *column) {
    return form_of(column->type) == TK_FORM_FLOAT;
}

static bool holds_uuid(const tk_column *column) {
    return column->type == TAKEO_TYPE_UUID;
}

/* Without zero bytes among its values. */
static bool holds_zstr(const tk_column *column) {
    return form_of(column->type) == TK_FORM_TEXT && column->type != TAKEO_TYPE_BYTES
           && column->type != TAKEO_TYPE_BITS
           && !(column->type >= TAKEO_TYPE_POINT && column->type <= TAKEO_TYPE_VECTOR);
}

static bool holds_text(const tk_column *column) {
    return form_of(column->type) == TK_FORM_TEXT;
}

static bool holds_any(const tk_column *column) {
    return column != NULL;
}

static const tk_struct_kind kinds[] = {
    [TAKEO_FIELD_BOOL] = {"BOOL", 1, 1, holds_bool, put_int, get_int},
    [TAKEO_FIELD_INT16] = {"INT16", 2, 2, holds_int, put_int, get_int},
    [TAKEO_FIELD_INT32] = {"INT32", 4, 4, holds_int, put_int, get_int},
    [TAKEO_FIELD_INT64] = {"INT64", 8, 8, holds_int, put_int, get_int},
    [TAKEO_FIELD_UINT64] = {"UINT64", 8, 8, holds_uint, put_uint, get_uint},
    [TAKEO_FIELD_FLOAT] = {"FLOAT", 4, 4, holds_float, put_float, get_float},
    [TAKEO_FIELD_DOUBLE] = {"DOUBLE", 8, 8, holds_double, put_float, get_float},
    [TAKEO_FIELD_UUID] = {"UUID", 16, 1, holds_uuid, put_uuid, get_uuid},
    [TAKEO_FIELD_CHARS] = {"CHARS", 0, 1, holds_zstr, put_chars, get_chars},
    [TAKEO_FIELD_ZSTR] = {"ZSTR", sizeof(char *), _Alignof(char *), holds_zstr, put_zstr, get_zstr},
    [TAKEO_FIELD_TEXT] = {"TEXT", sizeof(takeo_text), _Alignof(takeo_text), holds_text, put_text,
                          get_text},
    [TAKEO_FIELD_CELL] = {"CELL", sizeof(takeo_cell), _Alignof(takeo_cell), holds_any, put_cell,
                          get_cell},
    [TAKEO_FIELD_STATE] = {"STATE", 0, 8, NULL, NULL, NULL},
    [TAKEO_FIELD_TO_ONE] = {"TO_ONE", sizeof(void *), _Alignof(void *), NULL, NULL, NULL},
    [TAKEO_FIELD_TO_MANY] = {"TO_MANY", sizeof(takeo_list), _Alignof(takeo_list), NULL, NULL, NULL},
};

const tk_struct_kind *tk_struct_kind_of(uint32_t kind) {
    return kind != 0 && kind < TK_COUNT(kinds) ? &kinds[kind] : NULL;
}
