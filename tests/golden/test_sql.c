/* test_sql.c - nodes -> SQL: the files of tests/golden/sql, each a list of cases in plain text.
 *
 *     == what the case is about, with ids of requirements
 *     (select (from City))
 *     sqlite: select ...
 *     postgresql: select ...
 *     rows: ...
 *
 * A line that begins with `error:` tells code and message of a failure instead.  With
 * GOLDEN_WRITE=1 in the environment the answers are written into the files, to be read before they
 * are kept.
 */
#include <dirent.h>

#include "file.h"
#include "sketch.h"

typedef struct golden {
    tk_model *model;
    const tk_alloc *alloc;
    tk_buf out; /* the file as it should be */
    uint32_t cases;
} golden;

static void show_part(const tk_statement *statement, uint32_t number, tk_buf *out) {
    const tk_part *part = &statement->parts[number - 1];
    tk_buf_printf(out, " part %u %s", (unsigned)number, part->entity->name.data);
    if (part->parent != 0) {
        tk_buf_printf(out, " of %u by %s", (unsigned)part->parent, part->relation->name.data);
    }
    tk_buf_puts(out, part->may_be_missing ? " missing" : "");
    tk_buf_puts(out, part->may_repeat ? " repeat" : "");
    tk_buf_puts(out, part->is_partial ? " partial" : "");
    tk_buf_printf(out, " cells %u+%u key", (unsigned)part->first_cell,
                  (unsigned)part->column_count);
    for (uint32_t i = 0; i < part->entity->key_count; i++) {
        tk_buf_printf(out, " %u", (unsigned)part->key_cells[i]);
    }
    tk_buf_puts(out, ";");
}

static void show_accept(const tk_param *param, uint32_t number, tk_buf *out) {
    tk_buf_printf(out, " ?%u %s%s%s", (unsigned)number, tk_type_name(param->accept.type),
                  param->is_list ? "*" : "", param->accept.is_nullable ? " null" : "");
    if (param->accept.column != NULL) {
        tk_buf_printf(out, " as %s", param->accept.column->name.data);
    }
    tk_buf_puts(out, ";");
}

static void show_rows(const tk_statement *statement, tk_buf *out) {
    tk_buf_puts(out, "rows:");
    for (uint32_t i = 0; i < statement->param_count; i++) {
        show_accept(&statement->params[i], i + 1, out);
    }
    for (uint32_t i = 0; i < statement->output_count; i++) {
        const tk_output *output = &statement->outputs[i];
        tk_buf_printf(out, " out %s", output->label.len != 0 ? output->label.data : "-");
        if (output->part != 0) {
            tk_buf_printf(out, " is %u;", (unsigned)output->part);
        } else {
            const tk_cell_info *cell = &statement->cells[output->cell];
            tk_buf_printf(out, " %s%s;", tk_type_name(cell->type),
                          cell->may_be_null ? " null" : "");
        }
    }
    for (uint32_t i = 1; i <= statement->part_count; i++) {
        show_part(statement, i, out);
    }
    tk_buf_puts(out, "\n");
}

static void show_error(const tk_error *error, tk_buf *out, const char *before) {
    for (const takeo_error *i = error->first; i != NULL; i = i->next) {
        tk_buf_printf(out, "%serror: %s %s\n", before, i->code.data, i->message.data);
    }
}

static void show_text(tk_statement *statement, const char *dialect, const char *before,
                      tk_buf *out) {
    tk_error error;
    tk_error_init(&error, tk_alloc_default);
    const tk_sql *sql = NULL;
    takeo_status status = tk_statement_render(statement, tk_dialect_find(dialect), &sql, &error);
    if (status == 0) {
        tk_buf_printf(out, "%s%s: %s\n", before, dialect, sql->text);
    } else {
        show_error(&error, out, before);
    }
    tk_error_done(&error);
}

