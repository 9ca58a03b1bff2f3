/* json.c - JSON as RFC 8259 has it, read into a tree.  Depth is bounded; numbers stay text. */
#include "json.h"

#include <errno.h>

#include "support.h"

enum { DEPTH_MAX = 64 };

typedef struct reader {
    const char *name;
    const char *begin;
    const char *at;
    const char *end; /* a zero byte stands here */
} reader;

static void broken(const reader *in, const char *what) {
    int line = 1;
    for (const char *c = in->begin; c < in->at; c++) {
        line += *c == '\n';
    }
    fail_msg("%s:%d: %s", in->name, line, what);
}

static void skip_blank(reader *in) {
    while (*in->at == ' ' || *in->at == '\n' || *in->at == '\t' || *in->at == '\r') {
        in->at++;
    }
}

static bool take(reader *in, char c) {
    skip_blank(in);
    if (*in->at != c) {
        return false;
    }
    in->at++;
    return true;
}

static json *make(json_kind kind) {
    json *made = calloc(1, sizeof *made);
    assert_non_null(made);
    made->kind = kind;
    return made;
}

/* ---- strings --------------------------------------------------------------------------------- */

static uint32_t read_hex(reader *in) {
    uint32_t code = 0;
    for (int i = 0; i < 4; i++) {
        char c = *in->at++;
        int digit = c >= '0' && c <= '9'                     ? c - '0'
                    : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10
                                                             : -1;
        if (digit < 0) {
            broken(in, "four hexadecimal digits belong behind \\u");
        }
        code = code << 4 | (uint32_t)digit;
    }
    return code;
}

