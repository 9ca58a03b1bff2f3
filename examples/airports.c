/* airports.c - airports of the world from C: define, synchronize, save, find, follow, change, roll
 * back.
 *
 *     cc airports.c $(pkg-config --cflags --libs takeo) -o airports
 *     ./airports sqlite:///airports.db airports.csv iso3166.tab
 *
 * The URL may stand in TAKEO_DATABASE_URL instead.  The database has to be without these tables.
 *
 * airports.csv: "icao","iata","name","city","subd","country","elevation","lat","lon","tz","lid"
 * iso3166.tab:  code TAB name, lines with # are comments
 */
#define _POSIX_C_SOURCE 200809L /* clock_gettime */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "takeo/takeo.h"

struct country {
    char code[3];
    char name[81];
    takeo_list airports;
};
struct airport {
    int64_t id;
    char icao[5];
    char name[121];
    char city[81];
    int32_t elevation;
    double latitude, longitude;
    uint64_t state; /* bit 0: the row exists; bit n: column n has changed */
    struct country *country;
};

/* numbers are places in the arrays below, from 1 */
enum { COUNTRY = 1, AIRPORT };
enum { COUNTRY_CODE = 1, COUNTRY_NAME, COUNTRY_AIRPORTS = 1 };
enum { ID = 1, ICAO, NAME, CITY, ELEVATION, LATITUDE, LONGITUDE, AIRPORT_COUNTRY = 1 };

#define COUNT(of) (sizeof(of) / sizeof(of)[0])
#define MANY(what, of) .what##s = of, .what##_count = COUNT(of), .what##_size = sizeof *of
#define AT(type, at) .offset = offsetof(struct type, at), .size = sizeof((struct type *)0)->at

static const takeo_column_def country_columns[] = {
    {"code", TAKEO_TYPE_TEXT, .length = 2, .flags = TAKEO_COLUMN_PRIMARY},
    {"name", TAKEO_TYPE_TEXT, .length = 80, .flags = TAKEO_COLUMN_INDEX}};
static const takeo_relation_def country_links[] = {
    {"airports", "Airport", .inverse = "country", .kind = TAKEO_RELATION_ONE_TO_MANY}};
static const takeo_column_def airport_columns[] = {
    {"id", TAKEO_TYPE_INT64, .generated = TAKEO_GENERATED_IDENTITY, .flags = TAKEO_COLUMN_PRIMARY},
    {"icao", TAKEO_TYPE_TEXT, .length = 4, .flags = TAKEO_COLUMN_UNIQUE},
    {"name", TAKEO_TYPE_TEXT, .length = 120},
    {"city", TAKEO_TYPE_TEXT, .length = 80},
    {.name = "elevation", .type = TAKEO_TYPE_INT32},
    {.name = "latitude", .type = TAKEO_TYPE_FLOAT64},
    {.name = "longitude", .type = TAKEO_TYPE_FLOAT64}};
static const takeo_relation_def airport_links[] = {
    {"country", "Country", .inverse = "airports", .kind = TAKEO_RELATION_MANY_TO_ONE}};
static const takeo_entity_def entities[] = {
    {sizeof *entities, 0, "Country", .table = "countries", MANY(column, country_columns),
     MANY(relation, country_links)},
    {sizeof *entities, 0, "Airport", .table = "airports", MANY(column, airport_columns),
     MANY(relation, airport_links)}};

static const takeo_field_def country_fields[] = {
    {COUNTRY_CODE, TAKEO_FIELD_CHARS, AT(country, code)},
    {COUNTRY_NAME, TAKEO_FIELD_CHARS, AT(country, name)},
    {COUNTRY_AIRPORTS, TAKEO_FIELD_TO_MANY, AT(country, airports)}};
static const takeo_field_def airport_fields[] = {
    {ID, TAKEO_FIELD_INT64, AT(airport, id)},
    {ICAO, TAKEO_FIELD_CHARS, AT(airport, icao)},
    {NAME, TAKEO_FIELD_CHARS, AT(airport, name)},
    {CITY, TAKEO_FIELD_CHARS, AT(airport, city)},
    {ELEVATION, TAKEO_FIELD_INT32, AT(airport, elevation)},
    {LATITUDE, TAKEO_FIELD_DOUBLE, AT(airport, latitude)},
    {LONGITUDE, TAKEO_FIELD_DOUBLE, AT(airport, longitude)},
    {AIRPORT_COUNTRY, TAKEO_FIELD_TO_ONE, AT(airport, country)},
    {0, TAKEO_FIELD_STATE, AT(airport, state)}};
static const takeo_layout_def layouts[] = {
    {COUNTRY, sizeof(struct country), MANY(field, country_fields)},
    {AIRPORT, sizeof(struct airport), MANY(field, airport_fields)}};
static const takeo_target_def structs_def = {sizeof structs_def, MANY(layout, layouts)};

