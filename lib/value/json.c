/* json.c - is it JSON?  RFC 8259 to the letter, without \u0000, which no server can store.
 *
 * It never recurses: what is open is a stack of bits, one for an object, zero for an array.  It
 * makes no tree and must not know what the values mean.
 */
#include "value/value.h"

enum { DEPTH_MAX = 512, WORD_BITS = 64 };

typedef struct reader {
    const char *at;
    const char *end;
    size_t depth;
    uint64_t is_object[DEPTH_MAX / WORD_BITS];
} reader;

static bool take(reader *in, char c) {
    if (in->at == in->end || *in->at != c) {
        return false;
    }
    in->at++;
    return true;
}

static void skip_space(reader *in) {
    while (in->at < in->end
           && (*in->at == ' ' || *in->at == '\n' || *in->at == '\t' || *in->at == '\r')) {
        in->at++;
    }
}

static bool take_word(reader *in, const char *word) {
    size_t len = strlen(word);
    if ((size_t)(in->end - in->at) < len || memcmp(in->at, word, len) != 0) {
        return false;
    }
    in->at += len;
    return true;
}

/* One digit at least. */
static bool take_digits(reader *in) {
    const char *start = in->at;
    while (in->at < in->end && *in->at >= '0' && *in->at <= '9') {
        in->at++;
    }
    return in->at != start;
}

static bool take_number(reader *in) {
    take(in, '-');
    if (!take(in, '0') && !take_digits(in)) {
        return false;
    }
    if (take(in, '.') && !take_digits(in)) {
        return false;
    }
    if (take(in, 'e') || take(in, 'E')) {
        if (!take(in, '+')) {
            take(in, '-');
        }
        return take_digits(in);
    }
    return true;
}

static bool take_four_hex(reader *in, uint32_t *out) {
    uint32_t point = 0;
    if (in->end - in->at < 4) {
        return false;
    }
    for (int i = 0; i < 4; i++) {
        char c = *in->at++;
        uint32_t digit;
        if (c >= '0' && c <= '9') {
            digit = (uint32_t)(c - '0');
        } else if ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')) {
            digit = (uint32_t)((c | 0x20) - 'a') + 10;
        } else {
            return false;
        }
        point = point << 4 | digit;
    }
    *out = point;
    return true;
}

/* Behind the backslash.  A surrogate counts only as one half of a pair. */
static bool take_escape(reader *in) {
    if (in->at == in->end) {
        return false;
    }
    char c = *in->at++;
    if (c != 'u') {
        return c != '\0' && strchr("\"\\/bfnrt", c) != NULL;
    }
    uint32_t point;
    if (!take_four_hex(in, &point) || point == 0 || (point >= 0xDC00 && point <= 0xDFFF)) {
        return false;
    }
    if (point < 0xD800 || point > 0xDBFF) {
        return true;
    }
    return take(in, '\\') && take(in, 'u') && take_four_hex(in, &point) && point >= 0xDC00
           && point <= 0xDFFF;
}

static bool take_string(reader *in) {
    if (!take(in, '"')) {
        return false;
    }
    while (in->at < in->end) {
        unsigned char c = (unsigned char)*in->at;
        if (c == '"') {
            in->at++;
            return true;
        }
        if (c == '\\') {
            in->at++;
            if (!take_escape(in)) {
                return false;
            }
            continue;
        }
        size_t step = tk_utf8_step(in->at, (size_t)(in->end - in->at));
        if (step == 0 || c < 0x20) {
            return false;
        }
        in->at += step;
    }
    return false;
}

static bool take_scalar(reader *in) {
    switch (in->at < in->end ? *in->at : '\0') {
    case '"':
        return take_string(in);
    case 't':
        return take_word(in, "true");
    case 'f':
        return take_word(in, "false");
    case 'n':
        return take_word(in, "null");
    default:
        return take_number(in);
    }
}

static bool is_in_object(const reader *in) {
    size_t top = in->depth - 1;
    return (in->is_object[top / WORD_BITS] >> (top % WORD_BITS) & 1) != 0;
}

static bool open_container(reader *in, bool is_object) {
    if (in->depth == DEPTH_MAX) {
        return false;
    }
    uint64_t bit = UINT64_C(1) << (in->depth % WORD_BITS);
    uint64_t *word = &in->is_object[in->depth / WORD_BITS];
    *word = is_object ? *word | bit : *word & ~bit;
    in->depth++;
    return true;
}

/* The name of a member and its colon. */
static bool take_name(reader *in) {
    skip_space(in);
    if (!take_string(in)) {
        return false;
    }
    skip_space(in);
    return take(in, ':');
}

/* From where a value has to begin: into containers, up to the end of a scalar or of an empty
 * container. */
static bool take_value(reader *in) {
    for (;;) {
        skip_space(in);
        bool is_object = take(in, '{');
        if (!is_object && !take(in, '[')) {
            return take_scalar(in);
        }
        if (!open_container(in, is_object)) {
            return false;
        }
        skip_space(in);
        if (take(in, is_object ? '}' : ']')) {
            in->depth--;
            return true;
        }
        if (is_object && !take_name(in)) {
            return false;
        }
    }
}

bool tk_json_is_valid(const char *text, size_t len) {
    reader in = {.at = text, .end = text + len};
    if (!take_value(&in)) {
        return false;
    }
    while (in.depth != 0) { /* behind a value of a container */
        skip_space(&in);
        bool is_object = is_in_object(&in);
        if (take(&in, is_object ? '}' : ']')) {
            in.depth--;
        } else if (!take(&in, ',') || (is_object && !take_name(&in)) || !take_value(&in)) {
            return false;
        }
    }
    skip_space(&in);
    return in.at == in.end;
}