static void show_loads(const tk_statement *statement, const char *before, tk_buf *out) {
    char deeper[40];
    snprintf(deeper, sizeof deeper, "%s  ", before);
    for (uint32_t i = 0; i < statement->load_count; i++) {
        const tk_load *load = &statement->loads[i];
        tk_buf_printf(out, "%sload: %u by %s\n", before, (unsigned)load->part,
                      load->relation->name.data);
        show_text(load->statement, "sqlite", deeper, out);
        show_text(load->statement, "postgresql", deeper, out);
        show_loads(load->statement, deeper, out);
    }
}

static void run_case(golden *test, const char *text, bool wants_rows) {
    tk_error error;
    tk_error_init(&error, *test->alloc);
    tk_statement *statement = NULL;
    takeo_status status = sketch_compile(test->model, text, *test->alloc, &statement, &error);
    if (status < 0) {
        show_error(&error, &test->out, "");
    } else {
        show_text(statement, "sqlite", "", &test->out);
        show_text(statement, "postgresql", "", &test->out);
        show_loads(statement, "", &test->out);
        if (wants_rows) {
            show_rows(statement, &test->out);
        }
        tk_statement_drop(statement);
    }
    tk_error_done(&error);
    test->cases++;
}

/* Copy what is asked, and answer it anew. */
static void run_text(golden *test, char *text) {
    char *question = NULL;
    bool wants_rows = false;
    tk_buf asked;
    tk_buf_init(&asked, tk_alloc_default, 1 << 16);
    for (char *line = text; line != NULL && *line != '\0';) {
        char *end = strchr(line, '\n');
        if (end != NULL) {
            *end++ = '\0';
        }
        bool is_answer = strncmp(line, "sqlite:", 7) == 0 || strncmp(line, "postgresql:", 11) == 0
                         || strncmp(line, "error:", 6) == 0 || strncmp(line, "load:", 5) == 0;
        bool is_rows = strncmp(line, "rows:", 5) == 0;
        wants_rows |= is_rows;
        if (line[0] == '(' || strncmp(line, "no-eager", 8) == 0
            || (line[0] == ' ' && strstr(line, "sqlite:") == NULL && strstr(line, "error:") == NULL
                && strstr(line, "postgresql:") == NULL && strstr(line, "load:") == NULL)) {
            question = line;
            tk_buf_printf(&asked, "%s\n", line);
            tk_buf_printf(&test->out, "%s\n", line);
        } else if (!is_answer && !is_rows && line[0] != ' ') {
            if (question != NULL) {
                run_case(test, asked.data, wants_rows);
                tk_buf_clear(&asked);
                wants_rows = false;
                question = NULL;
            }
            tk_buf_printf(&test->out, "%s\n", line);
        }
        line = end;
    }
    if (question != NULL) {
        run_case(test, asked.data, wants_rows);
    }
    tk_buf_done(&asked);
}

static bool run_file(golden *test, const char *path) {
    char *text = file_read(path);
    char *copy = strdup(text);
    tk_buf_init(&test->out, tk_alloc_default, 1 << 22);
    run_text(test, copy);
    bool is_same = file_is(path, text, &test->out);
    tk_buf_done(&test->out);
    free(copy);
    free(text);
    return is_same;
}

static void sql_every_case_renders_as_written(void **state) {
    (void)state;
    char folder[600];
    file_path("sql", folder, sizeof folder);
    tk_test_alloc memory;
    takeo_allocator allocator = tk_test_alloc_init(&memory);
    tk_alloc alloc = tk_alloc_from(&allocator);
    golden test = {.model = world_new(&allocator), .alloc = &alloc};
    assert_non_null(test.model);
    struct dirent **files = NULL;
    int count = scandir(folder, &files, NULL, alphasort);
    bool is_fine = true;
    for (int i = 0; i < count; i++) {
        char path[900];
        snprintf(path, sizeof path, "%s/%s", folder, files[i]->d_name);
        if (strstr(files[i]->d_name, ".txt") != NULL) {
            is_fine &= run_file(&test, path);
        }
        free(files[i]);
    }
    free(files);
    tk_model_drop(test.model);
    tk_test_alloc_done(&memory);
    print_message("%u cases\n", (unsigned)test.cases);
    assert_true(test.cases > 50);
    assert_true(is_fine);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(sql_every_case_renders_as_written)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
