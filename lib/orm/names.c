/* names.c - what an index is over, as a database writes it: names, quoted or not, and expressions,
 * with commas between them.
 *
 *     name, "Odd, name", lower((email)::text)
 *
 * It must not know what the names are for, nor whose failure it is.
 */
#include <strings.h>

#include "orm/orm_int.h"

static bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'
           || c == '$' || (unsigned char)c >= 0x80;
}

/* Behind the text in quotes that begins here; a doubled quote does not end it. */
static size_t skip_quoted(takeo_text list, size_t at) {
    char quote = list.data[at];
    do {
        at++;
        while (at < list.len && list.data[at] != quote) {
            at++;
        }
        at += at < list.len;
    } while (at < list.len && list.data[at] == quote);
    return at;
}

bool tk_names_next(takeo_text *list, takeo_text *out) {
    size_t at = 0;
    int depth = 0;
    while (at < list->len && (depth > 0 || list->data[at] != ',')) {
        char c = list->data[at];
        depth += (c == '(' || c == '[') - (c == ')' || c == ']');
        at = c == '"' || c == '\'' ? skip_quoted(*list, at) : at + 1;
    }
    *out = tk_text(list->data, at);
    bool is_there = list->len != 0;
    while (at < list->len && (list->data[at] == ',' || list->data[at] == ' ')) {
        at++;
    }
    *list = tk_text(list->data + at, list->len - at);
    return is_there;
}

bool tk_names_is(takeo_text item, takeo_text name) {
    if (item.len == 0 || item.data[0] != '"') {
        return item.len == name.len && item.len != 0
               && strncasecmp(item.data, name.data, name.len) == 0;
    }
    size_t used = 0;
    size_t at = 1;
    for (; at + 1 < item.len && used < name.len; at++, used++) {
        at += item.data[at] == '"'; /* doubled */
        if (item.data[at] != name.data[used]) {
            return false;
        }
    }
    return used == name.len && at + 1 == item.len;
}

/* Functions have a bracket behind them, types a colon before. */
bool tk_names_word(takeo_text *expression, takeo_text *out) {
    takeo_text text = *expression;
    size_t at = 0;
    while (at < text.len) {
        size_t begin = at;
        if (text.data[at] == '"' || text.data[at] == '\'') {
            at = skip_quoted(text, at);
        } else {
            while (at < text.len && is_word(text.data[at])) {
                at++;
            }
        }
        if (at == begin) {
            at++;
            continue;
        }
        bool is_type = begin != 0 && text.data[begin - 1] == ':';
        bool is_call = at < text.len && text.data[at] == '(';
        if (text.data[begin] != '\'' && !is_type && !is_call) {
            *out = tk_text(text.data + begin, at - begin);
            *expression = tk_text(text.data + at, text.len - at);
            return true;
        }
    }
    return false;
}
