/* first.c - the shortest program: one entity as structs, three rows saved, found again in order.
 *
 *     cc first.c $(pkg-config --cflags --libs takeo) -o first && ./first sqlite://
 */
#include <stddef.h>
#include <stdio.h>
#include "takeo/takeo.h"

struct city {
    int64_t id;
    const char *name;
    int64_t people;
};
enum { CITY = 1 }; /* entities count from 1 in the order they are added */
enum { CITY_ID = 1, CITY_NAME, CITY_PEOPLE }; /* columns too */

static const takeo_column_def columns[] = {
    {"id", TAKEO_TYPE_INT64, .generated = TAKEO_GENERATED_IDENTITY, .flags = TAKEO_COLUMN_PRIMARY},
    {"name", TAKEO_TYPE_TEXT, .length = 80},
    {.name = "people", .type = TAKEO_TYPE_INT64}};
static const takeo_entity_def entity = {sizeof entity, .name = "City", .columns = columns,
                                        .column_count = 3, .column_size = sizeof *columns};
static const takeo_field_def fields[] = {
    {CITY_ID, TAKEO_FIELD_INT64, .offset = offsetof(struct city, id)},
    {CITY_NAME, TAKEO_FIELD_ZSTR, .offset = offsetof(struct city, name)},
    {CITY_PEOPLE, TAKEO_FIELD_INT64, .offset = offsetof(struct city, people)}};
static const takeo_layout_def layout = {CITY, sizeof(struct city), 3, sizeof *fields, fields};
static const takeo_target_def structs = {sizeof structs, 0, &layout, 1, sizeof layout};

int main(int argc, char **argv) {
    struct city cities[] = {{0, "Lyon", 522000}, {0, "Paris", 2100000}, {0, "Nice", 343000}};
    const takeo_list list = {cities, 3, sizeof *cities, CITY, 0};
    const takeo_order order = {.column = CITY_PEOPLE, .op = TAKEO_OPERATOR_DESC};
    const takeo_find find = {sizeof find, .order = &order, .order_count = 1};
    const takeo_source_options options = {
        sizeof options, .url = argc > 1 ? argv[1] : NULL}; /* NULL: what TAKEO_DATABASE_URL says */
    takeo_model *model = NULL;
    takeo_target *target = NULL;
    takeo_source *source = NULL;
    takeo_op *op = NULL;
    int ok = takeo_model_new(NULL, &model, NULL) == 0
             && takeo_model_add(model, &entity, 1, NULL) == 0
             && takeo_model_freeze(model, NULL) == 0
             && takeo_target_new(model, &structs, &target, NULL) == 0
             && takeo_source_open(model, &options, &source, NULL) == 0
             && takeo_op_new(takeo_source_session(source), &op, NULL) == 0;
    /* a verb starts the operation, wait brings it to its end; a failed start is told by wait too */
    ok = ok && takeo_source_synchronize(op, 0) == 0 && takeo_op_wait(op, -1) >= 0;
    ok = ok && takeo_repo_save(op, target, &list, 1, NULL) == 0
         && takeo_op_wait(op, -1) == TAKEO_DONE;
    ok = ok && takeo_repo_find(op, target, CITY, &find) == 0 && takeo_op_wait(op, -1) == TAKEO_ROWS;
    for (uint32_t i = 0; ok && i < takeo_rows_peek(op)->row_count; i++) {
        const struct city *found = (const struct city *)takeo_rows_peek(op)->objects.items + i;
        printf("%d %-6s %8d\n", (int)found->id, found->name, (int)found->people);
    }
    takeo_op_free(op);
    takeo_source_close(source);
    takeo_target_free(target);
    takeo_model_free(model);
    return ok ? 0 : 1;
}
