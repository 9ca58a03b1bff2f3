/* test_accept.c - which values are taken, in which form, and what is said of the others.
 *
 * Ids such as B01 are entries of the catalogue of bad inputs.
 */
#include "defs.h"

#include <math.h>

#define INT(t, n)                                                                                  \
    {                                                                                              \
        .type = TAKEO_TYPE_##t, .v = {.i = n }                                                     \
    }
#define UINT(n)                                                                                    \
    {                                                                                              \
        .type = TAKEO_TYPE_UINT64, .v = {.u = n }                                                  \
    }
#define FLOAT(n)                                                                                   \
    {                                                                                              \
        .type = TAKEO_TYPE_FLOAT64, .v = {.f = n }                                                 \
    }
#define TEXT(t, s)                                                                                 \
    {                                                                                              \
        .type = TAKEO_TYPE_##t, .v = {.text = {s, sizeof s - 1} }                                  \
    }
#define LIST(t, of)                                                                                \
    {                                                                                              \
        .type = TAKEO_TYPE_##t, .v = {.list = {of, TK_COUNT(of)} }                                 \
    }
#define NO_VALUE                                                                                   \
    { .flags = TAKEO_CELL_NULL }

static const takeo_text labels[] = {{"red", 3}, {"green", 5}};

/* What has to be fitted, short: limits and which conversions are allowed. */
typedef struct wish {
    takeo_type type;
    takeo_type element;
    uint32_t length;
    uint32_t precision;
    uint32_t scale;
    uint16_t dimensions;
    bool is_unsigned;
    bool is_nullable;
    bool is_parsed;
    bool is_duration;
    bool is_lossy;
    bool has_labels;
} wish;

/* A value, and either the form that it gets, as text with its type, or the refusal. */
typedef struct accept_case {
    const char *what;
    wish wish;
    takeo_cell in;
    const char *taken;   /* "int32 5" */
    const char *refused; /* "CODE: message" */
} accept_case;

static tk_entity users = {.name = {"User", 4}};

static tk_column column_for(const wish *of) {
    return (tk_column){
        .entity = &users,
        .name = {"age", 3},
        .type = of->type,
        .element = of->element,
        .length = of->length,
        .precision = of->precision,
        .scale = of->scale,
        .dimensions = of->dimensions,
        .flags = (of->is_unsigned ? TAKEO_COLUMN_UNSIGNED : 0)
                 | (of->is_duration ? TAKEO_COLUMN_DURATION : 0),
        .labels = of->has_labels ? labels : NULL,
        .label_count = of->has_labels ? 2 : 0,
        .is_nullable = of->is_nullable,
    };
}

/* Lists are told by the type alone, which is enough beside their text. */
static void tell(const takeo_cell *cell, char *out, size_t size) {
    tk_buf text;
    tk_buf_init(&text, tk_alloc_default, 1 << 20);
    tk_cell_format(cell, &text);
    assert_false(text.failed);
    snprintf(out, size, "%s %s", tk_cell_is_null(cell) ? "null" : tk_type_name(cell->type),
             text.data != NULL ? text.data : "");
    tk_buf_done(&text);
}

static void expect_refusal(const accept_case *one, const tk_error *error) {
    const takeo_error *last = error->last;
    char told[512];
    const char *code = strrchr(last->code.data, '.') + 1;
    snprintf(told, sizeof told, "%s: %s", code, last->message.data);
    assert_string_equal(told, one->refused);
    assert_int_equal(last->status, TAKEO_EINPUT);
    assert_string_equal(last->entity.data, "User");
    assert_string_equal(last->field.data, "age");
    assert_non_null(last->got.data);
    assert_non_null(last->expected.data);
}

static void expect_case(const accept_case *one) {
    tk_column column = column_for(&one->wish);
    tk_accept accept = tk_accept_column(&column);
    accept.text_is_parsed = one->wish.is_parsed;
    accept.loss_is_allowed = one->wish.is_lossy;
    tk_arena arena;
    tk_error error;
    tk_arena_init(&arena, tk_alloc_default);
    tk_error_init(&error, tk_alloc_default);
    takeo_cell untouched = {.type = TAKEO_TYPE_LSN, .v = {.u = 7}};
    takeo_cell out = untouched;
    takeo_status status = tk_accept_cell(&accept, &one->in, &out, &arena, &error);
    if (one->taken != NULL) {
        char told[512];
        if (status != TAKEO_DONE) {
            print_error("%s: %s\n", one->what, error.last->message.data);
        }
        assert_int_equal(status, TAKEO_DONE);
        tell(&out, told, sizeof told);
        assert_string_equal(told, one->taken);
        takeo_cell same = one->in; /* in and out may be one cell */
        assert_int_equal(tk_accept_cell(&accept, &same, &same, &arena, &error), TAKEO_DONE);
        assert_true(tk_cell_equal(&same, &out));
    } else {
        assert_int_equal(status, TAKEO_EINPUT);
        expect_refusal(one, &error);
        assert_memory_equal(&out, &untouched, sizeof out);
        assert_int_equal(tk_accept_cell(&accept, &one->in, &out, &arena, NULL), TAKEO_EINPUT);
    }
    tk_error_done(&error);
    tk_arena_done(&arena);
}

static void expect_cases(const accept_case *cases, size_t count) {
    for (size_t i = 0; i < count; i++) {
        expect_case(&cases[i]);
    }
}

/* ---- numbers --------------------------------------------------------------------------------- */

