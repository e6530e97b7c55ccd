#define _GNU_SOURCE
#include "machine.h"
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

_Thread_local footbridge_jq *footbridge_jq_current;

// Under a sanitizer everything takes longer.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
#define SLOWDOWN 20
#endif
#endif
#ifndef SLOWDOWN
#define SLOWDOWN 1
#endif

/// A run's time, and as much again for each so many bytes of its entry: a large one takes longer to read.
static const int64_t time_limit_ns = SLOWDOWN * 5000000;
static const size_t bytes_per_limit = 64 * 1024;
/// Parsed and printed again a large entry takes several times its size, for what has grown is not used twice.
static const size_t memory_per_byte = 12;
/// Address space, no memory: it is taken when it is touched.
static const size_t reserved_bytes = (size_t)1 << 30;
/// So much of the stack stays for what libjq calls without coming by here.
static const size_t stack_reserve = 192 * 1024;

// MARK: Entering and leaving

void footbridge_jq_leave(footbridge_jq *machine, footbridge_jq_status why) {
    machine->why = why;
    _longjmp(machine->way_out, 1);
}

/// Where this thread's stack ends, with the reserve.
static char *stack_limit(void) {
    static _Thread_local char *limit;
    if (limit) return limit;
    pthread_attr_t attributes;
    void *low = NULL;
    size_t size = 0;
    if (pthread_getattr_np(pthread_self(), &attributes) == 0) {
        pthread_attr_getstack(&attributes, &low, &size);
        pthread_attr_destroy(&attributes);
    }
    size_t reserve = size / 2 < stack_reserve ? size / 2 : stack_reserve;
    // One without an end has 1 MiB.
    limit = size > 0 && size < (size_t)1 << 40 ? (char *)low + reserve : (char *)__builtin_frame_address(0) - (1 << 20);
    return limit;
}

typedef footbridge_jq_status (*body)(footbridge_jq *, void *);

static footbridge_jq_status guarded(footbridge_jq *machine, bool is_timed, body run, void *context) {
    volatile footbridge_jq_status status;
    machine->text_count = 0;
    machine->stack_limit = stack_limit();
    machine->steps = 0;
    machine->first_cpu_ns = -1;
    machine->limit_ns = INT64_MAX;
    if (is_timed) {
        machine->limit_ns = time_limit_ns * (int64_t)(1 + machine->input_bytes / bytes_per_limit);
        footbridge_jq_clock_in(machine);
    }
    footbridge_jq_current = machine;
    bool wasLeft = false;
    if (_setjmp(machine->way_out) == 0) {
        status = run(machine, context);
    } else {
        status = machine->why;
        wasLeft = true;
    }
    footbridge_jq_current = NULL;
    if (is_timed) footbridge_jq_clock_out(machine);
    if (wasLeft) {
        machine->restorations++;
        machine->has_input = false;
        if (machine->is_sealed) footbridge_jq_arena_restore(&machine->arena);
    }
    return status;
}

// MARK: Text

void footbridge_jq_say(footbridge_jq *machine, const void *bytes, size_t count) {
    if (count > machine->text_capacity - machine->text_count) {
        size_t capacity = 2 * (machine->text_count + count) + 256;
        // Not from the arena: this file's own calls lead where they always did.
        char *larger = realloc(machine->text, capacity);
        if (!larger) footbridge_jq_leave(machine, FOOTBRIDGE_JQ_OUT_OF_MEMORY);
        machine->text = larger;
        machine->text_capacity = capacity;
    }
    memcpy(machine->text + machine->text_count, bytes, count);
    machine->text_count += count;
}

static void say_string(footbridge_jq *machine, jv string) {
    footbridge_jq_say(machine, jv_string_value(string), (size_t)jv_string_length_bytes(jv_copy(string)));
    jv_free(string);
}

static void say_json(footbridge_jq *machine, jv value) { say_string(machine, jv_dump_string(value, 0)); }

