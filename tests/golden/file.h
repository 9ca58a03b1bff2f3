/* file.h - golden files: what a test answers is compared with what was read and kept.  With
 * GOLDEN_WRITE=1 in the environment the answer is written, to be read before it is kept.
 */
#ifndef TK_GOLDEN_FILE_H
#define TK_GOLDEN_FILE_H

#include "base/base.h"
#include "support.h"

static inline void file_path(const char *name, char *out, size_t size) {
    const char *root = getenv("TAKEO_SOURCE_ROOT");
    snprintf(out, size, "%s/tests/golden/%s", root != NULL ? root : ".", name);
}

static inline char *file_read(const char *path) {
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    long size = ftell(file);
    rewind(file);
    char *text = malloc((size_t)size + 1);
    assert_int_equal(fread(text, 1, (size_t)size, file), size);
    text[size] = '\0';
    fclose(file);
    return text;
}

/* The first line that differs, with its number. */
static inline void file_show_difference(const char *path, const char *is, const char *should) {
    unsigned line = 1;
    size_t begin = 0;
    size_t i = 0;
    for (; is[i] != '\0' && is[i] == should[i]; i++) {
        if (is[i] == '\n') {
            line++;
            begin = i + 1;
        }
    }
    print_error("%s:%u\n  in the file: %.*s\n  answered:    %.*s\n", path, line,
                (int)strcspn(is + begin, "\n"), is + begin, (int)strcspn(should + begin, "\n"),
                should + begin);
}

/* Is `answer` what stands in the file? */
static inline bool file_is(const char *path, const char *text, const tk_buf *answer) {
    if (strcmp(text, answer->data) == 0) {
        return true;
    }
    if (getenv("GOLDEN_WRITE") == NULL) {
        file_show_difference(path, text, answer->data);
        return false;
    }
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    fwrite(answer->data, 1, answer->len, file);
    fclose(file);
    return true;
}

#endif
