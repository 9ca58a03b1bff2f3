/* test_postgresql_values.c - values of every type through the driver: the first run of a statement
 * sends and receives texts, later ones binary forms, and nobody can tell which it was. */
#include "postgresql_samples.h"
#include "postgresql_support.h"

static int setup(void **state) {
    fixture_setup(state);
    if (pg_url() != NULL) {
        assert_done(*state, pg_open(*state, pg_url()));
        run(*state, "set timezone = 'America/St_Johns'");
    }
    return 0;
}

/* Run and give the only cell, copied. */
static takeo_cell run_once(fixture *f, tk_prepared *prepared, const takeo_cell *argument) {
    takeo_cell row = {0};
    takeo_cell copy = {0};
    tk_execution ignored;
    tk_error_clear(&f->error);
    assert_done(f, start(f, prepared, argument, argument != NULL));
    takeo_status status = FINISH(f, f->driver->fetch(f->server, prepared, &row, &f->error));
    if (status != TAKEO_ROWS) {
        show_error(f);
        fail_msg("status %d", (int)status);
    }
    assert_true(tk_cell_copy(&f->arena, &row, &copy));
    assert_done(f, FINISH(f, f->driver->fetch(f->server, prepared, &row, &f->error)));
    f->driver->end(f->server, prepared, &ignored);
    return copy;
}

/* What comes in both forms, and goes there and back in both. */
static void check(fixture *f, const char *expression, const char *type, takeo_type logical) {
    char sql[3000];
    snprintf(sql, sizeof sql, "select %s", expression);
    tk_prepared *literal = prepare(f, sql, NULL, 0);
    takeo_cell first = run_once(f, literal, NULL);
    assert_int_equal(first.type, logical);
    takeo_cell second = run_once(f, literal, NULL);
    f->driver->forget(f->server, literal);
    snprintf(sql, sizeof sql, "select $1::%s", type);
    tk_prepared *argument = prepare(f, sql, NULL, 0);
    for (int i = 0; i < 3; i++) {
        takeo_cell back = run_once(f, argument, &first);
        if (!tk_cell_equal(&first, &back) || !tk_cell_equal(&first, &second)) {
            fail_msg("%s, run %d", expression, i);
        }
    }
    f->driver->forget(f->server, argument);
}

static void values_are_the_same_in_every_run(void **state) {
    NEED_SERVER();
    fixture *f = *state;
    char expression[1000];
    char type[100];
    for (size_t i = 0; i < TK_COUNT(samples); i++) {
        const struct sample *sample = &samples[i];
        snprintf(type, sizeof type, "%s[]", sample->type);
        for (size_t t = 0; sample->texts[t] != NULL; t++) {
            snprintf(expression, sizeof expression, "'%s'::%s", sample->texts[t], sample->type);
            check(f, expression, sample->type, sample->logical);
            snprintf(expression, sizeof expression, "array[[null, '%s']]::%s[]", sample->texts[t],
                     sample->type);
            check(f, expression, type, TAKEO_TYPE_ARRAY);
        }
    }
}

/* A column that is none of the wanted type fails in both runs, naming both types. */
static void values_of_another_type_fail_in_every_run(void **state) {
    NEED_SERVER();
    fixture *f = *state;
    static const struct {
        const char *sql;
        takeo_type type;
    } rows[] = {
        {"select 70000 as wide", TAKEO_TYPE_INT16},
        {"select date '2000-01-01' as wide", TAKEO_TYPE_TIMESTAMP},
        {"select 'x'::text as wide", TAKEO_TYPE_UUID},
        {"select 1.5 as wide", TAKEO_TYPE_INT32},
    };
    for (size_t i = 0; i < TK_COUNT(rows); i++) {
        tk_prepared *prepared = prepare(f, rows[i].sql, &rows[i].type, 1);
        for (int time = 0; time < 3; time++) {
            takeo_cell row;
            tk_execution ignored;
            tk_error_clear(&f->error);
            assert_done(f, start(f, prepared, NULL, 0));
            takeo_status status = FINISH(f, f->driver->fetch(f->server, prepared, &row, &f->error));
            assert_int_equal(status, TAKEO_EDECODE);
            char text[2000];
            tk_error_format(last_error(f), text, sizeof text);
            if (strstr(text, "wide") == NULL || strstr(text, tk_type_name(rows[i].type)) == NULL) {
                fail_msg("%s", text);
            }
            f->driver->end(f->server, prepared, &ignored);
            assert_done(f, settle(f));
        }
        f->driver->forget(f->server, prepared);
    }
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, fixture_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(values_are_the_same_in_every_run),
        CASE(values_of_another_type_fail_in_every_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
