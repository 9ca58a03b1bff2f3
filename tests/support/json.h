/* json.h - JSON files that tests read: a tree, read whole and freed whole.
 *
 * A file that is no JSON fails the test with the place.  It must not know what the files mean.
 */
#ifndef TK_TEST_JSON_H
#define TK_TEST_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum json_kind {
    JSON_NULL,
    JSON_BOOL,
    JSON_NUMBER,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT
} json_kind;

typedef struct json json;
struct json {
    json_kind kind;
    uint32_t count;   /* of members */
    const char *key;  /* of a member of an object; NULL in arrays */
    const char *text; /* of a string without escapes, of a number, true and false as written */
    size_t len;       /* a string may hold zero bytes */
    json *first;
    json *next;
};

/* Freed by json_free; the whole tree at once. */
json *json_read(const char *text, size_t len, const char *name);
json *json_read_file(const char *path);
void json_free(json *root);

/* NULL when the object, which may be NULL, has no such member. */
const json *json_get(const json *object, const char *key);
/* Fails the test when there is none. */
const json *json_need(const json *object, const char *key);
/* Of a member, or `otherwise` when it is not there. */
const char *json_text(const json *object, const char *key, const char *otherwise);
int64_t json_int(const json *object, const char *key, int64_t otherwise);
bool json_is_true(const json *object, const char *key);

/* for (const json *each = json_first(list); each != NULL; each = each->next); list may be NULL */
static inline const json *json_first(const json *list) {
    return list != NULL ? list->first : NULL;
}
static inline uint32_t json_count(const json *list) {
    return list != NULL ? list->count : 0;
}

#endif