static void say_message(footbridge_jq *machine, jv message) {
    if (jv_get_kind(message) == JV_KIND_STRING) {
        say_string(machine, message);
    } else {
        say_json(machine, message);
    }
}

footbridge_jq_bytes footbridge_jq_text(const footbridge_jq *machine) {
    return (footbridge_jq_bytes){machine->text, machine->text_count};
}

// MARK: Life

footbridge_jq *footbridge_jq_new(size_t limit_bytes) {
    if (!footbridge_jq_redirect()) return NULL;
    footbridge_jq *machine = calloc(1, sizeof *machine);
    if (!machine) return NULL;
    size_t size = reserved_bytes;
    // A system that promises no more memory than it has (vm.overcommit_memory=2) counts address space.
    while (!footbridge_jq_arena_make(&machine->arena, size)) {
        size /= 2;
        if (size >= limit_bytes) continue;
        free(machine);
        return NULL;
    }
    machine->limit_bytes = limit_bytes;
    if (!footbridge_jq_watch(machine)) {
        footbridge_jq_arena_free(&machine->arena);
        free(machine);
        return NULL;
    }
    return machine;
}

void footbridge_jq_delete(footbridge_jq *machine) {
    footbridge_jq_unwatch(machine);
    footbridge_jq_arena_free(&machine->arena);
    free(machine->text);
    free(machine);
}

size_t footbridge_jq_used(const footbridge_jq *machine) { return machine->arena.used; }
size_t footbridge_jq_restorations(const footbridge_jq *machine) { return machine->restorations; }

// MARK: Compiling

static void hear(void *context, jv message) {
    footbridge_jq *machine = context;
    jv text = jq_format_error(message);
    footbridge_jq_say(machine, jv_string_value(text), (size_t)jv_string_length_bytes(jv_copy(text)));
    footbridge_jq_say(machine, "", 1);
    jv_free(text);
}

static void ignore(void *context, jv message) {
    (void)context;
    jv_free(message);
}

static footbridge_jq_status compile(footbridge_jq *machine, void *context) {
    jq_state *state = jq_init();
    if (!state) return FOOTBRIDGE_JQ_OUT_OF_MEMORY;
    // The machine's memory came into use: the tables were replaced.
    if (!footbridge_jq_arena_holds(&machine->arena, state)) return FOOTBRIDGE_JQ_UNUSABLE;
    jq_set_error_cb(state, hear, machine);
    if (!jq_compile(state, context)) return FOOTBRIDGE_JQ_FAILED;
    jq_set_error_cb(state, ignore, NULL);
    jq_set_debug_cb(state, ignore, NULL);
    machine->programs[machine->program_count] = state;
    return FOOTBRIDGE_JQ_OK;
}

footbridge_jq_status footbridge_jq_compile(footbridge_jq *machine, const char *program, int *index) {
    if (machine->is_sealed || machine->program_count == FOOTBRIDGE_JQ_PROGRAMS) return FOOTBRIDGE_JQ_UNUSABLE;
    footbridge_jq_status status = guarded(machine, false, compile, (void *)program);
    if (status == FOOTBRIDGE_JQ_OK) *index = machine->program_count++;
    return status;
}

// MARK: The input

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static jv base64(const char *prefix, footbridge_jq_bytes bytes) {
    const unsigned char *in = bytes.bytes;
    jv text = jv_string(prefix);
    char piece[1024];
    size_t filled = 0;
    for (size_t index = 0; index < bytes.count; index += 3) {
        size_t left = bytes.count - index;
        unsigned group = in[index] << 16 | (left > 1 ? in[index + 1] << 8 : 0) | (left > 2 ? in[index + 2] : 0);
        piece[filled++] = digits[group >> 18];
        piece[filled++] = digits[group >> 12 & 63];
        piece[filled++] = left > 1 ? digits[group >> 6 & 63] : '=';
        piece[filled++] = left > 2 ? digits[group & 63] : '=';
        if (filled == sizeof piece) {
            text = jv_string_append_buf(text, piece, (int)filled);
            filled = 0;
        }
    }
    return jv_string_append_buf(text, piece, (int)filled);
}

