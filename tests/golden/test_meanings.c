/* test_meanings.c - does a statement mean the same on SQLite and on PostgreSQL?  The same rows, the
 * same sketch and the same arguments have to give the same values.
 *
 * The server is that of TAKEO_TEST_POSTGRESQL; without it the test is skipped.
 */
#include "database.h"

static const char *const rows[] = {
    "1|7|-7|0.5|12.340|true|abc|0199d2a0-0000-7000-8000-000000000001|plain|2024-02-28|"
    "2024-02-28 23:30:00.25+00:00",
    "2|-2|2000000000|-2.5|null|false|ABC|ffffffff-0000-7000-8000-000000000002|striped|2024-03-01|"
    "2024-12-31 23:59:59+00:00",
    "3|3|5|null|-0.01|true|a%_|00000000-0000-7000-8000-000000000003|plain|1999-12-31|null",
};
static const char fill[] =
    "(insert (into Sample) (columns Sample.id Sample.tiny Sample.mid Sample.single Sample.exact "
    "Sample.flag Sample.letters Sample.token Sample.kind Sample.day Sample.moment) "
    "(rows (row ?1 ?2 ?3 ?4 ?5 ?6 ?7 ?8 ?9 ?10 ?11)))";

/* What is asked of every row, by its key. */
static const struct {
    const char *value;
    const char *arguments;
} values[] = {
    {"(add Sample.mid Sample.mid)", ""},
    {"(multiply Sample.mid ?1)", "4"},
    {"(subtract Sample.tiny Sample.mid)", ""},
    {"(divide Sample.mid Sample.tiny)", ""},
    {"(modulo Sample.mid Sample.tiny)", ""},
    {"(modulo Sample.mid ?1)", "-4"},
    {"(divide ?1:int64 ?2:int64)", "-7|2"},
    {"(modulo ?1:int64 ?2:int64)", "-7|2"},
    {"(divide Sample.single ?1)", "2"},
    {"(modulo Sample.single ?1)", "2"},
    {"(bit-xor Sample.mid ?1)", "3"},
    {"(bit-and Sample.mid ?1)", "6"},
    {"(bit-or Sample.tiny Sample.mid)", ""},
    {"(bit-not Sample.mid)", ""},
    {"(shift-left Sample.mid ?1)", "33"},
    {"(shift-right Sample.mid ?1)", "1"},
    {"(negate Sample.mid)", ""},
    {"(add Sample.flag Sample.mid)", ""},
    {"(call round Sample.single)", ""},
    {"(call round Sample.single ?1)", "0"},
    {"(call floor Sample.single)", ""},
    {"(call ceil Sample.single)", ""},
    {"(call floor Sample.mid)", ""},
    {"(call abs Sample.mid)", ""},
    {"(call power Sample.tiny ?1)", "2"},
    {"(call length Sample.letters)", ""},
    {"(call upper Sample.letters)", ""},
    {"(call substr Sample.letters ?1 ?2)", "2|2"},
    {"(call substr Sample.letters Sample.id)", ""},
    {"(call replace Sample.letters ?1 ?2)", "b|xx"},
    {"(call position Sample.letters ?1)", "c"},
    {"(call coalesce Sample.single ?1)", "9"},
    {"(call coalesce Sample.exact ?1)", "9.5"},
    {"(call nullif Sample.mid ?1)", "5"},
    {"(call greatest Sample.mid Sample.tiny)", ""},
    {"(call least Sample.mid Sample.tiny ?1)", "0"},
    {"(call greatest Sample.single ?1)", "0"},
    {"(call round ?1:float64)", "2.5"},
    {"(call round ?1:float64)", "123456789012345670"},
    {"(call round Sample.mid)", ""},
    {"(modulo ?1:float64 ?2:float64)", "5.5|-2"},
    {"(concat Sample.letters Sample.kind)", ""},
    {"(concat Sample.letters Sample.mid)", ""},
    {"(concat ?1 ?2)", "a|b"},
    {"(cast Sample.flag int64)", ""},
    {"(cast Sample.single int64)", ""},
    {"(cast Sample.mid text)", ""},
    {"(cast Sample.token text)", ""},
    {"(cast Sample.moment date)", ""},
    {"(cast Sample.mid float64)", ""},
    {"(case (when (gt Sample.mid ?1) ?2:int64) ?3:int64)", "0|1|2"},
    {"(case (when (is-null Sample.exact) ?1:text) ?2:text)", "none|some"},
    {"(like Sample.letters ?1)", "a%"},
    {"(like Sample.letters ?1)", "a\\%\\_"},
    {"(like Sample.letters ?1 /i)", "ab_"},
    {"(text-contains Sample.letters ?1)", "%"},
    {"(text-contains Sample.letters ?1 /i)", "Bc"},
    {"(starts-with Sample.letters ?1)", "a%"},
    {"(ends-with Sample.letters ?1)", "_"},
    {"(ends-with Sample.letters ?1)", "longer than it"},
    {"(ends-with Sample.letters ?1 /i)", "BC"},
    {"(starts-with Sample.token ?1)", "0"},
    {"(like Sample.mid ?1)", "%7"},
    {"(eq Sample.exact ?1)", "12.34"},
    {"(gt Sample.exact Sample.tiny)", ""},
    {"(eq Sample.mid ?1)", "5"},
    {"(distinct-from Sample.exact ?1)", "null"},
    {"(not-distinct-from Sample.single ?1)", "null"},
    {"(between Sample.exact ?1 ?2)", "-1|12.34"},
    {"(in Sample.exact ?1*)", "{12.34,7}"},
    {"(in Sample.mid ?1*)", "{5,-7}"},
    {"(not-in Sample.kind ?1*)", "{plain}"},
    {"(in ?1:int64 Sample.mid Sample.tiny)", "3"},
    {"(and Sample.flag ?1)", "true"},
    {"(or ?1 (not Sample.flag))", "false"},
    {"(is-null ?1:int32)", "null"},
    {"(ge Sample.day ?1)", "2024-02-29"},
    {"(lt Sample.moment ?1)", "2024-06-01 00:00:00+00:00"},
};

