/* report.c - the findings of one pass over definitions, each a record of its own.
 *
 * It knows how a finding is worded and counted.  It does not know what is right or wrong.
 */
#include "model/model_int.h"

#include <stdio.h>

enum { MESSAGE_SIZE = 640 };

void tk_report_memory(tk_report *report) {
    report->status = tk_raise_memory(report->error);
}

void tk_report_add(tk_report *report, const char *entity, const char *field, const char *format,
                   ...) {
    if (report->status == TAKEO_ENOMEM || ++report->count > TK_FINDING_MAX) {
        return;
    }
    char message[MESSAGE_SIZE];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    report->status = tk_raise(report->error, TK_MODEL_INVALID, "%s", message);
    if (report->error == NULL) {
        return;
    }
    if (entity != NULL) {
        TK_SET(report->error, entity, "%.80s", entity);
    }
    if (field != NULL) {
        TK_SET(report->error, field, "%.80s", field);
    }
}

static bool has_last(const tk_report *report) {
    return report->error != NULL && report->status != TAKEO_ENOMEM && report->count > 0
           && report->count <= TK_FINDING_MAX;
}

void tk_report_hint(tk_report *report, const char *format, ...) {
    if (!has_last(report)) {
        return;
    }
    char hint[MESSAGE_SIZE];
    va_list args;
    va_start(args, format);
    vsnprintf(hint, sizeof hint, format, args);
    va_end(args);
    TK_SET(report->error, hint, "%s", hint);
}

void tk_report_nearest(tk_report *report, const char *wrong, const takeo_text *names,
                       size_t count) {
    if (has_last(report) && names != NULL) {
        tk_error_set_nearest(report->error, tk_zstr(wrong), names, count);
    }
}
