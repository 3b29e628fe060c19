// An OpenID provider on loopback ports, for tests: `node server.mjs SETTINGS FOLDER`. SETTINGS is JSON: `issuer`,
// `clients` ({ clientId, clientSecret, redirectUris }), `accessTokenSeconds` and `rotate`; FOLDER holds the
// `node_modules` with oidc-provider. It prints one line, {"port":N,"control":M}, when it listens, and ends when its
// standard input does, so that it never outlives the test.
//
// The protocol is oidc-provider's alone. Here are only its settings, and what a test needs to watch and disturb it.

import { once } from 'node:events';
import http from 'node:http';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

import { controlServer } from './control.mjs';
import { Edge } from './edge.mjs';
import { Memory } from './memory.mjs';

const HOST = '127.0.0.1';
const DAY = 24 * 60 * 60;

const settings = JSON.parse(process.argv[2]);
// An import of a module looks beside this file, and its packages are not installed there.
const require = createRequire(path.join(path.resolve(process.argv[3]), 'package.json'));

process.stdin.on('close', () => process.exit(0)).resume();

// It says at length that keys and forms like these are for development.
console.info = () => {};
console.warn = () => {};
const { default: Provider } = await import(pathToFileURL(require.resolve('oidc-provider')));

const [memory, edge] = [new Memory(), new Edge()];
const provider = new Provider(settings.issuer, {
  adapter: (kind) => memory.adapter(kind),
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
  clients: settings.clients.map(({ clientId, clientSecret, redirectUris }) => ({
    client_id: clientId,
    client_secret: clientSecret,
    redirect_uris: redirectUris,
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    // By which it takes the secret in the body as well.
    token_endpoint_auth_method: 'client_secret_basic',
  })),
  // A token is dead when its time has come, not a while after.
  clockTolerance: 0,
  cookies: { keys: ['the cookies of a test'] },
  features: {
    devInteractions: { enabled: true },
    introspection: { enabled: true },
    revocation: { enabled: true },
  },
  findAccount: (_ctx, id) => ({
    accountId: id,
    claims: async () => ({ sub: id, email: `${id}@example.test`, email_verified: true, name: `User ${id}` }),
  }),
  issueRefreshToken: async (_ctx, client, code) =>
    client.grantTypeAllowed('refresh_token') && code.scopes.has('offline_access'),
  pkce: { methods: ['S256'], required: () => true },
  responseTypes: ['code'],
  rotateRefreshToken: settings.rotate,
  // Besides those of `claims`.
  scopes: ['openid', 'offline_access', 'read', 'write'],
  ttl: {
    AccessToken: settings.accessTokenSeconds,
    Grant: DAY,
    IdToken: settings.accessTokenSeconds,
    Interaction: DAY,
    RefreshToken: DAY,
    Session: DAY,
  },
});
// It listens without TLS, behind a browser that says what the address bar has.
provider.proxy = true;
provider.use(edge.middleware);
provider.on('server_error', (_ctx, error) => console.error(error));

async function listen(server) {
  // Node would close an unused connection after seconds, perhaps just when the next request is on its way.
  server.keepAliveTimeout = 0;
  server.listen(0, HOST);
  await once(server, 'listening');
  return server.address().port;
}

const port = await listen(http.createServer(provider.callback()));
const control = await listen(controlServer(edge, memory));
console.log(JSON.stringify({ port, control }));
