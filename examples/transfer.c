/* transfer.c - money between accounts: transactions, savepoints, and failures with their records.
 *
 *     cc transfer.c $(pkg-config --cflags --libs takeo) -o transfer && ./transfer sqlite://
 */
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include "takeo/takeo.h"

struct account {
    int64_t id;
    char owner[24];
    int64_t cents;
    uint64_t state; /* bit 0: the row exists; bit n: column n has changed */
};
enum { ACCOUNT = 1 };
enum { ID = 1, OWNER, CENTS };

static const takeo_expression not_negative = {.sql = "cents >= 0"};
static const takeo_column_def columns[] = {
    {"id", TAKEO_TYPE_INT64, .generated = TAKEO_GENERATED_IDENTITY, .flags = TAKEO_COLUMN_PRIMARY},
    {"owner", TAKEO_TYPE_TEXT, .length = 23, .flags = TAKEO_COLUMN_UNIQUE},
    {"cents", TAKEO_TYPE_INT64, .check = &not_negative}};
static const takeo_entity_def entity = {sizeof entity, .name = "Account", .columns = columns,
                                        .column_count = 3, .column_size = sizeof *columns};
static const takeo_field_def fields[] = {
    {ID, TAKEO_FIELD_INT64, .offset = offsetof(struct account, id)},
    {OWNER, TAKEO_FIELD_CHARS, .offset = offsetof(struct account, owner), .size = 24},
    {CENTS, TAKEO_FIELD_INT64, .offset = offsetof(struct account, cents)},
    {0, TAKEO_FIELD_STATE, .offset = offsetof(struct account, state), .size = 8}};
static const takeo_layout_def layout = {ACCOUNT, sizeof(struct account), 4, sizeof *fields, fields};
static const takeo_target_def structs = {sizeof structs, 0, &layout, 1, sizeof layout};

/** Wait for the end of what was started; its status. */
static takeo_status finish(takeo_op *op, takeo_status status) {
    while (status >= 0 && (status = takeo_op_wait(op, -1)) > 0) {
    }
    return status;
}

/** What went wrong, in parts: a program looks at status, people read the message. */
static void tell(const takeo_op *op) {
    const takeo_error *error = takeo_op_error(op);
    printf("    %s: %s\n", error->code.data, error->message.data);
    if (error->hint.data != NULL) {
        printf("    fix: %s\n", error->hint.data);
    }
}

static takeo_status put(takeo_op *op, takeo_target *target, struct account *account,
                        int64_t cents) {
    const takeo_list one = {account, 1, sizeof *account, ACCOUNT, 0};
    account->cents = cents;
    account->state |= 1u << CENTS; /* only this column is sent */
    return finish(op, takeo_repo_save(op, target, &one, 1, NULL));
}

/** All of it or none: a failure inside leaves the accounts, and the objects, as they were. */
static takeo_status transfer(takeo_op *op, takeo_target *target, struct account *from,
                             struct account *to, int64_t cents) {
    const struct account before[] = {*from, *to};
    takeo_status status = finish(op, takeo_txn_begin(op, NULL));
    if (status < 0) {
        return status;
    }
    status = put(op, target, to, to->cents + cents);
    status = status < 0 ? status : put(op, target, from, from->cents - cents);
    if (status < 0) {
        tell(op); /* before the next start on op forgets it */
        *from = before[0];
        *to = before[1];
        return finish(op, takeo_txn_rollback(op, 0)) < 0 ? TAKEO_EOPERATIONAL : status;
    }
    return finish(op,
                  takeo_txn_commit(op, 0)); /* a busy database: takeo_txn_retry says when again */
}

static int64_t total(takeo_op *op, takeo_target *target) {
    int64_t sum = 0;
    if (takeo_repo_find(op, target, ACCOUNT, NULL) == 0 && takeo_op_wait(op, -1) == TAKEO_ROWS) {
        const takeo_rows *rows = takeo_rows_peek(op);
        const struct account *found = rows->objects.items;
        for (uint32_t i = 0; i < rows->row_count; i++) {
            sum += found[i].cents;
        }
    }
    return sum;
}

static int work(takeo_op *op, takeo_target *target) {
    struct account accounts[] = {{.owner = "Ada", .cents = 10000}, {.owner = "Bob", .cents = 2500}};
    const takeo_list list = {accounts, 2, sizeof *accounts, ACCOUNT, 0};
    if (finish(op, takeo_source_synchronize(op, 0)) < 0
        || finish(op, takeo_repo_insert(op, target, &list, 1, NULL)) < 0) {
        tell(op);
        return 0;
    }
    printf("Ada gives Bob 30.00\n");
    int ok = transfer(op, target, &accounts[0], &accounts[1], 3000) == TAKEO_DONE;
    printf("Ada gives Bob 500.00\n");
    ok = ok && transfer(op, target, &accounts[0], &accounts[1], 50000) == TAKEO_ECHECK;
    printf("Another Ada\n");
    struct account twice = {.owner = "Ada", .cents = 1};
    const takeo_list another = {&twice, 1, sizeof twice, ACCOUNT, 0};
    ok = ok && finish(op, takeo_repo_insert(op, target, &another, 1, NULL)) == TAKEO_EUNIQUE;
    tell(op);
    printf("Ada %" PRId64 ", Bob %" PRId64 ", together %" PRId64 "\n", accounts[0].cents,
           accounts[1].cents, total(op, target));
    return ok && accounts[0].cents == 7000 && accounts[1].cents == 5500
           && total(op, target) == 12500;
}

int main(int argc, char **argv) {
    const takeo_source_options options = {
        sizeof options, .url = argc > 1 ? argv[1] : NULL}; /* NULL: what TAKEO_DATABASE_URL says */
    takeo_model *model = NULL;
    takeo_target *target = NULL;
    takeo_source *source = NULL;
    takeo_session *session = NULL; /* a transaction needs one of its own */
    takeo_op *op = NULL;
    takeo_error *error = NULL; /* of the makers below; of verbs it stands on op */
    int ok = takeo_model_new(NULL, &model, &error) == TAKEO_DONE
             && takeo_model_add(model, &entity, 1, &error) == TAKEO_DONE
             && takeo_model_freeze(model, &error) == TAKEO_DONE
             && takeo_target_new(model, &structs, &target, &error) == TAKEO_DONE
             && takeo_source_open(model, &options, &source, &error) == TAKEO_DONE
             && takeo_session_new(source, NULL, &session, &error) == TAKEO_DONE
             && takeo_op_new(session, &op, &error) == TAKEO_DONE && work(op, target);
    if (error != NULL) {
        char text[4096];
        takeo_error_format(error, text, sizeof text);
        fprintf(stderr, "%s\n", text);
    }
    takeo_op_free(op);
    takeo_session_free(session);
    takeo_source_close(source);
    takeo_target_free(target);
    takeo_model_free(model);
    takeo_error_free(error);
    return ok ? 0 : 1;
}
