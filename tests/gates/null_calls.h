/* null_calls.h - what the calls that null_calls.py generates stand on: one of everything, made
 * anew for each function, and what has to hold after a call.
 */
#ifndef TK_GATE_NULL_CALLS_H
#define TK_GATE_NULL_CALLS_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "takeo/takeo.h"

#define SIZED(type)                                                                                \
    { .struct_size = sizeof(type) }

/* Two cells, so that an object is a row of cells too. */
typedef struct row {
    takeo_cell id;
    takeo_cell name;
    uint64_t state;
    struct row *parent;
} row;

typedef struct world {
    takeo_model *open_model;
    takeo_model *model;
    takeo_target *target;
    takeo_source *source;
    takeo_session *session;
    takeo_op *op;
    takeo_statement *statement;
    takeo_builder *builder;
    takeo_error *error; /* a record */
    row object;
    takeo_list list;
    takeo_cell cell;
    takeo_node node;
    uint32_t numbers[2];
    char buffer[64];
    int64_t number;
    takeo_text text;
    takeo_cell cell_out;
    takeo_entity_def entity_def;
    takeo_target_def target_def;
    takeo_statement_def statement_def;
    takeo_model_options model_options;
    takeo_source_options source_options;
    takeo_session_options session_options;
    takeo_op_options op_options;
    takeo_find find;
    takeo_save_options save_options;
    takeo_upsert_options upsert_options;
    takeo_txn_options txn_options;
    takeo_cpython_api cpython_api;
    takeo_interest interest;
    takeo_result result;
    takeo_session_info session_info;
    takeo_pool_limits pool_limits;
    takeo_pool_stats pool_stats;
    takeo_statement_info statement_info;
    /* what a call gives */
    takeo_model *out_model;
    takeo_target *out_target;
    takeo_source *out_source;
    takeo_session *out_session;
    takeo_op *out_op;
    takeo_statement *out_statement;
    takeo_builder *out_builder;
    takeo_error *out_error;
} world;

static int failures;
static int calls;

__attribute__((format(printf, 2, 3))) static void complain(const char *call, const char *format,
                                                           ...) {
    va_list args;
    va_start(args, format);
    printf("%s: ", call);
    vprintf(format, args);
    printf("\n");
    va_end(args);
    failures++;
}

static void need(takeo_status status, const char *what) {
    if (status < 0) {
        printf("the world of the calls cannot be made: %s gives %s\n", what,
               takeo_status_name(status));
        exit(1);
    }
}

static const takeo_column_def columns[] = {
    {"id", TAKEO_TYPE_INT64, .generated = TAKEO_GENERATED_IDENTITY, .flags = TAKEO_COLUMN_PRIMARY},
    {"name", TAKEO_TYPE_TEXT, .flags = TAKEO_COLUMN_NULLABLE}};
static const takeo_relation_def relations[] = {
    {"parent", "Thing", .kind = TAKEO_RELATION_MANY_TO_ONE, .flags = TAKEO_RELATION_FLAG_NULLABLE}};
static const takeo_field_def fields[] = {
    {1, TAKEO_FIELD_CELL, .offset = offsetof(row, id), .size = sizeof(takeo_cell)},
    {2, TAKEO_FIELD_CELL, .offset = offsetof(row, name), .size = sizeof(takeo_cell)},
    {0, TAKEO_FIELD_STATE, .offset = offsetof(row, state), .size = sizeof(uint64_t)},
    {1, TAKEO_FIELD_TO_ONE, .offset = offsetof(row, parent)}};
static const takeo_layout_def layouts[] = {{1, sizeof(row), 4, sizeof *fields, fields}};
static const takeo_node nodes[] = {{.kind = TAKEO_NODE_TABLE, .ref = 1},
                                   {.kind = TAKEO_NODE_FROM, .a = 1},
                                   {.kind = TAKEO_NODE_SELECT, .a = 2}};

static void set_values(world *w) {
    w->object.id = (takeo_cell){.type = TAKEO_TYPE_INT64};
    w->object.name = (takeo_cell){.flags = TAKEO_CELL_NULL};
    w->list = (takeo_list){&w->object, 1, sizeof w->object, 1, 0};
    w->cell = (takeo_cell){.type = TAKEO_TYPE_INT64, .v = {.i = 1}};
    w->node = nodes[0];
    w->numbers[0] = 1;
    w->entity_def = (takeo_entity_def){.struct_size = sizeof w->entity_def,
                                       .name = "Other",
                                       .column_size = sizeof *columns,
                                       .column_count = 2,
                                       .columns = columns};
    w->target_def = (takeo_target_def){sizeof w->target_def, 0, layouts, 1, sizeof *layouts};
    w->statement_def = (takeo_statement_def){.struct_size = sizeof w->statement_def,
                                             .nodes = nodes,
                                             .node_count = 3,
                                             .node_size = sizeof *nodes};
    w->source_options = (takeo_source_options){sizeof w->source_options, .url = "sqlite://"};
    w->model_options = (takeo_model_options)SIZED(takeo_model_options);
    w->session_options = (takeo_session_options)SIZED(takeo_session_options);
    w->op_options = (takeo_op_options)SIZED(takeo_op_options);
    w->find = (takeo_find)SIZED(takeo_find);
    w->save_options = (takeo_save_options)SIZED(takeo_save_options);
    w->upsert_options = (takeo_upsert_options)SIZED(takeo_upsert_options);
    w->txn_options = (takeo_txn_options)SIZED(takeo_txn_options);
    w->cpython_api = (takeo_cpython_api)SIZED(takeo_cpython_api);
    w->interest = (takeo_interest)SIZED(takeo_interest);
    w->result = (takeo_result)SIZED(takeo_result);
    w->session_info = (takeo_session_info)SIZED(takeo_session_info);
    w->pool_limits = (takeo_pool_limits)SIZED(takeo_pool_limits);
    w->pool_stats = (takeo_pool_stats)SIZED(takeo_pool_stats);
    w->statement_info = (takeo_statement_info)SIZED(takeo_statement_info);
}

