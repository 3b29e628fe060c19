// A guest that proves the contract carries JavaScript: one action that says its message again.

const messageSchema = {
  type: 'object',
  properties: { message: { type: 'string' } },
  required: ['message'],
};
const answerSchema = {
  type: 'object',
  properties: { message: { type: 'string' }, language: { type: 'string' } },
  required: ['message', 'language'],
};

export function describe() {
  return {
    id: 'js-hello',
    name: 'JavaScript hello',
    version: '0.1.0',
    description: 'Says its message again, from JavaScript.',
    categories: ['test'],
    permissions: { hosts: [], connections: [], storage: false, revealToken: false },
    actions: [
      {
        id: 'echo',
        name: 'Echo',
        description: 'Answers with the message it was given.',
        inputSchema: JSON.stringify(messageSchema),
        outputSchema: JSON.stringify(answerSchema),
        provider: undefined,
        scopes: [],
        idempotent: true,
      },
    ],
    triggers: [],
  };
}

export const actions = {
  execute(action, input, _context) {
    // A thrown object is the `err` of the contract's result, lowered as the variant `failure`.
    if (action !== 'echo') throw { tag: 'not-found', val: `no action ${action}` };
    const { message } = JSON.parse(input);
    if (typeof message !== 'string') throw { tag: 'invalid-input', val: 'message must be a string' };
    return JSON.stringify({ message, language: 'javascript' });
  },
  options(_subject, _field, _input, _context) {
    return [];
  },
};
