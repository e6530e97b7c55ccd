// The demo's events, one JSON object per line, inside the program: the demo needs no file beside it.
#ifndef FOOTBRIDGE_SAMPLE_EVENTS_H
#define FOOTBRIDGE_SAMPLE_EVENTS_H

#include <stddef.h>

/// The first byte of events.ndjson.
const unsigned char *footbridge_sample_events(void);
/// How many bytes there are.
size_t footbridge_sample_events_count(void);

#endif
