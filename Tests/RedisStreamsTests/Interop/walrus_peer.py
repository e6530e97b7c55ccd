"""walrus for a test. The argument is the server's port.

A line of input is Python, an expression or a statement, as a JSON string; a line of output is what came of it, as JSON:
{"value": …} or {"error": …}.
"""
import datetime
import json
import sys

from walrus import Walrus
from walrus.streams import Message


def shown(value):
    """Bytes as text, dictionaries as pairs in their order, times as milliseconds since 1970, truth values as 1 and 0."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, datetime.datetime):
        return round(value.timestamp() * 1000)
    if isinstance(value, Message):
        return shown([value.stream, value.timestamp, value.sequence, value.data])
    if isinstance(value, dict):
        return [[shown(key), shown(value)] for key, value in value.items()]
    if isinstance(value, (list, tuple)):
        return [shown(element) for element in value]
    return int(value) if isinstance(value, bool) else value


def run(source, names):
    try:
        code = compile(source, "test", "eval")
    except SyntaxError:
        exec(source, names)
        return None
    return eval(code, names)


names = {"db": Walrus(host="127.0.0.1", port=int(sys.argv[1])), "datetime": datetime.datetime, "utc": datetime.timezone.utc}
for line in sys.stdin:
    try:
        answer = {"value": shown(run(json.loads(line), names))}
    except Exception as error:
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), flush=True)
