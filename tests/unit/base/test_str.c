/* test_str.c - equality, the grammar of names, distances. */
#include "base/base.h"
#include "support.h"

static void str_equal_goes_by_bytes(void **state) {
    (void)state;
    assert_true(tk_text_equal(tk_zstr("abc"), tk_text("abcd", 3)));
    assert_false(tk_text_equal(tk_zstr("abc"), tk_zstr("abd")));
    assert_false(tk_text_equal(tk_zstr("abc"), tk_zstr("abcd")));
    assert_true(tk_text_equal(tk_zstr(NULL), tk_zstr("")));
    assert_true(tk_text_equal(tk_text("a\0b", 3), tk_text("a\0b", 3)));
    assert_false(tk_text_equal(tk_text("a\0b", 3), tk_text("a\0c", 3)));
    assert_int_equal(tk_len("abc", SIZE_MAX), 3);
    assert_int_equal(tk_len("abc", 2), 2);
    assert_int_equal(tk_len(NULL, SIZE_MAX), 0);
}

/* B22, B73, B74, S04 */
static void str_names_follow_the_grammar(void **state) {
    (void)state;
    char longest[65];
    memset(longest, 'a', sizeof longest);
    assert_true(tk_name_is_valid(longest, 63));
    assert_false(tk_name_is_valid(longest, 64));
    static const struct {
        const char *name;
        bool is_valid;
    } cases[] = {
        {"a", true},          {"_", true},    {"Z9", true},    {"a_b_1", true}, {"", false},
        {"1a", false},        {"a b", false}, {"a\"b", false}, {"a.b", false},  {"a-b", false},
        {"a%", false},        {"a`", false},  {"a;--", false}, {"a\n", false},  {"\xc3\xa9", false},
        {"a\xc3\xa9", false}, {"a$", false},  {"@a", false},   {"[", false},    {"{", false},
    };
    for (size_t i = 0; i < TK_COUNT(cases); i++) {
        assert_int_equal(tk_name_is_valid(cases[i].name, strlen(cases[i].name)), cases[i].is_valid);
    }
    assert_false(tk_name_is_valid("a\0b", 3));
    assert_false(tk_name_is_valid(NULL, 0));
    for (int c = 0; c < 256; c++) {
        char name[2] = {'x', (char)c};
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        assert_int_equal(tk_name_is_valid(name + 1, 1), is_letter);
        assert_int_equal(tk_name_is_valid(name, 2), is_letter || (c >= '0' && c <= '9'));
    }
}

static void str_distance_counts_edits(void **state) {
    (void)state;
    static const struct {
        const char *a;
        const char *b;
        size_t limit;
        size_t distance;
    } cases[] = {
        {"", "", 3, 0},
        {"abc", "abc", 0, 0},
        {"", "abc", 5, 3},
        {"abc", "", 5, 3},
        {"emial", "email", 3, 1}, /* a swap is one edit */
        {"ab", "ba", 3, 1},
        {"kitten", "sitting", 5, 3},
        {"ca", "abc", 5, 3}, /* optimal string alignment: no edit inside a swap */
        {"name", "nme", 2, 1},
        {"name", "naame", 2, 1},
        {"abcdef", "uvwxyz", 2, 3}, /* limit + 1 */
        {"abcdef", "a", 2, 3},
        {"abdc", "abcd", 1, 1},
        {"xbadc", "xabcd", 2, 2},
    };
    for (size_t i = 0; i < TK_COUNT(cases); i++) {
        takeo_text a = tk_zstr(cases[i].a);
        takeo_text b = tk_zstr(cases[i].b);
        assert_int_equal(tk_text_distance(a, b, cases[i].limit), cases[i].distance);
        assert_int_equal(tk_text_distance(b, a, cases[i].limit), cases[i].distance);
    }
    char large[300];
    memset(large, 'x', sizeof large);
    assert_int_equal(tk_text_distance(tk_text(large, 300), tk_text(large, 299), 5), 6);
    assert_int_equal(tk_text_distance(tk_text(large, 300), tk_text(large, 300), 5), 0);
    assert_int_equal(tk_text_distance(tk_text(large, 255), tk_text(large, 254), 5), 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(str_equal_goes_by_bytes),
        cmocka_unit_test(str_names_follow_the_grammar),
        cmocka_unit_test(str_distance_counts_edits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
