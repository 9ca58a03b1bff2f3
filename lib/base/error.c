/* error.c - where a failure is written: records in the arena of whoever owns them.
 *
 * It must not know what failed.  Copies for callers are in error_block.c, the form for people in
 * error_format.c.
 *
 * Texts come from everywhere, from servers too, and end on terminals and in logs.  So every text is
 * made valid UTF-8 here, and characters that steer a terminal or turn the direction of writing are
 * written as escapes.
 */
#include <stdio.h>

#include "base/base.h"

enum {
    TEXT_MAX = 64 * 1024, /* of one text; a server may send more */
    RECORDS_MAX = 1000,   /* then the last record is written again */
    NEAREST_MAX = 3,
    ESCAPE_MAX = 8 /* bytes of "\u202e", rounded up */
};

static const struct code_info {
    const char *text;
    const char *meaning;
    takeo_status status;
} codes[TK_CODE_COUNT] = {
#define CODE_INFO(name, code, status, meaning) [TK_##name] = {code, meaning, status},
    TK_CODE_LIST(CODE_INFO)
#undef CODE_INFO
};

const char *tk_code_text(tk_code code) {
    return codes[code].text;
}

takeo_status tk_code_status(tk_code code) {
    return codes[code].status;
}

const char *tk_code_meaning(tk_code code) {
    return codes[code].meaning;
}

void tk_error_init(tk_error *error, tk_alloc alloc) {
    tk_arena_init(&error->arena, alloc);
    error->first = NULL;
    error->last = NULL;
    error->count = 0;
}

void tk_error_clear(tk_error *error) {
    if (error->arena.blocks != NULL) {
        tk_arena_clear(&error->arena);
    }
    error->first = NULL;
    error->last = NULL;
    error->count = 0;
}

void tk_error_done(tk_error *error) {
    tk_arena_done(&error->arena);
    error->first = NULL;
    error->last = NULL;
    error->count = 0;
}

takeo_status tk_raise_memory(tk_error *error) {
    if (error != NULL) {
        error->spare = (takeo_error){
            .struct_size = sizeof(takeo_error),
            .status = TAKEO_ENOMEM,
            .code = tk_zstr(codes[TK_CALL_MEMORY].text),
            .message = tk_zstr(codes[TK_CALL_MEMORY].meaning),
        };
        error->first = error->last = &error->spare;
        error->count = 1;
    }
    return TAKEO_ENOMEM;
}

/* ---- texts ----------------------------------------------------------------------------------- */

/* Does this valid character steer a terminal or the direction of writing?  `keeps_lines` lets line
 * ends and tabs pass. */
static bool is_steering(const char *data, size_t step, bool keeps_lines) {
    const unsigned char *at = (const unsigned char *)data;
    if (step == 1) {
        bool is_space = at[0] == '\n' || at[0] == '\t';
        return (at[0] < 0x20 && !(keeps_lines && is_space)) || at[0] == 0x7F;
    }
    if (step == 2) { /* C1 controls, U+061C */
        return (at[0] == 0xC2 && at[1] < 0xA0) || (at[0] == 0xD8 && at[1] == 0x9C);
    }
    if (step == 3 && at[0] == 0xE2) { /* U+200E, U+200F, U+2028 to U+202E, U+2066 to U+2069 */
        return (at[1] == 0x80 && (at[2] == 0x8E || at[2] == 0x8F))
               || (at[1] == 0x80 && at[2] >= 0xA8 && at[2] <= 0xAE)
               || (at[1] == 0x81 && at[2] >= 0xA6 && at[2] <= 0xA9);
    }
    return false;
}

/* The escape of one character that is steering, or of one byte that is no UTF-8 (step 0). */
static size_t write_escape(const char *data, size_t step, char out[ESCAPE_MAX]) {
    const unsigned char *at = (const unsigned char *)data;
    int len = 0;
    if (step <= 1) {
        len = at[0] == '\n'   ? snprintf(out, ESCAPE_MAX, "\\n")
              : at[0] == '\r' ? snprintf(out, ESCAPE_MAX, "\\r")
              : at[0] == '\t' ? snprintf(out, ESCAPE_MAX, "\\t")
                              : snprintf(out, ESCAPE_MAX, "\\x%02x", at[0]);
    } else if (step == 2) {
        unsigned point = (at[0] & 0x1FU) << 6 | (at[1] & 0x3FU);
        len = snprintf(out, ESCAPE_MAX, "\\u%04x", point);
    } else {
        unsigned point = (at[0] & 0x0FU) << 12 | (at[1] & 0x3FU) << 6 | (at[2] & 0x3FU);
        len = snprintf(out, ESCAPE_MAX, "\\u%04x", point);
    }
    return (size_t)len;
}

/* Copy what is clean and escape what is not; with out NULL only count the bytes.  *out_is_clean
 * says whether nothing had to be escaped. */
static size_t clean_text(const char *data, size_t len, bool keeps_lines, char *out,
                         bool *out_is_clean) {
    size_t written = 0;
    size_t at = 0;
    *out_is_clean = true;
    while (at < len) {
        size_t step = tk_utf8_step(data + at, len - at);
        char escape[ESCAPE_MAX];
        const char *piece = data + at;
        size_t piece_len = step;
        if (step == 0 || is_steering(piece, step, keeps_lines)) {
            piece_len = write_escape(piece, step, escape);
            piece = escape;
            *out_is_clean = false;
        }
        if (out != NULL) {
            memcpy(out + written, piece, piece_len);
        }
        written += piece_len;
        at += step != 0 ? step : 1;
    }
    return written;
}