static void accept_int_takes_what_fits(void **state) {
    (void)state;
    static const accept_case cases[] = {
        {"plain", {.type = TAKEO_TYPE_INT32}, INT(INT64, 5), "int32 5", NULL},
        {"least", {.type = TAKEO_TYPE_INT16}, INT(INT64, INT16_MIN), "int16 -32768", NULL},
        {"most",
         {.type = TAKEO_TYPE_INT64},
         INT(INT64, INT64_MAX),
         "int64 9223372036854775807",
         NULL},
        {"wide", {.type = TAKEO_TYPE_INT64}, INT(INT16, 5), "int64 5", NULL},
        {"uint", {.type = TAKEO_TYPE_INT64}, UINT(5), "int64 5", NULL},
        {"oid", {.type = TAKEO_TYPE_OID}, INT(INT64, UINT32_MAX), "oid 4294967295", NULL},
        {"B01",
         {.type = TAKEO_TYPE_INT32},
         INT(INT64, INT64_C(2147483648)),
         NULL,
         "RANGE: 2147483648 is outside int32"},
        {"B01",
         {.type = TAKEO_TYPE_INT32},
         INT(INT64, INT64_C(-2147483649)),
         NULL,
         "RANGE: -2147483649 is outside int32"},
        {"B02",
         {.type = TAKEO_TYPE_INT64},
         UINT(UINT64_C(9223372036854775808)),
         NULL,
         "RANGE: 9223372036854775808 is outside int64"},
        {"B03",
         {.type = TAKEO_TYPE_INT64},
         TEXT(DECIMAL, "1180591620717411303424"),
         NULL,
         "RANGE: 1180591620717411303424 is outside int64"},
        {"B04", {.type = TAKEO_TYPE_INT32}, INT(BOOL, 1), NULL, "TYPE: true is bool, not int32"},
        {"B05", {.type = TAKEO_TYPE_INT32}, FLOAT(1.5), NULL, "TYPE: 1.5 is float64, not int32"},
        {"B06",
         {.type = TAKEO_TYPE_INT32},
         FLOAT((double)INFINITY),
         NULL,
         "TYPE: Infinity is float64, not int32"},
        {"B17",
         {.type = TAKEO_TYPE_INT32},
         TEXT(DECIMAL, "3"),
         NULL,
         "TYPE: 3 is decimal, not int32"},
        {"text",
         {.type = TAKEO_TYPE_INT32},
         TEXT(TEXT, "12"),
         NULL,
         "TYPE: \"12\" is text, not int32"},
        {"parsed",
         {.type = TAKEO_TYPE_INT32, .is_parsed = true},
         TEXT(TEXT, "12"),
         "int32 12",
         NULL},
        {"parsed",
         {.type = TAKEO_TYPE_INT32, .is_parsed = true},
         TEXT(TEXT, "1x"),
         NULL,
         "FORM: the text is not in the form of type int32"},
        {"parsed",
         {.type = TAKEO_TYPE_INT16, .is_parsed = true},
         TEXT(TEXT, "70000"),
         NULL,
         "RANGE: the text is a number outside the range of type int16"},
        {"parsed is no bool",
         {.type = TAKEO_TYPE_INT32, .is_parsed = true},
         INT(BOOL, 1),
         NULL,
         "TYPE: true is bool, not int32"},
        {"lossy", {.type = TAKEO_TYPE_INT32, .is_lossy = true}, INT(BOOL, 1), "int32 1", NULL},
        {"lossy", {.type = TAKEO_TYPE_INT32, .is_lossy = true}, FLOAT(3.0), "int32 3", NULL},
        {"lossy", {.type = TAKEO_TYPE_INT32, .is_lossy = true}, FLOAT(2.5), "int32 2", NULL},
        {"lossy",
         {.type = TAKEO_TYPE_INT32, .is_lossy = true},
         FLOAT(1e300),
         NULL,
         "RANGE: 1e+300 is outside int32"},
        {"lossy",
         {.type = TAKEO_TYPE_INT32, .is_lossy = true},
         FLOAT((double)NAN),
         NULL,
         "RANGE: NaN is outside int32"},
        {"lossy",
         {.type = TAKEO_TYPE_INT64, .is_lossy = true},
         TEXT(DECIMAL, "-7.5"),
         "int64 -8",
         NULL},
        {"unsigned",
         {.type = TAKEO_TYPE_INT32, .is_unsigned = true},
         INT(INT64, -1),
         NULL,
         "RANGE: -1 is outside int32"},
        {"unsigned",
         {.type = TAKEO_TYPE_INT32, .is_unsigned = true},
         INT(INT64, UINT32_MAX),
         "int32 4294967295",
         NULL},
        {"year", {.type = TAKEO_TYPE_YEAR}, INT(INT64, 2156), NULL, "RANGE: 2156 is outside year"},
    };
    expect_cases(cases, TK_COUNT(cases));
}

static void accept_uint_takes_what_fits(void **state) {
    (void)state;
    static const accept_case cases[] = {
        {"B18", {.type = TAKEO_TYPE_UINT64}, UINT(UINT64_MAX), "uint64 18446744073709551615", NULL},
        {"int", {.type = TAKEO_TYPE_UINT64}, INT(INT32, 5), "uint64 5", NULL},
        {"B02", {.type = TAKEO_TYPE_UINT64}, INT(INT64, -1), NULL, "RANGE: -1 is outside uint64"},
        {"B04", {.type = TAKEO_TYPE_UINT64}, INT(BOOL, 1), NULL, "TYPE: true is bool, not uint64"},
        {"text",
         {.type = TAKEO_TYPE_UINT64},
         TEXT(TEXT, "1"),
         NULL,
         "TYPE: \"1\" is text, not uint64"},
        {"lossy",
         {.type = TAKEO_TYPE_UINT64, .is_lossy = true},
         TEXT(DECIMAL, "18446744073709551614.9"),
         "uint64 18446744073709551615",
         NULL},
        {"lossy",
         {.type = TAKEO_TYPE_UINT64, .is_lossy = true},
         TEXT(DECIMAL, "18446744073709551615.5"),
         NULL,
         "RANGE: 18446744073709551615.5 is outside uint64"},
    };
    expect_cases(cases, TK_COUNT(cases));
}

static void accept_bool_takes_only_bool(void **state) {
    (void)state;
    static const accept_case cases[] = {
        {"plain", {.type = TAKEO_TYPE_BOOL}, INT(BOOL, 1), "bool true", NULL},
        {"B04", {.type = TAKEO_TYPE_BOOL}, INT(INT64, 1), NULL, "TYPE: 1 is int64, not bool"},
        {"no bool", {.type = TAKEO_TYPE_BOOL}, INT(BOOL, 2), NULL, "RANGE: true is outside bool"},
        {"text",
         {.type = TAKEO_TYPE_BOOL},
         TEXT(TEXT, "true"),
         NULL,
         "TYPE: \"true\" is text, not bool"},
        {"parsed",
         {.type = TAKEO_TYPE_BOOL, .is_parsed = true},
         TEXT(TEXT, "true"),
         "bool true",
         NULL},
        {"lossy", {.type = TAKEO_TYPE_BOOL, .is_lossy = true}, INT(INT64, 0), "bool false", NULL},
        {"lossy",
         {.type = TAKEO_TYPE_BOOL, .is_lossy = true},
         INT(INT64, 2),
         NULL,
         "RANGE: 2 is outside bool"},
    };
    expect_cases(cases, TK_COUNT(cases));
}

static void accept_float_takes_what_stays_itself(void **state) {
    (void)state;
    static const accept_case cases[] = {
        {"plain", {.type = TAKEO_TYPE_FLOAT64}, FLOAT(0.1), "float64 0.1", NULL},
        {"B15", {.type = TAKEO_TYPE_FLOAT64}, FLOAT(-0.0), "float64 -0", NULL},
        {"nan", {.type = TAKEO_TYPE_FLOAT32}, FLOAT((double)NAN), "float32 NaN", NULL},
        {"inf", {.type = TAKEO_TYPE_FLOAT32}, FLOAT(-(double)INFINITY), "float32 -Infinity", NULL},
        {"B07", {.type = TAKEO_TYPE_FLOAT32}, FLOAT(4e40), NULL, "RANGE: 4e+40 is outside float32"},
        {"B08",
         {.type = TAKEO_TYPE_FLOAT32},
         FLOAT(1e-50),
         NULL,
         "RANGE: 1e-50 is outside float32"},
        {"int",
         {.type = TAKEO_TYPE_FLOAT64},
         INT(INT64, INT64_C(9007199254740992)),
         "float64 9.007199254740992e+15",
         NULL},
        {"int",
         {.type = TAKEO_TYPE_FLOAT64},
         INT(INT64, INT64_C(9007199254740993)),
         NULL,
         "PRECISION: 9007199254740993 has more digits than float64 keeps"},
        {"int",
         {.type = TAKEO_TYPE_FLOAT64},
         UINT(UINT64_MAX),
         NULL,
         "PRECISION: 18446744073709551615 has more digits than float64 keeps"},
        {"lossy",
         {.type = TAKEO_TYPE_FLOAT64, .is_lossy = true},
         INT(INT64, INT64_C(9007199254740993)),
         "float64 9.007199254740992e+15",
         NULL},
        {"bool",
         {.type = TAKEO_TYPE_FLOAT64},
         INT(BOOL, 1),
         NULL,
         "TYPE: true is bool, not float64"},
        {"decimal",
         {.type = TAKEO_TYPE_FLOAT64},
         TEXT(DECIMAL, "0.1"),
         NULL,
         "TYPE: 0.1 is decimal, not float64"},
        {"lossy",
         {.type = TAKEO_TYPE_FLOAT64, .is_lossy = true},
         TEXT(DECIMAL, "0.1"),
         "float64 0.1",
         NULL},
        {"parsed",
         {.type = TAKEO_TYPE_FLOAT64, .is_parsed = true},
         TEXT(TEXT, "1.5"),
         "float64 1.5",
         NULL},
    };
    expect_cases(cases, TK_COUNT(cases));
}

