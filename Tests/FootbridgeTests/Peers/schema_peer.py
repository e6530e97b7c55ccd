"""Validates documents against a JSON Schema: {"schema": …, "documents": {name: document}} -> {name: [errors]}."""

import json
import sys

import jsonschema

work = json.load(sys.stdin)
validator = jsonschema.validators.validator_for(work["schema"])
validator.check_schema(work["schema"])
checker = validator(work["schema"])
json.dump(
    {
        name: [f"{'.'.join(map(str, error.absolute_path))}: {error.message}" for error in checker.iter_errors(document)]
        for name, document in work["documents"].items()
    },
    sys.stdout,
)
