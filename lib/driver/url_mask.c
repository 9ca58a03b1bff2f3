/* url_mask.c - the URL of a data source without its passwords, for messages and repr.
 *
 * It works on text that tk_url_parse may refuse, so it would rather hide too much: all from the
 * first ":" to the last "@", and the values of keys that name a secret, in a query or in
 * libpq's "key=value" form.
 */
#include <strings.h>

#include "driver/driver.h"

static const char mask[] = "***";

static bool is_secret_key(const char *key, size_t len) {
    static const char *const words[] = {"pass", "pwd", "secret", "key", "token"};
    for (size_t word = 0; word < TK_COUNT(words); word++) {
        size_t word_len = strlen(words[word]);
        for (size_t at = 0; at + word_len <= len; at++) {
            if (strncasecmp(key + at, words[word], word_len) == 0) {
                return true;
            }
        }
    }
    return memchr(key, '%', len) != NULL; /* who escapes a key may hide its name */
}

/* The end of a value: of the query at "&", of libpq's form at a blank outside quotes. */
static size_t value_end(const char *text, size_t at, size_t len) {
    bool is_quoted = at < len && text[at] == '\'';
    for (at += is_quoted; at < len; at++) {
        if (is_quoted && text[at] == '\\' && at + 1 < len) {
            at++;
        } else if (is_quoted && text[at] == '\'') {
            return at + 1;
        } else if (!is_quoted && strchr("& \t\n", text[at]) != NULL) {
            return at;
        }
    }
    return len;
}

/* Copy, with the values of secret keys masked. */
static void put_settings(tk_buf *out, const char *text, size_t len) {
    size_t key = 0;
    for (size_t at = 0; at < len; at++) {
        if (strchr("?& \t\n", text[at]) != NULL) {
            key = at + 1;
        }
        tk_buf_putc(out, text[at]);
        if (text[at] == '=' && is_secret_key(text + key, at - key)) {
            size_t end = value_end(text, at + 1, len);
            tk_buf_puts(out, mask);
            at = end - 1;
        }
    }
}

/* Where the password stands, when there is one: behind the first ":", up to the "@". */
static bool find_password(const char *text, size_t len, size_t *out_start, size_t *out_end) {
    const char *scheme_end = memmem(text, len, "://", 3);
    size_t start = scheme_end != NULL ? (size_t)(scheme_end - text) + 3 : len;
    size_t authority = start + strcspn(text + start, "/?");
    if (strncasecmp(text, "sqlite", 6) == 0) {
        len = authority; /* the path of a file may hold both characters */
    }
    const char *colon = memchr(text + start, ':', len - start);
    if (colon == NULL) {
        return false;
    }
    const char *end = memrchr(text + start, '@', authority - start);
    if (end == NULL) { /* a "/" in the password, which should have been escaped? */
        end = memrchr(text + start, '@', len - start);
    }
    *out_start = (size_t)(colon - text) + 1;
    *out_end = end != NULL ? (size_t)(end - text) : 0;
    return end != NULL && *out_end > *out_start;
}

char *tk_url_masked(const char *url, size_t len, tk_arena *arena) {
    len = tk_len(url, len);
    char *text = tk_arena_copy(arena, url != NULL ? url : "", len);
    if (text == NULL) {
        return NULL;
    }
    size_t start = 0;
    size_t end = 0;
    tk_buf out;
    tk_buf_init(&out, arena->alloc, len * 2 + 64);
    size_t at = 0;
    if (find_password(text, len, &start, &end)) {
        tk_buf_put(&out, text, start);
        tk_buf_puts(&out, mask);
        at = end;
    }
    put_settings(&out, text + at, len - at);
    char *masked =
        out.failed ? NULL : tk_arena_copy(arena, out.data != NULL ? out.data : "", out.len);
    tk_buf_done(&out);
    return masked;
}