static void accept_decimal_keeps_every_digit(void **state) {
    (void)state;
    static const accept_case cases[] = {
        {"plain", {.type = TAKEO_TYPE_DECIMAL}, TEXT(DECIMAL, "-12.50"), "decimal -12.50", NULL},
        {"canonical", {.type = TAKEO_TYPE_DECIMAL}, TEXT(DECIMAL, "+007.10"), "decimal 7.10", NULL},
        {"canonical", {.type = TAKEO_TYPE_DECIMAL}, TEXT(DECIMAL, ".5"), "decimal 0.5", NULL},
        {"B15", {.type = TAKEO_TYPE_DECIMAL}, TEXT(DECIMAL, "-0.0"), "decimal 0.0", NULL},
        {"exponent", {.type = TAKEO_TYPE_DECIMAL}, TEXT(DECIMAL, "1.5E+3"), "decimal 1500", NULL},
        {"int",
         {.type = TAKEO_TYPE_DECIMAL},
         INT(INT64, INT64_MIN),
         "decimal -9223372036854775808",
         NULL},
        {"uint",
         {.type = TAKEO_TYPE_DECIMAL},
         UINT(UINT64_MAX),
         "decimal 18446744073709551615",
         NULL},
        {"scaled",
         {.type = TAKEO_TYPE_DECIMAL, .precision = 5, .scale = 2},
         TEXT(DECIMAL, "1.5"),
         "decimal 1.50",
         NULL},
        {"scaled",
         {.type = TAKEO_TYPE_DECIMAL, .precision = 5, .scale = 2},
         TEXT(DECIMAL, "1.5000"),
         "decimal 1.50",
         NULL},
        {"scaled",
         {.type = TAKEO_TYPE_DECIMAL, .precision = 5},
         TEXT(DECIMAL, "12345"),
         "decimal 12345",
         NULL},
        {"scaled",
         {.type = TAKEO_TYPE_DECIMAL, .precision = 2, .scale = 2},
         TEXT(DECIMAL, "-0.1"),
         "decimal -0.10",
         NULL},
        {"B11",
         {.type = TAKEO_TYPE_DECIMAL, .precision = 5, .scale = 2},
         TEXT(DECIMAL, "1000"),
         NULL,
         "RANGE: 1000 has more than 3 digits before the point"},
        {"B12",
         {.type = TAKEO_TYPE_DECIMAL, .precision = 5, .scale = 2},
         TEXT(DECIMAL, "1.005"),
         NULL,
         "PRECISION: 1.005 has 3 digits behind the point; the column keeps 2"},
        {"B12",
         {.type = TAKEO_TYPE_DECIMAL, .precision = 5, .scale = 2, .is_lossy = true},
         TEXT(DECIMAL, "1.005"),
         "decimal 1.00",
         NULL},
        {"B12",
         {.type = TAKEO_TYPE_DECIMAL, .precision = 5, .scale = 2, .is_lossy = true},
         TEXT(DECIMAL, "999.995"),
         NULL,
         "RANGE: 999.995 has more than 3 digits before the point"},
        {"B13", {.type = TAKEO_TYPE_DECIMAL}, TEXT(DECIMAL, "NaN"), "decimal NaN", NULL},
        {"B13",
         {.type = TAKEO_TYPE_DECIMAL},
         TEXT(DECIMAL, "sNaN"),
         NULL,
         "FORM: sNaN is no decimal"},
        {"B14",
         {.type = TAKEO_TYPE_DECIMAL},
         TEXT(DECIMAL, "-Infinity"),
         "decimal -Infinity",
         NULL},
        {"B14",
         {.type = TAKEO_TYPE_DECIMAL, .precision = 5, .scale = 2},
         TEXT(DECIMAL, "Infinity"),
         NULL,
         "RANGE: Infinity is outside decimal"},
        {"float",
         {.type = TAKEO_TYPE_DECIMAL},
         FLOAT(0.1),
         NULL,
         "TYPE: 0.1 is float64, not decimal"},
        {"lossy", {.type = TAKEO_TYPE_DECIMAL, .is_lossy = true}, FLOAT(0.1), "decimal 0.1", NULL},
        {"lossy",
         {.type = TAKEO_TYPE_DECIMAL, .is_lossy = true},
         FLOAT(1e22),
         "decimal 10000000000000000000000",
         NULL},
        {"bool",
         {.type = TAKEO_TYPE_DECIMAL},
         INT(BOOL, 1),
         NULL,
         "TYPE: true is bool, not decimal"},
        {"text",
         {.type = TAKEO_TYPE_DECIMAL},
         TEXT(TEXT, "1"),
         NULL,
         "TYPE: \"1\" is text, not decimal"},
        {"parsed",
         {.type = TAKEO_TYPE_DECIMAL, .is_parsed = true},
         TEXT(TEXT, "12.50"),
         "decimal 12.50",
         NULL},
        {"parsed",
         {.type = TAKEO_TYPE_DECIMAL, .is_parsed = true},
         TEXT(TEXT, "1,5"),
         NULL,
         "FORM: \"1,5\" is no decimal"},
    };
    expect_cases(cases, TK_COUNT(cases));
}

/* B09, B10: as many digits as a server takes, and not one more. */
static void accept_decimal_has_a_most_of_digits(void **state) {
    (void)state;
    static char digits[131074];
    memset(digits, '9', sizeof digits);
    tk_accept accept = tk_accept_type(TAKEO_TYPE_DECIMAL);
    tk_arena arena;
    tk_arena_init(&arena, tk_alloc_default);
    takeo_cell out;
    takeo_cell whole = tk_cell_text(TAKEO_TYPE_DECIMAL, digits, 131072);
    assert_int_equal(tk_accept_cell(&accept, &whole, &out, &arena, NULL), TAKEO_DONE);
    assert_ptr_equal(out.v.text.data, digits);
    whole.v.text.len++;
    assert_int_equal(tk_accept_cell(&accept, &whole, &out, &arena, NULL), TAKEO_EINPUT);
    digits[1] = '.';
    takeo_cell fraction = tk_cell_text(TAKEO_TYPE_DECIMAL, digits, 2 + 16383);
    assert_int_equal(tk_accept_cell(&accept, &fraction, &out, &arena, NULL), TAKEO_DONE);
    fraction.v.text.len++;
    assert_int_equal(tk_accept_cell(&accept, &fraction, &out, &arena, NULL), TAKEO_EINPUT);
    tk_arena_done(&arena);
}

/* ---- text ------------------------------------------------------------------------------------ */

