/* buf.c - text that grows.  A failure sticks, so that a writer of many parts checks once, at the
 * end.  It must not know what the text means, but for the escapes of JSON strings.
 */
#include <stdio.h>

#include "base/base.h"

enum { CAPACITY_FIRST = 64 };

void tk_buf_init(tk_buf *buf, tk_alloc alloc, size_t max) {
    /* One byte is always kept for the zero behind the text. */
    *buf = (tk_buf){.alloc = alloc, .max = max < PTRDIFF_MAX ? max : PTRDIFF_MAX - 1};
}

char *tk_buf_grow(tk_buf *buf, size_t len) {
    if (TK_UNLIKELY(buf->failed || len > buf->max - buf->len)) {
        buf->failed = true;
        return NULL;
    }
    size_t needed = buf->len + len + 1;
    size_t capacity = buf->capacity != 0 ? buf->capacity : CAPACITY_FIRST;
    while (capacity < needed && capacity <= buf->max / 2) {
        capacity *= 2;
    }
    bool is_too_much = capacity > buf->max; /* the room in place is never more than allowed */
    if (capacity < needed || is_too_much) {
        capacity = buf->max + 1;
    }
    char *data = tk_mem_resize(&buf->alloc, buf->data, buf->capacity, capacity);
    if (data == NULL) {
        buf->failed = true;
        return NULL;
    }
    buf->data = data;
    buf->capacity = capacity;
    return data + buf->len;
}

void tk_buf_puts(tk_buf *buf, const char *zstr) {
    tk_buf_put(buf, zstr, strlen(zstr));
}

void tk_buf_putc(tk_buf *buf, char c) {
    tk_buf_put(buf, &c, 1);
}

void tk_buf_put_int(tk_buf *buf, int64_t number) {
    char digits[24];
    char *at = digits + sizeof digits;
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    do {
        *--at = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest != 0);
    if (number < 0) {
        *--at = '-';
    }
    tk_buf_put(buf, at, (size_t)(digits + sizeof digits - at));
}

void tk_buf_vprintf(tk_buf *buf, const char *format, va_list args) {
    if (tk_buf_reserve(buf, 0) == NULL) {
        return;
    }
    va_list again;
    va_copy(again, args);
    size_t room = buf->capacity - buf->len;
    int len = vsnprintf(buf->data + buf->len, room, format, args);
    if (len < 0 || tk_buf_reserve(buf, (size_t)len) == NULL) {
        buf->failed = true;
        buf->data[buf->len] = '\0';
    } else {
        if ((size_t)len >= room) {
            vsnprintf(buf->data + buf->len, (size_t)len + 1, format, again);
        }
        buf->len += (size_t)len;
    }
    va_end(again);
}

void tk_buf_printf(tk_buf *buf, const char *format, ...) {
    va_list args;
    va_start(args, format);
    tk_buf_vprintf(buf, format, args);
    va_end(args);
}

/* Write one byte that cannot stand in a JSON string as it is. */
static void put_json_escape(tk_buf *buf, unsigned char c) {
    static const char hex[] = "0123456789abcdef";
    static const char short_forms[] = "\"\"\\\\\bb\ff\nn\rr\tt";
    for (size_t i = 0; i + 1 < sizeof short_forms; i += 2) {
        if ((unsigned char)short_forms[i] == c) {
            char two[2] = {'\\', short_forms[i + 1]};
            tk_buf_put(buf, two, 2);
            return;
        }
    }
    if (c < 0x80) {
        char six[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
        tk_buf_put(buf, six, 6);
        return;
    }
    tk_buf_puts(buf, "\\ufffd"); /* no valid UTF-8: the output stays valid JSON */
}

void tk_buf_put_json(tk_buf *buf, const char *data, size_t len) {
    tk_buf_putc(buf, '"');
    size_t start = 0;
    size_t at = 0;
    while (at < len) {
        unsigned char c = (unsigned char)data[at];
        size_t step = c < 0x80 ? 1 : tk_utf8_step(data + at, len - at);
        if (step != 0 && c >= 0x20 && c != '"' && c != '\\') {
            at += step;
            continue;
        }
        tk_buf_put(buf, data + start, at - start);
        put_json_escape(buf, c);
        at++;
        start = at;
    }
    if (at > start) {
        tk_buf_put(buf, data + start, at - start);
    }
    tk_buf_putc(buf, '"');
}

void tk_buf_clear(tk_buf *buf) {
    buf->len = 0;
    buf->failed = false;
    if (buf->data != NULL) {
        buf->data[0] = '\0';
    }
}

void tk_buf_done(tk_buf *buf) {
    tk_mem_free(&buf->alloc, buf->data, buf->capacity);
    buf->data = NULL;
    buf->len = 0;
    buf->capacity = 0;
}