static struct country countries[300];
static struct airport airports[40000];
static uint32_t country_count, airport_count;

/** Wait for the end of what was started; print what went wrong. */
static int finish(takeo_op *op, takeo_status status) {
    char text[2048];
    while (status >= 0 && (status = takeo_op_wait(op, -1)) > 0) {
    }
    if (status < 0) {
        takeo_error_format(takeo_op_error(op), text, sizeof text);
        printf("%s\n", text);
    }
    return status == TAKEO_DONE;
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/** Cut a line of CSV into fields in place; doubled quotes stand for one. */
static int split(char *line, char *fields[], int most) {
    int count = 0;
    for (char *in = line; count < most && *in != '\0' && *in != '\n'; count++) {
        int quoted = *in == '"';
        char *out = fields[count] = in += quoted;
        for (; *in != '\0' && *in != '\n' && (quoted || *in != ','); in++) {
            if (quoted && *in == '"' && *++in != '"') {
                break;
            }
            *out++ = *in;
        }
        in += *in == ',';
        *out = '\0';
    }
    return count;
}

static struct country *country_of(const char *code) {
    for (uint32_t i = 0; i < country_count; i++) {
        if (strcmp(countries[i].code, code) == 0) {
            return &countries[i];
        }
    }
    return NULL;
}

static int read_files(const char *csv, const char *tab) {
    char line[1024], *f[11];
    FILE *file = fopen(tab, "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (line[0] != '#') {
            struct country *c = &countries[country_count++];
            snprintf(c->code, sizeof c->code, "%.2s", line);
            snprintf(c->name, sizeof c->name, "%.*s", (int)strcspn(line + 3, "\n"), line + 3);
        }
    }
    countries[country_count++] = (struct country){"XK", .name = "Kosovo"};
    if (file == NULL || fclose(file) != 0 || (file = fopen(csv, "r")) == NULL) {
        return 0;
    }
    while (fgets(line, sizeof line, file) != NULL) {
        if (split(line, f, 11) == 11 && strcmp(f[0], "icao") != 0) {
            struct airport *a = &airports[airport_count++];
            snprintf(a->icao, sizeof a->icao, "%s", f[0]);
            snprintf(a->name, sizeof a->name, "%s", f[2]);
            snprintf(a->city, sizeof a->city, "%s", f[3]);
            a->country = country_of(f[5]);
            a->elevation = (int32_t)strtod(f[6], NULL);
            a->latitude = strtod(f[7], NULL);
            a->longitude = strtod(f[8], NULL);
        }
    }
    return fclose(file) == 0;
}

/** The highest five, each with its country; then everything that the first one's country has. */
static int follow(takeo_op *op, takeo_target *structs) {
    const takeo_condition high[] = {
        {0, ELEVATION, TAKEO_OPERATOR_GT, .value = {TAKEO_TYPE_INT32, .v = {.i = 12000}}}};
    const takeo_order order[] = {{.column = ELEVATION, .op = TAKEO_OPERATOR_DESC}};
    const uint32_t load[] = {AIRPORT_COUNTRY, 0}, children[] = {COUNTRY_AIRPORTS, 0};
    const takeo_find find = {sizeof find,      .where = high, .where_count = 1, .order = order,
                             .order_count = 1, .load = load,  .load_count = 2,  .limit = 5};
    if (takeo_repo_find(op, structs, AIRPORT, &find) < 0 || takeo_op_wait(op, -1) != TAKEO_ROWS) {
        return finish(op, takeo_op_wait(op, 0)); /* says again how it ended */
    }
    takeo_rows *rows = takeo_rows_take(op); /* taken: it outlives the next start on op */
    struct airport *found = rows->objects.items;
    for (uint32_t i = 0; i < rows->row_count; i++) {
        printf("%-5s %-40.40s %6d feet  %s\n", found[i].icao, found[i].name, found[i].elevation,
               found[i].country->name);
    }
    const takeo_list first = {found[0].country, 1, .stride = sizeof(struct country), COUNTRY, 0};
    int ok = finish(op, takeo_repo_load(op, structs, &first, children, COUNT(children)));
    printf("%s has %u airports\n", found[0].country->name, found[0].country->airports.count);
    /* change one column of the first; only that is sent */
    found[0].elevation++;
    found[0].state |= 1u << ELEVATION;
    const takeo_list changed = {found, 1, .stride = sizeof *found, AIRPORT, 0};
    ok = ok && finish(op, takeo_repo_save(op, structs, &changed, 1, NULL));
    takeo_rows_free(rows);
    return ok;
}

