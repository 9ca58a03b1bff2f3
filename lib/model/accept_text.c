/* accept_text.c - which values fit types that are carried as text or bytes, and UUIDs.
 *
 * Text never becomes bytes nor bytes text; nothing is cut.
 */
#include "model/accept_int.h"

takeo_status tk_fit_check_text(const tk_fit *fit) {
    const char *data = fit->in->v.text.data;
    size_t len = fit->in->v.text.len;
    if (len == 0) {
        return TAKEO_DONE;
    }
    if (len > TK_VALUE_MAX) {
        return tk_fit_refuse(fit, TK_INPUT_LENGTH, "has %zu bytes; %d is the most of one value",
                             len, TK_VALUE_MAX);
    }
    if (memchr(data, '\0', len) != NULL) {
        return tk_fit_refuse(fit, TK_INPUT_TEXT, "holds a zero byte");
    }
    if (!fit->accept->text_is_valid && !tk_utf8_is_valid(data, len)) {
        return tk_fit_refuse(fit, TK_INPUT_TEXT, "is not valid UTF-8");
    }
    return TAKEO_DONE;
}

static takeo_status give_text(const tk_fit *fit) {
    const char *data = fit->in->v.text.data != NULL ? fit->in->v.text.data : "";
    uint16_t flags = fit->in->flags & TAKEO_CELL_OPEN;
    takeo_status status = tk_fit_give_text(fit, data, fit->in->v.text.len);
    fit->out->flags = flags;
    return status;
}

takeo_status tk_fit_text(const tk_fit *fit) {
    takeo_type type = fit->in->type;
    uint32_t most = fit->accept->length;
    size_t len = fit->in->v.text.len;
    if (type != fit->accept->type && type != TAKEO_TYPE_TEXT && type != TAKEO_TYPE_ENUM) {
        return tk_fit_refuse_type(fit);
    }
    TK_TRY(tk_fit_check_text(fit));
    if (most != 0 && len > most) { /* fewer bytes than that are never more characters */
        size_t count = tk_utf8_count(fit->in->v.text.data, len);
        if (count > most) {
            return tk_fit_refuse(fit, TK_INPUT_LENGTH, "has %zu characters; the column takes %u",
                                 count, most);
        }
    }
    return give_text(fit);
}

/* Types that hosts have a class of their own for: plain text is none of theirs. */
takeo_status tk_fit_own_text(const tk_fit *fit) {
    if (fit->in->type != fit->accept->type) {
        return tk_fit_parse(fit);
    }
    TK_TRY(tk_fit_check_text(fit));
    return give_text(fit);
}

takeo_status tk_fit_same(const tk_fit *fit) {
    if (fit->in->type != fit->accept->type) {
        return tk_fit_parse(fit);
    }
    return tk_fit_give(fit, *fit->in);
}

/* ---- bytes ----------------------------------------------------------------------------------- */

static takeo_status fit_counted(const tk_fit *fit, const char *unit) {
    size_t len = fit->in->v.text.len;
    uint32_t most = fit->accept->length;
    if (fit->in->type != fit->accept->type) {
        return tk_fit_refuse_type(fit);
    }
    if ((most != 0 && len > most) || len > TK_VALUE_MAX) {
        return tk_fit_refuse(fit, TK_INPUT_LENGTH, "has %zu %s; the column takes %u", len, unit,
                             most != 0 ? most : TK_VALUE_MAX);
    }
    return give_text(fit);
}

takeo_status tk_fit_bytes(const tk_fit *fit) {
    return fit_counted(fit, "bytes");
}

takeo_status tk_fit_bits(const tk_fit *fit) {
    return fit_counted(fit, "bits");
}

/* Packed numbers: so many bytes, or a multiple of them. */
static const struct packing {
    takeo_type type;
    uint32_t size;
    bool is_repeated;
} packings[] = {
    {TAKEO_TYPE_POINT, 16, false},  {TAKEO_TYPE_LINE, 24, false},   {TAKEO_TYPE_SEGMENT, 32, false},
    {TAKEO_TYPE_BOX, 32, false},    {TAKEO_TYPE_PATH, 16, true},    {TAKEO_TYPE_POLYGON, 16, true},
    {TAKEO_TYPE_CIRCLE, 24, false}, {TAKEO_TYPE_GEOMETRY, 1, true}, {TAKEO_TYPE_VECTOR, 4, true},
};