/// As RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF.
static bool is_utf8(footbridge_jq_bytes bytes) {
    const unsigned char *byte = bytes.bytes, *end = byte + bytes.count;
    while (byte < end) {
        if (*byte < 0x80) {
            byte++;
            continue;
        }
        int more = *byte >= 0xf0 ? 3 : *byte >= 0xe0 ? 2 : 1;
        if (*byte < 0xc2 || *byte > 0xf4 || end - byte <= more) return false;
        unsigned char second = byte[1];
        if ((*byte == 0xe0 && second < 0xa0) || (*byte == 0xed && second > 0x9f) || (*byte == 0xf0 && second < 0x90)
            || (*byte == 0xf4 && second > 0x8f))
            return false;
        for (int index = 1; index <= more; index++)
            if ((byte[index] & 0xc0) != 0x80) return false;
        byte += more + 1;
    }
    return true;
}

static jv text(footbridge_jq_bytes bytes) { return jv_string_sized(bytes.count ? bytes.bytes : "", (int)bytes.count); }

static jv value_of(footbridge_jq_bytes bytes) {
    if (is_utf8(bytes)) return text(bytes);
    return jv_object_set(jv_object(), jv_string("$base64"), base64("", bytes));
}

/// As the body `fields` has them: strings, a name that occurs again gives an array, what is not UTF-8 is base64.
static jv fields_of(const footbridge_jq_input *input) {
    jv object = jv_object();
    bool is_few = input->field_count <= 32;
    for (size_t index = 0; index < input->field_count; index++) {
        const footbridge_jq_field *field = &input->fields[index];
        bool is_text = is_utf8(field->name);
        bool may_be_again = !is_few || !is_text;
        for (size_t other = 0; !may_be_again && other < index; other++) {
            const footbridge_jq_bytes name = input->fields[other].name;
            // One that is not UTF-8 may have become anything.
            may_be_again = name.count == field->name.count
                && (name.count == 0 || memcmp(name.bytes, field->name.bytes, name.count) == 0);
        }
        if (is_text && field->name.count >= 8 && memcmp(field->name.bytes, "$base64:", 8) == 0) may_be_again = true;
        jv name = is_text ? text(field->name) : base64("$base64:", field->name);
        jv value = value_of(field->value);
        if (may_be_again) {
            jv before = jv_object_get(jv_copy(object), jv_copy(name));
            if (jv_is_valid(before)) {
                value = jv_get_kind(before) == JV_KIND_ARRAY ? jv_array_append(before, value)
                                                             : jv_array_append(jv_array_append(jv_array(), before), value);
            } else {
                jv_free(before);
            }
        }
        object = jv_object_set(object, name, value);
    }
    return object;
}

static footbridge_jq_status parse(footbridge_jq *machine, footbridge_jq_bytes bytes, jv *value) {
    *value = jv_parse_sized(bytes.count ? bytes.bytes : "", (int)bytes.count);
    if (jv_is_valid(*value)) return FOOTBRIDGE_JQ_OK;
    jv message = jv_invalid_get_msg(*value);
    if (jv_get_kind(message) == JV_KIND_NULL) {
        footbridge_jq_say(machine, "nothing is there", 16);
    } else {
        const char *words = jv_string_value(message);
        // "Invalid numeric literal at EOF at line 1, column 1 (while parsing '…')": the entry's own bytes are in the dead letter.
        const char *end = strstr(words, " (while parsing");
        footbridge_jq_say(machine, words, end ? (size_t)(end - words) : strlen(words));
    }
    jv_free(message);
    return FOOTBRIDGE_JQ_FAILED;
}

static void drop_input(footbridge_jq *machine) {
    if (!machine->has_input) return;
    machine->has_input = false;
    jv_free(machine->input);
}

