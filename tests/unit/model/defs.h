/* defs.h - what the tests of the room `model` share: writing definitions, and reading findings.
 */
#ifndef TEST_MODEL_DEFS_H
#define TEST_MODEL_DEFS_H

#include "support.h"

#include "model/model.h"

#define MANY(what, plural, of) .plural = of, .what##_count = TK_COUNT(of), .what##_size = sizeof *of
#define COLUMNS(of) MANY(column, columns, of)
#define RELATIONS(of) MANY(relation, relations, of)
#define INDEXES(of) MANY(index, indexes, of)
#define CONSTRAINTS(of) MANY(constraint, constraints, of)
#define ENTITY(called) .struct_size = sizeof(takeo_entity_def), .name = called
#define ID                                                                                         \
    { .name = "id", .type = TAKEO_TYPE_INT64, .flags = TAKEO_COLUMN_PRIMARY }

enum { FINDINGS_SIZE = 8192 };

/* "Entity.field: message; nearest: ..." for every record, a line each. */
static inline void read_findings(const tk_error *error, char out[FINDINGS_SIZE]) {
    size_t len = 0;
    out[0] = '\0';
    for (const takeo_error *at = error->first; at != NULL; at = at->next) {
        int put = snprintf(out + len, FINDINGS_SIZE - len, "%s%s%s%s: %s%s%s", len > 0 ? "\n" : "",
                           at->entity.data != NULL ? at->entity.data : "",
                           at->field.data != NULL ? "." : "",
                           at->field.data != NULL ? at->field.data : "", at->message.data,
                           at->nearest.data != NULL ? "; nearest: " : "",
                           at->nearest.data != NULL ? at->nearest.data : "");
        len += (size_t)put;
        assert_true(len < FINDINGS_SIZE);
    }
}

/* What add, and then freeze, says about some entities: the findings, or "" */
static inline takeo_status judge(const takeo_entity_def *entities, uint32_t count,
                                 const takeo_model_options *options, char out[FINDINGS_SIZE]) {
    tk_test_alloc memory;
    takeo_allocator allocator = tk_test_alloc_init(&memory);
    takeo_model_options own = {.struct_size = sizeof own};
    if (options != NULL) {
        own = *options;
    }
    own.allocator = &allocator;
    tk_error error;
    tk_error_init(&error, tk_alloc_from(&allocator));
    tk_model *model = NULL;
    assert_int_equal(tk_model_new(&own, &model, &error), TAKEO_DONE);
    takeo_status status = tk_model_add(model, entities, count, &error);
    if (status == TAKEO_DONE) {
        status = tk_model_freeze(model, &error);
        assert_true((status == TAKEO_DONE) == model->is_frozen);
    } else {
        assert_int_equal(model->entity_count, 0);
    }
    assert_true((status == TAKEO_DONE) == (error.first == NULL));
    read_findings(&error, out);
    tk_model_drop(model);
    tk_error_done(&error);
    tk_test_alloc_done(&memory);
    return status;
}

static inline void expect_findings(const takeo_entity_def *entities, uint32_t count,
                                   const char *expected) {
    char found[FINDINGS_SIZE];
    takeo_status status = judge(entities, count, NULL, found);
    assert_string_equal(found, expected);
    assert_int_equal(status, expected[0] == '\0' ? TAKEO_DONE : TAKEO_EMAPPING);
}

/* A frozen model of the default allocator; fails the test when there is a finding. */
static inline tk_model *freeze(const takeo_model_options *options, const takeo_entity_def *entities,
                               uint32_t count) {
    tk_error error;
    tk_error_init(&error, tk_alloc_default);
    tk_model *model = NULL;
    char found[FINDINGS_SIZE];
    takeo_status status = tk_model_new(options, &model, &error);
    if (status == TAKEO_DONE) {
        status = tk_model_add(model, entities, count, &error);
    }
    if (status == TAKEO_DONE) {
        status = tk_model_freeze(model, &error);
    }
    read_findings(&error, found);
    assert_string_equal(found, "");
    assert_int_equal(status, TAKEO_DONE);
    tk_error_done(&error);
    return model;
}

static inline const tk_entity *entity_of(const tk_model *model, const char *name) {
    const tk_entity *entity = tk_model_find_entity(model, name, strlen(name));
    assert_non_null(entity);
    return entity;
}

static inline const tk_column *column_of(const tk_entity *entity, const char *name) {
    const tk_column *column = tk_entity_find_column(entity, name, strlen(name));
    assert_non_null(column);
    return column;
}

static inline const tk_relation *relation_of(const tk_entity *entity, const char *name) {
    const tk_relation *relation = tk_entity_find_relation(entity, name, strlen(name));
    assert_non_null(relation);
    return relation;
}

#endif
