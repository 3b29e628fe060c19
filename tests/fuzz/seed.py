"""What a host holds before it is fuzzed: without a thing to find, most requests end in a 404. Everything is made by way of
the API, as the operator. Prints one JSON object: how many operations the host documents."""

import json
import os

import requests

HOST = os.environ["WORKWAY_URL"]
PATIENCE_SECONDS = 30

session = requests.Session()
session.headers["authorization"] = "Bearer " + os.environ["WORKWAY_ADMIN_TOKEN"]


def send(method, path, body=None):
    answer = session.request(method, HOST + path, json=body, timeout=PATIENCE_SECONDS)
    if not answer.ok:
        raise SystemExit(f"{method} {path} was answered with {answer.status_code}: {answer.text}")
    return answer.json() if answer.content else None


def approve_integrations():
    for integration in send("GET", "/registry/integrations")["items"]:
        if integration["status"] == "pending-approval":
            send("POST", f"/registry/integrations/{integration['id']}/approve", {})


def connect_accounts():
    for provider, token in [("github", "seed-token"), ("sendgrid", "SG.seed"), ("slack", "xoxb-seed")]:
        send("POST", "/oauth/connections", {"provider": provider, "accessToken": token, "account": "seed"})


def count_operations():
    return sum(len(item) for item in send("GET", "/openapi.json")["paths"].values())


approve_integrations()
connect_accounts()
print(json.dumps({"operations": count_operations()}))