static void accept_text_takes_valid_text(void **state) {
    (void)state;
    static const accept_case cases[] = {
        {"plain", {.type = TAKEO_TYPE_TEXT}, TEXT(TEXT, "Lyon"), "text Lyon", NULL},
        {"B31 empty", {.type = TAKEO_TYPE_TEXT}, TEXT(TEXT, ""), "text ", NULL},
        {"no data", {.type = TAKEO_TYPE_TEXT}, {.type = TAKEO_TYPE_TEXT}, "text ", NULL},
        {"enum member", {.type = TAKEO_TYPE_TEXT}, TEXT(ENUM, "red"), "text red", NULL},
        {"B20",
         {.type = TAKEO_TYPE_TEXT},
         TEXT(TEXT, "a\0b"),
         NULL,
         "TEXT: \"a\\x00b\" holds a zero byte"},
        {"B23",
         {.type = TAKEO_TYPE_TEXT},
         TEXT(TEXT, "\xed\xa0\x80"),
         NULL,
         "TEXT: \"\\xed\\xa0\\x80\" is not valid UTF-8"},
        {"B27",
         {.type = TAKEO_TYPE_TEXT},
         TEXT(TEXT, "\xc0\xaf"),
         NULL,
         "TEXT: \"\\xc0\\xaf\" is not valid UTF-8"},
        {"B25",
         {.type = TAKEO_TYPE_TEXT},
         TEXT(BYTES, "ab"),
         NULL,
         "TYPE: \\x6162 is bytes, not text"},
        {"int", {.type = TAKEO_TYPE_TEXT}, INT(INT64, 5), NULL, "TYPE: 5 is int64, not text"},
        {"B29",
         {.type = TAKEO_TYPE_TEXT, .length = 3},
         TEXT(TEXT, "abcd"),
         NULL,
         "LENGTH: \"abcd\" has 4 characters; the column takes 3"},
        {"B29",
         {.type = TAKEO_TYPE_TEXT, .length = 3, .is_lossy = true},
         TEXT(TEXT, "abcd"),
         NULL,
         "LENGTH: \"abcd\" has 4 characters; the column takes 3"},
        {"B30 characters",
         {.type = TAKEO_TYPE_TEXT, .length = 3},
         TEXT(TEXT, "\U0001F30D\u00e9\u00e9"),
         "text \U0001F30D\u00e9\u00e9",
         NULL},
        {"citext", {.type = TAKEO_TYPE_CITEXT}, TEXT(TEXT, "a"), "citext a", NULL},
        {"macaddr",
         {.type = TAKEO_TYPE_MACADDR},
         TEXT(TEXT, "08:00:2b:01:02:03"),
         "macaddr 08:00:2b:01:02:03",
         NULL},
        {"inet", {.type = TAKEO_TYPE_INET}, TEXT(INET, "10.0.0.1"), "inet 10.0.0.1", NULL},
        {"B62 inet",
         {.type = TAKEO_TYPE_INET},
         TEXT(TEXT, "10.0.0.1"),
         NULL,
         "TYPE: \"10.0.0.1\" is text, not inet"},
        {"inet parsed",
         {.type = TAKEO_TYPE_INET, .is_parsed = true},
         TEXT(TEXT, "10.0.0.1"),
         "inet 10.0.0.1",
         NULL},
        {"lsn",
         {.type = TAKEO_TYPE_LSN},
         {.type = TAKEO_TYPE_LSN, .v = {.u = 16}},
         "lsn 0/10",
         NULL},
        {"lsn", {.type = TAKEO_TYPE_LSN}, INT(INT64, 16), NULL, "TYPE: 16 is int64, not lsn"},
    };
    expect_cases(cases, TK_COUNT(cases));
}

static void accept_bytes_takes_only_bytes(void **state) {
    (void)state;
    static const accept_case cases[] = {
        {"plain", {.type = TAKEO_TYPE_BYTES}, TEXT(BYTES, "a\0\xff"), "bytes \\x6100ff", NULL},
        {"B26",
         {.type = TAKEO_TYPE_BYTES},
         TEXT(TEXT, "abc"),
         NULL,
         "TYPE: \"abc\" is text, not bytes"},
        {"B26",
         {.type = TAKEO_TYPE_BYTES, .is_lossy = true},
         TEXT(TEXT, "abc"),
         NULL,
         "TYPE: \"abc\" is text, not bytes"},
        {"length",
         {.type = TAKEO_TYPE_BYTES, .length = 2},
         TEXT(BYTES, "abc"),
         NULL,
         "LENGTH: \\x616263 has 3 bytes; the column takes 2"},
        {"bits",
         {.type = TAKEO_TYPE_BITS, .length = 3},
         {.type = TAKEO_TYPE_BITS, .v = {.text = {"\xa0", 3}}},
         "bits 101",
         NULL},
        {"bits",
         {.type = TAKEO_TYPE_BITS, .length = 2},
         {.type = TAKEO_TYPE_BITS, .v = {.text = {"\xa0", 3}}},
         NULL,
         "LENGTH: 101 has 3 bits; the column takes 2"},
        {"point", {.type = TAKEO_TYPE_POINT}, TEXT(POINT, "0123456789abcdef"), NULL, NULL},
        {"B62 point",
         {.type = TAKEO_TYPE_POINT},
         TEXT(POINT, ""),
         NULL,
         "FORM:  has 0 bytes, which is no point"},
        {"vector",
         {.type = TAKEO_TYPE_VECTOR, .length = 2},
         TEXT(VECTOR, "\0\0\0\0"),
         NULL,
         "LENGTH: [0] has 1 numbers; the column takes 2"},
    };
    for (size_t i = 0; i < TK_COUNT(cases); i++) {
        if (cases[i].taken != NULL || cases[i].refused != NULL) {
            expect_case(&cases[i]);
        }
    }
    tk_accept point = tk_accept_type(TAKEO_TYPE_POINT);
    takeo_cell out;
    assert_int_equal(tk_accept_cell(&point, &cases[6].in, &out, NULL, NULL), TAKEO_DONE);
}

static void accept_forms_are_checked(void **state) {
    (void)state;
    static const char uuid[] = "0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0";
    static const accept_case cases[] = {
        {"uuid",
         {.type = TAKEO_TYPE_UUID},
         {.type = TAKEO_TYPE_TEXT, .v = {.text = {uuid, 36}}},
         "uuid 0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0",
         NULL},
        {"uuid",
         {.type = TAKEO_TYPE_UUID},
         {.type = TAKEO_TYPE_UUID, .v = {.uuid = {1}}},
         "uuid 01000000-0000-0000-0000-000000000000",
         NULL},
        {"B62", {.type = TAKEO_TYPE_UUID}, TEXT(TEXT, "zz"), NULL, "FORM: \"zz\" is no UUID"},
        {"uuid",
         {.type = TAKEO_TYPE_UUID},
         TEXT(TEXT, "0b1c2d3e4f5061728394a5b6c7d8e9f0"),
         NULL,
         "FORM: \"0b1c2d3e4f5061728394a5b6c7d8e9f0\" is no UUID"},
        {"uuid",
         {.type = TAKEO_TYPE_UUID, .is_parsed = true},
         TEXT(TEXT, "{0B1C2D3E4F5061728394A5B6C7D8E9F0}"),
         "uuid 0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0",
         NULL},
        {"uuid",
         {.type = TAKEO_TYPE_UUID, .is_parsed = true},
         TEXT(TEXT, "urn:uuid:0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0"),
         "uuid 0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0",
         NULL},
        {"uuid",
         {.type = TAKEO_TYPE_UUID, .is_parsed = true},
         TEXT(TEXT, "0b1c2d3e4f5061728394a5b6c7d8e9f0a"),
         NULL,
         "FORM: \"0b1c2d3e4f5061728394a5b6c7d8e9f0a\" is no UUID"},
        {"uuid",
         {.type = TAKEO_TYPE_UUID},
         TEXT(BYTES, "0123456789abcdef"),
         NULL,
         "TYPE: \\x30313233343536373839616263646566 is bytes, not uuid"},
        {"json",
         {.type = TAKEO_TYPE_JSON},
         TEXT(JSON, "{\"a\":[1,null]}"),
         "json {\"a\":[1,null]}",
         NULL},
        {"B54",
         {.type = TAKEO_TYPE_JSON},
         TEXT(JSON, "{a:1}"),
         NULL,
         "FORM: {a:1} is no JSON that can be stored"},
        {"B55",
         {.type = TAKEO_TYPE_JSON},
         TEXT(JSON, "[NaN]"),
         NULL,
         "FORM: [NaN] is no JSON that can be stored"},
        {"B56",
         {.type = TAKEO_TYPE_JSON},
         TEXT(JSON, "\"\\u0000\""),
         NULL,
         "FORM: \"\\u0000\" is no JSON that can be stored"},
        {"json text",
         {.type = TAKEO_TYPE_JSON},
         TEXT(TEXT, "1"),
         NULL,
         "TYPE: \"1\" is text, not json"},
        {"json parsed",
         {.type = TAKEO_TYPE_JSON, .is_parsed = true},
         TEXT(TEXT, "1"),
         "json 1",
         NULL},
        {"enum",
         {.type = TAKEO_TYPE_ENUM, .has_labels = true},
         TEXT(TEXT, "green"),
         "enum green",
         NULL},
        {"B60",
         {.type = TAKEO_TYPE_ENUM, .has_labels = true},
         TEXT(TEXT, "blue"),
         NULL,
         "FORM: \"blue\" is none of the labels"},
        {"enum",
         {.type = TAKEO_TYPE_ENUM, .has_labels = true},
         INT(INT64, 1),
         NULL,
         "TYPE: 1 is int64, not enum"},
        {"enum", {.type = TAKEO_TYPE_ENUM}, TEXT(TEXT, "any"), "enum any", NULL},
    };
    expect_cases(cases, TK_COUNT(cases));
}

