#include "machine.h"
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>

// One thread for all machines. A run costs two atomic exchanges; it writes down no time. The thread looks every other
// millisecond: a run that it sees for the second time has used what its thread's processor clock has gone on meanwhile, so
// that a machine that is busy with other things costs no entry its delivery. When nothing has run for some looks it
// sleeps until it is woken. A run that calls much looks at the clock itself, once in a thousand calls: then it does not matter
// whether this thread gets its turn.

enum { idle = 0, running = 1, halting = 2, halted = 3, state_mask = 3 };

static const long period_ns = 2000000;
static const int quiet_looks = 10;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wake = PTHREAD_COND_INITIALIZER;
static footbridge_jq *machines;
static _Atomic bool is_awake;
static pthread_once_t started = PTHREAD_ONCE_INIT;
static bool is_running;

static int64_t cpu_ns(clockid_t clock) {
    struct timespec time;
    return clock_gettime(clock, &time) == 0 ? time.tv_sec * INT64_C(1000000000) + time.tv_nsec : -1;
}

static void halt(footbridge_jq *machine, uint64_t phase) {
    // From here to `halted` the run does not end: the program stays the one that is to be halted.
    if (!atomic_compare_exchange_strong(&machine->phase, &phase, (phase & ~(uint64_t)state_mask) | halting)) return;
    atomic_store(&machine->is_expired, true);
    jq_state *program = atomic_load(&machine->running);
    if (program && !jq_halted(program)) jq_halt(program, jv_invalid(), jv_invalid());
    atomic_store(&machine->phase, (phase & ~(uint64_t)state_mask) | halted);
}

/// Whether anything runs.
static bool look(void) {
    bool any = false;
    for (footbridge_jq *machine = machines; machine; machine = machine->next) {
        uint64_t phase = atomic_load(&machine->phase);
        if ((phase & state_mask) != running) continue;
        any = true;
        int64_t now = cpu_ns(machine->clock);
        if (phase != machine->seen_phase) {
            machine->seen_phase = phase;
            machine->seen_cpu_ns = now;
        } else if (now >= 0 && now - machine->seen_cpu_ns >= machine->limit_ns) {
            halt(machine, phase);
        }
    }
    return any;
}

static void *watch(void *context) {
    (void)context;
    pthread_mutex_lock(&lock);
    int quiet = 0;
    for (;;) {
        quiet = look() ? 0 : quiet + 1;
        if (quiet < quiet_looks) {
            pthread_mutex_unlock(&lock);
            struct timespec period = {0, period_ns};
            nanosleep(&period, NULL);
            pthread_mutex_lock(&lock);
            continue;
        }
        // A run that begins now finds it asleep and waits for the lock, or is seen here.
        atomic_store(&is_awake, false);
        if (!look()) {
            while (!atomic_load(&is_awake)) pthread_cond_wait(&wake, &lock);
        }
        atomic_store(&is_awake, true);
        quiet = 0;
    }
    return NULL;
}

static void start(void) {
    sigset_t all, before;
    sigfillset(&all);
    // Signals are for the threads that wait for them.
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_t thread;
    is_running = pthread_create(&thread, NULL, watch, NULL) == 0;
    if (is_running) pthread_detach(thread);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

bool footbridge_jq_watch(footbridge_jq *machine) {
    pthread_once(&started, start);
    if (!is_running) return false;
    pthread_mutex_lock(&lock);
    machine->next = machines;
    machines = machine;
    pthread_mutex_unlock(&lock);
    return true;
}

void footbridge_jq_unwatch(footbridge_jq *machine) {
    pthread_mutex_lock(&lock);
    footbridge_jq **place = &machines;
    while (*place && *place != machine) place = &(*place)->next;
    if (*place) *place = machine->next;
    pthread_mutex_unlock(&lock);
}

void footbridge_jq_look_at_clock(footbridge_jq *machine) {
    int64_t now = cpu_ns(CLOCK_THREAD_CPUTIME_ID);
    if (machine->first_cpu_ns < 0) {
        machine->first_cpu_ns = now;
    } else if (now - machine->first_cpu_ns >= machine->limit_ns) {
        footbridge_jq_leave(machine, FOOTBRIDGE_JQ_OUT_OF_TIME);
    }
}

void footbridge_jq_clock_in(footbridge_jq *machine) {
    static _Thread_local clockid_t clock;
    static _Thread_local bool has_clock;
    if (!has_clock) has_clock = pthread_getcpuclockid(pthread_self(), &clock) == 0;
    machine->clock = has_clock ? clock : CLOCK_MONOTONIC;
    atomic_store_explicit(&machine->is_expired, false, memory_order_relaxed);
    uint64_t phase = atomic_load_explicit(&machine->phase, memory_order_relaxed);
    atomic_exchange(&machine->phase, (phase & ~(uint64_t)state_mask) + state_mask + 1 + running);
    if (!atomic_load(&is_awake)) {
        pthread_mutex_lock(&lock);
        atomic_store(&is_awake, true);
        pthread_cond_signal(&wake);
        pthread_mutex_unlock(&lock);
    }
}

void footbridge_jq_clock_out(footbridge_jq *machine) {
    uint64_t phase = atomic_load(&machine->phase);
    for (;;) {
        if ((phase & state_mask) == halting) {
            sched_yield();
            phase = atomic_load(&machine->phase);
        } else if (atomic_compare_exchange_weak(&machine->phase, &phase, phase & ~(uint64_t)state_mask)) {
            break;
        }
    }
    atomic_store_explicit(&machine->running, NULL, memory_order_relaxed);
}
