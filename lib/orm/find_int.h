/* find_int.h - what find.c and find_shape.c share. */
#ifndef TK_ORM_FIND_INT_H
#define TK_ORM_FIND_INT_H

#include "orm/orm_int.h"

typedef enum tk_find_kind {
    TK_FIND_ROWS = 1,
    TK_FIND_COUNT,
    TK_FIND_DELETE,
    TK_FIND_KEYS
} tk_find_kind;

typedef struct tk_find_shape {
    const tk_entity *entity;
    const takeo_find *find;
    tk_find_kind kind;
    bool is_eager;
} tk_find_shape;

static inline bool tk_find_takes_nothing(takeo_operator op) {
    return op == TAKEO_OPERATOR_IS_NULL || op == TAKEO_OPERATOR_IS_NOT_NULL;
}

/* The statement of a shape, kept by the task. */
TK_CHECKED takeo_status tk_find_statement(tk_task *task, const tk_find_shape *shape,
                                          tk_statement **out);

#endif