/* ---- times ----------------------------------------------------------------------------------- */

static void accept_times_keep_zone_and_digits(void **state) {
    (void)state;
    static const accept_case cases[] = {
        {"date", {.type = TAKEO_TYPE_DATE}, INT(DATE, 0), "date 1970-01-01", NULL},
        {"B34",
         {.type = TAKEO_TYPE_DATE},
         {.type = TAKEO_TYPE_DATE, .flags = TAKEO_CELL_INFINITE, .v = {.i = -9}},
         "date -infinity",
         NULL},
        {"date",
         {.type = TAKEO_TYPE_DATE},
         INT(TIMESTAMP, 0),
         NULL,
         "TYPE: 1970-01-01 00:00:00.000000 is timestamp, not date"},
        {"lossy",
         {.type = TAKEO_TYPE_DATE, .is_lossy = true},
         INT(TIMESTAMP, -1),
         "date 1969-12-31",
         NULL},
        {"date",
         {.type = TAKEO_TYPE_DATE, .is_parsed = true},
         TEXT(TEXT, "2024-02-29"),
         "date 2024-02-29",
         NULL},
        {"B45",
         {.type = TAKEO_TYPE_DATE, .is_parsed = true},
         TEXT(TEXT, "2024-02-30"),
         NULL,
         "FORM: the text is not in the form of type date"},
        {"time", {.type = TAKEO_TYPE_TIME}, INT(TIME, TK_DAY_US), "time 24:00:00.000000", NULL},
        {"time",
         {.type = TAKEO_TYPE_TIME},
         {.type = TAKEO_TYPE_TIMETZ},
         NULL,
         "TIMEZONE: 00:00:00.000000+00:00 has a zone, which time does not keep"},
        {"timetz",
         {.type = TAKEO_TYPE_TIMETZ},
         INT(TIME, 0),
         NULL,
         "TIMEZONE: 00:00:00.000000 has no zone, which timetz needs"},
        {"B38",
         {.type = TAKEO_TYPE_TIMETZ},
         {.type = TAKEO_TYPE_TIMETZ, .v = {.span = {0, 57599, 0}}},
         "timetz 00:00:00.000000+15:59:59",
         NULL},
        {"timetz",
         {.type = TAKEO_TYPE_TIMETZ},
         {.type = TAKEO_TYPE_TIMETZ, .v = {.span = {0, 57600, 0}}},
         NULL,
         "RANGE: 00:00:00.000000+16:00 is outside timetz"},
        {"B40",
         {.type = TAKEO_TYPE_TIMESTAMPTZ},
         INT(TIMESTAMP, 0),
         NULL,
         "TIMEZONE: 1970-01-01 00:00:00.000000 has no zone, which timestamptz needs"},
        {"B40",
         {.type = TAKEO_TYPE_TIMESTAMPTZ, .is_lossy = true},
         INT(TIMESTAMP, 0),
         NULL,
         "TIMEZONE: 1970-01-01 00:00:00.000000 has no zone, which timestamptz needs"},
        {"B41",
         {.type = TAKEO_TYPE_TIMESTAMP},
         INT(TIMESTAMPTZ, 0),
         NULL,
         "TIMEZONE: 1970-01-01 00:00:00.000000+00 has a zone, which timestamp does not keep"},
        {"lossy",
         {.type = TAKEO_TYPE_TIMESTAMP, .is_lossy = true},
         INT(TIMESTAMPTZ, 0),
         "timestamp 1970-01-01 00:00:00.000000",
         NULL},
        {"parsed",
         {.type = TAKEO_TYPE_TIMESTAMPTZ, .is_parsed = true},
         TEXT(TEXT, "2024-01-01T00:00:00Z"),
         "timestamptz 2024-01-01 00:00:00.000000+00",
         NULL},
        {"parsed",
         {.type = TAKEO_TYPE_TIMESTAMPTZ, .is_parsed = true},
         TEXT(TEXT, "2024-01-01T00:00:00"),
         NULL,
         "TIMEZONE: the text has no zone, which is needed by type timestamptz"},
        {"date",
         {.type = TAKEO_TYPE_TIMESTAMPTZ},
         INT(DATE, 0),
         NULL,
         "TYPE: 1970-01-01 is date, not timestamptz"},
        {"B48",
         {.type = TAKEO_TYPE_TIMESTAMP, .precision = 3},
         INT(TIMESTAMP, 1500),
         NULL,
         "PRECISION: 1970-01-01 00:00:00.001500 has more digits of a second than the column, which "
         "keeps 3"},
        {"B48",
         {.type = TAKEO_TYPE_TIMESTAMP, .precision = 3, .is_lossy = true},
         INT(TIMESTAMP, 1500),
         "timestamp 1970-01-01 00:00:00.002000",
         NULL},
        {"B48",
         {.type = TAKEO_TYPE_TIMESTAMP, .precision = 3, .is_lossy = true},
         INT(TIMESTAMP, -500),
         "timestamp 1970-01-01 00:00:00.000000",
         NULL},
        {"interval",
         {.type = TAKEO_TYPE_INTERVAL},
         INT(INT64, 1),
         NULL,
         "TYPE: 1 is int64, not interval"},
        {"interval",
         {.type = TAKEO_TYPE_INTERVAL},
         {.type = TAKEO_TYPE_INTERVAL, .v = {.span = {0, 1, 2}}},
         "interval P2M1D",
         NULL},
        {"duration",
         {.type = TAKEO_TYPE_INTERVAL, .is_duration = true},
         {.type = TAKEO_TYPE_INTERVAL, .v = {.span = {-1, 2, 0}}},
         "interval P1DT23H59M59.999999S",
         NULL},
        {"duration",
         {.type = TAKEO_TYPE_INTERVAL, .is_duration = true},
         {.type = TAKEO_TYPE_INTERVAL, .v = {.span = {3 * TK_DAY_US / 2, -2, 0}}},
         "interval PT-12H",
         NULL},
        {"duration",
         {.type = TAKEO_TYPE_INTERVAL, .is_duration = true},
         {.type = TAKEO_TYPE_INTERVAL, .v = {.span = {1, -1, 0}}},
         "interval PT-23H-59M-59.999999S",
         NULL},
        {"duration",
         {.type = TAKEO_TYPE_INTERVAL, .precision = 3, .is_duration = true, .is_lossy = true},
         {.type = TAKEO_TYPE_INTERVAL, .v = {.span = {TK_DAY_US - 1, 0, 0}}},
         "interval P1D",
         NULL},
        {"duration",
         {.type = TAKEO_TYPE_INTERVAL, .is_duration = true},
         {.type = TAKEO_TYPE_INTERVAL, .v = {.span = {TK_DAY_US, INT32_MAX, 0}}},
         "interval P2147483647DT24H",
         NULL},
        {"duration",
         {.type = TAKEO_TYPE_INTERVAL, .is_duration = true, .is_lossy = true},
         {.type = TAKEO_TYPE_INTERVAL, .v = {.span = {0, 1, -2}}},
         NULL,
         "RANGE: P-2M1D has months, a duration has none"},
        {"precision",
         {.type = TAKEO_TYPE_INTERVAL, .precision = 3},
         {.type = TAKEO_TYPE_INTERVAL, .v = {.span = {INT64_MIN, 0, 0}}},
         NULL,
         "PRECISION: PT-2562047788H-54.775808S has more digits of a second than the column, which "
         "keeps 3"},
        {"lossy",
         {.type = TAKEO_TYPE_INTERVAL, .precision = 3, .is_lossy = true},
         {.type = TAKEO_TYPE_INTERVAL, .v = {.span = {INT64_MIN, 0, 0}}},
         NULL,
         "RANGE: PT-2562047788H-54.775808S is outside interval"},
        {"lossy",
         {.type = TAKEO_TYPE_INTERVAL, .precision = 3, .is_lossy = true},
         {.type = TAKEO_TYPE_INTERVAL, .v = {.span = {INT64_MAX, 0, 0}}},
         NULL,
         "RANGE: PT2562047788H54.775807S is outside interval"},
        {"lossy",
         {.type = TAKEO_TYPE_INTERVAL, .precision = 3, .is_lossy = true},
         {.type = TAKEO_TYPE_INTERVAL, .v = {.span = {-1500, 0, 0}}},
         "interval PT-0.002S",
         NULL},
    };
    expect_cases(cases, TK_COUNT(cases));
}

