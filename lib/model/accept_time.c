/* accept_time.c - which values fit dates, times and intervals.
 *
 * A zone is neither dropped nor supposed, a day is not taken from an instant, and no digit of a
 * second is rounded away, unless loss is allowed.
 */
#include "model/accept_int.h"

#define DAY_LEAST                                                                                  \
    INT64_C(-2440588) /* 4714-11-24 before Christ, where PostgreSQL's calendar begins */
#define DAY_MOST INT64_C(2145031948) /* 5874897-12-31, where it ends */

enum { SECOND_DIGITS = 6, OFFSET_MAX = 16 * 3600 - 1 };

static takeo_status refuse_range(const tk_fit *fit) {
    return tk_fit_refuse(fit, TK_INPUT_RANGE, "is outside %s", tk_type_name(fit->accept->type));
}

static takeo_status refuse_zone(const tk_fit *fit) {
    bool has_zone = fit->in->type == TAKEO_TYPE_TIMESTAMPTZ || fit->in->type == TAKEO_TYPE_TIMETZ;
    return tk_fit_refuse(fit, TK_INPUT_TIMEZONE,
                         has_zone ? "has a zone, which %s does not keep"
                                  : "has no zone, which %s needs",
                         tk_type_name(fit->accept->type));
}

static bool is_stamp(takeo_type type) {
    return type == TAKEO_TYPE_TIMESTAMP || type == TAKEO_TYPE_TIMESTAMPTZ;
}

/* Microseconds with no more digits than the column keeps. */
static takeo_status fit_digits(const tk_fit *fit, int64_t *us) {
    uint32_t precision = fit->accept->precision;
    if ((precision == 0 && !fit->accept->is_whole_second) || precision >= SECOND_DIGITS) {
        return TAKEO_DONE;
    }
    int64_t unit = 1;
    for (uint32_t i = precision; i < SECOND_DIGITS; i++) {
        unit *= 10;
    }
    int64_t rest;
    int64_t whole = tk_floor_divide(*us, unit, &rest);
    if (rest == 0) {
        return TAKEO_DONE;
    }
    if (!fit->accept->loss_is_allowed) {
        return tk_fit_refuse(fit, TK_INPUT_PRECISION,
                             "has more digits of a second than the column, which keeps %u",
                             precision);
    }
    bool is_up = rest > unit / 2 || (rest == unit / 2 && whole % 2 != 0); /* half-even */
    return __builtin_mul_overflow(whole + is_up, unit, us) ? refuse_range(fit) : TAKEO_DONE;
}

static takeo_status give_infinite(const tk_fit *fit) {
    takeo_cell taken = tk_cell_int(fit->accept->type, fit->in->v.i < 0 ? -1 : 1);
    taken.flags = TAKEO_CELL_INFINITE;
    return tk_fit_give(fit, taken);
}

takeo_status tk_fit_date(const tk_fit *fit) {
    const takeo_cell *in = fit->in;
    int64_t days = in->v.i;
    if (is_stamp(in->type) && fit->accept->loss_is_allowed) {
        int64_t time;
        days = tk_floor_divide(in->v.i, TK_DAY_US, &time);
    } else if (in->type != TAKEO_TYPE_DATE) {
        return tk_fit_parse(fit);
    }
    if ((in->flags & TAKEO_CELL_INFINITE) != 0) {
        return give_infinite(fit);
    }
    if (days < DAY_LEAST || days > DAY_MOST) {
        return refuse_range(fit);
    }
    return tk_fit_give_int(fit, days);
}

takeo_status tk_fit_time(const tk_fit *fit) {
    int64_t us = fit->in->v.i;
    if (fit->in->type == TAKEO_TYPE_TIMETZ) {
        return refuse_zone(fit);
    }
    if (fit->in->type != TAKEO_TYPE_TIME) {
        return tk_fit_parse(fit);
    }
    if (us < 0 || us > TK_DAY_US) {
        return refuse_range(fit);
    }
    TK_TRY(fit_digits(fit, &us));
    return tk_fit_give_int(fit, us);
}

takeo_status tk_fit_timetz(const tk_fit *fit) {
    takeo_cell taken = *fit->in;
    if (fit->in->type == TAKEO_TYPE_TIME) {
        return refuse_zone(fit);
    }
    if (fit->in->type != TAKEO_TYPE_TIMETZ) {
        return tk_fit_parse(fit);
    }
    if (taken.v.span.us < 0 || taken.v.span.us > TK_DAY_US || taken.v.span.days < -OFFSET_MAX
        || taken.v.span.days > OFFSET_MAX) {
        return refuse_range(fit);
    }
    TK_TRY(fit_digits(fit, &taken.v.span.us));
    return tk_fit_give(fit, taken);
}

takeo_status tk_fit_timestamp(const tk_fit *fit) {
    const takeo_cell *in = fit->in;
    int64_t us = in->v.i;
    bool drops_zone = in->type == TAKEO_TYPE_TIMESTAMPTZ && fit->accept->loss_is_allowed;
    if (!is_stamp(in->type)) {
        return tk_fit_parse(fit);
    }
    if (in->type != fit->accept->type && !drops_zone) {
        return refuse_zone(fit);
    }
    if ((in->flags & TAKEO_CELL_INFINITE) != 0) {
        return give_infinite(fit);
    }
    if (us < DAY_LEAST * TK_DAY_US) {
        return refuse_range(fit);
    }
    TK_TRY(fit_digits(fit, &us));
    return tk_fit_give_int(fit, us);
}

takeo_status tk_fit_interval(const tk_fit *fit) {
    takeo_cell taken = *fit->in;
    if (fit->in->type != TAKEO_TYPE_INTERVAL) {
        return tk_fit_parse(fit);
    }
    if (fit->accept->is_duration && taken.v.span.months != 0) {
        takeo_status status = tk_fit_refuse(fit, TK_INPUT_RANGE, "has months, a duration has none");
        TK_SET(fit->error, why, "a month is no number of days");
        TK_SET(fit->error, hint, "say how many days are meant, or make it a column of intervals");
        return status;
    }
    TK_TRY(fit_digits(fit, &taken.v.span.us));
    if (fit->accept
            ->is_duration) { /* equal ones are equal texts, where a database has no intervals */
        tk_interval_settle(&taken);
    }
    return tk_fit_give(fit, taken);
}
