#define _GNU_SOURCE
#include "machine.h"
#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <link.h>
#include <pthread.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

// Calls from one library to another go through a table of addresses in the calling one. In those of libjq and libonig some
// are replaced, once: no other code of the process notices. Outside of a run (no machine is current) they do what they
// always did.

#if defined(__x86_64__)
enum { jump_slot = R_X86_64_JUMP_SLOT, data_slot = R_X86_64_GLOB_DAT };
#elif defined(__aarch64__)
enum { jump_slot = R_AARCH64_JUMP_SLOT, data_slot = R_AARCH64_GLOB_DAT };
#else
enum { jump_slot = -1, data_slot = -1 };
#endif

// MARK: What libjq calls

/// The places where a run can be left: each builtin comes by often, and deep recursion at every level.
static inline void check(footbridge_jq *machine) {
    if (__builtin_expect(atomic_load_explicit(&machine->is_expired, memory_order_relaxed), false))
        footbridge_jq_leave(machine, FOOTBRIDGE_JQ_OUT_OF_TIME);
    if (__builtin_expect((++machine->steps & 1023) == 0, false)) footbridge_jq_look_at_clock(machine);
    if (__builtin_expect((char *)__builtin_frame_address(0) < machine->stack_limit, false))
        footbridge_jq_leave(machine, FOOTBRIDGE_JQ_TOO_DEEP);
}

static void *take(footbridge_jq *machine, size_t count) {
    check(machine);
    void *block = footbridge_jq_arena_take(&machine->arena, count);
    if (!block) footbridge_jq_leave(machine, FOOTBRIDGE_JQ_OUT_OF_MEMORY);
    return block;
}

static void *own_malloc(size_t count) {
    footbridge_jq *machine = footbridge_jq_current;
    return machine ? take(machine, count) : malloc(count);
}

static void *own_calloc(size_t count, size_t size) {
    footbridge_jq *machine = footbridge_jq_current;
    if (!machine) return calloc(count, size);
    size_t total;
    if (__builtin_mul_overflow(count, size, &total)) footbridge_jq_leave(machine, FOOTBRIDGE_JQ_OUT_OF_MEMORY);
    return memset(take(machine, total), 0, total);
}

static void own_free(void *block) {
    footbridge_jq *machine = footbridge_jq_current;
    if (!block) return;
    if (machine && footbridge_jq_arena_holds(&machine->arena, block)) {
        footbridge_jq_arena_give(&machine->arena, block);
    } else {
        free(block);
    }
}

static void *own_realloc(void *block, size_t count) {
    footbridge_jq *machine = footbridge_jq_current;
    if (!machine) return realloc(block, count);
    if (!block) return take(machine, count);
    if (!footbridge_jq_arena_holds(&machine->arena, block)) return realloc(block, count);
    check(machine);
    void *larger = footbridge_jq_arena_resize(&machine->arena, block, count);
    if (!larger) footbridge_jq_leave(machine, FOOTBRIDGE_JQ_OUT_OF_MEMORY);
    return larger;
}

static char *own_strdup(const char *text) {
    size_t count = strlen(text) + 1;
    char *copy = own_malloc(count);
    return copy ? memcpy(copy, text, count) : NULL;
}

static void own_jv_free(jv value) {
    footbridge_jq *machine = footbridge_jq_current;
    if (machine) check(machine);
    switch (jv_get_kind(value)) {
    case JV_KIND_NULL:
    case JV_KIND_FALSE:
    case JV_KIND_TRUE:
    case JV_KIND_NUMBER:
        // They hold no memory. libjq 1.6 asks four times before it knows.
        return;
    default: jv_free(value);
    }
}

/// A failed assertion: libjq has several that an input can reach, as `[1e10] | implode`.
static void own_assert_fail(const char *assertion, const char *file, unsigned line, const char *function) {
    footbridge_jq *machine = footbridge_jq_current;
    if (machine) {
        char words[256];
        int count = snprintf(words, sizeof words, "%s does not hold", assertion);
        machine->text_count = 0;
        if (count > 0) footbridge_jq_say(machine, words, strnlen(words, sizeof words));
        footbridge_jq_leave(machine, FOOTBRIDGE_JQ_BROKEN);
    }
    fprintf(stderr, "%s:%u: %s: assertion failed: %s\n", file, line, function, assertion);
    abort();
}

