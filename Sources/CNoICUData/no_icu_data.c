// Takes the place of ICU's data: 34 MB of languages, calendars and currencies that Foundation would bring into the binary, and
// that nothing here asks for. Yams imports Foundation, and the linker cannot tell that they need no languages.
//
// ICU itself has such an empty archive for programs that bring no data (source/stubdata); this one has the same contents: what asks
// for a language gets U_MISSING_RESOURCE_ERROR. Objects are linked before archives, so the archive's member stays out. Only in a
// static link: the symbols are hidden, and a debug build uses the toolchain's shared library with its data.

#include <stdint.h>

struct archive {
    uint16_t header_size;
    uint8_t magic[2];
    struct {
        uint16_t size, reserved;
        uint8_t is_big_endian, charset, size_of_char16, reserved2;
        uint8_t format[4], format_version[4], data_version[4];
    } info;
    uint8_t padding[8];
    uint32_t count, reserved;
    uint64_t contents[2];
};

// The name has ICU's version, which goes with the toolchain: 76 in Swift 6.3.
#define EMPTY(version) \
    __attribute__((visibility("hidden"))) _Alignas(16) const struct archive icudt##version##_dat = { \
        .header_size = 32, \
        .magic = {0xda, 0x27}, \
        .info = {.size = 20, .size_of_char16 = 2, .format = {'T', 'o', 'C', 'P'}, .format_version = {1}}, \
    };

EMPTY(76)
EMPTY(77)
EMPTY(78)
EMPTY(79)
