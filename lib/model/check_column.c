/* check_column.c - what is wrong with one column by itself: type, limits, generation, default,
 * role.
 *
 * It knows the column's definition and the logical types.  It does not know the other columns.
 */
#include "model/check_int.h"

/* What a type takes beside its name. */
enum {
    HAS_LENGTH = 1 << 0,
    HAS_DIGITS = 1 << 1, /* precision and scale */
    HAS_TICKS = 1 << 2,  /* precision of the second */
    HAS_LABELS = 1 << 3,
    HAS_SIGN = 1 << 4, /* an integer that may be unsigned */
    IS_BOUND = 1 << 5  /* the element of a range */
};

static const uint8_t traits[] = {
    [TAKEO_TYPE_INT16] = HAS_SIGN,
    [TAKEO_TYPE_INT32] = HAS_SIGN | IS_BOUND,
    [TAKEO_TYPE_INT64] = HAS_SIGN | IS_BOUND,
    [TAKEO_TYPE_UINT64] = HAS_SIGN,
    [TAKEO_TYPE_DECIMAL] = HAS_DIGITS | IS_BOUND,
    [TAKEO_TYPE_TEXT] = HAS_LENGTH,
    [TAKEO_TYPE_BYTES] = HAS_LENGTH,
    [TAKEO_TYPE_BITS] = HAS_LENGTH,
    [TAKEO_TYPE_VECTOR] = HAS_LENGTH,
    [TAKEO_TYPE_ENUM] = HAS_LABELS,
    [TAKEO_TYPE_SET] = HAS_LABELS,
    [TAKEO_TYPE_DATE] = IS_BOUND,
    [TAKEO_TYPE_TIME] = HAS_TICKS,
    [TAKEO_TYPE_TIMETZ] = HAS_TICKS,
    [TAKEO_TYPE_TIMESTAMP] = HAS_TICKS | IS_BOUND,
    [TAKEO_TYPE_TIMESTAMPTZ] = HAS_TICKS | IS_BOUND,
    [TAKEO_TYPE_INTERVAL] = HAS_TICKS,
};

static bool has(takeo_type type, unsigned trait) {
    return type < TK_COUNT(traits) && (traits[type] & trait) != 0;
}

/* The type of one value: an array's limits are those of its elements. */
static takeo_type inner_type(const takeo_column_def *def) {
    return def->type == TAKEO_TYPE_ARRAY ? def->element : def->type;
}

static bool is_list(takeo_type type) {
    return type == TAKEO_TYPE_ARRAY || type == TAKEO_TYPE_RANGE || type == TAKEO_TYPE_MULTIRANGE;
}

static void check_element(tk_checker *check, const takeo_column_def *def) {
    bool is_range = def->type == TAKEO_TYPE_RANGE || def->type == TAKEO_TYPE_MULTIRANGE;
    const char *type = tk_type_name(def->type);
    const char *element = tk_type_name(def->element);
    if (!is_list(def->type)) {
        if (def->element != TAKEO_TYPE_NONE) {
            tk_check_add(check, def->name, "%s has no elements", type);
        }
    } else if (tk_type_info_of(def->element) == NULL || is_list(def->element)
               || def->element == TAKEO_TYPE_NONE || def->element == TAKEO_TYPE_ENTITY
               || (is_range && !has(def->element, IS_BOUND))) {
        tk_check_add(check, def->name, "%s of %s is no type of a column", type, element);
    }
    if (def->dimensions != 0 && def->type != TAKEO_TYPE_ARRAY) {
        tk_check_add(check, def->name, "%s has no dimensions", type);
    } else if (def->dimensions > TK_DIMENSION_MAX) {
        tk_check_add(check, def->name, "an array of %u dimensions; %d is the most", def->dimensions,
                     TK_DIMENSION_MAX);
    }
}

static void check_digits(tk_checker *check, const takeo_column_def *def) {
    takeo_type type = inner_type(def);
    bool has_digits = has(type, HAS_DIGITS);
    bool has_ticks = has(type, HAS_TICKS);
    if (def->precision != 0 && !has_digits && !has_ticks) {
        tk_check_add(check, def->name, "a precision is for decimals and times, not for %s",
                     tk_type_name(type));
    } else if (has_digits && def->precision > TK_DECIMAL_PRECISION_MAX) {
        tk_check_add(check, def->name, "a decimal of %u digits; %d is the most", def->precision,
                     TK_DECIMAL_PRECISION_MAX);
    } else if (has_ticks && def->precision > TK_TIME_PRECISION_MAX) {
        tk_check_add(check, def->name, "a time with %u digits of a second; %d is the most",
                     def->precision, TK_TIME_PRECISION_MAX);
    }
    if ((def->flags & TAKEO_COLUMN_WHOLE_SECONDS) != 0 && (!has_ticks || def->precision != 0)) {
        tk_check_add(check, def->name, "whole seconds are for times without a precision");
    }
    if (def->scale == 0) {
        return;
    }
    if (!has_digits) {
        tk_check_add(check, def->name, "a scale is for decimals, not for %s", tk_type_name(type));
    } else if (def->precision == 0) {
        tk_check_add(check, def->name, "a scale of %u without a precision", def->scale);
        tk_report_hint(check->report, "the precision counts all digits, those of the scale too");
    } else if (def->scale > def->precision) {
        tk_check_add(check, def->name, "the scale %u is more than the precision %u", def->scale,
                     def->precision);
    }
}

