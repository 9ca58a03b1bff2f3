/* pace.c - sleep at once, or spin for a moment first?  Measured, not predicted.
 *
 * Where the scheduler puts client and server decides which is faster: apart, sleeping costs a
 * wake-up of 50 us and more; together, whoever spins yields to the server and loses little; but where
 * others compute on the same processor, each yield may cost their whole slice, some milliseconds.  No
 * rule about processors predicted it.  So every statement keeps two moving averages and uses the better
 * way.  The other one is tried again in a short burst, which comes the later the more often it has
 * lost, and the more clearly; sooner when times have changed by half.  A burst that loses stops early;
 * one that wins is checked by a burst of the first way.  An outlier counts at most double.  It must
 * not know what is waited for.
 */
#include "conn/conn_int.h"

enum {
    BURST = 8,    /* answers of one */
    SETTLING = 3, /* of which so many are not counted: the scheduler settles */
    FIRST = 6,    /* answers before the first burst */
    AGAIN = 32,   /* and between two, when the other way has just won */
    LONG = 2048,  /* at most */
    SOONEST = 16, /* when times have changed */
    SOON = 32,
    WEIGHT =
        4 /* one answer moves the average by a quarter: a trial must not compare with old times */
};

/* The other way is tried; where it seems to win, the first one is measured again beside it, as all
 * answers may have become faster meanwhile. */
enum { CALM, TRIAL, CHECK };

enum { SPINNING, SLEEPING }; /* of mean_us */

/* An answer that takes longer than this is not worth a processor.  A server that has slept for a
 * moment takes about 100 us. */
#define SPIN_NS INT64_C(200000)

/* Sleeping has to win by so much: being wrong costs little where client and server are together, and
 * half of the speed when they come apart. */
#define CLEARLY 0.8F

static bool has_changed(const tk_pace *pace) {
    float now = pace->mean_us[pace->sleeps];
    int soon = pace->period / 8;
    soon = soon < SOONEST ? SOONEST : soon > SOON ? SOON : soon;
    return pace->calm > soon && (now > 1.5F * pace->base_us || now < pace->base_us / 1.5F);
}

/* The means of one of the ways begin anew. */
static void begin_burst(tk_pace *pace, uint8_t phase) {
    pace->phase = phase;
    pace->left = BURST;
    pace->mean_us[phase == TRIAL ? !pace->sleeps : pace->sleeps] = 0;
}

static bool is_to_spin(const tk_pace *pace) {
    bool sleeps = pace->sleeps;
    return (pace->phase == TRIAL) == sleeps;
}

bool tk_pace_spins(tk_pace *pace) {
    uint16_t period = pace->period != 0 ? pace->period : FIRST;
    if (pace->phase == CALM && (++pace->calm >= period || has_changed(pace))) {
        begin_burst(pace, TRIAL);
    }
    return is_to_spin(pace);
}

int64_t tk_pace_spin_ns(const tk_pace *pace) {
    float most_us = 2 * pace->mean_us[pace->sleeps]; /* then sleeping has won */
    bool is_short = pace->phase == TRIAL && most_us > 0 && most_us * 1000 < SPIN_NS;
    return is_short ? (int64_t)(most_us * 1000) : SPIN_NS;
}

static bool is_sleeping_better(const tk_pace *pace) {
    return pace->mean_us[SLEEPING] < pace->mean_us[SPINNING] * CLEARLY;
}

static bool has_sleeping_won(const tk_pace *pace) {
    return is_sleeping_better(pace) || pace->mean_us[SPINNING] * 1000 > (float)SPIN_NS;
}

/* The next pieces come soon, however long the first one took. */
bool tk_pace_spins_on(const tk_pace *pace) {
    return !pace->sleeps || !is_sleeping_better(pace);
}

static void end_burst(tk_pace *pace) {
    bool has_won = has_sleeping_won(pace) != pace->sleeps;
    if (has_won && pace->phase == TRIAL) {
        begin_burst(pace, CHECK);
        return;
    }
    pace->sleeps ^= has_won;
    pace->base_us = pace->mean_us[pace->sleeps];
    pace->phase = CALM;
    pace->calm = 0;
    int period = pace->period != 0 ? pace->period : FIRST;
    period *= pace->mean_us[!pace->sleeps] > 1.3F * pace->base_us ? 8 : 2;
    pace->period = (uint16_t)(has_won ? AGAIN : period < LONG ? period : LONG);
}

void tk_pace_learn(tk_pace *pace, bool has_spun, int64_t ns) {
    if (pace->phase != CALM && has_spun != is_to_spin(pace)) {
        return; /* the way of the burst was not allowed this time */
    }
    float us = (float)ns / 1000;
    float other = pace->phase == TRIAL ? pace->mean_us[pace->sleeps] : 0;
    if (pace->phase != CALM && pace->left > BURST - SETTLING) {
        bool is_hopeless = other != 0 && pace->left < BURST && us > 2 * other;
        if (!is_hopeless) {
            pace->left--;
            return;
        }
        pace->left = 1;
    }
    float *mean = &pace->mean_us[has_spun ? SPINNING : SLEEPING];
    float most = *mean * 2;
    *mean = *mean == 0 ? us : *mean + ((us < most ? us : most) - *mean) / WEIGHT;
    if (pace->phase == CALM) {
        return;
    }
    if (other != 0 && us > 1.5F * other) {
        pace->left = 1;
    }
    if (--pace->left == 0) {
        end_burst(pace);
    }
}

/* ---- how many wait --------------------------------------------------------------------------- */

bool tk_pace_enter_wait(int32_t *waiting) {
    static int32_t processors;
    int32_t count = __atomic_load_n(&processors, __ATOMIC_RELAXED);
    if (count == 0) {
        count = tk_processor_count();
        __atomic_store_n(&processors, count, __ATOMIC_RELAXED);
    }
    return __atomic_add_fetch(waiting, 1, __ATOMIC_RELAXED) < count;
}

void tk_pace_leave_wait(int32_t *waiting) {
    __atomic_sub_fetch(waiting, 1, __ATOMIC_RELAXED);
}