static void own_abort(void) {
    footbridge_jq *machine = footbridge_jq_current;
    if (machine) footbridge_jq_leave(machine, FOOTBRIDGE_JQ_BROKEN);
    abort();
}

static void own_exit(int status) {
    footbridge_jq *machine = footbridge_jq_current;
    if (machine) footbridge_jq_leave(machine, FOOTBRIDGE_JQ_BROKEN);
    exit(status);
}

// A program sees its input and nothing else: no variables, and no ~/.jq, which libjq would compile in.

static char *no_variable(const char *name) {
    (void)name;
    return NULL;
}

static struct passwd *no_user(uid_t user) {
    (void)user;
    errno = ENOENT;
    return NULL;
}

static FILE *no_file(const char *path, const char *mode) {
    (void)path, (void)mode;
    errno = EACCES;
    return NULL;
}

// MARK: The tables

struct replacement {
    const char *name;
    void *function;
    /// It is replaced, or the machine cannot be trusted.
    bool is_needed;
};

static const struct replacement memory[] = {
    {"malloc", own_malloc, true},
    {"free", own_free, true},
    {"realloc", own_realloc, true},
    {"calloc", own_calloc, false},
    {"strdup", own_strdup, false},
    {NULL, NULL, false},
};

static const struct replacement others[] = {
    {"jv_free", own_jv_free, true},
    {"__assert_fail", own_assert_fail, false},
    {"abort", own_abort, false},
    {"exit", own_exit, false},
    {"getenv", no_variable, false},
    {"secure_getenv", no_variable, false},
    {"getpwuid", no_user, false},
    {"fopen", no_file, false},
    {NULL, NULL, false},
};

struct library {
    /// Anything in it.
    const void *inside;
    const struct replacement *lists[2];
    unsigned replaced[2];
    bool is_done;
};

static const void *pointer(const struct dl_phdr_info *info, const ElfW(Dyn) *entry) {
    // The loader has made addresses of them on most systems.
    ElfW(Addr) value = entry->d_un.d_ptr;
    return (const void *)(value < info->dlpi_addr ? info->dlpi_addr + value : value);
}

static bool replace(void **slot, void *function) {
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    void *start = (void *)((uintptr_t)slot & ~(page - 1));
    // Most libraries have made their table read-only.
    if (mprotect(start, page, PROT_READ | PROT_WRITE) != 0) return false;
    __atomic_store_n(slot, function, __ATOMIC_RELEASE);
    return true;
}

static bool replace_in(
    struct library *library, const struct dl_phdr_info *info, const ElfW(Rela) *slots, size_t bytes,
    const ElfW(Sym) *symbols, const char *names
) {
    for (size_t index = 0; index < bytes / sizeof *slots; index++) {
        int kind = (int)(slots[index].r_info & 0xffffffff);
        if (kind != jump_slot && kind != data_slot) continue;
        const char *name = names + symbols[slots[index].r_info >> 32].st_name;
        for (int list = 0; list < 2 && library->lists[list]; list++) {
            for (int number = 0; library->lists[list][number].name; number++) {
                if (strcmp(name, library->lists[list][number].name) != 0) continue;
                if (!replace((void **)(info->dlpi_addr + slots[index].r_offset), library->lists[list][number].function))
                    return false;
                library->replaced[list] |= 1u << number;
            }
        }
    }
    return true;
}

static bool holds(const struct dl_phdr_info *info, const void *address) {
    for (int index = 0; index < info->dlpi_phnum; index++) {
        uintptr_t start = info->dlpi_addr + info->dlpi_phdr[index].p_vaddr;
        if (info->dlpi_phdr[index].p_type == PT_LOAD && (uintptr_t)address >= start
            && (uintptr_t)address < start + info->dlpi_phdr[index].p_memsz)
            return true;
    }
    return false;
}

