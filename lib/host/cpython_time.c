/* cpython_time.c - Python's dates, times and durations, and Takeo's intervals.  datetime has no
 * stable ABI: values are made through the functions of its capsule, and dates and times read in
 * memory only when probes have shown where the fields stand (tk_py_probe_times); all else attribute
 * by attribute.
 *
 * It must not know columns, entities or statements.
 */
#include "host/cpython.h"

#define BEGIN_OF_YEAR_1 INT64_C(-62135596800000000)
#define END_OF_YEAR_9999 INT64_C(253402300799999999)
#define DELTA_DAYS_MAX 999999999

tk_py tk_py_make_date(int64_t days) {
    int year = 0, month = 0, day = 0;
    tk_civil_from_days(days, &year, &month, &day);
    return tk_py_state.new_date(year, month, day, O.date_); /* ValueError outside 1..9999 */
}

typedef struct clock_time {
    int hour, minute, second, us;
} clock_time;

static inline clock_time clock_of(uint64_t us) { /* of the day; small numbers divide faster */
    uint32_t seconds = (uint32_t)(us / 1000000);
    uint32_t minutes = seconds / 60;
    return (clock_time){(int)(minutes / 60), (int)(minutes % 60), (int)(seconds % 60),
                        (int)(us - (uint64_t)seconds * 1000000)};
}

static tk_py time_in(int64_t us, tk_py zone) {
    clock_time time = clock_of((uint64_t)us);
    return tk_py_state.new_time(time.hour, time.minute, time.second, time.us, zone, O.time_);
}

tk_py tk_py_make_time(int64_t us) {
    return time_in(us, O.None_);
}

tk_py tk_py_make_timetz(int64_t us, int32_t east) {
    if (east == 0) {
        return time_in(us, O.utc_);
    }
    tk_py offset = tk_py_state.new_delta(0, east, 0, 1, O.timedelta_);
    tk_py zone = offset != NULL ? tk_py_state.new_zone(offset, NULL) : NULL;
    tk_py made = zone != NULL ? time_in(us, zone) : NULL;
    tk_py_drop(zone);
    tk_py_drop(offset);
    return made;
}

tk_py tk_py_make_timestamp(int64_t us, bool is_utc) {
    int year = 0, month = 0, day = 0;
    int64_t rest;
    int64_t days = tk_floor_divide(us, TK_DAY_US, &rest);
    tk_civil_from_days(days, &year, &month, &day);
    clock_time time = clock_of((uint64_t)rest);
    return tk_py_state.new_datetime(year, month, day, time.hour, time.minute, time.second, time.us,
                                    is_utc ? O.utc_ : O.None_, O.datetime_);
}

static bool put_member(tk_py member, tk_py object, int64_t number) {
    tk_py value = P.PyLong_FromLongLong(number);
    bool is_put = value != NULL && tk_py_state.set_member(member, object, value) >= 0;
    tk_py_drop(value);
    return is_put;
}

/* An instance and its slots: the constructor, which is Python's, is not run. */
tk_py tk_py_make_interval(const takeo_cell *cell) {
    tk_py made = tk_py_state.new_object(O.Interval_, O.empty_tuple_, NULL);
    if (made != NULL
        && (!put_member(O.interval_months_, made, cell->v.span.months)
            || !put_member(O.interval_days_, made, cell->v.span.days)
            || !put_member(O.interval_microseconds_, made, cell->v.span.us))) {
        P.Py_DecRef(made);
        made = NULL;
    }
    return made;
}

/* Whole days of an interval without months, and the time behind them. */
static int64_t days_of(const takeo_cell *cell, int64_t *out_time) {
    return cell->v.span.days + tk_floor_divide(cell->v.span.us, TK_DAY_US, out_time);
}

bool tk_py_is_timedelta(const takeo_cell *interval) {
    int64_t time;
    int64_t days = days_of(interval, &time);
    return interval->v.span.months == 0 && days >= -DELTA_DAYS_MAX && days <= DELTA_DAYS_MAX;
}

tk_py tk_py_make_timedelta(const takeo_cell *cell) {
    int64_t time;
    int days = (int)days_of(cell, &time);
    return tk_py_state.new_delta(days, (int)(time / 1000000), (int)(time % 1000000), 0,
                                 O.timedelta_);
}

/* ---- reading --------------------------------------------------------------------------------- */

/* One small int attribute; -1 with an exception. */
static int64_t attribute(tk_py object, const char *name) {
    tk_py value = P.PyObject_GetAttrString(object, name);
    long long number = value != NULL ? P.PyLong_AsLongLong(value) : -1;
    tk_py_drop(value);
    return number;
}