/** A transaction that fails half-way: prints the failure, then rolls back. */
static int fail(takeo_op *op, takeo_target *structs) {
    struct airport twice = airports[0];
    twice.id = 0;
    twice.state = 0;
    const takeo_list again = {&twice, 1, .stride = sizeof twice, AIRPORT, 0};
    return finish(op, takeo_txn_begin(op, NULL))
           && !finish(op, takeo_repo_insert(op, structs, &again, 1, NULL))
           && finish(op, takeo_txn_rollback(op, 0));
}

/** A statement from the builder: delete the countries that have no airport. */
static int remove_unused(takeo_op *op, takeo_model *model) {
    takeo_builder *q = NULL;
    takeo_statement *statement = NULL;
    takeo_error *error = NULL;
    takeo_result result = {sizeof result, .affected = -1};
    if (takeo_builder_new(model, &q, &error) == TAKEO_DONE) {
        uint32_t country = takeo_builder_table(q, COUNTRY);
        uint32_t path = takeo_builder_path(q, country, COUNTRY_AIRPORTS);
        takeo_node none = {TAKEO_NODE_RELATION, TAKEO_VARIANT_NONE, .a = path};
        uint32_t condition = takeo_builder_push(q, &none, sizeof none);
        takeo_builder_begin(q);
        takeo_builder_add(q, TAKEO_NODE_INTO, country);
        takeo_builder_add(q, TAKEO_NODE_WHERE, condition);
        takeo_builder_end(q, TAKEO_NODE_DELETE);
    }
    int ok = takeo_builder_compile(q, &statement, &error) == TAKEO_DONE
             && finish(op, takeo_statement_run(op, statement, NULL, NULL, 0))
             && takeo_op_result(op, &result) == TAKEO_DONE;
    printf("%d countries without an airport deleted\n", (int)result.affected);
    takeo_statement_free(statement);
    takeo_builder_free(q);
    takeo_error_free(error);
    return ok;
}

static int64_t count(takeo_op *op, uint32_t entity) {
    takeo_result result = {sizeof result, .affected = -1};
    int ok = finish(op, takeo_repo_count(op, entity, NULL));
    return ok && takeo_op_result(op, &result) == TAKEO_DONE ? result.affected : -1;
}

static int work(takeo_op *op, takeo_target *structs, takeo_model *model) {
    const takeo_list all[] = {{countries, country_count, sizeof *countries, COUNTRY, 0},
                              {airports, airport_count, sizeof *airports, AIRPORT, 0}};
    int ok = finish(op, takeo_source_synchronize(op, 0));
    double start = now();
    ok = ok && finish(op, takeo_repo_save(op, structs, all, 2, NULL)); /* one batch, with keys */
    double saved = now();
    ok = ok && follow(op, structs) && fail(op, structs) && remove_unused(op, model);
    double read = now();
    takeo_status status = ok ? takeo_repo_find(op, structs, AIRPORT, NULL) : TAKEO_EINVAL;
    ok = status >= 0 && takeo_op_wait(op, -1) == TAKEO_ROWS;
    read = now() - read;
    ok = ok && finish(op, TAKEO_DONE);
    printf("countries %d, airports %d\n", (int)count(op, COUNTRY), (int)count(op, AIRPORT));
    printf("%.0f rows a second loaded, %.0f rows a second read\n",
           (country_count + airport_count) / (saved - start), airport_count / read);
    return ok;
}

int main(int argc, char **argv) {
    char **files = argv + argc - 2; /* the last two words */
    const takeo_source_options options = {
        sizeof options, .url = argc > 3 ? argv[1] : NULL}; /* NULL: what TAKEO_DATABASE_URL says */
    takeo_model *model = NULL;
    takeo_target *structs = NULL;
    takeo_source *source = NULL;
    takeo_session *session = NULL; /* a transaction needs one of its own */
    takeo_op *op = NULL;           /* used again for everything */
    takeo_error *error = NULL;
    if (argc < 3 || argc > 4 || !read_files(files[0], files[1])) {
        fprintf(stderr, "usage: airports [URL] airports.csv iso3166.tab\n");
        return 2;
    }
    int ok = takeo_model_new(NULL, &model, &error) == TAKEO_DONE
             && takeo_model_add(model, entities, COUNT(entities), &error) == TAKEO_DONE
             && takeo_model_freeze(model, &error) == TAKEO_DONE
             && takeo_target_new(model, &structs_def, &structs, &error) == TAKEO_DONE
             && takeo_source_open(model, &options, &source, &error) == TAKEO_DONE
             && takeo_session_new(source, NULL, &session, &error) == TAKEO_DONE
             && takeo_op_new(session, &op, &error) == TAKEO_DONE && work(op, structs, model);
    if (error != NULL) {
        char text[4096];
        takeo_error_format(error, text, sizeof text);
        fprintf(stderr, "%s\n", text);
    }
    takeo_op_free(op);
    takeo_session_free(session);
    takeo_source_close(source);
    takeo_target_free(structs);
    takeo_model_free(model);
    takeo_error_free(error);
    return ok ? 0 : 1;
}
