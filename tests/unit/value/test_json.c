/* test_json.c - RFC 8259 to the letter. */
#include "value/value.h"
#include "support.h"

static const char *const valid[] = {
    "null",
    "true",
    "false",
    "0",
    "-0",
    "10",
    "-1.5",
    "1e5",
    "1E+5",
    "1.25e-10",
    "1e400",
    "\"\"",
    "\"abc\"",
    "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
    "\"\\u00e9\\uFFFF\"",
    "\"\\ud83d\\ude00\"",
    "\"\xc3\xa9 \xf0\x9f\x98\x80 \x7f\"",
    "[]",
    "{}",
    "[1]",
    "[1,2,[3,[]],{}]",
    "{\"a\":1}",
    "{\"a\":{\"b\":[{\"c\":null}]},\"d\":[]}",
    "{\"a\":1,\"a\":2}",
    "{\"\":0}",
    " [ 1 , 2 ] ",
    "\t{\n\"a\"\r:\n1 }\n",
    " 1 ",
};

/* B54, B55, B56 */
static const char *const invalid[] = {
    "",
    " ",
    "nul",
    "nulll",
    "True",
    "NaN",
    "Infinity",
    "-Infinity",
    "undefined",
    "'a'",
    "a",
    "01",
    "-",
    "-01",
    "+1",
    ".5",
    "1.",
    "1.e5",
    "1e",
    "1e+",
    "0x10",
    "1 2",
    "--1",
    "1_000",
    "\"",
    "\"abc",
    "\"\\\"",
    "\"\\x41\"",
    "\"\\u12\"",
    "\"\\u123g\"",
    "\"\\",
    "\"a\nb\"",
    "\"a\tb\"",
    "\"\x1f\"",
    "\"\\u0000\"",
    "\"a\\u0000b\"",
    "\"\\ud83d\"",
    "\"\\ud83dx\"",
    "\"\\ud83d\\n\"",
    "\"\\ud83d\\ud83d\"",
    "\"\\ude00\"",
    "\"\\ude00\\ud83d\"",
    "\"\\ud83d\\u0041\"",
    "\"\xff\"",
    "\"\xc0\x80\"",
    "\"\xed\xa0\x80\"",
    "\"\xc3\"",
    "[",
    "]",
    "[1",
    "[1,",
    "[1,]",
    "[,1]",
    "[,]",
    "[1 2]",
    "[1}",
    "[1,,2]",
    "[]]",
    "[][]",
    "{",
    "}",
    "{]",
    "[}",
    "{\"a\"",
    "{\"a\":",
    "{\"a\":1",
    "{\"a\":1,",
    "{\"a\":1,}",
    "{,}",
    "{\"a\" 1}",
    "{\"a\":}",
    "{a:1}",
    "{1:1}",
    "{\"a\":1 \"b\":2}",
    "{null:1}",
    "{\"a\",\"b\"}",
    "{\"a\":1]",
    "[\"a\":1]",
    "[1:2]",
    "// c\n1",
    "[1]/**/",
    "\xef\xbb\xbf[]",
    "1\v",
    "[\f1]",
};

static void json_valid_texts_pass(void **state) {
    (void)state;
    for (size_t i = 0; i < TK_COUNT(valid); i++) {
        if (!tk_json_is_valid(valid[i], strlen(valid[i]))) {
            fail_msg("%s", valid[i]);
        }
    }
}

static void json_invalid_texts_are_refused(void **state) {
    (void)state;
    for (size_t i = 0; i < TK_COUNT(invalid); i++) {
        if (tk_json_is_valid(invalid[i], strlen(invalid[i]))) {
            fail_msg("%s", invalid[i]);
        }
    }
    assert_false(tk_json_is_valid("1\0", 2));
    assert_false(tk_json_is_valid("\"\0\"", 3));
    assert_false(tk_json_is_valid("\"\\\0\"", 4));
}

/* Every beginning of a valid container is invalid; a heap copy of the very size lets the sanitizer
 * see a read behind it. */
static void json_never_reads_behind_its_end(void **state) {
    (void)state;
    for (size_t i = 0; i < TK_COUNT(valid) + TK_COUNT(invalid); i++) {
        const char *text = i < TK_COUNT(valid) ? valid[i] : invalid[i - TK_COUNT(valid)];
        for (size_t len = 1; len <= strlen(text); len++) {
            char *copy = malloc(len);
            memcpy(copy, text, len);
            bool is_valid = tk_json_is_valid(copy, len);
            bool is_container = text[0] == '[' || text[0] == '{';
            if (i < TK_COUNT(valid) && is_container && len < strlen(text)) {
                assert_false(is_valid);
            }
            free(copy);
        }
    }
}

/* B57 */
static void json_depth_is_limited_without_recursion(void **state) {
    (void)state;
    static char text[400000];
    static const size_t depths[] = {1, 63, 64, 65, 511, 512, 513, 100000};
    for (size_t i = 0; i < TK_COUNT(depths); i++) {
        size_t depth = depths[i];
        memset(text, '[', depth);
        memset(text + depth, ']', depth);
        assert_int_equal(tk_json_is_valid(text, 2 * depth), depth <= 512);
        /* Objects and arrays in turn: the stack of bits must tell them apart. */
        size_t len = 0;
        for (size_t j = 0; j < depth && depth < 1000; j++) {
            len += (size_t)snprintf(text + len, 8, "%s", j % 3 == 0 ? "[" : "{\"a\":");
        }
        text[len++] = '1';
        for (size_t j = depth; j > 0 && depth < 1000; j--) {
            text[len++] = (j - 1) % 3 == 0 ? ']' : '}';
        }
        if (depth < 1000) {
            assert_int_equal(tk_json_is_valid(text, len), depth <= 512);
            text[len - 1] = text[len - 1] == ']' ? '}' : ']';
            assert_false(tk_json_is_valid(text, len));
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_valid_texts_pass),
        cmocka_unit_test(json_invalid_texts_are_refused),
        cmocka_unit_test(json_never_reads_behind_its_end),
        cmocka_unit_test(json_depth_is_limited_without_recursion),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
