/* network.c - addresses of the network in binary form, written out as the server writes them.
 *
 *     inet, cidr   family (2: version 4, 3: version 6), bits, is_cidr, size, address
 *     macaddr      6 or 8 bytes
 */
#include <stdio.h>

#include "driver/postgresql/types_int.h"

enum {
    FAMILY_4 = 2,
    FAMILY_6 = 3,
    HEAD = 4,
    SIZE_4 = 4,
    SIZE_6 = 16,
    GROUPS = 8,
    TEXT_SIZE = 64 /* 39 of the longest address, 4 of its bits */
};

static bool give(tk_pg_column *column, const char *text, size_t len, takeo_cell *out) {
    char *copy = tk_arena_copy(column->values, text, len);
    column->has_no_memory = copy == NULL;
    *out = tk_cell_text(column->type, copy, len);
    return copy != NULL;
}

static size_t write_4(const uint8_t *address, char *out) {
    return (size_t)snprintf(out, 16, "%d.%d.%d.%d", address[0], address[1], address[2], address[3]);
}

/* The longest run of groups that are zero, the first of them; `len` below 2: none. */
static void find_zeros(const uint16_t groups[GROUPS], int *out_first, int *out_len) {
    *out_first = -1;
    *out_len = 1;
    for (int i = 0; i < GROUPS;) {
        int end = i;
        while (end < GROUPS && groups[end] == 0) {
            end++;
        }
        if (end - i > *out_len) {
            *out_first = i;
            *out_len = end - i;
        }
        i = end + 1;
    }
}

static size_t write_6(const uint8_t *address, char *out) {
    uint16_t groups[GROUPS];
    int first;
    int zeros;
    size_t len = 0;
    for (int i = 0; i < GROUPS; i++) {
        groups[i] = (uint16_t)(address[2 * i] << 8 | address[2 * i + 1]);
    }
    find_zeros(groups, &first, &zeros);
    for (int i = 0; i < GROUPS; i++) {
        if (first >= 0 && i >= first && i < first + zeros) {
            if (i == first) {
                out[len++] = ':';
            }
            continue;
        }
        if (i != 0) {
            out[len++] = ':';
        }
        /* An address of version 4 inside one of version 6. */
        if (i == 6 && first == 0 && (zeros == 6 || (zeros == 5 && groups[5] == 0xFFFF))) {
            return len + write_4(address + 12, out + len);
        }
        len += (size_t)snprintf(out + len, 5, "%x", (unsigned)groups[i]);
    }
    if (first >= 0 && first + zeros == GROUPS) {
        out[len++] = ':';
    }
    return len;
}

TK_PG_READER(tk_pg_binary_inet) {
    const uint8_t *bytes = (const uint8_t *)data;
    char text[TEXT_SIZE];
    if (len < HEAD || len != HEAD + (size_t)bytes[3]) {
        return false;
    }
    bool is_4 = bytes[0] == FAMILY_4 && bytes[3] == SIZE_4;
    bool is_6 = bytes[0] == FAMILY_6 && bytes[3] == SIZE_6;
    unsigned bits = bytes[1];
    if ((!is_4 && !is_6) || bits > 8U * bytes[3]) {
        return false;
    }
    size_t text_len = is_4 ? write_4(bytes + HEAD, text) : write_6(bytes + HEAD, text);
    if (bytes[2] != 0 || bits != 8U * bytes[3]) { /* a cidr always says its bits */
        text_len += (size_t)snprintf(text + text_len, TEXT_SIZE - text_len, "/%u", bits);
    }
    return give(column, text, text_len, out);
}

TK_PG_READER(tk_pg_binary_macaddr) {
    char text[TEXT_SIZE];
    size_t text_len = 0;
    if (len != (column->oid == TK_PG_OID_MACADDR8 ? 8 : 6)) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        text_len += (size_t)snprintf(text + text_len, TEXT_SIZE - text_len, "%s%02x",
                                     i != 0 ? ":" : "", (unsigned)(unsigned char)data[i]);
    }
    return give(column, text, text_len, out);
}
