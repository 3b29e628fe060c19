# `workway integration test` runs these cases. The fixtures define the responses to the requests of the component.
cases:
  - name: greets by name
    action: greet
    input: { name: Ann }
    fixtures:
      - request: { method: GET, url: "https://api.example.com/greeting", query: { name: Ann } }
        response: { json: { text: "Hello, Ann!" } }
    expect:
      output: { text: "Hello, Ann!" }

  - name: an unknown name is not found
    action: greet
    input: { name: Nobody }
    fixtures:
      - request: { method: GET, url: "https://api.example.com/greeting" }
        response: { status: 404 }
    expect:
      failure: { kind: not-found }
