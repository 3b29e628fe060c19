# Run by `workway integration test`, which sends the requests of the component to the fixtures here.
cases:
  - name: greets by name
    action: greet
    input: { name: Ann }
    fixtures:
      - request: { method: GET, url: "https://api.example.com/greeting", query: { name: Ann } }
        response: { json: { text: "Hello, Ann!" } }
    expect:
      output: { text: "Hello, Ann!" }

  - name: a name that the upstream does not know is not found
    action: greet
    input: { name: Nobody }
    fixtures:
      - request: { method: GET, url: "https://api.example.com/greeting" }
        response: { status: 404 }
    expect:
      failure: { kind: not-found }