/* Whatever the call started comes to its end. */
static void settle(takeo_op *op) {
    while (takeo_op_wait(op, -1) > 0) {
    }
}

static void world_make(world *w) {
    memset(w, 0, sizeof *w);
    set_values(w);
    takeo_entity_def thing = w->entity_def;
    thing.name = "Thing";
    thing.relation_size = sizeof *relations;
    thing.relation_count = 1;
    thing.relations = relations;
    need(takeo_model_new(NULL, &w->open_model, NULL), "takeo_model_new");
    need(takeo_model_new(NULL, &w->model, NULL), "takeo_model_new");
    need(takeo_model_add(w->model, &thing, 1, NULL), "takeo_model_add");
    need(takeo_model_freeze(w->model, NULL), "takeo_model_freeze");
    need(takeo_target_new(w->model, &w->target_def, &w->target, NULL), "takeo_target_new");
    need(takeo_source_open(w->model, &w->source_options, &w->source, NULL), "takeo_source_open");
    need(takeo_session_new(w->source, NULL, &w->session, NULL), "takeo_session_new");
    need(takeo_op_new(w->session, &w->op, NULL), "takeo_op_new");
    need(takeo_source_synchronize(w->op, 0), "takeo_source_synchronize");
    settle(w->op);
    need(takeo_statement_compile(w->model, &w->statement_def, &w->statement, NULL),
         "takeo_statement_compile");
    need(takeo_builder_new(w->model, &w->builder, NULL), "takeo_builder_new");
    (void)!takeo_model_freeze(NULL, &w->error);
}

static void world_free(world *w) {
    takeo_error_free(w->error);
    takeo_builder_free(w->builder);
    takeo_statement_free(w->statement);
    takeo_op_free(w->op);
    takeo_session_free(w->session);
    takeo_source_close(w->source);
    takeo_target_free(w->target);
    takeo_model_free(w->model);
    takeo_model_free(w->open_model);
}

/* ---- after a call ---------------------------------------------------------------------------- */

static void clear_outputs(world *w) {
    takeo_builder_free(w->out_builder);
    takeo_statement_free(w->out_statement);
    takeo_op_free(w->out_op);
    takeo_session_free(w->out_session);
    takeo_source_close(w->out_source);
    takeo_target_free(w->out_target);
    takeo_model_free(w->out_model);
    takeo_error_free(w->out_error);
    w->out_builder = NULL;
    w->out_statement = NULL;
    w->out_op = NULL;
    w->out_session = NULL;
    w->out_source = NULL;
    w->out_target = NULL;
    w->out_model = NULL;
    w->out_error = NULL;
    settle(w->op);
    set_values(w);
}

static void check_record(const char *call, const takeo_error *record, takeo_status status) {
    if (record == NULL) {
        complain(call, "%s has no record", takeo_status_name(status));
    } else if (record->status != status) {
        complain(call, "it gives %s, its record says %s", takeo_status_name(status),
                 takeo_status_name(record->status));
    } else if (record->message.data == NULL || record->message.len == 0) {
        complain(call, "%s has no message", takeo_status_name(status));
    }
}

/* What every status has to be.  `wanted` 1: any; else this one.  `error` NULL: no record is asked
 * for. */
static void check_status(const char *call, takeo_status status, takeo_status wanted,
                         takeo_error **error) {
    calls++;
    if (strcmp(takeo_status_name(status), "TAKEO_?") == 0) {
        complain(call, "%d is no status", (int)status);
    }
    if (wanted != 1 && status != wanted) {
        complain(call, "it gives %s, not %s", takeo_status_name(status), takeo_status_name(wanted));
    }
    if (error != NULL && status < 0) {
        check_record(call, *error, status);
    } else if (error != NULL && *error != NULL) {
        complain(call, "it succeeds and sets error");
    }
}

static void check_nothing(const char *call, bool is_nothing) {
    calls++;
    if (!is_nothing) {
        complain(call, "it gives something");
    }
}

#endif