static footbridge_jq_status build(footbridge_jq *machine, void *context) {
    const footbridge_jq_input *input = context;
    drop_input(machine);
    jv object = jv_object();
    object = jv_object_set(object, jv_string("id"), text(input->id));
    object = jv_object_set(object, jv_string("stream"), value_of(input->stream));
    object = jv_object_set(object, jv_string("timestamp"), jv_number(input->timestamp));
    object = jv_object_set(object, jv_string("attempt"), jv_number((double)input->attempt));
    object = jv_object_set(object, jv_string("fields"), fields_of(input));
    jv data = jv_null();
    footbridge_jq_status status = FOOTBRIDGE_JQ_OK;
    if (input->data_field >= 0) status = parse(machine, input->fields[input->data_field].value, &data);
    if (status != FOOTBRIDGE_JQ_OK) {
        jv_free(object);
        return status;
    }
    machine->input = jv_object_set(object, jv_string("data"), data);
    machine->has_input = true;
    return FOOTBRIDGE_JQ_OK;
}

static footbridge_jq_status build_json(footbridge_jq *machine, void *context) {
    drop_input(machine);
    footbridge_jq_status status = parse(machine, *(footbridge_jq_bytes *)context, &machine->input);
    machine->has_input = status == FOOTBRIDGE_JQ_OK;
    return status;
}

static footbridge_jq_status begin(footbridge_jq *machine, size_t bytes, body build, void *context) {
    if (bytes > INT_MAX / 8) return FOOTBRIDGE_JQ_OUT_OF_MEMORY;
    if (!machine->is_sealed) {
        machine->is_sealed = footbridge_jq_arena_seal(&machine->arena);
        if (!machine->is_sealed) return FOOTBRIDGE_JQ_OUT_OF_MEMORY;
    }
    machine->input_bytes = bytes;
    footbridge_jq_arena_limit(&machine->arena, machine->limit_bytes + memory_per_byte * bytes);
    return guarded(machine, true, build, context);
}

footbridge_jq_status footbridge_jq_begin(footbridge_jq *machine, const footbridge_jq_input *input) {
    size_t bytes = 0;
    for (size_t index = 0; index < input->field_count; index++)
        bytes += input->fields[index].name.count + input->fields[index].value.count;
    return begin(machine, bytes, build, (void *)input);
}

footbridge_jq_status footbridge_jq_begin_json(footbridge_jq *machine, const char *bytes, size_t count) {
    footbridge_jq_bytes text = {bytes, count};
    return begin(machine, count, build_json, &text);
}

static footbridge_jq_status drop(footbridge_jq *machine, void *context) {
    (void)context;
    drop_input(machine);
    return FOOTBRIDGE_JQ_OK;
}

void footbridge_jq_end(footbridge_jq *machine) {
    if (footbridge_jq_arena_has_grown(&machine->arena)) {
        // All that was left lying goes at once.
        machine->has_input = false;
        footbridge_jq_arena_restore(&machine->arena);
    } else if (machine->has_input) {
        size_t count = machine->text_count;
        guarded(machine, false, drop, NULL);
        machine->text_count = count;
    }
}

// MARK: Running

static jq_state *start(footbridge_jq *machine, int program) {
    jq_state *state = machine->programs[program];
    jq_start(state, jv_copy(machine->input), 0);
    atomic_store(&machine->running, state);
    // It may have been too late to halt it.
    if (atomic_load(&machine->is_expired)) footbridge_jq_leave(machine, FOOTBRIDGE_JQ_OUT_OF_TIME);
    return state;
}

/// The end of a program's results: that there are no more, an error, or that it was halted.
static footbridge_jq_status end(footbridge_jq *machine, jq_state *state, jv result) {
    if (jq_halted(state)) footbridge_jq_leave(machine, FOOTBRIDGE_JQ_OUT_OF_TIME);
    jv message = jv_invalid_get_msg(result);
    // `error(null)` says nothing, and looks like the end.
    if (jv_get_kind(message) == JV_KIND_NULL) return FOOTBRIDGE_JQ_OK;
    machine->text_count = 0;
    say_message(machine, message);
    return FOOTBRIDGE_JQ_FAILED;
}