static void check_limits(tk_checker *check, const takeo_column_def *def) {
    takeo_type type = inner_type(def);
    if (def->length != 0 && !has(type, HAS_LENGTH)) {
        tk_check_add(check, def->name, "a length is for text, bytes, bits and vectors, not for %s",
                     tk_type_name(type));
    }
    if ((def->flags & TAKEO_COLUMN_UNSIGNED) != 0 && !has(def->type, HAS_SIGN)) {
        tk_check_add(check, def->name, "%s cannot be unsigned", tk_type_name(def->type));
    }
    if ((def->flags & TAKEO_COLUMN_DURATION) != 0 && type != TAKEO_TYPE_INTERVAL) {
        tk_check_add(check, def->name, "a duration is an interval, not %s", tk_type_name(type));
    }
    check_digits(check, def);
}

static void check_label(tk_checker *check, const takeo_column_def *def, const char *label,
                        tk_map *seen) {
    size_t len = label != NULL ? strlen(label) : 0;
    if (len == 0 || !tk_utf8_is_valid(label, len)) {
        tk_check_add(check, def->name, "a label is empty or not valid UTF-8");
    } else if (tk_map_get(seen, label, len) != NULL) {
        tk_check_add(check, def->name, "the label %.80s is there twice", label);
    } else if (!tk_map_put(seen, label, len, check)) {
        tk_report_memory(check->report);
    }
}

static void check_labels(tk_checker *check, const takeo_column_def *def) {
    takeo_type type = inner_type(def);
    if (!has(type, HAS_LABELS)) {
        if (def->label_count != 0) {
            tk_check_add(check, def->name, "labels are for enums and sets, not for %s",
                         tk_type_name(type));
        }
        return;
    }
    if (def->label_count == 0 || def->labels == NULL || def->label_count > TK_LABEL_MAX) {
        tk_check_add(check, def->name, "%s has %u labels; it takes 1 to %d", tk_type_name(type),
                     def->labels != NULL ? def->label_count : 0, TK_LABEL_MAX);
        return;
    }
    tk_map seen;
    tk_map_init(&seen, check->scratch->alloc);
    for (uint32_t i = 0; i < def->label_count; i++) {
        check_label(check, def, def->labels[i], &seen);
    }
    tk_map_done(&seen);
}

/* ---- where values come from ------------------------------------------------------------------ */

static void check_generated(tk_checker *check, const takeo_column_def *def) {
    bool is_given = def->default_value != NULL || def->default_sql != NULL;
    switch (def->generated) {
    case TAKEO_GENERATED_NONE:
        return;
    case TAKEO_GENERATED_IDENTITY:
    case TAKEO_GENERATED_IDENTITY_ALWAYS:
    case TAKEO_GENERATED_INCREMENT:
        if (!has(def->type, HAS_SIGN)) {
            tk_check_add(check, def->name, "%s cannot count by itself; an integer can",
                         tk_type_name(def->type));
        }
        break;
    case TAKEO_GENERATED_UUID7:
    case TAKEO_GENERATED_UUID4:
        if (def->type != TAKEO_TYPE_UUID) {
            tk_check_add(check, def->name, "a UUID is made for a column that is %s",
                         tk_type_name(def->type));
        }
        break;
    case TAKEO_GENERATED_SEQUENCE:
        tk_check_add(check, def->name, "sequences are not built yet");
        tk_report_hint(check->report, "IDENTITY and INCREMENT are");
        return;
    case TAKEO_GENERATED_STORED:
    case TAKEO_GENERATED_VIRTUAL:
        tk_check_add(check, def->name, "computed columns are not built yet");
        return;
    case TAKEO_GENERATED_FORMULA:
        tk_check_add(check, def->name, "formulas are not built yet");
        return;
    case TAKEO_GENERATED_RELATION_IDS:
        tk_check_add(check, def->name, "keys of a relation as a column are not built yet");
        return;
    default:
        tk_check_add(check, def->name, "%u is no way to generate a value", def->generated);
        return;
    }
    if (is_given) {
        tk_check_add(check, def->name, "a generated column has a default too");
    }
    if ((def->flags & TAKEO_COLUMN_NULLABLE) != 0) {
        tk_check_add(check, def->name, "a generated column is nullable");
    }
}

