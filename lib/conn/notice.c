/* notice.c - what a server says beside its answers: kept while a driver works, shown between two steps.
 *
 * A driver tells each as it comes, which may be in the middle of a message.  Who listens may be slow, or
 * an interpreter's code, so it is called with a list, while the operation would wait anyway, and before
 * its end.  The list is bounded; what is too much is counted.  It must not know what a notice is about.
 */
#include "conn/conn_int.h"

enum { NOTICES_MOST = 1000, TEXT_MOST = 8192 };

/* ---- keeping --------------------------------------------------------------------------------- */

static tk_notices *need_list(tk_conn *conn) {
    if (conn->notices == NULL) {
        conn->notices = tk_mem_new(&conn->source->alloc, sizeof *conn->notices);
        if (conn->notices != NULL) {
            tk_arena_init(&conn->notices->arena, conn->source->alloc);
            tk_vec_init(&conn->notices->items, conn->source->alloc, sizeof(takeo_notice));
        }
    }
    return conn->notices;
}

/* A text that is cut ends with a whole character. */
static bool copy_text(tk_arena *arena, takeo_text *text) {
    if (text->data == NULL) {
        return true;
    }
    size_t len = text->len < TEXT_MOST ? text->len : TEXT_MOST;
    while (len < text->len && len > 0 && ((unsigned char)text->data[len] & 0xc0) == 0x80) {
        len--;
    }
    *text = tk_text(tk_arena_copy(arena, text->data, len), len);
    return text->data != NULL;
}

static bool copy_texts(tk_arena *arena, takeo_notice *notice) {
    takeo_text *const texts[] = {&notice->severity,       &notice->sqlstate,   &notice->message,
                                 &notice->detail,         &notice->hint,       &notice->context,
                                 &notice->schema_name,    &notice->table_name, &notice->column_name,
                                 &notice->constraint_name};
    for (size_t i = 0; i < TK_COUNT(texts); i++) {
        if (!copy_text(arena, texts[i])) {
            return false;
        }
    }
    return true;
}

void tk_notice_keep(void *ctx, const takeo_notice *notice) {
    tk_conn *conn = ctx;
    tk_notices *list = need_list(conn);
    if (list == NULL) {
        return;
    }
    takeo_notice copy = *notice;
    bool is_copied =
        list->dropped == 0 && list->items.count < NOTICES_MOST && copy_texts(&list->arena, &copy);
    takeo_notice *kept = is_copied ? tk_vec_push(&list->items) : NULL;
    if (kept != NULL) {
        *kept = copy;
    } else {
        list->dropped++;
    }
}

/* ---- showing --------------------------------------------------------------------------------- */

static void free_list(const tk_conn *conn, tk_notices *list) {
    tk_alloc alloc = conn->source->alloc;
    tk_vec_done(&list->items);
    tk_arena_done(&list->arena);
    tk_mem_free(&alloc, list, sizeof *list);
}

typedef struct showing {
    const takeo_source_options *options;
    takeo_notices notices;
} showing;

static void show(void *ctx) {
    const showing *now = ctx;
    now->options->show_notices(now->options->ctx, &now->notices);
}

void tk_notice_show_all(tk_op *op) {
    tk_conn *conn = op->conn;
    tk_notices *list = conn->notices;
    showing now = {.options = &op->source->options,
                   .notices = {.struct_size = sizeof now.notices,
                               .notice_count = (uint32_t)list->items.count,
                               .notices = list->items.items,
                               .notice_size = sizeof(takeo_notice),
                               .dropped = list->dropped,
                               .connection = conn->number}};
    conn->notices = NULL;
    const tk_interpreter *interpreter = op->interpreter;
    if (interpreter != NULL && interpreter->call != NULL) {
        bool was_left = op->run.has_left;
        tk_op_enter(op);
        interpreter->call(show, &now);
        if (was_left) {
            (void)tk_op_leave(op);
        }
    } else {
        show(&now);
    }
    free_list(conn, list);
}

void tk_notice_forget(tk_conn *conn) {
    if (conn->notices != NULL) {
        free_list(conn, conn->notices);
        conn->notices = NULL;
    }
}
