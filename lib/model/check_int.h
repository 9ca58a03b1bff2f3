/* check_int.h - what check.c, check_column.c and check_relation.c share.
 */
#ifndef TK_MODEL_CHECK_INT_H
#define TK_MODEL_CHECK_INT_H

#include <stdio.h>

#include "model/model_int.h"

typedef struct tk_checker {
    tk_report *report;
    const char *entity;
    tk_arena *scratch;
} tk_checker;

typedef enum tk_text_kind {
    TK_TEXT_NAME, /* a name in the database: not empty, not too long */
    TK_TEXT_ANY,
    TK_TEXT_UNBUILT /* must not be there */
} tk_text_kind;

/* One pointer of a definition struct to a zero-terminated text. */
typedef struct tk_text_rule {
    size_t offset;
    tk_text_kind kind;
    const char *what;
} tk_text_rule;

void tk_check_add(tk_checker *check, const char *field, const char *format, ...) TK_PRINTF(3, 4);
/* True when it is a name as properties have it. */
bool tk_check_name(tk_checker *check, const char *field, const char *what, const char *name);
void tk_check_texts(tk_checker *check, const char *field, const void *def,
                    const tk_text_rule *rules, size_t count);
void tk_check_expression(tk_checker *check, const char *field, const char *what,
                         const takeo_expression *expression);
void tk_check_column(tk_checker *check, const takeo_column_def *def);
void tk_check_relation(tk_checker *check, const takeo_relation_def *def);

#endif
