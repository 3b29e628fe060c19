// The test's own way in, on a port of its own: it never goes through the provider, so what a test asks here is not
// among the requests that it counts.

import http from 'node:http';
import { json } from 'node:stream/consumers';

export function controlServer(edge, memory) {
  const commands = {
    'GET /requests': () => edge.requests,
    'GET /tokens': () => memory.tokens,
    'POST /expire-access': () => memory.forgetAccessTokens(),
    'POST /fail': async (request) => edge.fail(await json(request)),
    'POST /hold': () => edge.hold(),
    // Answers late: when an answer is being held.
    'GET /held': () => edge.held(),
    'POST /release': () => edge.release(),
  };
  return http.createServer(async (request, response) => {
    const command = commands[`${request.method} ${request.url}`];
    let [status, answer] = [404, 'there is no such command'];
    try {
      if (command) [status, answer] = [200, (await command(request)) ?? null];
    } catch (error) {
      [status, answer] = [400, String(error)];
    }
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer));
  });
}