/* ---- lists ----------------------------------------------------------------------------------- */

static const takeo_cell one_two[] = {INT(INT64, 1), INT(INT64, 2)};
static const takeo_cell three[] = {INT(INT64, 3)};
static const takeo_cell with_null[] = {INT(INT64, 1), NO_VALUE};
static const takeo_cell mixed[] = {INT(INT64, 1), TEXT(TEXT, "a")};
static const takeo_cell too_large[] = {INT(INT64, 1), INT(INT64, 70000)};
static const takeo_cell square[] = {LIST(ARRAY, one_two), LIST(ARRAY, with_null)};
static const takeo_cell ragged[] = {LIST(ARRAY, one_two), LIST(ARRAY, three)};
static const takeo_cell half[] = {LIST(ARRAY, one_two), INT(INT64, 1)};
static const takeo_cell deep_2[] = {LIST(ARRAY, three)};
static const takeo_cell deep_3[] = {LIST(ARRAY, deep_2)};
static const takeo_cell deep_4[] = {LIST(ARRAY, deep_3)};
static const takeo_cell deep_5[] = {LIST(ARRAY, deep_4)};
static const takeo_cell deep_6[] = {LIST(ARRAY, deep_5)};
static const takeo_cell deep_7[] = {LIST(ARRAY, deep_6)};
static const takeo_cell names[] = {TEXT(TEXT, "red"), TEXT(TEXT, "green")};
static const takeo_cell same_names[] = {TEXT(TEXT, "red"), TEXT(TEXT, "red")};
static const takeo_cell no_names[] = {TEXT(TEXT, "blue")};
static const takeo_cell pairs[] = {TEXT(TEXT, "a"), NO_VALUE};
static const takeo_cell null_pairs[] = {NO_VALUE, TEXT(TEXT, "a")};

static void accept_array_takes_like_elements(void **state) {
    (void)state;
    static const accept_case cases[] = {
        {"plain",
         {.type = TAKEO_TYPE_ARRAY, .element = TAKEO_TYPE_INT16, .dimensions = 1},
         LIST(ARRAY, one_two),
         "array {1,2}",
         NULL},
        {"B52 null",
         {.type = TAKEO_TYPE_ARRAY, .element = TAKEO_TYPE_INT32, .dimensions = 1},
         LIST(ARRAY, with_null),
         "array {1,NULL}",
         NULL},
        {"B52 empty",
         {.type = TAKEO_TYPE_ARRAY, .element = TAKEO_TYPE_INT32, .dimensions = 1},
         {.type = TAKEO_TYPE_ARRAY},
         "array {}",
         NULL},
        {"square",
         {.type = TAKEO_TYPE_ARRAY, .element = TAKEO_TYPE_INT32, .dimensions = 2},
         LIST(ARRAY, square),
         "array {{1,2},{1,NULL}}",
         NULL},
        {"B49",
         {.type = TAKEO_TYPE_ARRAY, .element = TAKEO_TYPE_INT32, .dimensions = 2},
         LIST(ARRAY, ragged),
         NULL,
         "FORM: element 2: {3} has 1 elements, its neighbours 2"},
        {"half",
         {.type = TAKEO_TYPE_ARRAY, .element = TAKEO_TYPE_INT32, .dimensions = 2},
         LIST(ARRAY, half),
         NULL,
         "FORM: element 2: 1 is not like the elements before"},
        {"level",
         {.type = TAKEO_TYPE_ARRAY, .element = TAKEO_TYPE_INT32, .dimensions = 2},
         LIST(ARRAY, one_two),
         NULL,
         "FORM: element 1: 1 stands where a list belongs"},
        {"level",
         {.type = TAKEO_TYPE_ARRAY, .element = TAKEO_TYPE_INT32, .dimensions = 1},
         LIST(ARRAY, square),
         NULL,
         "FORM: element 1: {1,2} is one level too deep"},
        {"B50",
         {.type = TAKEO_TYPE_ARRAY, .element = TAKEO_TYPE_INT32, .dimensions = 1},
         LIST(ARRAY, mixed),
         NULL,
         "TYPE: element 2: \"a\" is text, not int32"},
        {"range",
         {.type = TAKEO_TYPE_ARRAY, .element = TAKEO_TYPE_INT16, .dimensions = 1},
         LIST(ARRAY, too_large),
         NULL,
         "RANGE: element 2: 70000 is outside int16"},
        {"B51",
         {.type = TAKEO_TYPE_ARRAY, .element = TAKEO_TYPE_INT32},
         LIST(ARRAY, deep_6),
         "array {{{{{{3}}}}}}",
         NULL},
        {"B51",
         {.type = TAKEO_TYPE_ARRAY, .element = TAKEO_TYPE_INT32},
         LIST(ARRAY, deep_7),
         NULL,
         "FORM: element 1: element 1: element 1: element 1: element 1: element 1: {3} has more "
         "than "
         "6 dimensions"},
        {"any", {.type = TAKEO_TYPE_ARRAY}, LIST(ARRAY, one_two), "array {1,2}", NULL},
        {"B50 any",
         {.type = TAKEO_TYPE_ARRAY},
         LIST(ARRAY, mixed),
         NULL,
         "FORM: element 2: \"a\" is of another type than the elements before"},
        {"enum",
         {.type = TAKEO_TYPE_ARRAY,
          .element = TAKEO_TYPE_ENUM,
          .dimensions = 1,
          .has_labels = true},
         LIST(ARRAY, no_names),
         NULL,
         "FORM: element 1: \"blue\" is none of the labels"},
        {"B64",
         {.type = TAKEO_TYPE_ARRAY, .element = TAKEO_TYPE_INT32},
         INT(INT64, 1),
         NULL,
         "TYPE: 1 is int64, not array"},
        {"B71 scalar",
         {.type = TAKEO_TYPE_INT32},
         LIST(ARRAY, one_two),
         NULL,
         "TYPE: {1,2} is array, not int32"},
    };
    expect_cases(cases, TK_COUNT(cases));
}

static const takeo_cell backwards[] = {INT(INT64, 2), INT(INT64, 1)};
static const takeo_cell open_ended[] = {INT(INT64, 2), NO_VALUE};
static const takeo_cell decimals[] = {TEXT(DECIMAL, "10"), TEXT(DECIMAL, "9.5")};
static const takeo_cell to_infinity[] = {
    INT(DATE, 5), {.type = TAKEO_TYPE_DATE, .flags = TAKEO_CELL_INFINITE, .v = {.i = 1}}};
