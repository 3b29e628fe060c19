"""What a host holds before it is fuzzed: without a thing to find, most requests end in a 404. Everything is made by way of
the API, as the operator and as a user. Prints one JSON object: how many operations the host documents. Ids that the host
chooses go into files of the current folder, which schemathesis.toml names."""

import json
import os
import struct
import zlib

import requests

HOST = os.environ["WORKWAY_URL"]
PATIENCE_SECONDS = 30
# Fuzzing renames and deletes these, and takes these images away; what it reads is left alone.
SPARE_WORKFLOWS = 40
SPARE_IMAGES = 7


class Client:
    def __init__(self, token=None):
        self.session = requests.Session()
        if token:
            self.session.headers["authorization"] = "Bearer " + token

    def send(self, method, path, body=None, image=None):
        content = {"data": image, "headers": {"content-type": "image/png"}} if image else {"json": body}
        answer = self.session.request(method, HOST + path, timeout=PATIENCE_SECONDS, **content)
        if not answer.ok:
            raise SystemExit(f"{method} {path} was answered with {answer.status_code}: {answer.text}")
        return answer.json() if answer.content else None

    def make_workflow(self, slug, definition, published=True, **fields):
        texts = {"tagline": f"What {slug} does", "description": "Greets the whole team.", "category": "productivity"}
        body = {"name": slug, "slug": slug, "tags": ["seed", "daily"], "workflowDefinition": definition}
        self.send("POST", "/marketplace", body | texts | fields)
        if published:
            self.send("POST", f"/marketplace/{slug}/publish")

    def add_image(self, slug):
        return self.send("POST", f"/marketplace/{slug}/screenshots", image=png(2, 1))["id"]


def approve_integrations(operator):
    for integration in operator.send("GET", "/registry/integrations")["items"]:
        if integration["status"] == "pending-approval":
            operator.send("POST", f"/registry/integrations/{integration['id']}/approve", {})


def connect_accounts(operator):
    for provider, token in [("github", "seed-token"), ("sendgrid", "SG.seed"), ("slack", "xoxb-seed")]:
        operator.send("POST", "/oauth/connections", {"provider": provider, "accessToken": token, "account": "seed"})


def register(email):
    known = {"email": email, "password": "a long enough password"}
    Client().send("POST", "/auth/register", known)
    return Client(Client().send("POST", "/auth/tokens", known)["token"])


def fill_marketplace(operator, user):
    operator.send("POST", "/developers", {"slug": "seed-operator", "name": "The operator"})
    user.send("POST", "/developers", {"slug": "seed-user", "name": "A user", "website": "https://user.example.com"})
    greeting = definition("hello.greet", {"name": "{{ inputs.who }}"})
    posting = definition("slack.post-message", {"channel": "C0", "text": "{{ inputs.who }}"})
    # Of the operator, whose token the requests are made with; the first is the one of the document's examples ...
    operator.make_workflow("daily-standup", greeting)
    operator.make_workflow("seed-greeting", greeting)
    operator.make_workflow("seed-posting", posting, pricing={"model": "monthly", "cents": 500})
    operator.make_workflow("seed-private", greeting, visibility="private")
    operator.make_workflow("seed-draft", greeting, published=False)
    operator.make_workflow("seed-half", {}, published=False)
    operator.make_workflow("seed-images", greeting)
    for number in range(SPARE_WORKFLOWS):
        operator.make_workflow(f"seed-spare-{number}", greeting, published=number % 2 == 0)
    # ... and of somebody else.
    user.make_workflow("user-greeting", greeting)
    user.make_workflow("user-paid", greeting, pricing={"model": "one-time", "cents": 100})
    user.make_workflow("user-draft", greeting, published=False)
    operator.send("POST", "/marketplace/user-greeting/install", {"inputs": {"who": "the team"}})
    operator.send("PUT", "/marketplace/seed-greeting/featured", {"position": 1})
    user.send("POST", "/marketplace/seed-greeting/install", {"inputs": {"who": "the team"}})
    user.send("POST", "/marketplace/seed-greeting/reviews", {"rating": 4, "text": "It greets."})
    write_words("kept-images.dict", [operator.add_image("seed-images")])
    write_words("spare-images.dict", [operator.add_image("seed-images") for _ in range(SPARE_IMAGES)])


def definition(action, values):
    inputs = {"type": "object", "properties": {"who": {"type": "string"}}, "required": ["who"]}
    steps = [{"id": "only", "uses": action, "with": values}]
    return {"name": "A seed", "inputs": inputs, "trigger": {"manual": {}}, "steps": steps}


def png(width, height):
    """One colour, eight bits a channel (PNG, third edition, section 5)."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = (b"\0" + b"\x20\x40\x80" * width) * height
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


def write_words(path, words):
    with open(path, "w", encoding="ascii") as file:
        file.writelines(f'"{word}"\n' for word in words)


def count_operations(operator):
    return sum(len(item) for item in operator.send("GET", "/openapi.json")["paths"].values())


def main():
    operator = Client(os.environ["WORKWAY_ADMIN_TOKEN"])
    approve_integrations(operator)
    connect_accounts(operator)
    fill_marketplace(operator, register("user@example.com"))
    print(json.dumps({"operations": count_operations(operator)}))


if __name__ == "__main__":
    main()
