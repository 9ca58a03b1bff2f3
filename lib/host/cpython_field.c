/* cpython_field.c - choosing: the pair of functions that make and read the values of one column,
 * parameter or result.  A pair is chosen once, so the loop over rows has no branch on types.
 *
 * It must not know how any value is made or read.
 */
#include "host/cpython_int.h"

/* A column whose classes could not be imported when it was declared. */
static tk_py make_late(const tk_py_field *field, const takeo_cell *cell, tk_error *error) {
    return tk_py_complete() ? tk_py_maker_of(field->accept.type)(field, cell, error) : NULL;
}

static takeo_status read_late(const tk_py_field *field, tk_py value, takeo_cell *out,
                              tk_holder *holder, tk_error *error) {
    return tk_py_complete() ? tk_py_reader_of(field->accept.type)(field, value, out, holder, error)
                            : TAKEO_EHOST;
}

/* The class that values of a type have when they were loaded. */
static tk_py canonical_class_of(takeo_type type) {
    switch (type) {
    case TAKEO_TYPE_BOOL:
        return O.bool_;
    case TAKEO_TYPE_INT16:
    case TAKEO_TYPE_INT32:
    case TAKEO_TYPE_INT64:
        return O.int_;
    case TAKEO_TYPE_FLOAT32:
    case TAKEO_TYPE_FLOAT64:
        return O.float_;
    case TAKEO_TYPE_DECIMAL:
        return O.Decimal_;
    case TAKEO_TYPE_TEXT:
        return O.str_;
    case TAKEO_TYPE_BYTES:
        return O.bytes_;
    case TAKEO_TYPE_UUID:
        return O.UUID_;
    case TAKEO_TYPE_DATE:
        return O.date_;
    case TAKEO_TYPE_TIME:
    case TAKEO_TYPE_TIMETZ:
        return O.time_;
    case TAKEO_TYPE_TIMESTAMP:
    case TAKEO_TYPE_TIMESTAMPTZ:
        return O.datetime_;
    case TAKEO_TYPE_INTERVAL:
        return O.Interval_;
    case TAKEO_TYPE_ARRAY:
        return O.list_;
    default:
        return NULL;
    }
}

void tk_py_field_init(tk_py_field *field, const tk_accept *accept) {
    tk_py_maker *maker = tk_py_maker_of(accept->type);
    *field = (tk_py_field){
        .accept = *accept,
        .make = maker != NULL ? maker : tk_py_make_any,
        .read = tk_py_reader_of(accept->type),
    };
    field->accept.text_is_valid = true; /* the UTF-8 form of a str always is */
    if (tk_py_is_late(accept->type) && !tk_py_complete()) {
        P.PyErr_Clear(); /* said again, with its reason, where a value is made or read */
        field->make = make_late;
        field->read = read_late;
    }
    field->canonical = canonical_class_of(accept->type);
    if (accept->type == TAKEO_TYPE_INTERVAL && accept->is_duration) {
        field->make = tk_py_make_delta;
        field->canonical = O.timedelta_;
    }
}