/* A lone surrogate comes out as the three bytes that no UTF-8 has: tests want to send it. */
static char *put_code(reader *in, char *out) {
    uint32_t code = read_hex(in);
    if (code >= 0xD800 && code < 0xDC00 && in->at[0] == '\\' && in->at[1] == 'u') {
        in->at += 2;
        code = 0x10000 + ((code - 0xD800) << 10) + (read_hex(in) - 0xDC00);
    }
    if (code < 0x80) {
        *out++ = (char)code;
    } else if (code < 0x800) {
        *out++ = (char)(0xC0 | code >> 6);
        *out++ = (char)(0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
        *out++ = (char)(0xE0 | code >> 12);
        *out++ = (char)(0x80 | (code >> 6 & 0x3F));
        *out++ = (char)(0x80 | (code & 0x3F));
    } else {
        *out++ = (char)(0xF0 | code >> 18);
        *out++ = (char)(0x80 | (code >> 12 & 0x3F));
        *out++ = (char)(0x80 | (code >> 6 & 0x3F));
        *out++ = (char)(0x80 | (code & 0x3F));
    }
    return out;
}

static char *put_escape(reader *in, char *out) {
    static const char signs[] = "\"\\/bfnrt";
    static const char meant[] = "\"\\/\b\f\n\r\t";
    char c = *in->at++;
    if (c == 'u') {
        return put_code(in, out);
    }
    const char *sign = c != '\0' ? strchr(signs, c) : NULL;
    if (sign == NULL) {
        broken(in, "no such escape");
        return out;
    }
    *out++ = meant[sign - signs];
    return out;
}

/* Behind the opening quote. */
static char *read_string(reader *in, size_t *out_len) {
    size_t most = 0;
    while (in->at + most < in->end && in->at[most] != '"') {
        most += in->at[most] == '\\' ? 2 : 1;
    }
    char *text = malloc(most + 1);
    assert_non_null(text);
    char *out = text;
    while (in->at < in->end && *in->at != '"') {
        if (*in->at == '\\') {
            in->at++;
            out = put_escape(in, out);
        } else {
            *out++ = *in->at++;
        }
    }
    if (in->at >= in->end) {
        broken(in, "a string has no end");
    }
    in->at++;
    *out = '\0';
    *out_len = (size_t)(out - text);
    return text;
}

/* ---- values ---------------------------------------------------------------------------------- */

static json *read_value(reader *in, int depth);

static json *read_word(reader *in) {
    size_t len = strspn(in->at, "+-.0123456789abcdefghijklmnopqrstuvwxyzE");
    char *text = strndup(in->at, len);
    assert_non_null(text);
    bool is_bool = strcmp(text, "true") == 0 || strcmp(text, "false") == 0;
    bool is_number = len != 0 && strchr("-0123456789", text[0]) != NULL;
    if (!is_bool && !is_number && strcmp(text, "null") != 0) {
        broken(in, "a value belongs here");
    }
    in->at += len;
    json *made = make(is_bool ? JSON_BOOL : is_number ? JSON_NUMBER : JSON_NULL);
    made->text = text;
    made->len = len;
    return made;
}

static json *read_members(reader *in, json_kind kind, int depth) {
    json *made = make(kind);
    json **last = &made->first;
    char close = kind == JSON_OBJECT ? '}' : ']';
    if (depth > DEPTH_MAX) {
        broken(in, "it is nested too deep");
    }
    while (!take(in, close)) {
        char *key = NULL;
        size_t len;
        if (made->count != 0 && !take(in, ',')) {
            broken(in, "a comma belongs here");
        }
        if (kind == JSON_OBJECT) {
            if (!take(in, '"')) {
                broken(in, "a name in quotes belongs here");
            }
            key = read_string(in, &len);
            if (!take(in, ':')) {
                broken(in, "a colon belongs here");
            }
        }
        *last = read_value(in, depth + 1);
        (*last)->key = key;
        last = &(*last)->next;
        made->count++;
    }
    return made;
}

static json *read_value(reader *in, int depth) {
    if (take(in, '{')) {
        return read_members(in, JSON_OBJECT, depth);
    }
    if (take(in, '[')) {
        return read_members(in, JSON_ARRAY, depth);
    }
    if (take(in, '"')) {
        json *made = make(JSON_STRING);
        made->text = read_string(in, &made->len);
        return made;
    }
    return read_word(in);
}

json *json_read(const char *text, size_t len, const char *name) {
    reader in = {name, text, text, text + len};
    json *root = read_value(&in, 0);
    skip_blank(&in);
    if (in.at != in.end) {
        broken(&in, "something stands behind the end");
    }
    return root;
}

json *json_read_file(const char *path) {
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        fail_msg("%s: %s", path, strerror(errno));
    }
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    long size = ftell(file);
    assert_true(size >= 0);
    rewind(file);
    char *text = malloc((size_t)size + 1);
    assert_non_null(text);
    assert_int_equal(fread(text, 1, (size_t)size, file), size);
    text[size] = '\0';
    (void)fclose(file);
    json *root = json_read(text, (size_t)size, path);
    free(text);
    return root;
}

void json_free(json *root) {
    while (root != NULL) {
        json *next = root->next;
        json_free(root->first);
        free((char *)root->key);
        free((char *)root->text);
        free(root);
        root = next;
    }
}

/* ---- looking at it --------------------------------------------------------------------------- */

const json *json_get(const json *object, const char *key) {
    for (const json *member = json_first(object); member != NULL; member = member->next) {
        if (member->key != NULL && strcmp(member->key, key) == 0) {
            return member;
        }
    }
    return NULL;
}

const json *json_need(const json *object, const char *key) {
    const json *found = json_get(object, key);
    if (found == NULL) {
        fail_msg("the data has no \"%s\" where one belongs", key);
    }
    return found;
}

const char *json_text(const json *object, const char *key, const char *otherwise) {
    const json *found = json_get(object, key);
    return found != NULL && found->kind != JSON_NULL ? found->text : otherwise;
}

int64_t json_int(const json *object, const char *key, int64_t otherwise) {
    const json *found = json_get(object, key);
    return found != NULL ? strtoll(found->text, NULL, 10) : otherwise;
}

bool json_is_true(const json *object, const char *key) {
    const json *found = json_get(object, key);
    return found != NULL && found->kind == JSON_BOOL && found->text[0] == 't';
}
