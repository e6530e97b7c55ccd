"""The event that every contender carries, and the request that carries it."""

import json

from .resp import encode

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # the secret of the Standard Webhooks test vectors
STAMP = "0" * 16  # pace.h: the place of the send time; all zeros is not measured

# What Footbridge sends besides host, accept and content-length. The values are constant in the bare loop and of
# the length they have in a real request; `receiver` reports the sizes that really arrived.
HEADERS = [
    "content-type: application/json",
    "user-agent: Footbridge/0.1.0",
    "webhook-id: msg_3b1f6a0c9d2e4f58_1762178851482-0",
    "webhook-timestamp: 1762178851",
    "webhook-signature: v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    "webhook-attempt: 1",
]


def fields(number):
    """An order event as a producer would add it: about 300 bytes of JSON."""
    return {
        "type": "order.paid",
        "order": f"ord_{number:010d}",
        "sent_at": STAMP,
        "created_at": "2025-11-03T14:07:31.482Z",
        "customer": "cus_8F2K7QXJ4M",
        "email": "mara.lindqvist@example.com",
        "currency": "EUR",
        "total": "129.90",
        "items": "3",
        "shipping": "Limmatquai 92, 8001 Zurich",
        "coupon": "AUTUMN-10",
        "note": "Please leave the parcel with the neighbour.",
    }


_HEAD, _TAIL = json.dumps(fields(0), separators=(",", ":")).split("0" * 10, 1)


def body(number):
    """The same as JSON, for next to nothing: making it is not what is measured."""
    return f"{_HEAD}{number:010d}{_TAIL}"


def last_digit(found):
    """What a reader looks at in an entry, whose names and values are bytes."""
    order = found.get(b"order")
    return order[-1] - 48 if order else found[b"data"][len(_HEAD) + 9] - 48


def entry(number, mode):
    """The fields of the stream entry: those of the event (`fields`), or its JSON in one of them (`data`)."""
    return fields(number) if mode == "fields" else {"type": "order.paid", "data": body(number)}


def xadd(stream, number, mode, identifier="*"):
    pairs = [part for pair in entry(number, mode).items() for part in pair]
    return encode("XADD", stream, identifier, *pairs)
