/* utf8.c - is it UTF-8, and how many characters?  No overlong forms, no surrogates, nothing above
 * U+10FFFF.  It must not know what the text is for.
 */
#include "base/base.h"

static const uint64_t high_bits = UINT64_C(0x8080808080808080);

static bool is_tail(unsigned char c) {
    return (c & 0xC0) == 0x80;
}

size_t tk_utf8_step(const char *data, size_t len) {
    const unsigned char *at = (const unsigned char *)data;
    if (len == 0 || at[0] < 0x80) {
        return len != 0 ? 1 : 0;
    }
    if (at[0] < 0xC2 || at[0] > 0xF4) { /* a tail, an overlong form, or above U+10FFFF */
        return 0;
    }
    if (at[0] < 0xE0) {
        return len >= 2 && is_tail(at[1]) ? 2 : 0;
    }
    /* The second byte tells overlong forms, surrogates and what lies above U+10FFFF. */
    unsigned char least = at[0] == 0xE0 ? 0xA0 : at[0] == 0xF0 ? 0x90 : 0x80;
    unsigned char most = at[0] == 0xED ? 0x9F : at[0] == 0xF4 ? 0x8F : 0xBF;
    if (len < 3 || at[1] < least || at[1] > most || !is_tail(at[2])) {
        return 0;
    }
    if (at[0] < 0xF0) {
        return 3;
    }
    return len >= 4 && is_tail(at[3]) ? 4 : 0;
}

bool tk_utf8_is_valid(const char *data, size_t len) {
    size_t at = 0;
    while (at < len) {
        if (len - at >= 8) {
            uint64_t word;
            memcpy(&word, data + at, 8);
            if ((word & high_bits) == 0) {
                at += 8;
                continue;
            }
        }
        size_t step = tk_utf8_step(data + at, len - at);
        if (step == 0) {
            return false;
        }
        at += step;
    }
    return true;
}

size_t tk_utf8_count(const char *data, size_t len) {
    size_t count = 0;
    for (size_t i = 0; i < len; i++) {
        count += !is_tail((unsigned char)data[i]);
    }
    return count;
}