takeo_status tk_fit_packed(const tk_fit *fit) {
    size_t len = fit->in->v.text.len;
    if (fit->in->type != fit->accept->type) {
        return tk_fit_refuse_type(fit);
    }
    for (size_t i = 0; i < TK_COUNT(packings); i++) {
        const struct packing *packing = &packings[i];
        bool fits =
            packing->is_repeated ? len % packing->size == 0 && len > 0 : len == packing->size;
        if (packing->type == fit->in->type && !fits) {
            return tk_fit_refuse(fit, TK_INPUT_FORM, "has %zu bytes, which is no %s", len,
                                 tk_type_name(fit->in->type));
        }
    }
    uint32_t most = fit->accept->length;
    if (fit->in->type == TAKEO_TYPE_VECTOR && most != 0 && len / sizeof(float) != most) {
        return tk_fit_refuse(fit, TK_INPUT_LENGTH, "has %zu numbers; the column takes %u",
                             len / sizeof(float), most);
    }
    return give_text(fit);
}

/* ---- texts with a form ----------------------------------------------------------------------- */

static takeo_status refuse_uuid(const tk_fit *fit) {
    return tk_fit_refuse(fit, TK_INPUT_FORM, "is no UUID");
}

/* The forms that people write: with braces or "urn:uuid:", without hyphens. */
static bool read_loose_uuid(const char *data, size_t len, uint8_t out[16]) {
    static const char prefix[] = "urn:uuid:";
    size_t skipped =
        len > sizeof prefix && memcmp(data, prefix, sizeof prefix - 1) == 0 ? sizeof prefix - 1 : 0;
    char text[37];
    size_t count = 0;
    for (size_t i = skipped; i < len; i++) {
        if (data[i] == '-' || data[i] == '{' || data[i] == '}') {
            continue;
        }
        if (count == 36) {
            return false;
        }
        text[count++] = data[i];
        if (count == 8 || count == 13 || count == 18 || count == 23) {
            text[count++] = '-';
        }
    }
    return count == 36 && tk_uuid_parse(text, count, out);
}

takeo_status tk_fit_uuid(const tk_fit *fit) {
    const takeo_cell *in = fit->in;
    takeo_cell taken = *in;
    taken.type = fit->accept->type;
    taken.flags = 0;
    if (in->type == TAKEO_TYPE_UUID) {
        return tk_fit_give(fit, taken);
    }
    if (in->type != TAKEO_TYPE_TEXT) {
        return tk_fit_refuse_type(fit);
    }
    bool is_parsed = fit->accept->text_is_parsed || fit->accept->loss_is_allowed;
    uint8_t uuid[16];
    if (!tk_uuid_parse(in->v.text.data, in->v.text.len, uuid)
        && !(is_parsed && read_loose_uuid(in->v.text.data, in->v.text.len, uuid))) {
        return refuse_uuid(fit);
    }
    memcpy(taken.v.uuid, uuid, sizeof uuid);
    return tk_fit_give(fit, taken);
}

takeo_status tk_fit_json(const tk_fit *fit) {
    if (fit->in->type != TAKEO_TYPE_JSON) {
        return tk_fit_parse(fit);
    }
    TK_TRY(tk_fit_check_text(fit));
    if (!tk_json_is_valid(fit->in->v.text.data, fit->in->v.text.len)) {
        takeo_status status = tk_fit_refuse(fit, TK_INPUT_FORM, "is no JSON that can be stored");
        TK_SET(fit->error, why,
               "\\u0000 has no place in a stored JSON, nor what is nested too deep");
        return status;
    }
    return give_text(fit);
}

const takeo_text *tk_fit_find_label(const tk_accept *accept, const takeo_cell *cell) {
    takeo_text text = tk_text(cell->v.text.data, cell->v.text.len);
    for (uint32_t i = 0; i < accept->label_count; i++) {
        if (tk_text_equal(accept->labels[i], text)) {
            return &accept->labels[i];
        }
    }
    return NULL;
}

takeo_status tk_fit_enum(const tk_fit *fit) {
    if (fit->in->type != TAKEO_TYPE_ENUM && fit->in->type != TAKEO_TYPE_TEXT) {
        return tk_fit_refuse_type(fit);
    }
    if (fit->accept->label_count == 0) { /* a parameter: which enum is not known */
        TK_TRY(tk_fit_check_text(fit));
        return give_text(fit);
    }
    const takeo_text *label = tk_fit_find_label(fit->accept, fit->in);
    if (label == NULL) {
        return tk_fit_refuse(fit, TK_INPUT_FORM, "is none of the labels");
    }
    return tk_fit_give_text(fit, label->data, label->len);
}
