cases:
  - name: returns the text unchanged
    action: {{name}}
    input: { text: hi }
    expect:
      output: { text: hi }
