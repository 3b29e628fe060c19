"""A guest that proves the contract carries Python: one action that says its message again."""

import json

from componentize_py_types import Err
from wit_world import exports
from wit_world.imports import definition
from wit_world.imports.types import Failure_InvalidInput, Failure_NotFound

MESSAGE_SCHEMA = {
    "type": "object",
    "properties": {"message": {"type": "string"}},
    "required": ["message"],
}
ANSWER_SCHEMA = {
    "type": "object",
    "properties": {"message": {"type": "string"}, "language": {"type": "string"}},
    "required": ["message", "language"],
}


class WitWorld:
    def describe(self) -> definition.Integration:
        return definition.Integration(
            id="py-hello",
            name="Python hello",
            version="0.1.0",
            description="Says its message again, from Python.",
            categories=["test"],
            permissions=definition.Permissions(hosts=[], connections=[], storage=False, reveal_token=False),
            actions=[
                definition.Action(
                    id="echo",
                    name="Echo",
                    description="Answers with the message it was given.",
                    input_schema=json.dumps(MESSAGE_SCHEMA),
                    output_schema=json.dumps(ANSWER_SCHEMA),
                    provider=None,
                    scopes=[],
                    idempotent=True,
                )
            ],
            triggers=[],
        )


class Actions(exports.Actions):
    def execute(self, action, input, context):
        if action != "echo":
            raise Err(Failure_NotFound(f"no action {action}"))
        message = json.loads(input).get("message")
        if not isinstance(message, str):
            raise Err(Failure_InvalidInput("message must be a string"))
        return json.dumps({"message": message, "language": "python"})

    def options(self, subject, field, input, context):
        return []