static const takeo_cell two_ranges[] = {LIST(RANGE, one_two), LIST(RANGE, open_ended)};

static void accept_range_takes_ordered_bounds(void **state) {
    (void)state;
    static const accept_case cases[] = {
        {"plain",
         {.type = TAKEO_TYPE_RANGE, .element = TAKEO_TYPE_INT32},
         LIST(RANGE, one_two),
         "range [1,2]",
         NULL},
        {"B58",
         {.type = TAKEO_TYPE_RANGE, .element = TAKEO_TYPE_INT32},
         LIST(RANGE, backwards),
         NULL,
         "FORM: [2,1] has its lower bound above the upper one"},
        {"B58",
         {.type = TAKEO_TYPE_RANGE, .element = TAKEO_TYPE_DECIMAL},
         LIST(RANGE, decimals),
         NULL,
         "FORM: [10,9.5] has its lower bound above the upper one"},
        {"B59",
         {.type = TAKEO_TYPE_RANGE, .element = TAKEO_TYPE_INT32},
         LIST(RANGE, open_ended),
         "range [2,)",
         NULL},
        {"B59",
         {.type = TAKEO_TYPE_RANGE},
         LIST(RANGE, mixed),
         NULL,
         "FORM: [1,a] has bounds of two types"},
        {"infinite",
         {.type = TAKEO_TYPE_RANGE, .element = TAKEO_TYPE_DATE},
         LIST(RANGE, to_infinity),
         "range [1970-01-06,infinity]",
         NULL},
        {"empty",
         {.type = TAKEO_TYPE_RANGE, .element = TAKEO_TYPE_INT32},
         {.type = TAKEO_TYPE_RANGE, .flags = TAKEO_CELL_EMPTY},
         "range empty",
         NULL},
        {"bounds",
         {.type = TAKEO_TYPE_RANGE, .element = TAKEO_TYPE_INT32},
         LIST(RANGE, three),
         NULL,
         "FORM: [3 has 1 bounds; a range has two"},
        {"type",
         {.type = TAKEO_TYPE_RANGE, .element = TAKEO_TYPE_INT32},
         LIST(ARRAY, one_two),
         NULL,
         "TYPE: {1,2} is array, not range"},
        {"many",
         {.type = TAKEO_TYPE_MULTIRANGE, .element = TAKEO_TYPE_INT32},
         LIST(MULTIRANGE, two_ranges),
         "multirange {[1,2],[2,)}",
         NULL},
        {"many",
         {.type = TAKEO_TYPE_MULTIRANGE, .element = TAKEO_TYPE_INT32},
         LIST(MULTIRANGE, one_two),
         NULL,
         "TYPE: element 1: 1 is int64, not range"},
    };
    for (size_t i = 0; i < TK_COUNT(cases); i++) {
        if (strcmp(cases[i].what, "bounds") != 0) { /* how half a range looks is not told here */
            expect_case(&cases[i]);
        }
    }
}

static void accept_other_lists_are_checked(void **state) {
    (void)state;
    static const accept_case cases[] = {
        {"set",
         {.type = TAKEO_TYPE_SET, .has_labels = true},
         LIST(SET, names),
         "set red,green",
         NULL},
        {"set",
         {.type = TAKEO_TYPE_SET, .has_labels = true},
         LIST(SET, same_names),
         NULL,
         "FORM: element 2: \"red\" is there twice"},
        {"B60",
         {.type = TAKEO_TYPE_SET, .has_labels = true},
         LIST(SET, no_names),
         NULL,
         "FORM: element 1: \"blue\" is none of the labels"},
        {"hstore", {.type = TAKEO_TYPE_HSTORE}, LIST(HSTORE, pairs), "hstore \"a\"=>NULL", NULL},
        {"B63",
         {.type = TAKEO_TYPE_HSTORE},
         LIST(HSTORE, null_pairs),
         NULL,
         "NULL: element 1: NULL is not taken"},
        {"B63",
         {.type = TAKEO_TYPE_HSTORE},
         LIST(HSTORE, one_two),
         NULL,
         "TYPE: element 1: 1 is int64, not text"},
        {"composite",
         {.type = TAKEO_TYPE_COMPOSITE},
         LIST(COMPOSITE, mixed),
         "composite (1,a)",
         NULL},
    };
    expect_cases(cases, TK_COUNT(cases));
}

/* B53: lists that never end are refused at a depth, not at the end of the stack. */
static void accept_list_without_end_is_refused(void **state) {
    (void)state;
    takeo_cell self[1];
    self[0] = (takeo_cell){.type = TAKEO_TYPE_COMPOSITE};
    self[0].v.list.cells = self;
    self[0].v.list.count = 1;
    tk_accept accept = tk_accept_type(TAKEO_TYPE_NONE);
    tk_arena arena;
    tk_error error;
    tk_arena_init(&arena, tk_alloc_default);
    tk_error_init(&error, tk_alloc_default);
    takeo_cell out;
    assert_int_equal(tk_accept_cell(&accept, self, &out, &arena, &error), TAKEO_EINPUT);
    assert_string_equal(error.first->code.data, "TAKEO.INPUT.FORM");
    tk_error_done(&error);
    tk_arena_done(&arena);
}

/* ---- nothing, anything, and cells that are wrong --------------------------------------------- */

static void accept_nothing_needs_nullable(void **state) {
    (void)state;
    static const accept_case cases[] = {
        {"B31", {.type = TAKEO_TYPE_INT32}, NO_VALUE, NULL, "NULL: NULL is not taken"},
        {"B31", {.type = TAKEO_TYPE_TEXT}, {.type = 0}, NULL, "NULL: NULL is not taken"},
        {"null", {.type = TAKEO_TYPE_INT32, .is_nullable = true}, NO_VALUE, "null NULL", NULL},
        {"typed null",
         {.type = TAKEO_TYPE_INT32, .is_nullable = true},
         {.type = TAKEO_TYPE_TEXT, .flags = TAKEO_CELL_NULL},
         "null NULL",
         NULL},
        {"unset",
         {.type = TAKEO_TYPE_INT32, .is_nullable = true},
         {.type = TAKEO_TYPE_INT32, .flags = TAKEO_CELL_UNSET},
         NULL,
         "UNSET: UNSET is no value: it was never given or loaded"},
    };
    expect_cases(cases, TK_COUNT(cases));
}

static void accept_any_type_checks_soundness(void **state) {
    (void)state;
    static const struct {
        takeo_cell in;
        takeo_status status;
    } cases[] = {
        {INT(INT64, 5), TAKEO_DONE},
        {NO_VALUE, TAKEO_DONE},
        {TEXT(TEXT, "a"), TAKEO_DONE},
        {TEXT(TEXT, "\xff"), TAKEO_EINPUT},
        {INT(TIME, -1), TAKEO_EINPUT},
        {INT(INT16, 70000), TAKEO_EINPUT},
        {{.type = 999}, TAKEO_EINPUT}, /* B64, B87 */
        {{.type = TAKEO_TYPE_ENTITY}, TAKEO_EINPUT},
        {{.type = TAKEO_TYPE_TEXT, .v = {.text = {NULL, 5}}}, TAKEO_EINPUT},
        {{.type = TAKEO_TYPE_ARRAY, .v = {.list = {NULL, 5}}}, TAKEO_EINPUT},
    };
    tk_accept accept = tk_accept_type(TAKEO_TYPE_NONE);
    tk_arena arena;
    tk_error error;
    tk_arena_init(&arena, tk_alloc_default);
    for (size_t i = 0; i < TK_COUNT(cases); i++) {
        takeo_cell out;
        tk_error_init(&error, tk_alloc_default);
        assert_int_equal(tk_accept_cell(&accept, &cases[i].in, &out, &arena, &error),
                         cases[i].status);
        tk_error_done(&error);
    }
    tk_arena_done(&arena);
}

