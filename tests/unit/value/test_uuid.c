/* test_uuid.c - the 36 characters, and that new ones are new and in order. */
#include "value/value.h"
#include "support.h"

static void uuid_text_reads_back(void **state) {
    (void)state;
    uint8_t uuid[16];
    char text[37];
    assert_true(tk_uuid_parse("00112233-4455-6677-8899-aAbBcCdDeEfF", 36, uuid));
    for (int i = 0; i < 16; i++) {
        assert_int_equal(uuid[i], i * 0x11);
    }
    tk_uuid_write(uuid, text);
    assert_string_equal(text, "00112233-4455-6677-8899-aabbccddeeff");
}

/* B62 */
static void uuid_other_forms_are_refused(void **state) {
    (void)state;
    static const char good[] = "00112233-4455-6677-8899-aabbccddeeff";
    static const char *const refused[] = {
        "",
        "zz",
        "00112233445566778899aabbccddeeff",
        "{00112233-4455-6677-8899-aabbccddeeff}",
        "00112233-4455-6677-8899-aabbccddeef",
        "00112233-4455-6677-8899-aabbccddeeff0",
        "0011223-34455-6677-8899-aabbccddeeff",
    };
    uint8_t uuid[16] = {42};
    for (size_t i = 0; i < TK_COUNT(refused); i++) {
        assert_false(tk_uuid_parse(refused[i], strlen(refused[i]), uuid));
    }
    for (size_t at = 0; at < 36; at++) {
        for (int c = 0; c < 256; c++) {
            char text[37];
            memcpy(text, good, sizeof text);
            text[at] = (char)c;
            bool is_hex =
                (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
            uint8_t out[16];
            assert_int_equal(tk_uuid_parse(text, 36, out), good[at] == '-' ? c == '-' : is_hex);
        }
    }
    assert_int_equal(uuid[0], 42);
}

static void uuid_new_ones_carry_their_version(void **state) {
    (void)state;
    uint8_t a[16];
    uint8_t b[16];
    for (int i = 0; i < 100; i++) {
        assert_true(tk_uuid_new_v4(a));
        assert_true(tk_uuid_new_v4(b));
        assert_int_equal(a[6] >> 4, 4);
        assert_int_equal(a[8] >> 6, 2);
        assert_memory_not_equal(a, b, 16);
    }
}

static void uuid_version_7_is_sorted(void **state) {
    (void)state;
    uint8_t last[16] = {0};
    tk_clock_fake fake = {.unix_us = INT64_C(253402300000000000)}; /* in the year 9999 */
    int64_t before = tk_clock_unix_us() / 1000;
    for (int i = 0; i < 100000; i++) {
        uint8_t uuid[16];
        if (i == 50000) {
            tk_clock_set_fake(&fake); /* the clock jumps ahead, stands, and is set back: F56 */
        } else if (i == 70000) {
            fake.unix_us -= 3600 * INT64_C(1000000);
        }
        assert_true(tk_uuid_new_v7(uuid));
        assert_int_equal(uuid[6] >> 4, 7);
        assert_int_equal(uuid[8] >> 6, 2);
        assert_true(memcmp(last, uuid, 16) < 0);
        memcpy(last, uuid, 16);
        if (i == 0) {
            uint64_t ms = 0;
            for (int j = 0; j < 6; j++) {
                ms = ms << 8 | uuid[j];
            }
            assert_in_range(ms, before, tk_clock_unix_us() / 1000 + 1);
        }
    }
    tk_clock_set_fake(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(uuid_text_reads_back),
        cmocka_unit_test(uuid_other_forms_are_refused),
        cmocka_unit_test(uuid_new_ones_carry_their_version),
        cmocka_unit_test(uuid_version_7_is_sorted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
