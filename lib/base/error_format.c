/* error_format.c - a failure as people read it on a terminal.
 *
 * Code and message first, then what was expected, what came, the nearest names, why, how to mend
 * it, what the database said, and below that the causes and the further findings.  It must not know
 * what failed; texts are clean already (error.c).
 */
#include "base/base.h"

enum {
    INDENT = 2,
    CAUSE_DEPTH_MAX = 16,
    SQL_BEFORE = 48, /* bytes shown on each side of the position in a long statement */
    SQL_AFTER = 32
};

typedef struct writer { /* counts everything, keeps what fits */
    char *buffer;
    size_t capacity;
    size_t len;
} writer;

static void put(writer *out, const char *data, size_t len) {
    if (len != 0 && out->len < out->capacity) {
        size_t room = out->capacity - out->len;
        memcpy(out->buffer + out->len, data, len < room ? len : room);
    }
    out->len += len;
}

static void put_spaces(writer *out, size_t count) {
    for (size_t i = 0; i < count; i++) {
        put(out, " ", 1);
    }
}

/* Start a line; nothing was written yet means that it is the first. */
static void start_line(writer *out, size_t indent) {
    if (out->len != 0) {
        put(out, "\n", 1);
    }
    put_spaces(out, indent);
}

/* A labelled text; its further lines stand below the first. */
static void put_part(writer *out, size_t indent, const char *label, takeo_text text) {
    if (text.data == NULL || text.len == 0) {
        return;
    }
    start_line(out, indent);
    put(out, label, strlen(label));
    put(out, ": ", 2);
    const char *at = text.data;
    const char *end = text.data + text.len;
    const char *line_end;
    while ((line_end = memchr(at, '\n', (size_t)(end - at))) != NULL) {
        put(out, at, (size_t)(line_end - at));
        at = line_end + 1;
        if (at < end) {
            start_line(out, indent + strlen(label) + 2);
        }
    }
    put(out, at, (size_t)(end - at));
}

/* One fix per line, each with its label. */
static void put_fixes(writer *out, size_t indent, takeo_text hint) {
    const char *at = hint.data;
    size_t left = hint.len;
    while (at != NULL && left != 0) {
        const char *line_end = memchr(at, '\n', left);
        size_t len = line_end != NULL ? (size_t)(line_end - at) : left;
        put_part(out, indent, "fix", tk_text(at, len));
        len += line_end != NULL ? 1 : 0;
        at += len;
        left -= len;
    }
}

/* Byte of a character, counted from 1; the length when there are fewer. */
static size_t byte_of(takeo_text text, uint32_t character) {
    size_t at = 0;
    for (uint32_t i = 1; i < character && at < text.len; i++) {
        size_t step = tk_utf8_step(text.data + at, text.len - at);
        at += step != 0 ? step : 1;
    }
    return at;
}

static bool is_inside_character(takeo_text text, size_t at) {
    return at < text.len && ((unsigned char)text.data[at] & 0xC0) == 0x80;
}

/* The part of the statement around its position, on one line, and a caret below it. */
static void put_sql(writer *out, size_t indent, const takeo_error *error) {
    takeo_text sql = error->sql;
    if (sql.data == NULL || sql.len == 0 || error->position == 0) {
        put_part(out, indent, "sql", sql);
        return;
    }
    size_t at = byte_of(sql, error->position);
    size_t from = at;
    size_t to = at;
    while (from > 0 && sql.data[from - 1] != '\n' && at - from < SQL_BEFORE) {
        from--;
    }
    while (to < sql.len && sql.data[to] != '\n' && to - at < SQL_AFTER) {
        to++;
    }
    while (from < at && is_inside_character(sql, from)) {
        from++;
    }
    while (to > at && is_inside_character(sql, to)) {
        to--;
    }
    takeo_text shown = tk_text(sql.data + from, to - from);
    put_part(out, indent, "sql", shown);
    if (shown.len != 0) {
        start_line(out, indent + strlen("sql: ") + tk_utf8_count(shown.data, at - from));
        put(out, "^", 1);
    }
}

/* One record with its causes; their depth is limited, so this ends. */
static void put_record(writer *out, size_t indent, const char *label, const takeo_error *error,
                       unsigned depth) {
    start_line(out, indent);
    put(out, label, strlen(label));
    put(out, error->code.data, error->code.len);
    if (error->message.len != 0) {
        put(out, error->code.len != 0 ? ": " : "", error->code.len != 0 ? 2 : 0);
        put(out, error->message.data, error->message.len);
    }
    size_t inner = indent + INDENT;
    put_sql(out, inner, error);
    put_part(out, inner, "expected", error->expected);
    put_part(out, inner, "got", error->got);
    put_part(out, inner, "nearest", error->nearest);
    put_part(out, inner, "why", error->why);
    put_fixes(out, inner, error->hint);
    put_part(out, inner, "database", error->detail);
    if (depth == CAUSE_DEPTH_MAX) {
        return;
    }
    for (const takeo_error *cause = error->cause; cause != NULL; cause = cause->next) {
        put_record(out, inner, "caused by ", cause, depth + 1);
    }
}

size_t tk_error_format(const takeo_error *error, char *buffer, size_t capacity) {
    /* One byte is the zero behind the text. */
    writer out = {buffer, capacity != 0 ? capacity - 1 : 0, 0};
    for (const takeo_error *record = error; record != NULL; record = record->next) {
        put_record(&out, 0, "", record, 0);
    }
    if (capacity != 0) {
        size_t end = out.len;
        if (end > out.capacity) { /* cut, and never inside a character */
            end = out.capacity;
            takeo_text kept = tk_text(buffer, end);
            while (end > 0 && ((unsigned char)buffer[end - 1] & 0xC0) == 0x80) {
                end--;
            }
            if (end > 0 && tk_utf8_step(buffer + end - 1, kept.len - (end - 1)) != 0) {
                end = kept.len;
            } else if (end > 0) {
                end--;
            }
        }
        buffer[end] = '\0';
    }
    return out.len;
}
