/* findings.c - several failures of one pass: all are told, a hundred at most, then how many more.
 *
 * It must not know what is being checked.
 */
#include "orm/orm_int.h"

tk_error *tk_findings_error_late(tk_findings *findings) {
    if (!findings->is_full) {
        findings->is_full = true;
        tk_error_init(&findings->spare, findings->error->arena.alloc);
    }
    return &findings->spare;
}

bool tk_findings_add(tk_findings *findings, takeo_status status, uint32_t object) {
    if (status >= 0) {
        return true;
    }
    if (status != TAKEO_EINPUT && status != TAKEO_EUNKNOWN_FIELD) {
        findings->status = status; /* no finding: no memory, or the host has an exception */
        if (findings->is_full) {
            tk_raise_memory(findings->error);
            findings->status = status == TAKEO_EHOST ? status : (takeo_status)TAKEO_ENOMEM;
        }
        return false;
    }
    findings->count++;
    if (findings->status == TAKEO_DONE) {
        findings->status = status;
    }
    if (findings->is_full) {
        tk_error_clear(&findings->spare);
    } else if (object != 0 && findings->error->last != NULL) {
        tk_error_last(findings->error)->object = object;
    }
    return true;
}

takeo_status tk_findings_end_full(tk_findings *findings) {
    tk_error_done(&findings->spare);
    if (findings->count > TK_FINDINGS_KEPT
        && (findings->status == TAKEO_EINPUT || findings->status == TAKEO_EUNKNOWN_FIELD)) {
        takeo_status status = tk_raise(findings->error, TK_INPUT_COUNT, "and %u more",
                                       findings->count - TK_FINDINGS_KEPT);
        findings->status = status == TAKEO_ENOMEM ? status : findings->status;
    }
    return findings->status;
}