static int visit(struct dl_phdr_info *info, size_t size, void *context) {
    (void)size;
    struct library *library = context;
    if (!holds(info, library->inside)) return 0;
    for (int index = 0; index < info->dlpi_phnum; index++) {
        if (info->dlpi_phdr[index].p_type != PT_DYNAMIC) continue;
        const ElfW(Dyn) *entry = (const void *)(info->dlpi_addr + info->dlpi_phdr[index].p_vaddr);
        const ElfW(Rela) *jumps = NULL, *data = NULL;
        size_t jump_bytes = 0, data_bytes = 0;
        const ElfW(Sym) *symbols = NULL;
        const char *names = NULL;
        for (; entry->d_tag != DT_NULL; entry++) {
            switch (entry->d_tag) {
            case DT_JMPREL: jumps = pointer(info, entry); break;
            case DT_PLTRELSZ: jump_bytes = entry->d_un.d_val; break;
            case DT_RELA: data = pointer(info, entry); break;
            case DT_RELASZ: data_bytes = entry->d_un.d_val; break;
            case DT_SYMTAB: symbols = pointer(info, entry); break;
            case DT_STRTAB: names = pointer(info, entry); break;
            }
        }
        if (!symbols || !names) return 1;
        library->is_done = replace_in(library, info, jumps, jumps ? jump_bytes : 0, symbols, names)
            && replace_in(library, info, data, data ? data_bytes : 0, symbols, names);
        return 1;
    }
    return 1;
}

static bool redirect(struct library *library) {
    dl_iterate_phdr(visit, library);
    if (!library->is_done) return false;
    for (int list = 0; list < 2 && library->lists[list]; list++) {
        for (int number = 0; library->lists[list][number].name; number++) {
            if (library->lists[list][number].is_needed && !(library->replaced[list] & 1u << number)) return false;
        }
    }
    return true;
}

// MARK: Regular expressions

/// libonig keeps tables for ever, which are made when the first expression is: before its memory comes from a machine. A
/// match is bounded by the steps that it goes back, for it cannot be left: 5 ms of them.
static bool prepare_expressions(void) {
    int (*make)(void **, const void *, const void *, unsigned, void *, void *, void *)
        = (int (*)(void **, const void *, const void *, unsigned, void *, void *, void *))dlsym(RTLD_DEFAULT, "onig_new");
    void (*drop)(void *) = (void (*)(void *))dlsym(RTLD_DEFAULT, "onig_free");
    void *utf8 = dlsym(RTLD_DEFAULT, "OnigEncodingUTF8"), *syntax = dlsym(RTLD_DEFAULT, "OnigSyntaxPerl_NG");
    // A libjq without regular expressions.
    if (!make || !drop || !utf8 || !syntax) return true;
    const char pattern[] = "(?<a>[[:alpha:]\\d]+)|\\p{Lu}";
    void *expression = NULL;
    char info[256] = {0};
    // ONIG_OPTION_CAPTURE_GROUP and ONIG_OPTION_IGNORECASE.
    if (make(&expression, pattern, pattern + sizeof pattern - 1, 1u | 1u << 8, utf8, syntax, info) == 0) drop(expression);
    int (*limit_match)(unsigned long) = (int (*)(unsigned long))dlsym(RTLD_DEFAULT, "onig_set_retry_limit_in_match");
    int (*limit_search)(unsigned long) = (int (*)(unsigned long))dlsym(RTLD_DEFAULT, "onig_set_retry_limit_in_search");
    int (*limit_depth)(unsigned) = (int (*)(unsigned))dlsym(RTLD_DEFAULT, "onig_set_parse_depth_limit");
    if (limit_match) limit_match(500000);
    if (limit_search) limit_search(500000);
    if (limit_depth) limit_depth(100);
    struct library library = {.inside = (const void *)make, .lists = {memory, NULL}};
    return redirect(&library);
}

static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool is_redirected;

static void redirect_all(void) {
    struct library library = {.inside = dlsym(RTLD_DEFAULT, "jq_next"), .lists = {memory, others}};
    is_redirected = jump_slot >= 0 && library.inside && prepare_expressions() && redirect(&library);
}

bool footbridge_jq_redirect(void) {
    pthread_once(&once, redirect_all);
    return is_redirected;
}
