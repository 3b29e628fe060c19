cases:
  - name: the first poll returns the first item
    trigger: {{name}}
    call: poll
    config: { text: hi }
    expect:
      output: { events: [{ key: "1", payload: { id: 1, text: hi } }], cursor: 1 }

  - name: a later poll continues after the cursor
    trigger: {{name}}
    call: poll
    config: { text: hi }
    cursor: 1
    expect:
      output: { events: [{ key: "2", payload: { id: 2, text: hi } }], cursor: 2 }