struct run {
    int program;
    bool passes;
    size_t count;
};

static footbridge_jq_status test(footbridge_jq *machine, void *context) {
    struct run *run = context;
    jq_state *state = start(machine, run->program);
    jv result;
    while (jv_is_valid(result = jq_next(state))) {
        jv_kind kind = jv_get_kind(result);
        jv_free(result);
        if (kind == JV_KIND_FALSE || kind == JV_KIND_NULL) continue;
        run->passes = true;
        return FOOTBRIDGE_JQ_OK;
    }
    return end(machine, state, result);
}

static footbridge_jq_status results(footbridge_jq *machine, void *context) {
    struct run *run = context;
    jq_state *state = start(machine, run->program);
    jv result;
    while (jv_is_valid(result = jq_next(state))) {
        if (run->count++ > 0) footbridge_jq_say(machine, ",", 1);
        say_json(machine, result);
        // What is told is not in the arena.
        if (machine->text_count > machine->limit_bytes + memory_per_byte * machine->input_bytes)
            footbridge_jq_leave(machine, FOOTBRIDGE_JQ_OUT_OF_MEMORY);
    }
    return end(machine, state, result);
}

static void say_record(footbridge_jq *machine, char kind, jv string) {
    uint32_t count = (uint32_t)jv_string_length_bytes(jv_copy(string));
    footbridge_jq_say(machine, &kind, 1);
    footbridge_jq_say(machine, &count, sizeof count);
    say_string(machine, string);
}

static void say_piece(footbridge_jq *machine, jv piece) {
    if (jv_get_kind(piece) != JV_KIND_ARRAY) {
        jv message = jv_object_get(piece, jv_string("error"));
        say_record(machine, 'e', jv_get_kind(message) == JV_KIND_STRING ? message : jv_dump_string(message, 0));
        return;
    }
    int count = jv_array_length(jv_copy(piece));
    if (count != 1) {
        jv_free(piece);
        say_record(machine, count == 0 ? 'n' : 'm', jv_string(""));
        return;
    }
    jv value = jv_array_get(piece, 0);
    switch (jv_get_kind(value)) {
    case JV_KIND_STRING: say_record(machine, 't', value); break;
    case JV_KIND_NUMBER:
    case JV_KIND_TRUE:
    case JV_KIND_FALSE: say_record(machine, 't', jv_dump_string(value, 0)); break;
    default:
        say_record(machine, 'k', jv_string(jv_kind_name(jv_get_kind(value))));
        jv_free(value);
    }
}

static footbridge_jq_status pieces(footbridge_jq *machine, void *context) {
    struct run *run = context;
    jq_state *state = start(machine, run->program);
    jv result = jq_next(state);
    if (!jv_is_valid(result)) return end(machine, state, result);
    int count = jv_array_length(jv_copy(result));
    for (int index = 0; index < count; index++) say_piece(machine, jv_array_get(jv_copy(result), index));
    jv_free(result);
    return FOOTBRIDGE_JQ_OK;
}

static footbridge_jq_status run(footbridge_jq *machine, body kind, struct run *run) {
    if (!machine->has_input || run->program < 0 || run->program >= machine->program_count) return FOOTBRIDGE_JQ_UNUSABLE;
    return guarded(machine, true, kind, run);
}

footbridge_jq_status footbridge_jq_test(footbridge_jq *machine, int program, bool *passes) {
    struct run context = {.program = program};
    footbridge_jq_status status = run(machine, test, &context);
    *passes = context.passes;
    return status;
}

footbridge_jq_status footbridge_jq_results(footbridge_jq *machine, int program, size_t *count) {
    struct run context = {.program = program};
    footbridge_jq_status status = run(machine, results, &context);
    *count = context.count;
    return status;
}

footbridge_jq_status footbridge_jq_pieces(footbridge_jq *machine, int program) {
    struct run context = {.program = program};
    return run(machine, pieces, &context);
}