/* What is asked of all rows at once. */
static const char *const totals[] = {
    "(call count)",
    "(call count Sample.exact)",
    "(call sum Sample.mid)",
    "(call sum Sample.exact)",
    "(call sum Sample.single)",
    "(call avg Sample.mid)",
    "(call avg Sample.tiny)",
    "(call avg Sample.exact)",
    "(call string_agg Sample.kind Sample.kind (filter Sample.flag))",
    "(call min Sample.flag)",
    "(call max Sample.flag)",
    "(call min Sample.token)",
    "(call max Sample.token)",
    "(call min Sample.exact)",
    "(call max Sample.day)",
    "(call min Sample.letters)",
    "(call max Sample.moment)",
    "(call bool_and Sample.flag)",
    "(call count Sample.kind /distinct)",
    "(call sum Sample.mid (filter Sample.flag))",
};

static void fill_rows(database *on) {
    database_finish(on->op, takeo_source_synchronize(on->op, 0));
    for (size_t i = 0; i < TK_COUNT(rows); i++) {
        (void)database_ask(on, fill, rows[i]);
    }
}

static uint32_t compare(database *lite, database *server, const char *sketch,
                        const char *arguments) {
    const char *one = database_ask(lite, sketch, arguments);
    assert_true(one[0] != '\0');
    for (int i = 0; i < 3; i++) { /* the first time in text, then in binary */
        takeo_status status = database_run(server, sketch, arguments, NULL);
        const char *other =
            status < 0 ? takeo_op_error(server->op)->message.data : database_rows(server);
        if (strcmp(one, other) != 0) {
            print_error("%s\n  SQLite:     %s\n  PostgreSQL: %s\n", sketch, one, other);
            return 1;
        }
    }
    return 0;
}

static void meanings_are_the_same(void **state) {
    (void)state;
    DATABASE_NEEDED();
    database lite;
    database server;
    database_open(&lite, false);
    database_open(&server, true);
    fill_rows(&lite);
    fill_rows(&server);
    uint32_t differ = 0;
    char sketch[400];
    for (size_t i = 0; i < TK_COUNT(values); i++) {
        snprintf(sketch, sizeof sketch,
                 "(select (columns Sample.id (label %s value)) (from Sample) (order-by Sample.id))",
                 values[i].value);
        differ += compare(&lite, &server, sketch, values[i].arguments);
    }
    for (size_t i = 0; i < TK_COUNT(totals); i++) {
        snprintf(sketch, sizeof sketch, "(select (columns (label %s value)) (from Sample))",
                 totals[i]);
        differ += compare(&lite, &server, sketch, "");
    }
    database_close(&lite);
    database_close(&server);
    assert_int_equal(differ, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(meanings_are_the_same)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
