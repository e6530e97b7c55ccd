"""Receivers of a test: libraries that other people's receivers use.

Standard input is a list of requests, {"peer": …, "headers": {…}, "body": base64, "secret": text}; standard output is what the
peer makes of each: {"value": …} or {"error": the type of what it raises}.
"""
import base64
import hashlib
import hmac
import json
import sys


def standardwebhooks(headers, body, secret):
    from standardwebhooks import Webhook
    return Webhook(secret).verify(body, headers)


def svix(headers, body, secret):
    from svix.webhooks import Webhook
    return Webhook(secret).verify(body, headers)


def ed25519(headers, body, secret):
    """v1a by its specification, with the signature of `cryptography`."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(secret.removeprefix("whpk_"), validate=True))
    head = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode()
    signatures = [part[4:] for part in headers["webhook-signature"].split(" ") if part.startswith("v1a,")]
    for signature in signatures:
        key.verify(base64.b64decode(signature, validate=True), head + body)
    return len(signatures)


def expect(wanted, found):
    if not hmac.compare_digest(wanted, found):
        raise ValueError(f"{found} is not {wanted}")
    return True


def code(secret, content, digest=hashlib.sha256):
    return hmac.new(secret.encode(), content, digest)


def github(headers, body, secret):
    return expect("sha256=" + code(secret, body).hexdigest(), headers["x-hub-signature-256"])


def stripe(headers, body, secret):
    parts = dict(part.split("=", 1) for part in headers["stripe-signature"].split(","))
    return expect(code(secret, parts["t"].encode() + b"." + body).hexdigest(), parts["v1"])


def slack(headers, body, secret):
    content = b":".join([b"v0", headers["x-slack-request-timestamp"].encode(), body])
    return expect("v0=" + code(secret, content).hexdigest(), headers["x-slack-signature"])


def shopify(headers, body, secret):
    return expect(base64.b64encode(code(secret, body).digest()).decode(), headers["x-shopify-hmac-sha256"])


def cloudevents(headers, body, secret):
    """The attributes and data of an event, by the SDK of CloudEvents."""
    from cloudevents.core.bindings.http import HTTPMessage, from_http_event
    kind = next(value for name, value in headers.items() if name.lower() == "content-type")
    if kind.startswith("application/cloudevents-batch+json"):
        # The SDK knows no batches: each member of the array is a structured event (JSON event format, §4).
        one = {"content-type": "application/cloudevents+json"}
        return [cloudevents(one, json.dumps(event).encode(), secret) for event in json.loads(body)]
    event = from_http_event(HTTPMessage(headers=headers, body=body))
    attributes = {name: str(value) for name, value in event.get_attributes().items() if name != "time"}
    if event.get_time():
        attributes["time"] = str(round(event.get_time().timestamp() * 1000))
    data = event.get_data()
    return {"attributes": attributes, "data": data.decode("latin-1") if isinstance(data, bytes) else data}


def otlp(headers, body, secret):
    """The spans of a request, read by the messages of OpenTelemetry; what those do not know is an error."""
    from google.protobuf import json_format
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    def plain(value):
        # The one difference from protobuf's JSON: these are hexadecimal (OTLP, JSON Protobuf encoding).
        if isinstance(value, list):
            return [plain(item) for item in value]
        if not isinstance(value, dict):
            return value
        ids = {name: base64.b64encode(bytes.fromhex(value[name])).decode()
               for name in ("traceId", "spanId", "parentSpanId") if name in value}
        return {name: plain(item) for name, item in value.items()} | ids

    def attributes(items):
        return {item.key: getattr(item.value, item.value.WhichOneof("value")) for item in items}

    expect("application/json", next(value for name, value in headers.items() if name.lower() == "content-type"))
    request = json_format.ParseDict(plain(json.loads(body)), ExportTraceServiceRequest())
    return [{
        "resource": attributes(resource.resource.attributes), "scope": scope.scope.name,
        "trace": span.trace_id.hex(), "span": span.span_id.hex(), "parent": span.parent_span_id.hex(),
        "name": span.name, "kind": span.kind, "start": span.start_time_unix_nano, "end": span.end_time_unix_nano,
        "flags": span.flags, "attributes": attributes(span.attributes), "status": span.status.code,
        "message": span.status.message,
        "links": [{"trace": link.trace_id.hex(), "span": link.span_id.hex(), "attributes": attributes(link.attributes)}
                  for link in span.links],
    } for resource in request.resource_spans for scope in resource.scope_spans for span in scope.spans]


PEERS = [standardwebhooks, svix, ed25519, github, stripe, slack, shopify, cloudevents, otlp]
answers = []
for request in json.load(sys.stdin):
    peer = next(peer for peer in PEERS if peer.__name__ == request["peer"])
    try:
        value = peer(request["headers"], base64.b64decode(request["body"]), request["secret"])
        answers.append({"value": value})
    except Exception as error:
        answers.append({"error": type(error).__name__})
json.dump(answers, sys.stdout)