/* The length of a text that is not longer than its maximum; the cut never splits a character. */
static size_t cut_len(const char *data, size_t len) {
    if (len <= TEXT_MAX) {
        return len;
    }
    size_t cut = TEXT_MAX;
    while (cut > TEXT_MAX - 4 && ((unsigned char)data[cut] & 0xC0) == 0x80) {
        cut--;
    }
    return cut;
}

/* A text in the arena, formatted, cut and clean; data NULL when there is no memory. */
static takeo_text make_text(tk_arena *arena, bool keeps_lines, const char *format, va_list args)
    TK_PRINTF(3, 0);

static takeo_text make_text(tk_arena *arena, bool keeps_lines, const char *format, va_list args) {
    char *made = tk_arena_vprintf(arena, format, args);
    if (made == NULL) {
        return (takeo_text){NULL, 0};
    }
    size_t len = cut_len(made, strlen(made));
    made[len] = '\0';
    bool is_clean;
    size_t clean_len = clean_text(made, len, keeps_lines, NULL, &is_clean);
    if (is_clean) {
        return tk_text(made, len);
    }
    char *clean = tk_arena_take(arena, clean_len + 1);
    if (clean == NULL) {
        return (takeo_text){NULL, 0};
    }
    clean_text(made, len, keeps_lines, clean, &is_clean);
    clean[clean_len] = '\0';
    return tk_text(clean, clean_len);
}

/* ---- records --------------------------------------------------------------------------------- */

/* A record at the end of the list; NULL when there is no memory. */
static takeo_error *add_record(tk_error *error) {
    if (error->count >= RECORDS_MAX) {
        *error->last = (takeo_error){.struct_size = sizeof(takeo_error)};
        return error->last;
    }
    takeo_error *record = tk_arena_array(&error->arena, 1, sizeof *record);
    if (record == NULL) {
        return NULL;
    }
    record->struct_size = sizeof *record;
    if (error->last != NULL) {
        error->last->next = record;
    } else {
        error->first = record;
    }
    error->last = record;
    error->count++;
    return record;
}

takeo_status tk_raise(tk_error *error, tk_code code, const char *format, ...) {
    if (error == NULL) {
        return codes[code].status;
    }
    if (error->last == &error->spare) { /* no memory was left before: nothing tells more */
        return TAKEO_ENOMEM;
    }
    takeo_error *record = add_record(error);
    if (record == NULL) {
        return tk_raise_memory(error);
    }
    record->status = codes[code].status;
    record->code = tk_zstr(codes[code].text);
    va_list args;
    va_start(args, format);
    record->message = make_text(&error->arena, false, format, args);
    va_end(args);
    if (record->message.data == NULL) {
        return tk_raise_memory(error);
    }
    return record->status;
}

void tk_error_make_cause(tk_error *error, takeo_error *below) {
    if (error->last != NULL && error->last != &error->spare) {
        error->last->cause = below;
    }
}

takeo_error *tk_error_set_aside(tk_error *error) {
    takeo_error *first = error->first != &error->spare ? error->first : NULL;
    error->first = error->last = NULL;
    error->count = 0;
    return first;
}

takeo_error *tk_error_last(tk_error *error) {
    return error->last;
}

void tk_error_set(tk_error *error, size_t field, const char *format, ...) {
    if (error == NULL || error->last == NULL || error->last == &error->spare) {
        return;
    }
    bool keeps_lines = field == offsetof(takeo_error, detail) || field == offsetof(takeo_error, sql)
                       || field == offsetof(takeo_error, hint);
    va_list args;
    va_start(args, format);
    takeo_text made = make_text(&error->arena, keeps_lines, format, args);
    va_end(args);
    /* Without memory for it the record stands without this part: what failed is still told. */
    if (made.data != NULL) {
        memcpy((char *)error->last + field, &made, sizeof made);
    }
}

/* ---- nearest names --------------------------------------------------------------------------- */

void tk_error_set_nearest(tk_error *error, takeo_text wrong, const takeo_text *names,
                          size_t count) {
    size_t limit = wrong.len >= 3 ? wrong.len / 3 : 1;
    struct {
        takeo_text name;
        size_t distance;
    } best[NEAREST_MAX];
    size_t best_count = 0;
    for (size_t i = 0; i < count; i++) {
        size_t distance = tk_text_distance(wrong, names[i], limit);
        if (distance > limit) {
            continue;
        }
        size_t place = best_count;
        while (place > 0 && best[place - 1].distance > distance) {
            place--;
        }
        if (place == NEAREST_MAX) {
            continue;
        }
        best_count += best_count < NEAREST_MAX ? 1 : 0;
        for (size_t j = best_count - 1; j > place; j--) {
            best[j] = best[j - 1];
        }
        best[place].name = names[i];
        best[place].distance = distance;
    }
    if (best_count != 0) {
        takeo_text none = {"", 0};
        takeo_text b = best_count > 1 ? best[1].name : none;
        takeo_text c = best_count > 2 ? best[2].name : none;
        TK_SET(error, nearest, "%.*s%s%.*s%s%.*s", (int)best[0].name.len, best[0].name.data,
               best_count > 1 ? ", " : "", (int)b.len, b.data, best_count > 2 ? ", " : "",
               (int)c.len, c.data);
    }
}
