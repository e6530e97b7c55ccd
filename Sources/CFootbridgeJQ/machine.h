#ifndef FOOTBRIDGE_JQ_MACHINE_H
#define FOOTBRIDGE_JQ_MACHINE_H

#include "CFootbridgeJQ.h"
#include <jq.h>
#include <jv.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <time.h>

#define FOOTBRIDGE_JQ_SMALL 64
#define FOOTBRIDGE_JQ_CLASSES 192
#define FOOTBRIDGE_JQ_PROGRAMS 8

struct footbridge_jq_page {
    char *place;
    char copy[4096];
};

/// Memory in one piece: blocks one behind the other, each with its size in front; freed ones wait in lists by size.
struct footbridge_jq_arena {
    char *base, *top;
    /// How far blocks may reach, and how far the address space does.
    char *limit, *end;
    /// The highest that `top` has been since the memory was given back.
    char *high;
    void *free_blocks[FOOTBRIDGE_JQ_CLASSES];
    size_t used;
    /// What it was when it was sealed: pages that held anything, and where new blocks began.
    struct footbridge_jq_page *image;
    size_t image_count;
    char *sealed_top;
    size_t sealed_used;
};

struct footbridge_jq {
    struct footbridge_jq_arena arena;
    jq_state *programs[FOOTBRIDGE_JQ_PROGRAMS];
    int program_count;
    bool is_sealed;
    bool has_input;
    jv input;
    size_t limit_bytes;
    size_t input_bytes;
    size_t restorations;

    char *text;
    size_t text_count, text_capacity;

    jmp_buf way_out;
    footbridge_jq_status why;
    char *stack_limit;
    /// How often the run has come by (redirect.c), and its processor clock when it was looked at first.
    unsigned steps;
    int64_t first_cpu_ns;

    // Shared with the watchdog.
    _Atomic uint64_t phase;
    _Atomic bool is_expired;
    _Atomic(jq_state *) running;
    _Atomic clockid_t clock;
    _Atomic int64_t limit_ns;
    // The watchdog's own.
    struct footbridge_jq *next;
    uint64_t seen_phase;
    int64_t seen_cpu_ns;
};

/// The machine whose code runs on this thread.
extern _Thread_local footbridge_jq *footbridge_jq_current;

/// Leaves the run that is under way.
_Noreturn void footbridge_jq_leave(footbridge_jq *machine, footbridge_jq_status why);
void footbridge_jq_say(footbridge_jq *machine, const void *bytes, size_t count);

bool footbridge_jq_redirect(void);

bool footbridge_jq_arena_make(struct footbridge_jq_arena *arena, size_t reserved_bytes);
/// So much may be taken above the sealed part.
void footbridge_jq_arena_limit(struct footbridge_jq_arena *arena, size_t bytes);
void footbridge_jq_arena_free(struct footbridge_jq_arena *arena);
/// NULL if there is no room.
void *footbridge_jq_arena_take(struct footbridge_jq_arena *arena, size_t count);
void *footbridge_jq_arena_resize(struct footbridge_jq_arena *arena, void *block, size_t count);
void footbridge_jq_arena_give(struct footbridge_jq_arena *arena, void *block);
bool footbridge_jq_arena_holds(const struct footbridge_jq_arena *arena, const void *block);
bool footbridge_jq_arena_seal(struct footbridge_jq_arena *arena);
void footbridge_jq_arena_restore(struct footbridge_jq_arena *arena);
/// Whether so much has come together above the sealed part that it is to be given back.
bool footbridge_jq_arena_has_grown(const struct footbridge_jq_arena *arena);

bool footbridge_jq_watch(footbridge_jq *machine);
void footbridge_jq_unwatch(footbridge_jq *machine);
void footbridge_jq_clock_in(footbridge_jq *machine);
void footbridge_jq_clock_out(footbridge_jq *machine);
/// Leaves the run if its time is over.
void footbridge_jq_look_at_clock(footbridge_jq *machine);

#endif