/* A default is a value like any other: what the column refuses in a save it refuses here. */
static void check_default(tk_checker *check, const takeo_column_def *def) {
    if (def->default_value != NULL && def->default_sql != NULL) {
        tk_check_add(check, def->name, "there is a default as a value and one as SQL");
    }
    tk_column column = {.number = 1};
    tk_column_fill(&column, def);
    tk_error refusal;
    tk_error_init(&refusal, check->scratch->alloc);
    takeo_cell taken;
    if (def->default_value == NULL) {
        return;
    }
    if (!tk_label_list(check->scratch, def, &column.labels)) {
        tk_report_memory(check->report);
        return;
    }
    tk_accept accept = tk_accept_column(&column);
    takeo_status status =
        tk_accept_cell(&accept, def->default_value, &taken, check->scratch, &refusal);
    if (status == TAKEO_ENOMEM) {
        tk_report_memory(check->report);
    } else if (status < 0) {
        takeo_text reason = tk_error_last(&refusal)->message;
        tk_check_add(check, def->name, "the default: %.*s", (int)reason.len, reason.data);
    }
    tk_error_done(&refusal);
}

/* Nothing acts on the managed roles yet, so that a column with one would promise what is not done.
 */
static void check_role(tk_checker *check, const takeo_column_def *def) {
    switch (def->role) {
    case TAKEO_ROLE_NONE:
        return;
    case TAKEO_ROLE_CREATED:
    case TAKEO_ROLE_UPDATED:
        tk_check_add(check, def->name, "managed times are not built yet");
        return;
    case TAKEO_ROLE_DELETED:
        tk_check_add(check, def->name, "soft deletion is not built yet");
        return;
    case TAKEO_ROLE_VERSION:
        tk_check_add(check, def->name, "versions are not built yet");
        return;
    case TAKEO_ROLE_DISCRIMINATOR:
        tk_check_add(check, def->name, "inheritance is not built yet");
        return;
    default:
        tk_check_add(check, def->name, "%u is no role of a column", def->role);
        return;
    }
}

/* ---- the column ------------------------------------------------------------------------------ */

static const tk_text_rule column_texts[] = {
    {offsetof(takeo_column_def, column), TK_TEXT_NAME, "the column"},
    {offsetof(takeo_column_def, enum_name), TK_TEXT_NAME, "the name of an enum"},
    {offsetof(takeo_column_def, collation), TK_TEXT_NAME, "the collation"},
    {offsetof(takeo_column_def, charset), TK_TEXT_NAME, "the character set"},
    {offsetof(takeo_column_def, constraint), TK_TEXT_NAME, "the name of a constraint"},
    {offsetof(takeo_column_def, default_sql), TK_TEXT_ANY, "the SQL of a default"},
    {offsetof(takeo_column_def, type_name), TK_TEXT_ANY, "the server's type"},
    {offsetof(takeo_column_def, comment), TK_TEXT_ANY, "the comment"},
    {offsetof(takeo_column_def, from), TK_TEXT_UNBUILT, "from"},
    {offsetof(takeo_column_def, expression), TK_TEXT_UNBUILT, "the expression of a column"},
    {offsetof(takeo_column_def, on_update), TK_TEXT_UNBUILT, "on_update"},
    {offsetof(takeo_column_def, renamed_from), TK_TEXT_UNBUILT, "renamed_from"},
};

static void check_flags(tk_checker *check, const takeo_column_def *def) {
    const uint32_t known = (TAKEO_COLUMN_DURATION << 1) - 1;
    bool is_key = (def->flags & TAKEO_COLUMN_PRIMARY) != 0;
    if ((def->flags & ~known) != 0) {
        tk_check_add(check, def->name, "flags of the column are unknown (%#x)",
                     def->flags & ~known);
    }
    if ((def->flags & TAKEO_COLUMN_INHERITED) != 0) {
        tk_check_add(check, def->name, "inheritance is not built yet");
    }
    if (is_key && (def->flags & TAKEO_COLUMN_NULLABLE) != 0) {
        tk_check_add(check, def->name, "a column of the primary key is nullable");
    }
    if (is_key && (def->flags & TAKEO_COLUMN_DEFERRED) != 0) {
        tk_check_add(check, def->name, "a column of the primary key is deferred");
        tk_report_hint(check->report, "the key is what tells objects apart; it is always read");
    }
    const uint32_t named = TAKEO_COLUMN_PRIMARY | TAKEO_COLUMN_UNIQUE;
    if (def->constraint != NULL && (def->flags & named) == 0 && def->check == NULL) {
        tk_check_add(check, def->name, "the constraint %.80s is named, but the column has none",
                     def->constraint);
    }
}

void tk_check_column(tk_checker *check, const takeo_column_def *def) {
    if (def->name != NULL && strchr(def->name, '.') != NULL) {
        tk_check_add(check, def->name, "embedded groups are not built yet");
        tk_report_hint(check->report, "declare each of their columns in the entity");
    } else {
        tk_check_name(check, def->name, "a column", def->name);
    }
    tk_check_texts(check, def->name, def, column_texts, TK_COUNT(column_texts));
    check_flags(check, def);
    if (def->check != NULL) {
        tk_check_expression(check, def->name, "a check", def->check);
    }
    check_role(check, def);
    if (tk_type_info_of(def->type) == NULL || def->type == TAKEO_TYPE_NONE
        || def->type == TAKEO_TYPE_ENTITY) {
        tk_check_add(check, def->name, "%u is no type of a column", def->type);
        return;
    }
    check_element(check, def);
    check_limits(check, def);
    check_labels(check, def);
    check_generated(check, def);
    check_default(check, def);
}
