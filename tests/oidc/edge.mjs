// What stands between the network and the provider: it writes down who asked what, answers in the provider's place where
// a test wants it to fail, and holds answers back. It never changes an answer that the provider gave.

import { text } from 'node:stream/consumers';

const WATCHED = new Set(['/token', '/token/revocation', '/me']);

export class Edge {
  // In the order in which they arrived. `grantType` and `status` are null until the answer is known.
  requests = [];
  #failures = [];
  #hold = null;

  // The next `count` token requests never reach the provider.
  fail({ count, status, retryAfter }) {
    for (let nth = 0; nth < count; nth += 1) this.#failures.push({ status, retryAfter });
  }

  // The next token request is served and its answer held back. An older hold is over.
  hold() {
    this.release();
    this.#hold = { claimed: false, reached: signal(), released: signal() };
  }

  // True as soon as an answer is being held, false when the hold is over before that, or there is none.
  async held() {
    return this.#hold ? this.#hold.reached.promise : false;
  }

  release() {
    this.#hold?.released.give();
    this.#hold?.reached.give(false);
    this.#hold = null;
  }

  // The Koa middleware.
  get middleware() {
    return async (ctx, next) => {
      if (!WATCHED.has(ctx.path)) return next();
      const request = { path: ctx.path, grantType: null, status: null };
      this.requests.push(request);
      if (ctx.path !== '/token') {
        await next();
        request.status = ctx.status;
        return undefined;
      }
      const failure = this.#failures.shift();
      // Claimed on arrival, so that of two requests at the same time one is held.
      const hold = failure || this.#hold?.claimed ? null : this.#hold;
      if (hold) hold.claimed = true;
      if (failure) {
        request.grantType = new URLSearchParams(await text(ctx.req)).get('grant_type');
        refuse(ctx, failure);
      } else {
        await next();
        request.grantType = ctx.oidc?.body?.grant_type ?? null;
      }
      request.status = ctx.status;
      hold?.reached.give(true);
      await hold?.released.promise;
      return undefined;
    };
  }
}

// Like a proxy whose provider is away: no JSON, no OAuth error.
function refuse(ctx, { status, retryAfter }) {
  ctx.status = status;
  if (retryAfter !== null && retryAfter !== undefined) ctx.set('Retry-After', String(retryAfter));
  ctx.type = 'text/plain';
  ctx.body = 'a test wants this request to fail\n';
}

function signal() {
  let give;
  const promise = new Promise((resolve) => {
    give = resolve;
  });
  return { promise, give };
}
