cases:
  - name: a request becomes an event
    trigger: {{name}}
    call: receive
    state: null
    request: { method: POST, json: { id: "1" } }
    expect:
      output-contains: { status: 204, events: [{ key: "1", payload: { id: "1" } }] }
