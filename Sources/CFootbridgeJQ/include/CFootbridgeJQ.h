#ifndef FOOTBRIDGE_CJQ_H
#define FOOTBRIDGE_CJQ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// jq programs that run in a closed room: memory of their own with an end, a time limit, a bounded stack, no files, no
// environment. libjq itself has none of that: a C builtin cannot be ended, malloc's failure and a failed assertion abort
// the process, and deep values overflow the stack.
//
// How: what libjq and its regular expressions call malloc, free, abort … leads here (redirect.c). Memory comes from the
// machine's arena (arena.c). Whatever must not go on is left with longjmp, and then the arena is put back to what it was
// when the programs had been compiled, all at once: nothing leaks and nothing is half done. Loops of jq's own code are ended
// with jq_halt by a thread that looks at all machines every other millisecond (watchdog.c).

/// The programs of one route on one worker, with the memory that they run in. Used by one thread at a time.
typedef struct footbridge_jq footbridge_jq;

typedef enum {
    FOOTBRIDGE_JQ_OK = 0,
    /// The program, or its input, is wrong: footbridge_jq_text says why.
    FOOTBRIDGE_JQ_FAILED,
    FOOTBRIDGE_JQ_OUT_OF_TIME,
    FOOTBRIDGE_JQ_OUT_OF_MEMORY,
    FOOTBRIDGE_JQ_TOO_DEEP,
    /// libjq would have ended the process: footbridge_jq_text holds its words.
    FOOTBRIDGE_JQ_BROKEN,
    /// libjq cannot be bounded on this system.
    FOOTBRIDGE_JQ_UNUSABLE,
} footbridge_jq_status;

typedef struct {
    const void *bytes;
    size_t count;
} footbridge_jq_bytes;

typedef struct {
    footbridge_jq_bytes name;
    footbridge_jq_bytes value;
} footbridge_jq_field;

/// An entry: `{id, stream, timestamp, attempt, fields, data}`.
typedef struct {
    footbridge_jq_bytes id;
    footbridge_jq_bytes stream;
    /// Seconds since 1970.
    double timestamp;
    int64_t attempt;
    const footbridge_jq_field *fields;
    size_t field_count;
    /// The field that is parsed as JSON into `data`, by its place; -1: none, `data` is null.
    ptrdiff_t data_field;
} footbridge_jq_input;

/// - Parameter limit_bytes: so much memory may a run take, and twelve times the size of its entry.
/// - Returns: NULL if libjq cannot be bounded, or there is no address space.
footbridge_jq *footbridge_jq_new(size_t limit_bytes);
void footbridge_jq_delete(footbridge_jq *machine);

/// Compiles a program, NUL-terminated; 30 ms. Not any more when one has run.
///
/// - Parameter index: its number, if it is right.
/// - Returns: FAILED with libjq's messages in the text, each ended by a NUL.
footbridge_jq_status footbridge_jq_compile(footbridge_jq *machine, const char *program, int *index);

/// Builds the input for the runs that follow. A JSON text that is none is FAILED.
footbridge_jq_status footbridge_jq_begin(footbridge_jq *machine, const footbridge_jq_input *input);
/// The same with any JSON text as the whole input.
footbridge_jq_status footbridge_jq_begin_json(footbridge_jq *machine, const char *bytes, size_t count);

/// Whether any result is neither false nor null, as for jq's `select`.
footbridge_jq_status footbridge_jq_test(footbridge_jq *machine, int program, bool *passes);
/// The results as JSON in the text, separated by commas.
footbridge_jq_status footbridge_jq_results(footbridge_jq *machine, int program, size_t *count);
/// Of the one result, an array of `[value]` or `{"error": …}`, each element as a record in the text: a byte that says what it
/// is, four bytes with the length of what follows, and that: 't' text, 'k' another kind by its name, 'n' no value,
/// 'm' several values, 'e' an error's message.
footbridge_jq_status footbridge_jq_pieces(footbridge_jq *machine, int program);

/// Drops the input. To be called after the last run of an entry, whatever became of them.
void footbridge_jq_end(footbridge_jq *machine);

/// What the last call left; valid until the next one.
footbridge_jq_bytes footbridge_jq_text(const footbridge_jq *machine);

/// Bytes that are in use in the machine's memory, for tests of leaks.
size_t footbridge_jq_used(const footbridge_jq *machine);
/// How often a run was left in the middle and the memory put back.
size_t footbridge_jq_restorations(const footbridge_jq *machine);

#endif