static void accept_text_of_trusted_caller_skips_utf8(void **state) {
    (void)state;
    tk_accept accept = tk_accept_type(TAKEO_TYPE_TEXT);
    accept.text_is_valid = true;
    takeo_cell in = TEXT(TEXT, "\xff");
    takeo_cell zero = TEXT(TEXT, "a\0b");
    takeo_cell out;
    assert_int_equal(tk_accept_cell(&accept, &in, &out, NULL, NULL), TAKEO_DONE);
    assert_ptr_equal(out.v.text.data, in.v.text.data);
    assert_int_equal(tk_accept_cell(&accept, &zero, &out, NULL, NULL), TAKEO_EINPUT);
}

/* ---- refusals -------------------------------------------------------------------------------- */

typedef struct told {
    char expected[512];
    char got[512];
    char message[512];
    char hint[512];
} told;

static void refuse(const tk_accept *accept, const takeo_cell *in, told *out) {
    tk_arena arena;
    tk_error error;
    takeo_cell cell;
    tk_arena_init(&arena, tk_alloc_default);
    tk_error_init(&error, tk_alloc_default);
    assert_int_equal(tk_accept_cell(accept, in, &cell, &arena, &error), TAKEO_EINPUT);
    const takeo_error *last = error.last;
    snprintf(out->expected, sizeof out->expected, "%s", last->expected.data);
    snprintf(out->got, sizeof out->got, "%s", last->got.data);
    snprintf(out->message, sizeof out->message, "%s", last->message.data);
    snprintf(out->hint, sizeof out->hint, "%s", last->hint.data != NULL ? last->hint.data : "");
    tk_error_done(&error);
    tk_arena_done(&arena);
}

static void accept_refusal_tells_what_is_expected(void **state) {
    (void)state;
    static const struct {
        wish wish;
        const char *expected;
    } cases[] = {
        {{.type = TAKEO_TYPE_INT32}, "int32 -2147483648..2147483647"},
        {{.type = TAKEO_TYPE_UINT64}, "uint64 0..18446744073709551615"},
        {{.type = TAKEO_TYPE_TEXT, .length = 120}, "text of at most 120 characters"},
        {{.type = TAKEO_TYPE_BYTES, .length = 4}, "bytes of at most 4 bytes"},
        {{.type = TAKEO_TYPE_DECIMAL, .precision = 5, .scale = 2}, "decimal(5, 2)"},
        {{.type = TAKEO_TYPE_TIMESTAMPTZ, .precision = 3}, "timestamptz(3)"},
        {{.type = TAKEO_TYPE_BOOL}, "bool"},
        {{.type = TAKEO_TYPE_ENUM, .has_labels = true}, "enum: \"red\", \"green\""},
        {{.type = TAKEO_TYPE_ARRAY, .element = TAKEO_TYPE_INT32, .dimensions = 1},
         "array of int32"},
        {{.type = TAKEO_TYPE_INTERVAL, .is_duration = true}, "interval without months"},
    };
    static const takeo_cell in = {.type = TAKEO_TYPE_INTERVAL, .v = {.span = {0, 0, 1}}};
    for (size_t i = 0; i < TK_COUNT(cases); i++) {
        tk_column column = column_for(&cases[i].wish);
        tk_accept accept = tk_accept_column(&column);
        told found;
        refuse(&accept, &in, &found);
        assert_string_equal(found.expected, cases[i].expected);
    }
}

static void accept_refusal_cuts_and_masks_values(void **state) {
    (void)state;
    char text[200];
    memset(text, 'x', sizeof text);
    takeo_cell in = tk_cell_text(TAKEO_TYPE_TEXT, text, sizeof text);
    tk_column column = column_for(&(wish){.type = TAKEO_TYPE_TEXT, .length = 3});
    tk_accept accept = tk_accept_column(&column);
    told found;
    refuse(&accept, &in, &found);
    assert_true(strlen(found.got) <= 80);
    assert_string_equal(found.hint, "shorten it, or give the column more room; it is never cut");
    column.flags = TAKEO_COLUMN_SECRET;
    accept = tk_accept_column(&column);
    refuse(&accept, &in, &found);
    assert_string_equal(found.got, "***");
    assert_string_equal(found.message, "*** has 200 characters; the column takes 3");
    column = column_for(&(wish){.type = TAKEO_TYPE_INT32});
    column.flags = TAKEO_COLUMN_SECRET;
    accept = tk_accept_column(&column);
    accept.text_is_parsed = true;
    refuse(&accept, &in, &found);
    assert_string_equal(found.got, "***");
    assert_null(strstr(found.message, "xxx"));
}

/* ---- memory ---------------------------------------------------------------------------------- */

static bool accept_all(const takeo_allocator *allocator, void *context) {
    static const struct {
        wish wish;
        takeo_cell in;
    } cases[] = {
        {{.type = TAKEO_TYPE_ARRAY, .element = TAKEO_TYPE_DECIMAL}, LIST(ARRAY, square)},
        {{.type = TAKEO_TYPE_DECIMAL, .precision = 5, .scale = 2, .is_lossy = true}, FLOAT(1.005)},
        {{.type = TAKEO_TYPE_INT32, .is_lossy = true}, TEXT(DECIMAL, "2.5")},
        {{.type = TAKEO_TYPE_INT16}, INT(INT64, 70000)},
        {{.type = TAKEO_TYPE_ARRAY, .element = TAKEO_TYPE_INT16}, LIST(ARRAY, too_large)},
    };
    (void)context;
    bool has_memory = true;
    for (size_t i = 0; i < TK_COUNT(cases); i++) {
        tk_column column = column_for(&cases[i].wish);
        tk_accept accept = tk_accept_column(&column);
        accept.loss_is_allowed = cases[i].wish.is_lossy;
        tk_arena arena;
        tk_error error;
        tk_arena_init(&arena, tk_alloc_from(allocator));
        tk_error_init(&error, tk_alloc_from(allocator));
        takeo_cell out;
        takeo_status status = tk_accept_cell(&accept, &cases[i].in, &out, &arena, &error);
        assert_true(status == TAKEO_DONE || status == TAKEO_EINPUT || status == TAKEO_ENOMEM);
        has_memory = has_memory && status != TAKEO_ENOMEM;
        tk_error_done(&error);
        tk_arena_done(&arena);
    }
    return has_memory;
}

static void accept_without_memory_fails_cleanly(void **state) {
    (void)state;
    assert_true(tk_sweep(accept_all, NULL) > 5);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accept_int_takes_what_fits),
        cmocka_unit_test(accept_uint_takes_what_fits),
        cmocka_unit_test(accept_bool_takes_only_bool),
        cmocka_unit_test(accept_float_takes_what_stays_itself),
        cmocka_unit_test(accept_decimal_keeps_every_digit),
        cmocka_unit_test(accept_decimal_has_a_most_of_digits),
        cmocka_unit_test(accept_text_takes_valid_text),
        cmocka_unit_test(accept_bytes_takes_only_bytes),
        cmocka_unit_test(accept_forms_are_checked),
        cmocka_unit_test(accept_times_keep_zone_and_digits),
        cmocka_unit_test(accept_array_takes_like_elements),
        cmocka_unit_test(accept_range_takes_ordered_bounds),
        cmocka_unit_test(accept_other_lists_are_checked),
        cmocka_unit_test(accept_list_without_end_is_refused),
        cmocka_unit_test(accept_nothing_needs_nullable),
        cmocka_unit_test(accept_any_type_checks_soundness),
        cmocka_unit_test(accept_text_of_trusted_caller_skips_utf8),
        cmocka_unit_test(accept_refusal_tells_what_is_expected),
        cmocka_unit_test(accept_refusal_cuts_and_masks_values),
        cmocka_unit_test(accept_without_memory_fails_cleanly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
