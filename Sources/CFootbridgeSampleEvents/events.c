#include "CFootbridgeSampleEvents.h"

// #embed is C23; as an array literal in Swift the same bytes take half a minute to compile.
#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char events[] = {
#embed "events.ndjson"
};

const unsigned char *footbridge_sample_events(void) {
    return events;
}

size_t footbridge_sample_events_count(void) {
    return sizeof events;
}
