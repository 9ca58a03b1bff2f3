/* naming.c - the names that nobody gave: snake_case, pk_ uq_ fk_ ix_ ck_, and cuts that stay
 * unique.
 *
 * It knows spelling and nothing of what is named.  These names live in databases: what this file
 * makes of a text may never change.
 */
#include "model/model_int.h"

#include <stdio.h>

enum { DIGEST_LEN = 8 };

static bool is_upper(char c) {
    return c >= 'A' && c <= 'Z';
}

static bool is_lower(char c) {
    return c >= 'a' && c <= 'z';
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* Does a word begin at name[i]?  "HTTPServer" has two: its second begins at the S. */
static bool begins_word(takeo_text name, size_t i) {
    if (i == 0 || !is_upper(name.data[i])) {
        return false;
    }
    char before = name.data[i - 1];
    bool is_last_capital = is_upper(before) && i + 1 < name.len && is_lower(name.data[i + 1]);
    return is_lower(before) || is_digit(before) || is_last_capital;
}

void tk_naming_digest(const char *data, size_t len, char out[9]) {
    uint64_t hash = UINT64_C(0xCBF29CE484222325); /* FNV-1a */
    for (size_t i = 0; i < len; i++) {
        hash = (hash ^ (unsigned char)data[i]) * UINT64_C(0x100000001B3);
    }
    snprintf(out, DIGEST_LEN + 1, "%08x", (unsigned)(hash ^ (hash >> 32)));
}

takeo_text tk_naming_fit(tk_model *model, const char *data, size_t len) {
    if (len <= TK_NAME_MAX) {
        return (takeo_text){tk_arena_copy(&model->arena, data, len), len};
    }
    char digest[DIGEST_LEN + 1];
    tk_naming_digest(data, len, digest);
    size_t kept = TK_NAME_MAX - DIGEST_LEN - 1;
    while (kept > 0 && ((unsigned char)data[kept] & 0xC0) == 0x80) {
        kept--; /* never through a character */
    }
    return tk_zstr(tk_arena_printf(&model->arena, "%.*s_%s", (int)kept, data, digest));
}

takeo_text tk_naming_word(tk_model *model, takeo_text name) {
    if (model->naming == TAKEO_NAMING_EXACT) {
        return tk_naming_fit(model, name.data, name.len);
    }
    char *word = tk_arena_array(&model->arena, 2 * name.len + 1, 1);
    size_t len = 0;
    for (size_t i = 0; word != NULL && i < name.len; i++) {
        if (begins_word(name, i)) {
            word[len++] = '_';
        }
        char c = name.data[i];
        word[len++] = is_upper(c) ? (char)(c - 'A' + 'a') : c;
    }
    return word != NULL ? tk_naming_fit(model, word, len) : tk_text(NULL, 0);
}

takeo_text tk_naming_constraint(tk_model *model, const char *prefix, takeo_text table,
                                takeo_text rest) {
    const char *joint = rest.len > 0 ? "_" : "";
    char *name = tk_arena_printf(&model->arena, "%s_%.*s%s%.*s", prefix, (int)table.len, table.data,
                                 joint, (int)rest.len, rest.len > 0 ? rest.data : "");
    return name != NULL ? tk_naming_fit(model, name, strlen(name)) : tk_text(NULL, 0);
}
