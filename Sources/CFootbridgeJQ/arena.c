#include "machine.h"
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

// A block: eight bytes with its size, its lowest bit set while it is in use, then what the caller gets, at a multiple of 16.
// Sizes are multiples of 16 up to 1 KiB, then four steps per power of two.

static const size_t page_size = 4096;
/// So much above the sealed part stays between runs.
static const size_t slack = 256 * 1024;

static inline uint64_t *head(void *block) { return (uint64_t *)block - 1; }
static inline size_t size_of(void *block) { return *head(block) & ~(uint64_t)1; }

static inline size_t class_of(size_t count, size_t *size) {
    size_t whole = (count + 8 + 15) & ~(size_t)15;
    if (whole <= 16 * FOOTBRIDGE_JQ_SMALL) {
        *size = whole;
        return whole / 16 - 1;
    }
    int octave = 63 - __builtin_clzll(whole - 1);
    size_t step = (size_t)1 << (octave - 2);
    size_t steps = (whole - ((size_t)1 << octave) + step - 1) / step;
    *size = ((size_t)1 << octave) + steps * step;
    return FOOTBRIDGE_JQ_SMALL + (size_t)(octave - 10) * 4 + steps - 1;
}

bool footbridge_jq_arena_make(struct footbridge_jq_arena *arena, size_t reserved_bytes) {
    size_t size = (reserved_bytes + page_size - 1) & ~(page_size - 1);
    char *base = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED) return false;
    memset(arena, 0, sizeof *arena);
    arena->base = base;
    // So that what follows the eight bytes of the first block's size is at a multiple of 16.
    arena->top = arena->high = base + 8;
    arena->limit = arena->end = base + size;
    return true;
}

void footbridge_jq_arena_limit(struct footbridge_jq_arena *arena, size_t bytes) {
    size_t room = (size_t)(arena->end - arena->sealed_top);
    arena->limit = arena->sealed_top + (bytes < room ? bytes : room);
}

void footbridge_jq_arena_free(struct footbridge_jq_arena *arena) {
    munmap(arena->base, (size_t)(arena->end - arena->base));
    free(arena->image);
}

bool footbridge_jq_arena_holds(const struct footbridge_jq_arena *arena, const void *block) {
    return (const char *)block >= arena->base && (const char *)block < arena->end;
}

void *footbridge_jq_arena_take(struct footbridge_jq_arena *arena, size_t count) {
    if (count > (size_t)(arena->end - arena->base)) return NULL;
    size_t size;
    size_t class = class_of(count, &size);
    void **block = arena->free_blocks[class];
    if (block) {
        arena->free_blocks[class] = *block;
    } else {
        if (arena->limit < arena->top || (size_t)(arena->limit - arena->top) < size + 8) return NULL;
        block = (void **)(arena->top + 8);
        arena->top += size;
        if (arena->top > arena->high) arena->high = arena->top;
    }
    *head(block) = size | 1;
    arena->used += size;
    return block;
}

void footbridge_jq_arena_give(struct footbridge_jq_arena *arena, void *block) {
    size_t size = size_of(block), exact;
    arena->used -= size;
    *head(block) = size;
    size_t class = class_of(size - 8, &exact);
    *(void **)block = arena->free_blocks[class];
    arena->free_blocks[class] = block;
}

void *footbridge_jq_arena_resize(struct footbridge_jq_arena *arena, void *block, size_t count) {
    size_t size = size_of(block);
    if (count + 8 <= size) return block;
    void *larger = footbridge_jq_arena_take(arena, count);
    if (!larger) return NULL;
    memcpy(larger, block, size - 8);
    footbridge_jq_arena_give(arena, block);
    return larger;
}

/// Compiling leaves some 20 KiB in use and 800 KiB free among them. Pages that hold nothing go back to the system, and the
/// others are copied.
bool footbridge_jq_arena_seal(struct footbridge_jq_arena *arena) {
    size_t pages = (size_t)(arena->top - arena->base + 8 + page_size - 1) / page_size;
    bool *holds = calloc(pages, sizeof *holds);
    if (!holds) return false;
    for (char *place = arena->base + 8; place < arena->top;) {
        char *block = place + 8;
        size_t size = size_of(block);
        if (*head(block) & 1) {
            size_t last = (size_t)(place + size - 1 - arena->base) / page_size;
            for (size_t page = (size_t)(place - arena->base) / page_size; page <= last; page++) holds[page] = true;
        }
        place += size;
    }
    size_t count = 0;
    for (size_t page = 0; page < pages; page++) count += holds[page];
    struct footbridge_jq_page *image = malloc((count ? count : 1) * sizeof *image);
    if (!image) {
        free(holds);
        return false;
    }
    arena->image_count = 0;
    for (size_t page = 0; page < pages; page++) {
        char *place = arena->base + page * page_size;
        if (holds[page]) {
            image[arena->image_count].place = place;
            memcpy(image[arena->image_count++].copy, place, page_size);
        } else {
            madvise(place, page_size, MADV_DONTNEED);
        }
    }
    free(holds);
    free(arena->image);
    arena->image = image;
    memset(arena->free_blocks, 0, sizeof arena->free_blocks);
    arena->top = arena->base + pages * page_size + 8;
    if (arena->top > arena->end) arena->top = arena->end;
    arena->sealed_top = arena->high = arena->top;
    arena->sealed_used = arena->used;
    return true;
}

bool footbridge_jq_arena_has_grown(const struct footbridge_jq_arena *arena) {
    return arena->sealed_top && (size_t)(arena->top - arena->sealed_top) > slack;
}

void footbridge_jq_arena_restore(struct footbridge_jq_arena *arena) {
    for (size_t page = 0; page < arena->image_count; page++)
        memcpy(arena->image[page].place, arena->image[page].copy, page_size);
    char *kept = arena->sealed_top - 8 + slack;
    if (arena->high > kept) madvise(kept, (size_t)(arena->high - kept + page_size - 1) & ~(page_size - 1), MADV_DONTNEED);
    memset(arena->free_blocks, 0, sizeof arena->free_blocks);
    arena->top = arena->high = arena->sealed_top;
    arena->used = arena->sealed_used;
}
