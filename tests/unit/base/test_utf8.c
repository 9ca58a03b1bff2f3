/* test_utf8.c - what is UTF-8 and what is not. */
#include "base/base.h"
#include "support.h"

/* B23, B27 */
static void utf8_refuses_what_is_malformed(void **state) {
    (void)state;
    static const struct {
        const char *text;
        bool is_valid;
    } cases[] = {
        {"", true},
        {"plain ascii text", true},
        {"\x7f", true},
        {"\xc2\x80", true},         /* U+0080 */
        {"\xdf\xbf", true},         /* U+07FF */
        {"\xe0\xa0\x80", true},     /* U+0800 */
        {"\xed\x9f\xbf", true},     /* U+D7FF */
        {"\xee\x80\x80", true},     /* U+E000 */
        {"\xef\xbf\xbf", true},     /* U+FFFF */
        {"\xf0\x90\x80\x80", true}, /* U+10000 */
        {"\xf4\x8f\xbf\xbf", true}, /* U+10FFFF */
        {"\x80", false},            /* a tail alone */
        {"\xbf\xbf", false},
        {"\xc0\x80", false}, /* overlong zero */
        {"\xc0\xaf", false}, /* overlong slash */
        {"\xc1\xbf", false},
        {"\xe0\x80\xaf", false},
        {"\xe0\x9f\xbf", false},
        {"\xf0\x80\x80\xaf", false},
        {"\xf0\x8f\xbf\xbf", false},
        {"\xed\xa0\x80", false},             /* U+D800 */
        {"\xed\xbf\xbf", false},             /* U+DFFF */
        {"\xed\xa0\xbd\xed\xb8\x80", false}, /* CESU-8 */
        {"\xf4\x90\x80\x80", false},         /* U+110000 */
        {"\xf5\x80\x80\x80", false},
        {"\xf8\x88\x80\x80\x80", false},
        {"\xfe", false},
        {"\xff", false},
        {"\xc3", false}, /* cut */
        {"\xe2\x82", false},
        {"\xf0\x9f\x98", false},
        {"\xc3(", false},
        {"\xe2(\xa1", false},
        {"\xe2\x82(", false},
        {"\xf0(\x8c\xbc", false},
        {"\xf0\x90(\xbc", false},
        {"\xf0\x90\x8c(", false},
        {"\x81\x30\x81\x30", false}, /* GB18030 */
    };
    for (size_t i = 0; i < TK_COUNT(cases); i++) {
        /* Alone, and at every distance from a word of eight bytes. */
        for (size_t before = 0; before < 18; before++) {
            char text[64];
            size_t len = strlen(cases[i].text);
            memset(text, 'a', sizeof text);
            memcpy(text + before, cases[i].text, len);
            assert_int_equal(tk_utf8_is_valid(text, before + len), cases[i].is_valid);
            bool is_valid = tk_utf8_is_valid(text, before + len + 9);
            assert_int_equal(is_valid, cases[i].is_valid);
        }
    }
}

/* Every sequence of two bytes, and every one of three behind a lead of three, against the rules
 * said the other way round: decode, then look at the number. */
static void utf8_agrees_with_decoding(void **state) {
    (void)state;
    for (unsigned a = 0xC0; a < 0xF0; a++) {
        for (unsigned b = 0; b < 256; b++) {
            char two[2] = {(char)a, (char)b};
            bool is_two = a < 0xE0 && (b & 0xC0) == 0x80 && ((a & 0x1F) << 6) >= 0x80;
            assert_int_equal(tk_utf8_is_valid(two, 2), is_two);
            if (a < 0xE0) {
                continue;
            }
            char three[3] = {(char)a, (char)b, (char)0x81};
            unsigned point = (a & 0x0F) << 12 | (b & 0x3F) << 6 | 1;
            bool is_three = (b & 0xC0) == 0x80 && point >= 0x800 && (point & 0xF800) != 0xD800;
            assert_int_equal(tk_utf8_is_valid(three, 3), is_three);
        }
    }
}

static void utf8_counts_characters_and_steps(void **state) {
    (void)state;
    const char *text = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80z";
    assert_int_equal(tk_utf8_count(text, strlen(text)), 5);
    assert_int_equal(tk_utf8_count("", 0), 0);
    static const size_t steps[] = {1, 2, 3, 4, 1};
    for (size_t i = 0; i < TK_COUNT(steps); i++) {
        assert_int_equal(tk_utf8_step(text, strlen(text)), steps[i]);
        assert_int_equal(tk_utf8_step(text, steps[i] - 1), 0);
        text += steps[i];
    }
    assert_int_equal(tk_utf8_step("\xff", 1), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(utf8_refuses_what_is_malformed),
        cmocka_unit_test(utf8_agrees_with_decoding),
        cmocka_unit_test(utf8_counts_characters_and_steps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