static takeo_status fields_by_name(tk_py value, const char *const *names, int64_t *out, int count) {
    for (int i = 0; i < count; i++) {
        out[i] = attribute(value, names[i]);
        if (out[i] == -1 && P.PyErr_Occurred()) {
            return TAKEO_EHOST;
        }
    }
    return TAKEO_DONE;
}

/* What utcoffset() says, which knows `fold`; *out_is_aware is false for None. */
static takeo_status offset_of(tk_py value, int64_t *out_us, bool *out_is_aware) {
    static const char *const names[] = {"days", "seconds", "microseconds"};
    tk_py zone = P.PyObject_GetAttrString(value, "tzinfo");
    *out_is_aware = zone != NULL && zone != O.None_;
    tk_py_drop(zone);
    if (zone == NULL || !*out_is_aware) {
        return zone == NULL ? TAKEO_EHOST : TAKEO_DONE;
    }
    tk_py method = P.PyObject_GetAttrString(value, "utcoffset");
    tk_py offset = method != NULL ? P.PyObject_CallObject(method, NULL) : NULL;
    tk_py_drop(method);
    *out_is_aware = offset != NULL && offset != O.None_;
    int64_t part[3];
    takeo_status status = offset == NULL   ? TAKEO_EHOST
                          : !*out_is_aware ? TAKEO_DONE
                                           : fields_by_name(offset, names, part, 3);
    tk_py_drop(offset);
    if (status >= 0 && *out_is_aware) {
        *out_us = (part[0] * 86400 + part[1]) * 1000000 + part[2];
    }
    return status;
}

/* Layout of date, time and datetime since CPython 3.6: hash, has-zone byte, then the fields as
 * bytes; the zone of a datetime stands behind them. */
static const unsigned char *bytes_at(tk_py value) {
    return (const unsigned char *)value + tk_py_state.header + sizeof(intptr_t) + 1;
}
static bool has_zone_in_place(tk_py value) {
    return bytes_at(value)[-1] != 0;
}
static tk_py datetime_zone_in_place(tk_py value) {
    return TK_PY_SLOT(value, tk_py_state.header + 24);
}
static int64_t time_of_bytes(const unsigned char *b) {
    return ((b[0] * INT64_C(60) + b[1]) * 60 + b[2]) * 1000000 + (b[3] << 16 | b[4] << 8 | b[5]);
}
static int64_t date_of_bytes(const unsigned char *b) {
    return tk_days_from_civil(b[0] << 8 | b[1], b[2], b[3]);
}

static takeo_status read_datetime(tk_py value, takeo_cell *out, tk_error *error) {
    static const char *const names[] = {"year",   "month",  "day",        "hour",
                                        "minute", "second", "microsecond"};
    int64_t us = 0, offset = 0;
    bool is_aware = false;
    if (tk_py_state.times_are_in_place && TK_PY_TYPE(value) == O.datetime_) {
        const unsigned char *b = bytes_at(value);
        us = date_of_bytes(b) * TK_DAY_US + time_of_bytes(b + 4);
        is_aware = has_zone_in_place(value);
        if (is_aware && datetime_zone_in_place(value) != O.utc_) {
            TK_TRY(offset_of(value, &offset, &is_aware));
        }
    } else {
        int64_t f[7];
        TK_TRY(offset_of(value, &offset, &is_aware));
        TK_TRY(fields_by_name(value, names, f, 7));
        us = tk_days_from_civil((int)f[0], (int)f[1], (int)f[2]) * TK_DAY_US
             + ((f[3] * 60 + f[4]) * 60 + f[5]) * 1000000 + f[6];
    }
    us -= offset;
    if (TK_UNLIKELY(us < BEGIN_OF_YEAR_1
                    || us > END_OF_YEAR_9999)) { /* it could not be read again */
        return tk_raise(error, TK_INPUT_RANGE, "a time is outside of the years 1 to 9999 in UTC");
    }
    *out = tk_cell_int(is_aware ? TAKEO_TYPE_TIMESTAMPTZ : TAKEO_TYPE_TIMESTAMP, us);
    return TAKEO_DONE;
}

