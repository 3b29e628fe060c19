// Where the provider keeps what it hands out: the process's memory, so that each test's provider starts empty. Expiry is
// the provider's own business, which looks at what it finds.

const now = () => Math.floor(Date.now() / 1000);

// One store for all kinds of things. `adapter` makes the view of one kind that oidc-provider asks for.
export class Memory {
  #kept = new Map();
  #tokens = [];

  // Every access and refresh token that was ever issued, dead ones too.
  get tokens() {
    return [...this.#tokens];
  }

  // Ends every access token issued so far, as if its time had come. Refresh tokens stay.
  forgetAccessTokens() {
    this.#forget((kind) => kind === 'AccessToken');
  }

  adapter(kind) {
    const kept = this.#kept;
    const key = (id) => `${kind}:${id}`;
    const find = (fits) => {
      for (const entry of kept.values()) {
        if (entry.kind === kind && fits(entry.payload)) return entry.payload;
      }
      return undefined;
    };
    return {
      upsert: async (id, payload) => {
        const isToken = kind === 'AccessToken' || kind === 'RefreshToken';
        if (isToken && !kept.has(key(id))) this.#tokens.push(id);
        kept.set(key(id), { kind, payload });
      },
      find: async (id) => kept.get(key(id))?.payload,
      findByUid: async (uid) => find((payload) => payload.uid === uid),
      findByUserCode: async (code) => find((payload) => payload.userCode === code),
      consume: async (id) => {
        kept.get(key(id)).payload.consumed = now();
      },
      destroy: async (id) => {
        kept.delete(key(id));
      },
      revokeByGrantId: async (grant) => this.#forget((of, payload) => of === kind && payload.grantId === grant),
    };
  }

  #forget(fits) {
    for (const [key, { kind, payload }] of this.#kept) {
      if (fits(kind, payload)) this.#kept.delete(key);
    }
  }
}
