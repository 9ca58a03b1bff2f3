/* guess.c - types of parameters that the statement does not say: SQL written by hand.
 *
 * Left to itself the server takes `select {x}` for text and refuses `{a} + {b}`.  So the statement is
 * parsed with the types that its first arguments have by themselves: a whole number is an integer, or
 * a bigint where it needs one, so that functions of integers are found.  A text stays without a type,
 * because people write dates, enums and networks as texts, and so does a list, which stands beside
 * what it is compared with; the server finds out what they mean.  An
 * argument of another type later means that the statement is parsed anew.
 *
 * It must not know when something is sent.
 */
#include "driver/postgresql/postgresql_int.h"

enum { OID_NONE = 0, OID_INT8 = 20, OID_INT4 = 23 };

static const struct natural {
    takeo_type type;
    uint32_t oid;
} naturals[] = {
    {TAKEO_TYPE_BOOL, 16},       {TAKEO_TYPE_BYTES, 17},       {TAKEO_TYPE_FLOAT32, 701},
    {TAKEO_TYPE_FLOAT64, 701},   {TAKEO_TYPE_DECIMAL, 1700},   {TAKEO_TYPE_UINT64, 1700},
    {TAKEO_TYPE_UUID, 2950},     {TAKEO_TYPE_DATE, 1082},      {TAKEO_TYPE_TIME, 1083},
    {TAKEO_TYPE_TIMETZ, 1266},   {TAKEO_TYPE_TIMESTAMP, 1114}, {TAKEO_TYPE_TIMESTAMPTZ, 1184},
    {TAKEO_TYPE_INTERVAL, 1186},
};

static uint32_t type_of(const takeo_cell *cell) {
    const tk_type_info *info = tk_type_info_of(cell->type);
    if (info != NULL && info->form == TK_FORM_INT
        && (cell->type == TAKEO_TYPE_INT16 || cell->type == TAKEO_TYPE_INT32
            || cell->type == TAKEO_TYPE_INT64)) {
        return cell->v.i >= INT32_MIN && cell->v.i <= INT32_MAX ? OID_INT4 : OID_INT8;
    }
    for (size_t i = 0; i < TK_COUNT(naturals); i++) {
        if (naturals[i].type == cell->type) {
            return naturals[i].oid;
        }
    }
    return OID_NONE;
}

/* What the parameter has to be now that this argument comes. */
static uint32_t next_type(uint32_t given, const takeo_cell *cell) {
    if (tk_cell_is_null(cell)) {
        return given;
    }
    uint32_t oid = type_of(cell);
    return given == OID_INT8 && oid == OID_INT4 ? given : oid;
}

takeo_status tk_pg_guess(tk_server *server, tk_prepared *prepared, const takeo_cell *arguments,
                         uint32_t count, tk_error *error) {
    if (prepared->guessed == NULL || count > prepared->guessed_count) {
        prepared->guessed = tk_arena_array(&prepared->arena, count, sizeof *prepared->guessed);
        if (prepared->guessed == NULL) {
            return tk_raise_memory(error);
        }
    }
    prepared->guessed_count = count;
    bool has_changed = false;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t oid = next_type(prepared->guessed[i], &arguments[i]);
        has_changed |= oid != prepared->guessed[i];
        prepared->guessed[i] = oid;
    }
    if (has_changed && (prepared->is_parsed || prepared->is_described)) {
        tk_pg_unparse(server, prepared, prepared->is_parsed);
        prepared->has_columns = false; /* other columns are no surprise */
    }
    return TAKEO_DONE;
}