static takeo_status read_date(tk_py value, takeo_cell *out) {
    static const char *const names[] = {"year", "month", "day"};
    int64_t f[3];
    if (tk_py_state.times_are_in_place && TK_PY_TYPE(value) == O.date_) {
        /* a date has no zone byte: its fields follow the hash, and the byte that is skipped */
        *out = tk_cell_int(TAKEO_TYPE_DATE, date_of_bytes(bytes_at(value)));
        return TAKEO_DONE;
    }
    TK_TRY(fields_by_name(value, names, f, 3));
    *out = tk_cell_int(TAKEO_TYPE_DATE, tk_days_from_civil((int)f[0], (int)f[1], (int)f[2]));
    return TAKEO_DONE;
}

/* A zone with a name has no offset without a day, so its time is a naive one. */
static takeo_status read_time(tk_py value, takeo_cell *out, tk_error *error) {
    static const char *const names[] = {"hour", "minute", "second", "microsecond"};
    int64_t f[4], offset = 0;
    bool is_aware = false;
    TK_TRY(offset_of(value, &offset, &is_aware));
    TK_TRY(fields_by_name(value, names, f, 4));
    int64_t us = ((f[0] * 60 + f[1]) * 60 + f[2]) * 1000000 + f[3];
    if (offset % 1000000 != 0) {
        tk_raise(error, TK_INPUT_PRECISION, "the offset of a time has digits behind its seconds");
        TK_SET(error, expected, "an offset of whole seconds");
        return TAKEO_EINPUT;
    }
    *out = tk_cell_int(TAKEO_TYPE_TIME, us);
    if (is_aware) {
        *out = (takeo_cell){.type = TAKEO_TYPE_TIMETZ,
                            .v = {.span = {.us = us, .days = (int32_t)(offset / 1000000)}}};
    }
    return TAKEO_DONE;
}

takeo_status tk_py_read_interval(tk_py value, takeo_cell *out) {
    static const char *const names[] = {"months", "days", "microseconds"};
    int64_t f[3];
    TK_TRY(fields_by_name(value, names, f, 3));
    *out = (takeo_cell){.type = TAKEO_TYPE_INTERVAL};
    out->v.span.months = (int32_t)f[0]; /* its constructor knows the limits */
    out->v.span.days = (int32_t)f[1];
    out->v.span.us = f[2];
    return TAKEO_DONE;
}

/* Days and time get one sign: a microsecond back is not a day back and almost one ahead, which the
 * clocks of a zone may not allow. */
takeo_status tk_py_read_timedelta(tk_py value, takeo_cell *out) {
    static const char *const names[] = {"days", "seconds", "microseconds"};
    int64_t f[3];
    TK_TRY(fields_by_name(value, names, f, 3));
    *out = (takeo_cell){.type = TAKEO_TYPE_INTERVAL};
    out->v.span.days = (int32_t)f[0];
    out->v.span.us = f[1] * 1000000 + f[2];
    tk_interval_settle(out);
    return TAKEO_DONE;
}

takeo_status tk_py_read_temporal(tk_py value, takeo_cell *out, tk_error *error) {
    if (tk_py_is_a(value, O.datetime_)) {
        return read_datetime(value, out, error);
    }
    return tk_py_is_a(value, O.date_) ? read_date(value, out) : read_time(value, out, error);
}

/* ---- the probe ------------------------------------------------------------------------------- */

static bool probe(int64_t us, bool is_utc) {
    tk_py moment = tk_py_make_timestamp(us, is_utc);
    tk_py day = moment != NULL ? tk_py_make_date(us / TK_DAY_US) : NULL;
    takeo_cell fast, slow;
    bool agrees = false;
    if (day != NULL) {
        tk_py_state.times_are_in_place = true;
        agrees = has_zone_in_place(moment) == is_utc
                 && (!is_utc || datetime_zone_in_place(moment) == O.utc_)
                 && read_datetime(moment, &fast, NULL) == TAKEO_DONE && fast.v.i == us
                 && read_date(day, &fast) == TAKEO_DONE && fast.v.i == us / TK_DAY_US;
        tk_py_state.times_are_in_place = false;
        agrees = agrees && read_datetime(moment, &slow, NULL) == TAKEO_DONE && slow.v.i == us
                 && read_date(day, &slow) == TAKEO_DONE && slow.v.i == us / TK_DAY_US;
    }
    P.PyErr_Clear();
    tk_py_drop(moment);
    tk_py_drop(day);
    return agrees;
}

void tk_py_probe_times(void) {
    static const int64_t moments[] = {INT64_C(1709251137123456), 0, END_OF_YEAR_9999};
    bool agree = true;
    for (size_t i = 0; agree && i < TK_COUNT(moments); i++) {
        agree = probe(moments[i], true) && probe(moments[i], false);
    }
    tk_py_state.times_are_in_place = agree;
}
