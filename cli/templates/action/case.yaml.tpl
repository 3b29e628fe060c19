cases:
  - name: answers the text as it was given
    action: {{name}}
    input: { text: hi }
    expect:
      output: { text: hi }
